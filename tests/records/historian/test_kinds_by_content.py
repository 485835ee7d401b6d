"""More instances of each kind, chosen to be misread: what names do not say, cells must."""

from __future__ import annotations

import pytest

from shiftwork.errors import UserError
from support.export_builders import kinds, lines, plant, read, shown, write

DAY = "2025-03-04"
ONE = "rr 00:00 1 | x0 00:00 2"
TWO = "rr 00:00 1 | rr 00:01 3 | x0 00:00 2 | x0 00:01 4"
APART = "rr 00:01 1 | x0 00:02 2"
GRADED = "rr 00:00 1 | rr 00:01 1! | x0 00:00 2"


def graded(name, good, bad, separator=","):
    rows = [
        ("tag", "time", "value", name),
        ("SP", f"{DAY} 00:00", "1", good),
        ("SP", f"{DAY} 00:01", "1", bad),
        ("x0", f"{DAY} 00:00", "2", good),
    ]
    return lines(*(separator.join(row) for row in rows))


def stamped(stamp, header="time"):
    return lines(f"{header},SP,x0", f'"{stamp}",1,2')


def wide(*rows, header="time,SP,x0"):
    return lines(header, *rows)


READ = {
    # Quality, under whatever name.
    "an abbreviated name": (graded("Qlty", "Good", "Bad"), GRADED),
    "a name that says nothing": (graded("Note", "Good", "Bad"), GRADED),
    "codes under a name that says nothing": (graded("X", "192", "24"), GRADED),
    "Dutch": (graded("Kwaliteit", "goed", "slecht"), GRADED),
    "Russian": (graded("Качество", "Хорошее", "Плохое"), GRADED),
    "Portuguese": (graded("Qualidade", "Boa", "Ruim"), GRADED),
    "Spanish": (graded("Estado", "Bueno", "Malo"), GRADED),
    "Korean confidence": (graded("신뢰도", "100", "10"), GRADED),
    "traditional Chinese": (graded("數據質量", "良好", "異常"), GRADED),
    "codes without 0x": (graded("StatusCode", "00000000", "80000000"), GRADED),
    "codes with decimals": (graded("quality", "192,0", "0,0", ";"), GRADED),
    "code and word": (graded("Quality", "192 - Good", "0 - Bad"), GRADED),
    "a good flag": (graded("good_flag", "1", "0"), GRADED),
    "a German flag": (graded("Gut", "ja", "nein"), GRADED),
    "an abbreviation behind the tag": (
        wide(f"{DAY},1,Good,2,Bad", header="time,SP,SP Sts,x0,x0 Sts"), "rr 00:00 1 | x0 00:00 2!"),
    "a foreign word behind the tag": (
        wide(f"{DAY},1,Good,2,Bad", header="time,SP,SP_kvaliteta,x0,x0_kvaliteta"), "rr 00:00 1 | x0 00:00 2!"),
    "a bad flag behind the tag": (
        wide(f"{DAY},1,0,2,1", header="time,SP,SP_bad,x0,x0_bad"), "rr 00:00 1 | x0 00:00 2!"),
    "no name beside the tag": (wide(f"{DAY},1,Good,2,Bad", header="time,SP,,x0,"), "rr 00:00 1 | x0 00:00 2!"),
    # Which time belongs to which value.
    "times without a name": (lines(",SP,,x0", f"{DAY} 00:01,1,{DAY} 00:02,2"), APART),
    "times before, by prefix": (lines("t_SP,SP,t_x0,x0", f"{DAY} 00:01,1,{DAY} 00:02,2"), APART),
    "times numbered": (lines("Time1,SP,Time2,x0", f"{DAY} 00:01,1,{DAY} 00:02,2"), APART),
    "dates twice": (lines("Date,SP,Date,x0", f"{DAY} 00:01,1,{DAY} 00:02,2"), APART),
    "values and times with suffix": (
        lines("SP Time;SP ValueY;x0 Time;x0 ValueY", f"{DAY} 00:01;1;{DAY} 00:02;2"), APART),
    "a name with a slash": (stamped(f"{DAY} 00:00", "Date/Time"), ONE),
    "a zone in small letters": (stamped(f"{DAY} 09:00", "time_kst"), ONE),
    "hours in brackets": (stamped(f"{DAY} 09:00", "Time (+9h)"), ONE),
    "a column of zones": (wide(f"{DAY} 09:00,KST,1,2", header="time,timezone,SP,x0"), ONE),
    "a column of offsets": (wide(f"{DAY} 09:00,+09:00,1,2", header="time,utc_offset,SP,x0"), ONE),
    "a zone in the title": (lines("# Time zone: UTC+09:00", "time,SP,x0", f"{DAY} 09:00,1,2"), ONE),
    "a long zone in the title": (lines("Time zone,Asia/Seoul", "time,SP,x0", f"{DAY} 09:00,1,2"), ONE),
    "morning in a column": (wide(f"{DAY},12:00,AM,1,2", header="Date,Time,AM/PM,SP,x0"), ONE),
    "a fraction in a column": (
        wide(f"{DAY} 00:00:00,0.25,1,2", header="Time,Fraction,SP,x0"), "rr 00:00:00.25 1 | x0 00:00:00.25 2"),
    "nanoseconds": (
        wide(f"{DAY} 00:00:00,250000000,1,2", header="Time,Nanoseconds,SP,x0"),
        "rr 00:00:00.25 1 | x0 00:00:00.25 2"),
    "the hour that ends": (wide(f"{DAY},1,1,2", header="Date,Hour Ending,SP,x0"), "rr 01:00 1 | x0 01:00 2"),
    "times without a colon": (
        wide(f"{DAY},1,1,2", f"{DAY},1330,3,4", header="Date,Time,SP,x0"),
        "rr 00:01 1 | rr 13:30 3 | x0 00:01 2 | x0 13:30 4"),
    # Stamps.
    "C's": (stamped("Tue Mar 4 00:00:00 2025"), ONE),
    "Java's": (stamped("Tue Mar 04 09:00:00 KST 2025"), ONE),
    "SAS's": (stamped("04MAR2025:00:00:00"), ONE),
    "French": (stamped("le 4 mars 2025 à 00h00"), ONE),
    "dashes in the time": (stamped(f"{DAY}_00-00-00"), ONE),
    "a zone's name behind Z": (stamped(f"{DAY}T00:00:00Z[UTC]"), ONE),
    "a short Korean year": (stamped("25년 3월 4일 00:00"), ONE),
    "a Korean weekday in front": (stamped(f"화 {DAY} 00:00"), ONE),
    "spaces throughout": (stamped("2025 03 04 00 00 00"), ONE),
    "seconds since 1970": (stamped("1741046400", "unixtime"), ONE),
    # Encodings.
    "UTF-16 without a mark": (lines("time,SP,x0", f"{DAY},1,2").encode("utf-16-le"), ONE),
    "no-break spaces of Windows": (
        lines("time;SP;x0", f"{DAY};1\u00a0000,5;2").encode("cp1252"), "rr 00:00 1000.5 | x0 00:00 2"),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_reads(name, tmp_path):
    content, expected = READ[name]
    assert shown(read(write(tmp_path, "export.csv", content))) == expected


REFUSED = {
    "a time of day alone": (stamped("00:00:00"), "without a date"),
    "digits that a spreadsheet lost": (stamped("1.741E+12"), "lost digits"),
    "the table of another tag below": (
        lines("SP", "time,value", f"{DAY},1", "", "x0", "time,value", f"{DAY} 00:07,2"), "another tag"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refuses(name, tmp_path):
    content, words = REFUSED[name]
    with pytest.raises(UserError, match=words):
        read(write(tmp_path, "export.csv", content))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (graded("error", "0", "1"), "'error' holds codes"),
        (stamped(DAY, "Time (Seoul)"), "may name a time zone"),
        (stamped(DAY, "Time (EST)"), "may name a time zone"),
        (wide(f"{DAY},540,1,2", header="time,tz_offset_min,SP,x0"), "part of the time"),
        (wide(f"{DAY},1,9,2", header="time,SP,SP.1,x0"), "second column of 'SP'"),
        (lines("time;SP;x0", f"{DAY};1.234;2.345"), "taken as the decimal mark"),
    ],
)
def test_what_may_be_misread_is_named(content, words, tmp_path):
    samples = read(write(tmp_path, "export.csv", content))
    assert any(words in finding.example for finding in samples.findings), samples.findings


@pytest.mark.parametrize("value", ["8888", "-99.99", "1e20", "655.35", "850"])
def test_a_number_far_from_all_others_is_named(value, tmp_path):
    cells = [20, 21, 22.5, value, 21, 20.5] * 3
    rows = [f"{DAY} 00:{i:02d},1,{cell}" for i, cell in enumerate(cells)]
    found = kinds(read(write(tmp_path, "export.csv", wide(*rows))))
    assert ("number that may stand for nothing", "x0") in found


def folder(tmp_path, **files):
    for name, content in files.items():
        write(tmp_path, f"e/{name}.csv", content)
    return tmp_path / "e"


def test_marks_and_orders_of_one_origin_that_disagree(tmp_path):
    mixed = folder(
        tmp_path, a=lines("time,SP", "14/03/2025,1"), b=lines("time,x0", "03/14/2025,2"),
        c=lines("time,SP", "03/04/2025,9"),
    )  # fmt: skip
    with pytest.raises(UserError, match=r"c\.csv.*day first.*month first"):
        read(mixed)


def test_a_point_of_thousands_is_shown_by_a_file_of_the_same_origin(tmp_path):
    marks = folder(tmp_path, a=lines("time;SP", f"{DAY};1.234"), b=lines("time;x0", f"{DAY};1,5"))
    assert shown(read(marks)) == "rr 00:00 1234 | x0 00:00 1.5"


def test_declared_columns_count_for_the_files_that_have_them(tmp_path):
    of = plant('[export]\ntime = "stamp"\n')
    mixed = folder(
        tmp_path, a=lines("stamp,SP", f"{DAY},1"), b=lines("time,x0", f"{DAY},2"),
        readme="hello world\n", tags=lines("tag,unit", "SP,bar"),
    )  # fmt: skip
    samples = read(mixed, of)
    assert shown(samples) == ONE
    left = " ".join(finding.example for finding in samples.findings)
    assert all(name in left for name in ("b.csv", "readme.csv", "tags.csv"))
    with pytest.raises(UserError, match=r"export\.time 'stamp'"):
        read(folder(tmp_path / "n", a=lines("time,SP,x0", f"{DAY},1,2")), of)
