"""Relations between tags that an action must keep, as expressions of the plant file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shiftwork.errors import UserError, unknown
from shiftwork.operation.envelope import Held, Observation, in_force
from shiftwork.records.historian.plant_file.expression import Expression

SHARES = np.linspace(1.0, 0.0, 33)
"""Parts of the way from the set-points in force to the action that are tried."""


@dataclass(frozen=True)
class Relations:
    """Conditions such as ``feed_sp * steam_ratio_sp <= 30`` over the set-points to come.

    In a relation an action's key stands for the set-point that would be in force after the write,
    any other key for its present value. Where the action breaks a relation, it goes only as far
    from the set-points in force as all relations hold. A relation that cannot be computed does not
    hold.

    Attributes:
        expressions: The conditions.
        keys: The actions' keys, in the order of the action's columns.
    """

    expressions: tuple[Expression, ...]
    keys: tuple[str, ...]

    @classmethod
    def read(
        cls, texts: Sequence[str], keys: Sequence[str], known: Sequence[str], where: str
    ) -> Relations:
        """Read the relations of a plant file.

        Args:
            texts: The conditions.
            keys: The actions' keys.
            known: Every numeric tag's key.
            where: File and key, put in front of errors.

        Raises:
            UserError: One is not a condition over these tags.
        """
        expressions = tuple(Expression(text, f"{where}[{i}]") for i, text in enumerate(texts))
        for expression in expressions:
            if expression.kind != "truth":
                raise expression.refuse(
                    "is a number, but must be a condition; write a comparison such as a <= b"
                )
            if expression.text_names:
                raise expression.refuse("compares text; use number tags only")
            for name in sorted(expression.names):
                if name not in known:
                    raise unknown("tag", name, known, expression.where)
            if not expression.names & set(keys):
                raise expression.refuse(
                    f"has no action in it; use one of {', '.join(sorted(keys))}"
                )
        return cls(expressions, tuple(keys))

    def observe(self, observation: Observation) -> None:
        """Relations have no memory."""

    def hold(self, observation: Observation, action: np.ndarray) -> Held:
        """Go as far towards the action as all relations hold; NaN where not even standing still does."""
        given = np.asarray(action, np.float64)
        flat = given.reshape(-1, given.shape[-1])
        now = in_force(observation, self.keys, given.shape).reshape(flat.shape)
        columns = {
            name: np.broadcast_to(
                np.asarray(observation.get(name, np.nan)), given.shape[:-1]
            ).reshape(-1)
            for expression in self.expressions
            for name in expression.names - set(self.keys)
        }
        broken = self._broken(columns, flat)
        held = broken >= 0
        allowed = flat.copy()
        rows = np.flatnonzero(held)
        if rows.size:
            allowed[rows] = self._back(
                {name: column[rows] for name, column in columns.items()}, now[rows], flat[rows]
            )
        texts = np.array([*(f"relation {e.text}" for e in self.expressions), ""], object)
        reason = np.repeat(texts[broken][:, None], flat.shape[1], axis=1)
        changed = (allowed != flat) | np.isnan(allowed)
        return Held(
            allowed.reshape(given.shape),
            changed.reshape(given.shape),
            np.where(changed, reason, "").reshape(given.shape),
        )

    def _broken(self, columns: dict[str, np.ndarray], action: np.ndarray) -> np.ndarray:
        """Number of the first relation that each row breaks, -1 for none, (N,)."""
        values = columns | {key: action[:, i] for i, key in enumerate(self.keys)}
        first = np.full(len(action), -1)
        for number, expression in reversed(list(enumerate(self.expressions))):
            first = np.where(expression.evaluate(values) == 1, first, number)
        return first

    def _back(
        self, columns: dict[str, np.ndarray], now: np.ndarray, action: np.ndarray
    ) -> np.ndarray:
        """The farthest point on the way from ``now`` to ``action`` at which all relations hold."""
        found = np.full(action.shape, np.nan)
        open_ = np.ones(len(action), bool)
        for share in SHARES:
            with np.errstate(all="ignore"):  # from or to no number leads nowhere
                point = now + share * (action - now)
            fits = open_ & (self._broken(columns, point) < 0)
            found[fits] = point[fits]
            open_ &= ~fits
        return found


def refuse_relations(relations: Relations, observation: Observation, where: str) -> None:
    """Refuse relations that the plant breaks as it stands.

    Raises:
        UserError: One does not hold, or cannot be computed, at the set-points in force.
    """
    now = in_force(observation, relations.keys, (1, len(relations.keys)))
    held = relations.hold(observation, now)
    if held.held.any():
        raise UserError(f"{where}: {held.reason[held.held][0]} does not hold now; correct it")
