"""An export that is read tag by tag gives the figures of one in memory, and reads no other tag."""

import dataclasses
import gc

import numpy as np
import polars as pl
import pytest

from shiftwork.assistant.assistant import Assistant
from shiftwork.assistant.tools.all import TOOLS
from shiftwork.errors import UserError
from shiftwork.records.historian import by_tag
from shiftwork.records.historian.by_tag import OnDisk, ReadWhole, open_samples
from shiftwork.records.historian.gather import gathered as kept
from shiftwork.records.historian.parts import StoredParts
from shiftwork.records.historian.plant_file.load import load_plant_file
from shiftwork.records.historian.readers.table import Table
from shiftwork.records.historian.samples import read_samples

NOW = "2025-03-20T12:00"
PLANT = """
name = "lazy"
period = "1h"
time_zone = "Asia/Seoul"
[objective]
expression = "a - b"
unit = "$/h"
[tags.a]
role = "observation"
missing = [-99]
[tags.b]
role = "observation"
[tags.c]
role = "action"
bounds = [0, 1000]
[tags.d]
role = "observation"
hold = true
[tags.mode]
role = "state"
max_age = "30d"
[schedule]
tanks = [{ level = "b", heel = 1 }]
furnaces = [{ tube = "d", limit = 2000, mode = "mode", cracking = "on" }]
"""
QUESTIONS = (
    "mean and maximum of a in March 2025",
    "3월 10일 b 평균",
    "compare c on March 10 with March 11",
    "correlation of a and b from March 3 to March 12",
    "what did the plant earn on March 10",
    "how often was d above 500 on March 9",
    "what is due?",
    "what is due on March 12 at 10:00?",
    "why did it rain",
    "mean of a in 2020",
)


@pytest.fixture(scope="module")
def frame():
    """Irregular; the first and the last rows hold one tag each, so no tag runs from end to end."""
    draw = np.random.default_rng(0)
    rows = 3000
    time = np.datetime64("2025-03-01", "us") + np.cumsum(draw.integers(60, 900, rows)) * 1_000_000
    walk = 500 + np.cumsum(draw.normal(0, 1, (rows, 4)), 0)
    walk[:, 1] = np.linspace(900, 100, rows)
    columns = dict(zip("abcd", walk.T, strict=True))
    values = {
        k: pl.Series(k, v)
        .to_frame()
        .select(pl.when(pl.Series(draw.random(rows) < 0.8)).then(pl.col(k)))
        .to_series()
        for k, v in columns.items()
    }
    mode = pl.Series("mode", np.where(draw.random(rows) < 0.02, "off", "on"))
    edge = np.arange(rows)
    found = pl.DataFrame({"time": time, **values, "mode": mode}).with_columns(
        pl.when(pl.Series((edge > 0) & (edge < rows - 1))).then(pl.col(k)).alias(k)
        for k in ("b", "c", "d")
    )
    return found.with_columns(
        pl.when(pl.Series(edge > 2)).then(pl.col("a")).otherwise(-99.0).alias("a")
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory, frame):
    folder = tmp_path_factory.mktemp("lazy")
    (folder / "plant.toml").write_text(PLANT, encoding="utf-8")
    (folder / "year").mkdir()
    frame[:1700].write_parquet(folder / "year" / "1.parquet", row_group_size=500)
    frame[1700:].write_parquet(folder / "year" / "2.parquet")
    return folder


def test_every_figure_is_the_same(folder):
    lazy = Assistant(folder / "year", folder / "plant.toml", now=NOW)
    assert isinstance(lazy.export.samples, OnDisk)
    plant = lazy.export.plant
    whole = Assistant(folder / "year", folder / "plant.toml", now=NOW)
    samples = ReadWhole.found(read_samples([folder / "year"], plant), plant)
    whole.export = dataclasses.replace(whole.export, samples=samples)
    assert lazy.export.span_local == whole.export.span_local
    for question in QUESTIONS:
        ours, right = lazy.ask(question), whole.ask(question)
        assert ours == right, question
        whole.recompute(ours)
    assert lazy.ask(QUESTIONS[6]).status == "answered"
    for key in plant.tags:
        ours, right = (
            export.of(key).with_columns(pl.col("tag").cast(pl.String))
            for export in (lazy.export.samples, samples)
        )
        assert ours.equals(right), key
    span = ("2025-03-05", "2025-03-06")
    assert TOOLS["earnings"](lazy.export, *span) == TOOLS["earnings"](whole.export, *span)


def test_only_what_a_question_needs_is_read(folder, monkeypatch):
    read = []
    true_read = Table.read

    def spied(table, wanted, notes=None):
        read.append({table.header[column] for column in wanted.columns})
        return true_read(table, wanted, notes)

    monkeypatch.setattr(Table, "read", spied)
    assistant = Assistant(folder / "year", folder / "plant.toml", now=NOW)
    assert read == []
    assert assistant.ask("mean of b on March 10").status == "answered"
    assert read == [{"time", "b"}] * 2  # two files
    assistant.ask("maximum of b on March 12")
    assert len(read) == 2
    monkeypatch.setattr(by_tag, "KEPT_ROWS", 10)
    assistant.ask("mean of c on March 10")
    assistant.ask("mean of b on March 10")
    assert len(read) == 6  # it had to go


