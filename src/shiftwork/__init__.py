"""Shiftwork: learn how a plant is run from its records, then improve by experience.

    records = shiftwork.load_records("dmsd")            # or import_export("exports/", "column.toml")
    agent = shiftwork.learn(records, out="runs/agent")
    plant = shiftwork.make_plant("dmsd")
    shiftwork.evaluate(agent, plant)                    # returns of whole episodes, with an interval
    print(shiftwork.Assistant("exports/", "column.toml").ask("mean of reflux last week"))
    better = shiftwork.improve("runs/agent", plant, records, out="runs/better")

Everything is loaded when it is first used: ``import shiftwork`` alone loads neither JAX nor a plant.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from shiftwork.files import VERSION as __version__

if TYPE_CHECKING:
    from shiftwork.agents.agent import Agent
    from shiftwork.agents.team import Team
    from shiftwork.assistant.assistant import Assistant
    from shiftwork.cli.agent_verbs import improve_agent as improve
    from shiftwork.cli.agent_verbs import learn_agent as learn
    from shiftwork.cli.record_verbs import import_export
    from shiftwork.cli.team_verbs import learn_on_plant as learn_team
    from shiftwork.errors import UserError
    from shiftwork.evaluation.compare import compare
    from shiftwork.evaluation.compare import evaluate_on_plant as evaluate
    from shiftwork.evaluation.rollout import rollout
    from shiftwork.evaluation.team_rollout import evaluate_team
    from shiftwork.plants.catalogue import make_plant, make_team_plant
    from shiftwork.records.episodes import Episodes
    from shiftwork.records.formats.load import load_records

_PLACES = {
    "Agent": "agents.agent:Agent",
    "Assistant": "assistant.assistant:Assistant",
    "Episodes": "records.episodes:Episodes",
    "Team": "agents.team:Team",
    "UserError": "errors:UserError",
    "compare": "evaluation.compare:compare",
    "evaluate": "evaluation.compare:evaluate_on_plant",
    "evaluate_team": "evaluation.team_rollout:evaluate_team",
    "import_export": "cli.record_verbs:import_export",
    "improve": "cli.agent_verbs:improve_agent",
    "learn": "cli.agent_verbs:learn_agent",
    "learn_team": "cli.team_verbs:learn_on_plant",
    "load_records": "records.formats.load:load_records",
    "make_plant": "plants.catalogue:make_plant",
    "make_team_plant": "plants.catalogue:make_team_plant",
    "rollout": "evaluation.rollout:rollout",
}
"""Where each public name lives."""

__all__ = [
    "Agent",
    "Assistant",
    "Episodes",
    "Team",
    "UserError",
    "__version__",
    "compare",
    "evaluate",
    "evaluate_team",
    "import_export",
    "improve",
    "learn",
    "learn_team",
    "load_records",
    "make_plant",
    "make_team_plant",
    "rollout",
]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used (PEP 562)."""
    if name not in _PLACES:
        raise AttributeError(f"module 'shiftwork' has no attribute '{name}'")
    module, _, attribute = _PLACES[name].partition(":")
    found = getattr(import_module(f"shiftwork.{module}"), attribute)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted(__all__)
