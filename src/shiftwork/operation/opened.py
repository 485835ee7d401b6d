"""A cycle with its audit and history, opened together and closed together."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from shiftwork.operation.audit import Audit
from shiftwork.operation.connection import Connection
from shiftwork.operation.cycle import Cycle
from shiftwork.operation.deciding import Decide, Deciding
from shiftwork.operation.envelope import Envelope
from shiftwork.operation.history import History
from shiftwork.operation.permitted import Permitted
from shiftwork.operation.settings import OperationRules, envelope_of
from shiftwork.operation.shown import Clock
from shiftwork.operation.team_input import TeamInput
from shiftwork.operation.verdict import Judged
from shiftwork.records.historian.plant_file.model import PlantFile


def machine_clock() -> Clock:
    """This machine's clocks."""
    return Clock(time.monotonic, lambda: time.time_ns() // 1000)


@contextmanager
def opened_cycle(
    folder: Path,
    plant: PlantFile,
    rules: OperationRules,
    connection: Connection,
    agent: tuple[Decide, frozenset[str]] | TeamInput,
    judged: Judged,
    envelopes: Sequence[Envelope] = (),
    still_s: Mapping[str, float] | None = None,
    clock: Clock | None = None,
) -> Generator[Cycle, None, None]:
    """Open audit and history in a folder, and put a cycle together with them.

    Args:
        folder: Holds both files.
        plant: The plant file.
        rules: Its rules for operation.
        connection: The link.
        agent: How it decides, and the tags that it must know; or a team, which goes on from what it
            remembered at the last decision on record.
        judged: The verdict on it.
        envelopes: What holds it besides the plant file's limits and relations.
        still_s: By tag, how long it may stand still as the records say, seconds.
        clock: This machine's unless given.

    Raises:
        UserError: The folder cannot be used, or another process operates there.
    """
    clock = clock or machine_clock()
    if isinstance(agent, TeamInput):
        held = envelope_of(plant, rules, [*envelopes, Permitted(agent.agents)])
        deciding = Deciding(agent.decide, agent.needed, held, agent.idle, agent.memory)
    else:
        deciding = Deciding(*agent, envelope_of(plant, rules, envelopes))
    opened = Audit(folder / "audit.sqlite", clock.wall_us, lambda: round(clock.monotonic_s() * 1e6))
    with closing(opened) as audit, closing(History(folder, plant, rules.history)) as history:
        if isinstance(agent, TeamInput):
            agent.resume(audit)
        yield Cycle(
            plant=plant,
            rules=rules,
            # With the time: processes in two containers may have one name and number.
            owner=f"shiftwork {socket.gethostname()} {os.getpid()} {clock.wall_us()}",
            connection=connection,
            deciding=deciding,
            audit=audit,
            history=history,
            clock=clock,
            judged=judged,
            still_s=still_s or {},
        )
