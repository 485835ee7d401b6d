"""Delimited exports, nasty or plainly wrong: what is read of each, or why it is refused."""

import pytest

from support.export_builders import RUN, kinds, lines, plant, read, refusal, shown, write
from support.record_builders import refused

LONG = "tag,timestamp,value"
WIDE = "timestamp,SP,x0"
DAY = "2025-03-04"


def wide(*rows: str, header: str = WIDE) -> str:
    return lines(header, *rows)


def long(*rows: str, header: str = LONG) -> str:
    return lines(header, *rows)


def stamped(*stamps: str) -> str:
    """A wide export with one row for each stamp, x0 counting the rows."""
    return wide(*(f"{stamp},1,{row}" for row, stamp in enumerate(stamps)))


ONE = "rr 00:00 1 | x0 00:00 2"

# name: (content, what is read), with more TOML for the plant behind it if needed
READ = {
    # Shapes and names of columns.
    "long": (long(f"SP,{DAY} 00:00,1", f"x0,{DAY} 00:00,2"), ONE),
    "wide": (wide(f"{DAY} 00:00,1,2"), ONE),
    "columns in any order": (lines("value,quality note,tag,time", f"1,,SP,{DAY}", f"2,,x0,{DAY}"), ONE),
    "PI's names": (lines("Point Name,Time Stamp,Value", f"SP,{DAY},1", f"x0,{DAY},2"), ONE),
    "OPC's names": (lines("NodeId;SourceTimestamp;Value", f"SP;{DAY};1", f"x0;{DAY};2"), ONE),
    "Korean names": (lines("태그명,일시,값", f"SP,{DAY},1", f"x0,{DAY},2"), ONE),
    "names in capitals": (lines("TAG_NAME,DATE_TIME,VALUE", f"SP,{DAY},1", f"x0,{DAY},2"), ONE),
    "German names": (lines("Tag;Zeitstempel;Wert", "SP;04.03.2025;1", "x0;04.03.2025;2"), ONE),
    "names that only the plant file knows": (
        lines("what,when,how much", f"SP,{DAY},1", f"x0,{DAY},2"), ONE,
        '[export]\ntag = "what"\ntime = "when"\nvalue = "how much"\n'),
    "an index without a name": (lines(",SP,x0", f"{DAY} 00:00,1,2"), ONE),
    "a counter before the time": (lines("index,timestamp,SP,x0", f"7,{DAY} 00:00,1,2"), ONE),
    "date and time apart": (lines("Date,Time,SP,x0", f"{DAY},00:00:00,1,2"), ONE),
    "date and time apart, midnight left out": (lines("Date,Time,SP,x0", f"{DAY},,1,2"), ONE),
    "other tags between": (lines("time,a,SP,b,x0,c", f"{DAY},9,1,x,2,"), ONE),
    "other tags among rows": (
        long(f"zz,{DAY} 00:00,what,", header=LONG + ",more") + lines(f"SP,{DAY},1,", f"x0,{DAY},2,"),
        ONE),
    "other tags with impossible times": (
        long("zz,never,9", f"SP,{DAY},1", f"x0,{DAY},2"), ONE),
    "space around everything": (lines(" tag , time , value ", f" SP , {DAY} , 1 ", f"x0,{DAY},2"), ONE),
    "names in quotes": (lines('"tag","time","value"', f'"SP","{DAY}","1"', f'"x0","{DAY}","2"'), ONE),
    "a name with a line break": (lines('time,SP,"x\n1",x0', f"{DAY},1,3,2"), ONE),
    # Rows above the data.
    "a title": (lines("Monthly report", "", WIDE, f"{DAY},1,2"), ONE),
    "a title with commas": (lines("Report, of March,,", WIDE, f"{DAY},1,2"), ONE),
    "a row of units": (wide(",m3/h,%", f"{DAY},1,2"), ONE),
    "units in brackets": (wide("[UTC],[m3/h],[-]", f"{DAY},1,2"), ONE),
    "descriptions above": (lines(",Reflux,Purity", WIDE, f"{DAY},1,2"), ONE),
    "descriptions and units below": (wide("time,Reflux,Purity", ",m3/h,%", f"{DAY},1,2"), ONE),
    "descriptions above, units below": (lines("T,Reflux,x", WIDE, ",m3/h,%", f"{DAY},1,2"), ONE),
    "blank lines": (lines("", WIDE, "", f"{DAY},1,2", "", ""), ONE),
    "rows of commas": (wide(",,", f"{DAY},1,2", ",,", ",,"), ONE),
    # Separators, line ends, encodings.
    "semicolons": (lines("time;SP;x0", f"{DAY};1;2"), ONE),
    "tabs": (lines("time\tSP\tx0", f"{DAY}\t1\t2"), ONE),
    "bars": (lines("time|SP|x0", f"{DAY}|1|2"), ONE),
    "Windows' line ends": (lines(WIDE, f"{DAY},1,2", end="\r\n"), ONE),
    "line ends of old": (lines(WIDE, f"{DAY},1,2", end="\r"), ONE),
    "no line end at the end": (wide(f"{DAY},1,2")[:-1], ONE),
    "a byte-order mark": ("\ufeff" + wide(f"{DAY},1,2"), ONE),
    "a byte-order mark before quotes": ("\ufeff" + lines('"time","SP","x0"', f"{DAY},1,2"), ONE),
    "UTF-16": (wide(f"{DAY},1,2").encode("utf-16"), ONE),
    "UTF-16, tabs": (lines("시간\tSP\tx0", f"{DAY}\t1\t2").encode("utf-16"), ONE),
    "UTF-8 units": (wide(",m³/h,°C", f"{DAY},1,2"), ONE),
    "CP949": (lines("시간,SP,x0", ",입방미터,도", f"{DAY},1,2").encode("cp949"), ONE),
    "CP949 far behind": (
        (wide(*[f"{DAY},1,2"] * 8000)).encode() + f"{DAY},가동,2\n".encode("cp949"),
        "rr 00:00 '가동'! | x0 00:00 2"),
    # Time stamps.
    "ISO": (stamped(f"{DAY}T00:01:02"), "rr 00:01:02 1 | x0 00:01:02 0"),
    "ISO with Z": (stamped(f"{DAY}T00:01:02Z"), "rr 00:01:02 1 | x0 00:01:02 0"),
    "ISO with an offset": (stamped(f"{DAY}T09:01:02+09:00"), "rr 00:01:02 1 | x0 00:01:02 0"),
    "ISO with a bare offset": (stamped(f"{DAY} 09:01:02+0900"), "rr 00:01:02 1 | x0 00:01:02 0"),
    "ISO with hours of offset": (stamped(f"{DAY} 09:01:02+09"), "rr 00:01:02 1 | x0 00:01:02 0"),
    "an offset behind a space": (stamped(f"{DAY} 09:01:02 +09:00"), "rr 00:01:02 1 | x0 00:01:02 0"),
    "UTC in words": (stamped(f"{DAY} 00:01:02 UTC"), "rr 00:01:02 1 | x0 00:01:02 0"),
    "offsets that change": (
        stamped(f"{DAY}T09:00+09:00", f"{DAY}T00:01Z", f"{DAY}T01:02+01:00"),
        "rr 00:00 1 | rr 00:01 1 | rr 00:02 1 | x0 00:00 0 | x0 00:01 1 | x0 00:02 2"),
    "a column in UTC, the plant elsewhere": (
        lines("Timestamp (UTC),SP,x0", f"{DAY} 00:00,1,2"), ONE, "", "Asia/Seoul"),
    "local time": (wide(f"{DAY} 09:00,1,2"), ONE, "", "Asia/Seoul"),
    "local time with offsets too": (
        wide(f"{DAY} 09:00,1,2", f"{DAY}T00:01:00Z,1,3"),
        "rr 00:00 1 | rr 00:01 1 | x0 00:00 2 | x0 00:01 3", "", "Asia/Seoul"),
    "a fixed offset as zone": (wide(f"{DAY} 09:00,1,2"), ONE, "", "+09:00"),
    "milliseconds": (stamped(f"{DAY} 00:00:00.125"), "rr 00:00:00.125 1 | x0 00:00:00.125 0"),
    "seven decimals": (stamped(f"{DAY}T00:00:00.1234567Z"), "rr 00:00:00.123456 1 | x0 00:00:00.123456 0"),
    "a comma before milliseconds": (
        lines("time;SP;x0", f"{DAY} 00:00:00,125;1;2"), "rr 00:00:00.125 1 | x0 00:00:00.125 2"),
    "seconds here and there": (
        stamped(f"{DAY}", f"{DAY} 00:01", f"{DAY} 00:02:00", f"{DAY} 00:03:00.0"),
        "rr 00:00 1 | rr 00:01 1 | rr 00:02 1 | rr 00:03 1"
        " | x0 00:00 0 | x0 00:01 1 | x0 00:02 2 | x0 00:03 3"),
    "slashes, year first": (stamped("2025/3/4 0:01"), "rr 00:01 1 | x0 00:01 0"),
    "dots, year first": (stamped("2025.03.04 00:01"), "rr 00:01 1 | x0 00:01 0"),
    "Korean dots": (stamped("2025. 3. 4. 00:01"), "rr 00:01 1 | x0 00:01 0"),
    "Korean afternoon": (stamped(f"{DAY} 오후 3:05:00"), "rr 15:05 1 | x0 15:05 0"),
    "Korean midnight": (stamped(f"{DAY} 오전 12:05:00"), "rr 00:05 1 | x0 00:05 0"),
    "PI's stamps": (stamped("04-Mar-25 00:01:00"), "rr 00:01 1 | x0 00:01 0"),
    "PI's stamps in capitals": (stamped("04-MAR-2025 00:01:00.5"), "rr 00:01:00.5 1 | x0 00:01:00.5 0"),
    "month by name": (stamped("4 March 2025 00:01"), "rr 00:01 1 | x0 00:01 0"),
    "dots, day first": (stamped("04.03.2025 00:01"), "rr 00:01 1 | x0 00:01 0"),
    "day first, told by another row": (
        stamped("04/03/2025 00:01", "14/03/2025 00:01"),
        "rr 00:01 1 | rr 2025-03-14 00:01 1 | x0 00:01 0 | x0 2025-03-14 00:01 1"),
    "month first, told by another row": (
        stamped("03/04/2025 12:01 AM", "03/14/2025 12:01 PM"),
        "rr 00:01 1 | rr 2025-03-14 12:01 1 | x0 00:01 0 | x0 2025-03-14 12:01 1"),
    "day first, told by the plant file": (
        stamped("04/03/2025 00:01"), "rr 00:01 1 | x0 00:01 0",
        '[export]\ntime_format = "%d/%m/%Y %H:%M"\n'),
    "two digits of year, told": (
        stamped("25/03/04 00:01"), "rr 00:01 1 | x0 00:01 0",
        '[export]\ntime_format = "%y/%m/%d %H:%M"\n'),
    "Excel's serials": (stamped("45720.5"), "rr 12:00 1 | x0 12:00 0"),
    "Excel's serials with a comma": (lines("time;SP;x0", "45720,5;1;2"), "rr 12:00 1 | x0 12:00 2"),
    "Excel's serials of a minute": (stamped("45720.000694444446"), "rr 00:01 1 | x0 00:01 0"),
    "Excel's whole days": (stamped("45720"), "rr 00:00 1 | x0 00:00 0"),
    "Excel's serials in local time": (
        wide("45720.375,1,2"), ONE, "", "Asia/Seoul"),
    "epoch seconds": (stamped("1741046460"), "rr 00:01 1 | x0 00:01 0"),
    "epoch seconds with decimals": (stamped("1741046460.5"), "rr 00:01:00.5 1 | x0 00:01:00.5 0"),
    "epoch milliseconds": (stamped("1741046460500"), "rr 00:01:00.5 1 | x0 00:01:00.5 0"),
    "epoch microseconds": (stamped("1741046460500000"), "rr 00:01:00.5 1 | x0 00:01:00.5 0"),
    "epoch nanoseconds": (stamped("1741046460500000000"), "rr 00:01:00.5 1 | x0 00:01:00.5 0"),
    "epochs are UTC in any zone": (wide("1741046400,1,2"), ONE, "", "Asia/Seoul"),
    "digits without a break": (stamped("20250304000100"), "rr 00:01 1 | x0 00:01 0"),
    "a date of digits": (stamped("20250304"), "rr 00:00 1 | x0 00:00 0"),
    "before the epoch": (stamped("1969-12-31 23:59"), "rr 1969-12-31 23:59 1 | x0 1969-12-31 23:59 0"),
    # Numbers.
    "decimal comma": (lines("time;SP;x0", f"{DAY};1,5;-0,25"), "rr 00:00 1.5 | x0 00:00 -0.25"),
    "decimal comma in quotes": (wide(f'{DAY},"1,5","2,25"'), "rr 00:00 1.5 | x0 00:00 2.25"),
    "comma and points of thousands": (
        lines("time;SP;x0", f"{DAY};1,5;1.234.567,5"), "rr 00:00 1.5 | x0 00:00 1.23457e+06"),
    "a point of thousands, told by a comma elsewhere": (
        lines("time;SP;x0", f"{DAY};1,5;1.234"), "rr 00:00 1.5 | x0 00:00 1234"),
    "commas of thousands": (wide(f'{DAY},1.5,"1,234,567.5"'), "rr 00:00 1.5 | x0 00:00 1.23457e+06"),
    "a comma of thousands, told by a point elsewhere": (
        wide(f'{DAY},1.5,"1,234"'), "rr 00:00 1.5 | x0 00:00 1234"),
    "a comma of thousands, told by the plant file": (
        wide(f'{DAY},1,"1,234"'), "rr 00:00 1 | x0 00:00 1234", '[export]\ndecimal = "."\n'),
    "three decimals, told by the plant file": (
        wide(f'{DAY},1,"1,234"'), "rr 00:00 1 | x0 00:00 1.234", '[export]\ndecimal = ","\n'),
    "three decimals, told by a zero": (
        lines("time;SP;x0", f"{DAY};0,125;1,234"), "rr 00:00 0.125 | x0 00:00 1.234"),
    "three decimals everywhere": (wide(f"{DAY},1.500,2.250"), "rr 00:00 1.5 | x0 00:00 2.25"),
    "spaces of thousands": (wide(f"{DAY},1,12 345.5"), "rr 00:00 1 | x0 00:00 12345.5"),
    "narrow spaces of thousands": (
        lines("time;SP;x0", f"{DAY};1;12\u202f345,5"), "rr 00:00 1 | x0 00:00 12345.5"),
    "Swiss thousands": (wide(f"{DAY},1,12'345.5"), "rr 00:00 1 | x0 00:00 12345.5"),
    "exponents": (wide(f"{DAY},1E+00,2.5e-3"), "rr 00:00 1 | x0 00:00 0.0025"),
    "an exponent with a comma": (lines("time;SP;x0", f"{DAY};1;2,5E-3"), "rr 00:00 1 | x0 00:00 0.0025"),
    "signs": (wide(f"{DAY},+1,-2"), "rr 00:00 1 | x0 00:00 -2"),
    "a typesetter's minus": (wide(f"{DAY},1,−2"), "rr 00:00 1 | x0 00:00 -2"),
    "points without digits": (wide(f"{DAY},1.,.5"), "rr 00:00 1 | x0 00:00 0.5"),
    # Cells that hold no number.
    "empty cells of the wide form are no samples": (
        wide(f"{DAY} 00:00,1,", f"{DAY} 00:01,,2"), "rr 00:00 1 | x0 00:01 2"),
    "empty cells of the long form are bad": (
        long(f"SP,{DAY},", f"x0,{DAY},2"), "rr 00:00 -! | x0 00:00 2"),
    "words for nothing": (
        wide(*(f"{DAY} 00:0{i},1,{w}" for i, w in enumerate(["NaN", "null", "N/A", "#N/A", "-"])),
             f"{DAY} 00:09,1,2", header=WIDE).replace(",1,", ",,").replace("00:09,,", "00:09,1,"),
        "rr 00:09 1 | x0 00:09 2"),
    "text states": (
        long(f"SP,{DAY},1", *(f"x0,{DAY} 00:0{i},{state}" for i, state in enumerate(
            ["Shutdown", "I/O Timeout", "Bad Input", "Pt Created", "No Data", "Intf Shut",
             "Arc Off-line"]))),
        "rr 00:00 1 | x0 00:00 'Shutdown'! | x0 00:01 'I/O Timeout'! | x0 00:02 'Bad Input'!"
        " | x0 00:03 'Pt Created'! | x0 00:04 'No Data'! | x0 00:05 'Intf Shut'!"
        " | x0 00:06 'Arc Off-line'!"),
    "text that begins like a number": (wide(f"{DAY},1,<0.05"), "rr 00:00 1 | x0 00:00 '<0.05'!"),
    "a number with its unit": (wide(f"{DAY},1,5 bar"), "rr 00:00 1 | x0 00:00 5"),
    "a number with what is not a unit": (wide(f"{DAY},1,5 apples"), "rr 00:00 1 | x0 00:00 '5 apples'!"),
    "a row with fewer cells": (wide(f"{DAY},1,2", f"{DAY} 00:01,1"), "rr 00:00 1 | rr 00:01 1 | x0 00:00 2"),
    "a footer": (wide(f"{DAY},1,2", "-- 1 row --"), ONE),
    "a header again": (wide(f"{DAY},1,2", WIDE, f"{DAY} 00:01,1,2"),
                       "rr 00:00 1 | rr 00:01 1 | x0 00:00 2 | x0 00:01 2"),
    "a header again in another order": (
        wide(f"{DAY},1,2", "x0,SP,timestamp", f"4,3,{DAY} 00:01", header="timestamp,SP,x0"),
        "rr 00:00 1 | rr 00:01 3 | x0 00:00 2 | x0 00:01 4"),
    "infinities": (wide(f"{DAY},inf,1e999"), "rr 00:00 'inf'! | x0 00:00 '1e999'!"),
    "Excel's errors": (wide(f"{DAY},#DIV/0!,#VALUE!"), "rr 00:00 '#DIV/0!'! | x0 00:00 '#VALUE!'!"),
    "a state tag keeps its text": (
        lines("time,SP,x0,run", f"{DAY} 00:00,1,2,RUN", f"{DAY} 00:01,1,2,Shutdown"),
        "rr 00:00 1 | rr 00:01 1 | x0 00:00 2 | x0 00:01 2 | run 00:00 'RUN' | run 00:01 'Shutdown'",
        RUN),
    "a state tag in the long form": (
        long(f"SP,{DAY},1", f"x0,{DAY},2", f"run,{DAY},1"), ONE + " | run 00:00 '1'", RUN),
    "a historian's own state in a state tag is bad": (
        lines("time,SP,x0,run", f"{DAY},1,2,I/O Timeout"), ONE + " | run 00:00 'I/O Timeout'!", RUN),
    "a state with a comma is not a number": (
        lines("time;SP;x0;run", f"{DAY};1,5;2;1,234"), "rr 00:00 1.5 | x0 00:00 2 | run 00:00 '1,234'",
        RUN),
    # Order.
    "unsorted rows": (
        stamped(f"{DAY} 00:02", f"{DAY} 00:00", f"{DAY} 00:01"),
        "rr 00:00 1 | rr 00:01 1 | rr 00:02 1 | x0 00:00 1 | x0 00:01 2 | x0 00:02 0"),
    "newest first": (
        stamped(f"{DAY} 00:01", f"{DAY} 00:00"), "rr 00:00 1 | rr 00:01 1 | x0 00:00 1 | x0 00:01 0"),
    "rows there twice": (wide(f"{DAY},1,2", f"{DAY},1,2"), ONE),
    "the last of two counts": (wide(f"{DAY},5,6", f"{DAY},1,2"), ONE),
    "the last of two counts, bad as it is": (
        long(f"SP,{DAY},1", f"x0,{DAY},2", f"x0,{DAY},Bad"), "rr 00:00 1 | x0 00:00 'Bad'!"),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_reads(name, tmp_path):
    content, expected, *told = READ[name]
    samples = read(write(tmp_path, "export.csv", content), plant(*told))
    assert shown(samples) == expected


# name: (content, what the message says), with more TOML for the plant in front if needed
WRONG = {
    "empty": ("", "is empty"),
    "blank": ("\n \n\n", "is empty"),
    "no header": (lines(f"{DAY} 00:00,1,2", f"{DAY} 00:01,1,2"), "has no header", "export.time"),
    "prose": ("Dear all,\nplease find attached\n", "has no header"),
    "JSON": ('{"tag": "SP", "value": 1}\n', "no column of time stamps"),
    "HTML": ("<html><body>Login</body></html>\n", "is a web page"),
    "only a header": (LONG + "\n", "plant.toml: tags.rr: 'SP' is nowhere in the export"),
    "a spreadsheet": (b"PK\3\4" + b"x" * 100, "cannot be unpacked", "copy"),
    "an old spreadsheet": (b"\xd0\xcf\x11\xe0" + b"x" * 100, "cannot be opened as a workbook", "save it as"),
    "gzip": (b"\x1f\x8b" + b"x" * 100, "cannot be unpacked"),
    "PDF": (b"%PDF-1.7 x", "is a PDF"),
    "bytes of nothing": (bytes(1000), "line 1 holds a NUL byte"),
    "a NUL byte further on": (wide(f"{DAY},1,2") + "\0", "line 3 holds a NUL byte"),
    "neither UTF-8 nor CP949": (wide(f"{DAY},1,2").encode() + b"\xff\xff\n", "neither UTF-8 nor"),
    "UTF-8, then something else": (
        wide(",도,℃", *[f"{DAY},1,2"] * 100_000).encode() + b"\xb0\xa1\n", "is not utf-8"),
    "none of the plant's tags": (lines("time,a,b", f"{DAY},1,2"), "'SP' is nowhere"),
    "a tag misspelt": (lines("time,SPP,x0", f"{DAY},1,2"), "tags.rr", "did you mean 'SPP'?"),
    "a tag in small letters": (long(f"sp,{DAY},1", f"x0,{DAY},2"), "tags.rr", "'sp'?"),
    "two tags of two missing": (long(f"FIC,{DAY},1"), "(nor are 1 more tags)"),
    "a tag in two columns": (lines("time,SP,x0,SP", f"{DAY},1,2,3"), "column 'SP' is there twice"),
    "a told column missing": (wide(f"{DAY},1,2"), "'when'", "export.time", "known: ",
                              '[export]\ntime = "when"\n'),
    "a row too long": (wide(f"{DAY},1,2", f"{DAY},1,2,3"), "row 3: has 4 columns", "fix or remove"),
    "a decimal comma without quotes": (wide(f"{DAY},1,5,2"), "row 2: has 4 columns", "decimal comma"),
    "a row cut off": (wide(f"{DAY},1,2", f"{DAY} 00:0"), "row 3: time stamp '2025-03-04 00:0'"),
    "an open quote": (wide(f'{DAY},"1,2', f"{DAY},1,2"), "row 2", "fix"),
    # Time stamps.
    "no time": (wide(f"{DAY},1,2", ",3,4"), "row 3 has no time stamp"),
    "no time in the long form": (long(f"SP,{DAY},1", "x0,,2"), "row 3 has no time stamp"),
    "a time of words": (wide(f"{DAY},1,2", "yesterday,1,2"), "row 3: time stamp 'yesterday'"),
    "Excel's narrow column": (wide(f"{DAY},1,2", "########,1,2"), "row 3: time stamp '########'"),
    "an impossible day": (wide("2025-02-29,1,2"), "row 2: time stamp '2025-02-29'"),
    "an impossible hour": (wide(f"{DAY} 25:00,1,2"), "row 2: time stamp '2025-03-04 25:00'"),
    "a zone in letters": (wide(f"{DAY} 00:00 IST,1,2"), "row 2: time stamp", "export.zones"),
    "time without a date": (lines("time,SP,x0", "00:01:00,1,2"), "row 2: time stamp '00:01:00'"),
    "seconds from the start": (lines("time,SP,x0", "0.0,1,2", "0.1,1,2"), "row 2: time stamp '0.0'"),
    "year 9999": (wide("9999-12-31,1,2"), "row 2", "after 2200"),
    "year 1": (wide("0001-01-01,1,2"), "row 2", "before 1950"),
    "two digits of year": (wide("04/03/25 00:00,1,2"), "day or month comes first"),
    "day or month": (wide("03/04/2025 00:00,1,2", "04/04/2025 00:00,1,2"), "day or month comes first",
                     "export.order"),
    "day and month": (wide("03/14/2025 00:00,1,2", "14/03/2025 00:00,1,2"), "row 2: time stamp"),
    "another format than told": (wide(f"{DAY},1,2"), "row 2: time stamp '2025-03-04'",
                                 "does not fit export.time_format '%d.%m.%Y'",
                                 '[export]\ntime_format = "%d.%m.%Y"\n'),
    "a format that is none": (wide(f"{DAY},1,2"), "export.time_format", '[export]\ntime_format = "%Q%"\n'),
    "a told kind that does not fit": (wide("1741046460,1,2"), "row 2", "'excel'",
                                      '[export]\ntime_format = "excel"\n'),
    # Numbers.
    "thousands or decimals": (lines("time;SP;x0", f"{DAY};1;1,234"), "'1,234' could have a decimal mark",
                              'export.decimal = "."'),
    "points of thousands or decimals": (lines("time;SP;x0", f"{DAY};5;1.234"), "'1.234' could"),
    "both marks for decimals": (lines("time;SP;x0", f"{DAY};1,5;2.5"), "row 2: '2.5' is not a number"),
    "both marks, one of them late": (
        lines("time;SP;x0", f"{DAY};1.5;2.5", f"{DAY};1.5;2,5"), "row 3: '2,5' is not a number"),
    "points of a version": (wide(f"{DAY},1.5,1.2.3"), "row 2: '1.2.3' is not a number"),
    "commas out of step": (wide(f'{DAY},1.5,"12,34,567"'), "row 2: '12,34,567' is not a number"),
    "a told mark that does not fit": (wide(f"{DAY},1.5,2"), "row 2: '1.5' is not a number", "export.decimal",
                                      '[export]\ndecimal = ","\n'),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_refuses(name, tmp_path):
    content, *parts = WRONG[name]
    told = [part for part in parts if part.startswith("[")]
    path = write(tmp_path, "export.csv", content)
    refused(lambda: read(path, plant(*told)), *(p for p in parts if p not in told))


def test_what_was_noticed_is_counted_with_an_example(tmp_path):
    rows = [f"SP,{DAY},1", f"x0,{DAY},2", f"x0,{DAY},2", f"x0,{DAY},3", f"x0,{DAY} 00:01,Bad Input"]
    path = write(tmp_path, "export.csv", long(*rows))
    samples = read(path)
    assert kinds(samples) == {
        ("text state", "x0"): 1,
        ("duplicate", "x0"): 1,
        ("conflicting duplicate", "x0"): 1,
    }
    assert samples.findings[0].example == f"{path}: row 6: 'Bad Input'"


@pytest.mark.parametrize("last", ["9,876,543.5", "1.2345", "0.125", "12"])
def test_what_tells_the_decimal_mark_may_stand_behind_many_that_do_not(last, tmp_path):
    """Numbers such as 500.125 tell nothing, and an export may have thousands of them first."""
    rows = [f"{DAY} {n // 60:02d}:{n % 60:02d},500.125,600.250" for n in range(1440)] * 3
    content = wide(*rows, f'{DAY} 23:59:30,"700.125","{last}"')
    if last == "12":  # a bare number beside points of three digits: either mark may have been meant
        refusal(tmp_path, content, "'500.125' could have a decimal mark or a thousands separator")
        return
    frame = read(write(tmp_path, "export.csv", content)).frame
    assert frame["value"].unique().sort().to_list() == sorted(
        [500.125, 600.25, 700.125, float(last.replace(",", ""))]
    )
