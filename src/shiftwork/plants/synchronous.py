"""The contract of a plant whose agents all act in every step, by primitive actions."""

from __future__ import annotations

from typing import NamedTuple, Protocol, runtime_checkable

from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from shiftwork.plants.plant import State


class JointStep(NamedTuple):
    """What the reset or one step of a synchronous plant gives back.

    N agents; D and P are the largest observation size and primitive action count of any of them.

    Attributes:
        state: The plant's state after the step.
        observation: What each agent sees now, (N, D), zero beyond an agent's own size.
        allowed: Primitive actions that each agent may take next, (N, P); false beyond an agent's
            own count, true for one of its own at least.
        reward: What the step earned the team, ().
        terminal: The plant has ended the episode, (). Reaching the horizon is no terminal: who
            runs the plant counts steps and cuts.
        info: Further signals, name -> array; among them ``success`` (), the step has reached what
            the plant is there for.
    """

    state: State
    observation: Float[Array, "N D"]
    allowed: Bool[Array, "N P"]
    reward: Float[Array, ""]
    terminal: Bool[Array, ""]
    info: dict[str, Array]


@runtime_checkable
class SynchronousPlant(Protocol):
    """A simulated plant in which everybody acts in each step, as pure functions.

    It becomes a ``TeamPlant``, on which teams learn, by options (``shiftwork.plants.options``):
    by macro-actions that the user writes, or by the primitive actions themselves. As every plant it
    is an immutable value that can be hashed.

    Attributes:
        name: For people and the command line.
        agents: The agents' names; row i of every per-agent array is that of agent i.
        roles: Each agent's role; agents of one role have equal sizes and may share parameters.
        observation_sizes: Of each agent, at most D.
        actions: The names of each agent's primitive actions in the order of their numbers, at
            most P.
        horizon: Steps after which an episode is cut (a time limit, not a terminal).
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def agents(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def roles(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def observation_sizes(self) -> tuple[int, ...]: ...  # noqa: D102
    @property
    def actions(self) -> tuple[tuple[str, ...], ...]: ...  # noqa: D102
    @property
    def horizon(self) -> int: ...  # noqa: D102

    def __hash__(self) -> int: ...

    def reset(self, key: PRNGKeyArray) -> JointStep:
        """Begin an episode; nothing is earned yet."""

    def step(self, state: State, action: Int[Array, " N"], key: PRNGKeyArray) -> JointStep:
        """Let every agent take one primitive action.

        Args:
            state: Of the plant.
            action: The number of each agent's primitive action, (N,).
            key: For what is drawn at random.
        """
