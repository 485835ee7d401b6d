"""Weeks of plant time in closed loop through OPC UA, beside the same agent in the simulator alone.

A virtual plant in a process of its own, a real server and a real client. The furnace is run by an agent
that imitates its people by least squares, a cracking centre by a team that imitates its own; both
are quick to make and no good agents, which is no matter here: every draw of the plant is the same with
and without the connection, so that what they earn must be the same as well.

python -m benchmarks.operation_week --plant furnace --weeks 8 --step 0.5 --seed 100
python -m benchmarks.operation_week --plant centre-small --step 0.5 --seed 100 --team runs/team
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jax

from benchmarks.operation_alone import alone, by_people, envelopes_of
from benchmarks.results import read_rows, write_rows, write_table
from shiftwork.agents.team import Team
from shiftwork.cli.operate_demo import imitated
from shiftwork.operation import modes
from shiftwork.operation.cycle import Cycle
from shiftwork.operation.desk import Desk
from shiftwork.operation.inputs import AgentInput
from shiftwork.operation.modes import Mode, Person
from shiftwork.operation.opcua.centre_tags import CentreTags
from shiftwork.operation.opcua.connection import OpcUaConnection
from shiftwork.operation.opcua.settings import opcua_settings
from shiftwork.operation.opened import opened_cycle
from shiftwork.operation.run import run
from shiftwork.operation.settings import operation_rules
from shiftwork.operation.team_input import TeamInput
from shiftwork.operation.verdict import Judged
from shiftwork.people.furnace.people import people_records
from shiftwork.plants.catalogue import make_team_plant
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.cracker.furnace_plant import STEP_H, Furnace
from shiftwork.plants.plant import Plant
from shiftwork.records.historian.plant_file.load import load_plant_file
from shiftwork.records.historian.plant_file.model import PlantFile

NAME = "operation_week"
KIM = Person("Kim", "engineer")
LOOKS = 3
"""Cycles in shadow before the loop is closed."""
TICKS = 5
"""Of the plant's control system in a step."""
START_S = 120.0


@dataclass
class Log:
    """What was seen after each cycle.

    Attributes:
        steps: The plant's count of steps at the cycle.
        result: What became of the write; "" if nothing was to be written.
        faults: What was wrong, or why nothing was sent.
        rss_mb: Memory of this process.
    """

    steps: list[int] = field(default_factory=list)
    result: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    rss_mb: list[float] = field(default_factory=list)


def _plant(name: str) -> Plant:
    if name == "furnace":
        return Furnace()
    centre = make_team_plant(name)
    assert isinstance(centre, Centre)
    return CentreTags(centre)


def _agent(file: PlantFile, team: Path | None) -> AgentInput | TeamInput:
    if team is not None:
        rules = operation_rules(file).team
        assert rules is not None
        return TeamInput(Team.load(team), file, rules)
    plant = Furnace()
    records = people_records(plant, jax.random.key(0), 8).transitions
    return AgentInput(imitated(plant, records.observation, records.action), file)


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _serve(name: str, step_s: float, seed: int, file: Path) -> subprocess.Popen[bytes]:
    words = ["plant", "serve", name, "--port", f"{free_port()}", "--file", f"{file}"]
    words += ["--step", f"{step_s:g}", "--tick", f"{step_s / TICKS:g}", "--seed", f"{seed}"]
    with (file.parent / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "shiftwork", *words], stdout=log, stderr=log
        )
    end = time.monotonic() + START_S
    while not file.exists():
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError((file.parent / "serve.log").read_text())
        time.sleep(0.05)
    return process


async def _operate(
    folder: Path, file: PlantFile, agent: AgentInput | TeamInput, steps: int
) -> tuple[Log, list[float]]:
    """Operate for so many steps in closed loop; what the plant earned in all before and after."""
    rules, settings, log = operation_rules(file), opcua_settings(file), Log()
    connection = OpcUaConnection(file, settings, rules.timeout_s)
    judged = Judged(Mode.CLOSED, "for the measurement", "0" * 64)
    given = agent if isinstance(agent, TeamInput) else (agent.decide, agent.needed)
    others = [] if isinstance(agent, TeamInput) else envelopes_of(agent, file)
    stop, earned = asyncio.Event(), [0.0, 0.0]
    async with AsyncExitStack() as stack:
        cycle: Cycle = stack.enter_context(
            opened_cycle(folder, file, rules, connection, given, judged, others)
        )
        desk = stack.enter_context(closing(Desk(folder / "desk.sqlite")))
        await connection.start()
        stack.push_async_callback(connection.stop)

        def told() -> None:
            log.result.append(cycle.shown.result)
            log.faults.append("; ".join(cycle.shown.faults) or _why_not(cycle))
            log.rss_mb.append(_rss_mb())
            now.set()
            if len(log.result) == LOOKS:
                close_loop(cycle)

        now = asyncio.Event()
        running = asyncio.create_task(run(cycle, desk, stop, told))
        while not stop.is_set():
            await asyncio.wait_for(now.wait(), START_S)
            now.clear()
            count, total = await _counted(connection)
            log.steps.append(count)
            if len(log.steps) == LOOKS + 1:
                earned[0] = total
            if len(log.steps) > LOOKS and count >= log.steps[LOOKS] + steps:
                earned[1] = total
                stop.set()
        await running
    return log, earned


