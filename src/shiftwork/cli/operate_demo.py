"""``shiftwork operate demo``: a virtual plant, an agent and the control-room page, in one command.

Each part is a process of its own, as it would be at a plant. The agent imitates, by least squares,
the people of the records that ship with Shiftwork; it is quick to make, and no good agent.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from shiftwork.cli.progress import console
from shiftwork.errors import UserError

if TYPE_CHECKING:
    from shiftwork.agents.agent import Agent
    from shiftwork.plants.plant import Plant

START_S = 120.0
"""Beyond it a part counts as broken; the first start compiles."""
ANSWER_S = 8.0
"""A fault that has no answer in this time is reported as unanswered."""
STEP_S = 1.0


@dataclass(frozen=True)
class OperateDemo:
    """Start a virtual plant, an agent and the control-room page on this machine."""

    out: Path = Path("runs/operate-demo")
    """Folder for everything; it is used again by the next demo."""
    port: int = 8017
    """TCP port of the page."""
    faults: bool = False
    """Close the loop, play the faults that a plant can have, and show each answer; then end."""


@dataclass(frozen=True)
class Fault:
    """A fault that the demo plays.

    Attributes:
        name: For people.
        order: What the virtual plant is asked for; "freeze" and "kill" are done to its process.
        answer: Text of the state that answers it: a run or an action's state.
    """

    name: str
    order: str
    answer: str


FAULTS = (
    Fault("a sensor goes bad", "bad position_1", "hold"),
    Fault("a tag is gone", "gone position_1", "hold"),
    Fault("the plant disables writes", "disable", "hold"),
    Fault("an operator moves a set-point", "move force_1", "tracking"),
    Fault("a loop is switched to local", "local force_1", "tracking"),
    Fault("the plant rejects writes", "reject", "off"),
    Fault("the server freezes for 3 s", "freeze", "hold"),
    Fault("the server is killed and starts again", "kill", "hold"),
)


async def run_demo(options: OperateDemo) -> None:
    """Run until Ctrl-C, or until every fault is played.

    Raises:
        UserError: A part does not start, or a fault has no answer.
    """
    from shiftwork.operation.desk import Caller
    from shiftwork.web.people import allow

    begin = time.monotonic()
    out = options.out
    token = allow(out, "Demo", "engineer")
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    with contextlib.ExitStack() as parts:
        page = ["desk", "page", "--out", f"{out}", "--port", f"{options.port}"]
        parts.enter_context(_part(page, out / "page.log"))
        plant = VirtualPlantPart(out)
        parts.callback(plant.stop)
        # While it compiles, the agent is made.
        await asyncio.gather(plant.start(stop), asyncio.to_thread(_make_agent, out / "agent"))
        (out / "desk.sqlite").unlink(missing_ok=True)
        operate = [
            "operate",
            f"{out / 'agent'}",
            "--plant-file",
            f"{plant.file}",
            "--out",
            f"{out}",
        ]
        process = parts.enter_context(_part(operate, out / "operate.log"))
        desk = out / "desk.sqlite"
        await _until(desk.is_file, process, out / "operate.log", stop)
        caller = parts.enter_context(closing(Caller(desk)))
        await _until(lambda: bool(caller.state()), process, out / "operate.log", stop)
        console.print(f"up after {time.monotonic() - begin:.0f} s, in shadow")
        console.print(f"control room: http://127.0.0.1:{options.port}/", soft_wrap=True)
        console.print(f"token of the engineer 'Demo': {token}", soft_wrap=True)
        if options.faults:
            await _play(plant, caller, stop)
        else:
            console.print("Ctrl-C ends it")
            await stop.wait()


async def _play(plant: VirtualPlantPart, caller: Any, stop: asyncio.Event) -> None:
    """Play each fault in closed loop, and close the loop again after it."""
    console.print(
        f"closing the loop, then {len(FAULTS)} faults one after the other; about a minute"
    )
    console.print(f"{'fault':40} answered  closed again  answer", soft_wrap=True)
    unanswered = []
    await _close_loop(caller, stop)
    for fault in FAULTS:
        begin = time.monotonic()
        await plant.cause(fault.order)
        end = time.monotonic() + ANSWER_S
        while (answer := _answer(caller.state(), fault)) is None:
            if time.monotonic() > end or stop.is_set():
                break
            await asyncio.sleep(0.02)
        answered_s = time.monotonic() - begin
        if answer is None:
            unanswered.append(fault.name)
        await plant.recover(fault.order, stop)
        begin = time.monotonic()
        await _close_loop(caller, stop)
        if stop.is_set():
            return
        closed_s = time.monotonic() - begin
        console.print(
            f"{fault.name:40} {answered_s:6.1f} s  {closed_s:10.1f} s  {answer or 'no answer'}",
            soft_wrap=True,
        )
    if unanswered:
        raise UserError(f"no answer to: {', '.join(unanswered)}; read the logs in {plant.out}")
    console.print(f"each of the {len(FAULTS)} faults had its answer, and the loop was closed again")


def _answer(state: dict[str, Any], fault: Fault) -> str | None:
    """What the operating process did, if it is what the fault asks for."""
    if state["run"] == fault.answer:
        return f"{fault.answer}: {state['reason']}"
    first = state["actions"][0]
    if first["state"] != fault.answer:
        return None
    return f"{first['key']} {fault.answer}: {state['reason'].removeprefix(first['key'] + ': ')}"


async def _close_loop(caller: Any, stop: asyncio.Event) -> None:
    """As a person would: reset what is shed, step up, switch both actions on."""
    from shiftwork.operation.modes import Person

    person = Person("Demo", "engineer")
    end = time.monotonic() + START_S
    while not stop.is_set():
        state = caller.state()
        written = ("on", "limited low", "limited high")
        on = [action["state"] in written for action in state["actions"]]
        if state["mode"] == "closed" and state["run"] == "run" and all(on):
            if state["result"] == "taken":
                return
        elif time.monotonic() > end:
            raise UserError(f"the loop cannot be closed: {state['reason']}; read the logs")
        else:
            # A request that comes too early is refused, and made again.
            with contextlib.suppress(UserError):
                await asyncio.to_thread(_step_up, caller, person, state)
        await asyncio.sleep(0.2)


def _step_up(caller: Any, person: Any, state: dict[str, Any]) -> None:
    if state["run"] == "shed":
        caller.ask("reset", [], person)
    elif state["cap"] != "closed":
        caller.ask("override", [], person)  # the demo's agent has no verdict
    elif state["highest"] != "closed":
        caller.ask("highest", ["closed"], person)
    elif state["mode"] != "closed":
        higher = {"off": "shadow", "shadow": "advisory", "advisory": "closed"}
        caller.ask("mode", [higher[state["mode"]]], person)
    else:
        for action in state["actions"]:
            caller.ask("on", [action["key"]], person)


class VirtualPlantPart:
    """The process of the virtual plant, and what can happen to it.

    Args:
        out: Folder for its plant file and log.
    """

    def __init__(self, out: Path) -> None:
        self.out, self.file = out, out / "plant.toml"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self, stop: asyncio.Event) -> None:
        """Start it, and wait until it answers: it writes its plant file then."""
        self.file.unlink(missing_ok=True)
        words = ["plant", "serve", "dmsd", "--port", f"{self.port}", "--file", f"{self.file}"]
        words += ["--step", f"{STEP_S:g}", "--tick", "0.2"]
        self._process = _started(words, self.out / "plant.log")
        await _until(self.file.is_file, self._process, self.out / "plant.log", stop)

    async def cause(self, order: str) -> None:
        """Let a fault happen."""
        assert self._process is not None
        if order == "freeze":
            os.kill(self._process.pid, signal.SIGSTOP)
        elif order == "kill":
            self._process.kill()
            self._process.wait()
        else:
            await self._ask(order)

    async def recover(self, order: str, stop: asyncio.Event) -> None:
        """End a fault, and let the loops listen again."""
        assert self._process is not None
        if order == "freeze":
            await asyncio.sleep(1.0)
            os.kill(self._process.pid, signal.SIGCONT)
        elif order == "kill":
            await self.start(stop)
        await self._ask("clear")

    async def _ask(self, order: str) -> None:
        from asyncua import Client, ua

        from shiftwork.operation.opcua.virtual_file import NAMESPACE

        link = Client(f"opc.tcp://127.0.0.1:{self.port}/")
        link.session_timeout = 600_000  # milliseconds; what its server allows
        async with link as client:
            index = await client.get_namespace_index(NAMESPACE)
            node = client.get_node(ua.NodeId("fault", index))
            value = ua.DataValue(ua.Variant(order, ua.VariantType.String))
            await node.write_attribute(ua.AttributeIds.Value, value)

    def stop(self) -> None:
        """End it, frozen or not."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def _make_agent(folder: Path) -> None:
    """Imitate the records' people."""
    from shiftwork.cli.agent_verbs import open_records
    from shiftwork.plants.tasks.dmsd import Dmsd

    plant = Dmsd()
    steps = open_records("dmsd", plant=plant).transitions
    imitated(plant, steps.observation, steps.action).save(
        folder, card="Imitates the people of the records of DMSD by least squares, for the demo.\n"
    )


