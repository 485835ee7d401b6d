"""Web pages, workbooks in XML and JSON: their tables are read as text is, or refused in one line."""

from __future__ import annotations

import io
import json
import sqlite3
from datetime import datetime

import openpyxl
import pytest

from shiftwork.errors import UserError
from shiftwork.records.historian.readers import written_rows
from support.export_builders import plant, read, shown, write

T0, T1 = "2025-03-04T00:00:00Z", "2025-03-04T00:01:00Z"
ONE = "rr 00:00 1 | x0 00:00 2"
TWO = "rr 00:00 1.5 | rr 00:01 3 | x0 00:00 2 | x0 00:01 4"
WIDE = [{"time": T0, "SP": 1.5, "x0": 2}, {"time": T1, "SP": 3, "x0": 4}]
COMMA = '[export]\ndecimal = ","\n'
ROW = "<tr><td>2025-03-04 00:00<td>1<td>2</tr>"


def page(*rows, head='<meta charset="utf-8">'):
    return f"<html><head>{head}<style>td {{}}</style></head><body><table>{''.join(rows)}</table></body></html>"


def sheet(*rows, begin='<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>'):
    names = [
        "<Cell><Data ss:Type='String'>" + name + "</Data></Cell>" for name in ("time", "SP", "x0")
    ]
    return (
        f'{begin}<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:x"><Worksheet '
        f'ss:Name="S"><Table><Column ss:Width="9"/><Row>{"".join(names)}</Row>{"".join(rows)}</Table></Worksheet>'
        "</Workbook>"
    )


def cells(*values):
    found = []
    for value in values:
        kind = "Number" if isinstance(value, float) else "DateTime" if "T" in value else "String"
        found.append(f'<Cell><Data ss:Type="{kind}">{value}</Data></Cell>')
    return f"<Row>{''.join(found)}</Row>"


def stream(name):
    state = {"Name": "No Data", "Value": 248, "IsSystem": True}
    return {
        "Name": name,
        "Links": {"Source": "https://example.org"},
        "Items": [
            {"Timestamp": T0, "Value": 1.5, "Good": True, "Questionable": False, "Notes": []},
            {"Timestamp": T1, "Value": state, "Good": False, "Questionable": False, "Notes": []},
        ],
    }


PAGES = {
    "plain": (page("<tr><th>time<th>SP<th>x0</tr>", ROW), ONE),
    "German": (page("<tr><td>Zeit</td><td>SP</td><td>x0</td></tr><tr><td>04.03.2025&nbsp;00:00</td><td>1,5</td><td>"
                    "1.234,5</td></tr>"), "rr 00:00 1.5 | x0 00:00 1234.5"),
    "an encoding of its own": (
        page("<tr><th>時間<th>SP<th>x0</tr>", ROW, head='<meta charset="shift_jis">').encode("shift_jis"), ONE),
    "headings over two rows": (
        page("<tr><th rowspan=2>time<th colspan=2>Values</tr><tr><th>SP<th>x0</tr>", ROW), ONE),
    "a tag over two rows": (
        page("<tr><th>tag<th>time<th>value</tr><tr><td rowspan=2>SP<td>2025-03-04 00:00<td>1.5</tr><tr><td>"
             "2025-03-04 00:01<td>3</tr><tr><td rowspan=2>x0<td>2025-03-04 00:00<td>2</tr><tr><td>2025-03-04 00:01"
             "<td>4</tr>"), TWO),
    "a table within a table": (
        page(f"<tr><td>menu</td><td><table><tr><th>time<th>SP<th>x0</tr>{ROW}</table></td></tr>"), ONE),
    "totals below": (
        page("<tr><th>time<th>SP<th>x0</tr>", ROW, "<tfoot><tr><td colspan=3>Total rows: 1</td></tr></tfoot>"), ONE),
    "links and fonts": (
        page("<tr><th>time<th>SP<th>x0<tbody><tr><td><nobr>2025-03-04 00:00</nobr><td><a href=x>1</a><td><b>2</b>"
             "<tfoot></tfoot>"), ONE),
    "a footnote": (
        page("<tr><th>time<th>SP<th>x0</tr><tr><td>2025-03-04 00:00<td>1<sup>2</sup><td>2</tr>"),
        "rr 00:00 '1 | 2'! | x0 00:00 2"),
    "a field to be filled": (
        page("<tr><th>time<th>SP<th>x0</tr><tr><td>2025-03-04 00:00<td><input value=1><td>2</tr>"),
        "rr 00:00 '|'! | x0 00:00 2"),
    "XHTML": ('<?xml version="1.0"?>\n<!DOCTYPE html>\n' + page("<tr><th>time<th>SP<th>x0</tr>", ROW), ONE),
}  # fmt: skip

