"""A served plant in a process of its own, a proxy before it, and a cycle that runs behind the proxy."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from shiftwork.operation import modes
from shiftwork.operation.connection import Lost
from shiftwork.operation.desk import Desk
from shiftwork.operation.modes import Mode, Person, Run
from shiftwork.operation.opcua.connection import OpcUaConnection
from shiftwork.operation.opcua.settings import opcua_settings
from shiftwork.operation.opened import opened_cycle
from shiftwork.operation.records_seen import Drift
from shiftwork.operation.run import run
from shiftwork.operation.settings import operation_rules
from shiftwork.operation.shown import Clock
from shiftwork.operation.support import Support
from shiftwork.operation.verdict import Judged
from shiftwork.records.historian.plant_file.load import parse_plant
from support.proxy import Proxy

KIM = Person("Kim", "operator")
KEYS = ("force_1", "force_2")
PERIOD_S, TICK_S, TIMEOUT_S = 1.0, 0.2, 1.0
# A shed of its own in the middle of a fault would be another answer than the one that is timed.
FROZEN_S = 2.0
DRIFTED = 1e6  # a mean that no run of this plant has
NEEDED = frozenset({"position_1", "velocity_1", "target_1"})
RULES = f"""shed_after = "300s"
fastest = {{ position_1 = 100.0 }}
frozen = {{ velocity_1 = "{FROZEN_S:g}s" }}"""


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def serve(port, file, name="dmsd", period_s=PERIOD_S, tick_s=TICK_S):
    """Start ``shiftwork plant serve``; it answers once its plant file is there."""
    file.unlink(missing_ok=True)
    command = ["plant", "serve", name, "--port", f"{port}", "--file", f"{file}"]
    command += ["--step", f"{period_s:g}", "--tick", f"{tick_s:g}"]
    code = f"from shiftwork.cli.main import main; main({command})"
    with (file.parent / "serve.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-c", code], stderr=log, stdout=log)
    end = time.monotonic() + 120
    while not file.exists():
        assert process.poll() is None, (file.parent / "serve.log").read_text()
        assert time.monotonic() < end
        time.sleep(0.05)
    return process


class Rig:
    """Everything that a fault can hit.

    ``decide`` and ``wall_offset_s`` may be changed while it runs; ``direct`` reaches the plant past
    the proxy. ``names``: which tags the rows of the table hit.
    """

    served, period_s, tick_s, frozen_s = "dmsd", PERIOD_S, TICK_S, FROZEN_S
    keys = KEYS

    def __init__(self, folder: Path, seed: int):
        self.folder, self.random = folder, np.random.default_rng(seed)
        self.port, self.file = free_port(), folder / "plant.toml"
        self.wall_offset_s, self.decide, self.runs = 0.0, self.wander, 0
        self.names = {"seen": "position_1", "spanned": "target_1", "fast": "position_1",
                      "still": "velocity_1", "action": "force_1"}  # fmt: skip

    def wander(self, _):
        """Another action each cycle, so that there is always something to write."""
        return self.random.uniform(-0.4, 0.4, len(KEYS))

    def values(self):
        """Other set-points than those in force, which the plant takes."""
        return dict(zip(KEYS, self.random.uniform(-0.9, 0.9, len(KEYS)).tolist(), strict=True))

    def plays(self, row):
        """Whether a row of the table can be caused here."""
        return True

    def wanted_s(self, since_s):
        """When the agent first wanted to write something after a time, monotonic."""
        return since_s

    def settled(self):
        """Whether the loop is closed, and was so for a whole cycle."""
        return self.cycle.shown.result == "taken"

    def ruled(self, text):
        """The plant file with the rules that the table needs."""
        old = next(line for line in text.splitlines() if line.startswith("shed_after"))
        return text.replace(old, RULES)

    async def __aenter__(self):
        await self.restart()
        self.stack = contextlib.AsyncExitStack()
        self.proxy = await self.stack.enter_async_context(Proxy(self.port))
        text = self.file.read_text()
        self.direct = await self._connected(parse_plant(text, self.file))
        text = text.replace(f":{self.port}/", f":{self.proxy.port}/")
        self.plant = parse_plant(self.ruled(text), self.file)
        self.connection = await self._connected(self.plant)
        self.prepare()
        await self.begin()
        return self

    def prepare(self):
        """Make the agent, and what holds it to its records."""
        rows = self.random.uniform(-1, 1, (400, 3)) * [1.6, 0.6, 0.6]
        support = Support.learn(("target_1",), KEYS, rows)
        self.support = replace(support, limit=1.5 * support.limit)
        self.drift = Drift(("position_1",), np.full(1, -DRIFTED / 2), np.full(1, DRIFTED / 2))
        self.agent = (lambda seen: self.decide(seen), NEEDED)
        self.envelopes = (self.support, self.drift)

    async def __aexit__(self, *_):
        await self.finish()
        await self.connection.stop()
        await self.direct.stop()
        await self.stack.aclose()
        self.process.kill()
        self.process.wait()

    async def _connected(self, plant):
        connection = OpcUaConnection(plant, opcua_settings(plant), TIMEOUT_S)
        await connection.start()
        return connection

    async def begin(self):
        """Start operating, in a folder of its own."""
        self.runs += 1
        folder = self.folder / f"run{self.runs}"
        clock = Clock(time.monotonic, lambda: round((time.time() + self.wall_offset_s) * 1e6))
        judged = Judged(Mode.CLOSED, "passed", "0" * 64)
        rules = operation_rules(self.plant)
        self.opened = contextlib.ExitStack()
        self.cycle = self.opened.enter_context(
            opened_cycle(
                folder,
                self.plant,
                rules,
                self.connection,
                self.agent,
                judged,
                self.envelopes,
                clock=clock,
            )
        )
        desk = self.opened.enter_context(contextlib.closing(Desk(folder / "desk.sqlite")))
        self.stop = asyncio.Event()
        self.cycles = 0
        self.running = asyncio.create_task(run(self.cycle, desk, self.stop, self._count))

    def _count(self):
        self.cycles += 1

    async def finish(self):
        """End operating in order."""
        self.stop.set()
        await self.running
        self.opened.close()

    async def order(self, text):
        """Ask the virtual plant for a fault, past the proxy."""
        from asyncua import ua

        end = time.monotonic() + 60
        while True:
            try:
                session = self.direct._here()
                node = ua.NodeId("fault", session.control["tick"].NamespaceIndex)
                value = ua.Variant(text, ua.VariantType.String)
                [code] = await self.direct._write([node], [value])
                assert code.is_good(), text
                return
            except Lost:
                assert time.monotonic() < end
                await asyncio.sleep(0.1)

    def signal(self, number):
        os.kill(self.process.pid, number)
        if number == signal.SIGKILL:
            self.process.wait()

    async def restart(self):
        given = self.port, self.file, self.served, self.period_s, self.tick_s
        self.process = await asyncio.to_thread(serve, *given)

    def person(self, change, *given):
        """A person asks; what is refused now is asked again."""
        with contextlib.suppress(modes.Refused):
            self.cycle.ask(change, *given, person=KIM)

    async def close_loop(self):
        """As a person would: reset what is shed, step up, switch all actions on."""
        end = time.monotonic() + 60
        while True:
            state = self.cycle.state
            written = [state.actions[key].written for key in self.keys]
            if state.run == Run.SHED:
                await self.order("hand over")
                self.person(modes.reset)
            elif state.mode < Mode.CLOSED:
                self.person(modes.request_mode, Mode(state.mode + 1))
            elif not all(written):
                for key in self.keys:
                    self.person(modes.switch, key, True)
            elif self.settled():
                return
            assert time.monotonic() < end, (state, self.cycle.shown.faults)
            await asyncio.sleep(0.02)
