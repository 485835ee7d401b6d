"""The reason for a mask, read from what was seen, against the state of the simulated centre."""

import equinox as eqx
import jax
import numpy as np
import pytest

from shiftwork.plants.centre.blending import ready_t
from shiftwork.plants.centre.harbour import CARGO, level_m3, receiving
from shiftwork.plants.centre.masked import why_masked
from shiftwork.plants.centre.state import CRACKING, DECOKING, QUEUED
from shiftwork.plants.record_team import place_of
from shiftwork.plants.run_team import run_team
from shiftwork.records.team_episodes import Task
from support.centre_builders import centre

PLANT = centre()


class Random(eqx.Module):
    """Chooses anything that it may."""

    def begin(self, key):
        return ()

    def act(self, memory, step, key):
        return memory, jax.random.categorical(key, jax.numpy.where(step.mask, 0.0, -1e9))


def _keep(before, after, memory):
    state, layout = after.state, PLANT.layout
    facts = {
        "receiving": receiving(layout, state.harbour),
        "feeds": state.blend.share > 0,
        "room": layout.high_m3 - level_m3(state.tanks),
        "ships": state.harbour.number[:2] < state.harbour.table.shape[0],
        "berthed": state.harbour.berthed[0, CARGO],
        "ready": ready_t(layout, state.tanks, state.harbour),
        "known": state.tanks.known,
        "mode": state.furnaces.mode,
    }
    return after.observation, after.decided, after.mask, facts


@pytest.fixture(scope="module")
def rows():
    run = jax.jit(jax.vmap(lambda key: run_team(PLANT, Random(), key, _keep)[1]))
    return jax.device_get(run(jax.random.split(jax.random.key(0), 6)))


def holds(reason, agent, name, fact):
    """Whether a reason is true in the state, by the rules that docs/centre.md tells."""
    scenario, layout = PLANT.scenario, PLANT.layout
    tanks = [tank.name for tank in scenario.tanks]
    if agent == "berth 1":
        tank, second = tanks.index(name.rpartition(" ")[2]), name.startswith("second")
        return {
            "its own ship goes first": second and fact["berthed"] > 0,
            "no such ship": not fact["berthed"] > 0 and not fact["ships"][int(second)],
            "the tank is being filled": fact["receiving"][tank],
            "the tank feeds": fact["feeds"][tank],
            "the tank is full": fact["room"][tank] < scenario.berths.unloading_m3_per_h,
        }[reason]
    if agent == "blending":
        recipe = layout.recipes[layout.recipe_names.index(name)]
        lasts = (fact["ready"] >= recipe * layout.most_feed_t_per_h).all()
        blend = 100 * recipe @ fact["known"]
        rules = scenario.blending
        spec = (blend >= rules.spec_low).all() and (blend <= rules.spec_high).all()
        return {
            "a tank in it is not ready": (fact["ready"][recipe > 0] <= 0).any(),
            "it does not last an hour or is out of specification": not (lasts and spec),
            "another recipe lasts": (fact["ready"] > 0).any(),
        }[reason]
    own = int(agent[-1]) - 1
    cracks = fact["mode"] == CRACKING
    at_work = ((fact["mode"] == DECOKING) | (fact["mode"] == QUEUED)).sum()
    return {
        "too few others would crack": cracks.sum() - cracks[own]
        < scenario.furnaces.cracking_at_least,
        "no place for a decoke": at_work >= scenario.furnaces.decokes_at_once,
    }[reason]


@pytest.mark.slow
def test_every_mask_has_a_reason_that_is_true_in_the_state(rows):
    seen, decided, mask, facts = rows
    place = place_of(PLANT)
    given = {}
    for episode, step, number in np.argwhere(decided):
        task = place.tasks[number]
        allowed = mask[episode, step, number, : len(task.macro_actions)]
        why = why_masked(
            task,
            seen[episode, step, number, : len(task.observations)],
            allowed,
            bool(decided[episode, step, 1]),
        )
        fact = {name: values[episode, step] for name, values in facts.items()}
        for name, may, reason in zip(task.macro_actions, allowed, why, strict=True):
            if may:
                assert reason == ""
                continue
            assert reason, (task.agent, name)
            assert holds(reason, task.agent, name, fact), (task.agent, name, reason, step)
            given[reason] = given.get(reason, 0) + 1
    assert len(given) == 8, given


def test_a_plant_without_these_rules_gives_no_reason():
    task = Task("arm", "robot", ("x",), ("push", "pull"))
    assert why_masked(task, np.zeros(1), np.array([True, False])) == ("", "")
    task = Task("berth 1", "receiving", ("ship", "stock"), ("wait", "unload", "call"))
    assert why_masked(task, np.zeros(2), np.array([True, True, False])) == ("", "", "")


def test_one_agent_for_all_furnaces():
    task = Task("furnaces", "furnace", ("x",), ("840 C, 40 t/h", "decoke the oldest"))
    found = why_masked(task, np.zeros(1), np.array([True, False]))
    assert found == ("", "no furnace can be decoked now")
