"""A cracking furnace: what it makes, burns and how its tubes coke, from its set-points.

Everything is elementwise over leading axes, so one call serves all furnaces of a plant.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from shiftwork.errors import UserError
from shiftwork.plants.cracker.feed import ENTHALPY_GJ_PER_T, OPEN, hydrogen_content
from shiftwork.plants.cracker.yields import (
    HYDROCARBON_T_PER_KMOL,
    OTHER_PYGAS,
    REFERENCE_RESIDENCE_S,
    REFERENCE_STEAM,
    STEAM_T_PER_KMOL,
    ethane_yields,
    hydrocarbon_share,
    naphtha_yields,
    pygas_hydrogen,
    to_plant_scale,
)
from shiftwork.records.limits import for_rows


@dataclass(frozen=True)
class FurnaceDesign:
    """Constants of one type of furnace.

    Attributes:
        design_feed_t_per_h: Feed at 100 % load.
        feed_low_t_per_h: Least feed while cracking.
        feed_high_t_per_h: Most feed.
        cot_low_c: Least coil outlet temperature.
        cot_high_c: Highest coil outlet temperature.
        design_cot_c: At which the tube temperatures below hold.
        steam_low: Least dilution steam over feed, by mass.
        steam_high: Most dilution steam over feed.
        tube_limit_c: The metal may not be hotter.
        decoke_h: Without feed for a planned decoke.
        film_c: From gas to the inner wall at design conditions (K).
        wall_c: Through the metal at design conditions (K).
        layer_c_per_mm: Through each mm of coke at design conditions (K).
        coke_mm_per_h: Growth of the layer at design conditions, fitted to the run length.
        design_heat_gj_per_t: Heat taken up by the radiant coil per tonne of feed at design
            conditions, which the temperatures above go with.
        coking_kj_per_mol: Activation energy of coking (200 to 250, K).
        reaction_heat: Heat of reaction relative to that of Hess's law.

    Raises:
        UserError: Limits exclude each other or the design point.
    """

    design_feed_t_per_h: float = 47.0
    feed_low_t_per_h: float = 28.0
    feed_high_t_per_h: float = 49.0
    cot_low_c: float = 780.0
    cot_high_c: float = 880.0
    design_cot_c: float = 840.0
    steam_low: float = 0.35
    steam_high: float = 0.70
    tube_limit_c: float = 1100.0
    decoke_h: float = 36.0
    film_c: float = 134.0
    wall_c: float = 20.0
    layer_c_per_mm: float = 13.0
    coke_mm_per_h: float = 0.0070
    design_heat_gj_per_t: float = 2.77
    coking_kj_per_mol: float = 200.0
    reaction_heat: float = 1.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not number or not 0 < value < math.inf:
                raise UserError(
                    f"furnace design: {field.name} is {value!r}, not a number above 0; "
                    "give a positive number"
                )
        for low, middle, high in (
            ("feed_low_t_per_h", "design_feed_t_per_h", "feed_high_t_per_h"),
            ("cot_low_c", "design_cot_c", "cot_high_c"),
            ("steam_low", "", "steam_high"),
            ("cot_high_c", "", "tube_limit_c"),
        ):
            if not getattr(self, low) < getattr(self, high):
                raise UserError(
                    f"furnace design: {low} {getattr(self, low):g} is not below {high} "
                    f"{getattr(self, high):g}; set {low} lower"
                )
            if middle and not getattr(self, low) <= getattr(self, middle) <= getattr(self, high):
                raise UserError(
                    f"furnace design: {middle} {getattr(self, middle):g} is outside {low} "
                    f"{getattr(self, low):g} to {high} {getattr(self, high):g}; move it inside"
                )
        if not self.clean_tube_c < self.tube_limit_c:
            raise UserError(
                f"furnace design: tube_limit_c {self.tube_limit_c:g} is not above the clean tube's "
                f"{self.clean_tube_c:g} (design_cot_c, film_c, wall_c); set tube_limit_c higher"
            )

    @property
    def clean_tube_c(self) -> float:
        """Temperature of the clean tube at design conditions."""
        return self.design_cot_c + GAS_OFFSET_C + self.film_c + self.wall_c

    @property
    def coke_room_mm(self) -> float:
        """Coke that takes the tube to its limit at design conditions."""
        return (self.tube_limit_c - self.clean_tube_c) / self.layer_c_per_mm


class Cracked(NamedTuple):
    """What a furnace does at a time.

    Attributes:
        products_t_per_h: In the order of ``PRODUCTS``, (*B, 11).
        fuel_gj_per_h: Fired, lower heating value, (*B,).
        steam_t_per_h: Dilution steam, (*B,).
        tube_c: Temperature of the hottest tube metal, (*B,).
        coke_mm_per_h: Growth of the coke layer there, (*B,).
        residence_s: In the coil, (*B,).
    """

    products_t_per_h: Float[Array, "*#B 11"]
    fuel_gj_per_h: Float[Array, "*#B"]
    steam_t_per_h: Float[Array, "*#B"]
    tube_c: Float[Array, "*#B"]
    coke_mm_per_h: Float[Array, "*#B"]
    residence_s: Float[Array, "*#B"]


GAS_OFFSET_C = -25.0
"""Gas at the place of the hottest metal, against the coil outlet, at design COT (K)."""
GAS_SLOPE = 0.08
"""How much of a change of COT reaches that place (K; calibrated to the run length)."""
GAS_KJ_PER_MOL_K = 8.314e-3
"""The gas constant."""
PRESSURE_ORDER, STEAM_ORDER = 0.8, 0.6
"""Orders of coking in partial pressure of hydrocarbon, and (negative) in steam (K)."""
NAPHTHENE_EFFECT, AROMATIC_EFFECT = 2.5, 4.0
"""Relative coking per mass fraction of naphthenes and aromatics above feed B's (K)."""
CATALYTIC, CATALYTIC_H = 3.0, 24.0
"""Coking of the bare metal relative to the rest, and how fast it dies out (K)."""

