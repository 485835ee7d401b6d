"""A first plant file, drafted by looking at an export; a person then makes it true."""

from __future__ import annotations

import json
import keyword
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from shiftwork.errors import UserError
from shiftwork.records.historian.opened import open_tables
from shiftwork.records.historian.plant_file.durations import SECONDS, spelled
from shiftwork.records.historian.plant_file.expression import FUNCTIONS
from shiftwork.records.historian.plant_file.load import ReadingRules
from shiftwork.records.historian.plant_file.model import PlantFile, Role
from shiftwork.records.historian.readers.columns import tag_names
from shiftwork.records.historian.readers.find_any import all_columns, layout_for_any
from shiftwork.records.historian.readers.layout import Clock, Heading
from shiftwork.records.historian.samples import BAD, GOOD, Samples, read_samples

MOST_TAGS = 5000
"""A plant file of more tags is nobody's to check; the export is cut down first."""
VISIBLE = 0.002
"""A smallest change below this part of a tag's range is no dead-band that matters."""

_NICE = (1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 300, 600, 900, 1200, 1800, 3600, 7200, 14400, 86400)
"""Seconds of decision periods that people use."""

_MEAN = re.compile(
    r"(?:^|[._ \[(-])(?:avg|average|mean|mittel(?:wert)?|moyenne|media|평균)(?:$|[\d._ \])-])", re.I
)
_LIMIT = re.compile(
    r"(?:^|[._ -])(?:lower|upper|lo|hi|ll|hh|low|high|min|max|limit|lim|hlm|llm)\d*$", re.I
)
_ACTION = re.compile(r"(?:^|[._ -])(?:sp|spt|setpoint|set|op|out|mv|co|output)\d*$", re.I)
_SET = re.compile(r"(?:^|[._ -])target$", re.I)


@dataclass
class _Tag:
    """What the samples of one tag look like."""

    source: str
    key: str
    role: Role
    samples: int
    low: float
    high: float
    step_s: float | None
    texts: tuple[str, ...]
    smallest_change: float | None

    @property
    def constant(self) -> bool:
        return self.low == self.high


@dataclass(frozen=True)
class Draft:
    """A drafted plant file.

    Attributes:
        text: TOML with comments.
        problem: Why the values could not be read, "" if they could.
    """

    text: str
    problem: str


def draft_plant_file(paths: Sequence[str | Path], reading: ReadingRules | None = None) -> Draft:
    """Write a plant file for an export, guessing what names and values show.

    Args:
        paths: The export, as ``read_samples`` takes it.
        reading: What is known of it already: [export], [quality] and time_zone of a plant file.

    Returns:
        TOML with comments; what only a person can know is marked CHECK. If the values cannot be
        read without knowing more, the reason is in the text and beside it.

    Raises:
        UserError: The export has no table, or more tags than anyone could check.
    """
    reading = reading or ReadingRules()
    sources = _sources(paths, reading)
    if len(sources) > MOST_TAGS:
        raise UserError(
            f"{paths[0]}: the export has {len(sources)} tags; export at most {MOST_TAGS} to draft a "
            "plant file from them"
        )
    keys = _keys(sources)
    problem, samples = "", None
    try:
        samples = read_samples(paths, _everything(dict(zip(keys, sources, strict=True)), reading))
    except UserError as error:
        problem = str(error)
    tags = [_look(key, source, samples) for key, source in zip(keys, sources, strict=True)]
    _guess_roles(tags)
    return Draft("\n".join(_lines(paths, tags, problem, reading)) + "\n", problem)


def _sources(paths: Sequence[str | Path], reading: ReadingRules) -> list[str]:
    """Names of all tags, in the order in which they stand in the export."""
    found: dict[str, None] = {}
    rules = reading.export
    for table, known in open_tables(paths, layout_for_any, rules).tables:
        layout = known or all_columns(Heading(table.header, table.stem, table.name), _FIRST)
        if layout.shape == "wide":
            found.update(dict.fromkeys(layout.tags))
        elif layout.tag is None:
            found[layout.source] = None
        else:
            found.update(dict.fromkeys(tag_names(table, layout.tag)))
        if len(found) > 100 * MOST_TAGS:
            break
    return list(found)


