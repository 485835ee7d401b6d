import gc
import os
from pathlib import Path

import jax
import pytest
from jaxtyping import install_import_hook

# No test may open a window.
os.environ["MPLBACKEND"] = "Agg"

# Every annotated shape and dtype of ours is checked while the tests run.
install_import_hook("shiftwork", "numeric_tower.checked")

MANY_MAPPINGS = 20_000


@pytest.fixture(scope="module", autouse=True)
def few_compiled_programs():
    """Forget compiled programs before they are too many.

    Each one holds several memory mappings, of which Linux allows a process 65,530; the compiler
    crashes when it gets no more.
    """
    yield
    mappings = Path("/proc/self/maps")
    if mappings.exists() and mappings.read_bytes().count(b"\n") > MANY_MAPPINGS:
        jax.clear_caches()
        gc.collect()
