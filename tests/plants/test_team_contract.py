"""What every team's plant owes to whoever compiles, batches and learns on it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.errors import UserError
from shiftwork.plants.catalogue import CENTRES, TEAM_PLANTS, VARIED_CENTRE, make_team_plant
from shiftwork.plants.tasks.corridor import Corridor, corridor_with_options
from shiftwork.plants.tasks.overcooked.overcooked import Overcooked
from shiftwork.plants.team_plant import TeamPlant, TeamStep

KEY = jax.random.key(0)
FEW = (
    "box-pushing-6",
    "overcooked-large-B-rand",
    "box-pushing-6-primitive",
    "overcooked-B-primitive",
)
ANY_PLANT = pytest.mark.parametrize(
    "plant",
    [*(TEAM_PLANTS[name] for name in FEW), corridor_with_options(Corridor())],
    ids=lambda p: p.name,
)


def shapes(tree):
    return jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), tree)


@ANY_PLANT
def test_reset_and_step_give_back_the_same_kind_of_thing(plant):
    n = len(plant.agents)
    size, actions = max(plant.observation_sizes), max(map(len, plant.macro_actions))
    reset = jax.jit(plant.reset)(KEY)
    step = jax.jit(plant.step)(reset.state, jnp.zeros(n, jnp.int32), KEY)

    assert isinstance(plant, TeamPlant)
    assert len(plant.roles) == len(plant.observation_sizes) == len(plant.macro_actions) == n
    for given in (reset, step):
        assert isinstance(given, TeamStep)
        assert (given.observation.shape, given.observation.dtype) == ((n, size), jnp.float32)
        assert (given.decided.shape, given.decided.dtype) == ((n,), jnp.bool_)
        assert (given.mask.shape, given.mask.dtype) == ((n, actions), jnp.bool_)
        assert (given.reward.shape, given.reward.dtype) == ((), jnp.float32)
        assert (given.terminal.shape, given.terminal.dtype) == ((), jnp.bool_)
        assert {"macro_action", "success"} <= set(given.info)
    # scan and a reset by jnp.where demand the very same kind of state and step.
    assert shapes(step) == shapes(reset)
    assert not any(leaf.weak_type for leaf in jax.tree.leaves((reset, step)))
    assert reset.decided.all()
    assert reset.reward == 0
    assert not reset.terminal
    assert all(
        row.sum() == len(own) for row, own in zip(reset.mask, plant.macro_actions, strict=True)
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["box-pushing-6", "overcooked-B-rand", "box-pushing-6-primitive"])
def test_batches_and_batches_of_batches_are_the_same_as_one_by_one(name):
    plant = TEAM_PLANTS[name]
    n, actions = len(plant.agents), len(plant.macro_actions[0])
    keys = jax.random.split(KEY, (2, 3))
    macro = jax.random.randint(KEY, (6, 2, 3, n), 0, actions)

    def episode(key, macro):
        def step(state, macro):
            step = plant.step(state, macro, key)
            return step.state, step

        return jax.lax.scan(step, plant.reset(key).state, macro)[1]

    alone = jax.jit(episode)
    nested = jax.jit(jax.vmap(jax.vmap(episode, (0, 1)), (0, 1)))(keys, macro)
    for i in range(2):
        for j in range(3):
            one = alone(keys[i, j], macro[:, i, j])
            jax.tree.map(
                lambda a, b, i=i, j=j: np.testing.assert_allclose(a[i, j], b, atol=1e-6),
                nested,
                one,
            )


def test_every_plant_of_the_issue_is_there_and_can_be_hashed():
    expected = {f"box-pushing-{n}" for n in (6, 8, 10)}
    expected |= {
        f"overcooked-{size}{kitchen}{rand}"
        for size in ("", "large-")
        for kitchen in "ABC"
        for rand in ("", "-rand")
    }
    once = {f"{name}-once" for name in expected if "large" in name}
    expected |= {f"{name}-primitive" for name in expected} | once
    expected |= {*CENTRES, VARIED_CENTRE}
    assert set(TEAM_PLANTS) == expected
    assert make_team_plant("overcooked-large-B-rand") == Overcooked("large-B", random=True)
    assert len(set(TEAM_PLANTS.values())) == len(TEAM_PLANTS)


def test_unknown_plant_is_one_line_with_the_nearest_name():
    with pytest.raises(UserError, match="unknown team plant 'overcooked-D'; did you mean 'over"):
        make_team_plant("overcooked-D")
