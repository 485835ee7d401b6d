"""Exports that were once misread in silence, or refused without a way out: an instance of each kind."""

from __future__ import annotations

import io
from datetime import datetime

import openpyxl
import polars as pl
import pytest

from shiftwork.errors import UserError
from support.export_builders import lines, plant, read, refusal, shown, write

DAY = "2025-03-04"
T0, T1 = f"{DAY} 00:00", f"{DAY} 00:01"
ONE = "rr 00:00 1 | x0 00:00 2"
NOON = "rr 13:05 1 | x0 13:05 2"
TWO = "rr 00:00 1 | rr 00:01 3 | x0 00:00 2 | x0 00:01 4"


def stamped(*stamps):
    return lines("time,SP,x0", *(f'"{stamp}",1,2' for stamp in stamps))


def export(**keys):
    return "[export]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())


READ = {
    # A list of columns of the time, none of which has a name that is known.
    "hour and minute by their place": (
        lines("d,h,m,SP,x0", f"{DAY},13,5,1,2"), NOON, export(time='["d", "h", "m"]')),
    "hour, minute and second by their place": (
        lines("d,a,b,c,SP,x0", f"{DAY},13,5,7,1,2"), "rr 13:05:07 1 | x0 13:05:07 2",
        export(time='["d", "a", "b", "c"]')),
    # Stamps.
    "Korean, short": (stamped("25. 3. 4. 오후 1:05"), NOON),
    "Korean afternoon behind": (stamped(f"{DAY} 01:05 오후"), NOON),
    "Chinese morning behind": (stamped(f"{DAY} 12:00 上午"), ONE),
    "a dash before the time": (stamped("04.03.2025 - 13:05"), NOON),
    "a script's words": (
        stamped("Tue Mar 04 2025 22:05:00 GMT+0900 (Korean Standard Time)"), NOON),
    "a zone behind PM": (stamped("03/25/2025 01:05 PM EST"),
        "rr 2025-03-25 18:05 1 | x0 2025-03-25 18:05 2", export(zones='{ EST = "-05:00" }')),
    "an offset that runs with nothing": (
        stamped(f"{T0}-05:00", f"{T1}-05:00"), "rr 05:00 1 | rr 05:01 1 | x0 05:00 2 | x0 05:01 2"),
    "an offset of half an hour": (stamped(f"{T0}-03:30"), "rr 03:30 1 | x0 03:30 2"),
    # Quality.
    "French, feminine": (
        lines("Horodatage;Tag;Valeur;Qualité", f"{T0};SP;1;Bonne", f"{T0};x0;2;Douteuse"),
        "rr 00:00 1 | x0 00:00 2?"),
    "German letters": (
        lines("tag,time,value,gültig", f"SP,{T0},1,J", f"x0,{T0},2,N"), "rr 00:00 1 | x0 00:00 2!"),
    # Cells.
    "units that are no multipliers": (lines("time,SP,x0", f"{T0},1 K,2 m"), ONE),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_reads(name, tmp_path):
    content, expected, *keys = READ[name]
    assert shown(read(write(tmp_path, "export.csv", content), plant(*keys))) == expected


NOTED = {
    "faults of a row": (
        lines("time,SP,x0,error", f"{T0},1,2,0", f"{T1},3,4,1"), TWO, "'error' holds codes"),
    "faults of a row with many tags": (
        lines(f"time,SP,x0,error,{','.join(f'y{i}' for i in range(60))}",
              *(f"{t},{v},{w},{e},{','.join('1' * 60)}" for t, v, w, e in ((T0, 1, 2, 0), (T1, 3, 4, 1)))),
        TWO, "'error' holds codes"),
    "faults of a row, and the header again": (
        lines("time,SP,x0,error", f"{T0},1,2,0", "time,SP,x0,error", f"{T1},3,4,1"), TWO, "'error' holds codes"),
    "quality of a row beside one of a tag": (
        lines("time,Quality,SP_qc,SP,x0", f"{T0},Good,Good,1,2", f"{T1},Bad,Good,3,4"),
        "rr 00:00 1 | rr 00:01 3 | x0 00:00 2 | x0 00:01 4!", "'Quality' is taken as the quality"),
    "values by their cells": (
        lines("tag,created,low", f"SP,{T0},1", f"x0,{T0},2"), ONE, "'low' is taken as the column of values"),
    "a clock of twelve hours": (
        lines("time,SP,x0", f"{DAY} 12:00,1,2", f"{DAY} 01:00,3,4"),
        "rr 01:00 3 | rr 12:00 1 | x0 01:00 4 | x0 12:00 2", "as if AM and PM were lost"),
    "thousands by a letter": (
        lines("time,SP,x0", f"{T0},1.5k,2"), "rr 00:00 '1.5k'! | x0 00:00 2", "'1.5k'"),
    "millions by a letter": (
        lines("time,SP,x0", f"{T0},1.5M,2"), "rr 00:00 '1.5M'! | x0 00:00 2", "'1.5M'"),
}  # fmt: skip


@pytest.mark.parametrize("name", NOTED)
def test_says_what_is_odd(name, tmp_path):
    content, expected, words = NOTED[name]
    samples = read(write(tmp_path, "export.csv", content))
    assert shown(samples) == expected
    assert any(words in finding.example for finding in samples.findings)


def test_hours_of_a_whole_day_are_no_clock_of_twelve(tmp_path):
    for hours in ((11, 12, 13, 1), (0, 12, 1)):
        rows = [f"{DAY} {hour:02d}:00,1,2" for hour in hours]
        samples = read(write(tmp_path, "export.csv", lines("time,SP,x0", *rows)))
        assert not samples.findings
    by_tag = [f"{tag},{DAY} {hour:02d}:00,1" for tag in ("SP", "x0") for hour in range(1, 13)]
    samples = read(write(tmp_path, "export.csv", lines("tag,time,value", *by_tag)))
    assert not samples.findings


REFUSED = {
    "an interval": (stamped(f"{T0}-00:10"), "holds an interval"),
    "intervals of an hour": (stamped(f"{DAY} 00:00-01:00", f"{DAY} 01:00-02:00"), "holds an interval"),
    "four columns without a known name": (
        lines("d,a,b,c,e,SP,x0", f"{DAY},1,2,3,4,5,6"), "not clear what each column of export.time holds",
        export(time='["d", "a", "b", "c", "e"]')),
    "an order that is none of these dates": (
        stamped("04/03/2025 00:00"), "day or month comes first", export(order='"year first"')),
    "years of two digits": (stamped("25/03/04 13:05"), '"year first" for years of two digits'),
    "a zone that means several": (stamped("03/25/2025 01:05 PM EST"), "zone 'EST', which means several"),
    "digits of a date": (stamped("202503041305"), '"%Y%m%d%H%M"'),
    "a dump of PostgreSQL": (
        "--\n-- dump\n--\n\nSET statement_timeout = 0;\nSELECT 1;\nCOPY public.h (tag, t, v) FROM stdin;\n"
        f"SP\t{T0}\t1\n", "SQL statements"),
    "a dump of MySQL": ("/*!40101 SET NAMES utf8 */;\nDROP TABLE IF EXISTS `h`;\nINSERT INTO `h` VALUES (1);\n",
        "SQL statements"),
    "rows of another era, and the header again": (
        lines("time,SP,x0", "133712208000000000,1,2", "133712208600000000,3,4", "time,SP,x0"), "FILETIME"),
    "names without rows": ("time,SP,x0\n", "'SP' has no value in the export"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refuses_and_names_what_helps(name, tmp_path):
    content, words, *keys = REFUSED[name]
    assert words in refusal(tmp_path, content, *keys)


def workbook(*rows):
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


M0, M1 = datetime(2025, 3, 4), datetime(2025, 3, 4, 0, 1)
BOOKS = {
    "totals below": ([["time", "SP", "x0"], [M0, 1, 2], [M1, 3, 4], ["Total", 4, 6]], "line below the rows"),
    "totals below serial days": (
        [["time", "SP", "x0"], [45720.0, 1, 2], [45720 + 1 / 1440, 3, 4], ["Average", 2, 3]], "line below the rows"),
    "the header again, its columns changed": (
        [["time", "SP", "x0"], [M0, 1, 2], ["time", "x0", "SP"], [M1, 4, 3]], "header again"),
    "the header again, long": (
        [["tag", "time", "value"], ["SP", M0, 1], ["x0", M0, 2], ["tag", "time", "value"], ["SP", M1, 3],
         ["x0", M1, 4]], "header again"),
}  # fmt: skip


@pytest.mark.parametrize("name", BOOKS)
def test_lines_of_workbooks_that_are_no_rows_are_named(name, tmp_path):
    rows, kind = BOOKS[name]
    samples = read(write(tmp_path, "a.xlsx", workbook(["Report"], [], *rows)))
    assert (shown(samples), [f.kind for f in samples.findings]) == (TWO, [kind])


def test_dates_that_a_spreadsheet_may_have_swapped_are_refused(tmp_path):
    rows = [["time", "SP", "x0"], [datetime(2025, 4, 3), 1, 2], ["13.03.2025 00:00", 3, 4]]
    path = write(tmp_path, "a.xlsx", workbook(*rows))
    with pytest.raises(UserError, match=r"'13\.03\.2025 00:00'.*swapped day and month"):
        read(path)
    expected = "rr 2025-03-13 00:00 3 | rr 2025-04-03 00:00 1 | x0 2025-03-13 00:00 4 | x0 2025-04-03 00:00 2"
    assert shown(read(path, plant(export(order='"day first"')))) == expected
    rows[1][0] = datetime(2025, 3, 25)
    assert "rr 2025-03-25 00:00 1" in shown(read(write(tmp_path, "b.xlsx", workbook(*rows))))


@pytest.mark.parametrize(
    ("units", "refused"), [(("bar", "kPa"), True), (("bar", "bar"), False), (("-", "kPa"), False)]
)
def test_lines_of_units_that_differ_are_refused(units, refused, tmp_path):
    folder = tmp_path / "export"
    folder.mkdir()
    for number, unit in enumerate(units):
        write(folder, f"{number}.csv", lines("time,SP,x0", f",{unit},%", f"{DAY} 00:0{number},1,2"))
    if refused:
        with pytest.raises(UserError, match=r"rr have several units \('bar' and 'kPa'\)"):
            read(folder)
    else:
        assert shown(read(folder)) == "rr 00:00 1 | rr 00:01 1 | x0 00:00 2 | x0 00:01 2"


def test_a_row_of_a_workbook_that_is_none_is_refused_by_its_number(tmp_path):
    path = write(
        tmp_path, "a.xlsx", workbook(["time", "SP", "x0"], [M0, 1, 2], ["soon", 1, 2], [M1, 3, 4])
    )
    with pytest.raises(UserError, match="row 3: time stamp 'soon'"):
        read(path)


def test_text_beside_a_column_of_numbers_is_its_value(tmp_path):
    time = [datetime(2025, 3, 4)] * 2
    frame = pl.DataFrame(
        {"tag": ["SP", "x0"], "time": time, "value": [1.234, None], "svalue": [None, "OFF"]}
    )
    frame.write_parquet(tmp_path / "a.parquet")
    for keys in ("", export(decimal='","')):
        assert (
            shown(read(tmp_path / "a.parquet", plant(keys))) == "rr 00:00 1.234 | x0 00:00 'OFF'!"
        )


def test_what_systems_put_into_folders_is_none_of_the_export(tmp_path):
    folder = tmp_path / "export"
    folder.mkdir()
    write(folder, "a.csv", lines("time,SP,x0", f"{T0},1,2"))
    write(folder, "Thumbs.db", b"\xd0\xcf\x11\xe0 pictures")
    write(folder, "~$a.xlsx", b"\x07lock")
    samples = read(folder)
    assert (shown(samples), samples.findings) == (ONE, ())
