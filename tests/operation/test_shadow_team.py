"""The daily page of a team: each count by hand from what people did, and nothing said of its earnings."""

import numpy as np
import pytest

from shiftwork.cli.main import main
from shiftwork.operation.history_rows import DAY_US
from shiftwork.operation.modes import Mode, request_mode
from shiftwork.operation.settings import operation_rules
from shiftwork.operation.shadow.day import read_day
from shiftwork.operation.shadow.rows import team_rows
from shiftwork.operation.shadow.team_day import keys_of, roles_of
from shiftwork.operation.shadow.words import TEXT
from shiftwork.operation.verdict import Judged, judged
from shiftwork.reports.paper.measures import number as number_of
from support import memory_team
from support.memory_plant import KIM, FakeTime
from support.memory_team import PLANT, plant_file, team, team_bench
from support.page_reader import read_page

DAY = 20_000
MANY = {"pump": ("slow", "fast"), "oven": ("cold", "warm", "hot")}


@pytest.fixture
def place(tmp_path, monkeypatch):
    team().save(tmp_path / "team", card="# Card\n")
    text = PLANT.replace('expression = "level"', 'expression = "level"\nunit = "k$ in 10 s"')
    (tmp_path / "plant.toml").write_text(text)
    weights = judged(tmp_path / "team").weights
    monkeypatch.setattr(memory_team, "PASSED", Judged(Mode.CLOSED, "passed", weights))
    return tmp_path


def operate(place, steps=40, skip=(), answer=True):
    """People choose at random what is permitted; a log of who decided, what was permitted and chosen."""
    rng, log = np.random.default_rng(4), []
    with team_bench(place / "out", time=FakeTime(1000.0, DAY * DAY_US / 1e6 - 1000.0)) as at:
        at.cycle.ask(request_mode, Mode.ADVISORY, person=KIM)
        for step in range(steps):
            decides = {key: step in (0, steps - 1) or rng.random() < 0.6 for key in MANY}
            may = {name: bool(rng.random() < 0.6) for names in MANY.values() for name in names}
            may |= {"slow": True, "warm": True}
            given = {f"{key}_decides": int(yes) for key, yes in decides.items()}
            given |= {f"may_{name}": int(yes) for name, yes in may.items()}
            before = dict(at.plant.side.in_force)
            shown = at.step(level=float(rng.normal()), **given)
            if step in skip:
                at.plant.tags["step"] -= 1  # the next cycle reads this step once more
            for key, names in MANY.items():
                if decides[key]:
                    allowed = [n for n, name in enumerate(names) if may[name]]
                    at.plant.side.in_force[key] = float(rng.choice(allowed))
            log.append((decides, may, before, shown.allowed, dict(at.plant.side.in_force)))
        if answer:
            number = at.cycle.proposals.number
            key = next(key for key in MANY if not np.isnan(shown.allowed[key]))
            at.cycle.proposals.answer(key, number, True, "as I would", KIM, at.cycle.audit)
        at.step(pump_decides=0, oven_decides=0)
        return log


def counted(place):
    plant, weights = plant_file(), judged(place / "team").weights
    rules = operation_rules(plant).team
    day = read_day(place / "out" / "audit.sqlite", plant, weights, None, keys_of(rules))
    return day, {role.role: role for role in roles_of(day, rules)}


