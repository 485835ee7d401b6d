"""Box pushing: two agents, two small boxes, and a big one that only both together can move.

Written independently from a description of Xiao, Tan and Amato 2022, "Asynchronous Actor-Critic for
Multi-Agent Reinforcement Learning"; every recorded step of the public environment
(yuchen-x/MacroMARL) is reproduced (``tests/plants/tasks/test_box_pushing.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Int8, PRNGKeyArray

from shiftwork.plants.team_plant import TeamStep

NORTH, EAST, SOUTH, WEST = range(4)
EAST_STEP, NORTH_STEP = (0, 1, 0, -1), (1, 0, -1, 0)
"""By orientation: how far one step ahead goes to the east and to the north."""
BIG = 2
"""The big box's number; 0 and 1 are small."""
MACRO_ACTIONS = (
    "go to small box 0",
    "go to small box 1",
    "go to big box 0",
    "go to big box 1",
    "push",
    "turn left",
    "turn right",
    "stay",
)
PUSH, TURN_LEFT, TURN_RIGHT, STAY = range(4, 8)
SEEN = ("small box", "big box", "empty", "wall", "teammate")
EMPTY = 1 << SEEN.index("empty")
STEP_REWARD, BAD_PUSH_REWARD, SMALL_BOX_REWARD, BIG_BOX_REWARD = -0.1, -10.0, 20.0, 300.0


class BoxState(NamedTuple):
    """Where everything is, in cells: x to the east, y to the north, (0, 0) in the south-west.

    Agents may walk over each other and even leave the grid, as the public environment has it.

    Attributes:
        x: Of the agents.
        y: Of the agents.
        orientation: Of the agents: north 0, east 1, south 2, west 3.
        last_waypoint: The waypoint each agent reached last, or -1.
        macro_action: In force.
        decided: Has ended, so that the agent decides in the next step.
        box_x: Small 0, small 1, west half of the big one.
        box_y: As ``box_x``.
        big_push: Both agents are pushing the big box; they will not stop before the goal.
        seen: What each agent saw ahead when it last decided, one bit for each of ``SEEN``.
    """

    x: Int8[Array, " 2"]
    y: Int8[Array, " 2"]
    orientation: Int8[Array, " 2"]
    last_waypoint: Int8[Array, " 2"]
    macro_action: Int8[Array, " 2"]
    decided: Bool[Array, " 2"]
    box_x: Int8[Array, " 3"]
    box_y: Int8[Array, " 3"]
    big_push: Bool[Array, ""]
    seen: Int8[Array, " 2"]


class Pusher(NamedTuple):
    """One agent while it acts; each a scalar."""

    x: Int[Array, ""]
    y: Int[Array, ""]
    orientation: Int[Array, ""]
    last_waypoint: Int[Array, ""]
    done: Bool[Array, ""]


