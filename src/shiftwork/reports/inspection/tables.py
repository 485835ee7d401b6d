"""The inspection's tables: heads and rows, cells in HTML."""

from __future__ import annotations

from shiftwork.reports.inspection.contents import ActionRecord, Inspection, TagRecord, Verdict
from shiftwork.reports.inspection.words import count, duration, moment, percent, quantity
from shiftwork.reports.paper.html import escaped
from shiftwork.reports.paper.measures import number

Table = tuple[list[str], list[list[str]]]

MOST_ROWS = 200
"""Tags that the page tells one by one; the JSON file has them all."""

VERDICTS: dict[Verdict, str] = {
    "learn": "can be learned",
    "cautious": "close to practice",
    "imitate": "imitation only",
    "no": "cannot be learned",
}

LIMITS = {
    "low": "below its lower limit",
    "high": "above its upper limit",
    "fall": "lowered faster than allowed",
    "rise": "raised faster than allowed",
}


def actions(inspection: Inspection) -> Table:
    """What the records allow to learn of each action."""
    head = ["action", "verdict", "moved in", "typical <br>move", "range <br>used", "its <br>limits"]
    head += ["follows from <br>what was seen", "only it <br>explains"]
    return head, [_action(action) for action in inspection.actions]


def _action(action: ActionRecord) -> list[str]:
    limits = "differ" if action.limit_low is None else _range(action.limit_low, action.limit_high)
    cells = [
        action.key + (f" [{action.unit}]" if action.unit else ""),
        VERDICTS[action.verdict],
        percent(action.moves / action.steps) if action.steps else "–",
        number(action.typical_move) if action.moves else "–",
        _range(action.low, action.high),
        limits,
        _share(action.foretold),
        _share(action.explained),
    ]
    return [escaped(cell) for cell in cells]


def _share(share: float | None) -> str:
    return "–" if share is None else percent(share)


def _range(low: float | None, high: float | None) -> str:
    low_text, high_text = number(low), number(high)
    return low_text if low_text == high_text else f"{low_text} to {high_text}"


def breaches(inspection: Inspection) -> Table:
    """Where the records leave limits."""
    head = ["tag", "how", "periods", "share", "at most by", "first at"]
    rows = [
        [b.key, LIMITS[b.limit], f"{b.count:,}", percent(b.share), quantity(b.worst, b.unit), moment(b.first)]
        for b in inspection.breaches
    ]  # fmt: skip
    return head, [[escaped(cell) for cell in row] for row in rows]


def episodes(inspection: Inspection) -> list[list[str]]:
    """What was cut, and what was left out."""
    summary = inspection.episodes
    assert summary is not None
    lengths = duration(summary.longest_s)
    if summary.shortest_s != summary.longest_s:
        lengths = f"{duration(summary.shortest_s)} to {lengths}"
    ended = f"{summary.terminal:,}" if summary.terminal else "none"
    rows = [
        ["episodes", f"{summary.count:,}, {ended} of them ended by a shutdown"],
        ["length", lengths],
        ["decision periods", f"{summary.steps:,}"],
    ]
    rows += [[f"left out: {reason}", count(n, "period")] for reason, n in summary.dropped.items()]
    rows += [[f"short gaps filled: {key}", count(n, "period")] for key, n in summary.filled.items()]
    return [[escaped(cell) for cell in row] for row in rows]


def tags(inspection: Inspection) -> tuple[Table, str]:
    """The tags that stand out, and a sentence about the rest."""
    told = [tag for tag in inspection.tags if _remarkable(tag)]
    rest = [tag for tag in inspection.tags if not _remarkable(tag)]
    head = [
        "tag",
        "role",
        "samples",
        "one every",
        "bad",
        "uncertain",
        "known",
        "longest gap",
        "remark",
    ]
    rows = [_tag(tag) for tag in told[:MOST_ROWS]]
    sentence = f"{len(told) - MOST_ROWS:,} more tags stand out. " if len(told) > MOST_ROWS else ""
    if rest:
        steps = {duration(tag.every_s) for tag in rest}
        every = f", one sample every {steps.pop()}" if len(steps) == 1 else ""
        which = "All" if not told else "The other"
        sentence += (
            f"{which} {len(rest):,} tags are known at every decision{every}, without bad or "
            "uncertain values."
            if len(rest) > 1
            else f"{rest[0].key} is known at every decision{every}, without bad or uncertain values."
        )
    return (head, rows), sentence


def _remarkable(tag: TagRecord) -> bool:
    constant = tag.constant and tag.role in ("observation", "action", "objective")
    return bool(
        tag.bad or tag.uncertain or tag.known < 1 or tag.hidden or tag.dead_band or constant
    )


def _tag(tag: TagRecord) -> list[str]:
    remarks = [f"'{text}' {n:,} times" for text, n in tag.texts]
    if not tag.samples:
        remarks.append("no value at all")
    elif tag.constant:
        remarks.append("never changes")
    if tag.hidden:
        remarks.append("hidden by its dead-band")
    elif tag.dead_band:
        remarks.append(f"dead-band {quantity(tag.dead_band, tag.unit)}")
    if tag.gaps:
        remarks.append(f"{count(tag.gaps, 'gap')} too long for an episode")
    cells = [
        tag.key,
        tag.role,
        f"{tag.samples:,}",
        duration(tag.every_s),
        f"{tag.bad:,}",
        f"{tag.uncertain:,}",
        percent(tag.known),
    ]
    gap = f"{duration(tag.longest_gap_s)}<br><small>{escaped(moment(tag.longest_gap_at))}</small>"
    return [
        *map(escaped, cells),
        gap if tag.longest_gap_at else "–",
        escaped("; ".join(remarks)),
    ]


def findings(inspection: Inspection) -> Table:
    """What reading noticed."""
    rows = [
        [f.kind, f.tag or "–", f"{f.count:,}", f.example] for f in inspection.findings[:MOST_ROWS]
    ]
    return ["what", "tag", "how often", "first"], [[escaped(c) for c in row] for row in rows]
