"""Compares the plant with recorded NeoRL-2 data and with the simglucose package.

Everything the records hold is replayed: each recorded episode is run under its
recorded actions from all 24 hours of its patient, since the hour is the only
thing about a start that was not recorded. If the plant is right, one hour must
give back every sensor value, reward and termination of the day.
"""

from __future__ import annotations

import argparse
import sys
import types
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from evaluate import normalized_score
from model import OBSERVED_PARAMETERS, Body, load_patients
from plant import (
    GLUCOSE_HIGH,
    GLUCOSE_LOW,
    HORIZON,
    HOURS,
    MEALS,
    MINUTES_PER_STEP,
    SimglucoseFleet,
    SimglucosePlant,
    Start,
    all_starts,
    pump_rate,
    reward,
)

from shiftwork.records.formats.load import load_records

BATCH = 100  # recorded episodes replayed at once, each from 24 hours
AMBIGUOUS = 0.01  # mg/dL: hours that differ less cannot be told apart
QUANTILES = (0, 1, 5, 25, 50, 75, 95, 99, 100)


@dataclass
class Day:
    """One recorded episode."""

    patient: str
    sensor: np.ndarray  # length + 1 values, float32
    actions: np.ndarray
    rewards: np.ndarray
    done: bool
    hour: int = -1


def read_days(file: Path) -> list[Day]:
    """Reads and cuts the records, checking that episodes are whole.

    Args:
        file: Records of Simglucose in any format that Shiftwork reads.

    Returns:
        The episodes, in order.

    Raises:
        ValueError: If the observation is not the sensor value followed by the
            parameters of one known patient, or an episode does not hang together.
    """
    records = load_records(file)
    rows = records.transitions
    observed = len(OBSERVED_PARAMETERS)
    table = {
        np.array(parameters[:observed], dtype=np.float32).tobytes(): name
        for name, (parameters, _) in load_patients().items()
    }
    days = []
    for first, length, done in zip(records.starts, records.length, records.terminal, strict=True):
        last = first + length
        now, after = rows.observation[first:last], rows.next_observation[first:last]
        patient = table.get(now[0, 1:].tobytes())
        if patient is None:
            raise ValueError(f"row {first}: not the parameters of any patient")
        if (now[1:] != after[:-1]).any() or (after[:, 1:] != now[0, 1:]).any():
            raise ValueError(f"rows {first} to {last}: not one episode")
        sensor = np.append(now[:, 0], after[-1, 0])
        actions, rewards = rows.action[first:last, 0], rows.reward[first:last]
        days.append(Day(patient, sensor, actions, rewards, bool(done)))
    return days


def replay(days: list[Day]) -> dict[str, np.ndarray]:
    """Replays episodes from all hours and keeps, for each, the hour that fits.

    Args:
        days: Recorded episodes; their `hour` is filled in.

    Returns:
        Per episode: `error` and `runner_up`, the largest sensor error (mg/dL)
        of the best and second-best hour; `reward_error`; and `end`, whether
        the replay ended (or did not end) by termination at the recorded step.
    """
    starts = [(day.patient, hour) for day in days for hour in HOURS]
    fleet = SimglucoseFleet(starts)
    shape = (len(days), len(HOURS))
    lengths = np.array([len(day.actions) for day in days])
    ended_at = np.full(shape, -1)
    first = fleet.observe()[:, 0].reshape(shape)
    worst = np.abs(first - np.array([[day.sensor[0]] for day in days]))
    rewards = np.zeros((lengths.max(), *shape))
    for step in range(lengths.max()):
        running = lengths > step
        actions = [d.actions[step] if r else -1 for d, r in zip(days, running, strict=True)]
        seen, gains, ended = fleet.step(np.repeat(actions, len(HOURS)))
        ended_at[ended.reshape(shape)] = step + 1
        rewards[step] = gains.reshape(shape)
        # float32, as the observation is: the records hold no more.
        recorded = [[d.sensor[min(step, len(d.actions) - 1) + 1]] for d in days]
        error = np.abs(seen[:, 0].reshape(shape).astype(float) - recorded)
        worst = np.where(running[:, None], np.maximum(worst, error), worst)
    best = worst.argmin(axis=1)
    found: dict[str, list[Any]] = {
        name: [] for name in ("error", "runner_up", "reward_error", "end")
    }
    for i, day in enumerate(days):
        day.hour, n = int(best[i]), lengths[i]
        ranked = np.sort(worst[i])
        found["error"].append(ranked[0])
        found["runner_up"].append(ranked[1])
        gap = np.abs(rewards[:n, i, day.hour] - day.rewards)
        found["reward_error"].append(gap.max())
        stop = ended_at[i, day.hour]
        found["end"].append(stop == n if day.done else not 0 < stop <= n)
    return {name: np.array(values) for name, values in found.items()}


