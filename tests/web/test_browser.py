"""The control-room page in a real browser: Chromium, where it and Playwright are installed."""

import math
import shutil
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager

import pytest

pytest.importorskip("starlette")
pytest.importorskip("playwright")
from playwright import sync_api as playwright

from shiftwork.operation.desk import Desk
from shiftwork.operation.modes import Mode, request_mode
from shiftwork.operation.opcua.centre_tags import CentreTags
from shiftwork.plants.catalogue import make_team_plant
from shiftwork.web.people import allow
from support.assistant_builders import write_export
from support.memory_centre import centre_bench, random_team
from support.memory_plant import KIM, bench
from support.rig import free_port

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]


@contextmanager
def operating(folder):
    """A cycle each quarter of a second in a thread of its own; yields the bench."""
    ready, stop, made = threading.Event(), threading.Event(), []

    def work():
        with bench(folder) as at, closing(Desk(folder / "desk.sqlite")) as desk:
            made.append(at)
            while not stop.wait(0.05):
                desk.serve(at.cycle)
                if at.plant.now.s < 1000.0 + 40 * (time.monotonic() - begin):
                    at.run()
                    desk.show(at.cycle)
                ready.set()

    begin = time.monotonic()
    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert ready.wait(30)
        yield made[0]
    finally:
        stop.set()
        thread.join()


@contextmanager
def served(folder, *more):
    """The page's process and its address."""
    port = free_port()
    words = ["desk", "page", "--out", f"{folder}", "--port", f"{port}", *more]
    process = subprocess.Popen([sys.executable, "-m", "shiftwork", *words])
    try:
        yield process, f"http://127.0.0.1:{port}/"
    finally:
        process.kill()
        process.wait()


@contextmanager
def browser():
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        try:
            yield opened.new_page(locale="en-US", viewport={"width": 1440, "height": 900})
        finally:
            opened.close()


def shows(page, selector, text):
    playwright.expect(page.locator(selector)).to_contain_text(text, timeout=10_000)


def visit(page, address):
    for attempt in range(100):
        try:
            page.goto(address)
            return
        except playwright.Error:  # it is not up yet
            assert attempt < 99
            time.sleep(0.2)


def test_a_shift_at_the_page(tmp_path):
    token = allow(tmp_path, "Kim", "operator")
    with operating(tmp_path) as at, served(tmp_path) as (process, address), browser() as page:
        broken = []
        page.on("pageerror", lambda error: broken.append(str(error)))
        visit(page, address)
        shows(page, "#plant", "kettle")
        shows(page, "#mode", "Shadow")
        page.click("#language")
        shows(page, "#mode", "관찰")
        assert page.get_attribute("html", "lang") == "ko"
        page.click("#language")

        # By keyboard alone: the token, then the mode.
        page.focus("#token")
        page.keyboard.type(token)
        page.focus("[data-mode=advisory]")
        page.keyboard.press("Enter")
        shows(page, "#mode", "Advisory")
        shows(page, "#switch", "Answer")

        reject = "tr[data-key=power] [data-answer=reject]"
        page.click(reject)
        shows(page, "#answer", "Say why first")
        page.fill("#why", "<b>the filter</b>")
        page.click(reject)
        shows(page, "#answer", "Done")
        # The next answer needs a reason of its own.
        playwright.expect(page.locator("#why")).to_have_value("")
        shows(page, "#records", "Kim (operator) – power: Reject 6")
        shows(page, "#records", "<b>the filter</b>")

        at.plant.status = 2
        shows(page, "#run", "Hold")
        shows(page, "#fault", "heat is called bad by the plant")
        shows(page, "#records", "heat is called bad by the plant (× ")
        at.plant.status = 0
        shows(page, "#run", "Running")
        assert page.is_hidden("#fault")

        for width in (1440, 800):  # nothing is wider than the window
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            box = page.locator(reject).bounding_box()
            assert box["x"] + box["width"] <= width, "the last switch is out of sight"
        process.kill()
        shows(page, "#frozen", "This page is frozen")
        assert broken == []


def test_questions_at_the_page(tmp_path):
    write_export(tmp_path)
    asked = ["--records", f"{tmp_path / 'export.csv'}", "--tags", f"{tmp_path / 'plant.toml'}"]
    token = allow(tmp_path, "Kim", "operator")
    with (
        operating(tmp_path),
        served(tmp_path, *asked) as (_, address),
        browser() as page,
    ):
        broken = []
        page.on("pageerror", lambda error: broken.append(str(error)))
        visit(page, address)
        shows(page, "#asking-title", "Questions")
        page.fill("#question", "plot flow on October 27, 2025")
        page.keyboard.press("Enter")
        shows(page, "#answers article:first-child", "token")  # nobody has said who asks
        page.fill("#token", token)
        page.focus("#question")
        page.keyboard.press("Enter")
        answer = page.locator("#answers article").first
        shows(page, "#answers article:first-child", "flow mean:")
        picture = answer.locator("img")
        playwright.expect(picture).to_be_visible()
        assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 400
        # Sources are closed until they are asked for, and name tag, range and tool.
        sources = answer.locator("details")
        assert not sources.locator("li").first.is_visible()
        sources.locator("summary").click()
        shows(page, "#answers article:first-child details > ul > li:first-child", "summarize")
        page.fill("#question", "<img src=x onerror=alert(1)> 10월 27일 유량 평균")
        page.keyboard.press("Enter")
        shows(page, "#answers article:first-child h3", "<img src=x onerror=alert(1)>")
        assert page.locator("#answers article").first.locator("h3 img").count() == 0
        # Nothing runs over the edge of a narrow screen.
        page.set_viewport_size({"width": 400, "height": 800})
        wide = "Math.max(...[...document.querySelectorAll('#asking *')].map(e => e.getBoundingClientRect().right))"
        assert page.evaluate(wide) <= 400
        assert broken == []


def test_macro_actions_are_shown_by_name_and_no_row_moves_when_an_agent_proposes(tmp_path):
    team, named = random_team(CentreTags(make_team_plant("centre-small"))), {}
    with centre_bench(tmp_path, team) as at:
        at.cycle.ask(request_mode, Mode.ADVISORY, person=KIM)
        for _ in range(60):
            last = at.hour()
            proposes = math.isfinite(last.proposed.get("berth_1", math.nan))
            if at.cycle.proposals.number and proposes not in named:
                with closing(Desk(tmp_path / f"{proposes}.sqlite")) as desk:
                    desk.show(at.cycle)
                value = round(last.observation["berth_1"])
                name = at.cycle.rules.team.agents["berth 1"].macro_actions[value]
                named[proposes] = f"{value}: {name}"
    assert set(named) == {False, True}
    boxes = []
    with served(tmp_path) as (_, address), browser() as page:
        for proposes, name in named.items():
            shutil.copy(tmp_path / f"{proposes}.sqlite", tmp_path / "desk.sqlite")
            visit(page, address)
            shows(page, "tr[data-key=berth_1] td:nth-child(3)", name)
            accept = page.locator("tr[data-key=berth_1] [data-answer=accept]")
            assert accept.is_visible() == proposes
            boxes.append([accept.bounding_box()[side] for side in ("y", "height")])
    assert boxes[0] == boxes[1]
