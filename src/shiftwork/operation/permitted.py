"""An envelope for teams: who does not decide stays, and nothing is begun that the plant does not permit.

A macro-action is a sequence of the control system, such as a decoke, with permissives of its own. Its
number is a choice, not a size: nothing lies between two of them, and none is moved to the nearest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shiftwork.operation.envelope import Held, Observation, in_force
from shiftwork.operation.settings import TeamAgentRules

ELSEWHERE = "its macro-action has not ended"
NO_CHOICE = "there is no such macro-action"
FORBIDDEN = "the plant does not permit this macro-action now"


@dataclass(frozen=True)
class Permitted:
    """Holds each agent to the macro-actions that the plant permits at this moment.

    Attributes:
        agents: One for each action, in the order of the action's columns.
    """

    agents: tuple[TeamAgentRules, ...]

    def observe(self, observation: Observation) -> None:
        """It has no memory."""

    def hold(self, observation: Observation, action: np.ndarray) -> Held:
        """Leave what may begin now and what is in force already; the rest is not written."""
        given = np.asarray(action, np.float64)
        now = in_force(observation, [agent.action for agent in self.agents], given.shape)
        allowed, reason = np.empty(given.shape), np.empty(given.shape, object)
        for column, agent in enumerate(self.agents):
            wanted = given[..., column]
            decides = _is_one(observation, agent.decides, wanted.shape)
            may = np.stack([_is_one(observation, key, wanted.shape) for key in agent.may], -1)
            with np.errstate(invalid="ignore"):
                exists = (wanted == np.floor(wanted)) & (wanted >= 0) & (wanted < len(agent.may))
            number = np.where(exists, wanted, 0).astype(np.int64)
            permitted = np.take_along_axis(may, number[..., None], -1)[..., 0]
            why = np.where(permitted, "", FORBIDDEN)
            why = np.where(exists, why, NO_CHOICE)
            why = np.where(decides, why, ELSEWHERE)
            why = np.where(wanted == now[..., column], "", why)
            allowed[..., column] = np.where(why == "", wanted, np.nan)
            reason[..., column] = why
        return Held(allowed, np.isnan(allowed), reason)


def _is_one(observation: Observation, key: str, shape: tuple[int, ...]) -> np.ndarray:
    """Whether a tag is known to be 1; what is not known is not permitted."""
    return np.broadcast_to(np.asarray(observation.get(key, np.nan), np.float64) == 1.0, shape)
