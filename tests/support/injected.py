"""The rows of the fault table, each with how it is caused, how it ends, and what answers it."""

import asyncio
import signal
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from shiftwork.operation.connection import Lost
from shiftwork.operation.modes import ActionState, Mode, Run
from shiftwork.operation.opcua.connection import OpcUaConnection
from shiftwork.operation.records_seen import BLOCK
from shiftwork.operation.writing import Intent, write
from support.rig import DRIFTED, Rig

MOST_S = 3.0
"""A fault is answered within one cycle and this."""
MOST_CHOICE_S = 120.0
"""A team's agents decide now and then: longest wait for a choice."""
SHED_AFTER_S = 2.0
"""A hold that lasts longer becomes a shed, in the row that waits for it."""


@dataclass(frozen=True)
class Row:
    """One row.

    ``cause`` and ``lift`` take the rig. ``answered`` says whether the answer is there. ``returns``:
    whether software may go on by itself afterwards. ``own_s``: time that the rule itself waits, as the rig
    says. ``choice``: only seen where the agent wants to write something; the time counts from there.
    """

    name: str
    answer: str
    cause: Callable
    lift: Callable
    answered: Callable
    returns: bool = True
    link: bool = False
    own_s: Callable = lambda rig: 0.0
    choice: bool = False


def held(rig):
    return rig.cycle.state.run == Run.HOLD


def tracked(rig):
    return ActionState.TRACKING in rig.cycle.state.actions.values()


def lowered(mode):
    return lambda rig: rig.cycle.state.mode <= mode


def off(rig):
    return ActionState.OFF in rig.cycle.state.actions.values()


def shed(rig):
    return rig.cycle.state.run == Run.SHED


def late(rig):
    return any("late by" in fault for fault in rig.cycle.shown.faults)


def ordered(text):
    return lambda rig: rig.order(text.format(**rig.names))


async def cross(rig):
    for key in rig.keys:
        await rig.order(f"cross {key}")


def called(name):
    async def call(rig):
        getattr(rig.proxy, name)()

    return call


def signalled(number):
    async def send(rig):
        rig.signal(number)

    return send


async def clear(rig):
    await rig.order("clear")


async def restart(rig):
    await rig.restart()


async def nothing(rig):
    """It is over by itself."""


async def jump(rig):
    rig.wall_offset_s += 3600.0


def decides(what):
    async def set_(rig):
        rig.decide = what(rig)

    return set_


async def wander(rig):
    rig.decide = rig.wander


def fails(rig):
    return lambda _: 1 / 0


def no_number(rig):
    return lambda _: np.full(len(rig.keys), np.nan)


def outside(rig):
    return lambda _: np.array([0.99, -0.99])


def slow(rig):
    def act(seen):
        time.sleep(0.3 * rig.period_s)
        return rig.wander(seen)

    return act


def disk_full(*_):
    raise sqlite3.OperationalError("database or disk is full")


async def audit_fails(rig):
    rig.cycle.audit._insert = disk_full


def no_sync(*_):
    raise sqlite3.OperationalError("disk I/O error")


async def sync_fails(rig):
    rig.cycle.audit._insert = no_sync


async def drift(rig):
    """As if the tag's mean of the last cycles lay beyond all means of the records."""
    rig.drift._kept.extend([np.full(1, DRIFTED)] * BLOCK)


async def settle(rig):
    rig.drift._kept.clear()


async def long_gone(rig):
    rig.cycle.rules = rig.cycle.rules.model_copy(update={"shed_after_s": SHED_AFTER_S})
    rig.proxy.drop()


async def back(rig):
    rig.cycle.rules = rig.cycle.rules.model_copy(update={"shed_after_s": 300.0})
    rig.proxy.go_on()


async def history_fails(rig):
    rig.cycle.history._store._base.execute("PRAGMA query_only = ON")


async def history_works(rig):
    rig.cycle.history._store._base.execute("PRAGMA query_only = OFF")


def frozen(rig):
    return rig.frozen_s


def two_cycles(rig):
    return 2 * rig.period_s


def shed_after(rig):
    return SHED_AFTER_S


async def operate_again(rig):
    await rig.finish()
    await rig.begin()
    await clear(rig)


