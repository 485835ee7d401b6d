"""The shift log: who decided what and when, in words."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl

from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.trace import CentreTrace

DESKS = {"receiving": "harbour", "blending": "blending", "furnace": "panel"}
CREW_LETTERS = "ABCD"


def shift_log(plant: Centre, trace: CentreTrace, begin: datetime) -> pl.DataFrame:
    """List the decisions of an episode and what the plant forced.

    Columns: timestamp; shift, the crew's letter (null where no people act); desk; task, the
    agent; decision; note ("not noticed in time", "mistake", "forced", or null). What goes on
    as before is not written down, save where it was a mistake or was not noticed.

    Args:
        plant: The centre.
        trace: One episode, as NumPy arrays.
        begin: When it began.
    """
    hours = trace.hours
    rows: list[tuple[int, str | None, str, str, str, str | None]] = []
    for agent, (name, role) in enumerate(zip(plant.agents, plant.roles, strict=True)):
        macro = hours.macro_action[:, agent]
        told = np.append(-1, macro[:-1]) != macro
        noted = hours.late[:, agent] | hours.slipped[:, agent]
        # A berth that takes up the next ship says so, even into the same tank.
        again = (role == "receiving") & (macro > 0)
        for t in np.flatnonzero(hours.decided[:, agent] & (told | noted | again)):
            note = "not noticed in time" if hours.late[t, agent] else None
            note = "mistake" if hours.slipped[t, agent] else note
            decision = _in_words(plant, trace, agent, int(t))
            rows.append((int(t), _crew(int(hours.crew[t])), DESKS[role], name, decision, note))
    for t, f in zip(*np.nonzero(hours.forced), strict=True):
        text = (
            f"tubes at their limit after {hours.clean_h[t, f] / 24:.0f} d; taken out of operation"
        )
        rows.append(
            (int(t), _crew(int(hours.crew[t])), "panel", f"furnace {f + 1}", text, "forced")
        )
    rows.sort(key=lambda row: row[0])
    names = ("hour", "shift", "desk", "task", "decision", "note")
    schema = {name: pl.Int64 if name == "hour" else pl.String for name in names}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    stamp = (pl.lit(begin) + pl.duration(hours="hour")).alias("timestamp")
    return frame.select(stamp, *names[1:])


def occasions(plant: Centre, trace: CentreTrace, begin: datetime) -> pl.DataFrame:
    """List every occasion on which somebody could decide, changed or not.

    Columns: timestamp; task, the agent; decision, the macro-action that was in force from then on,
    under the plant's name for it.

    Args:
        plant: The centre.
        trace: One episode, as NumPy arrays.
        begin: When it began.
    """
    hour, agent = np.nonzero(trace.hours.decided)
    macro = np.asarray(trace.hours.macro_action)[hour, agent]
    names = [plant.macro_actions[a][m] for a, m in zip(agent, macro, strict=True)]
    frame = pl.DataFrame(
        {"hour": hour.astype(np.int64), "task": [plant.agents[a] for a in agent], "decision": names}
    )
    stamp = (pl.lit(begin) + pl.duration(hours="hour")).alias("timestamp")
    return frame.select(stamp, "task", "decision")


def _crew(crew: int) -> str | None:
    return CREW_LETTERS[crew] if crew >= 0 else None


def _in_words(plant: Centre, trace: CentreTrace, agent: int, t: int) -> str:
    hours, layout = trace.hours, plant.layout
    number = int(hours.macro_action[t, agent])
    name = plant.macro_actions[agent][number]
    role = plant.roles[agent]
    if role == "receiving":
        if number == 0:
            waits = hours.ship[t, agent] >= 0
            return f"ship {hours.ship[t, agent] + 1} stays alongside, {name}" if waits else name
        ship = int(hours.ship[t, agent])
        tank = plant.scenario.tanks[int(hours.tank[t, agent])].name
        left = hours.cargo_t[t, agent]
        cargo = left if left > 0 else trace.ships.cargo_t[ship]
        verb = "goes on into" if left > 0 else "called to unload into"
        return f"ship {ship + 1} ({cargo:,.0f} t) {verb} tank {tank}"
    if role == "blending":
        paraffins = 100.0 * (hours.blend[t, 0] + hours.blend[t, 1])
        return f"feed {name} ({paraffins:.0f} wt % paraffins)"
    if layout.furnace_agents > 1 or layout.furnaces == 1:
        f = agent - layout.berths - 1
        if number == layout.decoke:
            return f"decoke after {hours.clean_h[t, f] / 24:.0f} d, tubes at {hours.tube_c[t, f]:.0f} C"
    return name
