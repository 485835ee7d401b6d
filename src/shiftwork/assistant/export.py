"""An export that is open for questions: its samples, its plant file, and the hash of each file.

Beside it an agent, an operated plant and documents may be open.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from shiftwork.assistant.documents.passages import Passage, own_documents, passages_of
from shiftwork.assistant.documents.search import Documents
from shiftwork.assistant.explaining.moments import Operated
from shiftwork.assistant.explaining.opened import OpenAgent
from shiftwork.assistant.explaining.team import OpenTeam, OpenYardsticks
from shiftwork.assistant.schedule_rules import schedule_rules
from shiftwork.errors import UserError, unknown
from shiftwork.files import sha256
from shiftwork.records.historian.by_tag import TagSamples, open_samples
from shiftwork.records.historian.grid import Grid
from shiftwork.records.historian.plant_file.load import load_plant_file
from shiftwork.records.historian.plant_file.model import PlantFile, PlantTag
from shiftwork.records.historian.readers.discover import find_files, is_server


class ChangingClock(UserError):
    """A local time is missing or comes twice, since clocks change there."""


@dataclass(frozen=True, eq=False)
class Export:
    """Samples of a plant with what is needed to cite them.

    Attributes:
        plant: What the tags mean.
        samples: The samples, by tag.
        hashes: SHA-256 of the plant file and of each file of the export, sorted.
        agent: Who may be asked why, or None.
        operated: The plant that an agent operates, or None.
        texts: Passages of the plant's own documents and logs.
        team: A team with recorded episodes, or None.
        yardsticks: What recorded episodes might have earned, or None.
    """

    plant: PlantFile
    samples: TagSamples
    hashes: tuple[str, ...]
    agent: OpenAgent | None = None
    operated: Operated | None = None
    texts: tuple[Passage, ...] = ()
    team: OpenTeam | None = None
    yardsticks: OpenYardsticks | None = None

    @classmethod
    def open(
        cls,
        records: Sequence[str | Path],
        tags: str | Path,
        agent: str | Path | None = None,
        operated: str | Path | None = None,
        documents: Sequence[str | Path] = (),
        team: str | Path | None = None,
        team_records: str | Path | None = None,
    ) -> Export:
        """Read an export and its plant file.

        Args:
            records: Files, folders or patterns.
            tags: The plant file.
            agent: An agent's folder.
            operated: The folder that operate writes to.
            documents: The plant's documents and logs, files or folders.
            team: A team's folder, which needs team records.
            team_records: A folder of team records, which needs a team or yardsticks beside it.

        Raises:
            UserError: Something cannot be read, or the export is a server, which has no hash.
        """
        for path in records:
            if is_server(path):
                raise UserError(
                    "the assistant cites files by their hash, which a database server does not "
                    "have; write its samples to a file first with convert --stage samples"
                )
        plant = load_plant_file(Path(tags))
        schedule_rules(plant)  # a mistake in it is told now, not at the first question
        samples = open_samples(records, plant)
        files = {sha256(path) for path in [plant.path, *find_files(records)]}
        return cls(
            plant,
            samples,
            tuple(sorted(files)),
            OpenAgent.open(Path(agent), plant) if agent is not None else None,
            Operated(Path(operated)) if operated is not None else None,
            passages_of(documents, plant.zone),
            *_opened_team(team, team_records),
        )

    def holds(self, hashes: Sequence[str]) -> bool:
        """Return whether everything that a figure cites is open here."""
        known = {*self.hashes}
        for opened in (self.agent, self.team, self.yardsticks):
            known.update(opened.hashes if opened is not None else ())
        audit = self.operated
        return all(h in known or (audit is not None and audit.holds(h)) for h in hashes)

    @cached_property
    def documents(self) -> Documents:
        """The plant's own documents and logs, and those of this project."""
        return Documents((*self.texts, *passages_of(own_documents(), self.plant.zone)))

    def grid_of(self, keys: Collection[str] = ()) -> Grid:
        """The samples on the plant's decisions, as they are for learning; with these tags at least."""
        return self.samples.grid(keys)

    def local(self, at_us: int) -> str:
        """Local time of the plant, ISO, without zone; with it where clocks change."""
        moment = datetime.fromtimestamp(at_us // 1_000_000, ZoneInfo(self.plant.zone))
        form = "seconds" if moment.second else "minutes"
        plain = moment.replace(tzinfo=None).isoformat(timespec=form)
        try:
            _instant(plain, self.plant.zone)
        except ChangingClock:
            return moment.isoformat(timespec=form)
        return plain

    @cached_property
    def span_local(self) -> tuple[datetime, datetime]:
        """Local time of the first sample and of the last one, without zone."""
        zone = ZoneInfo(self.plant.zone)
        first, last = (
            datetime.fromtimestamp(us // 1_000_000, zone).replace(tzinfo=None)
            for us in self.samples.span
        )
        return first, last

    def tag(self, key: str) -> PlantTag:
        """Find a tag by its key.

        Raises:
            UserError: There is no such tag; the message offers the nearest.
        """
        if key not in self.plant.tags:
            raise unknown("tag", key, self.plant.tags, str(self.plant.path))
        return self.plant.tags[key]

    def numeric_tag(self, key: str) -> PlantTag:
        """Find a tag that holds numbers.

        Raises:
            UserError: There is no such tag, or it holds text.
        """
        tag = self.tag(key)
        if tag.role == "state":
            raise UserError(
                f"{self.plant.path}: tags.{key}: a state tag holds text, which has no mean; "
                "name a tag of another role"
            )
        return tag

    def span(self, start: str, stop: str) -> tuple[int, int]:
        """Read a half-open range of ISO times; a time without an offset is in the plant's zone.

        Returns:
            Start and stop, microseconds since 1970 UTC.

        Raises:
            UserError: A time cannot be read, does not exist or exists twice where clocks change,
                or the range is empty.
        """
        first, last = _instant(start, self.plant.zone), _instant(stop, self.plant.zone)
        if not first < last:
            raise UserError(f"the range {start} to {stop} is empty; let it start before it stops")
        return first, last


def _opened_team(
    team: str | Path | None, records: str | Path | None
) -> tuple[OpenTeam | None, OpenYardsticks | None]:
    if records is None:
        if team is not None:
            raise UserError(
                "a team is explained over recorded episodes; name their folder too (--team-records)"
            )
        return None, None
    yardsticks = OpenYardsticks.open(Path(records))
    if team is not None:
        return OpenTeam.open(Path(team), Path(records)), yardsticks
    if yardsticks is None:
        raise UserError(
            f"{records}: has no yardsticks; record episodes with team people --yardsticks, or name the team "
            "that is to be explained (--team)"
        )
    return None, yardsticks


def _instant(text: str, zone: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(
            f"'{text}' is not a date or time; write it as 2025-07-16 or 2025-07-16T12:30"
        ) from None
    if not 1900 <= moment.year <= 2200:
        raise UserError(f"'{text}' is not between the years 1900 and 2200; correct the year")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone))
        # The two folds differ only where clocks change: there a local time is missing or doubled.
        if moment.utcoffset() != moment.replace(fold=1).utcoffset():
            raise ChangingClock(
                f"'{text}' does not exist once in {zone}, since clocks change there; "
                "add the offset from UTC, such as +01:00"
            )
    since = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
