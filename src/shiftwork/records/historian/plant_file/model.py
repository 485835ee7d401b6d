"""The plant file: which tags of an export mean what, in TOML; every mistake is named by its key."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator, PrivateAttr, field_validator

from shiftwork.records.historian.plant_file.durations import seconds
from shiftwork.records.historian.plant_file.expression import Expression
from shiftwork.records.historian.plant_file.fields import (
    Codes,
    Duration,
    Missing,
    Names,
    Numbers,
    NumbersOrTags,
    Table,
    Text,
    read_clock,
    read_encoding,
    read_expression,
    read_start,
    read_time_format,
    read_zones,
)
from shiftwork.records.historian.plant_file.team import TeamRules

DAY_S = 86400.0

Role = Literal["observation", "action", "limit", "objective", "state"]
Convention = Literal["opc", "opc_da", "sparkplug", "words", "confidence"]

HELD = ("action", "limit", "state")
"""Roles whose values stand until the next one; the others change linearly in between."""


class PlantTag(Table):
    """One tag of the export.

    Attributes:
        key: The name used in expressions and results.
        role: What it is for. A "state" holds text: running or stopped, a mode.
        source: Its name in the export.
        unit: Its physical unit, "" for a pure number.
        description: What it is, in a few words.
        synonyms: What else people call it, in any language; the assistant knows these names.
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
        outside: Nothing that is done at the plant moves it: a price, the feed's quality, weather.
        node: Its OPC UA node, for operation.
        missing: Numbers that stand for no measurement, such as -9999.
        time: The column of its own time stamps, if its name does not show it.
        quality: The column of its quality, if its name does not show it.
    """

    key: str
    role: Role
    source: Text = Field(default_factory=lambda data: data.get("key", ""))
    unit: str = Field(default="", max_length=100)
    description: str = Field(default="", max_length=200)
    synonyms: Names = ()
    span: Numbers | None = None
    bounds: NumbersOrTags | None = None
    rate: NumbersOrTags | None = None
    rate_per_s: Duration = Field(default=60.0, alias="rate_per")
    dead_band: float | None = Field(default=None, gt=0)
    hold: bool = Field(default_factory=lambda data: data.get("role") in HELD)
    laboratory_delay_s: Duration = Field(default=0.0, alias="laboratory_delay")
    max_age_s: float = Field(default=None, alias="max_age", validate_default=True)
    outside: bool = False
    node: Text | None = None
    observed: bool = Field(
        default_factory=lambda data: data.get("role") in ("observation", "action"),
        alias="also_observed",
    )
    missing: Missing = ()
    time: Text | None = None
    quality: Text | None = None

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

    expression: Annotated[Expression, read_expression("objective.expression")]
    unit: str = Field(default="", max_length=100)

    def amount(self, period_s: float) -> tuple[float, str | None]:
        """Say what a period's value counts in what is earned, and the unit of that.

        Args:
            period_s: Decision period, seconds.

        Returns:
            Factor and unit: for "$/h" the period in hours and "$", for "k$ in 4 h" with that period
            1 and "k$"; 0 and None if the unit does not say of which time it is.
        """
        if self.unit.endswith("/h"):
            return period_s / 3600, self.unit.removesuffix("/h")
        parts = re.fullmatch(r"(.+) in (\d+(?:\.\d+)? ?(?:s|min|h|d))", self.unit)
        if parts and abs(seconds(parts[2].replace(" ", "")) - period_s) < 1e-9:
            return 1.0, parts[1]
        return 0.0, None


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
    shutdown: Annotated[Expression, read_expression("episodes.shutdown")] | None = None
    mode: str | None = None
    shortest: int = Field(default=2, ge=1)

    @field_validator("gap_s", mode="before")
    @classmethod
    def _default_gap(cls, value: object, info: Any) -> object:
        # Ten decision periods, as the age at which a measurement counts as missing.
        return f"{10 * info.context['period_s']:f}s" if value is None else value


class QualityRules(Table):
    """How the export marks good values and bad ones.

    Attributes:
        convention: "opc" (32-bit status codes), "opc_da" (the byte of classic OPC), "sparkplug"
            (192, 0, 500), "words" or "confidence" (0 to 100); None to find out.
        good: Codes and words of the site's own that mean good.
        uncertain: Codes and words that mean uncertain.
        bad: Codes and words that mean bad.
        good_confidence: Confidence from which a value is good.
        uncertain_confidence: Confidence from which it is uncertain, and below which it is bad.
    """

    convention: Convention | None = None
    good: Codes = ()
    uncertain: Codes = ()
    bad: Codes = ()
    good_confidence: float = Field(default=90.0, ge=0, le=100)
    uncertain_confidence: float = Field(default=50.0, ge=0, le=100)

    @property
    def meanings(self) -> dict[float | str | None, int]:
        """Status (0 good, 1 uncertain, 2 bad) of each code and word that is declared."""
        lists = (self.good, self.uncertain, self.bad)
        return {code: status for status, codes in enumerate(lists) for code in codes}


class NamesTable(Table):
    """The table of a database that gives names to numbers of tags.

    Attributes:
        table: The table.
        id: Its column of numbers, which the export's tag column holds.
        name: Its column of names, which are the sources of the plant's tags.
    """

    table: Text
    id: Text
    name: Text


class ExportRules(Table):
    """What an export leaves open, where its content does not show it.

    Attributes:
        encoding: The encoding of text files, such as "cp1252".
        separator: The character between the cells of text files.
        columns: Names of the columns, in files that have no line of names.
        time_format: Format of time stamps: strptime's letters such as "%d/%m/%Y %H:%M:%S", or one of
            ``NAMED_FORMATS``.
        order: The order of dates such as 03/04/2025.
        calendar: The calendar of the years, if it is not the common one.
        start: Local time at which elapsed time begins.
        step_s: Time between the rows of files without time stamps, seconds.
        zones: Short names of time zones, minutes east of UTC.
        decimal: "." or ",".
        missing: Numbers that stand for no measurement of any tag.
        table: Tables or views of a database; * stands for any letters.
        names: The table of a database that names the tags.
        tag: The column that holds tag names, in the long form.
        time: The columns that hold time stamps: one, or several that make one up.
        value: The column that holds values, in the long form.
        quality: The column that holds quality, in the long form.
    """

    encoding: Annotated[str, BeforeValidator(read_encoding)] | None = None
    separator: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    columns: Names = ()
    time_format: Annotated[Text, BeforeValidator(read_time_format)] | None = None
    order: Literal["day first", "month first", "year first"] | None = None
    calendar: Literal["buddhist", "iranian", "minguo"] | None = None
    start: Annotated[str, BeforeValidator(read_start)] | None = None
    step_s: Duration | None = Field(default=None, alias="step")
    zones: Annotated[dict[str, int], PlainValidator(read_zones)] = Field(default_factory=dict)
    decimal: Literal[".", ","] | None = None
    missing: Missing = ()
    table: Names = ()
    names: NamesTable | None = None
    tag: Text | None = None
    time: Names = ()
    value: Text | None = None
    quality: Text | None = None

    @property
    def of_another_form(self) -> ExportRules:
        """The same for files of another origin, which lack what is declared of columns and text."""
        columns = {"columns": (), "tag": None, "time": (), "value": None, "quality": None}
        return self.model_copy(update=columns | {"separator": None, "encoding": None})

    @property
    def of_other_cells(self) -> ExportRules:
        """The same for files of another origin, whose cells are not written as is declared."""
        return self.model_copy(update={"time_format": None, "order": None, "decimal": None})

    @property
    def start_us(self) -> int | None:
        """``start`` in microseconds since 1970, as the local clock shows it."""
        if self.start is None:
            return None
        return int(
            (datetime.fromisoformat(self.start) - datetime(1970, 1, 1)).total_seconds() * 1e6
        )


class Shift(Table):
    """A shift of the plant's people, which belongs to the day on which it starts.

    Attributes:
        calendar: The calendar of the years, if it is not the common one.
        start: Local time at which it starts, such as "22:00".
        stop: Local time at which it ends; on the next day if it is not after ``start``.
        names: What else people call it, such as "야간조".
    """

    start: Annotated[str, BeforeValidator(read_clock)]
    stop: Annotated[str, BeforeValidator(read_clock)]
    names: Names = ()


class PlantFile(Table):
    """A plant as its records show it.

    Attributes:
        name: What it is called.
        period_s: Decision and grid period, seconds.
        zone: Time zone of time stamps that show none, by its IANA name.
        goal: The objective with its unit; ``objective`` is its expression.
        episodes: What starts and ends an episode.
        quality: How the export tells good values from bad ones.
        export: What the export leaves open.
        tags: By key, in the order of the file.
        shifts: By name, in the order of the file; the assistant reads questions with them.
        team: Who decides what, where several do; None if one agent runs the plant.
        opcua: The connection, for operation, which checks it.
        operation: The engineer's rules, for operation, which checks them.
        schedule: What is decoked and what runs dry, for the assistant, which checks it.
    """

    name: Text
    period_s: Duration = Field(alias="period")
    zone: str = Field(default="UTC", alias="time_zone")
    goal: Objective = Field(alias="objective")
    episodes: EpisodeRules = Field(default=None, validate_default=True)
    quality: QualityRules = QualityRules()
    export: ExportRules = ExportRules()
    tags: dict[str, PlantTag]
    shifts: dict[str, Shift] = Field(default_factory=dict)
    team: TeamRules | None = None
    opcua: dict[str, Any] = Field(default_factory=dict)
    operation: dict[str, Any] = Field(default_factory=dict)
    schedule: dict[str, Any] = Field(default_factory=dict)
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