def report_records(days: list[Day]) -> None:
    """Prints who was recorded, and what the formulas make of the records alone."""
    returns = np.array([day.rewards.sum(dtype=np.float64) for day in days])
    print(f"{len(days)} whole episodes, {sum(len(d.actions) for d in days)} steps")
    print(f"mean return {returns.mean():.2f}, score {normalized_score(returns.mean()):.2f}")
    patients = sorted({day.patient for day in days})
    print("patient          episodes terminated mean return")
    for patient in patients:
        own = [i for i, day in enumerate(days) if day.patient == patient]
        ended = sum(days[i].done for i in own)
        print(f"{patient:16s} {len(own):8d} {ended:10d} {returns[own].mean():11.1f}")
    gaps = [np.abs(reward(*_pairs(day)) - day.rewards).max() for day in days]
    print(f"reward from recorded sensor values: largest error {max(gaps):.1e}")
    lengths = {len(day.actions) for day in days if not day.done}
    print(f"lengths of episodes without termination: {sorted(lengths)}")
    last = np.array([day.sensor[-1] for day in days if day.done])
    visible = ((last < GLUCOSE_LOW) | (last > GLUCOSE_HIGH)).sum()
    print(f"terminated {len(last)}, of which visible in the last sensor value {visible}")


def _pairs(day: Day) -> tuple[np.ndarray, np.ndarray]:
    sensor = day.sensor.astype(np.float64)
    return sensor[:-1], sensor[1:]


def report_replay(days: list[Day]) -> None:
    """Replays all days and prints how far they are reproduced."""
    parts = [replay(days[i : i + BATCH]) for i in range(0, len(days), BATCH)]
    found = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    error, ambiguous = found["error"], found["runner_up"] < AMBIGUOUS
    print(
        f"replay of {len(days)} episodes: largest sensor error per episode, mg/dL: "
        f"median {np.median(error):.1e}, worst {error.max():.1e}"
    )
    print(f"largest reward error {found['reward_error'].max():.1e}")
    print(f"terminated at the recorded step, or not at all: {found['end'].sum()}")
    print(f"hour not unique (no meal told the hours apart): {ambiguous.sum()}")
    print(f"second-best hour otherwise off by at least {found['runner_up'][~ambiguous].min():.2f}")
    hours = Counter(day.hour for day, unsure in zip(days, ambiguous, strict=True) if not unsure)
    print("episodes by hour:", *(hours[hour] for hour in HOURS))


def report_distribution(days: list[Day], seed: int) -> None:
    """Runs a policy like the recorded one and compares what is observed.

    The policy takes the action recorded at the nearest sensor value among ten
    neighbours of the same patient, drawn at random.
    """
    rng = np.random.default_rng(seed)
    patients = sorted({day.patient for day in days})
    known = {}
    for patient in patients:
        own = [day for day in days if day.patient == patient]
        sensor = np.concatenate([day.sensor[:-1] for day in own])
        order = np.argsort(sensor)
        known[patient] = sensor[order], np.concatenate([d.actions for d in own])[order]
    starts = all_starts(patients)
    fleet = SimglucoseFleet(starts)
    returns, seen = np.zeros(len(starts)), []
    while not fleet.finished:
        observed = fleet.observe()
        seen.append(observed[fleet.alive])
        actions = []
        for (patient, _), value in zip(starts, observed[:, 0], strict=True):
            sensor, recorded = known[patient]
            near = np.searchsorted(sensor, value) + rng.integers(-5, 5)
            actions.append(recorded[np.clip(near, 0, len(recorded) - 1)])
        returns += fleet.step(np.array(actions))[1]
    played, recorded = np.concatenate(seen), np.concatenate([d.sensor[:-1] for d in days])
    print("sensor quantiles in %: ", *(f"{q:6d}" for q in QUANTILES))
    print("records, mg/dL:        ", *(f"{v:6.1f}" for v in np.percentile(recorded, QUANTILES)))
    mine = np.percentile(played[:, 0], QUANTILES)
    print("plant, like policy:    ", *(f"{v:6.1f}" for v in mine))
    print(f"mean return {returns.mean():.2f}, score {normalized_score(returns.mean()):.2f}")


