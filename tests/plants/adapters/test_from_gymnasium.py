from collections import Counter

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.error import ResetNeeded

from shiftwork.errors import UserError
from shiftwork.plants.adapters.from_gymnasium import ForeignPlant

TIME_LIMIT = 8
CUT_BY_ITSELF = 5
CALLS = Counter()


class Counting(gymnasium.Env):
    """Shows (episode number, step, planned length); keeps count of all calls.

    Episodes are planned for 1 to 11 steps. At the planned length the environment terminates,
    but cuts itself if that is 5; Gymnasium's time limit cuts after 8. A plan of 8 does both.
    """

    observation_space = spaces.Box(-np.inf, np.inf, (3,), np.float64)
    action_space = spaces.Box(-1.0, 1.0, (1,), np.float64)

    def __init__(self):
        self.seen = np.zeros(3)  # given out again and again: the adapter has to copy
        self.seen[0] = -1

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        CALLS["reset"] += 1
        self.seen[:] = self.seen[0] + 1, 0, self.np_random.integers(1, 12)
        return self.seen, {}

    def step(self, action):
        assert action in self.action_space
        CALLS["step"] += 1
        self.seen[1] += 1
        over, itself = self.seen[1] == self.seen[2], self.seen[2] == CUT_BY_ITSELF
        return self.seen, float(self.seen[1]), bool(over and not itself), bool(over and itself), {}


@pytest.fixture(autouse=True)
def _uncounted():
    CALLS.clear()


def zeros(plant):
    return np.zeros((plant.copies, len(plant.action)), np.float32)


def test_no_step_is_lost_none_is_counted_twice_and_none_reaches_over_a_reset(register):
    register("Counting-v0", Counting, TIME_LIMIT)
    plant = ForeignPlant("Counting-v0", copies=4)
    seen = plant.reset(seed=0)
    rows, ends = [], 0
    for _ in range(300):
        step = plant.step(zeros(plant))
        rows.append((seen, step))
        ended = step.terminal | step.truncated
        ends += int(ended.sum())
        before, seen = step.next_observation, plant.restart()
        # What ended begins again; the others act on what they saw.
        np.testing.assert_array_equal(seen[~ended], before[~ended])
        np.testing.assert_array_equal(seen[ended][:, 0], before[ended][:, 0] + 1)
        assert (seen[ended][:, 1] == 0).all()
    observation, steps = zip(*rows, strict=True)
    observation = np.stack(observation)
    after, reward, terminal, truncated = (np.stack(values) for values in zip(*steps, strict=True))

    # (300, 4, 3): every row goes from a step to the next one of the same episode.
    np.testing.assert_array_equal(after - observation, np.tile([0.0, 1.0, 0.0], (300, 4, 1)))
    np.testing.assert_array_equal(reward, after[..., 1])
    at, plan = after[..., 1], after[..., 2]
    np.testing.assert_array_equal(terminal, (at == plan) & (plan != CUT_BY_ITSELF))
    np.testing.assert_array_equal(
        truncated, ((at == plan) & (plan == CUT_BY_ITSELF)) | ((at == TIME_LIMIT) & (plan > at))
    )
    # Each way to end has been met, the terminal in the very step of the time limit among them.
    assert set(plan[terminal]) == {1, 2, 3, 4, 6, 7, 8}
    assert set(plan[truncated]) == {5, 9, 10, 11}
    assert dict(CALLS) == {"step": 300 * 4, "reset": 4 + ends}


def test_a_step_before_reset_or_after_an_end_is_refused_in_every_copy(register):
    register("Counting-v0", Counting, TIME_LIMIT)
    plant = ForeignPlant("Counting-v0", copies=3)
    with pytest.raises(ResetNeeded, match=r"'Counting-v0': call reset\(seed\)"):
        plant.step(zeros(plant))
    plant.reset(seed=0)
    while not (step := plant.step(zeros(plant))).terminal.any():
        if step.truncated.any():
            plant.restart()
    steps = CALLS["step"]
    with pytest.raises(ResetNeeded, match=r"'Counting-v0': call restart\(\)"):
        plant.step(zeros(plant))
    assert CALLS["step"] == steps


def test_restart_without_an_end_changes_nothing(register):
    register("Counting-v0", Counting, TIME_LIMIT)
    plant = ForeignPlant("Counting-v0", copies=2)
    first = plant.reset(seed=0)
    np.testing.assert_array_equal(plant.restart(), first)
    assert CALLS["reset"] == 2


def test_what_is_given_out_is_the_callers_own(register):
    register("Counting-v0", Counting, TIME_LIMIT)
    plant = ForeignPlant("Counting-v0", copies=2)
    kept = [(array := plant.reset(seed=0), array.copy())]
    for _ in range(20):
        kept += [(array, array.copy()) for array in plant.step(zeros(plant))]
        kept += [(array := plant.restart(), array.copy())]
    for array, copy in kept:
        np.testing.assert_array_equal(array, copy)  # the plant has not written to it


def test_what_the_caller_overwrites_is_not_seen_by_the_plant(register):
    register("Counting-v0", Counting, TIME_LIMIT)
    plant = ForeignPlant("Counting-v0", copies=2)
    plant.reset(seed=0)[:] = np.nan
    for _ in range(20):
        assert np.isfinite(plant.restart()).all()
        step = plant.step(zeros(plant))
        ended = step.terminal | step.truncated
        step.next_observation[:] = np.nan
        step.terminal[:] = step.truncated[:] = False
        seen = plant.restart()
        assert (seen[:, 1] == 0).tolist() == ended.tolist()
        assert np.isfinite(seen).all()
        seen[:] = np.nan


