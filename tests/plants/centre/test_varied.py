"""A centre that is another in each episode is each of its centres, and its file says what it draws."""

import tomllib
from importlib.resources import files

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.errors import UserError
from shiftwork.people.centre.people import People, people_at
from shiftwork.people.centre.rules import NAMES, rules_at
from shiftwork.plants.catalogue import make_team_plant
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.load import load_scenario
from shiftwork.plants.centre.varied import VariedCentre
from shiftwork.plants.centre.varied_file import load_centre, scenario_toml
from shiftwork.plants.team_plant import TeamPlant

SCENARIOS = files("shiftwork.plants.centre") / "scenarios"
SMALL = (SCENARIOS / "centre-small.toml").read_text(encoding="utf-8")
SOME = """
ships.eta_sigma_d = [0.1, 0.3]
ships.grades.probability = [0.1, 0.6]
tanks.capacity_m3 = [5000.0, 9000.0]
tanks.level = [0.3, 0.8]
prices.naphtha = [0.005, 0.03]
limits.compressor_t_per_h = [50.0, 70.0]
furnaces.feed_t_per_h = [38.0, 47.0]
costs.decoke_usd = [10000, 90000]
"""


def written(tmp_path, ranges, text=SMALL):
    file = tmp_path / "mine.toml"
    file.write_text(text.replace('"centre-small"', '"mine"') + "\n[varied]\n" + ranges)
    return file


@pytest.fixture(scope="module")
def varied(tmp_path_factory):
    return load_centre(written(tmp_path_factory.mktemp("varied"), SOME))


@pytest.mark.slow
@pytest.mark.parametrize("who", ["people", "rules"])
def test_an_episode_is_one_of_the_centre_that_was_drawn(varied, who):
    """Step by step: state, what is seen, masks, reward; and so does whoever runs it."""
    key = jax.random.key(4)
    values_key, inner_key = jax.random.split(key)
    drawn = tuple(float(value) for value in varied.drawn(values_key))
    scenario = varied.scenario
    numbers = scenario.model_dump()
    for given, value in zip(varied.ranges, drawn, strict=True):
        *way, last = given.place
        table = numbers
        for part in way:
            table = table[part]
        table[last] = value
    centre = Centre(type(scenario).model_validate(numbers))
    values = dict.fromkeys(NAMES, 0.5)
    ours = people_at(varied) if who == "people" else rules_at(varied, values)
    theirs = People(centre) if who == "people" else rules_at(centre, values)
    steps = (varied.reset(key), centre.reset(inner_key))
    memories = (ours.begin(key), theirs.begin(key))
    run_ours, run_theirs = (jax.jit(lambda *given, it=it: it.act(*given)) for it in (ours, theirs))
    step_ours, step_theirs = jax.jit(varied.step), jax.jit(centre.step)
    for hour in range(60):
        one, other = steps
        assert np.array_equal(one.decided, other.decided)
        assert np.array_equal(one.mask, other.mask)
        for name in ("observation", "reward"):
            np.testing.assert_allclose(
                getattr(one, name), getattr(other, name), rtol=2e-4, atol=2e-4
            )
        key = jax.random.key(100 + hour)
        mine, macro = run_ours(memories[0], one, key)
        yours, same = run_theirs(memories[1], other, key)
        assert np.array_equal(np.where(one.decided, macro, 0), np.where(other.decided, same, 0))
        memories = (mine, yours)
        steps = (step_ours(one.state, macro, key), step_theirs(other.state, macro, key))


def test_it_is_a_plant_like_its_centres(varied):
    small = make_team_plant("centre-small")
    assert isinstance(varied, TeamPlant)
    for name in ("agents", "roles", "observation_sizes", "macro_actions", "horizon", "family"):
        assert getattr(varied, name) == getattr(small, name)
    assert hash(varied) == hash(VariedCentre(varied.scenario, varied.ranges))
    assert all(
        varied.observation_names(n) == small.observation_names(n) for n in range(len(small.agents))
    )


def test_each_number_is_drawn_on_its_own_and_evenly(varied):
    keys = jax.random.split(jax.random.key(0), 4000)
    drawn = np.asarray(jax.vmap(varied.drawn)(keys))
    low, high = (np.array([given[end] for given in varied.ranges]) for end in (1, 2))
    share = (drawn - low) / (high - low)
    assert share.min() >= -1e-6
    assert share.max() <= 1 + 1e-6
    np.testing.assert_allclose(share.mean(0), 0.5, atol=0.03)
    np.testing.assert_allclose(share.std(0), 12**-0.5, atol=0.02)
    np.testing.assert_allclose(np.corrcoef(share.T), np.eye(len(low)), atol=0.08)
    assert [given.place for given in varied.ranges if given.place[-1] == "level"] == [
        ("tanks", 0, "level"), ("tanks", 1, "level"),
    ]  # fmt: skip


def test_there_are_ships_for_the_shortest_interval(tmp_path):
    often = load_centre(
        written(tmp_path, "ships.interval_d = [0.9, 1.2]\nships.first_d = [0.2, 1]")
    )
    state = jax.eval_shape(often.reset, jax.eval_shape(lambda: jax.random.key(0))).state
    assert len(state.centre.harbour.called) >= int((10 - 0.2) / 0.9) + 1


