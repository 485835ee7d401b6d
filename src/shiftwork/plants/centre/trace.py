"""What a centre went through, hour by hour, whoever ran it: the base of records and pictures."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.harbour import CARGO, level_m3, receiving
from shiftwork.plants.centre.market import Account, log_leaders
from shiftwork.plants.centre.start import unpacked
from shiftwork.plants.centre.state import DECOKING, Ship
from shiftwork.plants.cracker.prices import TYPICAL_LEADERS
from shiftwork.plants.operator import TeamOperator
from shiftwork.plants.run_team import run_team
from shiftwork.plants.team_plant import TeamStep

FILLING, RESTING, RELEASED, FEEDING = range(4)
"""What a tank does."""


class Hour(NamedTuple):
    """An hour: what stood at its beginning, and what was in force and done in it.

    K tanks, B berths, F liquid furnaces, S ships, N agents; leading axes T for many hours. What
    was known stands beside what was so: ``piona`` and ``blend`` are the truth.

    Attributes:
        hour: Since the episode's start, (*T,).
        level_m3: Of each tank, (*T, K).
        piona: What each tank holds, mass fractions, (*T, K, 5).
        known: What it is known to hold, (*T, K, 5).
        rest_h: Hours until a tank's release, (*T, K).
        filling: A berth fills the tank or is about to, (*T, K).
        called: Ships called to a berth so far, (*T, S).
        cargo_t: Left at each berth, (*T, B).
        feed_t_per_h: Of each furnace, (*T, F).
        cot_c: (*T, F).
        tube_c: (*T, F).
        coke_mm: (*T, F).
        clean_h: (*T, F).
        ethane_t: In the drum, (*T,).
        prices: Of the leaders, $/t and $/GJ, (*T, 5).
        ship: At each berth in the hour, counted by arrival, or -1, (*T, B).
        tank: That each berth fills in the hour or is about to, or -1, (*T, B).
        share: In force, of each tank in the feed, (*T, K).
        blend: Composition of the feed, (*T, 5).
        mode: In force, of each furnace, (*T, F).
        feed_set_t_per_h: In force, (*T, F).
        cot_set_c: In force, (*T, F).
        load: Share used of the compressor's and the steam limit, (*T, 2).
        account: $ of the hour, each (*T,).
        fed_t: Naphtha cracked, (*T,).
        products_t: (*T, 11).
        forced: Furnaces that reached the tube limit, (*T, F).
        fed: Some tank fed, (*T,).
        macro_action: In force, (*T, N).
        decided: Who decided at the beginning, (*T, N).
        late: Decisions of people who had not noticed, (*T, N); false where others act.
        slipped: Decisions of people that were mistakes, (*T, N).
        crew: Of people, on shift, (*T,); -1 where others act.
    """

    hour: Int[Array, "*T"]
    level_m3: Float[Array, "*T K"]
    piona: Float[Array, "*T K 5"]
    known: Float[Array, "*T K 5"]
    rest_h: Int[Array, "*T K"]
    filling: Bool[Array, "*T K"]
    called: Bool[Array, "*T S"]
    cargo_t: Float[Array, "*T B"]
    feed_t_per_h: Float[Array, "*T F"]
    cot_c: Float[Array, "*T F"]
    tube_c: Float[Array, "*T F"]
    coke_mm: Float[Array, "*T F"]
    clean_h: Float[Array, "*T F"]
    ethane_t: Float[Array, "*T"]
    prices: Float[Array, "*T 5"]
    ship: Int[Array, "*T B"]
    tank: Int[Array, "*T B"]
    share: Float[Array, "*T K"]
    blend: Float[Array, "*T 5"]
    mode: Int[Array, "*T F"]
    feed_set_t_per_h: Float[Array, "*T F"]
    cot_set_c: Float[Array, "*T F"]
    load: Float[Array, "*T 2"]
    account: Account
    fed_t: Float[Array, "*T"]
    products_t: Float[Array, "*T 11"]
    forced: Bool[Array, "*T F"]
    fed: Bool[Array, "*T"]
    macro_action: Int[Array, "*T N"]
    decided: Bool[Array, "*T N"]
    late: Bool[Array, "*T N"]
    slipped: Bool[Array, "*T N"]
    crew: Int[Array, "*T"]


@runtime_checkable
class KeepsNotes(Protocol):
    """A memory of people, which notes how the last hour's decisions came about.

    Attributes:
        late: Decisions by someone who had not noticed, (N,).
        slipped: Decisions that were mistakes, (N,).
        crew: Which crew decided, ().
    """

    late: Bool[Array, " N"]
    slipped: Bool[Array, " N"]
    crew: Int[Array, ""]


class CentreTrace(NamedTuple):
    """An episode of a centre; several where every array has one more leading axis.

    Attributes:
        ships: All ships of the episode by arrival, each value (S, ...).
        hours: Each value (T, ...).
    """

    ships: Ship
    hours: Hour


def run_centre(
    plant: Centre, operator: TeamOperator, key: PRNGKeyArray, hours: int | None = None
) -> CentreTrace:
    """Run an episode and keep what happened; pure, for ``jit`` and ``vmap``.

    The same key gives the same ships, ages and prices, whoever acts.

    Args:
        plant: The centre.
        operator: Whoever acts, a pure operator.
        key: Key of the episode.
        hours: Number of hours; the plant's horizon by default.
    """
    first, kept = run_team(plant, operator, key, partial(hour_of, plant), hours)
    return CentreTrace(unpacked(first.state.harbour.table), kept)


def hour_of(plant: Centre, before: TeamStep, after: TeamStep, memory: Any = None) -> Hour:
    """Tell what happened between two steps of a centre.

    Args:
        plant: The centre.
        before: What was decided on.
        after: What the plant made of it, ``info`` included.
        memory: Of who decided; of people it tells who noticed late and who made a mistake.
    """
    layout, old, new, info = plant.layout, before.state, after.state, after.info
    total = old.tanks.mass_t.sum(-1)
    berth_macro = info["macro_action"][: layout.berths]
    # A berth's macro-action lasts as long as its tank is filled.
    tank = jnp.where(berth_macro > 0, (berth_macro - 1) % layout.tanks, -1).astype(jnp.int32)
    there = (old.harbour.berthed[:, CARGO] > 0) | (tank >= 0)
    # The plan tells a ship from all others.
    planned = unpacked(new.harbour.berthed).planned_h
    of_table = unpacked(new.harbour.table).planned_h
    ship = jnp.abs(planned[:, None] - of_table[None]).argmin(-1).astype(jnp.int32)
    log = log_leaders(plant.scenario, old.log_price)
    nobody = jnp.zeros(layout.agents, bool)
    people = isinstance(memory, KeepsNotes)
    return Hour(
        hour=old.hour,
        level_m3=level_m3(old.tanks),
        piona=old.tanks.mass_t / jnp.maximum(total, 1e-3)[:, None],
        known=old.tanks.known,
        rest_h=old.tanks.rest_h,
        filling=receiving(layout, old.harbour),
        called=old.harbour.called,
        cargo_t=old.harbour.berthed[:, CARGO],
        feed_t_per_h=old.furnaces.feed_t_per_h,
        cot_c=old.furnaces.cot_c,
        tube_c=old.furnaces.tube_c,
        coke_mm=old.furnaces.coke_mm,
        clean_h=old.furnaces.clean_h,
        ethane_t=old.gas.ethane_t,
        prices=jnp.asarray(TYPICAL_LEADERS) * jnp.exp(log),
        ship=jnp.where(there, ship, -1),
        tank=tank,
        share=new.blend.share,
        blend=new.blend.piona,
        # A decoke that ends with the hour has filled it.
        mode=jnp.where(old.furnaces.mode == DECOKING, DECOKING, new.furnaces.mode),
        feed_set_t_per_h=new.furnaces.feed_set_t_per_h,
        cot_set_c=new.furnaces.cot_set_c,
        load=new.load,
        account=Account(**{name: info[name] for name in Account._fields}),
        fed_t=info["feed_t"],
        products_t=info["products_t"],
        forced=info["forced"],
        fed=info["fed"],
        macro_action=info["macro_action"],
        decided=before.decided,
        late=memory.late if people else nobody,
        slipped=memory.slipped if people else nobody,
        crew=memory.crew if people else jnp.full((), -1, jnp.int32),
    )


def profit_usd(account: Account) -> Float[Array | np.ndarray, "*T"]:
    """Margin less all costs of each hour, (*T,)."""
    return account.margin - sum(account[1:])


def tank_status(
    tank: Int[Array | np.ndarray, "*T B"],
    rest_h: Int[Array | np.ndarray, "*T K"],
    share: Float[Array | np.ndarray, "*T K"],
) -> Int[np.ndarray, "*T K"]:
    """What each tank does: FILLING, RESTING, RELEASED or FEEDING.

    Args:
        tank: That each berth fills, or -1.
        rest_h: Until each tank's release.
        share: Of each tank in the feed.
    """
    rests, feeds = np.asarray(rest_h) > 0, np.asarray(share) > 0
    status = np.where(feeds, FEEDING, np.where(rests, RESTING, RELEASED))
    filled = (np.asarray(tank)[..., None] == np.arange(feeds.shape[-1])).any(-2)
    return np.where(filled, FILLING, status).astype(np.int32)


def one_copy(trace: CentreTrace, copy: int) -> CentreTrace:
    """Take one episode out of several, as NumPy arrays."""
    one: CentreTrace = jax.tree.map(lambda value: np.asarray(value[copy]), trace)
    return one
