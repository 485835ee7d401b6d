from pathlib import Path

import jax
import numpy as np
import pytest

from shiftwork.errors import UserError
from shiftwork.operation.envelope import ActionLimits, Envelopes, LimitEnvelope
from shiftwork.operation.furnace_envelope import REASON, FurnaceEnvelope, furnace_envelope
from shiftwork.operation.opcua.virtual_file import plant_file_text
from shiftwork.operation.settings import operation_rules
from shiftwork.people.furnace.export import SET_POINTS, SIGNALS
from shiftwork.plants.cracker.coke_estimate import MARGIN_C
from shiftwork.plants.cracker.envelope import FurnaceWithinEnvelope
from shiftwork.plants.cracker.furnace_plant import Furnace
from shiftwork.records.historian.plant_file.load import parse_plant
from support.fuzzed_furnace import fuzzed, outside

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


def test_many_actions_are_held_as_one_by_one():
    random = np.random.default_rng(5)
    plant = Furnace()
    _, observation = plant.reset(jax.random.key(0))
    seen = {
        k: v * random.uniform(0.9, 1.1, 8)
        for k, v in zip(KEYS, np.asarray(observation), strict=True)
    }
    seen["tube"][3] = np.nan
    action = random.uniform([t.low for t in plant.action], [t.high for t in plant.action], (8, 4))
    envelope = FurnaceEnvelope(KEYS, coke_mm=6.0)
    together = envelope.hold(seen, action)
    for row in range(8):
        alone = envelope.hold({key: values[row] for key, values in seen.items()}, action[row])
        np.testing.assert_allclose(together.action[row], alone.action, rtol=1e-6)
        assert together.reason[row].tolist() == alone.reason.tolist()
    assert np.isnan(together.action[3]).all()
    assert together.held.any()


def test_the_model_needs_the_furnaces_tags_and_names_what_is_missing():
    text = plant_file_text(Furnace(), 4840, 1.0, 0.2)
    assert furnace_envelope(parse_plant(text, Path("f.toml"))).keys == KEYS
    broken = text.replace("[tags.tube]", "[tags.skin]")
    assert broken != text
    with pytest.raises(UserError, match=r"f.toml: operation.model.*needs the tag 'tube'"):
        furnace_envelope(parse_plant(broken, Path("f.toml")))


def test_a_plant_file_may_widen_the_margin():
    text = plant_file_text(Furnace(), 4840, 1.0, 0.2)
    assert text.count("[operation]\n") == 1
    plant = parse_plant(
        text.replace("[operation]\n", "[operation]\nmodel_margin = 20.0\n"), Path("f.toml")
    )
    assert furnace_envelope(plant, operation_rules(plant).model_margin).margin_c == 20.0
    plain = parse_plant(text, Path("f.toml"))
    assert furnace_envelope(plain, operation_rules(plain).model_margin).margin_c == MARGIN_C
    wrong = text.replace("[operation]\n", "[operation]\nmodel_margin = 0.0\n")
    with pytest.raises(UserError, match=r"f.toml: operation.*model_margin"):
        operation_rules(parse_plant(wrong, Path("f.toml")))


@pytest.mark.slow
def test_no_write_heats_the_tubes_further_than_the_model_allows_whatever_the_numbers():
    envelopes, observation, action = fuzzed(5_000, 0)
    result = envelopes.hold(observation, action)
    assert not outside(envelopes, observation, result.action).any()
    assert REASON in result.reason
    # The judge can find something: what was asked for, where it is a number.
    assert outside(envelopes, observation, action).any()
