"""What holds in every kitchen at every step of random play."""

import dataclasses
from collections import Counter

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.plants.tasks.overcooked import start
from shiftwork.plants.tasks.overcooked.overcooked import Overcooked
from shiftwork.plants.tasks.overcooked.state import CHOPPED

COPIES, STEPS = 48, 80
KEY = jax.random.key(3)
RANDOM_KITCHENS = [Overcooked(m, random=True) for m in ("B", "large-C")]
ALL_RANDOM = [Overcooked(m, random=True) for m in ("A", "B", "C", "large-B")]


@pytest.fixture(scope="module", params=RANDOM_KITCHENS, ids=lambda plant: plant.name)
def play(request):
    """Random macro-actions with much handling: (plant, states before, steps, junk ignored)."""
    plant = request.param
    n, actions = plant.kitchen.n_agents, len(plant.kitchen.macro_actions)

    @jax.jit
    def run(key):
        def one(states, key):
            # Two copies, of which the second is given junk for busy agents.
            macro = jax.random.randint(key, (n,), 0, actions)
            junk = jnp.where(states.decided[0], macro, actions - 1 - macro)
            steps = jax.vmap(plant.step, (0, 0, None))(states, jnp.stack([macro, junk]), key)
            return steps.state, (states, steps)

        begin = jax.tree.map(lambda x: jnp.stack([x, x]), plant.reset(key).state)
        before, after = jax.lax.scan(one, begin, jax.random.split(key, STEPS))[1]
        pick = [jax.tree.map(lambda x, i=i: x[:, i], (before, after)) for i in range(2)]
        return *pick[0], pick[1][1]

    before, after, other = jax.vmap(run)(jax.random.split(KEY, COPIES))
    return plant, *jax.tree.map(np.asarray, (before, after, other))


@pytest.mark.slow
def test_what_is_given_to_busy_agents_is_ignored(play):
    _, _, after, other = play
    jax.tree.map(np.testing.assert_array_equal, after, other)


