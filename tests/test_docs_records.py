"""What docs/records.md and docs/distillation.md show is what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from shiftwork.errors import UserError
from shiftwork.records.historian.cut import cut_episodes
from shiftwork.records.historian.grid import to_grid
from shiftwork.records.historian.plant_file.load import load_plant_file
from shiftwork.records.historian.plant_file.model import (
    EpisodeRules,
    ExportRules,
    Objective,
    PlantFile,
    PlantTag,
    QualityRules,
)
from shiftwork.records.historian.samples import read_samples

DOCS = Path(__file__).parents[1] / "docs"
RECORDS = (DOCS / "records.md").read_text(encoding="utf-8")
COLUMN = (DOCS / "distillation.md").read_text(encoding="utf-8")


def table(name: str) -> list[list[str]]:
    """Rows of a marked table, without its head."""
    found = re.search(rf"<!-- table: {name} -->\n(.*?)<!-- end -->", RECORDS, re.DOTALL)
    assert found is not None
    lines = found[1].strip().splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """A folder with the files that the page shows."""
    files = re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", RECORDS, re.DOTALL)
    assert [name for name, _ in files] == ["column.toml", "export.csv"]
    for name, text in files:
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def shown(value: float, digits: int) -> str:
    return "–" if np.isnan(value) else f"{value:.{digits}f}"


def test_the_example_becomes_the_grid_and_the_steps_that_are_shown(example: Path) -> None:
    plant = load_plant_file(example / "column.toml")
    grid = to_grid(read_samples([example / "export.csv"], plant), plant)
    assert grid.keys == ("reflux", "product")
    expected = [
        [str(stamp)[11:16], *(cell for k in (0, 1) for cell in
         (shown(grid.value[row, k], 1), shown(grid.mean[row, k], 3)))]
        for row, stamp in enumerate(grid.time)
    ]  # fmt: skip
    assert table("grid") == expected
    cut = cut_episodes(grid, plant)
    steps = cut.episodes.transitions
    assert table("steps") == [
        [str(stamp)[11:16], f"{seen[1]:.1f}", f"{seen[0]:.1f}", f"{seen[2]:.1f} to {seen[3]:.1f}",
         f"{action:.1f}", f"{reward:.2f}"]
        for stamp, seen, action, reward in zip(
            cut.stamps, steps.observation, steps.action[:, 0], steps.reward, strict=False)
    ]  # fmt: skip
    assert [(v.limit, v.count) for v in cut.violations] == [("rise", 1)]


def test_the_message_that_is_shown_is_the_one_that_comes(example: Path) -> None:
    plant = example / "column.toml"
    plant.write_text(plant.read_text().replace('role = "action"', 'role = "actoin"'))
    with pytest.raises(UserError) as caught:
        load_plant_file(plant)
    assert f"shiftwork: {caught.value}".replace(str(plant), "column.toml") in RECORDS


def test_every_key_of_the_plant_file_is_told() -> None:
    keys = set(re.findall(r"`((?:\w+)?\.?\w+)`", RECORDS))
    tables = {"objective": Objective, "episodes": EpisodeRules, "quality": QualityRules,
              "export": ExportRules}  # fmt: skip
    wanted = {f.alias or n for n, f in PlantFile.model_fields.items()} - {*tables, "tags"}
    wanted |= {f.alias or n for n, f in PlantTag.model_fields.items()} - {"key"}
    for name, kind in tables.items():
        for key, rule in kind.model_fields.items():
            full = f"{name}.{rule.alias or key}"
            wanted.add(full if full in keys else f".{rule.alias or key}")
    assert not wanted - keys


@pytest.mark.parametrize("text", [RECORDS, COLUMN], ids=["records", "distillation"])
def test_commands_are_ones_that_exist(text: str) -> None:
    from shiftwork.cli.main import VERBS

    commands = re.findall(r"^(?:    |\$ )shiftwork (\w+) ([^#\n]*)", text, re.MULTILINE)
    assert len(commands) >= 5
    for verb, options in commands:
        known = VERBS[verb][0].__dataclass_fields__
        for option in re.findall(r"--([a-z]+)", options):
            assert option in known, f"{verb} --{option}"


@pytest.mark.parametrize("text", [RECORDS, COLUMN], ids=["records", "distillation"])
def test_links_and_pictures_lead_somewhere(text: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert target.startswith("https://") or (DOCS / target).exists(), target


def test_the_table_of_the_column_is_the_measured_one() -> None:
    measured = (DOCS.parent / "benchmarks" / "results" / "distillation.md").read_text("utf-8")
    assert f"<!-- table: distillation -->\n{measured}<!-- end -->" in COLUMN
