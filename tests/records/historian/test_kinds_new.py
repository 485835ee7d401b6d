"""Further instances of each kind of export, each once misread, passed over or refused without a way out."""

from __future__ import annotations

import io
import tarfile
from datetime import datetime
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from shiftwork.errors import UserError
from support.export_builders import lines, plant, read, refusal, shown, write

DAY = "2025-03-04"
T0, T1 = f"{DAY} 00:00", f"{DAY} 00:01"
ONE = "rr 00:00 1 | x0 00:00 2"
TWO = "rr 00:00 1 | rr 00:01 3 | x0 00:00 2 | x0 00:01 4"
GRADED = "rr 00:00 1 | rr 00:01 1! | x0 00:00 2"
ROWS = "rr 00:00 1 | rr 00:01 3! | x0 00:00 2 | x0 00:01 4!"


def stamped(stamp, header="time"):
    return lines(f"{header},SP,x0", f'"{stamp}",1,2')


def on(day):
    return f"rr {day} 00:00 1 | x0 {day} 00:00 2"


def graded(name, good, bad):
    return lines(
        f"tag,time,value,{name}", f"SP,{T0},1,{good}", f"SP,{T1},1,{bad}", f"x0,{T0},2,{good}"
    )


def export(**keys):
    return "[export]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())


