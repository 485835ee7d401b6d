"""What a centre owes to whoever compiles, batches and learns on it."""

import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.errors import UserError
from shiftwork.plants.adapters.to_pettingzoo import TeamEnv
from shiftwork.plants.catalogue import CENTRES, make_team_plant
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.load import load_scenario
from shiftwork.plants.team_plant import TeamPlant, TeamStep
from support.centre_builders import KEY, RESET, STEP, centre
from support.compile_options import QUICK

with warnings.catch_warnings():
    # Importing PettingZoo's tests brings in plants of its own in a way that it deprecates.
    warnings.simplefilter("ignore", DeprecationWarning)
    from pettingzoo.test import parallel_api_test

SMALL = make_team_plant("centre-small")


def shapes(tree):
    return jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), tree)


@pytest.mark.parametrize("name", CENTRES)
def test_reset_and_step_give_back_the_same_kind_of_thing(name):
    plant = make_team_plant(name)
    n = len(plant.agents)
    size, actions = max(plant.observation_sizes), max(map(len, plant.macro_actions))
    key = jax.eval_shape(lambda: jax.random.key(0))
    reset = jax.eval_shape(plant.reset, key)
    macro = jax.ShapeDtypeStruct((n,), jnp.int32)
    step = jax.eval_shape(plant.step, reset.state, macro, key)
    assert isinstance(plant, TeamPlant)
    assert len(plant.roles) == len(plant.observation_sizes) == len(plant.macro_actions) == n
    for given in (reset, step):
        assert isinstance(given, TeamStep)
        assert (given.observation.shape, given.observation.dtype) == ((n, size), jnp.float32)
        assert (given.decided.shape, given.decided.dtype) == ((n,), jnp.bool_)
        assert (given.mask.shape, given.mask.dtype) == ((n, actions), jnp.bool_)
        assert (given.reward.shape, given.reward.dtype) == ((), jnp.float32)
        assert (given.terminal.shape, given.terminal.dtype) == ((), jnp.bool_)
    # scan and a reset by jnp.where demand the very same kind of state and step.
    assert shapes(step) == shapes(reset)
    assert not any(leaf.weak_type for leaf in jax.tree.leaves((reset, step)))
    roles = dict(zip(plant.roles, zip(plant.observation_sizes, plant.macro_actions, strict=True),
                     strict=True))  # fmt: skip
    for role, own, names in zip(
        plant.roles, plant.observation_sizes, plant.macro_actions, strict=True
    ):
        assert roles[role] == (own, names)


def test_equal_scenarios_are_equal_plants_and_share_a_program():
    assert make_team_plant("centre-small") == Centre(load_scenario("centre-small"))
    assert hash(SMALL) == hash(centre())
    assert len({make_team_plant(name) for name in CENTRES}) == 5
    assert SMALL.horizon == 240


def test_reset_begins_with_everybody_deciding_and_nothing_earned():
    reset = RESET(SMALL, KEY)
    assert reset.decided.all()
    assert reset.reward == 0
    assert not reset.terminal
    assert reset.mask.any(1).all()
    assert not any(np.asarray(value).any() for name, value in reset.info.items()
                   if name != "macro_action")  # fmt: skip


def test_observations_are_of_the_size_of_one_and_kept_while_an_agent_is_busy():
    step, largest = RESET(SMALL, KEY), 0.0
    for hour in range(120):
        key = jax.random.fold_in(KEY, hour)
        macro = jnp.argmax(jnp.where(step.mask, jax.random.uniform(key, step.mask.shape), 0.0), -1)
        after = STEP(SMALL, step.state, macro, key)
        busy = ~after.decided
        np.testing.assert_array_equal(after.observation[busy], step.observation[busy])
        step = after
        largest = max(largest, float(jnp.abs(step.observation).max()))
    assert 0.5 < largest < 12


def test_every_column_has_a_name_and_says_what_it_should():
    step = RESET(SMALL, KEY)
    for agent, size in enumerate(SMALL.observation_sizes):
        names = SMALL.observation_names(agent)
        assert len(names) == len(set(names)) == size
        assert not step.observation[agent, size:].any()
    seen = {
        agent: dict(
            zip(SMALL.observation_names(agent), step.observation[agent].tolist(), strict=False)
        )
        for agent in range(4)
    }
    berth, blending, furnace, other = (seen[agent] for agent in range(4))
    assert berth["own ship at berth"] == 0
    # Tank 1: level .80 between heel .07 and high .93; 56 % of n-paraffins.
    assert berth["tank T1 level"] == pytest.approx((0.80 - 0.07) / 0.86, abs=1e-4)
    assert blending["tank T1 n-paraffins"] == pytest.approx(0.6, abs=1e-4)
    assert blending["tank T1 ready"] == 1
    assert berth["episode left"] == 1
    ages = sorted([furnace["days since decoke"], other["days since decoke"]])
    assert ages == pytest.approx([2 / 50, 30 / 50])
    assert furnace["COT"] == 0
    assert furnace["feed"] == pytest.approx(46 / 48)
    assert furnace["naphtha price"] == pytest.approx(10 * float(step.state.log_price[0]), rel=1e-5)
    table = step.state.harbour.table
    assert berth["ship announced 1 expected"] == pytest.approx(12 / 168, abs=0.05)
    assert berth["ship announced 1 cargo"] == pytest.approx(float(table[0, 3]) / 2100, rel=1e-4)


def test_batches_are_the_same_as_one_by_one():
    keys = jax.random.split(KEY, 3)
    reset = jax.jit(jax.vmap(SMALL.reset), compiler_options=QUICK)(keys)
    step = jax.jit(jax.vmap(SMALL.step), compiler_options=QUICK)
    alone = [RESET(SMALL, key) for key in keys]
    for hour in range(30):
        macro = jnp.argmax(reset.mask, -1)
        reset = step(reset.state, macro, keys)
        alone = [STEP(SMALL, one.state, macro[i], keys[i]) for i, one in enumerate(alone)]
        for i, one in enumerate(alone):
            np.testing.assert_allclose(reset.observation[i], one.observation, atol=1e-4)
            np.testing.assert_array_equal(reset.mask[i], one.mask, err_msg=str(hour))
            np.testing.assert_allclose(reset.reward[i], one.reward, rtol=1e-4, atol=1e-4)


class Obedient(TeamEnv):
    """PettingZoo's test draws from the whole action space; what may not be is refused."""

    def step(self, actions):
        legal = {}
        for number, (agent, action) in enumerate(actions.items()):
            allowed = np.flatnonzero(self._mask[number])
            legal[agent] = action if action in allowed else allowed[0]
        return super().step(legal)


def test_passes_the_parallel_api_test(capsys):
    parallel_api_test(Obedient(SMALL), num_cycles=300)
    capsys.readouterr()


def test_the_pettingzoo_face_refuses_what_is_not_allowed():
    env = TeamEnv(SMALL)
    env.reset(seed=0)
    with pytest.raises(UserError, match="berth 1: may not choose action 3 now; allowed: 0"):
        env.step(dict.fromkeys(env.agents, 3))
