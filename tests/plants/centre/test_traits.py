"""In what a centre's macro-actions are like each other, read against their names."""

import re

import numpy as np
import pytest

from shiftwork.plants.catalogue import make_team_plant
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.probes.team import TeamProbe
from shiftwork.plants.team_plant import TellsTraits, prospects_of, traits_of

SMALL, STEADY = make_team_plant("centre-small"), make_team_plant("centre-steady")


@pytest.mark.parametrize("plant", [SMALL, STEADY], ids=lambda plant: plant.name)
def test_every_agent_of_a_role_is_told_the_same_and_columns_are_its_own(plant):
    assert isinstance(plant, TellsTraits)
    by_role = {}
    for agent, role in enumerate(plant.roles):
        parts = traits_of(plant, agent)
        for part in parts:
            actions, things, _ = part.values.shape
            assert actions == len(plant.macro_actions[agent])
            assert part.columns.shape[0] == things
            assert len(set(part.columns.ravel().tolist())) == part.columns.size
            assert (part.columns < plant.observation_sizes[agent]).all()
        for one, other in zip(parts, by_role.setdefault(role, parts), strict=True):
            np.testing.assert_array_equal(one.values, other.values)
            np.testing.assert_array_equal(one.columns, other.columns)


def test_a_recipe_takes_what_its_name_says_from_the_tank_that_the_columns_are_about():
    agent = STEADY.roles.index("blending")
    tanks, rest, each = STEADY.traits(agent)
    names = [tank.name for tank in STEADY.scenario.tanks]
    seen = STEADY.observation_names(agent)
    for number, macro in enumerate(STEADY.macro_actions[agent]):
        shares = dict(re.findall(r"(\S+) (\d+)%", macro))
        for tank, name in enumerate(names):
            assert float(tanks.values[number, tank, 0]) == pytest.approx(
                int(shares.get(name, 0)) / 100, abs=0.005
            )
        np.testing.assert_array_equal(each.values[number, 0], tanks.values[number, :, 0])
        assert float(rest.values[number, 0, 0]) == max(len(shares) - 1, 0)
        assert float(rest.values[number, 0, 1]) == (macro == "none")
    for tank, name in enumerate(names):
        assert [seen[c] for c in tanks.columns[tank]][:2] == [
            f"tank {name} level", f"tank {name} being filled"
        ]  # fmt: skip


def test_a_ship_goes_where_the_name_says():
    tanks, ships, rest, each = STEADY.traits(0)
    for number, macro in enumerate(STEADY.macro_actions[0]):
        found = re.fullmatch(r"(first|second) ship into tank T(\d)", macro)
        into, called = (
            np.asarray(tanks.values)[number, :, 0],
            np.asarray(ships.values)[number, :, 0],
        )
        if found is None:
            assert not into.any()
            assert not called.any()
            assert rest.values[number, 0].tolist() == [1.0, 0.0]
            continue
        which, tank = found.groups()
        assert np.flatnonzero(into).tolist() == [int(tank) - 1]
        assert called.tolist() == [float(which == "first"), float(which == "second")]
    np.testing.assert_array_equal(np.asarray(each.values)[:, 0], np.asarray(tanks.values)[..., 0])
    seen = STEADY.observation_names(0)
    assert seen[ships.columns[1][0]] == "ship at anchor 2 known"


def brought(plant, agent, looked):
    told = prospects_of(plant, agent)
    known = np.append(looked, 0.0)
    return np.einsum("as,sk->ak", np.asarray(told.shares), known[told.columns])


def test_what_a_ship_would_bring_is_how_far_the_tank_lies_from_it():
    seen = STEADY.observation_names(0)
    looked = np.random.default_rng(0).normal(size=len(seen))
    found = brought(STEADY, 0, looked)
    for number, macro in enumerate(STEADY.macro_actions[0]):
        ship = re.fullmatch(r"(first|second) ship into tank (\S+)", macro)
        for k, what in enumerate(("n-paraffins", "isoparaffins", "naphthenes", "aromatics")):
            expected = 0.0
            if ship is not None:
                which = 1 if ship[1] == "first" else 2
                expected = (
                    looked[seen.index(f"tank {ship[2]} {what}")]
                    - looked[seen.index(f"ship at anchor {which} {what}")]
                )
            assert found[number, k] == pytest.approx(expected, abs=1e-5)


def test_what_a_recipe_would_bring_is_its_blend_less_that_in_force_and_its_blend():
    """In the observation's units: ten times the distance from the middle, so shares of 1 are needed."""
    agent = STEADY.roles.index("blending")
    seen = STEADY.observation_names(agent)
    looked = np.random.default_rng(1).normal(size=len(seen))
    found, recipes = brought(STEADY, agent, looked), np.asarray(STEADY.layout.recipes)
    tanks = [tank.name for tank in STEADY.scenario.tanks]
    for k, what in enumerate(("n-paraffins", "isoparaffins", "naphthenes", "aromatics")):
        mix = recipes @ [looked[seen.index(f"tank {name} {what}")] for name in tanks]
        feeds = recipes.sum(1) > 0
        force = looked[seen.index(f"blend {what}")]
        np.testing.assert_allclose(found[:, k], np.where(feeds, mix - force, 0.0), atol=1e-5)
        np.testing.assert_allclose(found[:, 4 + k], mix, atol=1e-5)
    np.testing.assert_allclose(recipes.sum(1)[feeds], 1.0, atol=1e-6)


def test_a_furnace_and_a_plant_that_does_not_say_have_no_prospects():
    assert prospects_of(STEADY, STEADY.roles.index("furnace")) is None
    assert prospects_of(TeamProbe("observation"), 0) is None


def test_a_setting_is_its_temperature_and_its_feed():
    agent = STEADY.roles.index("furnace")
    (part,) = STEADY.traits(agent)
    numbers = np.asarray(part.values)[:, 0]
    points = [re.fullmatch(r"(\d+) C, (\d+) t/h", macro) for macro in STEADY.macro_actions[agent]]
    set_points = np.array([[float(x) for x in found.groups()] for found in points if found])
    count = len(set_points)
    for column, of in ((0, 0), (2, 1)):
        assert np.corrcoef(numbers[:count, column], set_points[:, of])[0, 1] == pytest.approx(1.0)
        assert numbers[:count, column].std() == pytest.approx(1.0, rel=1e-5)
    np.testing.assert_array_equal(numbers[count:, 3:], np.eye(2))
    assert not numbers[count:, :3].any()
    assert not numbers[:count, 3:].any()


def test_where_a_plant_does_not_say_each_macro_action_is_like_no_other():
    probe = TeamProbe("observation")
    (part,) = traits_of(probe, 1)
    np.testing.assert_array_equal(part.values[:, 0], np.eye(2))
    assert part.columns.tolist() == [list(range(probe.observation_sizes[1]))]


def test_numbers_of_another_scenario_do_not_need_another_program():
    """Traits are traced: a recipe's shares come from the plant that a program is given."""
    import jax

    made = []

    @jax.jit
    def shares(plant):
        made.append(1)
        return plant.traits(plant.roles.index("blending"))[0].values

    other = make_team_plant("centre-tight")
    assert isinstance(other, Centre)
    shares(STEADY), shares(other)
    assert len(made) == (1 if jax.tree.structure(STEADY) == jax.tree.structure(other) else 2)
