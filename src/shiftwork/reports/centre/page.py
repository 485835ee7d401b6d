"""One page about an episode of a cracking centre, whoever ran it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

import shiftwork
from shiftwork.files import written_whole
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.trace import CentreTrace
from shiftwork.plants.cracker.yields import PRODUCTS
from shiftwork.reports.centre.against import Against, against_people, signed
from shiftwork.reports.centre.figures import feed_and_prices, furnaces, money, tank_levels
from shiftwork.reports.centre.gantt import gantt
from shiftwork.reports.centre.plant_picture import plant_picture
from shiftwork.reports.centre.shown import MOST_DAYS
from shiftwork.reports.paper.html import Pictures, answered, bullets, document, escaped, table

ITEMS = {
    "demurrage": "ships beyond their laytime",
    "switch": "changes of recipe",
    "quality_step": "steps of feed quality",
    "shortage": "hours without feed",
    "off_spec": "feed outside its specification",
    "decoke": "decokes",
    "forced_decoke": "in addition, decokes forced by the tube limit",
    "curtailed": "feed cut by the compressor or the steam limit",
    "stand_by": "furnaces on stand-by",
}
"""The items of the account, as the page tells them."""


@dataclass(frozen=True)
class Sums:
    """What an episode came to.

    Attributes:
        hours: Its length.
        profit_usd_per_h: Margin less all costs.
        items_usd_per_h: Margin and each cost by its name.
        ethylene_t: Made.
        feed_t: Cracked.
        ships: Called to a berth.
        demurrage_h: Hours in which some ship cost demurrage.
        switches: Changes of recipe.
        shortage_h: Hours without feed.
        decokes: Begun, forced ones among them.
        forced: Furnaces that reached the tube limit.
    """

    hours: int
    profit_usd_per_h: float
    items_usd_per_h: dict[str, float]
    ethylene_t: float
    feed_t: float
    ships: int
    demurrage_h: int
    switches: int
    shortage_h: int
    decokes: int
    forced: int


def sums_of(plant: Centre, trace: CentreTrace) -> Sums:
    """Add an episode up.

    Args:
        plant: The centre.
        trace: One episode, as NumPy arrays.
    """
    hours = trace.hours
    items = {
        name: float(np.mean(value, dtype=np.float64))
        for name, value in hours.account._asdict().items()
    }
    each_usd = plant.scenario.costs.decoke_usd
    decoke_usd = np.asarray(hours.account.decoke, np.float64).sum()
    return Sums(
        hours=len(hours.hour),
        profit_usd_per_h=2 * items["margin"] - sum(items.values()),
        items_usd_per_h=items,
        ethylene_t=float(hours.products_t[:, PRODUCTS.index("ethylene")].sum(dtype=np.float64)),
        feed_t=float(hours.fed_t.sum(dtype=np.float64)),
        ships=int(hours.called[-1].sum()),
        demurrage_h=int((hours.account.demurrage > 0).sum()),
        switches=int(_changes(plant, trace)),
        shortage_h=int((~hours.fed).sum()),
        decokes=round(decoke_usd / each_usd) if each_usd else 0,
        forced=int(hours.forced.sum()),
    )


def centre_page(
    plant: Centre,
    trace: CentreTrace,
    out: Path,
    who: str = "people",
    against: Against | None = None,
) -> Sums:
    """Write the page: the verdict, the account, people beside it, the plant, the chart, curves.

    Args:
        plant: The centre.
        trace: One episode, as NumPy arrays.
        out: The HTML file; one that stands there is replaced.
        who: Ran it, such as "people", "random choices", "the team".
        against: What people do in the same episodes; None to leave them out.

    Returns:
        What the page tells in numbers.

    Raises:
        UserError: It cannot be written there.
    """
    found = sums_of(plant, trace)
    page = _page(plant, trace, found, who, against)
    with written_whole(out) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return found


def _page(plant: Centre, trace: CentreTrace, found: Sums, who: str, against: Against | None) -> str:
    picture = Pictures()
    days = found.hours / 24
    answer = f"{found.profit_usd_per_h:,.0f} $ of profit an hour"
    lead = (
        f"{plant.name}, run by {who} for {days:,.0f} simulated days: {found.ethylene_t:,.0f} t of "
        f"ethylene from {found.feed_t:,.0f} t of naphtha and {found.ships} ships. " + _worst(found)
    )
    if against:
        episodes = len(against.ours.practice.profit)
        lead += f" Over {episodes} episodes it earned {signed(against.gain, 0)} $/h against people."
    middle = _moment(trace)
    last = f" Only the first {MOST_DAYS} days are shown." if days > MOST_DAYS else ""
    body = [
        answered(answer, lead),
        "<h2>What it earned and what it cost</h2>",
        _account(found),
        picture(
            money(trace),
            "Margin, profit and costs by the day",
            "Above: what the centre earned in each day's mean hour. Below: what lies between margin "
            f"and profit.{last}",
        ),
        *(against_people(plant, trace, against, who, ITEMS, picture) if against else ()),
        "<h2>The plant</h2>",
        picture(
            plant_picture(plant, trace, middle),
            "Ships, tanks and furnaces at one moment",
            f"The centre in the evening of day {middle / 24:.0f}. Numbers in tanks are the share of "
            "paraffins as far as it is known.",
        ),
        "<h2>Who did what when</h2>",
        picture(
            gantt(plant, trace),
            "Lanes of ships, tanks and furnaces over time",
            "Ships carry their number by arrival. A tank's lane is filled to its level, a furnace's to "
            f"its feed.{last}",
        ),
        "<h2>Tanks</h2>",
        picture(
            tank_levels(plant, trace),
            "Level of each tank over time",
            f"Dotted: heel and high level. Filled and resting tanks cannot feed.{last}",
        ),
        "<h2>Furnaces</h2>",
        picture(
            furnaces(plant, trace),
            "Tube and outlet temperatures, feed, shared limits",
            "A line for each furnace's tubes, broken while it does not crack; outlet temperatures as "
            f"their mean and range; limits that all furnaces share.{last}",
        ),
        "<h2>Feed and prices</h2>",
        picture(
            feed_and_prices(trace),
            "Composition of the feed and prices over time",
            f"What all furnaces cracked, and what it cost and made.{last}",
        ),
        "<h2>Notes</h2>",
        bullets(
            [
                "Simulated: no plant was measured.",
                "Margin: products less naphtha, fuel and dilution steam. Naphtha is paid when it is "
                "cracked.",
            ]
        ),
    ]
    return document(
        f"{plant.name}, run by {who}",
        "\n".join(body),
        f"Made by Shiftwork {shiftwork.__version__}.",
    )


def _account(found: Sums) -> str:
    items = found.items_usd_per_h
    counts = {
        "demurrage": f"{found.demurrage_h:,} h",
        "switch": f"{found.switches:,}",
        "shortage": f"{found.shortage_h:,} h",
        "decoke": f"{found.decokes:,}",
        "forced_decoke": f"{found.forced:,}",
    }
    rows = [["margin", "", f"{items['margin']:,.0f}"]]
    rows += [
        [escaped(told), counts.get(name, ""), f"−{items[name]:,.0f}" if items[name] else "0"]
        for name, told in ITEMS.items()
    ]
    rows.append(["<b>profit</b>", "", f"<b>{found.profit_usd_per_h:,.0f}</b>"])
    return table(("", "how often", "$/h"), rows)


def _worst(found: Sums) -> str:
    """The two costs that weigh most, in a sentence."""
    costs = {name: found.items_usd_per_h[name] for name in ITEMS}
    first, second = sorted(costs, key=lambda name: -costs[name])[:2]
    if not costs[first]:
        return "It cost nothing beside feed, fuel and steam."
    text = f"What cost most: {ITEMS[first]}, {costs[first]:,.0f} $/h"
    return text + (f"; {ITEMS[second]}, {costs[second]:,.0f} $/h." if costs[second] else ".")


def _changes(plant: Centre, trace: CentreTrace) -> int:
    recipe = trace.hours.macro_action[:, plant.layout.berths]
    return int(((recipe[1:] != recipe[:-1]) & (recipe[1:] != 0) & (recipe[:-1] != 0)).sum())


def _moment(trace: CentreTrace) -> int:
    """An hour worth a look: about the middle, with a ship unloading if there is such an hour."""
    count = min(len(trace.hours.hour), 24 * MOST_DAYS)
    busy = np.flatnonzero((trace.hours.tank[:count] >= 0).any(1))
    return int(busy[np.abs(busy - count // 2).argmin()]) if len(busy) else count // 2