def test_the_shipped_one_holds_three_of_the_large_scenarios():
    varied = make_team_plant("centre-varied")
    for name in ("centre-steady", "centre-heavy-feed", "centre-price-swing"):
        other = load_scenario(name).model_dump()
        ours = varied.scenario.model_dump() | {"name": name}
        for given in varied.ranges:
            *way, last = given.place
            mine, theirs = ours, other
            for part in way:
                mine, theirs = mine[part], theirs[part]
            assert given.low <= theirs[last] <= given.high, (name, given)
            mine[last] = theirs[last]
        assert ours == other


def test_a_drawn_scenario_is_a_file_like_any_other(varied, tmp_path):
    file = tmp_path / "one.toml"
    one = varied.one(3)
    file.write_text(scenario_toml(one))
    assert load_scenario(file) == one
    assert one.name == "mine-3"
    assert one != varied.one(4)
    assert varied.one(3) == one


def test_text_of_any_scenario_is_read_back(tmp_path):
    file = tmp_path / "all.toml"
    for name in ("centre-small", "centre-tight"):
        odd = load_scenario(name).model_copy(update={"name": 'a "b" \\c'})
        file.write_text(scenario_toml(odd))
        assert load_scenario(file) == odd


@pytest.mark.parametrize(
    ("ranges", "told"),
    [
        ("", "varied: holds no range; write KEY = [least, most]"),
        ("ships.interval = [1.0, 2.0]", "varied: ships.interval: unknown key 'interval'; did you mean 'interval_d'"),
        ("sea.depth = [1.0, 2.0]", "varied: sea.depth: unknown key 'sea'"),
        ("ships.interval_d = [2.0, 1.0]", "ships.interval_d is [2.0, 1.0]; the first number must be the smaller"),
        ("ships.interval_d = [1.0, 1.0]", "the first number must be the smaller"),
        ("ships.interval_d = 2.0", "ships.interval_d is 2.0; write two numbers, [least, most]"),
        ("ships.interval_d = [1.0]", "write two numbers"),
        ("ships.interval_d = [1.0, nan]", "write two numbers"),
        ("ships.interval_d = [1.0, true]", "write two numbers"),
        ('ships.interval_d = ["1", "2"]', "write two numbers"),
        ("ships.cargo_t = [1.0, 2.0]", "ships.cargo_t is not a single number with a decimal point"),
        ("ships = [1.0, 2.0]", "ships is not a single number"),
        ("tanks = [1.0, 2.0]", "tanks is not a single number"),
        ("tanks.piona = [1.0, 2.0]", "tanks.piona is not a single number"),
        ("tanks.name = [1.0, 2.0]", "tanks.name is not a single number"),
        ("horizon_d = [5.0, 9.0]", "horizon_d is not a single number with a decimal point"),
        ("berths.wait_h = [5.0, 9.0]", "berths.wait_h is not a single number with a decimal point"),
        ("ships.interval_d.x = [5.0, 9.0]", "ships.interval_d.x is not a single number"),
        ("tanks.level = [0.01, 0.5]", "varied: tanks.1.level = 0.01: tanks.1: level 0.01 is outside heel"),
        ("ships.interval_d = [0.1, 1.0]", "varied: ships.interval_d = 0.1: ships.interval_d: a ship every 0.1 d"),
        ("tanks.heel = [0.05, 0.4]\ntanks.level = [0.35, 0.8]",
         "varied: tanks.1.level = 0.35"),
        ("costs.decoke_usd = [-5.0, 1.0]", "varied: costs.decoke_usd = -5: costs.decoke_usd: -5.0 must be at least 0"),
    ],
)  # fmt: skip
def test_a_wrong_range_is_refused_in_one_line(tmp_path, ranges, told):
    with pytest.raises(UserError) as error:
        load_centre(written(tmp_path, ranges))
    message = str(error.value)
    if "tanks.heel" in ranges:
        assert "narrow a range" in message or "is outside heel" in message
    else:
        assert told in message
    assert message.startswith(str(tmp_path / "mine.toml") + ": varied")
    assert "\n" not in message


def test_ranges_that_contradict_each_other_are_found_by_drawing(tmp_path):
    """Each end alone is possible; a low tank with a high heel is not."""
    ranges = "tanks.heel = [0.05, 0.29]\ntanks.level = [0.1, 0.8]"
    with pytest.raises(UserError, match=r"contradict itself \(narrow a range\): tanks\.\d: level"):
        load_centre(written(tmp_path, ranges))


def test_a_varied_centre_is_no_scenario(tmp_path):
    file = written(tmp_path, SOME)
    with pytest.raises(UserError, match="draw one scenario of it: shiftwork team draw"):
        load_scenario(file)
    with pytest.raises(UserError, match="centre-varied: varied: its numbers are drawn"):
        load_scenario("centre-varied")


def test_the_text_says_what_the_file_says():
    raw = tomllib.loads((SCENARIOS / "centre-varied.toml").read_text(encoding="utf-8"))
    varied = make_team_plant("centre-varied")
    tanks = len(raw["tanks"])
    given = sum(
        tanks if table == "tanks" else len(raw["ships"]["grades"]) if isinstance(entry, dict) else 1
        for table, keys in raw["varied"].items()
        for entry in keys.values()
    )
    assert len(varied.ranges) == given
    assert jnp.isfinite(varied.drawn(jax.random.key(1))).all()
