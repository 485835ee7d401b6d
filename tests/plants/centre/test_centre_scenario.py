"""A scenario that cannot be is refused in one line that names the key."""

import re
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shiftwork.errors import UserError
from shiftwork.plants.catalogue import CENTRES, make_team_plant
from shiftwork.plants.centre.load import load_scenario, parse_scenario
from shiftwork.plants.centre.scenario_checks import check_scenario
from support.centre_builders import OPEN, changed, raw

MEND = re.compile(r"; (give|write|mend|choose|widen|did you mean|known|it must be|check)\b")
TANK = raw()["tanks"][0]


def refused(changes):
    with pytest.raises(UserError) as error:
        check_scenario(parse_scenario(changed(changes), "mine.toml"), "mine.toml")
    message = str(error.value)
    assert message.startswith("mine.toml: ")
    assert "\n" not in message
    assert MEND.search(message), message
    return message


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"ships.interval_d": 0.1}, "ships.interval_d: a ship every 0.1 d"),
        ({"ships.cargo_t": [4000.0, 4400.0]}, "ships.cargo_t: 175 t/h arrive"),
        ({"ships.cargo_t": [9000.0, 9900.0], "ships.interval_d": 5.0}, "ships.cargo_t: the largest"),
        ({"ships.interval_d": 9.0, "furnaces.cracking_at_least": 1}, "ships.interval_d: 9 t/h arrive"),
        ({"ships.cargo_t": [2100.0, 1900.0]}, "ships.cargo_t: 2100 is above 1900"),
        ({"ships.cargo_t": [1900.0]}, "ships.cargo_t.2 is missing"),
        ({"ships.cargo_t": [-5.0, 100.0]}, "ships.cargo_t.1: -5.0 must be above 0"),
        ({"ships.grades": []}, "ships.grades: [] has too few entries"),
        ({"ships.grades.0.piona": [50.0, 32.5, 0.5, 12.0, 4.0]}, "ships.grades.1: piona sums to 99"),
        ({"ships.grades.0.probability": 0.0}, "ships.grades.1.probability: 0.0 must be above 0"),
        ({"ships.colour": "red"}, "ships: unknown key 'colour'"),
        ({"ships.eta_sigma_days": 1.0}, "ships: unknown key 'eta_sigma_days'; did you mean 'eta_sigma_d'"),
        ({"ships.eta_sigma_d": float("nan")}, "ships.eta_sigma_d: nan is not finite"),
        ({"ships.eta_sigma_d": "1"}, "ships.eta_sigma_d: '1' is no number"),
        ({"ships.eta_sigma_d": True}, "ships.eta_sigma_d: True is no number"),
        ({"ships": 3}, "ships: 3 is no table; write it as [ships]"),
        ({"berths.count": 0}, "berths.count: 0 must be at least 1"),
        ({"berths.count": 1.5}, "berths.count: 1.5 is no whole number"),
        ({"berths.unloading_m3_per_h": -1.0}, "berths.unloading_m3_per_h: -1.0 must be above 0"),
        ({"berths.unloading_m3_per_h": 6000.0}, "berths.unloading_m3_per_h: 6000 is more in an hour"),
        ({"tanks.0.capacity_m3": 100.0, "tanks.1.capacity_m3": 5000.0, "berths.unloading_m3_per_h": 400.0,
          "furnaces.count": 16, "ships.cargo_t": [1000.0, 1100.0], "tanks.1.high": 0.2,
          "tanks.1.level": 0.1}, "ships.cargo_t: the largest"),
        ({"tanks": []}, "tanks: [] has too few entries"),
        ({"tanks": None}, "tanks is missing"),
        ({"tanks.1.heel": 0.95}, "tanks.2: heel 0.95 is not below high 0.93"),
        ({"tanks.1.level": 0.01}, "tanks.2: level 0.01 is outside heel 0.07 to high 0.93"),
        ({"tanks.0.piona": [56.0, 16.0, 0.5, 19.5]}, "tanks.1.piona.5 is missing"),
        ({"tanks.0.piona": [66.0, 16.0, -9.5, 19.5, 8.0]}, "tanks.1: piona has a negative entry"),
        ({"tanks.0.colour": 1}, "tanks.1: unknown key 'colour'"),
        ({"tanks.1.name": "T1"}, "tanks: two are named 'T1'"),
        ({"furnaces.count": 0}, "furnaces.count: 0 must be at least 1"),
        ({"furnaces.decoke_h": 241}, "furnaces.decoke_h: 241 is longer than the horizon of 240 h"),
        ({"gas_furnaces.decoke_h": 300}, "gas_furnaces.decoke_h: 300 is longer"),
        ({"furnaces.cot_levels_c": [820.0, 900.0]}, "furnaces.cot_levels_c: 820, 900 leaves"),
        ({"furnaces.cot_levels_c": [840.0, 820.0]}, "furnaces.cot_levels_c: [840.0, 820.0] do not rise"),
        ({"furnaces.feed_levels_t_per_h": [10.0, 40.0]}, "furnaces.feed_levels_t_per_h: 10, 40 leaves"),
        ({"furnaces.feed_levels_t_per_h": []}, "furnaces.feed_levels_t_per_h: [] has too few"),
        ({"furnaces.steam_ratio": 2.0}, "furnaces.steam_ratio: 2 leaves"),
        ({"furnaces.age_d": [9.0, 2.0]}, "furnaces.age_d: 9 is above 2"),
        ({"furnaces.decokes_at_once": 3}, "furnaces.decokes_at_once: 3 is more than the 2"),
        ({"furnaces.cracking_at_least": 2}, "furnaces.cracking_at_least: 2 of 2"),
        ({"gas_furnaces.cot_c": 700.0}, "gas_furnaces.cot_c: 700 leaves"),
        ({"blending.recipe_parts": 4}, "blending.recipe_parts: 4 must be at most 3"),
        ({"blending.spec_low": [70.0, 10.0, 0.0, 8.0, 2.0]}, "blending.spec_low: 70 of n-paraffins"),
        ({"blending.spec_high": [43.0, 11.0, 1.0, 9.0, 3.0]}, "blending.spec_low: no composition fits"),
        ({"costs.demurrage_usd_per_d": -1.0}, "costs.demurrage_usd_per_d: -1.0 must be at least 0"),
        ({"prices.passed_on": 1.5}, "prices.passed_on: 1.5 must be at most 1"),
        ({"prices.naphtha": None}, "prices.naphtha is missing"),
        ({"furnace_agents": "some"}, "furnace_agents: 'some' is unknown; write 'each' or 'all'"),
        ({"horizon_d": 0}, "horizon_d: 0 must be at least 1"),
        ({"horizon": 10}, "unknown key 'horizon'; did you mean 'horizon_d'"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_one_line_with_its_key_and_a_mend(changes, told):
    assert refused(changes).removeprefix("mine.toml: ").startswith(told)


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-10, 10**7), st.floats(), st.text(max_size=5),
    st.lists(st.floats(-1, 1000), max_size=6), st.just({}), st.just(OPEN), st.just([TANK] * 2),
)  # fmt: skip


