"""Reads an HTML page as a person and as a browser would, and checks what holds for every page."""

from __future__ import annotations

import re
from html.parser import HTMLParser

VOID = {"meta", "br", "link", "img", "hr", "input"}


class Reader(HTMLParser):
    """Checks that tags balance, and keeps what a person reads and what a browser would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.labels: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            assert not name.startswith("on")
            if name in ("src", "href", "xlink:href", "srcset", "data", "action"):
                self.links.append(value or "")
            if name == "id":
                self.ids.append(value or "")
            if name == "aria-label":
                self.labels.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.text.append(data)


def read_page(page: str) -> tuple[str, Reader]:
    """Check that a page is whole and fetches nothing, and return what stands in it."""
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert not reader.open
    assert len(page) < 2_000_000
    assert all(link.startswith(("#", "data:")) for link in reader.links)
    assert all(link[1:] in reader.ids for link in reader.links if link.startswith("#"))
    assert len(reader.ids) == len(set(reader.ids))
    assert not {"script", "link", "iframe", "object", "img"} & set(reader.tags)
    assert not re.search(r"url\((?!#)|@import|http", re.sub(r'src=(&quot;|")http', "", page))
    text = " ".join(reader.text)
    assert not re.search(r"\b([Nn]a[Nn]|inf|None)\b", text + " ".join(reader.labels))
    assert not re.search(r"[ \"(:,](nan|inf)[ \",);]", page)
    return text, reader
