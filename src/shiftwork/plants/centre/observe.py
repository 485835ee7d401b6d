"""What each role sees, each column of about the size of 1 and with a name.

Compositions are those known when the agent looks: a certificate's until the laboratory releases
the tank. Columns are built with their names side by side, so that they cannot drift apart.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from shiftwork.plants.centre.blending import ready_t
from shiftwork.plants.centre.harbour import CARGO, drawable_t, expected_h, level_m3, receiving
from shiftwork.plants.centre.layout import ANNOUNCED, WAITING, Layout
from shiftwork.plants.centre.market import log_leaders
from shiftwork.plants.centre.scenario import Scenario
from shiftwork.plants.centre.start import unpacked
from shiftwork.plants.centre.state import CRACKING, DECOKING, QUEUED, STAND_BY, CentreState
from shiftwork.plants.cracker.feed import CLASSES
from shiftwork.plants.cracker.prices import LEADERS

SHOWN = (0, 1, 3, 4)
"""The classes that are shown; the rest are olefins."""
MIDDLE = np.array([0.5, 0.25, 0.0, 0.2, 0.08], np.float32)
"""A composition in the middle, wt; what is shown is ten times the distance from it."""
WEEK_H, DAY_H = 168.0, 24.0


class Columns(NamedTuple):
    """Columns of one thing that all who see it share.

    Attributes:
        names: Of the columns.
        values: (X, C), or (C,) of a single thing.
    """

    names: tuple[str, ...]
    values: Float[Array, "*X C"]


def berth_columns(scenario: Scenario, layout: Layout, state: CentreState) -> Columns:
    """What each berth sees, (B, D1)."""
    harbour = state.harbour
    ship = unpacked(harbour.berthed)
    there = ship.cargo_t > 0
    largest = scenario.ships.cargo_t[1]
    own = _columns(
        {
            "own ship at berth": there,
            "own ship cargo left": ship.cargo_t / largest,
            "own ship days until demurrage": jnp.where(
                there, (ship.free_until_h - _now_h(state)) / DAY_H / 3, 0.0
            ),
        }
        | _composition("own ship", ship.declared, there)
    )
    # Of the other berths: how many are busy, and what is still to be unloaded there.
    others = _columns(
        {
            "ships at other berths": there.sum() - there.astype(jnp.int32),
            "cargo left at other berths": (ship.cargo_t.sum() - ship.cargo_t) / largest,
        }
    )
    shared = _joined(
        _ships(scenario, state), _tanks(scenario, layout, state), _centre(scenario, layout, state)
    )
    row = jnp.broadcast_to(shared.values, (layout.berths, *shared.values.shape))
    return _joined(own, others, Columns(shared.names, row))


def blend_columns(scenario: Scenario, layout: Layout, state: CentreState) -> Columns:
    """What blending sees, (D2,)."""
    cargo = state.harbour.berthed[:, CARGO].sum() / scenario.ships.cargo_t[1]
    own = _columns({"cargo left at berths": cargo} | _composition("blend", state.blend.piona))
    return _joined(
        own,
        _ships(scenario, state),
        _tanks(scenario, layout, state),
        _centre(scenario, layout, state),
        _prices(scenario, state),
    )


def furnace_columns(scenario: Scenario, layout: Layout, state: CentreState) -> Columns:
    """What each furnace agent sees, (H, D3)."""
    furnaces, ours = state.furnaces, scenario.furnaces
    decokes = furnaces.mode == DECOKING
    middle_cot = (ours.cot_levels_c[0] + ours.cot_levels_c[-1]) / 2
    feed_high = ours.feed_levels_t_per_h[-1]
    own = _columns(
        {
            "feed": furnaces.feed_t_per_h / feed_high,
            "COT": (furnaces.cot_c - middle_cot) / 20,
            "feed set": furnaces.feed_set_t_per_h / feed_high,
            "COT set": (furnaces.cot_set_c - middle_cot) / 20,
            "tube temperature": (furnaces.tube_c - 1050) / 50,
            "days since decoke": furnaces.clean_h / DAY_H / 50,
            "decoking": decokes,
            "decoke hours left": jnp.where(decokes, furnaces.decoke_left_h / ours.decoke_h, 0.0),
            "stand-by": furnaces.mode == STAND_BY,
            "too hot": furnaces.mode == QUEUED,
        }
    )
    if scenario.furnace_agents == "all":
        side_by_side = _in_a_row([f"furnace {f + 1}" for f in range(layout.furnaces)], own)
        own = Columns(side_by_side.names, side_by_side.values[None])
    age = jnp.where(furnaces.mode == CRACKING, furnaces.clean_h, 0.0)
    next_ship = jnp.where(
        state.harbour.number[WAITING] < layout.ships, _expected(state)[WAITING], 0.0
    )
    team = _columns(
        {
            "furnaces cracking": (furnaces.mode == CRACKING).sum() / layout.furnaces,
            "furnaces decoking": decokes.sum() / ours.decokes_at_once,
            "furnaces too hot": (furnaces.mode == QUEUED).sum() / layout.furnaces,
            "hottest tube": (furnaces.tube_c.max() - 1050) / 50,
            "oldest run": age.max() / DAY_H / 50,
            "compressor load": state.load[0],
            "steam load": state.load[1],
            "ethane drum": state.gas.ethane_t / scenario.gas_furnaces.ethane_t,
            "next ship expected": next_ship,
        }
        | _composition("blend", state.blend.piona)
    )
    shared = _joined(team, _centre(scenario, layout, state), _prices(scenario, state))
    row = jnp.broadcast_to(shared.values, (layout.furnace_agents, *shared.values.shape))
    return _joined(own, Columns(shared.names, row))


def _ships(scenario: Scenario, state: CentreState) -> Columns:
    view = unpacked(state.harbour.view)
    there = view.cargo_t > 0
    anchored = np.arange(WAITING + ANNOUNCED) < WAITING
    until_demurrage = (view.free_until_h - _now_h(state)) / DAY_H / 3
    # Of a ship at anchor the days that are left matter, of one at sea when it comes.
    time = jnp.where(anchored, until_demurrage, _expected(state))
    each = _columns(
        {
            "known": there,
            "cargo": view.cargo_t / scenario.ships.cargo_t[1],
            "time": jnp.where(there, time, 0.0),
        }
        | _composition("", view.declared, there)
    )
    ships = [f"ship at anchor {row + 1}" for row in range(WAITING)]
    ships += [f"ship announced {row + 1}" for row in range(ANNOUNCED)]
    return _in_a_row(
        ships, each, {"time": ["days until demurrage"] * WAITING + ["expected"] * ANNOUNCED}
    )


def _expected(state: CentreState) -> Float[Array, " Q"]:
    """Weeks until each ship in view is expected."""
    view = unpacked(state.harbour.view)
    return (expected_h(view, state.hour) - _now_h(state)) / WEEK_H


def _now_h(state: CentreState) -> Float[Array, ""]:
    return state.hour.astype(jnp.float32)


def _tanks(scenario: Scenario, layout: Layout, state: CentreState) -> Columns:
    tanks = state.tanks
    level = (level_m3(tanks) - layout.heel_m3) / (layout.high_m3 - layout.heel_m3)
    ready = ready_t(layout, tanks, state.harbour) > 0
    fills = receiving(layout, state.harbour)
    each = _columns(
        {
            "level": level,
            "being filled": fills,
            "rest": tanks.rest_h / scenario.release.rest_h,
            "ready": ready,
            "share of feed": state.blend.share,
        }
        | _composition("", tanks.known)
    )
    return _in_a_row([f"tank {tank.name}" for tank in scenario.tanks], each)


def _centre(scenario: Scenario, layout: Layout, state: CentreState) -> Columns:
    most = layout.most_feed_t_per_h
    days = 1.0 / (most * WEEK_H)
    ready = ready_t(layout, state.tanks, state.harbour).sum()
    room = (layout.high_m3 - level_m3(state.tanks)).sum()
    return _columns(
        {
            "feed of all furnaces": state.furnaces.feed_t_per_h.sum() / most,
            "stock in weeks of full feed": drawable_t(layout, state.tanks).sum() * days,
            "ready stock in weeks of full feed": ready * days,
            "room in all tanks": room / (layout.high_m3 - layout.heel_m3).sum(),
            "episode left": 1.0 - _now_h(state) / (24.0 * scenario.horizon_d),
        }
    )


def _prices(scenario: Scenario, state: CentreState) -> Columns:
    log = log_leaders(scenario, state.log_price)
    return _columns({f"{name} price": 10.0 * log[i] for i, name in enumerate(LEADERS)})


def _composition(
    name: str, piona: Float[Array, "*X 5"], there: Array | None = None
) -> dict[str, Any]:
    off = 10.0 * (piona - jnp.broadcast_to(MIDDLE, piona.shape))
    if there is not None:
        off = jnp.where(there[..., None], off, 0.0)
    return {f"{name} {CLASSES[c]}".strip(): off[..., c] for c in SHOWN}


def _columns(values: dict[str, Any]) -> Columns:
    arrays = [jnp.asarray(value, jnp.float32) for value in values.values()]
    return Columns(tuple(values), jnp.stack(arrays, -1))


def _in_a_row(
    things: list[str], each: Columns, called: dict[str, list[str]] | None = None
) -> Columns:
    """Put the columns of several things side by side.

    Args:
        things: Their names.
        each: Columns of each thing, (X, C).
        called: Columns whose name differs from thing to thing.
    """
    names = tuple(
        f"{thing} {(called or {}).get(name, [name] * len(things))[number]}"
        for number, thing in enumerate(things)
        for name in each.names
    )
    return Columns(names, each.values.reshape(-1))


def _joined(*parts: Columns) -> Columns:
    names = tuple(name for part in parts for name in part.names)
    return Columns(names, jnp.concatenate([part.values for part in parts], -1))
