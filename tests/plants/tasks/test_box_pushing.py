import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.plants.tasks.box_pushing import (
    MACRO_ACTIONS,
    NORTH,
    PUSH,
    SEEN,
    STAY,
    TURN_LEFT,
    TURN_RIGHT,
    WEST,
    BoxPushing,
)
from support.golden_traces import BOXES, compare_boxes

KEY = jax.random.key(0)
RESET = jax.jit(lambda plant: plant.reset(KEY), static_argnums=0)
STEP = jax.jit(
    lambda plant, state, macro: plant.step(state, jnp.array(macro), KEY), static_argnums=0
)
ANY_SIZE = pytest.mark.parametrize(
    "plant", [BoxPushing(n) for n in (6, 8, 10)], ids=lambda p: p.name
)


def play(plant, state, script):
    """Give each agent its macro-actions in turn, each until it ends; return steps and the sum."""
    left, steps, total = [list(s) for s in script], [], 0.0
    while True:
        macro = [0, 0]
        for i in range(2):
            if bool(state.decided[i]):
                macro[i] = left[i].pop(0) if left[i] else STAY
            else:
                macro[i] = TURN_LEFT  # junk for a busy agent
        step = STEP(plant, state, macro)
        steps.append(step)
        total += float(step.reward)
        state = step.state
        if step.terminal or len(steps) == plant.horizon:
            return steps, total


@pytest.mark.parametrize("name", BOXES)
def test_every_recorded_step_is_reproduced(name):
    steps, wrong = compare_boxes(name)
    assert steps > 2000
    assert not any(wrong.values()), wrong


@ANY_SIZE
def test_best_episode_has_the_published_return(plant):
    # Both turn and go to their halves of the big box, then push together.
    steps, total = play(plant, RESET(plant).state, ([2, PUSH], [3, PUSH]))
    assert total == pytest.approx({6: 299.4, 8: 299.2, 10: 298.9}[plant.size], abs=1e-3)
    assert bool(steps[-1].info["success"])


@ANY_SIZE
def test_both_small_boxes_are_the_published_trap(plant):
    steps, total = play(plant, RESET(plant).state, ([0, PUSH], [1, PUSH]))
    assert total == pytest.approx({6: 39.6, 8: 39.4, 10: 39.2}[plant.size], abs=1e-3)
    assert not steps[-1].info["success"]


def test_reset_shows_an_empty_cell_and_everybody_decides():
    step = RESET(BoxPushing(6))
    assert step.observation.tolist() == [[0, 0, 1, 0, 0]] * 2
    assert step.decided.all()
    assert step.mask.shape == (2, len(MACRO_ACTIONS))
    assert step.mask.all()


def test_pushing_the_big_box_alone_is_undone_and_costs_ten():
    plant = BoxPushing(6)
    steps, _ = play(plant, RESET(plant).state, ([2, PUSH], []))
    pushed = next(s for s in steps if s.reward < -5)
    assert float(pushed.reward) == pytest.approx(-10.1)
    assert int(pushed.state.y[0]) == 2
    assert pushed.decided[0]
    assert pushed.observation[0].tolist() == [SEEN[k] == "big box" for k in range(5)]


def test_box_pushed_from_the_side_stays():
    plant = BoxPushing(6)
    state = RESET(plant).state
    state = state._replace(
        x=jnp.array([1, 5], jnp.int8), y=jnp.array([3, 0], jnp.int8),
        orientation=jnp.array([WEST, NORTH], jnp.int8),
    )  # fmt: skip
    step = STEP(plant, state, [PUSH, STAY])
    assert float(step.reward) == pytest.approx(-10.1)
    assert step.state.x.tolist() == [1, 5]
    assert step.state.box_x.tolist() == state.box_x.tolist()


@pytest.mark.parametrize(("turn", "after"), [(TURN_LEFT, [0, 2]), (TURN_RIGHT, [2, 0])])
def test_turns_last_one_step(turn, after):
    step = STEP(BoxPushing(6), RESET(BoxPushing(6)).state, [turn, turn])
    assert step.state.orientation.tolist() == after
    assert step.decided.all()


def test_random_play_keeps_every_rule_of_the_grid():
    plant, copies = BoxPushing(8), 256

    def step(state, key):
        macro = jax.random.randint(key, (copies, 2), 0, 8)
        new = jax.vmap(plant.step, (0, 0, None))(state, macro, key)
        junk = jnp.where(state.decided, macro, 7 - macro)
        same = jax.vmap(plant.step, (0, 0, None))(state, junk, key)
        equal = jnp.stack(
            [(a == b).all() for a, b in zip(*map(jax.tree.leaves, (new, same)), strict=True)]
        )
        return new.state, (state, new, equal.all())

    begin = jax.vmap(plant.reset)(jax.random.split(KEY, copies)).state
    before, after, equal = jax.lax.scan(step, begin, jax.random.split(KEY, 60))[1]
    assert equal.all()  # what is given to busy agents is ignored
    rise = np.asarray(after.state.box_y) - np.asarray(before.box_y)
    assert ((rise == 0) | (rise == 1)).all()
    np.testing.assert_array_equal(after.state.box_x, before.box_x)
    moved = np.abs(np.asarray(after.state.x) - before.x) + np.abs(
        np.asarray(after.state.y) - before.y
    )
    assert moved.max() == 1
    kept = ~np.asarray(after.decided)[..., None]
    assert (np.asarray(after.state.seen)[..., None] == np.asarray(before.seen)[..., None])[
        kept
    ].all()
    alive = ~np.asarray(after.terminal)
    assert after.reward[alive].max() < 0
