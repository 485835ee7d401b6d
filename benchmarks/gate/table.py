"""Tables and picture of how well the gate judges, from the panel's raw results.

    python -m benchmarks.gate.table

Each plant is judged with the width that the other plants ask for: the 90 % quantile of their errors,
in spreads of the estimate. Prints the width over all plants, which is the gate's own.
"""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import spearmanr

from benchmarks.gate.run_panel import SETS
from benchmarks.results import ROOT, read_rows, write_table
from shiftwork.evaluation.gate import judge as gate
from shiftwork.evaluation.gate.estimate import Estimate
from shiftwork.evaluation.gate.support import CONFIDENCE, EventRate, Support

Row = dict[str, str]
COVERED = 0.9
HEADER = (
    "plant left out", "records", "intervals that cover", "good agents that pass",
    "losing agents that pass", "losing agents called worse", "rank correlation",
    "of fitted Q alone", "regret of the gate's first",
)  # fmt: skip
CLEAR = 0.05
"""Share of people's value from which on a gain should pass."""


def estimated(row: Row) -> Estimate:
    """What the gate knew when it judged a row."""
    number = {name: float(row[name]) for name in row if _is_number(row[name])}
    half = number["member_std"] / 2**0.5
    rows = float(np.prod(SETS[row["records"]]))
    # With no event recorded the people's bound is that of none in so many rows.
    recorded = number["event_people"] > 1.2 * (1.0 - (1.0 - CONFIDENCE) ** (1.0 / rows))
    event = EventRate(
        "rare, large loss",
        int(recorded),
        int(rows),
        number["event_rate"],
        number["event_upper"],
        number["event_people"],
        number["event_loss"],
    )
    return Estimate(
        gain=number["gain"],
        members=np.array([number["gain"] - half, number["gain"] + half]),
        block_error=number["block_error"],
        beginnings=number.get("beginnings", float("nan")),
        undiscounted=number.get("undiscounted", float("nan")),
        fitted=number["fitted"],
        fitted_error=number["fitted_error"],
        replay=number["replay"],
        replay_error=number["replay_error"],
        people=number["people"],
        support=Support(number["plans"], number["states"], ()),
        events=(event,),
        steps=int(number["steps"]),
        discount=number["discount"],
    )


def errors(rows: Sequence[Row]) -> np.ndarray:
    """Distance between truth and estimate in spreads, (rows,)."""
    return np.array(
        [abs(float(r["truth"]) - float(r["gain"])) / gate.spread(estimated(r)) for r in rows]
    )


def judged(row: Row, width: float) -> tuple[str, bool]:
    """The decision with a width, and whether the interval holds the truth."""
    e = estimated(row)
    gain = gate.interval(e, width=width)
    return gate.decide(e, gain)[0], gain.low <= float(row["truth"]) <= gain.high


def main() -> None:
    """Write the tables and the picture."""
    rows = [r for r in read_rows("gate_panel") if r["agent"]]
    plants = list(dict.fromkeys(r["plant"] for r in rows))
    table: list[list[str]] = []
    totals: dict[str, list[tuple[bool, ...]]] = {}
    for plant in plants:
        width = float(np.quantile(errors([r for r in rows if r["plant"] != plant]), COVERED))
        for kind in dict.fromkeys(r["records"] for r in rows):
            some = [r for r in rows if (r["plant"], r["records"]) == (plant, kind)]
            if some:
                table.append(_line(plant, kind, some, width, totals))
    for kind, found in totals.items():
        covered, good, good_passed, bad, bad_passed, worse = np.array(found).T
        table.append(
            ["all", kind, f"{100 * covered.mean():.0f} %", f"{good_passed.sum()} of {good.sum()}",
             f"{bad_passed.sum()} of {bad.sum()}", f"{worse.sum()} of {bad.sum()}", "", "", ""]
        )  # fmt: skip
    own = float(np.quantile(errors(rows), COVERED))
    print(write_table("gate", HEADER, table))
    _picture(rows, plants)
    print(f"width over all plants: {own:.2f} (the gate uses {gate.QUANTILE})")


def _line(
    plant: str,
    kind: str,
    rows: Sequence[Row],
    width: float,
    totals: dict[str, list[tuple[bool, ...]]],
) -> list[str]:
    truth = np.array([float(r["truth"]) for r in rows])
    value = abs(float(rows[0]["people"]))
    decided = [judged(r, width) for r in rows]
    passed = np.array([d == "pass" for d, _ in decided])
    worse = np.array([d == "worse" for d, _ in decided])
    covered = np.array([c for _, c in decided])
    good, bad = truth > CLEAR * value, truth < 0.0
    for one in zip(covered, good, good & passed, bad, bad & passed, bad & worse, strict=True):
        totals.setdefault(kind, []).append(tuple(bool(x) for x in one))
    gain, fitted = (np.array([float(r[k]) for r in rows]) for k in ("gain", "fitted"))
    regret = (truth.max() - truth[gain.argmax()]) / value
    return [
        plant,
        kind,
        f"{100 * covered.mean():.0f} %",
        f"{(good & passed).sum()} of {good.sum()}",
        f"{(bad & passed).sum()} of {bad.sum()}",
        f"{(bad & worse).sum()} of {bad.sum()}",
        f"{spearmanr(truth, gain).statistic:.2f}",
        f"{spearmanr(truth, fitted).statistic:.2f}",
        f"{100 * regret:.1f} %",
    ]


def _picture(rows: Sequence[Row], plants: Sequence[str]) -> None:
    """Estimate against truth, one field for each plant."""
    columns = 4
    figure, fields = plt.subplots(
        -(-len(plants) // columns), columns, figsize=(11, 5.4), constrained_layout=True
    )
    for field, plant in zip(fields.flat, plants, strict=False):
        some = [r for r in rows if r["plant"] == plant]
        truth = np.array([float(r["truth"]) for r in some])
        gain = np.array([float(r["gain"]) for r in some])
        half = gate.QUANTILE * np.array([gate.spread(estimated(r)) for r in some])
        field.errorbar(
            truth,
            gain,
            half,
            fmt="o",
            markersize=3,
            linewidth=0.6,
            color="#2f6d8f",
            ecolor="#b9cdd8",
        )
        ends = [min(truth.min(), gain.min()), max(truth.max(), gain.max())]
        field.plot(ends, ends, color="#444", linewidth=0.8)
        field.axhline(0, color="#999", linewidth=0.5)
        field.axvline(0, color="#999", linewidth=0.5)
        field.set_title(plant, fontsize=10, loc="left")
    for field in list(fields.flat)[len(plants) :]:
        field.set_axis_off()
    figure.supxlabel("true gain over people's practice, reward per step", fontsize=9)
    figure.supylabel("estimate with its 90 % interval", fontsize=9)
    figure.savefig(ROOT / "docs" / "pictures" / "gate.png", dpi=110)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


if __name__ == "__main__":
    main()
