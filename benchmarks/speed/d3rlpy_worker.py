"""Times TD3+BC of d3rlpy, in its own environment; prints one JSON line."""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

import numpy as np

STARTED = time.time()
BATCH = 256
WARM_UP = 20
"""Updates before the clock starts, and how many batches are kept for updates without sampling."""


def make_buffer(path: str) -> Any:
    """Fill d3rlpy's buffer with the records that the driver wrote."""
    from d3rlpy.dataset import MDPDataset

    with np.load(path) as rows:
        return MDPDataset(
            observations=rows["observation"],
            actions=rows["action"],
            rewards=rows["reward"],
            terminals=rows["terminal"],
            timeouts=rows["timeout"],
        )


def make_learner(buffer: Any, discount: float) -> Any:
    """Build TD3+BC with two hidden layers of 256 units and our learning rates."""
    from d3rlpy.algos import TD3PlusBCConfig
    from d3rlpy.models.encoders import VectorEncoderFactory

    encoder = VectorEncoderFactory([256, 256])
    learner = TD3PlusBCConfig(
        actor_encoder_factory=encoder,
        critic_encoder_factory=encoder,
        actor_learning_rate=1e-3,
        critic_learning_rate=1e-3,
        batch_size=BATCH,
        gamma=discount,
        alpha=2.5,
    ).create(device=False)
    learner.build_with_dataset(buffer)
    return learner


def rate_of(updates: int, learner: Any, draw: Any) -> float:
    """Make updates; return how many in a second."""
    begun = time.perf_counter()
    for number in range(updates):
        learner.update(draw(number))
    return updates / (time.perf_counter() - begun)


def main() -> None:
    """Time updates as ``fit`` makes them, and updates on batches drawn beforehand."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="transitions, .npz")
    parser.add_argument("--updates", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--discount", type=float, default=0.99)
    parser.add_argument("--begun", type=float, default=STARTED, help="when the process began")
    args = parser.parse_args()

    import d3rlpy
    import torch

    torch.set_num_threads(args.threads)
    d3rlpy.seed(args.seed)
    buffer = make_buffer(args.data)
    learner = make_learner(buffer, args.discount)

    def sampled(_: int) -> Any:
        return buffer.sample_transition_batch(BATCH)

    rate_of(1, learner, sampled)
    first = time.time() - args.begun
    rate_of(WARM_UP, learner, sampled)
    rate = rate_of(args.updates, learner, sampled)
    kept = [buffer.sample_transition_batch(BATCH) for _ in range(WARM_UP)]
    without = rate_of(args.updates, learner, lambda number: kept[number % WARM_UP])
    figures = {
        "torch": torch.__version__,
        "d3rlpy": d3rlpy.__version__,
        "updates": args.updates,
        "updates_per_s": rate,
        "updates_per_s_without_sampling": without,
        "seconds_to_first_update": first,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
