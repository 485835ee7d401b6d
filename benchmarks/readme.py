"""Put the measured tables into README.md and the documents, between their markers.

python -m benchmarks.readme
"""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.results import FOLDER, ROOT

BLOCK = re.compile(r"<!-- (table|output): (\w+) -->\n.*?<!-- end -->", re.DOTALL)


def documents() -> list[Path]:
    """List README.md and every document that has a marked block."""
    found = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [path for path in found if BLOCK.search(path.read_text(encoding="utf-8"))]


def filled(text: str) -> str:
    """Return a document with every marked block made from its file in ``results``."""

    def block(match: re.Match[str]) -> str:
        kind, name = match.groups()
        suffix = ".md" if kind == "table" else ".txt"
        file = FOLDER / f"{name}{suffix}"
        file = file if file.is_file() else FOLDER.parent / name / "table.md"
        if not file.is_file():  # a table that a test computes, not a benchmark
            return match[0]
        content = file.read_text(encoding="utf-8").rstrip("\n")
        if kind == "output":
            content = f"```text\n{content}\n```"
        return f"<!-- {kind}: {name} -->\n{content}\n<!-- end -->"

    return BLOCK.sub(block, text)


def main() -> None:
    """Fill all documents."""
    for path in documents():
        path.write_text(filled(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
