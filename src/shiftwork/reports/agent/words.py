"""What a report says in words: the verdict first, and only what the numbers carry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from shiftwork.evaluation.statistics import Interval
from shiftwork.records.episodes import Episodes
from shiftwork.records.tags import Tag
from shiftwork.reports.agent.contents import ReportContents
from shiftwork.reports.paper.html import escaped
from shiftwork.reports.paper.measures import (
    decimals,
    difference,
    mean_of,
    number,
    spread,
    with_interval,
)
from shiftwork.reports.paper.style import RECORDS, label


def online_steps(contents: ReportContents) -> int:
    """Plant steps that the last agent learned from, by the trace or by its own account."""
    if contents.trace is not None and len(contents.trace.steps):
        return int(contents.trace.steps[-1])
    told = [agent.about.get("online_steps") for agent in contents.agents.values()]
    return next((int(steps) for steps in reversed(told) if isinstance(steps, int) and steps), 0)


def verdict(contents: ReportContents) -> tuple[str, str]:
    """The answer in one sentence, and the numbers behind it in two or three."""
    if contents.rollouts:
        return _run(contents)
    if contents.value_checks:
        return _estimated(contents)
    earned = with_interval(mean_of(contents.records.returns))
    return (
        "How good the agent is has not been measured yet.",
        f"The records hold {_episodes(len(contents.records.length))}, in which people earned "
        f"{earned} on "
        "average. Run the agent on a plant or evaluate it on records that it has not seen.",
    )


def _run(contents: ReportContents) -> tuple[str, str]:
    people, names = contents.records.returns, list(contents.rollouts)
    first, last = contents.rollouts[names[0]], contents.rollouts[names[-1]]
    gap = difference(last.returns, people)
    if gap is None or gap.low <= 0 <= gap.high:
        answer = "Whether the agent runs the plant better than people did cannot be told yet."
    elif gap.low > 0:
        answer = "The agent runs the plant better than people did."
    else:
        answer = "The agent runs the plant worse than people did."
    lead = (
        f"On {_episodes(len(first.length))} that it had not seen, the agent earned "
        f"{_mean(first.returns)}; the records' operators {_mean(people, words='')}."
    )
    steps = online_steps(contents)
    if len(names) > 1:
        after = f"After {steps:,} plant steps" if steps else f"As {label(names[-1])}"
        lead += f" {after}: {_mean(last.returns, words='')}{_step(last.returns, first.returns)}"
    if gap is not None:
        more = "more" if gap.estimate >= 0 else "less"
        bounds = spread(gap if gap.estimate >= 0 else Interval(-gap.estimate, -gap.high, -gap.low))
        lead += f" That is {number(abs(gap.estimate))} {bounds} {more} per episode than people."
    if contents.score:
        scale = contents.score.normalized
        parts = [f"people {number(float(scale(people.mean())))}"]
        parts += [
            f"{label(name)} {number(float(scale(episodes.returns.mean())))}"
            for name, episodes in contents.rollouts.items()
        ]
        lead += f" On the published scale from 0 to 100: {', '.join(parts)}."
    return answer, lead


def _step(after: np.ndarray, before: np.ndarray) -> str:
    gap = difference(after, before)
    if gap is None:
        return "."
    if gap.low <= 0 <= gap.high:
        return ", a change too small to tell from chance."
    return "." if gap.low > 0 else ", less than before."


def _estimated(contents: ReportContents) -> tuple[str, str]:
    name, check = list(contents.value_checks.items())[-1]
    ours, theirs = check.estimate, check.records
    answer = (
        f"By records that did not teach it: {contents.gate}."
        if contents.gate
        else "Whether the agent is better than people has not been judged yet."
    )
    return answer, (
        f"The {label(name)} has not been run on a plant. From the beginning of an episode it is "
        f"estimated to earn {with_interval(ours)}, people earned {with_interval(theirs)} "
        f"(discounted by {check.discount:.4g} per step). This is an estimate from records "
        "alone, and no "
        "verdict: shiftwork judge gives one. Let the agent propose beside the operators before it acts."
    )


def _episodes(count: int) -> str:
    return f"{count:,} episode{'s' if count != 1 else ''}"


def _mean(returns: np.ndarray, words: str = " on average") -> str:
    interval = mean_of(returns)
    text = f"{number(interval.estimate)}{words if len(returns) > 1 else ''}"
    return f"{text} {spread(interval)}".rstrip()


def key(name: str) -> str:
    """A series' name with the dot of its colour, HTML."""
    colour = f"--key: var(--{name})" if name in (RECORDS, "offline", "online") else ""
    return f'<span class="key" style="{colour}">{escaped(label(name))}</span>'


