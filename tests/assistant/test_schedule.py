"""What is due: against arithmetic on a made centre, in both languages; what is not known is left out."""

from datetime import datetime, timedelta

import pytest

from shiftwork.assistant.assistant import Assistant
from shiftwork.errors import UserError
from shiftwork.people.centre.plant_toml import plant_toml
from shiftwork.plants.catalogue import make_team_plant
from shiftwork.records.formats.team_folder import save_team_records
from shiftwork.records.formats.team_yardsticks import FILE, Yardsticks
from support.team_record_builders import records

PLANT = """
name = "small centre"
period = "1h"
time_zone = "Asia/Seoul"
[objective]
expression = "0 - demurrage"
unit = "$/h"
[tags.feed]
role = "action"
unit = "t/h"
bounds = [0, 100]
[tags.hot]
role = "observation"
unit = "C"
[tags.cool]
role = "observation"
unit = "C"
[tags.hot_mode]
role = "state"
max_age = "30d"
[tags.cool_mode]
role = "state"
max_age = "30d"
[tags.full]
role = "observation"
unit = "m3"
[tags.low]
role = "observation"
unit = "m3"
[tags.anchor]
role = "observation"
hold = true
[tags.next_in]
role = "observation"
unit = "h"
[tags.demurrage]
role = "objective"
unit = "$/h"
hold = true
[schedule]
furnaces = [
  { tube = "cool", limit = 1100, mode = "cool_mode", cracking = "RUN" },
  { tube = "hot", limit = 1100, mode = "hot_mode", cracking = "RUN" },
]
tanks = [{ level = "full", heel = 100 }, { level = "low", heel = 100 }]
[schedule.ships]
waiting = "anchor"
laytime_h = 24
demurrage = "demurrage"
next = "next_ship"
"""
HOURS = 240


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Ten days: a decoke of the hot furnace ends after five, ships come at hours 200 and 220."""
    folder = tmp_path_factory.mktemp("centre")
    text = PLANT.replace('next = "next_ship"', 'next = "next_in"')
    (folder / "plant.toml").write_text(text, encoding="utf-8")
    rows = ["time,feed,hot,cool,hot_mode,cool_mode,full,low,anchor,next_in,demurrage"]
    for hour in range(HOURS):
        at = datetime(2026, 3, 1) + timedelta(hours=hour)
        clean = hour - 120
        hot = 1000 + 4 * clean / 24 if clean > 0 else 1090
        values = [
            40,
            hot,
            950 + 1.5 * hour / 24,
            "DECOKE" if 100 <= hour <= 120 else "RUN",
            "RUN",
            5000 + 3 * hour,
            2000 - 7.5 * hour,
            (hour >= 200) + (hour >= 220) - (hour >= 230),
            300 - hour,
            50 if hour >= 224 else 0,
        ]
        rows.append(f"{at:%Y-%m-%d %H:%M}," + ",".join(str(v) for v in values))
    (folder / "export.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def assistant(folder):
    return Assistant(folder / "export.csv", folder / "plant.toml", now="2026-03-11T00:00")


def test_what_is_due_is_that_of_arithmetic(assistant):
    answer = assistant.ask("what is due?")
    found = {(f.tag, f.statistic): f.value for f in answer.figures}
    assert [f.tag for f in answer.figures if f.statistic == "decoke due in"] == ["hot", "cool"]
    hot_now = 1000 + 4 * (239 - 120) / 24
    assert found["hot", "decoke due in"] == pytest.approx((1100 - hot_now) / 4, rel=1e-6)
    assert found["hot", "rise in a day"] == pytest.approx(4, rel=1e-6)
    cool_now = 950 + 1.5 * 239 / 24
    assert found["cool", "decoke due in"] == pytest.approx((1100 - cool_now) / 1.5, rel=1e-6)
    assert found["low", "runs dry in"] == pytest.approx((2000 - 7.5 * 239 - 100) / 7.5)
    assert found["full", "above the heel"] == 5000 + 3 * 239 - 100
    assert ("full", "runs dry in") not in found
    assert found["anchor", "ships at anchor"] == 1
    assert found["anchor", "longest wait of a ship at anchor"] == 239 - 220
    assert found["anchor", "laytime left of that ship"] == 24 - 19
    assert found["next_in", "next ship expected in"] == 300 - 239
    assert found["demurrage", "demurrage of the last day"] == 50 * 15
    assistant.recompute(answer)


@pytest.mark.parametrize(
    ("korean", "english"),
    [
        ("디코킹은 언제인가요?", "when will the furnaces be decoked?"),
        ("3월 9일 10시 디코킹 일정은?", "which decoke was due next on March 9 at 10:00?"),
        ("탱크는 언제 바닥나나요?", "which tank runs dry?"),
        ("무엇부터 해야 하나?", "what should come first?"),
        ("체선 위험이 있는 선박 일정", "which ships are at risk?"),
    ],
)
def test_both_languages_ask_for_it(assistant, korean, english):
    answers = [assistant.ask(question) for question in (korean, english)]
    assert [a.status for a in answers] == ["answered", "answered"], (
        answers[0].shown,
        answers[1].shown,
    )
    assert answers[0].figures == answers[1].figures


def test_what_cannot_be_said_is_refused_or_asked_back(assistant, folder, tmp_path):
    assert assistant.ask("what was due last week?").status == "ask"
    assert assistant.ask("what was due on March 2 2020 at 10:00?").status == "refused"
    assert assistant.ask("switch off the furnace and say what is due").status == "refused"
    assert assistant.ask("when will the reactor be decoked?").status == "ask"
    bare = tmp_path / "bare.toml"
    bare.write_text(PLANT[: PLANT.index("[schedule]")], encoding="utf-8")
    answer = Assistant(folder / "export.csv", bare).ask("what is due?")
    assert answer.status == "refused"
    assert "[schedule]" in answer.shown
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(PLANT.replace('level = "low"', 'level = "lo"'), encoding="utf-8")
    with pytest.raises(UserError, match="schedule: unknown tag 'lo'"):
        Assistant(folder / "export.csv", wrong)


def test_the_gap_to_scheduler_and_bound_stands_beside_it(folder, assistant, tmp_path):
    save_team_records(records(), tmp_path / "records")
    paths = (folder / "export.csv", folder / "plant.toml")
    now = "2026-03-11T00:00"
    with pytest.raises(UserError, match="has no yardsticks"):
        Assistant(*paths, now=now, team_records=tmp_path / "records")
    Yardsticks("quay", (80.0, 100.0), (90.0, 110.0), (120.0, 180.0)).save(tmp_path / "records")
    opened = Assistant(*paths, now=now, team_records=tmp_path / "records")
    korean, english = (opened.ask(q) for q in ("무엇부터 해야 하나?", "what is due?"))
    assert korean.figures == english.figures
    found = {f.statistic: f for f in english.figures if f.tag == "quay, recorded episodes"}
    assert found["recorded episodes"].value == 2
    assert found["earned in an episode"].value == 90
    assert found["scheduler in the same episodes"].value == 100
    assert found["upper bound of the same episodes"].value == 150
    assert found["earned less the scheduler"].value == -10
    assert "part of the upper bound that was earned: 60 %" in english.shown
    opened.recompute(english)
    with pytest.raises(UserError, match="cites other files"):
        assistant.recompute(english)
    due = [f.statistic for f in assistant.ask("what is due?").figures]
    assert [f.statistic for f in english.figures][: len(due)] == due
    (tmp_path / "records" / FILE).write_text('{"plant": "quay", "earned": [1], "scheduler": []}')
    with pytest.raises(UserError, match="is damaged"):
        Assistant(*paths, now=now, team_records=tmp_path / "records")


def test_records_ahead_of_the_clock_are_asked_about_at_their_end(folder):
    early = Assistant(folder / "export.csv", folder / "plant.toml", now="2020-01-01T00:00")
    late = Assistant(folder / "export.csv", folder / "plant.toml", now="2036-01-01T00:00")
    assert early.ask("what is due?") == late.ask("what is due?")


def test_the_plant_file_of_a_simulated_centre_says_what_is_due():
    text = plant_toml(make_team_plant("centre-small"), (), "simulated")
    assert "[[schedule.furnaces]]" in text
    assert 'tube = "furnace_2_tube"\nlimit = 1100' in text
    assert 'level = "tank_2_level"' in text
