"""Random plants, limits and actions for an envelope, and a judge that shares no code with it."""

import numpy as np

from shiftwork.operation.envelope import ActionLimits, Envelopes, LimitEnvelope
from shiftwork.operation.relations import Relations
from shiftwork.operation.support import Support

PERIOD_S = 30.0
FEED = ActionLimits(
    "feed", (0.0, 100.0), (-4.0, 2.0), 60.0, engineer=(20.0, 90.0), operator=(30.0, 85.0)
)
HEAT = ActionLimits("heat", ("heat_low", "heat_high"), ("heat_fall", "heat_rise"), 60.0)
RATIO = ActionLimits("ratio", (0.2, 0.8), None, least_move=0.02)
LIMITS = (FEED, HEAT, RATIO)
RELATIONS = ("feed * ratio <= 40", "heat <= 700 + 2 * feed - level")


def fuzzed(cycles, seed, support=None):
    """Return an envelope, an observation and actions of that many cycles, many of them broken."""
    rng = np.random.default_rng(seed)

    def spoilt(values, part=0.01):
        """Replace some by what sensors, people and networks make of them."""
        bad = rng.choice([np.nan, np.inf, -np.inf, 0.0, -1e9, 1e9, 1e308], cycles)
        return np.where(rng.random(cycles) < part, bad, values)

    heat = rng.normal(800, 20, cycles)
    observation = {
        "feed": spoilt(rng.uniform(25, 95, cycles)),
        "heat": spoilt(heat),
        "ratio": spoilt(rng.uniform(0.2, 0.8, cycles)),
        "heat_low": spoilt(rng.normal(760, 10, cycles)),
        "heat_high": spoilt(rng.normal(830, 15, cycles)),
        "heat_fall": spoilt(-rng.exponential(8, cycles)),
        "heat_rise": spoilt(rng.exponential(8, cycles)),
        "level": spoilt(rng.normal(0, 10, cycles)),
    }
    action = np.stack(
        [
            spoilt(rng.uniform(20, 100, cycles), 0.05),
            spoilt(heat + rng.normal(0, 15, cycles), 0.05),
            spoilt(rng.uniform(0.1, 0.9, cycles), 0.05),
        ],
        -1,
    )
    relations = Relations.read(
        RELATIONS, [limit.key for limit in LIMITS], [*observation], "fuzz: relations"
    )
    others = (relations,) if support is None else (relations, support)
    return Envelopes(LimitEnvelope(LIMITS, PERIOD_S), others), observation, action


def people(seed=0):
    """Support of records in which the ratio follows the level and feed and heat vary, (3000, 4)."""
    rng = np.random.default_rng(seed)
    level = rng.normal(0, 10, 3000)
    rows = np.stack(
        [level, rng.uniform(25, 90, 3000), rng.normal(800, 20, 3000), 0.5 + level / 100], -1
    )
    return Support.learn(("level",), ("feed", "heat", "ratio"), rows)


def beyond(observation, action, support):
    """Say which written rows lie outside the records, by every distance one by one, (N,)."""
    o = observation
    whole = np.where(
        np.isnan(action), np.stack([o[k] for k in ("feed", "heat", "ratio")], -1), action
    )
    written = np.flatnonzero(~np.isnan(action).all(-1))
    rows = np.concatenate([o["level"][:, None], whole], -1)[written]
    scaled = (rows - support.mean) / support.std
    nearest = np.full(len(rows), np.inf)
    with np.errstate(all="ignore"):
        for kept in support.rows:
            nearest = np.fmin(nearest, ((scaled - kept) ** 2).sum(-1))
    found = np.zeros(len(action), bool)
    found[written] = ~(np.sqrt(nearest) <= support.limit + 1e-6)
    return found


def outside(observation, action):
    """Say where a written action breaks a limit, and whole rows that break a relation, (N, A)."""
    o, found = observation, np.zeros(action.shape, bool)
    share = PERIOD_S / 60.0
    table = (
        (np.full(len(action), 30.0), np.full(len(action), 85.0), -4.0, 2.0, o["feed"]),
        (o["heat_low"], o["heat_high"], o["heat_fall"], o["heat_rise"], o["heat"]),
        (np.full(len(action), 0.2), np.full(len(action), 0.8), -np.inf, np.inf, o["ratio"]),
    )
    for i, (low, high, fall, rise, now) in enumerate(table):
        value = action[:, i]
        within = (low <= value) & (value <= high)
        with np.errstate(all="ignore"):
            down, up = now + fall * share, now + rise * share
        slow = (down <= value) & (value <= up)
        nearest = value == np.minimum(np.maximum(now, low), high)
        found[:, i] = ~np.isnan(value) & ~(within & (slow | nearest))
    written = ~np.isnan(action)
    feed, heat, ratio = (
        np.where(written[:, i], action[:, i], o[key])
        for i, key in enumerate(("feed", "heat", "ratio"))
    )
    with np.errstate(all="ignore"):
        kept = (feed * ratio <= 40) & (heat <= 700 + 2 * feed - o["level"])
    return found | (~kept & written.any(-1))[:, None]
