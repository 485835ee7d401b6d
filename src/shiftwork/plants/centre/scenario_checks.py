"""What contradicts itself in a scenario, refused before anything runs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from shiftwork.errors import UserError
from shiftwork.plants.centre.scenario import Scenario
from shiftwork.plants.cracker.feed import CLASSES, DENSITY_T_PER_M3
from shiftwork.plants.cracker.furnace import GAS, LIQUID


def check_scenario(scenario: Scenario, where: str) -> None:
    """Check what no key tells by itself.

    Args:
        scenario: To be checked.
        where: Its file, put in front of the message.

    Raises:
        UserError: Something contradicts something else; the message names the key.
    """
    for checks in (_orders, _furnaces, _spec, _traffic):
        for problem in checks(scenario):
            raise UserError(f"{where}: {problem}")


def tonnes_per_m3(piona: tuple[float, ...]) -> float:
    """Density of a composition in wt %: specific volumes add."""
    return float(100.0 / (np.array(piona) / DENSITY_T_PER_M3).sum())


def mean_grade(scenario: Scenario) -> tuple[float, ...]:
    """The composition of the average ship, wt %."""
    grades = scenario.ships.grades
    weight = np.array([grade.probability for grade in grades])
    piona = np.array([grade.piona for grade in grades])
    return tuple(float(part) for part in weight @ piona / weight.sum())


def _orders(scenario: Scenario) -> Iterator[str]:
    for key, (low, high) in {
        "ships.cargo_t": scenario.ships.cargo_t,
        "furnaces.age_d": scenario.furnaces.age_d,
        "gas_furnaces.age_d": scenario.gas_furnaces.age_d,
    }.items():
        if low > high:
            yield f"{key}: {low:g} is above {high:g}; write [low, high]"
    for key, levels in {
        "furnaces.cot_levels_c": scenario.furnaces.cot_levels_c,
        "furnaces.feed_levels_t_per_h": scenario.furnaces.feed_levels_t_per_h,
    }.items():
        if any(b <= a for a, b in itertools.pairwise(levels)):
            yield f"{key}: {list(levels)} do not rise; give each level once, in order"
    names = [tank.name for tank in scenario.tanks]
    for name in names:
        if names.count(name) > 1:
            yield f"tanks: two are named '{name}'; give each its own name"


def _furnaces(scenario: Scenario) -> Iterator[str]:
    ours, gas = scenario.furnaces, scenario.gas_furnaces
    ranges: list[tuple[str, tuple[float, ...], float, float]] = [
        ("cot_levels_c", ours.cot_levels_c, LIQUID.cot_low_c, LIQUID.cot_high_c),
        ("cot_c", (ours.cot_c,), LIQUID.cot_low_c, LIQUID.cot_high_c),
        (
            "feed_levels_t_per_h", ours.feed_levels_t_per_h,
            LIQUID.feed_low_t_per_h, LIQUID.feed_high_t_per_h,
        ),
        (
            "feed_t_per_h", (ours.feed_t_per_h,),
            LIQUID.feed_low_t_per_h, LIQUID.feed_high_t_per_h,
        ),
        ("steam_ratio", (ours.steam_ratio,), LIQUID.steam_low, LIQUID.steam_high),
    ]  # fmt: skip
    for key, values, low, high in ranges:
        if not low <= min(values) <= max(values) <= high:
            yield (
                f"furnaces.{key}: {_plain(values)} leaves the furnace's range {low:g} to {high:g}; "
                "mend it"
            )
    for key, value, low, high in (
        ("cot_c", gas.cot_c, GAS.cot_low_c, GAS.cot_high_c),
        ("steam_ratio", gas.steam_ratio, GAS.steam_low, GAS.steam_high),
    ):
        if not low <= value <= high:
            yield f"gas_furnaces.{key}: {value:g} leaves the furnace's range {low:g} to {high:g}; mend it"
    for key, hours in (
        ("furnaces.decoke_h", ours.decoke_h),
        ("gas_furnaces.decoke_h", gas.decoke_h),
    ):
        if hours > 24 * scenario.horizon_d:
            yield (
                f"{key}: {hours} is longer than the horizon of {24 * scenario.horizon_d} h; "
                "mend it or horizon_d"
            )
    if ours.decokes_at_once > ours.count:
        yield (
            f"furnaces.decokes_at_once: {ours.decokes_at_once} is more than the {ours.count} "
            "furnaces; mend it"
        )
    if ours.cracking_at_least >= ours.count:
        yield (
            f"furnaces.cracking_at_least: {ours.cracking_at_least} of {ours.count} furnaces leaves "
            "none for a decoke; give fewer"
        )


def _spec(scenario: Scenario) -> Iterator[str]:
    low, high = scenario.blending.spec_low, scenario.blending.spec_high
    for name, least, most in zip(CLASSES, low, high, strict=True):
        if least > most:
            yield (
                f"blending.spec_low: {least:g} of {name} is above spec_high {most:g}; "
                "mend one of them"
            )
    if sum(low) > 100 or sum(high) < 100:
        yield (
            f"blending.spec_low: no composition fits between sums of {sum(low):g} and "
            f"{sum(high):g} wt %; widen the box about 100"
        )


def _traffic(scenario: Scenario) -> Iterator[str]:
    ships, berths, ours = scenario.ships, scenario.berths, scenario.furnaces
    cargo_t = sum(ships.cargo_t) / 2
    cargo_m3 = cargo_t / tonnes_per_m3(mean_grade(scenario))
    berth_h = cargo_m3 / berths.unloading_m3_per_h + berths.berthing_h
    if berth_h > 24 * ships.interval_d * berths.count:
        yield (
            f"ships.interval_d: a ship every {ships.interval_d:g} d, each {berth_h:.0f} h at one of "
            f"{berths.count} berth(s), is more than they can ever serve; give fewer ships or more berths"
        )
    supply, most = cargo_t / (24 * ships.interval_d), ours.count * ours.feed_levels_t_per_h[-1]
    if supply > most:
        yield (
            f"ships.cargo_t: {supply:.0f} t/h arrive, but the furnaces never take more than "
            f"{most:.0f} t/h; give less cargo or more furnaces"
        )
    room_m3 = sum(tank.capacity_m3 * (tank.high - tank.heel) for tank in scenario.tanks)
    largest_m3 = ships.cargo_t[1] / min(tonnes_per_m3(grade.piona) for grade in ships.grades)
    if largest_m3 > room_m3:
        yield (
            f"ships.cargo_t: the largest cargo of {largest_m3:.0f} m3 is more than all tanks hold "
            f"between heel and high level ({room_m3:.0f} m3); give smaller cargoes or more tanks"
        )
    widest_m3 = max(tank.capacity_m3 * (tank.high - tank.heel) for tank in scenario.tanks)
    if berths.unloading_m3_per_h > widest_m3:
        yield (
            f"berths.unloading_m3_per_h: {berths.unloading_m3_per_h:g} is more in an hour than any "
            f"tank holds between heel and high level ({widest_m3:.0f} m3); give a smaller rate or "
            "larger tanks"
        )
    feed_m3 = most / min(tonnes_per_m3(grade.piona) for grade in ships.grades)
    if feed_m3 > widest_m3:
        yield (
            f"tanks: none holds an hour of full feed ({feed_m3:.0f} m3) between heel and high "
            f"level ({widest_m3:.0f} m3); give larger tanks or fewer furnaces"
        )
    least = ours.cracking_at_least * ours.feed_levels_t_per_h[0]
    drawable = (tank.capacity_m3 * (tank.level - tank.heel) for tank in scenario.tanks)
    stock_t = sum(drawable) * tonnes_per_m3(mean_grade(scenario))
    if supply + stock_t / (24 * scenario.horizon_d) < least:
        yield (
            f"ships.interval_d: {supply:.0f} t/h arrive, but {ours.cracking_at_least} furnaces take "
            f"at least {least:.0f} t/h; give more cargo or fewer furnaces"
        )


def _plain(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:g}" for value in values)
