"""Numbers that stand for no measurement, such as -9999, found by how far they lie from the rest."""

from __future__ import annotations

import polars as pl

from shiftwork.records.historian.findings import Findings
from shiftwork.records.historian.plant_file.model import PlantFile
from shiftwork.records.historian.values.quality import BAD

KNOWN = frozenset((
    -9.0, -99.0, -999.0, -9999.0, -99999.0, -999999.0, 999.0, 9999.0, 99999.0,
    999999.0, 9999999.0, -999.25, -999.9, -99.9, -9999.9, 999.9, 9999.9,
    -32768.0, 32767.0, 65535.0, 65534.0, -2147483648.0, 2147483647.0, 4294967295.0, -1e30, 1e30, -1e31, 1e31, -1.0,
))  # fmt: skip
"""Numbers that systems write for nothing."""

HUGE = 1e37
"""A number beyond this is the end of a float's range (3.4e38, 1.8e308), and nothing that is measured."""

FAR = 3.0
"""How far from the other values, in their whole range, a known number lies if it stands for nothing."""


def note_sentinels(frame: pl.DataFrame, plant: PlantFile, findings: Findings) -> None:
    """Report values that look as if they stood for nothing; they count until they are declared."""
    good = frame.lazy().filter((pl.col("status") != BAD) & pl.col("value").is_not_null())
    ends = good.group_by("tag").agg(low=pl.col("value").min(), high=pl.col("value").max()).collect()
    for key, low, high in ends.sort("tag").iter_rows():
        if not any(_suspect(end) for end in (low, high)):
            continue
        values = frame.filter((pl.col("tag") == key) & (pl.col("status") != BAD))[
            "value"
        ].drop_nulls()
        suspects = [end for end in dict.fromkeys((low, high)) if _suspect(end)]
        for end in suspects:
            rest = values.filter(~values.is_in(suspects) & (values.abs() < HUGE))
            if not len(rest):
                continue
            least, most = float(rest.min()), float(rest.max())  # type: ignore[arg-type]
            width = max(most - least, 1e-3 * max(abs(most), abs(least)))
            if abs(end) < HUGE and min(abs(end - least), abs(end - most)) <= FAR * width:
                continue
            count = int((values == end).sum())
            findings.note(
                "number that may stand for nothing", str(key), count,
                f"{end:g} among values from {least:g} to {most:g}; if so, set tags.{key}.missing = [{end:g}]",
                each=True,
            )  # fmt: skip


def _suspect(value: float) -> bool:
    return value in KNOWN or abs(value) >= HUGE