AMBIENT_C, CROSSOVER_C, STEAM_C = 80.0, 600.0, 180.0
"""Where feed enters the furnace, and the coil; where dilution steam enters the furnace (K)."""
GAS_GJ_PER_T_C, STEAM_GJ_PER_T_C, EVAPORATION_GJ_PER_T = 2.9e-3, 2.25e-3, 0.33
"""Mean heat capacities, and heat of evaporation (K)."""
EFFICIENCY, EFFICIENCY_LOSS_PER_C = 0.93, 1.2e-4
"""Of the firing when clean, and its relative loss per degree of hotter tubes: 1 to 2 % (K)."""

PRODUCT_GJ_PER_T = np.array(
    [0.0, -4.65, 1.87, -2.79, 0.48, 2.03, -0.14, 1.06, 0.55, 0.0, 1.0], np.float32
)
"""Heats of formation as gases at 25 C, from tables; fuel oil as naphthalene's kin (K)."""
ETHANE_HYDROGEN, ETHANE_GJ_PER_T = 0.2011, -2.79
PYGAS_GJ_PER_T, PYGAS_GJ_PER_HYDROGEN = 1.4, 40.0
"""Other pygas from styrene (7.7 % hydrogen) to unconverted paraffin (16 %)."""


def crack(
    design: FurnaceDesign,
    coke_mm: Float[Array, "*#B"],
    clean_h: Float[Array, "*#B"],
    feed_t_per_h: Float[Array, "*#B"],
    cot_c: Float[Array, "*#B"],
    steam_ratio: Float[Array, "*#B"],
    piona: Float[Array, "*#B 5"],
) -> Cracked:
    """Crack naphtha, at the level of running plants.

    Args:
        design: Of the furnace.
        coke_mm: Coke on the hottest tubes.
        clean_h: Hours of cracking since the last decoke, for the catalytic part of coking.
        feed_t_per_h: Naphtha; at 0 all flows are 0 and nothing cokes (hot stand-by).
        cot_c: Coil outlet temperature.
        steam_ratio: Dilution steam over feed, by mass.
        piona: Mass fractions of the feed's classes.
    """
    if piona.ndim == 1:  # one feed for all
        piona = for_rows(piona, feed_t_per_h[..., None])
    residence_s = _residence_s(design, feed_t_per_h, cot_c, steam_ratio)
    yields = to_plant_scale(naphtha_yields(piona, cot_c, steam_ratio, residence_s))
    enthalpy = (piona * jnp.broadcast_to(ENTHALPY_GJ_PER_T, piona.shape)).sum(-1)
    reaction = _reaction_gj_per_t(yields, hydrogen_content(piona), enthalpy)
    return _cracked(
        design,
        coke_mm,
        clean_h,
        feed_t_per_h,
        cot_c,
        steam_ratio,
        residence_s,
        yields,
        reaction,
        EVAPORATION_GJ_PER_T,
        coking_of_rings(piona),
    )


