"""Teams learn on options, and by primitive actions alone, what is known to be the best."""

import pytest

from shiftwork.evaluation.team_rollout import evaluate_team
from shiftwork.plants.options import primitive
from shiftwork.plants.tasks.corridor import Corridor, corridor_with_options
from support.small_teams import DISCOUNT, first_values, learned

CORRIDOR = Corridor()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("plant", "name"),
    [(corridor_with_options(CORRIDOR), "acac"), (primitive(CORRIDOR), "mappo")],
    ids=["acac-options", "mappo-primitive"],
)
def test_the_corridors_value_is_recovered(plant, name):
    # By hand: agent 1 is at the right end from its 2nd step of 8 on, agent 2 from its 3rd.
    assert CORRIDOR.value(1.0) == 6.5
    found = learned(plant, name, best_runs=0)
    outcome = evaluate_team(plant, found.policies(0), 200, 3)
    assert outcome.returns.mean() == pytest.approx(6.5, rel=0.04)
    assert first_values(found).mean() == pytest.approx(CORRIDOR.value(DISCOUNT), rel=0.05)
