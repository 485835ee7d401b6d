"""A server that is not ours: node-opcua's, with a plant's side of a write in JavaScript.

The plant's side does what docs/operation.md asks for and shares no code with ours. First ``npm install``
in a copy of benchmarks/stranger.

python -m benchmarks.operation_stranger --folder COPY
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import numpy as np
from asyncua import Client, ua

from benchmarks.results import read_rows, write_rows, write_table
from shiftwork.operation import modes
from shiftwork.operation.connection import Lost, checksum
from shiftwork.operation.cycle import Cycle
from shiftwork.operation.desk import Desk
from shiftwork.operation.modes import Mode, Person, Run
from shiftwork.operation.opcua.connection import OpcUaConnection
from shiftwork.operation.opcua.draft import browse, drafted
from shiftwork.operation.opcua.settings import opcua_settings
from shiftwork.operation.opened import opened_cycle
from shiftwork.operation.run import run
from shiftwork.operation.settings import operation_rules
from shiftwork.operation.verdict import Judged
from shiftwork.records.historian.plant_file.load import parse_plant

NAME = "operation_stranger"
KIM = Person("Kim", "engineer")
KEYS = ("heat_sp", "feed_sp")
TEXT = """name = "tank"
period = "1s"
[objective]
expression = "temperature"
[operation]
highest = "closed"
tick = "0.2s"
timeout = "1s"
shed_after = "300s"
[tags.temperature]
role = "observation"
[tags.level]
role = "observation"
[tags.heat_sp]
role = "action"
bounds = [0.0, 100.0]
[tags.feed_sp]
role = "action"
bounds = [1.0, 9.0]
"""
MOST_S = 60.0


class Stranger:
    """The server's process.

    Args:
        folder: Holds ``server.js`` and its packages.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.endpoint = f"opc.tcp://127.0.0.1:{self.port}/"

    def start(self) -> None:
        """Start it, and wait until it is ready."""
        self.process = subprocess.Popen(
            ["node", "server.js", f"{self.port}"],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith(b"ready"):
                return
        raise RuntimeError(f"{self.folder}: node server.js has ended; npm install there first")

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait()

    async def ask(self, name: str, value: str | None = None) -> Any:
        """Read one of its nodes, or write text to it, by a client of its own."""
        async with Client(self.endpoint) as client:
            index = await client.get_namespace_index("urn:example:tank")
            node = client.get_node(ua.NodeId(name, index))
            if value is None:
                return await node.read_value()
            data = ua.DataValue(ua.Variant(value, ua.VariantType.String))
            await node.write_attribute(ua.AttributeIds.Value, data)
            return None


async def _until(holds: Callable[[], bool]) -> float:
    """Wait for something, and say for how long."""
    begin = time.monotonic()
    while not holds():
        if time.monotonic() > begin + MOST_S:
            return np.nan
        await asyncio.sleep(0.01)
    return time.monotonic() - begin


async def _late_commits(connection: OpcUaConnection, count: int) -> int:
    """Commits that repeat a tick that is too old; how many are taken over."""
    taken = 0
    for number in range(count):
        before = await connection.read()
        in_force = [before.samples[key].number for key in KEYS]
        values = [30.0 + number, 5.0]
        await connection.stage(dict(zip(KEYS, values, strict=True)))
        await connection.commit(before.tick - 4, checksum(values, in_force))
        after = await connection.read()
        taken += after.taken != before.taken
    return taken


async def _person(cycle: Cycle) -> None:
    """As a person would: step up, switch on what is off, wait for a write."""
    begin = time.monotonic()
    while cycle.shown.result != "taken" or cycle.state.run != Run.RUN:
        assert time.monotonic() < begin + MOST_S, (cycle.state, cycle.shown.faults)
        with suppress(modes.Refused):
            if cycle.state.mode < Mode.CLOSED:
                cycle.ask(modes.request_mode, Mode(cycle.state.mode + 1), person=KIM)
            else:
                for key in KEYS:
                    if not cycle.state.actions[key].written:
                        cycle.ask(modes.switch, key, True, person=KIM)
        await asyncio.sleep(0.05)


async def _play(folder: Path, stranger: Stranger, count: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []

    def note(what: str, right: int, of: int, seconds: list[float] | None = None) -> None:
        each = seconds or [np.nan]
        row = {"what": what, "right": right, "of": of}
        rows.append(row | {"median_s": statistics.median(each), "worst_s": max(each)})
        print(rows[-1], flush=True)

    bare = parse_plant(TEXT, folder / "plant.toml")
    async with Client(stranger.endpoint) as client:
        found = await browse(client)
    text, open_ = drafted(TEXT, bare, stranger.endpoint, found)
    plant = parse_plant(text, folder / "plant.toml")
    nodes = len(plant.tags) + 2 * len(KEYS) + 8
    note("nodes found by connect --draft", nodes - open_, nodes)
    rules = operation_rules(plant)
    connection = OpcUaConnection(plant, opcua_settings(plant), rules.timeout_s)
    await connection.start()
    seconds = []
    for _ in range(10 * count):
        begin = time.perf_counter()
        reading = await connection.read()
        seconds.append(time.perf_counter() - begin)
        assert all(np.isfinite(sample.number) for sample in reading.samples.values())
    note("reads of everything", len(seconds), 10 * count, seconds)
    taken = await _late_commits(connection, count)
    note("commits 4 ticks old refused", count - taken, count)
    refused = [await connection.stage({"heat_sp": value}) for value in [101.0, -1.0] * (count // 2)]
    note("values outside the plant's limits rejected", sum(map(bool, refused)), len(refused))

    random, results, reasons = np.random.default_rng(0), list[str](), list[str]()
    judged = Judged(Mode.CLOSED, "for the measurement", "0" * 64)
    agent = (
        lambda _: random.uniform([30.0, 2.0], [60.0, 8.0]),
        frozenset({"temperature", "level"}),
    )
    with ExitStack() as opened:
        cycle = opened.enter_context(
            opened_cycle(folder / "out", plant, rules, connection, agent, judged)
        )
        desk = opened.enter_context(closing(Desk(folder / "desk.sqlite")))
        stop = asyncio.Event()

        def told() -> None:
            results.append(cycle.shown.result)
            if cycle.shown.result != "taken":
                last = cycle.audit.last("outcome")
                why = [
                    cycle.shown.result,
                    *cycle.shown.faults,
                    *(last.body["reasons"].values() if last else ()),
                ]
                reasons.append("; ".join(why))

        running = asyncio.create_task(run(cycle, desk, stop, told))
        before = await stranger.ask("writes")
        await _until(lambda: len(results) >= count)
        wrote = await stranger.ask("writes") - before
        note("cycles in shadow without a write", count if not wrote else 0, count)
        await _person(cycle)
        results.clear()
        reasons.clear()
        await _until(lambda: len(results) >= 2 * count)
        note("cycles in closed loop taken over", results.count("taken"), len(results))
        print("not taken over:", reasons)
        await _faults(cycle, stranger, count, note)
        stop.set()
        await running
    await connection.stop()
    return rows


async def _faults(cycle: Cycle, stranger: Stranger, count: int, note: Callable[..., None]) -> None:
    def held() -> bool:
        return cycle.state.run == Run.HOLD

    def tracks() -> bool:
        return not cycle.state.actions["heat_sp"].written

    orders = (
        ("sensor bad: hold", "bad", held),
        ("plant disables writes: hold", "disable", held),
        ("set-point moved by another: tracking", "move", tracks),
        ("server hangs: hold", "hang", held),
        ("server killed: hold", "kill", held),
    )
    for what, order, answer in orders:
        answered, back = [], []
        for _ in range(count // 4):
            await _person(cycle)
            if order == "hang":
                stranger.process.send_signal(signal.SIGSTOP)
            elif order == "kill":
                stranger.kill()
            else:
                await stranger.ask("fault", order)
            answered.append(await _until(answer))
            if order == "hang":
                stranger.process.send_signal(signal.SIGCONT)
            elif order == "kill":
                await asyncio.to_thread(stranger.start)
            with suppress(Lost):
                await stranger.ask("fault", "clear")
            begin = time.monotonic()
            await _person(cycle)
            back.append(time.monotonic() - begin)
        note(what, int((np.array(answered) < 4.0).sum()), len(answered), answered)
        note(f"closed again after: {what.partition(':')[0]}", len(back), len(back), back)


def table() -> str:
    """Make the table from the rows."""
    lines = []
    for row in read_rows(NAME):
        known = row["median_s"] != "nan"
        each = f"{float(row['median_s']):.3f} / {float(row['worst_s']):.3f}" if known else ""
        lines.append([row["what"], f"{row['right']} of {row['of']}", each])
    return write_table(
        NAME, ["node-opcua's server", "as it must be", "seconds, median / worst"], lines
    )


def main() -> None:
    """Play, write the rows and the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="a copy of benchmarks/stranger")
    parser.add_argument("--count", type=int, default=20)
    options = parser.parse_args()
    stranger = Stranger(options.folder)
    stranger.start()
    begin = time.perf_counter()
    try:
        with tempfile.TemporaryDirectory() as folder:
            rows = asyncio.run(_play(Path(folder), stranger, options.count))
    finally:
        stranger.kill()
    wall_s = time.perf_counter() - begin
    write_rows(NAME, [row | {"seed": 0, "wall_s": wall_s} for row in rows])
    print(table())


if __name__ == "__main__":
    main()
