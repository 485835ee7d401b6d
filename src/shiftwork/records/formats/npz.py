"""Reading and writing .npz files that may be damaged or something else, one clear error each."""

from __future__ import annotations

import math
import os
import textwrap
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from shiftwork.errors import UserError, unknown
from shiftwork.files import written_whole

LIMIT_BYTES = 16 * 2**30
"""Records that unpack to more are refused before they take memory; none in use come near."""

_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


@contextmanager
def damage_told(path: Path) -> Iterator[None]:
    """Turn whatever a library raises on damaged bytes into one error.

    zipfile, zlib, HDF5 and NumPy's header parser raise a dozen unrelated kinds between them, so
    only the reading of a file stands under this.

    Raises:
        UserError: Reading failed.
    """
    try:
        yield
    except UserError:
        raise
    except MemoryError:
        raise UserError(f"{path}: does not fit into memory; split it by episodes") from None
    except Exception as error:
        cause = textwrap.shorten(str(error), 100)
        raise UserError(
            f"{path}: cannot be read ({cause or type(error).__name__}); copy or export it again"
        ) from None


def refuse_oversize(size: int, path: Path) -> None:
    """Check how much memory records will take, before they take it.

    Raises:
        UserError: It is more than ``LIMIT_BYTES``.
    """
    if size > LIMIT_BYTES:
        raise UserError(
            f"{path}: unpacks to {size / 2**30:.1f} GiB, above the limit of "
            f"{LIMIT_BYTES / 2**30:.0f}; split it by episodes or copy it again"
        )


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """Read every array of an .npz file, refusing pickled objects.

    Raises:
        UserError: The file is missing, is no .npz, is damaged, or holds Python objects.
    """
    if not os.path.isfile(path):
        raise UserError(f"{path}: is no file; check the path")
    arrays: dict[str, np.ndarray] = {}
    with damage_told(path):
        with path.open("rb") as file:
            single = file.read(6) == np.lib.format.MAGIC_PREFIX
        if single:
            raise UserError(f"{path}: is a single array, not an .npz archive; save with np.savez")
        with zipfile.ZipFile(path) as archive:
            refuse_oversize(sum(member.file_size for member in archive.infolist()), path)
            for member in archive.infolist():
                key = member.filename.removesuffix(".npy")
                if key in arrays:
                    raise UserError(f"{path}: array '{key}' is there twice; export it again")
                arrays[key] = _read_array(archive, member, f"{path}: '{key}'")
    return arrays


def _read_array(archive: zipfile.ZipFile, member: zipfile.ZipInfo, where: str) -> np.ndarray:
    # The header is weighed first: NumPy takes the memory that a header declares, whatever follows.
    with archive.open(member) as stream:
        if stream.read(6) != np.lib.format.MAGIC_PREFIX:
            raise UserError(f"{where} is no array; leave nothing but arrays in the file")
        version = tuple(stream.read(2))
        if version not in _HEADERS:
            raise UserError(f"{where} has array format {version}; save it as plain numbers")
        shape, _, dtype = _HEADERS[version](stream)
        if dtype.hasobject:
            raise UserError(f"{where} holds Python objects; save it as plain numbers")
        left = member.file_size - stream.tell()
        if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != left:
            raise UserError(
                f"{where} declares shape {shape} of {dtype}, but {left} bytes follow; "
                "export it again"
            )
    with archive.open(member) as stream:
        array: np.ndarray = np.lib.format.read_array(stream, allow_pickle=False)
        return array


def write_npz(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays as one compressed file, whole or not at all, over none but records.

    Raises:
        UserError: The name has another ending, something else stands there, or it cannot be
            written.
    """
    if path.suffix.lower() != ".npz":
        raise UserError(f"{path}: records are written as .npz; give --out that ending")
    if os.path.lexists(path) and not _holds_records(path):
        raise UserError(
            f"{path}: exists and holds no records, so it is not overwritten; choose another --out"
        )
    # NumPy gets an open file, since it would append an ending to a name.
    with written_whole(path) as temporary, temporary.open("wb") as file:
        kept: dict[str, Any] = dict(arrays)
        np.savez_compressed(file, **kept)


def _holds_records(path: Path) -> bool:
    try:
        with damage_told(path), zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except UserError:
        return False
    return {"about.npy", "length.npy"} <= names or {"obs.npy", "next_obs.npy"} <= names


def require(arrays: Mapping[str, Any], keys: Iterable[str], where: Path | str) -> None:
    """Check that the named arrays are there.

    Raises:
        UserError: One is missing.
    """
    for key in keys:
        if key not in arrays:
            has = textwrap.shorten(", ".join(sorted(arrays)), 100) or "none"
            raise UserError(f"{where}: array '{key}' is missing (has: {has}); export it again")


def refuse_surplus(arrays: Mapping[str, Any], keys: Iterable[str], where: Path | str) -> None:
    """Check that no other array is there than those named: a typo is no optional key left out.

    Raises:
        UserError: There is another.
    """
    for key in arrays:
        if key not in keys:
            raise unknown("array", key, keys, str(where))


def numbers(arrays: Mapping[str, np.ndarray], key: str, where: Path | str) -> np.ndarray:
    """Return an array as float32; what float32 cannot hold becomes infinite, to be refused.

    Raises:
        UserError: It holds text, complex values, times or records.
    """
    array = arrays[key]
    if array.dtype.kind not in "fiub":
        kind = textwrap.shorten(str(array.dtype), 60)
        raise UserError(f"{where}: '{key}' holds {kind}, not numbers; export it as numbers")
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(array, np.float32, order="C")


def table(arrays: Mapping[str, np.ndarray], key: str, path: Path) -> np.ndarray:
    """Return an array of a row for each step as float32, (T, columns).

    Raises:
        UserError: It has another shape, or holds no numbers.
    """
    array = numbers(arrays, key, path)
    if array.ndim != 2:
        raise UserError(
            f"{path}: '{key}' has shape {array.shape}; needed: (steps, columns); export it again"
        )
    return array


def column(arrays: Mapping[str, np.ndarray], key: str, steps: int, path: Path) -> np.ndarray:
    """Return an array of a number for each step as float32, (T,).

    Raises:
        UserError: It has another shape, or holds no numbers.
    """
    array = numbers(arrays, key, path)
    if array.shape not in ((steps,), (steps, 1)):
        raise UserError(
            f"{path}: '{key}' has shape {array.shape}; needed: ({steps},), one for each step; "
            "export it again"
        )
    return array.reshape(steps)


def flags(arrays: Mapping[str, np.ndarray], key: str, steps: int, path: Path) -> np.ndarray:
    """Return an array of 0 and 1 for each step as truth values, (T,).

    Raises:
        UserError: It has another shape, or another number.
    """
    found = column(arrays, key, steps, path)
    wrong = (found != 0) & (found != 1)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise UserError(f"{path}: '{key}' row {row} is {found[row]:g}; write a flag as 0 or 1")
    return found == 1
