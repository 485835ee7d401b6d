"""The tools whose figures can be computed again, by name."""

from __future__ import annotations

from collections.abc import Mapping

from shiftwork.assistant.figures import Tool
from shiftwork.assistant.tools.compare import compare
from shiftwork.assistant.tools.earnings import earnings
from shiftwork.assistant.tools.explain import explain
from shiftwork.assistant.tools.explain_team import explain_team
from shiftwork.assistant.tools.operated import operated
from shiftwork.assistant.tools.relate import relate
from shiftwork.assistant.tools.schedule import schedule
from shiftwork.assistant.tools.summarize import summarize

TOOLS: Mapping[str, Tool] = {
    "summarize": summarize,
    "compare": compare,
    "relate": relate,
    "earnings": earnings,
    "explain": explain,
    "explain_team": explain_team,
    "schedule": schedule,
    "operated": operated,
}
