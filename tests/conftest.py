import contextlib
import ctypes
import gc
import os
import sys
from pathlib import Path

import jax
import optax.tree
import pytest
from jaxtyping import install_import_hook

import support.numeric_tower  # noqa: F401  (the hook looks the checker up by this name)

# Before whichever folder imports it first.
pytest.register_assert_rewrite("support.record_builders")

# No test may open a window, or leave anything in the user's home.
os.environ["MPLBACKEND"] = "Agg"
os.environ["XDG_CACHE_HOME"] = str(Path(__file__).parents[1] / ".pytest_cache")

# Every annotated shape and dtype of the package is checked while the tests run.
install_import_hook("shiftwork", "support.numeric_tower.checked")

# Code says where it adds axes and changes dtypes; where JAX would do so by itself, it may hide a mistake.
jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_numpy_dtype_promotion", "strict")
# Optax takes a float to the power of a whole number of steps.
optax.tree.bias_correction = jax.numpy_dtype_promotion("standard")(optax.tree.bias_correction)

from shiftwork.cli.compile_cache import keep_compiled  # noqa: E402

# What one test has compiled none compiles again, nor does the next run of all tests.
keep_compiled()

MANY_MAPPINGS = 20_000
MUCH_MEMORY_MB = 1_800
MOST_MEMORY_MB = 2_200


@pytest.fixture(scope="module", autouse=True)
def few_compiled_programs():
    """Forget compiled programs before they are too many or take too much memory.

    Each one holds several memory mappings, of which Linux allows a process 65,530; the compiler
    crashes when it gets no more.
    """
    yield
    if _mappings() > MANY_MAPPINGS or _memory_mb() > MUCH_MEMORY_MB:
        _forget()


@pytest.fixture(autouse=True)
def little_memory():
    """Forget them in the middle of a file as well before a worker reaches 3 GB."""
    yield
    if _memory_mb() > MOST_MEMORY_MB:
        _forget()


def _forget() -> None:
    jax.clear_caches()
    gc.collect()
    if sys.platform == "linux":  # else the freed memory is kept for this process
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL("libc.so.6").malloc_trim(0)


def _mappings() -> int:
    file = Path("/proc/self/maps")
    return file.read_bytes().count(b"\n") if file.exists() else 0


def _memory_mb() -> float:
    file = Path("/proc/self/statm")
    if not file.exists():
        return 0.0
    return int(file.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
