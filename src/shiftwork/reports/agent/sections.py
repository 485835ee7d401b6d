"""The report's pictures, each with its heading, its caption and what it says to who cannot see it."""

from __future__ import annotations

import numpy as np

from shiftwork.records.episodes import Episodes
from shiftwork.reports.agent import figures
from shiftwork.reports.agent.contents import ReportContents
from shiftwork.reports.agent.trajectories import MOST_ACTIONS, MOST_STEPS, MOST_VALUES, Track
from shiftwork.reports.agent.words import check_caption, offset_table
from shiftwork.reports.paper.html import Pictures, paragraph, table
from shiftwork.reports.paper.measures import (
    LATE,
    mean_of,
    moving_tags,
    nearest_to_median,
    number,
    proposals,
    spread,
    steady_offsets,
)
from shiftwork.reports.paper.style import MOST_PANELS, RECORDS, colours, label

METRICS = ("value", "td_error", "cloning_error")
"""Metrics of learning that come first; others follow as long as there is room."""


def earned(contents: ReportContents, picture: Pictures) -> str:
    """How returns are distributed."""
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
    caption += ". Each row has its own height." if contents.rollouts else "."
    figure = figures.return_distributions(returns)
    return "<h2>What people and agents earned</h2>" + picture(
        figure, "Histograms of episode returns. " + "; ".join(said) + ".", caption
    )


def progress(contents: ReportContents, picture: Pictures) -> str:
    """Offline to online; nothing without a trace."""
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


def checks(contents: ReportContents, picture: Pictures) -> str:
    """Estimates against the truth; nothing without estimates."""
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


def examples(contents: ReportContents, picture: Pictures) -> str:
    """A typical recorded episode beside a typical one of the best agent."""
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
        () if contents.targets else [int(column) for column in moving_tags(records)],
    )
    alt = "Lines of plant values and actions over the steps of an episode: " + "; ".join(
        track.title for track in tracks
    )
    return "<h2>A typical episode</h2>" + picture(figure, alt + ".", caption)


def _title(who: str, episodes: Episodes, episode: int) -> str:
    return f"{who}: episode {episode}, return {number(float(episodes.returns[episode]))} (median)"


def offsets(contents: ReportContents, picture: Pictures) -> str:
    """How near to each target the plant settles; nothing without steady targets."""
    sources = {RECORDS: contents.records, **contents.rollouts}
    measured = []
    for pair in contents.targets[:3]:
        series = {name: steady_offsets(episodes, pair) for name, episodes in sources.items()}
        if all(len(values) for values in series.values()):
            measured.append((contents.records.observation_tags[pair[0]], series))
    if not measured:
        return ""
    head, rows = offset_table(measured)
    weakness = (
        "Known weakness: steady offset. An agent is a fixed function of what it sees, without "
        "integral "
        "action: once the plant has settled, nothing in it removes what is left of the "
        "distance to the target."
    )
    if len(sources) > 1:
        weakness += " Judge by the numbers below whether that is enough for this plant."
    else:
        weakness += (
            " It has not been run: below stands how near people came, which it has to match."
        )
    caption = (
        f"Distance from the target over the last {100 * LATE:.0f} % of each set-point period: "
        "the share "
        "of periods "
        "that end nearer than that. Further left is better; dots are medians."
    )
    return (
        "<h2>How near to the target it settles</h2>"
        + paragraph(weakness, "remark")
        + table(head, rows)
        + picture(
            figures.offset_curves(measured),
            "Cumulative curves of the distance from each target late in a period; the medians "
            "are in "
            "the table above.",
            caption,
        )
    )


def curves(contents: ReportContents, picture: Pictures) -> str:
    """Metrics of offline learning; nothing without any."""
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


def actions(contents: ReportContents, picture: Pictures) -> str:
    """Where in their range people and agents act."""
    taken = {RECORDS: contents.records.action}
    shadow = not contents.rollouts
    for name, agent in contents.agents.items():
        if name in contents.rollouts:
            taken[name] = contents.rollouts[name].action
        elif shadow:
            taken[name] = proposals(agent, contents.records)
    taken |= {name: e.action for name, e in contents.rollouts.items() if name not in taken}
    agents = list(contents.agents.values())
    ranges = agents[-1].ranges if agents else None
    caption = "How often each action was taken"
    caption += (
        ", and how often the agents would have taken it in shadow" if shadow and agents else ""
    )
    if agents:
        used = (
            "the part that people used of its limits of the moment"
            if agents[-1].limits.moving.any()
            else "the range that people used (dotted, where it is in the picture)"
        )
        caption += (
            f". An agent proposes nothing beyond {used}, so the share of its actions outside is "
            "zero by construction; what differs is where inside it works"
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
