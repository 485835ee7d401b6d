"""Event-time advantages against a slow plain-Python oracle, on random patterns of events."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shiftwork.learning.team.returns import durations, event_advantages

COMPILED = jax.jit(event_advantages)
"""One program for all streams of a length, where each call would make its own."""


def oracle(reward, ended, event, value, last_value, discount, trace):
    """One stream, event by event, as the formulas stand: a list of events for each episode."""
    steps = len(reward)
    advantage, target = np.full(steps, np.nan), np.full(steps, np.nan)
    begin = 0
    while begin < steps:
        end = begin
        while not ended[end] and end + 1 < steps:
            end += 1
        events = [t for t in range(begin, end + 1) if event[t]]
        tail = 0.0 if ended[end] else last_value
        following = 0.0
        for k in reversed(range(len(events))):
            at = events[k]
            until = events[k + 1] if k + 1 < len(events) else end + 1
            tau = until - at
            earned = sum(discount**j * reward[at + j] for j in range(tau))
            next_value = value[events[k + 1]] if k + 1 < len(events) else tail
            delta = earned + discount**tau * next_value - value[at]
            following = delta + discount**tau * trace * following
            advantage[at], target[at] = following, following + value[at]
        begin = end + 1
    return advantage, target


@st.composite
def streams(draw):
    steps = draw(st.integers(1, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    ended = rng.random(steps) < draw(st.sampled_from([0.0, 0.2, 0.6]))
    event = rng.random(steps) < draw(st.sampled_from([0.0, 0.3, 0.8, 1.0]))
    event[0] = True
    event[1:] |= ended[:-1]
    return rng.normal(size=steps), ended, event, rng.normal(size=steps), rng.normal()


@pytest.mark.slow
@given(streams(), st.sampled_from([0.5, 0.98, 1.0]), st.sampled_from([0.0, 0.7, 1.0]))
@settings(max_examples=150, deadline=None)
def test_advantages_equal_the_oracle(stream, discount, trace):
    reward, ended, event, value, last = stream
    wanted = oracle(*stream, discount, trace)
    padded = [jnp.asarray(a)[:, None] for a in (reward, ended, event, value)]
    with jax.enable_x64(False):
        found = COMPILED(
            *[a.astype(jnp.float32) if a.dtype != bool else a for a in padded],
            jnp.asarray([last], jnp.float32),
            jnp.asarray(discount, jnp.float32),
            jnp.asarray(trace, jnp.float32),
        )
    for ours, true in zip(found, wanted, strict=True):
        np.testing.assert_allclose(np.asarray(ours)[event, 0], true[event], rtol=1e-3, atol=1e-4)


def test_the_cut_loses_no_reward():
    """Four steps of reward 1 after the only event, cut: 1 + g + g^2 + g^3 + g^4 V."""
    found = event_advantages(
        jnp.ones((4, 1)),
        jnp.zeros((4, 1), bool),
        jnp.array([True, False, False, False])[:, None],
        jnp.zeros((4, 1)),
        jnp.array([10.0]),
        0.5,
        0.9,
    )
    assert found.target[0, 0] == pytest.approx(1 + 0.5 + 0.25 + 0.125 + 0.0625 * 10)


def test_an_end_is_worth_nothing_more():
    found = event_advantages(
        jnp.ones((2, 1)),
        jnp.array([True, False])[:, None],
        jnp.ones((2, 1), bool),
        jnp.array([3.0, 100.0])[:, None],
        jnp.array([10.0]),
        0.5,
        0.9,
    )
    np.testing.assert_allclose(found.target[:, 0], [1.0, 6.0])
    np.testing.assert_allclose(found.advantage[:, 0], [-2.0, -94.0])


def test_durations_count_from_the_last_event():
    event = jnp.array([[1, 1], [0, 0], [0, 1], [1, 0]], bool)
    np.testing.assert_array_equal(durations(event), [[0, 0], [1, 1], [2, 0], [0, 1]])
