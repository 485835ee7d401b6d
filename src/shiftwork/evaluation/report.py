"""The report: one HTML page, with nothing outside it: what was learned, and how sure that is.

A process engineer reads it after learning: the verdict first, then the numbers, then pictures in
plant units, and at the end what it all came from.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

import shiftwork
from shiftwork.evaluation import figures
from shiftwork.evaluation.report_contents import ReportContents, Trace, ValueCheck
from shiftwork.evaluation.report_html import (
    SHEET,
    Pictures,
    bullets,
    escaped,
    paragraph,
    table,
)
from shiftwork.evaluation.report_measures import (
    LATE,
    mean_of,
    moving_tags,
    nearest_to_median,
    number,
    proposals,
    spread,
    steady_offsets,
)
from shiftwork.evaluation.report_style import MOST_PANELS, RECORDS, colours, label
from shiftwork.evaluation.report_trajectories import MOST_ACTIONS, MOST_STEPS, MOST_VALUES, Track
from shiftwork.evaluation.report_words import (
    check_caption,
    limits,
    offset_remark,
    online_steps,
    settings,
    summary,
    verdict,
)
from shiftwork.files import written_whole
from shiftwork.records.episodes import Episodes

__all__ = ["ReportContents", "Trace", "ValueCheck", "write_report"]

METRICS = ("value", "td_error", "cloning_error")
"""Metrics of learning that come first; others follow as long as there is room."""


def write_report(path: Path, contents: ReportContents) -> None:
    """Write the report, whole or not at all.

    Args:
        path: The HTML file; one that stands there is replaced.
        contents: What to tell.

    Raises:
        UserError: It cannot be written there.
    """
    page = report_page(contents)
    with written_whole(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def report_page(contents: ReportContents) -> str:
    """Return the report as an HTML document."""
    picture = Pictures()
    answer, lead = verdict(contents)
    sections: tuple[Callable[[ReportContents, Pictures], str], ...] = (
        _earned,
        _progress,
        _checks,
        _examples,
        _offsets,
        _actions,
        _curves,
        _sources,
    )
    body = "\n".join(section(contents, picture) for section in sections)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escaped(contents.title)}</title>
<style>{SHEET}</style>
</head>
<body>
<main>
<h1>{escaped(contents.title)}</h1>
<p class="verdict">{escaped(answer)}</p>
<p class="lead">{escaped(lead)}</p>
{table(*summary(contents))}
{body}
</main>
<footer>Made by Shiftwork {escaped(shiftwork.__version__)}. Return: the sum of an episode's
rewards, in the plant's own units. Brackets: 95 % intervals of the mean over episodes.</footer>
</body>
</html>
"""


def _earned(contents: ReportContents, picture: Pictures) -> str:
    returns = {RECORDS: contents.records.returns}
    returns |= {name: episodes.returns for name, episodes in contents.rollouts.items()}
    said = [
        f"{label(name)}: mean {number(float(values.mean()))}, from {number(float(values.min()))} "
        f"to {number(float(values.max()))}"
        for name, values in returns.items()
    ]
    caption = "What people earned in the recorded episodes"
    if contents.rollouts:
        best = _best(contents)
        above = 100 * float(
            (contents.rollouts[best].returns > contents.records.returns.max()).mean()
        )
        caption += (
            ", and what the agents earned in theirs, on one axis; further right is better. "
            f"{above:.0f} % of "
            f"the episodes of the {label(best)} are better than the best recorded one"
        )
    caption += ". Each row has its own height."
    figure = figures.return_distributions(returns)
    return "<h2>What people and agents earned</h2>" + picture(
        figure, "Histograms of episode returns. " + "; ".join(said) + ".", caption
    )


def _progress(contents: ReportContents, picture: Pictures) -> str:
    trace = contents.trace
    if trace is None or not len(trace.steps) or not np.isfinite(trace.returns).all(1).any():
        return ""
    whole = np.isfinite(trace.returns).all(1)
    steps, means = trace.steps[whole], [mean_of(row) for row in trace.returns[whole]]
    lowest = min(range(len(means)), key=lambda p: means[p].estimate)
    story = (
        f"From {number(means[0].estimate)} at the offline agent to {number(means[-1].estimate)} "
        f"{spread(means[-1])} after {int(steps[-1]):,} plant steps"
    )
    people = float(contents.records.returns.mean())
    dip = (
        f"the lowest evaluation on the way was {number(means[lowest].estimate)}, at step "
        f"{int(steps[lowest]):,}"
    )
    caption = (
        f"{story}; {dip}. The band is the 95 % interval over {trace.returns.shape[1]:,} "
        "evaluation episodes, "
        "which are not counted as plant steps; faint dots are the training episodes, in which "
        "the agent also "
        "tries things out."
    )
    figure = figures.online_progress(trace, people, contents.score)
    alt = (
        f"Line of mean return against plant steps. {story}. The records' mean is {number(people)}."
    )
    return "<h2>From the records to the plant</h2>" + picture(figure, alt, caption)


