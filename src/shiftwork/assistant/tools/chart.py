"""The course of tags as a picture that says where it comes from."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
from jaxtyping import Float64

from shiftwork.assistant.export import Export
from shiftwork.assistant.figures import Figure
from shiftwork.assistant.pieces import Pieces, pieces
from shiftwork.assistant.tools.summarize import summarize
from shiftwork.errors import UserError

MOST_PIECES = 3000
"""Above this, the picture shows the lowest and the highest value of each of its columns."""
COLUMNS = 1000
MOST_TAGS = 6

Form = Literal["svg", "png"]


@dataclass(frozen=True)
class Chart:
    """A picture with its sources.

    Attributes:
        picture: The file's bytes; the same question gives the same bytes.
        form: "svg" or "png".
        figures: Mean, minimum, maximum and integral of each tag, as cited beside the picture.
    """

    picture: bytes
    form: Form
    figures: tuple[Figure, ...]


def chart(export: Export, tags: Sequence[str], start: str, stop: str, form: Form = "svg") -> Chart:
    """Draw tags over a half-open range, one below the other, gaps left open.

    Args:
        export: The export.
        tags: Keys of numeric tags, at most six.
        start: Begin of the range, ISO; in the plant's zone if it has no offset.
        stop: End of the range.
        form: "svg" leaves letters to the viewer's fonts; "png" needs names in Latin letters.

    Raises:
        UserError: A tag or the range means nothing, nothing is known, or there are too many tags.
    """
    if not 1 <= len(tags) <= MOST_TAGS:
        raise UserError(f"{len(tags)} tags are given; give 1 to {MOST_TAGS}")
    if form == "png" and not "".join(tags).isascii():
        raise UserError("a png needs tag names in Latin letters; choose svg")
    figures = tuple(figure for tag in tags for figure in summarize(export, tag, start, stop))
    span = export.span(start, stop)
    # Matplotlib loads slowly, and only this tool draws.
    from matplotlib import rc_context
    from matplotlib.dates import AutoDateFormatter, AutoDateLocator
    from matplotlib.figure import Figure as Picture

    zone = ZoneInfo(export.plant.zone)
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "shiftwork"}):
        picture = Picture(figsize=(9, 1.2 + 2.0 * len(tags)), layout="constrained")
        axes = picture.subplots(len(tags), 1, sharex=True, squeeze=False)[:, 0]
        for axis, tag in zip(axes, tags, strict=True):
            x_s, value = _line(pieces(export, tag, *span))
            when = [datetime.fromtimestamp(span[0] / 1e6 + s, UTC) for s in x_s.tolist()]
            axis.plot(when, value, linewidth=1.0)
            unit = export.plant.tags[tag].unit
            axis.set_ylabel(f"{tag}, {unit}" if unit else tag)
            axis.grid(alpha=0.3)
        locator = AutoDateLocator(tz=zone)
        axes[-1].xaxis.set_major_locator(locator)
        axes[-1].xaxis.set_major_formatter(AutoDateFormatter(locator, tz=zone))
        axes[-1].set_xlim(*(datetime.fromtimestamp(us / 1e6, UTC) for us in span))
        files = ", ".join(found[:12] for found in export.hashes[:4])
        picture.suptitle(f"{start} to {stop} ({export.plant.zone}); files {files}", fontsize=9)
        out = io.BytesIO()
        stamp = {"Date": None} if form == "svg" else {"Software": None}
        picture.savefig(out, format=form, metadata=stamp, dpi=120)
    return Chart(out.getvalue(), form, figures)


def _line(course: Pieces) -> tuple[Float64[np.ndarray, " L"], Float64[np.ndarray, " L"]]:
    """Points of a line, seconds and values, with NaN where nothing is known."""
    if len(course.left) > MOST_PIECES:
        return _envelope(course)
    begin, end = course.start_s, course.start_s + course.length_s
    x = np.column_stack([begin, end, end]).ravel()
    gap = np.append(begin[1:] > end[:-1] + 1e-6, True)
    y = np.column_stack([course.left, course.right, np.where(gap, np.nan, course.right)]).ravel()
    return x, y


def _envelope(course: Pieces) -> tuple[Float64[np.ndarray, " L"], Float64[np.ndarray, " L"]]:
    """The lowest and the highest value of each column of the picture."""
    column = np.minimum((course.start_s / course.range_s * COLUMNS).astype(int), COLUMNS - 1)
    low, high = np.full(COLUMNS, np.inf), np.full(COLUMNS, -np.inf)
    np.minimum.at(low, column, np.minimum(course.left, course.right))
    np.maximum.at(high, column, np.maximum(course.left, course.right))
    middle = (np.arange(COLUMNS) + 0.5) * course.range_s / COLUMNS
    known = np.isfinite(low)
    x = np.repeat(middle, 2)
    y = np.column_stack([np.where(known, low, np.nan), np.where(known, high, np.nan)]).ravel()
    return x, y


def sha256(picture: bytes) -> str:
    """The hash by which an answer cites a picture."""
    return hashlib.sha256(picture).hexdigest()
