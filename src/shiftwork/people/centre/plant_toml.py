"""The plant file with which a centre's export is read."""

from __future__ import annotations

from collections.abc import Sequence

from shiftwork.people.centre.names import names_of
from shiftwork.people.centre.signals import MODE_WORDS, Signal
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.market import Account
from shiftwork.plants.centre.state import CRACKING
from shiftwork.plants.cracker.furnace import LIQUID

MAX_AGE = {"measured": "13h", "set": "13h", "laboratory": "400d", "state": "13h"}
"""Older values are missing. The historian keeps a point every 12 h at the least; an analysis stands
until the tank is filled again, which may take all year."""


def plant_toml(plant: Centre, tags: Sequence[Signal], label: str) -> str:
    """Write a plant file.

    Args:
        plant: The centre.
        tags: In the order in which they are to stand.
        label: What the records are.
    """
    costs = " - ".join(Account._fields)
    text = f"""# {label}.
# What the people set, saw and earned, hour by hour: docs/people.md. The tags:
# LI levels, FI flows, TI temperatures, QI analyses, XS states in words; SP is what people set.
name = "{plant.name}, simulated"
period = "1h"
time_zone = "UTC"

[objective]                  # profit: the margin less all costs
expression = "{costs}"
unit = "$/h"

[episodes]
gap = "12h"
length = "14d"

[quality]
convention = "words"

[export]
tag = "tag"
time = "timestamp"
value = "value"
quality = "quality"
"""
    return text + _schedule(plant) + "".join(_tag(plant, tag) for tag in tags)


def _schedule(plant: Centre) -> str:
    """What the assistant needs to say what is due."""
    lines = ["", "[schedule]"]
    for f in range(plant.layout.furnaces):
        name = f"furnace_{f + 1}"
        lines += [
            "[[schedule.furnaces]]",
            f'tube = "{name}_tube"',
            f"limit = {LIQUID.tube_limit_c:g}",
            f'mode = "{name}_mode"',
            f'cracking = "{MODE_WORDS[CRACKING]}"',
        ]
    for k, tank in enumerate(plant.scenario.tanks):
        lines += [
            "[[schedule.tanks]]",
            f'level = "tank_{k + 1}_level"',
            f"heel = {tank.heel * tank.capacity_m3:g}",
        ]
    lines += [
        "[schedule.ships]",
        'waiting = "ships_at_anchor"',
        f"laytime_h = {plant.scenario.ships.laytime_h:g}",
        'demurrage = "demurrage"',
        'next = "next_ship"',
    ]
    return "\n".join(lines) + "\n"


def _tag(plant: Centre, tag: Signal) -> str:
    lines = ["", f"[tags.{tag.key}]", f'source = "{tag.source}"', f'role = "{tag.role}"']
    if names := names_of(tag.key):
        lines += [f'description = "{names[0]}"', f'synonyms = ["{names[1]}"]']
    if tag.kind != "state":
        low, high = tag.span
        lines += [f'unit = "{tag.unit}"'] if tag.unit else []
        lines.append(f"{'bounds' if tag.role == 'action' else 'span'} = [{low:g}, {high:g}]")
    if tag.kind in ("set", "laboratory") and tag.role != "action":
        lines.append("hold = true")
    if tag.kind == "laboratory":
        lines.append(f'laboratory_delay = "{plant.scenario.release.lab_h}h"')
    lines.append(f'max_age = "{MAX_AGE[tag.kind]}"')
    return "\n".join(lines) + "\n"
