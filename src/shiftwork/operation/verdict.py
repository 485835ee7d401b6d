"""The verdict on an agent: without a passed one, it goes no higher than shadow.

Whoever judges an agent writes ``verdict.json`` into its folder::

    {"version": 1, "policy": "SHA-256 of policy.npz (a team's policies.npz)", "passed": true,
     "judge": "who or what judged", "reason": "one sentence"}

The hash ties the verdict to the weights that were judged: an agent that is learned again in the
same folder needs a verdict of its own.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field

from shiftwork.errors import UserError
from shiftwork.files import written_whole
from shiftwork.operation.modes import Mode
from shiftwork.operation.settings import Table, read_table

FILE = "verdict.json"
POLICY = "policy.npz"
POLICIES = "policies.npz"
"""A team's weights."""


class Verdict(Table):
    """What stands in the file.

    Attributes:
        version: Of the format.
        policy: SHA-256 of the agent's ``policy.npz`` or the team's ``policies.npz``, hexadecimal.
        passed: Whether the agent may go beyond shadow.
        judge: Who or what judged.
        reason: Why, in one sentence.
    """

    version: Literal[1]
    policy: str = Field(pattern="^[0-9a-f]{64}$")
    passed: bool
    judge: str = Field(min_length=1)
    reason: str = Field(min_length=1)


def weights_of(folder: Path) -> Path:
    """The file of the weights of an agent, or of a team."""
    return folder / (POLICIES if (folder / POLICIES).is_file() else POLICY)


def write_verdict(folder: Path, *, passed: bool, judge: str, reason: str) -> None:
    """Write the verdict on the weights that stand in an agent's folder.

    Args:
        folder: The agent's folder.
        passed: Whether the agent may go beyond shadow.
        judge: Who or what judged.
        reason: Why, in one sentence.
    """
    policy = hashlib.sha256(weights_of(folder).read_bytes()).hexdigest()
    found = Verdict(version=1, policy=policy, passed=passed, judge=judge, reason=reason)
    with written_whole(folder / FILE) as temporary:
        temporary.write_text(found.model_dump_json(indent=2) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Judged:
    """What an agent's verdict means for its modes.

    Attributes:
        cap: Highest mode that it allows.
        why: In one sentence.
        weights: SHA-256 of the agent's weights, hexadecimal.
    """

    cap: Mode
    why: str
    weights: str


def judged(folder: Path) -> Judged:
    """Find the highest mode that an agent's verdict allows, and why.

    Args:
        folder: The agent's folder.

    Raises:
        UserError: The file is there and cannot be read as a verdict.
    """
    file = folder / FILE
    try:
        policy = hashlib.sha256(weights_of(folder).read_bytes()).hexdigest()
    except OSError as error:
        raise UserError(f"{weights_of(folder)}: cannot be read ({error.strerror})") from None
    try:
        raw = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Judged(Mode.SHADOW, "the agent has no verdict", policy)
    except (OSError, ValueError) as error:
        raise UserError(f"{file}: cannot be read ({error}); judge the agent again") from None
    if not isinstance(raw, dict):
        raise UserError(f"{file}: is not a verdict; judge the agent again")
    verdict = read_table(Verdict, raw, f"{file}")
    if verdict.policy != policy:
        return Judged(Mode.SHADOW, "the verdict is about other weights", policy)
    if not verdict.passed:
        return Judged(Mode.SHADOW, f"the agent did not pass: {verdict.reason}", policy)
    return Judged(Mode.CLOSED, f"passed ({verdict.judge}): {verdict.reason}", policy)
