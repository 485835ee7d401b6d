"""Times one of our algorithms on the shipped records; prints one JSON line."""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from typing import Any

STARTED = time.time()
PIECES = 5
"""Calls of the compiled loop into which the timed updates are cut."""

CASES: dict[str, tuple[str, dict[str, int]]] = {
    "td3bc": ("td3bc", {"width": 256, "actor_width": 256}),
    "pars10": (
        "pars",
        {"critics": 10, "subset": 2, "width": 256, "actor_width": 256, "penalty_batch": 256},
    ),
    "pars": ("pars", {}),
}
"""Algorithm and settings of each case."""


@dataclass(frozen=True)
class Work:
    """What the compiled loop needs: members, replay, keys."""

    members: Any
    replay: Any
    keys: Any

    def run(self, cycles: int) -> Work:
        """Make ``cycles`` cycles of updates and wait for them."""
        import jax
        import jax.numpy as jnp

        from shiftwork.learning.loop import run_piece

        members, metrics = run_piece(
            self.members, self.replay, self.keys, jnp.float32(0), jnp.float32(1e9), cycles
        )
        jax.block_until_ready((members, metrics))
        return Work(members, self.replay, self.keys)


def make_work(case: str, seed: int) -> tuple[Work, int]:
    """Load the records and make one learner; return it with its updates per cycle."""
    import jax

    from shiftwork.learning.learner import Sizes
    from shiftwork.learning.loop import create_members
    from shiftwork.learning.offline.algorithms import algorithm
    from shiftwork.learning.offline.settings import settle, value_range
    from shiftwork.learning.replay import Replay, Scaling
    from shiftwork.records.formats.load import load_records

    name, given = CASES[case]
    chosen = algorithm(name)
    records = load_records("dmsd")
    scaling = Scaling.of(records)
    config = settle(chosen.config(**given), records)
    sizes = Sizes(records.observation.shape[1], records.action.shape[1])
    values = [value_range(records, config.discount, float(scaling.reward_unit))]
    members = create_members(chosen.learner, sizes, [config], values, [seed])
    replay = Replay.of(records.transitions, scaling)
    return Work(members, replay, jax.random.key(seed + 1)[None]), config.actor_delay


def main() -> None:
    """Time the first update from the start of the process, then updates in the compiled loop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", choices=CASES, default="td3bc")
    parser.add_argument("--updates", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--begun", type=float, default=STARTED, help="when the process began")
    args = parser.parse_args()

    work, per_cycle = make_work(args.case, args.seed)
    # Two cycles, not one, so that the compiled loop is the one that training runs.
    work = work.run(2)
    first = time.time() - args.begun
    cycles = max(args.updates // (per_cycle * PIECES), 2)
    work = work.run(cycles)
    begun = time.perf_counter()
    for _ in range(PIECES):
        work = work.run(cycles)
    updates = PIECES * cycles * per_cycle
    import jax

    figures = {
        "jax": jax.__version__,
        "device": jax.devices()[0].device_kind,
        "updates": updates,
        "updates_per_s": updates / (time.perf_counter() - begun),
        "seconds_to_first_update": first,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
