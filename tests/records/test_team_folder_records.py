"""Team records on disk: the same again after reading, open to any tool, strict about every mistake."""

import dataclasses
import json

import numpy as np
import polars as pl
import pytest

from shiftwork.errors import UserError
from shiftwork.records.formats.team_folder import ABOUT, load_team_records, save_team_records
from shiftwork.records.team_episodes import joined
from support.team_record_builders import folder_with, records


def test_what_was_written_is_read(tmp_path):
    save_team_records(records(), tmp_path / "quay")
    found, original = load_team_records(tmp_path / "quay"), records()
    assert found.place == original.place
    assert found.source == str(tmp_path / "quay")
    for name in ("reward", "length", "terminal"):
        assert (getattr(found, name) == getattr(original, name)).all()
    for one, other in zip(found.decisions, original.decisions, strict=True):
        for name, array in vars(other).items():
            assert getattr(one, name).dtype == array.dtype
            assert (getattr(one, name) == array).all(), name


def test_where_an_episode_begins_in_a_campaign_is_read_again_and_put_behind_each_other(tmp_path):
    midst = dataclasses.replace(records(), began=np.array([0, 1]))
    save_team_records(midst, tmp_path / "quay")
    found = load_team_records(tmp_path / "quay")
    assert found.began.tolist() == [0, 1]
    assert joined([found, records()]).began.tolist() == [0, 1, 0, 0]


def test_a_stranger_reads_it_with_names(tmp_path):
    save_team_records(records(), tmp_path / "quay")
    table = pl.read_parquet(tmp_path / "quay" / "1-berth-1.parquet")
    assert table["macro_action"].to_list() == ["wait", "unload", None, "call"]
    assert table.columns[4:] == ["saw ship", "saw stock", "may wait", "may unload", "may call"]
    about = json.loads((tmp_path / "quay" / ABOUT).read_text())
    assert (about["step"], about["reward"]) == ("1 h", "1,000 $")
    assert "steps of 1 h each" in (tmp_path / "quay" / "README.md").read_text()


def set_at(row, **values):
    def change(table):
        columns = {name: table[name].to_list() for name in values}
        for name, value in values.items():
            columns[name][row] = value
        return table.with_columns(pl.Series(name, kept) for name, kept in columns.items())

    return change


BAD_TABLES = {
    "unknown-macro-action": (
        "2-blending.parquet",
        set_at(1, macro_action="hevy"),
        "2-blending.parquet, row 2: unknown macro-action 'hevy'; did you mean 'heavy'?",
    ),
    "unknown-mask-column": (
        "2-blending.parquet",
        lambda t: t.with_columns(pl.lit(True).alias("may heavier")),
        "unknown macro-action 'may heavier'; did you mean 'may heavy'?",
    ),
    "outside-mask": (
        "1-berth-1.parquet",
        set_at(1, **{"may unload": False}),
        "agent 'berth 1', row 2 (episode 0, step 2): chose 'unload', which its mask does not allow",
    ),
    "gap-in-steps": (
        "steps.parquet", lambda t: t.filter(pl.col("reward") != 1),
        "row 2: episode 0, step 2 stands behind episode 0, step 0, a gap; add the steps",
    ),
    "steps-out-of-order": (
        "steps.parquet", lambda t: t.sort("reward", descending=True),
        "row 1: episode 1, step 2 stands at the beginning",
    ),
    "steps-backwards": (
        "steps.parquet", lambda t: t[[0, 1, 1, 2, 3, 4, 5, 6]],
        "row 3: episode 0, step 1 stands behind episode 0, step 1, out of order; sort rows",
    ),
    "no-steps": ("steps.parquet", lambda t: t[:0], "holds no step"),
    "no-reward": ("steps.parquet", lambda t: t.drop("reward"), "column 'reward' is missing"),
    "gap-in-decisions": (
        "2-blending.parquet", lambda t: t[[0, 1]],
        "agent 'blending', row 2 (episode 1, step 0): its duration leaves a gap",
    ),
    "role-without-decision": (
        "2-blending.parquet", lambda t: t[:0], "role 'blending' has not a single decision",
    ),
    "empty-cell": (
        "2-blending.parquet", set_at(2, duration=None), "'duration' is empty in row 3",
    ),
    "text-for-numbers": (
        "2-blending.parquet", lambda t: t.with_columns(pl.col("saw stock").cast(pl.String)),
        "'saw stock' holds String, not numbers",
    ),
    "halves": (
        "2-blending.parquet", lambda t: t.with_columns(pl.col("step").cast(pl.Float64)),
        "'step' holds Float64, not whole numbers",
    ),
    "empty-mask": (
        "2-blending.parquet", set_at(0, **{"may light": None}),
        "'may light' must be true or false",
    ),
    "missing-value": (
        "1-berth-1.parquet", set_at(0, **{"saw ship": None}), "'ship' is not a number",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", list(BAD_TABLES))
def test_bad_tables_are_refused_with_place_and_fix(tmp_path, name):
    file, change, line = BAD_TABLES[name]
    folder = folder_with(tmp_path / "quay", file, change)
    with pytest.raises(UserError) as refused:
        load_team_records(folder)
    assert line in str(refused.value)
    assert str(folder) in str(refused.value)


@pytest.mark.parametrize(
    ("about", "line"),
    [
        (lambda a: a.update(format=2), "has format 2, this version reads 1"),
        (lambda a: a.pop("tasks"), "key 'tasks' is missing"),
        (lambda a: a["tasks"][0].pop("role"), "'tasks', 'horizon' or 'terminal_episodes' is not as"),
        (lambda a: a.update(terminal_episodes=[5]), "names episode 5, but there are 2"),
        (lambda a: a.update(began=[0.5, 1]), "'began' is no list of whole numbers"),
    ],
    ids=["format", "no-tasks", "no-role", "episode", "began"],
)  # fmt: skip
def test_bad_descriptions_are_refused(tmp_path, about, line):
    with pytest.raises(UserError, match=r"team-records\.json") as refused:
        load_team_records(folder_with(tmp_path / "quay", about=about))
    assert line in str(refused.value)


def test_missing_and_damaged_files_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"is no team records \(team-records.json is missing\)"):
        load_team_records(tmp_path)
    folder = folder_with(tmp_path / "quay")
    data = (folder / "steps.parquet").read_bytes()
    (folder / "steps.parquet").write_bytes(data[: len(data) // 2])
    with pytest.raises(UserError, match=r"steps\.parquet: cannot be read"):
        load_team_records(folder)
    (folder / "steps.parquet").unlink()
    with pytest.raises(UserError, match=r"steps\.parquet: is missing; copy the whole folder"):
        load_team_records(folder)
