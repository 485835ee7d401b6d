"""The audit: every decision, write, person and fault, durable before anything follows from it.

An SQLite file in WAL mode with ``synchronous = FULL``: a record that ``append`` has returned from
survives a killed process and a loss of power. Each record holds the hash of the one before, so
that a changed, removed or inserted record is found by ``verify``. A cut tail cannot be found by
the file alone: note the head that ``verify`` prints somewhere else, each day, and give it back.

A failed write or fsync is never repeated: after it the kernel may have dropped the data and say
that all is well. The audit then counts as broken, and whoever uses it must stop writing to the
plant. A spare of 1 MiB is given back first, so that a full disk still takes the record that says so.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import math
import sqlite3
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import polars as pl

from shiftwork.errors import UserError
from shiftwork.files import written_whole

SPARE_BYTES = 2**20
"""Kept free beside the audit, for the last words on a full disk."""
ORIGIN = "0" * 64
"""What stands for the hash before the first record."""

_TABLE = """CREATE TABLE IF NOT EXISTS audit (
    number INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, monotonic_us INTEGER NOT NULL,
    kind TEXT NOT NULL, body TEXT NOT NULL, hash TEXT NOT NULL) STRICT"""
_COLUMNS = "number, at_us, monotonic_us, kind, body, hash"


class AuditBroken(Exception):
    """A record could not be made durable; nothing may be written to the plant any more."""


@dataclass(frozen=True)
class Entry:
    """One record.

    Attributes:
        number: Counts from 1, without gaps.
        at_us: Wall clock, microseconds since 1970 UTC.
        monotonic_us: Monotonic clock of the process that wrote it, microseconds.
        kind: "intent", "outcome", "mode", "fault", ...
        body: Everything else, as JSON can hold it.
        hash: Hash over this record and the one before, hexadecimal SHA-256.
    """

    number: int
    at_us: int
    monotonic_us: int
    kind: str
    body: dict[str, Any]
    hash: str


class Audit:
    """An audit that is open for writing, by one process at a time.

    Args:
        path: The file; made if it is not there.
        wall_us: Wall clock, microseconds.
        monotonic_us: Monotonic clock, microseconds.

    Raises:
        UserError: Another process has it open, its chain is broken, or it is something else.
    """

    def __init__(
        self, path: Path, wall_us: Callable[[], int], monotonic_us: Callable[[], int]
    ) -> None:
        self.path, self._wall_us, self._monotonic_us = path, wall_us, monotonic_us
        self.broken = ""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(path)
        except OSError as error:
            raise UserError(
                f"{path}: cannot be opened ({error.strerror}); choose another"
            ) from None
        with ExitStack() as failed:
            failed.callback(self._lock.close)
            try:
                self._spare = path.with_name(path.name + ".spare")
                if not self._spare.exists() or self._spare.stat().st_size < SPARE_BYTES:
                    self._spare.write_bytes(bytes(SPARE_BYTES))
                # One connection for a process, whichever thread it is in; the caller takes turns.
                self._base = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
                failed.callback(self._base.close)
                self._base.execute("PRAGMA journal_mode = WAL")
                self._base.execute("PRAGMA synchronous = FULL")
                self._base.execute(_TABLE)
                last = self._base.execute(
                    f"SELECT {_COLUMNS} FROM audit ORDER BY number DESC LIMIT 1"
                ).fetchone()
            except (sqlite3.Error, OSError) as error:
                raise UserError(
                    f"{path}: cannot be opened as an audit ({error}); move it"
                ) from None
            failed.pop_all()
        self._number: int = last[0] if last else 0
        self._hash: str = last[5] if last else ORIGIN

    @property
    def head(self) -> tuple[int, str]:
        """Number and hash of the last record."""
        return self._number, self._hash

    def append(self, kind: str, **body: Any) -> int:
        """Write one record; when this returns, the record is on the disk.

        Args:
            kind: What it is.
            **body: What JSON can hold; NaN becomes null.

        Returns:
            The record's number.

        Raises:
            AuditBroken: It is not certain that the record is on the disk, now or earlier.
        """
        if self.broken:
            raise AuditBroken(self.broken)
        try:
            return self._insert(kind, body)
        except (sqlite3.Error, OSError) as error:
            self.broken = f"{self.path}: {error}"
            self._last_words(kind)
            raise AuditBroken(self.broken) from error

    def _insert(self, kind: str, body: dict[str, Any]) -> int:
        text = json.dumps(_plain(body), sort_keys=True, ensure_ascii=False, allow_nan=False)
        number, at, monotonic = self._number + 1, self._wall_us(), self._monotonic_us()
        hash_ = _hash(self._hash, number, at, monotonic, kind, text)
        # Without BEGIN each statement is a transaction of its own, synced before it returns.
        self._base.execute(
            f"INSERT INTO audit ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",
            (number, at, monotonic, kind, text, hash_),
        )
        self._number, self._hash = number, hash_
        return number

    def _last_words(self, kind: str) -> None:
        """Say on a full disk that it is full; the lost record itself is not written again."""
        if "full" not in self.broken:
            return
        try:
            self._spare.unlink(missing_ok=True)
            self._insert("audit full", {"lost": kind, "cause": self.broken})
        except (sqlite3.Error, OSError):
            return

    def last(self, kind: str) -> Entry | None:
        """Return the last record of a kind."""
        query = f"SELECT {_COLUMNS} FROM audit WHERE kind = ? ORDER BY number DESC LIMIT 1"
        row = self._base.execute(query, (kind,)).fetchone()
        return _entry(row) if row else None

    def entries(self, first: int = 1) -> Iterator[Entry]:
        """Read records from a number on."""
        return read_entries(self._base, first)

    def close(self) -> None:
        """Close the file and let another process have it."""
        self._base.close()
        self._lock.close()


def verify(path: Path, known_head: tuple[int, str] | None = None) -> Entry | None:
    """Check an audit's chain from its first record to its last.

    Args:
        path: The file; it may be in use.
        known_head: Number and hash of a record noted earlier, which finds a cut tail as well.

    Returns:
        The last record, or None if there is none.

    Raises:
        UserError: A record was changed, removed or inserted; or the file is not an audit.
    """
    before, last = ORIGIN, None
    seen = known_head is None or known_head[0] == 0
    with closing(_rows(path)) as rows:
        for count, (number, at, monotonic, kind, text, hash_) in enumerate(rows, 1):
            if number != count:
                raise UserError(f"{path}: record {count} is missing; restore the audit from a copy")
            if hash_ != _hash(before, number, at, monotonic, kind, text):
                raise UserError(
                    f"{path}: record {number} ({kind}) or the one before it was changed; "
                    "restore the audit from a copy"
                )
            if known_head is not None and number == known_head[0]:
                seen = hash_ == known_head[1]
            before, last = hash_, _entry((number, at, monotonic, kind, text, hash_))
    if not seen:
        assert known_head is not None
        raise UserError(
            f"{path}: record {known_head[0]} is not the one whose hash was noted; the audit was cut "
            "or replaced; restore it from a copy"
        )
    return last


def export(path: Path, out: Path) -> int:
    """Write an audit as a table, .csv or .parquet, one row for each record.

    Returns:
        How many records there are.

    Raises:
        UserError: ``out`` has another suffix, or one of the files cannot be used.
    """
    if out.suffix not in (".csv", ".parquet"):
        raise UserError(f"{out}: is neither .csv nor .parquet; name it so")
    rows = list(_rows(path))
    frame = pl.DataFrame(
        rows,
        schema={
            "number": pl.Int64,
            "at": pl.Int64,
            "monotonic_us": pl.Int64,
            "kind": pl.String,
            "body": pl.String,
            "hash": pl.String,
        },
        orient="row",
    ).with_columns(pl.from_epoch("at", "us").dt.replace_time_zone("UTC"))
    with written_whole(out) as temporary:
        if out.suffix == ".csv":
            frame.write_csv(temporary)
        else:
            frame.write_parquet(temporary)
    return len(rows)


def read_entries(base: sqlite3.Connection, first: int = 1) -> Iterator[Entry]:
    """Read the records of an open audit from a number on."""
    query = f"SELECT {_COLUMNS} FROM audit WHERE number >= ? ORDER BY number"
    for number, at, monotonic, kind, text, hash_ in base.execute(query, (first,)):
        yield Entry(number, at, monotonic, kind, json.loads(text), hash_)


def _entry(row: tuple[int, int, int, str, str, str]) -> Entry:
    number, at_us, monotonic_us, kind, text, hash_ = row
    return Entry(number, at_us, monotonic_us, kind, json.loads(text), hash_)


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Open an audit that another process may be writing.

    Raises:
        UserError: It is not there or not a database.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such audit; give the file that operate wrote")
    try:
        base = sqlite3.connect(f"file:{path}?mode=ro", uri=True, check_same_thread=False)
    except sqlite3.Error as error:
        raise UserError(f"{path}: cannot be opened ({error}); check its rights") from None
    try:
        base.execute("SELECT 1 FROM audit LIMIT 1")
    except sqlite3.Error as error:
        base.close()
        raise UserError(f"{path}: is not an audit ({error}); give one that operate wrote") from None
    return base


def _rows(path: Path) -> Generator[tuple[int, int, int, str, str, str], None, None]:
    base = open_for_reading(path)
    try:
        yield from base.execute(f"SELECT {_COLUMNS} FROM audit ORDER BY number")
    except sqlite3.Error as error:
        raise UserError(f"{path}: is damaged ({error}); restore the audit from a copy") from None
    finally:
        base.close()


def _hash(before: str, number: int, at: int, monotonic: int, kind: str, text: str) -> str:
    # As JSON, so that no two different records run together into one text.
    return hashlib.sha256(
        json.dumps([before, number, at, monotonic, kind, text]).encode()
    ).hexdigest()


def _plain(value: Any) -> Any:
    """What JSON can hold: NumPy's numbers become Python's, what is not finite becomes null."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _locked(path: Path) -> IO[bytes]:
    lock = path.with_name(path.name + ".lock").open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise UserError(
            f"{path}: another process operates this plant; end it first, or choose another folder"
        ) from None
    return lock
