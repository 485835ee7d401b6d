"""The examples run as they are, with few updates, and give finite figures of the right sign."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parents[1] / "examples"
COVERED = {"own_csv", "gymnasium_plant", "own_team_plant", "centre", "two_operators"}

pytestmark = pytest.mark.slow


def example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"example_{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_example_is_run_here() -> None:
    assert {path.stem for path in FOLDER.glob("*.py")} == COVERED


def test_own_csv(tmp_path: Path) -> None:
    distance = example("own_csv").main(updates=200, out=str(tmp_path / "agent"))
    assert 0.0 <= distance < 6.0  # the reflux ratio moves between 1 and 7
    assert (tmp_path / "agent" / "agent.json").is_file()


def test_gymnasium_plant(tmp_path: Path) -> None:
    found = example("gymnasium_plant").main(updates=200, episodes=10, out=str(tmp_path / "agent"))
    assert -3300.0 < found < 0.0  # no step of Pendulum costs more than 16.3


def test_own_team_plant(tmp_path: Path) -> None:
    found = example("own_team_plant").main(steps=2_000, episodes=8, out=str(tmp_path / "team"))
    assert -12.0 <= found < 0.0  # 24 steps, each at most half a tank away


def test_people_of_the_centre_earn_more_than_chance() -> None:
    # As many as elsewhere in the tests, so that people share a program.
    assert example("centre").main(episodes=64) > 0.0


def test_two_operators() -> None:
    assert math.isfinite(example("two_operators").main(episodes=8))
