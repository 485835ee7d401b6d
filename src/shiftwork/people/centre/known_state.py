"""What people knew of a centre in each hour of an export, put together as the plant's own state.

    ships           from their papers, each from when on it was known; which lie where from the berths' states
    tanks           mass from level and density of what they are known to hold
    known contents  of a tank that has been filled by mixing certificates, from release on by the laboratory
    rest            counted from the last hour of filling

Coke, and what ships really bring, nobody sees: there the state holds nothing, or what papers say.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from shiftwork.errors import UserError
from shiftwork.people.centre.export_year import Tags, Year, hours_since, number_of
from shiftwork.people.centre.signals import CLASSES_SHOWN, MODE_WORDS
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.layout import ANNOUNCED, SPECIFIC_M3_PER_T, WAITING
from shiftwork.plants.centre.start import packed
from shiftwork.plants.centre.state import (
    CRACKING,
    DECOKING,
    Blend,
    CentreState,
    Furnaces,
    GasFurnaces,
    Harbour,
    Ship,
    Tanks,
)
from shiftwork.plants.cracker.prices import LEADERS, TYPICAL_LEADERS

Made = TypeVar("Made")

AT_BERTH = re.compile(r"SHIP (\d+) (?:TO (.+)|WAITS)")
NEVER_H = 1e4
"""Arrival of a ship that has not arrived: later than any notice."""
FLOWS = 0.3
"""Share of a berth's usual flow above which cargo that vanishes was unloaded, not misread."""


def state_of(plant: Centre, year: Year) -> CentreState:
    """Put together what people knew of the plant at the beginning of each hour, (T, ...).

    Timers say no more than who decides; coke and the ships' true cargo, which nobody sees, are 0.
    """
    layout, tags, count = plant.layout, year.tags, year.hours
    hour = np.arange(count)
    decided = _decided(plant, year)
    berths, furnace = slice(0, layout.berths), slice(layout.berths + 1, None)
    port = _harbour(plant, year, decided[:, berths])
    tanks, piona = _tanks(plant, year, port)
    recipes = np.array(
        [
            number_of(layout.recipe_names, _fed(word), "recipe", year.files.parquet)
            for word in tags["recipe"]
        ]
    )
    recipe = _before(recipes, 0)
    share = _before(_of("tank", layout.tanks, "share", tags) / 100.0, 0.0)
    blend = filled(Blend, recipe, share, _timer(decided[:, layout.berths]), piona)

    def each(name: str) -> np.ndarray:
        return _of("furnace", layout.furnaces, name, tags)

    modes = tuple(MODE_WORDS.values())
    numbers = np.array(
        [
            [number_of(modes, word, "mode", year.files.parquet) for word in row]
            for row in each("mode")
        ]
    )
    mode = _mode_before(np.array(list(MODE_WORDS))[numbers])
    ours = plant.scenario.furnaces
    decoking = mode == DECOKING
    left = ours.decoke_h - _run_length(decoking) + 1
    furnaces = filled(
        Furnaces,
        mode,
        each("feed"),
        each("cot"),
        _before(each("feed_set"), ours.feed_t_per_h),
        _before(each("cot_set"), ours.cot_c),
        np.zeros_like(each("feed")),
        each("run"),
        each("tube"),
        np.where(decoking, left, 0).astype(np.int32),
        _timer(decided[:, furnace]),
    )
    nothing = np.zeros((count, layout.gas_furnaces))
    gas = filled(GasFurnaces, nothing, nothing, nothing, nothing.astype(int), tags["ethane_drum"])
    prices = np.stack([tags[f"{name}_price"] for name in LEADERS], 1)
    log = np.log(prices / np.asarray(TYPICAL_LEADERS))
    # What followed naphtha is taken off again (``market.log_leaders``).
    log[:, 1:] -= plant.scenario.prices.passed_on * log[:, :1]
    load = _before(np.stack([tags["compressor_load"], tags["steam_load"]], 1) / 100.0, 0.0)
    zeros = jax.eval_shape(plant.reset, jax.random.key(0)).state.seen
    told: Any = filled(
        tuple_of, hour, log, load, np.zeros(count, bool), np.zeros(decided.shape, int), decided
    )
    seen: Any = jax.tree.map(lambda x: jnp.zeros((count, *x.shape), x.dtype), zeros)
    return CentreState(
        hour=told[0],
        harbour=port,
        tanks=tanks,
        blend=blend,
        furnaces=furnaces,
        gas=gas,
        log_price=told[1],
        load=told[2],
        failed=told[3],
        macro_action=told[4],
        decided=told[5],
        seen=seen,
    )


def tuple_of(*values: Array) -> tuple[Any, ...]:
    """Values as they are."""
    return values


