"""Rows that count, as compact arrays: nothing is kept of a row but 21 bytes, and its text if it held text.

Where there are more than ``KEPT_ROWS``, or ``STORED_ROWS`` where memory is to be spared, they go to files
in a temporary folder, sorted by tag, so that memory does not grow with an export. Rows of one tag keep the
order in which they were read; that of tags among each other tells nothing.
"""

from __future__ import annotations

import errno
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import numpy as np
import polars as pl

from shiftwork.errors import UserError

KEPT_ROWS = 64_000_000
"""Rows up to which memory holds all, some 1.3 GB of them and as much again while they are sorted."""

STORED_ROWS = 16_000_000
"""Where there are more: rows that go to a file together, and rows of tags that are sorted together."""

COLUMNS = {
    "tag": np.uint16, "time": np.int64, "value": np.float64, "status": np.uint8, "quality": np.uint16,
}  # fmt: skip


@dataclass
class Rows:
    """Rows in the order in which they were read, or by tag with that order kept within each.

    Attributes:
        tag: Position of the tag among the plant's, (R,) uint16.
        time: Microseconds since 1970 UTC; of a repeated local time its first occurrence, (R,).
        value: NaN where there is none, (R,).
        status: What the cell itself shows, without its quality, (R,).
        quality: Numbers of ``qualities``, plus 1; 0 for rows without quality, (R,).
        state_rows: Rows with text, (S,).
        state_texts: Their text, (S,).
        repeated_rows: Rows whose local time the clock showed twice, (D,).
        repeated_us: What to add to the time of such a row for the second occurrence, (D,).
        files: Where the columns lie, without their names, if not here; they are empty then.
    """

    tag: np.ndarray
    time: np.ndarray
    value: np.ndarray
    status: np.ndarray
    quality: np.ndarray
    state_rows: np.ndarray
    state_texts: pl.Series
    repeated_rows: np.ndarray
    repeated_us: np.ndarray
    files: Path | None = field(default=None, init=False)

    def column(self, name: str) -> np.ndarray:
        """A column, wherever it lies; what is opened here counts as memory only while it is held."""
        if self.files is None:
            return np.asarray(getattr(self, name))
        return np.memmap(f"{self.files}.{name}", COLUMNS[name], "r")

    def __len__(self) -> int:
        return len(self.tag)

    @classmethod
    def joined(cls, parts: list[Rows]) -> Rows:
        """Put parts behind each other; the list is emptied on the way, so that memory is not needed twice."""
        firsts = np.cumsum([0, *map(len, parts)])
        marked = {
            name: np.concatenate(
                [np.zeros(0, np.int64)]
                + [first + getattr(part, name) for first, part in zip(firsts, parts, strict=False)]
            )
            for name in ("state_rows", "repeated_rows")
        }
        later = np.concatenate([np.zeros(0, np.int64)] + [part.repeated_us for part in parts])
        texts = pl.concat([pl.Series([], dtype=pl.String)] + [part.state_texts for part in parts])
        columns = {}
        for name, kind in COLUMNS.items():
            own = [getattr(part, name) for part in parts]
            columns[name] = own[0] if len(own) == 1 else np.concatenate([np.zeros(0, kind), *own])
            for part in parts:
                setattr(part, name, np.zeros(0, kind))
        parts.clear()
        return cls(**columns, state_texts=texts, repeated_us=later, **marked)

    def of_tags(self, first: int, end: int) -> Rows:
        """Rows of some tags, of rows that are sorted by tag."""
        low, high = np.searchsorted(self.column("tag"), [first, end])
        texts = np.searchsorted(self.state_rows, [low, high])
        repeated = np.searchsorted(self.repeated_rows, [low, high])
        columns = {name: np.array(self.column(name)[low:high]) for name in COLUMNS}
        return Rows(
            **columns,
            state_rows=self.state_rows[slice(*texts)] - low,
            state_texts=self.state_texts[slice(*texts)],
            repeated_rows=self.repeated_rows[slice(*repeated)] - low,
            repeated_us=self.repeated_us[slice(*repeated)],
        )


class Scratch:
    """A temporary folder that goes when nobody holds this any more, or Python ends.

    Attributes:
        path: Where it is.
    """

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="shiftwork-"))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


