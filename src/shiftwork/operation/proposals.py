"""Proposals in advisory, and what people say to them: accepted or rejected, with a reason, on record.

Nothing is written to the plant for it: who accepts a proposal sets it at the panel.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from shiftwork.errors import unknown
from shiftwork.operation.audit import Audit
from shiftwork.operation.modes import Person, Refused

KEPT = 100
"""Proposals that may still be answered: a new one comes each cycle, and people take time."""
MOST_REASON = 500
"""Characters of a reason."""


@dataclass
class Proposals:
    """The last proposals.

    Attributes:
        actions: Keys of the actions.
        number: The last proposal's: that of its decision's record; 0 if there is none.
    """

    actions: tuple[str, ...]
    number: int = 0
    _open: dict[int, dict[str, float]] = field(default_factory=dict)

    def add(self, number: int, allowed: Mapping[str, float]) -> None:
        """Propose what the envelope leaves of a decision.

        Args:
            number: Of the decision's record.
            allowed: By action; NaN where nothing is proposed.
        """
        self._open[number] = {k: value for k, value in allowed.items() if not math.isnan(value)}
        self.number = number
        while len(self._open) > KEPT:
            self._open.pop(next(iter(self._open)))

    def clear(self) -> None:
        """Withdraw every proposal."""
        self._open, self.number = {}, 0

    def answer(
        self, key: str, number: int, accepted: bool, reason: str, person: Person, audit: Audit
    ) -> None:
        """Put on record what a person says to one proposal.

        Raises:
            Refused: The person may not, gives no reason, or the proposal is not open.
        """
        if person.role == "viewer":
            raise Refused(f"{person.name} is viewer; only an operator may answer a proposal")
        if key not in self.actions:
            raise unknown("action", key, self.actions)
        if not reason.strip() or len(reason) > MOST_REASON:
            raise Refused(f"an answer needs a reason of 1 to {MOST_REASON} characters; give one")
        if not self._open:
            raise Refused("nothing is proposed now; proposals are made in advisory, without faults")
        if key not in self._open.get(number, {}):
            raise Refused(
                f"{key}: proposal {number} is answered already, too old, or proposes nothing for "
                f"it; the last one is {self.number}"
            )
        audit.append(
            "answer",
            proposal=number,
            key=key,
            value=self._open[number][key],
            accepted=accepted,
            reason=reason.strip(),
            person=person.name,
            role=person.role,
        )
        del self._open[number][key]
