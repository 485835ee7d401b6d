"""Where the samples of days that are not over stand: SQLite unless the plant file names a PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol, runtime_checkable

from shiftwork.errors import UserError

Row = tuple[int, str, float | None, str | None, int]
"""Time in microseconds since 1970 UTC, the tag's key, value, state, status."""
DAY_US = 86_400_000_000
FILE = "history.sqlite"
LONG_AGO_US = -(2**62)


class HistoryFailed(Exception):
    """The store cannot be read or written now."""


@runtime_checkable
class Store(Protocol):
    """Samples by time and tag; every method raises ``HistoryFailed`` where it cannot be done."""

    def add(self, rows: Sequence[Row]) -> None:
        """Keep rows, all or none; a row with the time and tag of an old one replaces it."""

    def between(self, begin_us: int, end_us: int) -> list[Row]:
        """All rows of a time, from ``begin_us`` up to ``end_us``, which is left out, in order."""

    def since(self, key: str, begin_us: int) -> list[tuple[int, float | None]]:
        """Time and value of one tag from a time on, and of its last sample before it."""

    def days(self, before_us: int) -> list[int]:
        """The days since 1970 that hold rows of a time before this one."""

    def remove(self, begin_us: int, end_us: int) -> None:
        """Remove the rows of a time."""

    def close(self) -> None:
        """End."""


class SqliteStore:
    """Implements ``Store`` in a file.

    Args:
        folder: Holds it.
        reading: Whether it is only read; it must be there then.

    Raises:
        UserError: The folder cannot be used.
    """

    def __init__(self, folder: Path, reading: bool = False) -> None:
        with ExitStack() as failed:
            try:
                if reading:
                    file = f"file:{folder / FILE}?mode=ro"
                    self._base = sqlite3.connect(file, uri=True)
                    failed.callback(self._base.close)
                else:
                    folder.mkdir(parents=True, exist_ok=True)
                    self._base = sqlite3.connect(
                        folder / FILE, isolation_level=None, check_same_thread=False
                    )
                    failed.callback(self._base.close)
                    self._base.execute("PRAGMA journal_mode = WAL")
                    # Losing the last second of history at a loss of power is bearable; losing audit
                    # is not.
                    self._base.execute("PRAGMA synchronous = NORMAL")
                    self._base.execute(
                        "CREATE TABLE IF NOT EXISTS samples (time_us INTEGER NOT NULL, "
                        "tag TEXT NOT NULL, value REAL, state TEXT, status INTEGER NOT NULL, "
                        "PRIMARY KEY (time_us, tag)) STRICT, WITHOUT ROWID"
                    )
            except (sqlite3.Error, OSError) as error:
                raise UserError(
                    f"{folder}: cannot hold a history ({error}); choose another"
                ) from None
            failed.pop_all()

    def add(self, rows: Sequence[Row]) -> None:  # noqa: D102
        with _told():
            self._base.execute("BEGIN")
            try:
                self._base.executemany(
                    "INSERT OR REPLACE INTO samples VALUES (?, ?, ?, ?, ?)", rows
                )
            except BaseException:
                self._base.execute("ROLLBACK")
                raise
            self._base.execute("COMMIT")

    def between(self, begin_us: int, end_us: int) -> list[Row]:  # noqa: D102
        with _told():
            return self._base.execute(
                "SELECT time_us, tag, value, state, status FROM samples "
                "WHERE time_us >= ? AND time_us < ? ORDER BY 1, 2",
                (begin_us, end_us),
            ).fetchall()

    def since(self, key: str, begin_us: int) -> list[tuple[int, float | None]]:  # noqa: D102
        with _told():
            return self._base.execute(
                "SELECT time_us, value FROM samples WHERE tag = ?1 AND time_us >= COALESCE(("
                "SELECT max(time_us) FROM samples WHERE tag = ?1 AND time_us <= ?2), ?2) "
                "ORDER BY 1",
                (key, begin_us),
            ).fetchall()

    def days(self, before_us: int) -> list[int]:  # noqa: D102
        query = "SELECT DISTINCT time_us / ? FROM samples WHERE time_us < ? ORDER BY 1"
        with _told():
            return [day for (day,) in self._base.execute(query, (DAY_US, before_us))]

    def remove(self, begin_us: int, end_us: int) -> None:  # noqa: D102
        with _told():
            self._base.execute(
                "DELETE FROM samples WHERE time_us >= ? AND time_us < ?", (begin_us, end_us)
            )

    def close(self) -> None:  # noqa: D102
        self._base.close()


@contextmanager
def _told() -> Generator[None, None, None]:
    try:
        yield
    except sqlite3.Error as error:
        raise HistoryFailed(str(error)) from error
