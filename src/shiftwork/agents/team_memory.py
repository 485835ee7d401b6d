"""What a team remembers between two steps, as something that a record can hold.

Kept with a decision, it lets another process go on as if the first had never ended.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from shiftwork.errors import UserError


@dataclass(frozen=True, eq=False)
class TeamMemory:
    """A team's memory; N agents.

    Attributes:
        recurrent: Of each agent's net, (N, F) float32.
        macro_action: In force, (N,); -1 where an agent has not decided yet.
        step: Primitive steps of the episode that are over.
        draws: State of the generator of draws.
    """

    recurrent: np.ndarray
    macro_action: np.ndarray
    step: int
    draws: Mapping[str, Any]

    def body(self) -> dict[str, Any]:
        """The same as JSON can hold it."""
        return {
            "shape": list(self.recurrent.shape),
            "recurrent": base64.b64encode(self.recurrent.astype("<f4").tobytes()).decode("ascii"),
            "macro_action": self.macro_action.tolist(),
            "step": self.step,
            "draws": dict(self.draws),
        }

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> TeamMemory:
        """Read what ``body`` gave.

        Raises:
            UserError: It is something else.
        """
        try:
            flat = np.frombuffer(base64.b64decode(body["recurrent"], validate=True), "<f4")
            return cls(
                flat.reshape(body["shape"]).astype(np.float32),
                np.array(body["macro_action"], np.int64),
                int(body["step"]),
                dict(body["draws"]),
            )
        except (KeyError, TypeError, ValueError, binascii.Error):
            raise UserError("this is no team's memory; begin without one") from None
