"""How an export was read, on the console: what was noticed, and tables of files and of a team's decisions."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.markup import escape
from rich.table import Table

from shiftwork.cli.progress import console
from shiftwork.records.historian.by_tag import ReadWhole, TagSamples
from shiftwork.records.historian.findings import Finding
from shiftwork.records.historian.gather.origins import Origin
from shiftwork.records.historian.parts import StoredParts
from shiftwork.records.historian.plant_file.model import PlantFile
from shiftwork.records.historian.samples import Samples
from shiftwork.records.team_episodes import TeamEpisodes
from shiftwork.reports.paper.measures import joined

if TYPE_CHECKING:  # most commands ask nothing
    from shiftwork.assistant.assistant import Assistant

MOST_ROWS = 12
"""Files that are shown one by one; more of one kind are shown together."""

MOST_NOTES = 12
"""Notes of one kind that are shown one by one."""

_WORDS = {
    "text state": "text in place of numbers, which counts as bad",
    "duplicate": "rows with the same time stamp as another of their tag (twice the same), dropped",
    "conflicting duplicate": "rows with the same time stamp and another value: the last counts, "
    "the others are dropped",
    "repeated hour": "times in the hour that the clock showed twice, told apart by the order of rows",
    "left out": "left out",
    "file without tags": "left out",
    "column left out": "not read",
}


def print_notes(samples: Samples) -> None:
    """Print what was noticed while reading, one line for each kind."""
    for line in notes_of(samples.findings):
        console.print(f"  - {escape(line)}", soft_wrap=True)


def notes_of(findings: Sequence[Finding]) -> list[str]:
    """What was noticed, in lines."""
    lines = []
    for kind in dict.fromkeys(finding.kind for finding in findings):
        same = [finding for finding in findings if finding.kind == kind]
        words = _WORDS.get(kind, kind)
        if kind in (
            "left out",
            "file without tags",
            "column left out",
            "assumed",
            "unlikely time",
            "number that may stand for nothing",
        ):
            for finding in same[:MOST_NOTES]:
                tag = f"{finding.tag}: " if finding.tag else ""
                lines.append(f"{words[0].upper()}{words[1:]}: {tag}{finding.example}")
            if len(same) > MOST_NOTES:
                lines.append(f"{words[0].upper()}{words[1:]}: {len(same) - MOST_NOTES:,} more")
            continue
        total = sum(finding.count for finding in same)
        tags = [finding.tag for finding in same if finding.tag]
        shown = joined([*tags[:6], f"{len(tags) - 6} more"] if len(tags) > 7 else tags)
        of = f" ({shown})" if shown else ""
        lines.append(f"Noticed: {total:,} x {words}{of}; first: {same[0].example}")
    return lines


def opened(make: Callable[[], Assistant]) -> Assistant:
    """Open an assistant, which may take long, and say where its samples lie."""
    with console.status("reading the export ..."):
        assistant = make()
    _print_stored(assistant.export.samples)
    return assistant


def _print_stored(samples: TagSamples) -> None:
    """Say where samples lie of which there are more than memory should hold."""
    if isinstance(samples, ReadWhole) and isinstance(samples.samples.parts, StoredParts):
        console.print(
            f"{samples.samples.rows:,} samples lie in {samples.samples.parts.folder.path} until this ends, as memory "
            "should not hold them. Each start reads the export again; one session answers many questions.",
            markup=False,
            soft_wrap=True,
        )


def print_table(samples: Samples, plant: PlantFile) -> None:
    """Print how the export was read: one row for each file, or for each kind of many.

    What belongs together shares a cell of several lines, so that 80 columns hold the table.
    """
    table = Table(title="How the export was read", title_justify="left", box=None, pad_edge=False)
    table.add_column("file", overflow="fold", min_width=12)
    table.add_column("rows, tags", no_wrap=True)
    table.add_column("from, to (UTC)", no_wrap=True)
    table.add_column("time zone", overflow="fold", min_width=9)
    table.add_column("quality", overflow="fold", min_width=8)
    table.add_column("text", overflow="fold", min_width=13)
    folder = _common_folder([origin.name for origin in samples.origins])
    for row in table_rows(samples.origins, len(plant.tags)):
        row[0] = row[0].removeprefix(folder)
        name, rows, tags, first, last, zone, quality, decimal, text = map(escape, row)
        mark = f"decimal {decimal}" if decimal in ("point", "comma") else "no decimals"
        table.add_row(
            name, f"{rows} rows\n{tags} tags", f"{first}\n{last}", zone, quality, f"{mark}\n{text}"
        )
    console.print(table)
    ignored = notes_of(samples.findings)
    if not ignored:
        console.print("Nothing was ignored.")
        return
    console.print("Ignored or assumed:")
    for line in ignored:
        console.print(f"  - {escape(line)}", soft_wrap=True)


def print_decisions(
    title: str, columns: Sequence[str], counts: Mapping[str, tuple[int, ...]]
) -> None:
    """Print how often each agent did what.

    Args:
        title: Of the table.
        columns: What is counted.
        counts: By agent.
    """
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("agent")
    for name in columns:
        table.add_column(name, justify="right")
    for agent, numbers in counts.items():
        table.add_row(escape(agent), *(f"{number:,}" for number in numbers))
    console.print(table)


def print_team_records(records: TeamEpisodes, out: Path) -> None:
    """Say how many team records were written where, and what to look at them with."""
    console.print(
        f"Team records written to {out}: {len(records.length)} episodes of {records.place.plant}, "
        f"{len(records.reward):,} steps of {records.place.step}"
    )
    console.print(f"shiftwork inspect {out}", soft_wrap=True)


def _common_folder(names: Sequence[str]) -> str:
    """What all names of files begin with, up to their last separator."""
    shared = ""
    for letters in zip(*(name.partition(": ")[0] for name in names), strict=False):
        if len(set(letters)) > 1:
            break
        shared += letters[0]
    return shared[: max(shared.rfind("/"), shared.rfind(os.sep)) + 1]


def table_rows(origins: Sequence[Origin], tags: int) -> list[list[str]]:
    """Cells of the table; many files that were read alike share a row."""
    if len(origins) <= MOST_ROWS:
        return [_row([origin], tags) for origin in origins]
    groups: dict[tuple[str, ...], list[Origin]] = {}
    for origin in origins:
        alike = origin.kind, origin.form, origin.zone, origin.quality, origin.decimal
        groups.setdefault(alike, []).append(origin)
    return [_row(group, tags) for group in groups.values()]


def _row(group: Sequence[Origin], tags: int) -> list[str]:
    first, name = group[0], group[0].name
    if len(group) > 1:
        name = f"{name} and {len(group) - 1} more"
    seen = {tag for origin in group for tag in origin.tags}
    times = [t for o in group for t in (o.first_us, o.last_us) if t is not None]
    return [
        name,
        f"{sum(origin.rows for origin in group):,}",
        f"{len(seen)} of {tags}",
        _stamp(min(times)) if times else "none",
        _stamp(max(times)) if times else "none",
        first.zone or "none",
        first.quality or "none",
        {".": "point", ",": "comma"}.get(first.decimal, "not needed"),
        first.form + (f"\n{first.order}" if first.order else ""),
    ]


def _stamp(us: int) -> str:
    return f"{np.datetime64(us, 'us').astype('datetime64[m]')}".replace("T", " ")
