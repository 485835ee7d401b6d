"""Tables and picture of how well the gate judges, from the panel's raw results.

    python -m benchmarks.gate.table

Each plant is judged with the width that the other plants ask for: the 90 % quantile of their errors,
in spreads of the estimate. Prints the width over all plants, which is the gate's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
    "", "intervals that cover", "good agents that pass", "losing agents that pass",
    "losing agents called worse", "rank correlation", "of fitted Q alone",
    "of weighted importance sampling", "regret of the gate's first",
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


ELSEWHERE = [(plant, kind) for plant in ("dmsd", "dmsd-heavy") for kind in ("one run", "two runs")]
"""Cases whose truth is of other states than the records': a long run visits some sixty targets, and the
truth was run with others, where even a clone of the run earns a quarter less than people. They show
what records of few targets are worth elsewhere, not how well the gate judges; lines of their own."""


@dataclass(frozen=True, eq=False)
class Case:
    """How the gate judged one plant by one set of records, with the width of the other plants.

    Attributes:
        plant: The plant.
        records: The set.
        flags: Of each agent: covered, good, good and passed, losing, losing and passed, losing and
            called worse, (agents, 6).
        ranks: Rank correlation with the truth of the gate, of fitted Q evaluation and of weighted
            importance sampling, (3,).
        regret: What the gate's first loses against the best, as a share of people's value.
    """

    plant: str
    records: str
    flags: np.ndarray
    ranks: np.ndarray
    regret: float


def case(plant: str, kind: str, rows: Sequence[Row], width: float) -> Case:
    """Judge the agents of one plant and set of records."""
    truth = np.array([float(r["truth"]) for r in rows])
    value = abs(float(rows[0]["people"]))
    decided = [judged(r, width) for r in rows]
    passed = np.array([d == "pass" for d, _ in decided])
    worse = np.array([d == "worse" for d, _ in decided])
    covered = np.array([c for _, c in decided])
    good, bad = truth > CLEAR * value, truth < 0.0
    estimates = [np.array([float(r[k]) for r in rows]) for k in ("gain", "fitted", "weighted")]
    return Case(
        plant,
        kind,
        np.stack([covered, good, good & passed, bad, bad & passed, bad & worse], 1),
        np.array([spearmanr(truth, e).statistic for e in estimates]),
        float((truth.max() - truth[estimates[0].argmax()]) / value),
    )


def line(name: str, cases: Sequence[Case]) -> list[str]:
    """A line of the table: cases together; ranks and regret as means over cases."""
    covered, good, good_passed, bad, bad_passed, worse = np.concatenate([c.flags for c in cases]).T
    ranks = np.mean([c.ranks for c in cases], 0)
    return [
        name,
        f"{100 * covered.mean():.0f} %",
        f"{good_passed.sum()} of {good.sum()}",
        f"{bad_passed.sum()} of {bad.sum()}",
        f"{worse.sum()} of {bad.sum()}",
        *(f"{r:.2f}" for r in ranks),
        f"{100 * np.mean([c.regret for c in cases]):.1f} %",
    ]


def main() -> None:
    """Write the table and the pictures."""
    everything = read_rows("gate_panel")
    rows = [r for r in everything if (r["plant"], r["records"]) not in ELSEWHERE]
    plants = list(dict.fromkeys(r["plant"] for r in rows))
    cases = []
    for plant in plants:
        width = float(np.quantile(errors([r for r in rows if r["plant"] != plant]), COVERED))
        for kind in SETS:
            some = [r for r in everything if (r["plant"], r["records"]) == (plant, kind)]
            cases.append(case(plant, kind, some, width))
    apart = [c for c in cases if (c.plant, c.records) in ELSEWHERE]
    cases = [c for c in cases if c not in apart]
    table = [line(p, [c for c in cases if c.plant == p]) for p in plants]
    table += [
        line(f"{kind}: {np.prod(shape):,} steps", [c for c in cases if c.records == kind])
        for kind, shape in SETS.items()
    ]
    table += [line("all", cases), line("not counted: DMSD, other targets than recorded", apart)]
    print(write_table("gate", HEADER, table))
    _picture(rows, plants)
    _need(rows, plants)
    own = float(np.quantile(errors(rows), COVERED))
    print(f"width over all plants: {own:.2f} (the gate uses {gate.QUANTILE})")


def _need(rows: Sequence[Row], plants: Sequence[str]) -> None:
    """Half the width of the interval against the recorded steps, a line for each plant."""
    figure, field = plt.subplots(figsize=(7, 3.8), constrained_layout=True)
    steps = {kind: int(np.prod(shape)) for kind, shape in SETS.items()}
    for plant in plants:
        own = [r for r in rows if r["plant"] == plant]
        clear = CLEAR * abs(float(own[0]["people"]))
        shown = sorted({r["records"] for r in own}, key=lambda kind: steps[kind])
        half = [
            np.median(
                [
                    gate.QUANTILE * gate.spread(estimated(r)) / float(r["truth"])
                    for r in own
                    if r["records"] == kind and float(r["truth"]) > clear
                ]
            )
            for kind in shown
        ]
        field.plot([steps[k] for k in shown], half, marker="o", markersize=3, label=plant)
    field.axhline(1.0, color="#444", linewidth=0.8)
    field.set(xscale="log", yscale="log", xlabel="recorded steps to judge by",
              ylabel="half width / true gain")  # fmt: skip
    field.set_xticks(sorted(steps.values()), [f"{s:,}" for s in sorted(steps.values())])
    field.minorticks_off()
    field.spines[["top", "right"]].set_visible(False)
    figure.legend(frameon=False, fontsize=8, loc="outside right center")
    figure.savefig(ROOT / "docs" / "pictures" / "gate_need.png", dpi=110)


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
