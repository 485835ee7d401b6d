"""The inspection: verdicts that follow from what the records really hold, numbers that are true."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from shiftwork.errors import UserError
from shiftwork.reports.inspection.contents import Inspection
from shiftwork.reports.inspection.page import inspection_page, write_inspection
from shiftwork.reports.inspection.words import count, duration, joined, quantity
from support.page_reader import read_page
from support.still_plant import START, Still

HOSTILE = '</title><script src="https://evil.example/x.js">alert(1)</script> $\\frac{1}$ "&\x07'


def inspected(still: Still, folder: Path) -> Inspection:
    """Inspect a plant, and see that its page can be written and read."""
    found, _, grid, cut = still.inspected(folder)
    text, _ = read_page(inspection_page(found, grid, cut))
    assert found.headline in text
    for reason in found.reasons:
        assert reason in text
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory):
    """An unspoilt plant's inspection, samples, grid and cut."""
    return Still().inspected(tmp_path_factory.mktemp("usual"))


@pytest.fixture
def usual(whole) -> Inspection:
    return whole[0]


def action(found: Inspection, key: str = "reflux"):
    return next(a for a in found.actions if a.key == key)


def tag(found: Inspection, key: str):
    return next(t for t in found.tags if t.key == key)


def test_what_answers_can_be_learned_and_what_never_moved_cannot(usual):
    assert usual.headline == "An agent can learn reflux; it cannot learn feed."
    assert (action(usual).verdict, action(usual, "feed").verdict) == ("learn", "no")
    assert action(usual, "feed").reason == "it was never moved; make it an observation"
    assert action(usual, "feed").moves == 0
    assert action(usual).explained > 0.1
    assert action(usual, "feed").explained is None


def test_an_action_that_does_nothing_is_for_imitation_only(tmp_path):
    found = inspected(Still(objective="-abs(ambient - 20)"), tmp_path)
    assert action(found).verdict == "imitate"
    assert action(found).explained < 0.01
    assert found.headline == (
        "An agent can imitate the operators on reflux, not do better; it cannot learn feed."
    )
    assert "nothing shows which move was better" in action(found).reason


def test_rewards_that_are_noise_cannot_be_foreseen(tmp_path):
    still = Still(rows=1500, objective="luck")
    still.tags["luck"] = 'role = "objective"'
    still.columns["luck"] = [f"{x:.4f}" for x in np.random.default_rng(5).normal(size=still.rows)]
    found = inspected(still, tmp_path)
    assert action(found).verdict == "imitate"
    assert "cannot be foreseen at all" in action(found).reason
    assert not any("foreseen for" in reason for reason in found.reasons)


def test_operators_who_keep_a_rule_are_found_out(usual, tmp_path):
    still = Still(rows=1500)
    level = np.array([float(x) for x in still.columns["level"]])
    setting = 4 - 0.2 * np.clip(level - 50, -4, 4)
    # The setting in force during a minute answers to the level at the decision before it.
    still.columns["reflux"] = [f"{x:.4f}" for x in np.concatenate([[4.0], setting[:-1]])]
    found = inspected(still, tmp_path)
    assert action(found).foretold > 0.97
    assert "keep a rule" in action(found).reason
    assert action(usual).foretold < 0.6
    assert "rule" not in action(usual).reason


def test_few_moves_are_too_few(tmp_path):
    still = Still(rows=1500)
    still.columns["feed"] = [f"{3 + i // 240 % 2}" for i in range(still.rows)]
    found = inspected(still, tmp_path)
    assert action(found, "feed").moves == 6
    assert action(found, "feed").verdict == "no"
    assert "moved only 6 times" in action(found, "feed").reason
    assert action(found).verdict == "learn"


def test_an_action_that_the_historian_hides_is_refused_with_the_reason(tmp_path):
    still = Still()
    still.tags["reflux"] += "\ndead_band = 2.0"
    found = inspected(still, tmp_path)
    assert found.verdict == "no"
    assert found.episodes is None
    assert found.headline == "No agent can learn from these records yet."
    assert "dead-band hides its moves" in action(found).reason
    assert "2 m3/h" in action(found).reason
    assert any(r.startswith("No episode can be cut") for r in found.reasons)
    assert tag(found, "reflux").hidden


def test_short_records_say_that_they_are_short(tmp_path):
    found = inspected(Still(rows=300), tmp_path)
    assert action(found).verdict == "imitate"
    assert "cannot be measured: fewer than 800 decisions" in action(found).reason
    assert any("blocks of time are too few to judge by" in why for why in found.reasons)
    assert found.foresight is None


def test_one_long_episode_is_to_be_cut(tmp_path):
    still = Still(rows=1200, length="")
    found = inspected(still, tmp_path)
    assert found.episodes.count == 1
    assert any("set episodes.length" in reason for reason in found.reasons)
    assert found.support is None


