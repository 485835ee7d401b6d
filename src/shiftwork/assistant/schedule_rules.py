"""The table [schedule] of a plant file: which tags tell when furnaces, tanks and ships are due."""

from __future__ import annotations

from pydantic import Field

from shiftwork.errors import UserError, unknown
from shiftwork.operation.settings import Table, read_table
from shiftwork.records.historian.plant_file.model import PlantFile


class FurnaceRules(Table):
    """A furnace that is decoked when its tubes come near their limit.

    Attributes:
        tube: Key of the tube temperature.
        limit: At which it is due, in the tag's unit.
        mode: Key of the state tag that says what the furnace does.
        cracking: Its text while the furnace cracks.
    """

    tube: str
    limit: float
    mode: str
    cracking: str


class TankRules(Table):
    """A tank from which the plant is fed.

    Attributes:
        level: Key of its level.
        heel: Below this nothing can be drawn, in the tag's unit.
    """

    level: str
    heel: float


class ShipRules(Table):
    """What is known of ships.

    Attributes:
        waiting: Key of the number of ships at anchor.
        laytime_h: Time at anchor and berth that is free, hours.
        demurrage: Key of what demurrage costs, or "".
        next: Key of the hours until the next ship is expected, or "".
    """

    waiting: str
    laytime_h: float = Field(gt=0)
    demurrage: str = ""
    next: str = ""


class ScheduleRules(Table):
    """What a schedule is made of.

    Attributes:
        furnaces: Those that are decoked.
        tanks: Those that run dry.
        ships: What waits, or None.
    """

    furnaces: list[FurnaceRules] = Field(default_factory=list)
    tanks: list[TankRules] = Field(default_factory=list)
    ships: ShipRules | None = None


def schedule_rules(plant: PlantFile) -> ScheduleRules | None:
    """Read the table, None if the plant file has none.

    Raises:
        UserError: A key or a tag in it is wrong.
    """
    if not plant.schedule:
        return None
    where = f"{plant.path}: schedule"
    rules = read_table(ScheduleRules, plant.schedule, where)
    modes = {furnace.mode for furnace in rules.furnaces}
    for key in keys_of(rules):
        if key not in plant.tags:
            raise unknown("tag", key, plant.tags, where)
        if key not in modes and plant.tags[key].role == "state":
            raise UserError(f"{where}: '{key}' holds text; name a tag with numbers")
    for furnace in rules.furnaces:
        if plant.tags[furnace.mode].role != "state":
            raise UserError(f"{where}: '{furnace.mode}' is no state tag; name one that holds text")
    return rules


def keys_of(rules: ScheduleRules) -> tuple[str, ...]:
    """The tags that a schedule is made of."""
    keys = [key for furnace in rules.furnaces for key in (furnace.tube, furnace.mode)]
    keys += [tank.level for tank in rules.tanks]
    if rules.ships is not None:
        keys += [rules.ships.waiting, rules.ships.demurrage, rules.ships.next]
    return tuple(key for key in keys if key)
