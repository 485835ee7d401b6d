"""The plant file with which an agent of a simulated plant operates the virtual plant."""

from __future__ import annotations

import json
import re

import numpy as np

from shiftwork.errors import UserError
from shiftwork.operation.opcua.centre_tags import EARNED, STEP, CentreTags
from shiftwork.people.furnace.export import SET_POINTS, SIGNALS
from shiftwork.plants.cracker.furnace_plant import Furnace
from shiftwork.plants.plant import Plant
from shiftwork.records.tags import Tags

NAMESPACE = "urn:shiftwork:virtual-plant"


def keys_of(plant: Plant) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Keys of a plant's observations and actions; the furnace's are those of its people's export."""
    if isinstance(plant, Furnace):
        return tuple(signal.key for signal in SIGNALS), tuple(SET_POINTS)
    return _slugs(plant.observation), _slugs(plant.action)


def _slugs(tags: Tags) -> tuple[str, ...]:
    return tuple(_slug(tag.name) for tag in tags)


def _slug(name: str) -> str:
    slug = re.sub(r"\W+", "_", name.lower()).strip("_")
    return slug if slug.isidentifier() else f"tag_{slug}"


def plant_file_text(plant: Plant, port: int, step_s: float, tick_s: float) -> str:
    """Write the plant file with which an agent of this plant operates the virtual plant."""
    observed, actions = keys_of(plant)
    if set(observed) & set(actions):
        raise UserError(f"plant {plant.name}: an observation and an action have one name")

    def node(name: str) -> str:
        return f'"nsu={NAMESPACE};s={name}"'

    lines = [
        f"# Written by: shiftwork plant serve {plant.name}",
        f'name = "virtual {plant.name}"',
        f'period = "{step_s:g}s"',
        "",
        "[objective]",
        *_objective(plant, step_s),
        "",
        "[operation]",
        'highest = "closed"',
        f'tick = "{tick_s:g}s"',
        f'shed_after = "{max(5.0, 3 * step_s):g}s"',
        'timeout = "2s"',
        *(['model = "furnace"'] if isinstance(plant, Furnace) else []),
        "",
        "[opcua]",
        f'endpoint = "opc.tcp://127.0.0.1:{port}/"',
        "",
        "[opcua.control]",
    ]
    names = ("tick", "taken", "enabled", "owner", "shed", "beat", "commit", "take_back")
    lines += [f"{name} = {node(name)}" for name in names]
    for table in ("staged", "remote"):
        lines += ["", f"[opcua.{table}]", *(f"{k} = {node(f'{table}.{k}')}" for k in actions)]
    for key, tag in zip(actions, plant.action, strict=True):
        lines += [
            "",
            f"[tags.{key}]",
            f'source = "{tag.name}"',
            'role = "action"',
            f'unit = "{tag.unit}"',
            f'bounds = ["{key}_low", "{key}_high"]',
            "also_observed = false",
            f"node = {node(f'tag.{key}')}",
        ]
        for end in ("low", "high"):
            name = f"{key}_{end}"
            lines += ["", f"[tags.{name}]", 'role = "limit"', f'unit = "{tag.unit}"']
            lines += [f"node = {node(f'tag.{name}')}"]
    for key, tag in zip(observed, plant.observation, strict=True):
        lines += [
            "",
            f"[tags.{key}]",
            f'source = "{tag.name}"',
            f'role = "{_role(plant, tag.name)}"',
            f'unit = "{tag.unit}"',
        ]
        if np.isfinite([tag.low, tag.high]).all():
            lines += [f"span = [{tag.low:g}, {tag.high:g}]"]
        lines += [f"node = {node(f'tag.{key}')}"]
    if isinstance(plant, CentreTags):
        lines += _team(plant)
    return "\n".join(lines) + "\n"


def _objective(plant: Plant, step_s: float) -> list[str]:
    if isinstance(plant, CentreTags):
        return [f'expression = "{EARNED}"', f'unit = "k$ in {step_s:g} s"']
    return ['expression = "0"  # the virtual plant does not say what it earns']


def _role(plant: Plant, name: str) -> str:
    """What is read again before a commit is a limit: who decides, what the plant permits."""
    if not isinstance(plant, CentreTags):
        return "observation"
    if name == EARNED:
        return "objective"
    limits = {STEP, *plant.decides, *(may for own in plant.may for may in own)}
    return "limit" if name in limits else "observation"


def _team(plant: CentreTags) -> list[str]:
    """The table that says which tags are which agent's."""
    lines = ["", "[operation.team]", f'step = "{STEP}"', f'earned = "{EARNED}"']
    lines += [f"campaign = {plant.horizon}"]
    for number, name in enumerate(plant.centre.agents):
        sees, may = (
            ", ".join(f'"{_slug(tag)}"' for tag in own[number]) for own in (plant.sees, plant.may)
        )
        lines += [
            "",
            f'[operation.team.agents."{name}"]',
            f'action = "{_slug(name)}"',
            f'decides = "{_slug(plant.decides[number])}"',
            f"sees = [{sees}]",
            f"may = [{may}]",
            f'role = "{plant.centre.roles[number]}"',
            f"macro_actions = {json.dumps(plant.centre.macro_actions[number])}",
        ]
    return lines
