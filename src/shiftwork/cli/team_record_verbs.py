"""The verbs for a team's records: people leave them, teams learn from them."""

from __future__ import annotations

from pathlib import Path

from shiftwork.cli.progress import console
from shiftwork.errors import UserError
from shiftwork.plants.catalogue import TEAM_PLANTS, make_team_plant
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.market import REWARD_USD
from shiftwork.plants.record_team import place_of, record_team
from shiftwork.records.formats.team_folder import save_team_records
from shiftwork.records.team_episodes import TeamEpisodes

MOST_EPISODES = 10_000
"""More would not fit into the memory of a small machine."""


def record_people(name: str, out: Path, episodes: int, seed: int) -> TeamEpisodes:
    """Let people run whole episodes of a cracking centre and write what they saw and decided.

    Args:
        name: A cracking centre, or its scenario file, whose text is kept with the records.
        out: The folder.
        episodes: How many, each with other people, ships and prices.
        seed: Seed for all random draws.

    Raises:
        UserError: Nobody is simulated there, or the number is out of range.
    """
    if not 1 <= episodes <= MOST_EPISODES:
        raise UserError(f"--episodes is {episodes}; ask for 1 to {MOST_EPISODES}")
    plant = make_team_plant(name)
    if not isinstance(plant, Centre):
        raise UserError(
            f"no people are simulated at '{plant.name}'; give a cracking centre, such as centre-small"
        )
    from shiftwork.people.centre.people import People

    scenario = "" if name in TEAM_PLANTS else Path(name).read_text(encoding="utf-8")
    place = place_of(plant, step="1 h", reward=f"{REWARD_USD:,.0f} $", scenario=scenario)
    records = record_team(plant, People(plant), place, episodes=episodes, seed=seed)
    save_team_records(records, out)
    decisions = sum(int(found.made.sum()) for found in records.decisions)
    earned = REWARD_USD * float(records.returns.mean()) / plant.horizon
    console.print(
        f"Team records written to {out}: {episodes} episodes of {plant.name}, {len(records.reward):,} h, "
        f"{decisions:,} decisions, profit {earned:,.0f} $/h"
    )
    console.print(f"shiftwork team learn --records {out}", soft_wrap=True)
    return records
