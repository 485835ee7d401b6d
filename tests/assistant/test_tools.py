"""Tools against pandas code that imports nothing of the package."""

import random
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from shiftwork.assistant.export import Export
from shiftwork.assistant.figures import recompute
from shiftwork.assistant.tools.compare import compare
from shiftwork.assistant.tools.find_tags import find_tags
from shiftwork.assistant.tools.summarize import summarize
from shiftwork.errors import UserError
from support.assistant_builders import ZONE, course

TOOLS = {"summarize": summarize, "compare": compare}
PLANT = f"""
name = "heater"
period = "1min"
time_zone = "{ZONE}"
[objective]
expression = "flow"
[tags.flow]
source = "FI-101"
role = "observation"
unit = "t/h"
[tags.valve]
role = "action"
unit = "%"
bounds = [0, 100]
rate = [-10, 10]
[tags.mode]
role = "state"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Irregular samples over the end of summer time, with bad values and long silences."""
    folder = tmp_path_factory.mktemp("export")
    (folder / "plant.toml").write_text(PLANT)
    draw = random.Random(3)
    rows = ["tag,time,value,quality", "mode,2025-10-25T00:00:00Z,auto,192"]
    for tag in ("FI-101", "valve"):
        now = pd.Timestamp("2025-10-25T00:00:00Z")
        while now < pd.Timestamp("2025-10-27T12:00:00Z"):
            quality = 0 if draw.random() < 0.03 else 192
            rows.append(f"{tag},{now.isoformat()},{draw.gauss(50, 9):.4f},{quality}")
            now += pd.Timedelta(seconds=draw.choice([20, 47, 60, 180, 900]))
    (folder / "export.csv").write_text("\n".join(rows) + "\n")
    return folder


@pytest.fixture(scope="module")
def export(folder):
    return Export.open([folder / "export.csv"], folder / "plant.toml")


RANGES = [
    ("2025-10-25", "2025-10-26"),
    ("2025-10-26", "2025-10-27"),  # 25 hours
    ("2025-10-26T11:13:07", "2025-10-26T12:59:59"),
]
KINDS = [("flow", "FI-101", True, 600.0), ("valve", "valve", False, 86_400.0)]


@pytest.mark.parametrize(("start", "stop"), RANGES)
@pytest.mark.parametrize(("key", "source", "straight", "oldest"), KINDS)
def test_a_summary_is_that_of_pandas(folder, export, start, stop, key, source, straight, oldest):
    truth = course(folder / "export.csv", source, start, stop, straight, oldest)
    found = {f.statistic: f for f in summarize(export, key, start, stop, low=45, high=60)}
    assert found["mean"].value == pytest.approx(truth.mean(), rel=1e-9)
    assert found["integral"].value == pytest.approx(truth.sum() / 3600, rel=1e-9)
    assert found["mean"].coverage == pytest.approx(truth.notna().mean(), abs=1e-12)
    # The grid has the middle of each second: extremes and crossings lie at most half one away.
    assert found["minimum"].value == pytest.approx(truth.min(), abs=1.5)
    assert found["minimum"].value <= truth.min() + 1e-9
    assert found["maximum"].value == pytest.approx(truth.max(), abs=1.5)
    assert found["maximum"].value >= truth.max() - 1e-9
    outside = ((truth < 45) | (truth > 60))[truth.notna()].mean()
    assert found["share outside limits"].value == pytest.approx(outside, abs=2e-3)
    assert found["integral"].unit == ("t" if key == "flow" else "%·h")


def test_ranges_are_half_open_and_add_up(export):
    parts = [summarize(export, "flow", *r)[3] for r in RANGES[:2]]
    whole = summarize(export, "flow", "2025-10-25", "2025-10-27")[3]
    assert whole.value == pytest.approx(sum(p.value for p in parts), rel=1e-12)
    assert whole.rows == sum(p.rows for p in parts)


def test_a_difference_has_its_interval(folder, export):
    arguments = ("2025-10-26", "2025-10-27", "2025-10-25", "2025-10-26")
    found = compare(export, "flow", *arguments)
    truth = [course(folder / "export.csv", "FI-101", *r, True, 600.0).mean() for r in RANGES[:2]]
    assert found[0].value == pytest.approx(truth[1] - truth[0], rel=1e-6)
    assert found[1].value < found[0].value < found[2].value
    square = 0.0  # of the standard error, by the formula for blocks that are alike
    for start, stop in RANGES[:2]:
        seconds = course(folder / "export.csv", "FI-101", start, stop, True, 600.0)
        blocks = seconds.groupby(np.arange(len(seconds)) * 24 // len(seconds)).mean().dropna()
        square += blocks.var(ddof=0) / len(blocks)
    assert found[2].value - found[1].value == pytest.approx(2 * 1.96 * square**0.5, rel=0.15)


def test_every_figure_recomputes_and_a_changed_one_does_not(folder, export):
    again = Export.open([folder / "export.csv"], folder / "plant.toml")
    figures = summarize(export, "flow", *RANGES[0], low=45)
    figures += compare(export, "valve", *RANGES[0], *RANGES[1])
    for figure in figures:
        assert recompute(figure, again, TOOLS) == figure
    for change in ({"value": np.nextafter(figure.value, 99)}, {"unit": "K"}, {"rows": 1}):
        with pytest.raises(UserError, match="ask the question again"):
            recompute(replace(figure, **change), again, TOOLS)
    with pytest.raises(UserError, match="other files"):
        recompute(replace(figure, hashes=("0" * 64,)), again, TOOLS)


def test_tags_are_found_by_key_name_unit_and_near_misses(export):
    def keys(words):
        return [tag.key for tag in find_tags(export, words)]

    assert keys("fi 101") == keys("Flow") == keys("t/h") == ["flow"]
    assert keys("vlave") == ["valve"]
    assert keys("pressure") == keys(" ") == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tag": "flwo"}, "did you mean 'flow'"),
        ({"tag": "mode"}, "holds text"),
        ({"start": "2025-02-30"}, "not a date"),
        ({"start": "2025-10-26T02:30"}, "does not exist once in Europe/Berlin"),
        ({"stop": "2025-10-25"}, "is empty"),
        ({"start": "2031-01-01", "stop": "2031-01-02"}, "nothing is known of flow"),
        ({"start": "0001-01-01"}, "correct the year"),
        ({"low": float("nan")}, "not a finite number"),
        ({"low": 3.0, "high": 3.0}, "nothing inside"),
    ],
)
def test_what_means_nothing_is_refused_in_one_line(export, change, message):
    arguments = {"tag": "flow", "start": "2025-10-25", "stop": "2025-10-26"} | change
    with pytest.raises(UserError, match=message):
        summarize(export, **arguments)


def test_a_server_has_no_hash(folder):
    with pytest.raises(UserError, match="convert --stage samples"):
        Export.open(["postgresql://host/plant"], folder / "plant.toml")
