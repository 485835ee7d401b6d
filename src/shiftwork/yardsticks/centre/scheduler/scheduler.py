"""The rolling horizon at work: plans become macro-actions that the masks allow, hour by hour."""

from __future__ import annotations

import time

import numpy as np
from jaxtyping import Bool, Float, Int, PRNGKeyArray

from shiftwork.errors import UserError
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.layout import NO_RECIPE, WAIT, WAITING
from shiftwork.plants.centre.state import CRACKING, STAND_BY, CentreState
from shiftwork.plants.team_plant import TeamStep
from shiftwork.yardsticks.centre.scheduler.forecast import Outlook, expected_leaders, look
from shiftwork.yardsticks.centre.scheduler.furnaces import (
    Furnace,
    decoke_usd,
    decokes_to_the_end,
    due_h,
    furnace_at,
)
from shiftwork.yardsticks.centre.scheduler.horizon import PlanSettings, settings_for
from shiftwork.yardsticks.centre.scheduler.plan import Plan, plan
from shiftwork.yardsticks.centre.scheduler.set_points import Room, set_points
from shiftwork.yardsticks.centre.scheduler.tanks import dry_h, stock_mean

FRESH_H = 4
"""A plan younger than this is followed, unless a berth or blending asks again."""
STALE_H = 24
"""A plan older than this is replaced."""


class RollingMilp:
    """The scheduler as a ``TeamOperator`` that is not pure: it solves programs in Python.

    Attributes:
        plant: The centre that it runs.
        settings: Horizon and time limit of the plans; those for the scenario if None.
    """

    pure = False

    def __init__(self, plant: Centre, settings: PlanSettings | None = None) -> None:
        """Take over a centre.

        Raises:
            UserError: One agent runs all furnaces.
        """
        if plant.scenario.furnace_agents != "each":
            raise UserError(
                f"{plant.name}: the scheduler sets each furnace by itself; set furnace_agents to 'each'"
            )
        self.plant, self.settings = plant, settings

    def begin(self, key: PRNGKeyArray) -> Scheduler:
        """Begin an episode without a plan."""
        del key
        return Scheduler(self.plant, self.settings)

    def act(
        self, memory: Scheduler, step: TeamStep, key: PRNGKeyArray
    ) -> tuple[Scheduler, Int[np.ndarray, " N"]]:
        """Decide for everybody who may."""
        del key
        decided = np.asarray(step.decided)
        if not decided.any():
            return memory, np.zeros(len(decided), np.int32)
        began = time.perf_counter()
        macro = memory.decide(step.state, decided, np.asarray(step.mask))
        memory.decision_s.append(time.perf_counter() - began)
        return memory, macro


