"""A team of two at a plant in memory: a pump and an oven, each on its own clock."""

import dataclasses
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from shiftwork.agents.team import Team
from shiftwork.agents.team_actors import SEARCHED, Actors, not_searched
from shiftwork.operation.opened import opened_cycle
from shiftwork.operation.plant_side import PlantSide
from shiftwork.operation.samples import Sample
from shiftwork.operation.settings import operation_rules
from shiftwork.operation.team_input import TeamInput
from shiftwork.records.historian.plant_file.load import parse_plant
from support.memory_plant import PASSED, Bench, FakeTime, MemoryPlant

PUMP, OVEN = ("slow", "fast"), ("cold", "warm", "hot")
PLANT = """
name = "pump and oven"
period = "10s"
[objective]
expression = "level"
[operation]
highest = "closed"
shed_after = "60s"
tick = "20ms"
[operation.team]
step = "step"
[operation.team.agents.oven]
action = "oven"
decides = "oven_decides"
sees = ["level", "glow"]
may = ["may_cold", "may_warm", "may_hot"]
[operation.team.agents.pump]
action = "pump"
decides = "pump_decides"
sees = ["level"]
may = ["may_slow", "may_fast"]
[tags.pump]
role = "action"
bounds = [0.0, 1.0]
[tags.oven]
role = "action"
bounds = [0.0, 2.0]
[tags.level]
role = "observation"
[tags.glow]
role = "observation"
""" + "".join(
    f'[tags.{key}]\nrole = "limit"\n'
    for key in ("step", "pump_decides", "oven_decides", *(f"may_{m}" for m in (*PUMP, *OVEN)))
)


def team(seed=0):
    """A team of random weights; the order of its agents is not that of the plant file's."""
    sizes, actors = (2, 1), Actors(*(np.zeros(0, np.float32) for _ in Actors._fields))
    actors = actors._replace(
        first_bias=np.zeros((2, 8), np.float32),
        candidate_bias=np.zeros((2, 4), np.float32),
        periods=np.array([24.0], np.float32),
        horizon=np.array(50.0, np.float32),
    )
    rng = np.random.default_rng(seed)
    shapes = actors.shapes(2, max(sizes), 3)
    drawn = [rng.normal(size=shape).astype(np.float32) for shape in shapes]
    weights = Actors(*drawn)._replace(periods=actors.periods, horizon=actors.horizon)
    nothing = not_searched(2, weights.first.shape[1], weights.head.shape[2])
    weights = weights._replace(**dict(zip(SEARCHED, nothing, strict=True)))
    return Team(("oven", "pump"), sizes, (OVEN, PUMP), weights)


@dataclasses.dataclass
class TeamPlant(MemoryPlant):
    """Everybody decides and may everything, unless told otherwise in ``tags``."""

    heat: float = 0.5  # the level; far from where nets saturate
    tags: dict = dataclasses.field(default_factory=dict)

    def _reading(self):
        reading = super()._reading()
        numbers = {"level": self.heat, "glow": -0.5} | self.tags
        samples = {key: Sample(value) for key, value in self.side.in_force.items()}
        return dataclasses.replace(
            reading, samples=samples | {key: Sample(float(n)) for key, n in numbers.items()}
        )


class TeamBench(Bench):
    """A cycle of the team; each run is a step of the plant."""

    def step(self, **tags):
        self.plant.tags |= {"pump_decides": 1, "oven_decides": 1} | tags
        shown = self.run()
        self.plant.tags["step"] += 1
        return shown


def plant_file(old="", new=""):
    assert old in PLANT
    return parse_plant(PLANT.replace(old, new), Path("pump.toml"))


@contextmanager
def team_bench(folder, plant=None, time=None, given=None, seen=None):
    """A team in shadow, with the memory that the folder's audit holds; ``seen``: its records."""
    file = plant_file()
    rules = operation_rules(file)
    time = time or FakeTime()
    side = PlantSide({"pump": 0.0, "oven": 1.0}, {"pump": 0.0, "oven": 0.0},
                     {"pump": 1.0, "oven": 2.0}, shed_s=30.0, tick=1000)  # fmt: skip
    everything = {f"may_{macro}": 1 for macro in (*PUMP, *OVEN)}
    plant = plant or TeamPlant(side, time, tags=everything | {"step": 0})
    agent = TeamInput(given or team(), file, rules.team)
    agents = dict(zip(agent.names, agent.agents, strict=True))
    held = seen.envelopes(agents, rules.team.step) if seen else ()
    with opened_cycle(folder, file, rules, plant, agent, PASSED, held, clock=time.clock()) as cycle:
        yield TeamBench(cycle, plant, time)
