"""Minari data sets, wrong in every way that we could think of, each refused in one line."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from shiftwork.records.formats.load import load_records
from shiftwork.records.formats.minari import write_minari
from shiftwork.records.tags import Tag
from support.record_builders import make_episodes, refused

pytestmark = pytest.mark.usefixtures("unhooked")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The folder ``data`` of a good data set."""
    write_minari(make_episodes(), tmp_path / "plant")
    return tmp_path / "plant" / "data"


def array(key: str, value, **options):
    """Put another array in the place of one."""

    def change(file: h5py.File) -> None:
        del file[key]
        file.create_dataset(key, **({"data": value} | options))

    return change


def entry(key: str, place, value):
    def change(file: h5py.File) -> None:
        file[key][place] = value

    return change


def gone(key: str):
    def change(file: h5py.File) -> None:
        del file[key]

    return change


def group(key: str):
    """Put a group in the place of an array, as a dictionary of observations has."""

    def change(file: h5py.File) -> None:
        del file[key]
        file[f"{key}/level"] = np.zeros(4, np.float32)

    return change


def link(key: str):
    def change(file: h5py.File) -> None:
        del file[key]
        file[key] = h5py.SoftLink("/nowhere")

    return change


FIRST = "episode 0"
WRONG = {
    **{
        f"no {key}": (gone(f"episode_1/{key}"), f"episode 1: array '{key}' is missing")
        for key in ("observations", "actions", "rewards", "terminations", "truncations")
    },
    "no episodes": (lambda file: file.clear(), "holds 0 episodes where metadata.json says 3"),
    "an episode gone": (gone("episode_2"), "holds 2 episodes where metadata.json says 3"),
    "an episode misnamed": (lambda file: file.move("episode_1", "episode_one"), "episode 1"),
    "an episode that is an array": (array("episode_1", np.zeros(3)), "cannot be read"),
    "a broken link": (link("episode_1/rewards"), "cannot be read"),
    "a dictionary of observations": (
        group("episode_0/observations"),
        f"{FIRST}: 'observations' is not a flat array; flatten",
    ),
    "a dictionary of actions": (group("episode_0/actions"), f"{FIRST}: 'actions' is not a flat"),
    "images": (
        array("episode_0/observations", np.zeros((4, 8, 8), np.uint8)),
        f"{FIRST}: 'observations' has shape (4, 8, 8)",
    ),
    "discrete actions": (
        array("episode_0/actions", np.zeros(3, np.int64)),
        f"{FIRST}: 'actions' has shape (3,)",
    ),
    "the last observation lost": (
        array("episode_0/observations", np.zeros((3, 2))),
        f"{FIRST}: 'observations' has shape (3, 2); needed: (4, columns) for 3 rewards",
    ),
    "actions long": (array("episode_0/actions", np.zeros((4, 2))), f"{FIRST}: 'actions'"),
    "flags short": (array("episode_0/truncations", np.zeros(2)), f"{FIRST}: 'truncations'"),
    "rewards in a column": (array("episode_0/rewards", np.zeros((3, 1))), f"{FIRST}: 'rewards'"),
    "rewards of no axis": (array("episode_0/rewards", 1.0), f"{FIRST}: 'rewards' has no step"),
    "no step": (array("episode_0/rewards", np.zeros(0)), f"{FIRST}: 'rewards' has no step"),
    "a null array": (array("episode_0/rewards", h5py.Empty("f4")), "cannot be read"),
    "another width": (
        array("episode_1/observations", np.zeros((2, 5))),
        "episode 1: 'observations' has shape (2, 5) unlike episode 0",
    ),
    "NaN in observations": (
        entry("episode_2/observations", (1, 0), np.nan),
        "episode 2: 'observations' row 1: nan",
    ),
    "infinity in actions": (
        entry("episode_0/actions", (2, 1), np.inf),
        f"{FIRST}: 'actions' row 2: inf",
    ),
    "NaN in rewards": (entry("episode_0/rewards", 2, np.nan), f"{FIRST}: 'rewards' row 2: nan"),
    "beyond float32": (
        array("episode_0/rewards", np.array([0, 1e300, 0])),
        f"{FIRST}: 'rewards' row 1: inf",
    ),
    "text": (
        array("episode_0/rewards", ["a", "b", "c"]),
        f"{FIRST}: 'rewards' holds object, not numbers",
    ),
    "complex": (array("episode_0/rewards", np.zeros(3, complex)), "'rewards' holds complex128"),
    "records": (
        array("episode_0/rewards", np.zeros(3, [("r", "f4")])),
        "'rewards' holds [('r', '<f4')]",
    ),
    "never ends": (
        entry("episode_0/truncations", -1, False),
        f"{FIRST}: never ends; set 'truncations'",
    ),
    "ends in the middle": (
        entry("episode_2/terminations", 0, True),
        "episode 2: 'terminations' row 0 ends it before its end",
    ),
    "is cut in the middle": (
        entry("episode_0/truncations", 1, True),
        f"{FIRST}: 'truncations' row 1 ends it before its end",
    ),
    "flags of 2": (
        array("episode_0/terminations", np.array([0, 0, 2])),
        f"{FIRST}: 'terminations' row 2 is 2",
    ),
    "an action too large": (
        entry("episode_0/actions", (1, 1), 1.5),
        "'action' row 1, tag 'action1': 1.5 is outside its limits -1 to 1",
    ),
    # Nothing is stored, so the file stays small; reading it would fill 24 GiB with zeros.
    "absurd sizes": (
        array("episode_1/observations", None, shape=(2**31, 3), dtype="f4", chunks=(2**10, 3)),
        "unpacks to 24.0 GiB",
    ),
}


