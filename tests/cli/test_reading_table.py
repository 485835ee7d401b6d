"""The last thing that an inspection prints: how each file was read, and what was ignored and why."""

from __future__ import annotations

import pytest

from shiftwork.cli.reading import print_table, table_rows
from shiftwork.cli.record_verbs import inspect_export
from shiftwork.errors import UserError
from shiftwork.records.historian import grid
from support.export_builders import lines, plant, read, write

DAY = "2025-03-04"
COMMAS = lines("time,SP,x0,Quality", f"{DAY} 09:00,1,2,Good", f"{DAY} 09:01,1,2,Bad")
SEMICOLONS = lines("time;SP;x0", "05.03.2025 00:00;1,5;2,5", "05.03.2025 00:01;(2,5);n.a.")
MARCH = lines("time,SP,x0", "03/04/2025 00:00,1,2", "03/14/2025 00:00,1,2.5")
KOREAN = lines("일시 (KST),SP,x0,반응기 온도", f"{DAY} 09:00,1,2,3").encode("cp949")

SHOWN = {
    "convention, zone and separator": (COMMAS, ["2 rows", "2 of 2 tags", "2025-03-04 00:00", "2025-03-04 00:01",
                                                "Asia/Seoul", "words", "no decimals", "ASCII", "commas"]),
    "decimal comma": (SEMICOLONS, ["decimal comma", "semicolons", "2025-03-04 15:00", "none", "Ignored or assumed:",
                                   "read as negative", "text in place of numbers"]),
    "order of day and month": (MARCH, ["decimal point", "month first"]),
    "encoding and the header's zone": (KOREAN, ["cp949", "UTC+09:00", "2025-03-04 00:00", "Nothing was ignored."]),
}  # fmt: skip


@pytest.mark.parametrize("name", SHOWN)
def test_how_a_file_was_read_is_seen_at_once(name, tmp_path, capsys):
    content, words = SHOWN[name]
    of = plant(zone="Asia/Seoul")
    print_table(read(write(tmp_path, "export.csv", content), of), of)
    printed = capsys.readouterr().err
    assert printed.startswith("How the export was read")
    for word in (*words, "export.csv"):
        assert word in printed, printed


def test_the_table_fits_80_columns(tmp_path, capsys):
    long = "a-rather-long-name-of-an-export-of-the-whole-plant"
    for name, content in ((f"{long}-1", COMMAS), (f"{long}-2", SEMICOLONS)):
        write(tmp_path, f"e/{name}.csv", content)
    print_table(read(tmp_path / "e"), plant())
    rows = capsys.readouterr().err.partition("Ignored or assumed:")[0].splitlines()
    assert max(map(len, rows)) <= 80
    heads = ("file", "rows, tags", "from, to (UTC)", "time zone", "quality", "text")
    assert all(head in rows[1] for head in heads)
    assert any("2025-03-04 09:00" in row for row in rows)


def test_what_is_left_out_stands_below_with_the_reason(tmp_path, capsys):
    write(tmp_path, "e/a.csv", COMMAS)
    write(tmp_path, "e/readme.txt", "About this export.\n")
    write(tmp_path, "e/b.xls", "<html><table></table></html>")
    write(tmp_path, "e/c.pdf", b"%PDF-1.7")
    print_table(read(tmp_path / "e"), plant())
    below = capsys.readouterr().err.partition("Ignored or assumed:")[2]
    for words in ("readme.txt: holds no table", "b.xls: is a web page", "c.pdf: its ending"):
        assert words in below


def test_many_files_of_one_kind_share_a_row(tmp_path):
    for day in range(1, 21):
        write(tmp_path, f"e/{day:02d}.csv", COMMAS.replace(DAY, f"2025-04-{day:02d}"))
    write(tmp_path, "e/other.csv", SEMICOLONS)
    rows = table_rows(read(tmp_path / "e").origins, 2)
    assert [row[1] for row in rows] == ["40", "2"]
    assert rows[0][0].endswith("01.csv and 19 more")
    assert (rows[0][3], rows[0][4]) == ("2025-04-01 09:00", "2025-04-20 09:01")


@pytest.mark.slow
def test_an_inspection_ends_with_it(tmp_path, capsys):
    path = write(tmp_path, "export.csv", COMMAS)
    inspect_export([str(path)], plant(), tmp_path / "inspection")
    printed = capsys.readouterr().err
    assert printed.index("Inspection written") < printed.index("How the export was read")
    assert printed.rstrip().endswith("'Quality' is taken as the quality of all tags in its row")


def test_times_that_no_grid_holds_are_shown_before_the_refusal(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(grid, "MOST_CELLS", 1000)
    content = lines("time,SP,x0", "1955-01-01 00:00,1,2", f"{DAY} 00:00,1,2")
    path = write(tmp_path, "export.csv", content)
    with pytest.raises(UserError):
        inspect_export([str(path)], plant(), tmp_path / "inspection")
    printed = capsys.readouterr().err
    assert "1955-01-01 00:00" in printed
    assert f"{DAY} 00:00" in printed