SHEETS = {
    "plain": (sheet(cells("2025-03-04T00:00:00.000", 1.0, 2.0)), ONE),
    "three digits beside text": (
        sheet(cells("2025-03-04T00:00:00.000", 1.234, 2.0), cells("2025-03-04T00:01:00.000", "2,5", 4.0)),
        "rr 00:00 1.234 | rr 00:01 2.5 | x0 00:00 2 | x0 00:01 4"),
    "cells left out": (
        sheet("<Row ss:Index='4'><Cell><Data ss:Type='DateTime'>2025-03-04T00:00:00</Data></Cell><Cell ss:Index='3'>"
              "<Data ss:Type='Number'>1.5E-3</Data><Comment><Data>99</Data></Comment><NamedCell/></Cell></Row>",
              cells("2025-03-04T00:01:00", 1.0, 2.0)), "rr 00:01 1 | x0 00:00 0.0015 | x0 00:01 2"),
}  # fmt: skip

JSON = {
    "records": (WIDE, TWO),
    "records within": ({"generated": "2025-06-01T00:00:00Z", "count": 2, "data": WIDE}, TWO),
    "records without lists": ([{**row, "labels": [], "notes": [{"at": T1}]} for row in WIDE], TWO),
    "columns": ({"time": [T0, T1], "SP": [1.5, 3], "x0": [2, 4]}, TWO),
    "names and rows": ({"columns": ["time", "SP", "x0"], "data": [[T0, 1.5, 2], [T1, 3, 4]]}, TWO),
    "rows": ([["time", "SP", "x0"], [T0, 1.5, 2], [T1, 3, 4]], TWO),
    "series": (
        {"results": [{"series": [{"name": n, "columns": ["time", "value"], "values": [[T0, v]]}
                                 for n, v in (("SP", 1), ("x0", 2))]}]}, ONE),
    "values of each tag": (
        [{"tag": n, "values": [{"t": T0, "v": v}]} for n, v in (("SP", 1), ("x0", 2))], ONE),
    "streams": (
        {"Items": [stream("SP"), stream("x0")]},
        "rr 00:00 1.5 | rr 00:01 'No Data'! | x0 00:00 1.5 | x0 00:01 'No Data'!"),
    "seconds with a fraction": ([{"ts": 1741046400.5, "SP": 1.5, "x0": 2}], "rr 00:00:00.5 1.5 | x0 00:00:00.5 2"),
    "decimal commas in text": ([{"time": T0, "SP": 1.234, "x0": "2,5"}], "rr 00:00 1.234 | x0 00:00 2.5"),
}  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_pages_are_read(name, tmp_path):
    content, expected = PAGES[name]
    samples = read(write(tmp_path, "export.xls", content), plant())
    assert (shown(samples), samples.origins[0].form) == (expected, "web page")


@pytest.mark.parametrize("keys", ["", COMMA])
@pytest.mark.parametrize("name", SHEETS)
def test_workbooks_in_xml_are_read(name, keys, tmp_path):
    content, expected = SHEETS[name]
    samples = read(write(tmp_path, "export.xls", content), plant(keys))
    assert (shown(samples), samples.origins[0].form) == (expected, "workbook in XML")


@pytest.mark.parametrize("keys", ["", COMMA])
@pytest.mark.parametrize("name", JSON)
def test_json_is_read(name, keys, tmp_path):
    content, expected = JSON[name]
    samples = read(write(tmp_path, "export.json", json.dumps(content)), plant(keys))
    assert (shown(samples), samples.origins[0].form) == (expected, "JSON")


