"""The team of a plant file: who decides what, and how a macro-action shows in the records.

[[team.tasks]]
agent = "furnace 1"
role = "furnace"
every = "8h"
macro_actions = { "feed low" = "FEED_SP < 35", "feed high" = "FEED_SP >= 35", "decoke" = "MODE == 'DECOKE'" }
allowed = { "decoke" = "COKE > 0.5" }
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, PlainValidator

from shiftwork.records.historian.plant_file.expression import Expression
from shiftwork.records.historian.plant_file.fields import Duration, Names, Table, Text


def _conditions(value: object, info: Any) -> dict[str, Expression]:
    """Read a table of conditions by the name of the macro-action, in the order of the file."""
    if not isinstance(value, dict) or not value:
        raise ValueError('must be a table; write it as { "feed low" = "FEED_SP < 35" }')
    found = {}
    for name, text in value.items():
        if not isinstance(text, str):
            raise ValueError(
                f"'{name}' is not text; write a condition over tags in quotes, such as \"FEED_SP < 35\""
            )
        place = f"{info.context['path']}: team, agent '{info.data.get('agent', '?')}'"
        found[name] = Expression(text, f"{place}, {info.field_name}.'{name}'")
    return found


Conditions = Annotated[dict[str, Expression], PlainValidator(_conditions)]


class TeamTask(Table):
    """What one agent decides.

    Attributes:
        agent: Its name.
        role: Agents of one role see and may choose the same kinds of things, and share what they learn.
        every_s: It decides again after this at the latest, seconds; what goes on as before is then
            a decision to go on.
        sees: Keys of the observed tags that it sees; all of them if empty.
        macro_actions: What it may choose, and the condition by which that shows once it is in force;
            the first that holds is taken.
        allowed: Where each of them may be chosen; always, if nothing is said.
    """

    agent: Text
    role: Text
    every_s: Duration = Field(alias="every")
    sees: Names = ()
    macro_actions: Conditions
    allowed: Conditions = Field(default_factory=dict)


class TeamRules(Table):
    """A team that runs the plant.

    Attributes:
        tasks: Of each agent.
    """

    tasks: Annotated[tuple[TeamTask, ...], Field(strict=False, min_length=1)]