@dataclass
class Gathered:
    """Rows of all tables, in the order in which they were read.

    Attributes:
        sparing: More than ``STORED_ROWS`` do not stay in memory.
        rows: In all.
        folder: Where rows lie that memory does not hold; None if it holds all.
    """

    sparing: bool = False
    rows: int = 0
    folder: Scratch | None = None
    _closed: list[Rows] = field(default_factory=list)
    _stored: int = 0  # how many of the closed ones lie in the folder
    _open: list[Rows] = field(default_factory=list)
    _open_rows: int = 0
    _kept_rows: int = 0  # of the closed ones in memory

    def add(self, rows: Rows) -> None:
        """Append rows; where there are many, they go to the folder.

        Raises:
            UserError: The folder's disk is full.
        """
        self._open.append(rows)
        self.rows += len(rows)
        self._open_rows += len(rows)
        if self._open_rows + self._kept_rows > self._room:
            self._close()
            self._store()

    def mark(self) -> tuple[int, int]:
        """Where it stands now, for ``back_to``: between two tables."""
        self._close()
        return len(self._closed), self.rows

    def back_to(self, mark: tuple[int, int]) -> None:
        """Forget what was added since."""
        self._open.clear()
        del self._closed[mark[0] :]
        self._stored, self.rows = min(self._stored, mark[0]), mark[1]
        self._open_rows, self._kept_rows = 0, sum(map(len, self._closed[self._stored :]))

    def by_tags(self, tags: int) -> Iterator[Rows]:
        """Give all rows away, those of some tags after the other; once.

        Args:
            tags: How many there are.
        """
        self._close()
        if self.folder is None:
            yield Rows.joined(self._closed)
            return
        self._store()
        counts = sum(np.bincount(part.column("tag"), minlength=tags) for part in self._closed)
        first, total = 0, 0
        for tag, count in enumerate(np.asarray(counts).tolist()):
            if total and total + count > STORED_ROWS:
                yield Rows.joined([part.of_tags(first, tag) for part in self._closed])
                first, total = tag, 0
            total += count
        yield Rows.joined([part.of_tags(first, tags) for part in self._closed])
        self._closed.clear()
        for name in COLUMNS:
            for path in self.folder.path.glob(f"*.{name}"):
                path.unlink()

    @property
    def _room(self) -> int:
        return STORED_ROWS if self._stored or self.sparing else KEPT_ROWS

    def _close(self) -> None:
        if self._open:
            self._closed.append(Rows.joined(self._open))
            self._kept_rows += self._open_rows
            self._open_rows = 0

    def _store(self) -> None:
        """Put what is in memory in the order of tags, into files that are read when they are needed."""
        waiting = self._closed[self._stored :]
        if not waiting:
            return
        del self._closed[self._stored :]
        rows = Rows.joined(waiting)
        # A radix sort, since the numbers have 16 bits.
        order = np.argsort(rows.tag, kind="stable").astype(np.uint32)
        if len(rows.state_rows) or len(rows.repeated_rows):
            place = np.empty(len(order), np.uint32)
            place[order] = np.arange(len(order), dtype=np.uint32)
            for name, others in (("state_rows", "state_texts"), ("repeated_rows", "repeated_us")):
                at = place[getattr(rows, name)].astype(np.int64)
                by_place = np.argsort(at)
                setattr(rows, name, at[by_place])
                setattr(rows, others, getattr(rows, others)[by_place])
        if self.folder is None:
            self.folder = Scratch()
        rows.files = self.folder.path / str(len(self._closed))
        for name, kind in COLUMNS.items():
            path = Path(f"{rows.files}.{name}")
            try:
                written(getattr(rows, name)[order], path)
            except OSError as error:
                no_room(path, error)
            setattr(rows, name, np.zeros(0, kind))
        self._closed.append(rows)
        self._stored, self._kept_rows = len(self._closed), 0


def written(column: np.ndarray, path: Path) -> None:
    """Write a column as it lies in memory."""
    column.tofile(path)


def no_room(path: Path, error: OSError) -> NoReturn:
    """Say that rows cannot be kept on a disk.

    Raises:
        UserError: Always.
    """
    why = "is full" if error.errno == errno.ENOSPC else f"cannot be written ({error.strerror})"
    raise UserError(
        f"{path.parent}: {why}, and memory does not hold the export; set TMPDIR to a folder on a disk with room"
    ) from None
