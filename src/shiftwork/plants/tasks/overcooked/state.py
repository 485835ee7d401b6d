"""The state of a kitchen, and what is read off it."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Int8, Int16

CHOPPED = 3
"""Chops after which a food is chopped."""


class KitchenState(NamedTuple):
    """All that a kitchen remembers from step to step.

    N agents, F foods, I items (foods and plates), M objects, D observation size. Cells are
    numbered as in ``cells``.

    Attributes:
        agent: The cell of each agent.
        hold: The number of the item in each agent's hands, or -1.
        item: The cell of each item; that of its carrier or of the plate it lies on.
        chops: How often each food has been chopped, 0 to 3.
        plate: The item number of the plate that each food lies on, or -1.
        home: The cell of each object at the reset.
        believed: The cell in which each agent (first axis) remembers each object.
        chop_count: Chops done by the macro-action "chop" that each agent is in.
        macro_action: In force.
        decided: Has ended, so that the agent decides in the next step.
        seen: What each agent saw when it last decided, in cells and chops.
        paid: Where chops are paid once, those of which foods were; empty elsewhere.
    """

    agent: Int16[Array, " N"]
    hold: Int8[Array, " N"]
    item: Int16[Array, " I"]
    chops: Int8[Array, " F"]
    plate: Int8[Array, " F"]
    home: Int16[Array, " M"]
    believed: Int16[Array, "N M"]
    chop_count: Int8[Array, " N"]
    macro_action: Int8[Array, " N"]
    decided: Bool[Array, " N"]
    seen: Int8[Array, "N D"]
    paid: Bool[Array, " P"]

    @property
    def object_cells(self) -> Int16[Array, " M"]:
        """Where every object truly is."""
        items, agents = self.item.shape[0], self.agent.shape[0]
        return jnp.concatenate([self.item, self.home[items:-agents], self.agent])
