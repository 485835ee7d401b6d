"""A real server in a process of its own, a real client, real sockets that break."""

import asyncio
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from shiftwork.errors import UserError
from shiftwork.operation import modes
from shiftwork.operation.connection import Lost, checksum
from shiftwork.operation.modes import Mode, Run
from shiftwork.operation.opened import opened_cycle
from shiftwork.operation.settings import operation_rules
from shiftwork.records.historian.plant_file.load import parse_plant

pytest.importorskip("asyncua")
from shiftwork.operation.opcua.connection import OpcUaConnection
from shiftwork.operation.opcua.settings import opcua_settings
from support.memory_plant import KIM, PASSED
from support.proxy import Proxy
from support.rig import KEYS, free_port, serve

pytestmark = [
    pytest.mark.slow,
    # The library leaves sockets of broken links to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plant")
    port = free_port()
    process = serve(port, folder / "plant.toml")
    yield port, (folder / "plant.toml").read_text()
    process.kill()
    process.wait()


def plant_at(text, old, new):
    return parse_plant(text.replace(f":{old}/", f":{new}/"), Path("plant.toml"))


async def connected(plant, timeout_s=1.0):
    connection = OpcUaConnection(plant, opcua_settings(plant), timeout_s)
    await connection.start()
    return connection


async def fault(connection, text):
    from asyncua import ua

    session = connection._here()
    node = ua.NodeId("fault", session.control["tick"].NamespaceIndex)
    [code] = await connection._write([node], [ua.Variant(text, ua.VariantType.String)])
    assert code.is_good()


async def read_until_lost(connection):
    while True:
        await connection.read()


async def back_within(connection, seconds):
    """Wait until a read succeeds again, and return it."""
    end = time.monotonic() + seconds
    while True:
        try:
            return await connection.read()
        except Lost:
            assert time.monotonic() < end, connection.problem
            await asyncio.sleep(0.05)


def test_read_stage_commit_and_read_back(served):
    port, text = served

    async def test():
        connection = await connected(plant_at(text, port, port))
        await fault(connection, "clear")
        reading = await connection.read()
        before = [reading.samples[key].number for key in KEYS]
        values = {"force_1": 0.25, "force_2": -0.25}
        assert await connection.stage(values) == {}
        assert await connection.commit(reading.tick, checksum([*values.values()], before)) == ""
        after = await connection.read_panel()
        assert set(after.samples) == {
            key for key, tag in connection.plant.tags.items() if tag.role in ("action", "limit")
        }
        assert after.taken == reading.tick
        assert {key: after.samples[key].number for key in KEYS} == values
        assert await connection.stage({"force_1": 9.0}) == {"force_1": "BadOutOfRange"}
        assert await connection.stage({"force_1": np.nan}) == {"force_1": "BadOutOfRange"}
        await fault(connection, "bad position_1")
        assert np.isnan((await connection.read()).samples["position_1"].number)
        await fault(connection, "clear")
        await connection.stop()

    asyncio.run(test())


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("s=tag.position_1", "s=tag.positon_1", "tags.position_1.node: the server has no node"),
        ("s=staged.force_1", "s=tag.force_1", "only read the node"),
        ("s=tag.force_1_low", "s=owner", "tags.force_1_low.node: node is String"),
        ("urn:shiftwork:virtual-plant", "urn:other", "the server has no namespace 'urn:other'"),
    ],
)
def test_a_plant_file_that_does_not_fit_the_server_is_refused_in_one_line(served, old, new, words):
    _, text = served
    assert old in text

    async def test():
        with pytest.raises(UserError, match=words) as caught:
            await connected(parse_plant(text.replace(old, new), Path("plant.toml")))
        assert "\n" not in str(caught.value)

    asyncio.run(test())


@pytest.mark.parametrize("how", ["cut", "hold", "drop"])
def test_a_broken_link_is_lost_in_time_and_returns_by_itself(served, how):
    port, text = served

    async def test():
        async with Proxy(port) as proxy:
            connection = await connected(plant_at(text, port, proxy.port))
            await connection.read()
            getattr(proxy, how)()
            begin = time.monotonic()
            with pytest.raises(Lost):
                await read_until_lost(connection)
            assert time.monotonic() - begin < 3.0
            if how != "cut":
                await asyncio.sleep(2.0)
            proxy.go_on()
            await back_within(connection, 5.0)
            await connection.stop()

    asyncio.run(test())


def test_a_write_held_on_the_way_arrives_late_and_is_refused(served):
    port, text = served

    async def test():
        direct = await connected(plant_at(text, port, port))
        await fault(direct, "clear")
        async with Proxy(port) as proxy:
            connection = await connected(plant_at(text, port, proxy.port))
            reading = await connection.read()
            before = [reading.samples[key].number for key in KEYS]
            assert await connection.stage({"force_1": 0.77}) == {}
            proxy.hold()
            with pytest.raises(Lost):
                await connection.commit(reading.tick, checksum([0.77, before[1]], before))
            await asyncio.sleep(0.5)  # with the time-out more than 3 ticks
            proxy.go_on()
            await asyncio.sleep(1.0)
            after = await direct.read()
            assert after.taken != reading.tick
            assert after.samples["force_1"].number == before[0]
            await connection.stop()
        await direct.stop()

    asyncio.run(test())


def cycle_at(connection, plant, folder):
    agent = (lambda seen: np.array([0.5, -0.5]), frozenset({"position_1"}))
    return opened_cycle(folder, plant, operation_rules(plant), connection, agent, PASSED)


def close_loop(cycle):
    for mode in (Mode.ADVISORY, Mode.CLOSED):
        cycle.ask(modes.request_mode, mode, person=KIM)
    for key in KEYS:
        cycle.ask(modes.switch, key, True, person=KIM)


def test_the_cycle_survives_a_frozen_and_a_killed_server(tmp_path):
    file, port = tmp_path / "plant.toml", free_port()
    process = serve(port, file)
    text = file.read_text().replace('shed_after = "5s"', 'shed_after = "300s"')
    # A loaded machine must not make the cycle late: that is another test.
    plant = parse_plant(text.replace('period = "1s"', 'period = "50s"'), Path("plant.toml"))

    async def test():
        connection = await connected(plant)
        try:
            with cycle_at(connection, plant, tmp_path) as cycle:
                await outlives(connection, cycle)
        finally:
            await connection.stop()

    async def outlives(connection, cycle):
        nonlocal process
        await cycle.once(time.monotonic())  # the first is slow, since much is loaded on first use
        close_loop(cycle)
        await cycle.once(time.monotonic())
        assert cycle.shown.result == "taken", cycle.shown.faults
        os.kill(process.pid, signal.SIGSTOP)
        begin = time.monotonic()
        await cycle.once(begin)
        assert time.monotonic() - begin < 3.0
        assert cycle.state.run == Run.HOLD
        os.kill(process.pid, signal.SIGCONT)
        await back_within(connection, 8.0)
        process.kill()
        process.wait()
        await asyncio.sleep(0.2)
        await cycle.once(time.monotonic())
        assert cycle.state.run == Run.HOLD
        process = await asyncio.to_thread(serve, port, file)
        await back_within(connection, 8.0)
        await cycle.once(time.monotonic())
        # The restarted plant has other set-points: somebody else moved them.
        assert set(cycle.state.actions.values()) == {modes.ActionState.TRACKING}

    try:
        asyncio.run(test())
    finally:
        process.kill()
        process.wait()
