"""Numbers that stand for no measurement, such as -9999, found by how far they lie from the rest."""

from __future__ import annotations

import numpy as np
import polars as pl

from shiftwork.records.historian.findings import Findings
from shiftwork.records.historian.parts import Places
from shiftwork.records.historian.plant_file.model import PlantFile
from shiftwork.records.historian.values.quality import BAD

KNOWN = frozenset((
    -9.0, -99.0, -999.0, -9999.0, -99999.0, -999999.0, 999.0, 9999.0, 99999.0,
    999999.0, 9999999.0, -999.25, -999.9, -99.9, -9999.9, 999.9, 9999.9,
    -32768.0, 32767.0, 65535.0, 65534.0, -2147483648.0, 2147483647.0, 4294967295.0, -1e30, 1e30, -1e31, 1e31, -1.0,
))  # fmt: skip
"""Numbers that systems write for nothing."""

HUGE = 1e18
"""A number beyond this is nothing that is measured: 1e20, or the end of a float's range (3.4e38)."""

LONELY = 20.0
"""The same for a number that no list knows, but that comes again and again."""

SAMPLED = 1000
"""Values of a tag that show how far it usually varies."""

FAR = 3.0
"""How far from the other values, in their whole range, a known number lies if it stands for nothing."""


def note_sentinels(
    frame: pl.DataFrame, places: Places, plant: PlantFile, findings: Findings
) -> None:
    """Report values that look as if they stood for nothing; they count until they are declared."""
    values, usable = frame["value"], frame["status"].to_numpy() != BAD
    for key, (first, count) in places.items():
        tag = plant.tags[key]
        numbers = values.slice(first, count).to_numpy()  # NaN where there is none
        good = numbers[usable[first : first + count] & ~np.isnan(numbers)]
        if not len(good):
            continue
        low, high = float(good.min()), float(good.max())
        known = [end for end in dict.fromkeys((low, high)) if _suspect(end)]
        usual = np.sort(numbers[:: max(1, len(numbers) // SAMPLED)])
        usual = usual[: len(usual) - np.isnan(usual).sum()]
        wide = not tag.hold and high - low > LONELY * _half_width(usual)
        if low == high or not (known or wide):
            continue
        found = pl.Series(good)
        suspects = known
        if wide:
            suspects = known + [e for e in (low, high) if e not in known and _alone(e, found)]
        for end in suspects:
            rest = found.filter(~found.is_in(suspects) & (found.abs() < HUGE))
            if not len(rest):
                continue
            least, most = float(rest.min()), float(rest.max())  # type: ignore[arg-type]
            width = max(most - least, 1e-3 * max(abs(most), abs(least)))
            if abs(end) < HUGE and min(abs(end - least), abs(end - most)) <= FAR * width:
                continue
            findings.note(
                "number that may stand for nothing", key, int((found == end).sum()),
                f"{end:g} among values from {least:g} to {most:g}; if so, set tags.{key}.missing = [{end:g}]",
                each=True,
            )  # fmt: skip


def _half_width(ordered: np.ndarray) -> float:
    """How far apart the quarters of some ordered values lie; 0 for none."""
    last = len(ordered) - 1
    return (
        float(ordered[int(0.75 * last + 0.5)] - ordered[int(0.25 * last + 0.5)])
        if last >= 0
        else 0.0
    )


def _suspect(value: float) -> bool:
    digits = f"{abs(value):g}".replace(".", "")
    same = len(digits) >= 3 and len(set(digits)) == 1 and digits[0] != "0"  # -99.99, 8888
    limit = any(abs(value) == end / part for end in (32768, 32767, 65535) for part in (10, 100))
    return value in KNOWN or abs(value) >= HUGE or same or limit


def _alone(value: float, values: pl.Series) -> bool:
    """Whether one number comes again and again, far from all others, and is not zero."""
    count = int((values == value).sum())
    if value == 0 or count < 3 or count > len(values) / 2:
        return False
    rest = values.filter(values != value)
    least, most = float(rest.min()), float(rest.max())  # type: ignore[arg-type]
    return most > least and min(abs(value - least), abs(value - most)) > LONELY * (most - least)
