"""What an agent sees at the plant: by the same code that made the records it learned from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from shiftwork.agents.agent import Agent
from shiftwork.errors import UserError
from shiftwork.operation.samples import Sample
from shiftwork.records.historian.action_limits import Box
from shiftwork.records.historian.grid import ahead_us, in_force, whole_period
from shiftwork.records.historian.plant_file.model import PlantFile
from shiftwork.records.historian.values.quality import BAD


@dataclass
class Inputs:
    """The samples of the last cycles, read as the grid of records reads them.

    A cycle's samples carry the cycle's stamp, a whole number of periods of the plant's clock, also in the
    history. So the same samples imported later give the same observation, bit by bit.

    Attributes:
        plant: Names the tags and their ages.
    """

    plant: PlantFile
    _kept: dict[str, list[tuple[int, Sample]]] = field(default_factory=dict)
    _keys: tuple[str, ...] = field(init=False)
    _delay_us: dict[str, int] = field(init=False)
    _oldest_us: np.ndarray = field(init=False)
    _ahead_us: int | None = None

    def __post_init__(self) -> None:
        numeric = [tag for tag in self.plant.tags.values() if tag.role != "state"]
        self._keys = tuple(tag.key for tag in numeric)
        self._delay_us = {
            tag.key: round(tag.laboratory_delay_s * 1e6) for tag in self.plant.tags.values()
        }
        self._oldest_us = np.array([round(tag.max_age_s * 1e6) for tag in numeric], np.int64)

    def stamp_us(self, wall_us: int) -> int:
        """The whole period nearest to a time; summer time does not move periods while a process runs."""
        if self._ahead_us is None:
            self._ahead_us = ahead_us(wall_us, self.plant)
        period_us = round(self.plant.period_s * 1e6)
        return whole_period(wall_us + period_us // 2, period_us, self._ahead_us)

    def add(self, stamp_us: int, samples: Mapping[str, Sample]) -> None:
        """Take in a cycle's samples; older ones are kept as long as a laboratory's value waits."""
        for key, sample in samples.items():
            kept = self._kept.setdefault(key, [])
            if kept and kept[-1][0] >= stamp_us:  # the clock went back: nothing older is true now
                kept.clear()
            kept.append((stamp_us, sample))
            known_us = stamp_us - self._delay_us[key]
            while len(kept) > 1 and kept[1][0] <= known_us:
                kept.pop(0)

    def observe(self, stamp_us: int) -> dict[str, float]:
        """Return every numeric tag as it is known at the stamp, NaN where it is not."""
        last = [self._last(key, stamp_us) for key in self._keys]
        number = np.array([value for _, value in last], np.float64)
        told_us = np.array([at_us for at_us, _ in last], np.int64)
        known = in_force(stamp_us, told_us, self._oldest_us) & self._read_at(stamp_us)
        return dict(zip(self._keys, np.where(known, number, np.nan).tolist(), strict=True))

    def _last(self, key: str, stamp_us: int) -> tuple[int, float]:
        """When the last sample that was told by a stamp was told, and its number; NaN if there is none."""
        delay_us = self._delay_us[key]
        for at_us, sample in reversed(self._kept.get(key, ())):
            if at_us + delay_us <= stamp_us:
                return at_us + delay_us, sample.number
        return stamp_us, np.nan

    def _read_at(self, stamp_us: int) -> bool:
        """Whether anything good was read for a stamp."""
        lasts = (kept[-1] for kept in self._kept.values())
        return any(at_us == stamp_us and sample.status != BAD for at_us, sample in lasts)


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
