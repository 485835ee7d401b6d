"""New instances of each kind of export that people have: read right, or refused with what helps."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
from datetime import date, datetime
from pathlib import Path

import openpyxl
import polars as pl
import pyarrow as pa
import pytest

from shiftwork.errors import UserError
from support.export_builders import lines, plant, read, shown, write

DAY = "2025-03-04"
ONE = "rr 00:00 1 | x0 00:00 2"
TWO = "rr 00:00 1 | rr 00:01 3 | x0 00:00 2 | x0 00:01 4"
LONG = "tag,time,value,"


def graded(name, *codes):
    """The long form: SP is 1 with each of the codes, minute by minute; x0 is 2 with the first."""
    rows = [f"SP,{DAY} 00:0{i},1,{code}" for i, code in enumerate(codes)]
    return lines(LONG + name, *rows, f"x0,{DAY} 00:00,2,{codes[0]}")


def stamped(first, second="", header="time"):
    """The wide form with one or two stamps: 1 and 2, then 3 and 4."""
    rows = [f'"{first}",1,2'] + ([f'"{second}",3,4'] if second else [])
    return lines(f"{header},SP,x0", *rows)


KINDS = {
    # Quality.
    "bytes of classic OPC with limit bits": (
        graded("Quality", 195, 68, 20), "rr 00:00 1 | rr 00:01 1? | rr 00:02 1! | x0 00:00 2"),
    "bytes of classic OPC with a vendor's byte": (
        graded("q", 192 + 512, 24), "rr 00:00 1 | rr 00:01 1! | x0 00:00 2"),
    "a flag of what is valid": (graded("Valid", "true", "false"), "rr 00:00 1 | rr 00:01 1! | x0 00:00 2"),
    "a flag of what is bad": (graded("IsBad", 0, 1), "rr 00:00 1 | rr 00:01 1! | x0 00:00 2"),
    "a flag in letters": (graded("is_good", "Y", "N"), "rr 00:00 1 | rr 00:01 1! | x0 00:00 2"),
    "words in German": (
        graded("Qualität", "gut", "schlecht", "unsicher"), "rr 00:00 1 | rr 00:01 1! | rr 00:02 1? | x0 00:00 2"),
    "words in Chinese": (graded("质量", "良好", "异常"), "rr 00:00 1 | rr 00:01 1! | x0 00:00 2"),
    "words in French": (graded("qualité", "Bonne", "Mauvaise"), "rr 00:00 1 | rr 00:01 1! | x0 00:00 2"),
    "codes of a site": (graded("state code", 7, 9, 8), "rr 00:00 1 | rr 00:01 1! | rr 00:02 1? | x0 00:00 2",
                        '[export]\nquality = "state code"\n[quality]\ngood = [7]\nuncertain = [8]\nbad = [9]\n'),
    "a word of a site beside known ones": (
        graded("quality", "good", "kaputt"), "rr 00:00 1 | rr 00:01 1! | x0 00:00 2",
                                           '[quality]\nbad = ["Kaputt"]\n'),
    "quality before its tag's name": (
        lines("time,SP,Quality of SP,x0", f"{DAY},1,Bad,2"), "rr 00:00 1! | x0 00:00 2"),
    "quality in brackets": (lines("time,SP,SP (Status),x0", f"{DAY},1,Bad,2"), "rr 00:00 1! | x0 00:00 2"),
    "two lines of names": (
        lines("time,SP,,x0,", ",Value,Quality,Value,Quality", f"{DAY},1,Good,2,Bad"), "rr 00:00 1 | x0 00:00 2!"),
    "a column told for a tag": (
        lines("time,SP,aux,x0", f"{DAY},1,Bad,2"), "rr 00:00 1! | x0 00:00 2", "", 'quality = "aux"'),
    # Which time belongs to which value.
    "time behind each tag's name": (
        lines("SP,SP Timestamp,x0,x0 Timestamp", f"1,{DAY} 00:01,2,{DAY} 00:02"), "rr 00:01 1 | x0 00:02 2"),
    "names above times, values behind": (lines("SP,,x0,", f"{DAY} 00:01,1,{DAY} 00:02,2"), "rr 00:01 1 | x0 00:02 2"),
    "numbered time columns": (lines("time,SP,time.1,x0", f"{DAY} 00:01,1,{DAY} 00:02,2"), "rr 00:01 1 | x0 00:02 2"),
    "an offset in brackets": (stamped(f"{DAY} 05:30", header="Time [UTC+05:30]"), ONE),
    "a zone in the header": (stamped(f"{DAY} 09:00", header="time (KST)"), ONE),
    "a negative offset in the header": (stamped("2025-03-03 19:00", header="Timestamp GMT-05:00"), ONE),
    "year, month, day and hour": (lines("Year,Month,Day,Hour,SP,x0", "2025,3,4,0,1,2"), ONE),
    "date, hour and minute": (lines("Date,Hour,Minute,SP,x0", f"{DAY},0,0,1,2", f"{DAY},0,1,3,4"), TWO),
    "hours up to 24": (lines("Date,Hour,SP,x0", "2025-03-03,24,1,2"), ONE),
    "microseconds apart": (
        lines("Timestamp,Microseconds,SP,x0", f"{DAY} 00:00:00,250000,1,2"), "rr 00:00:00.25 1 | x0 00:00:00.25 2"),
    "columns told": (
        lines("a,b,SP,x0", f"{DAY},00:01,1,2"), "rr 00:01 1 | x0 00:01 2", '[export]\ntime = ["a", "b"]\n'),
    # Stamps.
    "Spanish": (stamped("4 de marzo de 2025 00:00"), ONE),
    "Portuguese": (stamped("04-mar-2025 12:00 a.m."), ONE),
    "Korean words": (stamped("2025년 3월 4일 0시 0분"), ONE),
    "Korean weekday": (stamped("2025-03-04(화) 00:00"), ONE),
    "Japanese afternoon": (stamped("2025/03/04 午後 0:01"), "rr 12:01 1 | x0 12:01 2"),
    "German weekday": (stamped("Dienstag, 4. März 2025 00:00"), ONE),
    "French": (stamped("mardi 4 mars 2025 00:00"), ONE),
    "a zone of the West": (stamped(f"{DAY} 01:00 MEZ"), ONE),
    "a zone declared": (stamped(f"{DAY} 08:00 CST"), ONE, '[export]\nzones = { CST = "+08:00" }\n'),
    "the end of a day": (stamped("2025-03-03 24:00:00"), ONE),
    "thin spaces": (stamped("04.03.2025\u200900:00"), ONE),
    "two digits of year in Korea": (
        stamped("25.03.31 00:00", "25.03.31 00:01"), TWO.replace("00:0", "2025-03-31 00:0")),
    "FILETIME, declared": (stamped("133855200000000000"), ONE, '[export]\ntime_format = "filetime"\n'),
    "ticks, declared": (stamped("638766432000000000"), ONE, '[export]\ntime_format = "ticks"\n'),
    "LabVIEW, declared": (stamped("3823891200.0"), ONE, '[export]\ntime_format = "labview"\n'),
    "minutes from a start": (
        stamped("0", "1"), TWO, f'[export]\ntime_format = "elapsed_min"\nstart = "{DAY} 00:00"\n'),
    "an order told": (stamped("04/03/2025"), ONE, '[export]\norder = "day first"\n'),
    "an offset in the format": (
        stamped("04.03.2025 09:00+09:00"), ONE, '[export]\ntime_format = "%d.%m.%Y %H:%M+09:00"\n'),
    # Encodings.
    "GBK by a tag": (lines("时间,SP,x0,温度", f"{DAY},1,2,3").encode("gbk"), ONE),
    "Shift-JIS": (lines("日時,SP,x0,タンク温度", f"{DAY},1,2,3").encode("cp932"), ONE),
    "CP949": (lines("일시,SP,x0,반응기 온도", f"{DAY},1,2,3").encode("cp949"), ONE),
    "Windows-1252": (lines("time,SP,x0,Außentemperatur", f"{DAY},1,2,3").encode("cp1252"), ONE),
    "an encoding told": (lines("日時,SP,x0", f"{DAY},1,2").encode("euc_jp"), ONE, '[export]\nencoding = "euc_jp"\n'),
    # Keys.
    "a time told under a title": (
        lines("Report; plant 7;", "when;SP;x0", f"{DAY};1,5;2"), "rr 00:00 1.5 | x0 00:00 2",
        '[export]\ntime = "when"\n'),
    "a separator told": (lines("time^SP^x0", f"{DAY}^1^2"), ONE, '[export]\nseparator = "^"\n'),
    "names told": (lines(f"{DAY},1,2"), ONE, '[export]\ncolumns = ["time", "SP", "x0"]\n'),
    "names and step told": (lines("  1.0e0   2.0e0", "  3.0e0   4.0e0"), TWO,
                            f'[export]\ncolumns = ["SP", "x0"]\nstep = "1min"\nstart = "{DAY} 00:00"\n'),
    "columns told under a comment": (lines("# made on Friday", "a|b|c", f"SP|{DAY}|1", f"x0|{DAY}|2"), ONE,
                                     '[export]\ntag = "a"\ntime = "b"\nvalue = "c"\n'),
    # Cells.
    "units in cells": (lines("time,SP,x0", f"{DAY},1 bar,2 °C"), ONE),
    "per cent without a space": (lines("time;SP;x0", f"{DAY};1,5%;2%"), "rr 00:00 1.5 | x0 00:00 2"),
    "truth in German": (lines("time;SP;x0", f"{DAY};WAHR;2"), ONE),
    "full-width digits": (lines("time,SP,x0", f"{DAY},１,２"), ONE),
    "Arabic digits": (lines("time,SP,x0", f"{DAY},١,٢٫٠"), ONE),
    "another apostrophe": (lines("time,SP,x0", f"{DAY},1,2´000.0"), "rr 00:00 1 | x0 00:00 2000"),
    "a number for nothing": (
        lines("time,SP,x0", f"{DAY},1,-9999"), "rr 00:00 1 | x0 00:00 -!", "[export]\nmissing = [-9999]\n"),
    # Shape.
    "comments and blank lines": (lines("# a", "#b", "", "time,SP,x0", "# c", f"{DAY},1,2", "", "# d"), ONE),
    "units below the header again": (
        lines("time,SP,x0", ",bar,C", f"{DAY},1,2", "time,SP,x0", ",bar,C", f"{DAY} 00:01,3,4"), TWO),
    "separators behind all rows": (lines("time,SP,x0,", f"{DAY},1,2,"), ONE),
    "separators behind some rows": (lines("time,SP,x0", f"{DAY},1,2", f"{DAY} 00:01,3,4,,"), TWO),
    "a sum below": (lines("time,SP,x0", f"{DAY},1,2", "Total,1,2"), ONE),
    "text below": (lines("time,SP,x0", f"{DAY},1,2", "", "(1 row affected)"), ONE),
    "no header, tag last": (lines(f"{DAY};1;SP", f"{DAY};2;x0"), ONE),
    "no header, tab": (lines(f"SP\t{DAY}\t1", f"x0\t{DAY}\t2"), ONE),
    "an index before the stamps": (lines("Unnamed: 0,datetime,SP,x0", f"0,{DAY},1,2"), ONE),
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_reads(name, tmp_path):
    content, expected, *more = KINDS[name]
    of = plant(*more[:1])
    if len(more) > 1:
        from shiftwork.records.historian.plant_file.load import parse_plant
        from support.export_builders import PLANT

        of = parse_plant(
            PLANT.replace('source = "SP"', f'source = "SP"\n{more[1]}'), Path("p.toml")
        )
    assert shown(read(write(tmp_path, "export.csv", content), of)) == expected


REFUSED = {
    "flags under a name that says nothing": (graded("quality", 1, 0), "quality.good"),
    "codes that nobody knows": (graded("quality", 3, 5, 7), "quality.good"),
    "a word that nobody knows": (graded("quality", "good", "bof"), "quality.bad"),
    "FILETIME": (stamped("133854912000000000"), "filetime"),
    "ticks": (stamped("638766432000000000"), "ticks"),
    "LabVIEW": (stamped("3823891200"), "labview"),
    "MATLAB": (stamped("739680.5"), "matlab"),
    "elapsed seconds": (stamped("0.0", "60.0"), "export.start"),
    "elapsed time by its name": (stamped("20000", "20001", header="time (s)"), "export.start"),
    "a zone of several meanings": (stamped(f"{DAY} 00:00 IST"), "export.zones"),
    "an order that nothing shows": (stamped("04/03/25 00:00"), "export.order"),
    "no names and no times": (lines("1 2 3", "4 5 6"), "export.columns"),
    "several units": (lines("time,SP,x0", f"{DAY},1 bar,2", f"{DAY} 00:01,1 mbar,2"), "several units"),
    "another header between": (lines("time,SP", f"{DAY},1", "time,x0", f"{DAY},2"), "another header"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refuses_and_names_the_key(name, tmp_path):
    content, key = REFUSED[name]
    with pytest.raises(UserError, match=key):
        read(write(tmp_path, "export.csv", content))


def workbook(path: Path, *sheets) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets):
        sheet = book.create_sheet(f"s{number}")
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_workbooks_with_several_sheets_dates_and_headings(tmp_path):
    path = workbook(
        tmp_path / "a.xlsx",
        [["Report"], [], ["time", "SP"], [None, "bar"], [datetime(2025, 3, 4), 1]],
        [["time", "x0", None], [None, "Value", "Quality"], [datetime(2025, 3, 4), 2.5, "Bad"]],
        [["notes"], ["nothing"]],
    )
    samples = read(path)
    assert shown(samples) == "rr 00:00 1 | x0 00:00 2.5!"
    assert any(finding.kind == "left out" for finding in samples.findings)


def test_a_workbook_keeps_small_numbers_and_parts_of_times(tmp_path):
    rows = [
        ["Date", "Time", "SP", "x0"],
        [date(2025, 3, 4), datetime(2025, 3, 4, 0, 1).time(), 1.5e-12, 2],
    ]
    samples = read(workbook(tmp_path / "a.xlsx", rows))
    assert shown(samples) == "rr 00:01 1.5e-12 | x0 00:01 2"


TEXT = lines("time,SP,x0", f"{DAY},1,2").encode()


@pytest.mark.parametrize(
    ("name", "packed"),
    [
        ("a.csv.gz", gzip.compress(TEXT)),
        ("a.csv.bz2", bz2.compress(TEXT)),
        ("a.csv.xz", lzma.compress(TEXT)),
        ("a.csv.zst", pa.Codec("zstd").compress(TEXT, asbytes=True)),
    ],
    # Without names of their own, the bytes are the names; those of gzip hold the time of day.
    ids=["gzip", "bzip2", "xz", "zstandard"],
)
def test_packed_text_is_read(name, packed, tmp_path):
    assert shown(read(write(tmp_path, name, packed))) == ONE


def test_an_archive_is_read_and_what_is_left_out_is_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x/a.csv", lines("time,SP", f"{DAY},1"))
        archive.writestr("b.csv", lines("time,x0", f"{DAY},2"))
        archive.writestr("readme.txt", "Exported on Friday.\n")
        archive.writestr("inner.gz", gzip.compress(b"x"))
    samples = read(tmp_path / "a.zip")
    assert shown(samples) == ONE
    left = " ".join(finding.example for finding in samples.findings)
    assert "readme.txt" in left
    assert "inner.gz" in left


def test_feather_is_read(tmp_path):
    frame = pl.DataFrame({"SP": [1.0], "x0": [2.0], "t_stamp": [datetime(2025, 3, 4)]})
    frame.write_ipc(tmp_path / "a.arrow")
    assert shown(read(tmp_path / "a.arrow")) == ONE


def test_a_folder_with_other_files_names_them(tmp_path):
    write(tmp_path, "e/a.csv", lines("time,SP,x0", f"{DAY},1,2"))
    write(tmp_path, "e/readme.txt", "About this export.\n")
    write(tmp_path, "e/tags.csv", lines("id,name,unit", "1,SP,bar", "2,x0,C"))
    write(tmp_path, "e/page.pdf", b"%PDF-1.7")
    samples = read(tmp_path / "e")
    assert shown(samples) == ONE
    left = " ".join(finding.example for finding in samples.findings)
    assert all(name in left for name in ("readme.txt", "tags.csv", "page.pdf"))


def test_evidence_stays_with_files_of_one_kind(tmp_path):
    write(tmp_path, "e/a.csv", lines("time;SP", "03/04/2025 00:00;1,234"))
    write(tmp_path, "e/b.csv", lines("time,x0", "04/25/2025 00:00,2.5"))
    with pytest.raises(UserError, match=r"a\.csv"):
        read(tmp_path / "e")


def test_numbers_that_may_stand_for_nothing_are_named(tmp_path):
    rows = [f"{DAY} 00:0{i},{i},{[20, 21, -9999, 3.4e38, 22][i]}" for i in range(5)]
    samples = read(write(tmp_path, "a.csv", lines("time,SP,x0", *rows)))
    found = [f.example for f in samples.findings if f.kind == "number that may stand for nothing"]
    assert len(found) == 2
    assert "tags.x0.missing = [-9999]" in found[0]
