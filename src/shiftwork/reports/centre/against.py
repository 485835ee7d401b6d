"""The part of a centre's page that sets whoever ran it against people, on the same ships and prices.

In money, account by account, and in practice: what is done otherwise, in words, as far as it is sure.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from shiftwork.evaluation.statistics import Interval, mean_interval
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.state import CRACKING
from shiftwork.plants.centre.trace import CentreTrace, profit_usd
from shiftwork.reports.centre.gantt import gantt
from shiftwork.reports.centre.practice import Runs
from shiftwork.reports.centre.shown import days, on_days, shown_hours, thinned
from shiftwork.reports.paper.html import Pictures, bullets, escaped, paragraph, table
from shiftwork.reports.paper.style import INK, MUTED, WIDTH_IN, styled

PEOPLE, OURS = "#7b7f84", "#0072b2"


class Told(NamedTuple):
    """How a figure is told.

    Attributes:
        name: In the table.
        unit: After its number; nothing for a count.
        places: Behind the point.
        more: The sentence where it is more: "... {by} ...".
        less: And where it is less.
    """

    name: str
    unit: str
    places: int
    more: str
    less: str


FIGURES = {
    "feed": Told("naphtha cracked", "t/h", 1, "It cracks {by} more.", "It cracks {by} less."),
    "ethylene": Told(
        "ethylene from 100 t of naphtha", "t", 2,
        "It makes {by} more ethylene from 100 t of naphtha.",
        "It makes {by} less ethylene from 100 t of naphtha.",
    ),
    "outlet": Told(
        "outlet temperature while cracking", "°C", 1,
        "It runs the outlet {by} hotter.", "It runs the outlet {by} cooler.",
    ),
    "cracking": Told(
        "furnaces that crack, of all", "%", 1,
        "Furnaces crack {by} more of the time.", "Furnaces crack {by} less of the time.",
    ),
    "decokes": Told(
        "decokes in an episode", "", 1, "It decokes {by} times more.", "It decokes {by} times less."
    ),
    "run": Told(
        "days that a furnace had run at its decoke", "days", 1,
        "It decokes {by} later.", "It decokes {by} earlier.",
    ),
    "tube": Told(
        "hottest tube, mean over hours", "°C", 1,
        "The hottest tube is {by} hotter.", "The hottest tube is {by} cooler.",
    ),
    "wait": Told(
        "hours that a ship waits to be called", "h", 1,
        "A ship waits {by} longer.", "A ship is called {by} sooner.",
    ),
    "apart": Told(
        "how far a cargo is unlike what its tank holds", "wt %", 1,
        "Cargoes go to tanks that are {by} less like them.",
        "Cargoes go to tanks that are {by} more like them.",
    ),
    "stock": Told(
        "stock, of the tanks' capacity", "%", 1,
        "It keeps {by} more of the tanks' capacity in stock.",
        "It keeps {by} less of the tanks' capacity in stock.",
    ),
    "tanks": Told(
        "tanks that feed at once", "", 2, "It blends {by} more tanks at once.",
        "It blends {by} fewer tanks at once.",
    ),
    "recipes": Told(
        "changes of recipe in an episode", "", 1, "It changes the recipe {by} times more.",
        "It changes the recipe {by} times less.",
    ),
    "paraffins": Told(
        "paraffins in the feed", "wt %", 1, "Its feed holds {by} more paraffins.",
        "Its feed holds {by} less paraffins.",
    ),
    "swing": Told(
        "step of the feed's paraffins from day to day", "wt %", 2,
        "Its feed moves {by} more from day to day.", "Its feed moves {by} less from day to day.",
    ),
    "shortage": Told(
        "hours without feed in an episode", "h", 1, "It stands {by} more without feed.",
        "It stands {by} less without feed.",
    ),
}  # fmt: skip
"""Figures of ``Practice`` in the order of the plant: furnaces, ships, tanks, blends."""


class Against(NamedTuple):
    """Whoever ran the page's episode, and people: the same episodes, of which that one is the first.

    Attributes:
        people: What people do in them.
        ours: What whoever ran it does.
    """

    people: Runs
    ours: Runs

    @property
    def gain(self) -> Interval:
        """Profit more than people's, $/h."""
        return mean_interval(self.ours.practice.profit - self.people.practice.profit)


