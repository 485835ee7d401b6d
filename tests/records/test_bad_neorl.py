"""NeoRL files that are wrong in every way that we could think of, each refused in one line."""

from pathlib import Path

import numpy as np
import pytest

from shiftwork.records.formats.load import load_records
from shiftwork.records.tags import Tag
from support.record_builders import Arrays, crafted, neorl_arrays, npy, plain_header, refused, save

pytestmark = [pytest.mark.usefixtures("unhooked")]


def without(key: str):
    return lambda a: {k: v for k, v in a.items() if k != key}


def put(key: str, row, value):
    """Change one place of one array."""

    def change(a: Arrays) -> Arrays:
        array = a[key].copy()
        array[row] = value
        return a | {key: array}

    return change


def recast(key: str, dtype):
    return lambda a: a | {key: a[key].astype(dtype)}


def replace(**arrays):
    return lambda a: a | {key: np.asarray(array) for key, array in arrays.items()}


def indexed(value):
    """Turn the file into an older one, which says where episodes begin."""
    return lambda a: without("truncated")(a) | {"index": np.asarray(value)}


WRONG = {
    **{
        f"no {key}": (without(key), f"'{key}' is missing")
        for key in ("obs", "action", "next_obs", "reward", "done")
    },
    "nothing at all": (lambda a: {}, "'obs' is missing (has: none)"),
    "pickled objects": (
        replace(reward=np.array([1, None, 2, 3, 4], object)),
        "'reward' holds Python objects",
    ),
    "surplus objects": (
        replace(info=np.array([{"a": 1}], object)),
        "'info' holds Python objects",
    ),
    "obs of one axis": (replace(obs=np.zeros(5)), "'obs' has shape (5,)"),
    "obs of no axis": (replace(obs=0.0), "'obs' has shape ()"),
    "obs of three axes": (replace(obs=np.zeros((5, 2, 1))), "'obs' has shape (5, 2, 1)"),
    "action of one axis": (replace(action=np.zeros(5)), "'action' has shape (5,)"),
    "reward of two columns": (replace(reward=np.zeros((5, 2))), "'reward' has shape (5, 2)"),
    "reward of no axis": (replace(reward=1.0), "'reward' has shape ()"),
    "action short": (replace(action=np.zeros((4, 1))), "'action' has shape (4, 1)"),
    "next_obs short": (replace(next_obs=np.zeros((4, 2))), "'next_obs' has shape (4, 2)"),
    "next_obs narrow": (replace(next_obs=np.zeros((5, 1))), "'next_obs' has shape (5, 1)"),
    "reward long": (replace(reward=np.zeros(6)), "'reward' has shape (6,)"),
    "done short": (replace(done=np.zeros(4)), "'done' has shape (4,)"),
    "truncated short": (replace(truncated=np.zeros(4)), "'truncated' has shape (4,)"),
    "no rows": (lambda a: {key: array[:0] for key, array in a.items()}, "'obs' has no row"),
    "no observation columns": (
        replace(obs=np.zeros((5, 0)), next_obs=np.zeros((5, 0))),
        "no observation",
    ),
    "no action columns": (replace(action=np.zeros((5, 0))), "no action column"),
    "NaN in obs": (put("obs", (3, 1), np.nan), "'obs' row 3, tag 'obs1': nan"),
    "infinity in obs": (put("obs", (4, 0), -np.inf), "'obs' row 4, tag 'obs0': -inf"),
    "NaN in next_obs": (put("next_obs", (2, 0), np.nan), "'next_obs' row 2, tag 'obs0': nan"),
    "NaN in action": (put("action", (1, 0), np.nan), "'action' row 1, tag 'action0': nan"),
    "infinity in action": (put("action", (1, 0), np.inf), "'action' row 1, tag 'action0': inf"),
    "NaN in reward": (put("reward", 4, np.nan), "'reward' row 4: nan"),
    "NaN in done": (put("done", 4, np.nan), "'done' row 4 is nan"),
    "NaN in truncated": (put("truncated", 0, np.nan), "'truncated' row 0 is nan"),
    "beyond float32": (
        replace(reward=np.array([0, 1e300, 0, 0, 0])),
        "'reward' row 1: inf is not a finite number in float32",
    ),
    "text": (recast("reward", str), "'reward' holds <U32, not numbers"),
    "bytes": (recast("obs", "S8"), "'obs' holds |S8, not numbers"),
    "complex": (recast("action", complex), "'action' holds complex128, not numbers"),
    "times": (recast("reward", "M8[s]"), "'reward' holds datetime64[s], not numbers"),
    "records": (
        replace(reward=np.zeros(5, [("r", "f4"), ("unit", "U3")])),
        "'reward' holds [('r', '<f4'), ('unit', '<U3')], not numbers",
    ),
    "text flags": (recast("done", str), "'done' holds <U32, not numbers"),
    "done of 2": (put("done", 1, 2), "'done' row 1 is 2"),
    "truncated of a half": (put("truncated", 1, 0.5), "'truncated' row 1 is 0.5"),
    "truncated of -1": (put("truncated", 3, -1), "'truncated' row 3 is -1"),
    "never ends": (replace(done=np.zeros(5), truncated=np.zeros(5)), "no row of 'done'"),
    "a jump": (put("done", 2, 0), "'next_obs' row 2 is not 'obs' row 3", "in row 2"),
    # The other column is 10^6 times as large: relative to the row, nothing would have happened.
    "a small column jumps": (
        replace(
            obs=np.array([[1e6, 0], [1e6, 1], [1e6, 2], [1e6, 3.01], [1e6, 4]]),
            next_obs=np.array([[1e6, 1], [1e6, 2], [1e6, 3], [1e6, 4], [1e6, 5]]),
            done=np.zeros(5),
        ),
        "'next_obs' row 2 is not 'obs' row 3",
    ),
    # In float32 the difference of these would overflow to infinity.
    "the widest jump": (
        replace(
            obs=np.array([[3e38], [-3e38]] + [[0.0]] * 3),
            next_obs=np.array([[3e38], [0]] + [[0.0]] * 3),
            done=np.zeros(5),
        ),
        "'next_obs' row 0 is not 'obs' row 1",
    ),
    "an action too large": (
        put("action", (3, 0), 1.01),
        "'action' row 3, tag 'action0': 1.01 is outside its limits -1 to 1",
    ),
    "index beyond the end": (indexed([0, 5]), "'index' must hold", "0 to 4"),
    "index below zero": (indexed([-1, 3]), "'index' must hold"),
    "index empty": (indexed(np.zeros(0, int)), "'index' must hold"),
    "index with a fraction": (indexed([0, 2.5]), "'index' must hold"),
    "index of text": (indexed(["0", "3"]), "'index' must hold"),
    "index beyond 64 bits": (indexed(np.array([0, 2**64 - 1], np.uint64)), "'index' must hold"),
}


