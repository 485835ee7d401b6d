"""Nets of a team: how they are drawn."""

import jax
import numpy as np
import pytest

from shiftwork.learning.team.algorithms import TEAM_ALGORITHMS, team_algorithm
from shiftwork.learning.team.nets import orthogonal
from shiftwork.plants.probes.team import TeamProbe


@pytest.mark.parametrize("width", [1, 2, 16, 64])
def test_the_closest_orthogonal_matrices(width):
    x = jax.random.normal(jax.random.key(width), (20, width, width))
    made = np.asarray(orthogonal(x), float)
    np.testing.assert_allclose(
        made @ made.swapaxes(1, 2), np.broadcast_to(np.eye(width), made.shape), atol=2e-5
    )
    # Closest is what leaves a symmetric matrix without negative eigenvalues (polar decomposition).
    stretch = made.swapaxes(1, 2) @ np.asarray(x, float)
    np.testing.assert_allclose(stretch, stretch.swapaxes(1, 2), atol=1e-3)
    assert (np.linalg.eigvalsh(stretch) > -1e-3).all()


@pytest.mark.parametrize("name", TEAM_ALGORITHMS)
def test_learning_calls_nothing_that_waits_in_the_thread_pool(name):
    # LAPACK's batched calls do, and a learner has stood still on two cores because of that.
    plant = TeamProbe("observation")
    config = team_algorithm(name).config()

    def learn(key):
        learner = team_algorithm(name).create(key, plant, config)
        return learner.update(plant, key, jax.numpy.float32(1.0))

    program = jax.jit(jax.vmap(learn)).lower(jax.random.split(jax.random.key(0), 2)).as_text()
    assert "stablehlo.dot_general" in program
    assert "lapack" not in program.lower()