def test_each_count_of_a_role_is_that_of_a_reader_by_hand(place):
    log = operate(place, skip=(7, 20))
    day, roles = counted(place)
    assert day.modes == {"advisory": 41}
    for key, names in MANY.items():
        rows = [
            ([may[name] for name in names], before[key], allowed[key], int(after[key]))
            for step, (decides, may, before, allowed, after) in enumerate(log)
            if decides[key] and step not in (7, 20)
        ]
        role = roles[key]
        assert role.compared == len(rows)
        assert role.all == sum(decides[key] for decides, *_ in log)
        several = [row for row in rows if sum(row[0]) > 1]
        assert (role.single, role.several) == (len(rows) - len(several), len(several))
        assert role.same == sum(row[2] == row[3] for row in several)
        assert 0 < role.same < role.several
        assert role.even == pytest.approx(sum(1 / sum(row[0]) for row in several))
        assert role.permitted == pytest.approx(np.mean([np.mean(row[0]) for row in rows]))
        assert role.held == sum(np.isnan(row[2]) for row in rows)
        assert role.outside == 0
        choices = {row.name: row for row in role.choices}
        states = {row.name: row for row in role.states}
        for number, name in enumerate(names):
            tag = f"may_{name}"
            assert choices[tag].people == sum(row[3] == number for row in rows)
            assert choices[tag].team == sum(row[2] == number for row in rows)
            assert choices[tag].both == sum(row[2] == row[3] == number for row in rows)
            assert choices[tag].permitted == sum(row[0][number] for row in rows)
            mine = [row for row in several if row[1] == number]
            if tag in states:
                assert states[tag].permitted == len(mine)
                assert states[tag].people == sum(row[3] != number for row in mine)
                assert states[tag].both == sum(row[2] == row[3] for row in mine)
    assert sum(role.accepted for role in roles.values()) == 1


def test_what_people_chose_without_a_permission_is_counted(place):
    with team_bench(place / "out") as at:
        at.step(may_hot=0)
        at.plant.side.in_force["oven"] = 2.0
        at.step(may_hot=1)
    _, roles = counted(place)
    assert (roles["oven"].outside, roles["pump"].outside) == (1, 0)


def arguments(place, *more):
    return ["shadow", f"{place / 'out'}", "--agent", f"{place / 'team'}", "--plant-file",
            f"{place / 'plant.toml'}", "--out", f"{place / 'page.html'}", *more]  # fmt: skip


def test_the_page_compares_choices_and_says_plainly_what_is_not_known(place, capsys):
    operate(place, 20)
    rules = operation_rules(plant_file()).team
    earned = team_rows(place / "out", plant_file(), rules, DAY, frozenset()).people
    assert len(earned) == 20
    total = number_of(float(earned.mean(dtype=np.float64)) * 20)
    for number, language in enumerate(("en", "ko")):
        main(arguments(place, "--language", language))
        said = " ".join(capsys.readouterr().err.split())
        text, reader = read_page((place / "page.html").read_text(encoding="utf-8"))
        text = " ".join(text.split())
        why = TEXT["lead_none"][number].format(why=TEXT["team"][number])
        assert why in said
        assert why in text
        assert TEXT["team_what"][number] in text
        assert "may_fast" in text
        assert "“as I would” – Kim" in text
        assert reader.tags.count("svg") == 2
        # What people earned is money here, since the objective's unit says of which time it is.
        assert f"{total} k$" in text
        # No figure of the gate's stands there.
        for word in ("agent_day", "support", "verdict", "mean_what"):
            assert TEXT[word][number] not in text
        cited = {link for link in reader.links if link.startswith("#s")}
        assert cited == {"#s1", "#s2", "#s3"}


def test_steps_in_closed_loop_are_not_what_people_earned(place):
    operate(place)
    rules, plant = operation_rules(plant_file()).team, plant_file()
    begin = DAY * DAY_US
    closed = frozenset(begin + n * 10_000_000 for n in (1, 2, 3))
    rows = team_rows(place / "out", plant, rules, DAY, closed)
    assert (len(rows.people), rows.closed) == (37, 3)
    assert len(team_rows(place / "out", plant, rules, DAY + 1, closed).people) == 0


def test_a_plant_file_without_its_team_is_one_line(place, capsys):
    operate(place, 3, answer=False)
    file = place / "plant.toml"
    text = file.read_text()
    file.write_text(text[: text.index("[operation.team]")] + text[text.index("[tags.pump]") :])
    with pytest.raises(SystemExit):
        main(arguments(place))
    assert "operation.team is missing, and --agent is a team" in " ".join(
        capsys.readouterr().err.split()
    )