def summary(contents: ReportContents) -> tuple[list[str], list[list[str]]]:
    """Head and rows of the table of results, HTML."""
    head = ["", "mean return <br>(95 % interval)", "normalized <br>score", "worst <br>episode"]
    head += ["actions <br>at a limit", "episodes"]
    sources: dict[str, Episodes | None] = {RECORDS: contents.records}
    sources |= {
        name: contents.rollouts.get(name) for name in (*contents.agents, *contents.rollouts)
    }
    ended = any(e is not None and bool(e.terminal.any()) for e in sources.values())
    if ended:
        head.append("ended early <br>by the plant")
    rows = []
    for name, episodes in sources.items():
        if episodes is None:
            rows.append([key(name), "not run", "–", "–", "–", "0", *(["–"] if ended else [])])
            continue
        mean, numbers = mean_of(episodes.returns), episodes.statistics
        scored = number(float(contents.score.normalized(mean.estimate))) if contents.score else "–"
        rows.append(
            [
                key(name),
                f"{number(mean.estimate)} <small>{spread(mean)}</small>",
                scored,
                number(numbers.worst_return),
                escaped(percent(numbers.action_at_limit)),
                f"{numbers.episodes:,}",
                *([f"{numbers.terminal_episodes:,}"] if ended else []),
            ]
        )
    if not contents.score:
        head, rows = head[:2] + head[3:], [row[:2] + row[3:] for row in rows]
    return head, rows


def check_caption(contents: ReportContents) -> str:
    """What the comparison of estimate and outcome shows."""
    said = []
    for name, check in contents.value_checks.items():
        if check.outcome is None:
            said.append(f"The {label(name)} has not been run, so its estimate stands alone.")
            continue
        miss = check.estimate.estimate - check.outcome.estimate
        apart = check.estimate.low > check.outcome.high or check.estimate.high < check.outcome.low
        side = "above" if miss > 0 else "below"
        said.append(
            f"For the {label(name)} the estimate lay "
            f"{number(abs(miss), decimals(*check.estimate))} {side} what came true; "
            + ("the intervals do not meet." if apart else "the intervals overlap.")
        )
    return " ".join(said) + (
        " Intervals cover what other episodes might have shown, not the errors of the "
        "estimate's own "
        "model: use it to rank agents."
    )


def offset_table(
    measured: Sequence[tuple[Tag, Mapping[str, np.ndarray]]],
) -> tuple[list[str], list[list[str]]]:
    """Head and rows of the table of steady offsets, HTML: medians, and what one in ten exceeds."""
    rows = []
    for tag, series in measured:
        cells = [
            f"{number(float(np.median(offsets)))} "
            f"<small>(90 %: {number(float(np.percentile(offsets, 90)))})</small>"
            for offsets in series.values()
        ]
        rows.append([escaped(tag.label), *cells])
    return ["median distance <br>(90 % of periods below)", *map(key, measured[0][1])], rows


def percent(share: float) -> str:
    """Write a share, without calling nothing what is little."""
    return "<1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"


def settings(contents: ReportContents) -> tuple[list[str], list[list[str]]]:
    """Head and rows of the agents' settings, HTML; a row for each, a column for each agent."""
    abouts = {name: agent.about for name, agent in contents.agents.items()}
    told: dict[str, dict[str, Any]] = {}
    for name, about in abouts.items():
        config = about.get("config")
        general = ("algorithm", "seed", "updates", "online_steps")
        plain: dict[str, Any] = {k: about[k] for k in general if k in about}
        told[name] = plain | (config if isinstance(config, dict) else {})
    names = list(dict.fromkeys(setting for column in told.values() for setting in column))
    rows = [
        [
            escaped(name.replace("_", " ")),
            *(escaped(_setting(column.get(name))) for column in told.values()),
        ]
        for name in names
    ]
    return ["setting", *(key(name) for name in told)], rows


def _setting(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}".replace("-", "−") if np.isfinite(value) else "–"
    return "–" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def limits(contents: ReportContents) -> list[str]:
    """What a reader must not conclude."""
    said = [
        "The agent knows what the records show and nothing else. Where the plant leaves what "
        "people saw, "
        "its proposals are guesses.",
        "It never proposes an action outside the range that people used, so it can only be as "
        "good as "
        "that range allows. It keeps no other limit by itself: interlocks and limits stay in "
        "force.",
        "It looks at this moment's values only. It has no integral action and no memory, so a "
        "bias of an "
        "instrument becomes a bias of the plant.",
    ]
    if contents.rollouts:
        said.append(
            "The agents' episodes are simulated or began at other moments than the recorded "
            "ones: the "
            "intervals cover chance among episodes, not differences between this plant and the "
            "real one."
        )
        said.append(
            "The intervals are of one learned agent; learning again with another seed gives "
            "another."
        )
    else:
        said.append("The agent has not been run: what stands here about it is judged from records.")
    return said
