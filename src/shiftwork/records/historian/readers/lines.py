"""Text files as UTF-8 whatever they are in, with lines of bounded length."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterable
from typing import Any

import numpy as np

from shiftwork.errors import UserError
from shiftwork.records.historian.readers.encoding import decodes, encoding_of
from shiftwork.records.historian.readers.source import Source, damage_named

LONGEST_LINE = 8 * 2**20
"""Bytes; ten thousand columns need less than one of these."""

JUDGED_BYTES = 2**20
"""Text from the first line beyond ASCII on, by which the encoding is decided."""


class Text:
    """A text file and its encoding, which is decided once.

    Attributes:
        source: The file.
        encoding: "ascii" until something else was met.
    """

    def __init__(
        self, source: Source, declared: str | None = None, expected: Iterable[str] = ()
    ) -> None:
        self.source = source
        self._declared = declared
        self._expected = tuple(expected)
        self.encoding = declared or "ascii"

    def fits_declared(self) -> bool:
        """Whether the beginning is in the declared encoding; UTF-8 beyond ASCII shows itself and is taken."""
        with damage_named(self.source.name), self.source.open() as file:
            raw = file.read(JUDGED_BYTES)
        if (
            self.encoding.startswith(("utf-16", "utf-32"))
            or raw[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
            or raw[:3] == codecs.BOM_UTF8
        ):
            return True
        whole = raw[: raw.rfind(b"\n") + 1] or raw
        if not whole.isascii() and decodes(whole, "utf-8"):
            self.encoding = "utf-8"
            return True
        return decodes(whole, self.encoding)

    def lines(self, skip: int = 0) -> Lines:
        """Open it as UTF-8, from one line on."""
        return Lines(self, skip)

    def decide(self, raw: bytes) -> str:
        """The encoding of the first bytes beyond ASCII."""
        if self.encoding == "ascii":
            self.encoding = self._declared or encoding_of(raw, self.source.name, self._expected)
        return self.encoding


def _without_mark(begin: bytes) -> str:
    """UTF-16 without byte-order mark, by the zero in every second byte; "" for anything else."""
    first = begin[:200]
    if len(first) < 8 or b"\n" not in first.replace(b"\0", b""):
        return ""
    for at, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        zeros, others = first[at::2], first[1 - at :: 2]
        if zeros.count(0) > 0.9 * len(zeros) and not others.count(0):
            return name
    return ""


def count_of(letter: bytes, text: bytes | memoryview) -> int:
    """How often a letter stands in a text; many times faster than bytes.count where it stands often."""
    return int(np.count_nonzero(np.frombuffer(text, np.uint8) == ord(letter)))


def count_breaks(text: bytes | memoryview) -> int:
    """Line ends in a text: its line feeds, or where it has none its carriage returns."""
    return count_of(b"\n", text) or count_of(b"\r", text)


def last_break(text: bytes, end: int) -> int:
    """Where the last line end before a place stands, -1 for none; a long text is not searched twice."""
    feed = text.rfind(b"\n", 0, end)
    return max(feed, text.rfind(b"\r", feed + 1, end))


class Lines(io.RawIOBase):
    """A text file as UTF-8 with bounded lines, from one line on.

    ASCII passes as it is. A byte-order mark shows UTF-16; otherwise the encoding is decided at the
    first other character.
    """

    def __init__(self, text: Text, skip: int = 0) -> None:
        self._text = text
        self._name = text.source.name
        self._file = text.source.open()
        self._line = 1
        self._since_break = 0
        self._pending = b""
        with damage_named(self._name):
            self._ahead = self._file.read(4096)
        self._decoder: Any = None
        if self._ahead[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            text.encoding = "utf-16"
            self._decoder = codecs.getincrementaldecoder("utf-16")()
        elif self._ahead[:3] == codecs.BOM_UTF8:
            text.encoding = "utf-8"
            self._ahead = self._ahead[3:]
        elif text.encoding == "ascii" and (wide := _without_mark(self._ahead)):
            text.encoding = wide
            self._decoder = codecs.getincrementaldecoder(wide)()
        elif text.encoding.startswith("utf-16"):
            self._decoder = codecs.getincrementaldecoder(text.encoding)()
        self._skip(skip)

    def line_of(self, rest: bytes) -> int:
        """The number of the line with which the last bytes that were read begin."""
        return self._line - count_breaks(rest + self._pending)

    def readable(self) -> bool:
        """True."""
        return True

    def close(self) -> None:
        """Close the file under it too."""
        self._file.close()
        super().close()

    def block(self, size: int) -> bytes:
        """So many bytes of checked UTF-8; fewer only at the end."""
        text, self._pending = self._pending, b""
        while len(text) < size and (more := self._next(size - len(text))):
            text = text + more if text else more
        if len(text) > size:
            text, self._pending = text[:size], text[size:]
        return text

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

    def _raw(self, size: int) -> bytes:
        if self._ahead:
            raw, self._ahead = self._ahead, b""
            return raw
        with damage_named(self._name):
            return self._file.read(size)

    def _next(self, size: int) -> bytes:
        while raw := self._raw(max(size, 2**16)):
            if text := self._decoded(raw):
                break
        else:
            text = self._decoded(b"")
        if b"\0" in text:
            line = self._line + text[: text.index(b"\0")].count(b"\n")
            raise UserError(
                f"{self._name}: line {line} holds a NUL byte, so it is not text; export it again"
            )
        self._refuse_long(text)
        return text

    def _decoded(self, raw: bytes) -> bytes:
        if self._decoder is None:
            if raw.isascii():
                return raw
            if self._text.encoding == "ascii":  # judged by whole lines, and not by the first alone
                with damage_named(self._name):
                    self._ahead = self._file.read(JUDGED_BYTES)
                more = raw + self._ahead
                whole = more[: more.rfind(b"\n") + 1] if self._ahead and b"\n" in more else more
                self._text.decide(whole)
            self._decoder = codecs.getincrementaldecoder(self._text.encoding)()
        try:
            text = self._decoder.decode(raw, final=not raw)
        except UnicodeDecodeError as error:
            line = self._line + raw[: error.start].count(b"\n")
            raise UserError(
                f"{self._name}: line {line} is not {self._text.encoding}, as the lines before it are; set "
                "export.encoding, or save it as UTF-8"
            ) from None
        encoded: bytes = text.encode("utf-8", "replace")
        return encoded

    def _refuse_long(self, text: bytes) -> None:
        breaks = count_breaks(text)
        self._line += breaks
        if breaks:
            self._since_break = len(text) - last_break(text, len(text))
        else:
            self._since_break += len(text)
        if self._since_break > LONGEST_LINE:
            raise UserError(
                f"{self._name}: line {self._line} is longer than {LONGEST_LINE / 2**20:g} MiB; "
                "check that it is an export, or export fewer columns"
            )
