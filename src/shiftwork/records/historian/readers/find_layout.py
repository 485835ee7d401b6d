"""Which columns of a table hold time, tag, value and quality.

Names come first, content second: of several columns that could be meant by their name, the one
whose cells fit counts, and where no name helps, cells alone may.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from shiftwork.errors import UserError, unknown
from shiftwork.records.historian.plant_file.model import ExportRules, PlantFile
from shiftwork.records.historian.readers.layout import (
    MOST_JUDGED,
    Clock,
    FindLayout,
    Heading,
    Layout,
    NoClock,
    NoValues,
    QualityColumns,
)
from shiftwork.records.historian.readers.names import (
    TAG_WORDS,
    TYPED_VALUE,
    UNIT_WORDS,
    VALUE_WORDS,
    flag_meaning,
    is_number,
    plain,
    tag_of_quality,
    tag_of_value,
)
from shiftwork.records.historian.readers.quality_columns import (
    quality_columns,
    quality_of_row,
    shared_quality,
    unread_columns,
)
from shiftwork.records.historian.readers.time_columns import (
    find_clock,
    own_clocks,
    zone_above,
    zones_in_titles,
)
from shiftwork.records.historian.values.stamp_shapes import looks_like_date


def layout_for(plant: PlantFile, rules: ExportRules) -> FindLayout:
    """Look for the tags of a plant, in files that follow these rules.

    The function raises a UserError if a tag has two columns, or a tag has no time.
    """
    return partial(find_columns, plant.key_of, rules, plant)


def find_columns(
    key_of: Mapping[str, str], rules: ExportRules, plant: PlantFile | None, heading: Heading
) -> Layout | None:
    """Find the columns of a table.

    Args:
        key_of: Key of each tag by its name in the export.
        rules: What is declared.
        plant: The plant, if there is one; its tags may have columns of their own.
        heading: The table.

    Raises:
        UserError: A tag has two columns, or no time.
    """
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
        and any(flag_meaning(name) or plain(name) in VALUE_WORDS for name in names)
    ):
        return None
    if tags and clock is None:
        for row in heading.above:
            _refuse_turned(heading, row)
        raise NoClock(
            f"{heading.where}: has tags, but no column of time stamps; set export.time to its name, or, if "
            'it has none, export.step = "1min" and export.start = "2024-05-31 00:00:00"'
        )
    if clock is None:
        tag = names.index(rules.tag) if rules.tag else None
        free = list(range(len(names)))
        tag = _tag_column(heading, words, key_of, free) if tag is None else tag
        if tag is not None:
            _refuse_without(heading, tag, key_of, "time stamps", "export.time")
        return None
    clock = zone_above(heading, clock, rules)
    titles = zones_in_titles(heading, clock, rules)
    time = set(clock.columns)
    tag = names.index(rules.tag) if rules.tag else None
    value = names.index(rules.value) if rules.value else None
    free = [i for i in range(len(names)) if i not in time]
    tag = _tag_column(heading, words, key_of, free) if tag is None else tag
    free = [i for i in free if i != tag]
    typed = [i for i in free if TYPED_VALUE.fullmatch(words[i])] if value is None else []
    if len(typed) > 1:
        value = typed[0]
    if value is None:
        value = _first(words, VALUE_WORDS, free)
        if value is not None and len(typed) == 1:
            typed = [value, *typed]  # numbers, and beside them text
    if value is None and tag is not None and not tags:
        value = value_by_cells(heading, free)
        if value is not None and names[value]:
            titles = (*titles, f"'{names[value]}' is taken as the column of values")
    free = [i for i in free if i != value and i not in typed[1:]]
    is_long = tag is not None and value is not None and {*tags.values()} <= {tag, value}
    if tags and not is_long:
        others = time | {p for c in clocks.values() for p in c.columns} | set(named)
        qualities = quality_columns(heading, key_of, tags, others)
        if rules.quality is not None:
            qualities = dict.fromkeys(
                tags, QualityColumns((names.index(rules.quality),), ("code",))
            )
        found = qualities if rules.quality is None else {}
        titles += shared_quality(found, tags, names)
        for key in tags:
            if plant is not None and (own := plant.tags[key].quality) is not None:
                if own not in names:
                    raise unknown(f"column of tags.{key}.quality", own, names[:1000], heading.where)
                qualities[key] = QualityColumns((names.index(own),), ("code",))
        read = others | {*tags.values()} | {p for q in qualities.values() for p in q.columns}
        return Layout(
            "wide", clock, tags=tags, qualities=qualities, clocks=clocks,
            unread=unread_columns(heading, read, key_of, wide=True),
            assumed=titles,
        )  # fmt: skip
    if value is None:
        if tag is not None:
            _refuse_without(heading, tag, key_of, "values", "export.value")
        return None
    quality = quality_of_row(heading, free, rules.quality)
    read = time | {value, *typed} | ({tag} if tag is not None else set())
    read |= set(quality.columns if quality else ())
    unread = unread_columns(heading, read, key_of, wide=False)
    if tag is not None:
        unit = next((i for i in free if words[i] in UNIT_WORDS), None)
        return Layout(
            "long",
            clock,
            tag,
            value,
            tuple(typed[1:]),
            unit,
            quality,
            unread=unread,
            assumed=titles,
        )
    source = _single_source(heading, key_of)
    if source is None:
        return None
    return Layout(
        "single",
        clock,
        None,
        value,
        tuple(typed[1:]),
        None,
        quality,
        source,
        unread=unread,
        assumed=titles,
    )


def _has(key_of: Mapping[str, str], heading: Heading) -> bool:
    """Whether a cell may name a tag of the plant."""
    return heading.sampler is not None or any(
        cell.strip() in key_of for row in heading.sample for cell in row
    )


def _refuse_without(
    heading: Heading, tag: int, key_of: Mapping[str, str], what: str, key: str
) -> None:
    """Refuse rows of text that name tags of the plant beside nothing that is known as time or values.

    Raises:
        NoValues: Perhaps another line is the line of names.
    """
    name = heading.names[tag].strip()
    if heading.sampler is not None or not name or name in key_of:
        return  # a row of data is no line of names
    if not any(cell in key_of for cell in heading.cells(tag)):
        return
    names = [name.strip() for name in heading.names]
    _refuse_turned(heading, names)
    shown = ", ".join(name for name in names if name)[:120]
    raise NoValues(
        f"{heading.where}: has tags in column '{names[tag]}', but no column of {what} is known; set {key} "
        f"to its name (columns: {shown})"
    )


def _refuse_another(heading: Heading, tag: int, key_of: Mapping[str, str], free: list[int]) -> None:
    """Refuse rows of text whose column of tags is not the one that is named so."""
    if heading.sampler is not None or len(free) > MOST_JUDGED:
        return
    cells = heading.cells(tag)
    if not cells or any(cell in key_of for cell in (*cells, *heading.names)):
        return
    holding = [i for i in free if i != tag and any(cell in key_of for cell in heading.cells(i))]
    if len(holding) == 1 and heading.names[holding[0]].strip():
        other = heading.names[holding[0]].strip()
        raise NoValues(
            f"{heading.where}: has the plant's tags in column '{other}' and not in '{heading.names[tag].strip()}'; "
            f'set export.tag = "{other}"'
        )


def _refuse_turned(heading: Heading, names: Sequence[str]) -> None:
    """Refuse a table with a column for each time or each hour of the day."""
    hours = sum(bool(re.fullmatch(r"(?i)h?(?:our)?[ _]?\d{1,2}(?::00)?", name)) for name in names)
    dates = sum(map(looks_like_date, names))
    if hours >= 12 or dates >= 2:
        raise NoClock(
            f"{heading.where}: has a column for each {'time' if dates >= 2 else 'hour'}; export it with a row for "
            "each time, or turn it (unpivot)"
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
        _refuse_another(heading, named[0][1], key_of, free)
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


def value_by_cells(heading: Heading, free: list[int]) -> int | None:
    """The one column of numbers, where no name shows the values."""
    if len(free) > MOST_JUDGED:
        return None
    numeric = []
    for i in free:
        cells = heading.cells(i)
        if cells and sum(is_number(cell) for cell in cells) > len(cells) / 2:
            numeric.append(i)
    return numeric[0] if len(numeric) == 1 else None


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
