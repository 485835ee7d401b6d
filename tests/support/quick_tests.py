"""A plug-in: a test of the quick set that takes more than 5 seconds of processor time fails.

Tests are quick unless they are marked slow, and this keeps them so. What a test compiles for the
first time on a machine does not count: the next run finds it in the cache. On a slow machine the
limit grows by what a fixed loop takes there.
"""

import time

import jax
import numpy as np
import pytest

LIMIT_S = 5.0
USUAL_LOOP_S = 0.04
"""What the loop below takes on the machine on which the limit was set."""

compiled_s = 0.0


def _compiled(event: str, seconds: float, **_: object) -> None:
    global compiled_s
    if event == "/jax/core/compile/backend_compile_duration":
        compiled_s += seconds


def _slowness() -> float:
    """How many times slower this machine is than the one on which the limit was set; at least 1."""
    began = time.process_time()
    x = np.ones((64, 64))
    for _ in range(2_000):
        x = np.tanh(x @ x * 1e-3)
    return max(1.0, (time.process_time() - began) / USUAL_LOOP_S)


def pytest_configure(config: pytest.Config) -> None:
    jax.monitoring.register_event_duration_secs_listener(_compiled)
    config.stash[KEY] = LIMIT_S * min(_slowness(), 4.0)


KEY = pytest.StashKey[float]()
SPENT = pytest.StashKey[tuple[float, float]]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None):
    item.stash[SPENT] = (time.process_time(), compiled_s)
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    report = yield
    if call.when != "call" or not report.passed or item.get_closest_marker("slow"):
        return report
    began, compiled_before = item.stash[SPENT]
    # The compiler works on several cores at once.
    spent = time.process_time() - began - 2.0 * (compiled_s - compiled_before)
    limit = item.config.stash[KEY]
    if spent > limit:
        report.outcome = "failed"
        report.longrepr = (
            f"{item.nodeid} took {spent:.1f} s of processor time, more than the {limit:.1f} s of a "
            "quick test: make it smaller, or mark it slow"
        )
    return report
