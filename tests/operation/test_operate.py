"""The command line from a served plant to a verified audit, every part a process of its own."""

import signal
import subprocess
import sys
import time
from contextlib import closing

import numpy as np
import pytest

from shiftwork.agents.agent import Agent
from shiftwork.cli.main import main
from shiftwork.errors import UserError
from shiftwork.operation.audit import Audit
from shiftwork.operation.desk import Caller
from shiftwork.operation.modes import Person
from shiftwork.plants.tasks.dmsd import Dmsd

pytest.importorskip("asyncua")
from support.rig import free_port, serve

KIM, LEE = Person("Kim", "operator"), Person("Lee", "engineer")


def write_agent(folder):
    plant = Dmsd()
    inputs, outputs = len(plant.observation), len(plant.action)
    Agent(
        (np.full((inputs, outputs), 0.2, np.float32),),
        (np.zeros(outputs, np.float32),),
        np.zeros(inputs, np.float32),
        np.ones(inputs, np.float32),
        np.array([tag.low for tag in plant.action], np.float32),
        np.array([tag.high for tag in plant.action], np.float32),
        plant.observation,
        plant.action,
    ).save(folder, card="")


def operate(folder):
    arguments = ["operate", f"{folder / 'agent'}", "--plant-file", f"{folder / 'plant.toml'}"]
    code = f"from shiftwork.cli.main import main; main({[*arguments, '--out', f'{folder}/out']})"
    with (folder / "operate.log").open("ab") as log:
        return subprocess.Popen([sys.executable, "-c", code], stderr=log, stdout=log)


def wait_until(holds, folder, seconds=60.0):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, (folder / "operate.log").read_text()
        time.sleep(0.1)


@pytest.mark.slow
def test_from_a_served_plant_to_closed_loop_and_a_verified_audit(tmp_path, capsys):
    write_agent(tmp_path / "agent")
    served = serve(free_port(), tmp_path / "plant.toml")
    process = operate(tmp_path)
    try:
        desk = tmp_path / "out" / "desk.sqlite"
        wait_until(desk.exists, tmp_path)
        with closing(Caller(desk)) as caller:
            wait_until(lambda: caller.state().get("mode") == "shadow", tmp_path)
            with pytest.raises(UserError, match="above the highest mode, shadow"):
                caller.ask("mode", ["advisory"], KIM)
            caller.ask("override", [], LEE)  # the agent has no verdict
            caller.ask("highest", ["closed"], LEE)
            with pytest.raises(UserError, match="more than one step"):
                caller.ask("mode", ["closed"], KIM)
            for mode in ("advisory", "closed"):
                caller.ask("mode", [mode], KIM)
            caller.ask("on", ["force_1"], KIM)
            wait_until(lambda: caller.state()["result"] == "taken", tmp_path)
            states = {action["key"]: action["state"] for action in caller.state()["actions"]}
            assert states["force_2"] == "tracking"
        # A second process for the same plant is refused in one line.
        second = operate(tmp_path)
        assert second.wait(60) == 2
        assert "another process operates this plant" in (tmp_path / "operate.log").read_text()
        main(["desk", "state", "--out", f"{tmp_path}/out"])
        assert "virtual dmsd: closed" in capsys.readouterr().err
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        main(["audit", "verify", f"{tmp_path}/out/audit.sqlite"])
        assert "every one in its place" in capsys.readouterr().err
        assert "Traceback" not in (tmp_path / "operate.log").read_text()
    finally:
        for one in (process, served):
            one.kill()
            one.wait()


def test_audit_verbs(tmp_path, capsys):
    with closing(Audit(tmp_path / "audit.sqlite", lambda: 1, lambda: 2)) as audit:
        audit.append("start")
        number, text = audit.head
    main(["audit", "verify", f"{audit.path}", "--head", f"{number}:{text}"])
    assert f"head 1:{text}" in capsys.readouterr().err.replace("\n", "")
    main(["audit", "export", f"{audit.path}", f"{tmp_path}/a.csv"])
    assert (tmp_path / "a.csv").read_text().count("\n") == 2
    for arguments, words in (
        (["audit", "verify", f"{tmp_path}/no"], "no such audit"),
        (["audit", "verify", f"{audit.path}", "--head", "x"], "is not NUMBER:HASH"),
        (["desk", "ask", "mode", "shadow", "--out", f"{tmp_path}"], "start operate first"),
        (["desk", "ask", "mode", "--out", f"{tmp_path}"], "has 0 values; give 1"),
        (["desk", "ask", "accept", "k", "--out", f"{tmp_path}"], "has 1 values; give 2"),
        (["plant", "serve", "furnce"], "unknown plant 'furnce'; did you mean 'furnace'"),
        (["plant", "buy"], "write: shiftwork plant serve"),
    ):
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        assert stop.value.code == 2
        assert words in capsys.readouterr().err
