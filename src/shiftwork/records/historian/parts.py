"""Samples in parts, each of some tags: in memory, or in files where memory does not hold them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

import numpy as np
import polars as pl

from shiftwork.errors import UserError
from shiftwork.records.historian.gather.gathered import Scratch, no_room

Places = dict[str, tuple[int, int]]
"""First row and number of rows of each tag that a frame holds."""


@dataclass(frozen=True, eq=False)
class StoredParts(Sequence[pl.DataFrame]):
    """Frames in files, read when they are asked for; the files go when nobody holds this any more.

    Attributes:
        files: One for each frame.
        places: Of each frame, the first row and the number of rows of its tags.
        folder: Where they lie.
    """

    files: tuple[Path, ...]
    places: tuple[Places, ...]
    folder: Scratch

    @classmethod
    def of(cls, frames: Iterable[pl.DataFrame], folder: Scratch) -> StoredParts:
        """Write frames one after the other.

        Raises:
            UserError: The disk is full.
        """
        files, places = [], []
        for number, frame in enumerate(frames):
            path = folder.path / f"part-{number}.arrow"
            try:
                frame.write_ipc(path)
            except OSError as error:
                no_room(folder.path, error)
            files.append(path)
            places.append(_places_in(frame))
        return cls((*files,), (*places,), folder)

    def __len__(self) -> int:
        return len(self.files)

    @overload
    def __getitem__(self, index: int) -> pl.DataFrame: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[pl.DataFrame, ...]: ...

    def __getitem__(self, index: int | slice) -> pl.DataFrame | tuple[pl.DataFrame, ...]:
        if isinstance(index, slice):
            return tuple(map(pl.read_ipc, self.files[index]))
        return pl.read_ipc(self.files[index])

    def rows(self, number: int, first: int, count: int) -> pl.DataFrame:
        """Some rows of one frame; no others are read.

        Raises:
            UserError: Somebody removed its file.
        """
        file = self.files[number]
        try:
            return pl.scan_ipc(file).slice(first, count).collect()
        except FileNotFoundError:
            raise UserError(
                f"{file}: is gone, and with it samples that memory does not hold; start again, with TMPDIR set to a "
                "folder that nothing clears"
            ) from None


Parts = Sequence[pl.DataFrame]
"""Frames of samples, each of some tags, in the plant file's order; a tag's rows are in one of them."""


def scanned(parts: Parts) -> tuple[pl.LazyFrame, ...]:
    """Each part to be queried; of one in a file only what a query needs is read."""
    if isinstance(parts, StoredParts):
        return tuple(map(pl.scan_ipc, parts.files))
    return tuple(part.lazy() for part in parts)


def places_in(parts: Parts) -> tuple[Places, ...]:
    """Of each part, the first row and the number of rows of its tags; those in files are not read."""
    return parts.places if isinstance(parts, StoredParts) else tuple(map(_places_in, parts))


def _places_in(frame: pl.DataFrame) -> Places:
    runs = frame["tag"].rle().struct.unnest()
    lengths = runs["len"].to_numpy().astype(np.int64)
    firsts = np.cumsum(lengths) - lengths
    keys = runs["value"].cast(pl.String).to_list()
    return dict(zip(keys, zip(firsts.tolist(), lengths.tolist(), strict=True), strict=True))
