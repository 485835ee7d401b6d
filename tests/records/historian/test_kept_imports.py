"""An import that was stopped, wherever it was, goes on and gives what it gives undisturbed, to the bit."""

import errno
import os
import signal
import sqlite3
from contextlib import suppress
from itertools import count

import polars as pl
import pytest

from shiftwork.errors import Stopped, UserError
from shiftwork.records.historian import samples as samples_module
from shiftwork.records.historian.gather import gathered, kept, rows, tables
from shiftwork.records.historian.gather.gatherer import Gatherer
from shiftwork.records.historian.gather.kept import Keep, KeptImport
from shiftwork.records.historian.opened import open_export
from shiftwork.records.historian.plant_file.load import parse_plant
from shiftwork.records.historian.plant_file.model import PlantTag
from shiftwork.records.historian.readers import parquet, sql
from shiftwork.records.historian.readers.table import Table
from shiftwork.records.historian.samples import read_samples
from support.export_builders import cut_at, write
from support.odd_exports import PLANT, exported


class Killed(BaseException):
    """What takes the place of kill -9 where the process goes on."""


@pytest.fixture
def keep(tmp_path):
    return Keep(tmp_path / "kept", [].append, lambda text: None)


@pytest.fixture
def at_once(monkeypatch):
    """Each batch is kept; no test waits for the disk, since the machine goes on."""
    monkeypatch.setattr(kept, "CHECKPOINT_S", 0.0)
    for module in (rows, kept):
        monkeypatch.setattr(module, "on_disk", lambda path: None)
    in_batches(monkeypatch, 3000)


