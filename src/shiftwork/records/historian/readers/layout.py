"""What the columns of a table are: the long form, the wide form, or one tag to a file.

Names come first, content second: of several columns that could be meant by their name, the one
whose cells fit counts, and where no name helps, cells alone may.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from shiftwork.errors import UserError, unknown
from shiftwork.records.historian.plant_file.model import ExportRules, PlantFile
from shiftwork.records.historian.readers.names import (
    FLAG_WORDS,
    PARTS,
    QUALITY_WORDS,
    TAG_WORDS,
    VALUE_WORDS,
    looks_like_quality,
    plain,
    tag_of_quality,
    tag_of_value,
)
from shiftwork.records.historian.readers.table import Wanted
from shiftwork.records.historian.readers.time_columns import Clock, find_clock, own_clocks

MOST_JUDGED = 30
"""Columns that are judged by their cells; where there are more, names must do."""

Meaning = Literal["code", "good", "uncertain", "bad"]


class NoClock(UserError):
    """Names of tags without a column of time; perhaps another line is the line of names."""


@dataclass(frozen=True)
class Heading:
    """What is known of a table before its rows are read.

    Attributes:
        names: Names of all columns.
        stem: Its name without folder and ending.
        where: Its place, put in front of errors.
        above: Rows above the names: titles, comments.
        sample: Its first rows, as text.
        sampler: Reads the first cells of a column as text, where no rows are at hand.
    """

    names: tuple[str, ...]
    stem: str
    where: str
    above: tuple[tuple[str, ...], ...] = ()
    sample: tuple[tuple[str, ...], ...] = ()
    sampler: Callable[[int], Sequence[str]] | None = None

    def cells(self, position: int) -> list[str]:
        """The first cells of a column that hold something."""
        if self.sampler is not None:
            return [cell.strip() for cell in self.sampler(position) if cell.strip()]
        cells = (row[position].strip() for row in self.sample if position < len(row))
        return [cell for cell in cells if cell]


@dataclass(frozen=True)
class QualityColumns:
    """Columns that together hold the quality of a value.

    Attributes:
        columns: Their positions.
        meanings: What a yes in each means; "code" where the cell itself is a code or word.
    """

    columns: tuple[int, ...]
    meanings: tuple[Meaning, ...]


@dataclass(frozen=True)
class Layout:
    """Where a table holds what, by position of columns.

    Attributes:
        shape: "long" (a row for each value), "wide" (a column for each tag), or "single" (time
            and value of one tag, whose name stands above the table or is the file's).
        clock: The columns of time.
        tag: The column of tag names, in the long form.
        value: The column of values, in the long and the single form.
        quality: The columns of quality, in the long and the single form, if there are any.
        source: The one tag of the single form.
        tags: The column of each tag's values, by key, in the wide form.
        qualities: The columns of each tag's quality, by key, in the wide form.
        clocks: The columns of each tag's own time, by key, in the wide form.
        unread: Columns that look as if they mattered and are not read, as "name: why".
    """

    shape: Literal["long", "wide", "single"]
    clock: Clock
    tag: int | None = None
    value: int | None = None
    quality: QualityColumns | None = None
    source: str = ""
    tags: dict[str, int] = field(default_factory=dict)
    qualities: dict[str, QualityColumns] = field(default_factory=dict)
    clocks: dict[str, Clock] = field(default_factory=dict)
    unread: tuple[str, ...] = ()

    @property
    def cells(self) -> tuple[int, ...]:
        """Positions of tag names and values."""
        some = (self.tag, self.value, *self.tags.values())
        return tuple(position for position in some if position is not None)

    def wanted(self, sources: Iterable[str]) -> Wanted:
        """What must be read, for tags with these names in the export."""
        positions = set(self.cells) | set(self.clock.columns)
        for quality in (self.quality, *self.qualities.values()):
            positions |= set(quality.columns) if quality else set()
        for clock in self.clocks.values():
            positions |= set(clock.columns)
        return Wanted(tuple(sorted(positions)), self.tag, frozenset(sources))


FindLayout = Callable[[Heading], Layout | None]
"""Finds the layout of a table; None if its names make no sense, or it holds no tag that is looked
for."""


def layout_for(plant: PlantFile) -> FindLayout:
    """Look for the tags of a plant.

    The function raises a UserError if a tag has two columns, or a tag has no time.
    """
    return partial(_find, plant.key_of, plant.export, plant)


def layout_for_any(rules: ExportRules) -> FindLayout:
    """Look for any tags, where no plant file says yet which there are: all, under their names."""

    def find(heading: Heading) -> Layout | None:
        title = title_tag(heading)
        found = _find({title or heading.stem: heading.stem}, rules, None, heading)
        if found is not None and found.shape != "wide":
            return found
        clock = find_clock(heading, rules, frozenset(), frozenset(), by_content=True)
        if clock is None:
            return None
        if not any(name.strip() for name in heading.names):
            return _long_by_cells(heading, clock)
        return all_columns(heading, clock)

    return find


def _long_by_cells(heading: Heading, clock: Clock) -> Layout | None:
    """The long form without names: one column of names, one of numbers."""
    free = [i for i in range(len(heading.names)) if i not in clock.columns]
    value = _value_by_cells(heading, free)
    words = [i for i in free if heading.cells(i) and not any(map(_number, heading.cells(i)))]
    words = [i for i in words if not _holds_quality(heading, i)]
    if value is None or len(words) != 1:
        return None
    return Layout("long", clock, words[0], value)


def title_tag(heading: Heading) -> str | None:
    """A name that stands alone in the row above the names, as the tag of the table may."""
    for row in reversed(heading.above):
        cells = [cell.strip() for cell in row if cell.strip()]
        if len(cells) == 1 and re.fullmatch(r"[^\s#;,][^\s;,]*", cells[0]) and len(cells[0]) < 100:
            return cells[0]
    return None


def all_columns(heading: Heading, clock: Clock) -> Layout:
    """The wide form of all columns but those of time and quality."""
    names = [name.strip() for name in heading.names]
    everything = {tag_of_value(name) or name: name for name in names}
    for name in names:
        everything.setdefault(name, name)
    qualities = _quality_columns(heading, names, everything, {}, set(clock.columns))
    others = set(clock.columns) | {p for q in qualities.values() for p in q.columns}
    sources = {}
    for i, name in enumerate(names):
        if not name or i in others or plain(name) in ("index", "row", "no", "unnamed0"):
            continue
        bare = tag_of_value(name)
        sources[bare if bare and any(tag_of_quality(n) == bare for n in names) else name] = i
    clocks, _ = own_clocks(heading, dict(sources), {k: k for k in sources})
    for own in clocks.values():
        for i in own.columns:
            sources = {k: p for k, p in sources.items() if p != i}
    return Layout("wide", clock, tags=sources)


def _find(
    key_of: Mapping[str, str], rules: ExportRules, plant: PlantFile | None, heading: Heading
) -> Layout | None:
    names = [name.strip() for name in heading.names]
    words = [plain(name) for name in names]
    declared = (rules.tag, rules.value, rules.quality, *rules.time)
    if any(name is not None and name not in names for name in declared):
        # Perhaps this is not the line of names, or the separator is another one.
        return None
    tags = _tag_columns(names, key_of, heading.where)
    tags, shifted = _under_names(heading, names, tags)
    taken = frozenset(tags.values())
    parts_of_tags = frozenset(
        i
        for i, name in enumerate(names)
        if (tag_of_quality(name) or "") in key_of and i not in taken
    )
    clocks, named = own_clocks(heading, tags, key_of, plant)
    clocks |= shifted
    clock = find_clock(
        heading,
        rules,
        taken | parts_of_tags,
        frozenset(named),
        by_content=bool(tags) or _has(key_of, heading),
    )
    if clock is None and clocks:
        clock = next(iter(clocks.values()))
    if clock is None and tags and rules.step_s is not None:
        clock = Clock((), ())
    if (
        tags
        and clock is None
        and any(plain(name) in FLAG_WORDS or plain(name) in VALUE_WORDS for name in names)
    ):
        return None
    if tags and clock is None:
        raise NoClock(
            f"{heading.where}: has tags, but no column of time stamps; set export.time to its name, or, if "
            'it has none, export.step = "1min" and export.start = "2024-05-31 00:00:00"'
        )
    if clock is None:
        return None
    time = set(clock.columns)
    tag = names.index(rules.tag) if rules.tag else None
    value = names.index(rules.value) if rules.value else None
    free = [i for i in range(len(names)) if i not in time]
    tag = _tag_column(heading, words, key_of, free) if tag is None else tag
    free = [i for i in free if i != tag]
    value = _first(words, VALUE_WORDS, free) if value is None else value
    if value is None and tag is not None and not tags:
        value = _value_by_cells(heading, free)
    free = [i for i in free if i != value]
    is_long = tag is not None and value is not None and {*tags.values()} <= {tag, value}
    if tags and not is_long:
        others = time | {p for c in clocks.values() for p in c.columns} | set(named)
        qualities = _quality_columns(heading, names, key_of, tags, others)
        for key in tags:
            if plant is not None and (own := plant.tags[key].quality) is not None:
                if own not in names:
                    raise unknown(f"column of tags.{key}.quality", own, names[:1000], heading.where)
                qualities[key] = QualityColumns((names.index(own),), ("code",))
        read = others | {*tags.values()} | {p for q in qualities.values() for p in q.columns}
        return Layout(
            "wide", clock, tags=tags, qualities=qualities, clocks=clocks,
            unread=_unread(names, words, read, key_of),
        )  # fmt: skip
    if value is None:
        return None
    quality = _quality_of_row(heading, words, free, rules.quality)
    read = time | {value} | ({tag} if tag is not None else set())
    unread = _unread(names, words, read | set(quality.columns if quality else ()), key_of)
    if tag is not None:
        return Layout("long", clock, tag, value, quality, unread=unread)
    source = _single_source(heading, key_of)
    if source is None:
        return None
    return Layout("single", clock, None, value, quality, source, unread=unread)


def _has(key_of: Mapping[str, str], heading: Heading) -> bool:
    """Whether a cell may name a tag of the plant."""
    return heading.sampler is not None or any(
        cell.strip() in key_of for row in heading.sample for cell in row
    )


def _single_source(heading: Heading, key_of: Mapping[str, str]) -> str | None:
    """The tag of a table of one: named above it, or by the file."""
    found = []
    for row in heading.above:
        for cell in row:
            text = cell.strip().strip("#").strip()
            parts = [
                text,
                *(part.strip() for part in re.split(r"[:=]\s", text)),
                text.partition("=")[2].strip(),
            ]
            found += [part for part in parts if part in key_of]
    different = list(dict.fromkeys(found))
    if len(different) > 1:
        raise UserError(
            f"{heading.where}: the lines above the header name several tags ({', '.join(different[:4])}); "
            "export a file for each"
        )
    if different:
        return different[0]
    return heading.stem if heading.stem in key_of else None


def _tag_column(
    heading: Heading, words: list[str], key_of: Mapping[str, str], free: list[int]
) -> int | None:
    """The column of tag names: of those that may be, the one that holds names of the plant."""
    named = sorted((TAG_WORDS.index(words[i]), i) for i in free if words[i] in TAG_WORDS)
    if len(named) == 1:
        return named[0][1]
    for _, position in named:
        if any(cell in key_of for cell in heading.cells(position)):
            return position
    if named:
        return named[0][1]
    # Without a name that is known, the cells must show it.
    if len(free) > MOST_JUDGED:
        return None
    holding = [i for i in free if any(cell in key_of for cell in heading.cells(i))]
    return holding[0] if len(holding) == 1 else None


def _value_by_cells(heading: Heading, free: list[int]) -> int | None:
    """The one column of numbers, where no name shows the values."""
    if len(free) > MOST_JUDGED:
        return None
    numeric = []
    for i in free:
        cells = heading.cells(i)
        if cells and sum(_number(cell) for cell in cells) > len(cells) / 2:
            numeric.append(i)
    return numeric[0] if len(numeric) == 1 else None


def _number(cell: str) -> bool:
    return bool(re.fullmatch(r"[+-]?[\d.,]*\d[\d.,]*(?:[eE][+-]?\d+)?", cell))


def _first(words: list[str], known: Iterable[str], free: list[int]) -> int | None:
    return next((i for i in free if words[i] in known), None)


def _tag_columns(names: list[str], key_of: Mapping[str, str], where: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for position, name in enumerate(names):
        source = name if name in key_of else tag_of_value(name)
        if source is None or source not in key_of:
            continue
        if key_of[source] in found:
            if name not in key_of:
                continue
            if names[found[key_of[source]]] == name:
                raise UserError(f"{where}: column '{name}' is there twice; remove one of them")
        found[key_of[source]] = position
    return found


def _under_names(
    heading: Heading, names: list[str], tags: dict[str, int]
) -> tuple[dict[str, int], dict[str, Clock]]:
    """Tags whose name stands above their time, with their value in the nameless column behind."""
    from shiftwork.records.historian.values.stamps import looks_like_date

    clocks: dict[str, Clock] = {}
    moved = dict(tags)
    for key, position in tags.items():
        behind = position + 1
        if behind >= len(names) or names[behind]:
            continue
        cells = heading.cells(position)
        if cells and all(looks_like_date(cell) for cell in cells):
            moved[key] = behind
            clocks[key] = Clock((position,), ("stamp",))
    return moved, clocks


def _quality_of_row(
    heading: Heading, words: list[str], free: list[int], declared: str | None
) -> QualityColumns | None:
    """Quality in the long form: the column named so, or flags."""
    names = [name.strip() for name in heading.names]
    if declared is not None:
        return QualityColumns((names.index(declared),), ("code",))
    flags = [i for i in free if words[i] in FLAG_WORDS]
    named = sorted((QUALITY_WORDS.index(words[i]), i) for i in free if words[i] in QUALITY_WORDS)
    if named:
        return QualityColumns((named[0][1],), ("code",))
    if flags:
        return QualityColumns(tuple(flags), tuple(FLAG_WORDS[words[i]] for i in flags))  # type: ignore[misc]
    likely = [i for i in free if _holds_quality(heading, i)]
    return QualityColumns((likely[0],), ("code",)) if len(likely) == 1 else None


def _holds_quality(heading: Heading, position: int) -> bool:
    """Whether a column named like quality, or without a name, holds words or codes of quality."""
    from shiftwork.records.historian.values.quality import status_of_word

    name, cells = heading.names[position].strip(), heading.cells(position)
    if name and not looks_like_quality(name):
        return False
    words = bool(cells) and all(status_of_word(cell) is not None for cell in cells)
    return words or (bool(name) and bool(cells) and all(map(_number, cells)))


def _quality_columns(
    heading: Heading,
    names: list[str],
    key_of: Mapping[str, str],
    tags: Mapping[str, int],
    taken: set[int],
) -> dict[str, QualityColumns]:
    """Quality in the wide form: by the tag in its name, or by its place beside the tag."""
    found: dict[str, QualityColumns] = {}
    key_of_bare = {tag_of_value(source) or source: key for source, key in key_of.items()} | dict(
        key_of
    )
    nameless = []
    for position, name in enumerate(names):
        if position in taken or position in tags.values():
            continue
        word = re.sub(r"\.?\d+$", "", name)  # data frames number what is there twice
        if plain(word) in QUALITY_WORDS or plain(word) in FLAG_WORDS:
            nameless.append(position)
            continue
        tag = tag_of_quality(name)
        if tag and tag in key_of_bare and name not in key_of:
            meaning = FLAG_WORDS.get(plain(name.removeprefix(tag)), "code")
            found.setdefault(key_of_bare[tag], QualityColumns((position,), (meaning,)))  # type: ignore[arg-type]
    at = {position: key for key, position in tags.items()}
    values = [i for i in range(len(names)) if i not in taken and i not in nameless and names[i]]
    behind = all(p - 1 in values for p in nameless)
    before = all(p + 1 in values for p in nameless)
    if nameless and (len(nameless) > 1 or len(values) == 1) and behind != before:
        step = -1 if behind else 1
        for position in nameless:
            key = at.get(position + step)
            word = plain(re.sub(r"\.?\d+$", "", names[position]))
            if key is not None:
                meaning = FLAG_WORDS.get(word, "code")
                found.setdefault(key, QualityColumns((position,), (meaning,)))  # type: ignore[arg-type]
    return found


def _unread(
    names: list[str], words: list[str], read: set[int], key_of: Mapping[str, str]
) -> tuple[str, ...]:
    """Columns that are not read though their names look like quality or a part of the time."""
    notes = []
    for i, name in enumerate(names):
        if i in read or not name:
            continue
        owner = tag_of_quality(name)
        stranger = (
            owner
            and owner not in key_of
            and (owner in names or any(tag_of_value(n) == owner for n in names))
        )
        if looks_like_quality(name) and not stranger:
            notes.append(
                f"'{name}' looks like quality and is not read; set export.quality or tags.NAME.quality"
            )
        part = next((part for part, known in PARTS.items() if words[i] in known), None)
        if part in ("hour", "minute", "second", "ms", "us"):
            notes.append(f"'{name}' looks like a part of the time and is not read; set export.time")
    return tuple(notes)
