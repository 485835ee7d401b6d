"""Random panels of a furnace for its model's envelope, and a judge that asks the furnace's law itself."""

import jax
import jax.numpy as jnp
import numpy as np

from shiftwork.operation.envelope import ActionLimits, Envelopes, LimitEnvelope
from shiftwork.operation.furnace_envelope import FurnaceEnvelope
from shiftwork.people.furnace.export import SET_POINTS, SIGNALS
from shiftwork.plants.cracker.coke_estimate import MARGIN_C, foreseen
from shiftwork.plants.cracker.furnace_plant import COT_RATE, FEED_RATE, STEP_H, Furnace, read

KEYS = tuple(signal.key for signal in SIGNALS)
FURNACE = Furnace()
LIMITS = LimitEnvelope(
    tuple(
        ActionLimits(key, (tag.low, tag.high))
        for key, tag in zip(SET_POINTS, FURNACE.action, strict=True)
    ),
    4 * 3600.0,
)


def panels(count, seed):
    """Observations of furnaces that are run at random, (count, 18)."""
    low, high = (jnp.array([getattr(t, end) for t in FURNACE.action]) for end in ("low", "high"))

    def step(state, key):
        act, draw = jax.random.split(key)
        made = FURNACE.step(state, jax.random.uniform(act, (4,), minval=low, maxval=high), draw)
        return made.state, made.observation

    def run(key):
        state, _ = FURNACE.reset(key)
        return jax.lax.scan(step, state, jax.random.split(key, 100))[1]

    keys = jax.random.split(jax.random.key(seed), -(-count // 100))
    return np.asarray(jax.jit(jax.vmap(run))(keys)).reshape(-1, len(KEYS))[:count]


def fuzzed(cycles, seed):
    """Return an envelope, an observation and actions of that many cycles, many of them broken."""
    rng = np.random.default_rng(seed)
    rows = panels(cycles, seed).astype(np.float64)
    broken = rng.random(rows.shape) < 0.002
    rows[broken] = rng.choice([np.nan, np.inf, 0.0, -1e9, 1e9], broken.sum())
    observation = dict(zip(KEYS, rows.T, strict=True))
    low, high = (np.array([getattr(t, end) for t in FURNACE.action]) for end in ("low", "high"))
    observation |= dict(zip(SET_POINTS, rng.uniform(low, high, (cycles, 4)).T, strict=True))
    action = rng.uniform(low - 0.1 * (high - low), high + 0.1 * (high - low), (cycles, 4))
    broken = rng.random(action.shape) < 0.02
    action[broken] = rng.choice([np.nan, np.inf, -np.inf, 0.0, 1e9], broken.sum())
    envelope = FurnaceEnvelope(KEYS, coke_mm=float(rng.uniform(0, 12)))
    return Envelopes(LIMITS, (envelope,)), observation, action


def outside(envelopes, observation, action):
    """Say which rows write beyond a limit, or heat the tubes although they could be cooler, (N,)."""
    written = ~np.isnan(action)
    low, high = (np.array([getattr(t, end) for t in FURNACE.action]) for end in ("low", "high"))
    found = (written & ~((low <= action) & (action <= high))).any(-1)
    whole = np.where(written, action, np.stack([observation[key] for key in SET_POINTS], -1))
    rows = np.stack([observation[key] for key in KEYS], -1)
    # Nothing may be written while the panel is not whole.
    found |= written.any(-1) & ~np.isfinite(rows.astype(np.float32)).all(-1)
    coke_mm = jnp.float32(envelopes.others[0].coke_mm)

    def tubes(row, wanted):
        return foreseen(FURNACE.design, read(row), coke_mm, wanted[None, :3])[0]

    hottest = np.asarray(
        jax.jit(jax.vmap(tubes))(rows.astype(np.float32), whole.astype(np.float32))
    )
    seen = jax.vmap(read)(jnp.asarray(rows, jnp.float32))
    feed, cot = np.asarray(seen.feed_t_per_h), np.asarray(seen.cot_c)
    design = FURNACE.design
    running = (feed >= design.feed_low_t_per_h) & (np.asarray(seen.decoke_left_h) <= 0)
    hot = ~(hottest <= design.tube_limit_c - MARGIN_C + 0.01)
    slowest = (whole[:, 0] <= np.maximum(feed - STEP_H * FEED_RATE, design.feed_low_t_per_h) + 1e-3) & (
        whole[:, 1] <= np.maximum(cot - STEP_H * COT_RATE, design.cot_low_c) + 1e-3
    )  # fmt: skip
    return found | (written.any(-1) & running & hot & ~slowest)
