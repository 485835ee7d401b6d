"""Shiftwork's own file of episodes: one .npz with boundaries, tags and a checksum.

It keeps each observation once (NeoRL keeps it twice) and the tags' names, units and limits.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from shiftwork.errors import UserError
from shiftwork.files import written_whole
from shiftwork.records.episodes import Episodes
from shiftwork.records.npz import numbers, read_npz, refuse_surplus, require
from shiftwork.records.tags import tags_from_json, tags_to_json

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
    with written_whole(path) as temporary:
        np.savez_compressed(
            temporary,
            about=np.array(json.dumps(about)),
            observation=episodes.observation,
            action=episodes.action,
            reward=episodes.reward,
            length=episodes.length,
            terminal=episodes.terminal,
        )


def read_compact(path: Path) -> Episodes:
    """Read a file that ``write_compact`` wrote.

    Raises:
        UserError: It is damaged, of a later version, or was changed after it was written.
    """
    arrays = read_npz(path)
    require(arrays, KEYS, path)
    refuse_surplus(arrays, KEYS, path)
    about = _about(arrays["about"], path)
    length, terminal = arrays["length"], arrays["terminal"]
    if length.dtype.kind not in "iu" or length.ndim != 1:
        raise UserError(f"{path}: 'length' must be whole numbers, one for each episode; write it anew")
    if terminal.dtype.kind != "b" or terminal.ndim != 1:
        raise UserError(f"{path}: 'terminal' must be true or false for each episode; write it anew")
    for key, axes in (("observation", 2), ("action", 2), ("reward", 1)):
        if arrays[key].ndim != axes:
            raise UserError(f"{path}: '{key}' has shape {arrays[key].shape}; needed: {axes} axes")
    episodes = Episodes(
        observation=numbers(arrays, "observation", path),
        action=numbers(arrays, "action", path),
        reward=numbers(arrays, "reward", path),
        length=length.astype(np.int64),
        terminal=terminal,
        observation_tags=tags_from_json(about.get("observation_tags"), str(path)),
        action_tags=tags_from_json(about.get("action_tags"), str(path)),
        source=str(path),
    )
    if episodes.hash != about.get("hash"):
        raise UserError(f"{path}: its values do not match its hash; it was changed or damaged: write it anew")
    return episodes


def _about(array: np.ndarray, path: Path) -> dict[str, Any]:
    try:
        about = json.loads(str(array))
    except json.JSONDecodeError:
        about = None
    if not isinstance(about, dict) or about.get("format") != "shiftwork-episodes":
        raise UserError(f"{path}: is no Shiftwork episode file; records are .npz or Minari .hdf5")
    if about.get("version") != VERSION:
        raise UserError(
            f"{path}: has format version {about.get('version')}, this Shiftwork reads {VERSION}; "
            "install the matching release or write the file anew"
        )
    return about