ROWS = (
    Row("server killed and started again", "hold", signalled(signal.SIGKILL), restart, held, link=True),
    Row("server hangs", "hold", signalled(signal.SIGSTOP), signalled(signal.SIGCONT), held, link=True),
    Row("link held, bytes come later", "hold", called("hold"), called("go_on"), held, link=True),
    Row("link is a black hole", "hold", called("drop"), called("go_on"), held, link=True),
    Row("link cut", "hold", called("cut"), nothing, held, link=True),
    Row("bytes that make no sense", "hold", called("garble"), called("go_on"), held, link=True),
    Row("sensor bad", "hold", ordered("bad {seen}"), clear, held),
    Row("tag gone", "hold", ordered("gone {seen}"), clear, held),
    Row("out of its span", "hold", ordered("far {spanned}"), clear, held),
    Row("too fast", "hold", ordered("far {fast}"), clear, held),
    Row("sensor frozen", "hold", ordered("frozen {still}"), clear, held, own_s=frozen),
    Row("no heartbeat (tick stands still)", "hold", ordered("still"), clear, held),
    Row("plant disables writes", "hold", ordered("disable"), clear, held),
    Row("wall clock jumps by an hour", "hold", jump, nothing, held),
    Row("agent raises", "hold", decides(fails), wander, held),
    Row("agent gives no number", "hold", decides(no_number), wander, held),
    Row("limits cross", "hold", cross, clear, held, choice=True),
    Row("history cannot be written", "hold", history_fails, history_works, held),
    Row("cycle late", "no write", decides(slow), wander, late, choice=True),
    Row("outside the records", "advisory", decides(outside), wander, lowered(Mode.ADVISORY), False, choice=True),
    Row("write rejected", "action off", ordered("reject"), clear, off, False, choice=True),
    Row("loop not remote", "tracking", ordered("local {action}"), clear, tracked, False),
    Row("set-point moved by another", "tracking", ordered("move {action}"), nothing, tracked, False),
    Row("another writer", "off", ordered("owner intruder"), clear, lowered(Mode.OFF), False),
    Row("audit full", "shed", audit_fails, operate_again, shed, False),
    Row("sync of the audit fails", "shed", sync_fails, operate_again, shed, False),
    Row("tag drifts away from the records", "advisory", drift, settle, lowered(Mode.ADVISORY), False),
    Row("agent raises three times", "shed", decides(fails), wander, shed, False, own_s=two_cycles),
    Row("link gone for longer than shed_after", "shed", long_gone, back, shed, False, True, shed_after),
)  # fmt: skip


@dataclass(frozen=True)
class Trial:
    """What one injection gave.

    ``answered_s``: until the answer, without the rule's own wait. ``read_again_s``: until the plant
    was read again after the fault's end. ``back_s``: until the run ran again by itself, NaN if a
    person must act. ``late``: commits from before the end of the fault that the plant took over after it.
    """

    name: str
    answered_s: float
    read_again_s: float
    back_s: float
    late: int


async def until(holds, seconds):
    """Seconds until something holds, NaN if it does not in that time."""
    begin = time.monotonic()
    while not holds():
        if time.monotonic() - begin > seconds:
            return np.nan
        await asyncio.sleep(0.005)
    return time.monotonic() - begin


async def inject(rig: Rig, row: Row) -> Trial:
    """Close the loop, cause a fault at a random moment, end it at another, and see."""
    await rig.order("clear")
    await rig.close_loop()
    await asyncio.sleep(float(rig.random.uniform(0, rig.period_s)))
    await row.cause(rig)
    caused_s, own_s = time.monotonic(), row.own_s(rig)
    most_s = MOST_S + rig.period_s + own_s + 5.0 + (MOST_CHOICE_S if row.choice else 0.0)
    answered_s = await until(lambda: row.answered(rig), most_s)
    if row.choice:
        answered_s -= rig.wanted_s(caused_s) - caused_s
    intents = [entry.body["tick"] for entry in rig.cycle.audit.entries() if entry.kind == "intent"]
    await asyncio.sleep(float(rig.random.uniform(0.0, 0.7)) if row.link else 0.0)
    taken = None
    if row.link and row.name not in ("server killed and started again", "server hangs"):
        taken = (await rig.direct.read()).taken
    cycles = rig.cycles
    await row.lift(rig)
    read_again_s = await until(lambda: not rig.connection.problem, 20.0) if row.link else np.nan
    back_s, late = np.nan, 0
    if row.returns:
        lifted = time.monotonic()
        await until(lambda: rig.cycles > cycles and rig.cycle.state.run != Run.HOLD, 20.0)
        if rig.cycle.state.run == Run.RUN:  # else the plant's own timer was faster: a person resets
            back_s = time.monotonic() - lifted + (0.0 if np.isnan(read_again_s) else read_again_s)
    if taken is not None:
        now = (await rig.direct.read()).taken
        late = int(now != taken and now in intents)
    return Trial(row.name, answered_s - own_s, read_again_s, back_s, late)


async def outage(rig: Rig, connection: OpcUaConnection) -> tuple[str, bool]:
    """Break the link while a commit is on its way, end that at a random moment, and see.

    Returns:
        How the link broke, and whether the plant took the late commit over.
    """
    reading = await again(connection.read)
    before = {key: reading.samples[key].number for key in rig.keys}
    values = rig.values()
    kind = str(rig.random.choice(["held", "held, then cut", "server hangs"]))
    real = connection.commit

    async def commit(tick: int, crc: int) -> str:
        if kind == "server hangs":
            rig.signal(signal.SIGSTOP)
        else:
            rig.proxy.hold()
        return await real(tick, crc)

    connection.commit = commit
    intent = Intent(0, reading.tick, before, values)
    outcome = await write(connection, intent, rig.keys, rig.tick_s, lambda: "")
    connection.commit = real
    assert outcome.result == "unknown", outcome
    await asyncio.sleep(float(rig.random.uniform(0.0, 0.6)))
    if kind == "server hangs":
        rig.signal(signal.SIGCONT)
    elif kind == "held":
        rig.proxy.go_on()
    else:
        rig.proxy.go_on()
        await asyncio.sleep(0)  # what was held is on its way to the server now
        rig.proxy.cut()
    await again(connection.read)
    await asyncio.sleep(2 * rig.tick_s)
    return kind, (await again(rig.direct.read)).taken == reading.tick


async def again(call: Callable) -> object:
    """Call until the link is there."""
    end = time.monotonic() + 60.0
    while True:
        try:
            return await call()
        except Lost:
            assert time.monotonic() < end
            await asyncio.sleep(0.02)
