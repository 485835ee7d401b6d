"""The verbs for a team's records: people leave them, teams learn from them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rich.markup import escape
from rich.table import Table

from shiftwork.agents.team import Team
from shiftwork.cli.operated_records import import_operated, known_place, scenario_text
from shiftwork.cli.progress import console, progress_bar
from shiftwork.cli.reading import print_decisions, print_team_records
from shiftwork.cli.record_verbs import read_export, tell_cut
from shiftwork.cli.team_verbs import as_centre
from shiftwork.errors import UserError
from shiftwork.learning.team.folder import save_from_records
from shiftwork.learning.team.from_records import learn_from_records, stages
from shiftwork.learning.team.from_records_settings import Config
from shiftwork.operation.team_records_seen import TeamRecordsSeen
from shiftwork.plants.catalogue import make_team_plant
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.market import REWARD_USD
from shiftwork.plants.centre.scenario_checks import check_scenario
from shiftwork.plants.centre.varied import AnyCentre
from shiftwork.plants.record_team import place_of, record_team
from shiftwork.records.formats.team_folder import load_team_records, save_team_records
from shiftwork.records.formats.team_yardsticks import Yardsticks
from shiftwork.records.historian.cut_team import cut_team
from shiftwork.records.historian.plant_file.load import load_plant_file
from shiftwork.records.team_episodes import TeamEpisodes, differing, joined

if TYPE_CHECKING:
    from shiftwork.reports.team_records.inspect import TeamInspection

MOST_EPISODES = 10_000
"""More would not fit into the memory of a small machine."""


def record_people(
    name: str,
    out: Path,
    episodes: int,
    seed: int,
    operator: str = "people",
    yardsticks: bool = False,
) -> TeamEpisodes:
    """Let people, or somebody else, run whole episodes of a cracking centre and write what they decided.

    Args:
        name: A cracking centre, or its scenario file, whose text is kept with the records.
        out: The folder.
        episodes: How many, each with other people, ships and prices.
        seed: Seed for all random draws.
        operator: Who runs the plant, as ``evaluate`` takes it: people, or a team's folder.
        yardsticks: Also what the scheduler earns in the same episodes, and their upper bound.

    Raises:
        UserError: Nobody is simulated there, or the number is out of range.
    """
    if not 1 <= episodes <= MOST_EPISODES:
        raise UserError(f"--episodes is {episodes}; ask for 1 to {MOST_EPISODES}")
    plant = make_team_plant(name)
    if not isinstance(plant, AnyCentre):
        raise UserError(
            f"no people are simulated at '{plant.name}'; give a cracking centre, such as centre-small"
        )
    from shiftwork.cli.evaluate import operator_named

    # Told before people work, not after.
    centre = as_centre(plant) if yardsticks else None
    records = record_team(
        plant, operator_named(operator, plant), known_place(name), episodes=episodes, seed=seed
    )
    save_team_records(records, out)
    if centre is not None:
        measured(centre, records, seed).save(out)
    decisions = sum(int(found.made.sum()) for found in records.decisions)
    earned = REWARD_USD * float(records.returns.mean()) / plant.horizon
    console.print(
        f"Team records written to {out}: {episodes} episodes of {plant.name}, {len(records.reward):,} h, "
        f"{decisions:,} decisions, profit {earned:,.0f} $/h"
    )
    console.print(f"shiftwork team learn --records {out}", soft_wrap=True)
    return records


def measured(plant: Centre, records: TeamEpisodes, seed: int) -> Yardsticks:
    """Let the scheduler run recorded episodes again, and bound what anybody earns in them.

    Args:
        plant: Where.
        records: From ``record_team``.
        seed: The one that they were recorded with.

    Raises:
        UserError: The solver's package is missing, or one agent runs all furnaces.
    """
    import jax

    from shiftwork.yardsticks.centre.bound import bound
    from shiftwork.yardsticks.centre.episode import future_of, run_stepwise
    from shiftwork.yardsticks.centre.scheduler.scheduler import RollingMilp

    keys = jax.random.split(jax.random.key(seed), len(records.length))
    scheduler, most = [], []
    with progress_bar("yardsticks", len(keys), "episodes") as advance:
        for key in keys:
            run = run_stepwise(plant, RollingMilp(plant), key)
            scheduler.append(run.profit_per_h * run.hours)
            most.append(bound(plant.scenario, future_of(plant, key)).profit_usd)
            advance(1)
    earned = (REWARD_USD * records.returns).tolist()
    return Yardsticks(plant.name, tuple(earned), tuple(scheduler), tuple(most))


def rebuild_records(export: Path, name: str, out: Path, days: int | None) -> TeamEpisodes:
    """Rebuild team records from a centre's export, and write them.

    Args:
        export: The folder of the export.
        name: The cracking centre that it is of, or its scenario file.
        out: The folder of the records.
        days: Of an episode in the export; the scenario's horizon if None.

    Raises:
        UserError: The plant is no cracking centre, or the export is not of it.
    """
    plant = make_team_plant(name)
    if not isinstance(plant, Centre):
        raise UserError(
            f"team records are rebuilt of cracking centres only, not of '{plant.name}'; give one, such as "
            "centre-small"
        )
    from shiftwork.people.centre.read_teams import files_in, read_team_episodes

    files = files_in(export)
    if days is not None:
        scenario = plant.scenario.model_copy(update={"horizon_d": days})
        check_scenario(scenario, f"{plant.name}, --days {days}")
        plant = Centre(scenario)
    records, opened = read_team_episodes(plant, files, scenario_text(name))
    save_team_records(records, out)
    decisions = sum(int(found.made.sum()) for found in records.decisions)
    console.print(
        f"Team records written to {out}: {len(records.length)} episodes of {plant.name}, "
        f"{len(records.reward):,} h, {decisions:,} decisions, rebuilt from {export}; {sum(opened)} of them "
        "at a limit that the export tells too roughly for their masks"
    )
    return records


def import_team_records(
    exports: Sequence[str],
    tags: Path,
    out: Path,
    name: str | None = None,
    keep: Path | None = None,
) -> TeamEpisodes:
    """Make team records from exports of any plant, or from what was operated, and write them.

    Args:
        exports: Files, folders, patterns or connection strings; or the folder that operate wrote to.
        tags: The plant file, whose [team] or [operation.team] says who decides what.
        out: The folder of the records.
        name: Of what was operated: the team's plant that it was.
        keep: Folder in which what is read of exports is kept, and from which a stopped import goes on.

    Raises:
        UserError: The plant file has no team, or no episode is left.
    """
    plant = load_plant_file(tags)
    if plant.team is None and "team" in plant.operation:
        if keep is not None:
            raise UserError(
                f"--keep is for exports, and {tags} is of what was operated; leave it out"
            )
        return import_operated(exports, plant, out, name)
    if name is not None:
        raise UserError(
            f"--plant is for what was operated, and {tags} has no [operation.team]; leave it out"
        )
    found = cut_team(read_export(exports, plant, keep)[1], plant)
    records = found.records
    save_team_records(records, out)
    tell_cut(found.cut, plant)
    print_decisions(
        "Decisions, as rebuilt",
        ("starts", "changes", "goes on", "steps lost", "opened"),
        {a.agent: (a.starts, a.changes, a.goes_on, a.unknown, a.opened) for a in found.rebuilt},
    )
    if found.unscaled:
        console.print(
            f"Shown by the range recorded, as they have no span: {', '.join(found.unscaled)}. Records of "
            "another export fit beside these only if the plant file gives spans."
        )
    print_team_records(records, out)
    return records


def open_team_records(folders: Sequence[str | Path], plant: str | None = None) -> TeamEpisodes:
    """Read team records, and check that they are of one plant, and of that which is named.

    Args:
        folders: One or more.
        plant: A team's plant or a scenario file; the records' own if None.

    Raises:
        UserError: A folder is no team records, or is of another plant.
    """
    records = joined([load_team_records(Path(folder)) for folder in folders])
    if plant is not None:
        place = records.place
        named = place_of(
            make_team_plant(plant), step=place.step, reward=place.reward, scenario=place.scenario
        )
        if named != place:
            raise UserError(
                f"{records.source}: records of another scenario than --plant {plant} "
                f"({differing(named, place)}); give the plant that was recorded, or its records"
            )
    return records


def inspect_team_records(folders: Sequence[str | Path], out: Path) -> TeamInspection:
    """Judge what team records hold, write a page, and print the verdict.

    Args:
        folders: Of one plant.
        out: Folder of the inspection.

    Raises:
        UserError: A folder is no team records, or they are of different plants.
    """
    from shiftwork.reports.team_records.inspect import inspect_team
    from shiftwork.reports.team_records.page import (
        HEAD,
        lead,
        role_row,
        write_team_inspection,
    )

    records = open_team_records(folders)
    with console.status("inspecting ..."):
        found = inspect_team(records)
    write_team_inspection(out, found)
    console.print(found.headline)
    for reason in found.reasons:
        console.print(f"  - {escape(reason)}")
    console.print(lead(found))
    table = Table(box=None, pad_edge=False)
    for number, name in enumerate(HEAD):
        justify: Literal["left", "right"] = "right" if number else "left"
        table.add_column(name.replace(" <br>", "\n"), justify=justify, no_wrap=True)
    for role in found.roles:
        table.add_row(*map(escape, role_row(role)))
    console.print(table)
    console.print(f"Inspection written to {out} (inspection.html, inspection.json)")
    return found


def _remember(records: TeamEpisodes, folder: Path) -> None:
    """Let the records go with the team to the plant; a team without them is still a team."""
    try:
        TeamRecordsSeen.learn(records).save(folder)
    except UserError as error:
        console.print(f"Nothing will hold the team to its records at a plant: {escape(str(error))}")


def learn_from_team_records(
    folders: Sequence[str | Path],
    out: str | Path = Path("runs/team"),
    *,
    method: str = "weighted",
    config: Config | None = None,
    plant: str | None = None,
    seed: int = 0,
) -> Team:
    """Learn a team from records alone, without any simulator, and write its folder.

    Args:
        folders: Team records.
        out: The team's folder.
        method: "weighted" (cloning weighted by advantage) or "clone".
        config: Settings.
        plant: Which plant the records must be of; it is not run.
        seed: Seed for all random draws.
    """
    records, settings = open_team_records(folders, plant), config or Config()
    work = stages(method)
    with progress_bar(f"learning from records ({method})", work, "parts") as advance:
        found = learn_from_records(records, settings, method=method, seed=seed, advance=advance)
    save_from_records(found, records, Path(out))
    _remember(records, Path(out))
    console.print(
        f"Team written to {out}, from {len(records.length)} episodes and no plant ({found.wall_s:.0f} s)"
    )
    console.print(f"shiftwork evaluate {out} --operator people random", soft_wrap=True)
    return Team.load(Path(out))
