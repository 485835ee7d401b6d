"""The start of an episode: every ship of it, the stock, furnaces somewhere in their run, prices."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from shiftwork.plants.centre.layout import NO_RECIPE, Layout
from shiftwork.plants.centre.scenario import Scenario, Ships
from shiftwork.plants.centre.state import Blend, Furnaces, GasFurnaces, Harbour, Ship, Tanks
from shiftwork.plants.cracker.furnace import GAS, LIQUID, FurnaceDesign, crack, crack_ethane
from shiftwork.plants.cracker.prices import LEADERS

NOTICE_H = (168.0, 72.0, 24.0)
"""A ship's agent corrects the announced arrival when this much of the voyage is left."""
NOTICE_SHARE = (0.5, 0.3, 0.2)
"""Share of each notice in the variance of the arrival about the plan."""


def packed(ships: Ship) -> Float[Array, "*X 17"]:
    """Put ships into rows."""
    flat = jnp.stack([ships.arrival_h, ships.planned_h, ships.free_until_h, ships.cargo_t], -1)
    return jnp.concatenate([flat, ships.revision_h, ships.piona, ships.declared], -1)


def unpacked(table: Float[Array, "*X 17"]) -> Ship:
    """Read ships from rows."""
    arrival, planned, free_until, cargo = (table[..., column] for column in range(4))
    return Ship(
        arrival, planned, free_until, cargo, table[..., 4:7], table[..., 7:12], table[..., 12:]
    )


def draw_harbour(scenario: Scenario, layout: Layout, key: PRNGKeyArray) -> Harbour:
    """Draw all ships of an episode; nobody is at a berth."""
    rules, size = scenario.ships, layout.ships
    normal_key, cargo_key, grade_key = jax.random.split(key, 3)
    normal = jax.random.normal(normal_key, (size, 3 + 5 + 5))
    planned = 24.0 * (rules.first_d + rules.interval_d * jnp.arange(size, dtype=jnp.float32))
    revision = revisions(rules, normal[:, :3])
    arrival = jnp.maximum(jnp.ceil(planned + revision.sum(-1)), 0.0)
    noise = rules.assay_sigma / 100
    piona = whole(grades(layout, size, grade_key) + noise * normal[:, 3:8])
    ships = Ship(
        arrival_h=arrival,
        planned_h=planned,
        free_until_h=free_until(rules, planned, arrival),
        cargo_t=jax.random.uniform(
            cargo_key, (size,), minval=rules.cargo_t[0], maxval=rules.cargo_t[1]
        ),
        revision_h=revision,
        piona=piona,
        declared=whole(piona + noise * normal[:, 8:]),
    )
    table = packed(ships)[jnp.argsort(arrival)]
    return Harbour(
        table=table,
        called=jnp.zeros(size, bool),
        view=jnp.zeros((4, 17)),
        number=jnp.full(4, size, jnp.int32),
        berthed=jnp.zeros((layout.berths, 17)),
        tank=jnp.full(layout.berths, -1, jnp.int32),
        left_h=jnp.zeros(layout.berths, jnp.int32),
    )


def revisions(rules: Ships, normal: Float[Array, "X 3"]) -> Float[Array, "X 3"]:
    """By how much each notice corrects the announced arrival, h, from standard normal numbers."""
    return 24.0 * rules.eta_sigma_d * jnp.sqrt(jnp.array(NOTICE_SHARE))[None] * normal


def free_until(
    rules: Ships, planned_h: Float[Array, " X"], arrival_h: Float[Array, " X"]
) -> Float[Array, " X"]:
    """Until when ships cost nothing: laytime begins with the arrival, not before the window opens."""
    begins = jnp.maximum(arrival_h, jnp.floor(planned_h - rules.laycan_h / 2))
    return jnp.ceil(begins + rules.laytime_h)


def grades(layout: Layout, size: int, key: PRNGKeyArray) -> Float[Array, "X 5"]:
    """Draw the usual composition of the grade of each ship, mass fractions."""
    weight = jnp.asarray(layout.grade_probability)
    return jnp.asarray(layout.grade_piona)[jax.random.choice(key, len(weight), (size,), p=weight)]


def first_tanks(layout: Layout) -> Tanks:
    """Fill the tanks to their first levels, all released."""
    return Tanks(
        mass_t=jnp.asarray(layout.first_mass_t),
        known=jnp.asarray(layout.first_piona),
        rest_h=jnp.zeros(layout.tanks, jnp.int32),
    )


