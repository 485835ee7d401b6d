"""The desk between people and the process that operates: requests in, state out, as an SQLite file.

Whoever serves people (the page, the command line) opens the file from a process of its own, which
holds no session to the plant. The operating process looks at it between cycles, decides by the
rules of ``modes`` and writes the answer beside the request.
"""

from __future__ import annotations

import json
import math
import sqlite3
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shiftwork.errors import UserError, unknown
from shiftwork.operation import modes
from shiftwork.operation.audit import AuditBroken
from shiftwork.operation.cycle import Cycle
from shiftwork.operation.modes import Mode, Person

WAIT_S = 5.0
"""How long a person waits for the answer of the operating process."""
VALID_S = 5.0
"""A request that was not looked at for so long is refused: nobody expects it any more."""
_TABLES = (
    """CREATE TABLE IF NOT EXISTS requests (number INTEGER PRIMARY KEY, at_s REAL NOT NULL,
    person TEXT NOT NULL, role TEXT NOT NULL, change TEXT NOT NULL, given TEXT NOT NULL,
    answer TEXT) STRICT""",
    "CREATE TABLE IF NOT EXISTS state (one INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT",
)
CHANGES = ("mode", "highest", "override", "on", "off", "reset", "limits", "accept", "reject")


@dataclass
class Desk:
    """The operating process' side.

    Attributes:
        path: The file.
    """

    path: Path

    def __post_init__(self) -> None:
        with ExitStack() as failed:
            try:
                self._base = sqlite3.connect(self.path, isolation_level=None, timeout=1.0)
                failed.callback(self._base.close)
                self._base.execute("PRAGMA journal_mode = WAL")
                for table in _TABLES:
                    self._base.execute(table)
                self._base.execute("DELETE FROM requests")
            except sqlite3.Error as error:
                raise UserError(
                    f"{self.path}: cannot be used as a desk ({error}); move it"
                ) from None
            failed.pop_all()

    def serve(self, cycle: Cycle) -> None:
        """Answer every request that is waiting."""
        query = (
            "SELECT number, at_s, person, role, change, given FROM requests WHERE answer IS NULL "
            "ORDER BY number"
        )
        rows = self._base.execute(query).fetchall()
        for number, at_s, name, role, change, given in rows:
            try:
                if time.time() - at_s > VALID_S:
                    raise UserError("the request came too late; ask again")
                if role not in modes.RANKS:
                    raise unknown("role", role, modes.RANKS)
                _apply(cycle, change, json.loads(given), Person(name, role))
                answer = "done"
            except (UserError, AuditBroken) as error:
                answer = str(error)
            # Whatever another program wrote here: people must be heard after it as well.
            except (ValueError, TypeError, KeyError, IndexError) as error:
                answer = f"the request cannot be understood ({error}); ask again"
            self._base.execute("UPDATE requests SET answer = ? WHERE number = ?", (answer, number))
        if rows:
            self.show(cycle)

    def show(self, cycle: Cycle) -> None:
        """Publish the state for people."""
        text = json.dumps(shown(cycle), ensure_ascii=False)
        self._base.execute("INSERT OR REPLACE INTO state VALUES (1, ?)", (text,))

    def close(self) -> None:
        """Close the file."""
        self._base.close()


def _apply(cycle: Cycle, change: str, given: list[Any], person: Person) -> None:
    if change == "mode":
        cycle.ask(modes.request_mode, _mode(given[0]), person=person)
    elif change == "highest":
        cycle.ask(modes.set_highest, _mode(given[0]), person=person)
    elif change == "override":
        cycle.ask(modes.override, person=person)
    elif change in ("on", "off"):
        cycle.ask(modes.switch, given[0], change == "on", person=person)
    elif change == "reset":
        cycle.ask(modes.reset, person=person)
    elif change == "limits":
        key, *pair = given
        cycle.narrow(key, (float(pair[0]), float(pair[1])) if pair else None, person)
    elif change in ("accept", "reject"):
        key, number, reason = given
        cycle.proposals.answer(
            str(key), int(number), change == "accept", str(reason), person, cycle.audit
        )
    else:
        raise unknown("change", change, CHANGES)


