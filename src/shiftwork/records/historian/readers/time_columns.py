"""Columns of time: one stamp, its parts in several columns, or one for each tag."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from shiftwork.errors import UserError, unknown
from shiftwork.records.historian.plant_file.model import ExportRules, PlantFile
from shiftwork.records.historian.readers.layout import Clock, Heading
from shiftwork.records.historian.readers.names import (
    DATE_WORDS,
    PARTS,
    TIME_OF_DAY_WORDS,
    TIME_WORDS,
    bare_time,
    counts_time,
    plain,
    tag_of_time,
)
from shiftwork.records.historian.values.stamp_shapes import looks_like_date, looks_like_stamp
from shiftwork.records.historian.values.wording import ZONES, zone_in_name
from shiftwork.records.historian.values.zone import is_zone


def find_clock(
    heading: Heading,
    rules: ExportRules,
    taken: frozenset[int],
    of_tags: frozenset[int],
    *,
    by_content: bool,
) -> Clock | None:
    """Find the columns of time of a table.

    Args:
        heading: The table.
        rules: What the plant file declares.
        taken: Columns that hold something else.
        of_tags: Columns that hold one tag's own time.
        by_content: Whether cells may show what names do not.
    """
    names = [name.strip() for name in heading.names]
    zones = ZONES | rules.zones
    if rules.time:
        positions = tuple(names.index(name) for name in rules.time)
        if len(positions) == 1:
            return _clock(positions, ("stamp",), names, zones)
        return _clock(
            positions, _declared_parts([names[p] for p in positions], heading), names, zones
        )
    free = [i for i in range(len(names)) if i not in taken and i not in of_tags]
    words = [plain(name) for name in names]
    bare = [bare_time(name) for name in names]
    parts = {
        part: next((i for i in free if words[i] in known), None) for part, known in PARTS.items()
    }
    times = sorted((TIME_WORDS.index(bare[i]), i) for i in free if bare[i] in TIME_WORDS)
    dates = [
        i
        for i in free
        if bare[i] in DATE_WORDS and not (bare[i] in ("tag", "data", "day") and times)
    ]
    dates = [i for i in dates if not heading.cells(i) or any(map(_dated, heading.cells(i)[:5]))]
    fine = [
        (part, parts[part])
        for part in ("ms", "us", "ns", "fraction", "half", "zone")
        if parts[part] is not None and _fits_part(heading, int(parts[part] or 0), part)
    ]
    if times:
        times = _fitting(heading, times, zones, rules)
    if times:
        best = times[0][1]
        if dates and bare[best] in TIME_OF_DAY_WORDS and not _dated_cells(heading, best):
            whole = _dated_cells(heading, dates[0]) and any(
                ":" in cell and not re.search(r"[ T]00:00(:00)?([.]0+)?$", cell)
                for cell in heading.cells(dates[0])[:5]
            )
            if not whole:
                found = [("date", dates[0]), ("time", best), *fine]
                return _clock([p for _, p in found], [k for k, _ in found], names, zones)
            return _clock((dates[0],), ("stamp",), names, zones)
        found = [("stamp", best), *fine]
        return _clock([p for _, p in found], [k for k, _ in found], names, zones)
    smaller = [
        (part, parts[part]) for part in ("hour", "minute", "second") if parts[part] is not None
    ]
    if dates:
        if any(":" in cell for cell in heading.cells(dates[0])[:5]) or not smaller:
            found = [("stamp", dates[0]), *fine]
        else:
            found = [("date", dates[0]), *smaller, *fine]
        return _clock([p for _, p in found], [k for k, _ in found], names, zones)
    if all(parts[part] is not None for part in ("year", "month", "day")):
        found = [(part, parts[part]) for part in ("year", "month", "day")] + smaller + fine
        return _clock([p for _, p in found], [k for k, _ in found], names, zones)
    if not by_content:
        return None
    written = [i for i in free if _dated_cells(heading, i)]
    if len(written) == 1 or (written and written[0] == 0):
        return _clock((written[0],), ("stamp",), names, zones)
    if 0 in free and not names[0] and (not heading.cells(0) or _stamped(heading, 0, zones)):
        return Clock((0,), ("stamp",))  # a data frame's index
    return None


def own_clocks(
    heading: Heading,
    tags: Mapping[str, int],
    key_of: Mapping[str, str],
    plant: PlantFile | None = None,
) -> tuple[dict[str, Clock], set[int]]:
    """Find time columns that belong to one tag each: by the tag in their name, or by their place.

    Returns:
        The clock of each such tag, and the positions of all columns of this kind.
    """
    names = [name.strip() for name in heading.names]
    clocks: dict[str, Clock] = {}
    named: set[int] = set()
    for key in tags:
        if plant is not None and (own := plant.tags[key].time) is not None:
            if own not in names:
                raise unknown(f"column of tags.{key}.time", own, names[:1000], heading.where)
            clocks[key] = _clock((names.index(own),), ("stamp",), names, ZONES)
            named.add(names.index(own))
    columns = {name for i, name in enumerate(names) if i not in tags.values()}
    for i, name in enumerate(names):
        if i in tags.values():
            continue
        tag = tag_of_time(name)
        if tag is None:
            continue
        if tag in key_of and key_of[tag] in tags:
            clocks.setdefault(key_of[tag], _clock((i,), ("stamp",), names, ZONES))
            named.add(i)
        elif tag in columns and looks_like_date_cells(heading, i):
            named.add(i)  # of a tag that is not the plant's
    times = [
        i for i in range(len(names))
        if i not in tags.values() and bare_time(re.sub(r"[._ ]?\d+$", "", names[i])) in TIME_WORDS
        and (not heading.cells(i) or _stamped(heading, i, ZONES))
    ]  # fmt: skip
    groups: dict[str, list[int]] = {}
    for i in times:
        groups.setdefault(bare_time(re.sub(r"[._ ]?\d+$", "", names[i])), []).append(i)
    paired = _paired(heading, tags, named)
    if paired and not any(len(same) > 1 for same in groups.values()):
        for key, position in paired.items():
            clocks.setdefault(key, _clock((position,), ("stamp",), names, ZONES))
        named |= set(paired.values())
    for same in groups.values():
        if len(same) < 2:
            continue
        first_tag = min(tags.values(), default=0)
        before = same[0] < first_tag or not tags
        for key, position in tags.items():
            side = [i for i in same if (i < position if before else i > position)]
            if not side:
                raise UserError(
                    f"{heading.where}: several time columns '{names[same[0]]}', and none stands "
                    f"{'before' if before else 'behind'} '{names[position]}'; set tags.{key}.time"
                )
            clocks.setdefault(
                key, _clock((max(side) if before else min(side),), ("stamp",), names, ZONES)
            )
        named |= set(same)
    return clocks, named


def zone_above(heading: Heading, clock: Clock, rules: ExportRules) -> Clock:
    """The clock with the zone that a line above the names gives: "# Time zone: UTC+09:00"."""
    if clock.offset_min is not None or clock.zone:
        return clock
    for row in heading.above:
        text = " ".join(row)
        found = re.search(
            r"(?i)(?:time ?zone|utc offset|zeitzone|fuseau|huso|시간대|时区|タイムゾーン)(.*)", text
        )
        if found is None:
            continue
        long = re.search(r"[A-Z][a-z]+/[A-Z][A-Za-z_]+", found[1])
        if long and is_zone(long[0]):
            return replace(clock, zone=long[0])
        if (offset := zone_in_name(found[1], ZONES | rules.zones)) is not None:
            return replace(clock, offset_min=offset)
    return clock


def zones_in_titles(heading: Heading, clock: Clock, rules: ExportRules) -> tuple[str, ...]:
    """Lines above the names that speak of a zone, and may mean that of the stamps or only their own."""
    if clock.offset_min is not None or clock.zone:
        return ()
    notes = []
    for row in heading.above:
        text = " ".join(cell.strip() for cell in row if cell.strip())
        words = re.findall(r"(?:UTC|GMT)?\s?[+-]\d{1,2}(?::\d{2})?\b|\b[A-Z]{3,4}\b", text)
        if re.search(r"\d:\d|(?i:utc|gmt|zone)", text) and any(
            zone_in_name(f"({word.strip()})", ZONES | rules.zones) is not None for word in words
        ):
            notes.append(
                f"'{text[:60]}' above the names speaks of a time zone; stamps without one are taken in time_zone"
            )
    return tuple(notes)


def _paired(heading: Heading, tags: Mapping[str, int], named: set[int]) -> dict[str, int]:
    """Columns of dates, whatever they are called, that stand beside one tag each: all before, or all behind.

    Two tags without a column of dates between them have none of their own.
    """
    if len(tags) < 2 or len(heading.names) > 1000:
        return {}
    for step in (-1, 1):
        beside = {key: position + step for key, position in tags.items()}
        if all(
            0 <= place < len(heading.names)
            and place not in tags.values()
            and place not in named
            and _dated_cells(heading, place)
            for place in beside.values()
        ):
            return beside
    return {}


def _fits_part(heading: Heading, position: int, part: str) -> bool:
    """Whether cells fit the part of a time that their column's name promises."""
    cells = heading.cells(position)[:20]
    pattern = {
        "half": r"(?i)[ap]\.?\s?m\.?|오전|오후|上午|下午|午前|午後",
        "zone": r"(?:UTC|GMT)?[+-]\d{1,2}(?::?\d{2})?|[A-Za-z]{1,5}",
    }.get(part, r"[\d.,]+")
    return all(re.fullmatch(pattern, cell) for cell in cells)


