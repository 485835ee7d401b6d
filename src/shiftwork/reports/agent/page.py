"""The report: one HTML page, with nothing outside it: what was learned, and how sure that is.

A process engineer reads it after learning: the verdict first, then the numbers, then pictures in
plant units, and at the end what it all came from.
"""

from __future__ import annotations

from pathlib import Path

import shiftwork
from shiftwork.files import written_whole
from shiftwork.reports.agent import sections
from shiftwork.reports.agent.contents import ReportContents, Trace, ValueCheck
from shiftwork.reports.agent.words import limits, online_steps, percent, settings, summary, verdict
from shiftwork.reports.paper.html import Pictures, answered, bullets, document, escaped, table
from shiftwork.reports.paper.measures import number

__all__ = ["ReportContents", "Trace", "ValueCheck", "write_report"]


def write_report(path: Path, contents: ReportContents) -> None:
    """Write the report, whole or not at all.

    Args:
        path: The HTML file; one that stands there is replaced.
        contents: What to tell.

    Raises:
        UserError: It cannot be written there.
    """
    page = report_page(contents)
    with written_whole(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def report_page(contents: ReportContents) -> str:
    """Return the report as an HTML document."""
    picture = Pictures()
    answer, lead = verdict(contents)
    pictures = (
        sections.earned,
        sections.progress,
        sections.checks,
        sections.examples,
        sections.offsets,
        sections.curves,
        sections.actions,
    )
    body = "\n".join(section(contents, picture) for section in pictures)
    return document(
        contents.title,
        "\n".join((answered(answer, lead), table(*summary(contents)), body, _sources(contents))),
        f"Made by Shiftwork {shiftwork.__version__}. Return: the sum of an episode's rewards, in the "
        "plant's own units. Brackets: 95 % intervals of the mean over episodes.",
    )


def _sources(contents: ReportContents) -> str:
    records, numbers = contents.records, contents.records.statistics
    low, high = number(numbers.worst_return), number(numbers.best_return)
    alike = numbers.shortest == numbers.longest
    lengths = f"{numbers.shortest:,}" + ("" if alike else f" to {numbers.longest:,}")
    ended = f"{numbers.terminal_episodes:,}" if numbers.terminal_episodes else "none"
    rows = [
        ["records", escaped(Path(records.source).name)],
        [
            "episodes",
            f"{numbers.episodes:,}, {ended} of them ended by the plant",
        ],
        ["steps", f"{numbers.steps:,}; {lengths} in each episode"],
        [
            "return",
            f"{number(numbers.mean_return)} ± {number(numbers.std_return)}, from {low} to {high}",
        ],
        ["reward of a step", f"{number(numbers.mean_reward)} ± {number(numbers.std_reward)}"],
        ["actions at a limit", percent(numbers.action_at_limit)],
    ]
    rows += [
        [
            f"spread of {escaped(tag.label)}",
            f"± {number(deviation)}, limits {number(tag.low)} to {number(tag.high)}",
        ]
        for tag, deviation in zip(records.action_tags, numbers.action_std, strict=True)
    ]
    rows.append(["SHA-256", f"<code>{records.hash}</code>"])
    page = "<h2>What it learned from</h2>" + table((), rows, "facts")
    head, lines = settings(contents)
    if lines:
        page += "<h2>Settings</h2>" + table(head, lines)
    page += "<h2>Limits</h2>" + bullets(limits(contents))
    notes = list(contents.notes)
    steps = online_steps(contents)
    if steps:
        notes.insert(0, f"{steps:,} steps were made on the plant to learn; evaluation came on top.")
    return page + ("<h2>Notes</h2>" + bullets(notes) if notes else "")