def _mode(name: str) -> Mode:
    names = [mode.name.lower() for mode in Mode]
    if name not in names:
        raise unknown("mode", name, names)
    return Mode[name.upper()]


def shown(cycle: Cycle) -> dict[str, Any]:
    """Everything that people are shown, as JSON can hold it."""
    last, state = cycle.shown, cycle.state
    team = cycle.rules.team
    # A team's set-point is the number of a macro-action, which tells people nothing by itself.
    choices = {
        agent.action: agent.macro_actions or agent.may
        for agent in (team.agents.values() if team is not None else ())
    }
    actions = []
    for column, tag in enumerate(cycle.plant.of_role("action")):
        box = cycle.deciding.envelope.limits.box(last.observation, column)
        actions.append(
            {
                "key": tag.key,
                "source": tag.source,
                "unit": tag.unit,
                "state": state.actions[tag.key].value,
                "in_force": _number(last.observation.get(tag.key)),
                "proposed": _number(last.proposed.get(tag.key)),
                "allowed": _number(last.allowed.get(tag.key)),
                "low": _number(float(box.low)),
                "high": _number(float(box.high)),
                "bounds": tag.bounds,
                "choices": choices.get(tag.key, []),
                "reason": last.reasons.get(tag.key, ""),
            }
        )
    return {
        "plant": cycle.plant.name,
        "period_s": cycle.plant.period_s,
        "stamp_us": last.stamp_us,
        "written_s": time.time(),
        "mode": state.mode.name.lower(),
        "highest": state.highest.name.lower(),
        "cap": state.cap.name.lower(),
        "verdict": cycle.judged.why,
        "run": state.run.value,
        "reason": state.reason,
        "faults": list(last.faults),
        "result": last.result,
        "actions": actions,
        "proposal": cycle.proposals.number,
        "head": cycle.audit.head[0],
    }


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value


class Caller:
    """A person's side, in any process.

    Args:
        path: The file.

    Raises:
        UserError: Nothing operates there.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise UserError(f"{path}: no such desk; start operate first, with this folder")
        self.path = path
        self._base = sqlite3.connect(
            path, isolation_level=None, timeout=1.0, check_same_thread=False
        )

    def state(self) -> dict[str, Any]:
        """What the operating process has published last; empty if nothing yet."""
        try:
            row = self._base.execute("SELECT body FROM state").fetchone()
        except sqlite3.OperationalError:  # the file is being made just now
            row = None
        found: dict[str, Any] = json.loads(row[0]) if row else {}
        return found

    def ask(self, change: str, given: list[Any], person: Person) -> None:
        """Ask for a change and wait for the answer.

        Raises:
            UserError: It was refused, or nobody answered; then it is withdrawn.
        """
        try:
            number = self._base.execute(
                "INSERT INTO requests (at_s, person, role, change, given) VALUES (?, ?, ?, ?, ?)",
                (time.time(), person.name, person.role, change, json.dumps(given)),
            ).lastrowid
        except sqlite3.OperationalError as error:
            raise UserError(f"{self.path}: cannot be written ({error}); ask again") from None
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            query = "SELECT answer FROM requests WHERE number = ?"
            [answer] = self._base.execute(query, (number,)).fetchone() or [None]
            if answer == "done":
                return
            if answer is not None:
                raise UserError(answer)
            time.sleep(0.05)
        withdrawn = self._base.execute(
            "DELETE FROM requests WHERE number = ? AND answer IS NULL", (number,)
        ).rowcount
        raise UserError(
            "the operating process does not answer; look whether it still runs"
            if withdrawn
            else "the answer came late; look at the state"
        )

    def close(self) -> None:
        """Close the file."""
        self._base.close()
