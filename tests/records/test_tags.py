import math

import numpy as np
import pytest

from shiftwork.records.tags import Tag, box, tags_from_json, tags_to_json
from support.record_builders import refused


def test_a_label_shows_the_unit() -> None:
    assert Tag("coil outlet", "°C").label == "coil outlet [°C]"
    assert Tag("ratio").label == "ratio"


def test_limits_become_a_box() -> None:
    low, high = box((Tag("valve", "%", 0.0, 100.0), Tag("pump", "", -1.0, 1.0)), "plant")
    assert (low.tolist(), high.tolist()) == ([0, -1], [100, 1])
    assert low.dtype == high.dtype == np.float32


def test_json_keeps_tags_and_needs_no_infinity() -> None:
    tags = (Tag("level", "m", 0.0), Tag("pressure", "bar", -1e300, 2.5), Tag("free"))
    rows = tags_to_json(tags)
    assert rows[0] == {"name": "level", "unit": "m", "low": 0.0}
    assert rows[2] == {"name": "free", "unit": ""}
    assert tags_from_json(rows, "plant") == tags


@pytest.mark.usefixtures("unhooked")
@pytest.mark.parametrize(
    ("fields", "named"),
    [
        (("valve", "%", 5.0, 5.0), "low 5 is not below high 5"),
        (("valve", "%", 5.0, -5.0), "low 5 is not below high -5"),
        (("valve", "%", math.nan, 5.0), "low nan"),
        (("valve", "%", 0.0, math.nan), "high nan"),
        (("valve", "%", math.inf, math.inf), "low inf"),
        (("valve", "%", "0", 5.0), "low end must be a number"),
        (("valve", "%", 0.0, 1j), "high end must be a number"),
        (("valve", "%", None, 5.0), "low end must be a number"),
        (("valve", "%", 0.0, 10**400), "high end must be a number"),
        (("valve", None, 0.0, 5.0), "name and unit must be text"),
        ((7, "%", 0.0, 5.0), "name and unit must be text"),
        (("two\nlines", "%", 5.0, 5.0), "tag 'two lines'"),
    ],
)
def test_impossible_tags_are_refused(fields: tuple, named: str) -> None:
    refused(lambda: Tag(*fields), f"tag '{' '.join(str(fields[0]).split())}'", named)


@pytest.mark.parametrize(
    "limits", [(-math.inf, 1.0), (0.0, math.inf), (0.0, 1e39), (1.0, 1 + 1e-9)]
)
def test_limits_that_make_no_box_are_refused(limits: tuple[float, float]) -> None:
    tags = (Tag("pump", "", -1.0, 1.0), Tag("valve", "%", *limits))
    refused(lambda: box(tags, "plant.npz"), "plant.npz: action tag 'valve'", "finite low and high")
