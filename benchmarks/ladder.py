"""The default cloning against a ladder of others, under people of all kinds: how much it leaves behind.

    python -m benchmarks.ladder [--plants tanks column ...]

People go by a rule that is far from the best, with hands that stray much, a little or not at all. PARS
learns from their records with the default settings, and with five fixed weights of cloning; all are run
on the same 400 whole episodes. "Share" is what the default gains over people in per cent of what the
best weight in hindsight gains. Plants and rules are those of the gate's panel, of which none knows.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np

from benchmarks.gate.panel import recorded
from benchmarks.gate.plants import RULES, People
from benchmarks.results import read_rows, write_rows, write_table
from shiftwork.cli.progress import console
from shiftwork.evaluation.rollout import rollout
from shiftwork.learning.offline.algorithms import algorithm
from shiftwork.learning.offline.learn import learn
from shiftwork.learning.offline.settings import settle

WEIGHTS = (0.003, 0.03, 0.3, 3.0, 30.0)
HANDS = {"steady": 0.0, "a little": 0.03, "free": None}
"""How far people stray from their rule; None: as far as on the gate's panel."""
RECORDED = {"steady": (50,), "a little": (50,), "free": (20, 100)}
"""Episodes of 100 steps."""
UPDATES = 8_000
EPISODES = 400
SEED = 100
CLEAR = 0.02
"""Share of people's return from which on there is something to gain."""


def measured(name: str, hands: str, episodes: int) -> list[dict[str, Any]]:
    """Learn with all weights from one set of records; one row for each."""
    begun = time.perf_counter()
    plant, rule, free = RULES[name]
    stray = HANDS[hands]
    people = People(rule, free if stray is None else stray, len(plant.action))
    records = recorded(plant, people, episodes, 100, SEED)
    base = settle(algorithm("pars").config(), records)
    configs = [base] + [
        algorithm("pars").config(cloning=w, discount=base.discount) for w in WEIGHTS
    ]
    learned = learn(records, "pars", configs, updates=UPDATES, seeds=(SEED,) * len(configs))
    clone = learn(records, "bc", updates=3_000, seeds=(SEED,)).agent()
    who: dict[str, Any] = {"people": people, "clone": clone, "default": learned.agent(0)}
    who |= {f"{w:g}": learned.agent(i + 1) for i, w in enumerate(WEIGHTS)}
    rows = []
    for label, operator in who.items():
        returns = rollout(plant, operator, episodes=EPISODES, seed=9_000).returns
        rows.append(
            {
                "plant": name, "hands": hands, "episodes": episodes, "who": label, "seed": SEED,
                "return": returns.mean(), "error": returns.std() / np.sqrt(EPISODES),
                "cloning": base.cloning if label == "default" else label,
                "discount": base.discount, "wall_s": time.perf_counter() - begun,
            }
        )  # fmt: skip
    console.print(name, hands, episodes, {r["who"]: round(float(r["return"]), 2) for r in rows})
    return rows


def table() -> str:
    """Make the table from the CSV."""
    rows = read_rows("ladder")
    lines, shares = [], []
    for case in dict.fromkeys((r["plant"], r["hands"], r["episodes"]) for r in rows):
        own = {r["who"]: r for r in rows if (r["plant"], r["hands"], r["episodes"]) == case}
        found = {who: float(r["return"]) for who, r in own.items()}
        best = max((w for w in own if w not in ("people",)), key=lambda w: found[w])
        room = found[best] - found["people"]
        share = "nothing to gain"
        if room > CLEAR * abs(found["people"]):
            shares.append((found["default"] - found["people"]) / room)
            share = f"{100 * shares[-1]:.0f} %"
        lines.append((*case, *(f"{found[w]:.3g}" for w in ("people", "clone", "default")),
                      f"{float(own['default']['cloning']):.3g}", f"{found[best]:.3g} ({best})", share))  # fmt: skip
    lines.append(("median", "", "", "", "", "", "", "", f"{100 * float(np.median(shares)):.0f} %"))
    header = (
        "plant", "hands", "recorded episodes", "people", "clone", "default", "its cloning",
        "best in hindsight (which)", "share",
    )  # fmt: skip
    return write_table("ladder", header, lines)


def main() -> None:
    """Run what is asked for, replace its rows in the CSV, and make the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plants", nargs="+", default=list(RULES), choices=list(RULES))
    options = parser.parse_args()
    for name in options.plants:
        for hands, counts in RECORDED.items():
            for episodes in counts:
                rows = measured(name, hands, episodes)
                write_rows("ladder", rows, replace=("plant", "hands", "episodes"))
    console.print(table())


if __name__ == "__main__":
    main()
