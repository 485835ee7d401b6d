"""Team episodes of any plant, from its export and its plant file alone; each figure known by hand."""

import dataclasses
import re

import numpy as np
import polars as pl
import pytest

from shiftwork import Team
from shiftwork.cli.main import main
from shiftwork.errors import UserError
from shiftwork.learning.team.folder import save_from_records
from shiftwork.learning.team.from_records import learn_from_records
from shiftwork.learning.team.from_records_settings import Config
from shiftwork.records.formats.team_folder import load_team_records, save_team_records
from shiftwork.records.historian.cut_team import cut_team
from shiftwork.records.historian.grid import to_grid
from shiftwork.records.team_episodes import NOTHING, joined
from support.grid_builders import every, make_plant, make_samples

FEED = 'role = "action"\nbounds = [0, 100]'
LEVEL = 'role = "observation"\nspan = [0, 10]'
MODE = 'role = "state"'

TEAM = """
[[team.tasks]]
agent = "feeder"
role = "feeding"
every = "3min"
sees = ["level"]
macro_actions = { low = "feed < 50", high = "feed >= 50" }
allowed = { high = "level < 8" }
[[team.tasks]]
agent = "watch"
role = "watching"
every = "10min"
macro_actions = { "run" = "mode == 'RUN'", "wash" = "mode == 'WASH'" }
"""


def plant_with(team=TEAM, episodes="", **changes):
    tags = {"feed": FEED, "level": LEVEL, "mode": MODE} | changes
    # ``make_plant`` writes what is given after its own tables.
    last = next(reversed(tags))
    return make_plant(tags | {last: tags[last] + "\n" + team}, episodes=episodes)


#        step   0    1    2    3    4    5    6    7
FEEDS = [20.0, 20.0, 20.0, 80.0, 80.0, 80.0, 80.0, 80.0, 20.0]
LEVELS = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]
MODES = ["RUN", "RUN", "RUN", "RUN", "RUN", "WASH", "WASH", "RUN", "RUN"]


def cut(plant, feeds=FEEDS, modes=MODES, levels=LEVELS):
    given = {"feed": every(60, feeds), "level": every(60, levels), "mode": every(60, modes)}
    return cut_team(to_grid(make_samples(plant, **given), plant), plant)


def test_decisions_are_those_a_reader_finds_by_hand():
    found = cut(plant_with())
    feeder, watch = found.records.decisions
    # What is in force just before the next stamp was chosen at this one: 80 shows at stamp 3, so step 2.
    assert feeder.step.tolist() == [0, 2, 5, 7, 8]
    assert feeder.macro_action.tolist() == [0, 1, 1, 0, NOTHING]
    assert feeder.duration.tolist() == [2, 3, 2, 1, 0]
    # The level at the decision, in half spans from the middle of the span.
    assert feeder.observation[:, 0] == pytest.approx([-0.8, -0.4, 0.2, 0.6, 0.8])
    assert feeder.mask.tolist() == [[1, 1], [1, 1], [1, 1], [1, 0], [1, 0]]
    assert watch.step.tolist() == [0, 4, 6, 8]
    assert watch.macro_action.tolist() == [0, 1, 0, NOTHING]
    assert found.records.reward.tolist() == pytest.approx([1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5])
    assert found.records.place.tasks[0].observations == ("level",)
    assert found.records.place.tasks[1].observations == ("feed", "level")
    one, two = found.rebuilt
    assert (one.starts, one.changes, one.goes_on, one.opened) == (1, 2, 1, 0)
    assert (two.starts, two.changes, two.goes_on, two.unknown) == (1, 2, 0, 0)


def test_the_shown_values_can_be_turned_back():
    plant = plant_with()
    found = cut(plant).records
    for task, decisions in zip(found.place.tasks, found.decisions, strict=True):
        back = decisions.observation * np.array(task.half) + np.array(task.middle)
        level = back[:, task.observations.index("level")]
        assert level == pytest.approx(np.array(LEVELS)[decisions.step])


def test_a_choice_that_was_not_allowed_opens_its_mask_and_is_counted():
    levels = [9.0] * 9
    found = cut(plant_with(), levels=levels)
    feeder = found.records.decisions[0]
    assert found.rebuilt[0].opened == 2
    assert feeder.mask[1].tolist() == [True, True]
    assert feeder.mask[0].tolist() == [True, False]


