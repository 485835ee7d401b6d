"""The calls in a model's message, also where a local server leaves them in the text."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

Call = tuple[str, dict[str, Any]]

MOST = 8
"""Calls of one message that are carried out."""


def calls_in(message: Mapping[str, Any]) -> list[Call]:
    """Read the calls of a message, whatever their form; what cannot be read has no arguments."""
    found: list[Call] = []
    listed = message.get("tool_calls")
    for call in listed if isinstance(listed, list) else []:
        function = call.get("function") if isinstance(call, dict) else None
        if isinstance(function, dict) and isinstance(function.get("name"), str):
            found.append((function["name"], _arguments(function.get("arguments"))))
    content = message.get("content")
    if not found and isinstance(content, str):
        marked = re.findall(r"<tool_call>(.*?)(?:</tool_call>|$)", content, re.DOTALL)
        for text in marked or [re.sub(r"^```(?:json)?|```$", "", content.strip())]:
            found += _from_text(text)
    return found[:MOST]


def _from_text(text: str) -> list[Call]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return []
    found = []
    for part in value if isinstance(value, list) else [value]:
        if isinstance(part, dict) and isinstance(part.get("name"), str):
            found.append((part["name"], _arguments(part.get("arguments", part.get("parameters")))))
    return found


def _arguments(value: object) -> dict[str, Any]:
    """Arguments as an object: they may be text, text of text, empty or null."""
    for _ in range(2):
        if not isinstance(value, str):
            break
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}
