"""Which places coincide: against a walk over all pairs."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shiftwork.places import coincidence, pairs
from shiftwork.plants.team.catalogue import OURS
from shiftwork.plants.team.team_plant import places_of

pytestmark = pytest.mark.fast

PLACES = ((0, 1), (3, 4), (5, 6), (8, 7))
CELLS = st.integers(0, 3).map(lambda cell: cell / 3)


@settings(deadline=None)
@given(st.lists(st.lists(CELLS, min_size=10, max_size=10), min_size=1, max_size=4))
def test_it_is_as_a_walk_over_all_pairs_says(rows):
    seen = np.array(rows, np.float32)
    expected = [
        [
            any(row[list(a)]) and all(row[list(a)] == row[list(b)])
            for a, b in itertools.combinations(PLACES, 2)
        ]
        for row in seen
    ]
    assert pairs(PLACES) == 6
    np.testing.assert_array_equal(coincidence(seen, PLACES), expected)
    np.testing.assert_array_equal(coincidence(jnp.asarray(seen), PLACES), expected)


def test_where_no_place_is_told_nothing_is():
    for seen in (np.ones((2, 3), np.float32), jnp.ones((2, 3))):
        assert coincidence(seen, ()).shape == (2, 0)


def test_kitchens_say_where_things_are():
    a = OURS["overcooked-A"]
    # Three foods with chops, two plates, two knives, the delivery, three agents.
    assert a.places[:4] == ((0, 1), (3, 4), (6, 7), (9, 10))
    assert a.places[-1] == (23, 24)
    assert places_of(OURS["overcooked-A-primitive"]) == a.places
    large = OURS["overcooked-large-B"]
    assert (len(large.places), large.places[-1]) == (21, (46, 47))
    assert places_of(OURS["box-pushing-6"]) == places_of(OURS["centre-small"]) == ()


def test_what_is_carried_is_where_its_carrier_is():
    plant, names = OURS["overcooked-A"], list(OURS["overcooked-A"].kitchen.object_names)
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
