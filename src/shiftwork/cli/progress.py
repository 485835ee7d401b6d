"""A progress bar that shows rate and time left, and says nothing where nobody is watching."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from shiftwork.learning.progress import Advance

console = Console(stderr=True, highlight=False)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        unit = task.fields["unit"]
        if not task.speed:
            return Text("" if task.completed else "compiling")
        if task.speed < 1:
            return Text(f"{60 * task.speed:.2g} {unit}/min")
        return Text(f"{task.speed:,.0f} {unit}/s")


@contextmanager
def progress_bar(title: str, total: float, unit: str) -> Iterator[Advance]:
    """Show a bar while the block runs.

    Args:
        title: What is going on.
        total: All the work, in ``unit``.
        unit: "updates", "steps".
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=28),
        TextColumn("{task.percentage:>3.0f} %"),
        _Rate(),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=console, transient=False) as progress:
        task = progress.add_task(title, total=total, unit=unit, note="")

        def advance(amount: float, note: str = "") -> None:
            progress.update(task, advance=amount, note=note)

        yield advance