def test_steps_in_which_nothing_matches_are_in_no_episode():
    modes = ["RUN", "RUN", "RUN", "ODD", "ODD", "RUN", "RUN", "RUN", "RUN"]
    found = cut(plant_with(), modes=modes)
    assert found.records.length.tolist() == [2, 4]
    assert found.rebuilt[1].unknown == 2
    assert found.records.terminal.tolist() == [False, False]
    # The second episode begins with what was seen and in force then.
    assert found.records.decisions[0].observation[:, 0].tolist() == pytest.approx(
        [-0.8, -0.4, 0.0, 0.6, 0.8]
    )


def test_a_shutdown_ends_an_episode_for_good_and_a_cut_does_not():
    episodes = 'shutdown = "mode == \'OFF\'"\nlength = "4min"'
    modes = ["RUN"] * 6 + ["OFF"] * 3
    found = cut(plant_with(episodes=episodes), modes=modes)
    assert found.records.length.tolist() == [4, 2]
    assert found.records.terminal.tolist() == [False, True]
    assert found.records.place.horizon == 4
    # What stood before the trip was chosen; the mode OFF is no macro-action.
    assert found.records.decisions[1].macro_action.tolist() == [0, NOTHING, 0, NOTHING]


def test_what_a_trip_takes_along_is_seen_as_it_was_just_before():
    plant = plant_with(episodes="shutdown = \"mode == 'OFF'\"")
    given = {
        "feed": every(60, FEEDS),
        "level": [*every(60, LEVELS[:6]), (360, None, 2)],
        "mode": every(60, ["RUN"] * 6 + ["OFF"] * 3),
    }
    found = cut_team(to_grid(make_samples(plant, **given), plant), plant).records
    assert found.terminal.tolist() == [True]
    assert found.decisions[0].observation[-1, 0] == pytest.approx((LEVELS[5] - 5) / 5)


def test_records_are_read_again_as_they_were_written(tmp_path):
    found = cut(plant_with()).records
    save_team_records(found, tmp_path / "records")
    again = load_team_records(tmp_path / "records")
    assert again.place == dataclasses.replace(found.place)
    assert joined([again, found]).length.tolist() == [8, 8]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('every = "3min"', 'every = "90s"', "every is 90s, which is not a whole number of periods"),
        ('agent = "watch"', 'agent = "feeder"', "agent 'feeder': stands twice"),
        ('sees = ["level"]', 'sees = ["levle"]', "unknown observed tag 'levle'; did you mean 'level'"),
        ('sees = ["level"]', 'sees = ["mode"]', "'mode' is not observed"),
        ('{ high = "level', '{ hihg = "level', "unknown macro-action 'hihg'; did you mean 'high'?"),
        ("feed < 50", "fed < 50", "macro_actions.'low': unknown tag 'fed'; did you mean 'feed'?"),
        ("feed < 50", "feed", "is a number, but must be a condition"),
        ("feed < 50", "mode < 50", "'mode' is a state and holds text"),
        ('role = "watching"', 'role = "feeding"', "has other macro-actions than 'feeder'"),
        ('every = "10min"', 'evry = "10min"', "unknown key 'evry'; did you mean 'every'?"),
        ('every = "10min"', "", "every is missing"),
        ("low = ", "low = 3, other = ", "'low' is not text; write a condition over tags"),
    ],
)  # fmt: skip
def test_mistakes_in_the_plant_file_are_named(old, new, line):
    assert old in TEAM
    with pytest.raises(UserError, match=re.escape(line)):
        plant_with(TEAM.replace(old, new, 1))


def test_a_plant_without_a_team_says_what_to_write():
    with pytest.raises(UserError, match=r"write a table \[\[team.tasks\]\] for each agent"):
        cut(plant_with(team=""))


def test_conditions_that_never_hold_are_named_with_their_agent():
    never = TEAM.replace("mode == 'RUN'", "mode == 'ON'").replace("mode == 'WASH'", "mode == 'W'")
    with pytest.raises(UserError, match="in 8 of 8 steps no macro-action of 'watch' could be told"):
        cut(plant_with(team=never))


