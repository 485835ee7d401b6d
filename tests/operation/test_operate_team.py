"""A centre's team by OPC UA: the served plant, its file, and the command line to closed loop."""

import dataclasses
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.cli.main import main
from shiftwork.operation.audit import Audit
from shiftwork.operation.desk import Caller
from shiftwork.operation.modes import Person
from shiftwork.operation.opcua.centre_tags import CentreTags
from shiftwork.operation.opcua.virtual_file import plant_file_text
from shiftwork.operation.opcua.virtual_plant import VirtualPlant
from shiftwork.operation.settings import operation_rules
from shiftwork.operation.team_input import TeamInput
from shiftwork.people.centre.people import People
from shiftwork.plants.catalogue import make_team_plant
from shiftwork.plants.run_team import episode_keys, run_team
from shiftwork.records.historian.plant_file.load import parse_plant

pytest.importorskip("asyncua")
from support.memory_centre import random_team
from support.rig import free_port

KIM, LEE = Person("Kim", "operator"), Person("Lee", "engineer")


@pytest.fixture(scope="module")
def centre():
    return CentreTags(make_team_plant("centre-small"))


def test_the_plant_file_of_a_centre_fits_its_teams(centre):
    file = parse_plant(plant_file_text(centre, 4840, 1.0, 0.2), Path("centre.toml"))
    rules = operation_rules(file)
    inputs = TeamInput(random_team(centre), file, rules.team)
    assert [agent.action for agent in inputs.agents] == [
        "berth_1",
        "blending",
        "furnace_1",
        "furnace_2",
    ]
    roles = {key: file.tags[key].role for key in ("step", "earned", "blending_decides")}
    assert roles == {"step": "limit", "earned": "objective", "blending_decides": "limit"}


@pytest.mark.slow
def test_a_centre_that_nobody_operates_is_run_by_its_people_as_everywhere(centre):
    reset_key, step_keys = episode_keys(centre.centre, jax.random.key(5))
    people = People(centre.centre)

    @jax.jit
    def mine():
        state, _ = centre.reset(reset_key)

        def one(state, key):
            step = centre.step(state, jnp.full(4, jnp.nan), key)
            return step.state, (step.reward, step.observation[-2])

        return jax.lax.scan(one, state, step_keys)[1]

    @jax.jit
    def theirs():
        return run_team(
            centre.centre, people, jax.random.key(5), lambda before, after, memory: after.reward
        )[1]

    reward, hour = mine()
    np.testing.assert_array_equal(hour, np.arange(1, centre.horizon + 1))
    np.testing.assert_allclose(reward, theirs(), rtol=1e-5, atol=1e-5)


@pytest.mark.slow
def test_an_owner_stops_the_people_and_a_shed_brings_them_back(centre):
    virtual = VirtualPlant(centre, 1.0)
    side = virtual.side
    side.beat("agent", time.monotonic())
    before = dict(side.in_force)
    for _ in range(30):
        virtual.step()
    assert side.in_force == before
    side.move("furnace_1", 4.0)
    virtual.step()
    assert side.in_force["furnace_1"] == 4.0
    side.take_back()
    for _ in range(30):
        virtual.step()
    assert side.in_force != before


def wait_until(holds, log, seconds=120.0):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.1)


def start(words, log):
    with log.open("ab") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "shiftwork", *words], stdout=file, stderr=file, env=os.environ
        )


@pytest.mark.slow
def test_whoever_moves_a_set_point_leaves_another_choice_in_force(centre):
    virtual = VirtualPlant(centre, 1.0, 0)
    for _ in range(40):
        before = virtual.side.in_force["furnace_1"]
        assert virtual.fault("move furnace_1")
        now = virtual.side.in_force["furnace_1"]
        assert now != before
        assert now == int(now)
        assert virtual.side.low["furnace_1"] <= now <= virtual.side.high["furnace_1"]


@pytest.mark.slow
def test_from_a_served_centre_to_closed_loop_killed_and_resumed(centre, tmp_path, capsys):
    random_team(centre).save(tmp_path / "team", card="# Card\n")
    file, out, log = tmp_path / "plant.toml", tmp_path / "out", tmp_path / "operate.log"
    serve = ["plant", "serve", "centre-small", "--port", f"{free_port()}", "--file", f"{file}"]
    served = start([*serve, "--step", "2", "--tick", "0.4"], tmp_path / "serve.log")
    wait_until(file.exists, tmp_path / "serve.log")
    words = ["operate", f"{tmp_path}/team", "--plant-file", f"{file}", "--out", f"{out}"]
    process = start(words, log)
    try:
        wait_until((out / "desk.sqlite").exists, log)
        with closing(Caller(out / "desk.sqlite")) as caller:
            wait_until(lambda: caller.state().get("mode") == "shadow", log)
            caller.ask("override", [], LEE)  # the team has no verdict
            caller.ask("highest", ["closed"], LEE)
            for mode in ("advisory", "closed"):
                caller.ask("mode", [mode], KIM)
            for key in ("berth_1", "blending", "furnace_1", "furnace_2"):
                caller.ask("on", [key], KIM)
            wait_until(lambda: caller.state()["result"] == "taken", log)
        process.kill()
        process.wait()
        process = start(words, log)
        text = lambda: log.read_text().count("operating virtual centre-small")  # noqa: E731
        wait_until(lambda: text() == 2, log)
        time.sleep(5)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        main(["audit", "verify", f"{out}/audit.sqlite"])
        assert "every one in its place" in capsys.readouterr().err
        assert "Traceback" not in log.read_text()
        with closing(Audit(out / "audit.sqlite", lambda: 1, lambda: 2)) as audit:
            entries = [*audit.entries()]
        steps = [entry.body["team"]["step"] for entry in entries if "team" in entry.body]
        assert steps == sorted(steps)
        again = max(entry.number for entry in entries if entry.kind == "start")
        before = [e for e in entries if "team" in e.body and e.number < again][-1]
        after = next(e for e in entries if "team" in e.body and e.number > again)
        assert after.body["mode"] == "shadow"
        # What nobody decided since is remembered bit by bit.
        assert (
            after.body["team"]["draws"]["state"]["inc"]
            == before.body["team"]["draws"]["state"]["inc"]
        )
    finally:
        for one in (process, served):
            one.kill()
            one.wait()


def test_a_team_at_a_plant_file_without_its_table_is_refused_in_one_line(centre, tmp_path, capsys):
    random_team(centre).save(tmp_path / "team", card="# Card\n")
    text = plant_file_text(centre, 4840, 1.0, 0.2)
    (tmp_path / "plant.toml").write_text(text[: text.index("[operation.team]")])
    with pytest.raises(SystemExit):
        main(["operate", f"{tmp_path}/team", "--plant-file", f"{tmp_path}/plant.toml"])
    assert "operation.team is missing" in capsys.readouterr().err.replace("\n", " ")


def test_a_team_of_another_centre_is_refused_in_one_line(centre):
    file = parse_plant(plant_file_text(centre, 4840, 1.0, 0.2), Path("centre.toml"))
    other = dataclasses.replace(random_team(centre), agents=("berth 1", "blending", "a", "b"))
    from shiftwork.errors import UserError

    with pytest.raises(UserError, match="give the team's own plant file"):
        TeamInput(other, file, operation_rules(file).team)