def looks_like_date_cells(heading: Heading, position: int) -> bool:
    """Say whether a column holds written dates."""
    return _dated_cells(heading, position)


def _clock(
    columns: Iterable[int | None], kinds: Iterable[str], names: list[str], zones: Mapping[str, int]
) -> Clock:
    positions = tuple(p for p in columns if p is not None)
    offsets = (zone_in_name(names[p], zones) for p in positions)
    long = [re.search(r"[A-Z][a-z]+/[A-Z][A-Za-z_]+", names[p]) for p in positions]
    return Clock(
        positions,
        tuple(kinds),
        next((offset for offset in offsets if offset is not None), None),
        next((found[0] for found in long if found and is_zone(found[0])), ""),
        any(counts_time(names[p]) for p in positions),
    )


def _part(name: str, place: int) -> str:
    word = plain(name)
    for part, known in PARTS.items():
        if word in known and not (part == "day" and place == 0):
            return part
    return "date" if place == 0 else "time"


def _declared_parts(names: list[str], heading: Heading) -> tuple[str, ...]:
    """What declared columns hold, by their names; two or three without a known one are hour, minute, second.

    Raises:
        UserError: Two columns seem to hold the same.
    """
    parts = [_part(name, place) for place, name in enumerate(names)]
    unnamed = [place for place, part in enumerate(parts) if part == "time"]
    if len(unnamed) > 1:
        for place, part in zip(unnamed, ("hour", "minute", "second"), strict=False):
            parts[place] = part
    if len(set(parts)) < len(parts) or len(unnamed) > 3:
        raise UserError(
            f"{heading.where}: it is not clear what each column of export.time holds ({', '.join(names)}); export "
            "date and time in one column, or name them year, month, day, hour, minute and second"
        )
    return tuple(parts)


