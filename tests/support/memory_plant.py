"""A plant in memory behind the cycle's contract of a connection: no sockets, and faults to order."""

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from shiftwork.operation.connection import Lost, Reading
from shiftwork.operation.cycle import Cycle
from shiftwork.operation.modes import Mode, Person, request_mode, switch
from shiftwork.operation.opened import opened_cycle
from shiftwork.operation.plant_side import PlantSide
from shiftwork.operation.samples import Sample
from shiftwork.operation.settings import operation_rules
from shiftwork.operation.shown import Clock
from shiftwork.operation.verdict import Judged
from shiftwork.records.historian.plant_file.load import parse_plant

KIM = Person("Kim", "operator")
PASSED = Judged(Mode.CLOSED, "passed", "0" * 64)
PLANT = """
name = "kettle"
period = "10s"
[objective]
expression = "heat"
[operation]
highest = "closed"
shed_after = "60s"
tick = "20ms"
relations = ["power + flow <= 18"]
[operation.frozen]
heat = "50s"
[operation.fastest]
heat = 10.0
[tags.heat]
role = "observation"
span = [0.0, 200.0]
[tags.power]
role = "action"
bounds = [0.0, "power_high"]
rate = [-2.0, 2.0]
rate_per = "10s"
[tags.flow]
role = "action"
bounds = [0.0, 10.0]
[tags.power_high]
role = "limit"
"""


@dataclass
class MemoryPlant:
    """Implements ``Connection``; ``faults`` holds what each call is to do."""

    side: PlantSide
    now: "FakeTime"
    heat: float = 50.0
    status: int = 0
    lost: set = field(default_factory=set)  # names of calls that never get there
    lost_after: set = field(
        default_factory=set
    )  # names of calls that act, and then the link breaks
    late: list = field(default_factory=list)  # writes on their way, delivered by deliver()
    hold_writes: bool = False
    on_read: object = None
    writes: list = field(default_factory=list)

    async def _call(self, name, action=None):
        if name in self.lost:
            raise Lost(f"{name}: time-out")
        if self.hold_writes and name in ("stage", "commit"):
            self.late.append(action)
            raise Lost(f"{name}: time-out")
        result = action()
        if name in self.lost_after:
            raise Lost(f"{name}: connection reset")
        return result

    def notice(self):
        return "the oil is low"

    def deliver(self):
        for action in self.late:
            action()
        self.late = []

    async def read_panel(self):
        reading = await self.read()
        seen = {key: sample for key, sample in reading.samples.items() if key != "heat"}
        return replace(reading, samples=seen)

    async def read(self):
        if self.on_read:
            self.on_read(self)
        reading = await self._call("read", self._reading)
        self.side.advance(self.now.s)
        return reading

    def _reading(self):
        side = self.side
        samples = {key: Sample(value) for key, value in side.in_force.items()}
        samples["heat"] = Sample(self.heat, self.status)
        samples["power_high"] = Sample(side.high.get("power"))
        return Reading(
            samples, side.tick, side.taken, side.enabled, dict(side.remote), side.owner, side.shed
        )

    async def beat(self, owner):
        await self._call("beat", lambda: self.side.beat(owner, self.now.s))

    async def stage(self, values):
        def act():
            self.writes.append(dict(values))
            found = {key: self.side.stage(key, value) for key, value in values.items()}
            return {key: reason for key, reason in found.items() if reason}

        return await self._call("stage", act)

    async def commit(self, tick, crc):
        def act():
            self.side.commit(tick, crc)
            return ""

        return await self._call("commit", act)

    async def shed(self):
        await self._call("shed", self.side.take_back)


@dataclass
class FakeTime:
    s: float = 1000.0
    wall_offset_s: float = 1.7e9

    def clock(self):
        return Clock(lambda: self.s, lambda: round((self.s + self.wall_offset_s) * 1e6))


@dataclass
class Bench:
    """A cycle at a plant in memory, with a clock that only ``run`` moves."""

    cycle: Cycle
    plant: MemoryPlant
    time: FakeTime

    def run(self, cycles=1, late_s=0.0):
        for _ in range(cycles):
            self.time.s += self.cycle.plant.period_s
            due = self.time.s - late_s
            # Something always moves a little, as a sensor does.
            self.plant.heat += 1e-6
            asyncio.run(self.cycle.once(due))
        return self.cycle.shown

    def close_loop(self, keys=("power", "flow")):
        for mode in (Mode.ADVISORY, Mode.CLOSED):
            self.cycle.ask(request_mode, mode, person=KIM)
        for key in keys:
            self.cycle.ask(switch, key, True, person=KIM)

    def kinds(self):
        return [entry.kind for entry in self.cycle.audit.entries()]

    def entries(self, kind):
        return [entry.body for entry in self.cycle.audit.entries() if entry.kind == kind]


@contextmanager
def bench(folder: Path, decide=None, plant=None, time=None, envelopes=(), still_s=None):
    """A cycle in shadow, closed at the end; ``decide`` asks for power 6 and flow 4 unless given."""
    file = parse_plant(PLANT, Path("kettle.toml"))
    time = time or FakeTime()
    side = PlantSide({"power": 5.0, "flow": 3.0}, {"power": 0.0, "flow": 0.0},
                     {"power": 9.0, "flow": 10.0}, shed_s=30.0, tick=1000)  # fmt: skip
    plant = plant or MemoryPlant(side, time)
    rules = operation_rules(file)
    agent = (decide or (lambda observation: np.array([6.0, 4.0])), frozenset({"heat"}))
    clock = time.clock()
    with opened_cycle(
        folder, file, rules, plant, agent, PASSED, envelopes, still_s, clock
    ) as cycle:
        yield Bench(cycle, plant, time)


def closed(at):
    """Close the loop of a bench, and see the first write taken over."""
    at.close_loop()
    assert at.run().result == "taken"
    return at
