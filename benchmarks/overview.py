"""README's one table: what people, simple alternatives and learned operators earn on each plant.

python -m benchmarks.overview

It measures nothing: every cell comes from the rows of the other benchmarks.
"""

from __future__ import annotations

from benchmarks.results import read_rows, scored, write_table

Row = tuple[str, str, str, str, str]


def learned_from_records() -> list[Row]:
    """DMSD and Simglucose, normalized scores."""
    rows, online = read_rows("offline"), read_rows("online")
    found: list[Row] = []
    for name, people in (("dmsd", "56.6"), ("simglucose", "73.9")):
        own = [row for row in rows if row["set"] == name]
        score = {
            algorithm: scored(row for row in own if row["algorithm"] == algorithm)
            for algorithm in ("bc", "pars")
        }
        last = max((int(row["steps"]) for row in online), default=0)
        later = [
            r for r in online if int(r["steps"]) == last and r["start"].startswith("from the off")
        ]
        ended = f"{scored(later)} after {last:,} steps" if name == "dmsd" else ""
        found.append(
            (f"{name}, normalized score", people, f"{score['bc']} (cloning)", score["pars"], ended)
        )
    return found


def furnace() -> list[Row]:
    """One furnace, $/h: as shipped, and with accounts that an engineer adds."""
    rows = read_rows("furnace")

    def mean(method: str) -> str:
        values = [float(row["margin_usd_per_h"]) for row in rows if row["method"] == method]
        return f"{sum(values) / len(values):,.0f}" if values else ""

    constant = f"{mean('constant')} (constant set-points)"
    same = f"{mean('td3bc')} (TD3+BC, same accounts)"
    return [
        ("furnace, $/h, plain margin", mean("people"), constant, mean("pars-plain"), ""),
        (
            "furnace, $/h, with accounts for coke",
            mean("people"),
            same,
            mean("pars"),
            mean("online"),
        ),
    ]


def teams() -> list[Row]:
    """Teams: the centre from records and then by experience, others by experience alone."""
    found: list[Row] = []
    centre = read_rows("team_improve")
    if centre:
        last = max(int(r["learned_h"]) for r in centre if r["who"] == "improved")
        offline = [r for r in read_rows("team_records") if r["who"] == "weighted"]

        found.append(
            (
                "centre-small, $/h",
                _profit(centre, "people", ""),
                f"{_profit(centre, 'rules', '')} (people's rules, tuned on the simulator)",
                _mean_profit(offline),
                f"{_profit(centre, 'improved', str(last))} after {last:,} hours",
            )
        )
    found += large_centre()
    thresholds = {"box-pushing-6": 298, "overcooked-A": 200, "overcooked-B-rand": 200}
    for plant, threshold in thresholds.items():
        own = [r for r in read_rows("team") if (r["plant"], r["algorithm"]) == (plant, "acac")]
        if own:
            reached = sorted(float(r["steps_to_threshold"] or "inf") for r in own)
            found.append(
                (
                    f"{plant}, return",
                    "",
                    "",
                    "",
                    f"{scored(own, 'return')}; {threshold} after {reached[len(reached) // 2] / 1e3:,.0f}k steps",
                )
            )
    return found


def large_centre() -> list[Row]:
    """A full-size centre: by search after cloning, beside rules that were tuned with a third of the hours."""
    rows = [row for row in read_rows("team_large") if row["plant"] == "centre-steady"]
    if not rows:
        return []
    last = max((r["learned_h"] for r in rows if r["who"] == "searched"), key=int)
    seeds = len({r["seed"] for r in rows if r["who"] == "searched"})
    return [
        (
            f"centre-steady (full size), $/h, {seeds} seed" + "s" * (seeds > 1),
            _profit(rows, "people", ""),
            f"{_profit(rows, 'rules', '')} (people's rules, tuned on the simulator)",
            f"{_profit(rows, 'clone', '0')} (cloning)",
            f"{_profit(rows, 'searched', last)} after {int(last) / 1e6:,.0f} million hours",
        )
    ]


def _profit(rows: list[dict[str, str]], who: str, hours: str) -> str:
    """Mean profit of whoever had learned from so many hours, $/h."""
    return _mean_profit([r for r in rows if (r["who"], r["learned_h"]) == (who, hours)])


def _mean_profit(rows: list[dict[str, str]]) -> str:
    return f"{sum(float(row['profit_usd_per_h']) for row in rows) / len(rows):,.0f}"


def main() -> None:
    """Make the table."""
    header = ("plant", "people", "simple alternative", "from records alone", "learned online")
    print(write_table("overview", header, [*learned_from_records(), *furnace(), *teams()]))


if __name__ == "__main__":
    main()
