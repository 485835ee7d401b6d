"""A goal that is far and pays once: found by the default settings, from everywhere."""

import numpy as np
import pytest

from shiftwork.learning.offline.learn import learn
from support.goals import GOAL, line


@pytest.mark.slow
def test_the_goal_of_a_line_is_walked_to_from_everywhere():
    """Thirty-eight steps away at most, with a cost of 1 a step and nothing else to tell the way."""
    learned = learn(line(), "pars", updates=3_000, seeds=(0, 1))
    places = np.linspace(-1.0, GOAL - 0.01, 200)[:, None].astype(np.float32)
    for number in range(2):
        pace = learned.agent(number).act(places)[:, 0]
        assert (pace > 0.3).mean() > 0.95
