"""The plant file: which tags of an export mean what, in TOML, every mistake told by its key."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    PrivateAttr,
    field_validator,
)

from shiftwork.records.historian.plant_file.durations import seconds
from shiftwork.records.historian.plant_file.expression import Expression

DAY_S = 86400.0

Role = Literal["observation", "action", "limit", "objective", "state"]
Convention = Literal["opc", "sparkplug", "words", "confidence"]
Ends = tuple[float | str, float | str]

HELD = ("action", "limit", "state")
"""Roles whose values stand until the next one; the others change linearly in between."""


def _pair(value: object, needed: str, kinds: tuple[type, ...]) -> Ends:
    if (
        not isinstance(value, list)
        or len(value) != 2
        or any(type(end) not in kinds for end in value)
        or not all(isinstance(end, str) or math.isfinite(end) for end in value)
    ):
        raise ValueError(f"must be {needed}; write [low, high]")
    low, high = (end if isinstance(end, str) else float(end) for end in value)
    if isinstance(low, float) and isinstance(high, float) and not low < high:
        raise ValueError(f"low {low:g} is not below high {high:g}; write [low, high]")
    return low, high


def _expression(key: str) -> PlainValidator:
    def read(value: object, info: Any) -> Expression:
        if not isinstance(value, str):
            raise ValueError('is no text; write an expression over tags in quotes, such as "0"')
        return Expression(value, f"{info.context['path']}: {key}")

    return PlainValidator(read)


Duration = Annotated[float, BeforeValidator(seconds)]
Numbers = Annotated[
    tuple[float, float], BeforeValidator(lambda v: _pair(v, "two numbers", (int, float)))
]
NumbersOrTags = Annotated[
    Ends, BeforeValidator(lambda v: _pair(v, "two numbers or limit tags", (int, float, str)))
]
Text = Annotated[str, Field(min_length=1, max_length=1000)]


class Table(BaseModel):
    """A table of the plant file: nothing in it that is not known, no value of another kind."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class PlantTag(Table):
    """One tag of the export.

    Attributes:
        key: The name used in expressions and results.
        role: What it is for. A "state" holds text: running or stopped, a mode.
        source: Its name in the export.
        unit: Its physical unit, "" for a pure number.
        span: The instrument's span, in its unit.
        bounds: Absolute limits: numbers, or keys of limit tags.
        rate: The most that an action may change in ``rate_per_s``, down and up: numbers, or keys
            of limit tags.
        rate_per_s: Seconds.
        dead_band: The smallest change that the historian stores, in its unit, if known.
        hold: A value stands until the next; otherwise it changes linearly in between.
        laboratory_delay_s: A value is known only this long after its sample was taken, seconds.
        max_age_s: A value older than this counts as missing, seconds.
        observed: It is among the observations.
        node: Its OPC UA node, for operation.
    """

    key: str
    role: Role
    source: Text = Field(default_factory=lambda data: data.get("key", ""))
    unit: str = Field(default="", max_length=100)
    span: Numbers | None = None
    bounds: NumbersOrTags | None = None
    rate: NumbersOrTags | None = None
    rate_per_s: Duration = Field(default=60.0, alias="rate_per")
    dead_band: float | None = Field(default=None, gt=0)
    hold: bool = Field(default_factory=lambda data: data.get("role") in HELD)
    laboratory_delay_s: Duration = Field(default=0.0, alias="laboratory_delay")
    max_age_s: float = Field(default=None, alias="max_age", validate_default=True)
    node: Text | None = None
    observed: bool = Field(
        default_factory=lambda data: data.get("role") in ("observation", "action"),
        alias="also_observed",
    )

    @field_validator("max_age_s", mode="before")
    @classmethod
    def _read_max_age(cls, value: object, info: Any) -> float:
        if value is not None:
            return seconds(value)
        # A set-point is kept on change, which may be long ago; a measurement that has been silent
        # for long may as well have been cut off.
        slow = info.data.get("laboratory_delay_s") or info.data.get("hold")
        period_s: float = info.context["period_s"]
        return max(DAY_S if slow else 600.0, 10 * period_s)


class Objective(Table):
    """What a decision period earns."""

    expression: Annotated[Expression, _expression("objective.expression")]
    unit: str = Field(default="", max_length=100)