def imitated(plant: Plant, observation: np.ndarray, action: np.ndarray) -> Agent:
    """Imitate people with one linear layer, by least squares: quick to make, and no good agent.

    Args:
        plant: The plant that they ran.
        observation: What they saw, (T, O).
        action: What they set, (T, A).
    """
    from shiftwork.agents.agent import Agent

    low = np.array([tag.low for tag in plant.action])
    high = np.array([tag.high for tag in plant.action])
    seen = observation.astype(np.float64)
    mean, std = seen.mean(0), np.maximum(seen.std(0), 1e-6)
    unit = 2 * (action - low) / (high - low) - 1
    columns = np.c_[(seen - mean) / std, np.ones(len(seen))]
    # The agent ends in a tanh, which its inverse undoes.
    weights, *_ = np.linalg.lstsq(columns, np.arctanh(np.clip(unit, -0.99, 0.99)), rcond=None)
    parts = (weights[:-1], weights[-1], mean, std, low, high)
    w, b, m, s, lo, hi = (part.astype(np.float32) for part in parts)
    return Agent((w,), (b,), m, s, lo, hi, plant.observation, plant.action)


def _started(words: list[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as file:
        # A session of its own: Ctrl-C reaches this process alone, which ends the others in order.
        return subprocess.Popen(
            [sys.executable, "-m", "shiftwork", *words],
            stdout=file,
            stderr=file,
            start_new_session=True,
        )


@contextlib.contextmanager
def _part(words: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = _started(words, log)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


async def _until(
    holds: Any, process: subprocess.Popen[bytes], log: Path, stop: asyncio.Event
) -> None:
    end = time.monotonic() + START_S
    while not holds():
        if stop.is_set():
            raise KeyboardInterrupt
        if process.poll() is not None or time.monotonic() > end:
            last = log.read_text(errors="replace").strip().splitlines()[-1:]
            raise UserError(f"a part of the demo did not start: {' '.join(last) or log}")
        await asyncio.sleep(0.05)
