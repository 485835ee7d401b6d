"""What a team, or the people beside it, decided at the plant becomes team records: ``team import``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from shiftwork.cli.progress import console
from shiftwork.cli.reading import print_decisions, print_team_records
from shiftwork.cli.record_verbs import read_export, tell_cut
from shiftwork.operation.history import files_until
from shiftwork.operation.history_rows import DAY_US
from shiftwork.operation.settings import operation_rules
from shiftwork.operation.shadow.day import closed_stamps, in_closed_loop
from shiftwork.operation.team_records import Operated, at_place, operated_team
from shiftwork.plants.catalogue import TEAM_PLANTS, make_team_plant
from shiftwork.plants.centre.market import REWARD_USD
from shiftwork.plants.centre.varied import AnyCentre
from shiftwork.plants.record_team import place_of
from shiftwork.records.formats.team_folder import save_team_records
from shiftwork.records.historian.plant_file.model import PlantFile
from shiftwork.records.team_episodes import TeamEpisodes, TeamPlace

AUDIT = "audit.sqlite"
LAST_DAY = 100_000
"""Days since 1970; no sample is later."""


def import_operated(
    exports: Sequence[str], plant: PlantFile, out: Path, name: str | None
) -> TeamEpisodes:
    """Read team records from the history of a plant that a team operates, and write them.

    Args:
        exports: The folder that operate wrote to; or its files of closed days.
        plant: Its plant file, with a table [operation.team].
        out: The folder of the records.
        name: The team's plant that it was, if it is one that Shiftwork knows.

    Raises:
        UserError: The history cannot be read, no episode is left, or it is of another plant.
    """
    team = operation_rules(plant).team
    assert team is not None  # who calls looked
    folder = Path(exports[0])
    if len(exports) == 1 and (folder / AUDIT).is_file():
        with files_until(folder, plant, LAST_DAY * DAY_US) as files:
            grid = read_export([str(file) for file in files.values()], plant)[1]
        closed = closed_stamps(folder / AUDIT)
    else:
        grid, closed = read_export(exports, plant)[1], None
    found = operated_team(grid, plant, team)
    records = found.records
    if name is not None:
        records = at_place(records, known_place(name), plant)
    save_team_records(records, out)
    tell_cut(found.cut, plant)
    _tell(found, closed)
    print_team_records(records, out)
    return records


def known_place(name: str) -> TeamPlace:
    """Describe a team's plant as the records of its people do.

    Args:
        name: Of a built-in plant, or a centre's scenario file, whose text is kept.
    """
    plant, text = make_team_plant(name), scenario_text(name)
    if isinstance(plant, AnyCentre):
        return place_of(plant, step="1 h", reward=f"{REWARD_USD:,.0f} $", scenario=text)
    return place_of(plant, scenario=text)


def scenario_text(name: str) -> str:
    """The text of a centre's scenario file; of a built-in plant none."""
    return "" if name in TEAM_PLANTS else Path(name).read_text(encoding="utf-8")


def _tell(found: Operated, closed: frozenset[int] | None) -> None:
    print_decisions(
        "Decisions",
        ("made", "carried on", "opened", "moved"),
        {a.agent: (a.made, a.carried, a.opened, a.moved) for a in found.read},
    )
    if found.lost:
        console.print(
            f"Left out: {found.lost:,} steps in which the plant's count did not go up by one, or what is "
            "needed was unknown"
        )
    if closed is None:
        console.print("Without its audit, who decided is not known: a team or people.")
    else:
        mine = in_closed_loop(found.stamp_us, closed)
        console.print(
            f"Of {len(mine):,} steps {int(mine.sum()):,} were decided in closed loop, by the team where its actions "
            "were on; all others by people."
        )
