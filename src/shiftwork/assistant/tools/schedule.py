"""What is due: decokes by date with the reason, tanks that run dry, ships whose laytime ends.

Each is the recorded course drawn on as a straight line, no forecast: what people will do about it
is not known.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float64, Int64

from shiftwork.assistant.export import Export
from shiftwork.assistant.figures import Figure, cited
from shiftwork.assistant.schedule_rules import (
    FurnaceRules,
    ScheduleRules,
    ShipRules,
    TankRules,
    keys_of,
    schedule_rules,
)
from shiftwork.errors import UserError
from shiftwork.records.formats.team_yardsticks import Yardsticks
from shiftwork.records.historian.grid import Grid

TREND_H, LEAST_TREND_H, SWING_IN_H = 7 * 24.0, 48.0, 24.0
"""A tube's rise is that of its present run, of a week at most and two days at least; its first day,
in which the furnace comes up, does not count."""
DRAWN_H = 6.0
"""A tank is drawn on as in the last hours."""
COST_H = 24.0

DUE, DRY = "decoke due in", "runs dry in"

Found = tuple[str, str, float, str]


class NoSchedule(UserError):
    """The plant file does not say what a schedule is made of."""


def schedule(export: Export, start: str, stop: str) -> tuple[Figure, ...]:
    """Say what is due, as it was known at the start of a range.

    Args:
        export: The export, whose plant file has a table [schedule].
        start: When, ISO; in the plant's zone if it has no offset.
        stop: End of the range, which only has to lie behind it.

    Returns:
        For each furnace, the one due first in front, the days until its tubes reach their limit at
        the rise of its present run, with temperature, rise and limit; for each tank that is drawn
        on, the hours until its heel at the rate of the last six; ships at anchor, how long the
        longest has waited, what is left of its laytime, the next ship, and demurrage of the last
        24 hours. What is not known, or not rising or falling, is left out. Where recorded episodes
        with yardsticks are open, means over them: what was earned, what the scheduler earns in the
        same ones, and their upper bound.

    Raises:
        NoSchedule: The plant file has no table [schedule].
        UserError: The records do not reach there.
    """
    rules = schedule_rules(export.plant)
    if rules is None:
        raise NoSchedule(
            f"{export.plant.path}: has no table [schedule], which says what is decoked and what runs "
            "dry; write one as in docs/assistant.md"
        )
    grid, (begin, _) = export.grid_of(keys_of(rules)), export.span(start, stop)
    stamps = grid.time.astype(np.int64)
    now = int(np.searchsorted(stamps, begin, side="right")) - 1
    period_us = round(export.plant.period_s * 1e6)
    if now < 0 or begin >= stamps[now] + period_us:
        raise UserError(f"the records do not hold {start}; choose a time that they cover")
    found = [*_due(export, grid, rules, now), *_dry(export, grid, rules.tanks, now)]
    if rules.ships is not None:
        found += _ships(export, grid, rules.ships, now)
    if export.yardsticks is not None:
        found += _gaps(export.yardsticks.profits)
    if not found:
        raise UserError(f"nothing that is due is known at {start}; choose another time")
    arguments = {
        "start": export.local(int(stamps[now])),
        "stop": export.local(int(stamps[now]) + period_us),
    }
    hashes = export.yardsticks.hashes if export.yardsticks is not None else ()
    return cited(export, "schedule", arguments, found, rows=now + 1, coverage=1.0, hashes=hashes)


def _gaps(profits: Yardsticks) -> Iterator[Found]:
    """Means over recorded episodes: earned, the scheduler's in the same ones, and their bound."""
    earned, scheduler, most = (
        float(np.mean(one)) for one in (profits.earned, profits.scheduler, profits.bound)
    )
    name = f"{profits.plant}, recorded episodes"
    yield name, "recorded episodes", float(len(profits.earned)), ""
    yield name, "earned in an episode", earned, "$"
    yield name, "scheduler in the same episodes", scheduler, "$"
    yield name, "upper bound of the same episodes", most, "$"
    yield name, "earned less the scheduler", earned - scheduler, "$"
    yield name, "share of the upper bound", earned / most, ""