class EpisodeRules(Table):
    """What starts and ends an episode.

    Attributes:
        gap_s: A longer stretch of missing values ends it, seconds.
        length_s: It is cut after this, which is no terminal, seconds; None never.
        shutdown: Where true, the plant does not run: the episode ends, terminal.
        mode: Key of a state tag whose change ends it, not terminal.
        shortest: Decision periods; shorter ones are dropped.
    """

    gap_s: Duration = Field(default=None, alias="gap", validate_default=True)
    length_s: Duration | None = Field(default=None, alias="length")
    shutdown: Annotated[Expression, _expression("episodes.shutdown")] | None = None
    mode: str | None = None
    shortest: int = Field(default=2, ge=1)

    @field_validator("gap_s", mode="before")
    @classmethod
    def _default_gap(cls, value: object, info: Any) -> object:
        # Ten decision periods, as the age at which a measurement counts as missing.
        return f"{10 * info.context['period_s']:f}s" if value is None else value


class QualityRules(Table):
    """How the export tells good values from bad ones.

    Attributes:
        convention: "opc" (32-bit status codes), "sparkplug" (192, 0, 500), "words" or
            "confidence" (0 to 100); None to find out.
        good_confidence: Confidence from which a value is good.
        uncertain_confidence: Confidence from which it is uncertain, and below which it is bad.
    """

    convention: Convention | None = None
    good_confidence: float = Field(default=90.0, ge=0, le=100)
    uncertain_confidence: float = Field(default=50.0, ge=0, le=100)


class ExportRules(Table):
    """What an export leaves open, where it cannot be told from its content.

    Attributes:
        time_format: Of time stamps: strptime's letters such as "%d/%m/%Y %H:%M:%S", or "excel"
            (days since 1899-12-30), "epoch_s", "epoch_ms", "epoch_us", "epoch_ns".
        decimal: "." or ",".
        table: The table or view of a database.
        tag: The column that holds tag names, in the long form.
        time: The column that holds time stamps.
        value: The column that holds values, in the long form.
        quality: The column that holds quality, in the long form.
    """

    time_format: Text | None = None
    decimal: Literal[".", ","] | None = None
    table: Text | None = None
    tag: Text | None = None
    time: Text | None = None
    value: Text | None = None
    quality: Text | None = None


class PlantFile(Table):
    """A plant as its records show it.

    Attributes:
        name: What it is called.
        period_s: Decision and grid period, seconds.
        zone: Time zone of time stamps that tell none, by its IANA name.
        goal: The objective with its unit; ``objective`` is its expression.
        episodes: What starts and ends an episode.
        quality: How the export tells good values from bad ones.
        export: What the export leaves open.
        tags: By key, in the order of the file.
        opcua: The connection, for operation, which checks it.
        operation: The engineer's rules, for operation, which checks them.
    """

    name: Text
    period_s: Duration = Field(alias="period")
    zone: str = Field(default="UTC", alias="time_zone")
    goal: Objective = Field(alias="objective")
    episodes: EpisodeRules = Field(default=None, validate_default=True)
    quality: QualityRules = QualityRules()
    export: ExportRules = ExportRules()
    tags: dict[str, PlantTag]
    opcua: dict[str, Any] = Field(default_factory=dict)
    operation: dict[str, Any] = Field(default_factory=dict)
    _path: Path = PrivateAttr(default=Path())

    @field_validator("episodes", mode="before")
    @classmethod
    def _default_rules(cls, value: object) -> object:
        return {} if value is None else value  # built here, since it depends on the period

    def model_post_init(self, context: Any) -> None:
        """Keep where it was read from."""
        self._path = context["path"]

    @property
    def path(self) -> Path:
        """The file that it was read from; errors begin with it."""
        return self._path

    @property
    def objective(self) -> Expression:
        """Reward of a decision period, over its mean values."""
        return self.goal.expression

    @property
    def key_of(self) -> dict[str, str]:
        """Key of each tag by its name in the export."""
        return {tag.source: tag.key for tag in self.tags.values()}

    def of_role(self, *roles: Role) -> tuple[PlantTag, ...]:
        """The tags of some roles, in the order of the file."""
        return tuple(tag for tag in self.tags.values() if tag.role in roles)
