"""Cyclic scheduling of one furnace whose performance decays: a published example, solved exactly.

Jain and Grossmann, "Cyclic scheduling of continuous parallel units with decaying performance",
AIChE Journal 44 (1998) 1623-1636; ``csched`` of the GAMS model library. Feeds take turns in a
furnace. Each is cracked for t days in a cycle of T days, in n sub-cycles between which the furnace
is cleaned; t days after a cleaning the conversion is c + a exp(-b t). What is to be found is

    max  sum_i [ P D (c t + a n / b (1 - exp(-b t / n))) - C n ] / T
    with  F_low T <= D t <= F_high T,   sum_i (n tau + t) <= T,   t <= 150 d,   n whole.

It is the furnace's own problem, decay against cleaning, small enough to be solved beyond doubt. All
combinations of sub-cycles are tried. For each the rest is easy: at a given T the time left goes
where the next hour earns most (the days' marginal worth is the same for all feeds that are not at a
bound), and a concave function over T has one maximum.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from shiftwork.errors import UserError

HALVINGS = 55
"""Of the marginal worth, and of the cycle time by golden section: beyond float64's needs."""
GOLDEN = (np.sqrt(5) - 1) / 2


@dataclass(frozen=True)
class Cycles:
    """One furnace and its feeds; each value has an entry for each feed.

    Attributes:
        changeover_d: Cleaning before each sub-cycle (tau).
        rate_t_per_d: Feed while cracking (D).
        decaying: Part of the conversion that decays (a).
        decay_per_d: How fast (b).
        lasting: Part of the conversion that stays (c).
        price_per_t: Of what is converted, $/t (P).
        cleaning_cost: $ for each sub-cycle (C).
        least_t_per_d: Of each feed that arrives, over the whole cycle.
        most_t_per_d: The same, at most.
        longest_d: Cracking of a feed in a cycle.
    """

    changeover_d: tuple[float, ...]
    rate_t_per_d: tuple[float, ...]
    decaying: tuple[float, ...]
    decay_per_d: tuple[float, ...]
    lasting: tuple[float, ...]
    price_per_t: tuple[float, ...]
    cleaning_cost: tuple[float, ...]
    least_t_per_d: tuple[float, ...]
    most_t_per_d: tuple[float, ...]
    longest_d: float = 150.0


class Schedule(NamedTuple):
    """The best schedule.

    Attributes:
        sub_cycles: Of each feed.
        cracking_d: Days of each feed in a cycle.
        cycle_d: Length of the cycle.
        profit_per_d: $/d.
    """

    sub_cycles: tuple[int, ...]
    cracking_d: tuple[float, ...]
    cycle_d: float
    profit_per_d: float


EXAMPLE = Cycles(
    changeover_d=(2.0, 3.0, 3.0),
    rate_t_per_d=(1300.0, 1000.0, 1100.0),
    decaying=(0.20, 0.18, 0.19),
    decay_per_d=(0.10, 0.13, 0.09),
    lasting=(0.18, 0.10, 0.12),
    price_per_t=(160.0, 90.0, 120.0),
    cleaning_cost=(100.0, 90.0, 80.0),
    least_t_per_d=(350.0, 300.0, 300.0),
    most_t_per_d=(650.0, 600.0, 600.0),
)
"""The first data set: feeds A, B and C."""
PUBLISHED = {4: 30430.1768, 20: 30639.2578}
"""Most sub-cycles of a feed -> optimum for ``EXAMPLE``, $/d (MINLPLib: csched1a, and csched1, whose
figure is quoted and was not looked up again)."""


def profit_per_d(
    cycles: Cycles,
    sub_cycles: Float64[np.ndarray, "K I"],
    cracking_d: Float64[np.ndarray, "K I"],
    cycle_d: Float64[np.ndarray, " K"],
) -> Float64[np.ndarray, " K"]:
    """Profit of schedules, $/d, whether they keep the limits or not."""
    lasting, decaying = _worth(cycles)
    b = np.array(cycles.decay_per_d)
    decayed = decaying / b * sub_cycles * -np.expm1(-b * cracking_d / sub_cycles)
    cleaning = np.array(cycles.cleaning_cost) * sub_cycles
    return (lasting * cracking_d + decayed - cleaning).sum(1) / cycle_d


def best_schedule(cycles: Cycles, most_sub_cycles: int) -> Schedule:
    """Find the best schedule by trying all numbers of sub-cycles.

    Args:
        cycles: Furnace and feeds.
        most_sub_cycles: Of each feed.

    Raises:
        UserError: No schedule keeps the limits.
    """
    feeds = len(cycles.rate_t_per_d)
    axes = [np.arange(1.0, most_sub_cycles + 1)] * feeds
    n = np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], 1)
    least_share = np.array(cycles.least_t_per_d) / np.array(cycles.rate_t_per_d)
    low = (n @ np.array(cycles.changeover_d)) / max(1 - least_share.sum(), 1e-12)
    high = np.full(len(n), (cycles.longest_d / least_share).min())
    possible = low <= high
    if not possible.any():
        raise UserError(
            "csched: no cycle is long enough for the least flows; give lower least_t_per_d or "
            "shorter changeover_d"
        )
    n, low, high = n[possible], low[possible], high[possible]
    for _ in range(HALVINGS):
        left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        better = _at(cycles, n, left)[1] < _at(cycles, n, right)[1]
        low, high = np.where(better, left, low), np.where(better, high, right)
    cycle_d = (low + high) / 2
    cracking_d, profit = _at(cycles, n, cycle_d)
    best = int(profit.argmax())
    return Schedule(
        tuple(int(k) for k in n[best]),
        tuple(cracking_d[best].tolist()),
        float(cycle_d[best]),
        float(profit[best]),
    )


def _at(
    cycles: Cycles, n: Float64[np.ndarray, "K I"], cycle_d: Float64[np.ndarray, " K"]
) -> tuple[Float64[np.ndarray, "K I"], Float64[np.ndarray, " K"]]:
    """Best days of cracking at given cycle times, and the profit."""
    rate = np.array(cycles.rate_t_per_d)
    least = np.array(cycles.least_t_per_d) * cycle_d[:, None] / rate
    most = np.array(cycles.most_t_per_d) * cycle_d[:, None] / rate
    most = np.clip(most, least, cycles.longest_d)
    budget = cycle_d - n @ np.array(cycles.changeover_d)
    lasting, decaying = _worth(cycles)
    b = np.array(cycles.decay_per_d)

    def days(marginal: Float64[np.ndarray, " K"]) -> Float64[np.ndarray, "K I"]:
        # lasting + decaying exp(-b t / n) = marginal, $/d
        above = np.maximum(marginal[:, None] - lasting, 1e-300)
        return np.clip(n / b * np.log(decaying / above), least, most)

    low, high = np.zeros(len(n)), np.full(len(n), (lasting + decaying).max())
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        over = days(middle).sum(1) > budget
        low, high = np.where(over, middle, low), np.where(over, high, middle)
    cracking_d = days(high)
    return cracking_d, profit_per_d(cycles, n, cracking_d, cycle_d)


def _worth(cycles: Cycles) -> tuple[Float64[np.ndarray, " I"], Float64[np.ndarray, " I"]]:
    """$/d of cracking: what stays, and what decays."""
    full = np.array(cycles.price_per_t) * np.array(cycles.rate_t_per_d)
    return full * np.array(cycles.lasting), full * np.array(cycles.decaying)
