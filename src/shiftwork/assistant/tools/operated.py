"""What an agent did at an operated plant in a range, counted from its audit."""

from __future__ import annotations

from shiftwork.assistant.export import Export
from shiftwork.assistant.figures import Figure, cited
from shiftwork.errors import UserError
from shiftwork.operation.audit import Entry

AUDIT = "audit"
"""Stands for a tag in figures counted from the audit."""
DECIDED = ("decision", "intent")
CHANGED = ("person", "limits", "answer")
SEEN = (*DECIDED, *CHANGED, "outcome", "mode", "fault", "refused")


class NotOperated(UserError):
    """No operated plant is open, or its audit holds nothing in the range."""


def operated(export: Export, start: str, stop: str) -> tuple[Figure, ...]:
    """Count what an operated plant's audit holds in a half-open range.

    Args:
        export: The export, with an operated plant open.
        start: Begin of the range, ISO; in the plant's zone if it has no offset.
        stop: End of the range.

    Returns:
        Decisions, decisions that the envelope held, writes that the plant took over, faults,
        changes of mode, changes by people, and changes that people were refused. They cite the
        hash of the range's last record, whose chain holds all before it.

    Raises:
        NotOperated: No audit is open, or it holds nothing in the range.
        UserError: The range means nothing, or the audit cannot be read.
    """
    entries = entries_of(export, start, stop)
    decided = [entry for entry in entries if entry.kind in DECIDED]
    taken = [e for e in entries if e.kind == "outcome" and e.body.get("result") == "taken"]
    counts = {
        "decisions": len(decided),
        "decisions that the envelope held": sum(bool(e.body.get("held")) for e in decided),
        "writes that the plant took over": len(taken),
        "faults": sum(e.kind == "fault" for e in entries),
        "changes of mode": sum(e.kind == "mode" for e in entries),
        "changes by people": sum(e.kind in CHANGED for e in entries),
        "changes that people were refused": sum(e.kind == "refused" for e in entries),
    }
    return cited(
        export,
        "operated",
        {"start": start, "stop": stop},
        [(AUDIT, name, float(count), "") for name, count in counts.items()],
        rows=len(entries),
        coverage=1.0,
        hashes=(entries[-1].hash,),
    )


def entries_of(export: Export, start: str, stop: str) -> list[Entry]:
    """The audit's records of a range.

    Raises:
        NotOperated: No audit is open, or it holds nothing in the range.
    """
    if export.operated is None:
        raise NotOperated("no operated plant is open; name its folder with --operated")
    found = export.operated.entries(SEEN, *export.span(start, stop))
    if not found:
        raise NotOperated(f"the audit holds nothing from {start} to {stop}; choose another range")
    return found
