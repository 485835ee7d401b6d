"""Who may ask for changes on the page: named people, each with a token of their own.

A token is shown once, when it is made. The file beside the desk keeps its SHA-256 only, which is
enough for a random token of 256 bits.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from pathlib import Path

from shiftwork.errors import UserError
from shiftwork.files import written_whole
from shiftwork.operation.modes import Person, Role

FILE = "people.json"


def allow(folder: Path, name: str, role: Role) -> str:
    """Give a person a new token; an earlier one of the same name ends.

    Args:
        folder: The folder that operate writes to.
        name: As it will stand in the audit.
        role: What the person may do.

    Returns:
        The token.

    Raises:
        UserError: The name is empty, or the file holds something else.
    """
    person = Person(name, role)
    people = _read(folder)
    token = secrets.token_urlsafe(32)
    people[person.name] = {"role": role, "sha256": _hash(token)}
    folder.mkdir(parents=True, exist_ok=True)
    with written_whole(folder / FILE) as temporary:
        temporary.touch(mode=0o600)
        temporary.write_text(json.dumps(people, ensure_ascii=False, indent=1), encoding="utf-8")
    return token


def person_of(folder: Path, token: str) -> Person | None:
    """Find whose token this is, or None.

    Raises:
        UserError: The file holds something else.
    """
    given, found = _hash(token), None
    for name, about in _read(folder).items():
        if hmac.compare_digest(about["sha256"], given):
            found = Person(name, _role(about["role"]))
    return found


def named(folder: Path) -> tuple[str, ...]:
    """The people who have a token.

    Raises:
        UserError: The file holds something else.
    """
    return tuple(_read(folder))


def _read(folder: Path) -> dict[str, dict[str, str]]:
    file = folder / FILE
    if not file.is_file():
        return {}
    try:
        found: dict[str, dict[str, str]] = json.loads(file.read_text(encoding="utf-8"))
        for about in found.values():
            _role(about["role"])
            about["sha256"].encode()
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError(
            f"{file}: is not a list of people; remove it, and give each person a token again"
        ) from None
    return found


def _role(text: str) -> Role:
    roles: tuple[Role, ...] = ("viewer", "operator", "engineer")
    if text not in roles:
        raise ValueError(text)
    return next(role for role in roles if role == text)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
