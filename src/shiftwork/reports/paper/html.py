"""The paper that a report is printed on: escaped text, tables, pictures, one style sheet."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

from matplotlib.figure import Figure

from shiftwork.reports.paper.style import COLOURS, INK, MUTED, RULE, svg

VARIABLES = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    RULE: "var(--rule)",
    "#ffffff": "var(--paper)",
} | {colour: f"var(--{name})" for name, colour in COLOURS.items()}
"""Colours of the pictures that follow the page into the dark."""

SHEET = """
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1d2329; --muted: #59626b;
  --rule: #d9dde1; --wash: #f4f6f7; --records: #7b7f84; --offline: #0072b2; --online: #d55e00; }
@media (prefers-color-scheme: dark) { :root { --paper: #15181b; --ink: #e6e9eb; --muted: #a3acb4;
  --rule: #353b41; --wash: #1e2226; --records: #9a9fa5; --offline: #4aa8e0; --online: #ee7f33; } }
@media print { :root { --paper: #ffffff; --ink: #1d2329; --muted: #59626b; --rule: #d9dde1;
  --wash: #f4f6f7; --records: #7b7f84; --offline: #0072b2; --online: #d55e00; } }
@page { margin: 16mm 14mm; }
* { box-sizing: border-box; }
html { background: var(--paper); }
body { margin: 0 auto; padding: 3rem 1.5rem 4rem; max-width: 56rem; color: var(--ink);
  background: var(--paper); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto,
  "Noto Sans", "Liberation Sans", Arial, sans-serif; overflow-wrap: break-word; }
h1 { margin: 0 0 1.6rem; font-size: 1rem; font-weight: 600; color: var(--muted); }
h2 { margin: 3.2rem 0 .6rem; padding-top: 1.1rem; border-top: 1px solid var(--rule);
  font-size: 1.3rem; line-height: 1.3; }
h3 { margin: 2rem 0 .4rem; font-size: 1rem; }
p, ul { margin: .6rem 0; max-width: 44rem; }
li { margin: .3rem 0; }
.verdict { margin: 0 0 .8rem; font-size: 2rem; font-weight: 650; line-height: 1.2;
  letter-spacing: -.015em; max-width: none; text-wrap: balance; }
.lead { font-size: 1.15rem; line-height: 1.5; max-width: 46rem; }
.remark { padding: .7rem 1rem; background: var(--wash); border-left: 3px solid var(--online); }
figure { margin: 1.2rem 0 1.8rem; overflow-x: auto; }
.key { white-space: nowrap; }
figure svg { display: block; width: 100%; min-width: 36rem; height: auto; overflow: visible; }
figure svg text { font-family: inherit !important; }
figcaption { margin-top: .6rem; max-width: 44rem; color: var(--muted); font-size: .92rem; }
figcaption b { color: var(--ink); }
.wide { overflow-x: auto; }
table { width: 100%; margin: 1rem 0; border-collapse: collapse; font-size: .95rem;
  font-variant-numeric: tabular-nums; }
th, td { padding: .45rem .8rem .45rem 0; border-bottom: 1px solid var(--rule); text-align: right;
  vertical-align: baseline; }
th { font-weight: 600; }
thead th { color: var(--muted); font-size: .85rem; line-height: 1.3; vertical-align: bottom; }
th:first-child, td:first-child { text-align: left; }
th:last-child, td:last-child { padding-right: 0; }
.facts td { text-align: left; }
.facts th { width: 34%; font-weight: 400; color: var(--muted); }
.told th:last-child, .told td:last-child { text-align: left; padding-left: .8rem; }
td small { color: var(--muted); white-space: nowrap; }
.key::before { content: ""; display: inline-block; width: .7em; height: .7em; margin-right: .55em;
  border-radius: 50%; background: var(--key, var(--muted)); }
code { font: .88em ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace;
  overflow-wrap: anywhere; }
footer { margin-top: 3rem; color: var(--muted); font-size: .85rem; }
@media print { figure svg { min-width: 0; } body { padding: 0; max-width: none; font-size: 10.5pt; }
  figure, tr, .remark { break-inside: avoid; } h2, h3 { break-after: avoid; }
  * { print-color-adjust: exact; } }
"""


def document(title: str, body: str, footer: str, language: str = "en") -> str:
    """Make a whole page.

    Args:
        title: Its heading, not yet escaped.
        body: What follows the heading, HTML.
        footer: Its last lines, not yet escaped.
        language: Of the page, by its short name.
    """
    return f"""<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escaped(title)}</title>
<style>{SHEET}</style>
</head>
<body>
<main>
<h1>{escaped(title)}</h1>
{body}
</main>
<footer>{escaped(footer)}</footer>
</body>
</html>
"""


def answered(answer: str, lead: str) -> str:
    """Put the answer of a page in front, and the sentences behind it below."""
    return paragraph(answer, "verdict") + "\n" + paragraph(lead, "lead")


def escaped(text: object) -> str:
    """Make any text safe inside HTML; control characters, which HTML forbids, become spaces."""
    kept = "".join(c if c.isprintable() or c in "\n\N{NO-BREAK SPACE}" else " " for c in str(text))
    return html.escape(kept, quote=True)


def paragraph(text: str, kind: str = "") -> str:
    """Wrap text that is not yet escaped."""
    return f"<p{_class(kind)}>{escaped(text)}</p>" if text else ""


def bullets(texts: Iterable[str]) -> str:
    """List texts that are not yet escaped."""
    return "<ul>" + "".join(f"<li>{escaped(text)}</li>" for text in texts) + "</ul>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "") -> str:
    """Make a table of cells that are HTML already, the first of each row its heading."""
    top = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    body = "".join(
        f'<tr><th scope="row">{first}</th>' + "".join(f"<td>{cell}</td>" for cell in rest) + "</tr>"
        for first, *rest in rows
    )
    thead = f"<thead><tr>{top}</tr></thead>" if head else ""
    return f'<div class="wide"><table{_class(kind)}>{thead}<tbody>{body}</tbody></table></div>'


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


class Pictures:
    """Puts pictures into the page and counts them."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, figure: Figure, alt: str, caption: str) -> str:
        """Embed a figure.

        Args:
            figure: What to show.
            alt: The picture in words, for those who do not see it.
            caption: What to see in it; neither is escaped yet.
        """
        self.count += 1
        return (
            f"<figure>{inline(figure, alt, f'p{self.count}-')}<figcaption><b>Figure "
            f"{self.count}.</b> "
            f"{escaped(caption)}</figcaption></figure>"
        )


def inline(figure: Figure, alt: str, prefix: str) -> str:
    """Return a figure as an SVG element whose names and colours belong to the page."""
    drawn = svg(figure)
    drawn = drawn[drawn.index("<svg") :]
    drawn = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", drawn, flags=re.DOTALL)
    opening, rest = drawn.split(">", 1)
    view = re.search(r'viewBox="[^"]*"', opening)
    assert view is not None
    rest = re.sub(r'(?<=\sid=")', prefix, rest)
    rest = re.sub(r'(?<=url\(#)|(?<=xlink:href="#)', prefix, rest)
    for colour, variable in VARIABLES.items():
        rest = rest.replace(f": {colour}", f": {variable}")
    return f'<svg {view[0]} role="img" aria-label="{escaped(alt)}">{rest}'