READ = {
    # Quality: one column for all tags of a row, several columns of it, more words and codes.
    "quality of a row, last": (lines("time,SP,x0,Quality", f"{T0},1,2,Good", f"{T1},3,4,Bad"), ROWS),
    "quality of a row, first": (lines("time,Status,SP,x0", f"{T0},192,1,2", f"{T1},0,3,4"), ROWS),
    "a flag of a row": (lines("time,SP,x0,valid", f"{T0},1,2,1", f"{T1},3,4,0"), ROWS),
    "flags of a row": (
        lines("time,SP,x0,IsGood,Questionable", f"{T0},1,2,1,0", f"{T1},3,4,0,1"), ROWS),
    "a declared quality of a row": (
        lines("time,SP,x0,zz", f"{T0},1,2,Good", f"{T1},3,4,Bad"), ROWS, export(quality='"zz"')),
    "own codes beside those of classic OPC": (
        lines("tag,time,value,Quality,OPCQuality", f"SP,{T0},1,0,192", f"SP,{T1},1,1,24", f"x0,{T0},2,0,192"),
        GRADED),
    "per cent behind confidence": (graded("Percent Good", "100%", "0 %"), GRADED),
    "not OK in short": (graded("Status", "OK", "NOK"), GRADED),
    "Italian": (graded("Qualità", "Buona", "Cattiva"), GRADED),
    "Turkish with its own capital": (graded("Kalite", "İyi", "Kötü"), GRADED),
    "good quality without a value": (
        lines("tag,time,value,quality", f"SP,{T0},,192", f"x0,{T0},2,192"), "rr 00:00 -! | x0 00:00 2"),
    # Stamps of other calendars and systems.
    "a Japanese era": (stamped("令和7年3月4日 00:00"), ONE),
    "a Japanese era in short": (stamped("R07/03/04 00:00"), ONE),
    "an era's first year": (stamped("令和元年5月1日 00:00"), on("2019-05-01")),
    "an older era": (stamped("平成31年3月4日 午前0時0分"), on("2019-03-04")),
    "the Republic of China": (stamped("民國114年3月4日 00:00"), ONE),
    "Dangi": (stamped("단기4358년 3월 4일"), ONE),
    "Buddhist years": (stamped("2568-03-04 00:00"), ONE, export(calendar='"buddhist"')),
    "Buddhist years, day first": (stamped("25/03/2568 00:00"), on("2025-03-25"), export(calendar='"buddhist"')),
    "a Buddhist leap day": (stamped("29/02/2567 00:00"), on("2024-02-29"), export(calendar='"buddhist"')),
    "Iranian years": (stamped("1403/12/14 00:00"), ONE, export(calendar='"iranian"')),
    "Iranian years and digits": (stamped("۱۴۰۳/۱۲/۱۴ ۰۰:۰۰"), ONE, export(calendar='"iranian"')),
    "an Iranian leap day": (stamped("1399/12/30 00:00"), on("2021-03-20"), export(calendar='"iranian"')),
    "years of the Republic of China": (stamped("114/03/04 00:00"), ONE, export(calendar='"minguo"')),
    "days since 1904": (stamped("44258.0"), ONE, export(time_format='"excel_1904"')),
    "a script's dates": (stamped("/Date(1741046400000+0900)/"), ONE),
    "another minus in the offset": (stamped("2025-03-03T19:00:00\u221205:00"), ONE),
    "small letters": (stamped("2025-03-04t00:00:00z"), ONE),
    "Russian": (stamped("4 марта 2025 г., 00:00:00"), ONE),
    "Turkish": (stamped("4 Mart 2025 00:00"), ONE),
    "Swedish": (stamped("4 mars 2025 kl. 00:00"), ONE),
    "the day of the year": (stamped("2025-063 00:00"), ONE, export(time_format='"%Y-%j %H:%M"')),
    # Cells.
    "brackets are negative": (lines("time,SP,x0", f'{T0},1,"(1,234.5)"'), "rr 00:00 1 | x0 00:00 -1234.5"),
    "a minus behind": (lines("time,SP,x0", f"{T0},1,2.5-"), "rr 00:00 1 | x0 00:00 -2.5"),
    "a minus apart": (lines("time,SP,x0", f"{T0},1,- 2.5"), "rr 00:00 1 | x0 00:00 -2.5"),
    "Fortran's exponent": (lines("time,SP,x0", f"{T0},1.5D+02,2"), "rr 00:00 150 | x0 00:00 2"),
    "an exponent and a decimal comma": (lines("time;SP;x0", f"{T0};1,5E-03;2"), "rr 00:00 0.0015 | x0 00:00 2"),
    "three digits and an exponent": (lines("time;SP;x0", f"{T0};1,234E+02;2"), "rr 00:00 123.4 | x0 00:00 2"),
    "figure spaces": (lines("time;SP;x0", f"{T0};1\u2007234;2"), "rr 00:00 1234 | x0 00:00 2"),
    "thin spaces and a comma": (lines("time;SP;x0", f"{T0};1\u2009234,5;2"), "rr 00:00 1234.5 | x0 00:00 2"),
    "a comma with nothing behind": (lines("time;SP;x0", f"{T0};1,;2"), ONE),
    "formulas of text": (lines("time,SP,x0", f'{T0},"=""1""",2'), ONE),
    "a database's null": (lines("time\tSP\tx0", f"{T0}\t\\N\t2", f"{T1}\t3\t4"),
                          "rr 00:01 3 | x0 00:00 2 | x0 00:01 4"),
    # Shape.
    "columns of values by type": (
        lines("tagid,intvalue,floatvalue,t_stamp", f"SP,,1.0,{T0}", f"x0,2,,{T0}"), ONE),
    "a table ruled with lines": (
        lines("+----+------------------+----+----+", "| n  | time             | SP | x0 |",
              "+----+------------------+----+----+", f"| 1  | {T0} |  1 |  2 |",
              "+----+------------------+----+----+"), ONE),
    "the mark of an end": (lines("time,SP,x0", f"{T0},1,2", "\x1a"), ONE),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_reads(name, tmp_path):
    content, expected, *keys = READ[name]
    assert shown(read(write(tmp_path, "export.csv", content), plant(*keys))) == expected


HOURS = ",".join(f"H{hour:02d}" for hour in range(1, 25))
PAGE = "<html><body><table><tr><td>time</td><td>SP</td></tr></table></body></html>"
ARCHIVE = "MIME-Version: 1.0\nContent-Type: multipart/related\n"

REFUSED = {
    "Buddhist years": (stamped("2568-03-04 00:00"), 'export.calendar = "buddhist"'),
    "Iranian years": (stamped("1403/12/14 00:00"), 'export.calendar = "iranian"'),
    "Islamic years": (stamped("1446-09-04 00:00"), "Islamic calendar"),
    "years of the Republic of China": (stamped("114/03/04 00:00"), 'export.calendar = "minguo"'),
    "common years under another calendar": (stamped(f"{T0}"), "before 1950", export(calendar='"buddhist"')),
    "short years of another calendar": (
        stamped("25/03/68 00:00"), "two digits", export(calendar='"buddhist"', order='"day first"')),
    "no day of Iran": (stamped("1402/12/30 00:00"), "row 2", export(calendar='"iranian"')),
    "words of a month": (stamped("4. března 2025 0:00"), "words that are not known"),
    "a web page in UTF-16": (PAGE.encode("utf-16"), "'SP' has no value in the export"),
    "a web archive": (ARCHIVE, "is a web archive"),
    "statements": ("-- dump\nINSERT INTO h VALUES ('SP', '2025-03-04', 1);\n", "SQL statements"),
    "rows in quotation marks": (lines('"time,SP,x0"', f'"{T0},1,2"'), "quotation marks as a whole"),
    "a column for each hour": (
        lines(f"tag,Date,{HOURS}", f"SP,{DAY}," + ",".join(["1"] * 24)), "a column for each hour"),
    "a column for each time": (lines(f"tag,{T0},{T1}", "SP,1,3", "x0,2,4"), "a column for each time"),
    "several columns of values": (
        lines("tag,time,min,max", f"SP,{T0},0,2", f"x0,{T0},1,3"), "set export.value"),
    "several columns of time": (
        lines("tag,start time,end time,value", f"SP,{T0},{T1},1", f"x0,{T0},{T1},2"), "set export.time"),
    "tags in another column": (
        lines("_time,_value,_field,_measurement", f"{T0},1,value,SP", f"{T0},2,value,x0"),
        'set export.tag = "_measurement"'),
    "several columns of a tag": (lines("time,SP_min,SP_max,x0", f"{T0},0,2,2"), "'SP_max', 'SP_min'"),
    "several units in a column": (
        lines("tag,time,value,unit", f"SP,{T0},1,bar", f"SP,{T1},1000,mbar", f"x0,{T0},2,C"), "several units"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refuses_and_names_what_helps(name, tmp_path):
    content, words, *keys = REFUSED[name]
    assert words in refusal(tmp_path, content, *keys)


NOTED = {
    "a quality of all tags": (lines("time,SP,x0,Quality", f"{T0},1,2,Good"), "quality of all tags"),
    "times ahead": (stamped("2081-11-20 00:00"), "2081-11-20"),
    "days that no spreadsheet meant": (stamped("25063"), "1968-08-13"),
    "a factor under the names": (lines("time,SP,x0", "factor,10,1", f"{T0},1,2"), "factor,10,1"),
    "rows without a tag": (lines("tag,time,value", f"SP,{T0},1", f",{T1},3", f"x0,{T0},2"), "row 3"),
    "a zone in a title": (
        lines(f"Exported {DAY} 10:00 (UTC+9)", "time,SP,x0", f"{T0},1,2"), "speaks of a time zone"),
    "brackets": (lines("time,SP,x0", f"{T0},1,(2)"), "'(2)'"),
    "a star behind a number": (lines("time,SP,x0", f"{T0},1*,2"), "'1*'"),
    "words of a historian": (lines("time,SP,x0", f"{T0},I/O Timeout,2"), "'I/O Timeout'"),
}  # fmt: skip


@pytest.mark.parametrize("name", NOTED)
def test_names_what_it_assumes(name, tmp_path):
    content, words = NOTED[name]
    samples = read(write(tmp_path, "export.csv", content))
    assert any(words in finding.example for finding in samples.findings), samples.findings


FOLDERS = {
    "a decimal mark": (
        lines("time;SP", f"{T0};1,5"), lines("time,x0", f"{T0},2.5"), "rr 00:00 1.5 | x0 00:00 2.5",
        export(decimal='","')),
    "a decimal mark, where a number could be either": (
        lines("time;SP", f"{T0};1,5"), lines("time,x0", f"{T0},2.125"), "rr 00:00 1.5 | x0 00:00 2.125",
        export(decimal='","')),
    "a format": (
        lines("time;SP", "04/03/2025 00:00;1"), lines("time,x0", f"{T0},2"), ONE,
        export(time_format='"%d/%m/%Y %H:%M"')),
    "a format, against another order": (
        lines("time;SP", "04/03/2025 00:00;1"), lines("time,x0", "03/04/2025 00:00,2", "03/14/2025 00:00,3"),
        "rr 00:00 1 | x0 00:00 2 | x0 2025-03-14 00:00 3", export(time_format='"%d/%m/%Y %H:%M"')),
    "a format, with a comment in the other": (
        lines("time;SP", "04/03/2025 00:00;1"), lines("time,x0", "# a", f"{T0},2", "# b"), ONE,
        export(time_format='"%d/%m/%Y %H:%M"')),
    "an era": (
        lines("time;SP", "1741046400;1"), lines("time,x0", f"{T0},2"), ONE, export(time_format='"epoch_s"')),
    "an order": (
        lines("time;SP", "04/03/2025 00:00;1"), lines("time,x0", "03/04/2025 00:00,2", "03/14/2025 00:00,3"),
        "rr 00:00 1 | x0 00:00 2 | x0 2025-03-14 00:00 3", export(order='"day first"')),
    "a separator": (lines("time^SP", f"{T0}^1"), lines("time,x0", f"{T0},2"), ONE, export(separator='"^"')),
    "an encoding": (
        lines("시간,SP", f"{T0},1").encode("cp949"), lines("시간,x0", f"{T0},2"), ONE, export(encoding='"cp949"')),
    "an encoding, of an older file": (
        lines("time,SP,온도", f"{T0},1,2"), lines("time,x0,Außen", f"{T0},2,3").encode("cp1252"), ONE,
        export(encoding='"utf-8"')),
    "columns": (
        lines("when;SP", f"{T0};1"), lines("time,x0", f"{T0},2"), ONE, export(time='"when"')),
}  # fmt: skip


@pytest.mark.parametrize("name", FOLDERS)
def test_what_is_declared_for_one_file_does_not_spoil_another(name, tmp_path):
    first, second, expected, keys = FOLDERS[name]
    write(tmp_path, "e/a.csv", first)
    write(tmp_path, "e/b.csv", second)
    assert shown(read(tmp_path / "e", plant(keys))) == expected


def test_what_is_declared_is_kept_where_there_is_one_origin(tmp_path):
    write(tmp_path, "e/a.csv", lines("time;SP", f"{T0};1,5"))
    write(tmp_path, "e/b.csv", lines("time;x0", f"{T0};2.5"))
    with pytest.raises(UserError, match=r"b\.csv.*2\.5"):
        read(tmp_path / "e", plant(export(decimal='","')))


def archive(folder: Path) -> None:
    write(folder, "b.xls", ARCHIVE)


def tar(folder: Path) -> None:
    content = lines("time,SP,x0", f"{T0},1,2").encode()
    with tarfile.open(folder / "a.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("a.csv")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))


def test_a_web_archive_among_files_is_left_out_and_named(tmp_path):
    write(tmp_path, "a.csv", lines("time,SP,x0", f"{T0},1,2"))
    archive(tmp_path)
    samples = read(tmp_path)
    assert shown(samples) == ONE
    assert any("is a web archive" in finding.example for finding in samples.findings)


def test_a_tar_archive_is_refused_as_one(tmp_path):
    tar(tmp_path)
    with pytest.raises(UserError, match=r"tar archive; unpack it"):
        read(tmp_path / "a.tar.gz")


@pytest.mark.parametrize("ending", ["csv", "xls", "xlsx", "txt", "dat"])
def test_text_is_read_under_any_ending(ending, tmp_path):
    content = lines("time\tSP\tx0", f"{T0}\t1\t2").encode("utf-16")
    assert shown(read(write(tmp_path, f"a.{ending}", content))) == ONE


SHEETS = {
    "a sheet for each month": (
        [["time", "SP", "x0"], [datetime(2025, 3, 4), 1, 2]],
        [["time", "SP", "x0"], [datetime(2025, 3, 4, 0, 1), 3, 4]], TWO),
    "a list of tags": (
        [["time", "SP", "x0"], [datetime(2025, 3, 4), 1, 2]], [["tag", "unit"], ["SP", "bar"], ["x0", "C"]], ONE),
    "pairs under each tag": (
        [["SP", None, None, "x0", None], ["Time", "Value", None, "Time", "Value"],
         [datetime(2025, 3, 4), 1, None, datetime(2025, 3, 4), 2]], [["notes"], ["none"]], ONE),
    "text that looks like numbers": ([["time", "SP", "x0"], [T0, "1,5", "2"]], [["a"]], "rr 00:00 1.5 | x0 00:00 2"),
    "truth": ([["time", "SP", "x0"], [datetime(2025, 3, 4), True, 2]], [["a"]], ONE),
}  # fmt: skip


@pytest.mark.parametrize("name", SHEETS)
def test_workbooks(name, tmp_path):
    first, second, expected = SHEETS[name]
    book = openpyxl.Workbook()
    for sheet, rows in ((book.active, first), (book.create_sheet("second"), second)):
        for row in rows:
            sheet.append(row)
    book.save(tmp_path / "a.xlsx")
    assert shown(read(tmp_path / "a.xlsx")) == expected


def test_a_workbook_of_1904_is_read_by_its_own_dates(tmp_path):
    book = openpyxl.Workbook()
    book.epoch = datetime(1904, 1, 1)
    for row in (["time", "SP", "x0"], [datetime(2025, 3, 4), 1, 2]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    assert shown(read(tmp_path / "a.xlsx")) == ONE


def test_columns_of_values_by_type_in_parquet(tmp_path):
    frame = pl.DataFrame(
        {
            "tagpath": ["SP", "x0"],
            "intvalue": [None, 2],
            "floatvalue": [1.0, None],
            "t_stamp": [1741046400000] * 2,
        }
    )
    frame.write_parquet(tmp_path / "a.parquet")
    assert shown(read(tmp_path / "a.parquet")) == ONE