@pytest.mark.parametrize("what", ["quality", "text", "csv", "time as text"])
def test_what_depends_on_all_columns_is_read_whole(frame, tmp_path, what):
    (tmp_path / "plant.toml").write_text(PLANT, encoding="utf-8")
    plant = load_plant_file(tmp_path / "plant.toml")
    file = tmp_path / "export.parquet"
    if what == "csv":
        file = tmp_path / "export.csv"
        frame.write_csv(file)
    else:
        changed = {
            "quality": pl.lit(192).alias("a.quality"),
            "text": pl.col("a").cast(pl.String),
            "time as text": pl.col("time").dt.to_string("%Y-%m-%d %H:%M:%S"),
        }[what]
        frame.with_columns(changed).write_parquet(file)
    found = open_samples([file], plant)
    assert isinstance(found, ReadWhole)
    assert len(found.of("b")) == frame["b"].count()


def written(frame, form, path):
    """The same samples in a form whose rows are read whole."""
    if form == "wide csv":
        frame.write_csv(path / "export.csv")
        return path / "export.csv"
    long = (
        frame.with_columns(pl.col(pl.Float64).cast(pl.String))
        .unpivot(index="time", variable_name="tag", value_name="value")
        .drop_nulls()
        .sort("time", maintain_order=True)
    )
    if form == "long csv":
        long.write_csv(path / "export.csv")
        return path / "export.csv"
    long.write_parquet(path / "export.parquet")
    return path / "export.parquet"


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """Where rows go of which memory holds no more than a thousand."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(kept, "STORED_ROWS", 1000)
    monkeypatch.setattr(kept.tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.parametrize("form", ["wide csv", "long csv", "long parquet"])
def test_rows_in_files_give_the_very_answers_of_rows_in_memory(
    frame, tmp_path, scratch, monkeypatch, form
):
    (tmp_path / "plant.toml").write_text(PLANT, encoding="utf-8")
    paths = written(frame, form, tmp_path), tmp_path / "plant.toml"
    with monkeypatch.context() as patch:
        patch.setattr(kept, "STORED_ROWS", 10**6)
        whole = Assistant(*paths, now=NOW)
    assert not list(scratch.iterdir())
    stored = Assistant(*paths, now=NOW)
    assert len(stored.export.samples.samples.parts) > 3
    assert len(whole.export.samples.samples.parts) == 1
    assert stored.export.span_local == whole.export.span_local
    for question in QUESTIONS:
        ours, right = stored.ask(question), whole.ask(question)
        assert ours == right, question
        whole.recompute(ours)
    for key in whole.export.plant.tags:
        assert stored.export.samples.of(key).equals(whole.export.samples.of(key)), key
    span = ("2025-03-05", "2025-03-06")
    assert TOOLS["earnings"](stored.export, *span) == TOOLS["earnings"](whole.export, *span)
    one, other = stored.export.grid_of(("d", "b")), whole.export.grid_of()
    assert one.keys == ("b", "d")
    np.testing.assert_array_equal(one.time, other.time)
    for name in ("value", "mean", "uncertain"):
        columns = [other.keys.index(key) for key in one.keys]
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name)[:, columns])
    del stored, ours
    gc.collect()
    assert not list(scratch.iterdir())


def test_a_question_reads_nothing_of_tags_in_other_files(frame, tmp_path, scratch):
    (tmp_path / "plant.toml").write_text(PLANT, encoding="utf-8")
    export = written(frame, "long csv", tmp_path)
    assistant = Assistant(export, tmp_path / "plant.toml", now=NOW)
    parts = assistant.export.samples.samples.parts
    assert isinstance(parts, StoredParts)
    (mine,) = [n for n, part in enumerate(parts) if (part["tag"] == "b").any()]
    before = assistant.ask("mean of b on March 10")
    assert before.status == "answered"
    for number, file in enumerate(parts.files):
        if number != mine:
            file.unlink()
    assert assistant.ask("mean of b on March 10") == before
    assert assistant.ask("maximum of b on March 12").status == "answered"
    refused = assistant.ask("mean of a on March 10")
    assert refused.status == "refused"
    assert "part-0.arrow: is gone" in refused.text
    assert "TMPDIR" in refused.text


def test_an_export_without_any_sample_is_refused(tmp_path):
    (tmp_path / "plant.toml").write_text(PLANT, encoding="utf-8")
    hours = [f"2025-03-01 {hour:02d}:00:00,,,,," for hour in range(5)]
    (tmp_path / "e.csv").write_text("\n".join(["time,a,b,c,d,mode", *hours]), encoding="utf-8")
    with pytest.raises(UserError, match=r"plant\.toml: no sample is good; check the sources"):
        Assistant(tmp_path / "e.csv", tmp_path / "plant.toml")


def test_a_tag_that_is_nowhere_is_refused_at_once(folder, tmp_path):
    (tmp_path / "plant.toml").write_text(
        PLANT + '[tags.e]\nrole = "observation"\n', encoding="utf-8"
    )
    with pytest.raises(UserError, match="'e' is nowhere in the export"):
        open_samples([folder / "year"], load_plant_file(tmp_path / "plant.toml"))
