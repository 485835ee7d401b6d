"""What a page says: figures of tools, the audit's records and the log's rows, nothing of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from shiftwork.assistant.answers import Answer, ChartSource
from shiftwork.assistant.documents.passages import Passage, quotable
from shiftwork.assistant.export import Export
from shiftwork.assistant.figures import Figure
from shiftwork.assistant.grammar.periods import Period
from shiftwork.assistant.handover.spans import Over, before
from shiftwork.assistant.text import Language
from shiftwork.assistant.tools.chart import chart, sha256
from shiftwork.assistant.tools.compare import compare
from shiftwork.assistant.tools.earnings import earnings
from shiftwork.assistant.tools.explain import MOVES, NAMED, explain
from shiftwork.assistant.tools.operated import SEEN, operated
from shiftwork.assistant.tools.schedule import schedule
from shiftwork.assistant.tools.summarize import summarize
from shiftwork.errors import UserError
from shiftwork.operation.audit import Entry

MOST_TAGS, MOST_DRAWN, MOST_ROWS, MOST_BACK = 40, 4, 60, 24
TOLD = tuple(kind for kind in SEEN if kind not in ("decision", "intent", "outcome"))
"""Records of the audit that a page tells one by one."""


@dataclass
class Section:
    """A part of a page.

    Attributes:
        name: Which, a key of the page's words.
        figures: Numbers of the page's figures, from 1, in their order.
        rows: Quotes: when, what, from where.
        problems: Why something is not here.
    """

    name: str
    figures: list[int] = field(default_factory=list)
    rows: list[tuple[str, str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass
class Contents:
    """All that a page says.

    Attributes:
        plant: Its name.
        over: What stretch of time it is about.
        start: Local time, ISO.
        stop: Local time, ISO.
        zone: Of the plant.
        language: Of the page.
        figures: All of them; sections name them by number.
        sections: In the order of the page.
        pictures: SVG documents.
        charts: How the pictures are drawn again.
        passages: The rows of logs that are quoted.
    """

    plant: str
    over: Over
    start: str
    stop: str
    zone: str
    language: Language
    figures: list[Figure] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    pictures: list[bytes] = field(default_factory=list)
    charts: list[ChartSource] = field(default_factory=list)
    passages: list[Passage] = field(default_factory=list)

    @property
    def answer(self) -> Answer:
        """The page as an answer, whose every figure can be computed again."""
        lines = [
            f"{{f{n}.label}} ({{f{n}.range}}): {{f{n}}}" for n in range(1, 1 + len(self.figures))
        ]
        title = f"{self.plant}: {self.over}, {self.start} - {self.stop} ({self.zone})"
        return Answer(
            title,
            self.language,
            "answered",
            "\n".join(lines),
            tuple(self.figures),
            tuple(self.charts),
            tuple(self.passages),
        )

    def section(self, name: str, *computed: Callable[[], Sequence[Figure]]) -> Section:
        """Add a part with the figures of tools; what cannot be computed is said there."""
        part = Section(name)
        for compute in computed:
            try:
                found = compute()
            except UserError as error:
                part.problems.append(str(error))
                continue
            for figure in found:
                self.figures.append(figure)
                part.figures.append(len(self.figures))
        self.sections.append(part)
        return part


def contents_of(export: Export, over: Over, span: Period, language: Language) -> Contents:
    """Gather what a page says about a stretch of time.

    Args:
        export: The export, with whatever is open beside it.
        over: What stretch it is.
        span: The stretch.
        language: Of the page.

    Raises:
        UserError: Nothing at all is known of it.
    """
    plant = export.plant
    start, stop = (moment.isoformat(timespec="minutes") for moment in (span.start, span.stop))
    earlier = before(over, span, plant)
    base = [moment.isoformat(timespec="minutes") for moment in (earlier.start, earlier.stop)]
    page = Contents(plant.name, over, start, stop, plant.zone, language)
    keys = [t.key for t in plant.tags.values() if t.role in ("action", "observation")][:MOST_TAGS]
    page.section("earned", lambda: _earned(export, (start, stop), base))
    page.section("moved", *(_mean_and_ends(export, key, start, stop) for key in keys))
    if not page.figures:
        raise UserError(
            f"nothing is known of any tag from {start} to {stop} ({plant.zone}); choose a time that the "
            "records cover"
        )
    page.section("changed", *(_difference(export, key, (start, stop), base) for key in keys))
    page.section("outside", *(_outside(export, key, start, stop) for key in keys))
    _agents(export, page)
    if plant.schedule:
        page.section("due", lambda: _due(export, stop))
    _log(export, page)
    _draw(export, page, [key for key in keys if plant.tags[key].role == "action"] + keys)
    return page


def _earned(export: Export, span: tuple[str, str], base: Sequence[str]) -> Sequence[Figure]:
    """Accounts in total, or per period where the unit says no more, beside those of the stretch before."""
    now = earnings(export, *span)
    totals = "earned in total" in {figure.statistic for figure in now}
    wanted = "earned in total" if totals else "earned per period"
    try:
        earlier = {f.tag: f for f in earnings(export, *base) if f.statistic == wanted}
    except UserError:
        earlier = {}  # the column is missing then
    found: list[Figure] = []
    for figure in (figure for figure in now if figure.statistic == wanted):
        pair = [figure, *([earlier[figure.tag]] if figure.tag in earlier else [])]
        if any(one.value for one in pair):
            found += pair
    return found


def _mean_and_ends(
    export: Export, key: str, start: str, stop: str
) -> Callable[[], Sequence[Figure]]:
    return lambda: summarize(export, key, start, stop)[:3]


def _difference(
    export: Export, key: str, span: tuple[str, str], base: Sequence[str]
) -> Callable[[], Sequence[Figure]]:
    """The difference to the stretch before, where its interval has one sign."""

    def compute() -> Sequence[Figure]:
        try:
            found = compare(export, key, *span, *base)
        except UserError:
            return ()  # what is not known is said beside the means
        ends = [figure.value for figure in found[1:3]]
        return found[:3] if len(ends) == 2 and (ends[0] > 0 or ends[1] < 0) else ()

    return compute


def _outside(export: Export, key: str, start: str, stop: str) -> Callable[[], Sequence[Figure]]:
    """Share of time outside numeric bounds, or else the span, where there is any."""
    tag = export.plant.tags[key]

    def compute() -> Sequence[Figure]:
        limits = tag.bounds or tag.span
        if limits is None or any(isinstance(end, str) for end in limits):
            return ()
        try:
            found = summarize(export, key, start, stop, *(float(end) for end in limits))
        except UserError:
            return ()
        share = next(f for f in found if f.statistic == "share outside limits")
        return (share,) if share.value > 0 else ()

    return compute


def _due(export: Export, stop: str) -> Sequence[Figure]:
    """What is due as known at the end, or at the last record if the stretch is not over."""
    at = min(stop, export.local(int(export.grid_of().time.astype("int64")[-1])))
    return schedule(export, at, _after(export, at))


def _after(export: Export, at: str) -> str:
    """A decision period later."""
    return export.local(export.span(at, "2200-01-01")[0] + round(export.plant.period_s * 1e6))


def _agents(export: Export, page: Contents) -> None:
    """What the agents did and why, what people changed, and what was refused."""
    start, stop = page.start, page.stop
    if export.operated is not None:
        part = page.section("did", lambda: operated(export, start, stop))
        told = export.operated.entries(TOLD, *export.span(start, stop))
        part.rows = [_told(entry, export) for entry in told[-MOST_ROWS:]]
    if export.agent is not None:
        page.section("why", lambda: _last_decision(export, start, stop))


def _last_decision(export: Export, start: str, stop: str) -> Sequence[Figure]:
    """The last decision of the stretch for which all is known, with the inputs that move it most."""
    begin, end = export.span(start, stop)
    period_us = round(export.plant.period_s * 1e6)
    last = min(end, int(export.grid_of().time.astype("int64")[-1]) + period_us) - period_us
    made = export.operated.moment(end - 1, begin) if export.operated is not None else None
    if made is not None and made.stamp_us >= begin:
        last = made.stamp_us
    for back in range(MOST_BACK):
        at = export.local(max(last - back * period_us, begin))
        try:
            found = explain(export, at, _after(export, at))
        except UserError:
            if back == MOST_BACK - 1:
                raise
            continue
        break
    inputs = [figure for figure in found if figure.statistic == MOVES][:NAMED]
    return (*(figure for figure in found if figure.statistic != MOVES), *inputs)


def _told(entry: Entry, export: Export) -> tuple[str, str, str]:
    """A record of the audit as a quote: when, what, and its place."""
    body = {key: value for key, value in entry.body.items() if value not in (None, "", [], {})}
    text = ", ".join(
        f"{key}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for key, value in body.items()
    )
    place = f"audit {entry.number}, {entry.hash[:12]}"
    return export.local(entry.at_us).replace("T", " "), quotable(f"{entry.kind}: {text}"), place


def _log(export: Export, page: Contents) -> None:
    """The rows of the plant's logs in the stretch, quoted."""
    rows = [p for p in export.texts if p.at and page.start <= p.at < page.stop][:MOST_ROWS]
    if rows:
        part = page.section("log")
        part.rows = [(p.at.replace("T", " "), p.text, f"{p.source}, {p.line}") for p in rows]
        page.passages += rows


def _draw(export: Export, page: Contents, keys: list[str]) -> None:
    """Draw the first few tags of which anything is known."""
    known = {figure.tag for figure in page.figures if figure.tool == "summarize"}
    drawn = tuple(key for key in dict.fromkeys(keys) if key in known)[:MOST_DRAWN]
    picture = chart(export, drawn, page.start, page.stop).picture
    page.pictures.append(picture)
    page.charts.append(ChartSource(drawn, page.start, page.stop, sha256(picture)))
