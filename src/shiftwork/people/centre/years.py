"""Years that people ran a centre."""

from __future__ import annotations

import jax
from jaxtyping import PRNGKeyArray

from shiftwork.people.centre.people import People
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.scenario import Scenario
from shiftwork.plants.centre.scenario_checks import check_scenario
from shiftwork.plants.centre.trace import CentreTrace, one_copy, run_centre

YEAR_D = 364
"""Whole weeks; the day that is missing keeps one year's records from running into the next."""


def people_years(
    scenario: Scenario, key: PRNGKeyArray, years: int, days: int = YEAR_D
) -> tuple[Centre, list[CentreTrace]]:
    """Let people run a centre for years, each with other people, ships and prices.

    Args:
        scenario: Of the centre; its horizon does not matter.
        key: Of everything that is random.
        years: How many.
        days: Length of each.

    Returns:
        The centre with that horizon, and the years, as NumPy arrays: what ``write_records`` takes.

    Raises:
        UserError: The scenario cannot last that long.
    """
    longer = scenario.model_copy(update={"horizon_d": days})
    check_scenario(longer, f"{scenario.name}, {days} days long")
    plant = Centre(longer)
    people = People(plant)

    def year(key: PRNGKeyArray) -> CentreTrace:
        return run_centre(plant, people, key)

    traces = jax.device_get(jax.jit(jax.vmap(year))(jax.random.split(key, years)))
    return plant, [one_copy(traces, number) for number in range(years)]
