"""Box pushing and Overcooked by primitive actions: the same plants without their macro-actions.

Everybody acts in each step and sees what is there now. What baselines without macro-actions are
measured on: ``make_team_plant("overcooked-A-primitive")``, ``"box-pushing-8-primitive"``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Int8, PRNGKeyArray

from shiftwork.plants.synchronous import JointStep
from shiftwork.plants.tasks.box_pushing import (
    BAD_PUSH_REWARD,
    BIG,
    BIG_BOX_REWARD,
    NORTH,
    SEEN,
    SMALL_BOX_REWARD,
    STEP_REWARD,
    BoxPushing,
    Pusher,
    choose,
)
from shiftwork.plants.tasks.overcooked.controller import Intent
from shiftwork.plants.tasks.overcooked.overcooked import Overcooked
from shiftwork.plants.tasks.overcooked.state import KitchenState
from shiftwork.plants.team_plant import TeamStep
from shiftwork.records.positions import Places

AHEAD, TURN_LEFT, TURN_RIGHT, STAY = range(4)
BOX_ACTIONS = ("go ahead", "turn left", "turn right", "stay")
KITCHEN_ACTIONS = ("right", "down", "left", "up", "stay")


class BoxesState(NamedTuple):
    """Where everything is, as in ``BoxState``.

    Attributes:
        x: Of the agents.
        y: Of the agents.
        orientation: Of the agents: north 0, east 1, south 2, west 3.
        box_x: Small 0, small 1, west half of the big one.
        box_y: As ``box_x``.
        held: The agent wanted to go ahead in the last step and could not.
    """

    x: Int8[Array, " 2"]
    y: Int8[Array, " 2"]
    orientation: Int8[Array, " 2"]
    box_x: Int8[Array, " 3"]
    box_y: Int8[Array, " 3"]
    held: Bool[Array, " 2"]


@dataclass(frozen=True)
class PrimitiveBoxPushing:
    """Box pushing by single steps and turns (Xiao, Tan and Amato 2022), rewarded as ``boxes`` is.

    Who goes ahead to the north into a small box carries it a cell further. The big box moves when
    both go ahead in the same step, each to the north from below a half of its own. Going ahead into
    a wall, a box from another side, or the big box alone is undone and costs 10.

    Attributes:
        boxes: The plant of macro-actions.
    """

    boxes: BoxPushing
    agents: tuple[str, ...] = ("agent 1", "agent 2")
    roles: tuple[str, ...] = ("pusher", "pusher")
    observation_sizes: tuple[int, ...] = (len(SEEN),) * 2
    actions: tuple[tuple[str, ...], ...] = (BOX_ACTIONS,) * 2

    @property
    def name(self) -> str:
        """The plant's of macro-actions, marked."""
        return f"{self.boxes.name}-primitive"

    @property
    def family(self) -> str:
        """The plant's of macro-actions."""
        return self.boxes.family

    @property
    def horizon(self) -> int:
        """As with macro-actions."""
        return self.boxes.horizon

    def reset(self, key: PRNGKeyArray) -> JointStep:
        """Always the same start."""
        begun = self.boxes.reset(key)
        boxes = begun.state
        state = BoxesState(
            boxes.x, boxes.y, boxes.orientation, boxes.box_x, boxes.box_y, jnp.zeros(2, bool)
        )
        return _joint(state, begun.observation, begun.reward, jnp.zeros(3, bool))

    def step(self, state: BoxesState, action: Int[Array, " 2"], key: PRNGKeyArray) -> JointStep:
        """Let both agents act, agent 1 after agent 0 on what that left."""
        del key  # nothing is random
        box_x, box_y = list(state.box_x), list(state.box_y)
        together = self._together(state, action)
        reward = jnp.full((), STEP_REWARD, jnp.float32)
        acted, held = [], []
        for i in range(2):
            never = jnp.zeros((), bool)
            agent = Pusher(
                state.x[i], state.y[i], state.orientation[i], jnp.full((), -1, jnp.int8), never
            )
            pushed, pushed_box_y, bad = self.boxes.push(agent, box_x, box_y)
            turn = jnp.select([action[i] == TURN_LEFT, action[i] == TURN_RIGHT], [3, 1], 0)
            turned = agent._replace(orientation=(agent.orientation + turn) % 4)
            alone = ~together & (action[i] == AHEAD)
            moved = choose(alone, pushed._replace(done=never), turned)
            acted.append(choose(together, agent._replace(y=agent.y + 1), moved))
            for b in range(BIG):
                box_y[b] = jnp.where(alone, pushed_box_y[b], box_y[b])
            reward += jnp.where(alone, BAD_PUSH_REWARD * bad.astype(jnp.float32), 0.0)
            held.append(alone & (bad > 0))
        box_y[BIG] += together.astype(jnp.int8)
        goal = jnp.stack(box_y) == self.boxes.size - 1
        reward += jnp.where(goal, jnp.array([SMALL_BOX_REWARD] * 2 + [BIG_BOX_REWARD]), 0.0).sum()
        team = Pusher(*(jnp.stack(values) for values in zip(*acted, strict=True)))
        after = BoxesState(
            x=team.x.astype(jnp.int8),
            y=team.y.astype(jnp.int8),
            orientation=team.orientation.astype(jnp.int8),
            box_x=state.box_x,
            box_y=jnp.stack(box_y).astype(jnp.int8),
            held=jnp.stack(held),
        )
        bits = (self.boxes.look(team, box_x, box_y)[:, None] >> jnp.arange(len(SEEN))[None]) & 1
        return _joint(after, bits.astype(jnp.float32), reward, goal)

    def _together(self, state: BoxesState, action: Int[Array, " 2"]) -> Bool[Array, ""]:
        """Both go ahead to the north, each from below a half of the big box."""
        below = (state.orientation == NORTH) & (state.y + 1 == state.box_y[BIG])
        half = state.x - state.box_x[BIG]
        return ((action == AHEAD) & below).all() & (half.min() == 0) & (half.max() == 1)


