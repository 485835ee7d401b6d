"""Options make a synchronous plant one of macro-actions: who decides, among what, for how long."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shiftwork.errors import UserError
from shiftwork.plants.options import OneStep, Option, WithOptions, primitive
from shiftwork.plants.synchronous import SynchronousPlant
from shiftwork.plants.tasks.corridor import LEFT, RIGHT, STAY, Corridor, corridor_with_options
from shiftwork.plants.team_plant import TeamPlant

CORRIDOR = Corridor(cells=6, horizon=12)
PLANT = corridor_with_options(CORRIDOR)
WAIT, GO_LEFT, GO_RIGHT = range(3)
KEY = jax.random.key(0)
STEPS = 12


@dataclasses.dataclass(frozen=True)
class Stroll:
    """Wander for so many steps; where it stands and how the steps fall are drawn."""

    name: str = "stroll"
    steps: int = 3

    def may_begin(self, moment):
        return moment.state.cell[moment.agent] > 0

    def act(self, moment, key):
        return jax.random.randint(key, (), 0, 3)

    def ends(self, moment, key):
        return (moment.age >= self.steps) | jax.random.bernoulli(key, 0.3)


STROLLING = WithOptions(
    "strolling", CORRIDOR, ((Stroll(), *PLANT.options[0]), (OneStep("right", RIGHT),))
)


@jax.jit
def played(cells, macro, key):
    return _played(PLANT, cells, macro, key)


@jax.jit
def strolled(cells, macro, key):
    return _played(STROLLING, cells, macro, key)


def _played(plant, cells, macro, key):
    """Run given macro-actions from given cells: all steps behind the reset, (T, ...)."""
    begun = plant.begin(CORRIDOR.begin(cells))

    def one(state, inputs):
        step = plant.step(state, *inputs)
        return step.state, step

    keys = jax.random.split(key, len(macro))
    return begun, jax.lax.scan(one, begun.state, (macro, keys))[1]


def as_numpy(tree):
    return jax.tree.map(np.asarray, tree)


def run(cells, macro, seed=0, play=played):
    begun, steps = play(
        jnp.array(cells, jnp.int32), jnp.array(macro, jnp.int32), jax.random.key(seed)
    )
    return as_numpy(begun), as_numpy(steps)


def test_each_agent_decides_when_its_own_option_ends():
    begun, steps = run([2, 4], [[GO_RIGHT, GO_RIGHT]] + [[GO_LEFT, WAIT]] * (STEPS - 1))
    assert begun.decided.all()
    # Agent 1 walks for three steps and then back for five; agent 2 arrives in one, then waits.
    np.testing.assert_array_equal(np.flatnonzero(steps.decided[:, 0]), [2, 7, 8, 9, 10, 11])
    assert steps.decided[:, 1].all()
    np.testing.assert_array_equal(steps.state.plant.cell[:8, 0], [3, 4, 5, 4, 3, 2, 1, 0])
    np.testing.assert_array_equal(steps.reward[:4], [0.5, 0.5, 1.0, 0.5])
    np.testing.assert_array_equal(steps.info["macro_action"][:4, 0], [2, 2, 2, 1])
    np.testing.assert_array_equal(steps.info["action"][:4, 0], [RIGHT, RIGHT, RIGHT, LEFT])


def test_an_option_that_may_not_begin_does_not_run():
    begun, steps = run([0, 5], [[GO_LEFT, GO_RIGHT], [7, -1]] + [[WAIT, WAIT]] * (STEPS - 2))
    np.testing.assert_array_equal(begun.mask, [[True, False, True], [True, True, False]])
    # The first that may begin, waiting, runs in its place; so it does for numbers that none has.
    np.testing.assert_array_equal(steps.info["macro_action"][:2], [[WAIT, WAIT]] * 2)
    np.testing.assert_array_equal(steps.info["action"][:2], [[STAY, STAY]] * 2)


ANY_PLAY = given(
    cells=st.tuples(st.integers(0, 5), st.integers(0, 5)),
    macro=st.lists(
        st.tuples(st.integers(-1, 4), st.integers(-1, 4)), min_size=STEPS, max_size=STEPS
    ),
    seed=st.integers(0, 99),
)


@pytest.mark.parametrize(("plant", "play"), [(PLANT, played), (STROLLING, strolled)])
@settings(max_examples=60, deadline=None)
@ANY_PLAY
def test_whatever_is_played_the_plant_underneath_is_run(plant, play, cells, macro, seed):
    begun, steps = run(cells, macro, seed, play)
    before = begun
    cell = np.array(cells)
    for t in range(STEPS):
        step = jax.tree.map(lambda x, t=t: x[t], steps)
        running, busy = step.info["macro_action"], ~before.decided
        # Only what was allowed has begun, and nothing is begun while something runs.
        assert (before.mask[[0, 1], running] | busy).all()
        last = before.info["macro_action"]
        np.testing.assert_array_equal(running[busy], last[busy])
        asked = np.clip(macro[t], 0, before.mask.shape[1] - 1)
        obeyed = ~busy & (asked == macro[t]) & before.mask[[0, 1], asked]
        np.testing.assert_array_equal(running[obeyed], np.array(macro[t])[obeyed])
        # The primitive actions alone explain the plant's state and the reward.
        cell = np.clip(cell + step.info["action"] - STAY, 0, 5)
        np.testing.assert_array_equal(step.state.plant.cell, cell)
        assert step.reward == pytest.approx((cell == 5).mean())
        # What is seen and may be chosen changes at decisions only; there it is fresh.
        now = 2.0 * cell[:, None] / 5 - 1.0
        expected = np.where(step.decided[:, None], now, before.observation)
        np.testing.assert_allclose(step.observation, expected, atol=1e-6)
        kept = ~step.decided
        np.testing.assert_array_equal(step.mask[kept], before.mask[kept])
        assert step.mask.any(1).all()
        # An option ends by its own rule and no other.
        for i, name in enumerate(plant.macro_actions[i][running[i]] for i in range(2)):
            if name in ("wait", "right"):
                assert step.decided[i]
            elif name == "stroll":
                assert step.decided[i] or step.state.age[i] < 3
            else:
                assert step.decided[i] == (cell[i] == (0 if name == "go left" else 5))
        before = step


def test_agents_may_differ_in_their_options_and_one_always_has_a_choice():
    begun, _ = run([0, 0], [[0, 0]] * STEPS, play=strolled)
    # Nobody strolls from the left end or goes there; beyond the only option of agent 2 is padding.
    np.testing.assert_array_equal(
        begun.mask, [[False, True, False, True], [True, False, False, False]]
    )
    nowhere = CORRIDOR.begin(jnp.zeros(2, jnp.int32))
    stuck = WithOptions("stuck", CORRIDOR, ((Stroll(), Stroll("again")), PLANT.options[1]))
    np.testing.assert_array_equal(stuck.begin(nowhere).mask[0], [True, False, False])


def test_contracts_and_equality():
    assert isinstance(CORRIDOR, SynchronousPlant)
    assert isinstance(PLANT, TeamPlant)
    assert isinstance(OneStep("wait", STAY), Option)
    again = corridor_with_options(Corridor(cells=6, horizon=12))
    assert (again, hash(again)) == (PLANT, hash(PLANT))
    assert corridor_with_options(Corridor()) != again


def test_options_that_do_not_fit_are_refused():
    with pytest.raises(UserError, match="has 2 agents but options for 1; give one tuple"):
        WithOptions("p", CORRIDOR, (PLANT.options[0],))
    with pytest.raises(UserError, match="agent 2 has no option; give it one at least"):
        WithOptions("p", CORRIDOR, (PLANT.options[0], ()))
    changing = Stroll("changing")
    object.__setattr__(changing, "steps", [3])
    with pytest.raises(
        UserError, match=r"must be immutable values .*; make them frozen dataclasses"
    ):
        WithOptions("p", CORRIDOR, ((changing,), PLANT.options[1]))


def test_primitive_actions_as_options_let_everybody_decide_in_each_step():
    plant = primitive(CORRIDOR)
    assert plant.macro_actions == CORRIDOR.actions
    step, reset = jax.jit(plant.step), plant.reset(KEY)
    state, cell = reset.state, np.array(CORRIDOR.start)
    for action in ([RIGHT, LEFT], [RIGHT, LEFT], [STAY, RIGHT]):
        after = step(state, jnp.array(action), KEY)
        cell = np.clip(cell + np.array(action) - STAY, 0, 5)
        assert after.decided.all()
        np.testing.assert_allclose(after.observation[:, 0], 2 * cell / 5 - 1, atol=1e-6)
        state = after.state