_FIRST = Clock((0,), ("stamp",))


def _everything(sources: dict[str, str], reading: ReadingRules) -> PlantFile:
    """A plant in which every tag of the export is only observed."""
    tags = {k: {"key": k, "source": s, "role": "observation"} for k, s in sources.items()}
    raw = {"name": "draft", "period": "1min", "objective": {"expression": "0"}, "tags": tags}
    plant = PlantFile.model_validate(raw, context={"path": Path("draft"), "period_s": 60.0})
    return plant.model_copy(
        update={"zone": reading.zone, "export": reading.export, "quality": reading.quality}
    )


def _keys(sources: Sequence[str]) -> list[str]:
    """A key for each source: its letters and digits, unlike every other."""
    keys: dict[str, None] = {}
    for source in sources:
        text = unicodedata.normalize("NFKC", source).lower()
        key = re.sub(r"\W+", "_", text).strip("_") or "tag"
        key = key if key.isidentifier() else f"tag_{key}"
        key = key if key.isidentifier() else "tag"
        if key in FUNCTIONS or keyword.iskeyword(key):
            key += "_tag"
        number, free = 2, key
        while free in keys:
            free, number = f"{key}_{number}", number + 1
        keys[free] = None
    return list(keys)


def _look(key: str, source: str, samples: Samples | None) -> _Tag:
    tag = _Tag(source, key, "observation", 0, np.nan, np.nan, None, (), None)
    if samples is None:
        return tag
    frame = samples.of(key)
    tag.samples = len(frame)
    texts = frame.filter((pl.col("status") == BAD) & pl.col("state").is_not_null())["state"]
    values = frame.filter((pl.col("status") == GOOD) & pl.col("value").is_not_null())["value"]
    if len(texts) > len(values):
        tag.role = "state"
        common = texts.value_counts(sort=True).head(3)["state"]
        tag.texts = tuple(str(text)[:40] for text in common)
    elif len(values):
        tag.low, tag.high = float(values.min()), float(values.max())  # type: ignore[arg-type]
        changes = values.diff().abs()
        changes = changes.filter(changes > 0)
        if len(changes) >= 20:
            tag.smallest_change = float(changes.quantile(0.01) or 0.0)
    if len(frame) > 1:
        tag.step_s = float(frame["time"].diff().drop_nulls().dt.total_microseconds().median() or 0) / 1e6  # type: ignore[arg-type]  # fmt: skip
    return tag


def _guess_roles(tags: list[_Tag]) -> None:
    keys = {tag.key for tag in tags}
    for tag in tags:
        if tag.role == "state" or not tag.samples:
            continue
        if _LIMIT.search(tag.source) or tag.constant or _SET.search(tag.source):
            tag.role = "limit"
        elif _ACTION.search(tag.source) or f"{tag.key}_delta_lower" in keys:
            tag.role = "action"


