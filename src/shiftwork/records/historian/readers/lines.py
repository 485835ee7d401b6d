"""Text files as UTF-8 whatever they are in, with lines of bounded length."""

from __future__ import annotations

import codecs
import io
from pathlib import Path
from typing import Any

from shiftwork.errors import UserError

LONGEST_LINE = 8 * 2**20
"""Bytes; ten thousand columns need less than one of these."""


class Lines(io.RawIOBase):
    """A text file as UTF-8 with bounded lines, from one line on: what is looked at and parsed.

    ASCII passes as it is. The first other character tells UTF-8 from CP949; a byte-order mark
    tells UTF-16.
    """

    def __init__(self, path: Path, skip: int = 0) -> None:
        self._path = path
        self._file = path.open("rb")
        self._line = 1
        self._since_break = 0
        self._pending = b""
        begin = self._file.read(3)
        self._decoder: Any = None
        if begin[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            self._decoder = codecs.getincrementaldecoder("utf-16")()
            self._file.seek(0)
        elif begin != codecs.BOM_UTF8:
            self._file.seek(0)
        self._skip(skip)

    def readable(self) -> bool:
        """True."""
        return True

    def close(self) -> None:
        """Close the file under it too."""
        self._file.close()
        super().close()

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer with checked UTF-8, as ``io.RawIOBase`` asks."""
        if not self._pending:
            self._pending = self._next(len(buffer))
        count = min(len(buffer), len(self._pending))
        buffer[:count] = self._pending[:count]
        self._pending = self._pending[count:]
        return count

    def _skip(self, lines: int) -> None:
        head = b""
        while lines:
            if not head:
                head = self._next(2**16)
                if not head:
                    return
            first = head.splitlines(keepends=True)[0]
            if first == head:  # perhaps only the beginning of the line
                more = self._next(2**16)
                head += more
                if more:
                    continue
            head = head[len(first) :]
            lines -= 1
        self._pending = head

    def _next(self, size: int) -> bytes:
        while raw := self._file.read(max(size, 2**16)):
            if text := self._decoded(raw):
                break
        else:
            text = self._decoded(b"")
        if b"\0" in text:
            line = self._line + text[: text.index(b"\0")].count(b"\n")
            raise UserError(
                f"{self._path}: line {line} holds a NUL byte, so it is no text; export it anew"
            )
        self._refuse_long(text)
        return text

    def _decoded(self, raw: bytes) -> bytes:
        try:
            if self._decoder is None:
                if raw.isascii():
                    return raw
                self._decoder = codecs.getincrementaldecoder("utf-8")()
                try:
                    text = self._decoder.decode(raw)
                except UnicodeDecodeError:
                    self._decoder = codecs.getincrementaldecoder("cp949")()
                    text = self._decoder.decode(raw)
            else:
                text = self._decoder.decode(raw, final=not raw)
        except UnicodeDecodeError as error:
            line = self._line + raw[: error.start].count(b"\n")
            raise UserError(
                f"{self._path}: line {line} is neither UTF-8 nor CP949; save it as UTF-8"
            ) from None
        encoded: bytes = text.encode("utf-8", "replace")
        return encoded

    def _refuse_long(self, text: bytes) -> None:
        breaks = text.count(b"\n") or text.count(b"\r")
        self._line += breaks
        if breaks:
            self._since_break = len(text) - max(text.rfind(b"\n"), text.rfind(b"\r"))
        else:
            self._since_break += len(text)
        if self._since_break > LONGEST_LINE:
            raise UserError(
                f"{self._path}: line {self._line} is longer than {LONGEST_LINE / 2**20:g} MiB; "
                "check that it is an export, or export fewer columns"
            )
