"""Figures: numbers that carry where they come from, and recompute exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from shiftwork.assistant.export import Export
from shiftwork.errors import UserError, unknown


@dataclass(frozen=True)
class Figure:
    """A number with its source.

    Attributes:
        value: The number.
        unit: Its physical unit, "" for a pure number.
        tag: Key of the tag.
        statistic: What was computed, such as "mean".
        start: Begin of the range as asked for, ISO; the range is half open. Of a team's episodes
            "episode:step", both from 0.
        stop: End of the range, in the same form.
        zone: Time zone of the plant, in which times without an offset are read.
        rows: Usable samples inside the range or ranges; of explanations the records that distances
            are measured to, of schedules the periods known until then, of an audit its records.
        coverage: Share of the range in which the value is known, 0 to 1; the lower of two ranges.
        hashes: SHA-256 of the plant file, of the export's files and of whatever else it rests on
            (an agent's files, a record of an audit), sorted.
        tool: The tool that computed it.
        arguments: The tool's arguments.
    """

    value: float
    unit: str
    tag: str
    statistic: str
    start: str
    stop: str
    zone: str
    rows: int
    coverage: float
    hashes: tuple[str, ...]
    tool: str
    arguments: Mapping[str, str | float | None]


Tool = Callable[..., tuple[Figure, ...]]


def cited(
    export: Export,
    tool: str,
    arguments: Mapping[str, str | float | None],
    found: Iterable[tuple[str, str, float, str]],
    *,
    rows: int,
    coverage: float,
    hashes: Iterable[str] = (),
    span: tuple[str, str] | None = None,
) -> tuple[Figure, ...]:
    """Make figures of what a tool found, each with its citation.

    Args:
        export: Where it was found.
        tool: The tool's name.
        arguments: What the tool was given, ``start`` and ``stop`` among it, or else ``span``.
        found: Tag, statistic, value and unit of each.
        rows: Usable samples behind all of them.
        coverage: Share of the range in which the values are known, 0 to 1.
        hashes: Of what they rest on besides the export.
        span: Start and stop where these are no times: "episode:step" of team records.
    """
    start, stop = span or (str(arguments["start"]), str(arguments["stop"]))
    rests_on = tuple(sorted({*export.hashes, *hashes}))
    return tuple(
        Figure(
            value=value,
            unit=unit,
            tag=tag,
            statistic=statistic,
            start=start,
            stop=stop,
            zone=export.plant.zone,
            rows=rows,
            coverage=coverage,
            hashes=rests_on,
            tool=tool,
            arguments=arguments,
        )
        for tag, statistic, value, unit in found
    )


def recompute(figure: Figure, export: Export, tools: Mapping[str, Tool]) -> Figure:
    """Compute a figure again from its citation.

    Args:
        figure: The figure.
        export: The export that it cites.
        tools: The tools by name.

    Raises:
        UserError: The files are others than those cited, the tool is not known, or the result
            differs in any part.
    """
    if not export.holds(figure.hashes):
        raise UserError(
            f"the {figure.statistic} of {figure.tag} cites other files than these; "
            "open the files, plant file and agent that it was computed from"
        )
    if figure.tool not in tools:
        raise unknown("tool", figure.tool, tools)
    for again in tools[figure.tool](export, **figure.arguments):
        if (again.statistic, again.tag) == (figure.statistic, figure.tag):
            if again == figure:
                return again
            raise UserError(
                f"the {figure.statistic} of {figure.tag} is cited as {figure.value!r} and computed "
                f"as {again.value!r}, or its citation differs; ask the question again"
            )
    raise UserError(f"{figure.tool} computes no '{figure.statistic}'; ask the question again")
