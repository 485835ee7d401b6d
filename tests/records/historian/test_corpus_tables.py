"""Parquet files and databases, nasty or plainly wrong: what is read, or why it is refused."""

import sqlite3
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shiftwork.errors import UserError
from shiftwork.records.historian.readers import sql, sql_tables
from shiftwork.records.historian.readers.table import Wanted
from support.export_builders import RUN, plant, read, shown, write
from support.record_builders import refused

T0 = datetime(2025, 3, 4)
T1 = T0 + timedelta(minutes=1)
ONE = "rr 00:00 1 | x0 00:00 2"


def long(tags=("SP", "x0"), times=(T0, T0), values=(1.0, 2.0), **more):
    return {"tag": tags, "time": times, "value": values} | more


def wide(times=(T0,), sp=(1.0,), x0=(2.0,), **more):
    return {"time": times, "SP": sp, "x0": x0} | more


def typed(values, kind):
    return pa.array(values, kind)


# name: (columns, what is read), with TOML for the plant if needed
PARQUET = {
    "long": (long(), ONE),
    "wide": (wide(), ONE),
    "long with quality": (long(quality=[192, 0]), "rr 00:00 1 | x0 00:00 2!"),
    "quality as truth": (long(good=[True, False]), "rr 00:00 1 | x0 00:00 2!"),
    "quality as unsigned numbers": (
        long(quality=typed([0, 2**31], pa.uint32())), "rr 00:00 1 | x0 00:00 2!"),
    "quality as negative numbers": (
        long(quality=typed([0, -(2**31)], pa.int32())), "rr 00:00 1 | x0 00:00 2!"),
    "quality as confidence": (long(confidence=[99.5, 60.0]), "rr 00:00 1 | x0 00:00 2?"),
    "quality beside tags": (wide(**{"x0 quality": ["Bad"]}), "rr 00:00 1 | x0 00:00 2!"),
    "values as text": (long(values=["1", "Shutdown"]), "rr 00:00 1 | x0 00:00 'Shutdown'!"),
    "values as text with a comma": (long(values=["1,5", "2,25"]), "rr 00:00 1.5 | x0 00:00 2.25"),
    "values missing": (long(values=[1.0, None]), "rr 00:00 1 | x0 00:00 -!"),
    "values not finite": (long(values=[1.0, float("inf")]), "rr 00:00 1 | x0 00:00 -!"),
    "values as whole numbers": (long(values=[1, 2]), ONE),
    "values as decimals": (long(values=[Decimal("1.0"), Decimal("2.0")]), ONE),
    "values in single precision": (long(values=typed([1, 2], pa.float32())), ONE),
    "values in half precision": (long(values=typed([1, 2], pa.float16())), ONE),
    "values as truth": (wide(sp=[True], x0=[False]), "rr 00:00 1 | x0 00:00 0"),
    "no value in the wide form": (
        wide(times=[T0, T1], sp=[1.0, None], x0=[float("nan"), 2.0]), "rr 00:00 1 | x0 00:01 2"),
    "a column without any value": (wide(x0=typed([None], pa.float64())), "rr 00:00 1"),
    "a column of nothing": (wide(x0=pa.nulls(1)), "rr 00:00 1"),
    "tags as categories": (long(tags=typed(["SP", "x0"], pa.string()).dictionary_encode()), ONE),
    "tags as large text": (long(tags=typed(["SP", "x0"], pa.large_string())), ONE),
    "tags with space around": (long(tags=[" SP", "x0 "]), ONE),
    "tags missing": (
        long(tags=["SP", "x0", None], times=[T0] * 3, values=[1.0, 2.0, 3.0]), ONE),
    "states as truth": (wide(run=[True]), ONE + " | run 00:00 '1'", RUN),
    "states as numbers": (wide(run=[2.0]), ONE + " | run 00:00 '2'", RUN),
    "states as parts": (wide(run=[2.5]), ONE + " | run 00:00 '2.5'", RUN),
    "states as text": (wide(run=["가동"]), ONE + " | run 00:00 '가동'", RUN),
    "states as categories": (
        wide(run=typed(["ON"], pa.string()).dictionary_encode()), ONE + " | run 00:00 'ON'", RUN),
    "times in nanoseconds": (wide(times=typed([T0], pa.timestamp("ns"))), ONE),
    "times in seconds": (wide(times=typed([T0], pa.timestamp("s"))), ONE),
    "times in UTC": (wide(times=typed([T0], pa.timestamp("us", "UTC"))), ONE, "", "Asia/Seoul"),
    "times of another zone": (
        wide(times=typed([T0], pa.timestamp("us", "Asia/Seoul"))), ONE, "", "Europe/Berlin"),
    "times that tell no zone": (wide(times=[T0 + timedelta(hours=9)]), ONE, "", "Asia/Seoul"),
    "times as text": (wide(times=["2025-03-04T00:00:00Z"]), ONE),
    "times as dates": (wide(times=[date(2025, 3, 4)]), ONE),
    "times as epoch milliseconds": (wide(times=[1741046400000]), ONE, "", "Asia/Seoul"),
    "times as epoch nanoseconds": (wide(times=[1741046400000000000]), ONE),
    "times as epoch seconds in floats": (wide(times=[1741046400.0]), ONE),
    "times as Excel's serials": (wide(times=[45720.0]), ONE),
    "date and time apart": (
        {"date": [date(2025, 3, 4)], "time": [time(0, 0)], "SP": [1.0], "x0": [2.0]}, ONE),
    "a first column of times by another name": ({"when": [T0], "SP": [1.0], "x0": [2.0]}, ONE),
    "the index of a data frame": (
        {"SP": [1.0], "x0": [2.0], "__index_level_0__": [T0]}, ONE),
    "rows without a time and without values": (
        wide(times=[T0, None], sp=[1.0, None], x0=[2.0, None]), ONE),
    "other columns of any kind": (wide(more=[{"a": [1]}], image=[b"\0"]), ONE),
}  # fmt: skip