def test_a_constant_objective_is_called_one(tmp_path):
    found = inspected(Still(rows=300, objective="0"), tmp_path)
    assert any("fix objective.expression" in reason for reason in found.reasons)


def test_moves_are_counted_and_measured(tmp_path):
    still = Still(rows=700)  # too few for the slow measurements
    setting = np.where(np.arange(still.rows) % 20 < 10, 4.0, 4.5)  # a move of 0.5 every 10 minutes
    still.columns["reflux"] = [f"{x}" for x in setting]
    found = action(inspected(still, tmp_path))
    assert found.steps == still.rows - 1
    assert found.moves == 69
    assert found.typical_move == pytest.approx(0.5)
    assert (found.low, found.high) == (4.0, 4.5)
    assert (found.limit_low, found.limit_high) == (1.0, 7.0)
    assert found.box_used == pytest.approx((0.25, 0.75))  # from -1 to 1 around the setting before
    assert found.at_limit == 0.0


def test_samples_gaps_and_texts_are_counted_by_tag(tmp_path):
    still = Still(rows=700)
    level = still.columns["level"]
    level[100:140] = [""] * 40
    level[300:312] = ["I/O Timeout"] * 12
    level[500:503] = ["Bad Input"] * 3
    found = inspected(still, tmp_path)
    seen = tag(found, "level")
    assert (seen.samples, seen.bad) == (660, 15)
    assert seen.texts == (("I/O Timeout", 12), ("Bad Input", 3))
    # A value is held for ten minutes; a bad one ends it at once.
    assert seen.known == pytest.approx(1 - (30 + 12 + 3) / 700)
    assert seen.longest_gap_s == 30 * 60
    assert seen.longest_gap_at == f"{START + np.timedelta64(110, 'm')}Z"
    assert seen.gaps == 2  # three minutes are short enough to be filled
    assert found.episodes.filled == {"level": 3}
    assert found.findings[0].kind == "text state"
    assert tag(found, "ambient").known == 1.0
    assert tag(found, "feed").constant


def test_broken_limits_are_counted(tmp_path):
    still = Still(rows=700)
    still.columns["reflux"][600] = "9.0"
    still.columns["level"][100:103] = ["61", "63", "62"]
    still.columns["level"][200] = "39"
    breaches = {(b.key, b.limit): b for b in inspected(still, tmp_path).breaches}
    assert breaches["reflux", "high"].count == 1
    assert breaches["reflux", "high"].worst == pytest.approx(2.0)
    assert set(breaches) == {
        ("reflux", "high"), ("reflux", "rise"), ("reflux", "fall"), ("level", "high"), ("level", "low")
    }  # fmt: skip
    assert breaches["level", "high"].count == 3
    assert breaches["level", "high"].worst == pytest.approx(3.0)
    assert breaches["level", "high"].first == f"{START + np.timedelta64(100, 'm')}Z"
    assert breaches["level", "low"].worst == pytest.approx(1.0)


def test_records_within_their_limits_break_none(usual):
    assert usual.breaches == ()


def test_a_regime_that_was_seen_once_has_no_support(usual, tmp_path):
    assert usual.support.share > 0.9
    still = Still()
    still.columns["ambient"] = [
        f"{float(x) + (60 if 1200 <= i < 1320 else 0)}" for i, x in enumerate(still.columns["ambient"])
    ]  # fmt: skip
    support = inspected(still, tmp_path).support
    assert support.by_episode[10] < 0.05  # ten episodes of two hours come before it
    assert support.begins[10] == f"{START + np.timedelta64(1200, 'm')}Z"
    assert support.stranger == "ambient"
    others = np.delete(support.by_episode, 10)
    assert others.mean() > 0.9


@pytest.mark.parametrize(("swing", "share"), [(0.0, 1.0), (3.0, 0.0)])
def test_standing_still_is_told_from_moving(swing, share, tmp_path):
    still = Still(rows=700)
    noise = np.where(np.arange(700) % 2 == 0, 1.0, -1.0)  # its means over ten minutes are even
    turn = 2 * np.pi * np.arange(700) / 60
    for key, wave in (("level", np.sin(turn)), ("ambient", np.cos(turn))):
        still.columns[key] = [f"{50 + x:.4f}" for x in noise + swing * wave]
    assert inspected(still, tmp_path).steadiness.share == share