def report_package(days: list[Day], episodes: int) -> None:
    """Steps the package's own patient beside ours, minute by minute."""
    patient_class, action_class, tight_solver = _package()
    for day in days[:episodes]:
        package = patient_class.withName(day.patient)
        tight = patient_class.withName(day.patient)
        tight._odesolver = tight_solver(tight)
        body = Body(*load_patients()[day.patient])
        rows = []
        for rate, meal in _minutes(day):
            for other in (package, tight):
                other.step(action_class(CHO=meal, insulin=rate))
            body.minute(rate, meal)
            both = package.observation.Gsub, tight.observation.Gsub
            rows.append((body.glucose, *both, np.max(np.abs(body.x - tight.state))))
        ours, theirs, exact, states = np.array(rows).T
        print(
            f"{day.patient}, {len(rows)} minutes; glucose, largest difference in mg/dL: "
            f"ours - package {np.abs(ours - theirs).max():.1e}, "
            f"ours - package at tolerance 1e-10 {np.abs(ours - exact).max():.1e}, "
            f"package - same {np.abs(theirs - exact).max():.1e}; "
            f"all 13 states, ours - tight {states.max():.1e}"
        )


def _minutes(day: Day) -> Iterator[tuple[float, float]]:
    """Pump rate and announced meal of every minute of a replayed day."""
    for i in range(MINUTES_PER_STEP * len(day.actions)):
        rate = float(pump_rate(float(day.actions[i // MINUTES_PER_STEP])))
        yield rate, MEALS.get((60 * day.hour + i) % 1440, 0.0)


def _package() -> tuple[Any, Any, Any]:
    """Imports the package's patient; its `__init__` wants a gym that it can do without."""
    names = ("gym", "gym.envs", "gym.envs.registration")
    for name in names:
        sys.modules.setdefault(name, types.ModuleType(name))
    vars(sys.modules[names[-1]]).setdefault("register", lambda **_: None)
    from scipy.integrate import ode
    from simglucose.patient.t1dpatient import Action, T1DPatient

    def tight_solver(patient: T1DPatient) -> ode:
        solver = ode(patient.model).set_integrator("dopri5", rtol=1e-10, atol=1e-12, nsteps=5000)
        return solver.set_initial_value(patient.init_state, patient.t0)

    return T1DPatient, Action, tight_solver


def report_single(starts: list[Start], seed: int) -> None:
    """Checks that one plant alone and plants in lockstep are the same."""
    actions = np.random.default_rng(seed).uniform(-1, -0.98, (HORIZON, len(starts)))
    fleet, plant = SimglucoseFleet(starts), SimglucosePlant()
    together = [(fleet.observe(), np.zeros(len(starts)), ~fleet.alive)]
    together += [fleet.step(row) for row in actions]
    gap = 0.0
    for k, (patient, hour) in enumerate(starts):
        plant.reset(options={"patient": patient, "hour": hour})
        for step, action in enumerate(actions[:, k]):
            observed, gain, ended, cut, _ = plant.step(action)
            many, gains, stops = (part[k] for part in together[step + 1])
            gap = max(gap, abs(float(observed[0]) - float(many[0])), abs(gain - gains))
            if ended != stops or ended + cut > 1:
                raise AssertionError(f"{patient}, hour {hour}: the two end differently")
            if ended or cut:
                break
    print(f"single and lockstep plants over {len(starts)} episodes: largest gap {gap:.1e}")


def main() -> int:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("records", type=Path, nargs="+", help="records of Simglucose")
    parser.add_argument("--package-episodes", type=int, default=3, help="slow: 15 s each")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    report_single(all_starts()[::17], options.seed)
    for number, file in enumerate(options.records):
        print(f"\n{file.name}")
        days = read_days(file)
        report_records(days)
        report_replay(days)
        report_distribution(days, options.seed)
        if number == 0:
            report_package(days, options.package_episodes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
