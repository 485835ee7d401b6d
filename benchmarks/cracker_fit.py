"""Fit the furnace's yields to tables from a detailed kinetic mechanism, and say how well they fit.

The tables were computed for surrogate naphthas with the mechanism CRECK TOT_HT (368 species, plug
flow, 2.1 to 1.8 bar). What they leave open (single classes at other products) is held by weak
priors, and by what must be true: hydrogen closes, ethylene rises with severity, propylene over
ethylene falls.

python -m benchmarks.cracker_fit
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import minimize

from benchmarks.results import write_rows, write_table
from shiftwork.files import written_whole
from shiftwork.plants.cracker import yields as model
from shiftwork.plants.cracker.feed import CLASSES, HEAVY, LIGHT, OPEN, hydrogen_content
from shiftwork.plants.cracker.yields import PRODUCTS

POINTS = 5


class Row(NamedTuple):
    """Yields that were computed at 0.30 s and steam/feed 0.5, wt %."""

    feed: str
    piona: np.ndarray
    cot_c: float
    wt: dict[str, float]


def tables() -> list[Row]:
    """Return the tables' rows; what a row does not hold was not tabled."""
    names = PRODUCTS[:9]  # hydrogen to toluene
    feed_b = {
        790: (0.51, 7.8, 20.8, 2.5, 15.1, 6.5, 9.5, 2.7, 3.6),
        810: (0.62, 9.4, 25.0, 2.5, 16.1, 7.5, 9.3, 3.0, 3.6),
        830: (0.73, 10.9, 28.8, 2.4, 15.9, 8.2, 8.3, 3.5, 3.6),
        850: (0.83, 12.4, 31.9, 2.3, 14.8, 8.4, 6.7, 4.0, 3.7),
        870: (0.94, 13.9, 34.1, 2.1, 13.1, 8.1, 5.1, 4.8, 3.9),
    }
    light = {780: (16.4, 17.8), 820: (22.2, 18.9), 840: (24.8, 18.0), 860: (27.1, 16.5)}
    heavy = {"ethylene": 22.6, "propylene": 16.8, "butadiene": 8.5, "butenes": 12.7, "toluene": 4.5}
    # Two pure components stand for a class by their mean.
    classes = {
        "n-paraffins": ((39.4 + 45.6) / 2, (16.6 + 15.6) / 2),  # n-pentane, n-heptane
        "isoparaffins": (8.2, 20.1),  # iso-octane
        "naphthenes": ((19.5 + 21.1) / 2, (10.4 + 8.8) / 2),  # cyclohexane, methylcyclohexane
    }
    pair = ("ethylene", "propylene")
    return [
        *(Row("feed B", OPEN, t, dict(zip(names, v, strict=True))) for t, v in feed_b.items()),
        *(Row("light", LIGHT, t, dict(zip(pair, v, strict=True))) for t, v in light.items()),
        Row("heavy", HEAVY, 840, heavy),
        *(
            Row(name, np.eye(5)[CLASSES.index(name)], 840, dict(zip(pair, v, strict=True)))
            for name, v in classes.items()
        ),
    ]


class Change(NamedTuple):
    """What a change of conditions does to feed B at 840 C: wt %, or P/E."""

    what: str
    product: str
    change: float
    before: tuple[float, float, float, float]
    after: tuple[float, float, float, float]


BASE = (840.0, 0.5, 0.30, model.PRESSURE_BAR)
"""COT, steam/feed, residence time, pressure."""
_COT = ((835.0, *BASE[1:]), (845.0, *BASE[1:]))
_STEAM = ((840.0, 0.35, *BASE[2:]), (840.0, 0.70, *BASE[2:]))
_TIME = ((840.0, 0.5, 0.15, BASE[3]), (840.0, 0.5, 0.45, BASE[3]))
_PRESSURE = ((*BASE[:3], 1.6), (*BASE[:3], 2.45))
CHANGES = (
    Change("COT +10 C", "ethylene", 1.7, *_COT),
    Change("COT +10 C", "methane", 0.75, *_COT),
    Change("COT +10 C", "propylene", -0.3, *_COT),
    Change("COT +10 C", "P/E", -0.042, *_COT),
    Change("steam .35 to .70", "ethylene", 0.9, *_STEAM),
    Change("residence .15 to .45 s", "ethylene", 4.2, *_TIME),
    Change("residence .15 to .45 s", "propylene", -2.4, *_TIME),
    Change("residence .15 to .45 s", "methane", 4.1, *_TIME),
    Change("pressure 1.6 to 2.45 bar", "ethylene", -1.1, *_PRESSURE),
)

