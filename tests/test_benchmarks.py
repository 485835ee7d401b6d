"""No benchmark is forgotten: whoever runs them all gets every table."""

from pathlib import Path

from benchmarks.all import ELSEWHERE, MODULES

FOLDER = Path(__file__).parents[1] / "benchmarks"


def test_every_script_is_run_or_said_to_be_elsewhere():
    found = set()
    for path in FOLDER.rglob("*.py"):
        if '__name__ == "__main__"' in path.read_text(encoding="utf-8"):
            parts = path.relative_to(FOLDER).with_suffix("").parts
            found.add(".".join(part for part in parts if part != "__main__"))
    assert found == set(MODULES) | set(ELSEWHERE)
    assert not set(MODULES) & set(ELSEWHERE)
    assert len(MODULES) == len(set(MODULES))
