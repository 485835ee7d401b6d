"""Hold the furnace's trends against detailed mechanisms that ship with Cantera.

    bash benchmarks/cracker_trends/setup.sh
    python -m benchmarks.cracker_trends.run

The mechanisms are made for flames: n-dodecane stands in for straight paraffins, and GRI-Mech 3.0
knows no propylene. So signs and sizes of changes are compared, not levels.
"""

from __future__ import annotations

import csv
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from benchmarks.results import write_rows, write_table
from shiftwork.plants.cracker.yields import PRODUCTS, ethane_yields, naphtha_yields

HERE = Path(__file__).resolve().parent
Condition = tuple[float, float, float]
"""COT in C, steam/feed, residence time in s."""


def main() -> None:
    """Run the mechanisms in their own environment, compare, and write results."""
    done = subprocess.run(
        [str(HERE / ".venv/bin/python"), str(HERE / "mechanism.py")],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    rows: list[dict[str, Any]] = []
    for row in csv.DictReader(done.stdout.splitlines()):
        condition = (float(row["cot_c"]), float(row["steam_ratio"]), float(row["residence_s"]))
        ours = MODEL[row["case"], row["quantity"]](*condition)
        rows.append({**row, "value": float(row["value"]), "model": ours})
    write_rows("cracker_trends", rows)
    print(write_table("cracker_trends", HEADER, _table(rows)))


HEADER = ("feed", "change", "quantity", "mechanism", "furnace", "same sign")
CHANGES: dict[str, list[tuple[str, Condition, Condition]]] = {
    "n-dodecane": [
        ("COT 800 to 840 C", (800.0, 0.5, 0.3), (840.0, 0.5, 0.3)),
        ("COT 840 to 870 C", (840.0, 0.5, 0.3), (870.0, 0.5, 0.3)),
        ("residence .15 to .45 s", (840.0, 0.5, 0.15), (840.0, 0.5, 0.45)),
        ("steam .35 to .70", (840.0, 0.35, 0.3), (840.0, 0.70, 0.3)),
    ],
    "ethane": [("COT 830 to 860 C", (830.0, 0.33, 0.36), (860.0, 0.33, 0.36))],
}


def _table(rows: list[dict[str, Any]]) -> list[list[str]]:
    found = {
        (
            r["case"],
            r["quantity"],
            float(r["cot_c"]),
            float(r["steam_ratio"]),
            float(r["residence_s"]),
        ): (r["value"], r["model"])
        for r in rows
    }
    table = []
    for case, changes in CHANGES.items():
        for what, before, after in changes:
            for quantity in dict.fromkeys(r["quantity"] for r in rows if r["case"] == case):
                theirs, ours = np.subtract(
                    found[case, quantity, *after], found[case, quantity, *before]
                )
                same = "yes" if theirs * ours > 0 else "no"
                table.append([case, what, quantity, f"{theirs:+.2f}", f"{ours:+.2f}", same])
    return table


def _paraffin(product: str) -> Callable[..., float]:
    def wt(cot_c: float, steam_ratio: float, residence_s: float) -> float:
        conditions = (jnp.float32(v) for v in (cot_c, steam_ratio, residence_s))
        yields = naphtha_yields(jnp.array([1.0, 0, 0, 0, 0]), *conditions)
        return 100 * float(yields[PRODUCTS.index(product)])

    return wt


def _ethane(*condition: float) -> tuple[float, float]:
    yields = ethane_yields(*(jnp.float32(v) for v in condition))
    converted = 1 - float(yields[PRODUCTS.index("ethane")])
    return 100 * converted, 100 * float(yields[PRODUCTS.index("ethylene")]) / converted


MODEL: dict[tuple[str, str], Callable[..., float]] = {
    **{
        ("n-dodecane", f"{product} wt%"): _paraffin(product)
        for product in ("ethylene", "propylene", "methane")
    },
    ("n-dodecane", "P/E"): lambda *c: _paraffin("propylene")(*c) / _paraffin("ethylene")(*c),
    ("ethane", "conversion %"): lambda *c: _ethane(*c)[0],
    ("ethane", "selectivity wt%"): lambda *c: _ethane(*c)[1],
}


if __name__ == "__main__":
    main()
