"""Box pushing's own macro-actions, written as options on its primitive actions."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.plants.options import OneStep, WithOptions
from shiftwork.plants.tasks.box_pushing import MACRO_ACTIONS, NORTH, BoxPushing, Pusher
from shiftwork.plants.tasks.primitive import (
    AHEAD,
    STAY,
    TURN_LEFT,
    TURN_RIGHT,
    PrimitiveBoxPushing,
)
from support.compile_options import QUICK

KEY = jax.random.key(0)


def pusher(moment):
    state, i = moment.state, moment.agent
    return Pusher(state.x[i], state.y[i], state.orientation[i], jnp.int8(-1), jnp.array(False))


@dataclass(frozen=True)
class GoTo:
    boxes: BoxPushing
    waypoint: int

    @property
    def name(self):
        return MACRO_ACTIONS[self.waypoint]

    def may_begin(self, moment):
        return jnp.array(True)

    def act(self, moment, key):
        here = pusher(moment)
        there = self.boxes.walk(
            here, jnp.int8(self.waypoint), list(moment.state.box_x), list(moment.state.box_y)
        )
        turn = (there.orientation - here.orientation) % 4
        moves = (there.x != here.x) | (there.y != here.y)
        return jnp.select([moves, turn == 1, turn == 3], [AHEAD, TURN_RIGHT, TURN_LEFT], STAY)

    def ends(self, moment, key):
        here = pusher(moment)
        at = (here.x == self.boxes.waypoints[self.waypoint]) & (here.y == self.boxes.size // 2 - 1)
        return at & (here.orientation == NORTH)


@dataclass(frozen=True)
class Push:
    boxes: BoxPushing
    name: str = "push"

    def may_begin(self, moment):
        return jnp.array(True)

    def act(self, moment, key):
        return jnp.int32(AHEAD)

    def ends(self, moment, key):
        return moment.state.held[moment.agent] | self.boxes.at_wall_ahead(pusher(moment))


def with_options(boxes):
    own = (
        *(GoTo(boxes, waypoint) for waypoint in range(4)),
        Push(boxes),
        OneStep("turn left", TURN_LEFT),
        OneStep("turn right", TURN_RIGHT),
        OneStep("stay", STAY),
    )
    return WithOptions(boxes.name, PrimitiveBoxPushing(boxes), (own, own))


def episodes(plant, macro):
    """Every step of episodes with the given macro-actions, (E, T, ...)."""

    def run(macro):
        def one(state, macro):
            step = plant.step(state, macro, KEY)
            return step.state, step

        return jax.lax.scan(one, plant.reset(KEY).state, macro)[1]

    return jax.tree.map(np.asarray, jax.jit(jax.vmap(run), compiler_options=QUICK)(macro))


@pytest.fixture(scope="module")
def both():
    """512 episodes at random on either plant, and which steps of them precede the end."""
    boxes = BoxPushing(6)
    plant = with_options(boxes)
    assert plant.macro_actions == boxes.macro_actions
    # Pushes are rare among eight, so they are drawn more often; everything happens then.
    macro = jax.random.choice(
        KEY, 8, (512, 60, 2), p=jnp.array([1, 1, 1, 1, 4, 0.5, 0.5, 0.5]) / 9.5
    )
    # The first choices of one half lead to the big box.
    begin = jnp.array([[2, 3], [2, 3], [2, 3], [2, 3], [2, 3], [4, 4]])
    macro = macro.at[256:, :6].set(begin)
    theirs, ours = (episodes(p, macro.astype(jnp.int32)) for p in (boxes, plant))
    ended = np.cumsum(theirs.terminal, 1)
    return theirs, ours, (ended - theirs.terminal) == 0


def test_written_as_options_they_are_the_same_plant(both):
    theirs, ours, lives = both
    for name in ("reward", "terminal", "decided", "observation"):
        unlike = (getattr(theirs, name) != getattr(ours, name)).reshape(*lives.shape, -1).any(-1)
        # Who decides at the very end is nobody's matter any more.
        assert not (unlike & lives & ~theirs.terminal).any(), name
    last = lives & theirs.terminal
    np.testing.assert_array_equal(theirs.reward[last], ours.reward[last])
    # And everything there is has happened.
    assert theirs.info["success"][lives].sum() > 100
    assert (theirs.reward[lives] < -5).sum() > 100
    assert (last & ~theirs.info["success"]).sum() > 50
