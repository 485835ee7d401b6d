"""Shiftwork's own file of episodes: one .npz with boundaries, tags and a checksum.

It keeps each observation once (NeoRL keeps it twice) and the tags' names, units and limits.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from shiftwork.errors import UserError
from shiftwork.records.episodes import Episodes
from shiftwork.records.formats.npz import numbers, read_npz, refuse_surplus, require, write_npz
from shiftwork.records.tags import Tags, tags_from_json, tags_to_json

VERSION = 1
KEYS = ("about", "observation", "action", "reward", "length", "terminal")


def write_compact(episodes: Episodes, path: Path) -> None:
    """Write episodes as one compressed file, whole or not at all."""
    about = {
        "format": "shiftwork-episodes",
        "version": VERSION,
        "hash": episodes.hash,
        "observation_tags": tags_to_json(episodes.observation_tags),
        "action_tags": tags_to_json(episodes.action_tags),
    }
    arrays = {key: getattr(episodes, key) for key in KEYS[1:]}
    write_npz(path, {"about": np.array(json.dumps(about)), **arrays})


def read_compact(path: Path) -> Episodes:
    """Read a file that ``write_compact`` wrote.

    Raises:
        UserError: It is damaged, of a later version, or was changed after it was written.
    """
    return compact_episodes(read_npz(path), path)


def compact_episodes(arrays: dict[str, np.ndarray], path: Path) -> Episodes:
    """Make episodes of the arrays in a file that ``write_compact`` wrote.

    Raises:
        UserError: As ``read_compact``.
    """
    require(arrays, KEYS, path)
    refuse_surplus(arrays, KEYS, path)
    about = _about(arrays["about"], path)
    length = arrays["length"]
    if length.dtype.kind not in "iu":
        raise UserError(f"{path}: 'length' holds {length.dtype}, not whole numbers; write it again")
    episodes = Episodes(
        observation=numbers(arrays, "observation", path),
        action=numbers(arrays, "action", path),
        reward=numbers(arrays, "reward", path),
        length=length.astype(np.int64),
        terminal=arrays["terminal"],
        observation_tags=_tags(about, "observation_tags", path),
        action_tags=_tags(about, "action_tags", path),
        source=str(path),
    )
    if episodes.hash != about.get("hash"):
        raise UserError(
            f"{path}: its values do not match the hash in 'about'; it was changed or damaged: "
            "write it again"
        )
    return episodes


def _tags(about: dict[str, Any], key: str, path: Path) -> Tags:
    return tags_from_json(about.get(key), f"{path}: '{key}' in 'about'")


def _about(array: np.ndarray, path: Path) -> dict[str, Any]:
    try:
        about = json.loads(str(array))
    except (ValueError, RecursionError):  # ValueError: no JSON, or an integer too long to read
        about = None
    if not isinstance(about, dict) or about.get("format") != "shiftwork-episodes":
        raise UserError(f"{path}: its 'about' is none of Shiftwork's; write it again")
    if about.get("version") != VERSION:
        raise UserError(
            f"{path}: has format version {about.get('version')}, this Shiftwork reads {VERSION}; "
            "install the matching release or write the file again"
        )
    return about
