"""Shiftwork's own files, wrong in every way that we could think of, each refused in one line."""

import json
from pathlib import Path

import numpy as np
import pytest

from shiftwork.records.formats.compact import read_compact
from shiftwork.records.formats.load import load_records
from support.record_builders import Arrays, compact_arrays, make_episodes, refused, save

pytestmark = [pytest.mark.usefixtures("unhooked")]


def without(key: str):
    return lambda a: {k: v for k, v in a.items() if k != key}


def put(key: str, row, value):
    def change(a: Arrays) -> Arrays:
        array = a[key].copy()
        array[row] = value
        return a | {key: array}

    return change


def replace(**arrays):
    return lambda a: a | {key: np.asarray(array) for key, array in arrays.items()}


def about(**entries):
    """Change what the file says about itself."""
    return lambda a: a | {"about": np.array(json.dumps(json.loads(str(a["about"])) | entries))}


def tag(row: int, **entries):
    """Change one observation tag."""

    def change(a: Arrays) -> Arrays:
        tags = json.loads(str(a["about"]))["observation_tags"]
        tags[row] = tags[row] | entries
        return about(observation_tags=tags)(a)

    return change


TAGS = "'observation_tags' in 'about'"
WRONG = {
    # Without its 'about' it is taken for a NeoRL file, which must have 'obs'.
    "no about": (without("about"), "'obs' is missing"),
    **{
        f"no {key}": (without(key), f"'{key}' is missing")
        for key in ("observation", "action", "reward", "length", "terminal")
    },
    "a typo": (lambda a: a | {"rewards": a["reward"]}, "'rewards'; did you mean 'reward'?"),
    "a stranger": (lambda a: a | {"zzz": a["reward"]}, "'zzz'; known: about, action"),
    "about is no JSON": (replace(about="{"), "'about' is none of Shiftwork's"),
    "about is empty": (replace(about=""), "'about'"),
    "about is a number": (replace(about=5), "'about'"),
    "about is bytes": (replace(about=b"{}"), "'about'"),
    "about is a list": (replace(about="[]"), "'about'"),
    "about is many": (replace(about=["{}", "{}"]), "'about'"),
    "about is nested": (replace(about="[" * 100_000), "'about'"),
    "about holds an endless integer": (replace(about='{"a": ' + "9" * 5000 + "}"), "'about'"),
    "another program's": (about(format="other"), "'about'"),
    "a later version": (about(version=2), "version 2, this Shiftwork reads 1", "install"),
    "no version": (about(version=None), "version None"),
    "another hash": (about(hash="0" * 64), "hash"),
    "no hash": (about(hash=None), "hash"),
    "one value changed": (put("reward", 3, 4.25), "hash"),
    "a tag renamed": (tag(0, name="Level"), "hash"),
    "no tags": (about(observation_tags=None), f"{TAGS} is not a list of tags"),
    "tags in a dictionary": (about(observation_tags={"name": "a"}), f"{TAGS} is not a list"),
    "tags in text": (about(observation_tags="ab"), f"{TAGS} is not a list"),
    "tags as names": (about(observation_tags=["a", "b"]), f"{TAGS} is not a list"),
    "a tag without a name": (about(observation_tags=[{}, {}]), f"{TAGS}: entry 0"),
    "a tag with a typo": (tag(1, units="bar"), f"{TAGS}: entry 1", "units"),
    "a tag named by a number": (tag(0, name=5), TAGS, "tag '5'", "must be text"),
    "a tag without a unit": (tag(0, unit=None), TAGS, "tag 'level'", "must be text"),
    "limits the wrong way": (tag(0, low=9, high=3), TAGS, "'level': low 9 is not below high 3"),
    "limits that are equal": (tag(0, low=3, high=3), TAGS, "'level': low 3 is not below high 3"),
    "a limit that is NaN": (tag(0, low=float("nan")), TAGS, "'level': low nan"),
    "a limit in text": (tag(0, low="0"), TAGS, "'level': its low end must be a number"),
    "a limit that is true": (tag(0, high=True), TAGS, "'level': its high end must be a number"),
    "a limit beyond floats": (tag(0, high=10**400), TAGS, "'level': its high end"),
    "an action without limits": (
        about(action_tags=[{"name": "valve"}, {"name": "pump", "low": -1, "high": 1}]),
        "'valve' spans -inf to inf",
    ),
    "a tag too many": (
        about(observation_tags=[{"name": "a"}] * 3),
        "'observation' has shape (9, 2)",
        "(9, 3)",
    ),
    "no tag at all": (about(action_tags=[]), "no action column"),
    "length with a zero": (replace(length=[3, 0, 3]), "'length' of episode 1 is 0"),
    "length with a negative": (replace(length=[3, -1, 4]), "'length' of episode 1 is -1"),
    "length of floats": (replace(length=[3.0, 1.0, 2.0]), "'length' holds float64"),
    "length of text": (replace(length=["3", "1", "2"]), "'length' holds <U1"),
    "length of flags": (replace(length=[True, True, True]), "'length' holds bool"),
    "length of two axes": (replace(length=[[3, 1, 2]]), "'length' is int64 of shape (1, 3)"),
    "length of no axis": (replace(length=6), "'length' is int64 of shape ()"),
    "length empty": (replace(length=np.zeros(0, int)), "holds no episode"),
    "length too small": (replace(length=[3, 1, 1]), "'length' sums to 5 steps", "6 rows"),
    "length too large": (replace(length=[3, 1, 6]), "'length' sums to 10 steps", "6 rows"),
    "length absurd": (replace(length=[3, 1, 2**62]), "'length' of episode 2"),
    "length that wraps": (
        replace(length=np.array([2**62, 2**62, 2**62, 2**62 + 6])),
        "'length' of episode 0",
    ),
    "length beyond int64": (
        replace(length=np.array([3, 1, 2**64 - 1], np.uint64)),
        "'length' of episode 2",
    ),
    "terminal of integers": (replace(terminal=[0, 1, 0]), "'terminal' is int64"),
    "terminal short": (replace(terminal=[False, True]), "'terminal' has shape (2,)"),
    "terminal of two axes": (replace(terminal=[[False, True, False]]), "'terminal' is bool"),
    "observation flat": (lambda a: a | {"observation": a["observation"][:, 0]}, "'observation'"),
    "observation short": (
        lambda a: a | {"observation": a["observation"][:-1]},
        "'observation' has shape (8, 2)",
    ),
    "observation complex": (
        lambda a: a | {"observation": a["observation"] * 1j},
        "'observation' holds complex64",
    ),
    "action of three axes": (lambda a: a | {"action": a["action"][None]}, "'action' is float32"),
    "reward of no axis": (replace(reward=1.0), "'reward' is float32 of shape ()"),
    "action flat": (lambda a: a | {"action": a["action"][:, 0]}, "'action' is float32 of shape"),
    "action of no axis": (replace(action=1.0), "'action' is float32 of shape ()"),
    "no rows": (
        lambda a: a | {k: a[k][:0] for k in ("observation", "action", "reward")},
        "holds no episode",
    ),
    "NaN in observation": (
        put("observation", (4, 1), np.nan),
        "'observation' row 4, tag 'pressure': nan",
    ),
    "infinity in action": (put("action", (4, 0), np.inf), "'action' row 4, tag 'valve': inf"),
    "NaN in reward": (put("reward", 0, np.nan), "'reward' row 0: nan"),
    "an action too small": (
        put("action", (5, 1), -2),
        "'action' row 5, tag 'pump': -2 is outside its limits -1 to 1",
    ),
    "objects": (replace(terminal=np.array([None] * 3)), "'terminal' holds Python objects"),
}


@pytest.mark.parametrize(("change", "named"), [(c, n) for c, *n in WRONG.values()], ids=WRONG)
def test_wrong_files_are_refused(tmp_path: Path, change, named: list[str]) -> None:
    path = save(tmp_path / "plant.npz", change(compact_arrays(tmp_path)))
    refused(lambda: load_records(path), path, *named)


def test_unchanged_arrays_are_read(tmp_path: Path) -> None:
    # Else the refusals above might have a cause in how this file saves arrays.
    path = save(tmp_path / "plant.npz", about()(compact_arrays(tmp_path)))
    assert load_records(path).hash == make_episodes().hash


def test_an_infinite_limit_may_be_written_out(tmp_path: Path) -> None:
    path = save(tmp_path / "plant.npz", tag(1, low=-np.inf)(compact_arrays(tmp_path)))
    assert load_records(path).hash == make_episodes().hash


def test_the_reader_by_name_refuses_alike(tmp_path: Path) -> None:
    refused(lambda: read_compact(tmp_path / "none.npz"), "none.npz", "is no file")
    path = save(tmp_path / "plant.npz", without("about")(compact_arrays(tmp_path)))
    refused(lambda: read_compact(path), path, "'about' is missing")
