"""What the records say by lag, for every set here: the rule's inputs and outputs.

python -m benchmarks.evidence
"""

from __future__ import annotations

import dataclasses
import time

import numpy as np
from matplotlib.figure import Figure

from benchmarks.results import FOLDER, RECORDS, write_rows, write_table
from shiftwork.cli.progress import console
from shiftwork.learning.offline.evidence import Evidence, gather_evidence
from shiftwork.learning.offline.settings import FULL_CLONING, cloning
from shiftwork.records.episodes import Episodes
from shiftwork.records.formats.load import load_records

SETS = {
    "DMSD train": "dmsd",
    "DMSD validation": str(RECORDS / "dmsd-val.npz"),
    "Simglucose train": str(RECORDS / "simglucose-train.npz"),
    "Simglucose validation": str(RECORDS / "simglucose-val.npz"),
}
PARTS = (50, 20, 8, 4)
"""Episodes of DMSD, drawn twice each."""


def records_of_all() -> dict[str, Episodes]:
    """The sets, and parts of the first."""
    found = {name: load_records(path) for name, path in SETS.items()}
    whole = found["DMSD train"]
    found["DMSD train as one run"] = as_one_run(whole)
    rng = np.random.default_rng(100)
    for count in PARTS:
        for draw in ("", ", drawn again"):
            chosen = np.sort(rng.permutation(len(whole.length))[:count])
            found[f"{count} of its episodes{draw}"] = whole.select(chosen)
    return found


def as_one_run(records: Episodes) -> Episodes:
    """The same rows as one episode, as an export without marks would give them."""
    ends = np.cumsum(records.length + 1) - 1
    return dataclasses.replace(
        records,
        observation=np.delete(records.observation, ends[:-1], axis=0),
        length=np.array([records.length.sum()]),
        terminal=np.zeros(1, bool),
    )


def main() -> None:
    """Measure, write CSV, table and picture."""
    found: dict[str, Evidence] = {}
    rows, lines = [], []
    for name, records in records_of_all().items():
        begun = time.perf_counter()
        evidence = found[name] = gather_evidence(records)
        wall_s = time.perf_counter() - begun
        rows += [
            {"set": name, "lag": int(lag), "r2": r2, "r2_without_action": without, "horizon": evidence.horizon,
             "reward_share": evidence.reward_share, "state_share": evidence.state_share,
             "variation": evidence.variation, "wall_s": wall_s}
            for lag, r2, without in zip(evidence.lags, evidence.r2, evidence.r2_without_action, strict=True)
        ]  # fmt: skip
        lines.append(
            (
                name,
                f"{evidence.horizon:.1f}",
                f"{evidence.discount:.3f}",
                f"{100 * evidence.reward_share:.0f} %",
                f"{100 * evidence.state_share:.0f} %",
                f"{evidence.variation:.2f}",
                f"{cloning(evidence):.3g}"
                if not evidence.not_measurable
                else f"{FULL_CLONING:.0f}: not measurable",
            )
        )
    write_rows("evidence", rows)
    header = (
        "records",
        "horizon (steps)",
        "discount",
        "least share of rewards that only the action explains",
        "of what is seen next",
        "variation of moves in like states",
        "cloning",
    )
    console.print(write_table("evidence", header, lines))
    picture(found).savefig(FOLDER / "evidence.svg")


def picture(found: dict[str, Evidence]) -> Figure:
    """Draw predictability against lag, with and without the action, a panel for each set."""
    figure = Figure(figsize=(7.6, 4.6), layout="constrained")
    for axes, (name, evidence) in zip(figure.subplots(2, 2).flat, found.items(), strict=False):
        axes.plot(
            evidence.lags, evidence.r2, color="#0072B2", linewidth=2, label="observation and action"
        )
        axes.plot(evidence.lags, evidence.r2_without_action, color="#D55E00", linewidth=1.4, linestyle="--",
                  label="observation alone")  # fmt: skip
        axes.axvline(evidence.horizon, color="0.5", linewidth=1)
        axes.set_title(f"{name}: horizon {evidence.horizon:.0f} steps", fontsize=10, loc="left")
        axes.set(
            xscale="symlog",
            xlim=(0, None),
            ylim=(0, None),
            xlabel="lag (steps)",
            ylabel="R² of reward",
        )
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].legend(frameon=False, fontsize=8)
    return figure


if __name__ == "__main__":
    main()
