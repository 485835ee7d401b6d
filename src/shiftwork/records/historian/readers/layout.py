"""What the columns of a table are: the long form, the wide form, or one tag to a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from shiftwork.errors import UserError, unknown
from shiftwork.records.historian.plant_file.model import ExportRules, PlantFile
from shiftwork.records.historian.readers.table import Wanted

# Names of columns as historians give them, letters and digits only.
TAG_WORDS = frozenset(
    (
        "tag",
        "tagname",
        "tagid",
        "tagnm",
        "name",
        "point",
        "pointname",
        "pointid",
        "pointtag",
        "signal",
        "signalname",
        "variable",
        "variablename",
        "sensor",
        "sensorname",
        "sensorid",
        "item",
        "itemid",
        "itemname",
        "nodeid",
        "node",
        "metric",
        "metricname",
        "series",
        "seriesname",
        "path",
        "attribute",
        "channel",
        "태그",
        "태그명",
        "태그이름",
        "측정점",
    )
)
# The most telling first: beside "timestamp", a column "index" only counts rows.
TIME_WORDS = (
    "timestamp",
    "sourcetimestamp",
    "servertimestamp",
    "datetime",
    "dateandtime",
    "sourcetime",
    "sampletime",
    "eventtime",
    "recordtime",
    "zeitstempel",
    "일시",
    "날짜시간",
    "측정시간",
    "time",
    "utctime",
    "zeit",
    "시간",
    "시각",
    "ts",
    "indexlevel0",
    "index",
    "t",
)
TIME_OF_DAY_WORDS = frozenset(("time", "zeit", "uhrzeit", "시간", "시각"))
DATE_WORDS = frozenset(("date", "day", "datum", "날짜", "일자"))
VALUE_WORDS = frozenset(
    (
        "value",
        "val",
        "values",
        "reading",
        "measurement",
        "measuredvalue",
        "data",
        "numericvalue",
        "wert",
        "값",
        "측정값",
    )
)
QUALITY_WORDS = frozenset(
    (
        "quality",
        "qualitycode",
        "qual",
        "status",
        "statuscode",
        "confidence",
        "good",
        "isgood",
        "opcquality",
        "valid",
        "valuequality",
        "quality192",
        "품질",
        "상태",
        "상태코드",
    )
)

_OF_TAG = re.compile(
    r"(?P<tag>.+?)[\s._:/|-]*[\[(]?(?:quality|status|qual|confidence|품질)[\])]?", re.I
)


def plain(name: str) -> str:
    """A column's name as the lists of words have it."""
    return re.sub(r"[\W_]+", "", name.lower())


@dataclass(frozen=True)
class Layout:
    """Where a table holds what, by position of columns.

    Attributes:
        shape: "long" (a row for each value), "wide" (a column for each tag), or "single" (time
            and value of the one tag that the file is named after).
        time: One position, or two for date and time of day.
        utc: The column's name says that it is in UTC.
        tag: Of tag names, in the long form.
        value: Of values, in the long and the single form.
        quality: Of quality, in the long and the single form, if there is one.
        tags: Of each tag's values, by key, in the wide form.
        qualities: Of each tag's quality, by key, in the wide form.
    """

    shape: Literal["long", "wide", "single"]
    time: tuple[int, ...]
    utc: bool = False
    tag: int | None = None
    value: int | None = None
    quality: int | None = None
    tags: dict[str, int] = field(default_factory=dict)
    qualities: dict[str, int] = field(default_factory=dict)

    @property
    def cells(self) -> tuple[int, ...]:
        """Positions of tag names and values."""
        some = (self.tag, self.value, *self.tags.values())
        return tuple(position for position in some if position is not None)

    def wanted(self, sources: Iterable[str]) -> Wanted:
        """What must be read, for tags with these names in the export."""
        some = (self.tag, self.value, self.quality)
        positions = {p for p in some if p is not None} | set(self.time)
        positions |= set(self.tags.values()) | set(self.qualities.values())
        return Wanted(tuple(sorted(positions)), self.tag, frozenset(sources))


FindLayout = Callable[[Sequence[str], str, str], Layout | None]
"""Tells the layout from a table's column names, its name without folder and ending, and its place
for errors; None if the names make no sense, or hold no tag that is looked for."""


def layout_for(plant: PlantFile) -> FindLayout:
    """Look for the tags of a plant.

    The function raises a UserError if a column that the plant file names is missing, or a tag has
    two columns.
    """
    return partial(_find, plant.key_of, plant.export)