def in_batches(monkeypatch, size):
    """Read so many bytes at a time, and a sixtieth as many rows."""
    cut_at(monkeypatch, size)
    monkeypatch.setattr(parquet, "BATCH_ROWS", size // 60)
    monkeypatch.setattr(sql, "ROWS_AT_ONCE", size // 60)


def hold_little(monkeypatch):
    """Let memory hold so few rows that they are put in order in parts."""
    monkeypatch.setattr(gathered, "KEPT_ROWS", 40)
    monkeypatch.setattr(gathered, "STORED_ROWS", 30)


def plant_of(tmp_path, extra="", text=PLANT):
    return parse_plant(text + extra, tmp_path / "p.toml")


def long_files(folder):
    """Times out of order, doubles within and across files, bad quality, texts, strangers, comments."""
    exported(folder, 0)
    late = (folder / "2.csv").read_text().splitlines()
    late.insert(130, "# a comment that is found when much was read")
    write(folder, "2.csv", "\n".join(late) + "\n")
    return folder, ""


def wide_files(folder):
    """Columns of units, bad values, an empty row, two files that overlap, and Parquet beside them."""
    for number in range(2):
        lines = []
        for k in range(60):
            minute = k + 20 * number
            state = "RUN" if k % 3 else ""
            numbers = [
                f"{k * i % 5}" if i != 2 else f"{k * i % 7 + 0.5:g} bar" for i in range(1, 6)
            ]
            stamp = f"2025-03-04 {minute // 60:02d}:{minute % 60:02d}:00"
            lines.append(";".join([stamp, f"{k / 8:g}", state, *numbers]))
        lines[30] = lines[30].replace(";", ";I/O Timeout", 1).replace("Timeout3.75", "Timeout")
        head = "time;t0;run;t1;t2;t3;t4;t5"
        write(folder, f"{number}.csv", "\n".join([head, *lines]) + "\n")
    frame = pl.DataFrame(
        {
            "time": pl.datetime_range(
                pl.datetime(2025, 3, 4, 1), pl.datetime(2025, 3, 4, 3), "1m", eager=True
            )
        }
    ).with_columns(*(pl.int_range(121).cast(pl.Float64).alias(f"t{i}") for i in range(6)))
    frame.write_parquet(folder / "2.parquet", row_group_size=40)
    return folder, ""


def of_several_origins(folder):
    """Decimal commas that one file does not have, an order of dates that another shows, own codes of quality."""
    rows = [(f"{1 + k // 24:02d}", f"{k % 24:02d}:00", k) for k in range(24 * 14)]
    german = [f"{d}.03.2025 {t};t{k % 6};{k},5;192" for d, t, k in rows]
    plain = [f"{d}/03/2025 {t},t{k % 6},{k}.25,{'Good' if k % 9 else 'Bad'}" for d, t, k in rows]
    write(folder, "a.csv", "\n".join(["time;tag;value;quality", *german]) + "\n")
    # The first days do not show the order.
    write(folder, "b.csv", "\n".join(["time,tag,value,quality", *plain[:200]]) + "\n")
    write(folder, "c.csv", "\n".join(["time,tag,value,quality", *plain[200:]]) + "\n")
    states = [f"2025-03-{d} {t}\trun\tON\t192" for d, t, _ in rows[:50]]
    write(folder, "d.tsv", "\n".join(["time\ttag\tvalue\tquality", *states]) + "\n")
    return folder, '\n[export]\ndecimal = ","\ntime_format = "%d.%m.%Y %H:%M"\n'


def counted_rows(folder):
    """Rows without time stamps, counted on from file to file."""
    head = "run," + ",".join(f"t{i}" for i in range(6))
    for number in range(3):
        lines = [
            f"{'ON' if k % 4 else 'I/O Timeout'}," + ",".join(f"{k}.{i}" for i in range(6))
            for k in range(40 + number)
        ]
        write(folder, f"{number}.csv", "\n".join([head, *lines]) + "\n")
    return folder, '\n[export]\nstep = "1min"\nstart = "2025-10-25 22:00:00"\n'


def databases(folder):
    """Tables of one database."""
    folder.mkdir()
    with sqlite3.connect(folder / "a.sqlite") as base:
        for month in ("m01", "m02"):
            base.execute(f"CREATE TABLE {month} (tag TEXT, time TEXT, value TEXT)")
            base.executemany(
                f"INSERT INTO {month} VALUES (?, ?, ?)",
                [
                    ("run", f"2025-{month[1:]}-01 {k // 60:02d}:{k % 60:02d}:00", "ON")
                    if k % 7 == 6
                    else (
                        f"t{k % 7}",
                        f"2025-{month[1:]}-01 {k // 60:02d}:{k % 60:02d}:00",
                        f"{k}.5",
                    )
                    for k in range(90)
                ],
            )
    base.close()
    return folder, ""


def hours_of_half_a_day(folder):
    """Only the first rows show that AM and PM are missing."""
    head = "time,run," + ",".join(f"t{i}" for i in range(6))
    clock = [f"2025-03-04 {h:02d}:{m:02d}:00" for h in (12, *range(1, 12)) for m in range(0, 60, 4)]
    lines = [
        f"{stamp},ON," + ",".join(f"{k % 10}.{i}" for i in range(6))
        for k, stamp in enumerate(clock)
    ]
    write(folder, "a.csv", "\n".join([head, *lines]) + "\n")
    return folder, ""


EXPORTS = (
    long_files,
    wide_files,
    of_several_origins,
    counted_rows,
    databases,
    hours_of_half_a_day,
)


def same(samples, others):
    """Rows, what was noticed in its order, and how each table was read."""
    assert samples.frame.equals(others.frame)
    assert samples.frame.schema == others.frame.schema
    assert len(samples.parts) == len(others.parts)
    assert samples.findings == others.findings
    assert samples.origins == others.origins


def killed_at(monkeypatch, number, *, before):
    """Be killed at the save of a number, before or after its state is written."""
    saves = count()
    save = KeptImport.save

    def saved(self, state):
        mine = next(saves) == number
        if mine and before:
            raise Killed
        save(self, state)
        if mine:
            raise Killed

    monkeypatch.setattr(KeptImport, "save", saved)


@pytest.mark.slow
@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("export", EXPORTS)
def test_killed_at_any_moment_it_goes_on_to_the_same(
    tmp_path, monkeypatch, at_once, keep, export, stored
):
    in_batches(monkeypatch, 1500)
    folder, extra = export(tmp_path / "export")
    plant = plant_of(tmp_path, extra)
    if stored:
        hold_little(monkeypatch)
    undisturbed = read_samples([folder], plant)
    assert (len(undisturbed.parts) > 1) == stored
    for number in count():
        mine = Keep(tmp_path / f"kept-{number}", keep.told, keep.note)
        with monkeypatch.context() as patch:
            killed_at(patch, number, before=number % 2 == 0)
            try:
                read_samples([folder], plant, mine)
            except Killed:
                pass
            else:
                break
        same(read_samples([folder], plant, mine), undisturbed)
    assert number > 2


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("export", EXPORTS)
def test_killed_again_and_again_it_comes_to_its_end(
    tmp_path, monkeypatch, at_once, keep, export, stored
):
    folder, extra = export(tmp_path / "export")
    plant = plant_of(tmp_path, extra)
    if stored:
        hold_little(monkeypatch)
    undisturbed = read_samples([folder], plant)
    samples = read_between_kills(monkeypatch, [folder], plant, keep)()
    same(samples, undisturbed)


def read_between_kills(monkeypatch, paths, plant, keep):
    """Let each start be killed when it would keep something for the second time."""
    save, left = KeptImport.save, 0

    def saved(self, state):
        nonlocal left
        if not left:
            raise Killed
        left -= 1
        save(self, state)

    def read():
        nonlocal left
        samples, starts = None, 0
        while samples is None:
            left, starts = 1, starts + 1
            with suppress(Killed):
                samples = read_samples(paths, plant, keep)
        assert starts > 2
        return samples

    monkeypatch.setattr(KeptImport, "save", saved)
    return read


HEAD = "time;tag;value;unit"
OF_BAR = [f"2025-03-04 {k // 60:02d}:{k % 60:02d}:00;t1;{k};bar" for k in range(300)]


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ([HEAD, *OF_BAR], [HEAD, *(row.replace("bar", "psi") for row in OF_BAR)], "several units"),
        (
            [
                "time;tag;value",
                *(row.replace(";bar", " bar") for row in OF_BAR[:50]),
                *(row.replace(";bar", "") for row in OF_BAR[50:]),
                "2025-03-05 00:00:00;t1;7 psi",
            ],
            [HEAD, *OF_BAR],
            "several units",
        ),
        ([HEAD, OF_BAR[7].replace("t1", "t_5")], [HEAD, *OF_BAR], "did you mean 't_5'"),
    ],
    ids=["unit of another file", "unit of earlier rows", "name of another file"],
)
def test_what_is_refused_rests_on_what_was_read_before(
    tmp_path, monkeypatch, at_once, keep, first, second, told
):
    folder = tmp_path / "export"
    for name, rows_of in (("1.csv", first), ("2.csv", second)):
        write(folder, name, "\n".join(rows_of) + "\n")
    others = [f"2025-03-04 00:00:00;{tag};1;" for tag in ("t0", "t2", "t3", "t4", "run", "t5")]
    others = others[:-1] if "t_5" in told else others
    write(folder, "0.csv", "\n".join([HEAD, *others]) + "\n")
    plant = plant_of(tmp_path)
    with pytest.raises(UserError, match=told) as undisturbed:
        read_samples([folder], plant)
    again_and_again = read_between_kills(monkeypatch, [folder], plant, keep)
    with pytest.raises(UserError) as caught:
        again_and_again()
    assert str(caught.value) == str(undisturbed.value)