def test_json_holds_the_same_numbers(whole, tmp_path):
    usual, _, grid, cut = whole
    out = tmp_path / "inspection"
    write_inspection(out, usual, grid, cut)
    told = json.loads(
        (out / "inspection.json").read_text(encoding="utf-8"), parse_constant=pytest.fail
    )
    assert told["headline"] == usual.headline
    assert told["actions"][0]["explained"] == usual.actions[0].explained
    assert told["episodes"]["steps"] == usual.episodes.steps
    assert [t["key"] for t in told["tags"]] == ["reflux", "feed", "level", "ambient"]
    write_inspection(out, usual, grid, cut)  # one that stands there is replaced
    (out / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match=r"notes\.txt"):
        write_inspection(out, usual, grid, cut)


def test_the_page_tells_the_numbers(whole):
    usual, _, grid, cut = whole
    text, reader = read_page(inspection_page(usual, grid, cut))
    reflux = action(usual)
    for shown in (
        "2,880 decision periods",
        f"{100 * reflux.explained:.0f} %",
        "1.00 to 7.00",
        "cannot be learned",
        "No action was ever beyond its limits",
        "The other 3 tags",
        f"discount {usual.foresight.discount:.3f}",
    ):
        assert shown in text
    assert reader.tags.count("svg") == 4
    assert all(len(label) > 30 for label in reader.labels)


def test_hostile_names_stay_text(tmp_path):
    still = Still(rows=400)
    still.tags = {
        key: text.replace('"m3/h"', json.dumps(HOSTILE)) for key, text in still.tags.items()
    }
    still.columns["level"][5] = "<b>&amp;"
    found, _, grid, cut = still.inspected(tmp_path)
    text, _ = read_page(inspection_page(found, grid, cut))
    assert "<script" in text  # as a person reads it, not as a browser would
    assert "'<b>&amp;' 1 times" in text


def test_words_for_people():
    assert [duration(s) for s in (0.5, 90, 60, 3600, 7200, 86400 * 3.03, None)] == [
        "0.5 s", "90 s", "1 min", "1 h", "2 h", "3.03 d", "–"
    ]  # fmt: skip
    assert (count(1, "gap"), count(1200, "gap")) == ("1 gap", "1,200 gaps")
    assert joined(["a", "b", "c"]) == "a, b and c"
    assert joined(["a", "b"], "or") == "a or b"
    assert (quantity(2.0, "t/h"), quantity(None, "t/h"), quantity(2.0, "")) == (
        "2.00 t/h",
        "–",
        "2.00",
    )


def test_states_shutdowns_and_actions_that_are_not_observed(tmp_path):
    still = Still(rows=1500, length='length = "2h"\nshutdown = "run == \'OFF\'"\nmode = "mode"')
    still.tags |= {"run": 'role = "state"', "mode": 'role = "state"'}
    still.tags["reflux"] += "\nalso_observed = false"
    still.columns["run"] = ["OFF" if 700 <= i < 760 else "RUN" for i in range(1500)]
    still.columns["mode"] = ["AUTO" if i < 1100 else "MAN" for i in range(1500)]
    still.columns["run"][900:930] = [""] * 30  # held, as a state is
    found = inspected(still, tmp_path)
    assert found.episodes.terminal == 1
    assert found.episodes.dropped["shutdown"] == 60
    assert tag(found, "run").known == 1.0
    assert (tag(found, "run").dead_band, tag(found, "run").deviation) == (None, None)
    assert action(found).verdict == "learn"
    assert action(found).moves > 1400


@pytest.mark.parametrize("rows", [1, 2, 15])
def test_next_to_nothing_is_inspected_as_well(rows, tmp_path):
    found = inspected(Still(rows=rows), tmp_path)
    assert found.verdict == "no"
    assert found.stamps == rows


@pytest.mark.slow
def test_many_actions_are_judged_one_by_one(tmp_path):
    still = Still(rows=1000)
    rng = np.random.default_rng(3)
    for number in range(3):
        still.tags[f"idle_{number}"] = 'role = "action"\nbounds = [-10, 10]'
        still.columns[f"idle_{number}"] = [f"{x:.3f}" for x in rng.normal(size=1000)]
    found = inspected(still, tmp_path)
    assert [a.verdict for a in found.actions] == ["learn", "no", *["imitate"] * 3]
    assert found.headline.startswith(
        "An agent can learn reflux and imitate the operators on idle_0, "
    )


def test_a_measurement_that_the_historian_hides_is_warned_of(tmp_path):
    still = Still(rows=700)
    wave = 10 * np.sin(np.arange(700) / 15) + np.random.default_rng(4).normal(size=700)
    still.columns["coil"] = [f"{x:.2f}" if i % 47 == 0 else "" for i, x in enumerate(wave)]
    still.tags["coil"] = 'role = "observation"\nunit = "C"\nmax_age = "2h"'
    found = inspected(still, tmp_path)
    assert tag(found, "coil").hidden
    assert any("hides the variation of coil" in reason for reason in found.reasons)
