"""What agents gain over people's practice, by estimators of different kinds, and what backs it.

Practice is the clone: what people do on average in a state, learned from the same records. Agents
and clone run in the same models from the same recorded states with the same surprises, so that what
a model gets wrong for both is wrong for neither's difference.

1. *Rollouts* in an ensemble of models (``world.py``): the estimate, with the spread of its members
   and of blocks of time.
2. *Replay*: how wrongly the same models foretell what people's own actions earned, on blocks that
   a member has not seen.
3. *Fitted Q evaluation* (``evaluation/fqe.py``), which needs no model. It pulls every agent towards
   what was recorded, so its size says little; where it contradicts the sign, the interval widens.
4. *Support and events* (``support.py``).

Rare, large rewards count by their rate, state by state and action by action: a model that saw a dozen
of them would not find what brings them. Learning adds care to that rate; judging must not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np

from shiftwork.agents.agent import Agent
from shiftwork.evaluation.fqe import bootstrap, fit_values
from shiftwork.evaluation.gate.rollouts import Rolled, replay, roll
from shiftwork.evaluation.gate.support import MOST_PLANS, EventRate, Neighbourhood, Support
from shiftwork.evaluation.gate.world import fit_world
from shiftwork.evaluation.plans import Plans, acting
from shiftwork.learning.offline.blocks import blocks_of
from shiftwork.learning.offline.rare_events import with_expected_rewards
from shiftwork.learning.progress import Advance
from shiftwork.records.episodes import Episodes

STARTS = 400
HORIZONS, MOST_STEPS = 3.0, 200
"""Rollouts last so many horizons of the discount (what follows weighs 5 %), or so many steps."""

WORLD_UPDATES, VALUE_UPDATES = 3_000, 2_000
VALUE_MEMBERS = 16
FEWEST_BEGINNINGS = 20
WORK = WORLD_UPDATES + VALUE_UPDATES
"""Updates that an estimate reports to ``advance``."""


@dataclass(frozen=True)
class Estimate:
    """What one agent gains over practice, in plant reward per step, and what backs it.

    Attributes:
        gain: Mean gain over all recorded states, by rollouts.
        members: The gain in each model's eyes, (M,).
        block_error: Standard error of the gain over blocks of starting states.
        beginnings: The gain from the episodes' beginnings; NaN where there are few.
        undiscounted: The gain over the rollouts' steps, each counted alike.
        fitted: The gain by fitted Q evaluation.
        fitted_error: Standard deviation of its members.
        replay: How much more than people really earned the models promise for their actions.
        replay_error: Standard error of that.
        people: What people earned.
        support: How far the records carry the agent's plans.
        events: How often what means hide is to be expected.
        steps: Length of the rollouts.
        discount: Per step.
    """

    gain: float
    members: np.ndarray
    block_error: float
    beginnings: float
    undiscounted: float
    fitted: float
    fitted_error: float
    replay: float
    replay_error: float
    people: float
    support: Support
    events: tuple[EventRate, ...]
    steps: int
    discount: float


def estimate(
    records: Episodes,
    clone: Agent,
    agents: Sequence[Agent],
    discount: float,
    *,
    seed: int = 0,
    value_members: int = VALUE_MEMBERS,
    advance: Advance | None = None,
) -> tuple[Estimate, ...]:
    """Estimate the gain of agents over people's practice.

    Args:
        records: Records that taught none of the agents.
        clone: People's practice as an agent.
        agents: The agents; all are judged by the same models.
        discount: Per step.
        seed: Of everything that is drawn.
        value_members: Members of fitted Q evaluation for each agent.
        advance: Receives progress in updates, ``WORK`` in all.
    """
    expected, _ = with_expected_rewards(records, careful=False)
    blocks = blocks_of(records)[0]
    steps = min(math.ceil(HORIZONS / (1.0 - discount)), MOST_STEPS)
    world = fit_world(expected, blocks, updates=WORLD_UPDATES, seed=seed, advance=advance)
    plans = Plans.of([clone, *agents])
    seen = records.transitions.observation
    rows = np.unique(np.linspace(0, len(seen) - 1, STARTS).astype(int))
    per_step = 1.0 - discount
    rolled = roll(world, plans, seen[rows], discount, steps, seed)
    gain = per_step * (rolled.earned[1:] - rolled.earned[:1])
    plain = (rolled.plain[1:] - rolled.plain[:1]).mean((1, 2)) / steps
    first = records.starts[: 2 * STARTS]
    beginnings = np.full(len(agents), np.nan)
    if len(first) >= FEWEST_BEGINNINGS:
        begun = roll(world, plans, seen[first], discount, steps, seed).earned
        beginnings = per_step * (begun[1:] - begun[:1]).mean((1, 2))

    replays = _replay_starts(records, steps)
    error = np.zeros(1)
    if len(replays[0]):
        error = per_step * replay(world, expected, blocks, replays[0], discount, replays[1])
    error = error[~np.isnan(error)] if not np.isnan(error).all() else np.zeros(1)

    drawn = bootstrap(int(blocks.max()) + 1, value_members, seed)[:, blocks]
    values = fit_values(
        expected, plans, drawn, discount, updates=VALUE_UPDATES, seed=seed, advance=advance
    )
    asked = jnp.asarray(seen[rows])
    value = per_step * np.asarray(values.at(asked, plans.at(asked)), np.float64).mean(2)
    fitted = value[1:] - value[:1]

    near = Neighbourhood(records, blocks, seed)
    found = []
    for number in range(len(agents)):
        visited, done = _plans(rolled, plans, number + 1, seed)
        found.append(
            Estimate(
                gain=float(gain[number].mean()),
                members=gain[number].mean(1),
                block_error=_block_error(gain[number].mean(0), blocks[rows]),
                beginnings=float(beginnings[number]),
                undiscounted=float(plain[number]),
                fitted=float(fitted[number].mean()),
                fitted_error=float(fitted[number].std(ddof=1)) if value_members > 1 else 0.0,
                replay=float(error.mean()),
                replay_error=float(error.std() / math.sqrt(len(error))),
                people=float(records.reward.mean(dtype=np.float64)),
                support=near.support(visited, done),
                events=near.event_rates(visited, done),
                steps=steps,
                discount=discount,
            )
        )
    return tuple(found)


def _plans(rolled: Rolled, plans: Plans, number: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """States on the way of one agent's rollouts, and what it would do there."""
    states = rolled.observation[number].reshape(-1, rolled.observation.shape[-1])
    if len(states) > MOST_PLANS:
        states = states[np.random.default_rng(seed).permutation(len(states))[:MOST_PLANS]]
    return states, np.asarray(acting(plans.operator(number), jnp.asarray(states)))


def _block_error(gain: np.ndarray, block: np.ndarray) -> float:
    """Standard error of a mean whose values depend on each other within blocks."""
    present, index = np.unique(block, return_inverse=True)
    if len(present) < 2:
        return float(np.abs(gain).mean())
    apart = np.bincount(index, weights=gain - gain.mean())
    return float(np.sqrt(np.square(apart).sum() * len(present) / (len(present) - 1)) / len(gain))


def _replay_starts(records: Episodes, steps: int) -> tuple[np.ndarray, int]:
    """Rows at which replays begin, and their length: no replay leaves its episode."""
    length = min(steps, max(int(np.median(records.length)) // 2, 1))
    left = np.repeat(records.starts + records.length, records.length) - np.arange(
        len(records.reward)
    )
    possible = np.flatnonzero(left >= length)
    return possible[np.unique(np.linspace(0, len(possible) - 1, STARTS).astype(int))], length
