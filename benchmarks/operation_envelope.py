"""A million fuzzed cycles through the envelope: how many writes lie outside it, and how fast it is.

python -m benchmarks.operation_envelope
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from pathlib import Path

import numpy as np

# The judge, which shares no code with the envelope, is the tests' own.
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

PART = 50_000


def main() -> None:
    """Run the fuzz and print the counts."""
    judge = importlib.import_module("support.fuzzed_envelope")

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cycles", type=int, default=1_000_000)
    cycles = parser.parse_args().cycles
    wrong, written, held, seconds = 0, 0, 0, 0.0
    for seed in range(-(-cycles // PART)):
        envelope, observation, action = judge.fuzzed(PART, seed)
        begin = time.perf_counter()
        result = envelope.hold(observation, action)
        seconds += time.perf_counter() - begin
        wrong += int(judge.outside(observation, result.action).sum())
        written += int((~np.isnan(result.action)).sum())
        held += int(result.held.sum())
    print(
        f"{cycles:,} cycles of 3 actions in {seconds:.1f} s: {written:,} writes, {held:,} held, "
        f"{wrong:,} outside"
    )


if __name__ == "__main__":
    main()
