"""How each plant's state looks: colours that colour-blind people can tell apart, and letters."""

from __future__ import annotations

from typing import Any

INK, MUTED, RULE = "#1d2329", "#6b747c", "#d9dde1"
FLOOR, COUNTER, COUNTER_EDGE = "#fbfaf7", "#cfc8bb", "#bdb5a6"
AGENTS = ("#0072b2", "#d55e00", "#009e73", "#b3589a", "#a67c00", "#3a3f8f")
"""By number; the number is always written on them too."""

STYLE: Any = {"font.size": 10, "text.color": INK, "text.parse_math": False}
