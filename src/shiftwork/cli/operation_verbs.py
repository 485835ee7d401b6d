"""The verbs of operation: ``plant serve``, ``operate``, ``audit``; others stand apart."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from shiftwork.cli import connect_verbs, desk_verbs, shadow_verb
from shiftwork.cli.desk_verbs import needs
from shiftwork.cli.operate_demo import OperateDemo, run_demo
from shiftwork.cli.progress import console
from shiftwork.errors import UserError

if TYPE_CHECKING:
    from shiftwork.operation.cycle import Cycle
    from shiftwork.operation.envelope import Envelope
    from shiftwork.operation.team_input import TeamInput
    from shiftwork.plants.plant import Plant
    from shiftwork.records.historian.plant_file.model import PlantFile


@dataclass(frozen=True)
class Serve:
    """Serve a simulated plant by OPC UA, and write the plant file to operate it with."""

    plant: tyro.conf.Positional[str]
    """A built-in plant with one agent (furnace, dmsd, dmsd-heavy), or a cracking centre, such as
    centre-small, whose people run it while nobody writes."""
    port: int = 4840
    """TCP port on this machine (loopback only)."""
    step: float = 1.0
    """Real seconds of one of the plant's steps; a furnace's step is 4 hours of its own time, a
    centre's one."""
    tick: float = 0.25
    """Real seconds of one tick of its control system."""
    file: Path = Path("virtual-plant.toml")
    """Where the plant file is written."""
    seed: int = 0


@dataclass(frozen=True)
class Operate:
    """Let an agent or a team operate a plant by OPC UA; it begins in shadow and writes nothing."""

    agent: tyro.conf.Positional[Path]
    """The folder of the agent or of the team."""
    plant_file: Path
    """The plant file, with its tables [opcua] and [operation] and a node for each tag."""
    out: Path = Path("runs/operation")
    """Folder for audit, history and desk."""
    mode: Literal["off", "shadow"] = "shadow"
    """Where it begins; people raise it at the desk."""


@dataclass(frozen=True)
class Verify:
    """Check that no record of an audit was changed, removed or inserted."""

    audit: tyro.conf.Positional[Path]
    """The audit file."""
    head: str = ""
    """NUMBER:HASH, as an earlier verify printed it; finds a tail that was cut off."""


@dataclass(frozen=True)
class Export:
    """Write an audit as a table."""

    audit: tyro.conf.Positional[Path]
    """The audit file."""
    out: tyro.conf.Positional[Path]
    """A .csv or .parquet file."""


_Plant = Annotated[Serve, tyro.conf.subcommand("serve", prefix_name=False)]
_Audit = (
    Annotated[Verify, tyro.conf.subcommand("verify", prefix_name=False)]
    | Annotated[Export, tyro.conf.subcommand("export", prefix_name=False)]
)


def run(arguments: list[str]) -> None:
    """Run one of the verbs.

    Raises:
        UserError: A mistake of the user's.
    """
    verb, *rest = arguments
    prog = f"shiftwork {verb}"
    if verb == "plant":
        if rest[:1] == ["serve"]:
            _serve(tyro.cli(Serve, args=rest[1:], prog=f"{prog} serve"))
        else:
            raise UserError("plant: unknown verb; write: shiftwork plant serve PLANT")
    elif verb == "operate" and rest[:1] == ["demo"]:
        demo = tyro.cli(OperateDemo, args=rest[1:], prog=f"{prog} demo")
        needs("asyncua", "opcua", "OPC UA")
        needs("starlette", "web", "the page")
        asyncio.run(run_demo(demo))
    elif verb == "operate":
        _operate(tyro.cli(Operate, args=rest, prog=prog))
    elif verb == "connect":
        connect_verbs.run(rest, prog)
    elif verb == "desk":
        desk_verbs.run(rest, prog)
    elif verb == "shadow":
        shadow_verb.run(rest, prog)
    else:
        audit: Any = tyro.cli(_Audit, args=rest, prog=prog)
        (_verify if isinstance(audit, Verify) else _export)(audit)


def _serve(options: Serve) -> None:
    needs("asyncua", "opcua", "OPC UA")
    from shiftwork.files import written_whole
    from shiftwork.operation.opcua.server import PlantServer
    from shiftwork.operation.opcua.virtual_file import plant_file_text
    from shiftwork.operation.opcua.virtual_plant import VirtualPlant

    plant = _served(options.plant)
    if not (options.step > 0 and 0 < options.tick <= options.step):
        raise UserError("--tick and --step must be above 0, and a tick at most a step")
    text = plant_file_text(plant, options.port, options.step, options.tick)
    console.print(f"compiling {options.plant} ...")
    server = PlantServer(
        VirtualPlant(plant, options.step, options.seed), options.port, options.tick
    )

    def ready() -> None:
        with written_whole(options.file) as temporary:
            temporary.write_text(text, encoding="utf-8")
        console.print(
            f"{options.plant} is served at opc.tcp://127.0.0.1:{options.port}/; its plant file is "
            f"{options.file}"
        )

    asyncio.run(server.serve(ready))


