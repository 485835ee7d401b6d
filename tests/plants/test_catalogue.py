import subprocess
import sys

import pytest

from shiftwork.errors import UserError
from shiftwork.plants.adapters.from_gymnasium import ForeignPlant
from shiftwork.plants.catalogue import MAPS, PLANTS, TEAM_PLANTS, make_plant, make_team_plant
from shiftwork.plants.tasks.dmsd import Dmsd
from shiftwork.plants.tasks.overcooked.kitchen import KITCHENS


def test_our_plants_by_name():
    assert make_plant("dmsd") == Dmsd()
    assert make_plant("dmsd-heavy") == Dmsd(mass_kg=30.0, name="dmsd-heavy")
    assert [plant.name for plant in PLANTS.values()] == list(PLANTS)


def test_any_other_name_is_a_gymnasium_id():
    plant = make_plant("Pendulum-v1", copies=3)
    assert isinstance(plant, ForeignPlant)
    assert (plant.name, plant.copies) == ("Pendulum-v1", 3)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("dmds", "did you mean 'dmsd'?"),
        ("dmsd-havy", "did you mean 'dmsd-heavy'?"),
        ("Pendulm-v1", "did you mean 'Pendulum-v1'?"),
        ("pendulum", "did you mean 'Pendulum-v1'?"),
        ("HalfCheetah", "did you mean 'HalfCheetah-v5'?"),
        ("HalfCheetah-v9", "did you mean 'HalfCheetah-v5'?"),
        (
            "zzzzzzzz",
            "known: any Gymnasium id, dmsd, dmsd-heavy, furnace",
        ),
        ("", "known: any Gymnasium id, dmsd, dmsd-heavy, furnace"),
        (
            "what is this?",
            "known: any Gymnasium id, dmsd, dmsd-heavy, furnace",
        ),
    ],
)
def test_unknown_names_are_told_with_near_ones_of_both_kinds(name, hint):
    with pytest.raises(UserError) as error:
        make_plant(name)
    assert str(error.value) == f"unknown plant '{name}'; {hint}"


def test_a_name_of_the_other_kind_is_refused_with_the_reason():
    with pytest.raises(UserError, match="a team runs this one"):
        make_plant("centre-small")


def test_every_team_plant_has_the_name_it_is_listed_under():
    assert [plant.name for plant in TEAM_PLANTS.values()] == list(TEAM_PLANTS)
    assert tuple(KITCHENS) == MAPS
    assert make_team_plant("box-pushing-6") is make_team_plant("box-pushing-6")


def test_our_plants_need_no_gymnasium():
    program = """
import sys
from shiftwork.plants.catalogue import make_plant
make_plant("dmsd")
foreign = [name for name in ("gymnasium", "mujoco", "pygame") if name in sys.modules]
assert not foreign, foreign
"""
    subprocess.run([sys.executable, "-c", program], check=True)
