"""The plants by primitive actions do in every recorded step what the plants of macro-actions do."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.plants.catalogue import TEAM_PLANTS
from shiftwork.plants.options import primitive
from shiftwork.plants.tasks.box_pushing import BIG, NORTH, PUSH
from shiftwork.plants.tasks.primitive import (
    AHEAD,
    STAY,
    TURN_LEFT,
    TURN_RIGHT,
    BoxesState,
    PrimitiveBoxPushing,
    PrimitiveOvercooked,
)
from support.golden_traces import BOXES, GOLDEN, KITCHENS, box_fields, homes, load, steps

KEY = jax.random.key(0)


@pytest.mark.parametrize("name", ["ovcA7", "ovcB7"])
def test_recorded_primitives_cook_the_recorded_episodes(name):
    """Whole episodes from their starts: nothing but primitive actions is handed over."""
    plant, trace = primitive(PrimitiveOvercooked(KITCHENS[name])), load(GOLDEN, name)

    def run(places, given):
        def step(state, action):
            step = plant.step(state, action, KEY)
            return step.state, (step.reward, step.terminal, step.decided, step.state.plant)

        begun = plant.begin(plant.plant._joint(plant.plant.kitchen.begin(places)))
        return jax.lax.scan(step, begun.state, given)[1]

    reward, terminal, decided, state = jax.tree.map(
        np.asarray, jax.jit(jax.vmap(run))(homes(trace), trace["prim"].astype(np.int32))
    )
    e, t = steps(trace)
    np.testing.assert_allclose(reward[e, t], trace["reward"][e, t], atol=1e-4)
    np.testing.assert_array_equal(terminal[e, t], trace["terminated"][e, t])
    np.testing.assert_array_equal(state.hold[e, t], trace["s_agent_hold"][e, t + 1])
    np.testing.assert_array_equal(state.chops[e, t], trace["s_food_chops"][e, t + 1])
    place = trace["s_agent_pos"][e, t + 1].astype(int)
    np.testing.assert_array_equal(state.agent[e, t], 16 * place[..., 0] + place[..., 1])
    believed = trace["s_mem_pos"][e, t + 1].astype(int)
    np.testing.assert_array_equal(state.believed[e, t], 16 * believed[..., 0] + believed[..., 1])
    # Everybody sees what is there now; where the recorded agents decided, they saw the same.
    assert decided.all()
    fresh = trace["macro_done"][e, t]
    np.testing.assert_array_equal(state.seen[e, t][fresh], trace["obs_num"][e, t + 1][fresh])
    assert len(e) > 3000


def single_moves(trace, e, t, size):
    """The primitive action of every recorded step of box pushing, and whether there is one."""
    before, after = (box_fields(trace, e, k) for k in (t, t + 1))
    moved = (before["x"] != after["x"]) | (before["y"] != after["y"])
    turned = (after["orientation"] - before["orientation"]) % 4
    pushes = (trace["macro"][e, t] == PUSH) | after["big_push"][:, None]
    action = np.select(
        [pushes | moved, turned == 1, turned == 3], [AHEAD, TURN_RIGHT, TURN_LEFT], STAY
    )
    # Ways lead through boxes of other rows and around them outside the grid, an about-face at the
    # waypoint takes one step, and the big box goes on with agents that are not below it: none of
    # that can be done by single moves.
    x, y = (after[k][..., None] for k in "xy")
    wide = before["box_x"][:, None] + np.array([0, 0, 1])
    into = (y == before["box_y"][:, None]) & ((x == before["box_x"][:, None]) | (x == wide))
    outside = [(after[k] < 0) | (after[k] >= size) for k in "xy"]
    through = (~pushes & moved & (into.any(-1) | outside[0] | outside[1])).any(-1)
    below = (before["orientation"] == NORTH) & (before["y"] + 1 == before["box_y"][:, BIG:])
    half = np.sort(before["x"] - before["box_x"][:, BIG:], -1)
    joint = ((action == AHEAD) & below).all(-1) & (half == [0, 1]).all(-1)
    return action, ~through & ~(turned == 2).any(-1) & (joint == after["big_push"])


@pytest.mark.parametrize("name", BOXES)
def test_single_moves_push_the_recorded_boxes(name):
    plant, trace = PrimitiveBoxPushing(BOXES[name]), load(GOLDEN, name)
    e, t = steps(trace)
    action, possible = single_moves(trace, e, t, plant.boxes.size)
    assert (~possible).sum() == {"bp6": 7, "bp6_free": 55, "bp8": 0}[name]
    assert len(e) > 2000
    e, t, action = e[possible], t[possible], action[possible]
    fields = {k: v.astype(np.int8) for k, v in box_fields(trace, e, t).items()}
    state = BoxesState(
        *(jnp.asarray(fields[k]) for k in ("x", "y", "orientation", "box_x", "box_y")),
        jnp.zeros(action.shape, bool),
    )
    step = jax.jit(jax.vmap(lambda s, a: plant.step(s, a, KEY)))(
        state, jnp.asarray(action, jnp.int32)
    )
    after = box_fields(trace, e, t + 1)
    for field in ("x", "y", "orientation", "box_x", "box_y"):
        np.testing.assert_array_equal(getattr(step.state, field), after[field])
    np.testing.assert_allclose(step.reward, trace["reward"][e, t], atol=1e-4)
    np.testing.assert_array_equal(step.terminal, trace["terminated"][e, t])
    fresh = trace["macro_done"][e, t]
    np.testing.assert_array_equal(
        np.asarray(step.observation)[fresh], trace["obs_num"][e, t + 1][fresh]
    )


def test_the_big_box_needs_both_in_the_same_step():
    plant = TEAM_PLANTS["box-pushing-6-primitive"]
    step = jax.jit(plant.step)

    def play(*actions):
        state, rewards = plant.reset(KEY).state, []
        for action in actions:
            made = step(state, jnp.array(action), KEY)
            state = made.state
            rewards.append(float(made.reward))
        return made, rewards

    way = [[AHEAD, AHEAD]] * 2 + [[STAY, STAY], [STAY, STAY], [TURN_LEFT, TURN_RIGHT]]
    made, rewards = play([TURN_LEFT, TURN_RIGHT], [AHEAD] * 2, [TURN_RIGHT, TURN_LEFT], *way)
    below = made.state.plant
    np.testing.assert_array_equal(below.x, [2, 3])
    np.testing.assert_array_equal(below.y, [2, 2])
    np.testing.assert_array_equal(below.orientation, [NORTH, NORTH])
    np.testing.assert_allclose(rewards, -0.1, atol=1e-6)
    alone = step(made.state, jnp.array([AHEAD, STAY]), KEY)
    assert float(alone.reward) == pytest.approx(-10.1)
    assert alone.state.plant.held.tolist() == [True, False]
    for _ in range(2):
        made = step(made.state, jnp.array([AHEAD, AHEAD]), KEY)
    assert float(made.reward) == pytest.approx(299.9)
    assert bool(made.info["success"])
    assert bool(made.terminal)
