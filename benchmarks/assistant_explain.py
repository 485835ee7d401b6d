"""Do the inputs that an explanation names move the action? 500 recorded states of a furnace.

python -m benchmarks.assistant_explain

People run the simulated furnace for two years, an agent learns from their export (a minute), and is
asked at 500 recorded decisions which three inputs move its action most. Then these three take the
values that they had together at 40 other times, and so do three others, drawn at random. Named
inputs must move the action more, on average. Rows are in ``results/assistant_explain.csv``, one for
each state.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.results import write_rows, write_table
from shiftwork.assistant.explaining.opened import OpenAgent
from shiftwork.assistant.explaining.reasons import reasons
from shiftwork.cli.agent_verbs import learn_agent
from shiftwork.cli.people import people_at
from shiftwork.cli.record_verbs import read_export
from shiftwork.operation.records_seen import RecordsSeen
from shiftwork.records.historian.cut import cut_episodes
from shiftwork.records.historian.plant_file.load import load_plant_file

STATES, OTHERS, NAMED = 500, 40, 3
UPDATES = 4_000


def furnace_agent(folder: Path) -> tuple[OpenAgent, list[dict[str, float]]]:
    """Learn an agent from people's records; return it with all whole recorded states, by key."""
    people_at("furnace", folder / "people", 2, 0)
    plant = load_plant_file(next((folder / "people").glob("*.toml")))
    exports = [str(path) for path in (folder / "people").rglob("*.parquet")]
    _, grid = read_export(exports, plant)
    records = cut_episodes(grid, plant).episodes
    learn_agent(records, "pars", updates=UPDATES, out=folder / "agent", all_rows=True)
    RecordsSeen.learn(records).save(folder / "agent")
    opened = OpenAgent.open(folder / "agent", plant)
    needed = [grid.keys.index(key) for key in sorted(opened.columns.needed)]
    whole = np.flatnonzero(np.isfinite(grid.value[:, needed]).all(1))
    return opened, [dict(zip(grid.keys, grid.value[row].tolist(), strict=True)) for row in whole]


def moved(
    opened: OpenAgent, known: dict[str, float], keys: list[str], others: list[dict[str, float]]
) -> float:
    """Mean change of the action, part of its range, when some inputs take their values of other times."""
    width = np.subtract(*opened.agent.ranges[::-1])
    rows = [opened.columns.row(known)]
    rows += [opened.columns.row(known | {key: other[key] for key in keys}) for other in others]
    done = opened.agent.act(np.stack(rows))
    return float((np.abs(done[1:] - done[:1]) / width).max(1).mean())


def main() -> None:
    """Ask at every state, write CSV and table."""
    draw = np.random.default_rng(24)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        opened, states = furnace_agent(Path(folder))
        inputs = sorted(opened.columns.needed)
        for number in draw.choice(len(states), STATES, replace=False):
            known = states[number]
            named = list(reasons(opened, known).inputs(NAMED))
            rest = [key for key in inputs if key not in named]
            random = [rest[i] for i in draw.choice(len(rest), NAMED, replace=False)]
            others = [states[i] for i in draw.choice(len(states), OTHERS, replace=False)]
            parts = [moved(opened, known, keys, others) for keys in (named, random)]
            rows.append(
                {
                    "state": int(number),
                    "named": " ".join(named),
                    "random": " ".join(random),
                    "named moves": parts[0],
                    "random moves": parts[1],
                }
            )
    write_rows("assistant_explain", rows)
    more = sum(row["named moves"] > row["random moves"] for row in rows)
    means = [
        float(np.mean([row[f"{which} moves"] for row in rows])) for which in ("named", "random")
    ]
    write_table(
        "assistant_explain",
        ("states", "named inputs move the action more", "named move it by", "random ones by"),
        [(f"{len(rows)}", f"{100 * more / len(rows):.1f} %", *(f"{100 * m:.1f} %" for m in means))],
    )


if __name__ == "__main__":
    main()
