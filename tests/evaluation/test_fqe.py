"""Fitted Q evaluation and selection: known values recovered, and choices made for a reason."""

import dataclasses
from functools import partial

import numpy as np
import pytest

from shiftwork.agents.agent import Agent
from shiftwork.errors import UserError
from shiftwork.evaluation import selection
from shiftwork.evaluation.fqe import Evaluation, discounted_returns, fitted_q_evaluation
from shiftwork.evaluation.selection import candidates, choose, select
from shiftwork.evaluation.statistics import Interval
from shiftwork.learning import loop as loop
from shiftwork.learning.offline import bc, pars
from shiftwork.plants.probes.single import PROBES, probe_records
from shiftwork.records.episodes import Episodes
from shiftwork.records.tags import Tag, numbered

BY_NAME = {probe.name: probe for probe in PROBES}
DISCOUNT = 0.9
ROWS = 1024


def steady(fraction, records):
    """An agent that always proposes the same valve position, -1 to 1 for 0 to 100 %."""
    return Agent(
        (np.zeros((2, 1), np.float32),),
        (np.array([np.arctanh(fraction)], np.float32),),
        np.zeros(2, np.float32),
        np.ones(2, np.float32),
        np.array([0.0], np.float32),
        np.array([100.0], np.float32),
        records.observation_tags,
        records.action_tags,
    )


