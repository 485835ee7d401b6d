"""What the documents say is what the files and the command line hold."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_readme_tables_are_the_measured_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks.readme import BLOCK, filled

    assert len(BLOCK.findall(README)) == README.count("<!-- end -->") >= 4
    assert filled(README) == README


@pytest.mark.parametrize(
    "document",
    [
        "README.md",
        "docs/centre.md",
        "docs/cracker.md",
        "docs/furnace.md",
        "docs/people.md",
        "docs/settings.md",
        "docs/records.md",
        "docs/distillation.md",
        "docs/teams.md",
        "docs/yardsticks.md",
        "examples/distillation/README.md",
        "benchmarks/simglucose/README.md",
    ],
)
def test_links_and_pictures_lead_somewhere(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert ((ROOT / document).parent / target).exists(), target


def test_readme_names_the_two_commands_and_only_verbs_that_exist() -> None:
    from shiftwork.cli.main import VERBS

    assert "make demo" in README
    assert "make test" in README
    assert set(re.findall(r"^\s+shiftwork (\w+)", README, re.MULTILINE)) <= set(VERBS)


def test_every_benchmark_that_readme_names_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    names = set(re.findall(r"python -m (benchmarks[.\w]+)", README))
    assert len(names) >= 5
    for name in names:
        __import__(name)
        assert "main" in dir(sys.modules[name]), name


def test_nothing_names_a_machine_or_an_address_of_a_registry() -> None:
    lock = (ROOT / "requirements" / "lock.txt").read_text(encoding="utf-8")
    assert "://" not in lock
    assert lock.count("--hash=sha256:") > 50
