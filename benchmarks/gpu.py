"""PARS on a GPU: updates per second against the number of seeds that learn side by side.

    python -m benchmarks.gpu [--members 1 8 64 256]

Refuses to run where JAX sees no GPU, so that its table never holds a CPU's figures.
"""

from __future__ import annotations

import argparse

import jax

from benchmarks.results import write_rows, write_table
from shiftwork.cli.progress import console
from shiftwork.errors import UserError
from shiftwork.learning.offline.learn import learn
from shiftwork.learning.offline.pars import Config
from shiftwork.records.formats.load import load_records


def main() -> None:
    """Time PARS and write CSV and table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, nargs="+", default=[1, 8, 64, 256])
    parser.add_argument("--updates", type=int, default=10_000)
    options = parser.parse_args()
    if jax.default_backend() == "cpu":
        raise UserError("JAX sees no GPU here; install jax[cuda12] on a machine that has one")
    records = load_records("dmsd")
    configs = {
        "4 critics, width 64": Config(),
        "10 critics, width 256": Config(critics=10, width=256, actor_width=256),
    }
    rows = []
    for name, config in configs.items():
        for members in options.members:
            learned = learn(records, "pars", config, updates=options.updates, seeds=range(members))
            rows.append(
                {
                    "nets": name,
                    "seeds": members,
                    "updates_per_s": learned.history.rate * members,
                    "first_piece_s": learned.history.compile_s,
                    "wall_s": learned.history.wall_s,
                }
            )
    write_rows("gpu", rows)
    lines = [
        (str(r["nets"]), str(r["seeds"]), f"{r['updates_per_s']:,.0f}", f"{r['first_piece_s']:.1f}")
        for r in rows
    ]
    header = (
        "PARS",
        "seeds side by side",
        "updates per second, all seeds",
        "seconds to the first 1,000",
    )
    console.print(write_table("gpu", header, lines))


if __name__ == "__main__":
    main()