def plans(plant, seed, episodes=12):
    """Planned lengths of the copies' first episodes, (copies, episodes)."""
    seen, found = plant.reset(seed), [[] for _ in range(plant.copies)]
    while min(len(f) for f in found) < episodes:
        for copy in np.flatnonzero(seen[:, 1] == 0):
            found[copy].append(int(seen[copy, 2]))
        plant.step(zeros(plant))
        seen = plant.restart()
    return np.array([f[:episodes] for f in found])


def test_seeds_give_independent_streams_that_can_be_repeated(register):
    register("Counting-v0", Counting, TIME_LIMIT)
    plant = ForeignPlant("Counting-v0", copies=3)
    zero, one = plans(plant, 0), plans(plant, 1)
    np.testing.assert_array_equal(zero, plans(plant, 0))
    np.testing.assert_array_equal(zero, plans(ForeignPlant("Counting-v0", copies=3), 0))
    # No copy repeats another one, of the same seed or of the neighbouring one.
    assert len(np.unique(np.concatenate([zero, one]), axis=0)) == 6
    with pytest.raises(UserError, match="seed -1 is negative; give 0 or more"):
        plant.reset(-1)


def test_pendulum_is_cut_after_200_steps_and_never_terminal():
    plant = ForeignPlant("Pendulum-v1", copies=2)
    assert [tag.name for tag in plant.observation] == ["obs0", "obs1", "obs2"]
    assert [(tag.low, tag.high) for tag in plant.observation] == [(-1, 1), (-1, 1), (-8, 8)]
    assert [(tag.name, tag.low, tag.high) for tag in plant.action] == [("action0", -2.0, 2.0)]
    assert (plant.horizon, plant.score, plant.targets) == (200, None, ())
    seen = plant.reset(seed=0)
    assert (seen.shape, seen.dtype) == ((2, 3), np.float32)
    for number in range(1, 202):
        step = plant.step(zeros(plant))
        # From the plant's own equations: the angle moves by 0.05 s times the new speed.
        angle, moved = (np.arctan2(o[:, 1], o[:, 0]) for o in (seen, step.next_observation))
        turned = (moved - angle + np.pi) % (2 * np.pi) - np.pi
        np.testing.assert_allclose(turned, 0.05 * step.next_observation[:, 2], atol=1e-4)
        assert not step.terminal.any()
        assert step.truncated.tolist() == [number == 200] * 2
        seen = plant.restart()
    plant.close()


@pytest.mark.parametrize(
    ("name", "sizes", "horizon"),
    [("HalfCheetah-v5", (17, 6), 1000), ("Hopper-v5", (11, 3), 1000)],
)
def test_mujoco_runs_as_gymnasium_runs_it(name, sizes, horizon):
    plant = ForeignPlant(name, copies=2)
    assert (len(plant.observation), len(plant.action), plant.horizon) == (*sizes, horizon)
    actions = np.random.default_rng(0).uniform(-1, 1, (5, 2, sizes[1])).astype(np.float32)
    seen = plant.reset(seed=0)
    # The same from one environment by itself, put where the first copy stands.
    alone = gymnasium.make(name)
    alone.reset(seed=int(np.random.SeedSequence(0).generate_state(2)[0]))
    for action in actions:
        step = plant.step(action)
        observation, reward, terminal, _, _ = alone.step(action[0])
        np.testing.assert_allclose(step.next_observation[0], observation, rtol=1e-5, atol=1e-6)
        assert step.reward[0] == pytest.approx(reward, rel=1e-5)
        assert step.terminal[0] == terminal
        assert step.reward.dtype == step.next_observation.dtype == np.float32
        assert not np.allclose(step.next_observation[0], step.next_observation[1])
    assert not np.allclose(seen, step.next_observation)
    plant.close()
    alone.close()


def test_hopper_falls_before_its_horizon_and_that_is_terminal():
    plant = ForeignPlant("Hopper-v5")
    plant.reset(seed=0)
    length = 1
    while not (step := plant.step(zeros(plant) + 1.0)).terminal[0]:
        length += 1
    assert length < 200
    assert not step.truncated[0]
    height_m = step.next_observation[0, 0]
    assert height_m < 0.75 or abs(step.next_observation[0, 1]) > 0.15  # of Hopper, when unhealthy
    assert plant.restart()[0, 0] == pytest.approx(1.25, abs=0.01)  # stands again
    plant.close()


@pytest.mark.parametrize("name", ["Pendulum-v1", "HalfCheetah-v5"])
def test_actions_beyond_the_limits_are_clipped_to_them(name):
    plant = ForeignPlant(name, copies=2)
    high = np.array([[tag.high for tag in plant.action]] * 2, np.float32)

    def first_step(actions):
        plant.reset(seed=0)
        return plant.step(actions)

    beyond, at, inside = (first_step(high * scale) for scale in (50.0, 1.0, 0.5))
    for a, b in zip(beyond, at, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.allclose(beyond.next_observation, inside.next_observation)
    with pytest.raises(ValueError, match=r"where .* is needed"):
        plant.step(high.T)