def coking_of_rings(piona: Float[Array, "*#B 5"]) -> Float[Array, "*#B"]:
    """Coking of a naphtha relative to feed B's at the same temperature, from its ring compounds."""
    return (
        1.0
        + NAPHTHENE_EFFECT * (piona[..., 3] - OPEN[3])
        + AROMATIC_EFFECT * (piona[..., 4] - OPEN[4])
    )


def crack_ethane(
    design: FurnaceDesign,
    coke_mm: Float[Array, "*#B"],
    clean_h: Float[Array, "*#B"],
    feed_t_per_h: Float[Array, "*#B"],
    cot_c: Float[Array, "*#B"],
    steam_ratio: Float[Array, "*#B"],
) -> Cracked:
    """Crack recycled ethane; the same as ``crack`` otherwise."""
    residence_s = _residence_s(design, feed_t_per_h, cot_c, steam_ratio)
    yields = ethane_yields(cot_c, steam_ratio, residence_s)
    reaction = _reaction_gj_per_t(yields, ETHANE_HYDROGEN, ETHANE_GJ_PER_T)
    return _cracked(
        design,
        coke_mm,
        clean_h,
        feed_t_per_h,
        cot_c,
        steam_ratio,
        residence_s,
        yields,
        reaction,
        0.0,
        1.0,
    )


def _residence_s(
    design: FurnaceDesign,
    feed_t_per_h: Float[Array, "*#B"],
    cot_c: Float[Array, "*#B"],
    steam_ratio: Float[Array, "*#B"],
) -> Float[Array, "*#B"]:
    """Coil volume over the flow of gas, between 0.1 and 0.6 s (below the least feed it is 0.6)."""

    def flow(feed: Array | float, ratio: Array | float, celsius: Array | float) -> Array | float:
        moles = 1 / HYDROCARBON_T_PER_KMOL + ratio / STEAM_T_PER_KMOL
        return feed * moles * (celsius + 273.15)

    design_flow = flow(design.design_feed_t_per_h, REFERENCE_STEAM, design.design_cot_c)
    actual = jnp.maximum(flow(feed_t_per_h, steam_ratio, cot_c), 0.01 * design_flow)
    return jnp.clip(REFERENCE_RESIDENCE_S * design_flow / actual, 0.1, 0.6)


def _reaction_gj_per_t(
    yields: Float[Array, "*#B 11"],
    feed_hydrogen: Float[Array, "*#B"] | float,
    feed_gj_per_t: Float[Array, "*#B"] | float,
) -> Float[Array, "*#B"]:
    """Heat of reaction by Hess's law, from heats of formation."""
    hydrogen, _ = pygas_hydrogen(feed_hydrogen, yields)
    pygas = PYGAS_GJ_PER_T - PYGAS_GJ_PER_HYDROGEN * (hydrogen - 0.077)
    made = (yields * jnp.broadcast_to(PRODUCT_GJ_PER_T, yields.shape)).sum(-1)
    return made + yields[..., OTHER_PYGAS] * pygas - feed_gj_per_t