@dataclass(frozen=True)
class BoxPushing:
    """Box pushing on a square grid; any box in the northernmost row ends the episode.

    Attributes:
        size: Cells along each side, an even number from 6.
    """

    size: int = 6
    agents: tuple[str, ...] = ("agent 1", "agent 2")
    roles: tuple[str, ...] = ("pusher", "pusher")
    observation_sizes: tuple[int, ...] = (len(SEEN),) * 2
    macro_actions: tuple[tuple[str, ...], ...] = (MACRO_ACTIONS,) * 2
    horizon: int = 100

    @property
    def name(self) -> str:
        """With the number of cells along a side."""
        return f"box-pushing-{self.size}"

    @property
    def family(self) -> str:
        """Of all sizes."""
        return "box-pushing"

    @property
    def waypoints(self) -> tuple[int, int, int, int]:
        """The x of the cell south of each small box and of each half of the big one."""
        margin = 0 if self.size == 6 else 1
        return (margin, self.size - 1 - margin, self.size // 2 - 1, self.size // 2)

    def reset(self, key: PRNGKeyArray) -> TeamStep:
        """Always the same start, in which everybody sees an empty cell."""
        del key
        west, east, big, _ = self.waypoints

        def small(*values: int) -> Int8[Array, " N"]:
            return jnp.array(values, jnp.int8)

        row = self.size // 2
        state = BoxState(
            x=small(west, east),
            y=small(1, 1),
            orientation=small(EAST, WEST),
            last_waypoint=small(-1, -1),
            macro_action=small(STAY, STAY),
            decided=jnp.ones(2, bool),
            box_x=small(west, east, big),
            box_y=small(row, row, row),
            big_push=jnp.zeros((), bool),
            seen=small(EMPTY, EMPTY),
        )
        return _team_step(state, jnp.zeros((), jnp.float32), jnp.zeros(3, bool))

    def step(self, state: BoxState, macro_action: Int[Array, " 2"], key: PRNGKeyArray) -> TeamStep:
        """Let both agents act, agent 1 after agent 0 on what that left."""
        del key  # nothing is random
        macro = jnp.where(state.decided, macro_action.astype(jnp.int8), state.macro_action)
        # The two last waypoints must be 2 and 3. Whether the agents still stand there is not asked.
        at_big_box = (state.last_waypoint.min() == 2) & (state.last_waypoint.max() == 3)
        ready = state.decided & (macro == PUSH) & (state.orientation == NORTH)
        big_push = state.big_push | (ready.all() & at_big_box)

        box_x, box_y = list(state.box_x), list(state.box_y)
        reward = jnp.full((), STEP_REWARD, jnp.float32)
        acted = []
        for i in range(2):
            agent = Pusher(
                state.x[i], state.y[i], state.orientation[i], state.last_waypoint[i],
                jnp.zeros((), bool),
            )  # fmt: skip
            walked = self.walk(agent, macro[i], box_x, box_y)
            pushed, pushed_box_y, bad = self.push(agent, box_x, box_y)
            turned = agent._replace(
                orientation=(agent.orientation + jnp.where(macro[i] == TURN_LEFT, 3, 1)) % 4,
                done=jnp.ones((), bool),
            )
            together = agent._replace(y=agent.y + 1)
            alone = ~big_push & (macro[i] == PUSH)
            agent = choose(macro[i] == PUSH, pushed, agent._replace(done=jnp.ones((), bool)))
            agent = choose(macro[i] < PUSH, walked, agent)
            agent = choose((macro[i] == TURN_LEFT) | (macro[i] == TURN_RIGHT), turned, agent)
            acted.append(choose(big_push, together, agent))
            for b in range(BIG):
                box_y[b] = jnp.where(alone, pushed_box_y[b], box_y[b])
            reward += jnp.where(alone, BAD_PUSH_REWARD * bad.astype(jnp.float32), 0.0)

        box_y[BIG] += big_push.astype(jnp.int8)
        goal = jnp.stack(box_y) == self.size - 1
        reward += jnp.where(goal, jnp.array([SMALL_BOX_REWARD] * 2 + [BIG_BOX_REWARD]), 0.0).sum()
        team = Pusher(*(jnp.stack(values) for values in zip(*acted, strict=True)))
        decided = team.done | (big_push & goal[BIG])
        seen = self.look(team, box_x, box_y)
        moved = BoxState(
            x=team.x.astype(jnp.int8),
            y=team.y.astype(jnp.int8),
            orientation=team.orientation.astype(jnp.int8),
            last_waypoint=team.last_waypoint.astype(jnp.int8),
            macro_action=macro,
            decided=decided,
            box_x=state.box_x,
            box_y=jnp.stack(box_y).astype(jnp.int8),
            big_push=big_push,
            seen=jnp.where(decided, seen.astype(jnp.int8), state.seen),
        )
        return _team_step(moved, reward, goal)

    def walk(
        self, agent: Pusher, macro: Int[Array, ""], box_x: list[Array], box_y: list[Array]
    ) -> Pusher:
        """Turn or move towards the waypoint of a go-to macro-action."""
        to_x = jnp.select(
            [macro == 0, macro == 1, macro == 2], self.waypoints[:3], self.waypoints[3]
        )
        to_y = self.size // 2 - 1
        there = (agent.x == to_x) & (agent.y == to_y)
        best_cost = jnp.full((), 10_000, jnp.int32)
        best = jnp.zeros((), jnp.int8)
        for direction in range(4):
            x, y = agent.x + EAST_STEP[direction], agent.y + NORTH_STEP[direction]
            quarter_turns = jnp.abs((direction - agent.orientation + 1) % 4 - 1)
            # Boxes stand in the way only in the row in which box 0 is now.
            closed = (x == box_x[0]) | (x == box_x[1]) | (x == box_x[BIG]) | (x == box_x[BIG] + 1)
            closed &= y == box_y[0]
            distance = jnp.abs(x - to_x) + jnp.abs(y - to_y)
            cost = jnp.where(
                closed, 10_000, 10 * distance.astype(jnp.int32) + quarter_turns.astype(jnp.int32)
            )
            better = cost < best_cost
            best_cost, best = jnp.where(better, cost, best_cost), jnp.where(better, direction, best)
        turn = (best - agent.orientation) % 4
        straight = ~there & (turn == 0)
        orientation = jnp.where(turn == 2, (agent.orientation + 1) % 4, best)
        orientation = jnp.where(there, NORTH, orientation)
        x = agent.x + jnp.where(straight, _by_orientation(EAST_STEP, agent.orientation), 0)
        y = agent.y + jnp.where(straight, _by_orientation(NORTH_STEP, agent.orientation), 0)
        done = (x == to_x) & (y == to_y) & (orientation == NORTH)
        return Pusher(x, y, orientation, jnp.where(done, macro, agent.last_waypoint), done)

    def push(
        self, agent: Pusher, box_x: list[Array], box_y: list[Array]
    ) -> tuple[Pusher, list[Array], Int[Array, ""]]:
        """Go ahead by one cell, alone: the agent, the y of the small boxes, and bad pushes."""
        north = agent.orientation == NORTH
        into_wall = self.at_wall_ahead(agent)
        ahead = ~into_wall
        x = agent.x + jnp.where(ahead, _by_orientation(EAST_STEP, agent.orientation), 0)
        y = agent.y + jnp.where(ahead, _by_orientation(NORTH_STEP, agent.orientation), 0)
        bad, done, pushed_any = into_wall.astype(jnp.int32), into_wall, jnp.zeros((), bool)
        pushed_y = []
        for b in range(3):
            hit = ahead & (y == box_y[b]) & ((x == box_x[b]) | ((b == BIG) & (x == box_x[b] + 1)))
            pushed = hit & north & (b != BIG)
            undone = hit & ~pushed
            box = box_y[b] + pushed.astype(jnp.int8)
            pushed_y.append(box)
            pushed_any |= pushed
            done |= undone | (pushed & (box == self.size - 1))
            bad += undone.astype(jnp.int32)
            # The next box is held against the cell to which this one has sent the agent back.
            x, y = jnp.where(undone, agent.x, x), jnp.where(undone, agent.y, y)
        moved = agent._replace(x=x, y=y)
        done |= ~pushed_any & self.at_wall_ahead(moved)
        return moved._replace(done=done), pushed_y, bad

    def at_wall_ahead(self, agent: Pusher) -> Bool[Array, ""]:
        """Whether the next cell ahead lies beyond the grid."""
        last = self.size - 1
        at_edge = (agent.y == last, agent.x == last, agent.y == 0, agent.x == 0)
        return jnp.select([agent.orientation == d for d in range(3)], at_edge[:3], at_edge[3])

    def look(self, team: Pusher, box_x: list[Array], box_y: list[Array]) -> Int[Array, " 2"]:
        """What stands ahead of each agent, as bits."""
        x = team.x + _by_orientation(EAST_STEP, team.orientation)
        y = team.y + _by_orientation(NORTH_STEP, team.orientation)
        small = ((x == box_x[0]) & (y == box_y[0])) | ((x == box_x[1]) & (y == box_y[1]))
        big = ((x == box_x[BIG]) | (x == box_x[BIG] + 1)) & (y == box_y[BIG])
        wall = (x < 0) | (x >= self.size) | (y < 0) | (y >= self.size)
        mate = (x == team.x[::-1]) & (y == team.y[::-1])
        empty = ~(small | big | wall | mate)
        bits = [
            what.astype(jnp.int32) << b for b, what in enumerate((small, big, empty, wall, mate))
        ]
        return bits[0] | bits[1] | bits[2] | bits[3] | bits[4]


def _by_orientation(steps: tuple[int, ...], orientation: Array) -> Array:
    """Look up a step by comparison, which runs faster than indexing."""
    return jnp.select([orientation == d for d in range(3)], steps[:3], steps[3])


def choose(condition: Bool[Array, ""], yes: Pusher, no: Pusher) -> Pusher:
    """Take one of two outcomes, field by field."""
    return Pusher(*(jnp.where(condition, a, b) for a, b in zip(yes, no, strict=True)))


def _team_step(state: BoxState, reward: Float[Array, ""], goal: Bool[Array, " 3"]) -> TeamStep:
    bits = (state.seen[:, None] >> jnp.arange(len(SEEN), dtype=jnp.int8)[None]) & 1
    return TeamStep(
        state=state,
        observation=bits.astype(jnp.float32),
        decided=state.decided,
        mask=jnp.ones((2, len(MACRO_ACTIONS)), bool),
        reward=reward,
        terminal=goal.any(),
        info={"macro_action": state.macro_action, "success": goal[BIG]},
    )
