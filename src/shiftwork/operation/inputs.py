"""What an agent sees at the plant: by the same code that made the records it learned from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from shiftwork.agents.agent import Agent
from shiftwork.errors import UserError
from shiftwork.operation.samples import Sample
from shiftwork.records.historian.action_limits import Box
from shiftwork.records.historian.grid import to_grid
from shiftwork.records.historian.plant_file.model import PlantFile
from shiftwork.records.historian.samples import Samples


@dataclass
class Inputs:
    """The samples of the last cycles, read as the grid of records reads them.

    A cycle's samples carry the cycle's stamp, a whole number of periods, also in the history. So
    the same samples imported later give the same observation, bit by bit.

    Attributes:
        plant: Names the tags and their ages.
    """

    plant: PlantFile
    _kept: dict[str, list[tuple[int, Sample]]] = field(default_factory=dict)

    def stamp_us(self, wall_us: int) -> int:
        """The whole period nearest to a time."""
        period = round(self.plant.period_s * 1e6)
        return (wall_us + period // 2) // period * period

    def add(self, stamp_us: int, samples: Mapping[str, Sample]) -> None:
        """Take in a cycle's samples; older ones are kept as long as a laboratory's value waits."""
        for key, sample in samples.items():
            tag = self.plant.tags[key]
            kept = self._kept.setdefault(key, [])
            if kept and kept[-1][0] >= stamp_us:  # the clock went back: nothing older is true now
                kept.clear()
            kept.append((stamp_us, sample))
            known_us = stamp_us - round(tag.laboratory_delay_s * 1e6)
            while len(kept) > 1 and kept[1][0] <= known_us:
                kept.pop(0)

    def observe(self, stamp_us: int) -> dict[str, float]:
        """Return every numeric tag as it is known at the stamp, NaN where it is not."""
        numeric = [tag.key for tag in self.plant.tags.values() if tag.role != "state"]
        unknown = dict.fromkeys(numeric, float("nan"))
        rows = [
            (key, at, sample.value, sample.status, sample.state)
            for key in self.plant.tags
            for at, sample in self._kept.get(key, [])
        ]
        frame = pl.DataFrame(
            rows,
            schema={
                "tag": pl.Enum(list(self.plant.tags)),
                "time": pl.Datetime("us", "UTC"),
                "value": pl.Float64,
                "status": pl.UInt8,
                "state": pl.String,
            },
            orient="row",
        )
        if not ((frame["status"] < 2) & (frame["time"].to_physical() == stamp_us)).any():
            return unknown  # nothing good was read for this stamp
        grid = to_grid(Samples((frame,)), self.plant)
        [row] = np.flatnonzero(grid.time.astype(np.int64) == stamp_us)
        return dict(zip(grid.keys, grid.value[row].tolist(), strict=True))


@dataclass(frozen=True)
class AgentInput:
    """Puts a plant's tags into the columns that an agent was learned with.

    Attributes:
        agent: The agent.
        plant: The plant file.
    """

    agent: Agent
    plant: PlantFile
    _columns: tuple[str, ...] = field(init=False)
    _given: tuple[str, ...] = field(init=False)
    _actions: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        names = {tag.key: tag.key for tag in self.plant.tags.values()}
        names |= {tag.source: tag.key for tag in self.plant.tags.values()}
        for tag in self.plant.of_role("action"):
            names |= {f"{tag.key} {end}": f"{tag.key} {end}" for end in ("low", "high")}
        columns = tuple(self._find(tag.name, names) for tag in self.agent.observation_tags)
        keys = [tag.key for tag in self.plant.of_role("action")]
        given = [self._find(tag.name, names) for tag in self.agent.action_tags]
        if sorted(given) != sorted(keys):
            raise UserError(
                f"{self.plant.path}: the agent acts on {', '.join(given)}, but the plant file's "
                f"actions are {', '.join(keys)}; give the agent's own plant file"
            )
        object.__setattr__(self, "_columns", columns)
        object.__setattr__(self, "_given", tuple(given))
        object.__setattr__(self, "_actions", tuple(given.index(key) for key in keys))

    def _find(self, name: str, names: Mapping[str, str]) -> str:
        if name not in names:
            raise UserError(
                f"{self.plant.path}: the agent needs a tag '{name}', which is neither a key nor a "
                "source here; give the agent's own plant file, or name it as its source"
            )
        return names[name]

    @property
    def keys(self) -> dict[str, str]:
        """The plant file's key of each name that the agent's tags have."""
        tags = (*self.agent.observation_tags, *self.agent.action_tags)
        return dict(zip((tag.name for tag in tags), (*self._columns, *self._given), strict=True))

    @property
    def needed(self) -> frozenset[str]:
        """Keys of the tags that must be known before the agent can decide."""
        return frozenset(key for key in self._columns if key in self.plant.tags)

    @property
    def action_keys(self) -> tuple[str, ...]:
        """The plant file's key of each of the agent's actions, in the agent's order."""
        return self._given

    def decide(self, observation: Mapping[str, float]) -> np.ndarray:
        """Let the agent decide; the action is in the order of the plant file's actions, (A,)."""
        decided = self.agent.act(self.row(observation))
        return np.asarray(decided, np.float64)[list(self._actions)]

    def row(self, observation: Mapping[str, float]) -> np.ndarray:
        """Put known values, by key, into the agent's columns, (O,); NaN where one is unknown."""
        moment = {key: np.array([value], np.float64) for key, value in observation.items()}
        return self.rows(moment)[0]

    def rows(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """The same for several moments: values (T,) by key into (T, O)."""
        values = dict(columns)
        for tag in self.plant.of_role("action"):
            box = Box.of(tag, columns, self.plant.period_s)
            values[f"{tag.key} low"], values[f"{tag.key} high"] = box.low, box.high
        return np.stack([values[key] for key in self._columns], -1)
