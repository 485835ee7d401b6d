"""The best that can be done on the furnace: dynamic programming over coke and the market.

A run of the furnace is a stock of room for coke that is spent for margin. What a mm of that room
is worth, the *shadow price* of coke, depends on how much is left and on the market: in a bad
market both the feed that a decoke loses and the coke that severity costs are cheap. The program

    V(coke, spread) + gain = max { max_u  margin(u, coke, spread) + E V(coke + growth(u), spread'),
                                   - decoke + E V(clean, spread' after the decoke) }

maximizes the long-run average. Its margin, growth of coke and tube temperature are the plant's own
functions. What it simplifies:

- the five prices are told by one number, the margin at usual set-points (*spread*), which reverts
  to its mean as they do; they lie where they lie on average at that spread;
- the feed is one of three grades, drawn again at each step;
- set-points are reached at once; a decoke takes two days without margin; the bare metal's extra
  coking is there at once when a run begins;
- the coke is known.

The *operator* that comes of it drops most of this again: at each step it weighs today's prices and
the laboratory's feed against the shadow price, u = argmax margin(u) - shadow price x growth(u), keeps
the tubes below the limit on the way to u as well, and knows the coke only from the measured tube
temperatures of the run so far. It sees what an agent sees and runs on the plant, so what it earns
can be reached. It is no upper bound: the simplifications cost it something.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from shiftwork.plants.cracker.coke_estimate import COVERED_H, MARGIN_C, estimate, foreseen
from shiftwork.plants.cracker.disturbances import (
    REVERSION_DAYS,
    TYPICAL_NAPHTHAS,
    first_prices,
    leaders,
)
from shiftwork.plants.cracker.furnace import CATALYTIC, CATALYTIC_H, Cracked, FurnaceDesign, crack
from shiftwork.plants.cracker.furnace_plant import (
    DECOKE_COST_KUSD,
    read,
)
from shiftwork.plants.cracker.prices import margin_per_h, prices_of
from shiftwork.records.limits import for_rows

DECOKE_DAYS = 2
SWEPT_DAYS = 1000
"""Sweeps of value iteration; prices forget within 90 days."""
GRADES, GRADE_SHARE = np.array([-0.775, 0.0, 0.775]), np.array([5, 8, 5]) / 18
"""Three grades of feed that stand for all from light to heavy (Gauss-Legendre)."""
END_SPAN_C = 40.0
"""Below the limit, the lowest end of run that can be set."""


@dataclass(frozen=True)
class Grid:
    """How finely the program looks.

    Attributes:
        coke: Points from clean tubes to more coke than any set-points can run with.
        spread: Points of the market's spread.
        feed: Candidates of feed between its limits; the next two alike.
        cot: Of COT.
        steam: Of the steam ratio.
        steps_per_day: Decisions a day.
    """

    coke: int = 41
    spread: int = 21
    feed: int = 3
    cot: int = 11
    steam: int = 5
    steps_per_day: int = 1


class Offer(NamedTuple):
    """What candidates earn and cost; margin and tube temperature are linear in coke.

    Attributes:
        margin: With clean tubes, thousand $/h, (*B, U).
        margin_per_mm: Its change with each mm of coke, (*B, U).
        tube_c: With clean tubes, (*B, U).
        tube_c_per_mm: Its change with each mm of coke, (*B, U).
        growth: Of coke, mm/h, (*B, U).
    """

    margin: Float[Array, "*#B U"]
    margin_per_mm: Float[Array, "*#B U"]
    tube_c: Float[Array, "*#B U"]
    tube_c_per_mm: Float[Array, "*#B U"]
    growth: Float[Array, "*#B U"]


class Optimum(NamedTuple):
    """The solved program.

    Attributes:
        coke_mm: Grid, (C,).
        spread: Grid, thousand $/h, (X,).
        spread_weight: Turns the prices of ``LEADERS`` into the spread, (5,).
        shadow: Price of a mm of coke, thousand $, (C, X).
        decoke_gain: What a decoke now is worth more than going on, thousand $, (C, X).
        gain: Long-run margin less decokes as the program sees it, thousand $/h, ().
    """

    coke_mm: Float[Array, " C"]
    spread: Float[Array, " X"]
    spread_weight: Float[Array, " 5"]
    shadow: Float[Array, "C X"]
    decoke_gain: Float[Array, "C X"]
    gain: Float[Array, ""]


def candidates(design: FurnaceDesign, feed: int, cot: int, steam: int) -> Float[np.ndarray, "U 3"]:
    """All combinations of feed, COT and steam ratio on even grids within their limits."""
    axes = (
        np.linspace(design.feed_low_t_per_h, design.feed_high_t_per_h, feed),
        np.linspace(design.cot_low_c, design.cot_high_c, cot),
        np.linspace(design.steam_low, design.steam_high, steam),
    )
    return np.stack([a.ravel() for a in np.meshgrid(*axes, indexing="ij")], -1).astype(np.float32)


def offers(
    design: FurnaceDesign,
    actions: Float[Array, "U 3"],
    prices: Float[Array, "*#B 5"],
    piona: Float[Array, "*#B 5"],
) -> Offer:
    """Evaluate candidates (feed, COT, steam ratio) at prices of ``LEADERS`` and a feed."""
    feed, cot, steam = (for_rows(setting, piona) for setting in actions.T)
    coked_mm = 2 * design.coke_room_mm

    def at(coke_mm: float) -> Cracked:
        coke, hours = jnp.full_like(feed, coke_mm), jnp.full_like(feed, COVERED_H)
        return crack(design, coke, hours, feed, cot, steam, piona[..., None, :])

    def margin(cracked: Cracked) -> Float[Array, "*#B U"]:
        # Linear in prices, so a product of matrices. (Written as a sum over products, XLA 0.10.2
        # compiles it wrongly for CPUs once the arrays are large.)
        units = [margin_per_h(cracked, feed, prices_of(leader)) for leader in jnp.eye(5)]
        weight = jnp.stack(units, -1) / 1000
        return jnp.einsum("...uk,...k->...u", weight, prices, precision="highest")

    clean, coked = at(0.0), at(coked_mm)
    clean_margin = margin(clean)
    return Offer(
        clean_margin,
        (margin(coked) - clean_margin) / coked_mm,
        clean.tube_c,
        (coked.tube_c - clean.tube_c) / coked_mm,
        clean.coke_mm_per_h,
    )


@partial(jax.jit, static_argnums=(0, 1))
def solve(design: FurnaceDesign, grid: Grid = Grid()) -> Optimum:
    """Solve the program by relative value iteration."""
    weight, spread, at_spread, moves = _market(design, grid)
    actions = jnp.asarray(candidates(design, grid.feed, grid.cot, grid.steam))
    offer = offers(design, actions, at_spread[:, None], jnp.asarray(_grades())[None])  # (X, G, U)
    offer = Offer(*(jnp.moveaxis(x, 0, -1)[None] for x in offer))  # X = 1 but for the margin
    # Low loads run with more coke than the design's room.
    coke = jnp.linspace(0.0, 1.6 * design.coke_room_mm, grid.coke)
    level = coke[:, None, None, None]  # (C, G, U, X) from here
    hours = 24 / grid.steps_per_day
    tube_c = offer.tube_c + offer.tube_c_per_mm * level
    earned = hours * (offer.margin + offer.margin_per_mm * level)
    earned = jnp.where(tube_c <= design.tube_limit_c - MARGIN_C, earned, -jnp.inf)
    after = (jnp.minimum(level + hours * offer.growth, coke[-1]) / coke[1])[..., 0]
    below = jnp.clip(after.astype(jnp.int32), 0, grid.coke - 2)  # (C, G, U)
    part = (after - below.astype(jnp.float32))[..., None]
    # A decoke begins at a reading of the lowest end of run or more, which any grade can give.
    may = (tube_c.max(2) >= design.tube_limit_c - END_SPAN_C).all(1)  # (C, 1)
    share = jnp.asarray(GRADE_SHARE, jnp.float32)[None, :, None]
    fresh_mm = design.coke_mm_per_h * CATALYTIC * CATALYTIC_H

    def sweep(carry: tuple[Array, Array], _: None) -> tuple[tuple[Array, Array], Any]:
        value, waits = carry  # waits[k]: k + 1 steps of a decoke to go, (K, X)
        ahead = value @ moves.T
        future = (1 - part) * ahead[below] + part * ahead[below + 1]
        going_on = ((earned + future).max(2) * share).sum(1)
        decoke = (-DECOKE_COST_KUSD + moves @ waits[-1])[None]
        clean = jax.vmap(lambda row: jnp.interp(fresh_mm, coke, row), 1)(value)
        waits = jnp.concatenate([(moves @ clean)[None], waits[:-1] @ moves.T])
        forced = ~jnp.isfinite(going_on)
        value = jnp.where(may | forced, jnp.maximum(going_on, decoke), going_on)
        reference = value[0, grid.spread // 2]
        return (value - reference, waits - reference), (reference, decoke - going_on)

    pause = DECOKE_DAYS * grid.steps_per_day
    start = (jnp.zeros((grid.coke, grid.spread)), jnp.zeros((pause - 1, grid.spread)))
    (value, _), (reference, decoke_gain) = jax.lax.scan(
        sweep, start, length=SWEPT_DAYS * grid.steps_per_day
    )
    return Optimum(
        coke,
        spread,
        weight,
        jnp.asarray(jnp.gradient(-value, coke[1], axis=0)),
        jnp.where(may, jnp.clip(decoke_gain[-1], -1e4, 1e4), -1e4),
        jnp.mean(reference[-100:]) / hours,
    )


def _market(
    design: FurnaceDesign, grid: Grid
) -> tuple[Float[Array, " 5"], Float[Array, " X"], Float[Array, "X 5"], Float[Array, "X X"]]:
    """Tell the spread from prices, lay its grid, and say where prices are and how it moves."""
    prices = jax.vmap(lambda key: leaders(first_prices(key)))(
        jax.random.split(jax.random.key(0), 20_000)
    )
    usual = jnp.array([[design.feed_high_t_per_h, design.design_cot_c, 0.5]])
    feed = jnp.asarray(_grades()[1])
    # The margin is linear in prices.
    weight = jax.grad(lambda p: offers(design, usual, p, feed).margin[0])(prices[0])
    seen = prices @ weight
    mean, deviation = seen.mean(), seen.std()
    axis = np.sqrt(grid.spread - 1) * np.linspace(-1, 1, grid.spread)
    spread = mean + deviation * axis
    slope = ((prices - prices.mean(0)[None]) * (seen - mean)[:, None]).mean(0) / deviation**2
    at_spread = prices.mean(0)[None] + slope[None] * (spread - mean)[:, None]
    keep = float(np.exp(-1 / REVERSION_DAYS / grid.steps_per_day))
    return weight, spread, at_spread, jnp.asarray(rouwenhorst(grid.spread, keep), jnp.float32)


def rouwenhorst(points: int, keep: float) -> Float[np.ndarray, "X X"]:
    """Make a Markov chain of a process that keeps that part of its deviation in a step.

    On an even grid of plus and minus sqrt(points - 1) deviations it has the process's conditional
    mean and variance exactly (Rouwenhorst 1995).
    """
    p = (1 + keep) / 2
    moves = np.array([[p, 1 - p], [1 - p, p]])
    for n in range(3, points + 1):
        wider = np.zeros((n, n))
        for (i, j), q in (((0, 0), p), ((0, 1), 1 - p), ((1, 0), 1 - p), ((1, 1), p)):
            wider[i : n - 1 + i, j : n - 1 + j] += q * moves
        wider[1:-1] /= 2
        moves = wider
    return moves


def _grades() -> Float[np.ndarray, "G 5"]:
    light, middle, heavy = TYPICAL_NAPHTHAS
    side = np.where(GRADES[:, None] < 0, light - middle, heavy - middle)
    return (middle + np.abs(GRADES[:, None]) * side).astype(np.float32)


class Belief(NamedTuple):
    """What the operator remembers.

    Attributes:
        coke_mm: Estimate, ().
        piona: The laboratory's word on the feed with which the next reading is made, (5,).
        readings: That went into the estimate, (); many after a decoke, when coke is known.
    """

    coke_mm: Float[Array, ""]
    piona: Float[Array, " 5"]
    readings: Float[Array, ""]


@dataclass(frozen=True, eq=False)
class OptimalOperator:
    """Runs the furnace by the solved program, an ``Operator``.

    Attributes:
        optimum: The solved program.
        design: Of the furnace.
        fineness: Candidates of feed, COT and steam ratio that it weighs at each step.
    """

    optimum: Optimum
    design: FurnaceDesign
    fineness: tuple[int, int, int] = (4, 21, 8)

    def begin(self, key: PRNGKeyArray) -> Belief:
        """Know nothing of the coke."""
        del key
        return Belief(jnp.zeros(()), jnp.full(5, jnp.nan), jnp.zeros(()))

    def act(
        self, memory: Belief, observation: Float[Array, " 18"], key: PRNGKeyArray
    ) -> tuple[Belief, Float[Array, " 4"]]:
        """Take what is worth most with its coke at the shadow price."""
        del key
        seen = read(observation)
        piona = jnp.where(jnp.isnan(memory.piona), seen.piona, memory.piona)
        estimated = estimate(self.design, memory.coke_mm, memory.readings, piona, seen)
        memory = Belief(estimated[0], seen.piona, estimated[1])
        actions = jnp.asarray(candidates(self.design, *self.fineness))
        coke_mm = jnp.clip(memory.coke_mm, 0.0, self.optimum.coke_mm[-1])
        offer = offers(self.design, actions, seen.leaders, seen.piona)
        spread = seen.leaders @ self.optimum.spread_weight
        shadow = self._looked_up(self.optimum.shadow, coke_mm, spread)
        worth = offer.margin + offer.margin_per_mm * coke_mm - shadow * offer.growth
        # Feed may come up before COT goes down; while feed swings in, nothing is hot.
        swung_in = seen.feed_t_per_h >= self.design.feed_low_t_per_h
        on_the_way = jnp.where(swung_in, foreseen(self.design, seen, coke_mm, actions), 0.0)
        tube_c = jnp.maximum(offer.tube_c + offer.tube_c_per_mm * coke_mm, on_the_way)
        fits = tube_c <= self.design.tube_limit_c - MARGIN_C
        best = jnp.where(fits, worth, -1e6 - tube_c).argmax()
        stop = (self._looked_up(self.optimum.decoke_gain, coke_mm, spread) > 0) | ~fits.any()
        end_c = self.design.tube_limit_c - jnp.where(stop, END_SPAN_C, 0.0)
        return memory, jnp.append(actions[best], end_c)

    def _looked_up(
        self, table: Float[Array, "C X"], coke_mm: Float[Array, ""], spread: Float[Array, ""]
    ) -> Float[Array, ""]:
        """Interpolate a table of the program; beyond its edges it stays as it is there."""
        row = coke_mm / self.optimum.coke_mm[1]
        column = (spread - self.optimum.spread[0]) / (
            self.optimum.spread[1] - self.optimum.spread[0]
        )
        return jax.scipy.ndimage.map_coordinates(table, [row, column], order=1, mode="nearest")
