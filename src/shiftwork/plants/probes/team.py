"""Probe plants for teams: macro-actions of random length, true values known by hand.

Two agents; every macro-action lasts 1 to 3 steps, drawn again each time, so that the agents' clocks
drift apart. Each probe asks for one more ability than the one before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from shiftwork.plants.team_plant import TeamStep
from shiftwork.records.positions import Places

LONGEST = 3


class ProbeState(NamedTuple):
    """Where a probe stands.

    Attributes:
        step: Steps made, ().
        left: Steps that each agent's macro-action will still last, (2,).
        macro: In force, (2,).
        sign: -1 or 1 of both agents, as it was when each last decided, (2, 2).
    """

    step: Int[Array, ""]
    left: Int[Array, " 2"]
    macro: Int[Array, " 2"]
    sign: Float[Array, "2 2"]


@dataclass(frozen=True)
class TeamProbe:
    """Two agents with two macro-actions each.

    Attributes:
        kind: "constant": each step earns 1. "action": each step earns the mean of the macro-actions
            in force. "observation": it earns the share of agents whose macro-action is 1 exactly
            where their sign, which they see, is 1. "place": the same, but both see both signs, as
            places of which one is their own. "together": it earns 1 while both macro-actions are 1, and
            -0.5 while only one is: one agent alone had better not.
        ends: The plant ends the episode itself after ``horizon`` steps; else it is cut there.
        horizon: Steps of an episode.
    """

    kind: str = "constant"
    ends: bool = True
    horizon: int = 6
    agents: tuple[str, ...] = ("left", "right")
    roles: tuple[str, ...] = ("hand", "hand")
    macro_actions: tuple[tuple[str, ...], ...] = (("wait", "work"),) * 2

    @property
    def name(self) -> str:
        """By kind."""
        return f"probe-{self.kind}{'' if self.ends else '-cut'}"

    @property
    def observation_sizes(self) -> tuple[int, ...]:
        """Their own sign, or both."""
        return (2, 2) if self.kind == "place" else (1, 1)

    @property
    def places(self) -> Places:
        """Both signs, where both are seen."""
        return Places(((0,), (1,)), (0, 1)) if self.kind == "place" else Places()

    @property
    def best_rate(self) -> float:
        """What the best team earns in each step."""
        return 1.0

    def value(self, discount: float) -> float:
        """Value of a fresh episode under the best team."""
        if not self.ends:
            return self.best_rate / (1.0 - discount)
        return self.best_rate * (1.0 - discount**self.horizon) / (1.0 - discount)

    def reset(self, key: PRNGKeyArray) -> TeamStep:
        """Begin."""
        zero = jnp.zeros(2, jnp.int32)
        state = ProbeState(jnp.zeros((), jnp.int32), zero, zero, _seen(key))
        return self._told(state, jnp.zeros(()), jnp.ones(2, bool))

    def step(
        self, state: ProbeState, macro_action: Int[Array, " 2"], key: PRNGKeyArray
    ) -> TeamStep:
        """Go on for one step."""
        length_key, sign_key = jax.random.split(key)
        decides = state.left == 0
        macro = jnp.where(decides, macro_action, state.macro)
        drawn = jax.random.randint(length_key, (2,), 1, LONGEST + 1)
        left = jnp.where(decides, drawn, state.left) - 1
        over = left == 0
        sign = jnp.where(over[:, None], _seen(sign_key), state.sign)
        moved = ProbeState(state.step + 1, left, macro, sign)
        work = macro == 1
        right = (work == (jnp.diag(state.sign) > 0)).mean()
        reward = {
            "constant": jnp.ones(()),
            "action": work.mean(),
            "observation": right,
            "place": right,
            "together": jnp.where(work.all(), 1.0, jnp.where(work.any(), -0.5, 0.0)),
        }[self.kind]
        return self._told(moved, reward, over)

    def _told(
        self, state: ProbeState, reward: Float[Array, ""], decided: Bool[Array, " 2"]
    ) -> TeamStep:
        terminal = (state.step >= self.horizon) & self.ends
        info = {"macro_action": state.macro, "success": reward >= self.best_rate}
        mask = jnp.ones((2, 2), bool)
        seen = state.sign if self.kind == "place" else jnp.diag(state.sign)[:, None]
        return TeamStep(state, seen, decided, mask, reward, terminal, info)


def _seen(key: PRNGKeyArray) -> Float[Array, "2 2"]:
    """Draw a sign for each agent; both see both."""
    return jnp.tile(jnp.where(jax.random.bernoulli(key, shape=(2,)), 1.0, -1.0), (2, 1))
