"""The same episodes, whether an operator is compiled or runs step by step."""

import jax.numpy as jnp
import numpy as np

from shiftwork.evaluation.compare import compare
from shiftwork.evaluation.team_rollout import evaluate_team
from shiftwork.plants.probes.team import TeamProbe
from shiftwork.yardsticks.simple import RandomLegal

PLANT = TeamProbe("action")


class StepByStep(RandomLegal):
    pure = False


class First(RandomLegal):
    def act(self, memory, step, key):
        return memory, jnp.argmax(step.mask, -1).astype(jnp.int32)


def test_step_by_step_gives_what_the_compiled_run_gives():
    compiled = evaluate_team(PLANT, RandomLegal(), 5, 3)
    stepwise = evaluate_team(PLANT, StepByStep(), 5, 3)
    for one, same in zip(compiled, stepwise, strict=True):
        np.testing.assert_allclose(one, same, rtol=1e-5)
    assert len(np.unique(compiled.returns)) > 1


def test_a_comparison_is_paired_episode_by_episode():
    found = compare(PLANT, RandomLegal(), First(), episodes=20, seed=1)
    np.testing.assert_allclose(
        found.difference.estimate, (found.returns[1] - found.returns[0]).mean(), rtol=1e-6
    )
    same = compare(PLANT, RandomLegal(), RandomLegal(), episodes=20, seed=1).difference
    assert same == (0.0, 0.0, 0.0)
