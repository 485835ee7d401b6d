"""Rows that count, as compact arrays: nothing is kept of a row but 21 bytes, and its text if it held text."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from shiftwork.errors import UserError
from shiftwork.files import on_disk

COLUMNS = {
    "tag": np.uint16, "time": np.int64, "value": np.float64, "status": np.uint8, "quality": np.uint16,
}  # fmt: skip

MARKS = ("states", "repeated")
"""Files beside those of the columns: which rows hold text or a repeated time, and what."""


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

    def sort_by_tag(self) -> None:
        """Put the rows in the order of tags, with that of reading kept within each."""
        # A radix sort, since the numbers have 16 bits.
        order = np.argsort(self.tag, kind="stable").astype(np.uint32)
        if len(self.state_rows) or len(self.repeated_rows):
            place = np.empty(len(order), np.uint32)
            place[order] = np.arange(len(order), dtype=np.uint32)
            for name, others in (("state_rows", "state_texts"), ("repeated_rows", "repeated_us")):
                at = place[getattr(self, name)].astype(np.int64)
                by_place = np.argsort(at)
                setattr(self, name, at[by_place])
                setattr(self, others, getattr(self, others)[by_place])
        for name in COLUMNS:
            setattr(self, name, getattr(self, name)[order])

    def __len__(self) -> int:
        return len(self.column("tag"))

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
            own = [part.column(name) for part in parts]
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

    def write(self, files: Path, *, lasting: bool) -> None:
        """Write the columns, and give them up.

        Args:
            files: Where to, without the names of columns.
            lasting: All is written, so that ``stored`` can read it after this process.

        Raises:
            OSError: The disk is full.
        """
        for name in COLUMNS:
            written(getattr(self, name), Path(f"{files}.{name}"))
        if lasting:
            states = pl.DataFrame({"row": self.state_rows, "text": self.state_texts})
            repeated = pl.DataFrame({"row": self.repeated_rows, "us": self.repeated_us})
            for name, marks in zip(MARKS, (states, repeated), strict=True):
                marks.write_ipc(Path(f"{files}.{name}"))
            for name in (*COLUMNS, *MARKS):
                on_disk(Path(f"{files}.{name}"))
            on_disk(files.parent)
        self.files = files
        for name, kind in COLUMNS.items():
            setattr(self, name, np.zeros(0, kind))

    @classmethod
    def stored(cls, files: Path, sizes: list[int]) -> Rows:
        """Take up what an earlier process wrote as lasting.

        Args:
            files: Where it lies.
            sizes: ``sizes_of`` these files when they were written.

        Raises:
            UserError: A file is missing, or has another size.
        """
        if sizes_of(files) != sizes:
            raise UserError(
                f"{files}: rows of an import are damaged or gone; delete {files.parent}, and all is read again"
            )
        states, repeated = (pl.read_ipc(f"{files}.{name}") for name in MARKS)
        rows = cls(
            **{name: np.zeros(0, kind) for name, kind in COLUMNS.items()},
            state_rows=states["row"].to_numpy(),
            state_texts=states["text"],
            repeated_rows=repeated["row"].to_numpy(),
            repeated_us=repeated["us"].to_numpy(),
        )
        rows.files = files
        return rows


def sizes_of(files: Path) -> list[int]:
    """Bytes of each file of stored rows, -1 where there is none."""
    paths = [Path(f"{files}.{name}") for name in (*COLUMNS, *MARKS)]
    return [path.stat().st_size if path.is_file() else -1 for path in paths]


def removed(files: Path) -> None:
    """Remove stored rows."""
    for name in (*COLUMNS, *MARKS):
        Path(f"{files}.{name}").unlink(missing_ok=True)


def written(column: np.ndarray, path: Path) -> None:
    """Write a column as it lies in memory."""
    column.tofile(path)
