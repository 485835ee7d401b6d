"""The verbs for teams, from the command line's words to files and one-line refusals.

Episodes are run 6 or 64 at a time throughout, so that operators of one kind share a program.
"""

import json
import struct
from importlib.resources import files

import pytest

from shiftwork.cli.main import main
from shiftwork.errors import UserError
from shiftwork.learning.team.improve_settings import Config
from shiftwork.learning.team.search_settings import Config as SearchConfig

TINY = [
    "--config.copies", "4", "--config.scouts", "2", "--config.best-runs", "2",
    "--config.minibatches", "1",
    "--config.actor-width", "8", "--config.actor-memory", "4",
    "--config.critic-width", "8", "--config.critic-memory", "4", "--config.epochs", "1",
]  # fmt: skip


@pytest.fixture(scope="module")
def team(tmp_path_factory):
    out = tmp_path_factory.mktemp("team") / "pushers"
    main(["team", "learn", "--plant", "box-pushing-6", "--steps", "400", "--out", str(out), *TINY])
    return out


@pytest.mark.slow
def test_a_team_learns_and_is_written_whole(team):
    about = json.loads((team / "team.json").read_text())
    assert about["plant"] == "box-pushing-6"
    assert about["config"]["copies"] == 4
    assert about["config"]["discount"] == pytest.approx(0.98)  # of the plant's preset
    assert about["steps"] >= 400
    assert not list(team.parent.glob("*.part*"))


@pytest.mark.slow
def test_it_is_evaluated_on_whole_episodes(team, capsys):
    main(["evaluate", str(team), "--episodes", "6"])
    told = capsys.readouterr().err
    assert "Running 6 whole episodes on box-pushing-6" in told
    assert "success in" in told


@pytest.mark.slow
def test_an_episode_becomes_a_film(team, tmp_path, capsys):
    film = tmp_path / "episode.gif"
    main(["team", "watch", str(team), "--out", str(film)])
    data = film.read_bytes()
    assert data[:6] in (b"GIF89a", b"GIF87a")
    assert min(struct.unpack("<HH", data[6:10])) > 200
    assert "one episode on box-pushing-6" in " ".join(capsys.readouterr().err.split())


