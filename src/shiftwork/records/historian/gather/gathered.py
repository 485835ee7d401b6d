"""Rows of all tables: in memory, and where there are many, in files that are sorted by tag.

Where there are more rows than ``KEPT_ROWS``, or ``STORED_ROWS`` where memory is to be spared, they go to files
in a folder, so that memory does not grow with an export. Rows of one tag keep the order in which they were
read; that of tags among each other tells nothing. The folder is a temporary one, or that of an import that
may be stopped, in which all rows lie.
"""

from __future__ import annotations

import errno
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from shiftwork.errors import UserError
from shiftwork.records.historian.gather.rows import Rows, removed, sizes_of

KEPT_ROWS = 64_000_000
"""Rows up to which memory holds all, some 1.3 GB of them and as much again while they are sorted."""

STORED_ROWS = 16_000_000
"""Where there are more: rows that go to a file together, and rows of tags that are sorted together."""


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
        kept: The folder of an import that may be stopped: all rows lie there, whole before its state
            names them, and stay. None if rows that memory does not hold go to a temporary folder.
        rows: In all.
        scratch: That temporary folder; None as long as memory holds all.
    """

    sparing: bool = False
    kept: Path | None = None
    rows: int = 0
    scratch: Scratch | None = None
    _most: int = 0  # rows that there were at one time
    _closed: list[Rows] = field(default_factory=list)
    _stored: int = 0  # how many of the closed ones lie in files
    _begun: int = 0  # how many of them are of earlier tables
    _begun_rows: int = 0
    _open: list[Rows] = field(default_factory=list)
    _open_rows: int = 0
    _kept_rows: int = 0  # of the closed ones in memory
    _names: int = (
        0  # of files; none is given twice, so that a state names no other rows than it meant
    )

    @property
    def beyond_memory(self) -> bool:
        """Whether there are, or were, more rows than memory should hold."""
        return self._most > (STORED_ROWS if self.sparing else KEPT_ROWS)

    def add(self, rows: Rows) -> None:
        """Append rows; where there are many, they go to the folder.

        Raises:
            UserError: The folder's disk is full.
        """
        self._open.append(rows)
        self.rows += len(rows)
        self._most = max(self._most, self.rows)
        self._open_rows += len(rows)
        few = self.kept or self._stored or self.sparing
        if self._open_rows + self._kept_rows > (STORED_ROWS if few else KEPT_ROWS):
            self.store()

    def begin(self) -> None:
        """Begin a table: ``back`` goes to here."""
        self._close()
        self._begun, self._begun_rows = len(self._closed), self.rows

    def back(self) -> None:
        """Forget what was added since the table began."""
        self._open.clear()
        for part in self._closed[self._begun :]:
            if part.files and not self.kept:
                removed(part.files)
        del self._closed[self._begun :]
        self._stored, self.rows = min(self._stored, self._begun), self._begun_rows
        self._open_rows, self._kept_rows = 0, sum(map(len, self._closed[self._stored :]))

    def by_tags(self, tags: int) -> Iterator[Rows]:
        """Give all rows away, those of some tags after the other; once.

        Args:
            tags: How many there are.
        """
        self._close()
        if not self.beyond_memory:
            yield Rows.joined(self._closed)
            return
        self.store()
        counts = sum(np.bincount(part.column("tag"), minlength=tags) for part in self._closed)
        first, total = 0, 0
        for tag, count in enumerate(np.asarray(counts).tolist()):
            if total and total + count > STORED_ROWS:
                yield Rows.joined([part.of_tags(first, tag) for part in self._closed])
                first, total = tag, 0
            total += count
        yield Rows.joined([part.of_tags(first, tags) for part in self._closed])
        for part in self._closed:
            if part.files and not self.kept:
                removed(part.files)
        self._closed.clear()

    def store(self) -> None:
        """Put what is in memory in the order of tags, into files that are read when they are needed.

        Rows of earlier tables and those of the present one never share files, so that ``back`` can
        forget the latter alone.
        """
        self._close()
        earlier = self._closed[self._stored : self._begun]
        present = self._closed[max(self._stored, self._begun) :]
        del self._closed[self._stored :]
        if earlier:
            self._closed.append(self._written(Rows.joined(earlier)))
            self._begun = len(self._closed)
        if present:
            self._closed.append(self._written(Rows.joined(present)))
        self._stored, self._kept_rows = len(self._closed), 0

    def as_json(self) -> dict[str, Any]:
        """What ``go_on`` needs to know of a kept folder, after ``store``."""
        return {
            "files": [
                [part.files.name, sizes_of(part.files)] for part in self._closed if part.files
            ],
            "rows": self.rows,
            "most": self._most,
            "begun": self._begun,
            "begun_rows": self._begun_rows,
            "names": self._names,
        }

    def go_on(self, known: dict[str, Any]) -> None:
        """Take up the rows of a kept folder.

        Raises:
            UserError: A file is missing, or has another size than it was written with.
        """
        assert self.kept is not None
        self._closed = [Rows.stored(self.kept / name, sizes) for name, sizes in known["files"]]
        self._stored = len(self._closed)
        self.rows, self._most, self._names = known["rows"], known["most"], known["names"]
        self._begun, self._begun_rows = known["begun"], known["begun_rows"]

    def _close(self) -> None:
        if self._open:
            self._closed.append(Rows.joined(self._open))
            self._kept_rows += self._open_rows
            self._open_rows = 0

    def _written(self, rows: Rows) -> Rows:
        folder = self.kept
        if folder is None:
            self.scratch = self.scratch or Scratch()
            folder = self.scratch.path
        rows.sort_by_tag()
        files = folder / str(self._names)
        self._names += 1
        try:
            rows.write(files, lasting=self.kept is not None)
        except OSError as error:
            no_room(folder, error, kept=self.kept is not None)
        return rows


def no_room(folder: Path, error: OSError, *, kept: bool = False) -> NoReturn:
    """Say that rows cannot be kept on a disk.

    Args:
        folder: Where they should go.
        error: What came instead.
        kept: The folder is that of an import which may be stopped.

    Raises:
        UserError: Always.
    """
    full = error.errno == errno.ENOSPC or "No space left" in str(error)
    why = "is full" if full else f"cannot be written ({error.strerror or error})"
    way = "and memory does not hold the export; set TMPDIR to a folder on a disk with room"
    if kept:
        fix = "make room there" if full else "see to it"
        way = f"so the import stopped; {fix}, and the same command goes on from what is kept"
    raise UserError(f"{folder}: {why}, {way}") from None
