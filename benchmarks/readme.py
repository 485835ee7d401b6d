"""Put the measured tables and the demo's output into README.md, between their markers.

python -m benchmarks.readme
"""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.results import FOLDER

README = Path(__file__).parents[1] / "README.md"
BLOCK = re.compile(r"<!-- (table|output): (\w+) -->\n.*?<!-- end -->", re.DOTALL)


def filled(text: str) -> str:
    """Return the README with every marked block made from its file in ``results``."""

    def block(match: re.Match[str]) -> str:
        kind, name = match.groups()
        suffix = ".md" if kind == "table" else ".txt"
        file = FOLDER / f"{name}{suffix}"
        file = file if file.is_file() else FOLDER.parent / name / "table.md"
        content = file.read_text(encoding="utf-8").rstrip("\n")
        if kind == "output":
            content = f"```text\n{content}\n```"
        return f"<!-- {kind}: {name} -->\n{content}\n<!-- end -->"

    return BLOCK.sub(block, text)


if __name__ == "__main__":
    README.write_text(filled(README.read_text(encoding="utf-8")), encoding="utf-8")