def close_loop(cycle: Cycle) -> None:
    """Step up from shadow and switch all actions on, as a person would."""
    for mode in (Mode.ADVISORY, Mode.CLOSED):
        cycle.ask(modes.request_mode, mode, person=KIM)
    for key in cycle.state.actions:
        cycle.ask(modes.switch, key, True, person=KIM)


def _why_not(cycle: Cycle) -> str:
    """Why a write was not sent: that alone is no fault."""
    if cycle.shown.result in ("", "taken"):
        return ""
    outcome = cycle.audit.last("outcome")
    assert outcome is not None
    return f"{cycle.shown.result}: {outcome.body['reasons'].get('', '')}"


async def _counted(connection: OpcUaConnection) -> tuple[int, float]:
    """The plant's count of its steps, and what they earned."""
    from asyncua import ua

    session = connection._here()
    index = session.control["tick"].NamespaceIndex
    nodes = [ua.NodeId(name, index) for name in ("steps", "earned")]
    found = await session.client.uaclient.read_attributes(nodes, ua.AttributeIds.Value)
    return int(found[0].Value.Value), float(found[1].Value.Value)


def _rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def measure(name: str, weeks: float, step_s: float, seed: int, team: Path | None) -> dict[str, Any]:
    """Measure one run."""
    plant = _plant(name)
    hours = STEP_H if name == "furnace" else 1
    steps = round(weeks * 168 / hours)
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        process = _serve(name, step_s, seed, folder / "plant.toml")
        try:
            file = load_plant_file(folder / "plant.toml")
            agent = _agent(file, team)
            log, earned = asyncio.run(_operate(folder / "out", file, agent, steps))
        finally:
            process.kill()
            process.wait()
        last, closed = log.steps[-1], slice(LOOKS, -1)
        began = (log.steps[0], log.steps[LOOKS])
        unconnected = alone(plant, seed, file, began, last, _agent(file, team))
    results, faults = log.result[closed], log.faults[closed]
    missed = sum(
        after - before - 1
        for before, after in zip(log.steps[LOOKS:], log.steps[LOOKS + 1 :], strict=False)
    )
    mine = earned[1] - earned[0]
    return {
        "plant": name,
        "step_s": step_s,
        "seed": seed,
        "steps": last - log.steps[LOOKS],
        "weeks": (last - log.steps[LOOKS]) * hours / 168,
        "earned_kusd": mine,
        "alone_kusd": unconnected,
        "people_kusd": by_people(plant, seed, began, last),
        "taken": results.count("taken"),
        "missed": missed,
        "not_as_wished": sum(fault != "" for fault in faults),
        "first_reason": next((fault for fault in faults if fault), ""),
        "rss_first_mb": log.rss_mb[LOOKS],
        "rss_middle_mb": log.rss_mb[len(log.rss_mb) // 2],
        "rss_last_mb": log.rss_mb[-1],
        "wall_s": time.perf_counter() - begin,
    }


def table() -> str:
    """Make the table from the rows."""
    lines = []
    for row in read_rows(NAME):
        number = {key: float(row[key]) for key in _NUMBERS}
        loss = 100 * (number["alone_kusd"] - number["earned_kusd"]) / abs(number["alone_kusd"])
        rss = " / ".join(f"{number[f'rss_{at}_mb']:.0f}" for at in ("first", "middle", "last"))
        lines.append(
            [
                row["plant"],
                f"{number['weeks']:.1f}",
                f"{number['step_s']:g}",
                *(f"{number[f'{who}_kusd']:,.1f}" for who in ("people", "alone", "earned")),
                f"{loss + 0.0:.2f}",
                f"{row['taken']} of {row['steps']}",
                row["missed"],
                row["not_as_wished"],
                rss,
            ]
        )
    return write_table(NAME, _HEADER, lines)


_NUMBERS = (
    "weeks", "step_s", "earned_kusd", "alone_kusd", "people_kusd",
    "rss_first_mb", "rss_middle_mb", "rss_last_mb",
)  # fmt: skip
_HEADER = [
    "plant", "weeks", "step, s", "people, k$", "agent in the simulator, k$", "agent by OPC UA, k$", "loss, %",
    "cycles that wrote", "missed cycles", "cycles that could not write", "memory first / middle / last, MB",
]  # fmt: skip


def main() -> None:
    """Measure, write the rows and the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plant", default="furnace")
    parser.add_argument("--weeks", type=float, default=1.0)
    parser.add_argument("--step", type=float, default=0.5, help="real seconds of a step")
    parser.add_argument("--seed", type=int, default=100)
    parser.add_argument("--team", type=Path, help="the team's folder, for a centre")
    options = parser.parse_args()
    row = measure(options.plant, options.weeks, options.step, options.seed, options.team)
    print(row)
    write_rows(NAME, [row], replace=("plant", "step_s", "seed"))
    print(table())


if __name__ == "__main__":
    main()
