"""Every algorithm for teams recovers the known values of the probe plants."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.evaluation.team_rollout import evaluate_team
from shiftwork.learning.team import actor_critic
from shiftwork.learning.team.actor_critic import TeamLearner
from shiftwork.learning.team.algorithms import TEAM_ALGORITHMS, team_algorithm
from shiftwork.learning.team.policy import Policies, log_probabilities
from shiftwork.learning.team.self_imitation import Again
from shiftwork.plants.probes.team import TeamProbe
from support.small_teams import DISCOUNT, SMALL, first_values, fresh, gathered, learned


def recovered(found):
    """The team earns the most that can be had, and its critic knows what that is worth."""
    plant = found.plant
    outcome = evaluate_team(plant, found.policies(0), 200, 3)
    assert outcome.returns.mean() == pytest.approx(plant.horizon, rel=0.06)
    np.testing.assert_allclose(first_values(found).mean(), plant.value(DISCOUNT), rtol=0.12)


@pytest.mark.slow
@pytest.mark.parametrize(
    "plant",
    [TeamProbe("constant", ends=False), TeamProbe("together")],
    ids=lambda plant: plant.name,
)
def test_acac_recovers(plant):
    recovered(learned(plant, "acac"))


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in TEAM_ALGORITHMS if name != "acac"])
def test_baselines_recover(name):
    recovered(learned(TeamProbe("observation"), name, best_runs=0))


@pytest.mark.slow
def test_acac_recovers_without_what_can_be_left_out():
    """Histories are averaged, on each agent's own clock, with the paper's time and one actor."""
    options = {"attention": False, "own_clock": True, "ages": False, "octaves": False}
    recovered(learned(TeamProbe("observation"), "acac", share=True, best_runs=0, **options))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["acac", "independent"])
def test_agents_that_share_their_nets_find_their_own_place(name):
    recovered(learned(TeamProbe("place"), name, share=True, best_runs=0))


@pytest.mark.slow
def test_agents_that_share_a_net_and_know_no_own_place_are_taken_for_each_other():
    plant = TeamProbe("place")
    told = learned(plant, "acac", share=True, places=False, best_runs=0)
    # Right is what both signs ask for where they agree, and half of it where they do not.
    earned = evaluate_team(plant, told.policies(0), 512, 1).returns.mean() / plant.horizon
    assert earned < 0.8


@pytest.mark.slow
def test_acac_recovers_with_advantages_scaled_slowly():
    recovered(learned(TeamProbe("observation"), "acac", slow_scale=True, best_runs=0))


@pytest.mark.slow
def test_the_slow_scale_remembers_batches_that_held_more():
    plant = TeamProbe("observation")
    learner = fresh(plant, slow_scale=True, own_clock=True)
    batch = gathered(plant, learner.policies, jax.random.key(1), 8, 0.0)
    found = eqx.filter_jit(TeamLearner.advantages)(learner, batch)
    own = np.asarray(batch.rows.decided[:-1])
    here = np.asarray(jnp.swapaxes(found.advantage, 0, 1))[own].var()
    first = learner.spread(batch, found)
    np.testing.assert_allclose(first, here, rtol=1e-4)

    later = eqx.tree_at(lambda x: (x.variance, x.batches), learner, (100 * first, jnp.int32(500)))
    np.testing.assert_allclose(
        later.spread(batch, found), 0.98 * 100 * here + 0.02 * here, rtol=1e-4
    )

    zero = jnp.zeros(())

    @eqx.filter_jit
    def gradient(variance):
        loss = jax.grad(learner.actor_loss, has_aux=True)
        leaves = loss(learner.policies, batch, found, zero, zero, variance)[0]
        return jnp.concatenate([x.ravel() for x in jax.tree.leaves(leaves)])

    # What a batch of noise does to the actors is small where others held a hundred times as much.
    np.testing.assert_allclose(gradient(100 * first), 0.1 * gradient(first), rtol=1e-3, atol=1e-7)
    np.testing.assert_allclose(gradient(None), gradient(first), rtol=1e-3, atol=1e-7)


@pytest.mark.slow
def test_best_runs_walked_over_beside_a_batch_weigh_as_alone():
    plant = TeamProbe("observation")
    learner = fresh(plant, imitation=0.3)
    batch = gathered(plant, learner.policies, jax.random.key(1), 8, 0.0)
    best = gathered(plant, learner.policies, jax.random.key(2), 3, 0.5)
    again = Again(best, jax.random.uniform(jax.random.key(3), best.reward.shape))
    found, zero = eqx.filter_jit(TeamLearner.advantages)(learner, batch), jnp.zeros(())

    @eqx.filter_jit
    def loss(*more):
        return learner.actor_loss(learner.policies, batch, found, zero, zero, None, *more)[0]

    # Step by step: what was done there, by what the policies think of it now.
    rows = jax.tree.map(lambda x: x[:-1], best.rows)
    preferences, packed = eqx.filter_jit(Policies.preferences)(learner.policies, rows)
    logs = log_probabilities(packed.carried(preferences), best.mask, 0.0)
    taken = np.take_along_axis(np.asarray(logs), np.asarray(best.macro)[..., None], -1)[..., 0]
    weighed = (taken * np.asarray(again.gain)[:, None])[np.asarray(rows.decided)]
    assert weighed.std() > 0.1
    np.testing.assert_allclose(loss(again) - loss(), -0.3 * weighed.mean(), rtol=1e-4)


@pytest.mark.parametrize("slow_scale", [False, True])
@pytest.mark.parametrize("name", TEAM_ALGORITHMS)
def test_an_update_gives_back_the_types_that_it_takes(name, slow_scale):
    # Else the second piece of learning would be compiled again.
    plant = TeamProbe("observation")
    config = team_algorithm(name).config(**SMALL, slow_scale=slow_scale)
    key = jax.random.key(0)
    before = jax.eval_shape(lambda: team_algorithm(name).create(key, plant, config))
    after, _ = jax.eval_shape(lambda learner: learner.update(plant, key, jnp.float32(1.0)), before)

    def kinds(tree):
        return jax.tree.map(lambda x: (x.shape, x.dtype, x.weak_type), tree)

    assert kinds(after) == kinds(before)


def sure_to_wait(**changes):
    """A learner on "together", whose best team always works, that is sure of waiting."""
    plant = TeamProbe("together")
    learner = fresh(plant, entropy=0.0, **changes)

    def bias(learner):
        return learner.policies.actor.head.biases[-1]

    return plant, eqx.tree_at(bias, learner, bias(learner) + jnp.array([[[7.0, -7.0]]]))


def test_scouts_choose_by_chance_and_nobody_else_does():
    plant, learner = sure_to_wait()
    batch = gathered(plant, learner.policies, jax.random.key(1), 64, jnp.eye(64)[-16:].sum(0))
    worked = np.asarray(batch.macro == 1).mean(
        where=np.asarray(batch.rows.decided[:-1]), axis=(0, 1)
    )
    assert worked[:48].max() == 0.0
    assert worked[48:].mean() == pytest.approx(0.5, abs=0.1)
    decided = np.asarray(batch.rows.decided[:-1])[..., 48:]
    np.testing.assert_allclose(batch.log_probability[..., 48:][decided], np.log(0.5), rtol=1e-5)


@pytest.mark.slow
def test_critic_and_actors_learn_from_those_that_are_no_scouts(monkeypatch):
    plant, learner = sure_to_wait(scouts=16)
    seen = []
    kept = TeamLearner.actor_loss

    def told(self, policies, batch, found, *more):
        seen.append((batch.reward.shape[1], found.target.shape[-1]))
        return kept(self, policies, batch, found, *more)

    monkeypatch.setattr(TeamLearner, "actor_loss", told)
    _, metrics = jax.jit(lambda x: x.update(plant, jax.random.key(0), jnp.float32(1.0)))(learner)
    assert set(seen) == {(24, 24)}
    # Scouts, of whom now and then one alone works, would have lost some.
    assert metrics["reward"] == 0.0


@pytest.mark.slow
def test_scouts_lead_out_of_a_trap_that_the_team_is_sure_of():
    def after_a_while(scouts):
        plant, learner = sure_to_wait(scouts=scouts)
        keys = jax.random.split(jax.random.key(2), 60)

        def one(learner, key):
            return learner.update(plant, key, jnp.float32(1.0))[0], None

        learner = jax.jit(lambda x: jax.lax.scan(one, x, keys)[0])(learner)
        return evaluate_team(plant, learner.policies, 64, 1).returns.mean()

    assert after_a_while(0) == 0.0
    assert after_a_while(16) > 0.9 * TeamProbe("together").horizon


class FromTheMiddle(TeamProbe):
    """Half-way, and nowhere else, observations are those of the start and 5 more."""

    def reset_half_way(self, key):
        """Begin half-way."""
        step = self.reset(key)
        return step._replace(observation=step.observation + 5.0)


def test_the_share_of_episodes_asked_for_begins_half_way():
    plant = FromTheMiddle("observation")
    learner = fresh(plant, half_way=0.5)

    def begun(share):
        share = jnp.asarray(share)
        rows = gathered(plant, learner.policies, jax.random.key(1), 2_000, 0.0, share).rows
        return float((rows.inputs[0, 0].max(-1) > 2.0).mean())

    assert begun(0.0) == 0.0
    assert begun(0.5) == pytest.approx(0.5, abs=0.05)
    assert begun(1.0) == 1.0


def test_at_the_end_of_learning_no_episode_begins_half_way(monkeypatch):
    plant = FromTheMiddle("observation")
    learner = fresh(plant, half_way=0.5)
    shares = []

    class Enough(Exception):
        """What comes after the first run does not matter here."""

    def told(plant, policies, key, copies, epsilon, half_way):
        shares.append(float(half_way))
        raise Enough

    monkeypatch.setattr(actor_critic, "collect", told)
    for left in (1.0, 0.5, 0.0):
        with pytest.raises(Enough):
            learner.update(plant, jax.random.key(0), jnp.float32(left))
    assert shares == [0.5, 0.25, 0.0]
