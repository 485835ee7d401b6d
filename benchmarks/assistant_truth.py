"""Right answers to questions about an export, by pandas alone; nothing of the package is imported."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pandas as pd

DAY_S = 86_400.0
_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": DAY_S}


class Truth:
    """An export as pandas reads it, with its tags on a fine grid."""

    def __init__(self, records: Path, tags: Path, step_s: int) -> None:
        """Read an export.

        Args:
            records: A Parquet file in long form, or a wide CSV file.
            tags: The plant file.
            step_s: Step of the grid, seconds, on which all samples must lie.
        """
        self.plant: dict[str, Any] = tomllib.loads(tags.read_text(encoding="utf-8"))
        self.zone = self.plant.get("time_zone", "UTC")
        self.step_s = step_s
        self.period_s = _duration(self.plant["period"])
        if records.suffix == ".csv":
            wide = pd.read_csv(records)
            time = pd.to_datetime(wide.iloc[:, 0]).dt.tz_localize(self.zone).dt.tz_convert("UTC")
            self.series = {
                name: pd.Series(wide[name].to_numpy(), index=pd.DatetimeIndex(time)).dropna()
                for name in wide.columns[1:]
            }
        else:
            long = pd.read_parquet(records)
            stamp = "time" if "time" in long else "timestamp"
            self.series = {
                str(name): pd.Series(
                    pd.to_numeric(part["value"], errors="coerce")
                    .where(part["quality"].str.lower() == "good")
                    .to_numpy(),
                    index=pd.DatetimeIndex(part[stamp]),
                ).sort_index()
                for name, part in long.groupby("tag")
            }

    def course(self, key: str, start: str, stop: str) -> pd.DataFrame:
        """The course in short steps, which also end at each sample, so that each is straight.

        Returns:
            ``value`` in the middle of each step, NaN where nothing is known; its length
            ``seconds``; and ``since``, seconds from the start of the range to its middle.
        """
        samples, held, oldest = self._samples(key)
        begin, end = self._utc(start), self._utc(stop)
        edges = pd.date_range(begin, end, freq=f"{self.step_s}s").as_unit("us")
        stamps = samples.index.as_unit("us")
        stamps = stamps.union(stamps + pd.Timedelta(seconds=oldest))
        edges = edges.union(stamps[(stamps > begin) & (stamps < end)])
        width = edges[1:] - edges[:-1]
        middle = edges[:-1] + width / 2
        return pd.DataFrame(
            {
                "value": self._at(samples, middle, held, oldest).to_numpy(),
                "seconds": width.total_seconds().to_numpy(),
                "since": (middle - begin).total_seconds().to_numpy(),
            }
        )

    def extremes(self, key: str, start: str, stop: str) -> tuple[float, float]:
        """Lowest and highest value: of samples, and of the course at both ends of the range."""
        samples, held, oldest = self._samples(key)
        begin, end = self._utc(start), self._utc(stop)
        ends = pd.DatetimeIndex([begin, end - pd.Timedelta("1us")])
        values = [
            *samples[(samples.index >= begin) & (samples.index < end)].dropna(),
            *self._at(samples, ends, held, oldest).dropna(),
        ]
        return float(min(values)), float(max(values))

    def period_means(self, key: str, start: str, stop: str) -> pd.Series[float]:
        """Mean of each decision period from the start on, if half of it is known."""
        fine = self.course(key, start, stop)
        fine["known"] = fine["seconds"].where(fine["value"].notna(), 0.0)
        fine["area"] = (fine["value"] * fine["seconds"]).fillna(0.0)
        parts = fine.groupby((fine["since"] / self.period_s).astype(int)).sum()
        means = (parts["area"] / parts["known"]).where(parts["known"] >= 0.5 * self.period_s)
        return means[parts["seconds"] >= self.period_s * (1 - 1e-9)]

    def _samples(self, key: str) -> tuple[pd.Series[float], bool, float]:
        tag = self.plant["tags"][key]
        held = tag.get("hold", tag["role"] in ("action", "limit"))
        slow = held or "laboratory_delay" in tag
        default = max(DAY_S if slow else 600.0, 10 * self.period_s)
        oldest = _duration(tag["max_age"]) if "max_age" in tag else default
        return self.series[tag.get("source", key)], held, oldest

    @staticmethod
    def _at(
        samples: pd.Series[float], at: pd.DatetimeIndex, held: bool, oldest: float
    ) -> pd.Series[float]:
        known = pd.DataFrame({"time": samples.index.as_unit("us"), "value": samples.to_numpy()})
        known["until"], known["next"] = known["time"].shift(-1), known["value"].shift(-1)
        grid = pd.DataFrame({"at": at.as_unit("us")})
        grid = pd.merge_asof(grid, known, left_on="at", right_on="time")
        age = (grid["at"] - grid["time"]).dt.total_seconds()
        gap = (grid["until"] - grid["time"]).dt.total_seconds()
        line = grid["value"] + (grid["next"] - grid["value"]) * age / gap
        use = (not held) & grid["next"].notna() & (gap <= oldest)
        return grid["value"].where(~use, line).where(age < oldest)

    def _utc(self, text: str) -> pd.Timestamp:
        return pd.Timestamp(text).tz_localize(self.zone).tz_convert("UTC")


def _duration(text: str) -> float:
    number = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    return float(number) * _SECONDS[text[len(number) :]]


def integral(course: pd.DataFrame) -> float:
    """Value times hours over the known time."""
    return float((course["value"] * course["seconds"]).sum() / 3600)


def share(course: pd.DataFrame, where: pd.Series[bool]) -> float:
    """Share of the known time in which a condition holds."""
    known = course["value"].notna()
    return float(course["seconds"][known & where].sum() / course["seconds"][known].sum())


def mean(course: pd.DataFrame) -> float:
    """Mean over the known time, NaN if there is none."""
    known_s = course["seconds"][course["value"].notna()].sum()
    return 3600 * integral(course) / float(known_s) if known_s else float("nan")
