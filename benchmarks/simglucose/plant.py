"""The Simglucose plant of NeoRL-2: dosing insulin for a type-1 diabetes patient.

One step is three minutes. The agent sees the glucose sensor and the thirty
parameters of the patient, and sets the pump rate. It does not see the time of
day, hence not the next meal. Chance enters only at the start, through the
patient (15) and the hour (24): 360 possible starts, after which everything is
deterministic.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
from model import OBSERVED_PARAMETERS, Body, Number, load_patients, stack_patients

HORIZON = 480  # steps, one day
MINUTES_PER_STEP = 3
OBSERVATION_SIZE = 1 + len(OBSERVED_PARAMETERS)
HOURS = range(24)
# Minute of the day -> grams of carbohydrate; NeoRL-2 fixed what simglucose draws.
MEALS = {420: 45.0, 570: 10.0, 720: 70.0, 900: 10.0, 1080: 80.0, 1290: 10.0}
SENSOR_MIN, SENSOR_MAX = 10.0, 600.0  # mg/dL
GLUCOSE_LOW, GLUCOSE_HIGH = 40.0, 600.0  # beyond these the episode ends
FULL_RATE = 5.0  # U/min at action +1; action -1 is no insulin
PMOL_PER_UNIT = 6000
PUMP_INCREMENT = 0.05  # pmol/min: the pump moves in such steps
PUMP_MAX = 30.0  # U/min
TRAIN_PATIENTS = tuple(
    f"{group}#{i:03d}" for group, i in product(("adolescent", "adult", "child"), range(1, 6))
)
TEST_PATIENTS = tuple(
    f"{group}#{i:03d}" for group, i in product(("adolescent", "adult", "child"), range(6, 11))
)

Start = tuple[str, int]  # patient name and hour of the day


def all_starts(patients: Sequence[str] = TRAIN_PATIENTS) -> list[Start]:
    """Every start there is: running each once gives a policy's exact mean."""
    return list(product(patients, HOURS))


def draw_start(seed: int | None, patients: Sequence[str] = TRAIN_PATIENTS) -> Start:
    """Draws patient and hour, both uniform, from a seed of their own."""
    rng = np.random.default_rng(seed)
    return patients[int(rng.integers(len(patients)))], int(rng.integers(len(HOURS)))


def risk(glucose: Number) -> Number:
    """Blood glucose risk index: 0 near 112 mg/dL, growing either way."""
    return 10 * (1.509 * (np.log(glucose) ** 1.084 - 5.381)) ** 2


def reward(sensor: Number, next_sensor: Number) -> Number:
    """Reward of a step from the two sensor values it lies between.

    About 1 for each step survived, a little more where the risk falls; -15
    where the next sensor value is 40 or less, 0 where it is 600 or more. The
    sensor lags, so the step that ends an episode may still earn about 1.
    """
    gain = (risk(sensor) - risk(next_sensor) + 100) / 100
    gain = np.where(next_sensor <= GLUCOSE_LOW, -15.0, gain)
    return np.where(next_sensor >= GLUCOSE_HIGH, 0.0, gain)


def pump_rate(action: Number) -> Number:
    """Turns an action in [-1, 1] into what the pump delivers, U/min.

    In float32 throughout, as NeoRL-2 does it: that decides how the pump rounds
    a rate lying between two increments.
    """
    amount = (np.clip(np.asarray(action, np.float32), -1, 1) + 1) / 2 * FULL_RATE
    increments = np.round(amount * PMOL_PER_UNIT / PUMP_INCREMENT)
    delivered = increments * PUMP_INCREMENT / PMOL_PER_UNIT
    return np.clip(delivered, 0, PUMP_MAX).astype(np.float64)


class Episode:
    """A running day: body, clock and sensor, for one patient or for many."""

    def __init__(self, body: Body, minute: Number) -> None:
        """Begins the day.

        Args:
            body: The patient or patients.
            minute: Minute of the day, a float or an array to match.
        """
        self.body = body
        self.minute = minute
        self._sample = self._measure()  # the sensor's last reading
        self.sensor = self._sample

    def _measure(self) -> Number:
        glucose = self.body.glucose
        if isinstance(glucose, float):
            return min(max(glucose, SENSOR_MIN), SENSOR_MAX)
        return np.clip(glucose, SENSOR_MIN, SENSOR_MAX)

    def advance(self, rate: Number) -> Number:
        """Runs one step of three minutes.

        The sensor reads at the end of the step and holds in between, and what
        is observed is the mean over the minutes: two thirds old, one third new.

        Args:
            rate: Pump rate, U/min.

        Returns:
            Mean glucose of the body over the step, which decides termination.
        """
        total = 0.0
        for _ in range(MINUTES_PER_STEP):
            announced = sum(g * (self.minute == t) for t, g in MEALS.items())
            self.body.minute(rate, announced)
            self.minute = (self.minute + 1) % 1440
            total = total + self.body.glucose
        previous, self._sample = self._sample, self._measure()
        self.sensor = (2 * previous + self._sample) / 3
        return total / MINUTES_PER_STEP


