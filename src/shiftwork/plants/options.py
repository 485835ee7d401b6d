"""Options: how a plant of primitive actions becomes one of macro-actions that last.

Sutton, Precup and Singh 1999, "Between MDPs and semi-MDPs", for several agents: an option is where
it may begin, what it does, and when it ends. ``WithOptions`` runs the options of all agents side by
side; each agent decides when its own has ended, whatever the others do meanwhile.

    plant = WithOptions("my-plant", my_synchronous_plant, (options_of_agent_0, options_of_agent_1))
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from shiftwork.errors import UserError
from shiftwork.plants.plant import State
from shiftwork.plants.synchronous import JointStep, SynchronousPlant
from shiftwork.plants.team_plant import TeamStep, family_of, places_of
from shiftwork.records.positions import Places


class Moment(NamedTuple):
    """What an option of one agent may look at.

    D and P are the agent's own observation size and primitive action count.

    Attributes:
        agent: The agent's number, a Python integer.
        state: The whole plant's, for options that stand for machinery which knows more than the
            agent sees. Options that look at ``observation`` alone could be run by the agent itself.
        observation: What the agent sees now, (D,), also while it is busy.
        allowed: Primitive actions that the agent may take now, (P,).
        age: Steps that the option has lasted, (); 0 where it may begin.
    """

    agent: int
    state: State
    observation: Float[Array, " D"]
    allowed: Bool[Array, " P"]
    age: Int[Array, ""]


@runtime_checkable
class Option(Protocol):
    """A macro-action of one agent: an immutable value that can be hashed, with pure methods.

    Attributes:
        name: The macro-action's.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    def __hash__(self) -> int: ...

    def may_begin(self, moment: Moment) -> Bool[Array, ""]:
        """Whether it may be chosen now (the initiation set)."""

    def act(self, moment: Moment, key: PRNGKeyArray) -> Int[Array, ""]:
        """The primitive action to take now (the option's policy)."""

    def ends(self, moment: Moment, key: PRNGKeyArray) -> Bool[Array, ""]:
        """Whether it ends with the step just taken, which ``moment`` follows (termination)."""


@dataclass(frozen=True)
class OneStep:
    """A primitive action as an option that lasts one step.

    Attributes:
        name: Of the action.
        number: Of the action.
    """

    name: str
    number: int

    def may_begin(self, moment: Moment) -> Bool[Array, ""]:
        """Where the plant allows the action."""
        return moment.allowed[self.number]

    def act(self, moment: Moment, key: PRNGKeyArray) -> Int[Array, ""]:
        """The action."""
        del moment, key
        return jnp.full((), self.number, jnp.int32)

    def ends(self, moment: Moment, key: PRNGKeyArray) -> Bool[Array, ""]:
        """At once."""
        del moment, key
        return jnp.ones((), bool)


class OptionsState(NamedTuple):
    """A synchronous plant with the options that run on it.

    Attributes:
        plant: The plant's own state.
        now: What each agent sees now, (N, D).
        allowed: Primitive actions allowed now, (N, P).
        macro_action: The option in force, (N,).
        age: Steps that it has lasted, (N,).
        decided: It has ended, (N,).
        mask: Options that each agent may choose, (N, A), refreshed where ``decided``.
        seen: What each agent saw when it last decided, (N, D).
    """

    plant: State
    now: Float[Array, "N D"]
    allowed: Bool[Array, "N P"]
    macro_action: Int[Array, " N"]
    age: Int[Array, " N"]
    decided: Bool[Array, " N"]
    mask: Bool[Array, "N A"]
    seen: Float[Array, "N D"]


