"""The rig with a cracking centre behind the server, and a team of which somebody decides now and then."""

import time

import numpy as np

from shiftwork.operation.modes import Run
from shiftwork.operation.opcua.centre_tags import CentreTags
from shiftwork.operation.settings import operation_rules
from shiftwork.operation.team_input import TeamInput
from shiftwork.plants.catalogue import make_team_plant
from support.memory_centre import random_team
from support.rig import Rig

NOT_PLAYED = {
    "outside the records": "needs three choices of one agent, minutes apart",
    "tag drifts away from the records": "needs three choices of one agent, minutes apart",
}
"""Rows of the table that are left out, and why; tests in memory play them."""


class TeamRig(Rig):
    """Each agent that decides draws among what the plant permits, but not what is in force if there is more."""

    served, period_s, tick_s, frozen_s = "centre-small", 2.0, 0.2, 6.0
    keys = ("berth_1", "blending", "furnace_1", "furnace_2")

    def ruled(self, text):
        """The plant file with the rules that the table needs."""
        old = next(line for line in text.splitlines() if line.startswith("shed_after"))
        rules = f"""shed_after = "300s"
fastest = {{ step = 1000.0 }}
frozen = {{ step = "{self.frozen_s:g}s" }}"""
        spanned = "[tags.blending_decides]\n"
        assert spanned in text
        return text.replace(old, rules).replace(spanned, f"{spanned}span = [0, 1]\n")

    def prepare(self):
        """Make the team; its choices are drawn, so that faults find something to write."""
        self.centre = CentreTags(make_team_plant(self.served))
        self.agent = TeamInput(
            random_team(self.centre), self.plant, operation_rules(self.plant).team
        )
        # The count of steps moves in each cycle; what agents see stands still between their decisions.
        self.names = {"seen": self.agent.agents[1].may[0], "spanned": "blending_decides", "fast": "step",
                      "still": "step", "action": "furnace_1"}  # fmt: skip
        self.agent.decide = lambda seen: self.decide(seen)
        self.envelopes, self.wants_s, self.chose_s = (), [], []

    def wander(self, seen):
        """Numbers of macro-actions by action, (A,)."""
        chosen = []
        for agent in self.agent.agents:
            now = seen[agent.action]
            others = [n for n, key in enumerate(agent.may) if seen[key] == 1.0 and n != round(now)]
            if seen[agent.decides] == 1.0:
                self.chose_s.append(time.monotonic())
                if others:
                    self.wants_s.append(time.monotonic())
                now = float(self.random.choice(others or [now]))
            chosen.append(now)
        return np.array(chosen)

    def values(self):
        """Other set-points than those in force, which the plant takes."""
        counts = [len(own) for own in self.centre.centre.macro_actions]
        return {
            key: float(self.random.integers(many))
            for key, many in zip(self.keys, counts, strict=True)
        }

    def plays(self, row):
        """Whether a row of the table can be caused here."""
        return row.name not in NOT_PLAYED

    def wanted_s(self, since_s):
        """When an agent first wanted to write something else than is in force after a time, monotonic.

        If none did, a choice of what is in force may have been answered: then when the last one was made.
        """
        first = next((at_s for at_s in self.wants_s if at_s >= since_s), None)
        return first if first is not None else max([since_s, *self.chose_s[-1:]])

    def settled(self):
        """Whether the loop is closed, and was so for a whole cycle."""
        if self.cycle.state.run != Run.RUN or self.cycle.shown.faults:
            self.closed_at = None
            return False
        if self.closed_at is None:
            self.closed_at = self.cycles
        return self.cycles >= self.closed_at + 2

    async def close_loop(self):
        """As a person would."""
        self.closed_at = None
        await super().close_loop()
