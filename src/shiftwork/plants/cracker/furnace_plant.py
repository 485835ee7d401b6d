"""One naphtha furnace run for 120 days, as a plant with four set-points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from shiftwork.plants.cracker.disturbances import (
    Tank,
    first_prices,
    first_tank,
    leaders,
    next_prices,
    next_tank,
)
from shiftwork.plants.cracker.feed import CLASSES, hydrogen_content
from shiftwork.plants.cracker.furnace import LIQUID, Cracked, FurnaceDesign, crack
from shiftwork.plants.cracker.prices import LEADERS, margin_per_h, prices_of
from shiftwork.plants.cracker.yields import ETHYLENE, PROPYLENE, pygas_hydrogen
from shiftwork.plants.plant import ScoreRange, Step
from shiftwork.records.tags import Tag, Tags

STEP_H = 4
"""Hours of a step; inside it the furnace moves hour by hour."""

FEED_RATE, COT_RATE, STEAM_RATE = 2.0, 2.0, 0.01
"""How fast the furnace follows its set-points, per hour: t/h, C, steam ratio (K)."""
SWING_RATE = 6.0
"""t/h per hour while feed is swung out for a decoke, or in after it: 5 to 8 h (K)."""
STANDBY_COT_C = 800.0
"""Where COT goes during a decoke, and so where the next run begins (K)."""

TRIP_H = 72.0
"""Without feed after a trip: an unplanned decoke takes longer (K)."""
DECOKE_COST_KUSD, TRIP_COST_KUSD = 60.0, 400.0
"""Of any decoke, and on top of it for a trip (tubes, flaring, repair), thousand $ (K)."""

TUBE_NOISE_C = 3.0
"""Standard deviation of the measured tube temperature (pyrometer)."""
YIELD_NOISE = 0.003
"""Standard deviation of the analysed yields, mass fraction."""


class FurnaceState(NamedTuple):
    """What the furnace carries from step to step.

    Attributes:
        feed_t_per_h: Actual feed, ().
        cot_c: Actual coil outlet temperature, ().
        steam_ratio: Actual dilution steam over feed, ().
        coke_mm: Coke on the hottest tubes, ().
        clean_h: Hours of cracking since the last decoke, ().
        decoke_left_h: Hours without feed still to come; 0 while cracking, ().
        measured_tube_c: The reading that the next step compares with the end of run, ().
        tank: The feed's quality.
        price_deviation: Of the logarithms of ``LEADERS`` from typical, (5,).
    """

    feed_t_per_h: Float[Array, ""]
    cot_c: Float[Array, ""]
    steam_ratio: Float[Array, ""]
    coke_mm: Float[Array, ""]
    clean_h: Float[Array, ""]
    decoke_left_h: Float[Array, ""]
    measured_tube_c: Float[Array, ""]
    tank: Tank
    price_deviation: Float[Array, " 5"]


class Hour(NamedTuple):
    """What an hour brings."""

    cracked: Cracked
    feed_t: Float[Array, ""]
    margin_usd: Float[Array, ""]
    tripped: Bool[Array, ""]


@dataclass(frozen=True)
class Furnace:
    """A naphtha furnace between its decokes.

    A step is 4 hours. The action holds the set-points of feed, COT and steam ratio, to which the
    furnace moves at limited rates, and the measured tube temperature at which a decoke begins. A
    decoke swings the feed out, takes ``design.decoke_h`` without feed, and swings it in again
    from a COT of 800 C. If the true tube temperature exceeds the design's limit the furnace
    trips, which is expensive.

    The reward is the margin of the step in thousand dollars (products less feed, fuel and steam),
    less what decokes and trips cost, so that a return is in thousand dollars too. The 120 days
    end by the clock alone: nothing is charged for the coke that is left, and the clock is not
    seen. Episodes begin at a random age of the run.

    Attributes:
        design: Of the furnace.
    """

    design: FurnaceDesign = LIQUID
    name: str = "furnace"
    horizon: int = 120 * 24 // STEP_H
    score: ScoreRange | None = None
    targets: tuple[tuple[int, int], ...] = ()

    @property
    def observation(self) -> Tags:
        """Actual values, tube temperature, clocks, laboratory, prices, analysed yields."""
        return (
            Tag("feed", "t/h", 0.0, 100.0),
            Tag("COT", "C", 600.0, 1000.0),
            Tag("steam ratio", "t/t", 0.0, 1.0),
            Tag("tube temperature", "C", 600.0, 1300.0),
            Tag("run time", "h", 0.0, 10_000.0),
            Tag("decoke time left", "h", 0.0, 1000.0),
            *(Tag(f"lab {name}", "wt%", 0.0, 100.0, outside=True) for name in CLASSES),
            *(
                Tag(f"price {n}", "$/GJ" if n == "fuel" else "$/t", 0.0, 5000.0, outside=True)
                for n in LEADERS
            ),
            Tag("yield ethylene", "wt%", 0.0, 100.0),
            Tag("yield propylene", "wt%", 0.0, 100.0),
        )

    @property
    def action(self) -> Tags:
        """Set-points, and when a run ends."""
        d = self.design
        return (
            Tag("feed set-point", "t/h", d.feed_low_t_per_h, d.feed_high_t_per_h),
            Tag("COT set-point", "C", d.cot_low_c, d.cot_high_c),
            Tag("steam ratio set-point", "t/t", d.steam_low, d.steam_high),
            Tag("end-of-run tube temperature", "C", d.tube_limit_c - 40.0, d.tube_limit_c),
        )

    def reset(self, key: PRNGKeyArray) -> tuple[FurnaceState, Float[Array, " 18"]]:
        """Somewhere in a run, at usual set-points, with any tank and prices of the long run."""
        tank_key, price_key, draw_key, noise_key = jax.random.split(key, 4)
        draw = jax.random.uniform(draw_key, (4,))
        d = self.design
        # Up to 60 % of what takes clean tubes to the limit at design conditions.
        coke_mm = 0.6 * d.coke_room_mm * draw[3]
        state = FurnaceState(
            feed_t_per_h=d.design_feed_t_per_h * (0.85 + 0.15 * draw[0]),
            cot_c=d.design_cot_c - 15.0 + 20.0 * draw[1],
            steam_ratio=d.steam_low + (d.steam_high - d.steam_low) * (0.3 + 0.3 * draw[2]),
            coke_mm=coke_mm,
            clean_h=coke_mm / d.coke_mm_per_h,
            decoke_left_h=jnp.zeros(()),
            measured_tube_c=jnp.zeros(()),
            tank=first_tank(tank_key),
            price_deviation=first_prices(price_key),
        )
        return self._seen(state, self._crack(state), noise_key)

    def step(self, state: FurnaceState, action: Float[Array, " 4"], key: PRNGKeyArray) -> Step:
        """Four hours; a decoke begins with them if the last reading reached the end of run."""
        low = jnp.array([tag.low for tag in self.action], jnp.float32)
        high = jnp.array([tag.high for tag in self.action], jnp.float32)
        action = jnp.clip(action, low, high)
        tank_key, price_key, noise_key = jax.random.split(key, 3)

        idle = state.decoke_left_h > 0
        begins = (state.measured_tube_c >= action[3]) & (state.feed_t_per_h > 0) & ~idle
        state = state._replace(
            decoke_left_h=jnp.where(begins, self.design.decoke_h, state.decoke_left_h)
        )
        state, hours = jax.lax.scan(lambda s, _: self._hour(s, action), state, None, length=STEP_H)

        tripped = hours.tripped.any()
        margin_kusd = hours.margin_usd.sum() / 1000
        decoke_kusd = jnp.where(begins | tripped, jnp.float32(DECOKE_COST_KUSD), 0.0)
        decoke_kusd += jnp.where(tripped, TRIP_COST_KUSD, 0.0)
        products_t = hours.cracked.products_t_per_h.sum(0)
        feed_t = hours.feed_t.sum()
        hydrogen = hydrogen_content(state.tank.piona)
        _, open_hydrogen = pygas_hydrogen(hydrogen, products_t / jnp.maximum(feed_t, 1e-6))
        last = jax.tree.map(lambda x: x[-1], hours.cracked)

        # The next tank and prices are seen at the end of the step, before they count.
        state = state._replace(
            tank=next_tank(state.tank, STEP_H, tank_key),
            price_deviation=next_prices(state.price_deviation, STEP_H, price_key),
        )
        state, observation = self._seen(state, last, noise_key)
        return Step(
            state=state,
            observation=observation,
            reward=margin_kusd - decoke_kusd,
            terminal=jnp.zeros((), bool),
            info={
                "feed_t": feed_t,
                "products_t": products_t,
                "fuel_gj": hours.cracked.fuel_gj_per_h.sum(),
                "margin_kusd": margin_kusd,
                "decoke_kusd": decoke_kusd,
                "tube_c": hours.cracked.tube_c.max(),
                "coke_mm": state.coke_mm,
                "decoking": state.decoke_left_h > 0,
                "violation": tripped,
                # Relative to a step's feed at design.
                "mass_residual": (feed_t - products_t.sum())
                / (STEP_H * self.design.design_feed_t_per_h),
                # Mass fraction of the feed; carbon has the same with the other sign.
                "hydrogen_residual": jnp.where(feed_t > 0, open_hydrogen, 0.0),
            },
        )

    def _hour(self, state: FurnaceState, action: Float[Array, " 4"]) -> tuple[FurnaceState, Hour]:
        d = self.design
        idle = state.decoke_left_h > 0
        rate = jnp.where(idle | (state.feed_t_per_h < d.feed_low_t_per_h), SWING_RATE, FEED_RATE)
        feed = _moved(state.feed_t_per_h, jnp.where(idle, 0.0, action[0]), rate)
        state = state._replace(
            feed_t_per_h=feed,
            cot_c=_moved(state.cot_c, jnp.where(idle, STANDBY_COT_C, action[1]), COT_RATE),
            steam_ratio=_moved(state.steam_ratio, action[2], STEAM_RATE),
        )
        cracked = self._crack(state)
        margin = margin_per_h(cracked, feed, prices_of(leaders(state.price_deviation)))
        tripped = (cracked.tube_c > d.tube_limit_c) & (feed > 0)

        # Air burns the coke only while no feed is in.
        left = jnp.where(feed > 0, state.decoke_left_h, jnp.maximum(state.decoke_left_h - 1, 0.0))
        burnt = idle & (left <= 0)
        state = state._replace(
            feed_t_per_h=jnp.where(tripped, 0.0, feed),
            coke_mm=jnp.where(burnt, 0.0, state.coke_mm + cracked.coke_mm_per_h),
            clean_h=jnp.where(burnt, 0.0, state.clean_h + (feed > 0).astype(jnp.float32)),
            decoke_left_h=jnp.where(tripped, TRIP_H, left),
        )
        return state, Hour(cracked, feed, margin, tripped)

    def _crack(self, state: FurnaceState) -> Cracked:
        return crack(
            self.design,
            state.coke_mm,
            state.clean_h,
            state.feed_t_per_h,
            state.cot_c,
            state.steam_ratio,
            state.tank.piona,
        )

    def _seen(
        self, state: FurnaceState, cracked: Cracked, key: PRNGKeyArray
    ) -> tuple[FurnaceState, Float[Array, " 18"]]:
        noise = jax.random.normal(key, (3,))
        tube_c = cracked.tube_c + TUBE_NOISE_C * noise[0]
        products = cracked.products_t_per_h
        share = products[jnp.array([ETHYLENE, PROPYLENE])] / jnp.maximum(products.sum(), 1e-6)
        share = jnp.where(products.sum() > 0, share + YIELD_NOISE * noise[1:], 0.0)
        state = state._replace(measured_tube_c=tube_c)
        observation = jnp.concatenate(
            [
                jnp.stack(
                    [
                        state.feed_t_per_h,
                        state.cot_c,
                        state.steam_ratio,
                        tube_c,
                        state.clean_h,
                        state.decoke_left_h,
                    ]
                ),
                100 * state.tank.lab_piona,
                leaders(state.price_deviation),
                100 * share,
            ]
        )
        low = jnp.array([tag.low for tag in self.observation], jnp.float32)
        high = jnp.array([tag.high for tag in self.observation], jnp.float32)
        return state, jnp.clip(observation, low, high)


def _moved(
    value: Float[Array, ""], target: Float[Array, ""], rate: Float[Array, ""] | float
) -> Float[Array, ""]:
    """Move a value towards its target by at most ``rate``, and onto it when that near."""
    return jnp.where(
        jnp.abs(target - value) <= rate, target, value + rate * jnp.sign(target - value)
    )


class Reading(NamedTuple):
    """What the panel shows: the furnace's observation by name.

    Attributes:
        feed_t_per_h: Actual feed, (*B,).
        cot_c: Actual coil outlet temperature, (*B,).
        steam_ratio: Actual, (*B,).
        tube_c: Measured tube temperature, (*B,).
        run_h: Hours of cracking since the last decoke, (*B,).
        decoke_left_h: Hours without feed still to come, (*B,).
        piona: The laboratory's mass fractions, (*B, 5).
        leaders: Prices in the order of ``LEADERS``, (*B, 5).
    """

    feed_t_per_h: Float[Array, "*B"]
    cot_c: Float[Array, "*B"]
    steam_ratio: Float[Array, "*B"]
    tube_c: Float[Array, "*B"]
    run_h: Float[Array, "*B"]
    decoke_left_h: Float[Array, "*B"]
    piona: Float[Array, "*B 5"]
    leaders: Float[Array, "*B 5"]


def read(observation: Float[Array, "*B 18"]) -> Reading:
    """Read the panel."""
    feed, cot, steam, tube, run, left = (observation[..., i] for i in range(6))
    piona, prices = observation[..., 6:11] / 100, observation[..., 11:16]
    return Reading(feed, cot, steam, tube, run, left, piona, prices)
