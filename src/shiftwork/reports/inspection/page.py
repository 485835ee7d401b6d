"""The inspection on paper: one HTML page with nothing outside it, and the same as JSON."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import numpy as np

import shiftwork
from shiftwork.files import write_folder
from shiftwork.learning.offline.settings import FULL_CLONING
from shiftwork.records.historian.cut import Cut
from shiftwork.records.historian.grid import Grid
from shiftwork.reports.inspection import figures, tables
from shiftwork.reports.inspection.contents import Foresight, Inspection
from shiftwork.reports.inspection.coverage import known_at
from shiftwork.reports.inspection.practice import practices
from shiftwork.reports.inspection.steady import LEAST, standing_still
from shiftwork.reports.inspection.words import count, duration, joined, moment, percent, quantity
from shiftwork.reports.paper.html import Pictures, answered, bullets, document, paragraph, table
from shiftwork.reports.paper.measures import number
from shiftwork.reports.paper.style import MOST_PANELS, short

JSON, PAGE = "inspection.json", "inspection.html"


def write_inspection(folder: Path, inspection: Inspection, grid: Grid, cut: Cut | None) -> None:
    """Write an inspection as JSON and as a page into a folder of its own, whole or not at all.

    Args:
        folder: Where; an inspection that stands there is replaced.
        inspection: What was found.
        grid: What it was found in, for the pictures.
        cut: Its episodes, if any could be cut.

    Raises:
        UserError: Something else stands there, or it cannot be written.
    """

    def fill(temporary: Path) -> None:
        numbers = json.dumps(_plain(dataclasses.asdict(inspection)), indent=2, ensure_ascii=False)
        (temporary / JSON).write_text(numbers + "\n", encoding="utf-8")
        page = inspection_page(inspection, grid, cut)
        (temporary / PAGE).write_text(page, encoding="utf-8")

    write_folder(folder, fill, marker=JSON, expendable=(JSON, PAGE))


def _plain(value: Any) -> Any:
    """JSON has no numbers that are none."""
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def inspection_page(inspection: Inspection, grid: Grid, cut: Cut | None) -> str:
    """Return the inspection as an HTML document."""
    picture = Pictures()
    parts = (
        answered(inspection.headline, _lead(inspection)),
        bullets(inspection.reasons),
        table(*tables.actions(inspection)),
        _over_time(inspection, grid, cut, picture),
        _moves(inspection, grid, cut, picture),
        _foresight(inspection.foresight, picture),
        _support(inspection, picture),
        _breaches(inspection),
        _episodes(inspection),
        _tags(inspection),
        _dead_bands(inspection, picture),
        _findings(inspection),
    )
    return document(
        f"{inspection.plant}: can an agent learn from these records?",
        "\n".join(parts),
        f"Made by Shiftwork {shiftwork.__version__}. Times are UTC. The same numbers, all tags "
        f"included, stand in {JSON}.",
    )


def _lead(inspection: Inspection) -> str:
    span_s = inspection.stamps * inspection.period_s
    text = (
        f"The records run for {duration(span_s)}, from {moment(inspection.first)} to "
        f"{moment(inspection.last)} UTC: {inspection.stamps:,} decision periods of "
        f"{duration(inspection.period_s)}."
    )
    episodes = inspection.episodes
    if episodes is None:
        return text
    earned = quantity(episodes.mean_reward, episodes.reward_unit)
    return (
        f"{text} {percent(episodes.steps / inspection.stamps)} of them stand in "
        f"{count(episodes.count, 'episode')}; a period earned {earned} on average, with a standard "
        f"deviation of {number(episodes.std_reward)}."
    )


def _over_time(inspection: Inspection, grid: Grid, cut: Cut | None, picture: Pictures) -> str:
    plant = grid.plant
    shown = plant.of_role("action")[: figures.MOST_LINES]
    lines = [
        (short(tag.key, 18), grid.value[:, grid.keys.index(tag.key)]) for tag in shown
    ]  # fmt: skip
    within = np.zeros(len(grid.time), bool)
    if cut is not None:
        rows = np.searchsorted(grid.time, cut.stamps)
        last = np.cumsum(cut.episodes.length + 1) - 1
        steps = np.delete(rows, last)
        reward = np.full(len(grid.time), np.nan)
        reward[steps] = cut.episodes.reward
        unit = short(plant.goal.unit, 16)
        lines.append((f"reward\n[{unit}]" if unit else "reward", reward))
        within[steps] = True
    still = standing_still(grid)[1]
    partly = [t for t in inspection.tags if t.known < 1 and t.samples]
    partly.sort(key=lambda t: t.known)
    incomplete = [
        (tag.key, known_at(grid, plant.tags[tag.key])) for tag in partly[: figures.MOST_STRIPS]
    ]
    figure = figures.timeline(
        grid.time, lines, [("in an episode", within), ("standing still", still)], incomplete
    )
    said = "Above, the actions as they were set and what each decision period earned."
    if incomplete:
        said += " Below, in orange, where a tag's value is missing; the worst tags first"
        said += f" ({len(partly)} tags have gaps)." if len(partly) > len(incomplete) else "."
    steadiness = inspection.steadiness
    text = ""
    if steadiness is not None:
        text = (
            f"The plant stood still for {percent(steadiness.share)} of the time: its observations' "
            f"means over the {duration(steadiness.window_s)} before and after differed by less "
            f"than {LEAST:g} standard deviations. Records of a plant that hardly moves teach "
            "little of its dynamics; records without rest teach little of where it settles."
        )
    return (
        "<h2>The records over time</h2>"
        + paragraph(text)
        + picture(figure, f"Lines of actions and rewards over time. {text}", said)
    )


def _moves(inspection: Inspection, grid: Grid, cut: Cut | None, picture: Pictures) -> str:
    used = [practice for practice in practices(grid, cut) if practice.moved.any()]
    if not used:
        return ""
    said = []
    for action in inspection.actions:
        if not action.moves:
            continue
        text = (
            f"{action.key} was moved in {percent(action.moves / action.steps)} of the periods, "
            f"mostly by {quantity(action.typical_move, action.unit)}, at most by "
            f"{quantity(action.largest_move, action.unit)}"
        )
        if action.box_used:
            low, high = (100 * end for end in action.box_used)
            text += (
                f", and used {low:.0f} to {high:.0f} % of the way from the lowest to the highest "
                "setting that its limits allowed at each step"
            )
        said.append(text)
    caption = (
        "Left, where each action was put; right, its moves from one decision to the next. Dotted, "
        "those of its limits that stay the same and are not far off. An agent proposes nothing "
        "beyond the part of its limits that was used."
    )
    if len(used) > MOST_PANELS:
        caption += f" Only the first {MOST_PANELS} actions are drawn."
    return (
        "<h2>How the operators moved the actions</h2>"
        + "".join(paragraph(text + ".") for text in said)
        + picture(
            figures.action_use(used),
            "Histograms. " + "; ".join(said) + ".",
            caption,
        )
    )


def _foresight(foresight: Foresight | None, picture: Pictures) -> str:
    if foresight is None:
        return ""
    unit, factor = next(
        (unit, factor)
        for unit, factor in (("d", 86_400.0), ("h", 3_600.0), ("min", 60.0), ("s", 1.0))
        if foresight.horizon_s >= 2 * factor or unit == "s"
    )
    caption = (
        "How much of the variance of a reward is foretold, on episodes held out, by what was seen "
        "when a decision was made (grey) and by the decision as well (blue). The blue area, "
        f"{percent(foresight.action_share)} of the whole, is what only the actions explain: without "
        "it nobody can see which move was good. "
        f"An agent would look ahead with discount {foresight.discount:.3f}"
    )
    caption += (
        f" and be held to the operators' practice with weight {foresight.cloning:.2g} "
        f"({FULL_CLONING:g} is full)."
    )
    ends = f"At once {percent(foresight.by_all[0])}, horizon {duration(foresight.horizon_s)}."
    return "<h2>How far rewards can be foreseen</h2>" + picture(
        figures.foresight_curve(foresight, unit, factor),
        f"Curves that fall with time. {ends}",
        caption,
    )


def _support(inspection: Inspection, picture: Pictures) -> str:
    support = inspection.support
    if support is None:
        return ""
    text = (
        f"{percent(support.share)} of what was seen has support: a near neighbour in another "
        f"episode, within {support.near:g} standard deviations (root mean square over the tags; two "
        "moments taken at random lie 1.4 apart). The median distance is "
        f"{number(support.median_distance)}."
    )
    lone = [
        moment(begin)
        for begin, share in zip(support.begins, support.by_episode, strict=True)
        if share < 0.5
    ]
    caption = "The share of each episode that has support; in orange, what was seen there only."
    if lone:
        caption += f" Mostly without support: the episodes from {joined(lone[:5])}"
        caption += f" and {len(lone) - 5} more." if len(lone) > 5 else "."
    if support.stranger is not None:
        caption += f" What is strange there is {support.stranger} most of all."
    return (
        "<h2>What was seen more than once</h2>"
        + paragraph(text)
        + picture(figures.support_bars(support), f"Bars, one for each episode. {text}", caption)
    )


def _breaches(inspection: Inspection) -> str:
    if inspection.breaches:
        told = table(*tables.breaches(inspection))
        if any(b.key in {a.key for a in inspection.actions} for b in inspection.breaches):
            told += paragraph(
                "Actions beyond their limits are taken for the nearest one allowed when an agent "
                "learns."
            )
    elif inspection.episodes:
        told = paragraph("No action was ever beyond its limits, and no tag outside its bounds.")
    else:
        return ""
    return "<h2>Limits that the records break</h2>" + told


def _episodes(inspection: Inspection) -> str:
    if inspection.episodes is None:
        return ""
    return "<h2>Episodes</h2>" + table((), tables.episodes(inspection), "facts")


def _tags(inspection: Inspection) -> str:
    told, rest = tables.tags(inspection)
    page = "<h2>Tag by tag</h2>" + (table(*told, "told") if told[1] else "")
    return page + paragraph(rest)


def _dead_bands(inspection: Inspection, picture: Pictures) -> str:
    shown = figures.widest(inspection.tags)
    if not shown:
        return "<h2>Dead-bands</h2>" + paragraph(
            "No tag shows a dead-band that hides anything between two decisions."
        )
    hidden = [tag for tag in inspection.tags if tag.hidden]
    said = [f"{tag.key}: {tag.compression}." for tag in hidden]
    caption = (
        "How coarsely the historian kept each tag, estimated from the samples alone, good to a factor "
        "of two. Beyond the dotted line the averages of a measurement are off by more than it "
        "mostly varies; in orange, tags whose variation is lost."
    )
    return (
        "<h2>Dead-bands</h2>"
        + bullets(said)
        + picture(
            figures.dead_bands(inspection.tags),
            f"Dots for {count(len(shown), 'tag')}; {len(hidden)} of them hidden.",
            caption,
        )
    )


def _findings(inspection: Inspection) -> str:
    if not inspection.findings:
        return ""
    return "<h2>What reading noticed</h2>" + table(*tables.findings(inspection), "told")