@pytest.mark.parametrize(("change", "named"), WRONG.values(), ids=WRONG)
def test_wrong_episodes_are_refused(data: Path, change, named: str) -> None:
    with h5py.File(data / "main_data.hdf5", "a") as file:
        change(file)
    refused(lambda: load_records(data), data, named)


def space(**entries):
    """Change the action space."""

    def change(metadata: dict) -> dict:
        old = json.loads(metadata["action_space"])
        return metadata | {"action_space": json.dumps(old | entries)}

    return change


NO_BOX = {"type": "Discrete", "n": 3}
WRONG_METADATA = {
    "a list": (lambda m: [m], "is no Minari metadata"),
    "another format": (lambda m: m | {"data_format": "arrow"}, "'data_format' is arrow"),
    "no count": (lambda m: {}, "holds 3 episodes where metadata.json says None"),
    "count of zero": (lambda m: m | {"total_episodes": 0}, "metadata.json says 0"),
    "count in text": (lambda m: m | {"total_episodes": "3"}, "metadata.json says 3"),
    "count too large": (lambda m: m | {"total_episodes": 10**15}, "metadata.json says 1000000"),
    "no action space": (
        lambda m: {k: v for k, v in m.items() if k != "action_space"},
        "'action_space' is missing; give action tags",
    ),
    "discrete": (lambda m: m | {"action_space": json.dumps(NO_BOX)}, "'action_space' is Discrete"),
    "a space of no type": (lambda m: m | {"action_space": "{}"}, "cannot be read"),
    "a space that is a list": (lambda m: m | {"action_space": "[]"}, "cannot be read"),
    "a space that is no JSON": (lambda m: m | {"action_space": "Box"}, "cannot be read"),
    "a space that is not text": (lambda m: m | {"action_space": 3}, "cannot be read"),
    "no limits": (space(low=None), "cannot be read"),
    "limits left open": (space(low=[None, -1.0]), "'action_space'", "'action0': low nan"),
    "limits of text": (space(low=["a", "b"]), "cannot be read"),
    "limits of unequal number": (space(low=[0.0]), "cannot be read"),
    "a limit too many": (
        space(low=[0.0] * 3, high=[1.0] * 3),
        "'actions' has 2 columns, but 3 tags",
    ),
    "infinite limits": (space(high=[100.0, np.inf]), "'action1' spans -1 to inf"),
    "limits that are NaN": (space(high=[100.0, np.nan]), "'action_space'", "'action1': low -1"),
    "limits the wrong way": (space(high=[-1.0, 1.0]), "'action0': low 0 is not below high -1"),
}


@pytest.mark.parametrize(
    ("change", "named"), [(c, n) for c, *n in WRONG_METADATA.values()], ids=WRONG_METADATA
)
def test_wrong_metadata_is_refused(data: Path, change, named: list[str]) -> None:
    path = data / "metadata.json"
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    refused(lambda: load_records(data), data, *named)


FOREIGN = {
    "empty": b"",
    "cut": b'{"total_episodes": 3, "act',
    "no text": b"\xff\xfe\x00\xd8",
    "nested": b"[" * 100_000,
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize("name", ["metadata.json", "main_data.hdf5"])
def test_foreign_files_are_refused(data: Path, content: bytes, name: str) -> None:
    (data / name).write_bytes(content)
    refused(lambda: load_records(data), data / name, "cannot be read")


def test_a_cut_file_is_refused(data: Path) -> None:
    path = data / "main_data.hdf5"
    content = path.read_bytes()
    for end in range(0, len(content), len(content) // 50):
        path.write_bytes(content[:end])
        refused(lambda: load_records(data), path, "cannot be read")


@pytest.mark.parametrize("name", ["metadata.json", "main_data.hdf5"])
def test_a_missing_file_is_told(data: Path, name: str) -> None:
    (data / name).unlink()
    refused(lambda: load_records(data.parent), data.parent, f"({name} is missing); give its folder")


def test_a_lone_hdf5_file_is_no_data_set(tmp_path: Path) -> None:
    for name in ("plant.hdf5", "PLANT.H5"):
        with h5py.File(tmp_path / name, "w") as file:
            file["episode_0/observations"] = np.zeros((3, 2))
        refused(lambda: load_records(tmp_path / name), name, "metadata.json is missing")  # noqa: B023
        with h5py.File(tmp_path / name, "w") as file:  # the layout of D4RL, but for the rest of it
            file["observations"] = np.zeros((3, 2))
        refused(lambda: load_records(tmp_path / name), name, "array 'actions' is missing")  # noqa: B023


def test_wrong_tags_are_refused(data: Path) -> None:
    one = Tag("valve", "%", 0.0, 100.0)
    refused(lambda: load_records(data, (one,)), data, "'observations' has 2 columns, but 1 tags")
    refused(lambda: load_records(data, (), (one,)), data, "'actions' has 2 columns, but 1 tags")
    narrow = Tag("pump", "", 0.0, 0.03)
    refused(
        lambda: load_records(data, (), (one, narrow)),
        "'action' row 4, tag 'pump': 0.04 is outside its limits 0 to 0.03 (2 such rows)",
    )


def test_reading_runs_no_code_that_a_file_names(data: Path) -> None:
    """The library would build this environment, since the spaces are missing: os.abort()."""
    path = data / "metadata.json"
    metadata = json.loads(path.read_text())
    del metadata["observation_space"], metadata["action_space"]
    metadata["env_spec"] = json.dumps({"id": "Plant-v0", "entry_point": "os:abort", "kwargs": {}})
    path.write_text(json.dumps(metadata))
    refused(lambda: load_records(data), path, "'action_space' is missing")