SEPARATOR = """
name = "separator"
period = "10min"
[objective]
expression = "yield_ - 0.02 * steam"
unit = "EUR in 10min"
[episodes]
length = "4h"
[tags.steam]
role = "action"
bounds = [0, 10]
[tags.draw]
role = "action"
bounds = [0, 10]
[tags.quality]
role = "observation"
span = [-1, 1]
[tags.yield_]
role = "objective"
source = "yield"
hold = true
[[team.tasks]]
agent = "boiler"
role = "boiling"
every = "10min"
sees = ["quality"]
macro_actions = { "low" = "steam < 5", "high" = "steam >= 5" }
[[team.tasks]]
agent = "drawer"
role = "drawing"
every = "20min"
sees = ["quality"]
macro_actions = { "little" = "draw < 5", "much" = "draw >= 5" }
"""


@pytest.fixture(scope="module")
def separator(tmp_path_factory):
    """A plant at which steam pays while the quality is above 0, run by people who do not know it."""
    folder = tmp_path_factory.mktemp("separator")
    rng = np.random.default_rng(0)
    n = 24 * 60 + 1
    quality = rng.uniform(-1, 1, n)
    steam = np.where(rng.uniform(size=n) < 0.5, 2.0, 8.0)
    draw = np.repeat(np.where(rng.uniform(size=n // 2 + 1) < 0.5, 2.0, 8.0), 2)[:n]
    # What is set just before the next stamp acts in the period before it.
    earns = np.where((quality[:-1] > 0) == (steam[1:] > 5), 1.0, 0.0)
    stamps = (np.datetime64("2026-01-01") + np.arange(n) * np.timedelta64(10, "m")).astype("M8[us]")
    table = {"time": stamps, "steam": steam, "draw": draw, "quality": quality}
    pl.DataFrame(table | {"yield": np.append(earns, 0.0)}).write_csv(folder / "separator.csv")
    (folder / "separator.toml").write_text(SEPARATOR)
    return folder


def test_the_command_makes_records_that_inspect_and_learn_read(separator, tmp_path, capsys):
    out = tmp_path / "records"
    main(["team", "import", str(separator / "separator.csv"), "--tags",
          str(separator / "separator.toml"), "--out", str(out)])  # fmt: skip
    said = " ".join(capsys.readouterr().err.split())
    assert "Team records written to" in said
    assert "60 episodes of separator, 1,440 steps of 10min" in said
    assert load_team_records(out).place.reward == "EUR in 10min"


@pytest.mark.slow
def test_a_team_learns_from_an_export_of_any_plant(separator, tmp_path, capsys):
    out = tmp_path / "records"
    main(["team", "import", str(separator / "separator.csv"), "--tags",
          str(separator / "separator.toml"), "--out", str(out)])  # fmt: skip
    main(["inspect", str(out), "--out", str(tmp_path / "inspection")])
    assert "Every role tried different choices" in " ".join(capsys.readouterr().err.split())
    records = load_team_records(out)
    small = Config(
        discount=0.9, actor_rate=1e-2, critic_rate=1e-2, folds=2, updates=120, looks=6,
        rounds=6, round_updates=8, minibatch=32, actor_width=8, actor_memory=4, critic_width=8, critic_memory=8,
    )  # fmt: skip
    found = learn_from_records(records, small, seed=1)
    save_from_records(found, records, tmp_path / "team")
    shown = Team.load(tmp_path / "team").about["shown"]
    assert shown[0] == {"agent": "boiler", "columns": ["quality"], "middle": [0.0], "half": [1.0]}
    with pytest.raises(SystemExit):
        main(["evaluate", str(tmp_path / "team")])
    assert "no simulator of that plant is here" in " ".join(capsys.readouterr().err.split())
    # It acts with NumPy alone, and is shown the quality as its folder says.
    team, right = Team.load(tmp_path / "team"), []
    team.begin(0)
    for quality in np.linspace(-0.9, 0.9, 24):
        team.act(np.full((2, 1), quality), np.ones(2, bool), np.ones((2, 2), bool))
        right.append(int(team.probabilities[0].argmax()) == int(quality > 0))
    assert np.mean(right) > 0.85
