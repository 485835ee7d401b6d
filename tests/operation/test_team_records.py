"""What a team operated becomes team records: decision by decision, and on to another team."""

import dataclasses
import json
from contextlib import contextmanager

import numpy as np
import pytest

from shiftwork import Team
from shiftwork.cli.main import main
from shiftwork.errors import UserError
from shiftwork.learning.team.folder import load_team
from shiftwork.operation.history import files_until
from shiftwork.operation.history_rows import DAY_US
from shiftwork.operation.settings import operation_rules
from shiftwork.operation.team_input import TeamInput
from shiftwork.operation.team_records import at_place, operated_team
from shiftwork.plants.catalogue import make_team_plant
from shiftwork.records.formats.team_folder import ABOUT, load_team_records
from shiftwork.records.historian.grid import to_grid
from shiftwork.records.historian.samples import read_samples
from shiftwork.records.team_episodes import NOTHING
from support.memory_centre import centre_bench, centre_file, random_team
from support.memory_team import plant_file, team_bench

ALWAYS = 100_000 * DAY_US


def read(folder, plant=None):
    plant = plant or plant_file()
    with files_until(folder, plant, ALWAYS) as files:
        grid = to_grid(read_samples([*files.values()], plant), plant)
    return operated_team(grid, plant, operation_rules(plant).team)


@contextmanager
def operated(folder, steps=30, first=0, missed=()):
    """People at both panels choose at random whenever they decide; a log of every step."""
    rng, log = np.random.default_rng(1), []
    with team_bench(folder) as at:
        for step in range(first, first + steps):
            at.plant.tags["step"] = step
            decides = {"pump": rng.random() < 0.5, "oven": rng.random() < 0.4}
            level, glow = (float(np.float32(x)) for x in rng.normal(size=2))
            given = {f"{agent}_decides": int(yes) for agent, yes in decides.items()}
            if step in missed:
                at.time.s += at.cycle.plant.period_s
            else:
                at.step(level=level, glow=glow, **given)
            for agent, many in (("pump", 2), ("oven", 3)):
                if decides[agent]:
                    at.plant.side.in_force[agent] = float(rng.integers(many))
            log.append((step, decides, level, glow, dict(at.plant.side.in_force)))
        # Behind the last step, so that what was in force in it is read.
        at.plant.tags["step"] = first + steps
        at.step(pump_decides=1, oven_decides=0)
        yield at, log


def by_hand(log, agent):
    """Step, macro-action and whether it was decided, of one episode's decisions."""
    first = log[0][0]
    return [
        (step - first, int(in_force[agent]), bool(decides[agent]))
        for step, decides, _, _, in_force in log
        if decides[agent] or step == first
    ]


def test_every_decision_is_read_as_it_was_made(tmp_path):
    with operated(tmp_path) as (_, log):
        found = read(tmp_path)
    records = found.records
    assert [task.agent for task in records.place.tasks] == ["oven", "pump"]
    assert records.length.tolist() == [30]
    assert records.began.tolist() == [0]
    for task, decisions, told in zip(
        records.place.tasks, records.decisions, found.read, strict=True
    ):
        rows = by_hand(log, task.agent)
        made = decisions.made
        steps = decisions.step[made]
        assert list(zip(steps.tolist(), decisions.macro_action[made].tolist(), strict=True)) == [
            row[:2] for row in rows
        ]
        assert told.made == sum(row[2] for row in rows)
        assert told.carried == sum(not row[2] for row in rows)
        assert told.opened == told.moved == 0
        seen = np.array([[one[2], one[3]] for one in log], np.float32)[steps]
        np.testing.assert_array_equal(
            decisions.observation[made], seen[:, : len(task.observations)]
        )
        # Only where it did not decide is nothing but what went on allowed.
        assert decisions.mask[made].all(1).tolist() == [row[2] for row in rows]
    # The pump decides behind the last step, the oven does not.
    oven, pump = records.decisions
    assert pump.macro_action[-1] == NOTHING
    assert oven.made.all()


def test_a_missed_cycle_and_a_new_campaign_cut_episodes_and_time_goes_on(tmp_path):
    with operated(tmp_path, first=7, missed=(17,)) as (at, _):
        for step in range(4):
            at.plant.tags["step"] = step
            at.step()
        found = read(tmp_path)
    records = found.records
    # Missed is 17: no step from 16, since nobody saw what came of it, and none from 17.
    assert records.length.tolist() == [9, 19, 3]
    assert records.began.tolist() == [7, 18, 0]
    assert found.lost == 3
    assert len(found.stamp_us) == 31


def test_a_macro_action_that_was_not_permitted_opens_its_mask_and_is_counted(tmp_path):
    with team_bench(tmp_path) as at:
        at.step(may_hot=0)
        at.plant.side.in_force["oven"] = 2.0
        at.step(oven_decides=0, may_hot=1)
        at.plant.side.in_force["oven"] = 1.0  # somebody moves it while its sequence runs
        at.step(oven_decides=0)
        found = read(tmp_path)
    oven = found.records.decisions[0]
    assert oven.macro_action.tolist() == [2]
    assert oven.mask.tolist() == [[True, True, True]]
    assert (found.read[0].opened, found.read[0].moved) == (1, 1)


def test_what_an_unknown_number_in_force_or_too_few_steps_give_is_one_line(tmp_path):
    with team_bench(tmp_path) as at:
        for _ in range(3):
            at.step()
            at.plant.tags["step"] = 5
        with pytest.raises(UserError, match=r"no two periods in a row does 'step' go up by one"):
            read(tmp_path)


