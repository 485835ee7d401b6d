"""Which tags a word may mean."""

from __future__ import annotations

from difflib import SequenceMatcher

from shiftwork.assistant.export import Export
from shiftwork.records.historian.plant_file.model import PlantTag

NEAR = 0.6
"""Likeness, 0 to 1, from which a name counts as a near miss."""


def find_tags(export: Export, words: str, most: int = 5) -> tuple[PlantTag, ...]:
    """Find tags by key, name in the export, description, synonym or unit.

    Case, and the difference of blanks, "_" and "-", do not count.

    Args:
        export: The export.
        words: What somebody called the tag.
        most: The most tags to return.

    Returns:
        Tags one of whose names is just this; if there is none, those that contain it, have this
        unit or come near, the best first.
    """
    wanted = _plain(words)
    if not wanted:
        return ()
    tags = export.plant.tags.values()
    same = tuple(tag for tag in tags if wanted in map(_plain, names_of(tag)))
    if same:
        return same[:most]
    likeness = {tag.key: _likeness(wanted, words.strip(), tag) for tag in tags}
    near = [tag for tag in tags if likeness[tag.key] >= NEAR]
    return tuple(sorted(near, key=lambda tag: -likeness[tag.key])[:most])


def names_of(tag: PlantTag) -> tuple[str, ...]:
    """All names of a tag, as people write them."""
    names = (tag.key, tag.source, tag.description, *tag.synonyms)
    return tuple(dict.fromkeys(name for name in names if name))


def _likeness(wanted: str, unit: str, tag: PlantTag) -> float:
    names = [_plain(name) for name in names_of(tag)]
    if any(wanted in name for name in names) or (tag.unit and unit == tag.unit):
        return 1.0
    return max(SequenceMatcher(None, wanted, name).ratio() for name in names)


def _plain(words: str) -> str:
    return "".join(words.casefold().replace("_", " ").replace("-", " ").split())