def _fitting(
    heading: Heading, times: list[tuple[int, int]], zones: Mapping[str, int], rules: ExportRules
) -> list[tuple[int, int]]:
    """Leave out columns that are named like time and hold something else, if another one fits."""
    if rules.time_format:
        return times
    fit = [t for t in times if not heading.cells(t[1]) or _stamped(heading, t[1], zones)]
    telling = [t for t in fit if TIME_WORDS[t[0]] not in ("t", "index", "indexlevel0")]
    return telling or fit or [t for t in times if TIME_WORDS[t[0]] not in ("index", "t")]


def _dated(cell: str) -> bool:
    return looks_like_stamp(cell)


def _dated_cells(heading: Heading, position: int) -> bool:
    cells = heading.cells(position)[:20]
    if any(cell.startswith("1899-12-3") for cell in cells):
        return False  # a time of day, as workbooks keep it
    return bool(cells) and all(
        looks_like_date(cell) or (not _plain_number(cell) and looks_like_stamp(cell))
        for cell in cells
    )


def _stamped(heading: Heading, position: int, zones: Mapping[str, int]) -> bool:
    cells = heading.cells(position)[:8]
    return any(looks_like_stamp(cell, zones) or re.match(r"\d{1,2}:\d{2}", cell) for cell in cells)


def _plain_number(cell: str) -> bool:
    return bool(re.fullmatch(r"[+-]?[\d.,]+(?:[eE][+-]?\d+)?", cell))
