"""Probe plants: so small that the true value of every action is known by hand.

Each isolates one thing that a learner must get right (after Andy Jones, "Debugging RL, Without
the Agonizing Pain", and the rejax library). Every algorithm must recover them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key, PRNGKeyArray

from shiftwork.plants.plant import ScoreRange, Step
from shiftwork.records.episodes import Episodes
from shiftwork.records.tags import Tag, Tags

Reward = Callable[[Array, Array, Array], Array]
"""(observation, action, step counter) -> reward."""


class ProbeState(NamedTuple):
    """A sign that is seen, and the number of steps made."""

    sign: Float[Array, ""]
    step: Int[Array, ""]


@dataclass(frozen=True)
class Probe:
    """A plant that shows a random sign for ``steps`` steps.

    Attributes:
        name: What it probes.
        reward: What a step earns.
        steps: Steps in an episode.
        terminal: Whether the last step is terminal; otherwise it is a time limit.
        value: The true value of the best policy at (sign, step, discount).
        best: The best action at a sign, or None where every action is as good.
        clock: Whether the observation's second column shows the step; otherwise it is 0.
    """

    name: str
    reward: Reward
    value: Callable[[float, int, float], float]
    steps: int = 1
    terminal: bool = True
    best: Callable[[float], float] | None = None
    clock: bool = False
    score: ScoreRange | None = None
    targets: tuple[tuple[int, int], ...] = ()

    @property
    def horizon(self) -> int:
        """Steps after which an episode is over, by the plant or by the clock."""
        return self.steps

    @property
    def observation(self) -> Tags:
        """The sign, and the step if there is a clock."""
        return (Tag("sign", "", -1.0, 1.0), Tag("step"))

    @property
    def action(self) -> Tags:
        """One number, deliberately not in [-1, 1]: learning has to scale it."""
        return (Tag("valve", "%", 0.0, 100.0),)

    def reset(self, key: PRNGKeyArray) -> tuple[ProbeState, Float[Array, " 2"]]:
        """Draw a sign."""
        sign = jax.random.rademacher(key, dtype=jnp.float32)
        state = ProbeState(sign, jnp.zeros((), jnp.int32))
        return state, self._observe(state)

    def step(self, state: ProbeState, action: Float[Array, " 1"], key: PRNGKeyArray) -> Step:
        """Pay, count, and draw the next sign."""
        fraction = jnp.clip(action[0], 0.0, 100.0) / 50.0 - 1.0
        reward = self.reward(state.sign, fraction, state.step)
        sign = jax.random.rademacher(key, dtype=jnp.float32)
        moved = ProbeState(sign, state.step + 1)
        terminal = jnp.asarray(self.terminal) & (moved.step >= self.steps)
        return Step(moved, self._observe(moved), jnp.asarray(reward, jnp.float32), terminal, {})

    def _observe(self, state: ProbeState) -> Float[Array, " 2"]:
        clock = state.step.astype(jnp.float32) if self.clock else jnp.zeros(())
        return jnp.stack([state.sign, clock])


PROBES: tuple[Probe, ...] = (
    Probe(
        name="constant reward",
        reward=lambda sign, action, step: jnp.ones(()),
        value=lambda sign, step, discount: 1.0,
    ),
    Probe(
        name="observation-dependent reward",
        reward=lambda sign, action, step: sign,
        value=lambda sign, step, discount: sign,
    ),
    Probe(
        name="two-step discount",
        reward=lambda sign, action, step: jnp.where(step == 1, 1.0, 0.0),
        value=lambda sign, step, discount: 1.0 if step == 1 else discount,
        steps=2,
        clock=True,
    ),
    Probe(
        name="action-dependent reward",
        reward=lambda sign, action, step: 1.0 - (action - 0.5) ** 2,
        value=lambda sign, step, discount: 1.0,
        best=lambda sign: 0.5,
    ),
    Probe(
        name="action- and observation-dependent reward",
        reward=lambda sign, action, step: 1.0 - (action - 0.5 * sign) ** 2,
        value=lambda sign, step, discount: 1.0,
        best=lambda sign: 0.5 * sign,
    ),
    # Cut after two steps, but nothing ends: who takes the cut for an end says 1 + discount.
    Probe(
        name="time limit",
        reward=lambda sign, action, step: jnp.ones(()),
        value=lambda sign, step, discount: 1.0 / (1.0 - discount),
        steps=2,
        terminal=False,
    ),
)


def probe_records(probe: Probe, episodes: int, seed: int) -> Episodes:
    """Record a probe under actions uniform over the box.

    Args:
        probe: The plant.
        episodes: How many episodes, each of ``probe.steps`` steps.
        seed: Any integer; 0 is as good a seed as others.
    """
    observation, action, reward = _record(probe, jax.random.split(jax.random.key(seed), episodes))
    return Episodes(
        observation=np.asarray(observation).reshape(-1, 2),
        action=np.asarray(action).reshape(-1, 1),
        reward=np.asarray(reward).reshape(-1),
        length=np.full(episodes, probe.steps, np.int64),
        terminal=np.full(episodes, probe.terminal),
        observation_tags=probe.observation,
        action_tags=probe.action,
        source=f"probe '{probe.name}'",
    )


@partial(jax.jit, static_argnames="probe")
def _record(
    probe: Probe, keys: Key[Array, " E"]
) -> tuple[Float[Array, "E N 2"], Float[Array, "E S 1"], Float[Array, "E S"]]:
    """Run an episode of S steps, with N = S + 1 observations, for each of the keys (E,)."""

    def run(key: PRNGKeyArray) -> tuple[Array, Array, Array]:
        reset_key, action_key, step_key = jax.random.split(key, 3)
        state, first = probe.reset(reset_key)
        actions = jax.random.uniform(action_key, (probe.steps, 1), maxval=100.0)

        def one(
            state: ProbeState, inputs: tuple[Array, Array]
        ) -> tuple[ProbeState, tuple[Array, Array]]:
            step = probe.step(state, *inputs)
            return step.state, (step.observation, step.reward)

        _, (observations, rewards) = jax.lax.scan(
            one, state, (actions, jax.random.split(step_key, probe.steps))
        )
        return jnp.concatenate([first[None], observations]), actions, rewards

    return jax.vmap(run)(keys)