@pytest.mark.parametrize("name", PARQUET)
def test_reads_parquet(name, tmp_path):
    columns, expected, *told = PARQUET[name]
    path = tmp_path / "export.parquet"
    pq.write_table(pa.table({k: _as_array(v) for k, v in columns.items()}), path)
    assert shown(read(path, plant(*told))) == expected


def _as_array(values):
    return values if isinstance(values, pa.Array) else pa.array(list(values))


WRONG_PARQUET = {
    "none of the tags": ({"time": [T0], "a": [1.0]}, "'SP' is nowhere"),
    "no time": ({"SP": [1.0], "x0": [2.0]}, "has tags, but no column of time", "export.time"),
    "a first column of no time": ({"a": ["b"], "SP": [1.0], "x0": [2.0]}, "no column of time stamps"),
    "no time in a row": (wide(times=[T0, None], sp=[1.0, 3.0], x0=[2.0, 4.0]), "row 2 has no time"),
    "times of two kinds": (wide(times=[1741046400000, 5], sp=[1.0, 1.0], x0=[2.0, 2.0]), "row 2",
                           "not of the kind of the others (epoch_ms)"),
    "times in steps": (wide(times=[0, 1], sp=[1.0, 1.0], x0=[2.0, 2.0]), "row 1: time stamp 0"),
    "times as truth": (wide(times=[True]), "row 1", "Boolean"),
    "times as bytes": (wide(times=[b"2025-03-04"]), "row 1", "Binary"),
    "times of ages": (wide(times=[datetime(1900, 1, 1)]), "row 1", "before 1950"),
    "values as lists": (wide(x0=[[1.0]]), "x0", "cannot be read as numbers"),
    "values as bytes": (wide(x0=[b"1.0"]), "x0", "cannot be read as numbers"),
    "values as times": (wide(x0=[T0]), "x0", "cannot be read as numbers"),
    "a tag of numbers": (long(tags=[1, 2]), "'SP' is nowhere"),
    "a mark too many": (long(values=["1.5", "2,5"]), "row 1: '1.5' is not a number"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_PARQUET)
def test_refuses_parquet(name, tmp_path):
    columns, *parts = WRONG_PARQUET[name]
    path = tmp_path / "export.parquet"
    pq.write_table(pa.table({k: _as_array(v) for k, v in columns.items()}), path)
    refused(lambda: read(path), *parts)


def test_refuses_a_column_there_twice(tmp_path):
    path = tmp_path / "export.parquet"
    table = pa.Table.from_arrays([pa.array([T0]), pa.array([1.0]), pa.array([2.0]), pa.array([3.0])],
                                 names=["time", "SP", "x0", "SP"])  # fmt: skip
    pq.write_table(table, path)
    refused(lambda: read(path), path, "column 'SP' is there twice")


def test_row_groups_without_the_plants_tags_are_not_read(tmp_path, monkeypatch):
    path = tmp_path / "export.parquet"
    tags = sorted(["SP"] * 10 + ["x0"] * 10 + [f"a{i:03d}" for i in range(980)])
    frame = pl.DataFrame({"tag": tags, "time": [T0 + timedelta(seconds=i) for i in range(1000)],
                          "value": [float(i) for i in range(1000)]})  # fmt: skip
    frame.write_parquet(path, row_group_size=10, statistics=True)
    asked = []
    whole = pq.ParquetFile.iter_batches

    def counted(self, size, groups, columns, **kwargs):
        asked.extend(groups if "value" in columns else [])
        return whole(self, size, groups, columns, **kwargs)

    monkeypatch.setattr(pq.ParquetFile, "iter_batches", counted)
    assert len(read(path).frame) == 20
    assert len(asked) == 2


def sqlite(path, statement, rows=()):
    connection = sqlite3.connect(path)
    for part in statement.split(";"):
        connection.execute(part)
    if rows:
        connection.executemany(f"INSERT INTO h VALUES ({', '.join('?' * len(rows[0]))})", rows)
    connection.commit()
    connection.close()
    return path


DAY = "2025-03-04 00:00:00"
# name: (statement, rows, what is read), with TOML for the plant if needed
SQLITE = {
    "long": ("CREATE TABLE h (tag, time, value)", [("SP", DAY, 1), ("x0", DAY, 2.0)], ONE),
    "wide": ("CREATE TABLE h (time, SP, x0)", [(DAY, 1, 2)], ONE),
    "mixed values": ("CREATE TABLE h (tag, time, value)", [("SP", DAY, 1), ("x0", DAY, "Bad Input")],
                     "rr 00:00 1 | x0 00:00 'Bad Input'!"),
    "values missing": ("CREATE TABLE h (tag, time, value)", [("SP", DAY, 1), ("x0", DAY, None)],
                       "rr 00:00 1 | x0 00:00 -!"),
    "epochs": ("CREATE TABLE h (tag, time, value)", [("SP", 1741046400, 1), ("x0", 1741046400, 2)], ONE),
    "other tags": ("CREATE TABLE h (tag, time, value)", [("SP", DAY, 1), ("zz", "?", b"x"), ("x0", DAY, 2)],
                   ONE),
    "a view": ("CREATE TABLE h (a, b, c); CREATE VIEW v AS SELECT a AS tag, b AS time, c AS value FROM h",
               [("SP", DAY, 1), ("x0", DAY, 2)], ONE),
    "a table of another kind beside it": (
        "CREATE TABLE h (tag, time, value); CREATE TABLE units (tag, unit)",
        [("SP", DAY, 1), ("x0", DAY, 2)], ONE),
    "one of two, told": (
        "CREATE TABLE h (tag, time, value); CREATE TABLE old (tag, time, value)",
        [("SP", DAY, 1), ("x0", DAY, 2)], ONE, '[export]\ntable = "h"\n'),
    "names that need quotes": (
        'CREATE TABLE h (tag, time, value); CREATE VIEW "a ""b"" %s" AS SELECT tag AS "tag_name", '
        'time, value AS "value" FROM h',
        [("SP", DAY, 1), ("x0", DAY, 2)], ONE, "[export]\ntable = 'a \"b\" %s'\n"),
    "quality": ("CREATE TABLE h (tag, time, value, quality)", [("SP", DAY, 1, "Good"), ("x0", DAY, 2, "Bad")],
                "rr 00:00 1 | x0 00:00 2!"),
}  # fmt: skip


@pytest.mark.parametrize("name", SQLITE)
def test_reads_sqlite(name, tmp_path):
    statement, rows, expected, *told = SQLITE[name]
    path = sqlite(tmp_path / "export.db", statement, rows)
    assert shown(read(path, plant(*told))) == expected


WRONG_SQLITE = {
    "no table": ("PRAGMA user_version = 1", [], "has no table with time and tags (none at all)"),
    "tables of something else": ("CREATE TABLE h (a, b)", [], "no table with time and tags (h)"),
    "two that could be": ("CREATE TABLE h (tag, time, value); CREATE TABLE i (tag, time, value)", [],
                          "several tables that could be the export (h, i)", "set export.table"),
    "a told table that is none": ("CREATE TABLE h (tag, time, value)", [],
                                  "'hh'", "did you mean 'h'?", '[export]\ntable = "hh"\n'),
    "no row": ("CREATE TABLE h (tag, time, value)", [], "'SP' is nowhere"),
    "values as bytes": ("CREATE TABLE h (tag, time, value)", [("SP", DAY, b"1"), ("x0", DAY, 1)],
                        "binary data"),
    "a time of words": ("CREATE TABLE h (tag, time, value)", [("SP", "now", 1), ("x0", DAY, 1)],
                        "table 'h': row 1: time stamp 'now'"),
    "a view of nothing": ("CREATE TABLE h (tag, time, value); CREATE VIEW v AS SELECT * FROM h;"
                          "DROP TABLE h", [], "cannot be read", "no such table"),
    "a view that never ends": (
        "CREATE VIEW v AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) "
        "SELECT 'SP' AS tag, '2025-03-04' AS time, n AS value FROM r", [], "export has more than"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_SQLITE)
def test_refuses_sqlite(name, tmp_path, monkeypatch):
    monkeypatch.setattr("shiftwork.records.historian.gather.gatherer.MOST_SAMPLES", 100_000)
    statement, rows, *parts = WRONG_SQLITE[name]
    told = [part for part in parts if part.startswith("[")]
    path = sqlite(tmp_path / "export.db", statement, rows)
    refused(lambda: read(path, plant(*told)), *(p for p in parts if p not in told))


def test_refuses_a_damaged_database(tmp_path):
    path = write(tmp_path, "a.db", sql.SQLITE_MAGIC + b"\1" * 5000)
    refused(lambda: read(path), path, "cannot be read", "check the database")
    path = write(tmp_path, "b.duckdb", b"\0" * 8 + sql.DUCKDB_MAGIC + b"\1" * 5000)
    refused(lambda: read(path), path, "cannot be read", "check the database")


def test_reads_duckdb_in_the_order_of_its_rows(tmp_path):
    path = tmp_path / "export.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE h AS SELECT CASE WHEN i % 2 = 0 THEN 'SP' ELSE 'x0' END AS tag, "
            "TIMESTAMP '2025-03-04' + INTERVAL (i // 200000) MINUTE AS time, i AS value "
            "FROM range(600000) t(i)"
        )
    # The last of all rows of one time counts.
    assert shown(read(path)) == (
        "rr 00:00 199998 | rr 00:01 399998 | rr 00:02 599998"
        " | x0 00:00 199999 | x0 00:01 399999 | x0 00:02 599999"
    )


def test_a_duckdb_view_reads_nothing_outside_of_its_file(tmp_path):
    secret = write(tmp_path, "secret.csv", f"tag,time,value\nSP,{DAY},1\nx0,{DAY},2\n")
    path = tmp_path / "export.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"CREATE VIEW v AS SELECT * FROM read_csv('{secret}')")
    refused(lambda: read(path), path, "cannot be read", "check the database")


def test_a_driver_that_is_not_installed_is_named(tmp_path, monkeypatch):
    def absent(module):
        raise ImportError(module)

    monkeypatch.setattr(sql.importlib, "import_module", absent)
    path = write(tmp_path, "b.duckdb", b"\0" * 8 + sql.DUCKDB_MAGIC + b"\1" * 5000)
    refused(lambda: read(path), path, "needs duckdb; install it with pip install 'shiftwork[sql]'")


@pytest.mark.parametrize("server", ["postgresql://ann:se/cret@127.0.0.1:1/plant", "postgres://[x"])
def test_a_server_that_does_not_answer_is_told_without_its_password(server):
    with pytest.raises(UserError) as caught:
        read([server])
    message = str(caught.value)
    assert message.startswith(("postgresql://127.0.0.1:1/plant: ", "postgres://[x: "))
    assert "cret" not in message
    assert "; check the database" in message


@pytest.mark.parametrize(("place", "written"), [("?", '"a %s"'), ("%s", '"a %%s"')])
def test_a_percent_sign_in_a_name_is_no_parameter(place, written):
    asked = []

    def batches(query, values):
        asked.append((query, values))
        return iter(())

    database = sql_tables.Database("db", "db", list, batches, place)
    wanted = Wanted((0, 1), 0, frozenset({"SP"}))
    assert list(sql_tables._as_table(database, "a %s", ["tag", 'q"']).batches(wanted)) == []
    assert asked == [(f'SELECT "tag", "q""" FROM {written} WHERE "tag" IN ({place})', ["SP"])]


def test_times_of_python_are_read_from_a_database(tmp_path):
    stamps = [T0, T0.replace(tzinfo=UTC)]
    columns = [sql._column([stamp, stamp], "db") for stamp in stamps]
    assert [pl.from_arrow(c).dtype.time_zone for c in columns] == [None, "UTC"]