def _served(name: str) -> Plant:
    from shiftwork.cli.team_verbs import as_centre
    from shiftwork.errors import unknown
    from shiftwork.operation.opcua.centre_tags import CentreTags
    from shiftwork.plants.catalogue import CENTRES, PLANTS, TEAM_PLANTS, make_team_plant

    if name in PLANTS:
        return PLANTS[name]
    if name in TEAM_PLANTS or name.endswith(".toml"):
        centre = as_centre(make_team_plant(name))
        return CentreTags(centre)
    raise unknown("plant", name, (*PLANTS, *CENTRES))


def _operate(options: Operate) -> None:
    needs("asyncua", "opcua", "OPC UA")
    from shiftwork.agents.agent import Agent
    from shiftwork.agents.team import ABOUT
    from shiftwork.operation.inputs import AgentInput
    from shiftwork.operation.modes import Mode, demote
    from shiftwork.operation.opcua.connection import OpcUaConnection
    from shiftwork.operation.opcua.settings import opcua_settings
    from shiftwork.operation.opened import opened_cycle
    from shiftwork.operation.records_seen import RecordsSeen
    from shiftwork.operation.settings import operation_rules
    from shiftwork.operation.team_input import TeamInput
    from shiftwork.operation.team_records_seen import held_to_records
    from shiftwork.operation.verdict import judged
    from shiftwork.records.historian.plant_file.load import load_plant_file

    plant = load_plant_file(options.plant_file)
    rules, settings = operation_rules(plant), opcua_settings(plant)
    agent: AgentInput | TeamInput
    if (options.agent / ABOUT).is_file():
        agent = _team(options.agent, plant)
    else:
        agent = AgentInput(Agent.load(options.agent), plant)
    connection = OpcUaConnection(plant, settings, rules.timeout_s)
    verdict = judged(options.agent)
    console.print(f"verdict: {verdict.why}; at most {verdict.cap.name.lower()}")
    envelopes: list[Envelope] = []
    if rules.model == "furnace":
        from shiftwork.operation.furnace_envelope import furnace_envelope

        envelopes.append(furnace_envelope(plant, rules.model_margin))
    still_s: dict[str, float] = {}
    if isinstance(agent, TeamInput):
        held = held_to_records(agent, options.agent)
    elif (seen := RecordsSeen.load(options.agent)) is not None:
        held = seen.envelopes(agent.keys)
        still_s = seen.still_s(agent.keys, plant.period_s)
    else:
        held = []
    if not held:
        console.print("the agent came without its records: nothing holds it to them")
    envelopes += held
    decides = (agent.decide, agent.needed) if isinstance(agent, AgentInput) else agent
    with opened_cycle(
        options.out, plant, rules, connection, decides, verdict, envelopes, still_s
    ) as cycle:
        if options.mode == "off":
            cycle.standing.set(demote(cycle.state, Mode.OFF, "as asked at the start"))
        asyncio.run(_run(cycle, connection, options.out))


def _team(folder: Path, plant: PlantFile) -> TeamInput:
    from shiftwork.agents.team import Team
    from shiftwork.operation.settings import operation_rules
    from shiftwork.operation.team_input import TeamInput

    rules = operation_rules(plant).team
    if rules is None:
        raise UserError(
            f"{plant.path}: operation.team is missing, and {folder} is a team; write which tags are "
            "which agent's, or give a single agent"
        )
    return TeamInput(Team.load(folder), plant, rules)


async def _run(cycle: Cycle, connection: Any, out: Path) -> None:
    from shiftwork.operation.desk import Desk
    from shiftwork.operation.run import run as run_cycles

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    before = ""

    def told() -> None:
        nonlocal before
        state, faults = cycle.state, "; ".join(cycle.shown.faults)
        line = f"{state.mode.name.lower()}, {state.run.value}" + (f": {faults}" if faults else "")
        if line != before:
            console.print(line)
        before = line

    with contextlib.closing(Desk(out / "desk.sqlite")) as desk:
        try:
            await connection.start()
            console.print(
                f"operating {cycle.plant.name}, one cycle every {cycle.plant.period_s:g} s; "
                f"audit, history and desk are in {out}"
            )
            await run_cycles(cycle, desk, stop, told)
        finally:
            await connection.stop()


def _verify(options: Verify) -> None:
    from shiftwork.operation.audit import verify

    known = None
    if options.head:
        number, _, text = options.head.partition(":")
        if not number.isdigit() or len(text) != 64:
            raise UserError(f"--head: '{options.head}' is not NUMBER:HASH, as verify prints it")
        known = (int(number), text)
    last = verify(options.audit, known)
    if last is None:
        console.print(f"{options.audit}: no records")
        return
    console.print(f"{options.audit}: {last.number} records, every one in its place")
    console.print(f"head {last.number}:{last.hash}")


def _export(options: Export) -> None:
    from shiftwork.operation.audit import export

    count = export(options.audit, options.out)
    console.print(f"{options.out}: {count} records")
