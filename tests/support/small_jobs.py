"""Functions for jobs of tests: each does one thing that jobs do, well or badly."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

from shiftwork.errors import UserError
from shiftwork.jobs.job import Tell


def square(folder: Path, tell: Tell, *, number: int) -> None:
    """Write a number's square, and below it who did it."""
    tell(0.5, "half")
    (folder / "square.txt").write_text(str(number**2))
    (folder / "below").mkdir()
    (folder / "below" / "note.txt").write_text("done")


def shout(folder: Path, tell: Tell, *, text: Path) -> None:
    """Write a file's text in capitals."""
    (folder / "shout.txt").write_text(text.read_text().upper())


def refuse(folder: Path, tell: Tell) -> None:
    raise UserError("plant.toml: is wrong; correct it")


def fall(folder: Path, tell: Tell) -> None:
    (folder / "half.txt").write_text("half")
    raise ZeroDivisionError("by nothing")


def fill_the_disk(folder: Path, tell: Tell) -> None:
    """Write to a device that answers as a full disk does."""
    with open("/dev/full", "w") as file:
        file.write("x")
        file.flush()


def wait(folder: Path, tell: Tell, *, seconds: float) -> None:
    """Take a while."""
    (folder / "pid.txt").write_text(str(os.getpid()))
    time.sleep(seconds)


def mark_and_wait(folder: Path, tell: Tell, *, mark: str, seconds: float) -> None:
    """Say where everybody can read it which process this is, and take a while."""
    Path(mark).write_text(str(os.getpid()))
    time.sleep(seconds)


def die_once(folder: Path, tell: Tell, *, mark: str) -> None:
    """Kill the own process, the first time."""
    if not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    (folder / "alive.txt").write_text("alive")


def die(folder: Path, tell: Tell) -> None:
    print("about to die", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)


def threads(folder: Path, tell: Tell) -> None:
    """Write for how many threads and for which device the process was started."""
    cores, device = (os.environ.get(name, "any") for name in ("NPROC", "JAX_PLATFORMS"))
    (folder / "threads.txt").write_text(f"{cores} threads, on {device}")


def square_row(folder: Path, tell: Tell, *, number: int) -> None:
    """Write a number's square as a benchmark writes rows."""
    from benchmarks.seed_jobs import write_rows_of  # not for the others, which start at once

    write_rows_of(folder, [{"number": number, "square": number**2}])


def say_verdict(
    folder: Path, tell: Tell, *, about: Path, policy: Path, records: Path, seed: int, unit: Any
) -> None:
    """Judge an agent by what its folder says, in no time."""
    from shiftwork.records.formats.load import load_records

    verdict = json.loads(about.read_text())["deserves"]
    if verdict == "a failure":
        raise UserError(f"{verdict}, as it deserves")
    gain = {"estimate": float(seed), "low": -1.0, "high": 1.0}
    rows = len(load_records(records).reward)
    figures = {"verdict": verdict, "reasons": [f"it is {verdict}"], "rows": rows, "gain": gain}
    (folder / "judgement.json").write_text(json.dumps(figures))


def judge_quickly(folder: Path, tell: Tell, **given: Any) -> None:
    """Judge an agent as ever, by models that learned little; for a process of its own, which it changes."""
    from functools import partial

    from shiftwork.cli.judge_many import judgement_of_agent
    from shiftwork.evaluation.gate import estimate, judge

    estimate.WORLD_UPDATES = estimate.VALUE_UPDATES = judge.CLONE_UPDATES = 50
    judge.estimate = partial(estimate.estimate, value_members=2)
    judgement_of_agent(folder, tell, **given)


def middle_rules(folder: Path, tell: Tell, *, plant: str, config: Any, seed: int) -> None:
    """Find rules in no time: people's middle, and a skill by the seed."""
    import numpy as np

    from shiftwork.people.centre.rules import NAMES, limits, save_rules

    middle = np.mean(limits(), axis=0).tolist()
    values = dict(zip(NAMES, middle, strict=True)) | {"skill": 1 / (2 + abs(seed - 4))}
    save_rules(folder / "rules.toml", values, {"seed": seed})