@pytest.mark.slow
def test_people_leave_records_that_can_be_inspected(tmp_path, capsys):
    out = tmp_path / "people"
    main(["people", "--plant", "centre-small", "--out", str(out)])
    told = capsys.readouterr().err.split()
    files = sorted(path.name for path in out.iterdir())
    assert files == [
        "centre-small.simulated.occasions.csv",
        "centre-small.simulated.shift-log.csv",
        "centre-small.simulated.ship-papers.csv",
        "centre-small.simulated.toml",
        "centre.html",
        "csv",
        "historian",
    ]
    assert (
        "<svg" in (out / "centre.html").read_text() or "<img" in (out / "centre.html").read_text()
    )
    # The command that it tells next works.
    command = told[told.index("inspect") :]
    main([*command, "--out", str(tmp_path / "inspection")])
    assert (tmp_path / "inspection" / "inspection.html").exists()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["team", "learn", "--plant", "box-pushing-7"],
            "unknown team plant 'box-pushing-7'; did you mean",
        ),
        (["team", "learn", "--plant", "box-pushing-6", "--algo", "acca"], "did you mean 'acac'?"),
        (["team", "learn", "--plant", "box-pushing-6", "--seed", "-1"], "--seed is -1"),
        (
            ["team", "learn", "--plant", "box-pushing-6", "--config.copies", "0"],
            "config 'copies' is 0",
        ),
        (["evaluate", "nowhere", "--plant", "centre-small"], "nowhere: is no team (team.json is"),
        (["evaluate", "nowhere"], "nowhere: is no agent"),
        (["team", "watch", "nowhere"], "nowhere: is no team"),
        (["report", "nowhere"], "nowhere: is no agent"),
        (["people", "--plant", "box-pushing-6"], "is no cracking centre; give one"),
        (["people", "--plant", "centre-small", "--years", "0"], "--years is 0; ask for"),
        (["team", "people", "--plant", "box-pushing-6"], "no people are simulated at 'box-push"),
        (
            ["team", "learn", "--records", "nowhere"],
            "nowhere: is no team records (team-records.json",
        ),
        (["team", "people", "--plant", "centre-smal"], "did you mean 'centre-small'?"),
        (["team", "people", "--plant", "centre-small", "--episodes", "0"], "--episodes is 0; ask"),
        (
            ["team", "rebuild", "nowhere", "--plant", "centre-small"],
            "nowhere: holds no files *.simulated.toml, not one; give the folder",
        ),
        (
            ["team", "rebuild", "nowhere", "--plant", "box-pushing-6"],
            "team records are rebuilt of cracking centres only, not of 'box-pushing-6'",
        ),
        (["team", "improve", "nowhere"], "nowhere: is no team (team.json is"),
        (["team", "draw", "centre-small"], "'centre-small' is the same in each episode; give"),
        (["team", "draw", "centre-varid"], "did you mean 'centre-varied'?"),
        (["team", "draw", "--out", "mine"], "mine: scenarios are written as TOML; give --out"),
        (
            ["evaluate", "--plant", "centre-varied", "--operator", "scheduler"],
            "no scheduler is made for 'centre-varied'; give a cracking centre of one scenario",
        ),
        (
            ["plant", "serve", "centre-varied"],
            "'centre-varied' is another centre in each episode; draw one scenario of it",
        ),
        (
            ["team", "people", "--plant", "centre-varied", "--yardsticks"],
            "'centre-varied' is another centre in each episode; draw one scenario of it",
        ),
        (
            ["people", "--plant", "centre-varied"],
            "'centre-varied' is another centre in each episode; draw one scenario of it",
        ),
        (
            ["team", "rebuild", "nowhere", "--plant", "centre-varied"],
            "team records are rebuilt of cracking centres only, not of 'centre-varied'",
        ),
        (["team", "improve", "nowhere", "--online.copies", "3"], "online 'copies' is 3, which"),
        (
            ["team", "improve", "nowhere", "--by", "search", "--online.candidates", "9"],
            "online 'candidates' is 9; give an even number",
        ),
        (["team", "tune-rules", "--plant", "box-pushing-6"], "is no cracking centre; give one"),
        (["team", "tune-rules", "--plant", "centre-smal"], "did you mean 'centre-small'?"),
        (
            ["team", "tune-rules", "--plant", "centre-small", "--out", "rules"],
            "rules: rules are written as TOML; give --out a name ending in .toml",
        ),
        (
            ["team", "tune-rules", "--plant", "centre-small", "--config.candidates", "1"],
            "config 'candidates' is 1; it must be at least 4",
        ),
        (
            ["team", "tune-rules", "--plant", "centre-small", "--seeds", "2", "--out", "rules"],
            "rules: rules are written as TOML; give --out a name ending in .toml",
        ),
        (
            ["team", "tune-rules", "--plant", "box-pushing-6", "--workers", "2"],
            "is no cracking centre; give one",
        ),
        (
            ["team", "tune-rules", "--plant", "centre-small", "--seeds", "0"],
            "--seeds is 0; give 1 or more",
        ),
        (
            ["evaluate", "--plant", "centre-small", "--operator", "rules.toml"],
            "rules.toml: no such file; give the file that team tune-rules wrote",
        ),
        (
            ["evaluate", "--plant", "centre-small", "--operator", "rollouts:rules.toml"],
            "rules.toml: no such file; give the file that team tune-rules wrote",
        ),
        (["evaluate", "--operator", "people"], "evaluate needs --plant or --records"),
        (["evaluate"], "evaluate needs an operator"),
        (["evaluate", "--operator", "people", "--plant", "dmsd"], "no people are simulated at"),
        (["evaluate", "--operator", "scheduler", "--plant", "dmsd"], "no scheduler is made for"),
        (["evaluate", "--operator", "random", "--plant", "Pendulum-v1"], "only agents act"),
    ],
)
def test_mistakes_are_one_line(arguments, line, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    told = [row for row in capsys.readouterr().err.splitlines() if row.startswith("shiftwork: ")]
    assert len(told) == 1
    assert line in told[0]
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_team_goes_on_by_experience(team, tmp_path, capsys):
    out = tmp_path / "improved"
    sizes = ["--online.copies", "2", "--online.batches", "2", "--online.judge-episodes", "2"]
    main(["team", "improve", str(team), "--steps", "300", "--out", str(out), *sizes])
    told = " ".join(capsys.readouterr().err.split())
    assert "400 steps: return" in told
    assert "of 1 steps accepted" in told
    assert "400 to learn from, 400 to judge by" in told
    about, before = (json.loads((f / "team.json").read_text()) for f in (out, team))
    assert about["steps"] == before["steps"] + 400
    main(["evaluate", str(team), "--episodes", "6", "--operator", str(out)])
    assert not list(tmp_path.glob("*.part*"))


@pytest.mark.slow
def test_a_team_goes_on_by_search_where_it_is_told_to_or_episodes_are_long(
    team, tmp_path, capsys, monkeypatch
):
    def told():
        return " ".join(capsys.readouterr().err.split())

    out = tmp_path / "searched"
    sizes = ["--online.candidates", "8", "--online.episodes", "1", "--online.generations", "2"]
    main(
        ["team", "improve", str(team), "--by", "search", "--steps", "9", "--out", str(out), *sizes]
    )
    said = told()
    assert "--steps 9 is less than one step of the search, which has 1,600 plant steps" in said
    assert "1,600 steps: return" in said
    # What it found is in the folder, and goes on either way.
    about = json.loads((out / "team.json").read_text())
    assert about["config"]["direct"]
    assert about["improved"]["settings"]["candidates"] == 8
    again = tmp_path / "again"
    small = ["--online.copies", "2", "--online.batches", "1", "--online.judge-episodes", "2"]
    main(["team", "improve", str(out), "--steps", "1", "--out", str(again), *small])
    assert "200 steps: return" in told()

    asked = []

    def improved(plant, learner, online, **rest):
        asked.append(type(online))
        raise UserError("enough")

    monkeypatch.setattr("shiftwork.cli.team_verbs.improve_team", improved)
    for longer, way in (
        (1e9, "by the gradient: an episode"),
        (0.0, "by search over whole episodes"),
    ):
        monkeypatch.setattr("shiftwork.cli.team_verbs.MUCH_LONGER", longer)
        with pytest.raises(SystemExit):
            main(["team", "improve", str(team), "--out", str(tmp_path / "none")])
        assert way in told()
    assert asked == [Config, SearchConfig]


@pytest.mark.slow
def test_tuned_rules_are_an_operator(tmp_path, capsys):
    out = tmp_path / "rules.toml"
    sizes = ["--config.candidates", "4", "--config.episodes", "1", "--config.generations", "2"]
    main(["team", "tune-rules", "--plant", "centre-small", "--out", str(out), *sizes])
    told = " ".join(capsys.readouterr().err.split())
    assert "Rules written to" in told
    assert "rules less people" in told
    assert [path.name for path in tmp_path.iterdir()] == ["rules.toml"]
    main(
        [
            "evaluate",
            "--plant",
            "centre-small",
            "--episodes",
            "64",
            "--operator",
            "people",
            str(out),
        ]
    )
    # The console may break a long path anywhere.
    told = "".join(capsys.readouterr().err.split())
    assert f"{out}lesspeople,onthesameepisodes" in told


@pytest.mark.slow
def test_a_film_that_is_no_gif_is_refused(team, tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["team", "watch", str(team), "--out", str(tmp_path / "film.mp4")])
    assert "let the name end in '.gif'" in capsys.readouterr().err


@pytest.fixture(scope="module")
def team_records(tmp_path_factory):
    out = tmp_path_factory.mktemp("records") / "small"
    main(["team", "people", "--plant", "centre-small", "--episodes", "6", "--out", str(out)])
    return out


FEW = [
    "--config.folds", "2", "--config.updates", "2", "--config.looks", "2", "--config.rounds", "1",
    "--config.round-updates", "1", "--config.minibatch", "2", "--config.temperature", "1.0",
]  # fmt: skip


@pytest.mark.slow
def test_a_team_learns_from_records_without_a_plant(team_records, tmp_path, capsys):
    out = tmp_path / "team"
    main(["team", "learn", "--records", str(team_records), "--out", str(out), *FEW])
    told = " ".join(capsys.readouterr().err.split())
    assert "from 6 episodes and no plant" in told
    about = json.loads((out / "team.json").read_text())
    assert about["records"]["steps"] == 6 * 240
    assert about["steps"] == 0
    main(["evaluate", str(out), "--operator", "people", "--episodes", "64"])
    assert "on the same episodes" in " ".join(capsys.readouterr().err.split())
    page = tmp_path / "page.html"
    main(["report", str(out), "--episodes", "6", "--out", str(page)])
    assert "against people, over 6 episodes" in " ".join(capsys.readouterr().err.split())
    assert "Against people on the same ships and prices" in page.read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_team_goes_on_where_each_episode_is_another_scenario(team_records, tmp_path, capsys):
    def told():
        return " ".join(capsys.readouterr().err.split())

    small = files("shiftwork.plants.centre") / "scenarios" / "centre-small.toml"
    many, team, out = tmp_path / "many.toml", tmp_path / "team", tmp_path / "out"
    text = small.read_text(encoding="utf-8").replace('"centre-small"', '"many"')
    many.write_text(
        text + "[varied]\ncosts.decoke_usd = [1000.0, 90000.0]\ntanks.level = [0.2, 0.8]\n"
    )
    clone = ["--method", "clone", *FEW]
    main(["team", "learn", "--records", str(team_records), "--out", str(team), *clone])
    sizes = ["--online.candidates", "8", "--online.episodes", "1", "--online.generations", "1"]
    at = ["--plant", str(many), "--by", "search", "--steps", "9"]
    main(["team", "improve", str(team), "--out", str(out), *at, *sizes])
    assert "1,920 steps: return" in told()
    about = json.loads((out / "team.json").read_text())
    assert about["plant"] == "many"
    assert "[varied]" in (out / "scenario.toml").read_text()
    # It runs at a scenario drawn from there.
    one = tmp_path / "one.toml"
    main(["team", "draw", str(many), "--out", str(one), "--seed", "7"])
    assert "3 numbers drawn for many-7" in told()
    main(["evaluate", "--plant", str(one), "--operator", str(out), "--episodes", "6"])
    assert "Running 6 whole episodes on many-7" in told()
    page = tmp_path / "page.html"
    with pytest.raises(SystemExit):
        main(["report", str(out), "--episodes", "6", "--out", str(page)])
    assert "'many' is another centre in each episode; draw one scenario of it" in told()
    with pytest.raises(SystemExit):
        main(["team", "watch", str(out), "--out", str(tmp_path / "film.gif")])
    assert "plant 'many': has no picture" in told()


@pytest.mark.slow
def test_a_team_goes_on_only_where_its_agents_are(team, capsys):
    with pytest.raises(SystemExit):
        main(["team", "improve", str(team), "--plant", "centre-small"])
    assert "learned on 'box-pushing-6', whose agents" in " ".join(capsys.readouterr().err.split())


@pytest.mark.slow
def test_records_of_another_plant_are_refused(team_records, capsys):
    with pytest.raises(SystemExit):
        main(["team", "learn", "--records", str(team_records), "--plant", "centre-tight"])
    told = capsys.readouterr().err
    assert (
        "records of another scenario than --plant centre-tight ('centre-small' instead of" in told
    )
    with pytest.raises(SystemExit):
        main(["team", "learn", "--records", str(team_records), "--config.folds", "4"])
    assert "'folds' is 4, but there are 6 episodes" in capsys.readouterr().err


def test_settings_come_from_a_file(tmp_path, capsys):
    file = tmp_path / "team.toml"
    file.write_text('plant = "box-pushing-6"\nalgo = "independent"\n[config]\nwidht = 3\n')
    with pytest.raises(SystemExit):
        main(["team", "learn", "--settings", str(file)])
    assert "unknown key 'config.widht'" in capsys.readouterr().err


@pytest.mark.slow
def test_operators_run_the_same_episodes_and_are_compared(team, capsys):
    main(["evaluate", str(team), "--operator", "random", str(team), "--episodes", "6"])
    told = " ".join(capsys.readouterr().err.split())
    assert f"{team} less {team}, on the same episodes: 0.0 [0.0, 0.0]" not in told  # run once
    assert "random: Return" in told
    assert f"random less {team}, on the same episodes:" in told


@pytest.mark.slow
def test_a_team_of_another_plant_is_refused(team, capsys):
    with pytest.raises(SystemExit):
        main(["evaluate", str(team), "--plant", "centre-small"])
    assert "learned on 'box-pushing-6'" in capsys.readouterr().err
