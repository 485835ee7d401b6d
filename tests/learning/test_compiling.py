import jax
import jax.numpy as jnp
import numpy as np

from shiftwork.learning.compiling import LONG_STEPS, compiled_for, less_optimizing

TRACED = []


def walk(start, key):
    """Some arithmetic of every kind that learning has."""
    TRACED.append(1)

    def one(x, key):
        x = jnp.tanh(x @ x.T / 8.0 + jax.random.normal(key, x.shape))
        return x, jnp.log1p(jnp.exp(x)).sum()

    return jax.lax.scan(one, start, jax.random.split(key, 20))[1]


def test_short_and_long_work_compute_the_same_and_each_program_is_made_once():
    TRACED.clear()
    start, key = jnp.eye(8), jax.random.key(0)
    short = compiled_for(walk, LONG_STEPS - 1)(start, key)
    compiled_for(walk, 5)(start, key)
    assert len(TRACED) == 1
    long = compiled_for(walk, LONG_STEPS)(start, key)
    assert len(TRACED) == 2
    np.testing.assert_allclose(short, long, rtol=1e-5)


def test_this_version_of_xla_knows_the_options():
    options = less_optimizing()
    assert options["xla_backend_optimization_level"] == 1
    assert jax.jit(lambda x: 2.0 * x, compiler_options=options)(jnp.ones(())) == 2.0
