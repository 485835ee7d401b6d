"""The verbs of the desk: people ask, look, get a token, and open the control-room page."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from shiftwork.cli.progress import console
from shiftwork.errors import UserError

if TYPE_CHECKING:
    from shiftwork.assistant.assistant import Assistant


@dataclass(frozen=True)
class Ask:
    """Ask the operating process for a change, or answer a proposal."""

    change: tyro.conf.Positional[
        Literal["mode", "highest", "override", "on", "off", "reset", "limits", "accept", "reject"]
    ]
    given: tyro.conf.Positional[tuple[str, ...]] = ()
    """A mode; an action's key; an action's key with low and high (without them: no limits); or an
    action's key with the reason why its proposal is accepted or rejected."""
    proposal: int = 0
    """Which proposal is answered, as the state numbers them; the last one unless given."""
    name: str = ""
    """Your name, for the audit."""
    role: Literal["operator", "engineer"] = "operator"
    out: Path = Path("runs/operation")
    """The folder that operate writes to."""


@dataclass(frozen=True)
class State:
    """Print the state of the operating process."""

    out: Path = Path("runs/operation")
    """The folder that operate writes to."""


@dataclass(frozen=True)
class Allow:
    """Give a person a token for the control-room page; an earlier one of the same name ends."""

    name: tyro.conf.Positional[str]
    """As it will stand in the audit."""
    role: Literal["operator", "engineer"] = "operator"
    out: Path = Path("runs/operation")
    """The folder that operate writes to."""


@dataclass(frozen=True)
class Page:
    """Serve the control-room page on this machine (loopback only); it holds no session to the plant."""

    out: Path = Path("runs/operation")
    """The folder that operate writes to."""
    port: int = 8017
    """TCP port."""
    records: tuple[str, ...] = ()
    """Files, folders or patterns of an export, so that people can ask about it on the page; the
    operating folder's own closed days (.parquet) are one."""
    tags: Path | None = None
    """Its plant file (.toml); questions need both."""
    agent: Path | None = None
    """The agent's folder, so that it can be asked why."""
    team: Path | None = None
    """A team's folder, so that its members can be asked why,"""
    team_records: Path | None = None
    """and recorded episodes of its plant."""
    documents: tuple[Path, ...] = ()
    """Documents and logs (.md, .txt, .csv, .log), or folders of them, to search."""


_Desk = (
    Annotated[Ask, tyro.conf.subcommand("ask", prefix_name=False)]
    | Annotated[State, tyro.conf.subcommand("state", prefix_name=False)]
    | Annotated[Allow, tyro.conf.subcommand("allow", prefix_name=False)]
    | Annotated[Page, tyro.conf.subcommand("page", prefix_name=False)]
)


def run(arguments: list[str], prog: str) -> None:
    """Run one of the verbs.

    Raises:
        UserError: A mistake of the user's.
    """
    options: Any = tyro.cli(_Desk, args=arguments, prog=prog)
    if isinstance(options, Ask):
        _ask(options)
    elif isinstance(options, State):
        _state(options)
    elif isinstance(options, Allow):
        _allow(options)
    else:
        _page(options)


def needs(package: str, extra: str, what: str) -> None:
    """Say which extra to install where a package is missing.

    Raises:
        UserError: It is missing.
    """
    if find_spec(package) is None:
        raise UserError(
            f"{what} needs the package {package}; install it with: pip install 'shiftwork[{extra}]'"
        )


def _ask(options: Ask) -> None:
    from shiftwork.operation.desk import Caller
    from shiftwork.operation.modes import Person

    needed = {
        "mode": (1,),
        "highest": (1,),
        "on": (1,),
        "off": (1,),
        "override": (0,),
        "reset": (0,),
        "limits": (1, 3),
        "accept": (2,),
        "reject": (2,),
    }
    if len(options.given) not in needed[options.change]:
        raise UserError(
            f"{options.change}: has {len(options.given)} values; give "
            + " or ".join(str(number) for number in needed[options.change])
        )
    with contextlib.closing(Caller(options.out / "desk.sqlite")) as caller:
        given = list(options.given)
        if options.change in ("accept", "reject"):
            number = options.proposal or caller.state().get("proposal", 0)
            given.insert(1, str(number))
        caller.ask(options.change, given, Person(options.name, options.role))
    console.print("done")


def _state(options: State) -> None:
    from shiftwork.operation.desk import Caller

    with contextlib.closing(Caller(options.out / "desk.sqlite")) as caller:
        state = caller.state()
    if not state:
        raise UserError(f"{options.out}: no cycle has run yet; wait for one period")
    age_s = time.time() - state["written_s"]
    console.print(
        f"{state['plant']}: {state['mode']} (highest {state['highest']}), {state['run']}, "
        f"{age_s:.0f} s old" + f", proposal {state['proposal']}" * bool(state["proposal"])
    )
    for fault in state["faults"]:
        console.print(f"  fault: {fault}")
    for action in state["actions"]:
        numbers = (
            "?" if action[name] is None else f"{action[name]:.5g}"
            for name in ("in_force", "proposed", "allowed", "low", "high")
        )
        console.print(
            "  {}: {}; in force {}, proposed {}, allowed {} (limits {} to {}) {} {}".format(
                action["key"], action["state"], *numbers, action["unit"], action["reason"]
            )
        )


def _allow(options: Allow) -> None:
    from shiftwork.web.people import allow

    token = allow(options.out, options.name, options.role)
    console.print(f"{options.name} ({options.role}): the token, shown only this once, is")
    console.print(token, soft_wrap=True)


def _page(options: Page) -> None:
    needs("starlette", "web", "the page")
    from shiftwork.web.serve import serve

    serve(
        options.out,
        options.port,
        lambda address: console.print(f"control room: {address}"),
        _assistant(options),
    )


def _assistant(options: Page) -> Assistant | None:
    """Open what people may ask about; nothing if no records are named."""
    if not options.records and options.tags is None:
        return None
    tags = options.tags
    if not options.records or tags is None:
        raise UserError("questions on the page need both --records and --tags")
    from shiftwork.assistant.assistant import Assistant
    from shiftwork.cli.reading import opened

    return opened(
        lambda: Assistant(
            options.records,
            tags,
            agent=options.agent,
            operated=options.out,
            documents=options.documents,
            team=options.team,
            team_records=options.team_records,
        )
    )
