"""What the records say by lag, for every set here: the rule's inputs and outputs.

python -m benchmarks.evidence
"""

from __future__ import annotations

import time

from matplotlib.figure import Figure

from benchmarks.results import FOLDER, RECORDS, write_rows, write_table
from shiftwork.cli.progress import console
from shiftwork.learning.offline.evidence import Evidence, gather_evidence
from shiftwork.learning.offline.settings import cloning
from shiftwork.records.formats.load import load_records

SETS = {
    "DMSD train": "dmsd",
    "DMSD validation": str(RECORDS / "dmsd-val.npz"),
    "Simglucose train": str(RECORDS / "simglucose-train.npz"),
    "Simglucose validation": str(RECORDS / "simglucose-val.npz"),
}


def main() -> None:
    """Measure, write CSV, table and picture."""
    found: dict[str, Evidence] = {}
    rows, lines = [], []
    for name, path in SETS.items():
        begun = time.perf_counter()
        evidence = found[name] = gather_evidence(load_records(path))
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
                f"{cloning(evidence):.2g}",
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
    for axes, (name, evidence) in zip(figure.subplots(2, 2).flat, found.items(), strict=True):
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
