"""Columns of quality: by name, by place beside their tag, or by what they hold.

Names are found in many languages, and a site may have its own. So cells count too: a column that
holds nothing but words of quality, or the codes of a well-known convention, is quality under
whatever name. What looks like quality and is not read is named.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from shiftwork.records.historian.readers.layout import Heading, QualityColumns
from shiftwork.records.historian.readers.names import (
    FAULT_WORDS,
    PARTS,
    QUALITY_WORDS,
    Meaning,
    flag_meaning,
    is_number,
    looks_like_quality,
    plain,
    tag_of_quality,
    tag_of_value,
)
from shiftwork.records.historian.values.quality import status_of_word
from shiftwork.records.historian.values.wording import ZONES, zone_in_name

MOST_CODES = 8
"""Different cells of a column of codes or flags."""

_CODES = frozenset(("192", "216", "500", "0x0", "0x00000000", "00000000", "0xc0"))
"""Codes of quality that are hardly anything else."""

_CODE = re.compile(r"-?\d{1,10}|true|false|yes|no|y|n|ja|nein|oui|non|sí|예|아니오|是|否", re.I)


def quality_of_row(
    heading: Heading, free: list[int], declared: str | None
) -> QualityColumns | None:
    """Quality in the long form: the column named so, flags, or the one whose cells show it."""
    names = [name.strip() for name in heading.names]
    words = [plain(name) for name in names]
    if declared is not None:
        return QualityColumns((names.index(declared),), ("code",))
    named = [i for i in free if words[i] in QUALITY_WORDS]
    if named:
        # Of several, the one whose codes are known everywhere comes first.
        shown = {i: len(named) > 1 and _shows_quality(heading.cells(i)) for i in named}
        best = min(named, key=lambda i: (not shown[i], QUALITY_WORDS.index(words[i])))
        return QualityColumns((best,), ("code",))
    flags = {i: meaning for i in free if (meaning := flag_meaning(names[i])) is not None}
    if flags:
        return QualityColumns(tuple(flags), tuple(flags.values()))
    likely = [i for i in free if holds_quality(heading, i)]
    return QualityColumns((likely[0],), ("code",)) if len(likely) == 1 else None


def holds_quality(heading: Heading, position: int) -> bool:
    """Whether a column holds words of quality or its codes; numbers only under a fitting name."""
    name, cells = heading.names[position].strip(), heading.cells(position)
    if not cells:
        return False
    if _shows_quality(cells):
        return True
    return looks_like_quality(name) and all(is_number(cell) for cell in cells)


def _shows_quality(cells: list[str]) -> bool:
    """Whether cells are quality whatever their column is called."""
    kinds = {cell.strip().lower() for cell in cells}
    if len(kinds) > 5 * MOST_CODES:
        return False
    if kinds & _CODES and all(re.fullmatch(r"\d{1,3}|0x[0-9a-f]+|0\d{7}", kind) for kind in kinds):
        return True
    # A single letter may be a unit, and yes or no may be about anything.
    telling = [kind for kind in kinds if len(kind) > 1 and kind not in ("true", "false", "normal")]
    return bool(telling) and all(status_of_word(kind) is not None for kind in kinds)


def quality_columns(
    heading: Heading,
    key_of: Mapping[str, str],
    tags: Mapping[str, int],
    taken: set[int],
) -> dict[str, QualityColumns]:
    """Quality in the wide form: by the tag in its name, or by its place beside the tag.

    Args:
        heading: The table.
        key_of: Key of each tag by its name in the export.
        tags: The column of each tag's values, by key.
        taken: Columns that hold something else.
    """
    names = [name.strip() for name in heading.names]
    found: dict[str, QualityColumns] = {}
    key_of_bare = {tag_of_value(source) or source: key for source, key in key_of.items()} | dict(
        key_of
    )
    nameless: dict[int, Meaning] = {}
    for position, name in enumerate(names):
        if position in taken or position in tags.values() or name in key_of:
            continue
        word = re.sub(r"[._ ]?\d+$", "", name)  # data frames number what is there twice
        if plain(word) in QUALITY_WORDS:
            nameless[position] = "code"
        elif (meaning := flag_meaning(word)) is not None:
            nameless[position] = meaning
        elif not name and len(names) < 2000 and _shows_quality(heading.cells(position)):
            nameless[position] = "code"
        elif (tag := tag_of_quality(name)) and tag in key_of_bare:
            meaning = flag_meaning(name.removeprefix(tag)) or "code"
            found.setdefault(key_of_bare[tag], QualityColumns((position,), (meaning,)))
        elif (tag := owner(name, key_of_bare)) and _shows_quality(heading.cells(position)):
            found.setdefault(key_of_bare[tag], QualityColumns((position,), ("code",)))
    at = {position: key for key, position in tags.items()}
    values = [i for i in range(len(names)) if i not in taken and i not in nameless and names[i]]
    behind = all(p - 1 in values for p in nameless)
    before = all(p + 1 in values for p in nameless)
    if nameless and (len(nameless) > 1 or len(values) == 1) and behind != before:
        step = -1 if behind else 1
        for position, meaning in nameless.items():
            if (key := at.get(position + step)) is not None:
                found.setdefault(key, QualityColumns((position,), (meaning,)))
    elif whole := _of_whole_rows(heading, nameless, values):
        found = dict.fromkeys(tags, whole) | found
    return found


def _of_whole_rows(
    heading: Heading, nameless: Mapping[int, Meaning], values: list[int]
) -> QualityColumns | None:
    """Quality of all tags of a row: columns of it before or behind all values, none named twice."""
    words = {re.sub(r"[\W_\d]+$", "", heading.names[i].strip().lower()) for i in nameless}
    if not nameless or not values or len(words) < len(nameless):
        return None
    if not (min(nameless) > max(values) or max(nameless) < min(values)):
        return None
    codes = [i for i, meaning in nameless.items() if meaning == "code"]
    codes = [i for i in codes if _shows_quality(heading.cells(i))]
    if codes:
        return QualityColumns((codes[0],), ("code",))
    flags = {
        i: meaning
        for i, meaning in nameless.items()
        if meaning != "code" and heading.cells(i) and all(map(_CODE.fullmatch, heading.cells(i)))
    }
    return QualityColumns(tuple(flags), tuple(flags.values())) if flags else None


def shared_quality(
    qualities: Mapping[str, QualityColumns], tags: Mapping[str, int], names: list[str]
) -> tuple[str, ...]:
    """Columns of quality that were found to count for the tags of a row which have none of their own."""
    used = [(quality.columns[0], key) for key, quality in qualities.items()]
    count = Counter(i for i, _ in used)
    own = " that have none of their own" if len(count) > 1 else ""
    shared = [i for i, key in used if count[i] > 1 or _stands_apart(i, tags[key], names)]
    return tuple(
        f"'{names[i]}' is taken as the quality of all tags in its row{own}"
        for i in dict.fromkeys(shared)
    )


def _stands_apart(quality: int, tag: int, names: list[str]) -> bool:
    """Whether neither place nor name of a column of quality shows the tag."""
    if abs(quality - tag) == 1 or tag_of_quality(names[quality]) is not None:
        return False
    return owner(names[quality], dict.fromkeys(names, "")) is None


def owner(name: str, key_of: Mapping[str, str]) -> str | None:
    """The tag with whose name a column's name begins or ends: "FIC101.PV Sts", "sts_FIC101.PV"."""
    for gap in re.finditer(r"[\s._:/|\-\[(]+", name):
        for tag in (name[: gap.start()], name[gap.end() :].rstrip(")]")):
            if tag in key_of:
                return tag
    return None