def test_a_record_to_a_line(tmp_path):
    text = "\n".join(map(json.dumps, WIDE))
    assert shown(read(write(tmp_path, "export.jsonl", text), plant())) == TWO


REFUSED = {
    "page that is cut": (page("<tr><th>time<th>SP<th>x0</tr>", ROW)[:-30], "ends within a table"),
    "tags without end": (page("<tr><td>" + "<a " * 10**5), "does not end"),
    "comments without end": (page("<tr><td>" + "<!-- " * 10**5), "does not end"),
    "sheet that is cut": (sheet(cells(f"{T0}", 1.0, 2.0))[:-30], "ends within a table"),
    "an entity": (sheet(begin='<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "3">]>'), "is XML"),
    "other XML": ('<?xml version="1.0"?><data/>', "is XML"),
    "JSON that is cut": (json.dumps(WIDE)[:-5], "is JSON that cannot be read"),
    "JSON without rows": ('{"Items": []}', "is JSON without rows"),
    "a name twice": ('[{"time": "2025-03-04", "SP": 1, "SP": 3, "x0": 2}]', "has 'SP' twice"),
    "columns of several lengths": ('{"time": ["2025-03-04"], "SP": [1, 2]}', "not of one length"),
    "a short row": ('{"columns": ["time", "SP"], "data": [["2025-03-04"]]}', "1 cells for 2 columns"),
    "many brackets": ("[" * 100_000, "nested too deeply"),
    "a row without end": (page(f'<tr><td colspan="{10**6}">a<td>b</tr>'), "too large"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused(name, tmp_path):
    content, matter = REFUSED[name]
    path = write(tmp_path, "export.xls", content)
    with pytest.raises(UserError) as error:
        read(path, plant())
    assert matter in str(error.value)
    assert "\n" not in str(error.value)


def test_cells_that_span_others_do_not_fill_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(written_rows, "LARGEST_DOCUMENT", 2**16)
    content = page("<tr><td colspan=16000 rowspan=9999999>a</tr>" + "<tr>" * 20_000)
    with pytest.raises(UserError, match="too large"):
        read(write(tmp_path, "export.html", content), plant())


def test_what_lies_beside_an_export_is_left_out(tmp_path):
    folder = tmp_path / "export"
    folder.mkdir()
    write(folder, "a.csv", f"time,SP,x0\n{T0},1,2\n")
    write(folder, "about.html", "<html><body><h1>How this was exported</h1></body></html>")
    write(folder, "settings.json", '{"interval": "1m", "tags": ["SP", "x0"]}')
    write(folder, "broken.json", '{"interval": ')
    write(
        folder,
        "report.json",
        '[{"a": "time", "b": "x0", "c": "x0"}, {"a": "2025-03-04", "b": 1, "c": 2}]',
    )
    samples = read(folder, plant())
    assert shown(samples) == ONE
    assert [f.kind for f in samples.findings] == ["left out"] * 4


def test_numbers_beside_text_keep_their_value_whatever_the_mark_is(tmp_path):
    """A number that a workbook or database holds has no decimal mark that could group thousands."""
    book, out = openpyxl.Workbook(), io.BytesIO()
    rows = [(datetime(2025, 3, 4), 1.234, 2.5), (datetime(2025, 3, 4, 0, 1), "Bad", "4,5")]
    for row in (("time", "SP", "x0"), *rows):
        book.active.append(row)
    book.save(out)
    expected = "rr 00:00 1.234 | rr 00:01 'Bad'! | x0 00:00 2.5 | x0 00:01 4.5"
    for keys in ("", COMMA):
        assert shown(read(write(tmp_path, "a.xlsx", out.getvalue()), plant(keys))) == expected
    path = tmp_path / "a.sqlite"
    with sqlite3.connect(path) as base:
        base.execute("create table t (time text, SP, x0)")
        base.executemany("insert into t values (?, ?, ?)", [(str(t), a, b) for t, a, b in rows])
    base.close()
    assert shown(read(path, plant(COMMA))) == expected