def first_blend(layout: Layout, tanks: Tanks) -> Blend:
    """No recipe yet; the furnaces hold what the mean tank has."""
    mass = tanks.mass_t.sum(0)
    return Blend(
        recipe=jnp.full((), NO_RECIPE, jnp.int32),
        share=jnp.zeros(layout.tanks),
        left_h=jnp.zeros((), jnp.int32),
        piona=mass / mass.sum(),
    )


def draw_furnaces(
    scenario: Scenario, layout: Layout, piona: Float[Array, " 5"], key: PRNGKeyArray
) -> Furnaces:
    """Furnaces at their first set-points, their ages spread and in an order drawn at random."""
    ours, size = scenario.furnaces, layout.furnaces
    clean_h = 24.0 * jax.random.permutation(key, jnp.linspace(*ours.age_d, size))
    feed, cot = _every(size, ours.feed_t_per_h), _every(size, ours.cot_c)
    steam = _every(size, ours.steam_ratio)
    blend = jnp.broadcast_to(piona, (size, 5))
    coke = _coke_of_age(LIQUID, clean_h, feed, cot, steam, blend)
    tube = crack(LIQUID, coke, clean_h, feed, cot, steam, blend).tube_c
    return Furnaces(
        mode=jnp.zeros(size, jnp.int32),
        feed_t_per_h=feed,
        cot_c=cot,
        feed_set_t_per_h=feed,
        cot_set_c=cot,
        coke_mm=coke,
        clean_h=clean_h,
        tube_c=tube,
        decoke_left_h=jnp.zeros(size, jnp.int32),
        hold_left_h=jnp.zeros(layout.furnace_agents, jnp.int32),
    )


def first_gas_furnaces(scenario: Scenario, layout: Layout) -> GasFurnaces:
    """Gas furnaces at even ages, the drum half full."""
    rules, size = scenario.gas_furnaces, layout.gas_furnaces
    clean_h = 24.0 * jnp.linspace(*rules.age_d, size)
    feed = _every(size, GAS.design_feed_t_per_h)
    cot, steam = _every(size, rules.cot_c), _every(size, rules.steam_ratio)
    coke = _coke_of_age(GAS, clean_h, feed, cot, steam, None)
    return GasFurnaces(
        coke_mm=coke,
        clean_h=clean_h,
        tube_c=crack_ethane(GAS, coke, clean_h, feed, cot, steam).tube_c,
        decoke_left_h=jnp.zeros(size, jnp.int32),
        ethane_t=jnp.full((), rules.ethane_t / 2, jnp.float32),
    )


def draw_log_price(scenario: Scenario, layout: Layout, key: PRNGKeyArray) -> Float[Array, " 5"]:
    """Draw price leaders from what the movement settles to."""
    spread = layout.volatility * jnp.sqrt(scenario.prices.reversion_d / 2)
    return jnp.asarray(spread) * jax.random.normal(key, (len(LEADERS),))


def _coke_of_age(
    design: FurnaceDesign,
    clean_h: Float[Array, " X"],
    feed: Float[Array, " X"],
    cot: Float[Array, " X"],
    steam: Float[Array, " X"],
    piona: Float[Array, "X 5"] | None,
) -> Float[Array, " X"]:
    """The layer after so many hours at the first set-points; growth hardly depends on it."""

    def growth(clean: Float[Array, " X"]) -> Float[Array, " X"]:
        bare = jnp.zeros_like(clean)
        if piona is None:
            return crack_ethane(design, bare, clean, feed, cot, steam).coke_mm_per_h
        return crack(design, bare, clean, feed, cot, steam, piona).coke_mm_per_h

    # Fast on bare metal, in which the first days count as a few more; then steady.
    parts = 16
    middle = (jnp.arange(parts, dtype=jnp.float32) + 0.5) / parts
    early = jnp.minimum(clean_h, 96.0)
    rates = jax.vmap(lambda part: growth(early * part))(middle)
    return early * rates.mean(0) + (clean_h - early) * growth(jnp.full_like(clean_h, 1e4))


def _every(size: int, value: float | Array) -> Float[Array, " X"]:
    return jnp.full(size, value, jnp.float32)


def whole(piona: Float[Array, "*X 5"]) -> Float[Array, "*X 5"]:
    """Make compositions non-negative and sum to 1."""
    positive = jnp.maximum(piona, 0.0)
    return positive / positive.sum(-1, keepdims=True)