def _checks(contents: ReportContents, picture: Pictures) -> str:
    if not contents.value_checks:
        return ""
    caption = check_caption(contents)
    figure = figures.value_checks(contents.value_checks)
    intro = (
        "Before an agent runs, its value can only be estimated from the records. How far "
        "to trust that:"
    )
    return (
        "<h2>Estimated beforehand, and what came true</h2>"
        + paragraph(intro)
        + picture(figure, f"Dots with intervals of discounted returns. {caption}", caption)
    )


def _best(contents: ReportContents) -> str:
    """The agent with the highest mean return, the later one of two alike."""
    return max(reversed(contents.rollouts), key=lambda name: contents.rollouts[name].returns.mean())


def _examples(contents: ReportContents, picture: Pictures) -> str:
    records = contents.records
    shade = colours([RECORDS, *contents.agents, *contents.rollouts])
    chosen = nearest_to_median(records)
    tracks = [Track.of(records, chosen, _title("Recorded", records, chosen), shade[RECORDS])]
    if contents.rollouts:
        best = _best(contents)
        ours = contents.rollouts[best]
        run = nearest_to_median(ours)
        tracks.append(Track.of(ours, run, _title(label(best).capitalize(), ours, run), shade[best]))
        caption = (
            "Of each, the episode whose return is nearest to the median: a typical one, "
            "not the best."
        )
    else:
        caption = "The recorded episode whose return is nearest to the median."
        if contents.agents:
            name, agent = list(contents.agents.items())[-1]
            seen = tracks[0].observation[:-1]
            tracks[0] = Track(
                tracks[0].title,
                shade[RECORDS],
                tracks[0].observation,
                tracks[0].action,
                (agent.act(seen), shade[name]),
            )
            caption += (
                f" The coloured lines are what the {label(name)} would have done at the "
                "same moments."
            )
    if contents.targets:
        caption += " Dashed: the target. Dotted: the limits of an action."
    else:
        caption += (
            " Shown are the tags that move most within episodes. Dotted: the limits of an action."
        )
    if max(len(contents.targets) - MOST_VALUES, len(records.action_tags) - MOST_ACTIONS) > 0:
        caption += f" Only the first {MOST_VALUES} targets and {MOST_ACTIONS} actions are drawn."
    if max(len(track.action) for track in tracks) == MOST_STEPS:
        caption += f" Only the first {MOST_STEPS} steps are drawn."
    figure = figures.trajectories(
        tracks,
        records.observation_tags,
        records.action_tags,
        contents.targets,
        [int(column) for column in moving_tags(records)],
    )
    alt = "Lines of plant values and actions over the steps of an episode: " + "; ".join(
        track.title for track in tracks
    )
    return "<h2>A typical episode</h2>" + picture(figure, alt + ".", caption)


def _title(who: str, episodes: Episodes, episode: int) -> str:
    return f"{who}: episode {episode}, return {number(float(episodes.returns[episode]))} (median)"


def _offsets(contents: ReportContents, picture: Pictures) -> str:
    sources = {RECORDS: contents.records, **contents.rollouts}
    measured = []
    for pair in contents.targets[:3]:
        series = {name: steady_offsets(episodes, pair) for name, episodes in sources.items()}
        if all(len(values) for values in series.values()):
            measured.append((contents.records.observation_tags[pair[0]], series))
    if not measured:
        return ""
    said = [offset_remark(tag, series) for tag, series in measured]
    weakness = (
        "Known weakness: steady offset. An agent is a fixed function of what it sees, without "
        "integral "
        "action: once the plant has settled, nothing in it removes what is left of the "
        "distance to the target."
    )
    if len(sources) > 1:
        weakness += " Judge by the numbers below whether that is enough for this plant."
    caption = (
        f"Distance from the target over the last {LATE:.0%} of each set-point period: the share "
        "of periods "
        "that end nearer than that. Further left is better; dots are medians."
    )
    return (
        "<h2>How near to the target it settles</h2>"
        + paragraph(weakness, "remark")
        + bullets(said)
        + picture(figures.offset_curves(measured), "Cumulative curves. " + " ".join(said), caption)
    )