def filled(kind: Callable[..., Made], *values: np.ndarray) -> Made:
    """Make a part of the state of arrays, in the precision that the plant computes with."""
    kinds: dict[str, Any] = {"f": np.float32, "i": np.int32, "b": np.bool_}
    return kind(*(jnp.asarray(value.astype(kinds[value.dtype.kind])) for value in values))


def _harbour(plant: Centre, year: Year, decided: Bool[np.ndarray, "T B"]) -> Harbour:
    """Ships in view and at berths, as their papers and the berths' states tell."""
    layout, count = plant.layout, year.hours
    ships = layout.ships
    at, into = _berths(plant, year)
    hour = np.arange(count)
    known = np.zeros((count, ships), bool)
    arrived = np.zeros((count, ships), bool)
    about = {
        name: np.zeros((count, ships)) for name in ("expected", "cargo", "laytime", *CLASSES_SHOWN)
    }
    for row in year.papers.iter_rows(named=True):
        ship, since = row["ship"] - 1, hours_since(year.begin, row["timestamp"])
        later = hour >= since
        known[later, ship] = True
        arrived[later, ship] = row["paper"] == "arrived"
        about["expected"][later, ship] = hours_since(year.begin, row["expected"])
        about["cargo"][later, ship] = row["cargo_t"]
        laytime = row["laytime_ends"]
        about["laytime"][later, ship] = hours_since(year.begin, laytime) if laytime else 0.0
        for name in CLASSES_SHOWN:
            about[name][later, ship] = row[name] / 100.0
    declared = np.zeros((count, ships, 5))
    for name, column in CLASSES_SHOWN.items():
        declared[..., column] = about[name]
    declared[..., 2] = 1.0 - declared.sum(-1)
    numbers = np.arange(ships)
    table = np.asarray(
        packed(
            filled(
                Ship,
                np.where(arrived, 0.0, NEVER_H),
                about["expected"],
                about["laytime"],
                about["cargo"],
                np.zeros((count, ships, 3)),
                declared,
                declared,
            )
        )
    )
    called_in = (at[..., None] == numbers).any(1)
    called = _before(np.maximum.accumulate(called_in), False)
    number = np.full((count, WAITING + ANNOUNCED), ships)
    for t in range(count):
        anchored = np.flatnonzero(arrived[t] & ~called[t])[:WAITING]
        number[t, : len(anchored)] = anchored
        for ahead in range(ANNOUNCED):
            ship = int(arrived[t].sum()) + ahead
            if ship < ships and known[t, ship]:
                number[t, WAITING + ahead] = ship
    there = number < ships
    rows = np.take_along_axis(table, np.minimum(number, ships - 1)[..., None], 1)
    view = np.where(there[..., None], rows, 0.0)
    # A ship that lay there in the hour before and still does.
    stays = (_before(at, -1) == at) & (at >= 0)
    stays[0] = False
    own = np.take_along_axis(table, np.maximum(at, 0)[..., None], 1)
    cargo = np.maximum(_of("berth", layout.berths, "cargo", year.tags), 1.0)
    own = np.concatenate([own[..., :3], cargo[..., None], own[..., 4:]], -1)
    berthed = np.where(stays[..., None], own, 0.0)
    return filled(
        Harbour,
        table,
        called,
        view,
        number.astype(np.int32),
        berthed,
        np.where(decided, -1, _before(into, -1)).astype(np.int32),
        _timer(decided),
    )


