"""A question as text of which parts are taken as they are understood; what is left was not."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

Language = Literal["ko", "en"]

TAKEN = "\ue000"
"""Stands where understood characters stood: no letter, no digit, no blank."""

HANGUL = "가-힣"


def language_of(text: str) -> Language:
    """Korean if any Hangul syllable is in it, else English."""
    return "ko" if re.search(f"[{HANGUL}ㄱ-ㅣ]", unicodedata.normalize("NFC", text)) else "en"


def plain(text: str) -> str:
    """Text for comparison: one form of each character, lower case, single blanks."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


class Back(Exception):
    """A question goes back to the person: it is asked back, or refused with what would help.

    Attributes:
        status: "ask" or "refused".
        reason: Key of the sentence.
        parts: What the sentence names.
    """

    def __init__(self, status: Literal["ask", "refused"], reason: str, **parts: str) -> None:
        super().__init__(reason)
        self.status: Literal["ask", "refused"] = status
        self.reason = reason
        self.parts = parts


class Rest:
    """What of a question is not understood yet.

    Attributes:
        text: The question, understood characters replaced by ``TAKEN``; positions never move.
    """

    def __init__(self, question: str) -> None:
        self.text = plain(question)

    def take(self, start: int, stop: int) -> None:
        """Mark characters as understood."""
        self.text = self.text[:start] + TAKEN * (stop - start) + self.text[stop:]

    def take_all(self, pattern: str) -> list[re.Match[str]]:
        """Mark all matches of a pattern as understood, and return them."""
        found = list(re.finditer(pattern, self.text))
        for match in found:
            self.take(*match.span())
        return found

    def words(self) -> list[str]:
        """Words that are left."""
        return re.findall(r"[^\W_]+(?:[-_./'][^\W_]+)*|[%$°]", self.text)
