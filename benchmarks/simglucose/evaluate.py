"""Plays whole episodes of the Simglucose plant with given policies and scores them."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
from plant import (
    HORIZON,
    TEST_PATIENTS,
    TRAIN_PATIENTS,
    SimglucoseFleet,
    Start,
    all_starts,
    draw_start,
)
from policies import load_policy

MIN_RETURN, MAX_RETURN = 9.75, 475.0  # NeoRL-2's scale: 0 and 100
BATCH = 400  # plants in lockstep; more gain little
SEED_STRIDE = 100_000  # keeps the episodes of different --seed values apart


@dataclass(frozen=True)
class Result:
    """One whole episode."""

    policy: str
    episode: int
    seed: int  # what SimglucosePlant.reset takes; -1 where the start was given
    episode_return: float
    length: int
    terminated: int
    normalized_score: float
    patient: str
    hour: int


def normalized_score(episode_return: float) -> float:
    """Return on NeoRL-2's scale, 0 for its worst policy and 100 for its best."""
    return 100 * (episode_return - MIN_RETURN) / (MAX_RETURN - MIN_RETURN)


def play(name: str, starts: Sequence[Start]) -> list[tuple[float, int, int]]:
    """Plays one episode from each start, all in lockstep.

    Args:
        name: The policy, as `load_policy` takes it.
        starts: Patient and hour of each episode.

    Returns:
        Return, length and whether it terminated (0 or 1), for each start.
    """
    policy = load_policy(name)
    fleet = SimglucoseFleet(starts)
    returns = np.zeros(len(starts))
    lengths = np.zeros(len(starts), dtype=int)
    observations = fleet.observe()
    while not fleet.finished:
        lengths += fleet.alive
        observations, gains, _ = fleet.step(policy(observations))
        returns += gains
    terminated = (~fleet.alive).astype(int)
    return list(zip(returns.tolist(), lengths.tolist(), terminated.tolist(), strict=True))


def evaluate(
    policies: Sequence[str], starts: Sequence[Start], seeds: Sequence[int], workers: int
) -> list[Result]:
    """Plays every policy from the same starts.

    Args:
        policies: Names as `load_policy` takes them.
        starts: Patient and hour of each episode.
        seeds: What each start was drawn with, for the record.
        workers: Processes to use.

    Returns:
        One result per policy and episode, in order.
    """
    # With several processes each policy is split evenly; alone it is one batch.
    size = min(BATCH, -(-len(starts) // workers))
    chunks = [starts[i : i + size] for i in range(0, len(starts), size)]
    jobs = [(name, chunk) for name in policies for chunk in chunks]
    names, parts = [job[0] for job in jobs], [job[1] for job in jobs]
    if workers == 1:
        played = list(map(play, names, parts))
    else:
        with ProcessPoolExecutor(workers) as pool:
            played = list(pool.map(play, names, parts))
    outcomes = [outcome for part in played for outcome in part]
    results = []
    for i, (total, length, terminated) in enumerate(outcomes):
        policy, episode = divmod(i, len(starts))
        score = normalized_score(total)
        run = (policies[policy], episode, seeds[episode], total, length, terminated, score)
        results.append(Result(*run, *starts[episode]))
    return results


def write_csv(results: Sequence[Result], out: Path) -> None:
    """Writes one row per episode; `episode_return` is headed `return`."""
    header = [field.name.removeprefix("episode_") for field in fields(Result)]
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(header)
        writer.writerows(astuple(result) for result in results)


def summarize(results: Sequence[Result], exact: bool) -> None:
    """Prints one line per policy."""
    by_policy: dict[str, list[Result]] = {}
    for result in results:
        by_policy.setdefault(result.policy, []).append(result)
    for name, own in by_policy.items():
        scores = np.array([result.normalized_score for result in own])
        spread = "exact" if exact else f"+-{scores.std() / np.sqrt(len(scores)):.1f} s.e."
        print(
            f"{name}: score {scores.mean():.2f} ({spread}, {len(own)} episodes), "
            f"return {np.mean([r.episode_return for r in own]):.2f}, "
            f"length {np.mean([r.length for r in own]):.1f} of {HORIZON}, "
            f"terminated {100 * np.mean([r.terminated for r in own]):.1f} %"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--policy", nargs="+", required=True, help="FILE.npz, constant:VALUE or basal"
    )
    parser.add_argument("--episodes", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0, help="same episodes for all policies")
    parser.add_argument(
        "--every-start",
        action="store_true",
        help="each of the 360 starts once instead of --episodes random ones: the exact mean",
    )
    parser.add_argument("--patients", choices=("train", "test"), default="train")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, help="CSV file, one row per episode")
    options = parser.parse_args(arguments)
    if options.episodes < 1 or options.workers < 1 or options.seed < 0:
        parser.error("--episodes and --workers must be at least 1, --seed at least 0")
    if options.episodes > SEED_STRIDE:
        parser.error(f"--episodes must be at most {SEED_STRIDE}")
    patients = TRAIN_PATIENTS if options.patients == "train" else TEST_PATIENTS
    if options.every_start:
        starts = all_starts(patients)
        seeds = [-1] * len(starts)
    else:
        seeds = [SEED_STRIDE * options.seed + i for i in range(options.episodes)]
        starts = [draw_start(seed, patients) for seed in seeds]
    try:
        for name in options.policy:  # a bad name must show before hours of play
            load_policy(name)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    results = evaluate(options.policy, starts, seeds, options.workers)
    summarize(results, exact=options.every_start)
    if options.out is not None:
        write_csv(results, options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
