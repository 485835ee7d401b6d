"""Rounds: an export is changed, written and read, and what is read is compared."""

from __future__ import annotations

import random
import re
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from benchmarks.export_fuzz.changes import CHANGES
from benchmarks.export_fuzz.export import correct, vary
from shiftwork.errors import UserError
from shiftwork.records.historian.plant_file.load import parse_plant
from shiftwork.records.historian.samples import read_samples

PLANT = """
name = "fuzz"
period = "1min"
[objective]
expression = "0"
[tags.ti]
source = "TI1"
role = "observation"
[tags.valve]
role = "action"
bounds = [0, 100]
"""

RIGHT = ("right", "refused", "noticed")
"""Outcomes that are no misreading."""


def judged(name: str, seed: int, folder: Path) -> str:
    """Do one round: "right", "refused", "noticed", or what is wrong."""
    rng = random.Random(seed)
    export = correct(rng)
    wanted = {
        (key, time): float(row[column])
        for row, time in zip(export.rows, export.times, strict=True)
        for column, key in ((1, "ti"), (2, "valve"))
    }
    CHANGES[name](export, rng)
    vary(export, rng)
    wanted = {which: value for which, value in wanted.items() if which not in export.bad}
    path = folder / "export.csv"
    path.write_bytes(export.text())
    try:
        samples = read_samples([path], parse_plant(PLANT, Path("plant.toml")))
    except UserError as error:
        return "refused" if re.search(export.matter, str(error)) else f"refused: {error}"
    good = samples.frame.filter(pl.col("value").is_not_null() & (pl.col("status") == 0))
    found = {
        (str(tag), time): value
        for tag, time, value in good.select("tag", "time", "value").iter_rows()
    }
    if found.keys() == wanted.keys() and all(abs(found[k] - v) < 1e-9 for k, v in wanted.items()):
        return "right"
    told = " ".join(f"{f.kind} {f.example}" for f in samples.findings)
    return "noticed" if re.search(export.matter, told) else f"misread: {list(found.items())[:2]}"


def outcomes(seed: int, numbers: Iterable[int]) -> Counter[tuple[str, str]]:
    """Do some rounds, and count what came of each change."""
    names, found = list(CHANGES), Counter[tuple[str, str]]()
    with tempfile.TemporaryDirectory() as folder:
        for number in numbers:
            name = names[number % len(names)]
            outcome = judged(name, seed * 1_000_003 + number, Path(folder))
            found[name, outcome if outcome in RIGHT else outcome[:160]] += 1
    return found