class SimglucosePlant:
    """One patient, with the interface of a Gymnasium environment."""

    def __init__(self, patients: Sequence[str] = TRAIN_PATIENTS) -> None:
        """Reads the patient table.

        Args:
            patients: Names to draw from; NeoRL-2's data and scores are made
                with `TRAIN_PATIENTS`, its harder test mode is `TEST_PATIENTS`.
        """
        self._table = load_patients()
        self._patients = tuple(patients)
        self._episode: Episode | None = None

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Starts an episode.

        Args:
            seed: Decides patient and hour; None draws freshly.
            options: May hold `patient` (a name) and `hour` to fix either.

        Returns:
            The first observation, and `info` with `patient` and `hour`.
        """
        name, hour = draw_start(seed, self._patients)
        options = options or {}
        name, hour = options.get("patient", name), int(options.get("hour", hour))
        parameters, states = self._table[name]
        self._episode = Episode(Body(parameters, states), 60 * hour)
        self._visible = np.array(parameters[: len(OBSERVED_PARAMETERS)])
        self._steps = 0
        return self._observe(self._episode.sensor), {"patient": name, "hour": hour}

    def step(
        self, action: np.ndarray | float
    ) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Runs one step.

        Args:
            action: One number in [-1, 1] (clipped), shape (1,) or a scalar.

        Returns:
            Observation, reward, terminated (glucose out of 40..600 mg/dL),
            truncated (480 steps done), and `info` with the body's glucose.
        """
        if self._episode is None:
            raise RuntimeError("call reset() before step()")
        value = float(np.asarray(action, dtype=np.float64).reshape(()))
        if not np.isfinite(value):
            raise ValueError(f"action is not finite: {value}")
        episode, before = self._episode, self._episode.sensor
        glucose = episode.advance(float(pump_rate(value)))
        self._steps += 1
        gain = float(reward(before, episode.sensor))
        terminated = bool(glucose < GLUCOSE_LOW or glucose > GLUCOSE_HIGH)
        truncated = self._steps >= HORIZON and not terminated
        if terminated or truncated:
            self._episode = None  # a further step without reset is a mistake
        return self._observe(episode.sensor), gain, terminated, truncated, {"glucose": glucose}

    def _observe(self, sensor: float) -> np.ndarray:
        return np.concatenate(([sensor], self._visible)).astype(np.float32)


class SimglucoseFleet:
    """Many plants in lockstep: the same arithmetic on arrays, far less time each.

    A plant that has terminated runs on unobserved; its rewards no longer count.
    """

    def __init__(self, starts: Sequence[Start]) -> None:
        """Sets up one plant per start.

        Args:
            starts: Patient name and hour of each.
        """
        table = load_patients()
        chosen = [table[name] for name, _ in starts]
        parameters = stack_patients([p for p, _ in chosen])
        states = list(np.array([x for _, x in chosen]).T)
        minutes = np.array([60 * hour for _, hour in starts])
        self._episode = Episode(Body(parameters, states), minutes)
        self._visible = np.stack(parameters[: len(OBSERVED_PARAMETERS)], axis=1)
        self.steps = 0
        self.alive = np.ones(len(starts), dtype=bool)

    def observe(self) -> np.ndarray:
        """Observations of all plants, one row each."""
        sensor = self._episode.sensor[:, None]
        return np.concatenate((sensor, self._visible), axis=1).astype(np.float32)

    def step(self, actions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Runs one step of all plants.

        Args:
            actions: One action per plant, shape (n,) or (n, 1).

        Returns:
            Next observations, rewards (0 for plants already terminated), and
            which plants terminated in this very step.
        """
        actions = np.asarray(actions, dtype=np.float64).reshape(len(self.alive))
        if not np.isfinite(actions).all():
            raise ValueError("an action is not finite")
        before = self._episode.sensor
        glucose = self._episode.advance(pump_rate(actions))
        self.steps += 1
        gains = np.where(self.alive, reward(before, self._episode.sensor), 0.0)
        ended = self.alive & ((glucose < GLUCOSE_LOW) | (glucose > GLUCOSE_HIGH))
        self.alive = self.alive & ~ended
        return self.observe(), gains, ended

    @property
    def finished(self) -> bool:
        """Whether no plant has steps left."""
        return self.steps >= HORIZON or not self.alive.any()
