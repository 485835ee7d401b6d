"""From the grid to episodes: what ends one, what its steps hold, and where actions may lie."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shiftwork.records.formats.compact import read_compact, write_compact
from shiftwork.records.formats.minari import read_minari, write_minari
from shiftwork.records.historian.cut import Cut, cut_episodes
from shiftwork.records.historian.grid import to_grid
from shiftwork.records.historian.plant_file.model import PlantFile
from support.grid_builders import LEVEL, REFLUX, START_S, every, make_plant, make_samples
from support.record_builders import refused

BAD, LOST = 2, "of bad quality"
"""Status; what a row of samples holds where it is that."""
RATED = REFLUX + "\nrate = [-0.5, 1.0]"
RUN = {"reflux": REFLUX, "level": LEVEL, "run": 'role = "state"'}


def cut(plant: PlantFile | None = None, **tags: list) -> Cut:
    plant = plant or make_plant()
    return cut_episodes(to_grid(make_samples(plant, **tags), plant), plant)


def minutes(values: list) -> list[tuple[float, object]]:
    """Samples a minute apart; None where nothing is recorded, LOST where bad."""
    return [
        (60 * i, 0.0, BAD) if v is LOST else (60 * i, v)
        for i, v in enumerate(values)
        if v is not None
    ]


def seen(found: Cut, name: str) -> list[float]:
    names = [tag.name for tag in found.episodes.observation_tags]
    return found.episodes.observation[:, names.index(name)].tolist()


def total(found: Cut) -> int:
    return sum(found.dropped.values()) + len(found.episodes.reward)


def test_the_action_is_the_set_point_before_the_next_decision() -> None:
    # Moved 20 s after the stamp: it is the action of that minute, and seen at its end.
    found = cut(reflux=[(0, 2.0), (80, 3.0), (240, 3.0)], level=minutes([10.0, 12, 14, 16, 18]))
    episodes = found.episodes
    assert episodes.action[:, 0].tolist() == [2, 3, 3, 3]
    assert seen(found, "reflux") == [2, 2, 3, 3, 3]
    assert seen(found, "level") == [10, 12, 14, 16, 18]
    assert episodes.reward.tolist() == [11, 13, 15, 17]
    assert (episodes.length.tolist(), episodes.terminal.tolist()) == ([4], [False])
    assert found.dropped == {"end of the records": 1}
    assert (found.stamps.astype("int64") / 1e6 - START_S).tolist() == [0, 60, 120, 180, 240]
    assert found.spans.tolist() == [[found.stamps[0].item(), found.stamps[-1].item()]]


def test_what_comes_from_outside_is_known_of_its_tag_and_makes_other_records(tmp_path) -> None:
    kinds = [LEVEL, LEVEL + "\noutside = true"]
    plants = [make_plant({"reflux": REFLUX, "level": kind}) for kind in kinds]
    samples = {
        "reflux": [(0, 2.0), (80, 3.0), (240, 3.0)],
        "level": minutes([10.0, 12, 14, 16, 18]),
    }
    plain, told = (cut(plant, **samples).episodes for plant in plants)
    assert [tag.name for tag in told.observation_tags if tag.outside] == ["level"]
    assert not any(tag.outside for tag in plain.observation_tags)
    assert plain.hash != told.hash
    write_compact(told, tmp_path / "told.npz")
    again = read_compact(tmp_path / "told.npz")
    assert again.observation_tags == told.observation_tags
    assert again.hash == told.hash


def test_columns_are_tags_in_order_and_the_box() -> None:
    tags = {
        "reflux": REFLUX + '\nunit = "t/h"',
        "quiet": 'role = "action"\nbounds = [0, 1]\nalso_observed = false',
        "level": LEVEL + '\nunit = "m"\nspan = [0, 4]',
        "price": 'role = "objective"',
    }
    some = minutes([1.0, 2, 1])
    found = cut(make_plant(tags), reflux=some, quiet=minutes([0.0, 1, 0]), level=some, price=some)
    names = ["reflux", "level", "reflux low", "reflux high", "quiet low", "quiet high"]
    tags_seen = found.episodes.observation_tags
    assert [tag.name for tag in tags_seen] == names
    assert [tag.unit for tag in tags_seen[:4]] == ["t/h", "m", "t/h", "t/h"]
    assert (tags_seen[1].low, tags_seen[1].high) == (0, 4)
    reflux, quiet = found.episodes.action_tags
    assert (reflux.low, reflux.high, reflux.unit) == (1, 7, "t/h")
    assert (reflux.low_tag, reflux.high_tag) == ("reflux low", "reflux high")
    assert (quiet.low, quiet.high) == (0, 1)


def test_the_box_moves_with_the_set_point() -> None:
    plant = make_plant({"reflux": RATED, "level": LEVEL})
    found = cut(plant, reflux=minutes([2.0, 3.0, 2.5, 6.5, 6.5]), level=minutes([0.0] * 5))
    assert seen(found, "reflux low") == [1.5, 2.5, 2, 6, 6]
    assert seen(found, "reflux high") == [3, 4, 3.5, 7, 7]
    # 2.5 to 6.5 is more than one a minute: told, and clipped to what was allowed.
    assert found.episodes.action[:, 0].tolist() == [3, 2.5, 3.5, 6.5]
    (broken,) = found.violations
    assert (broken.tag, broken.limit, broken.count, broken.worst) == ("reflux", "rise", 1, 3.0)
    assert broken.example == found.stamps[2]


def test_limits_in_tags_hold_row_by_row() -> None:
    tags = {
        "reflux": 'role = "action"\nbounds = ["floor", 7]\nrate = [-6, "jump"]\nrate_per = "2min"',
        "level": LEVEL,
        "floor": 'role = "limit"',
        "jump": 'role = "limit"',
    }
    found = cut(
        make_plant(tags),
        reflux=minutes([4.0, 2.0, 4.0, 4.0]),
        level=minutes([0.0] * 4),
        floor=minutes([1.0, 3.0]),
        jump=minutes([2.0, 8.0]),
    )
    assert seen(found, "reflux low") == [1, 3, 3, 3]
    assert seen(found, "reflux high") == [5, 6, 7, 7]
    assert found.episodes.action[:, 0].tolist() == [2, 4, 4]
    assert found.episodes.action_tags[0].low == 1
    assert not found.violations


def test_absolute_limits_come_before_rate_limits() -> None:
    plant = make_plant({"reflux": RATED, "level": LEVEL})
    found = cut(plant, reflux=minutes([9.0, 8.5, 8.0]), level=minutes([0.0] * 3))
    # From 9 no move of half a unit a minute leads back below 7: the box is its nearest point.
    assert seen(found, "reflux low") == seen(found, "reflux high") == [7, 7, 7]
    assert found.episodes.action[:, 0].tolist() == [7, 7]
    assert [(v.limit, v.count, v.worst) for v in found.violations] == [("high", 2, 1.5)]


def test_absolute_limits_come_before_rate_limits_from_below_too() -> None:
    plant = make_plant({"reflux": REFLUX + "\nrate = [-1.0, 0.2]", "level": LEVEL})
    found = cut(plant, reflux=minutes([0.5, 0.5, 0.5]), level=minutes([0.0] * 3))
    assert seen(found, "reflux low") == seen(found, "reflux high") == [1, 1, 1]
    assert [(v.limit, v.count, v.worst) for v in found.violations] == [("low", 2, 0.5)]


def test_a_dead_band_breaks_no_limit() -> None:
    # A set-point that is told to 0.1 only may seem to have moved by that much more.
    plant = make_plant({"reflux": RATED + "\ndead_band = 0.1", "level": LEVEL})
    found = cut(plant, reflux=minutes([2.0, 3.05, 4.2]), level=minutes([0.0] * 3))
    assert [(v.limit, v.count) for v in found.violations] == [("rise", 1)]


def test_rounding_breaks_no_limit() -> None:
    plant = make_plant({"reflux": RATED, "level": LEVEL})
    found = cut(plant, reflux=minutes([2.0, 3.0004, 2.4]), level=minutes([0.0] * 3))
    assert [v.limit for v in found.violations] == ["fall"]
    assert found.episodes.action[0, 0] == 3.0


def test_a_shutdown_ends_an_episode_for_good() -> None:
    plant = make_plant(RUN, episodes="shutdown = \"run != 'RUN'\"")
    run = minutes(["RUN"] * 4 + ["STOP"] * 3 + ["RUN"] * 4)
    found = cut(plant, run=run, reflux=minutes([2.0] * 11), level=minutes([*range(11)]))
    assert found.episodes.length.tolist() == [4, 3]
    assert found.episodes.terminal.tolist() == [True, False]
    assert seen(found, "level") == [0, 1, 2, 3, 4, 7, 8, 9, 10]
    assert found.dropped == {"shutdown": 3, "end of the records": 1}


def test_a_shutdown_that_takes_the_measurements_along_is_still_one() -> None:
    tags = RUN | {"mode": 'role = "state"'}
    plant = make_plant(tags, episodes='shutdown = "run == \'STOP\'"\nmode = "mode"\ngap = "1min"')
    found = cut(
        plant,
        run=minutes(["RUN"] * 4 + ["STOP"] * 4),
        mode=minutes(["AUTO"] * 4 + [LOST] * 4),
        reflux=minutes([2.0, 2, 2, 3] + [LOST] * 4),
        level=[*minutes([1.0, 2, 3, 4]), (185, 0.0, BAD), (240, 0.0, BAD)],
    )
    assert found.episodes.length.tolist() == [4]
    assert found.episodes.terminal.tolist() == [True]
    assert seen(found, "level") == [1, 2, 3, 4, 4]
    assert found.episodes.action[:, 0].tolist() == [2, 2, 3, 3]
    # Of its last minute five seconds are known: it earns what the minute before it did.
    assert found.episodes.reward.tolist() == [1.5, 2.5, 3.5, 3.5]


def test_a_change_of_mode_cuts() -> None:
    plant = make_plant(RUN, episodes='mode = "run"')
    run = minutes(["auto"] * 4 + ["manual"] * 4)
    found = cut(plant, run=run, reflux=minutes([2.0] * 8), level=minutes([*range(8)]))
    assert found.episodes.length.tolist() == [3, 3]
    assert not found.episodes.terminal.any()
    assert seen(found, "level") == [0, 1, 2, 3, 4, 5, 6, 7]
    assert found.dropped == {"run changes": 1, "end of the records": 1}


@pytest.mark.parametrize(
    ("rules", "reason"),
    [("shutdown = \"run == 'STOP'\"", "unknown whether it runs"), ('mode = "run"', "run missing")],
)
def test_nobody_knows_what_an_unknown_state_is(rules: str, reason: str) -> None:
    plant = make_plant(RUN, episodes=rules + '\ngap = "1min"')
    run = minutes(["RUN"] * 4 + [LOST] * 3 + ["RUN"] * 4)
    found = cut(plant, run=run, reflux=minutes([2.0] * 11), level=minutes([*range(11)]))
    assert found.episodes.length.tolist() == [3, 3]
    assert not found.episodes.terminal.any()
    assert found.dropped == {reason: 4, "end of the records": 1}


def test_a_fixed_length_loses_no_step() -> None:
    plant = make_plant(episodes='length = "3min"')
    found = cut(plant, reflux=minutes([2.0] * 9), level=minutes([*range(9)]))
    assert found.episodes.length.tolist() == [3, 3, 2]
    assert not found.episodes.terminal.any()
    assert seen(found, "level") == [0, 1, 2, 3, 3, 4, 5, 6, 6, 7, 8]


@pytest.mark.parametrize(("gap", "lengths"), [("3min", [9]), ("2min", [2, 3])])
def test_short_gaps_are_filled_and_long_ones_cut(gap: str, lengths: list[int]) -> None:
    level = minutes([0.0, 1, 2, LOST, LOST, LOST, 6, 7, 8, 9])
    plant = make_plant(episodes=f'gap = "{gap}"')
    found = cut(plant, reflux=minutes([2.0] * 10), level=level)
    assert found.episodes.length.tolist() == lengths
    if gap == "3min":
        assert seen(found, "level") == [0, 1, 2, 2, 2, 2, 6, 7, 8, 9]
        assert found.filled == {"level": 3}
    else:
        assert found.dropped == {"level missing": 4, "end of the records": 1}
    assert total(found) == 10


def test_a_gap_that_never_ends_is_not_filled() -> None:
    level = minutes([0.0, 1, 2, 3, LOST])
    found = cut(reflux=minutes([2.0] * 6), level=level)
    assert found.episodes.length.tolist() == [3]
    assert found.filled == {}


def test_short_episodes_are_dropped() -> None:
    plant = make_plant(RUN, episodes='mode = "run"\nshortest = 3')
    run = minutes(["a"] * 3 + ["b"] * 5)
    found = cut(plant, run=run, reflux=minutes([2.0] * 8), level=minutes([*range(8)]))
    assert found.episodes.length.tolist() == [4]
    assert found.dropped == {
        "run changes": 1,
        "shorter than 3 periods": 2,
        "end of the records": 1,
    }


def test_crossed_limits_are_left_out() -> None:
    tags = {
        "reflux": 'role = "action"\nbounds = ["floor", 7]',
        "level": LEVEL,
        "floor": 'role = "limit"',
    }
    found = cut(
        make_plant(tags),
        reflux=minutes([8.0] * 7),
        level=minutes([0.0] * 7),
        floor=minutes([1.0, 1, 1, 9, 1, 1, 1]),
    )
    assert found.episodes.length.tolist() == [2, 2]
    assert found.dropped["limits of reflux crossed"] == 2


def test_an_objective_that_cannot_be_computed_is_left_out() -> None:
    plant = make_plant(objective="sqrt(level)")
    found = cut(plant, reflux=minutes([2.0] * 7), level=minutes([4.0, 4, 4, -9, 4, 4, 4]))
    assert found.episodes.length.tolist() == [2, 2]
    assert found.dropped["objective missing"] == 2


@pytest.mark.usefixtures("unhooked")
def test_an_action_that_was_never_recorded_is_refused() -> None:
    refused(lambda: cut(level=minutes([0.0] * 5)), "column.toml", "'reflux missing' (5 periods)")


@pytest.mark.usefixtures("unhooked")
def test_an_action_hidden_by_its_dead_band_is_refused() -> None:
    tags = {"reflux": REFLUX + '\nmax_age = "9h"\nunit = "t/h"', "level": LEVEL}
    rng = np.random.default_rng(0)
    kept = [(28800 * i, v) for i, v in enumerate(rng.uniform(2, 6, 12).round(1))]
    refused(
        lambda: cut(make_plant(tags), reflux=kept, level=every(60, np.zeros(12 * 480))),
        "column.toml: tags.reflux",
        "about every 8 h",
        "t/h unseen",
        "dead_band",
    )
    tags["reflux"] += "\ndead_band = 0.1"
    assert cut(make_plant(tags), reflux=kept, level=every(60, np.zeros(5000))).episodes


@st.composite
def any_records(draw: st.DrawFn) -> dict[str, list]:
    count = draw(st.integers(8, 80))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    broken = draw(st.sampled_from([0.0, 0.1, 0.3]))

    def holed(values: list) -> list:
        return [v if rng.random() > broken else LOST for v in values]

    run = np.array(["RUN", "STOP"])[(rng.random(count) < 0.1).astype(int)].tolist()
    mode = np.repeat(rng.choice(["auto", "manual"], count), 7)[:count].tolist()
    return {
        "reflux": minutes(holed((3 + rng.normal(size=count)).round(2).tolist())),
        "level": minutes(holed([float(i) for i in range(count)])),
        "run": minutes(holed(run)),
        "mode": minutes(holed(mode)),
    }


@given(any_records(), st.integers(1, 4), st.integers(2, 9))
@settings(max_examples=80, deadline=None)
def test_no_step_crosses_a_boundary(records: dict[str, list], gap: int, length: int) -> None:
    rules = f'shutdown = "run == \'STOP\'"\nmode = "mode"\ngap = "{gap}min"\n'
    rules += f'length = "{length}min"\nshortest = 1'
    tags = {"reflux": RATED, "level": LEVEL, "run": 'role = "state"', "mode": 'role = "state"'}
    plant = make_plant(tags, episodes=rules)
    grid = to_grid(make_samples(plant, **records), plant)
    try:
        found = cut_episodes(grid, plant)
    except ValueError as error:
        assert "no episode is left" in str(error)  # noqa: PT017
        return
    episodes = found.episodes
    assert total(found) == len(grid.time)
    assert episodes.length.max() <= length
    row = {stamp: i for i, stamp in enumerate(grid.time)}
    told = {name: grid.states[name].to_list() for name in ("run", "mode")}
    names = [tag.name for tag in episodes.observation_tags]
    origin = int(grid.time[0].astype("int64") / 6e7 - START_S / 60)  # the level counts minutes
    for e, (begin, end) in enumerate(found.spans):
        first, last = row[begin], row[end]
        assert last - first == episodes.length[e]
        # Inside, whatever was recorded says that it ran, in one mode.
        assert "STOP" not in told["run"][first:last]
        assert (told["run"][last] == "STOP") == episodes.terminal[e]
        inside = told["mode"][first : last + (0 if episodes.terminal[e] else 1)]
        assert len({m for m in inside if m is not None}) <= 1
        offset = episodes.starts[e] + e
        for step in range(last - first + 1):
            level = episodes.observation[offset + step, names.index("level")]
            recorded = grid.value[first + step, 1]
            # Values of their own row, or of one before it at most the gap ago.
            assert level == recorded or (
                np.isnan(recorded) and 0 < origin + first + step - level <= gap
            )
            low, high = (
                episodes.observation[offset + step, names.index(f"reflux {end}")]
                for end in ("low", "high")
            )
            assert 1 <= low <= high <= 7
            if step < last - first:
                assert low <= episodes.action[episodes.starts[e] + step, 0] <= high


def test_minari_takes_them(tmp_path) -> None:
    pytest.importorskip("h5py")
    plant = make_plant({"reflux": RATED, "level": LEVEL}, episodes='length = "3min"')
    some = minutes([2.0, 2.5, 3, 3, 2.5, 2])
    episodes = cut(plant, reflux=some, level=some).episodes
    write_minari(episodes, tmp_path / "column")
    back = read_minari(tmp_path / "column", episodes.observation_tags, episodes.action_tags)
    assert back.hash == episodes.hash