def evaluate(name, fraction=0.0):
    """Evaluate a steady agent; all records have one shape, so that one program serves all."""
    probe = BY_NAME[name]
    records = probe_records(probe, ROWS // probe.steps, seed=0)
    return fitted_q_evaluation(
        records, steady(fraction, records), DISCOUNT, updates=2_000, members=4, width=32
    )


@pytest.mark.parametrize("fraction", [-0.8, 0.0, 0.5])
def test_the_value_of_an_action_is_recovered(fraction):
    """Not that of the recorded actions: 1 - (a - 1/2)^2 against its mean over the box, 5/12."""
    found = evaluate("action-dependent reward", fraction)
    true = 1 - (fraction - 0.5) ** 2
    np.testing.assert_allclose(found.members, true, atol=0.06)
    assert found.agent.estimate == found.members[0]
    assert found.agent.low < found.agent.estimate < found.agent.high
    assert found.records.estimate == pytest.approx(5 / 12, abs=0.06)
    assert found.records.low < 5 / 12 < found.records.high
    assert found.records.high - found.records.low < 0.2
    gain = found.agent.estimate - found.records.estimate
    assert found.gain.estimate == pytest.approx(gain)
    assert found.gain.low < gain < found.gain.high


def test_discounting_and_time_limits():
    """The reward comes at the second step; a cut is no end."""
    found = evaluate("two-step discount")
    np.testing.assert_allclose(found.members, DISCOUNT, atol=0.03)
    assert found.records.estimate == pytest.approx(DISCOUNT)
    found = evaluate("time limit")
    np.testing.assert_allclose(found.members, 1 / (1 - DISCOUNT), rtol=0.02)
    assert found.records.estimate == pytest.approx(1 / (1 - DISCOUNT))


def test_the_interval_covers_what_other_records_would_have_shown():
    """A coin's mean: the interval is about that of 1,024 tosses, neither a point nor a guess.

    Hand-made: the reward is the toss, which nothing foretells, in episodes of one step.
    """
    probe = BY_NAME["constant reward"]
    records = probe_records(probe, ROWS, seed=0)
    toss = np.random.default_rng(0).choice([-1.0, 1.0], ROWS).astype(np.float32)
    records = dataclasses.replace(records, reward=toss)
    found = fitted_q_evaluation(
        records, steady(0.0, records), DISCOUNT, updates=2_000, members=4, width=32
    )
    assert found.records.estimate == pytest.approx(toss.mean(), abs=1e-5)
    # The deviation of the mean is 1/32; four members give a rough estimate of it.
    half = 0.5 * (found.records.high - found.records.low)
    assert 0.3 * 1.96 / 32 < half < 3 * 1.96 / 32
    assert found.agent.low < toss.mean() + 0.15
    assert found.agent.high > toss.mean() - 0.15
    assert found.agent.high - found.agent.low > 0.02


def test_evaluation_is_reproducible():
    first, again = (evaluate("action-dependent reward", 0.5) for _ in range(2))
    np.testing.assert_array_equal(first.members, again.members)


def make_records(lengths, terminal, reward):
    steps = sum(lengths)
    return Episodes(
        np.zeros((steps + len(lengths), 1), np.float32),
        np.linspace(-1, 1, steps, dtype=np.float32)[:, None],
        np.array(reward, np.float32),
        np.array(lengths, np.int64),
        np.array(terminal),
        numbered("obs", 1),
        (Tag("action", "", -1.0, 1.0),),
    )


def test_discounted_returns_by_hand():
    records = make_records([3, 2, 1], [True, False, True], [1, 2, 4, 8, 3, -6])
    # The mean reward is 2, for ever worth 4 at discount 0.5, after the cut counted at 1/4.
    wanted = [1 + 1 + 1, 8 + 1.5 + 4 / 4, -6]
    np.testing.assert_allclose(discounted_returns(records, 0.5), wanted)
    np.testing.assert_allclose(discounted_returns(records, 0.0), [1, 8, -6])


def evaluation(*members):
    point = Interval(members[0], members[0], members[0])
    return Evaluation(0.9, point, point, point, np.array(members))


TEN = tuple(float(x) for x in range(10))


@pytest.mark.parametrize(
    ("members", "chosen"),
    [
        ([TEN], 0),
        ([TEN, TEN], 0),  # a tie
        ([TEN, [x + 1 for x in TEN]], 1),
        ([TEN, [x - 1 for x in TEN]], 0),
        # Better by mean alone is not enough: eight of ten, or one by far.
        ([TEN, [*(x + 1 for x in TEN[:8]), TEN[8] - 0.1, TEN[9] - 0.1]], 0),
        ([TEN, [TEN[0] + 1e6, *TEN[1:]]], 0),
        ([TEN, [*(x + 1 for x in TEN[:9]), TEN[9] - 0.1]], 1),  # nine of ten are
        # Pairs count, not the spread of the members.
        ([TEN, [x + 0.01 for x in TEN]], 1),
        ([TEN, [x + 1 for x in TEN[::-1]]], 0),
        # Of several, the best.
        ([TEN, [x + 1 for x in TEN], [x + 3 for x in TEN], [x + 2 for x in TEN]], 2),
        # Nine of ten, but worse on average, because of one.
        ([TEN, [*(x + 1 for x in TEN[:9]), -1e6]], 0),
    ],
)
def test_the_default_stays_unless_another_is_better_with_confidence(members, chosen):
    assert choose([evaluation(*row) for row in members]) == chosen


def test_candidates_lie_one_step_around_the_default():
    records = probe_records(BY_NAME["action-dependent reward"], 64, seed=0)
    found = candidates("pars", records)
    default = found[0]
    # Too few rows for evidence: the usual discount and full cloning.
    assert (default.discount, default.cloning) == (0.99, 300.0)
    horizons = [1 / (1 - one.discount) for one in found]
    np.testing.assert_allclose(horizons, [100, 50, 200, 100])
    assert [one.cloning for one in found] == [300.0, 300.0, 300.0, 1.0]
    assert len(candidates("bc", records)) == 3


@pytest.mark.slow
def test_selection_finds_the_setting_that_is_clearly_better(monkeypatch):
    """Full cloning earns the mean of the box, 5/12; none earns nearly 1."""
    monkeypatch.setattr(loop, "PIECE", 500)
    light = partial(fitted_q_evaluation, updates=2_000, members=4, width=32)
    monkeypatch.setattr(selection, "fitted_q_evaluation", light)  # the whole takes minutes
    records = probe_records(BY_NAME["action-dependent reward"], 512, seed=0)
    default = pars.Config(
        discount=0.9, cloning=100.0, critics=2, width=16, actor_width=16, batch=64, penalty_batch=8
    )
    told = []
    found = select(
        records,
        "pars",
        [default, dataclasses.replace(default, cloning=0.0)],
        updates=1_500,
        advance=lambda amount, note="": told.append(amount),
    )
    assert found.chosen == 1
    assert found.configs[1].cloning == 0.0
    free, cloned = (found.evaluations[i].agent.estimate for i in (1, 0))
    assert free == pytest.approx(1.0, abs=0.15)
    assert cloned == pytest.approx(0.75, abs=0.15)  # of the mean action, 1 - 1/4
    # A fifth of the episodes was kept apart to judge by.
    assert len(found.learned.records.length) == 512 - 102
    assert sum(told) == 1_500 + 2 * 2_000


def test_too_few_episodes_to_choose_by():
    records = probe_records(BY_NAME["constant reward"], 3, seed=0)
    with pytest.raises(UserError, match="3 episodes are too few"):
        select(records, "bc", [bc.Config(discount=0.9)])
