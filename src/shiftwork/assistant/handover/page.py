"""The page as HTML that prints well: no script, nothing from elsewhere, every figure with its source."""

from __future__ import annotations

import json
from pathlib import Path

from shiftwork.assistant.figures import Figure
from shiftwork.assistant.handover.contents import Contents, Section
from shiftwork.assistant.handover.words import NOTHING, OVER, SECTIONS, TEXT
from shiftwork.assistant.shown import coverage, label, number, range_of, value
from shiftwork.files import VERSION, written_whole
from shiftwork.reports.paper.html import bullets, document, escaped, paragraph, table

MATRICES = ("earned", "moved", "changed")
REMARKS = {"did": "quoted", "log": "quoted", "why": "own", "due": "due"}


def write_page(page: Contents, out: Path) -> Path:
    """Write the page, and beside it its figures as a saved answer.

    Args:
        page: What it says.
        out: The .html file; its figures go to the .json file of the same name.

    Returns:
        The .json file.
    """
    saved = out.with_suffix(".json")
    page.answer.save(saved)
    with written_whole(out) as temporary:
        temporary.write_text(html_of(page, saved.name), encoding="utf-8")
    return saved


def html_of(page: Contents, saved: str) -> str:
    """Make the page.

    Args:
        page: What it says.
        saved: Name of the file with its figures.
    """
    korean = page.language == "ko"
    begin, end = (moment.replace("T", " ") for moment in (page.start, page.stop))
    head = f"{OVER[page.over][korean]}: {page.plant}"
    parts = [
        paragraph(f"{begin} – {end} ({page.zone})", "verdict"),
        paragraph(TEXT["lead"][korean], "lead"),
        *(_section(part, page) for part in page.sections),
    ]
    if page.pictures:
        parts.append(f"<h2>{escaped(TEXT['trend'][korean])}</h2>")
        parts += [f"<figure>{_inside(picture)}</figure>" for picture in page.pictures]
    parts.append(_sources(page, saved))
    return document(head, "\n".join(parts), f"Shiftwork {VERSION}", page.language)


def _section(part: Section, page: Contents) -> str:
    korean = page.language == "ko"
    lines = [f"<h2>{escaped(SECTIONS[part.name][korean])}</h2>"]
    if remark := REMARKS.get(part.name):
        lines.append(paragraph(TEXT[remark][korean]))
    if part.figures:
        lines.append(_matrix(part, page) if part.name in MATRICES else _list(part, page))
    elif part.name in NOTHING:
        lines.append(paragraph(NOTHING[part.name][korean]))
    if part.rows:
        rows = [
            (escaped(at), f"“{escaped(what)}”", escaped(where)) for at, what, where in part.rows
        ]
        names = (TEXT[name][korean] for name in ("when", "what", "source"))
        lines.append(table([escaped(name) for name in names], rows, "told"))
    if part.problems:
        lines.append(f"<h3>{escaped(TEXT['missing'][korean])}</h3>{bullets(part.problems)}")
    return "\n".join(lines)


def _matrix(part: Section, page: Contents) -> str:
    """A row for each tag, a column for each statistic; of earnings, one for each stretch of time."""
    korean = page.language == "ko"
    by_tag: dict[str, list[int]] = {}
    for n in part.figures:
        by_tag.setdefault(page.figures[n - 1].tag, []).append(n)
    widest = max(by_tag.values(), key=len)
    if part.name == "earned":
        names = [TEXT[name][korean] for name in ("this", "earlier")[: len(widest)]]
    else:
        first = [page.figures[n - 1] for n in widest]
        names = [label(f, page.language).removeprefix(f"{f.tag} ") for f in first]
    rows = []
    for tag, numbers in by_tag.items():
        cells = [_cited(n, page) for n in numbers]
        cells += [""] * (len(widest) - len(cells))
        known = min((page.figures[n - 1] for n in numbers), key=lambda figure: figure.coverage)
        rows.append((escaped(tag), *cells, escaped(coverage(known, page.language))))
    return table(["", *map(escaped, names), escaped(TEXT["known"][korean])], rows)


def _list(part: Section, page: Contents) -> str:
    korean = page.language == "ko"
    rows = [
        (escaped(label(page.figures[n - 1], page.language)), _cited(n, page)) for n in part.figures
    ]
    return table([escaped(TEXT["figure"][korean]), escaped(TEXT["value"][korean])], rows)


def _cited(n: int, page: Contents) -> str:
    return f'{escaped(value(page.figures[n - 1]))} <small><a href="#s{n}">[{n}]</a></small>'


def _sources(page: Contents, saved: str) -> str:
    korean = page.language == "ko"
    names = ("figure", "range", "samples", "known", "computed")
    head = ["", *(escaped(TEXT[name][korean]) for name in names)]
    rows = [
        (
            f'<span id="s{n}">{n}</span>',
            escaped(label(figure, page.language)),
            escaped(range_of(figure, page.language)),
            str(figure.rows),
            escaped(coverage(figure, page.language)),
            f"<code>{escaped(_call(figure))}</code>",
        )
        for n, figure in enumerate(page.figures, start=1)
    ]
    hashes = sorted({hash_ for figure in page.figures for hash_ in figure.hashes})
    again = f"shiftwork ask --recompute {saved}"
    return "\n".join(
        [
            f"<h2>{escaped(TEXT['sources'][korean])}</h2>",
            table(head, rows, "told"),
            paragraph(TEXT["files"][korean]),
            "<ul>" + "".join(f"<li><code>{hash_}</code></li>" for hash_ in hashes) + "</ul>",
            f"<p>{escaped(TEXT['again'][korean])} <code>{escaped(again)}</code></p>",
        ]
    )


def _call(figure: Figure) -> str:
    given = (
        f"{name}={number(v) if isinstance(v, float) else json.dumps(v, ensure_ascii=False)}"
        for name, v in figure.arguments.items()
        if v is not None
    )
    return f"{figure.tool}({', '.join(given)})"


def _inside(picture: bytes) -> str:
    """An SVG document as an element of the page."""
    drawn = picture.decode()
    return drawn[drawn.index("<svg") :]
