"""The bytes of one file of an export, packed or not: what is inside a .gz, .zst, .bz2, .xz or .zip."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa

from shiftwork.errors import UserError

LARGEST_WHOLE = 2**31
"""Bytes of a file that must be in memory as a whole: a workbook, or something packed."""

MOST_MEMBERS = 10_000

_PACKED: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", ".gz"),
    (b"\x28\xb5\x2f\xfd", ".zst"),
    (b"BZh", ".bz2"),
    (b"\xfd7zXZ", ".xz"),
)
ZIP_MAGIC = b"PK\3\4"


@dataclass(frozen=True)
class Source:
    """A file of an export, or one within an archive.

    Attributes:
        name: What it is called; errors begin with it.
        stem: Its name without folder and endings.
        open: Opens it to be read, unpacked.
        path: Where it stands as it is; None if it is packed.
        form: What kind of document it is a table of, "" for none.
    """

    name: str
    stem: str
    open: Callable[[], Any]
    path: Path | None = None
    form: str = ""

    def begin(self, count: int) -> bytes:
        """Its first bytes."""
        with damage_named(self.name), self.open() as file:
            found: bytes = file.read(count)
            return found

    def whole(self) -> bytes:
        """All of its bytes.

        Raises:
            UserError: They are more than ``LARGEST_WHOLE``.
        """
        with damage_named(self.name), self.open() as file:
            found: bytes = file.read(LARGEST_WHOLE + 1)
        if len(found) > LARGEST_WHOLE:
            raise UserError(
                f"{self.name}: is larger than {LARGEST_WHOLE / 2**30:g} GiB; unpack it, or split it by time"
            )
        return found


def sources_in(path: Path) -> tuple[list[Source], list[str]]:
    """Find what a file holds: itself, what is packed in it, or the members of an archive.

    Returns:
        The sources, and what is left out, each as "name: why".
    """
    stem = path.name
    with path.open("rb") as file:
        begin = file.read(8)
    packed = next((ending for magic, ending in _PACKED if begin.startswith(magic)), None)
    if packed is not None:
        stem = stem[: -len(packed)] if stem.lower().endswith(packed) else stem
        return [
            Source(str(path), PurePosixPath(stem).stem or stem, lambda: _unpacked(path, packed))
        ], []
    if begin.startswith(ZIP_MAGIC) and not _is_workbook(path):
        return _members(path)
    return [Source(str(path), path.stem, lambda: path.open("rb"), path)], []


def _unpacked(path: Path, ending: str) -> Any:
    if ending == ".zst":
        stream: Any = pa.input_stream(str(path), compression="zstd")
        return stream
    if ending == ".gz":
        return gzip.open(path, "rb")
    return bz2.open(path, "rb") if ending == ".bz2" else lzma.open(path, "rb")


def _is_workbook(path: Path) -> bool:
    with damage_named(str(path)), zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
    return bool(names & {"xl/workbook.xml", "xl/workbook.bin", "content.xml"})


def _members(path: Path) -> tuple[list[Source], list[str]]:
    found, left = [], []
    with damage_named(str(path)), zipfile.ZipFile(path) as archive:
        members = [m for m in archive.infolist() if not m.is_dir()]
        if len(members) > MOST_MEMBERS:
            raise UserError(f"{path}: holds more than {MOST_MEMBERS} files; unpack it")
        for member in members:
            inner = PurePosixPath(member.filename)
            name = f"{path}: {member.filename}"
            if inner.name.startswith(".") or "__MACOSX" in inner.parts:
                continue
            if member.flag_bits & 1:
                raise UserError(f"{name}: is encrypted; unpack it with its password")
            with archive.open(member) as file:
                begin = file.read(8)
            if (begin.startswith(ZIP_MAGIC) and inner.suffix.lower() == ".zip") or any(
                begin.startswith(magic) for magic, _ in _PACKED
            ):
                left.append(f"{name}: is packed twice; unpack {path.name}")
                continue
            found.append(Source(name, inner.stem, _opener(path, member.filename)))
    if not found:
        raise UserError(
            f"{path}: holds no file that can be read; unpack it and give what is inside"
        )
    return found, left


def _opener(path: Path, member: str) -> Callable[[], Any]:
    return lambda: zipfile.ZipFile(path).open(member)


@contextmanager
def damage_named(name: str) -> Iterator[None]:
    """Turn whatever a library raises on damaged bytes into one line."""
    try:
        yield
    except (UserError, OSError) as error:
        if isinstance(error, UserError) or type(error) in (PermissionError, FileNotFoundError):
            raise
        raise UserError(f"{name}: cannot be unpacked ({error}); copy or export it again") from None
    except MemoryError:
        raise UserError(f"{name}: does not fit into memory; split it by time") from None
    except (
        zipfile.BadZipFile,
        EOFError,
        lzma.LZMAError,
        pa.ArrowException,
        NotImplementedError,
        RuntimeError,
    ) as error:
        cause = " ".join(str(error).split())[:100]
        raise UserError(f"{name}: cannot be unpacked ({cause}); copy or export it again") from None