def _due(export: Export, grid: Grid, rules: ScheduleRules, now: int) -> list[Found]:
    found = [(_furnace(export, grid, furnace, now), furnace) for furnace in rules.furnaces]
    known = [(figures, furnace) for figures, furnace in found if figures]
    # Those with a date first, by date; those that do not rise behind them.
    known.sort(key=lambda pair: pair[0][0][2] if pair[0][0][1] == DUE else np.inf)
    return [figure for figures, _ in known for figure in figures]


def _furnace(export: Export, grid: Grid, furnace: FurnaceRules, now: int) -> list[Found]:
    """When a furnace's tubes reach their limit, and why."""
    hours = grid.plant.period_s / 3600
    first = max(now - round(TREND_H / hours), 0)
    tube = _column(grid, furnace.tube)[first : now + 1]
    runs = (grid.states[furnace.mode][first : now + 1] == furnace.cracking).fill_null(False)
    stopped = np.flatnonzero(~runs.to_numpy())
    begin = int(stopped[-1]) + 1 + round(SWING_IN_H / hours) if len(stopped) else 0
    known = np.flatnonzero(np.isfinite(tube))
    if not len(known):
        return []
    unit = export.plant.tags[furnace.tube].unit
    last = (furnace.tube, "tube temperature", float(tube[known[-1]]), unit)
    limit = (furnace.tube, "limit of the tubes", furnace.limit, unit)
    used = known[known >= begin]
    if not len(used) or (used[-1] - used[0]) * hours < LEAST_TREND_H:
        return [last, limit]
    rise, level = np.polyfit((used - (len(tube) - 1)) * hours / 24, tube[used], 1)
    figures = [last, (furnace.tube, "rise in a day", float(rise), unit), limit]
    if rise > 0:
        due_d = max((furnace.limit - float(level)) / float(rise), 0.0)
        return [(furnace.tube, DUE, due_d, "d"), *figures]
    return figures


def _dry(export: Export, grid: Grid, tanks: list[TankRules], now: int) -> list[Found]:
    hours = grid.plant.period_s / 3600
    back = max(round(DRAWN_H / hours), 1)
    found = []
    for tank in tanks:
        level = _column(grid, tank.level)
        if now < back or not np.isfinite(level[[now - back, now]]).all():
            continue
        unit = export.plant.tags[tank.level].unit
        rate = float(level[now - back] - level[now]) / (back * hours)
        left = float(level[now]) - tank.heel
        above = (tank.level, "above the heel", left, unit)
        if rate > 0:
            found.append(
                (max(left, 0.0) / rate, [(tank.level, DRY, max(left, 0.0) / rate, "h"), above])
            )
        else:
            found.append((np.inf, [above]))
    return [figure for _, figures in sorted(found, key=lambda one: one[0]) for figure in figures]


def _ships(export: Export, grid: Grid, ships: ShipRules, now: int) -> Iterator[Found]:
    hours = grid.plant.period_s / 3600
    waiting = _column(grid, ships.waiting)[: now + 1]
    if np.isfinite(waiting[now]):
        count = round(float(waiting[now]))
        yield ships.waiting, "ships at anchor", float(count), ""
        came = _arrivals(waiting)
        if 0 < count <= len(came):
            waits_h = (now - int(came[-count])) * hours
            yield ships.waiting, "longest wait of a ship at anchor", waits_h, "h"
            yield ships.waiting, "laytime left of that ship", ships.laytime_h - waits_h, "h"
    if ships.next and np.isfinite(expected := _column(grid, ships.next)[now]):
        yield ships.next, "next ship expected in", float(expected), "h"
    if ships.demurrage:
        back = max(round(COST_H / hours), 1)
        paid = grid.mean[:, grid.keys.index(ships.demurrage)][max(now - back, 0) : now]
        unit = export.plant.tags[ships.demurrage].unit
        if len(paid) and np.isfinite(paid).all() and unit.endswith("/h"):
            total = float(paid.sum()) * hours
            yield ships.demurrage, "demurrage of the last day", total, unit.removesuffix("/h")


def _arrivals(waiting: Float64[np.ndarray, " T"]) -> Int64[np.ndarray, " S"]:
    """Row at which each ship came to anchor; ships leave in the order in which they came."""
    known = np.flatnonzero(np.isfinite(waiting))
    steps = np.diff(np.round(waiting[known]), prepend=0.0).astype(np.int64)
    return np.repeat(known, np.maximum(steps, 0))


def _column(grid: Grid, key: str) -> Float64[np.ndarray, " T"]:
    return np.asarray(grid.value[:, grid.keys.index(key)])
