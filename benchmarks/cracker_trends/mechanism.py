"""Cracks n-dodecane and ethane with mechanisms that ship with Cantera; prints CSV.

Runs in the environment that setup.sh makes; ``run.py`` calls it.
"""

from __future__ import annotations

import csv
import sys

import cantera as ct  # type: ignore[import-not-found]
import numpy as np

PRESSURE_PA = 1.95e5
INLET_C = 600.0
SLICES = 100


def coil(
    gas: ct.Solution, fuel: str, cot_c: float, steam_ratio: float, time_s: float
) -> ct.Solution:
    """Plug flow whose gas warms evenly from 600 C to the COT within the residence time."""
    gas.TPY = INLET_C + 273.15, PRESSURE_PA, {fuel: 1.0, gas.species_name(_water(gas)): steam_ratio}
    for celsius in np.linspace(INLET_C, cot_c, SLICES):
        gas.TP = celsius + 273.15, PRESSURE_PA
        reactor = ct.IdealGasConstPressureReactor(gas, energy="off", clone=False)
        ct.ReactorNet([reactor]).advance(time_s / SLICES)
    return gas


def _water(gas: ct.Solution) -> int:
    return next(i for i, name in enumerate(gas.species_names) if name.lower() == "h2o")


def main() -> None:
    """Print case, COT, steam ratio, residence time, quantity, value."""
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(["case", "cot_c", "steam_ratio", "residence_s", "quantity", "value"])
    dodecane = ct.Solution("nDodecane_Reitz.yaml", "nDodecane_IG")
    gri = ct.Solution("gri30.yaml")
    conditions = [(cot, 0.5, 0.3) for cot in (790, 800, 810, 820, 830, 840, 850, 860, 870)]
    conditions += [(840, 0.35, 0.3), (840, 0.70, 0.3), (840, 0.5, 0.15), (840, 0.5, 0.45)]
    for condition in conditions:
        gas = coil(dodecane, "c12h26", *condition)
        ethylene, propylene, methane = (
            100 * (1 + condition[1]) * gas.Y[gas.species_index(name)]
            for name in ("c2h4", "c3h6", "ch4")
        )
        for name, value in (
            ("ethylene wt%", ethylene),
            ("propylene wt%", propylene),
            ("methane wt%", methane),
            ("P/E", propylene / ethylene),
        ):
            rows.writerow(["n-dodecane", *condition, name, f"{value:.4f}"])
    for cot in (790, 810, 830, 840, 850, 860, 870):
        condition = (cot, 0.33, 0.36)
        gas = coil(gri, "C2H6", *condition)
        left = (1 + condition[1]) * gas.Y[gas.species_index("C2H6")]
        ethylene = (1 + condition[1]) * gas.Y[gas.species_index("C2H4")]
        rows.writerow(["ethane", *condition, "conversion %", f"{100 * (1 - left):.3f}"])
        rows.writerow(
            ["ethane", *condition, "selectivity wt%", f"{100 * ethylene / (1 - left):.3f}"]
        )


if __name__ == "__main__":
    main()