@pytest.mark.parametrize(("change", "named"), [(c, n) for c, *n in WRONG.values()], ids=WRONG)
def test_wrong_arrays_are_refused(tmp_path: Path, change, named: list[str]) -> None:
    with np.errstate(all="ignore"):
        path = save(tmp_path / "plant.npz", change(neorl_arrays()))
    refused(lambda: load_records(path), path, *named)


ONE, TWO = Tag("force", "N", -1.0, 1.0), Tag("level", "m")
WRONG_TAGS = {
    "too many observation tags": ((TWO,) * 3, (), "'obs' has 2 columns, but 3 tags"),
    "too few observation tags": ((TWO,), (), "'obs' has 2 columns, but 1 tags"),
    "too many action tags": ((), (ONE, ONE), "'action' has 1 columns, but 2 tags"),
    "limits too narrow": ((), (Tag("force", "N", -0.5, 0.5),), "row 0, tag 'force': -1 is outside"),
    "no limits": ((), (Tag("force"),), "'force' spans -inf to inf"),
    "one limit": ((), (Tag("force", low=-1.0),), "'force' spans -1 to inf"),
}


@pytest.mark.parametrize(("seen", "done", "named"), WRONG_TAGS.values(), ids=WRONG_TAGS)
def test_wrong_tags_are_refused(tmp_path: Path, seen, done, named: str) -> None:
    path = save(tmp_path / "plant.npz", neorl_arrays())
    refused(lambda: load_records(path, seen, done), path, named)