def layout_for_any(header: Sequence[str], stem: str, where: str) -> Layout | None:
    """Tell the layout where no plant file says yet which tags there are: all, under their names."""
    found = _find({stem: stem}, ExportRules(), header, stem, where)
    if found is not None and found.shape != "wide":
        return found
    names = [name.strip() for name in header]
    time = _time(names, [plain(name) for name in names], None, set(), where)
    return all_columns(names, time) if time else None


def all_columns(header: Sequence[str], time: tuple[int, ...]) -> Layout:
    """The wide form of all columns but those of time and quality."""
    names = [name.strip() for name in header]
    qualities = _quality_columns(names, {name: name for name in names}, set())
    others = set(time) | set(qualities.values())
    tags = {name: i for i, name in enumerate(names) if name and i not in others}
    return Layout("wide", time, tags=tags)


def _find(
    key_of: Mapping[str, str], told: ExportRules, header: Sequence[str], stem: str, where: str
) -> Layout | None:
    names = [name.strip() for name in header]
    words = [plain(name) for name in names]
    tags = _tag_columns(names, key_of, where)
    time = _time(names, words, told.time, set(tags.values()), where)
    if not time and tags and 0 not in tags.values():
        time = (0,)  # a first column without a name of its own, such as the index of a data frame
    if tags and not time:
        raise UserError(
            f"{where}: has tags, but no column of time stamps; set export.time to its name"
        )
    if not time:
        return None
    tag = _told(names, told.tag, where, "tag")
    value = _told(names, told.value, where, "value")
    quality = _told(names, told.quality, where, "quality")
    free = [i for i in range(len(names)) if i not in time]
    tag = _first(words, TAG_WORDS, free) if tag is None else tag
    free = [i for i in free if i != tag]
    value = _first(words, VALUE_WORDS, free) if value is None else value
    free = [i for i in free if i != value]
    quality = _first(words, QUALITY_WORDS, free) if quality is None else quality
    utc = any("utc" in words[i] or "gmt" in words[i] for i in time)
    is_long = tag is not None and value is not None and {*tags.values()} <= {tag, value}
    if tags and not is_long:
        qualities = _quality_columns(names, key_of, set(tags.values()))
        return Layout("wide", time, utc, tags=tags, qualities=qualities)
    if value is None:
        return None
    if tag is not None:
        return Layout("long", time, utc, tag, value, quality)
    if stem in key_of:
        return Layout("single", time, utc, None, value, quality)
    return None


def _told(names: list[str], name: str | None, where: str, what: str) -> int | None:
    if name is None:
        return None
    if name not in names:
        raise unknown(f"column of export.{what}", name, names[:1000], where)
    return names.index(name)


def _first(words: list[str], known: frozenset[str], free: list[int]) -> int | None:
    return next((i for i in free if words[i] in known), None)


def _time(
    names: list[str], words: list[str], told: str | None, taken: set[int], where: str
) -> tuple[int, ...]:
    """Positions of the time stamp, or of date and time of day; none if no name tells."""
    position = _told(names, told, where, "time")
    if position is not None:
        return (position,)
    bare = [re.sub("utc|gmt|local", "", word) or "time" * ("utc" in word) for word in words]
    free = [i for i in range(len(words)) if i not in taken]
    times = sorted((TIME_WORDS.index(bare[i]), i) for i in free if bare[i] in TIME_WORDS)
    dates = [i for i in free if bare[i] in DATE_WORDS]
    if not times:
        return tuple(dates[:1])
    best = times[0][1]
    if dates and bare[best] in TIME_OF_DAY_WORDS:
        return dates[0], best
    return (best,)


def _tag_columns(names: list[str], key_of: Mapping[str, str], where: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for position, name in enumerate(names):
        if name not in key_of:
            continue
        if key_of[name] in found:
            raise UserError(f"{where}: column '{name}' is there twice; remove one of them")
        found[key_of[name]] = position
    return found


def _quality_columns(
    names: list[str], key_of: Mapping[str, str], taken: set[int]
) -> dict[str, int]:
    """Columns such as "FIC101.PV quality" or "FIC101.PV_status", by key."""
    found: dict[str, int] = {}
    for position, name in enumerate(names):
        parts = _OF_TAG.fullmatch(name)
        if position not in taken and parts and parts["tag"] in key_of:
            found.setdefault(key_of[parts["tag"]], position)
    return found
