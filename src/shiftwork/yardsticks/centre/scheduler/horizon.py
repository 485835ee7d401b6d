"""What the parts of the rolling horizon's program share: its slots, its settings, its variables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64, Int

from shiftwork.plants.centre.layout import SPECIFIC_M3_PER_T, Layout
from shiftwork.plants.centre.scenario import Scenario
from shiftwork.yardsticks.centre.scheduler.forecast import Outlook
from shiftwork.yardsticks.centre.scheduler.furnaces import Furnace
from shiftwork.yardsticks.program import Program


@dataclass(frozen=True)
class PlanSettings:
    """Of the rolling horizon.

    Attributes:
        slot_h: Hours of a slot.
        slots: How many.
        seconds: Time limit of a solve.
        gap: Relative gap at which a solve ends.
        safety_h: Hours of full feed that stock should not fall below, beside one standard
            deviation of a ship's arrival.
        safety_usd_per_t: For each tonne below it and slot.
    """

    slot_h: int = 12
    slots: int = 14
    firm_h: int = 48
    seconds: float = 0.6
    gap: float = 0.003
    safety_h: float = 24.0
    safety_usd_per_t: float = 1.0


def settings_for(scenario: Scenario) -> PlanSettings:
    """Slots of half the time for which a tank rests, so that settling is told well."""
    return PlanSettings(slot_h=min(max(scenario.release.rest_h // 2, 4), 12))


class Days(NamedTuple):
    """What every part of the program needs.

    Attributes:
        program: To be written.
        scenario: Of the centre.
        layout: Of the centre.
        outlook: What is known.
        furnace: Set-points at the stock's mean composition.
        holds: Composition of each tank as it is expected in each slot, (K, s, 5).
        begin: Hours until each slot begins, (s,).
        hours: Of a slot.
        firm: Slots in which a tank fills, feeds or does not; in later ones also in part, (s,).
    """

    program: Program
    scenario: Scenario
    layout: Layout
    outlook: Outlook
    furnace: Furnace
    holds: Float64[np.ndarray, "K s 5"]
    begin: Int[np.ndarray, " s"]
    hours: int
    firm: Bool[np.ndarray, " s"]

    @property
    def slots(self) -> int:
        """How many."""
        return len(self.begin)

    @property
    def m3_per_t(self) -> Float64[np.ndarray, " K"]:
        """Of each tank's present content, with which the program reckons throughout."""
        return (self.outlook.tank @ SPECIFIC_M3_PER_T).astype(float)


class Berthing(NamedTuple):
    """Variables of the harbour: tonnes unloaded (I, K, s), aboard (I, s), tank filled (K, s)."""

    unload: Int[np.ndarray, "I K s"]
    aboard: Int[np.ndarray, "I s"]
    fills: Int[np.ndarray, "K s"]


class Feeding(NamedTuple):
    """Variables of tanks, each (K, s): feeds, tonnes drawn, level in m3."""

    feeds: Int[np.ndarray, "K s"]
    draw: Int[np.ndarray, "K s"]
    level: Int[np.ndarray, "K s"]
