"""Fail quick tests that are not quick: ``pytest --quick-limit 5``.

The limit holds where everything a test needs was compiled before. Where JAX has to write a program
to its cache, and that takes a while, the test may take ``COLD_FACTOR`` times as long, so that the first run of a new
checkout does not fail; the second run judges. It is meant in seconds of the machine that it was set
on: on a slower one, or where other work shares the core, it is longer by as much as a loop takes there.
"""

import time
from collections.abc import Iterator

import jax
import numpy as np
import pytest

COLD_FACTOR = 10.0
LONG_S = 0.3
"""A program that compiles in less takes nothing worth a longer limit."""
LOOP_S = 0.2
"""Processor time of ``_loop_s`` on the machine on which the limit was set, with nothing else running."""
_compiled = 0
_written = False


def _count(event: str, **_: object) -> None:
    global _written
    _written |= event == "/jax/compilation_cache/cache_misses"


def _count_long(event: str, duration_s: float, **_: object) -> None:
    global _compiled, _written
    if event == "/jax/core/compile/backend_compile_duration":
        _compiled += _written and duration_s >= LONG_S
        _written = False


jax.monitoring.register_event_listener(_count)
jax.monitoring.register_event_duration_secs_listener(_count_long)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption(
        "--quick-limit",
        type=float,
        metavar="SECONDS",
        help="processor time, with its fixtures, that a test without the mark 'slow' may take",
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Remember where the test's time begins."""
    item.stash[BEGIN] = (time.process_time(), _compiled)
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Iterator[None]:
    """Let the teardown fail when setup, call and teardown took too long together."""
    report = yield
    limit = item.config.getoption("--quick-limit")
    if limit and call.when == "teardown" and report.passed and not item.get_closest_marker("slow"):
        begin_s, compiled = item.stash[BEGIN]
        took_s = time.process_time() - begin_s
        allowed_s = limit * (COLD_FACTOR if _compiled > compiled else 1.0)
        if took_s > allowed_s:
            allowed_s *= max(1.0, _loop_s() / LOOP_S)
        if took_s > allowed_s:
            report.outcome = "failed"
            report.longrepr = (
                f"{item.nodeid} took {took_s:.1f} s of processor time, more than {allowed_s:.1f} s; "
                "make it quicker or mark it @pytest.mark.slow"
            )
    return report


def _loop_s() -> float:
    """Processor time that fixed work takes at this moment."""
    begin_s = time.process_time()
    total = 0
    for number in range(3_000_000):
        total += number * number % 7
    array = np.arange(2_000_000.0)
    for _ in range(10):
        array = np.sqrt(array + 1.0)
    return time.process_time() - begin_s


BEGIN = pytest.StashKey[tuple[float, int]]()
