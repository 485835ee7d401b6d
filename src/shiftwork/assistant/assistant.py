"""The assistant: a question goes in, an answer whose every number is computed comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from shiftwork.assistant.answers import Answer, ChartSource, recompute_answer
from shiftwork.assistant.back_sentences import back_text
from shiftwork.assistant.check import faults
from shiftwork.assistant.documents.passages import quotable
from shiftwork.assistant.export import ChangingClock, Export
from shiftwork.assistant.figures import Figure
from shiftwork.assistant.grammar.parse import parse
from shiftwork.assistant.grammar.question import Question
from shiftwork.assistant.model.loop import run
from shiftwork.assistant.model.meter import Meter
from shiftwork.assistant.model.server import Complete, ModelFailed
from shiftwork.assistant.sentences import FOUND, MISSING, figures_text
from shiftwork.assistant.text import Back, Language, language_of
from shiftwork.assistant.tools.all import TOOLS
from shiftwork.assistant.tools.compare import compare
from shiftwork.assistant.tools.earnings import earnings
from shiftwork.assistant.tools.explain import MOVES, NAMED, NoAgent, explain, moment_of
from shiftwork.assistant.tools.explain_team import explain_team, named
from shiftwork.assistant.tools.find_tags import find_tags
from shiftwork.assistant.tools.relate import TooLittle, relate
from shiftwork.assistant.tools.schedule import NoSchedule, schedule
from shiftwork.assistant.tools.summarize import NothingKnown, summarize
from shiftwork.errors import UserError

LONGEST = 1000
"""Characters of a question."""
MOST_LISTED = 40
"""Tags in one list."""
FOR_A_MODEL = ("unknown words", "near tags", "one thing", "which tag at all", "no tags found")
"""Reasons for which a question may go to a model; what has two readings, or none, never does."""


class Assistant:
    """Answers questions about an export, in Korean or English, from its data alone."""

    def __init__(
        self,
        records: str | Path | Sequence[str | Path],
        tags: str | Path,
        now: str | None = None,
        model: Complete | None = None,
        agent: str | Path | None = None,
        operated: str | Path | None = None,
        documents: Sequence[str | Path] = (),
        team: str | Path | None = None,
        team_records: str | Path | None = None,
        model_price: tuple[float, float] | None = None,
    ) -> None:
        """Open an export.

        Args:
            records: Files, folders or patterns.
            tags: The plant file, which says what the columns mean.
            now: Local time of the plant from which "yesterday" counts, ISO; the clock's if None.
            model: Reads questions that the grammar does not understand; none if None. What it is
                told (the question, names of tags, figures) goes where it runs.
            agent: An agent's folder, so that it can be asked why.
            operated: The folder that operate writes to, whose audit says what the agent saw and
                did.
            documents: The plant's documents and logs (.md, .txt, .csv, .log), files or folders.
            team: A team's folder, so that its members can be asked why,
            team_records: and recorded episodes of its plant; with yardsticks beside them the schedule
                says how much more might be earned.
            model_price: Of a million tokens that the model reads and that it writes; what a question
                costs is said then.

        Raises:
            UserError: Something cannot be read.
        """
        paths = (records,) if isinstance(records, str | Path) else records
        self.export = Export.open(paths, tags, agent, operated, documents, team, team_records)
        self.model, self.model_price = model, model_price
        self._now = local_time(now, "now") if now is not None else None

    def ask(self, question: str) -> Answer:
        """Answer a question; what cannot be answered comes back as a question or a refusal."""
        language = language_of(question)
        try:
            if len(question) > LONGEST:
                raise Back("refused", "too long")
            return self._answer(question, parse(question, self.export, self.now()))
        except Back as back:
            answer = self._back(question, language, back)
            if self.model is None or back.reason not in FOR_A_MODEL:
                return answer
            return self._by_model(question, answer, self.model)

    def now(self) -> datetime:
        """Local time of the plant, without zone."""
        if self._now is not None:
            return self._now
        return datetime.now(ZoneInfo(self.export.plant.zone)).replace(tzinfo=None)

    def recompute(self, answer: Answer) -> None:
        """Compute every figure of an answer again.

        Raises:
            UserError: Something differs, in the last digit too.
        """
        recompute_answer(answer, self.export, TOOLS)

    def _answer(self, text: str, question: Question) -> Answer:
        language = question.language
        if question.intent == "find tags":
            return self._tags(text, question)
        if question.intent == "search":
            return self._search(text, question)
        try:
            figures = self._figures(question)
            charts = self._charts(question)
        except NothingKnown:
            spans = [(found.start, found.stop) for found in question.ranges]
            start, stop = self._first_unknown(question, spans)
            raise Back(
                "refused",
                "nothing known",
                start=start.replace("T", " "),
                stop=stop.replace("T", " "),
            ) from None
        except ChangingClock:
            raise Back("ask", "changing clock") from None
        except NoAgent:
            raise Back("refused", "no agent") from None
        except NoSchedule:
            raise Back("refused", "no schedule") from None
        except TooLittle:
            raise Back("refused", "too little") from None
        except UserError as error:
            raise Back("refused", "cannot compute", said=str(error)) from None
        shown = figures_text(figures, language)
        # Fixed sentences name tags in slots alone; a tag may be called like one of their words ("a").
        if wrong := faults(shown, figures):
            raise AssertionError(f"a fixed sentence does not pass the checker: {wrong}")
        notes: tuple[str, ...] = ()
        if question.intent == "explain":
            notes = self._notes(figures, language)
        team = self.export.team
        if question.intent == "explain team" and team is not None and team.critic is None:
            notes = (MISSING["team critic"][language == "ko"],)
        return Answer(text, language, "answered", shown, figures, charts, notes=notes)

    def _by_model(self, question: str, otherwise: Answer, model: Complete) -> Answer:
        """Let a model read the question; if that fails, what the grammar says stands."""
        now = self.now().isoformat(timespec="minutes")
        korean = otherwise.language == "ko"
        meter = Meter(model, self.model_price)
        try:
            text, figures = run(question, otherwise.language, self.export, now, meter)
        except ModelFailed as failed:
            note = (
                "언어 모델의 답을 쓸 수 없습니다" if korean else "The language model was of no use"
            )
            return replace(otherwise, notes=(f"{note}: {failed}", meter.note(otherwise.language)))
        note = (
            "언어 모델이 질문을 읽었습니다. 태그와 기간이 맞는지 확인하세요."
            if korean
            else "A language model read the question; check that tags and ranges are those you mean."
        )
        spent = meter.note(otherwise.language)
        return Answer(question, otherwise.language, "answered", text, figures, notes=(note, spent))

    def _figures(self, question: Question) -> tuple[Figure, ...]:
        export, tags, ranges = self.export, question.tags, question.ranges
        spans = [(found.start, found.stop) for found in ranges]
        if question.intent == "earnings":
            return earnings(export, *spans[0])
        if question.intent == "explain":
            return self._explained(question)
        if question.decision is not None:
            return named(explain_team(export, *question.decision))
        if question.intent == "schedule":
            return schedule(export, *self._moment(question))
        if question.intent == "relate":
            return relate(export, tags[0], tags[1], *spans[0])
        if question.intent == "compare":
            found: list[Figure] = []
            for tag in tags:
                found += compare(export, tag, *spans[0], *spans[1])
                found += [summarize(export, tag, *span)[0] for span in spans]
            return tuple(found)
        limits = question.limits
        found = []
        for span in spans:
            for tag in tags:
                low, high = (limits.low, limits.high) if limits else (None, None)
                computed = {f.statistic: f for f in summarize(export, tag, *span, low, high)}
                wanted = question.statistics or ("mean", "minimum", "maximum")
                if limits:
                    wanted = (f"share {'inside' if limits.inside else 'outside'} limits",)
                found += [computed[name] for name in wanted]
        return tuple(found)

    def _explained(self, question: Question) -> tuple[Figure, ...]:
        """All of an explanation but the inputs that matter less, and the actions not asked about."""
        if self.export.agent is None:
            raise NoAgent("no agent is open; name its folder with --agent")
        found = explain(self.export, *self._moment(question))
        named = [figure for figure in found if figure.statistic == MOVES][:NAMED]
        actions = {tag.key for tag in self.export.plant.of_role("action")}
        asked = set(question.tags) or actions
        of_actions = [figure for figure in found if figure.tag in asked and figure not in named]
        rest = [f for f in found if f.tag not in actions and f.statistic != MOVES]
        return (*(f for f in of_actions if f.statistic != MOVES), *named, *rest)

    def _moment(self, question: Question) -> tuple[str, str]:
        """The moment asked about, or else now; where the records or the audit end, their end."""
        if question.ranges:
            return question.ranges[0].start, question.ranges[0].stop
        export = self.export
        last = int(export.grid_of().time.astype(np.int64)[-1])
        if question.intent == "explain" and export.operated is not None:
            last = export.operated.last_us() or last
        now = export.span(self.now().isoformat(timespec="seconds"), "2200-01-01")[0]
        # Simulated records may lie ahead of the clock.
        at = min(now, last) if now >= export.samples.span[0] else last
        period_us = round(export.plant.period_s * 1e6)
        return export.local(at), export.local(at + period_us)

    def _notes(self, figures: tuple[Figure, ...], language: Language) -> tuple[str, ...]:
        """What an explanation lacks, and why the envelope held what was proposed."""
        opened, korean = self.export.agent, language == "ko"
        notes = [MISSING[name][korean] for name in (opened.missing if opened else ())]
        span = self.export.span(figures[0].start, figures[0].stop)
        for key, reason in moment_of(self.export, *span).held.items():
            notes.append(f"{key}: {'엔벨로프' if korean else 'envelope'}: “{quotable(reason)}”")
        return tuple(notes)

    def _charts(self, question: Question) -> tuple[ChartSource, ...]:
        if question.intent != "chart":
            return ()
        from shiftwork.assistant.tools.chart import chart, sha256

        span = (question.ranges[0].start, question.ranges[0].stop)
        picture = chart(self.export, question.tags, *span).picture
        return (ChartSource(question.tags, *span, sha256(picture)),)

    def _first_unknown(self, question: Question, spans: list[tuple[str, str]]) -> tuple[str, str]:
        for span in spans:
            for tag in question.tags:
                try:
                    summarize(self.export, tag, *span)
                except NothingKnown:
                    return span
        return spans[0]

    def _tags(self, text: str, question: Question) -> Answer:
        tags = tuple(self.export.plant.tags.values())
        if question.words:
            tags = find_tags(self.export, question.words, most=20)
            if not tags:
                raise Back("ask", "no tags found", said=question.words)
        lines = []
        for tag in tags[:MOST_LISTED]:
            about = tag.description or ", ".join(tag.synonyms) or tag.source
            unit = f", {tag.unit}" if tag.unit else ""
            lines.append(f"{tag.key}: {about}{unit}")
        if len(tags) > MOST_LISTED:
            lines.append("...")
        return Answer(text, question.language, "answered", "\n".join(lines))

    def _search(self, text: str, question: Question) -> Answer:
        span = (question.ranges[0].start, question.ranges[0].stop) if question.ranges else None
        found = self.export.documents.search(question.words, span=span, logs=question.logs)
        if not found:
            raise Back("refused", "nothing found", said=question.words)
        lead = FOUND[question.language == "ko"]
        return Answer(text, question.language, "answered", lead, passages=found)

    def _back(self, text: str, language: Language, back: Back) -> Answer:
        first, last = (m.isoformat(" ", "minutes") for m in self.export.span_local)
        numeric = [tag.key for tag in self.export.plant.tags.values() if tag.role != "state"]
        parts = {
            "example": numeric[0],
            "first": first,
            "last": last,
            "zone": self.export.plant.zone,
        }
        return Answer(text, language, back.status, back_text(back, language, parts))


def local_time(text: str, name: str) -> datetime:
    """Read a local time of the plant.

    Args:
        text: ISO, without an offset.
        name: What it is, for the message.

    Raises:
        UserError: It is no such time.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is not None:
        raise UserError(f"{name} is '{text}'; write local time of the plant as 2025-07-16T12:30")
    return moment
