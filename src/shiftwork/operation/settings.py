"""What the plant file says about operation: the table ``[operation]``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shiftwork.errors import UserError, unknown
from shiftwork.operation.envelope import ActionLimits, Envelope, Envelopes, LimitEnvelope
from shiftwork.operation.modes import Mode
from shiftwork.operation.relations import Relations
from shiftwork.records.historian.plant_file.durations import seconds
from shiftwork.records.historian.plant_file.fields import Duration
from shiftwork.records.historian.plant_file.model import PlantFile


class Table(BaseModel):
    """A table of the plant file that only operation reads."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class TeamAgentRules(Table):
    """An agent of a team, by the plant's tags.

    Attributes:
        action: The action whose set-point is the number of the macro-action.
        decides: 1 once its macro-action has ended, so that it decides.
        sees: Its observation's columns, in the team's order.
        may: For each of its macro-actions 1 where the plant permits it now, in the team's order.
        role: Agents of one role see and may choose the same kinds of things; its name unless given.
        macro_actions: What they are called in records, in the same order; their tags unless given.
    """

    action: str
    decides: str
    sees: list[str] = Field(min_length=1)
    may: list[str] = Field(min_length=1)
    role: str = ""
    macro_actions: list[str] = Field(default_factory=list)


class TeamRules(Table):
    """Who decides what, at a plant that a team runs.

    Attributes:
        step: The plant's count of the primitive steps of a campaign; it begins again at 0.
        agents: By the names that the team has for them.
        earned: Shows at each step what the last one earned, for records; the plant file's objective over
            the period unless given.
        campaign: Steps of a campaign, for records; the most that was seen unless given.
    """

    step: str
    earned: str = ""
    campaign: int | None = Field(default=None, ge=1)
    agents: dict[str, TeamAgentRules] = Field(min_length=1)


AnyTable = TypeVar("AnyTable", bound=Table)


class OperationRules(Table):
    """The engineer's rules for operation.

    Attributes:
        highest: Highest mode that may ever be reached.
        relations: Conditions over set-points and tags that every write keeps.
        limits: The engineer's limits by action, [low, high], inside the plant's.
        least_move: By action, the smallest change worth a write.
        frozen: By tag, how long a measurement may stand still before it counts as broken.
        model: "furnace" for the furnace's model-based envelope; the plant file has its tags' keys.
        model_margin: What the model keeps between the hottest tube as it foresees it and the limit, C;
            its own margin unless given.
        history: A PostgreSQL for the plant's own history, such as "host=db dbname=plant"; the folder's
            SQLite file unless given.
        team: Who decides what, where a team runs the plant.
        fastest: By tag, the most that a measurement can change in one period; more counts as broken.
        shed_after_s: A hold that lasts longer becomes a shed, seconds.
        tick_s: Time between two of the plant's ticks, seconds.
        timeout_s: Longest wait for one answer of the plant, seconds.
    """

    highest: Literal["off", "shadow", "advisory", "closed"] = "shadow"
    relations: list[str] = Field(default_factory=list)
    limits: dict[str, list[float]] = Field(default_factory=dict)
    least_move: dict[str, float] = Field(default_factory=dict)
    frozen: dict[str, str] = Field(default_factory=dict)
    model: Literal["furnace"] | None = None
    model_margin: float | None = Field(default=None, gt=0.0)
    history: str = ""
    team: TeamRules | None = None
    fastest: dict[str, float] = Field(default_factory=dict)
    shed_after_s: Duration = Field(default=60.0, alias="shed_after")
    tick_s: Duration = Field(default=1.0, alias="tick")
    timeout_s: Duration = Field(default=4.0, alias="timeout")

    @property
    def still_s(self) -> dict[str, float]:
        """By tag, how long a measurement may stand still, seconds."""
        return {key: seconds(text) for key, text in self.frozen.items()}

    @property
    def highest_mode(self) -> Mode:
        """The highest mode as modes know it."""
        return Mode[self.highest.upper()]


