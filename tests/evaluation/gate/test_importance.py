"""Weighted importance sampling: nothing is gained by doing the same, and the sign of a change is seen."""

import dataclasses

import numpy as np
import pytest
from benchmarks.gate.importance import weighted_importance

from shiftwork.agents.agent import Agent
from shiftwork.records.tags import Tag
from support.record_builders import of_equal_length

OBSERVATION, ACTION = (Tag("x", ""),), (Tag("u", "", -1.0, 1.0),)


def constant(level):
    """An agent that always does the same, (A,) = (1,)."""
    one = np.ones(1, np.float32)
    return Agent(
        (np.zeros((1, 1), np.float32),), (np.arctanh(np.float32([level])),), 0 * one, one, -one, one,
        OBSERVATION, ACTION,
    )  # fmt: skip


@pytest.fixture(scope="module")
def records():
    """People who move around zero and earn what they do."""
    rng = np.random.default_rng(3)
    done = np.clip(0.2 * rng.normal(size=(4, 500, 1)), -1, 1)
    return of_equal_length(rng.normal(size=(5, 500, 1)), done, done[..., 0], OBSERVATION, ACTION)


def test_people_gain_nothing_over_themselves_and_all_pieces_count(records):
    gains, effective = weighted_importance(records, constant(0.0), [constant(0.0)], 0.5, 4)
    np.testing.assert_allclose(gains, 0.0, atol=1e-7)
    np.testing.assert_allclose(effective, 500, rtol=1e-6)


def test_small_moves_are_valued_rightly(records):
    gains, effective = weighted_importance(
        records, constant(0.0), [constant(0.1), constant(-0.1)], 0.0, 1
    )
    np.testing.assert_allclose(gains, [0.1, -0.1], atol=0.03)
    assert (effective < 1_700).all()


def test_a_turned_agent_is_the_mirror_of_itself(records):
    agent = constant(0.15)
    turned = dataclasses.replace(agent, biases=(-agent.biases[0],))
    gains, _ = weighted_importance(records, constant(0.0), [agent, turned], 0.9, 4)
    assert gains[0] > 0 > gains[1]
