"""Plant files, wrong in every way that we could think of, each refused by its key in one line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shiftwork.records.historian.plant_file.durations import seconds, spelled
from shiftwork.records.historian.plant_file.load import load_plant_file, parse_plant
from support.export_builders import write
from support.record_builders import refused

WHOLE = """
name = "distillation column"
period = "1min"
time_zone = "Asia/Seoul"

[objective]
expression = "12.5 * x0 - 3.1 * steam - 40 * max(0, low - x0)"
unit = "$/h"

[episodes]
gap = "10min"
length = "8h"
shutdown = "run != 'RUN'"
mode = "run"
shortest = 5

[quality]
convention = "opc"
good_confidence = 90
uncertain_confidence = 50

[export]
time_format = "%d/%m/%Y %H:%M"
decimal = ","

[tags.rr]
source = "FIC101.SP"
role = "action"
unit = "m3/h"
span = [0, 50]
bounds = [1, "high"]
rate = [-0.2, 0.2]
rate_per = "2min"
dead_band = 0.01

[tags.x0]
role = "observation"
max_age = "30min"

[tags.lab]
role = "observation"
laboratory_delay = "4h"
hold = true

[tags.steam]
role = "objective"

[tags.low]
role = "limit"

[tags.high]
role = "limit"

[tags.run]
role = "state"
"""
HERE = Path("plant.toml")


def swap(old: str, new: str) -> str:
    assert old in WHOLE
    return WHOLE.replace(old, new, 1)


def test_reads_a_whole_plant_file(tmp_path):
    plant = load_plant_file(write(tmp_path, "plant.toml", WHOLE))
    assert plant.path == tmp_path / "plant.toml"
    assert (plant.period_s, plant.zone, plant.goal.unit) == (60.0, "Asia/Seoul", "$/h")
    assert plant.objective.names == {"x0", "steam", "low"}
    rules = plant.episodes
    assert (rules.gap_s, rules.length_s, rules.mode, rules.shortest) == (600, 28800, "run", 5)
    assert rules.shutdown is not None
    assert rules.shutdown.text_names == {"run"}
    assert list(plant.tags) == ["rr", "x0", "lab", "steam", "low", "high", "run"]
    rr = plant.tags["rr"]
    assert (rr.key, rr.source, rr.role, rr.unit) == ("rr", "FIC101.SP", "action", "m3/h")
    assert (rr.span, rr.bounds, rr.rate) == ((0.0, 50.0), (1.0, "high"), (-0.2, 0.2))
    assert (rr.rate_per_s, rr.dead_band, rr.hold, rr.observed) == (120.0, 0.01, True, True)
    assert plant.key_of["FIC101.SP"] == "rr"


def test_defaults_follow_role_and_period():
    tags = parse_plant(WHOLE.replace('"1min"', '"10s"', 1), HERE).tags
    assert {key: tag.hold for key, tag in tags.items() if tag.hold} == {
        "rr": True, "lab": True, "low": True, "high": True, "run": True
    }  # fmt: skip
    assert {key for key, tag in tags.items() if tag.observed} == {"rr", "x0", "lab"}
    ages = {key: tag.max_age_s for key, tag in tags.items()}
    day = 86400.0
    assert ages == {
        "rr": day, "x0": 1800.0, "lab": day, "steam": 600.0, "low": day, "high": day, "run": day
    }  # fmt: skip
    assert tags["lab"].laboratory_delay_s == 14400
    assert tags["x0"].source == "x0"


def test_a_plant_file_may_say_little():
    text = 'name="p"\nperiod="2h"\nobjective={expression="0"}\n'
    text += 'tags.a={role="action",bounds=[0,1]}\ntags.b.role="observation"'
    plant = parse_plant(text, HERE)
    assert (plant.zone, plant.episodes.gap_s, plant.episodes.length_s) == ("UTC", 72000.0, None)
    assert plant.quality.convention is None


WRONG = {
    # What is not TOML.
    "empty": ("", "has no tags"),
    "no TOML": ("name = ", "is not TOML"),
    "an open quote": (swap('name = "distillation', 'name = distillation'), "line 2"),
    "a tag twice": (swap("[tags.lab]", "[tags.x0]"), "is not TOML", "x0"),
    "a key twice": (swap('unit = "$/h"', 'unit = "$/h"\nunit = "$"'), "is not TOML"),
    "endless nesting": ("a = " + "[" * 5000, "TOML"),
    "an endless integer": (swap("dead_band = 0.01", "dead_band = " + "9" * 5000), "TOML"),
    # The top level.
    "no name": (swap('name = "distillation column"', ""), "name is missing", 'name = "column"'),
    "a number as name": (swap('"distillation column"', "5"), "name: 5 is not text"),
    "an empty name": (swap('"distillation column"', '""'), "name: '' is empty"),
    "no period": (swap('period = "1min"', ""), "period is missing", '"1min"'),
    "period as number": (swap('"1min"', "60"), "period: 60 is not a duration", '"10min"'),
    "period in months": (swap('"1min"', '"1mo"'), "period: '1mo' is not a duration"),
    "period without unit": (swap('"1min"', '"60"'), "period: '60' is not a duration"),
    "period in m": (swap('"1min"', '"1m"'), "period: '1m' is not a duration; write"),
    "period of nothing": (swap('"1min"', '"0s"'), "period: '0s' is not a duration"),
    "period below nothing": (swap('"1min"', '"-1s"'), "period: '-1s' is not a duration"),
    "period of ages": (swap('"1min"', '"999999999d"'), "period", "not a duration"),
    "no zone": (swap("Asia/Seoul", "Seoul"), "time_zone", "'Seoul'", "IANA"),
    "zone as letters": (swap("Asia/Seoul", "KST"), "time_zone", "'KST'"),
    "an empty zone": (swap("Asia/Seoul", ""), "time_zone"),
    "a key with a typo": (swap("time_zone", "timezone"), "unknown key 'timezone'", "'time_zone'"),
    "a table with a typo": (swap("[episodes]", "[episode]"), "'episode'", "'episodes'"),
    "a stranger": ("zzz = 1\n" + WHOLE, "unknown key 'zzz'; known: episodes"),
    "its own path": ("path = 'x'\n" + WHOLE, "unknown key 'path'"),
    # The objective.
    "no objective": (swap("[objective]", "[quality.objective]"), "quality: unknown key"),
    "not an expression": (swap("expression", "# expression"), "objective.expression is missing"),
    "expression as number": (swap('"12.5 * x0 - 3.1 * steam - 40 * max(0, low - x0)"', "1"),
                             "objective.expression", "is not text"),
    "an unknown tag": (swap("12.5 * x0", "12.5 * x9"), "objective.expression", "tag 'x9'"),
    "a tag with a typo": (swap("3.1 * steam", "3.1 * stream"), "did you mean 'steam'?"),
    "a source for a key": (swap("12.5 * x0", "12.5 * FIC101.SP"), "column 8", "'FIC101.SP'"),
    "a condition": (swap("12.5 * x0 -", "1 <"), "objective.expression", "is a condition"),
    "a state as number": (swap("12.5 * x0", "12.5 * run"), "'run' is a state", "run == 'RUN'"),
    "a key of objective": (swap('unit = "$/h"', 'units = "$/h"'), "objective", "'unit'"),
    # Episodes.
    "gap as number": (swap('gap = "10min"', "gap = 10"), "episodes.gap: 10 is not a duration"),
    "gap with a typo": (swap("gap =", "gaps ="), "episodes: unknown key 'gaps'", "'gap'"),
    "length below the period": (swap('"8h"', '"30s"'), "episodes.length", "at least 1min"),
    "shutdown as number": (swap("run != 'RUN'", "x0 + 1"), "episodes.shutdown", "a number"),
    "shutdown of a number": (swap("run != 'RUN'", "run > 1"), "'run' is a state"),
    "shutdown by a measurement's text": (swap("run != 'RUN'", "x0 == 'RUN'"),
                                         "'x0' is compared with text", 'role = "state"'),
    "shutdown by a stranger": (swap("run != 'RUN'", "ran == 'OFF'"), "tag 'ran'", "'run'"),
    "mode of a number": (swap('mode = "run"', 'mode = "x0"'), "episodes.mode", "'x0' is no state"),
    "mode of a stranger": (swap('mode = "run"', 'mode = "ran"'), "episodes.mode", "'run'"),
    "shortest of none": (swap("shortest = 5", "shortest = 0"), "episodes.shortest", "at least 1"),
    "half a step": (swap("shortest = 5", "shortest = 5.5"), "episodes.shortest", "whole number"),
    "episodes as text": (swap("[episodes]", "[e]").replace("[e]", "[objective.e]"), "objective"),
    # Quality and export.
    "a convention of no one": (swap('"opc"', '"opcua"'), "quality.convention", "'opc'"),
    "confidence of 200": (swap("= 90", "= 200"), "quality.good_confidence", "at most 100"),
    "thresholds crossed": (swap("= 50", "= 95"), "quality.uncertain_confidence", "above"),
    "a decimal star": (swap('decimal = ","', 'decimal = "*"'), "export.decimal", "'*'"),
    "a column nobody has": (swap('decimal = ","', 'tagg = "a"'), "export", "'tagg'", "'tag'"),
    # Tags.
    "no tags": (WHOLE.split("[tags.rr]")[0], "has no tags", "[tags.NAME]"),
    "tags as list": (WHOLE.split("[tags.rr]")[0].replace("period", "tags = []\nperiod", 1),
                     "has no tags"),
    "a tag as text": (swap("[tags.run]", "[tags]\nrun = 5\n[tags.run2]"), "tags.run"),
    "a key with a space": (swap("[tags.lab]", '[tags."a b"]'), "tags.a b", "source"),
    "a key with a dot": (swap("[tags.lab]", '[tags."FIC.PV"]'), "tags.FIC.PV", "source"),
    "a key from a digit": (swap("[tags.lab]", "[tags.0x]"), "tags.0x", "letters"),
    "a key that is a function": (swap("[tags.lab]", "[tags.max]"), "tags.max", "another key"),
    "a key that is a word": (swap("[tags.lab]", "[tags.and]"), "tags.and", "choose another key"),
    "a key with a ligature": (swap("[tags.lab]", '[tags."ﬁc"]'), "choose another key"),
    "an empty key": (swap("[tags.lab]", '[tags.""]'), "tags.", "letters"),
    "no role": (swap('[tags.lab]\nrole = "observation"', "[tags.lab]"), "tags.lab.role is missing"),
    "a role with a typo": (swap('role = "limit"', 'role = "limits"'), "tags.low.role", "'limit'"),
    "a role of no one": (swap('role = "limit"', 'role = "zzz"'), "known: action, limit"),
    "a role as list": (swap('role = "limit"', 'role = ["limit"]'), "tags.low.role"),
    "role misspelt": (swap('[tags.lab]\nrole', "[tags.lab]\nrol"), "tags.lab: unknown key 'rol'"),
    "a key inside": (swap("[tags.lab]", "[tags.lab]\nkey = 'x'"), "tags.lab: unknown key 'key'"),
    "no action": (swap('role = "action"', 'role = "objective"').replace("rate = [-0.2, 0.2]", ""),
                  "no tag is an action", 'role = "action"'),
    "no observation": (WHOLE.replace('role = "observation"', 'role = "objective"'),
                       "no tag is an observation"),
    "one source for two": (swap("[tags.x0]", '[tags.x0]\nsource = "FIC101.SP"'),
                           "tags.x0.source", "'FIC101.SP'", "'rr'"),
    "an empty source": (swap('"FIC101.SP"', '""'), "tags.rr.source", "is empty"),
    "a source as number": (swap('"FIC101.SP"', "101"), "tags.rr.source: 101 is not text"),
    "an endless source": (swap("FIC101.SP", "F" * 2000), "tags.rr.source", "too long"),
    "no bounds": (swap('bounds = [1, "high"]', ""), "tags.rr.bounds is missing", "[low, high]"),
    "bounds upside down": (swap('[1, "high"]', "[7, 1]"), "tags.rr.bounds: low 7 is not below"),
    "bounds of a point": (swap('[1, "high"]', "[7, 7]"), "tags.rr.bounds: low 7 is not below"),
    "one bound": (swap('[1, "high"]', "[1]"), "tags.rr.bounds", "write [low, high]"),
    "bounds as text": (swap('[1, "high"]', '"high"'), "tags.rr.bounds", "write [low, high]"),
    "bounds of truth": (swap('[1, "high"]', "[false, true]"), "tags.rr.bounds"),
    "endless bounds": (swap('[1, "high"]', "[-inf, inf]"), "tags.rr.bounds", "two numbers"),
    "bounds of nan": (swap('[1, "high"]', "[nan, 1]"), "tags.rr.bounds", "two numbers"),
    "bounds by a stranger": (swap('"high"]', '"hihg"]'), "tags.rr.bounds", "mean 'high'?"),
    "bounds by a measurement": (swap('"high"]', '"x0"]'), "'x0' is no limit tag", '"limit"'),
    "bounds by one tag": (swap('[1, "high"]', '["high", "high"]'), "tags.rr.bounds", "give two"),
    "a rate for none": (swap("[tags.x0]", "[tags.x0]\nrate = [-1, 1]"), "tags.x0.rate", "remove"),
    "a rate that must rise": (swap("[-0.2, 0.2]", "[0.1, 0.2]"), "tags.rr.rate", "at most 0"),
    "a rate that must fall": (swap("[-0.2, 0.2]", "[-0.2, -0.1]"), "tags.rr.rate", "at least 0"),
    "a rate by a stranger": (swap("[-0.2, 0.2]", '["drop", 1]'), "tags.rr.rate", "'drop'"),
    "a rate per 2": (swap('rate_per = "2min"', "rate_per = 2"), "tags.rr.rate_per: 2 is no"),
    "a span of one": (swap("span = [0, 50]", "span = [50]"), "tags.rr.span", "two numbers"),
    "a span of names": (swap("span = [0, 50]", 'span = ["low", "high"]'), "tags.rr.span"),
    "a dead-band of none": (swap("0.01", "0"), "tags.rr.dead_band", "above 0"),
    "a dead-band as text": (swap("0.01", '"0.01"'), "tags.rr.dead_band", "not a number"),
    "an endless dead-band": (swap("0.01", "inf"), "tags.rr.dead_band", "finite"),
    "hold as text": (swap("hold = true", 'hold = "yes"'), "tags.lab.hold", "true nor false"),
    "hold as 1": (swap("hold = true", "hold = 1"), "tags.lab.hold: 1 is neither true nor false"),
    "an action not held": (swap("dead_band = 0.01", "hold = false"), "tags.rr.hold", "stand"),
    "a state not held": (WHOLE + "hold = false\n", "tags.run.hold", "remove it"),
    "an age of nothing": (swap('"30min"', '"0s"'), "tags.x0.max_age", "not a duration"),
    "an age as number": (swap('max_age = "30min"', "max_age = 0.0"), "tags.x0.max_age: 0.0 is no"),
    "a delay as number": (swap('"4h"', "4"), "tags.lab.laboratory_delay: 4 is not a duration"),
    "a state with span": (WHOLE + "span = [0, 1]\n", "tags.run.span", "a state holds text"),
    "a state with bounds": (WHOLE + "bounds = [0, 1]\n", "tags.run.bounds", "a state holds text"),
    "a state observed": (WHOLE + "also_observed = true\n", "tags.run.also_observed"),
    "an observation unseen": (swap("[tags.x0]", "[tags.x0]\nalso_observed = false"),
                              "tags.x0.also_observed", "observed"),
    "an action from outside": (swap("dead_band = 0.01", "outside = true"), "tags.rr.outside", "remove it"),
    "a limit from outside": (WHOLE.replace("[tags.low]", "[tags.low]\noutside = true"),
                             "tags.low.outside: only observations"),
    "outside as text": (swap("hold = true", 'outside = "yes"'), "tags.lab.outside", "true nor false"),
    "a unit as number": (swap('unit = "m3/h"', "unit = 1"), "tags.rr.unit: 1 is not text"),
    "a date for a unit": (swap('unit = "m3/h"', "unit = 2025-03-04"), "tags.rr.unit", "not text"),
    "an unknown key": (swap("dead_band", "deadband"), "tags.rr: unknown key 'deadband'",
                       "'dead_band'"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_refuses(name):
    text, *parts = WRONG[name]
    refused(lambda: parse_plant(text, HERE), "plant.toml: ", *parts)


def test_refuses_files_that_are_none(tmp_path):
    missing = tmp_path / "none.toml"
    refused(lambda: load_plant_file(missing), missing, "no such file")
    refused(lambda: load_plant_file(tmp_path), tmp_path, "no such file")
    cp949 = write(tmp_path, "a.toml", WHOLE.replace("column", "증류탑", 1).encode("cp949"))
    refused(lambda: load_plant_file(cp949), cp949, "not UTF-8", "save it as UTF-8")
    huge = tmp_path / "b.toml"
    with huge.open("wb") as file:
        file.truncate(5 * 2**30)
    refused(lambda: load_plant_file(huge), huge, "larger than 4 MiB")
    assert load_plant_file(write(tmp_path, "c.toml", "\ufeff" + WHOLE)).name


@given(st.integers(1, 10**6), st.sampled_from(["ms", "s", "min", "h", "d"]))
def test_a_duration_is_spelled_as_it_is_read(count, unit):
    length = seconds(f"{count if unit != 'd' else count % 1000 + 1}{unit}")
    assert seconds(spelled(length)) == pytest.approx(length, rel=1e-12)
