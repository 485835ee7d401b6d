"""From exports to records: what inspect and convert do, and learn before it learns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rich.markup import escape

from shiftwork.cli.progress import console
from shiftwork.cli.reading import print_notes, print_table
from shiftwork.errors import UserError
from shiftwork.records.episodes import Episodes
from shiftwork.records.formats.compact import write_compact
from shiftwork.records.formats.minari import write_minari
from shiftwork.records.historian.cut import Cut, cut_episodes
from shiftwork.records.historian.draft import draft_plant_file
from shiftwork.records.historian.export import write_episodes, write_grid, write_samples
from shiftwork.records.historian.gather.kept import Keep
from shiftwork.records.historian.grid import Grid, to_grid
from shiftwork.records.historian.plant_file.load import load_plant_file, load_reading_rules
from shiftwork.records.historian.plant_file.model import PlantFile
from shiftwork.records.historian.samples import Samples, read_samples
from shiftwork.reports.paper.measures import count

if TYPE_CHECKING:
    from shiftwork.reports.inspection.contents import Inspection

Stage = Literal["episodes", "grid", "samples"]


def read_export(
    exports: Sequence[str], plant: PlantFile, keep: Path | None = None
) -> tuple[Samples, Grid]:
    """Read an export and put it on the plant's time grid; print how much there was.

    Args:
        exports: Files, folders, patterns or connection strings.
        plant: Its plant file.
        keep: Folder in which what is read is kept, and from which a stopped import goes on; None if
            it is not kept.

    Raises:
        Stopped: Ctrl-C was pressed, and what was read is kept.
    """
    _refuse_none(exports)
    samples = _read(exports, plant, keep)
    print_notes(samples)
    return samples, _on_grid(samples, plant)


def _read(exports: Sequence[str], plant: PlantFile, keep: Path | None) -> Samples:
    if keep is None:
        return read_samples(exports, plant)

    def tell(text: str) -> None:
        console.print(text, markup=False, soft_wrap=True)

    with console.status("reading the export ...") as status:
        note = Keep(keep, tell, lambda text: status.update(escape(text)))
        return read_samples(exports, plant, note)


def _on_grid(samples: Samples, plant: PlantFile) -> Grid:
    grid = to_grid(samples, plant)
    console.print(
        f"Export: {samples.rows:,} samples of {len(plant.tags):,} tags, "
        f"{len(grid.time):,} decision periods"
    )
    return grid


def cut_export(exports: Sequence[str], plant: PlantFile, keep: Path | None = None) -> Cut:
    """Read an export and cut it into episodes, as ``read_export``; print what is left out or corrected."""
    cut = cut_episodes(read_export(exports, plant, keep)[1], plant)
    tell_cut(cut, plant)
    return cut


def tell_cut(cut: Cut, plant: PlantFile) -> None:
    """Print what was left out of episodes, or corrected in them."""
    if left := sum(cut.dropped.values()):
        reason, most = max(cut.dropped.items(), key=lambda item: item[1])
        console.print(f"Left out: {count(left, 'decision period')}, most for '{reason}' ({most:,})")
    for breach in cut.violations:
        worst = f"{breach.worst:.3g} {plant.tags[breach.tag].unit}".rstrip()
        console.print(
            f"{breach.tag} was beyond its limits ({breach.limit}) in "
            f"{count(breach.count, 'decision period')}, by {worst} at most; the nearest allowed is taken"
        )


def import_export(
    exports: str | Path | Sequence[str], tags: str | Path, keep: str | Path | None = None
) -> Episodes:
    """Read a historian's export as episodes, and say on the console what was left out.

    Args:
        exports: Files, folders, patterns or a connection string.
        tags: The plant file (.toml), which says what the columns mean.
        keep: Folder in which what is read is kept, and from which a stopped import goes on.

    Raises:
        Stopped: Ctrl-C was pressed, and what was read is kept.
        UserError: Something cannot be read; the message names file, place and fix.
    """
    paths = (str(exports),) if isinstance(exports, str | Path) else tuple(exports)
    return cut_export(paths, load_plant_file(tags), Path(keep) if keep else None).episodes


def inspect_export(
    exports: Sequence[str], plant: PlantFile, out: Path, keep: Path | None = None
) -> Inspection:
    """Inspect an export, write what was found, and print the verdict and how it was read.

    Args:
        exports: Files, folders, patterns or connection strings.
        plant: Its plant file.
        out: Folder of the inspection.
        keep: As for ``read_export``.
    """
    # Pictures load slowly, and only this verb draws them.
    from shiftwork.reports.inspection.inspect import inspect
    from shiftwork.reports.inspection.page import write_inspection

    _refuse_none(exports)
    samples = _read(exports, plant, keep)
    try:
        grid = _on_grid(samples, plant)
    except UserError:
        print_table(samples, plant)  # which shows where times or values were misread
        raise
    cut, refusal = None, ""
    try:
        cut = cut_episodes(grid, plant)
    except UserError as error:
        refusal = str(error)
    with console.status("inspecting ..."):
        found = inspect(samples, grid, cut, plant, refusal=refusal)
    write_inspection(out, found, grid, cut)
    console.print(found.headline)
    for reason in found.reasons:
        console.print(f"  - {reason}")
    console.print(f"Inspection written to {out} (inspection.html, inspection.json)")
    print_table(samples, plant)
    return found


def draft(exports: Sequence[str], out: Path, known: Path | None = None) -> None:
    """Draft a plant file by what an export shows.

    Args:
        exports: Files, folders, patterns or connection strings.
        out: The file to write.
        known: A plant file, or the beginning of one, whose [export], [quality] and time_zone say
            how the export is read.

    Raises:
        UserError: A file stands there, since a person may have worked on it; or the values could
            not be read, so that roles and spans are missing.
    """
    _refuse_none(exports)
    if out.exists():
        raise UserError(f"{out}: exists, and is not overwritten; choose another --out")
    drafted = draft_plant_file(exports, load_reading_rules(known) if known else None)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("x", encoding="utf-8") as file:
            file.write(drafted.text)
    except OSError as error:
        raise UserError(
            f"{out}: cannot be written ({error.strerror}); choose another --out"
        ) from None
    if drafted.problem:
        raise UserError(
            f"{out}: the values could not be read, so roles and spans are missing: {drafted.problem}; write "
            f"that key into {out}, and draft again with --tags {out} and another --out"
        )
    console.print(f"Plant file drafted: {out}. Go through what is marked CHECK, then inspect.")


def convert_export(
    exports: Sequence[str], plant: PlantFile, out: Path, stage: Stage, keep: Path | None = None
) -> None:
    """Write an export again, in a form that other tools read.

    Args:
        exports: As ``inspect_export`` has them.
        plant: Its plant file.
        out: A .parquet file, an .npz file of episodes, or a folder (a Minari data set).
        stage: How far it is processed; samples and grids go to Parquet only.
        keep: As for ``read_export``.

    Raises:
        UserError: The form does not fit, or it cannot be written.
    """
    kind = out.suffix.lower()
    if kind not in (".parquet", ".npz", ""):
        raise UserError(f"{out}: is not a known form; give a .parquet or .npz file, or a folder")
    if stage != "episodes" and kind != ".parquet":
        raise UserError(f"{out}: the {stage} can be written as .parquet only; choose another --out")
    if stage == "episodes":
        cut = cut_export(exports, plant, keep)
        if kind == ".parquet":
            write_episodes(cut.episodes, out, cut.stamps)
        elif kind == ".npz":
            write_compact(cut.episodes, out)
        else:
            write_minari(cut.episodes, out)
        held = held_by(cut.episodes)
    else:
        if stage == "grid":
            grid = read_export(exports, plant, keep)[1]
            write_grid(grid, out)
            held = count(len(grid.time), "period")
        else:
            samples = _read(exports, plant, keep)
            print_notes(samples)
            write_samples(samples, out)
            held = count(samples.rows, "sample")
    console.print(f"Written to {out}: {held}")


def _refuse_none(exports: Sequence[str]) -> None:
    if not exports:
        raise UserError("no exports are given; give files, folders or patterns")


def held_by(records: Episodes) -> str:
    """Say what records hold in a few words."""
    s = records.statistics
    return (
        f"{count(s.episodes, 'episode')}, {s.steps:,} steps, mean return {s.mean_return:.1f}"
        f" ({s.worst_return:.1f} to {s.best_return:.1f})"
    )