def unread_columns(
    heading: Heading, read: set[int], key_of: Mapping[str, str], *, wide: bool
) -> tuple[str, ...]:
    """Columns that are not read though name or cells look like quality or a part of the time."""
    names = [name.strip() for name in heading.names]
    others = {*names, *(tag_of_value(name) for name in names)}
    notes = [
        f"'{names[i]}' may name a time zone that is not known here; its stamps are taken in time_zone"
        for i in read
        if _names_a_zone(names[i], key_of)
    ]
    for i, name in enumerate(names):
        if i in read or name in key_of:
            continue
        if why := _why_noted(heading, i, names, others, key_of, wide=wide):
            notes.append(f"'{name or f'column {i + 1}'}' {why}")
    return tuple(notes)


def _names_a_zone(name: str, key_of: Mapping[str, str]) -> bool:
    """Whether a time column's name holds something in brackets, or a short word, that may be a zone."""
    if name in key_of or not re.search(r"(?i)time|date|zeit|datum|stamp|시간|일시|时间|時刻", name):
        return False
    if zone_in_name(name, ZONES) is not None or re.search(r"[A-Z][a-z]+/[A-Z]", name):
        return False
    inside = re.search(r"[(\[]([^)\]]*)[)\]]", name)
    if inside is None:
        return bool(re.search(r"\b(?:EST|EDT|CST|CDT|MST|MDT|PST|PDT|IST|BST)\b", name))
    plain_words = r"(?i)\s*(?:local.*|lokal.*|[ymdhs:/\-. t,]+|24.*|ms|sec\w*|min\w*|hours?|days?|[hdns]|utc|gmt)\s*"
    return not re.fullmatch(plain_words, inside[1])


def _why_noted(
    heading: Heading,
    position: int,
    names: list[str],
    others: set[str | None],
    key_of: Mapping[str, str],
    *,
    wide: bool,
) -> str:
    name = names[position]
    quality = "looks like quality and is not read; set export.quality or tags.NAME.quality"
    part = next((part for part, known in PARTS.items() if plain(name) in known), None)
    zone = re.search(
        r"(?i)time.?zone|utc.?off|gmt.?off|(?<![a-z])tz(?![a-z])", name.replace("_", " ")
    )
    if zone or (part is not None and part not in ("year", "month", "day")):
        return "looks like a part of the time and is not read; set export.time"
    stranger = tag_of_quality(name)
    if stranger and stranger not in key_of and stranger in others:
        return ""  # the quality of a tag that is not read
    if looks_like_quality(name):
        return quality
    if re.sub(r"\.\d+$", "", name) != name and re.sub(r"\.\d+$", "", name) in key_of:
        return f"is a second column of '{re.sub(r'[.][0-9]+$', '', name)}' and is not read"
    if len(names) > 2000:
        return ""
    mine = not wide or owner(name, key_of) is not None or plain(name) in FAULT_WORDS
    beside = not name and position > 0 and names[position - 1] in key_of
    if not mine and not beside and not (wide and len(names) < 40):
        return ""
    cells = heading.cells(position)
    if cells and _shows_quality(cells):
        return quality
    kinds = set(cells)
    codes = 0 < len(kinds) <= MOST_CODES and all(map(_CODE.fullmatch, kinds))
    if codes and (mine or beside) and len(cells) >= len(kinds):
        return (
            f"holds codes such as {sorted(kinds)[-1]} and is not read; if it is quality, set "
            "export.quality or tags.NAME.quality"
        )
    return ""
