"""A scenario in numbers: sizes, names and constant arrays that the step works with."""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32

from shiftwork.plants.centre.scenario import Scenario
from shiftwork.plants.centre.scenario_checks import tonnes_per_m3
from shiftwork.plants.cracker.feed import DENSITY_T_PER_M3
from shiftwork.plants.cracker.prices import LEADERS

WAITING, ANNOUNCED = 2, 2
"""Ships at anchor that can be called to a berth, and further ships that are shown."""

WAIT, NO_RECIPE = 0, 0
"""The macro-actions that are always number 0: of a berth, and of blending."""

SPECIFIC_M3_PER_T = (1.0 / DENSITY_T_PER_M3).astype(np.float32)
"""Volume of a tonne of each class; volumes add, so a tank's volume is linear in its masses."""


ARRAYS = (
    "capacity_m3", "heel_m3", "high_m3", "first_mass_t", "first_piona", "recipes",
    "most_feed_t_per_h", "set_points", "grade_probability", "grade_piona", "volatility",
)  # fmt: skip
"""The fields of a layout that are data of a program; the others decide its shapes."""


@dataclass(frozen=True, eq=False)
class Layout:
    """Constants of a centre. K tanks, R recipes, B berths, F liquid and G gas furnaces, S ships.

    The arrays are traced where a program takes the plant as an argument (``ARRAYS``).

    Attributes:
        tanks: K.
        berths: B.
        furnaces: F.
        gas_furnaces: G.
        ships: S, those planned within the horizon and a few beyond it.
        furnace_agents: F, or 1 that runs all.
        capacity_m3: Of each tank.
        heel_m3: Of each tank.
        high_m3: Of each tank.
        first_mass_t: Mass of each class in each tank at the start, (K, 5).
        first_piona: Mass fractions in each tank at the start, (K, 5).
        recipes: Share of each tank in each recipe; row ``NO_RECIPE`` is zero.
        recipe_names: For the macro-actions.
        most_feed_t_per_h: The most that all liquid furnaces can take.
        set_points: Outlet temperature and feed of each set-point macro-action, (C * L, 2).
        grade_probability: Probability of each grade of naphtha, (Q,).
        grade_piona: Mass fractions of each grade, (Q, 5).
        volatility: Of the price leaders' own movements, per square root of a day, (5,).
    """

    tanks: int
    berths: int
    furnaces: int
    gas_furnaces: int
    ships: int
    furnace_agents: int
    capacity_m3: Float32[np.ndarray, " K"]
    heel_m3: Float32[np.ndarray, " K"]
    high_m3: Float32[np.ndarray, " K"]
    first_mass_t: Float32[np.ndarray, "K 5"]
    first_piona: Float32[np.ndarray, "K 5"]
    recipes: Float32[np.ndarray, "R K"]
    recipe_names: tuple[str, ...]
    most_feed_t_per_h: float
    set_points: Float32[np.ndarray, "P 2"]
    grade_probability: Float32[np.ndarray, " Q"]
    grade_piona: Float32[np.ndarray, "Q 5"]
    volatility: Float32[np.ndarray, " 5"]

    @property
    def agents(self) -> int:
        """How many agents there are."""
        return self.berths + 1 + self.furnace_agents

    @property
    def decoke(self) -> int:
        """The first decoke macro-action of a furnace agent: of itself, or of the oldest furnace."""
        return len(self.set_points)

    @property
    def stand_by(self) -> int:
        """Stand-by of a furnace with its own agent; for all at once: decoke the hottest."""
        return len(self.set_points) + 1

    @property
    def furnace_actions(self) -> int:
        """How many macro-actions a furnace agent has."""
        return len(self.set_points) + 2

    @property
    def berth_actions(self) -> int:
        """How many macro-actions a berth has."""
        return 1 + WAITING * self.tanks