def _lines(
    paths: Sequence[str | Path], tags: list[_Tag], problem: str, reading: ReadingRules
) -> Iterator[str]:
    period_s = _period([tag.step_s for tag in tags if tag.step_s])
    name = Path(str(paths[0])).stem.replace("*", "").strip() or "plant"
    yield "# Drafted from what an export shows. Go through what is marked CHECK."
    if problem:
        yield "# The values could not be read yet, so roles and spans are missing. CHECK:"
        yield f"#   {_comment(problem)}"
        yield "# Write the key that it names below, and draft again with --tags and this file."
    yield ""
    yield f"name = {_toml(name)}"
    yield f'period = "{spelled(period_s)}"  # CHECK: how often a decision is made'
    zone = _toml(reading.zone)
    yield f'time_zone = {zone}  # CHECK: of time stamps that show none, such as "Asia/Seoul"'
    yield from reading.lines
    yield ""
    yield "[objective]"
    yield "# CHECK: what a period earns, over the keys of tags below, such as"
    yield '# "12.5 * product - 3.1 * steam"'
    yield 'expression = "0"'
    yield 'unit = ""'
    yield ""
    yield "[episodes]"
    yield f'gap = "{spelled(10 * period_s)}"  # a longer stretch of missing values ends an episode'
    for tag in tags:
        if tag.role == "state" and tag.texts:
            yield f"# shutdown = {_toml(f'{tag.key} != ' + repr(tag.texts[0]))}"
    if not any(tag.role == "action" for tag in tags):
        yield ""
        yield '# CHECK: no tag looks like a set-point. Give role = "action" and bounds = [low, high]'
        yield "# to what the operators move."
    for tag in tags:
        yield ""
        lines = _tag_lines(tag, {t.key for t in tags if t.role == "limit"})
        if tag.samples or problem:
            yield from lines
        else:
            yield "# Without any value:"
            yield from (f"# {line}" for line in lines)


def _tag_lines(tag: _Tag, limits: set[str]) -> Iterator[str]:
    yield f"[tags.{_toml_key(tag.key)}]"
    if tag.source != tag.key:
        yield f"source = {_toml(tag.source)}"
    note = "  # CHECK: is it what the operators move?" if tag.role == "action" else ""
    yield f'role = "{tag.role}"{note}'
    if tag.role == "state":
        yield f"# values: {_comment(', '.join(tag.texts))}"
        return
    yield 'unit = ""'
    pairs = [(f"{tag.key}{part}lower", f"{tag.key}{part}upper") for part in ("_", "_delta_")]
    bounds, rate = (list(pair) if set(pair) <= limits else None for pair in pairs)
    low, high = _outward(tag.low, tag.high)
    if np.isfinite(low) and tag.role != "limit":
        yield f"span = [{low:g}, {high:g}]  # CHECK: the data reach from {tag.low:g} to {tag.high:g}"
    if bounds and tag.role != "limit":
        yield f"bounds = {_toml(bounds)}"
    elif tag.role == "action":
        yield f"bounds = [{low:g}, {high:g}]  # CHECK: what the operators may set"
    if tag.role == "action":
        yield f"rate = {_toml(rate)}" if rate else "# rate = [-1, 1]  # the most change in a minute"
    if tag.role == "observation" and _MEAN.search(tag.source):
        yield "hold = true  # CHECK: a mean over the time from its stamp on, so it stands until the next"
    width = tag.high - tag.low
    if tag.smallest_change is not None and tag.smallest_change > VISIBLE * width:
        yield f"# dead_band = {tag.smallest_change:.2g}  # smaller changes are hardly stored"


def _period(steps_s: Sequence[float]) -> float:
    """The usual step between samples, as a duration that people use."""
    if not steps_s:
        return SECONDS["min"]
    usual = float(np.median(steps_s))
    if usual >= 1 and abs(usual - round(usual)) < 1e-3 * usual:
        # The samples' own step, or a whole number of them, so that every period has one.
        nice = [n for n in _NICE if n >= round(usual) and n % round(usual) == 0]
        return float(min([n for n in nice if n < 1.5 * usual] or [round(usual)]))
    return float(min(_NICE, key=lambda n: abs(np.log(n / max(usual, 1e-3)))))


def _outward(low: float, high: float) -> tuple[float, float]:
    """Round a range outward to two digits of its width, and make it one if it is a point."""
    if not np.isfinite(low):
        return np.nan, np.nan
    if low == high:
        low, high = low - max(abs(low), 1) / 2, high + max(abs(high), 1) / 2
    unit = 10.0 ** np.floor(np.log10(high - low)) / 10
    return float(np.floor(low / unit) * unit), float(np.ceil(high / unit) * unit)


def _toml(value: object) -> str:
    # JSON's text and lists are TOML's, but for one character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _toml_key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _toml(key)


def _comment(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)
