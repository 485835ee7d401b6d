"""Which columns of a table hold what, where no plant file says yet which tags there are."""

from __future__ import annotations

import re

from shiftwork.records.historian.plant_file.model import ExportRules
from shiftwork.records.historian.readers.find_layout import find_columns, value_by_cells
from shiftwork.records.historian.readers.layout import Clock, FindLayout, Heading, Layout
from shiftwork.records.historian.readers.names import (
    QUALITY_WORDS,
    is_number,
    plain,
    tag_of_quality,
    tag_of_value,
)
from shiftwork.records.historian.readers.quality_columns import holds_quality, quality_columns
from shiftwork.records.historian.readers.time_columns import find_clock, own_clocks


def layout_for_any(rules: ExportRules) -> FindLayout:
    """Look for any tags, where no plant file says yet which there are: all, under their names."""

    def find(heading: Heading) -> Layout | None:
        title = title_tag(heading)
        found = find_columns({title or heading.stem: heading.stem}, rules, None, heading)
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
    value = value_by_cells(heading, free)
    words = [i for i in free if heading.cells(i) and not any(map(is_number, heading.cells(i)))]
    words = [i for i in words if not holds_quality(heading, i)]
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
    qualities = quality_columns(heading, everything, {}, set(clock.columns))
    others = set(clock.columns) | {p for q in qualities.values() for p in q.columns}
    sources = {}
    for i, name in enumerate(names):
        if not name or i in others or plain(name) in ("index", "row", "no", "unnamed0"):
            continue
        if plain(re.sub(r"[._ ]?\d+$", "", name)) in QUALITY_WORDS and holds_quality(heading, i):
            continue
        bare = tag_of_value(name)
        sources[bare if bare and any(tag_of_quality(n) == bare for n in names) else name] = i
    clocks, _ = own_clocks(heading, dict(sources), {k: k for k in sources})
    for own in clocks.values():
        for i in own.columns:
            sources = {k: p for k, p in sources.items() if p != i}
    return Layout("wide", clock, tags=sources)