def interrupted(folder, plant, keep, after):
    """Press Ctrl-C after so many batches."""
    heard = count(1)

    def note(text):
        if next(heard) == after:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(Stopped) as caught:
        read_samples([folder], plant, Keep(keep.folder, keep.told, note))
    return str(caught.value)


def test_ctrl_c_keeps_what_was_read(tmp_path, keep, monkeypatch):
    in_batches(monkeypatch, 1500)
    folder, _ = long_files(tmp_path / "export")
    plant = plant_of(tmp_path)
    undisturbed = read_samples([folder], plant)
    told = interrupted(folder, plant, keep, 8)
    assert told.startswith("stopped the import, of which 1 of 3 tables and ")
    assert told.endswith(f" values are kept in {next(keep.folder.iterdir())}")
    same(read_samples([folder], plant, keep), undisturbed)
    begun, went_on = keep.told.__self__
    assert begun.startswith("The import is kept in")
    assert went_on.startswith("Going on with an import of which 1 of 3 tables and ")


def test_ctrl_c_while_rows_are_put_in_order_loses_nothing(tmp_path, keep, monkeypatch):
    folder, _ = long_files(tmp_path / "export")
    plant = plant_of(tmp_path)

    def stopped(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(samples_module, "arrange", stopped)
        with pytest.raises(Stopped, match="3 of 3 tables"):
            read_samples([folder], plant, keep)
    unread(monkeypatch)
    read_samples([folder], plant, keep)


def unread(monkeypatch):
    """Let no row of any table be read."""

    def refused(*arguments):
        raise AssertionError("a table was read")

    monkeypatch.setattr(Table, "read", refused)


def test_what_is_read_is_not_read_again_whatever_else_the_plant_file_says(
    tmp_path, keep, monkeypatch
):
    folder, _ = long_files(tmp_path / "export")
    undisturbed = read_samples([folder], plant_of(tmp_path), keep)
    unread(monkeypatch)
    text = PLANT.replace("[0, 9]", "[-4, 4]").replace("1min", "5min")
    same(read_samples([folder], plant_of(tmp_path, text=text), keep), undisturbed)


def test_reading_asks_no_more_of_a_tag_than_tells_one_import_from_another(tmp_path, monkeypatch):
    asked = set()
    got = PlantTag.__getattribute__

    def get(self, name):
        asked.add(name)
        return got(self, name)

    for export in EXPORTS:
        folder, extra = export(tmp_path / export.__name__)
        plant = plant_of(tmp_path, extra)
        with monkeypatch.context() as patch:
            patch.setattr(PlantTag, "__getattribute__", get)
            opened = open_export([folder], plant)
            found = [(table, layout) for table, layout in opened.tables if layout]
            read = tables.read_tables
            read(Gatherer(plant, found, gathered.Gathered()), found, plant.export, None)
    assert asked & set(PlantTag.model_fields) == {*kept.READ_BY, "role"} & asked
    assert {"source", "role", "missing", "time", "quality"} <= asked


@pytest.mark.parametrize("change", ["rows", "tags", "files", "versions"])
def test_other_inputs_are_a_new_import_and_say_why(tmp_path, keep, monkeypatch, change):
    in_batches(monkeypatch, 1500)
    folder, _ = long_files(tmp_path / "export")
    plant = plant_of(tmp_path)
    interrupted(folder, plant, keep, 8)
    first = folder / "0.csv"
    why = {
        "rows": f"{first} holds something else",
        "tags": "the plant file's tags, [export] or time_zone say something else",
        "files": "other files are given",
        "versions": "Shiftwork or a library has another version",
    }[change]
    if change == "rows":  # of the same size and time
        about = first.stat()
        first.write_text(first.read_text().replace(";t1;", ";t2;"))
        os.utime(first, ns=(about.st_atime_ns, about.st_mtime_ns))
        assert first.stat().st_size == about.st_size
    elif change == "tags":
        plant = plant_of(
            tmp_path, text=PLANT.replace('role = "action"', 'source = "other", role = "action"')
        )
    elif change == "versions":
        monkeypatch.setattr(kept, "versions", lambda: {"Shiftwork": "another"})
    else:
        write(folder, "3.csv", first.read_text())
    samples = read_samples([folder], plant, keep)
    same(samples, read_samples([folder], plant))
    assert keep.told.__self__[-1].startswith("This is a new import, kept in ")
    assert why in keep.told.__self__[-1]
    assert len(list(keep.folder.iterdir())) == 2


@pytest.mark.parametrize("fails", ["rows", "marks", "state"])
def test_a_full_disk_is_named_and_costs_no_more_than_what_was_read_since(
    tmp_path, keep, monkeypatch, at_once, fails
):
    folder, _ = long_files(tmp_path / "export")
    plant = plant_of(tmp_path)
    undisturbed = read_samples([folder], plant)
    calls = count()

    def full_from(number, does):
        def fails_later(*arguments):
            if next(calls) >= number:
                raise OSError(errno.ENOSPC, "No space left on device")
            return does(*arguments)

        return fails_later

    with monkeypatch.context() as patch:
        if fails == "rows":
            patch.setattr(rows, "written", full_from(18, rows.written))
        elif fails == "marks":
            patch.setattr(rows, "on_disk", full_from(24, rows.on_disk))
        else:
            patch.setattr(kept, "on_disk", full_from(7, kept.on_disk))
        with pytest.raises(
            UserError, match="is full, so the import stopped; make room there"
        ) as caught:
            read_samples([folder], plant, keep)
    (own,) = keep.folder.iterdir()
    assert str(caught.value).startswith(str(own))
    same(read_samples([folder], plant, keep), undisturbed)
    assert keep.told.__self__[-1].startswith("Going on")


def test_rows_that_were_damaged_are_refused(tmp_path, keep):
    folder, _ = long_files(tmp_path / "export")
    plant = plant_of(tmp_path)
    read_samples([folder], plant, keep)
    (own,) = keep.folder.iterdir()
    value = next(own.glob("*.value"))
    value.write_bytes(value.read_bytes()[:-8])
    with pytest.raises(
        UserError, match=r"damaged or gone; delete .*import-\w+, and all is read again"
    ):
        read_samples([folder], plant, keep)
    (own / kept.STATE).write_text("{")
    with pytest.raises(UserError, match=r"state\.json: is damaged; delete"):
        read_samples([folder], plant, keep)


def test_only_one_command_reads_an_export_into_a_folder(tmp_path, keep):
    folder, _ = long_files(tmp_path / "export")
    plant = plant_of(tmp_path)
    with (
        kept.kept_import(keep, [folder], plant),
        pytest.raises(UserError, match="another command reads the same exports; wait for it"),
    ):
        read_samples([folder], plant, keep)


def test_what_cannot_be_kept_is_refused(tmp_path, keep):
    folder, _ = long_files(tmp_path / "export")
    plant = plant_of(tmp_path)
    inside = Keep(folder / "kept", keep.told, keep.note)
    with pytest.raises(UserError, match="lies among the exports"):
        read_samples([folder], plant, inside)
    with pytest.raises(UserError, match="lies among the exports"):
        read_samples([folder / "0.csv"], plant, Keep(folder, keep.told, keep.note))
    with pytest.raises(UserError, match="leave --keep out, or give files"):
        read_samples(["postgresql://host/plant"], plant, keep)
    file = write(tmp_path, "file", "")
    with pytest.raises(UserError, match=r"cannot be written .*choose another --keep"):
        read_samples([folder], plant, Keep(file, keep.told, keep.note))


def test_a_part_of_a_table_without_order_is_not_kept(tmp_path, monkeypatch, at_once, keep):
    folder, _ = databases(tmp_path / "export")
    plant = plant_of(tmp_path)
    undisturbed = read_samples([folder], plant)
    database = sql.Database
    monkeypatch.setattr(sql, "Database", lambda *given, steady: database(*given))
    assert "0 of 2 tables" not in interrupted(folder, plant, keep, 3)
    same(read_samples([folder], plant, keep), undisturbed)
