"""Search by words (English, numbers, names) and by pairs of syllables (Korean), ranked by BM25.

Korean puts particles and endings behind its words, so whole words seldom agree; pairs of
neighbouring syllables nearly always do. SQLite's FTS5 ranks (BM25: Robertson and Zaragoza 2009);
the text is cut here, before it comes in. English words are stemmed by FTS5 (Porter 1980).
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
import weakref
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from shiftwork.assistant.documents.passages import Passage
from shiftwork.assistant.text import HANGUL

SYNONYMS = (
    ("디코킹", "코크 제거", "decoke", "decoking"),
    ("가열로", "분해로", "furnace"),
    ("컬럼", "증류탑", "column"),
    ("수율", "yield"),
    ("나프타", "naphtha"),
    ("에틸렌", "ethylene"),
    ("선박", "ship", "vessel"),
    ("체선", "체선료", "demurrage"),
    ("탱크", "tank"),
    ("압축기", "컴프레서", "compressor"),
    ("튜브", "tube"),
    ("교대", "근무조", "shift"),
    ("설정값", "세트포인트", "set-point", "setpoint"),
    ("에이전트", "agent"),
    ("수익", "이익", "earnings", "profit"),
    ("경보", "알람", "alarm"),
    ("펌프", "pump"),
    ("밸브", "valve"),
    ("정비", "보수", "maintenance"),
    ("안전", "safety"),
    ("엔벨로프", "한계", "envelope", "limits"),
)
"""Words that stand for each other; a query asks for all of them."""


@dataclass(frozen=True, eq=False)
class Documents:
    """Passages that are open for search.

    Attributes:
        passages: In the order of files and lines.
    """

    passages: tuple[Passage, ...]

    @cached_property
    def hashes(self) -> frozenset[str]:
        """SHA-256 of the files."""
        return frozenset(passage.sha256 for passage in self.passages)

    def search(
        self,
        words: str,
        most: int = 3,
        span: tuple[str, str] | None = None,
        logs: bool = False,
    ) -> tuple[Passage, ...]:
        """Find the passages that fit best.

        Args:
            words: A question or its words, Korean or English; with a range they may be empty.
            most: The most passages to return.
            span: Only rows of logs whose time lies in this half-open range, ISO.
            logs: Only rows of logs that have a time.

        Returns:
            The best first; none if nothing has any of the words.
        """
        first, stop = span or ("0" if logs else "", "~")
        asked = _asked(words)
        if not asked and span:
            inside = (p for p in self.passages if first <= p.at < stop)
            return tuple(islice(inside, most))
        if not asked:
            return ()
        # Marks stand for what people typed: nothing of it is read as FTS5's own language.
        query = " OR ".join('"' + token + '"' for token in asked)
        rows = self._index.execute(
            "SELECT rowid FROM cut WHERE cut MATCH ? AND at >= ? AND at < ? "
            "ORDER BY bm25(cut), rowid LIMIT ?",
            (query, first, stop, most),
        ).fetchall()
        return tuple(self.passages[row - 1] for (row,) in rows)

    @cached_property
    def _index(self) -> sqlite3.Connection:
        base = sqlite3.connect(":memory:", check_same_thread=False)
        weakref.finalize(self, base.close)
        base.execute(
            "CREATE VIRTUAL TABLE cut USING fts5(head, body, at UNINDEXED, tokenize = 'porter unicode61')"
        )
        base.executemany(
            "INSERT INTO cut (rowid, head, body, at) VALUES (?, ?, ?, ?)",
            (
                (number, " ".join(cut(p.head)), " ".join(cut(p.text)), p.at)
                for number, p in enumerate(self.passages, start=1)
            ),
        )
        return base


def cut(text: str) -> list[str]:
    """Cut text into what is searched for: words of letters and digits, and pairs of syllables."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    found = []
    for run in re.findall(rf"[{HANGUL}]+|[^\W_{HANGUL}]+", plain):
        if re.match(f"[{HANGUL}]", run):
            found += [run[i : i + 2] for i in range(max(len(run) - 1, 1))]
        else:
            found.append(run)
    return found


def _asked(words: str) -> list[str]:
    """What is searched for, with the synonyms of each word, each once."""
    plain = unicodedata.normalize("NFKC", words).casefold()
    found = cut(plain)
    for group in SYNONYMS:
        if any(_names(plain, word) for word in group):
            found += [token for word in group for token in cut(word)]
    return list(dict.fromkeys(found))


def _names(plain: str, word: str) -> bool:
    if re.match(f"[{HANGUL}]", word):
        return word in plain
    return re.search(rf"(?<![a-z]){re.escape(word)}s?(?![a-z])", plain) is not None