@functools.lru_cache(maxsize=32)
def layout_of(scenario: Scenario) -> Layout:
    """Work out the constants of a scenario."""
    ours, ships = scenario.furnaces, scenario.ships
    planned = int((scenario.horizon_d - ships.first_d) / ships.interval_d) + 1
    names = tuple(tank.name for tank in scenario.tanks)
    recipes, recipe_names = _recipes(names, scenario.blending.recipe_parts)
    points = list(itertools.product(ours.cot_levels_c, ours.feed_levels_t_per_h))
    return Layout(
        tanks=len(scenario.tanks),
        berths=scenario.berths.count,
        furnaces=ours.count,
        gas_furnaces=scenario.gas_furnaces.count,
        ships=max(planned, 0) + WAITING + ANNOUNCED,
        furnace_agents=ours.count if scenario.furnace_agents == "each" else 1,
        recipes=recipes,
        recipe_names=recipe_names,
        set_points=np.array(points, np.float32),
        **amounts_of(scenario),
    )


def amounts_of(scenario: Scenario, xp: Any = np) -> dict[str, Any]:
    """Work out the arrays that follow from a scenario's numbers.

    Args:
        scenario: Its numbers may be traced, except compositions.
        xp: ``jax.numpy`` where they are.
    """
    ours, tanks, ships = scenario.furnaces, scenario.tanks, scenario.ships
    capacity = xp.array([tank.capacity_m3 for tank in tanks], np.float32)
    grades = xp.array([grade.probability for grade in ships.grades])
    first_piona = np.array([tank.piona for tank in tanks], np.float32) / 100
    first_piona /= first_piona.sum(-1, keepdims=True)
    first_m3 = capacity * xp.array([tank.level for tank in tanks])
    first_t = first_m3 * xp.array([tonnes_per_m3(tank.piona) for tank in tanks])
    return {
        "capacity_m3": capacity,
        "heel_m3": capacity * xp.array([tank.heel for tank in tanks], np.float32),
        "high_m3": capacity * xp.array([tank.high for tank in tanks], np.float32),
        "first_mass_t": (first_t[:, None] * first_piona).astype(np.float32),
        "first_piona": first_piona,
        "most_feed_t_per_h": ours.count
        * xp.maximum(ours.feed_levels_t_per_h[-1], ours.feed_t_per_h),
        "grade_probability": (grades / grades.sum()).astype(np.float32),
        "grade_piona": np.array([grade.piona for grade in ships.grades], np.float32) / 100,
        "volatility": xp.array([getattr(scenario.prices, name) for name in LEADERS], np.float32),
    }


def macro_actions_of(scenario: Scenario) -> tuple[tuple[str, ...], ...]:
    """Name each agent's macro-actions in the order of their numbers."""
    layout = layout_of(scenario)
    berth = (
        f"wait {scenario.berths.wait_h} h",
        *(
            f"{which} ship into tank {tank.name}"
            for which in ("first", "second")
            for tank in scenario.tanks
        ),
    )
    settings = tuple(f"{cot:g} C, {feed:g} t/h" for cot, feed in layout.set_points)
    if scenario.furnace_agents == "each":
        further = ("decoke now", f"stand-by {scenario.furnaces.hold_h} h")
    else:
        further = ("decoke the oldest", "decoke the hottest")
    furnace = (*settings, *further)
    return (berth,) * layout.berths + (layout.recipe_names,) + (furnace,) * layout.furnace_agents


def _recipes(
    names: tuple[str, ...], parts: int
) -> tuple[Float32[np.ndarray, "R K"], tuple[str, ...]]:
    count = len(names)
    shares: list[dict[int, float]] = [{}, *({k: 1.0} for k in range(count))]
    if parts >= 2:
        shares += [{i: 0.5, j: 0.5} for i, j in itertools.combinations(range(count), 2)]
        shares += [{i: 0.75, j: 0.25} for i, j in itertools.permutations(range(count), 2)]
    if parts >= 3:
        third = 1.0 / 3.0
        shares += [dict.fromkeys(three, third) for three in itertools.combinations(range(count), 3)]
    table = np.zeros((len(shares), count), np.float32)
    for row, recipe in enumerate(shares):
        for tank, share in recipe.items():
            table[row, tank] = share
    called = tuple(
        " + ".join(f"{names[tank]} {share:.0%}" for tank, share in recipe.items()) or "none"
        for recipe in shares
    )
    return table, called