def _tanks(plant: Centre, year: Year, port: Harbour) -> tuple[Tanks, Float[np.ndarray, "T 5"]]:
    """What tanks hold as far as it is known, and what the furnaces are fed with.

    Contents are mixed hour by hour as the plant does it, from what went out and came in.
    """
    layout, tags, count = plant.layout, year.tags, year.hours
    at, into = _berths(plant, year)
    level = _of("tank", layout.tanks, "level", tags)
    feed = _of("furnace", layout.furnaces, "feed", tags).sum(1)
    drawn = _of("tank", layout.tanks, "share", tags) / 100.0 * _after(feed)[:, None]
    table = np.asarray(port.table)
    cargo, declared = np.asarray(port.berthed)[..., 3], table[..., 12:]
    laboratory = np.stack(
        [_of("tank", layout.tanks, name, tags) / 100.0 for name in CLASSES_SHOWN], -1
    )
    usual = FLOWS * plant.scenario.berths.unloading_m3_per_h / SPECIFIC_M3_PER_T.max()
    known = np.zeros((count, layout.tanks, 5))
    mass = np.zeros((count, layout.tanks, 5))
    rest = np.zeros((count, layout.tanks), int)
    now, left = np.array(layout.first_piona, np.float64), np.zeros(layout.tanks, int)
    flowing = np.full(layout.berths, -1)
    for t in range(count):
        known[t], rest[t] = now, left
        total = level[t] / (now @ SPECIFIC_M3_PER_T)
        mass[t] = total[:, None] * now
        poured = np.zeros((layout.tanks, layout.berths))
        for b in range(layout.berths):
            if into[t, b] < 0 or t + 1 == count:
                flowing[b] = -1
                continue
            before = cargo[t, b] if cargo[t, b] > 0 else table[t, at[t, b], 3]
            after = cargo[t + 1, b] if at[t + 1, b] == at[t, b] else 0.0
            amount = max(before - after, 0.0)
            if amount > usual or flowing[b] == into[t, b]:
                flowing[b] = into[t, b]
                poured[into[t, b], b] = max(amount, 1e-3)
        stock, received = np.maximum(total - drawn[t], 0.0), poured.sum(1)
        papers = poured @ declared[t, np.maximum(at[t], 0)]
        mixed = (now * stock[:, None] + papers) / np.maximum(stock + received, 1e-3)[:, None]
        fills = received > 0
        later = np.where(fills, plant.scenario.release.rest_h, np.maximum(left - 1, 0))
        released = (later == 0) & (left > 0)
        told = np.zeros_like(now)
        if t + 1 < count:
            told[:, list(CLASSES_SHOWN.values())] = laboratory[t + 1]
            told[:, 2] = 1.0 - told.sum(1)
        now = np.where(fills[:, None], mixed, np.where(released[:, None], told, now))
        left = later
    first = np.asarray(layout.first_mass_t, np.float64).sum(0)
    fed = np.zeros((count, 5))
    for name, column in CLASSES_SHOWN.items():
        fed[:, column] = tags[f"feed_{name}"] / 100.0
    fed[:, 2] = 1.0 - fed.sum(1)
    return filled(Tanks, mass, known, rest), _before(fed, first / first.sum())


def _decided(plant: Centre, year: Year) -> Bool[np.ndarray, "T N"]:
    decided = np.zeros((year.hours, len(plant.agents)), bool)
    for task, stamp in year.occasions.select("task", "timestamp").iter_rows():
        agent = number_of(plant.agents, task, "task", year.files.occasions)
        hour = int(hours_since(year.begin, stamp))
        if hour >= year.hours:
            raise UserError(
                f"{year.files.occasions}: lists an occasion at {stamp:%Y-%m-%d %H:%M}, behind the last "
                "sample; give files of one export"
            )
        decided[hour, agent] = True
    return decided


def _berths(plant: Centre, year: Year) -> tuple[Int[np.ndarray, "T B"], Int[np.ndarray, "T B"]]:
    """Which ship lies at each berth in each hour, and which tank it fills; -1 for none."""
    names = tuple(tank.name for tank in plant.scenario.tanks)
    ship = np.full((year.hours, plant.layout.berths), -1)
    tank = ship.copy()
    for b in range(plant.layout.berths):
        for t, word in enumerate(year.tags[f"berth_{b + 1}_state"]):
            if match := AT_BERTH.fullmatch(word):
                ship[t, b] = int(match[1]) - 1
                if match[2]:
                    tank[t, b] = number_of(names, match[2], "tank", year.files.parquet)
    return ship, tank


def _of(unit: str, count: int, name: str, tags: Tags) -> np.ndarray:
    return np.stack([tags[f"{unit}_{n + 1}_{name}"] for n in range(count)], 1)


def _before(x: np.ndarray, first: Any) -> np.ndarray:
    """What stood in the hour before; ``first`` before the first one."""
    return np.concatenate([np.broadcast_to(np.asarray(first, x.dtype), x[:1].shape), x[:-1]])


def _after(x: np.ndarray) -> np.ndarray:
    return np.concatenate([x[1:], x[-1:]])


def _timer(decided: np.ndarray) -> np.ndarray:
    """A timer that has run out where somebody decides."""
    return (~decided).astype(np.int32)


def _fed(word: str) -> str:
    return "none" if word == "NO FEED" else word


def _mode_before(modes: Int[np.ndarray, "T F"]) -> Int[np.ndarray, "T F"]:
    """Modes at the beginning of hours from those in them: a decoke that ended has left the furnace idle."""
    old = _before(modes, CRACKING)
    ended = (old == DECOKING) & (modes != DECOKING)
    return np.where(ended, modes, old).astype(np.int32)


def _run_length(on: Bool[np.ndarray, "T F"]) -> Int[np.ndarray, "T F"]:
    """Hours since it was off."""
    length = np.zeros(on.shape, int)
    for t in range(len(on)):
        length[t] = np.where(on[t], 1 + (length[t - 1] if t else 0), 0)
    return length
