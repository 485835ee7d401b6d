"""A centre's tags: what its historian is told every hour, and what each tag means.

The names are those of a control system: LI a level, FI a flow, TI a temperature, QI an analysis,
FIC.SP and TIC.SP what the people set, XS a state, in words.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Array, Float, Int, Num

from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.start import NOTICE_H
from shiftwork.plants.centre.state import CRACKING, DECOKING, QUEUED, STAND_BY
from shiftwork.plants.centre.trace import CentreTrace, Hour, tank_status
from shiftwork.plants.cracker.furnace import LIQUID
from shiftwork.plants.cracker.prices import LEADERS
from shiftwork.plants.cracker.yields import PRODUCTS

CLASSES_SHOWN = {"n_paraffins": 0, "isoparaffins": 1, "naphthenes": 3, "aromatics": 4}
"""What a laboratory reports; the rest are olefins."""
MODE_WORDS = {CRACKING: "CRACK", DECOKING: "DECOKE", STAND_BY: "STANDBY", QUEUED: "TOO HOT"}
TANK_WORDS = ("FILLING", "RESTING", "RELEASED", "FEEDING")
"""By status."""
PRICE_UNITS = ("$/t", "$/t", "$/t", "$/t", "$/GJ")
PRICE_SPANS = (1500.0, 2000.0, 2500.0, 3000.0, 20.0)

Kind = Literal["measured", "set", "laboratory", "state"]
Role = Literal["observation", "action", "objective", "state"]


@dataclass(frozen=True, eq=False)
class Signal:
    """A tag and its values at the hours of a record.

    Attributes:
        key: Its name in expressions.
        source: Its name in the historian.
        role: As a plant file has it.
        kind: "measured": scanned hourly and compressed; "set": kept whenever it changes;
            "laboratory": kept when a sample was taken; "state": a text, kept when it changes.
        hour: Of each value, (V,).
        value: Numbers, (V,), or indices into ``words`` of a state.
        unit: Of the values.
        span: The instrument's.
        words: Of a state.
    """

    key: str
    source: str
    role: Role
    kind: Kind
    hour: Float[np.ndarray, " V"]
    value: Float[np.ndarray, " V"]
    unit: str = ""
    span: tuple[float, float] = (0.0, 1.0)
    words: tuple[str, ...] = ()


def signals(plant: Centre, trace: CentreTrace) -> Iterator[Signal]:
    """Tell all tags of one episode, in the order of a plant file.

    Args:
        plant: The centre.
        trace: One episode, as NumPy arrays.
    """
    yield from _set_points(plant, trace.hours)
    yield from _furnaces(plant, trace.hours)
    yield from _tanks(plant, trace.hours)
    yield from _laboratory(plant, trace.hours)
    yield from _feed(plant, trace.hours)
    yield from _harbour(plant, trace)
    yield from _prices(trace.hours)
    yield from _accounts(trace.hours)


def next_ship_h(trace: CentreTrace) -> Float[np.ndarray, " T"]:
    """Hours until the next ship is expected, as announced; NaN where none is.

    A ship that is overdue is expected now.
    """
    ships, hour = trace.ships, np.asarray(trace.hours.hour)[:, None]
    away_h = np.asarray(ships.arrival_h) - hour
    told = away_h[..., None] <= np.array(NOTICE_H, np.float32)
    expected = ships.planned_h + (told * ships.revision_h).sum(-1)
    due = np.where(away_h > 0, np.maximum(expected - hour, 0.0), np.inf).min(1)
    return np.where(np.isfinite(due), due, np.nan)


def _set_points(plant: Centre, hours: Hour) -> Iterator[Signal]:
    ours = plant.scenario.furnaces
    for f in range(plant.layout.furnaces):
        for name, source, value, unit, levels in (
            ("cot", f"TIC2{f + 1:02d}.SP", hours.cot_set_c[:, f], "C", ours.cot_levels_c),
            (
                "feed", f"FIC2{f + 1:02d}.SP", hours.feed_set_t_per_h[:, f], "t/h",
                ours.feed_levels_t_per_h,
            ),
        ):  # fmt: skip
            started = float(value[0])
            span = min(levels[0], started), max(levels[-1], started)
            yield _hourly(
                f"furnace_{f + 1}_{name}_set", source, "action", "set", hours, value, unit, span
            )


def _furnaces(plant: Centre, hours: Hour) -> Iterator[Signal]:
    steam = plant.scenario.furnaces.steam_ratio
    for f in range(plant.layout.furnaces):
        number, name = f"2{f + 1:02d}", f"furnace_{f + 1}"
        feed = hours.feed_t_per_h[:, f]
        high = LIQUID.feed_high_t_per_h
        for key, source, value, unit, span in (
            ("feed", f"FI{number}.PV", feed, "t/h", (0.0, high)),
            ("cot", f"TI{number}.PV", hours.cot_c[:, f], "C", (700.0, 900.0)),
            ("steam", f"FI{number}S.PV", steam * feed, "t/h", (0.0, high)),
            ("tube", f"TI{number}M.PV", hours.tube_c[:, f], "C", (700.0, 1200.0)),
            ("run", f"KI{number}.PV", hours.clean_h[:, f], "h", (0.0, 2400.0)),
        ):
            yield _hourly(
                f"{name}_{key}", source, "observation", "measured", hours, value, unit, span
            )
        words = tuple(MODE_WORDS[mode] for mode in range(len(MODE_WORDS)))
        yield _state(f"{name}_mode", f"XS{number}.ST", hours, hours.mode[:, f], words)


def _tanks(plant: Centre, hours: Hour) -> Iterator[Signal]:
    scenario, layout = plant.scenario, plant.layout
    status = tank_status(hours.tank, hours.rest_h, hours.share)
    for k, tank in enumerate(scenario.tanks):
        number, name = f"1{k + 1:02d}", f"tank_{k + 1}"
        yield _hourly(
            f"{name}_level", f"LI{number}.PV", "observation", "measured", hours,
            hours.level_m3[:, k], "m3", (0.0, tank.capacity_m3),
        )  # fmt: skip
        yield _hourly(
            f"{name}_share", f"FFI{number}.PV", "observation", "set", hours,
            100.0 * hours.share[:, k], "%", (0.0, 100.0),
        )  # fmt: skip
        yield _state(f"{name}_status", f"XS{number}.ST", hours, status[:, k], TANK_WORDS)
    # A word that readers do not take for nothing.
    recipes = ("NO FEED", *layout.recipe_names[1:])
    yield _state("recipe", "XS100.ST", hours, hours.macro_action[:, layout.berths], recipes)


def _laboratory(plant: Centre, hours: Hour) -> Iterator[Signal]:
    """A sample is drawn when a tank has settled, and known when the laboratory releases it."""
    rest, lab_h = np.asarray(hours.rest_h), plant.scenario.release.lab_h
    for k in range(plant.layout.tanks):
        released = np.flatnonzero((rest[1:, k] == 0) & (rest[:-1, k] > 0)) + 1
        # What is known as the record begins had been sampled before.
        told = np.concatenate([[0], released])
        for name, column in CLASSES_SHOWN.items():
            value = np.round(100.0 * np.asarray(hours.known, np.float64)[told, k, column], 1)
            yield Signal(
                f"tank_{k + 1}_{name}", f"QI1{k + 1:02d}.{name.upper()}", "observation",
                "laboratory", _clock(hours)[told] - lab_h, value, "wt %",
                (0.0, 100.0),
            )  # fmt: skip


def _feed(plant: Centre, hours: Hour) -> Iterator[Signal]:
    for name, column in CLASSES_SHOWN.items():
        value = 100.0 * hours.blend[:, column]
        yield _hourly(
            f"feed_{name}", f"QI200.{name.upper()}", "observation", "measured", hours, value,
            "wt %", (0.0, 100.0),
        )  # fmt: skip
    for name, source, column in (("compressor", "JI300.PV", 0), ("steam", "JI301.PV", 1)):
        yield _hourly(
            f"{name}_load", source, "observation", "measured", hours, 100.0 * hours.load[:, column],
            "%", (0.0, 120.0),
        )  # fmt: skip
    ethylene = hours.products_t[:, PRODUCTS.index("ethylene")]
    most = 0.5 * plant.layout.most_feed_t_per_h
    yield _hourly(
        "ethane_drum", "LI300.PV", "observation", "measured", hours, hours.ethane_t, "t",
        (0.0, plant.scenario.gas_furnaces.ethane_t),
    )  # fmt: skip
    yield _hourly(
        "ethylene", "FI300.PV", "observation", "measured", hours, ethylene, "t/h", (0.0, most)
    )


def _harbour(plant: Centre, trace: CentreTrace) -> Iterator[Signal]:
    hours = trace.hours
    arrived = trace.ships.arrival_h <= hours.hour[:, None]
    waiting = (arrived & ~hours.called).sum(1)
    yield _hourly(
        "ships_at_anchor", "XI001.PV", "observation", "set", hours, waiting, "", (0.0, 10.0)
    )
    due = next_ship_h(trace)
    known = np.isfinite(due)
    yield Signal(
        "next_ship", "KI001.PV", "observation", "measured",
        _clock(hours)[known], due[known], "h", (0.0, 400.0),
    )  # fmt: skip
    largest = plant.scenario.ships.cargo_t[1]
    for b in range(plant.layout.berths):
        name = f"berth_{b + 1}"
        yield _hourly(
            f"{name}_cargo", f"WI00{b + 1}.PV", "observation", "measured", hours,
            hours.cargo_t[:, b], "t", (0.0, largest),
        )  # fmt: skip
        words, index = _berth_words(plant, hours, b)
        yield _state(f"{name}_state", f"XS00{b + 1}.ST", hours, index, words)


def _berth_words(
    plant: Centre, hours: Hour, berth: int
) -> tuple[tuple[str, ...], Int[np.ndarray, " T"]]:
    names = [tank.name for tank in plant.scenario.tanks]
    told = [
        "EMPTY"
        if ship < 0
        else f"SHIP {ship + 1} TO {names[tank]}"
        if tank >= 0
        else f"SHIP {ship + 1} WAITS"
        for ship, tank in zip(hours.ship[:, berth], hours.tank[:, berth], strict=True)
    ]
    words = tuple(dict.fromkeys(told))
    return words, np.array([words.index(text) for text in told])


def _prices(hours: Hour) -> Iterator[Signal]:
    for i, name in enumerate(LEADERS):
        yield _hourly(
            f"{name}_price", f"PRICE.{name.upper()}", "observation", "measured", hours,
            hours.prices[:, i], PRICE_UNITS[i], (0.0, PRICE_SPANS[i]),
        )  # fmt: skip


def _accounts(hours: Hour) -> Iterator[Signal]:
    """What accounting made of each hour, in $ for the hour."""
    for name, value in hours.account._asdict().items():
        span = (-50_000.0, 100_000.0) if name == "margin" else (0.0, 500_000.0)
        yield _hourly(
            name, f"ACCOUNT.{name.upper()}", "objective", "set", hours,
            np.round(np.asarray(value, np.float64), 2), "$/h", span,
        )  # fmt: skip


def _hourly(
    key: str,
    source: str,
    role: Role,
    kind: Kind,
    hours: Hour,
    value: Num[Array | np.ndarray, " T"],
    unit: str,
    span: tuple[float, float],
) -> Signal:
    return Signal(key, source, role, kind, _clock(hours), np.asarray(value, np.float64), unit, span)


def _state(
    key: str, source: str, hours: Hour, index: Int[Array | np.ndarray, " T"], words: tuple[str, ...]
) -> Signal:
    at, value = _clock(hours), np.asarray(index, np.float64)
    return Signal(key, source, "state", "state", at, value, words=words)


def _clock(hours: Hour) -> Float[np.ndarray, " T"]:
    return np.asarray(hours.hour, np.float64)