PRIOR = np.array(
    [
        [0.8, 13.0, 42.5, 3.2, 16.5, 6.0, 5.5, 1.6, 0.8, 8.9, 1.2],
        [0.8, 17.0, 8.2, 1.5, 20.1, 4.0, 23.0, 2.5, 2.0, 18.0, 2.9],
        [0.8, 12.0, 32.0, 2.5, 17.0, 9.0, 7.0, 4.0, 2.0, 11.0, 2.7],
        [0.9, 7.0, 20.3, 2.0, 9.6, 17.0, 7.0, 7.0, 4.0, 20.2, 5.0],
        [0.6, 4.0, 2.0, 0.5, 1.0, 0.8, 0.5, 12.0, 25.0, 38.6, 15.0],
    ]
)
"""Yields of each class at 840 C, wt %, as far as common knowledge goes (K)."""


def _at(points: Any, piona: Any, conditions: Any) -> jax.Array:
    cot, steam, time, pressure = jnp.asarray(conditions).T
    reached = model.severity(cot, time)
    return 100 * model.yields_at(
        jnp.asarray(piona), reached, model.exposure(steam, time, pressure), points
    )


def _value(wt: Any, product: str) -> Any:
    if product == "P/E":
        return _value(wt, "propylene") / _value(wt, "ethylene")
    return wt[..., PRODUCTS.index(product)]


def _loss(rows: list[Row]) -> Callable[[jax.Array], jax.Array]:
    piona = np.stack([row.piona for row in rows]).astype(float)
    conditions = np.array([(row.cot_c, *BASE[1:]) for row in rows])
    wanted = np.array([[row.wt.get(p, np.nan) for p in PRODUCTS] for row in rows])
    scale = np.where(np.isin(PRODUCTS, ("ethylene", "propylene")), 0.2, 0.4)
    scale[PRODUCTS.index("hydrogen")] = 0.03
    # One component says less about its class than a blend about the blend.
    scale = np.array([[1.5 if row.feed in CLASSES else 1.0] for row in rows]) * scale
    known = ~np.isnan(wanted)

    cots = np.linspace(740, 930, 20)
    grid = np.array([(cot, *BASE[1:]) for cot in cots])
    feeds = np.concatenate([np.eye(5), [OPEN, LIGHT, HEAVY]])
    many = np.repeat(feeds, len(grid), 0), np.tile(grid, (len(feeds), 1))

    def loss(logits: jax.Array) -> jax.Array:
        points = jax.nn.softmax(logits.reshape(5, POINTS, -1))
        error = (_at(points, piona, conditions) - jnp.nan_to_num(wanted)) / scale
        total = jnp.where(known, error**2, 0).sum()
        for c in CHANGES:
            moved = _value(_at(points, OPEN, c.after), c.product) - _value(
                _at(points, OPEN, c.before), c.product
            )
            total += ((moved - c.change) / (0.01 if c.product == "P/E" else 0.3)) ** 2
        at_840 = _at(points, np.eye(5), np.tile(BASE, (5, 1)))
        total += (((at_840 - PRIOR) / (0.5 + 0.25 * PRIOR)) ** 2).sum()
        bend = 100 * jnp.diff(points, n=2, axis=1) / (1.0 + 0.6 * PRIOR[:, None])
        total += jnp.square(bend).sum()

        curve = _at(points, *many).reshape(len(feeds), len(grid), -1)
        ethylene, ratio = curve[..., 2], curve[..., 4] / curve[..., 2]
        step = np.where(np.arange(len(feeds)) == 4, 0.01, 0.08)[:, None]
        total += jnp.square(jax.nn.relu(step - jnp.diff(ethylene, axis=1)) / 0.05).sum()
        for gas in (0, 1):
            total += jnp.square(jax.nn.relu(-jnp.diff(curve[..., gas], axis=1)) / 0.02).sum()
        falls = jax.nn.relu(0.004 + jnp.diff(ratio[np.r_[0:4, 5:8]], axis=1))
        total += jnp.square(falls / 0.002).sum()
        _, open_ = model.pygas_hydrogen(hydrogen_content(jnp.asarray(feeds))[:, None], curve / 100)
        total += jnp.square(open_ / 0.001).sum()
        # Pygas and fuel oil of the blends within the range of plants, at usual severity.
        oil = curve[5:, 8:14, 10]
        return total + jnp.square(jax.nn.relu(2.5 - oil)).sum()

    return loss


