"""A small cracking centre behind the cycle's contract of a connection: no sockets, and no waiting."""

import dataclasses
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from shiftwork.operation.opcua.centre_tags import CentreTags
from shiftwork.operation.opcua.virtual_file import plant_file_text
from shiftwork.operation.opcua.virtual_plant import VirtualPlant
from shiftwork.operation.opened import opened_cycle
from shiftwork.operation.samples import Sample
from shiftwork.operation.settings import operation_rules
from shiftwork.operation.team_input import TeamInput
from shiftwork.plants.catalogue import make_team_plant
from shiftwork.records.historian.plant_file.load import load_plant_file
from support.memory_plant import PASSED, Bench, FakeTime, MemoryPlant


@dataclasses.dataclass
class CentrePlant(MemoryPlant):
    """Implements ``Connection`` in front of the virtual plant, with all of its faults."""

    virtual: VirtualPlant = None

    def _reading(self):
        side, virtual = self.side, self.virtual
        samples = {key: Sample(value) for key, value in side.in_force.items()}
        for key in virtual.keys:
            value, quality = virtual.measured(key)
            samples[key] = Sample(value if quality == "good" else None, 2 * (quality != "good"))
        for name, table in (("low", side.low), ("high", side.high)):
            samples |= {f"{key}_{name}": Sample(value) for key, value in table.items()}
        return dataclasses.replace(super()._reading(), samples=samples)


@dataclasses.dataclass
class CentreBench(Bench):
    """A cycle in each hour of the centre.

    ``rows`` holds what was seen in each hour: the plant's observation, the numbers then in force, and
    after the hour those and what it earned.
    """

    rows: list = dataclasses.field(default_factory=list)

    def hour(self, cycle=True):
        virtual = self.plant.virtual
        seen, before = virtual._observation.copy(), dict(virtual.side.in_force)
        if cycle:
            self.run()
        else:
            self.time.s += self.cycle.plant.period_s
        virtual.side.tick += 5
        virtual.step()
        self.rows.append((seen, before, dict(virtual.side.in_force)))
        return self.cycle.shown


def centre_file(folder):
    """The plant file of a served centre-small."""
    centre = CentreTags(make_team_plant("centre-small"))
    path = Path(folder) / "plant.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(plant_file_text(centre, 4840, 2.0, 0.4))
    return centre, load_plant_file(path)


@contextmanager
def centre_bench(folder, team, seed=0, envelopes=(), out="out"):
    """A team in shadow at the served centre, which its people run."""
    centre, file = centre_file(folder)
    rules, time = operation_rules(file), FakeTime(wall_offset_s=1_700_000_000.0)
    virtual = VirtualPlant(centre, 2.0, seed)
    plant = CentrePlant(virtual.side, time, virtual=virtual)
    agent = TeamInput(team, file, rules.team)
    with opened_cycle(
        Path(folder) / out, file, rules, plant, agent, PASSED, envelopes, clock=time.clock()
    ) as cycle:
        yield CentreBench(cycle, plant, time)


def random_team(centre):
    """Random weights for a centre; nets of width 8 and memory 4."""
    from shiftwork.agents.team import Team
    from shiftwork.agents.team_actors import SEARCHED, Actors, not_searched

    plant, agents = centre.centre, len(centre.centre.agents)
    like = Actors(*(np.zeros(0, np.float32) for _ in Actors._fields))._replace(
        first_bias=np.zeros((agents, 8)), candidate_bias=np.zeros((agents, 4)),
        periods=np.array([24.0], np.float32), horizon=np.array(0.0, np.float32),
    )  # fmt: skip
    rng = np.random.default_rng(0)
    shapes = like.shapes(agents, max(plant.observation_sizes), max(map(len, plant.macro_actions)))
    drawn = Actors(*(rng.normal(0, 0.3, shape).astype(np.float32) for shape in shapes))
    nothing = not_searched(agents, drawn.first.shape[1], drawn.head.shape[2])
    actors = drawn._replace(
        periods=like.periods, horizon=like.horizon, **dict(zip(SEARCHED, nothing, strict=True))
    )
    return Team(plant.agents, plant.observation_sizes, plant.macro_actions, actors)
