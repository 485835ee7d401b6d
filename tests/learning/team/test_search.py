"""A team goes on by search: leanings are what they say, and whole episodes find what earns more."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.errors import UserError
from shiftwork.learning.team.acac import make_policies
from shiftwork.learning.team.algorithms import team_algorithm
from shiftwork.learning.team.improve import improve_team
from shiftwork.learning.team.leanings import first_spread, leaned, leanings_of
from shiftwork.learning.team.policy import Rows
from shiftwork.learning.team.search import Searching
from shiftwork.learning.team.search_settings import Config
from shiftwork.plants.catalogue import make_team_plant
from shiftwork.plants.probes.team import TeamProbe
from shiftwork.plants.team_plant import prospects_of, traits_of

ACAC = team_algorithm("acac")
TINY = {"actor_width": 8, "actor_memory": 4, "critic_width": 8, "critic_memory": 4}
CENTRE = make_team_plant("centre-small")


def made(plant, **changes):
    config = ACAC.config(**TINY | changes)
    return jax.jit(lambda key: ACAC.create(key, plant, config))(jax.random.key(0))


def policies_of(plant, **changes):
    config = ACAC.config(**TINY | {"direct": True} | changes)
    drawn = jax.jit(lambda key: make_policies(key, plant, config))(jax.random.key(1))
    rng = np.random.default_rng(2)
    shaken = jax.tree.map(lambda x: x + 0.3 * rng.normal(size=x.shape).astype(np.float32), drawn)
    return eqx.tree_at(_data, shaken, _data(drawn))


def _data(policies):
    return policies.actor.straight.shares, policies.actor.straight.columns


@pytest.fixture(scope="module")
def before():
    return policies_of(CENTRE, share=True, places=False)


def test_a_leaning_adds_what_it_says(before):
    """Against a sum written out number by number, for every agent of a centre."""
    leanings = leanings_of(CENTRE, before)
    rng = np.random.default_rng(3)
    lean = rng.normal(size=leanings.size).astype(np.float32)
    after = leaned(before, leanings, jnp.asarray(lean))
    agents = len(CENTRE.agents)
    looks = rng.normal(size=(1, agents, max(CENTRE.observation_sizes))).astype(np.float32)
    inputs = before.look(jnp.asarray(looks), jnp.zeros(1))
    decided = jnp.ones((agents, 1), bool)
    _, old = before.step(before.memory(1), inputs, decided)
    _, new = after.step(after.memory(1), inputs, decided)
    at = 0
    for number in range(max(before.groups) + 1):
        agent = before.groups.index(number)
        own = len(CENTRE.macro_actions[agent])
        times, more, at = np.exp(lean[at]), np.zeros(own), at + 1
        for part in traits_of(CENTRE, agent):
            values, columns = np.asarray(part.values, np.float64), part.columns
            for m in range(values.shape[2]):
                for s in range(values.shape[1]):
                    more += values[:, s, m] * lean[at + m]
                    for c in range(columns.shape[1]):
                        weight = lean[at + values.shape[2] * (1 + c) + m]
                        more += values[:, s, m] * weight * looks[0, agent, columns[s, c]]
            at += values.shape[2] * (1 + columns.shape[1])
        told = prospects_of(CENTRE, agent)
        for k in range(0 if told is None else told.columns.shape[1]):
            things = [looks[0, agent, c] if c >= 0 else 0.0 for c in told.columns[:, k]]
            more += lean[at] * np.square(np.asarray(told.shares, np.float64) @ things)
            at += 1
        expected = times * (np.asarray(old)[agent, 0, :own] + more)
        np.testing.assert_allclose(np.asarray(new)[agent, 0, :own], expected, atol=2e-4)
    assert at == leanings.size == len(first_spread(leanings))


def test_leaning_to_nothing_changes_nothing(before):
    same = leaned(before, leanings_of(CENTRE, before), jnp.zeros(leanings_of(CENTRE, before).size))
    for one, other in zip(jax.tree.leaves(before), jax.tree.leaves(same), strict=True):
        np.testing.assert_array_equal(one, other)


def test_walking_over_events_and_acting_step_by_step_prefer_the_same():
    """``direct`` counts in both: what learns by the gradient later is what acted."""
    plant = TeamProbe("observation", ends=False, horizon=6)
    policies = policies_of(plant)
    rng = np.random.default_rng(4)
    looks = jnp.asarray(rng.normal(size=(6, 1, 2, plant.observation_sizes[0])), jnp.float32)
    decided = jnp.asarray(rng.random((6, 2, 1)) < 0.6).at[0].set(True)
    inputs = jnp.stack([policies.look(looks[t], jnp.full(1, float(t))) for t in range(6)])
    rows = Rows(inputs, decided, jnp.zeros((6, 1), bool).at[0].set(True))
    every, packed = policies.preferences(rows)
    memory = policies.memory(1)
    for t in range(6):
        memory, now = policies.step(memory, inputs[t], decided[t])
        own = np.asarray(decided[t])
        np.testing.assert_allclose(
            np.asarray(packed.carried(every)[t])[own], np.asarray(now)[own], atol=1e-5
        )


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["action", "observation", "together"])
def test_it_finds_the_known_value_of_probes_with_usual_settings(kind):
    plant = TeamProbe(kind, ends=False, horizon=12)
    found = improve_team(
        plant, made(plant), Config(), steps=10 * 4 * 48 * 4 * 12, seed=5
    )  # ten judgements
    kept = found.history.metrics["return"][:, 0]
    assert kept[-1] > 0.95 * plant.horizon
    assert (np.diff(kept) >= 0.0).all()
    assert found.learned_from == 10 * 4 * 48 * 4 * 12
    assert found.judged_by == 11 * 64 * 12


@pytest.mark.slow
def test_it_begins_as_the_team_acts_and_goes_back_to_what_was_accepted():
    plant = TeamProbe("observation", ends=False, horizon=12)
    learner = made(plant, sharpness=3.0)
    way = Searching(plant, Config(candidates=8))
    search, accepted = way.begin(learner)
    for one, other in zip(
        jax.tree.leaves(way.found(accepted).team.actor.head),
        jax.tree.leaves(learner.team.actor.head),
        strict=True,
    ):
        np.testing.assert_allclose(one, other, rtol=1e-6)
    assert float(way.found(search).config.sharpness) == 1.0
    assert way.back(accepted) is accepted


@pytest.mark.slow
def test_stopped_and_resumed_is_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr("shiftwork.learning.loop.CHECKPOINT_S", -1.0)
    plant, part = TeamProbe("observation", ends=False, horizon=12), tmp_path / "team.part.npz"
    settings = Config(candidates=8, episodes=2, generations=1, judge_episodes=4)
    shared = {"steps": 4 * 8 * 2 * 12, "seed": 2}
    whole = improve_team(plant, made(plant), settings, **shared)

    def interrupted(amount, note=""):
        if part.exists():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        improve_team(plant, made(plant), settings, advance=interrupted, checkpoint=part, **shared)
    again = improve_team(plant, made(plant), settings, checkpoint=part, **shared)
    assert again.steps == whole.steps
    for one, other in zip(
        jax.tree.leaves(again.learner), jax.tree.leaves(whole.learner), strict=True
    ):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("name", "value"),
    [("generations", 0), ("candidates", 4), ("candidates", 9), ("episodes", 0), ("judge_episodes", 1),
     ("best", 0.0), ("best", 1.5), ("move", float("nan")), ("narrow", 0.0), ("deviation", 0.0),
     ("least_deviation", float("inf"))],
)  # fmt: skip
def test_settings_that_nothing_can_be_found_with_are_refused(name, value):
    with pytest.raises(UserError, match=f"online '{name}' is"):
        dataclasses.replace(Config(), **{name: value}).check()