class Scheduler:
    """What the scheduler remembers in an episode, and how it decides.

    Attributes:
        decision_s: Seconds of each decision.
        fallbacks: Plans that the solver did not find in its time; the rule of thumb in their place
            takes the first tank with room, the fullest tank, and the middle feed.
        solve_s: Seconds of each solve.
    """

    def __init__(self, plant: Centre, settings: PlanSettings | None = None) -> None:
        """Prepare for an episode."""
        self.scenario, self.layout = plant.scenario, plant.layout
        self.settings = settings or settings_for(plant.scenario)
        self.plan: Plan | None = None
        self.furnace: Furnace | None = None
        self.tried_h = -STALE_H
        self.fallbacks = 0
        self.solve_s: list[float] = []
        self.decision_s: list[float] = []

    def decide(
        self, state: CentreState, decided: Bool[np.ndarray, " N"], mask: Bool[np.ndarray, "N A"]
    ) -> Int[np.ndarray, " N"]:
        """Choose for all who decide."""
        layout = self.layout
        berths = np.flatnonzero(decided[: layout.berths])
        blends = decided[layout.berths]
        furnaces = np.flatnonzero(decided[layout.berths + 1 :])
        outlook = look(self.scenario, layout, state, self.settings.slot_h * self.settings.slots)
        asked = blends or (mask[berths, 1:].any() and outlook.hour - self.tried_h >= FRESH_H)
        if self.furnace is None or asked or outlook.hour - self.tried_h >= STALE_H:
            self._renew(outlook)
        macro = np.zeros(len(decided), np.int32)
        if blends:
            macro[layout.berths] = self._recipe(outlook, mask[layout.berths])
        share = layout.recipes[macro[layout.berths]] if blends else outlook.share
        taken = share > 0
        for berth in berths:
            starves = not share.any()
            macro[berth] = self._berth(outlook, int(berth), mask[berth], taken, starves)
        if len(furnaces):
            chosen = self._furnaces(outlook, furnaces, mask[layout.berths + 1 :], share)
            macro[layout.berths + 1 + furnaces] = chosen
        return macro

    def _renew(self, outlook: Outlook) -> None:
        """Solve again with what is known now."""
        self.tried_h = outlook.hour
        mean = stock_mean(outlook, self.layout)
        self.furnace = furnace = furnace_at(self.scenario, mean, outlook.tank)
        leaders = expected_leaders(self.scenario, outlook, np.array([48.0]))[0]
        cost = decoke_usd(self.scenario, furnace, leaders)
        due = due_h(self.scenario, outlook, furnace, leaders, cost)
        # Coke costs its share of the next decoke, if there is one.
        coke = cost / float(np.median(furnace.room)) if np.isfinite(due).any() else 0.0
        made = plan(self.scenario, outlook, due, furnace, coke, self.settings, self.plan)
        self.fallbacks += made is None
        self.plan = made
        if made is not None:
            self.solve_s.append(made.solution.seconds)

    def _slot(self, outlook: Outlook) -> int:
        assert self.plan is not None
        last = len(self.plan.feed_t_per_h) - 1
        return min((outlook.hour - self.plan.made_h) // self.settings.slot_h, last)

    def _recipe(self, outlook: Outlook, mask: Bool[np.ndarray, " A"]) -> int:
        """The allowed recipe that is nearest to the plan's draws."""
        recipes = self.layout.recipes
        allowed = mask[: len(recipes)]
        if allowed[NO_RECIPE]:
            return NO_RECIPE
        if self.plan is None:
            wanted = np.where(outlook.rest_h > 0, 0.0, outlook.tank_m3)
            wanted = (wanted == wanted.max()) * 1.0
        else:
            wanted = self.plan.draw_t[:, self._slot(outlook)]
        if wanted.sum() < 1.0:
            wanted = outlook.share + 1e-3
        wanted = wanted / wanted.sum()
        far = np.abs(recipes - wanted).sum(1)
        # A recipe that goes on costs no switch.
        far = far + 0.3 * (np.abs(recipes - outlook.share).sum(1) > 0)
        return int(np.where(allowed, far, np.inf).argmin())

    def _berth(
        self,
        outlook: Outlook,
        berth: int,
        mask: Bool[np.ndarray, " A"],
        taken: Bool[np.ndarray, " K"],
        starves: bool,
    ) -> int:
        """The ship and tank that the plan unloads first; else wait."""
        layout, tanks, berths = self.layout, self.layout.tanks, self.layout.berths
        allowed = mask[1 : 1 + WAITING * tanks].reshape(WAITING, tanks) & ~taken
        if not allowed.any():
            return WAIT
        own = outlook.cargo_t[berth] > 0
        ships = [berth, berth] if own else [berths, berths + 1]
        if self.plan is None:
            room = np.where(allowed, layout.high_m3 - outlook.tank_m3, -1.0)
            place, tank = np.unravel_index(room.argmax(), room.shape)
        else:
            slot = self._slot(outlook)
            wanted = np.where(allowed, self.plan.unload_t[ships][:, :, slot], 0.0)
            place, tank = np.unravel_index(wanted.argmax(), wanted.shape)
            if wanted.max() < 1.0:
                hours = np.where(allowed, dry_h(layout, outlook), np.inf)
                place, tank = np.unravel_index(hours.argmin(), hours.shape)
                # Nobody waits with a ship at hand while no tank feeds and one is empty.
                if not starves or hours[place, tank] > 1.0:
                    return WAIT
        taken[tank] = True
        return int(1 + place * tanks + tank)

    def _furnaces(
        self,
        outlook: Outlook,
        furnaces: Int[np.ndarray, " D"],
        mask: Bool[np.ndarray, "F A"],
        share: Float[np.ndarray, " K"],
    ) -> Int[np.ndarray, " D"]:
        """Decoke what is due; the rest share the planned feed and the plant's limits."""
        scenario, layout, usual = self.scenario, self.layout, self.furnace
        assert usual is not None
        slot, target = 0, layout.most_feed_t_per_h
        if self.plan is not None:
            slot = self._slot(outlook)
            target = float(self.plan.feed_t_per_h[slot])
        # A decision's time, and that of a ramp from the hottest to the coolest set-point.
        hold = 2.5 * scenario.furnaces.hold_h * usual.growth
        safe = outlook.coke_mm[:, None] + hold < usual.room
        running = (outlook.mode == CRACKING) | (outlook.mode == STAND_BY)
        others = running.copy()
        others[furnaces] = False
        macro = np.zeros(layout.furnaces, np.int32)
        free = np.zeros(layout.furnaces, bool)
        place = mask[:, layout.decoke].copy()
        for f in furnaces:
            now = self.plan is not None and self.plan.decoke[f, : slot + 1].sum() > 0.5
            if (now or not safe[f].any()) and place[f]:
                macro[f] = layout.decoke
                place[:] = False
            elif safe[f].any():
                free[f] = True
            else:
                macro[f] = layout.stand_by if mask[f, layout.stand_by] else 0
        if free.any():
            stays = (outlook.mode == CRACKING) & ~free
            spare = stays.sum() + free.sum() - scenario.furnaces.cracking_at_least
            may_stop = min(int(spare), int(mask[free, layout.stand_by].sum()))
            macro[free] = self._set_points(outlook, share, free, others, safe, target, may_stop)
        return macro[furnaces]

    def _set_points(
        self,
        outlook: Outlook,
        share: Float[np.ndarray, " K"],
        free: Bool[np.ndarray, " F"],
        others: Bool[np.ndarray, " F"],
        safe: Bool[np.ndarray, "F M"],
        target: float,
        may_stop: int,
    ) -> Int[np.ndarray, " D"]:
        scenario, usual = self.scenario, self.furnace
        assert usual is not None
        piona = share @ outlook.tank if share.any() else usual.piona
        fed = furnace_at(scenario, piona.astype(float), outlook.tank)
        leaders = expected_leaders(scenario, outlook, np.array([4.0]))[0]
        cost = decoke_usd(scenario, usual, leaders)
        decokes = decokes_to_the_end(outlook, usual)
        worth = fed.earns(leaders) - cost * decokes / max(outlook.left_h, 1)
        room = Room(scenario, outlook, fed, others, target, max(may_stop, 0))
        chosen = set_points(scenario, fed, worth[free], safe[free], room)
        return np.where(chosen == len(fed.feed_t_per_h), self.layout.stand_by, chosen)
