"""Small centres with known values."""

import copy
import tomllib
from importlib.resources import files

import jax
import jax.numpy as jnp

from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.load import parse_scenario
from shiftwork.plants.centre.scenario_checks import check_scenario
from support.compile_options import QUICK

OPEN = [56.0, 16.0, 0.5, 19.5, 8.0]
LIGHT = [51.0, 32.5, 0.5, 12.0, 4.0]
CERTAIN = {
    # Nothing is left to chance: ships of 2,000 t come on time, each as its certificate says.
    "ships.eta_sigma_d": 0.0,
    "ships.assay_sigma": 0.0,
    "ships.first_d": 0.0,
    "ships.interval_d": 2.0,
    "ships.cargo_t": [2000.0, 2000.0],
    "ships.laycan_h": 0.0,
    "ships.grades": [{"name": "open", "piona": OPEN, "probability": 1.0}],
    "prices.naphtha": 0.0,
    "prices.ethylene": 0.0,
    "prices.propylene": 0.0,
    "prices.butadiene": 0.0,
    "prices.fuel": 0.0,
    "limits.compressor_t_per_h": 200.0,
}


def raw(name="centre-small"):
    """A shipped scenario as TOML holds it."""
    text = files("shiftwork.plants.centre") / "scenarios" / f"{name}.toml"
    return tomllib.loads(text.read_text(encoding="utf-8"))


def changed(changes, name="centre-small"):
    """A shipped scenario with other values at dotted keys, tanks counted from 0; None drops one."""
    table = copy.deepcopy(raw(name))
    for key, value in changes.items():
        *path, last = key.split(".")
        inner = table
        for part in path:
            inner = inner[int(part) if part.isdigit() else part]
        if value is None:
            del inner[last]
        else:
            inner[last] = value
    return table


def centre(changes=(), name="centre-small"):
    """A plant of a changed scenario."""
    scenario = parse_scenario(changed(dict(changes), name), "test")
    check_scenario(scenario, "test")
    return Centre(scenario)


RESET = jax.jit(lambda plant, key: plant.reset(key), compiler_options=QUICK)
STEP = jax.jit(
    lambda plant, state, macro, key: plant.step(state, macro, key),
    compiler_options=QUICK,
)
TOLD = jax.jit(lambda plant, state: plant.told(state), compiler_options=QUICK)
KEY = jax.random.key(0)
PLANT = centre(CERTAIN)
TROUBLED = centre(CERTAIN | {
    "berths.count": 2, "ships.first_d": 0.0, "ships.interval_d": 1.1, "furnaces.count": 3,
    "tanks": [
        {"name": "T1", "capacity_m3": 6000.0, "heel": 0.1, "high": 0.9, "level": 0.5, "piona": OPEN},
        {"name": "T2", "capacity_m3": 6000.0, "heel": 0.1, "high": 0.9, "level": 0.1, "piona": OPEN},
    ],
})  # fmt: skip
"""Two berths, three furnaces."""


def start(plant=PLANT):
    return RESET(plant, KEY).state


def step(plant, state, macro):
    """One hour; ``macro`` in the order of the agents."""
    return STEP(plant, state, jnp.array(macro, jnp.int32), KEY)


def play(plant, state, macro, hours):
    """The same macro-actions whenever somebody decides; all steps."""
    made = []
    for _ in range(hours):
        made.append(step(plant, state, macro))
        state = made[-1].state
    return made


def until_decided(plant, state, macro, agent, *, at_most=200):
    """Hours until an agent decides again, and the steps."""
    made = []
    for hour in range(1, at_most + 1):
        made.append(step(plant, state, macro))
        state = made[-1].state
        if made[-1].decided[agent]:
            return hour, made
    raise AssertionError("the agent never decided")
