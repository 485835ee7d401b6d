import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from shiftwork.errors import UserError
from shiftwork.operation.audit import Audit, AuditBroken, export, verify

WRITER = """
import sys, itertools
from pathlib import Path
from shiftwork.operation.audit import Audit
audit = Audit(Path(sys.argv[1]), lambda: 5, lambda: 6)
for number in itertools.count():
    print(audit.append("intent", value=number, text="x" * 300), flush=True)
"""


def clock():
    return 1_000_000


def written(path, records=5):
    with closing(Audit(path, clock, clock)) as audit:
        for number in range(records):
            audit.append("intent", value=number)
    return audit


def fill(audit):
    for number in range(10_000):
        audit.append("intent", value=number, text="x" * 2000)


def changed(path, statement):
    with closing(sqlite3.connect(path)) as base:
        base.execute(statement)
        base.commit()


def test_records_come_back_as_they_were_and_the_chain_goes_on(tmp_path):
    with closing(Audit(tmp_path / "audit", clock, clock)) as audit:
        assert audit.append("intent", action=[1.5, float("nan")], who="김") == 1
    with closing(Audit(tmp_path / "audit", clock, clock)) as again:
        assert again.append("outcome") == 2
        entries = list(again.entries())
        assert [entry.number for entry in entries] == [1, 2]
        assert entries[0].body == {"action": [1.5, None], "who": "김"}
        assert (verify(tmp_path / "audit").number, verify(tmp_path / "audit").hash) == again.head


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE audit SET body = '{\"value\": 9}' WHERE number = 3", "record 3 .* was changed"),
        ("UPDATE audit SET at_us = 1 WHERE number = 5", "record 5 .* was changed"),
        ("UPDATE audit SET kind = 'mode' WHERE number = 1", "record 1 .* was changed"),
        ("DELETE FROM audit WHERE number = 2", "record 2 is missing"),
        ("DELETE FROM audit WHERE number = 1", "record 1 is missing"),
    ],
)
def test_verify_finds_what_was_changed_or_removed(tmp_path, statement, message):
    path = tmp_path / "audit"
    written(path)
    assert verify(path).number == 5
    changed(path, statement)
    with pytest.raises(UserError, match=message):
        verify(path)


def test_a_cut_tail_is_found_by_the_head_that_was_noted(tmp_path):
    path = tmp_path / "audit"
    head = written(path).head
    changed(path, "DELETE FROM audit WHERE number > 3")
    assert verify(path).number == 3
    with pytest.raises(UserError, match="record 5 is not the one"):
        verify(path, head)


def test_two_processes_cannot_operate_one_plant(tmp_path):
    first = Audit(tmp_path / "audit", clock, clock)
    with closing(first), pytest.raises(UserError, match="another process operates this plant"):
        Audit(tmp_path / "audit", clock, clock)
    Audit(tmp_path / "audit", clock, clock).close()


def test_something_else_is_not_taken_for_an_audit(tmp_path):
    (tmp_path / "audit").write_text("no database at all" * 100)
    with pytest.raises(UserError, match="cannot be opened as an audit"):
        Audit(tmp_path / "audit", clock, clock)
    with pytest.raises(UserError, match="is not an audit"):
        verify(tmp_path / "audit")
    with pytest.raises(UserError, match="no such audit"):
        verify(tmp_path / "missing")


def test_export_holds_every_record(tmp_path):
    written(tmp_path / "audit")
    assert export(tmp_path / "audit", tmp_path / "a.csv") == 5
    assert export(tmp_path / "audit", tmp_path / "a.parquet") == 5
    assert pl.read_parquet(tmp_path / "a.parquet")["number"].to_list() == [1, 2, 3, 4, 5]
    assert pl.read_csv(tmp_path / "a.csv")["body"][4] == '{"value": 4}'
    with pytest.raises(UserError, match=r"neither .csv nor .parquet"):
        export(tmp_path / "audit", tmp_path / "a.txt")


def test_kill_9_loses_no_acknowledged_record(tmp_path):
    path = tmp_path / "audit"
    acknowledged = 0
    for lines in (1, 7, 23):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(lines):
            acknowledged = int(process.stdout.readline())
        os.kill(process.pid, signal.SIGKILL)
        rest = process.stdout.read().split("\n")[:-1]
        acknowledged = int(rest[-1]) if rest else acknowledged
        process.wait()
        process.stdout.close()
        # One more may have become durable before it was acknowledged.
        assert acknowledged <= verify(path).number <= acknowledged + 1
        acknowledged = verify(path).number


def test_a_full_disk_breaks_the_audit_and_says_so_with_its_last_words(tmp_path):
    path = tmp_path / "audit"
    with closing(Audit(path, clock, clock)) as audit:
        audit.append("intent", value=1)
        # SQLite's own limit of pages gives the same error as a file system without space.
        pages = audit._base.execute("PRAGMA page_count").fetchone()[0]
        audit._base.execute(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(AuditBroken, match="full"):
            fill(audit)
        with pytest.raises(AuditBroken):
            audit.append("outcome")
        assert not Path(f"{path}.spare").exists()
        acknowledged = audit.head[0]
    assert verify(path).number == acknowledged


def test_a_real_full_disk(tmp_path):
    """On a file system of 3 MB, where the machine lets us make one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)], capture_output=True
    )
    if made.returncode:
        pytest.skip("no right to mount a small file system")
    try:
        with closing(Audit(disk / "audit", clock, clock)) as audit:
            with pytest.raises(AuditBroken, match="full"):
                fill(audit)
            *before, words = audit.entries()
            assert words.kind == "audit full"
            assert [entry.body["value"] for entry in before] == [*range(len(before))]
        assert verify(disk / "audit").number == len(before) + 1
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_failed_sync_is_never_repeated(tmp_path):
    asked = []

    class Failing:
        def execute(self, *_):
            asked.append(1)
            raise sqlite3.OperationalError("disk I/O error")

    with (
        closing(Audit(tmp_path / "audit", clock, clock)) as audit,
        pytest.MonkeyPatch.context() as m,
    ):
        m.setattr(audit, "_base", Failing())
        for _ in range(3):
            with pytest.raises(AuditBroken, match="disk I/O error"):
                audit.append("intent")
    assert len(asked) == 1
