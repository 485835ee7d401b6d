"""The benchmark's figures as a Markdown table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

NAMES = {
    "td3bc": "TD3+BC, 2 critics, 2×256",
    "pars10": "PARS, 10 critics, 2×256",
    "pars": "PARS, defaults (4 critics, 2×64)",
}
HEAD = (
    "| algorithm | ours, updates/s | d3rlpy, updates/s | ratio, median [min, max] "
    "| ours, seconds to first update | d3rlpy, seconds to first update |"
)


def spread(values: Sequence[float], digits: int = 0) -> str:
    """Write median [least, greatest], or a dash for nothing."""
    if not values:
        return "-"
    low, high = min(values), max(values)
    return f"{median(values):.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def write_table(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Write one line for each algorithm; ratios are taken within each pair.

    Args:
        rows: What ``run.py`` measured, one for each run of a worker.
        path: Where to write.
    """

    def of(library: str, case: str, column: str) -> dict[int, float]:
        chosen = (r for r in rows if r["library"] == library and r["algorithm"] == case)
        return {r["pair"]: float(r[column]) for r in chosen}

    lines = [HEAD, "|---|---|---|---|---|---|"]
    for case, name in NAMES.items():
        ours = of("shiftwork", case, "updates_per_s")
        first = spread(list(of("shiftwork", case, "seconds_to_first_update").values()), 1)
        kinds = {"updates_per_s": name}
        if case == "td3bc":
            kinds["updates_per_s_without_sampling"] = f"{name}; d3rlpy's batches drawn beforehand"
        for column, label in kinds.items():
            theirs = of("d3rlpy", case, column)
            ratios = [ours[pair] / theirs[pair] for pair in ours if pair in theirs]
            their_first = list(of("d3rlpy", case, "seconds_to_first_update").values())
            lines.append(
                f"| {label} | {spread(list(ours.values()))} | {spread(list(theirs.values()))} "
                f"| {spread(ratios, 2)} | {first} | {spread(their_first, 1)} |"
            )
    if rows:
        one = {k: v for row in rows for k, v in row.items()}
        pairs = len({row["pair"] for row in rows})
        lines += [
            "",
            f"Median [least, greatest] of {pairs} pairs; {one['threads']} threads each on "
            f"{one['cpu']}; jax {one['jax']}, d3rlpy {one['d3rlpy']} on torch {one['torch']}; "
            f"commit {one['commit']}, {one['date']}.",
        ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
