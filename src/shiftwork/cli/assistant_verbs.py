"""The assistant's verbs: questions, pages and the MCP server, from the command line."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from shiftwork.assistant.answers import Answer, load_answer
from shiftwork.assistant.assistant import Assistant, local_time
from shiftwork.assistant.handover.spans import last_over, span_of
from shiftwork.assistant.mcp_server import serve
from shiftwork.assistant.model.server import Complete, connect
from shiftwork.assistant.tools.chart import chart
from shiftwork.cli.assistant_commands import Ask, Asked, Handover, Mcp, Talk
from shiftwork.cli.desk_verbs import needs
from shiftwork.cli.progress import console
from shiftwork.cli.reading import opened
from shiftwork.errors import UserError
from shiftwork.files import written_whole


def run(options: Asked) -> None:
    """Carry out one of the assistant's verbs.

    Raises:
        UserError: A mistake of the user's.
    """
    if isinstance(options, Mcp) and options.http is not None:
        serve_http(options, options.http)
    elif isinstance(options, Mcp):
        serve(open_assistant(options))
    elif isinstance(options, Handover):
        handover(open_assistant(options), options)
    elif isinstance(options, Talk):
        model = open_model(options.model, options.model_address)
        if not isinstance(options, Ask):
            chat(open_assistant(options, model))
        elif (options.question is None) == (options.recompute is None):
            raise UserError("ask needs a question in quotes, or --recompute with a saved answer")
        elif options.recompute is not None:
            recompute(open_assistant(options, model), options.recompute)
        elif options.question is not None:
            ask(open_assistant(options, model), options.question, options.out, options.chart)


def ask(assistant: Assistant, question: str, out: Path | None, picture: Path | None) -> None:
    """Answer one question on standard output.

    Args:
        assistant: With the export open.
        question: Korean or English.
        out: Where to save the answer with its figures (.json), or None.
        picture: Where to write the chart of a chart question (.svg or .png), or None.

    Raises:
        UserError: Something cannot be written.
    """
    answer = assistant.ask(question)
    sys.stdout.write(f"{answer.shown}\n")
    for note in answer.notes:
        console.print(note, markup=False)
    if answer.charts:
        _draw(assistant, answer, picture or Path("chart.svg"))
    if out is not None:
        answer.save(out)
        console.print(f"Answer saved to {out}; check it with: shiftwork ask --recompute {out}")


def recompute(assistant: Assistant, saved: Path) -> None:
    """Compute every figure of a saved answer again, and print the answer if all are the same.

    Raises:
        UserError: A figure, its citation or a picture differs.
    """
    answer = load_answer(saved)
    assistant.recompute(answer)
    sys.stdout.write(f"{answer.shown}\n")
    console.print(
        f"{len(answer.figures)} figures and {len(answer.charts)} charts recomputed: all the same"
    )


def chat(assistant: Assistant) -> None:
    """Answer questions from standard input, one a line, until it ends or an empty line comes."""
    plant = assistant.export.plant
    first, last = assistant.export.span_local
    console.print(
        f"{plant.name}: {len(plant.tags)} tags, {first:%Y-%m-%d} to {last:%Y-%m-%d} ({plant.zone}). "
        "Ask in Korean or English; an empty line ends.",
        markup=False,
    )
    for line in sys.stdin:
        if not line.strip():
            break
        answer = assistant.ask(line.strip())
        sys.stdout.write("\n".join([answer.shown, *answer.notes]) + "\n\n")
        sys.stdout.flush()


def handover(assistant: Assistant, options: Handover) -> None:
    """Write the page of a stretch of time, and say what to compute it again with.

    Raises:
        UserError: Nothing is known of the stretch, or something cannot be written.
    """
    # Pages load Matplotlib, which loads slowly.
    from shiftwork.assistant.handover.contents import contents_of
    from shiftwork.assistant.handover.page import write_page

    if options.out.suffix.lower() != ".html":
        raise UserError(f"{options.out}: a page is written as .html; choose another --out")
    plant = assistant.export.plant
    if options.at is not None:
        span = span_of(options.over, local_time(options.at, "--at"), plant)
    else:
        running = span_of(options.over, assistant.now(), plant)
        span = last_over(options.over, running, plant)
    page = contents_of(assistant.export, options.over, span, options.language)
    saved = write_page(page, options.out)
    console.print(
        f"Page written to {options.out}: {len(page.figures)} figures, {span.start:%Y-%m-%d %H:%M} to "
        f"{span.stop:%Y-%m-%d %H:%M}; check them with: shiftwork ask --recompute {saved}"
    )


def serve_http(options: Mcp, port: int) -> None:
    """Serve the assistant by MCP over HTTP to people who have a token.

    Raises:
        UserError: Nobody has a token, the port is in use, or a package is missing.
    """
    needs("starlette", "web", "MCP over HTTP")
    from shiftwork.web.mcp import PATH, mcp_app
    from shiftwork.web.people import named
    from shiftwork.web.serve import serve_app

    folder = options.people or options.operated
    if folder is None or not named(folder):
        where = folder or "FOLDER"
        raise UserError(
            "mcp --http lets named people in only, and there are none; give one a token with: "
            f"shiftwork desk allow NAME --out {where}, and name the folder with --people"
        )
    assistant = open_assistant(options)
    console.print(f"People with a token: {', '.join(named(folder))}", markup=False)
    serve_app(
        lambda taken: mcp_app(assistant, folder, taken),
        port,
        lambda address: console.print(f"MCP: {address.rstrip('/')}{PATH}", soft_wrap=True),
    )


def open_model(name: str | None, address: str) -> Complete | None:
    """Connect to a language model, if one is named; nothing is sent before a question needs it.

    Raises:
        UserError: The package for it is missing.
    """
    return connect(address, name, os.environ.get("SHIFTWORK_MODEL_KEY")) if name else None


def open_assistant(options: Asked, model: Complete | None = None) -> Assistant:
    """Open an export, and what is named beside it, for questions.

    Raises:
        UserError: No records or no plant file are given, or something cannot be read.
    """
    tags = options.tags
    if tags is None:
        raise UserError(
            "the assistant needs --tags: the plant file that says what the columns mean"
        )
    if not options.records:
        raise UserError("the assistant needs --records: files, folders or patterns of an export")
    return opened(
        lambda: Assistant(
            options.records,
            tags,
            now=options.now,
            model=model,
            agent=options.agent,
            operated=options.operated,
            documents=options.documents,
            team=options.team,
            team_records=options.team_records,
            model_price=options.model_price if isinstance(options, Talk) else None,
        )
    )


def _draw(assistant: Assistant, answer: Answer, path: Path) -> None:
    form = path.suffix.lower().removeprefix(".")
    if form not in ("svg", "png"):
        raise UserError(f"{path}: a chart is written as .svg or .png; choose another --chart")
    source = answer.charts[0]
    drawn = chart(
        assistant.export, source.tags, source.start, source.stop, "png" if form == "png" else "svg"
    )
    with written_whole(path) as temporary:
        temporary.write_bytes(drawn.picture)
    console.print(f"Chart written to {path}")
