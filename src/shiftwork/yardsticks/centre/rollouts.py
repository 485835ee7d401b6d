"""One agent at a time looks ahead: the people's rules, improved by trying each macro-action on the plant itself.

    for each agent that decides, blending first
        for each of its macro-actions, in the same imagined futures
            run the centre to the episode's end: the macro-action now, the rules afterwards and for everybody else
        take the best; the agents that follow know it

A rollout of a base policy, agent by agent (Bertsekas 2019, arXiv 1910.00120). It knows the plant's own
equations, which no agent does, and draws what nobody can know (``imagined``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from shiftwork.errors import UserError
from shiftwork.people.centre.rules import rules_at
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.operator import Memory, TeamOperator
from shiftwork.plants.team_plant import TeamStep
from shiftwork.yardsticks.centre.imagined import imagined

LEAST_GAIN = 1e-3
"""In units of reward: what is better by less is rounding, and the rules' own choice stays."""


@dataclass(frozen=True, kw_only=True)
class Looking:
    """How far and how often rollouts look ahead.

    Attributes:
        futures: Imagined for each decision, the same for all macro-actions.
        hours: Ahead, at most; to the episode's end if None.
    """

    futures: int = 12
    hours: int | None = None

    def check(self) -> None:
        """Refuse settings with which nothing is seen.

        Raises:
            UserError: One of them is below 1.
        """
        for name in ("futures", "hours"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UserError(f"looking '{name}' is {value}; it must be at least 1")


class Rollouts:
    """Rollouts on rules as a ``TeamOperator`` that is not pure: only who decides looks ahead.

    Attributes:
        plant: The centre that it runs.
        rules: What it goes on with.
        looking: How far it looks.
    """

    pure = False

    def __init__(
        self, plant: Centre, values: Mapping[str, float], looking: Looking | None = None
    ) -> None:
        """Take over a centre with rules of these values."""
        self.plant, self.rules = plant, rules_at(plant, values)
        self.looking = looking or Looking()
        self.looking.check()
        berths = plant.layout.berths
        self._order = (berths, *range(berths), *range(berths + 1, len(plant.agents)))

    def begin(self, key: PRNGKeyArray) -> Memory:
        """Remember nothing."""
        del key
        return ()

    def act(
        self, memory: Memory, step: TeamStep, key: PRNGKeyArray
    ) -> tuple[Memory, Int[np.ndarray, " N"]]:
        """Let each agent that decides, one after the other, take what earns most in imagined futures."""
        step = step._replace(info={})
        macro = np.array(_ruled(self.rules, step))
        decided, mask = np.asarray(step.decided), np.asarray(step.mask)
        left = self.plant.horizon - int(step.state.hour)
        if self.looking.hours is not None:
            left = min(left, self.looking.hours)
        for agent in self._order:
            if not decided[agent] or mask[agent].sum() < 2:
                continue
            worth = np.array(
                worth_of_each(
                    self.plant, self.rules, step, jnp.asarray(macro), jnp.int32(agent), key,
                    jnp.int32(left), self.looking.futures,
                )
            )  # fmt: skip
            worth[~mask[agent]] = -np.inf
            best = int(worth.argmax())
            if worth[best] > worth[macro[agent]] + LEAST_GAIN:
                macro[agent] = best
        return memory, macro


@eqx.filter_jit
def _ruled(rules: TeamOperator, step: TeamStep) -> Array:
    return jnp.asarray(rules.act((), step, jax.random.key(0))[1])


@eqx.filter_jit
def worth_of_each(
    plant: Centre,
    rules: TeamOperator,
    step: TeamStep,
    macro: Int[Array, " N"],
    agent: Int[Array, ""],
    key: PRNGKeyArray,
    hours: Int[Array, ""],
    futures: int,
) -> Float[Array, " A"]:
    """Mean undiscounted return of each macro-action of an agent, over imagined futures.

    Args:
        plant: The centre.
        rules: Act afterwards, and for everybody else.
        step: Where the centre stands, and who decides.
        macro: What everybody else has chosen.
        agent: Who looks ahead.
        key: Of the futures.
        hours: How far, this one included.
        futures: How many.
    """
    many = step.mask.shape[1]
    choices = jnp.broadcast_to(macro, (many, macro.shape[0]))
    choices = choices.at[:, agent].set(jnp.arange(many, dtype=macro.dtype))

    def future(key: PRNGKeyArray) -> Float[Array, " A"]:
        state = imagined(plant, step.state, jax.random.fold_in(key, 0))

        def run(choice: Int[Array, " N"]) -> tuple[Any, Array]:
            after = plant.step(state, choice, jax.random.fold_in(key, 1))
            return after._replace(info={}), after.reward

        def on(number: Int[Array, ""], carried: tuple[Any, Array]) -> tuple[Any, Array]:
            now, earned = carried
            hour_key = jax.random.fold_in(key, number + 1)

            def hour(before: TeamStep) -> TeamStep:
                chosen = jnp.asarray(rules.act((), before, hour_key)[1])
                return plant.step(before.state, chosen, hour_key)._replace(info={})

            after = jax.vmap(hour)(now)
            return after, earned + after.reward

        return jax.lax.fori_loop(1, hours, on, jax.vmap(run)(choices))[1]

    return jax.vmap(future)(jax.random.split(key, futures)).mean(0)
