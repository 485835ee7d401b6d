"""What every plant of ours owes to whoever compiles, batches and learns on it."""

from collections import Counter
from dataclasses import FrozenInstanceError

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shiftwork.plants import catalogue
from shiftwork.plants.plant import Plant, ScoreRange, Step
from shiftwork.plants.probes.single import PROBES
from shiftwork.records.tags import box

PLANTS = (*catalogue.PLANTS.values(), *PROBES)
ANY_PLANT = pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
KEY = jax.random.key(0)
RESET = jax.jit(lambda plant, key: plant.reset(key), static_argnums=0)
STEP = jax.jit(lambda plant, *inputs: plant.step(*inputs), static_argnums=0)


def shapes(tree):
    return jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), tree)


def middle(plant):
    return jnp.asarray(np.mean(box(plant.action, plant.name), axis=0))


@ANY_PLANT
def test_reset_and_step_have_the_shapes_and_types_of_the_tags(plant):
    size = len(plant.observation)
    state, observation = RESET(plant, KEY)
    step = STEP(plant, state, middle(plant), KEY)

    assert isinstance(plant, Plant)
    assert isinstance(step, Step)
    for seen in (observation, step.observation):
        assert (seen.shape, seen.dtype) == ((size,), jnp.float32)
    assert (step.reward.shape, step.reward.dtype) == ((), jnp.float32)
    assert (step.terminal.shape, step.terminal.dtype) == ((), jnp.bool_)
    # scan demands that a step gives back the very kind of state that it was given.
    assert jax.tree.structure(step.state) == jax.tree.structure(state)
    assert shapes(step.state) == shapes(state)
    assert not any(leaf.weak_type for leaf in jax.tree.leaves((state, step)))


@ANY_PLANT
def test_a_batch_under_vmap_is_the_same_as_one_by_one(plant):
    keys, step_keys = jax.random.split(KEY, 5), jax.random.split(jax.random.key(1), 5)
    low, high = box(plant.action, plant.name)
    actions = jax.random.uniform(KEY, (5, len(low)), minval=low, maxval=high)
    states, observations = jax.jit(jax.vmap(plant.reset))(keys)
    steps = jax.jit(jax.vmap(plant.step))(states, actions, step_keys)

    assert observations.shape == (5, len(plant.observation))
    for i in range(5):
        state, observation = RESET(plant, keys[i])
        alone = STEP(plant, state, actions[i], step_keys[i])
        np.testing.assert_allclose(observations[i], observation, rtol=1e-6)
        jax.tree.map(
            lambda batched, single, i=i: np.testing.assert_allclose(
                batched[i], single, rtol=1e-5, atol=1e-6
            ),
            steps,
            alone,
        )


@ANY_PLANT
def test_step_is_traced_once_for_repeated_calls(plant):
    traces = Counter()

    @jax.jit
    def reset(key):
        traces["reset"] += 1
        return plant.reset(key)

    @jax.jit
    def step(state, action, key):
        traces["step"] += 1
        return plant.step(state, action, key)

    for key in jax.random.split(KEY, 3):
        state, _ = reset(key)
        for step_key in jax.random.split(key, 4):
            state = step(state, middle(plant), step_key).state
    assert traces == {"reset": 1, "step": 1}


@ANY_PLANT
def test_the_same_keys_give_the_same_episode_and_others_another(plant):
    def rewards_and_signs(seed):
        state, first = RESET(plant, jax.random.key(seed))
        seen = [first]
        for key in jax.random.split(jax.random.key(seed), 8):
            step = STEP(plant, state, middle(plant), key)
            state = step.state
            seen += [step.observation, step.reward[None]]
        return np.concatenate(seen)

    np.testing.assert_array_equal(rewards_and_signs(0), rewards_and_signs(0))
    assert not np.array_equal(rewards_and_signs(0), rewards_and_signs(1))


@ANY_PLANT
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31 - 1), scale=st.sampled_from([0.0, 1.0, 3.0, 1e6]))
def test_any_action_gives_finite_numbers_inside_the_spans_of_the_tags(plant, seed, scale):
    low, high = box(plant.action, plant.name)
    span_low, span_high = (
        np.array([getattr(tag, end) for tag in plant.observation], np.float32)
        for end in ("low", "high")
    )
    reset_key, action_key, step_key = jax.random.split(jax.random.key(seed), 3)
    centre, half = (high + low) / 2, (high - low) / 2
    draws = jax.random.uniform(action_key, (plant.horizon, len(low)), minval=-1.0, maxval=1.0)
    actions = centre[None] + scale * half[None] * draws
    observation, reward = _episode(plant, reset_key, actions, step_key)

    assert np.isfinite(reward).all()
    assert np.isfinite(observation).all()
    assert (observation >= span_low[None]).all()
    assert (observation <= span_high[None]).all()


@ANY_PLANT
def test_actions_beyond_the_limits_are_clipped_to_them(plant):
    state, _ = RESET(plant, KEY)
    for limit, sign in zip(box(plant.action, plant.name), (-1, 1), strict=True):
        at = STEP(plant, state, jnp.asarray(limit), KEY)
        beyond = STEP(plant, state, jnp.asarray(limit + sign * 1000), KEY)
        jax.tree.map(np.testing.assert_array_equal, at, beyond)


@ANY_PLANT
def test_a_plant_is_an_immutable_value_with_a_name_and_sound_columns(plant):
    assert plant.name
    assert plant.horizon >= 1
    assert hash(plant) == hash(plant)
    with pytest.raises(FrozenInstanceError):
        plant.name = "another"
    for seen, target in plant.targets:
        assert plant.observation[seen].unit == plant.observation[target].unit
        assert seen != target
    names = [tag.name for tag in (*plant.observation, *plant.action)]
    assert len(set(names)) == len(names)


def test_equal_plants_are_one_for_the_compiler():
    for name, plant in catalogue.PLANTS.items():
        again = type(plant)(**{key: getattr(plant, key) for key in plant.__dataclass_fields__})
        assert (again, hash(again)) == (plant, hash(plant)), name


def test_score_range_maps_its_ends_to_0_and_100():
    score = ScoreRange(-20.0, 60.0)
    np.testing.assert_allclose(score.normalized(np.array([-20.0, 20.0, 60.0])), [0.0, 50.0, 100.0])


def _roll(plant, reset_key, actions, step_key):
    state, first = plant.reset(reset_key)

    def one(state, inputs):
        step = plant.step(state, *inputs)
        return step.state, (step.observation, step.reward)

    _, (observation, reward) = jax.lax.scan(
        one, state, (actions, jax.random.split(step_key, plant.horizon))
    )
    return jnp.concatenate([first[None], observation]), reward


_episode = jax.jit(_roll, static_argnums=0)
