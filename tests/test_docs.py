"""What the documents say is what the files and the command line hold."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/**/*.md", "examples/**/*.md", "benchmarks/**/*.md")
    for path in ROOT.glob(pattern)
    if "results" not in path.parts or "docs" in path.parts
)


def test_tables_are_the_measured_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks.readme import BLOCK, documents, filled

    found = [path.relative_to(ROOT).as_posix() for path in documents()]
    assert {"README.md", "docs/results/agents.md", "docs/results/teams.md"} <= set(found)
    for path in documents():
        text = path.read_text(encoding="utf-8")
        assert len(BLOCK.findall(text)) == text.count("<!-- end -->")
        assert filled(text) == text, path


def test_readme_is_short() -> None:
    assert README.count("\n") < 150


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_and_pictures_lead_somewhere(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if not target.startswith("https://"):
            assert ((ROOT / document).parent / target).exists(), target


def test_readme_names_the_two_commands_and_only_verbs_that_exist() -> None:
    from shiftwork.cli.commands import AT_A_PLANT
    from shiftwork.cli.main import VERBS

    assert "make demo" in README
    assert "make test" in README
    assert set(re.findall(r"^\s+shiftwork (\w+)", README, re.MULTILINE)) <= {*VERBS, *AT_A_PLANT}


def test_every_benchmark_that_a_document_names_can_be_imported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    texts = [(ROOT / document).read_text(encoding="utf-8") for document in DOCUMENTS]
    names = {name for text in texts for name in re.findall(r"python -m (benchmarks[.\w]+)", text)}
    assert len(names) >= 15
    for name in names:
        __import__(name)
        if hasattr(sys.modules[name], "__path__"):  # a folder runs its __main__
            name += ".__main__"
            __import__(name)
        assert "main" in dir(sys.modules[name]), name


def test_nothing_names_a_machine_or_an_address_of_a_registry() -> None:
    lock = (ROOT / "requirements" / "lock.txt").read_text(encoding="utf-8")
    assert "://" not in lock
    assert lock.count("--hash=sha256:") > 50


@pytest.mark.slow
def test_the_documentation_builds_strictly(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "site" / "reference.html").read_text(encoding="utf-8")
    assert "shiftwork.agents.agent.Agent" in page
