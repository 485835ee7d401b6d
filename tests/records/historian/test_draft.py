"""Drafted plant files: what is guessed from an export, and that they load."""

from datetime import datetime, timedelta

import polars as pl

from shiftwork.records.historian.draft import draft_plant_file
from shiftwork.records.historian.plant_file.load import parse_plant
from support.export_builders import lines, read, write
from support.record_builders import refused

T0 = datetime(2025, 3, 4)


def export(rows: int = 100, step_s: int = 10) -> pl.DataFrame:
    """A column's export: two set-points, one with limits, a level, limits, a state."""
    row = range(rows)
    return pl.DataFrame(
        {
            "time": [T0 + timedelta(seconds=step_s * i) for i in row],
            "FIC101.SP": [1.0 + i % 3 for i in row],
            "LIC 102/PV": [40.0 + (i * 7 % 20) for i in row],
            "rr": [2.0 + i % 4 / 10 for i in row],
            "rr_lower": [1.0] * rows,
            "rr_upper": [7.0] * rows,
            "rr_delta_lower": [-0.2] * rows,
            "rr_delta_upper": [0.2] * rows,
            "feed": [3.5] * rows,
            "run state": ["RUN" if i % 10 else "OFF" for i in row],
            "max": [0.5 + i % 7 for i in row],
        }
    )


def test_roles_spans_and_limits_are_guessed(tmp_path):
    path = tmp_path / "column.csv"
    export().write_csv(path)
    text = draft_plant_file([path]).text
    plant = parse_plant(text, tmp_path / "plant.toml")
    assert {key: tag.role for key, tag in plant.tags.items()} == {
        "fic101_sp": "action",
        "lic_102_pv": "observation",
        "rr": "action",
        "rr_lower": "limit",
        "rr_upper": "limit",
        "rr_delta_lower": "limit",
        "rr_delta_upper": "limit",
        "feed": "limit",
        "run_state": "state",
        "max_tag": "limit",
    }
    assert (plant.name, plant.period_s, plant.objective.text) == ("column", 10.0, "0")
    assert plant.tags["lic_102_pv"].source == "LIC 102/PV"
    assert plant.tags["lic_102_pv"].span == (40.0, 59.0)
    assert plant.tags["fic101_sp"].bounds == (1.0, 3.0)
    assert plant.tags["rr"].bounds == ("rr_lower", "rr_upper")
    assert plant.tags["rr"].rate == ("rr_delta_lower", "rr_delta_upper")
    assert """# shutdown = "run_state != 'RUN'\"""" in text
    assert text.count("CHECK") > 5
    assert len(read([path], plant).frame) == 1000


def test_the_long_form_and_parquet_are_drafted_alike(tmp_path):
    wide = export()
    wide.write_parquet(tmp_path / "column.parquet")
    long = wide.with_columns(pl.exclude("time").cast(pl.String)).unpivot(
        index="time", variable_name="tag", value_name="value"
    )
    (tmp_path / "long").mkdir()
    long.write_csv(tmp_path / "long" / "column.csv")
    drafts = [draft_plant_file([tmp_path / n]).text for n in ("column.parquet", "long/column.csv")]
    assert drafts[0] == drafts[1]


def test_without_a_set_point_the_draft_tells_what_to_fill_in(tmp_path):
    path = write(
        tmp_path, "a.csv", lines("time,level", *(f"2025-03-04 00:0{i},{i}" for i in range(9)))
    )
    text = draft_plant_file([path]).text
    assert "CHECK: no tag looks like a set-point" in text
    refused(
        lambda: parse_plant(text, path), "no tag is an action", 'give at least one role = "action"'
    )
    filled = text + '[tags.valve]\nrole = "action"\nbounds = [0, 1]\n'
    assert parse_plant(filled, path).period_s == 60


def test_names_become_keys_that_expressions_can_use(tmp_path):
    names = ["and", "1st", "FIC-101", "FIC 101", "온도.PV", "-", '"q"']
    header = ",".join(["time", *(f'"{name.replace(chr(34), chr(34) * 2)}"' for name in names)])
    rows = [f"2025-03-04 00:0{i}," + ",".join([f"{i}.5"] * len(names)) for i in range(9)]
    text = draft_plant_file([write(tmp_path, "a.csv", lines(header, *rows))]).text
    plant = parse_plant(text + '[tags.v]\nrole = "action"\nbounds = [0, 1]\n', tmp_path)
    assert {key: tag.source for key, tag in plant.tags.items()} == {
        "and_tag": "and", "tag_1st": "1st", "fic_101": "FIC-101", "fic_101_2": "FIC 101",
        "온도_pv": "온도.PV", "tag": "-", "q": '"q"', "v": "v",
    }  # fmt: skip


def test_what_cannot_be_read_yet_is_told_in_the_draft(tmp_path):
    path = write(tmp_path, "a.csv", lines("time;A.SP;b", "03/04/2025 00:00;1;2"))
    text = draft_plant_file([path]).text
    assert "could not be read yet" in text
    assert "export.order" in text
    told = text + '[export]\ntime_format = "%d/%m/%Y %H:%M"\n'
    told = told.replace(
        'source = "A.SP"\nrole = "observation"', 'source = "A.SP"\nrole = "action"\nbounds=[0,1]'
    )
    assert len(read([path], parse_plant(told, path)).frame) == 2


def test_a_column_without_values_is_left_out_but_told(tmp_path):
    rows = [f"2025-03-04 00:0{i},{i},{i % 3},," for i in range(9)]
    text = draft_plant_file([write(tmp_path, "a.csv", lines("time,x,a.SP,mask,", *rows))]).text
    assert list(parse_plant(text, tmp_path).tags) == ["x", "a_sp"]
    assert "# Without any value:\n# [tags.mask]" in text


def test_refuses_what_nobody_could_check(tmp_path):
    header = ",".join(["time", *(f"t{i}" for i in range(5001))])
    path = write(tmp_path, "a.csv", lines(header, "2025-03-04" + ",1" * 5001))
    refused(lambda: draft_plant_file([path]), path, "has 5001 tags")
    refused(lambda: draft_plant_file([tmp_path / "none"]), "no such file")
    refused(lambda: draft_plant_file([write(tmp_path, "b.csv", "prose\n")]), "has no header")