def test_a_bad_value_is_told_by_its_tag_and_row_in_the_file(tmp_path: Path) -> None:
    # Row 3 begins the second episode; among the episodes' observations it is row 4.
    path = save(tmp_path / "plant.npz", put("obs", (3, 1), np.nan)(neorl_arrays()))
    tags = (Tag("level", "m"), Tag("pressure", "bar"))
    refused(lambda: load_records(path, tags), "'obs' row 3, tag 'pressure': nan")


HEADERS = {
    # What a header declares is memory that NumPy would take: 4 TB, and more than there is.
    "a huge shape": (npy(plain_header("(1000000000000,)"), b"\0" * 20), "'reward' declares shape"),
    "a shape beyond 64 bits": (npy(plain_header(f"({2**62}, 8)")), "'reward' declares shape"),
    "a shape that wraps to fit": (
        npy(plain_header(f"({2**62}, 4)"), b""),
        "'reward' declares shape",
    ),
    "a negative shape": (npy(plain_header("(-5,)"), b"\0" * 20), "'reward' declares shape (-5,)"),
    "two negative axes": (npy(plain_header("(-5, -1)"), b"\0" * 20), "'reward' declares shape"),
    "too little data": (npy(plain_header("(5,)"), b"\0" * 19), "but 19 bytes follow"),
    "too much data": (npy(plain_header("(5,)"), b"\0" * 21), "but 21 bytes follow"),
    "values of no size": (npy(plain_header("(10000000000,)", "'<U0'")), "'reward' holds <U0"),
    "objects": (npy(plain_header("(5,)", "'|O'"), b"\x80\4."), "'reward' holds Python objects"),
    "nested objects": (
        npy(plain_header("(5,)", "[('a', '|O')]"), b"\x80\4."),
        "'reward' holds Python objects",
    ),
    "an unknown dtype": (npy(plain_header("(5,)", "'<q9'")), "cannot be read"),
    "sixty-five axes": (npy(plain_header(f"({'1,' * 65})"), b"\0" * 4), "cannot be read"),
    "no dictionary": (npy("[1, 2]"), "cannot be read"),
    "a key that cannot be one": (npy("{[]: 1}"), "cannot be read"),
    "code": (npy("__import__('os').abort()"), "cannot be read"),
    "deep nesting": (npy("(" * 5000), "cannot be read"),
    "a header longer than the file": (b"\x93NUMPY\1\0\xff\xff{", "cannot be read"),
    "nothing but magic": (b"\x93NUMPY", "array format ()"),
    "a format to come": (npy(plain_header("(5,)"), b"\0" * 20, b"\7\0"), "array format (7, 0)"),
    "no array": (b"timestamp,value\n", "'reward' is no array"),
    "empty": (b"", "'reward' is no array"),
}


@pytest.mark.parametrize(("member", "named"), HEADERS.values(), ids=HEADERS)
def test_crafted_arrays_are_refused(tmp_path: Path, member: bytes, named: str) -> None:
    path = crafted(tmp_path / "plant.npz", member)
    refused(lambda: load_records(path), path, named)


def test_an_array_of_a_newer_header_format_is_read(tmp_path: Path) -> None:
    # Format 2.0 differs from 1.0 only in the width of the header's length.
    text = plain_header("(5,)").encode()
    member = b"\x93NUMPY\2\0" + len(text).to_bytes(4, "little") + text + bytes(20)
    assert load_records(crafted(tmp_path / "plant.npz", member)).returns.tolist() == [0, 0]
