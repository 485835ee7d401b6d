"""Small records with values that tell where they came from, and the check for a clean refusal."""

import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from shiftwork.errors import UserError
from shiftwork.records.episodes import Episodes
from shiftwork.records.formats.compact import write_compact
from shiftwork.records.tags import Tag, Tags

OBSERVATION = (Tag("level", "m", 0.0, 1000.0), Tag("pressure", "bar"))
ACTION = (Tag("valve", "%", 0.0, 100.0), Tag("pump", "", -1.0, 1.0))
Arrays = dict[str, np.ndarray]
Fields = dict[str, Any]

# Every refusal must end in something that the reader can do.
ADVICE = re.compile(
    r"[;:,] (export|write|copy|mend|fix|unpack|give|set|drop|save|check|split|choose|move|leave|install|"
    r"flatten|record|say|did you mean|known|only|remove|needed|pip)\b"
)


def make_episodes(
    lengths: tuple[int, ...] = (3, 1, 2), terminal: tuple[int, ...] = (1,)
) -> Episodes:
    """Make episodes of which those numbered in ``terminal`` ended by themselves.

    The level of the i-th observation of episode e is 100 e + i, so no two are alike, and row t of
    all actions has the pump at t / 100.
    """
    level = np.concatenate([100 * e + np.arange(n + 1) for e, n in enumerate(lengths)])
    step = np.arange(sum(lengths))
    return Episodes(
        observation=np.stack([level, -level], 1).astype(np.float32),
        action=np.stack([10 + step, step / 100], 1).astype(np.float32),
        reward=(1.0 + step).astype(np.float32),
        length=np.array(lengths, np.int64),
        terminal=np.array([e in terminal for e in range(len(lengths))]),
        observation_tags=OBSERVATION,
        action_tags=ACTION,
    )


def of_equal_length(
    seen: list[np.ndarray],
    done: list[np.ndarray],
    paid: list[np.ndarray],
    observation_tags: Tags,
    action_tags: Tags,
) -> Episodes:
    """Episodes that lived side by side: S + 1 observations (E, O), S actions (E, A) and rewards (E,)."""
    observation, action = (np.stack(rows).transpose(1, 0, 2) for rows in (seen, done))
    return Episodes(
        observation.reshape(-1, observation.shape[-1]).astype(np.float32),
        action.reshape(-1, action.shape[-1]).astype(np.float32),
        np.stack(paid).T.reshape(-1).astype(np.float32),
        np.full(len(action), len(paid), np.int64),
        np.zeros(len(action), bool),
        observation_tags,
        action_tags,
    )


def neorl_arrays() -> Arrays:
    """Two episodes, of three steps (terminal) and two (cut), as a NeoRL-2 file has them."""
    level = np.array([0, 1, 2, 100, 101], np.float32)
    return {
        "obs": np.stack([level, -level], 1),
        "action": np.linspace(-1, 1, 5, dtype=np.float32)[:, None],
        "next_obs": np.stack([level + 1, -level - 1], 1),
        "reward": np.arange(5, dtype=np.float32),
        "done": np.array([0, 0, 1, 0, 0], np.float32),
        "truncated": np.array([0, 0, 0, 0, 1], np.float32),
    }


def compact_arrays(folder: Path) -> Arrays:
    """What Shiftwork's own file holds."""
    write_compact(make_episodes(), folder / "made.npz")
    with np.load(folder / "made.npz") as archive:
        return dict(archive)


def save(path: Path, contents: Arrays) -> Path:
    """Write arrays, Python objects too, as a careless script would."""
    with path.open("wb") as file:
        np.savez_compressed(file, **contents)
    return path


def npy(header: str, data: bytes = b"", version: bytes = b"\1\0") -> bytes:
    """Craft a .npy file with any header."""
    text = header.encode("latin1")
    return b"\x93NUMPY" + version + struct.pack("<H", len(text)) + text + data


def plain_header(shape: str, descr: str = "'<f4'") -> str:
    return f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}"


def crafted(path: Path, member: bytes, key: str = "reward") -> Path:
    """Write a NeoRL file in which one member is replaced by crafted bytes."""
    save(path, {k: v for k, v in neorl_arrays().items() if k != key})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(f"{key}.npy", member)
    return path


def refused(action: Callable[[], object], *named: object) -> str:
    """Check that something ends in one clear line that names file, key and place."""
    with pytest.raises(UserError) as caught:
        action()
    message = str(caught.value)
    assert type(caught.value) is UserError
    assert len(message.splitlines()) == 1
    assert len(message) < 600
    for part in named:
        assert str(part) in message
    assert ADVICE.search(message), f"says not what to do: {message}"
    return message


@st.composite
def any_fields(draw: st.DrawFn) -> Fields:
    """Draw the fields of episodes of any lengths, ends, widths and values.

    The test puts them together: beartype rolls dice, which a strategy may not.
    """
    lengths = draw(st.lists(st.integers(1, 5), min_size=1, max_size=6))
    steps, episodes = sum(lengths), len(lengths)
    columns, actions = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    value = st.floats(width=32, allow_nan=False, allow_infinity=False)
    unit = st.floats(-1, 1, width=32)
    return {
        "observation": draw(arrays(np.float32, (steps + episodes, columns), elements=value)),
        "action": draw(arrays(np.float32, (steps, actions), elements=unit)),
        "reward": draw(arrays(np.float32, (steps,), elements=value)),
        "length": np.array(lengths, np.int64),
        "terminal": draw(arrays(np.bool_, (episodes,))),
        "observation_tags": tuple(Tag(f"seen {i}", "K") for i in range(columns)),
        "action_tags": tuple(Tag(f"done {i}", "%", -1.0, 1.0) for i in range(actions)),
    }