def _joint(
    state: BoxesState,
    observation: Float[Array, "2 D"],
    reward: Float[Array, ""],
    goal: Bool[Array, " 3"],
) -> JointStep:
    return JointStep(
        state=state,
        observation=observation,
        allowed=jnp.ones((2, len(BOX_ACTIONS)), bool),
        reward=reward,
        terminal=goal.any(),
        info={"success": goal[BIG]},
    )


@dataclass(frozen=True)
class PrimitiveOvercooked:
    """Overcooked by single moves; who moves into anything but floor handles what stands there.

    The state is that of the plant of macro-actions, memories included, so that options can plan on
    them.

    Attributes:
        kitchen: The plant of macro-actions.
    """

    kitchen: Overcooked

    @property
    def name(self) -> str:
        """The plant's of macro-actions, marked."""
        return f"{self.kitchen.name}-primitive"

    @property
    def family(self) -> str:
        """The plant's of macro-actions."""
        return self.kitchen.family

    @property
    def agents(self) -> tuple[str, ...]:
        """The cooks."""
        return self.kitchen.agents

    @property
    def roles(self) -> tuple[str, ...]:
        """All are cooks."""
        return self.kitchen.roles

    @property
    def observation_sizes(self) -> tuple[int, ...]:
        """All alike."""
        return self.kitchen.observation_sizes

    @property
    def places(self) -> Places:
        """As with macro-actions."""
        return self.kitchen.places

    @property
    def actions(self) -> tuple[tuple[str, ...], ...]:
        """All alike."""
        return (KITCHEN_ACTIONS,) * len(self.agents)

    @property
    def horizon(self) -> int:
        """As with macro-actions."""
        return self.kitchen.horizon

    def reset(self, key: PRNGKeyArray) -> JointStep:
        """Begin as with macro-actions."""
        return self._joint(self.kitchen.reset(key))

    def step(self, state: KitchenState, action: Int[Array, " N"], key: PRNGKeyArray) -> JointStep:
        """Let every agent take its primitive action."""
        del key  # nothing is random after the reset
        # As if every macro-action ended with each step: all that is seen is seen now.
        done = jnp.ones(len(self.agents), bool)
        return self._joint(
            self.kitchen.carry_out(state, Intent(action.astype(jnp.int8), done, state.chop_count))
        )

    def _joint(self, step: TeamStep) -> JointStep:
        return JointStep(
            state=step.state,
            observation=step.observation,
            allowed=jnp.ones((len(self.agents), len(KITCHEN_ACTIONS)), bool),
            reward=step.reward,
            terminal=step.terminal,
            info={k: v for k, v in step.info.items() if k not in ("macro_action", "primitive")},
        )
