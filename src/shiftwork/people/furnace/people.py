"""The people at one furnace: a crew of operators who work in shifts, each in their own way.

Nobody here computes anything. Operators keep to what such plants keep to: COT by the naphtha in
the tank, a step of severity up or down with the price of ethylene, feed cut when the planners say
that the market is bad, a decoke by the tube's temperature or by the calendar. They differ in skill
and habit, they react late, they move set-points in round numbers, and they make mistakes.

A person is a row of numbers (``Crew``); everything is pure, so that many furnaces and years run at
once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from shiftwork.plants.cracker.furnace import FurnaceDesign
from shiftwork.plants.cracker.furnace_plant import Furnace, Reading, read
from shiftwork.plants.run import Trajectory, run
from shiftwork.records.episodes import Episodes
from shiftwork.records.tags import box

CREW = 4
"""Persons who share a furnace."""
USUAL_COT_C = 838.0
"""What the crews were taught for open-spec naphtha (K)."""
PLAN_STEPS = 42
"""The planners look at the market once a week."""
TRIALS = 0.06
"""Weeks in which the process engineers have a test run made, at set-points of their own."""
TRIAL_COT_C, TRIAL_STEAM = (802.0, 876.0), (0.36, 0.68)
SLIPS = 0.004
"""Probability of a mistake in a step, for a person of middling skill (K)."""
SLIP_SIZE = np.array([5.0, 10.0, 0.05], np.float32)
ROUND = np.array([0.5, 1.0, 0.01], np.float32)
"""Steps in which feed, COT and steam ratio are set."""
WORTHWHILE = np.array([1.0, 3.0, 0.02], np.float32)
"""Nobody moves a set-point for less."""


class Crew(NamedTuple):
    """The persons at one furnace, each value (4,).

    Attributes:
        skill: From 0, a beginner, to 1.
        cot_habit_c: How much hotter than taught this person likes to crack.
        price_gain_c: COT for a rise of ethylene over naphtha by a tenth.
        paraffin_gain_c: COT for a tenth more of paraffins in the feed.
        full_feed_t_per_h: What "full load" means to this person.
        steam_habit: Steam ratio with tubes that are not hot.
        end_c: Tube temperature at which this person has the furnace decoked.
        oldest_run_d: Belief that a run should not last longer, whatever the tubes say.
        attention: Probability that set-points are looked at in a step.
        stride_c: Most that COT is moved at once.
    """

    skill: Float[Array, "*B"]
    cot_habit_c: Float[Array, "*B"]
    price_gain_c: Float[Array, "*B"]
    paraffin_gain_c: Float[Array, "*B"]
    full_feed_t_per_h: Float[Array, "*B"]
    steam_habit: Float[Array, "*B"]
    end_c: Float[Array, "*B"]
    oldest_run_d: Float[Array, "*B"]
    attention: Float[Array, "*B"]
    stride_c: Float[Array, "*B"]


def hire(key: PRNGKeyArray) -> Crew:
    """Draw the four persons of a crew."""
    draw = jax.random.uniform(key, (10, CREW))
    skill = draw[0]

    def between(row: int, low: float, high: float) -> Float[Array, " 4"]:
        return low + (high - low) * draw[row]

    return Crew(
        skill=skill,
        cot_habit_c=between(1, -14.0, 14.0) * (1.2 - 0.6 * skill),
        price_gain_c=between(2, 1.0, 4.0) + 4.0 * skill,
        paraffin_gain_c=between(3, -1.0, 3.0),
        full_feed_t_per_h=jnp.round(2 * between(4, 48.0, 49.0)) / 2,
        steam_habit=jnp.round(100 * between(5, 0.40, 0.60)) / 100,
        end_c=jnp.round(between(6, 1076.0, 1090.0)),
        oldest_run_d=between(7, 50.0, 85.0),
        attention=between(8, 0.3, 0.5) + 0.3 * skill,
        stride_c=jnp.round(between(9, 2.0, 6.0)),
    )


class Shift(NamedTuple):
    """What goes on in the control room.

    Attributes:
        crew: Who shares the furnace.
        shift_steps: Length of a shift: 2 (8 h) or 3 (12 h) steps, ().
        step: Clock, ().
        mood: Drifts about 0 with a deviation of 1, ().
        plan: What the planners said: share of full load, ().
        ratio: What they said of ethylene over naphtha, as a logarithm against typical, ().
        plan_threshold: Spread in $/t below which these planners cut feed, ().
        trial: COT and steam ratio of a test run that goes on, NaN if none does, (2,).
        set_points: In force, (4,).
    """

    crew: Crew
    shift_steps: Int[Array, ""]
    step: Int[Array, ""]
    mood: Float[Array, ""]
    plan: Float[Array, ""]
    ratio: Float[Array, ""]
    plan_threshold: Float[Array, ""]
    trial: Float[Array, " 2"]
    set_points: Float[Array, " 4"]


@dataclass(frozen=True)
class People:
    """A crew that is drawn again for each furnace, an ``Operator``.

    Attributes:
        design: Of the furnace.
    """

    design: FurnaceDesign

    def begin(self, key: PRNGKeyArray) -> Shift:
        """Draw crew, shift system and planners; set-points are taken over from the panel."""
        crew_key, shift_key, step_key, plan_key = jax.random.split(key, 4)
        return Shift(
            crew=hire(crew_key),
            shift_steps=jax.random.choice(shift_key, jnp.array([2, 3])),
            step=PLAN_STEPS * jax.random.randint(step_key, (), 0, 50),
            mood=jnp.zeros(()),
            plan=jnp.ones(()),
            ratio=jnp.zeros(()),
            plan_threshold=jax.random.uniform(plan_key, (), minval=-20.0, maxval=20.0),
            trial=jnp.full(2, jnp.nan),
            set_points=jnp.full(4, jnp.nan),
        )

    def act(
        self, memory: Shift, observation: Float[Array, " 18"], key: PRNGKeyArray
    ) -> tuple[Shift, Float[Array, " 4"]]:
        """Decide as the person on shift does."""
        look_key, slip_key, which_key, mood_key, wish_key, plan_key = jax.random.split(key, 6)
        seen = read(observation)
        memory = self._planned(memory, seen, plan_key)
        turn = memory.step // memory.shift_steps
        person: Crew = jax.tree.map(lambda x: x[turn % CREW], memory.crew)
        memory = memory._replace(
            step=memory.step + 1,
            mood=0.9 * memory.mood + 0.44 * jax.random.normal(mood_key),
        )
        panel = jnp.stack([seen.feed_t_per_h, seen.cot_c, seen.steam_ratio, person.end_c])
        before = jnp.where(jnp.isnan(memory.set_points), panel, memory.set_points)

        after = self._wished(memory, person, seen, before[:3], wish_key)
        # A slip of the finger stays until somebody looks.
        slip = jax.random.uniform(slip_key) < SLIPS * (1.5 - person.skill)
        sign = jax.random.choice(which_key, jnp.array([-1.0, 1.0]), (3,))
        looks = jax.random.uniform(look_key) < person.attention
        after = jnp.where(looks, after, before[:3]) + jnp.where(slip, sign * SLIP_SIZE, 0.0)
        # The end of run is for each shift to say.
        after = jnp.append(after, self._end_of_run(person, seen))
        after = jnp.clip(after, *self._limits())
        return memory._replace(set_points=after), after

    def _planned(self, memory: Shift, seen: Reading, key: PRNGKeyArray) -> Shift:
        """Once a week, say how much to crack, by rules of thumb over prices, and what to test."""
        naphtha, ethylene, propylene = (seen.leaders[i] for i in range(3))
        # $/t of naphtha at usual yields; by-products count as a share of naphtha and a constant.
        spread = 0.28 * ethylene + 0.16 * propylene - 0.65 * naphtha + 65.0
        cut = spread < memory.plan_threshold
        plan = jnp.where(cut, 0.62, jnp.where(spread < memory.plan_threshold + 25.0, 0.85, 1.0))
        due = memory.step % PLAN_STEPS == 0
        trial_key, point_key = jax.random.split(key)
        low, high = np.array([TRIAL_COT_C, TRIAL_STEAM], np.float32).T
        trial = jnp.where(
            jax.random.uniform(trial_key) < TRIALS,
            low + (high - low) * jax.random.uniform(point_key, (2,)),
            jnp.nan,
        )
        return memory._replace(
            trial=jnp.where(due, trial, memory.trial),
            plan=jnp.where(due, plan, memory.plan),
            ratio=jnp.where(due, jnp.log(ethylene / naphtha * (632 / 860)), memory.ratio),
        )

    def _wished(
        self,
        memory: Shift,
        person: Crew,
        seen: Reading,
        before: Float[Array, " 3"],
        key: PRNGKeyArray,
    ) -> Float[Array, " 3"]:
        """Feed, COT and steam ratio that a look leads to: a step towards habit and rules."""
        paraffins = seen.piona[:2].sum()
        hot = jnp.clip((seen.tube_c - (person.end_c - 12.0)) / 12.0, 0.0, 1.0)
        cot = (
            USUAL_COT_C
            + person.cot_habit_c
            + 3.0 * memory.mood
            + person.price_gain_c * jnp.clip(memory.ratio / 0.1, -3.0, 3.0)
            + person.paraffin_gain_c * (paraffins - 0.73) / 0.1
            # Experienced persons nurse old tubes.
            - 10.0 * person.skill * hot
        )
        feed = person.full_feed_t_per_h * memory.plan + 0.5 * jax.random.normal(key)
        steam = person.steam_habit + 0.05 * person.skill * hot
        tests = jnp.isfinite(memory.trial).all()
        cot = jnp.where(tests, memory.trial[0] - 10.0 * hot, cot)
        steam = jnp.where(tests, memory.trial[1], steam)
        stride = jnp.stack(
            [jnp.float32(4.0), jnp.where(tests, 8.0, person.stride_c), jnp.where(tests, 0.05, 0.02)]
        )
        wish = jnp.stack([feed, cot, steam])
        moved = before + jnp.clip(wish - before, -stride, stride)
        worth = jnp.abs(wish - before) >= WORTHWHILE
        return jnp.where(worth, jnp.round(moved / ROUND) * ROUND, before)

    def _end_of_run(self, person: Crew, seen: Reading) -> Float[Array, ""]:
        old = seen.run_h > 24 * person.oldest_run_d
        return jnp.where(old, self._limits()[0][3], person.end_c)

    def _limits(self) -> tuple[Float[np.ndarray, " 4"], Float[np.ndarray, " 4"]]:
        return box(Furnace(self.design).action, "furnace")


@partial(jax.jit, static_argnums=(0, 2))
def run_by_people(plant: Furnace, key: PRNGKeyArray, copies: int) -> Trajectory:
    """Let as many crews each run a furnace over the plant's horizon."""
    return run(plant, People(plant.design), key, copies)


def people_records(plant: Furnace, key: PRNGKeyArray, copies: int) -> Episodes:
    """Keep the records of as many crews, one episode each, as long as the plant's horizon."""
    return to_episodes(plant, run_by_people(plant, key, copies))


def to_episodes(plant: Furnace, trajectory: Trajectory) -> Episodes:
    """Make what furnaces went through episodes, one for each copy."""
    copies = trajectory.reward.shape[1]

    def joined(x: Any) -> np.ndarray:
        return np.concatenate([np.asarray(x[:, copy]) for copy in range(copies)])

    return Episodes(
        observation=joined(trajectory.observation),
        action=joined(trajectory.action),
        reward=joined(trajectory.reward),
        length=np.full(copies, len(trajectory.reward), np.int64),
        terminal=np.zeros(copies, bool),
        observation_tags=plant.observation,
        action_tags=plant.action,
        source="simulated people at a furnace",
    )