def _cracked(
    design: FurnaceDesign,
    coke_mm: Float[Array, "*#B"],
    clean_h: Float[Array, "*#B"],
    feed_t_per_h: Float[Array, "*#B"],
    cot_c: Float[Array, "*#B"],
    steam_ratio: Float[Array, "*#B"],
    residence_s: Float[Array, "*#B"],
    yields: Float[Array, "*#B 11"],
    reaction_gj_per_t: Float[Array, "*#B"],
    evaporation_gj_per_t: float,
    rings: Float[Array, "*#B"] | float,
) -> Cracked:
    """Heat, temperatures and coke, which are the same for naphtha and ethane.

    ``rings`` is the coking of this feed relative to that of feed B; that of ethane is in its
    design, so 1.
    """
    # Heat taken up, GJ per tonne of feed: in the whole furnace, and in the radiant coil alone.
    per_c = GAS_GJ_PER_T_C + STEAM_GJ_PER_T_C * steam_ratio
    reaction = design.reaction_heat * reaction_gj_per_t
    radiant = reaction + per_c * (cot_c - CROSSOVER_C)
    total = (
        reaction
        + evaporation_gj_per_t
        + GAS_GJ_PER_T_C * (cot_c - AMBIENT_C)
        + STEAM_GJ_PER_T_C * steam_ratio * (cot_c - STEAM_C)
    )

    # Temperatures from the gas outwards; each step grows with the heat that flows through it.
    load = feed_t_per_h / design.design_feed_t_per_h
    flux = load * radiant / design.design_heat_gj_per_t
    mass_flow = jnp.maximum(load * (1 + steam_ratio) / (1 + REFERENCE_STEAM), 0.05)
    gas_c = design.design_cot_c + GAS_OFFSET_C + GAS_SLOPE * (cot_c - design.design_cot_c)
    inner_c = gas_c + design.film_c * flux * mass_flow**-0.8
    tube_c = inner_c + flux * (design.wall_c + design.layer_c_per_mm * coke_mm)

    # Coke grows where gas meets the layer, whose temperature does not rise with its thickness.
    design_inner_c = design.design_cot_c + GAS_OFFSET_C + design.film_c
    coking_k = design.coking_kj_per_mol / GAS_KJ_PER_MOL_K
    arrhenius = jnp.exp(coking_k * (1 / (design_inner_c + 273.15) - 1 / (inner_c + 273.15)))
    pressure = hydrocarbon_share(steam_ratio) / hydrocarbon_share(REFERENCE_STEAM)
    growth = (
        design.coke_mm_per_h
        * arrhenius
        * pressure**PRESSURE_ORDER
        * (steam_ratio / REFERENCE_STEAM) ** -STEAM_ORDER
        * rings
        * (1 + CATALYTIC * jnp.exp(-clean_h / CATALYTIC_H))
    )
    hotter = flux * design.layer_c_per_mm * coke_mm
    efficiency = EFFICIENCY * (1 - EFFICIENCY_LOSS_PER_C * hotter)
    running = feed_t_per_h > 0
    return Cracked(
        products_t_per_h=feed_t_per_h[..., None] * yields,
        fuel_gj_per_h=feed_t_per_h * total / efficiency,
        steam_t_per_h=feed_t_per_h * steam_ratio,
        tube_c=tube_c,
        coke_mm_per_h=jnp.where(running, growth, 0.0),
        residence_s=residence_s,
    )


LIQUID = FurnaceDesign()
"""Cracks naphtha."""

GAS = FurnaceDesign(
    design_feed_t_per_h=12.0,
    feed_low_t_per_h=6.0,
    feed_high_t_per_h=14.0,
    design_cot_c=845.0,
    steam_low=0.25,
    steam_high=0.50,
    coke_mm_per_h=0.004,
    design_heat_gj_per_t=3.84,
)
"""Cracks recycled ethane."""
