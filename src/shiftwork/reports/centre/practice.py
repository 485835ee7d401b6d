"""What an operator of a cracking centre does and earns, in a few figures for each episode.

Several operators run the same episodes: the same ships, prices and ages of furnaces.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from shiftwork.errors import UserError
from shiftwork.learning.progress import Advance
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.state import CRACKING, DECOKING
from shiftwork.plants.centre.trace import CentreTrace, profit_usd, run_centre
from shiftwork.plants.cracker.feed import CLASSES
from shiftwork.plants.cracker.yields import PRODUCTS
from shiftwork.plants.operator import TeamOperator

AT_ONCE = 8
"""Episodes that run side by side; more would fill the memory with their hours."""


class Practice(NamedTuple):
    """Figures of whole episodes, each (E,). Not a number where there was nothing to count.

    Attributes:
        profit: Margin less all costs, $/h.
        account: Margin and each cost by its name, $/h.
        feed: Naphtha cracked, t/h.
        ethylene: From 100 t of it, t.
        outlet: Outlet temperature of furnaces while they crack, degrees Celsius.
        cracking: Furnaces that crack, of all furnaces, %.
        decokes: Begun.
        run: Days that a furnace had run when its decoke began.
        tube: Hottest tube, mean over hours, degrees Celsius.
        wait: Hours that a ship lay at anchor before it was called.
        apart: How far a ship's cargo lay from what its tank held, wt % of another class.
        stock: In tanks, % of their capacity.
        tanks: That feed at once.
        recipes: Changes of recipe.
        paraffins: In the feed, wt %.
        swing: How far the feed's paraffins move from one day to the next, wt %.
        shortage: Hours without feed.
    """

    profit: Any
    account: dict[str, Any]
    feed: Any
    ethylene: Any
    outlet: Any
    cracking: Any
    decokes: Any
    run: Any
    tube: Any
    wait: Any
    apart: Any
    stock: Any
    tanks: Any
    recipes: Any
    paraffins: Any
    swing: Any
    shortage: Any


class Runs(NamedTuple):
    """What came of an operator's episodes.

    Attributes:
        practice: Figures of all of them.
        first: The first one, hour by hour, as NumPy arrays.
    """

    practice: Practice
    first: CentreTrace


def practices(
    plant: Centre,
    operators: dict[str, TeamOperator],
    *,
    episodes: int,
    seed: int,
    advance: Advance | None = None,
) -> dict[str, Runs]:
    """Let operators run the same whole episodes; those of ``evaluate`` with the same seed.

    Args:
        plant: The centre.
        operators: Pure ones, by name.
        episodes: How many.
        seed: Of the episodes.
        advance: Told of progress in episodes.

    Raises:
        UserError: There are fewer than two episodes, so that nobody can tell how sure a difference is.
    """
    if episodes < 2:
        raise UserError(f"--episodes is {episodes}; a comparison needs at least 2")
    keys = jax.random.split(jax.random.key(seed), episodes)
    found = {}
    for name, operator in operators.items():
        rows: list[Practice] = []
        first: CentreTrace | None = None
        for begin in range(0, episodes, AT_ONCE):
            # The last ones run again to fill the program's shape; they count once.
            some = np.minimum(np.arange(begin, begin + AT_ONCE), episodes - 1)
            row, trace = jax.device_get(_run(plant, operator, keys[some]))
            first = trace if begin == 0 else first
            count = min(AT_ONCE, episodes - begin)
            rows.append(jax.tree.map(lambda x, n=count: x[:n], row))
            if advance:
                advance(count)
        assert first is not None
        whole = jax.tree.map(lambda *x: np.concatenate(x).astype(np.float64), *rows)
        found[name] = Runs(whole, first)
    return found


@eqx.filter_jit
def _run(plant: Centre, operator: TeamOperator, keys: Array) -> tuple[Practice, CentreTrace]:
    """Figures of some episodes, and the hours of the first."""
    traces = jax.vmap(lambda key: run_centre(plant, operator, key))(keys)
    figures = jax.vmap(lambda trace: practice_of(plant, trace))(traces)
    return figures, jax.tree.map(lambda x: x[0], traces)


def practice_of(plant: Centre, trace: CentreTrace) -> Practice:
    """Sum an episode up; pure.

    Args:
        plant: The centre.
        trace: One episode.
    """
    hours, layout = trace.hours, plant.layout
    cracks = hours.mode == CRACKING
    begins = (hours.mode[1:] == DECOKING) & (hours.mode[:-1] != DECOKING)
    age_d = hours.clean_h[1:].astype(jnp.float32) / 24.0
    fed_t = hours.fed_t.sum()
    paraffins = 100.0 * hours.blend[:, : CLASSES.index("isoparaffins") + 1].sum(-1)
    recipe = hours.macro_action[:, layout.berths]
    changed = (recipe[1:] != recipe[:-1]) & (recipe[1:] != 0) & (recipe[:-1] != 0)
    days = paraffins[: len(paraffins) // 24 * 24].reshape(-1, 24).mean(1)
    return Practice(
        profit=profit_usd(hours.account).mean(),
        account={name: value.mean() for name, value in hours.account._asdict().items()},
        feed=hours.fed_t.mean(),
        ethylene=100.0 * hours.products_t[:, PRODUCTS.index("ethylene")].sum() / fed_t,
        outlet=_mean(hours.cot_c, cracks),
        cracking=100.0 * cracks.mean(),
        decokes=begins.sum().astype(jnp.float32),
        run=_mean(age_d, begins),
        tube=_hottest(hours.tube_c, cracks).mean(),
        wait=_wait_h(trace),
        apart=_apart(plant, trace),
        stock=100.0 * hours.level_m3.sum(-1).mean() / layout.capacity_m3.sum(),
        tanks=(hours.share > 0).sum(-1).astype(jnp.float32).mean(),
        recipes=changed.sum().astype(jnp.float32),
        paraffins=paraffins.mean(),
        swing=jnp.abs(jnp.diff(days)).mean(),
        shortage=(~hours.fed).sum().astype(jnp.float32),
    )


def _mean(x: Float[Array, "*T"], where: Bool[Array, "*T"]) -> Float[Array, ""]:
    """Mean of what counts; not a number where nothing does."""
    count = where.sum()
    total = jnp.where(where, x, 0.0).sum() / jnp.maximum(count, 1).astype(jnp.float32)
    return jnp.where(count > 0, total, jnp.nan)


def _hottest(tube_c: Float[Array, "T F"], cracks: Bool[Array, "T F"]) -> Float[Array, " T"]:
    """Of the furnaces that crack; of all where none does."""
    hot = jnp.where(cracks, tube_c, -jnp.inf).max(-1)
    return jnp.where(cracks.any(-1), hot, tube_c.max(-1))


def _wait_h(trace: CentreTrace) -> Float[Array, ""]:
    """From dropping anchor to being called, or to the end of the episode."""
    called, arrival = trace.hours.called, trace.ships.arrival_h
    waits = (~called).sum(0).astype(jnp.float32) - arrival
    return _mean(jnp.maximum(waits, 0.0), arrival < len(called))


def _apart(plant: Centre, trace: CentreTrace) -> Float[Array, ""]:
    """What of a cargo is of another class than the tank's, in the hour in which it is sent there."""
    hours, ships = trace.hours, trace.ships
    fills = (hours.tank >= 0) & (hours.ship >= 0)
    moved = (hours.tank[1:] != hours.tank[:-1]) | (hours.ship[1:] != hours.ship[:-1])
    tank = jnp.clip(hours.tank, 0, plant.layout.tanks - 1)
    held = jnp.take_along_axis(hours.known, tank[..., None], 1)
    brought = ships.declared[jnp.maximum(hours.ship, 0)]
    return _mean(50.0 * jnp.abs(held - brought).sum(-1)[1:], moved & fills[1:])
