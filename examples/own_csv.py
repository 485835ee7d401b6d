"""From a historian's CSV to an agent: read, learn, look at what it proposes.

    python examples/own_csv.py --updates 20000

The export is three days of a distillation column; ``distillation/column.toml`` says what its
columns mean. Put your own export and plant file in their place.
"""

import argparse
from pathlib import Path

import shiftwork

HERE = Path(__file__).parent


def main(updates: int = 20_000, out: str = "runs/column") -> float:
    """Learn, and return the mean distance between proposals and what was recorded."""
    records = shiftwork.import_export(
        HERE / "distillation" / "records.csv", HERE / "distillation" / "column.toml"
    )
    agent = shiftwork.learn(records, updates=updates, out=out)
    # The agent acts on any observation in plant units, one or a batch, with NumPy alone.
    rows = records.transitions.observation
    distance = float(abs(agent.act(rows) - records.action).mean())
    for tag in agent.action_tags:
        print(f"{tag.name}: proposals differ from the records by {distance:.3f} on average")
    return distance


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="From a historian's CSV to an agent.")
    parser.add_argument("--updates", type=int, default=20_000)
    parser.add_argument("--out", default="runs/column")
    main(**vars(parser.parse_args()))