def against_people(
    plant: Centre,
    trace: CentreTrace,
    against: Against,
    who: str,
    items: dict[str, str],
    picture: Pictures,
) -> list[str]:
    """Make the sections of the page.

    Args:
        plant: The centre.
        trace: The page's episode.
        against: What is set beside it.
        who: Ran it.
        items: Costs of the account by name, as the page tells them.
        picture: Counts the page's pictures.
    """
    episodes, last = len(against.people.practice.profit), ""
    if len(trace.hours.hour) > shown_hours(trace):
        last = f" Only the first {days(shown_hours(trace))[-1]:.0f} days are shown."
    return [
        "<h2>Against people on the same ships and prices</h2>",
        paragraph(_verdict(against, who, episodes)),
        _money(against, who, items),
        f"<h3>{escaped(f'What {who} does otherwise')}</h3>",
        _words(against),
        _practice(against, who),
        picture(
            two_runs(trace, against.people.first, who),
            "Profit, feed, outlet temperature, furnaces and stock of both over time",
            f"The page's episode, run by people and by {who}: the same ships, prices and ages of "
            f"furnaces.{last}",
        ),
        picture(
            gantt(plant, against.people.first),
            "Lanes of ships, tanks and furnaces over time, run by people",
            f"Who did what when, had people run it; compare with the lanes of {who} below.{last}",
        ),
    ]


def _verdict(against: Against, who: str, episodes: int) -> str:
    gain = against.gain
    sure = "more than" if gain.low > 0 else "less than" if gain.high < 0 else "not to be told from"
    return (
        f"Over {episodes} whole episodes, each run by people and by {who}: {signed(gain, 0)} $/h, {sure} "
        "people. In brackets the 95 % interval; bold where it leaves out zero, as one line of twenty would by "
        "chance."
    )


def _money(against: Against, who: str, items: dict[str, str]) -> str:
    names = {"margin": "margin"} | items
    rows = []
    for name, told in names.items():
        people, ours = (
            np.asarray(one.practice.account[name]) for one in (against.people, against.ours)
        )
        if max(abs(people.mean()), abs(ours.mean())) < 0.5:
            continue  # the table rounds it to nothing
        sign = 1.0 if name == "margin" else -1.0
        rows.append(_row(escaped(told), sign * people, sign * ours, 0))
    rows.append(
        _row("<b>profit</b>", against.people.practice.profit, against.ours.practice.profit, 0)
    )
    return table(("$/h", "people", escaped(who), "difference"), rows)


def _practice(against: Against, who: str) -> str:
    rows = []
    for name, told in FIGURES.items():
        people, ours = _both(against, name)
        if len(people) > 1:
            unit = f", {told.unit}" if told.unit and told.unit not in told.name else ""
            rows.append(_row(escaped(told.name + unit), people, ours, told.places))
    return table(("a whole episode", "people", escaped(who), "difference"), rows)


def _words(against: Against) -> str:
    """Say what is sure, in the order of the plant."""
    said = []
    for name, told in FIGURES.items():
        people, ours = _both(against, name)
        if len(people) < 2:
            continue
        gap = mean_interval(ours - people)
        if gap.low > 0 or gap.high < 0:
            by = f"{_plain(abs(gap.estimate), told.places)} {told.unit}".strip()
            if _plain(gap.estimate, told.places) != _plain(0.0, told.places):
                said.append((told.more if gap.low > 0 else told.less).format(by=by))
    return bullets(said or ["Nothing that is sure."])


def _both(against: Against, name: str) -> tuple[np.ndarray, np.ndarray]:
    """A figure of people and of whoever ran it, of episodes in which both have one."""
    people, ours = (
        np.asarray(getattr(one.practice, name)) for one in (against.people, against.ours)
    )
    known = np.isfinite(people) & np.isfinite(ours)
    return people[known], ours[known]


