"""Kills a process that operates, or breaks its disk, at a random moment, and judges what is left."""

import os
import random
import shutil
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from shiftwork.operation.audit import open_for_reading, read_entries, verify

HERE = Path(__file__).parent
KINDS = ("kill -9", "disk full", "sync fails")


@dataclass(frozen=True)
class Crash:
    """What one crash left: counts, all of which but the first two should be 0."""

    acknowledged: int
    writes: int
    lost: int
    without_intent: int
    after_broken: int
    not_shed: int


def broken_disk(folder: Path) -> Path | None:
    """Compile the library that breaks a disk; None where there is no compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    library = folder / "broken_disk.so"
    source = HERE / "broken_disk.c"
    command = [compiler, "-shared", "-fPIC", "-O1", "-o", f"{library}", f"{source}", "-ldl"]
    subprocess.run(command, check=True)
    return library


def crash(folder: Path, kind: str, seed: int, library: Path | None) -> Crash:
    """Let one process crash in a folder, which may hold the audit of earlier ones.

    Raises:
        UserError: The audit's chain is broken.
    """
    draw = random.Random(seed)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    if kind != "kill -9":
        assert library is not None
        environment["LD_PRELOAD"] = f"{library}"
        name = "FULL_AT" if kind == "disk full" else "SYNC_FAILS_AT"
        environment[name] = f"{draw.randrange(20, 300)}"
    process = subprocess.Popen(
        [sys.executable, "-m", "support.crash_child", f"{folder}", f"{seed}"],
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    )
    with process, closing(process.stdout):
        said = [process.stdout.readline()]
        if kind == "kill -9":
            time.sleep(draw.uniform(0.0, 1.0))
            process.kill()
        said += process.stdout.readlines()
    whole = [line.split() for line in said if line.endswith("\n")]
    acks = {int(words[1]): words[2] for words in whole if words[0] == "ack"}
    writes = [int(words[1]) for words in whole if words[0] == "write"]
    first = next((i for i, words in enumerate(whole) if words[0] == "broken"), len(whole))
    verify(folder / "audit.sqlite")
    with closing(open_for_reading(folder / "audit.sqlite")) as base:
        records = {entry.number: entry for entry in read_entries(base, min(acks, default=1))}
    ended = whole[-1][1:]
    ends = kind == "kill -9" or ended in (["shed", "plant-shed"], ["never", "closed"])
    return Crash(
        acknowledged=len(acks),
        writes=len(writes),
        lost=sum(number not in records or records[number].hash != acks[number] for number in acks),
        without_intent=sum(n not in records or records[n].kind != "intent" for n in writes),
        after_broken=sum(words[0] == "write" for words in whole[first:]),
        not_shed=int(not ends),
    )
