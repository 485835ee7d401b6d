"""Set-points of the furnaces that decide in an hour: a small program over what they share."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64, Int

from shiftwork.plants.centre.layout import layout_of
from shiftwork.plants.centre.scenario import Scenario
from shiftwork.plants.cracker.furnace import GAS
from shiftwork.yardsticks.centre.scheduler.forecast import Outlook
from shiftwork.yardsticks.centre.scheduler.furnaces import Furnace
from shiftwork.yardsticks.program import Program

HEADROOM = 0.995
"""Share of the compressor's limit that is planned for."""
SECONDS, GAP = 0.2, 1e-3
"""Of the small program."""


class Room:
    """What compressor, steam and the plan leave for the liquid furnaces that decide.

    Attributes:
        feed_t_per_h: Naphtha, by the plan.
        gas_t_per_h: Cracked gas, with that of their ethane.
        steam_t_per_h: Dilution steam.
        may_stop: So many of them may be put on stand-by.
    """

    def __init__(
        self,
        scenario: Scenario,
        outlook: Outlook,
        furnace: Furnace,
        others: Bool[np.ndarray, " F"],
        feed_t_per_h: float,
        may_stop: int,
    ) -> None:
        """Take what the others use off the limits.

        Args:
            scenario: Of the centre.
            outlook: What is known.
            furnace: Set-points at the feed's composition.
            others: Furnaces that crack and do not decide now.
            feed_t_per_h: Of all furnaces, by the plan.
            may_stop: So many of those that decide may be put on stand-by.
        """
        self.may_stop = may_stop
        points = layout_of(scenario).set_points
        set_to = np.stack([outlook.cot_set_c, outlook.feed_set_t_per_h], 1)[others]
        nearest = np.abs(set_to[:, None] - points).sum(-1).argmin(1)
        feed = outlook.feed_set_t_per_h[others]
        self.feed_t_per_h = feed_t_per_h - float(feed.sum())
        most = HEADROOM * scenario.limits.compressor_t_per_h
        self.gas_t_per_h = most - float(feed @ furnace.gas_t[nearest])
        steam = steam_for_naphtha(scenario)
        self.steam_t_per_h = steam - scenario.furnaces.steam_ratio * float(feed.sum())


def steam_for_naphtha(scenario: Scenario) -> float:
    """Dilution steam that gas furnaces, somewhat above their least load, leave."""
    limit, gas = scenario.limits.steam_t_per_h, scenario.gas_furnaces
    own = 1.3 * gas.steam_ratio * gas.count * GAS.feed_low_t_per_h
    return max(limit - own, 0.5 * limit)


def set_points(
    scenario: Scenario,
    furnace: Furnace,
    worth: Float64[np.ndarray, "D M"],
    able: Bool[np.ndarray, "D M"],
    room: Room,
) -> Int[np.ndarray, " D"]:
    """Choose a set-point for each furnace that decides; M stands for stand-by.

    Args:
        scenario: Of the centre.
        furnace: Set-points at the feed's composition.
        worth: Profit of each furnace at each set-point, $/h.
        able: Tubes stay below their limit; one at least of each furnace.
        room: What they share.
    """
    costs, ratio = scenario.costs, scenario.furnaces.steam_ratio
    # What is beyond a limit is cut, with its margin; beyond the plan, it is missed later.
    lost = float((worth / furnace.feed_t_per_h).max()) + costs.curtailed_usd_per_t
    shares = np.array([1.0, furnace.gas_t.min(), ratio])
    # Feeds come in steps; the nearest to the plan will do.
    feeds = np.unique(furnace.feed_t_per_h)
    half = 0.5 * float(np.diff(feeds).min(initial=feeds[0]))
    stop = np.full((len(worth), 1), -costs.standby_usd_per_h)
    feed, gas = (np.append(x, 0.0) for x in (furnace.feed_t_per_h, furnace.gas_t))
    program = Program()
    chosen = program.add(
        (len(worth), len(feed)),
        high=np.hstack([able, np.ones_like(stop)]),
        worth=np.hstack([worth, stop]),
        whole=True,
    )
    program.require((chosen, 1.0), low=1.0, high=1.0)
    program.require((chosen[:, -1], 1.0), high=room.may_stop)
    beyond = program.add(3, worth=-lost / shares)
    each = (feed, feed * gas, feed * ratio)
    most = (room.feed_t_per_h + half, room.gas_t_per_h, room.steam_t_per_h)
    for number, (takes, limit) in enumerate(zip(each, most, strict=True)):
        takes = np.broadcast_to(takes, chosen.shape).ravel()
        program.require((chosen.ravel(), takes), (beyond[number : number + 1], -1.0), high=limit)
    solution = program.solve(seconds=SECONDS, gap=GAP)
    if solution.value is None:
        return np.where(able, worth, -np.inf).argmax(1)
    return solution.value[chosen].argmax(1)