def _curves(contents: ReportContents, picture: Pictures) -> str:
    names = [n for n in METRICS if n in contents.history]
    names += [n for n in contents.history if n not in METRICS]
    history = {n: contents.history[n] for n in names if np.isfinite(contents.history[n][1]).any()}
    history = dict(list(history.items())[:MOST_PANELS])
    if not history:
        return ""
    ends = [
        f"{name.replace('_', ' ')} {number(float(values[np.isfinite(values)][-1]))}"
        for name, (_, values) in history.items()
    ]
    caption = (
        "Averages over a piece of learning, in the learner's own scaled units. What to see: "
        "they settle. "
        "A value that goes on climbing has left the records' ground."
    )
    figure = figures.learning_curves(history)
    alt = f"Lines against the number of updates. At the end: {', '.join(ends)}."
    return "<h2>How learning went</h2>" + picture(figure, alt, caption)


def _actions(contents: ReportContents, picture: Pictures) -> str:
    taken = {RECORDS: contents.records.action}
    shadow = not contents.rollouts
    for name, agent in contents.agents.items():
        if name in contents.rollouts:
            taken[name] = contents.rollouts[name].action
        elif shadow:
            taken[name] = proposals(agent, contents.records)
    taken |= {name: e.action for name, e in contents.rollouts.items() if name not in taken}
    agents = list(contents.agents.values())
    ranges = (agents[-1].action_low, agents[-1].action_high) if agents else None
    caption = "How often each action was taken"
    caption += (
        ", and how often the agents would have taken it in shadow" if shadow and agents else ""
    )
    if agents:
        caption += (
            ". An agent proposes nothing beyond the range that people used (dotted), so the "
            "share of its actions "
            "outside is zero by construction; what differs is where inside it works"
        )
    if len(contents.records.action_tags) > MOST_PANELS:
        caption += f". Only the first {MOST_PANELS} tags are drawn"
    figure = figures.action_histograms(contents.records.action_tags, taken, ranges)
    means = [
        f"{tag.name}: "
        + ", ".join(f"{label(n)} mean {number(float(a[:, i].mean()))}" for n, a in taken.items())
        for i, tag in enumerate(contents.records.action_tags[:MOST_PANELS])
    ]
    return "<h2>How its actions differ from people's</h2>" + picture(
        figure, "Histograms of actions. " + "; ".join(means) + ".", caption + "."
    )


def _sources(contents: ReportContents, picture: Pictures) -> str:
    del picture
    records, numbers = contents.records, contents.records.statistics
    low, high = number(numbers.worst_return), number(numbers.best_return)
    lengths = f"{numbers.shortest:,} to {numbers.longest:,}"
    rows = [
        ["records", escaped(Path(records.source).name)],
        [
            "episodes",
            f"{numbers.episodes:,}, {numbers.terminal_episodes:,} of them ended by the plant",
        ],
        ["steps", f"{numbers.steps:,}; {lengths} in an episode"],
        [
            "return",
            f"{number(numbers.mean_return)} ± {number(numbers.std_return)}, from {low} to {high}",
        ],
        ["reward of a step", f"{number(numbers.mean_reward)} ± {number(numbers.std_reward)}"],
        ["actions at a limit", f"{100 * numbers.action_at_limit:.0f} %"],
    ]
    rows += [
        [
            f"spread of {escaped(tag.label)}",
            f"± {number(deviation)}, limits {number(tag.low)} to {number(tag.high)}",
        ]
        for tag, deviation in zip(records.action_tags, numbers.action_std, strict=True)
    ]
    rows.append(["SHA-256", f"<code>{records.hash}</code>"])
    page = "<h2>What it learned from</h2>" + table((), rows, "facts")
    head, lines = settings(contents)
    if lines:
        page += "<h2>Settings</h2>" + table(head, lines)
    page += "<h2>Limits</h2>" + bullets(limits(contents))
    notes = list(contents.notes)
    steps = online_steps(contents)
    if steps:
        notes.insert(0, f"{steps:,} steps were made on the plant to learn; evaluation came on top.")
    return page + ("<h2>Notes</h2>" + bullets(notes) if notes else "")