def test_names_that_do_not_fit_are_one_line():
    with pytest.raises(UserError, match=r"oven.macro_actions: are 1 names, but 'may' has 3 tags"):
        operation_rules(plant_file('action = "oven"', 'action = "oven"\nmacro_actions = ["cold"]'))
    with pytest.raises(UserError, match=r"operation.team.earned: unknown tag 'gold'"):
        operation_rules(plant_file('step = "step"\n', 'step = "step"\nearned = "gold"\n'))


def test_what_a_step_earned_is_read_where_it_is_shown(tmp_path):
    shown = plant_file('step = "step"\n', 'step = "step"\nearned = "glow"\n')
    with operated(tmp_path) as (_, log):
        records = read(tmp_path, shown).records
        over = read(tmp_path).records
    # The count of a step shows what the one before it earned.
    np.testing.assert_array_equal(
        records.reward[:-1], np.array([one[3] for one in log[1:]], np.float32)
    )
    levels = np.array([one[2] for one in log])
    np.testing.assert_allclose(over.reward[:-1], (levels[:-1] + levels[1:]) / 2, atol=1e-5)


def test_another_plant_than_was_operated_is_refused_in_one_line(tmp_path):
    with operated(tmp_path) as (at, _):
        records = read(tmp_path).records
    plant, place = at.cycle.plant, records.place
    assert at_place(records, place, plant).place == place
    # The same agents in another order: decisions go with their agents.
    turned = dataclasses.replace(place, plant="mill", tasks=place.tasks[::-1])
    found = at_place(records, turned, plant)
    assert found.decisions == records.decisions[::-1]
    oven, pump = place.tasks
    for changed, line in (
        (dataclasses.replace(oven, role="baking"), "agents, roles or macro-actions"),
        (
            dataclasses.replace(oven, observations=("glow", "level")),
            "agent 'oven' sees other columns",
        ),
    ):
        other = dataclasses.replace(place, plant="mill", tasks=(changed, pump))
        with pytest.raises(UserError, match="is not of 'mill'") as refused:
            at_place(records, other, plant)
        assert line in str(refused.value)


@pytest.mark.slow
def test_a_centre_that_was_operated_teaches_a_team_that_operates_it(tmp_path, capsys):
    team = random_team(centre_file(tmp_path)[0])
    with centre_bench(tmp_path, team) as at:
        at.hour()
        at.close_loop(("furnace_1",))  # the others stay with people
        for hour in range(300):
            at.hour(cycle=hour not in (90, 180))
        log = at.rows
        plant, file, rows = at.plant.virtual.plant, at.cycle.plant, tmp_path / "records"
    main(["team", "import", f"{tmp_path}/out", "--tags", f"{tmp_path}/plant.toml",
          "--out", f"{rows}", "--plant", "centre-small"])  # fmt: skip
    told = " ".join(capsys.readouterr().err.split())
    records = load_team_records(rows)
    # 240 hours make a campaign: the last of each is not seen, as the next begins at once.
    assert records.length.tolist() == [90, 88, 56, 61]
    assert records.began.tolist() == [1, 93, 183, 0]
    assert json.loads((rows / ABOUT).read_text())["began"] == [1, 93, 183, 0]
    assert records.place.plant == "centre-small"
    assert records.place.step == "1 h"
    names = [tag.name for tag in plant.observation]
    starts = [0, 92, 182, 239]
    for agent, decisions in enumerate(records.decisions):
        key = [*log[0][1]][agent]
        sees = [names.index(name) for name in plant.sees[agent]]
        may = [names.index(name) for name in plant.may[agent]]
        decides = names.index(plant.decides[agent])
        for row in np.flatnonzero(decisions.made):
            seen, _, after = log[starts[decisions.episode[row]] + decisions.step[row]]
            np.testing.assert_array_equal(decisions.observation[row], seen[sees])
            assert decisions.macro_action[row] == after[key]
            if seen[decides] == 1:
                allowed = seen[may] == 1
                allowed[decisions.macro_action[row]] = True
                np.testing.assert_array_equal(decisions.mask[row], allowed)
        for episode, length in enumerate(records.length):
            mine = decisions.episode == episode
            asked = [n for n in range(length) if log[starts[episode] + n][0][decides] == 1]
            steps = decisions.step[mine & decisions.made].tolist()
            assert steps == sorted({0, *asked})
    earned = names.index("earned")
    after = np.concatenate(
        [np.arange(first, first + n) + 1 for first, n in zip(starts, records.length, strict=True)]
    )
    np.testing.assert_array_equal(records.reward, np.array([log[n][0][earned] for n in after]))
    assert "decided in closed loop" in told
    assert plant.centre.agents == tuple(task.agent for task in records.place.tasks)

    main(["inspect", f"{rows}", "--out", f"{tmp_path}/inspected"])
    assert (tmp_path / "inspected" / "inspection.html").is_file()
    main(["team", "learn", "--records", f"{rows}", "--out", f"{tmp_path}/clone", "--method", "clone",
          "--config.updates", "10", "--config.rounds", "1", "--config.folds", "2"])  # fmt: skip
    clone = Team.load(tmp_path / "clone")
    # A few days hold too few decisions of a berth to say what lies outside them.
    told = " ".join(capsys.readouterr().err.split())
    assert "Nothing will hold the team to its records at a plant: role 'receiving'" in told
    # It fits the simulator, and the plant that it learned at.
    assert load_team(tmp_path / "clone", make_team_plant)[0].name == "centre-small"
    TeamInput(clone, file, operation_rules(file).team)
    with centre_bench(tmp_path, clone, out="again") as at:
        at.hour()
        assert set(at.hour().proposed) == {"berth_1", "blending", "furnace_1", "furnace_2"}
        assert at.cycle.shown.faults == ()
