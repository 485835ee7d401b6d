"""A progress bar that shows rate and time left, and says nothing where nobody is watching; jobs below one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from shiftwork.jobs.job import Job, Tell
from shiftwork.jobs.run import Outcome, run_jobs
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


def do_jobs(jobs: Sequence[Job], out: Path, workers: str, title: str) -> Outcome:
    """Do jobs with one bar for all of them, and say what was done.

    Args:
        jobs: The jobs.
        out: Receives a folder for each.
        workers: As ``run_jobs`` takes them.
        title: Of the bar.

    Returns:
        What became of them; whoever needs them all calls its ``check``.

    Raises:
        Stopped: Ctrl-C was pressed; finished jobs are kept.
        UserError: They could not be begun.
    """
    with progress_bar(title, len(jobs), "jobs") as advance:
        outcome = run_jobs(jobs, out, workers, advance=advance, told=console.print)
    before = f" ({len(outcome.before)} of them before)" if outcome.before else ""
    done = len(outcome.finished) + len(outcome.before)
    console.print(f"{done} of {len(jobs)} jobs are finished{before}, each in its folder in {out}")
    return outcome


def in_shares(tell: Tell, total: int) -> Advance:
    """Turn progress in units of work into shares of a job."""

    def advance(amount: float, note: str = "") -> None:
        tell(amount / total, note)

    return advance