def operation_rules(plant: PlantFile) -> OperationRules:
    """Read and check the table ``[operation]``.

    Raises:
        UserError: A key or value is wrong; the message names it and the fix.
    """
    rules = read_table(OperationRules, plant.operation, f"{plant.path}: operation")
    actions = {tag.key for tag in plant.of_role("action")}
    numeric = {tag.key for tag in plant.tags.values() if tag.role != "state"}
    by_tag = {"limits": actions, "least_move": actions, "frozen": numeric, "fastest": numeric}
    for name, known in by_tag.items():
        for key in getattr(rules, name):
            if key not in known:
                raise unknown("tag", key, known, f"{plant.path}: operation.{name}")
    for key, pair in rules.limits.items():
        if len(pair) != 2 or not pair[0] < pair[1]:
            raise UserError(
                f"{plant.path}: operation.limits.{key}: must be [low, high], low below high; "
                "correct it"
            )
    for key, most in rules.fastest.items():
        if not most > 0:
            raise UserError(f"{plant.path}: operation.fastest.{key}: must be above 0; correct it")
    for key, text in rules.frozen.items():
        try:
            seconds(text)
        except ValueError as error:
            raise UserError(f"{plant.path}: operation.frozen.{key}: {error}") from None
    if rules.team is not None:
        _check_team(rules.team, actions, numeric, f"{plant.path}: operation.team")
    return rules


def _check_team(team: TeamRules, actions: set[str], numeric: set[str], where: str) -> None:
    """Check that each key is a tag and that each action has one agent."""
    if team.step not in numeric:
        raise unknown("tag", team.step, numeric, f"{where}.step")
    if team.earned and team.earned not in numeric:
        raise unknown("tag", team.earned, numeric, f"{where}.earned")
    for name, agent in team.agents.items():
        at = f"{where}.agents.{name}"
        if agent.action not in actions:
            raise unknown("action", agent.action, actions, f"{at}.action")
        for key in (agent.decides, *agent.sees, *agent.may):
            if key not in numeric:
                raise unknown("tag", key, numeric, at)
        names = agent.macro_actions
        if names and (len(names) != len(agent.may) or len(set(names)) != len(names)):
            raise UserError(
                f"{at}.macro_actions: are {len(names)} names, but 'may' has {len(agent.may)} tags; give each "
                "a name of its own, or leave them out"
            )
    given = sorted(agent.action for agent in team.agents.values())
    if given != sorted(actions):
        raise UserError(
            f"{where}.agents: have the actions {', '.join(given)}, but the plant file's are "
            f"{', '.join(sorted(actions))}; give each action one agent"
        )


def read_table(kind: type[AnyTable], raw: dict[str, Any], where: str) -> AnyTable:
    """Check one table of a plant file.

    Raises:
        UserError: The first mistake in it.
    """
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            known = [field.alias or name for name, field in kind.model_fields.items()]
            raise unknown("key", key, known, where) from None
        if first["type"] == "missing":
            raise UserError(f"{where}.{key}: is missing; write it") from None
        raise UserError(f"{where}.{key}: {first['msg']}; correct it") from None


def envelope_of(
    plant: PlantFile, rules: OperationRules, others: Sequence[Envelope] = ()
) -> Envelopes:
    """Build the envelope of a plant file's actions, with further ones after the relations.

    Raises:
        UserError: A relation is wrong.
    """
    actions = plant.of_role("action")
    limits = []
    for tag in actions:
        assert tag.bounds is not None  # the plant file sees to it
        own = rules.limits.get(tag.key)
        limits.append(
            ActionLimits(
                tag.key,
                tag.bounds,
                tag.rate,
                tag.rate_per_s,
                engineer=(own[0], own[1]) if own else None,
                least_move=rules.least_move.get(tag.key, 0.0),
                choice=rules.team is not None,
            )
        )
    envelopes = list(others)
    if rules.relations:
        numeric = [tag.key for tag in plant.tags.values() if tag.role != "state"]
        keys = [tag.key for tag in actions]
        where = f"{plant.path}: operation.relations"
        envelopes.insert(0, Relations.read(rules.relations, keys, numeric, where))
    return Envelopes(LimitEnvelope(tuple(limits), plant.period_s), tuple(envelopes))
