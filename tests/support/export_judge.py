"""One export as people have it, run as the command line runs it, and judged by what is right."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from rich.console import Console

from shiftwork.cli import reading, record_verbs
from shiftwork.errors import UserError
from shiftwork.records.historian.plant_file.load import load_plant_file

Row = tuple[str, float, float | None, str]


def run(
    verb: str, export: Path, plant: Path | None, out: Path, patch: pytest.MonkeyPatch
) -> tuple[int, str]:
    """Run a verb; its exit status, and all that it says in one line."""
    said = io.StringIO()
    console = Console(file=said, width=400, highlight=False)
    for module in (record_verbs, reading):
        patch.setattr(module, "console", console)
    try:
        if verb == "draft":
            record_verbs.draft([str(export)], out / "plant.toml", plant)
        elif verb == "inspect":
            assert plant is not None
            record_verbs.inspect_export([str(export)], load_plant_file(plant), out / "inspection")
        else:
            assert plant is not None
            record_verbs.convert_export(
                [str(export)], load_plant_file(plant), out / "x.parquet", "samples"
            )
    except UserError as error:
        return 2, re.sub(r"\s+", " ", f"{said.getvalue()} {error}")
    return 0, re.sub(r"\s+", " ", said.getvalue())


def rows_of(path: Path) -> list[Row]:
    """Samples as converted: tag, seconds, value and quality."""
    table = pq.read_table(path).to_pydict()
    found = []
    for tag, time, value, quality in zip(
        table["tag"], table["time"], table["value"], table["quality"], strict=True
    ):
        value = None if value is None or value != value else float(value)
        found.append((str(tag), round(time.timestamp(), 3), value, str(quality)))
    return found


def differences(expected: list[list[Any]], found: list[Row], *, exact: bool) -> str:
    """What is missing of the expected samples, or too many; "" if nothing."""
    left = list(found)
    for tag, stamp, value, quality in expected:
        time = datetime.fromisoformat(stamp).replace(tzinfo=UTC).timestamp()
        hit = next(
            (
                row
                for row in left
                if row[0] == tag
                and abs(row[1] - time) < 0.002
                and quality in ("any", row[3])
                and (
                    quality in ("any", "bad")
                    or value is None
                    or (row[2] is not None and abs(row[2] - value) <= 1e-6 * max(1, abs(value)))
                )
            ),
            None,
        )
        if hit is None:
            return f"missing: {tag} {stamp} {value} {quality} of {found[:6]}"
        left.remove(hit)
    keys = {row[0] for row in expected}
    more = [row for row in left if row[0] in keys]
    return f"too many: {more[:2]}" if exact and more else ""


def problem_of(
    case: Path, export: Path, plant: Path | None, out: Path, patch: pytest.MonkeyPatch
) -> str:
    """What is wrong with the answer to a case, "" if it is right."""
    what = json.loads((case / "case.json").read_text(encoding="utf-8"))
    status, said = run(what["run"], export, plant, out, patch)
    if what["forbid"] and re.search(what["forbid"], said):
        return f"says what it must not: {re.search(what['forbid'], said)}"
    if status == 2 and what["refusal"]:
        return "" if re.search(what["refusal"], said) else f"refused without saying it: {said}"
    if what["told"] and re.search(what["told"], said):
        return ""
    if status:
        return f"refused: {said}"
    if what["run"] == "draft":
        text = (out / "plant.toml").read_text(encoding="utf-8")
        return "" if re.search(what["require"], text) else f"drafted without {what['require']}"
    if what["run"] == "inspect":
        page = json.loads((out / "inspection" / "inspection.json").read_text(encoding="utf-8"))
        if what["forbid"] and re.search(what["forbid"], said + json.dumps(page)):
            return f"says what it must not: {what['forbid']}"
        told = said + json.dumps(page["findings"])
        return (
            ""
            if not what["require"] or re.search(what["require"], told)
            else f"does not say: {said}"
        )
    if not what["expected"]:
        return f"neither refused nor noticed: {said}"
    return differences(what["expected"], rows_of(out / "x.parquet"), exact=what["exact"])