@dataclass(frozen=True)
class WithOptions:
    """A synchronous plant as a ``TeamPlant`` whose macro-actions are options.

    No option runs where it may not begin: who chooses one that is masked, or a number that none
    has, gets the first that may. Where none of an agent's options may begin, its first one does all
    the same, for somebody must act; let it be one that harms nobody, such as waiting.

    Attributes:
        name: Of the plant with these options.
        plant: What the options run on.
        options: Of each agent, one at least.

    Raises:
        UserError: The options do not fit the plant's agents.
    """

    name: str
    plant: SynchronousPlant
    options: tuple[tuple[Option, ...], ...]

    def __post_init__(self) -> None:
        """Refuse options that do not fit."""
        try:
            hash((self.plant, self.options))
        except TypeError as error:
            raise UserError(
                f"plant '{self.name}': plant and options must be immutable values ({error}); "
                "make them frozen dataclasses, in tuples"
            ) from None
        agents = self.plant.agents
        if len(self.options) != len(agents):
            raise UserError(
                f"plant '{self.name}': has {len(agents)} agents but options for "
                f"{len(self.options)}; give one tuple of options for each agent"
            )
        for agent, own in zip(agents, self.options, strict=True):
            if not own:
                raise UserError(f"plant '{self.name}': {agent} has no option; give it one at least")

    @property
    def agents(self) -> tuple[str, ...]:
        """The plant's."""
        return self.plant.agents

    @property
    def roles(self) -> tuple[str, ...]:
        """The plant's."""
        return self.plant.roles

    @property
    def observation_sizes(self) -> tuple[int, ...]:
        """The plant's."""
        return self.plant.observation_sizes

    @property
    def family(self) -> str:
        """The plant's."""
        return family_of(self.plant)

    @property
    def places(self) -> Places:
        """The plant's, if it says."""
        return places_of(self.plant)

    @property
    def macro_actions(self) -> tuple[tuple[str, ...], ...]:
        """The options' names."""
        return tuple(tuple(option.name for option in own) for own in self.options)

    @property
    def horizon(self) -> int:
        """The plant's."""
        return self.plant.horizon

    def reset(self, key: PRNGKeyArray) -> TeamStep:
        """Begin an episode: everybody decides."""
        return self.begin(self.plant.reset(key))

    def begin(self, joint: JointStep) -> TeamStep:
        """Begin where the plant itself has begun."""
        n = len(self.agents)
        state = OptionsState(
            plant=joint.state,
            now=joint.observation,
            allowed=joint.allowed,
            macro_action=jnp.zeros(n, jnp.int32),
            age=jnp.zeros(n, jnp.int32),
            decided=jnp.ones(n, bool),
            mask=jnp.zeros((n, self._most), bool),
            seen=joint.observation,
        )
        masks = [self._may_begin(self._moment(state, i)) for i in range(n)]
        return _told(state._replace(mask=jnp.stack(masks)), joint, jnp.full(n, -1, jnp.int32))

    def step(
        self, state: OptionsState, macro_action: Int[Array, " N"], key: PRNGKeyArray
    ) -> TeamStep:
        """Let every agent take the next primitive action of its option."""
        n = len(self.agents)
        act_key, step_key, end_key = jax.random.split(key, 3)
        chosen = _allowed(macro_action.astype(jnp.int32), state.mask)
        running = state._replace(
            macro_action=jnp.where(state.decided, chosen, state.macro_action),
            age=jnp.where(state.decided, 0, state.age),
        )
        action = jnp.stack(
            [self._act(running, i, jax.random.fold_in(act_key, i)) for i in range(n)]
        )
        joint = self.plant.step(state.plant, action, step_key)
        after = running._replace(
            plant=joint.state, now=joint.observation, allowed=joint.allowed, age=running.age + 1
        )
        decided = jnp.stack(
            [self._ends(after, i, jax.random.fold_in(end_key, i)) for i in range(n)]
        )
        masks = jnp.stack([self._may_begin(self._moment(after, i)) for i in range(n)])
        after = after._replace(
            decided=decided,
            mask=jnp.where(decided[:, None], masks, state.mask),
            seen=jnp.where(decided[:, None], joint.observation, state.seen),
        )
        return _told(after, joint, action)

    @property
    def _most(self) -> int:
        """Options of the agent that has most of them, A."""
        return max(map(len, self.options))

    def _moment(self, state: OptionsState, agent: int) -> Moment:
        size, actions = self.plant.observation_sizes[agent], len(self.plant.actions[agent])
        return Moment(
            agent,
            state.plant,
            state.now[agent, :size],
            state.allowed[agent, :actions],
            state.age[agent],
        )

    def _may_begin(self, moment: Moment) -> Bool[Array, " A"]:
        fresh = moment._replace(age=jnp.zeros_like(moment.age))
        options = self.options[moment.agent]
        own = jnp.stack([jnp.asarray(option.may_begin(fresh), bool) for option in options])
        own = own.at[0].set(own[0] | ~own.any())
        return jnp.pad(own, (0, self._most - len(own)))

    def _act(self, state: OptionsState, agent: int, key: PRNGKeyArray) -> Int[Array, ""]:
        moment = self._moment(state, agent)
        each = [jnp.asarray(option.act(moment, key), jnp.int32) for option in self.options[agent]]
        return _pick(jnp.stack(each), state.macro_action[agent])

    def _ends(self, state: OptionsState, agent: int, key: PRNGKeyArray) -> Bool[Array, ""]:
        moment = self._moment(state, agent)
        each = [jnp.asarray(option.ends(moment, key), bool) for option in self.options[agent]]
        return _pick(jnp.stack(each), state.macro_action[agent])


def primitive(plant: SynchronousPlant) -> WithOptions:
    """Make a team's plant in which every agent decides again in each step, among primitive actions."""
    options = tuple(
        tuple(OneStep(name, number) for number, name in enumerate(names)) for names in plant.actions
    )
    return WithOptions(plant.name, plant, options)


def _allowed(chosen: Int[Array, " N"], mask: Bool[Array, "N A"]) -> Int[Array, " N"]:
    """What was chosen if it may be, else the first that may."""
    may = (mask & (chosen[:, None] == jnp.arange(mask.shape[1])[None])).any(1)
    return jnp.where(may, chosen, mask.argmax(1).astype(jnp.int32))


def _pick(values: Array, number: Int[Array, ""]) -> Array:
    """Look values[number] up by comparison, which runs faster than indexing."""
    hit = jnp.arange(len(values)) == number
    if values.dtype == bool:
        return (hit & values).any()
    return jnp.where(hit, values, 0).sum(dtype=values.dtype)


def _told(state: OptionsState, joint: JointStep, action: Int[Array, " N"]) -> TeamStep:
    return TeamStep(
        state=state,
        observation=state.seen,
        decided=state.decided,
        mask=state.mask,
        reward=joint.reward,
        terminal=joint.terminal,
        info={**joint.info, "macro_action": state.macro_action, "action": action},
    )
