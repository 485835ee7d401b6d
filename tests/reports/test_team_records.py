"""What is said of team records, by records of which the answer is known."""

import json

import numpy as np
import pytest

from shiftwork.cli.main import main
from shiftwork.records.formats.team_folder import save_team_records
from shiftwork.records.team_episodes import NOTHING, Decisions, Task, TeamEpisodes, TeamPlace
from shiftwork.reports.team_records.choices import foretell
from shiftwork.reports.team_records.inspect import inspect_team
from shiftwork.reports.team_records.page import team_inspection_page
from support.team_record_builders import records as few_records

EPISODES, STEPS = 60, 10
LIGHT = Task("valve", "valve", ("stock", "noise"), ("open", "shut", "flush"))


def team_records(chooses, mask=None, task=LIGHT, episodes=EPISODES):
    """Records in which one agent decides in every step, as ``chooses`` says for (stock, chance)."""
    rng = np.random.default_rng(0)
    steps = np.tile(np.arange(STEPS + 1), episodes)
    seen = rng.normal(size=(len(steps), 2)).astype(np.float32)
    macro = chooses(seen[:, 0], rng.uniform(size=len(steps))).astype(np.int64)
    allowed = np.ones((len(steps), 3), bool) if mask is None else np.tile(mask, (len(steps), 1))
    macro[steps == STEPS] = NOTHING
    one = Decisions(
        np.repeat(np.arange(episodes), STEPS + 1), steps, seen, allowed, macro, (steps < STEPS) * 1
    )
    reward = np.tile(np.arange(STEPS, dtype=np.float32), episodes)
    length = np.full(episodes, STEPS)
    place = TeamPlace("pipe", "Pipe()", (task,), STEPS)
    return TeamEpisodes(place, (one,), reward, length, np.zeros(episodes, bool))


def by_stock(stock, chance):
    return np.where(stock > 0, 0, 1)


def by_chance(stock, chance):
    return np.where(chance < 0.5, 0, 1)


def test_people_who_do_alike_in_like_states_can_only_be_imitated():
    # A rule with a step is never foretold for sure beside it; far from it, it is.
    (role,) = inspect_team(team_records(by_stock, mask=[True, True, False])).roles
    assert role.settled > 0.75
    assert role.alternatives < 1.35
    assert role.explained > 0.6


def test_a_constant_choice_is_settled():
    found = inspect_team(team_records(lambda stock, chance: np.zeros(len(stock))))
    (role,) = found.roles
    assert role.verdict == "imitate"
    assert role.settled == 1.0
    assert role.left_alone == ("shut", "flush")
    assert "imitated only" in found.headline


def test_choices_by_chance_are_alternatives_in_like_states():
    found = inspect_team(team_records(by_chance, mask=[True, True, False]))
    (role,) = found.roles
    assert role.verdict == "learn"
    assert role.settled == 0.0
    assert role.alternatives == pytest.approx(2.0, abs=0.1)
    assert role.explained == pytest.approx(0.0, abs=0.05)
    assert not role.left_alone  # "flush" was never allowed, so nobody left it alone
    assert [(one.allowed, one.chosen > 0) for one in role.macro_actions] == [
        (EPISODES * STEPS, True),
        (EPISODES * STEPS, True),
        (0, False),
    ]


def test_what_is_foretold_did_not_see_its_episode():
    # The state tells the episode, and each episode has a choice of its own, drawn by chance: whoever
    # learned from the same episode would foretell it.
    rng = np.random.default_rng(1)
    episode = np.repeat(np.arange(40), 20)
    seen = np.eye(40)[episode]
    chosen = rng.integers(0, 2, 40)[episode]
    told = foretell(seen, np.ones((800, 2), bool), chosen, episode)
    assert told.loss > 0.65


def test_a_choice_that_masks_decide_is_none():
    found = inspect_team(
        team_records(lambda stock, chance: np.zeros(len(stock)), mask=[True, False, False])
    )
    assert found.roles[0].verdict == "none"
    assert "never has a choice" in found.reasons[0]


def test_too_few_choices_are_said_to_be_too_few():
    found = inspect_team(team_records(by_chance, episodes=5))
    assert found.roles[0].verdict == "few"
    assert "50 choices in 5 episodes; at least 100" in found.reasons[0]
    few = inspect_team(few_records())
    assert few.headline.startswith("No team can be learned yet: 2 episodes")
    page = team_inspection_page(few)
    assert "too few" in page
    assert "nan" not in page.lower()


def test_inspect_takes_a_folder_of_team_records(tmp_path, capsys):
    save_team_records(team_records(by_chance), tmp_path / "records")
    main(["inspect", str(tmp_path / "records"), "--out", str(tmp_path / "found")])
    said = " ".join(capsys.readouterr().err.split())
    assert "Every role tried different choices" in said
    numbers = json.loads((tmp_path / "found" / "inspection.json").read_text())
    assert numbers["roles"][0]["choices"] == EPISODES * STEPS
    assert "valve" in (tmp_path / "found" / "inspection.html").read_text()


@pytest.mark.parametrize("option", [["--tags", "plant.toml"], ["--draft"]])
def test_what_exports_need_is_refused_beside_team_records(option, tmp_path, capsys):
    save_team_records(team_records(by_chance), tmp_path / "records")
    with pytest.raises(SystemExit, match="2"):
        main(["inspect", str(tmp_path / "records"), *option])
    said = " ".join(capsys.readouterr().err.split())
    assert f"leave {option[0]} out" in said
