import jax
import numpy as np
import pytest

from support.golden_traces import GOLDEN, KITCHENS, compare_kitchens, homes, load, steps

TOTALS = ("steps", "left out", "primitives", "wrong primitives")


@pytest.fixture(scope="module", params=KITCHENS)
def counted(request):
    return request.param, compare_kitchens(request.param)


@pytest.mark.slow
def test_with_recorded_primitives_all_else_is_equal_in_every_step(counted):
    name, counts = counted
    wrong = {key: count for key, count in counts.items() if key not in TOTALS and count}
    assert not wrong
    assert counts["steps"] > 3000
    assert counts["left out"] == (2 if name == "ovcA11" else 0)


@pytest.mark.slow
def test_the_controllers_own_primitives_are_the_recorded_ones(counted):
    # Ties among equal paths too: the public heap is rebuilt entry by entry.
    assert counted[1]["wrong primitives"] == 0


@pytest.mark.slow
def test_whole_episodes_follow_from_the_macro_actions_alone():
    plant, trace = KITCHENS["ovcB7"], load(GOLDEN, "ovcB7")

    def run(places, given):
        def step(state, macro_action):
            step = plant.step(state, macro_action, jax.random.key(0))
            return step.state, (step.reward, step.decided, step.terminal)

        return jax.lax.scan(step, plant.begin(places).state, given)[1]

    reward, decided, terminal = jax.jit(jax.vmap(run))(
        homes(trace), trace["given"].astype(np.int32)
    )
    e, t = steps(trace)
    np.testing.assert_allclose(np.asarray(reward)[e, t], trace["reward"][e, t], atol=1e-4)
    np.testing.assert_array_equal(np.asarray(decided)[e, t], trace["macro_done"][e, t])
    np.testing.assert_array_equal(np.asarray(terminal)[e, t], trace["terminated"][e, t])


@pytest.mark.parametrize("name", KITCHENS)
def test_maps_and_macro_actions_are_the_recorded_ones(name):
    kitchen, trace = KITCHENS[name].kitchen, load(GOLDEN, name)
    floor = [16 * row + column for row, column in np.argwhere(trace["base_grid"] == 0)]
    assert list(kitchen.floor_cells) == floor
    assert list(kitchen.macro_actions) == trace["macro_names"].tolist()
    assert [place // 16 for place in kitchen.counter_order] == trace["counter_order"].tolist()
    if not KITCHENS[name].random:
        assert (homes(trace) == np.array(kitchen.object_cells)).all()
    else:
        assert np.isin(homes(trace)[:, : kitchen.delivery + 1], kitchen.free_places).all()
