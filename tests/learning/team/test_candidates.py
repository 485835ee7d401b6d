"""Many candidates at once earn what each earns alone, whoever decides when."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.learning.team import candidates as module
from shiftwork.learning.team.acac import make_policies
from shiftwork.learning.team.algorithms import team_algorithm
from shiftwork.learning.team.candidates import Heads, candidate_returns
from shiftwork.learning.team.leanings import leaned, leanings_of
from shiftwork.learning.team.policy import last_weights
from shiftwork.plants.catalogue import make_team_plant
from shiftwork.plants.probes.team import TeamProbe
from shiftwork.plants.run_team import run_episodes
from support.compile_options import QUICK

TINY = {"actor_width": 8, "actor_memory": 4, "critic_width": 8, "critic_memory": 4}
CANDIDATES, EPISODES = 6, 3


def both(plant, **changes):
    """Returns of candidates at once and one after the other, (C, E) each."""
    config = team_algorithm("acac").config(**TINY | {"direct": True} | changes)
    policies = jax.jit(lambda key: make_policies(key, plant, config))(jax.random.key(1))
    leanings = leanings_of(plant, policies)
    away = 2.0 * jax.random.normal(jax.random.key(2), (CANDIDATES, leanings.size))

    def at_once(policies, key):
        heads = jax.vmap(lambda lean: Heads(*last_weights(leaned(policies, leanings, lean))))(away)
        return candidate_returns(plant, policies, heads, key, EPISODES)

    def alone(policies, lean, key):
        return run_episodes(plant, leaned(policies, leanings, lean), key, EPISODES).returns

    arrays, rest = eqx.partition(policies, eqx.is_array)
    key = jax.random.key(3)
    found = jax.jit(lambda a, k: at_once(eqx.combine(a, rest), k), compiler_options=QUICK)(
        arrays, key
    )
    one = jax.jit(lambda a, lean, k: alone(eqx.combine(a, rest), lean, k), compiler_options=QUICK)
    return np.asarray(found), np.stack([np.asarray(one(arrays, lean, key)) for lean in away])


@pytest.mark.slow
@pytest.mark.parametrize("share", [True, False])
@pytest.mark.parametrize("ends", [True, False])
def test_at_once_is_one_after_the_other(ends, share):
    found, expected = both(TeamProbe("observation", ends=ends, horizon=12), share=share)
    assert found.shape == (CANDIDATES, EPISODES)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert len(np.unique(expected.round(3))) > 1  # they differ at all


@pytest.mark.slow
@pytest.mark.parametrize("few", [1, 3, 1000])
def test_so_it_is_however_many_rows_are_picked_out(few, monkeypatch):
    """A centre, where nobody, few and all decide in turn; its prospects count."""
    monkeypatch.setattr(module, "FEW", few)
    found, expected = both(make_team_plant("centre-small"), share=True, places=False)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=0.05)
    assert len(np.unique(expected.round(1))) > CANDIDATES


@pytest.mark.slow
def test_agents_that_see_their_own_place_first_do_so_here_too():
    found, expected = both(make_team_plant("box-pushing-6"), share=True)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=0.05)
    assert jnp.isfinite(found).all()