def keys(table, prefix=""):
    for key, value in table.items():
        yield prefix + key
        if isinstance(value, dict):
            yield from keys(value, f"{prefix}{key}.")
        if isinstance(value, list) and isinstance(value[0], dict):
            yield from keys(value[0], f"{prefix}{key}.0.")


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(list(keys(raw()))), JUNK, min_size=1, max_size=2))
def test_junk_at_any_key_is_a_scenario_or_one_line(changes):
    try:
        table = changed(dict(sorted(changes.items(), key=lambda item: -item[0].count("."))))
    except (KeyError, TypeError, IndexError):
        return  # one change has taken away the place of the other
    try:
        check_scenario(parse_scenario(table, "mine.toml"), "mine.toml")
    except UserError as error:
        message = str(error)
        assert MEND.search(message), message
        assert len(message) < 400


def test_the_shipped_scenarios_are_what_their_names_say():
    found = {name: load_scenario(name) for name in CENTRES}
    assert [s.name for s in found.values()] == list(CENTRES)
    small, steady = found["centre-small"], found["centre-steady"]
    assert (len(small.tanks), small.furnaces.count, small.horizon_d) == (2, 2, 10)
    assert (len(steady.tanks), steady.furnaces.count, steady.horizon_d) == (8, 10, 90)
    tight = found["centre-tight"]
    assert len(tight.tanks) < len(steady.tanks)
    assert tight.ships.eta_sigma_d > steady.ships.eta_sigma_d
    heavy = found["centre-heavy-feed"].ships.grades[2]
    assert heavy.probability > steady.ships.grades[2].probability
    assert found["centre-price-swing"].prices.ethylene > 2 * steady.prices.ethylene
    assert len({hash(s) for s in found.values()}) == 5
    assert load_scenario("centre-small") == small


def written(path, changes):
    """The small scenario's file with other words in it."""
    text = (files("shiftwork.plants.centre") / "scenarios/centre-small.toml").read_text()
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return path


def test_ones_own_file_is_a_plant(tmp_path):
    path = written(tmp_path / "mine.toml", {'"centre-small"': '"mine"'})
    plant = make_team_plant(str(path))
    assert plant.name == "mine"
    assert plant.scenario.tanks == load_scenario("centre-small").tanks
    assert plant.scenario == load_scenario(path)


def test_files_that_cannot_be_read_are_one_line(tmp_path):
    for content, told in (
        (None, "no such file; give"),
        (b"horizon_d = ", "is no valid TOML"),
        (b"\xff\xfe", "cannot be read"),
    ):
        path = tmp_path / "mine.toml"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(UserError, match=told) as error:
            load_scenario(path)
        assert str(path) in str(error.value)
    with pytest.raises(UserError, match="did you mean 'centre-steady'"):
        load_scenario("centre-stedy")
    with pytest.raises(UserError, match="'centre-small' ships with the package; choose another"):
        load_scenario(written(tmp_path / "copy.toml", {"horizon_d = 10": "horizon_d = 11"}))
