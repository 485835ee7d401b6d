"""What leaves the coil: product yields of naphtha and of recycled ethane.

A yield is linear in the feed's composition: each PIONA class has its own yields, which depend on
severity. Along severity they are a Bernstein polynomial whose five control points are yields
themselves (all >= 0, sum 1), so that every yield in between is so too, by construction. The
control points are fitted to the tables (``benchmarks/cracker_fit.py``, ``docs/cracker.md``).
"""

from __future__ import annotations

import csv
from importlib import resources
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from shiftwork.plants.cracker.feed import CLASSES

PRODUCTS = (
    "hydrogen",
    "methane",
    "ethylene",
    "ethane",
    "propylene",
    "butadiene",
    "butenes",
    "benzene",
    "toluene",
    "other pygas",
    "fuel oil",
)
"""Lumps that add up to the feed. "other pygas" is all liquid but benzene, toluene and fuel oil,
unconverted feed, and the little propane and acetylenes that the tables leave out."""

ETHYLENE, PROPYLENE, BUTADIENE, BUTENES, OTHER_PYGAS = (
    PRODUCTS.index(name)
    for name in ("ethylene", "propylene", "butadiene", "butenes", "other pygas")
)

PRODUCT_HYDROGEN = np.array(
    [1.0, 0.2513, 0.1437, 0.2011, 0.1437, 0.1118, 0.1437, 0.0774, 0.0875, np.nan, 0.0700],
    np.float32,
)
"""Mass fraction of hydrogen by formula; "other pygas" is what closes the balance."""

PYGAS_HYDROGEN = (0.072, 0.162)
"""Between naphthalene-rich aromatics and unconverted paraffin: what "other pygas" may hold."""

ACTIVATION_K = 217.5e3 / 8.314
"""Activation energy of naphtha pyrolysis (217.5 kJ/mol, S) over the gas constant."""

REFERENCE_COT_C, REFERENCE_RESIDENCE_S, REFERENCE_STEAM = 840.0, 0.30, 0.50
PRESSURE_BAR = 1.95
"""Mean over the coil, absolute."""

SEVERITY_COT_C = (740.0, 930.0)
"""The ends of the severity scale, as COT at the reference residence time."""

EXPOSURE_LOW = -2.2
"""Exposure at which no ethylene is lost to secondary reactions."""
ETHYLENE_LOSS = 0.085
"""Share of ethylene lost for each unit of exposure (sensitivities to steam and pressure, C)."""

BUTADIENE_MOVED, BUTENES_MOVED = 0.40, 0.40
"""Shares that ``to_plant_scale`` counts as something else."""

HYDROCARBON_T_PER_KMOL, STEAM_T_PER_KMOL = 0.035, 0.018
"""Hydrocarbon between feed (0.09) and cracked gas (0.028), towards the outlet."""


