"""A history in PostgreSQL: a real server that stops, hangs and comes back; what is refused."""

import asyncio
import json
import time
from contextlib import closing
from pathlib import Path

import pytest

from shiftwork.errors import UserError
from shiftwork.operation import modes
from shiftwork.operation.history import History, open_days
from shiftwork.operation.history_rows import HistoryFailed
from shiftwork.operation.modes import Mode
from shiftwork.operation.postgres_store import PostgresStore
from shiftwork.operation.samples import Sample
from shiftwork.records.historian.plant_file.load import parse_plant
from support.memory_plant import KIM, bench
from support.postgres import postgres  # noqa: F401

PLANT = parse_plant(
    """
name = "kettle"
period = "1min"
[objective]
expression = "heat"
[tags.heat]
role = "observation"
[tags.power]
role = "action"
bounds = [0.0, 10.0]
""",
    Path("kettle.toml"),
)
ROWS = [(1, "heat", 0.1, None, 0), (2, "heat", None, None, 2), (2, "run", None, "RUN", 0)]


def test_every_float_comes_back_bit_by_bit_and_unknown_ones_as_unknown(postgres):  # noqa: F811
    numbers = [0.1, 1e308, 5e-324, -0.0, 123456789.123456789]
    rows = [(n, "heat", number, None, 0) for n, number in enumerate(numbers)]
    with closing(PostgresStore(postgres.another(), "kettle")) as store:
        store.add([*rows, (9, "heat", None, None, 2)])
        found = store.between(0, 10)
        assert [row[2].hex() for row in found[:-1]] == [number.hex() for number in numbers]
        assert found[-1] == (9, "heat", None, None, 2)


def test_plants_share_a_database_and_a_row_written_again_is_replaced(postgres):  # noqa: F811
    database = postgres.another()
    with closing(PostgresStore(database, "a")) as a, closing(PostgresStore(database, "b")) as b:
        a.add(ROWS)
        a.add([(1, "heat", 7.0, None, 1)])
        b.add([(1, "heat", 3.0, None, 0)])
        assert a.between(0, 9) == [(1, "heat", 7.0, None, 1), *ROWS[1:]]
        assert a.since("heat", 2) == [(2, None)]
        assert a.since("heat", 9) == [(2, None)]
        a.remove(0, 9)
        assert (a.days(9), b.days(9)) == ([], [0])


def test_readers_in_other_processes_find_the_database_by_the_folder(postgres, tmp_path):  # noqa: F811
    with closing(History(tmp_path, PLANT, postgres.another())) as history:
        history.add(60_000_000, {"heat": Sample(5.0), "power": Sample(1.0)})
        assert open_days(tmp_path, PLANT, 10**15)["value"].to_list() == ["5.0", "1.0"]
    assert not (tmp_path / "history.sqlite").exists()
    assert set(json.loads((tmp_path / "history.json").read_text())) == {"database", "plant"}


@pytest.mark.slow
def test_a_server_that_stops_or_hangs_is_an_error_within_its_time_and_is_found_again(postgres):  # noqa: F811
    with closing(PostgresStore(postgres.another(), "kettle")) as store:
        store.add(ROWS[:1])
        postgres.stop()
        with pytest.raises(HistoryFailed):
            store.add(ROWS[1:])
        with pytest.raises(HistoryFailed):
            store.add(ROWS[1:])
        postgres.start()
        store.add(ROWS[1:])
        assert store.between(0, 9) == ROWS
        # A lock that another client holds: the statement's own time-out ends the wait.
        with closing(PostgresStore(store._database, "other")) as other:
            with other._asked() as link:
                link.execute("LOCK TABLE shiftwork_samples")
                begin = time.monotonic()
                with pytest.raises(HistoryFailed, match="timeout"):
                    store.add(ROWS)
                assert time.monotonic() - begin < 3
            store.add(ROWS)


def test_a_cycle_holds_while_its_database_is_gone_and_goes_on_after(postgres, tmp_path):  # noqa: F811
    with bench(tmp_path) as at:
        at.cycle.history._store.close()
        at.cycle.history._store = store = PostgresStore(postgres.another(), "kettle")
        at.run()
        at.close_loop()
        assert at.run().result == "taken"
        writes = len(at.plant.writes)
        reached, store._database = store._database, "host=/nowhere"
        store.close()
        for _ in range(2):
            shown = at.run()
            assert [fault for fault in shown.faults if fault.startswith("history: ")]
        assert len(at.plant.writes) == writes
        store._database = reached
        assert at.run(3).result == "taken"
        assert len(store.days(10**18)) == 1
        store.close()


async def cycle_and_gaps(at, meanwhile):
    """Run one cycle; the longest that anything else had to wait, seconds, and what the cycle took."""
    at.time.s += at.cycle.plant.period_s
    begin = time.monotonic()
    running = asyncio.create_task(at.cycle.once(at.time.s))
    last, worst, first = begin, 0.0, True
    while not running.done():
        await asyncio.sleep(0.01)
        now = time.monotonic()
        worst, last = max(worst, now - last), now
        if first and now - begin > 0.2:
            meanwhile()
            first = False
    await running
    return worst, last - begin


def test_people_are_heard_and_signs_of_life_go_on_while_a_database_takes_its_time(tmp_path):
    with bench(tmp_path) as at:
        at.run()
        at.close_loop()
        assert at.run().result == "taken"
        at.cycle.history.add = lambda *_: time.sleep(0.6)
        off = lambda: at.cycle.ask(modes.request_mode, Mode.SHADOW, person=KIM)  # noqa: E731
        writes = len(at.plant.writes)
        worst, took = asyncio.run(cycle_and_gaps(at, off))
        assert took > 0.6
        assert worst < 0.3
        # Who said no while the database was waited for is heard before anything is written.
        assert at.cycle.state.mode == Mode.SHADOW
        assert len(at.plant.writes) == writes


def test_a_real_server_that_hangs_holds_the_cycle_and_nothing_else(postgres, tmp_path):  # noqa: F811
    with bench(tmp_path) as at:
        at.cycle.history._store.close()
        at.cycle.history._store = store = PostgresStore(postgres.another(), "kettle")
        at.run()
        with closing(PostgresStore(store._database, "other")) as other, other._asked() as link:
            link.execute("LOCK TABLE shiftwork_samples")
            worst, took = asyncio.run(cycle_and_gaps(at, lambda: None))
        assert took > 0.9
        assert worst < 0.3
        assert [fault for fault in at.cycle.shown.faults if fault.startswith("history: ")]
        assert not at.run().faults
        store.close()


@pytest.mark.parametrize(
    ("database", "line"),
    [
        ("dbname=x password=secret", "a password must not stand in a file; set PGPASSWORD"),
        ("nonsense", "'nonsense' cannot be read"),
        ("host=/nowhere dbname=x", "cannot hold a history"),
    ],
)
def test_a_database_that_cannot_be_used_is_one_line(database, line):
    pytest.importorskip("psycopg")
    with pytest.raises(UserError) as error:
        PostgresStore(database, "kettle")
    assert line in str(error.value)
    assert "\n" not in str(error.value)
    assert "secret" not in str(error.value)
