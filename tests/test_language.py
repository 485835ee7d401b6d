"""Phrases that are not plain English, and that must not come back where they are gone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

PATTERNS = (
    r"\bmend(s|ed|ing)?\b",
    r"\banew\b",
    r"\bof ours\b",
    r"\bfor good\b",
    r"\bso many times as much\b",
    r"\bshall\b",
    r"\bdear\b",
    r"\ban own\b",
    r"\bmanyth\b",
    r"\bat liberty\b",
    r"\bfor who\b",
    r"\bforeign plants?\b",
)

STILL_TO_COME: tuple[str, ...] = (
    "src/shiftwork/cli",
    "src/shiftwork/errors.py",
    "src/shiftwork/evaluation",
    "src/shiftwork/files.py",
    "src/shiftwork/learning",
    "src/shiftwork/plants/centre",
    "src/shiftwork/plants/probes",
)
"""Folders and files, from the repository's root, whose language is not revised yet."""


def _texts() -> list[Path]:
    found = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*")]
    found += ROOT.glob("src/shiftwork/**/*.py")
    # The changelog is history, as it was written.
    return sorted(p for p in found if p.suffix in {".md", ".py"} and p.name != "CHANGELOG.md")


def faults(text: str) -> list[str]:
    """Return the phrases found in a text, whatever the line breaks within them."""
    own = re.sub(r"^> .*$", "", text, flags=re.MULTILINE)  # quoted licences stay as they are
    running = re.sub(r"\s+", " ", own)
    return [m[0] for p in PATTERNS for m in re.finditer(p, running, re.IGNORECASE)]


def _waits(path: Path) -> bool:
    name = path.relative_to(ROOT).as_posix()
    return any(name == entry or name.startswith(entry + "/") for entry in STILL_TO_COME)


def test_a_fault_is_found_also_across_a_line_break() -> None:
    assert faults("It is drawn anew, for\n    good.") == ["anew", "for good"]
    assert faults("It is drawn again, in amendments and for goodness.") == []


@pytest.mark.parametrize(
    "path", [p for p in _texts() if not _waits(p)], ids=lambda p: p.relative_to(ROOT).as_posix()
)
def test_the_language_is_plain(path: Path) -> None:
    assert faults(path.read_text(encoding="utf-8")) == []


def test_what_waits_exists() -> None:
    for entry in STILL_TO_COME:
        assert (ROOT / entry).exists(), entry