def _control_points() -> Float[np.ndarray, "5 5 11"]:
    """Read the fitted table; its rows are made to sum to 1 in float64 before rounding."""
    text = resources.files(__package__).joinpath("control_points.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    table = np.array([[float(row[name]) for name in PRODUCTS] for row in rows])
    table /= table.sum(1, keepdims=True)
    return table.reshape(len(CLASSES), -1, len(PRODUCTS)).astype(np.float32)


CONTROL_POINTS = _control_points()
"""Yields of each class at each control point, mass fractions, (class, point, product)."""


def _lumps(**share: float) -> np.ndarray:
    """Return a vector over ``PRODUCTS``, zero where no share is given."""
    return np.array([share.get(name.replace(" ", "_"), 0.0) for name in PRODUCTS], np.float32)


# What a lump turns into, less the lump itself: each sums to 0, so that moving keeps the mass.
_FROM_ETHYLENE = _lumps(ethylene=-1.0, methane=0.25, ethane=0.15, other_pygas=0.45, fuel_oil=0.15)
_FROM_BUTADIENE = _lumps(butadiene=-1.0, methane=0.25, benzene=0.50, other_pygas=0.25)
_FROM_BUTENES = _lumps(butenes=-1.0, methane=0.60, hydrogen=0.05, benzene=0.20, other_pygas=0.15)
_KNOWN_HYDROGEN = np.nan_to_num(PRODUCT_HYDROGEN)


ETHANE_ACTIVATION_K = 272.0e3 / 8.314
"""Of the decomposition of ethane (K)."""
ETHANE_COT_C, ETHANE_DEPTH = 845.0, 0.88
"""Sets the conversion: 65 % in 0.36 s, the residence time of the gas furnace's design."""
# What ethane becomes, without and with reactions of the products; both keep the hydrogen.
_ETHANE_CLEAN = _lumps(
    hydrogen=0.0625,
    methane=0.035,
    ethylene=0.855,
    propylene=0.02,
    butadiene=0.0165,
    butenes=0.004,
    benzene=0.007,
)
_ETHANE_SPOILT = _lumps(
    hydrogen=0.06,
    methane=0.30,
    ethylene=0.15,
    propylene=0.03,
    butadiene=0.09,
    butenes=0.02,
    benzene=0.13,
    toluene=0.03,
    other_pygas=0.13,
    fuel_oil=0.06,
)
_ETHANE = _lumps(ethane=1.0)


def severity(cot_c: Float[Array, "*#B"], residence_s: Float[Array, "*#B"]) -> Float[Array, "*#B"]:
    """How far cracking goes: ln(rate constant x residence time), scaled to [0, 1] and held there."""

    def log_rate(celsius: Array | float) -> Array | float:
        return -ACTIVATION_K / (celsius + 273.15)

    low, high = (log_rate(c) for c in SEVERITY_COT_C)
    reached = log_rate(cot_c) + jnp.log(residence_s / REFERENCE_RESIDENCE_S)
    return jnp.clip((reached - low) / (high - low), 0.0, 1.0)


def hydrocarbon_share(steam_ratio: Float[Array, "*#B"] | float) -> Any:
    """Mole fraction of hydrocarbon in the coil, from steam/feed by mass."""
    return 1.0 / (1.0 + steam_ratio * (HYDROCARBON_T_PER_KMOL / STEAM_T_PER_KMOL))


def exposure(
    steam_ratio: Float[Array, "*#B"],
    residence_s: Float[Array, "*#B"],
    pressure_bar: Float[Array, "*#B"] | float = PRESSURE_BAR,
) -> Float[Array, "*#B"]:
    """How much products react with each other: ln(partial pressure of hydrocarbon x residence time).

    It is 0 at the reference conditions.
    """
    reference = hydrocarbon_share(REFERENCE_STEAM) * PRESSURE_BAR * REFERENCE_RESIDENCE_S
    return jnp.log(hydrocarbon_share(steam_ratio) * pressure_bar * residence_s / reference)


def yields_at(
    piona: Float[Array, "*#B 5"],
    severity: Float[Array, "*#B"],
    exposure: Float[Array, "*#B"],
    control_points: Float[Array, "5 5 11"] | Float[np.ndarray, "5 5 11"] = CONTROL_POINTS,
) -> Float[Array, "*#B 11"]:
    """Yields of naphtha as mass fractions of the feed, on the scale of the tables (C).

    Args:
        piona: Mass fractions of ``CLASSES``.
        severity: From ``severity``, in [0, 1].
        exposure: From ``exposure``.
        control_points: Those of ``CONTROL_POINTS``; a fit hands in its own.
    """
    s, t = severity, 1.0 - severity
    basis = jnp.stack([t**4, 4 * s * t**3, 6 * s**2 * t**2, 4 * s**3 * t, s**4], -1)
    share = piona[..., :, None] * basis[..., None, :]
    share = share.reshape(*share.shape[:-2], -1)
    # Accelerators would round the factors of a product of matrices to ten bits and lose mass.
    primary = jnp.matmul(
        share, control_points.reshape(-1, len(PRODUCTS)), precision=jax.lax.Precision.HIGHEST
    )
    lost = ETHYLENE_LOSS * jnp.clip(exposure - EXPOSURE_LOW, 0.0, 4.0)
    return primary + (lost * primary[..., ETHYLENE])[..., None] * jnp.broadcast_to(
        _FROM_ETHYLENE, primary.shape
    )


def naphtha_yields(
    piona: Float[Array, "*#B 5"],
    cot_c: Float[Array, "*#B"],
    steam_ratio: Float[Array, "*#B"],
    residence_s: Float[Array, "*#B"],
) -> Float[Array, "*#B 11"]:
    """Yields of naphtha cracked once, mass fractions of the feed in the order of ``PRODUCTS``.

    They are >= 0 and sum to 1 as far as float32 goes, and are linear in the composition. They
    have the scale of the tables (C); ``to_plant_scale`` has that of running plants (K).

    Args:
        piona: Mass fractions of ``CLASSES``.
        cot_c: Coil outlet temperature.
        steam_ratio: Dilution steam over feed, by mass.
        residence_s: Residence time in the coil.
    """
    return yields_at(piona, severity(cot_c, residence_s), exposure(steam_ratio, residence_s))


def to_plant_scale(yields: Float[Array, "*#B 11"]) -> Float[Array, "*#B 11"]:
    """Move the lumps that the mechanism misses to the level of running plants (K).

    The mechanism leaves too much of C4 and too little of what C4 becomes. Fixed shares of
    butadiene and butenes are counted as methane, hydrogen, benzene and other pygas; ethylene and
    propylene stay as they are, and so does the sum.
    """
    from_butadiene = jnp.broadcast_to(_FROM_BUTADIENE, yields.shape)
    from_butenes = jnp.broadcast_to(_FROM_BUTENES, yields.shape)
    return (
        yields
        + (BUTADIENE_MOVED * yields[..., BUTADIENE])[..., None] * from_butadiene
        + (BUTENES_MOVED * yields[..., BUTENES])[..., None] * from_butenes
    )


def pygas_hydrogen(
    feed_hydrogen: Float[Array, "*#B"] | float, yields: Float[Array, "*#B 11"]
) -> tuple[Float[Array, "*#B"], Float[Array, "*#B"]]:
    """Close the balance of hydrogen, and with it that of carbon, by the make-up of other pygas.

    Feed and products hold nothing but carbon and hydrogen, so a surplus of one is a lack of the
    other.

    Args:
        feed_hydrogen: Mass fraction of hydrogen in the feed.
        yields: Mass fractions of the feed.

    Returns:
        Mass fraction of hydrogen in other pygas, within ``PYGAS_HYDROGEN``, and what this leaves
        open: hydrogen of the feed less that of all products, as a mass fraction of the feed.
    """
    left = feed_hydrogen - (yields * jnp.broadcast_to(_KNOWN_HYDROGEN, yields.shape)).sum(-1)
    pygas = yields[..., OTHER_PYGAS]
    content = jnp.clip(left / jnp.maximum(pygas, 1e-6), *PYGAS_HYDROGEN)
    return content, left - pygas * content


def ethane_yields(
    cot_c: Float[Array, "*#B"], steam_ratio: Float[Array, "*#B"], residence_s: Float[Array, "*#B"]
) -> Float[Array, "*#B 11"]:
    """Yields of recycled ethane, mass fractions of the feed; "ethane" is what is not converted.

    First order in ethane. Of what is converted, about 80 % by weight becomes ethylene, less at
    higher conversion and exposure.
    """
    kelvin = cot_c + 273.15
    rate = jnp.exp(ETHANE_ACTIVATION_K * (1.0 / (ETHANE_COT_C + 273.15) - 1.0 / kelvin))
    converted = 1.0 - jnp.exp(-ETHANE_DEPTH * rate * residence_s / REFERENCE_RESIDENCE_S)
    spoilt = jnp.clip(
        0.08 + 0.25 * (converted - 0.65) + 0.02 * exposure(steam_ratio, residence_s), 0.0, 0.5
    )
    # Without secondary reactions C2H6 -> C2H4 + H2 with a little methane and propylene.
    clean, turned, ethane = (
        jnp.broadcast_to(lumps, (*spoilt.shape, len(PRODUCTS)))
        for lumps in (_ETHANE_CLEAN, _ETHANE_SPOILT - _ETHANE_CLEAN, _ETHANE)
    )
    made = clean + spoilt[..., None] * turned
    return converted[..., None] * made + (1.0 - converted)[..., None] * ethane
