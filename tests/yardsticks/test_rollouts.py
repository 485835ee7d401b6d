"""Looking ahead: what is known stays in an imagined future, and trying each choice earns more than the rules."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.errors import UserError
from shiftwork.people.centre.rules import NAMES, rules_at
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.harbour import expected_h, receiving
from shiftwork.plants.centre.start import NOTICE_H, unpacked
from shiftwork.yardsticks.centre.episode import run_stepwise
from shiftwork.yardsticks.centre.imagined import imagined
from shiftwork.yardsticks.centre.rollouts import Looking, Rollouts, worth_of_each
from support.centre_builders import CERTAIN, KEY, STEP, centre

pytestmark = pytest.mark.slow
RULES = dict.fromkeys(NAMES, 0.5)
FUTURES = 2
IMAGINED = jax.jit(imagined)


def acting(plant):
    rules = rules_at(plant, RULES)
    return jax.jit(lambda step: rules.act((), step._replace(info={}), KEY)[1])


def after(plant, hours, seed=0):
    """Where rules come to."""
    act = acting(plant)
    step = jax.jit(lambda plant, key: plant.reset(key))(plant, jax.random.key(seed))
    for hour in range(hours):
        step = STEP(plant, step.state, act(step), jax.random.key(hour))
    return step


@pytest.mark.parametrize("hours", [0, 13, 100])
def test_what_is_known_stays_and_what_is_not_is_drawn(hours):
    plant = centre({"ships.eta_sigma_d": 1.5})
    state = after(plant, hours).state
    futures = jax.vmap(lambda key: IMAGINED(plant, state, key))(
        jax.random.split(jax.random.key(1), 200)
    )
    before, ships = unpacked(state.harbour.table), unpacked(futures.harbour.table)
    here = np.asarray(before.arrival_h <= hours)
    planned = np.asarray(before.planned_h)
    shown = np.zeros(len(here), bool)
    numbers = np.asarray(state.harbour.number)
    shown[numbers[numbers < len(here)]] = True
    assert not here.all()
    for episode in range(200):
        mine = jax.tree.map(lambda x, e=episode: np.asarray(x[e]), ships)
        order = np.array([int(np.abs(mine.planned_h - p).argmin()) for p in planned])
        mine = jax.tree.map(lambda x, o=order: x[o], mine)
        assert np.array_equal(mine.planned_h, planned)
        # Ships that are here are the same, and first; others come later.
        assert np.array_equal(mine.arrival_h[here], before.arrival_h[here])
        assert (mine.arrival_h[~here] > hours).all()
        assert np.array_equal(order[: here.sum()], np.arange(here.sum()))
        known = here | shown
        assert np.array_equal(mine.declared[known], before.declared[known])
        assert np.array_equal(mine.cargo_t[known], before.cargo_t[known])
        np.testing.assert_allclose(mine.piona.sum(-1), 1, rtol=1e-5)
        # A notice is given as soon as a ship is near, and only then: the same ones were given.
        told = (before.arrival_h - hours)[:, None] <= np.array(NOTICE_H)[None]
        also = (mine.arrival_h - hours)[:, None] <= np.array(NOTICE_H)[None]
        assert np.array_equal(told, also)
        np.testing.assert_allclose(
            expected_h(mine, jnp.int32(hours)), expected_h(before, jnp.int32(hours)), rtol=1e-5
        )
    assert (np.asarray(ships.cargo_t).std(0)[-1]) > 10
    assert np.asarray(ships.arrival_h).std(0)[-1] > 1
    # Tanks: the mass stays; a released one holds what it holds, any other what papers say, more or less.
    tanks = futures.tanks
    np.testing.assert_allclose(
        tanks.mass_t.sum(-1), np.broadcast_to(state.tanks.mass_t.sum(-1), (200, 2)), rtol=1e-4
    )
    unsure = np.asarray((state.tanks.rest_h > 0) | receiving(plant.layout, state.harbour))
    spread = np.asarray(tanks.mass_t).std(0).max(-1)
    assert np.array_equal(spread > 1e-2, unsure)


@pytest.fixture(scope="module")
def certain():
    return centre(CERTAIN | {"horizon_d": 2})


@pytest.mark.parametrize("other", [False, True])
def test_in_a_certain_world_the_worth_of_a_choice_is_what_it_earns(certain, other):
    agent, act = certain.layout.berths, acting(certain)
    now = after(certain, 0)
    macro = np.array(act(now))
    worth = worth_of_each(
        certain, rules_at(certain, RULES), now._replace(info={}), jnp.asarray(macro),
        jnp.int32(agent), KEY, jnp.int32(certain.horizon), FUTURES,
    )  # fmt: skip
    allowed = np.flatnonzero(np.asarray(now.mask[agent]))
    if other:
        macro[agent] = next(a for a in allowed if a != macro[agent])
    earned = 0.0
    for hour in range(certain.horizon):
        now = STEP(certain, now.state, jnp.asarray(macro if hour == 0 else act(now)), KEY)
        earned += float(now.reward)
    assert float(worth[macro[agent]]) == pytest.approx(earned, rel=1e-4)
    assert np.asarray(worth)[allowed].std() > 1e-3


def test_in_a_certain_world_looking_ahead_never_earns_less_than_the_rules(certain):
    """Each choice is the best one by what then comes, so that the sum of them cannot be worse."""
    ahead, gained = Rollouts(certain, RULES, Looking(futures=FUTURES)), []
    for key in jax.random.split(jax.random.key(2), 3):
        mine, theirs = (
            run_stepwise(certain, who, key).profit_per_h
            for who in (ahead, rules_at(certain, RULES))
        )
        gained.append(mine - theirs)
    assert min(gained) > -1.0, gained
    assert np.mean(gained) > 100.0, gained


def test_what_sees_nothing_is_refused():
    plant = Centre(centre().scenario)
    with pytest.raises(UserError, match="looking 'futures' is 0; it must be at least 1"):
        Rollouts(plant, RULES, Looking(futures=0))
    with pytest.raises(UserError, match="looking 'hours' is 0"):
        Rollouts(plant, RULES, Looking(hours=0))
