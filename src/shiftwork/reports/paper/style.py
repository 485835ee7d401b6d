"""How the pictures of a report look: colours, letters, and the way into a file."""

from __future__ import annotations

import functools
import io
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ParamSpec

import matplotlib as mpl
from matplotlib.figure import Figure

RECORDS = "records"
INK, MUTED, RULE = "#1d2329", "#59626b", "#d9dde1"
COLOURS = {RECORDS: "#7b7f84", "offline": "#0072b2", "online": "#d55e00"}
FURTHER = ("#009e73", "#cc79a7", "#e69f00", "#56b4e9")
WIDTH_IN = 9.0
MOST_PANELS = 6

STYLE: Any = {
    "font.size": 10,
    "text.color": INK,
    "text.parse_math": False,  # a "$" in a tag's name is a "$"
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.linewidth": 0.8,
    "axes.formatter.useoffset": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "grid.color": RULE,
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "lines.solid_capstyle": "round",
    "svg.fonttype": "none",
    "svg.hashsalt": "shiftwork",
}

P = ParamSpec("P")


@contextmanager
def _style() -> Iterator[None]:
    with mpl.rc_context(STYLE), warnings.catch_warnings():
        # The reader's font draws a sign that the measuring one lacks.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        yield


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Let a function draw in the house style."""

    @functools.wraps(draw)
    def inside(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with _style():
            return draw(*args, **kwargs)

    return inside


def svg(figure: Figure) -> str:
    """Return a figure as an SVG document without background."""
    buffer = io.StringIO()
    with _style():
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    return buffer.getvalue()


def save(figure: Figure, path: Path, dots_per_inch: int = 160) -> None:
    """Write a figure to a file, of the kind that its name ends in."""
    with _style():
        figure.savefig(path, dpi=dots_per_inch)


def colours(names: Iterable[str]) -> dict[str, str]:
    """Give each of the names its colour, the same in every picture."""
    further = iter(FURTHER * 8)
    return {name: COLOURS.get(name) or next(further) for name in names}


def short(text: str, most: int = 36) -> str:
    """One line without control characters, cut where it would not fit beside an axis."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def label(name: str) -> str:
    """What a series is called in pictures and tables."""
    return name if name == RECORDS else short(f"{name} agent", 28)
