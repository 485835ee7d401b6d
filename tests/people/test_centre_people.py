"""People: always allowed, clearly better than chance, each in an own way, and now and then wrong."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.people.centre.crew import CREWS, hire, on_shift
from shiftwork.people.centre.people import People
from shiftwork.plants.centre.state import CRACKING, DECOKING
from shiftwork.plants.centre.trace import profit_usd, run_centre
from shiftwork.plants.operator import Begun
from support.compile_options import QUICK
from support.people_builders import centre, played, with_trait

# Hours, copies, and what people must earn more than chance, $/h of the mean.
SCENARIOS = {
    "centre-small": (240, 12, 800),
    "centre-steady": (960, 2, 1500),
    "centre-tight": (960, 2, 1000),
    "centre-heavy-feed": (960, 2, 1000),
    "centre-price-swing": (960, 2, 1500),
}
KEY = jax.random.key(0)


def profit(trace):
    """$/h of each copy."""
    return profit_usd(trace.hours.account).mean(1)


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENARIOS)
def test_people_keep_every_rule_and_earn_clearly_more_than_chance(name):
    hours, copies, more = SCENARIOS[name]
    trace, broken = played(name, hours, copies)
    found = {rule: int(where[:copies].sum()) for rule, where in broken.items()}
    assert not {rule: count for rule, count in found.items() if count}
    earned = profit(trace)
    assert earned[:copies].mean() > earned[copies:].mean() + more
    # They worked: ships came in, naphtha was cracked.
    assert trace.hours.called[:copies, -1].any(1).all()
    assert (trace.hours.fed_t[:copies].mean(1) > 0).all()


@pytest.mark.slow
def test_one_agent_for_all_furnaces_is_run_as_well():
    changes = (("furnace_agents", "all"), ("furnaces.age_d", (50.0, 62.0)),
               ("furnaces.decoke_h", 12))  # fmt: skip
    trace, broken = played("centre-small", 240, 4, tuple((k, v) for k, v in changes))
    assert not {rule: int(where.sum()) for rule, where in broken.items() if where[:4].any()}
    assert (trace.hours.mode[:4] == DECOKING).any()


def test_the_other_rules_hold_for_their_shadow_by_chance_too():
    # The mask is checked for people's answers even where chance decides: they must be ready for
    # any situation.
    _, broken = played("centre-small", 240, 12)
    assert not broken["not allowed"].any()


def test_persons_and_crews_differ_and_take_turns():
    persons = hire(KEY)
    for name, value in persons._asdict().items():
        assert value.shape == (3, CREWS), name
        assert len(np.unique(value)) == 3 * CREWS, name
    other = hire(jax.random.key(1))
    assert not np.allclose(persons.cot_c, other.cot_c)
    people = People(centre())
    rota = people.begin(KEY)._replace(shift_h=jnp.asarray(8), begun_h=jnp.asarray(3))
    crews = jax.vmap(lambda hour: on_shift(rota, hour, jnp.zeros(3))[0].crew)(jnp.arange(40))
    assert crews.tolist() == [(hour + 3) // 8 % 4 for hour in range(40)]


def test_mistakes_are_as_frequent_as_the_persons_make_them():
    plant = centre()
    people = People(plant)

    def episode(key):
        hire_key, run_key = jax.random.split(key)
        rota = with_trait(people.begin(hire_key), slip=0.05)
        return run_centre(plant, Begun(people, rota), run_key).hours

    hours = jax.jit(jax.vmap(episode), compiler_options=QUICK)(jax.random.split(KEY, 24))
    decided, slipped = np.asarray(hours.decided), np.asarray(hours.slipped)
    assert not (slipped & ~decided).any()
    # A berth that may only wait, and blending with one recipe, can make no mistake; furnaces can.
    furnaces = slice(plant.layout.berths + 1, None)
    count, wrong = decided[..., furnaces].sum(), slipped[..., furnaces].sum()
    assert abs(wrong / count - 0.05) < 4 * np.sqrt(0.05 * 0.95 / count)
    assert 0 < slipped.sum() / decided.sum() < 0.06
    # Nobody begins a decoke by mistake.
    assert not (slipped & (np.asarray(hours.macro_action) >= plant.layout.decoke))[
        ..., furnaces
    ].any()


RESET = jax.jit(lambda plant, key: plant.reset(key), static_argnums=0, compiler_options=QUICK)
LOOK = jax.jit(
    lambda plant, state: plant._team_step(plant.told(state, everybody=True), jnp.zeros(()), {}),
    static_argnums=0,
    compiler_options=QUICK,
)
ACT = jax.jit(
    lambda plant, rota, step, key: People(plant).act(rota, step, key),
    static_argnums=0,
    compiler_options=QUICK,
)


def begun(plant, **changes):
    """The first step of an episode with other furnace values."""
    state = RESET(plant, KEY).state
    return LOOK(plant, state._replace(furnaces=state.furnaces._replace(**changes)))


def decide(plant, step, key=KEY, **traits):
    """What attentive, faultless people do."""
    usual = {"attention": 2.0, "slip": -1.0} | traits
    rota = with_trait(People(plant).begin(key), **usual)
    return np.asarray(ACT(plant, rota, step._replace(info={}), key)[1])


def test_a_hot_furnace_is_decoked_one_at_a_time_and_the_ripest_first():
    plant = centre()
    end = {"end_c": 1080.0, "oldest_run_d": 60.0, "stagger_d": 2.0}
    usual = jnp.array([1000.0, 1010.0])
    clean = jnp.array([400.0, 500.0])
    for tube, expected in (
        (usual, (False, False)),
        (jnp.array([1085.0, 1000.0]), (True, False)),
        (jnp.array([1081.0, 1085.0]), (False, True)),
    ):
        chosen = decide(plant, begun(plant, tube_c=tube, clean_h=clean), **end)
        assert tuple(chosen[2:] == plant.layout.decoke) == expected
    old = begun(plant, tube_c=usual, clean_h=jnp.array([400.0, 24.0 * 61]))
    assert tuple(decide(plant, old, **end)[2:] == plant.layout.decoke) == (False, True)
    # Soon after another one nobody decokes, unless it burns.
    soon = begun(plant, tube_c=jnp.array([1000.0, 1083.0]), clean_h=jnp.array([20.0, 1500.0]))
    assert (decide(plant, soon, **end)[2:] != plant.layout.decoke).all()
    burns = begun(plant, tube_c=jnp.array([1000.0, 1095.0]), clean_h=jnp.array([20.0, 1500.0]))
    assert decide(plant, burns, **end)[3] == plant.layout.decoke


def test_feed_follows_stock_and_temperature_follows_habit():
    plant = centre()
    first = begun(plant)
    points = plant.layout.set_points

    def set_to(level, **traits):
        mass = first.state.tanks.mass_t * level
        state = first.state._replace(tanks=first.state.tanks._replace(mass_t=mass))
        step = LOOK(plant, state)
        usual = {"full_cover_d": 1.5, "low_cover_d": 0.8, "stop_cover_h": 0.0, "nursing_c": 0.0,
                 "price_gain_c": 0.0, "paraffin_gain_c": 0.0}  # fmt: skip
        return points[decide(plant, step, **(usual | traits))[2:]]

    assert (set_to(1.0, cot_c=840.0)[:, 1] == 48.0).all()
    assert (set_to(0.35, cot_c=840.0)[:, 1] == 40.0).all()
    hot, mild = (set_to(1.0, cot_c=c)[:, 0] for c in (852.0, 828.0))
    # From 840 C at the start by one level at most.
    assert (hot == 850.0).all()
    assert (mild == 830.0).all()


def test_the_first_ship_goes_into_a_tank_with_room_and_not_into_the_last_feed():
    plant = centre()
    first = begun(plant)
    state = first.state
    harbour = state.harbour
    anchored = harbour._replace(
        view=harbour.table[:4].at[:, 0].set(0.0).at[:, 2].set(60.0),
        number=jnp.arange(4, dtype=jnp.int32),
    )

    def berth(levels, **traits):
        tanks = state.tanks
        volume = np.array(levels) * plant.layout.capacity_m3
        mass = tanks.known * (volume / np.asarray(
            (tanks.known / np.array([[0.64, 0.66, 0.68, 0.77, 0.87]])).sum(-1)))[:, None]  # fmt: skip
        new = state._replace(
            harbour=anchored, tanks=tanks._replace(mass_t=jnp.asarray(mass, jnp.float32))
        )
        step = LOOK(plant, new)
        usual = {"room_share": 0.4, "hurry_h": 5.0, "reserve_h": 12.0, "looks_at_laytime": 0.0}
        return decide(plant, step, **(usual | traits))[0]

    assert plant.macro_actions[0][berth((0.85, 0.15))] == "first ship into tank T2"
    assert plant.macro_actions[0][berth((0.15, 0.85))] == "first ship into tank T1"
    # Room enough in both, but the fuller one must go on feeding.
    assert plant.macro_actions[0][berth((0.5, 0.3), reserve_h=15.0)] == "first ship into tank T2"
    assert plant.macro_actions[0][berth((0.85, 0.8))] == "wait 6 h"
    # The ship costs soon: any room will do.
    assert berth((0.85, 0.8), hurry_h=100.0) != 0


def test_people_do_not_know_what_nobody_can_know():
    plant = centre()
    first = RESET(plant, KEY)
    state = first.state
    harbour = state.harbour
    # Arrivals to come, their corrections, and what ships really hold.
    hidden = jnp.array([0, 4, 5, 6, 7, 8, 9, 10, 11])
    tables = {
        name: getattr(harbour, name).at[:, hidden].set(0.5) for name in ("table", "view", "berthed")
    }
    other = state._replace(harbour=harbour._replace(**tables))
    one, two = (decide(plant, first._replace(state=s)) for s in (state, other))
    np.testing.assert_array_equal(one, two)


def test_the_same_people_do_the_same_and_others_do_not():
    plant = centre()
    people = People(plant)

    def macro(hire_key):
        return run_centre(plant, Begun(people, people.begin(hire_key)), KEY, 120).hours.macro_action

    run = jax.jit(macro, compiler_options=QUICK)
    one, same, other = (run(jax.random.key(k)) for k in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any(1).mean() > 0.2


def test_who_has_not_noticed_lets_things_go_on():
    plant = centre()
    step = begun(plant, tube_c=jnp.array([1099.0, 1000.0]), clean_h=jnp.array([1500.0, 500.0]))
    rota = with_trait(People(plant).begin(KEY), attention=-1.0, slip=-1.0)
    rota, macro = ACT(plant, rota, step, KEY)
    assert macro[0] == 0
    np.testing.assert_array_less(np.asarray(macro[2:]), plant.layout.decoke)
    # 840 C and 46 t/h stay as near as the levels allow.
    assert (plant.layout.set_points[np.asarray(macro[2:])][:, 0] == 840.0).all()
    assert bool(rota.late[2])
    assert not np.asarray(rota.slipped).any()
    assert (step.state.furnaces.mode == CRACKING).all()
