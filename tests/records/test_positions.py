"""Which places coincide: against a walk over all pairs."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shiftwork.plants.catalogue import TEAM_PLANTS
from shiftwork.plants.team_plant import places_of
from shiftwork.records.positions import Places, coincidence, pairs, sense

PLACES = Places(((0, 1), (3, 4), (5, 6), (8, 7)), own=(1, 3))
CELLS = st.integers(0, 3).map(lambda cell: cell / 3)


@settings(deadline=None)
@given(st.lists(st.lists(CELLS, min_size=10, max_size=10), min_size=1, max_size=4))
def test_it_is_as_a_walk_over_all_pairs_says(rows):
    seen = np.array(rows, np.float32)
    expected = [
        [
            any(row[list(a)]) and all(row[list(a)] == row[list(b)])
            for a, b in itertools.combinations(PLACES.columns, 2)
        ]
        for row in seen
    ]
    assert pairs(PLACES) == 6
    np.testing.assert_array_equal(coincidence(seen, PLACES), expected)
    np.testing.assert_array_equal(coincidence(jnp.asarray(seen), PLACES), expected)


def test_where_no_place_is_told_nothing_is():
    for seen in (np.ones((2, 3), np.float32), jnp.ones((2, 3))):
        assert coincidence(seen, Places()).shape == (2, 0)
        np.testing.assert_array_equal(sense(seen, Places()), seen)


@pytest.mark.parametrize("copies", [(), (3,), (2, 3)])
def test_everybody_finds_its_own_place_where_the_first_does(copies):
    seen = np.arange(10, dtype=np.float32) + np.zeros((2, *copies, 1), np.float32)
    turned = np.arange(10)
    turned[[3, 4, 8, 7]] = [8, 7, 3, 4]  # the second agent's place and the first's
    for array in (seen, jnp.asarray(seen)):
        found = sense(array, PLACES)
        assert isinstance(found, type(array))
        assert found.shape == (2, *copies, 10 + pairs(PLACES))
        np.testing.assert_array_equal(found[0][..., :10], seen[0])
        np.testing.assert_array_equal(found[1][..., :10], np.broadcast_to(turned, (*copies, 10)))


def test_what_coincides_is_told_as_the_agent_finds_it():
    seen = np.zeros((2, 10), np.float32)
    seen[:, [0, 1, 8, 7]] = 0.5  # what the second agent carries
    np.testing.assert_array_equal(
        sense(seen, PLACES)[:, 10:], [[0, 0, 1, 0, 0, 0], [1, 0, 0, 0, 0, 0]]
    )


def test_two_who_change_places_find_what_the_other_found():
    seen = np.random.default_rng(0).integers(0, 3, (2, 50, 10)).astype(np.float32)
    changed = seen[::-1].copy()
    changed[..., [3, 4, 8, 7]] = changed[..., [8, 7, 3, 4]]
    np.testing.assert_array_equal(sense(changed, PLACES), sense(seen, PLACES)[::-1])
    assert sense(seen, PLACES)[..., 10:].any()


def test_kitchens_say_where_things_are():
    a = TEAM_PLANTS["overcooked-A"]
    # Three foods with chops, two plates, two knives, the delivery, three agents.
    assert a.places.columns[:4] == ((0, 1), (3, 4), (6, 7), (9, 10))
    assert a.places.columns[-1] == (23, 24)
    assert a.places.own == (8, 9, 10)
    assert places_of(TEAM_PLANTS["overcooked-A-primitive"]) == a.places
    large = TEAM_PLANTS["overcooked-large-B"]
    assert (len(large.places.columns), large.places.columns[-1]) == (21, (46, 47))
    assert large.places.own == tuple(range(15, 21))
    assert (
        places_of(TEAM_PLANTS["box-pushing-6"])
        == places_of(TEAM_PLANTS["centre-small"])
        == Places()
    )


def test_what_is_carried_is_where_its_carrier_is():
    plant, names = (
        TEAM_PLANTS["overcooked-A"],
        list(TEAM_PLANTS["overcooked-A"].kitchen.object_names),
    )
    told = list(itertools.combinations(range(len(names)), 2))
    step, begun = jax.jit(plant.step), plant.reset(jax.random.key(0))
    get, key, held = plant.macro_actions[0].index("get tomato"), jax.random.key(1), 0
    for _ in range(60):
        begun = step(begun.state, jnp.full(3, get), key)
        same = np.asarray(coincidence(begun.observation, plant.places))
        for agent in np.flatnonzero(np.asarray(begun.decided)):
            pair = told.index((0, names.index(plant.agents[agent])))
            assert same[agent, pair] == (begun.state.hold[agent] == 0)
            held += bool(same[agent, pair])
    assert held
