import jax
import numpy as np
import pytest

from shiftwork.operation.envelope import ActionLimits, Envelopes, LimitEnvelope
from shiftwork.operation.furnace_envelope import REASON, FurnaceEnvelope
from shiftwork.people.furnace.export import SET_POINTS, SIGNALS
from shiftwork.plants.cracker.envelope import FurnaceWithinEnvelope
from shiftwork.plants.cracker.furnace_plant import Furnace

KEYS = tuple(signal.key for signal in SIGNALS)


@pytest.mark.slow
def test_the_same_furnace_is_held_as_by_the_envelope_in_the_plant():
    plant = FurnaceWithinEnvelope(Furnace())
    envelope = FurnaceEnvelope(KEYS)
    limits = LimitEnvelope(
        tuple(
            ActionLimits(key, (tag.low, tag.high))
            for key, tag in zip(SET_POINTS, plant.action, strict=True)
        ),
        4 * 3600.0,
    )
    chain = Envelopes(limits, (envelope,))
    pushing = np.array([tag.high for tag in plant.action])
    step = jax.jit(plant.step)
    key = jax.random.key(4)
    state, observation = plant.reset(key)
    in_force, held = pushing, []
    for _ in range(240):
        seen = dict(zip(KEYS, np.asarray(observation), strict=True))
        seen |= dict(zip(SET_POINTS, in_force, strict=True))
        chain.observe(seen)
        result = chain.hold(seen, pushing)
        key, draw = jax.random.split(key)
        after = step(state, pushing, draw)
        assert bool(after.info["held"]) == bool(result.held.any())
        assert not np.isnan(result.action).any()
        held.append(bool(after.info["held"]))
        in_force = result.action
        state, observation = after.state, after.observation
        if held[-1]:
            assert REASON in result.reason.tolist()
    assert any(held)
    assert not all(held)


def test_a_missing_observation_forbids_every_write():
    seen = dict.fromkeys(KEYS, 1.0) | {"tube": np.nan}
    assert np.isnan(FurnaceEnvelope(KEYS).hold(seen, np.ones(4)).action).all()
