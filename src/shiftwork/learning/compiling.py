"""How far a learning program is optimized: one that runs for a minute is not worth a minute of compiling.

On a centre of two furnaces XLA takes 69 s of processor time for a program that learns by experience, and 25 s if it
optimizes less; the program is then up to 8 % slower (``python -m benchmarks.compile_time``).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp

LONG_STEPS = 10_000_000
"""Plant steps from which on a program earns what optimizing it takes."""

P = ParamSpec("P")
R = TypeVar("R")


def compiled_for(function: Callable[P, R], steps: int) -> Callable[P, R]:
    """Compile a function of a module for work of some length; the same program each time.

    Args:
        function: Pure; what is no array in its arguments is the program's structure.
        steps: Plant steps of the whole work, of all seeds.
    """
    return _jitted(function, steps < LONG_STEPS and jax.default_backend() == "cpu")


@functools.cache
def _jitted(function: Callable[P, R], soon: bool) -> Callable[P, R]:
    jit: Any = eqx.filter_jit  # it passes options on to jax.jit, which its types do not say
    jitted: Callable[P, R] = jit(function, compiler_options=less_optimizing() if soon else None)
    return jitted


@functools.cache
def less_optimizing() -> dict[str, Any]:
    """Options for a program that shall run soon; some versions of XLA do not know the second of them."""
    options: dict[str, Any] = {"xla_backend_optimization_level": 1}
    both = options | {"xla_cpu_use_fusion_emitters": False}
    try:
        jax.jit(lambda x: x + 1.0, compiler_options=both)(jnp.zeros(()))
    except jax.errors.JaxRuntimeError:
        return options
    return both
