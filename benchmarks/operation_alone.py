"""What an agent, or people, earn at a virtual plant without any connection: the same draws, no sockets."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import jax
import numpy as np

from shiftwork.operation.envelope import Envelope
from shiftwork.operation.furnace_envelope import furnace_envelope
from shiftwork.operation.inputs import AgentInput
from shiftwork.operation.opcua.virtual_plant import VirtualPlant
from shiftwork.operation.permitted import Permitted
from shiftwork.operation.settings import envelope_of, operation_rules
from shiftwork.operation.team_input import TeamInput
from shiftwork.people.furnace.people import People
from shiftwork.plants.cracker.furnace_plant import Furnace
from shiftwork.plants.plant import Plant
from shiftwork.records.historian.plant_file.model import PlantFile


def envelopes_of(agent: AgentInput | TeamInput, file: PlantFile) -> list[Envelope]:
    """What holds an agent besides the plant file's limits."""
    if isinstance(agent, TeamInput):
        return [Permitted(agent.agents)]
    return [furnace_envelope(file)]


def alone(
    plant: Plant,
    seed: int,
    file: PlantFile,
    steps: Sequence[int],
    last: int,
    agent: AgentInput | TeamInput,
) -> float:
    """What an agent within its envelope earns.

    Args:
        plant: The simulation.
        seed: Of its draws.
        file: Its plant file.
        steps: From which of its steps on the agent decides, and from which on it acts and earns.
        last: Up to which step.
        agent: As it was when it began.
    """
    envelope = envelope_of(file, operation_rules(file), envelopes_of(agent, file))
    keys = [tag.key for tag in file.of_role("action")]

    def act(virtual: VirtualPlant) -> None:
        observation = _seen(virtual)
        envelope.observe(observation)
        wanted = agent.decide(observation)
        if virtual.steps >= steps[1]:
            virtual.side.owner = "the agent"
            allowed = envelope.hold(observation, wanted).action
            for key, value in zip(keys, allowed, strict=True):
                if not np.isnan(value):
                    virtual.side.in_force[key] = float(value)

    return _earned(plant, seed, steps, last, lambda v: act(v) if v.steps >= steps[0] else None)


def by_people(plant: Plant, seed: int, steps: Sequence[int], last: int) -> float:
    """What people earn in the same steps: the furnace's crew from ``steps[1]`` on, a centre's people."""
    if not isinstance(plant, Furnace):
        return _earned(plant, seed, steps, last, lambda virtual: None)
    people = People(plant.design)
    act = jax.jit(people.act)
    memory, keys = (
        people.begin(jax.random.key(seed)),
        iter(jax.random.split(jax.random.key(1), last + 1)),
    )

    def work(virtual: VirtualPlant) -> None:
        nonlocal memory
        if virtual.steps >= steps[1]:
            memory, action = act(memory, virtual._observation, next(keys))
            names = virtual.side.in_force
            virtual.side.in_force = dict(zip(names, map(float, action), strict=True))

    return _earned(plant, seed, steps, last, work)


def _earned(
    plant: Plant, seed: int, steps: Sequence[int], last: int, act: Callable[[VirtualPlant], None]
) -> float:
    virtual, before = VirtualPlant(plant, 1.0, seed), 0.0
    while virtual.steps < last:
        if virtual.steps == steps[1]:
            before = virtual.earned
        act(virtual)
        virtual.step()
    return virtual.earned - before


def _seen(virtual: VirtualPlant) -> dict[str, float]:
    side = virtual.side
    found = {key: virtual.measured(key)[0] for key in virtual.keys} | side.in_force
    for name, table in (("low", side.low), ("high", side.high)):
        found |= {f"{key}_{name}": value for key, value in table.items()}
    return found
