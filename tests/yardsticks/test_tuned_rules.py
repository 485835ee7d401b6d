"""Tuning of rules: it finds what pays, the same twice, also when it was stopped between."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.errors import UserError
from shiftwork.people.centre.rules import NAMES, limits
from shiftwork.yardsticks.centre import tuned_rules
from shiftwork.yardsticks.centre.tuned_rules import Config, tune_rules, unscaled
from support.people_builders import centre

TINY = Config(candidates=24, episodes=2, generations=12)


@pytest.fixture
def easy(monkeypatch):
    """In place of episodes: a return that is largest where every value is half a range above."""

    def returns(plant, rules, key, episodes):
        from shiftwork.plants.run_team import Outcome

        low, high = limits()
        scaled = 2 * (rules.values - (low + high) / 2) / (high - low)
        noise = 0.01 * jax.random.normal(key, (episodes,))
        earned = -jnp.square(scaled - 0.5).sum() + noise
        return Outcome(earned, earned > 0, jnp.zeros(episodes), jnp.zeros(episodes))

    monkeypatch.setattr(tuned_rules, "run_episodes", returns)


def test_values_that_pay_are_found_and_all_hours_counted(easy):
    found = tune_rules(centre(), TINY, seed=0)
    wanted = dict(zip(NAMES, np.asarray(unscaled(jnp.full(len(NAMES), 0.5))).tolist(), strict=True))
    low, high = (dict(zip(NAMES, np.asarray(x).tolist(), strict=True)) for x in limits())
    off = [abs(found.values[n] - wanted[n]) / (high[n] - low[n]) for n in NAMES]
    assert np.mean(off) < 0.15  # from 0.25 at the beginning
    assert found.hours == 24 * 2 * 12 * centre().horizon
    returns = found.history.metrics["return"][:, 0]
    assert returns[-1] > returns[0] + 3.0


def test_stopped_and_resumed_is_the_same(easy, tmp_path, monkeypatch):
    whole = tune_rules(centre(), TINY, seed=4)
    monkeypatch.setattr("shiftwork.learning.loop.CHECKPOINT_S", -1.0)
    part = tmp_path / "rules.part.npz"
    done = []

    def interrupted(amount, note=""):
        done.append(amount)
        if len(done) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tune_rules(centre(), TINY, seed=4, advance=interrupted, checkpoint=part)
    again = tune_rules(centre(), TINY, seed=4, checkpoint=part)
    assert again.values == whole.values
    with pytest.raises(UserError, match="belongs to other"):
        tune_rules(centre(), TINY, seed=5, checkpoint=part)


@pytest.mark.parametrize(
    ("name", "value"),
    [("candidates", 3), ("episodes", 0), ("generations", 0), ("best", 0.0), ("move", 1.5),
     ("deviation", float("inf")), ("least_deviation", -1.0)],
)  # fmt: skip
def test_settings_that_cannot_be_searched_with_are_refused(name, value):
    with pytest.raises(UserError, match=f"config '{name}' is"):
        tune_rules(centre(), dataclasses.replace(TINY, **{name: value}), seed=0)


@pytest.mark.slow
def test_tuned_rules_earn_more_than_rules_in_the_middle_of_people():
    found = tune_rules(centre(), Config(candidates=24, episodes=8, generations=6), seed=1)
    returns = found.history.metrics["return"][:, 0]
    assert returns[-2:].mean() > returns[0]