def fit(rows: list[Row]) -> np.ndarray:
    """Return control points, mass fractions (class, point, product)."""
    start = np.repeat(np.log(PRIOR[:, None] / 100), POINTS, 1)
    value = jax.jit(jax.value_and_grad(_loss(rows)))
    found = minimize(
        lambda x: tuple(np.asarray(v, np.float64) for v in value(x)),
        start.ravel(),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": 15000, "maxfun": 20000, "ftol": 1e-11},
    )
    if not found.success:
        raise SystemExit(f"the fit did not settle: {found.message}; raise maxiter")
    return np.asarray(jax.nn.softmax(found.x.reshape(5, POINTS, -1)))


def write_control_points(points: np.ndarray) -> None:
    """Write the constants that the package reads, wt %."""
    path = Path(model.__file__).with_name("control_points.csv")
    with written_whole(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["class", "point", *PRODUCTS])
        for name, of_class in zip(CLASSES, points, strict=True):
            for k, wt in enumerate(100 * of_class):
                writer.writerow([name, k, *(f"{v:.4f}" for v in wt)])


def compare(points: np.ndarray, rows: list[Row]) -> list[dict[str, Any]]:
    """Return every number of the tables beside the model's."""
    compared: list[dict[str, Any]] = []

    def add(kind: str, case: str, cot_c: float, product: str, table: float, found: Any) -> None:
        error = float(found) - table
        compared.append(
            {"kind": kind, "case": case, "cot_c": cot_c, "product": product}
            | {"table": table, "model": float(found), "error": error}
        )

    for row in rows:
        wt = _at(points, row.piona.astype(float), (row.cot_c, *BASE[1:]))
        for product, table in row.wt.items():
            add("yield", row.feed, row.cot_c, product, table, _value(wt, product))
    for c in CHANGES:
        after, before = (_at(points, OPEN, condition) for condition in (c.after, c.before))
        moved = _value(after, c.product) - _value(before, c.product)
        add("change", c.what, BASE[0], c.product, c.change, moved)
    return compared


def main() -> None:
    """Fit, write the constants, and compare with the tables."""
    rows = tables()
    with jax.enable_x64(True):
        points = fit(rows)
        compared = compare(points, rows)
    write_control_points(points)
    write_rows("cracker_fit", compared)
    lines = [
        [
            row["case"],
            f"{row['cot_c']:.0f}",
            row["product"],
            f"{row['table']:g}",
            f"{row['model']:.3g}",
            f"{row['error']:+.3f}" if row["product"] == "P/E" else f"{row['error']:+.2f}",
        ]
        for row in compared
    ]
    for product in ("ethylene", "propylene"):
        errors = [
            abs(r["error"]) for r in compared if (r["kind"], r["product"]) == ("yield", product)
        ]
        mean = f"{np.mean(errors):.2f}"
        lines.append(["mean absolute error", "", product, "", "", mean])
    print(write_table("cracker_fit", ("case", "COT C", "what", "table", "model", "error"), lines))


if __name__ == "__main__":
    main()