@pytest.mark.slow
def test_agents_stand_on_floor_and_never_two_in_one_cell(play):
    plant, before, after, _ = play
    agent = after.state.agent
    assert np.isin(agent, plant.kitchen.floor_cells).all()
    assert (np.diff(np.sort(agent, -1)) > 0).all()
    moved = np.abs(agent // 16 - before.agent // 16) + np.abs(agent % 16 - before.agent % 16)
    assert moved.max() == 1


@pytest.mark.slow
def test_no_item_is_lost_or_in_two_hands(play):
    plant, _, after, _ = play
    state, kitchen = after.state, plant.kitchen
    hands = np.stack([(state.hold == item).sum(-1) for item in range(kitchen.n_items)], -1)
    assert hands.max() == 1
    plated = state.plate >= 0
    assert (state.plate[plated] >= kitchen.n_foods).all()
    assert (state.chops[plated] == CHOPPED).all()  # only chopped food goes onto plates
    in_hands = hands[..., : kitchen.n_foods] > 0
    assert not (in_hands & plated).any()
    # Held items are where their carriers are, plated foods where their plates are.
    holder = state.hold[..., None] == np.arange(kitchen.n_items)
    carried = np.where(holder, state.agent[..., None], 0).sum(-2)
    assert (state.item[hands > 0] == carried[hands > 0]).all()
    beneath = np.take_along_axis(state.item, np.where(plated, state.plate, 0), -1)
    assert (state.item[..., : kitchen.n_foods] == beneath)[plated].all()
    # All others lie on counters, never on the floor.
    free = hands == 0
    free[..., : kitchen.n_foods] &= ~plated
    assert not np.isin(state.item[free], kitchen.floor_cells).any()


@pytest.mark.slow
def test_rewards_are_those_of_the_events(play):
    _, _, after, _ = play
    info = after.info
    expected = -0.1 + 10 * info["chopped"] + 200 * info["success"] - 5 * info["wrong_deliveries"]
    np.testing.assert_allclose(after.reward, expected, atol=1e-4)
    np.testing.assert_array_equal(after.terminal, info["success"])
    assert info["chopped"].sum() > 0
    assert info["wrong_deliveries"].sum() > 0


@pytest.mark.slow
def test_macro_action_and_view_stay_while_busy(play):
    plant, before, after, _ = play
    busy = ~before.decided
    assert (after.info["macro_action"] == before.macro_action)[busy].all()
    kept = ~after.decided
    assert (after.state.seen == before.seen)[kept].all()
    assert kept.any()
    own = after.state.seen[..., -2 * plant.kitchen.n_agents - plant.kitchen.one_hot_tail :]
    own = own[..., : 2 * plant.kitchen.n_agents].reshape(*own.shape[:-1], -1, 2)
    for i in range(plant.kitchen.n_agents):  # who decides sees itself where it is
        place = 16 * own[..., i, i, 0].astype(int) + own[..., i, i, 1]
        assert (place == after.state.agent[..., i])[after.decided[..., i]].all()


@pytest.mark.slow
def test_everybody_remembers_what_it_sees_and_itself(play):
    plant, _, after, _ = play
    state, n = after.state, plant.kitchen.n_agents
    mine = state.believed[..., np.arange(n), np.arange(-n, 0)]
    np.testing.assert_array_equal(mine, state.agent)


@pytest.mark.parametrize("plant", ALL_RANDOM, ids=lambda plant: plant.name)
def test_random_starts_are_drawn_by_the_rules(plant):
    kitchen, draws = plant.kitchen, 4000
    state = jax.jit(jax.vmap(plant.reset))(jax.random.split(KEY, draws)).state
    home = np.asarray(state.home)
    things, agents = home[:, : kitchen.delivery + 1], home[:, -kitchen.n_agents :]
    assert (np.diff(np.sort(home, 1)) > 0).all()
    assert set(np.unique(things)) == set(kitchen.free_places)
    assert set(np.unique(agents)) == set(kitchen.floor_cells)
    # Each place is as likely as any other for the first food: 5 standard errors.
    shares = np.unique(things[:, 0], return_counts=True)[1] / draws
    expected = 1 / len(kitchen.free_places)
    assert np.abs(shares - expected).max() < 5 * np.sqrt(expected / draws)
    order = agents if kitchen.row_by_row else 16 * (agents % 16) + agents // 16
    assert (np.diff(order) > 0).all()
    left = (agents % 16 < kitchen.middle).sum(1)
    if kitchen.wall == kitchen.size - 2:
        assert left.min() == 1
        assert left.max() == kitchen.n_agents - 1
    else:
        assert left.min() == 0
    if plant.name == "overcooked-B-rand":
        # By hand: of C(20, 3) choices, 2 * C(10, 3) leave a side empty; 450 of the 900 others
        # have one agent on the left.
        assert (left == 1).mean() == pytest.approx(0.5, abs=0.04)


def test_fixed_kitchens_start_as_drawn_and_show_what_is_in_sight():
    step = Overcooked("A").reset(KEY)
    assert (np.asarray(step.state.home) == Overcooked("A").kitchen.object_cells).all()
    seen = step.observation[0]
    # Agent 1 at (1, 2): it sees knives (1, 0) and (2, 0), the delivery (3, 0) and itself, agent 3
    # at (1, 4), and neither foods nor plates.
    assert seen[:13].tolist() == [0] * 13
    np.testing.assert_allclose(seen[13:19] * 7, [1, 0, 2, 0, 3, 0], atol=1e-5)
    np.testing.assert_allclose(seen[19:25] * 7, [1, 2, 0, 0, 1, 4], atol=1e-5)
    assert seen[25:].tolist() == [0] * 6 + [1]


@pytest.mark.slow
def test_the_wall_of_b_is_never_crossed(play):
    plant, before, after, _ = play
    if plant.kitchen.wall == plant.kitchen.size - 2:
        side = before.agent % 16 < plant.kitchen.middle
        np.testing.assert_array_equal(after.state.agent % 16 < plant.kitchen.middle, side)


@pytest.mark.slow
def test_where_chops_are_paid_once_only_the_first_of_each_food_is():
    plain = Overcooked("A", random=True)
    once = dataclasses.replace(plain, once=True)
    assert once.name == "overcooked-A-rand-once"
    copies = 128

    @jax.jit
    def run(key):
        def one(states, key):
            macro = jax.random.randint(key, (copies, 3), 0, len(plain.kitchen.macro_actions))
            steps = [
                jax.vmap(plant.step, (0, 0, None))(state, macro, key)
                for plant, state in zip((plain, once), states, strict=True)
            ]
            states = [step.state for step in steps]
            same = jax.tree.map(
                lambda a, b: (a == b).all(), *[s._replace(paid=s.decided) for s in states]
            )
            told = (steps[0].reward, steps[1].reward, steps[0].info, states[0].chops == CHOPPED)
            return states, (*told, same)

        keys = jax.random.split(key, copies)
        begin = [jax.vmap(plant.reset)(keys).state for plant in (plain, once)]
        return jax.lax.scan(one, begin, jax.random.split(key, 200))[1]

    paid, paid_once, info, chopped, same = jax.tree.map(np.asarray, run(KEY))
    assert all(np.all(part) for part in jax.tree.leaves(same))
    others = -0.1 - 5.0 * info["wrong_deliveries"] + 200.0 * info["success"]
    ever = np.maximum.accumulate(chopped, 0).sum(-1)
    np.testing.assert_allclose((paid_once - others).cumsum(0), 10.0 * ever, atol=1e-2)
    np.testing.assert_allclose((paid - others), 10.0 * info["chopped"], atol=1e-4)
    assert (paid_once <= paid).all()
    assert (paid_once < paid).any()


HALF_WAY = [Overcooked("B", random=True), Overcooked("large-C"), Overcooked("large-A", once=True)]


@pytest.mark.parametrize("plant", HALF_WAY, ids=lambda plant: plant.name)
def test_half_way_any_part_of_the_work_is_done_and_every_item_lies_where_it_can(plant):
    kitchen, copies = plant.kitchen, 2000
    foods, items = kitchen.n_foods, kitchen.n_items
    keys = jax.random.split(KEY, copies)
    begun = jax.tree.map(np.asarray, jax.jit(jax.vmap(plant.reset_half_way))(keys).state)
    on, ready = begun.plate >= 0, begun.chops == CHOPPED
    assert np.isin(begun.chops, (0, CHOPPED)).all()
    assert (ready | ~on).all()
    plated = Counter(on.sum(1).tolist())
    assert set(plated) == set(range(foods + 1))
    assert min(plated.values()) > 0.7 * copies / (foods + 1)
    # From what is plated to all, alike probable.
    alone = Counter(ready[~on.any(1)].sum(1).tolist())
    assert set(alone) == set(range(foods + 1))
    plates = [set(row[row >= 0].tolist()) for row in begun.plate]
    assert max(map(len, plates)) == 1
    assert set.union(*plates) == set(range(foods, items))

    knives, delivery = begun.home[:, items : kitchen.delivery], begun.home[:, kitchen.delivery]
    number = np.arange(copies)[:, None]
    np.testing.assert_array_equal(begun.item[:, :foods][on], begun.item[number, begun.plate][on])
    lying = np.concatenate([~on, np.full((copies, items - foods), True)], 1)
    for row in range(copies):
        cells = begun.item[row][lying[row]]
        assert len(set(cells.tolist())) == len(cells)
        assert not np.isin(begun.item[row, foods:], knives[row]).any()
    assert (begun.item != delivery[:, None]).all()
    assert np.isin(begun.item, [*kitchen.free_places, *kitchen.counter_order]).all()
    at_home = begun.item == begun.home[:, :items]
    assert not at_home[:, :foods][ready & ~on].any()
    assert 0.2 < at_home[:, foods:].mean() < 0.8
    at_knife = (begun.item[:, :foods, None] == knives[:, None]).any(-1)
    assert (at_knife & ~ready).any()
    assert (at_knife & ready).any()

    objects = jax.vmap(lambda state: state.object_cells)(begun)
    assert (begun.believed == np.asarray(objects)[:, None]).all()
    assert (begun.hold == -1).all()
    assert begun.decided.all()
    if plant.once:
        np.testing.assert_array_equal(begun.paid, ready)


def test_a_meal_begun_half_way_is_delivered_for_200_and_no_chop_is_paid_again():
    plant = Overcooked("large-A", once=True)
    kitchen = plant.kitchen
    foods, places = kitchen.n_foods, start.places(kitchen)
    meal = start.Work(
        places[: kitchen.n_items].at[:foods].set(places[foods]),
        jnp.full(foods, CHOPPED, jnp.int8),
        jnp.full(foods, foods, jnp.int8),
    )
    step = plant.begin(places, meal)
    take, deliver = (kitchen.macro_actions.index(n) for n in ("get plate 1", kitchen.deliver))
    run = jax.jit(plant.step)
    earned, steps = 0.0, 0
    while not step.terminal:
        assert steps < plant.horizon
        holds = step.state.hold[0] == foods
        first = jnp.where(holds, deliver, take)
        others = jnp.full(kitchen.n_agents - 1, kitchen.macro_actions.index("stay"))
        step = run(step.state, jnp.concatenate([first[None], others]), KEY)
        earned, steps = earned + float(step.reward), steps + 1
    assert step.info["success"]
    assert earned == pytest.approx(200.0 - 0.1 * steps, abs=1e-3)
