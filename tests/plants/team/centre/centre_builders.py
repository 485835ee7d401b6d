"""Small centres with known values, and every rule that a centre must keep, checked step by step."""

import copy
import tomllib
from importlib.resources import files

import jax
import jax.numpy as jnp
import numpy as np

from shiftwork.plants.cracker.furnace import LIQUID
from shiftwork.plants.team.centre import Centre
from shiftwork.plants.team.centre.harbour import CARGO, level_m3
from shiftwork.plants.team.centre.refusals import check_scenario
from shiftwork.plants.team.centre.scenario import parse_scenario
from shiftwork.plants.team.centre.state import CRACKING, DECOKING, QUEUED

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
    text = files("shiftwork.plants.team.centre") / "scenarios" / f"{name}.toml"
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


# The tests compile more than they run.
QUICK = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
RESET = jax.jit(lambda plant, key: plant.reset(key), static_argnums=0, compiler_options=QUICK)
STEP = jax.jit(
    lambda plant, state, macro, key: plant.step(state, macro, key),
    static_argnums=0,
    compiler_options=QUICK,
)
TOLD = jax.jit(lambda plant, state: plant.told(state), static_argnums=0, compiler_options=QUICK)
KEY = jax.random.key(0)


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
    """Hours until an agent decides anew, and the steps."""
    made = []
    for hour in range(1, at_most + 1):
        made.append(step(plant, state, macro))
        state = made[-1].state
        if made[-1].decided[agent]:
            return hour, made
    raise AssertionError("the agent never decided")


def broken_rules(plant, before, after):
    """Every rule that the step from one state to a TeamStep has broken: name -> bool."""
    layout, scenario, state, info = plant.layout, plant.scenario, after.state, after.info
    level = level_m3(state.tanks)
    filled, share = state.harbour.tank, state.blend.share
    tanks = np.arange(layout.tanks)
    being_filled = (filled[:, None] == tanks).any(0)
    one_tank_each = (filled[:, None] == tanks).sum(0) <= 1
    furnaces, old = state.furnaces, before.furnaces
    at_work = (furnaces.mode == DECOKING).sum()
    cracking, cracked = (furnaces.mode == CRACKING).sum(), (old.mode == CRACKING).sum()
    floor = jnp.minimum(cracked, scenario.furnaces.cracking_at_least)
    ship, was = state.harbour.berthed, before.harbour.berthed
    changed_ship = (ship[:, 0] != was[:, 0]) | (ship[:, 12] != was[:, 12])
    ramp = jnp.abs(furnaces.feed_t_per_h - old.feed_t_per_h) > (
        scenario.furnaces.feed_ramp_t_per_h + 1e-3
    )
    stopped = furnaces.feed_t_per_h == 0
    recipe = info["macro_action"][layout.berths]
    # A tank that fed in this hour was neither resting nor full of somebody's cargo.
    fed = jnp.asarray(layout.recipes)[recipe] > 0
    counted = jnp.concatenate(
        [x.reshape(-1).astype(jnp.float32) for x in jax.tree.leaves((state, after[1:]))
         if jnp.issubdtype(x.dtype, jnp.floating)]
    )  # fmt: skip
    return {
        "level below heel": (level < layout.heel_m3 - 0.1).any(),
        "level above high": (level > layout.high_m3 + 0.1).any(),
        "negative mass": (state.tanks.mass_t < -1e-3).any(),
        "composition not whole": (jnp.abs(state.tanks.known.sum(-1) - 1) > 1e-4).any(),
        "empty mask": ~after.mask.any(1).all(),
        "two berths, one tank": ~one_tank_each.all(),
        "fills a feeding tank": (being_filled & (share > 0) & ~after.decided[layout.berths]).any()
        | (fed & (before.harbour.tank[:, None] == tanks).any(0)).any(),
        "feeds a resting tank": (fed & (before.tanks.rest_h > 0)).any(),
        "two cargoes at a berth": (changed_ship & (was[:, CARGO] > 0)).any(),
        "cargo grows": ((ship[:, CARGO] > was[:, CARGO]) & (was[:, CARGO] > 0)).any(),
        "ship uncalled": (before.harbour.called & ~state.harbour.called).any(),
        "unknown mode": ((furnaces.mode < 0) | (furnaces.mode > QUEUED)).any(),
        "too many decokes": at_work > scenario.furnaces.decokes_at_once,
        "too few cracking": cracking + info["forced"].sum() < floor,
        "decokes under feed": ((old.mode == DECOKING) & (furnaces.coke_mm == 0)
                               & (old.coke_mm > 0) & ~stopped).any(),
        "feed beyond load": (furnaces.feed_t_per_h > LIQUID.feed_high_t_per_h).any(),
        "feed ramp": (ramp & ~stopped).any(),
        "COT beyond limits": ((furnaces.cot_c < LIQUID.cot_low_c)
                              | (furnaces.cot_c > LIQUID.cot_high_c)).any(),
        "COT ramp": (jnp.abs(furnaces.cot_c - old.cot_c)
                     > scenario.furnaces.cot_ramp_c_per_h + 1e-3).any(),
        "cracks too hot": (info["forced"] & (furnaces.feed_t_per_h > 0)).any(),
        "shared limit": (state.load > 1 + 1e-5).any(),
        "macro-action out of range": (info["macro_action"] < 0).any()
        | (info["macro_action"] >= jnp.array([len(m) for m in plant.macro_actions])).any(),
        "recipe lasts too long": state.blend.left_h >= scenario.blending.recipe_h,
        "naphtha balance": jnp.abs(info["residual_t"]) > 1e-4 * jnp.maximum(info["feed_t"], 40.0),
        "product balance": jnp.abs(info["ethane_residual_t"])
        > 1e-4 * jnp.maximum(info["feed_t"], 10.0),
        "drum": (state.gas.ethane_t < 0)
        | (state.gas.ethane_t > scenario.gas_furnaces.ethane_t + 1e-3),
        "not finite": ~jnp.isfinite(counted).all(),
        "terminal": after.terminal,
    }  # fmt: skip