def _row(name: str, people: Any, ours: Any, places: int) -> list[str]:
    gap = mean_interval(ours - people)
    told = signed(gap, places)
    if (gap.low > 0 or gap.high < 0) and _plain(gap.estimate, places) != _plain(0.0, places):
        told = f"<b>{told}</b>"
    return [name, f"{_plain(people.mean(), places)}", f"{_plain(ours.mean(), places)}", told]


def signed(gap: Interval, places: int) -> str:
    """A difference with its interval, as the page tells it."""
    low, high = (_plain(x, places, "+") for x in (gap.low, gap.high))
    return f"{_plain(gap.estimate, places, '+')} [{low}, {high}]"


def _plain(x: float, places: int, sign: str = "") -> str:
    """A number with a true minus; what rounds to nothing has no sign."""
    text = f"{x:{sign},.{places}f}".replace("-", "−")
    return text if any(digit in text for digit in "123456789") else f"{0:.{places}f}"


@styled
def two_runs(ours: CentreTrace, people: CentreTrace, who: str) -> Figure:
    """Draw how an episode went by two operators: profit ahead, feed, outlet, furnaces, stock."""
    count = shown_hours(ours)
    x = thinned(days(count))
    figure = Figure((WIDTH_IN, 7.4), layout="constrained")
    axes = figure.subplots(5, 1, sharex=True, height_ratios=(1.3, 1, 1, 1, 1))
    ahead = np.cumsum(profit_usd(ours.hours.account) - profit_usd(people.hours.account))[:count]
    axes[0].fill_between(x, thinned(ahead) / 1e6, color=OURS, alpha=0.25, linewidth=0)
    axes[0].plot(x, thinned(ahead) / 1e6, color=OURS, linewidth=1.5)
    axes[0].axhline(0.0, color=MUTED, linewidth=0.8)
    axes[0].set_ylabel("ahead of\npeople, M$")
    for row, (of, label) in enumerate(
        ((_feed, "feed, t/h"), (_outlet, "outlet, °C"), (_cracking, "furnaces\nthat crack"),
         (_stock, "stock,\n1,000 m³")),
        start=1,
    ):  # fmt: skip
        for trace, colour, name in ((people, PEOPLE, "people"), (ours, OURS, who)):
            axes[row].plot(x, thinned(of(trace)[:count]), color=colour, linewidth=1.3, label=name)
        axes[row].set_ylabel(label)
    axes[1].legend(loc="upper left", bbox_to_anchor=(0, 1.32), ncols=2, fontsize=9)
    axes[3].set_ylim(0, 1.08 * max(ours.hours.mode.shape[1], 1))
    for one in axes:
        one.grid(axis="y")
        one.yaxis.label.set_color(INK)
    on_days(axes[-1], count)
    figure.align_ylabels(axes)
    return figure


def _feed(trace: CentreTrace) -> Float[np.ndarray, " T"]:
    """Mean of the last day; hour by hour it would hide what changes."""
    return _smooth(np.asarray(trace.hours.fed_t))


def _outlet(trace: CentreTrace) -> Float[np.ndarray, " T"]:
    cracks = trace.hours.mode == CRACKING
    mean = np.where(cracks, trace.hours.cot_c, 0.0).sum(1) / np.maximum(cracks.sum(1), 1)
    return np.where(cracks.any(1), mean, np.nan)


def _cracking(trace: CentreTrace) -> Float[np.ndarray, " T"]:
    return _smooth(np.asarray(trace.hours.mode == CRACKING).sum(1))


def _stock(trace: CentreTrace) -> Float[np.ndarray, " T"]:
    return np.asarray(trace.hours.level_m3.sum(1), np.float64) / 1e3


def _smooth(x: np.ndarray) -> Float[np.ndarray, " T"]:
    sums = np.cumsum(np.concatenate([[0.0], np.asarray(x, np.float64)]))
    begin = np.maximum(np.arange(len(x)) - 23, 0)
    return (sums[1:] - sums[begin]) / (np.arange(len(x)) - begin + 1)
