"""An agent that is open for questions: its policy, its critics, the records it knows, its hashes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from shiftwork.agents import critic
from shiftwork.agents.agent import ABOUT, POLICY, Agent
from shiftwork.files import sha256
from shiftwork.operation import records_seen
from shiftwork.operation.inputs import AgentInput
from shiftwork.operation.records_seen import RecordsSeen
from shiftwork.records.historian.plant_file.model import PlantFile


@dataclass(frozen=True, eq=False)
class OpenAgent:
    """An agent with what explaining it needs.

    Attributes:
        agent: What acts.
        columns: Puts the plant's tags into its columns.
        critic: What it thinks actions are worth; None where it was cloned, or learned by an
            earlier version.
        seen: What the records held; None where the folder came without.
        hashes: SHA-256 of the files that all this was read from, sorted.
    """

    agent: Agent
    columns: AgentInput
    critic: critic.Critic | None
    seen: RecordsSeen | None
    hashes: tuple[str, ...]

    @classmethod
    def open(cls, folder: Path, plant: PlantFile) -> OpenAgent:
        """Read an agent's folder.

        Args:
            folder: As ``learn`` or ``improve`` wrote it.
            plant: The plant file of the records in question.

        Raises:
            UserError: The folder cannot be read, or the agent sees other tags.
        """
        agent = Agent.load(folder)
        files = [folder / name for name in (ABOUT, POLICY, critic.FILE, records_seen.FILE)]
        return cls(
            agent,
            AgentInput(agent, plant),
            critic.Critic.load(folder, agent),
            RecordsSeen.load(folder),
            tuple(sorted(sha256(file) for file in files if file.exists())),
        )

    @property
    def missing(self) -> tuple[str, ...]:
        """What cannot be said of it: "critics", "records"."""
        return tuple(
            name
            for name, part in (("critics", self.critic), ("records", self.seen))
            if part is None
        )
