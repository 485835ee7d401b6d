# ruff: noqa: E501  (tables of words and sentences)
"""The tags that a question names: by key, name in the export, description or synonym."""

from __future__ import annotations

import re
from collections.abc import Mapping

from shiftwork.assistant.text import HANGUL, Back, Rest, plain
from shiftwork.assistant.tools.find_tags import names_of
from shiftwork.records.historian.plant_file.model import PlantTag

PARTICLES = "에서의|에서는|으로는|까지|부터|에서|에는|으로|이랑|하고|이나|처럼|보다|은|는|이|가|을|를|의|에|와|과|도|로|랑|나"
"""What Korean puts behind a noun, without a blank."""


def find_mentions(
    rest: Rest, tags: Mapping[str, PlantTag], following: str
) -> list[tuple[int, str]]:
    """Take all names of tags out of a question, the longest first.

    Args:
        rest: The question, from which they are taken.
        tags: By key.
        following: Pattern of words that may follow a Korean name without a blank.

    Returns:
        Position and key of each tag named, in the order of the question, each tag once.

    Raises:
        Back: A name belongs to several tags.
    """
    owners: dict[str, list[str]] = {}
    for tag in tags.values():
        for name in names_of(tag):
            owners.setdefault(_joined(name), []).append(tag.key)
    found: dict[str, int] = {}
    for name in sorted(owners, key=lambda name: -len(name)):
        # A plant may have thousands of names; a pattern is made of those alone that may be there.
        if _bare(name) not in _bare(rest.text):
            continue
        for match in rest.take_all(_pattern(name, following)):
            keys = tuple(dict.fromkeys(owners[name]))
            if len(keys) > 1:
                raise Back("ask", "which tag", said=match[0], near=", ".join(keys))
            found.setdefault(keys[0], match.start())
    return sorted((at, key) for key, at in found.items())


def _bare(text: str) -> str:
    return re.sub(r"[ _-]+", "", text)


def _joined(name: str) -> str:
    return re.sub(r"[ _-]+", " ", plain(name)).strip()


def _pattern(name: str, following: str) -> str:
    """A name with any of blank, "_" and "-" between its words, not inside another word."""
    words = r"[ _-]*".join(re.escape(word) for word in name.split())
    if re.search(f"[{HANGUL}]$", name):
        end = rf"(?=(?:{PARTICLES})?(?:{following})|(?:{PARTICLES})?(?![{HANGUL}a-z0-9_]))"
    else:
        end = r"(?![a-z0-9_]|\.[a-z0-9]|-\d)(?:'s\b)?"
    return rf"(?<![a-z0-9_.{HANGUL}]){words}{end}"
