"""The people of a cracking centre as a policy: what they see, notice, want, and do by mistake.

Nobody here computes anything ahead. The harbour takes the first ship into a tank with room,
blending takes a released tank by rules of thumb, the panel keeps to its temperature, feeds by
stock and decokes by age and tubes. Each person has their own way; some notice late, and a few
decisions are plain mistakes. All of it is pure, for ``jit``, ``vmap`` and ``scan``.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from shiftwork.people.centre.blending import wish_of_blending
from shiftwork.people.centre.cracking import wish_of_furnaces
from shiftwork.people.centre.crew import (
    BLENDING,
    HARBOUR,
    PANEL,
    Person,
    Rota,
    at_desk,
    first_rota,
    on_shift,
)
from shiftwork.people.centre.receiving import wish_of_berths
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.state import STAND_BY, CentreState
from shiftwork.plants.centre.varied import AnyCentre, InEach, VariedCentre
from shiftwork.plants.team_plant import TeamStep

NEVER = -1e6


@dataclass(frozen=True)
class People:
    """The people of a centre; different ones with each ``begin``.

    Attributes:
        plant: The centre that they run.
    """

    plant: Centre

    def begin(self, key: PRNGKeyArray) -> Rota:
        """Hire people."""
        return first_rota(len(self.plant.agents), key)

    def act(self, rota: Rota, step: TeamStep, key: PRNGKeyArray) -> tuple[Rota, Int[Array, " N"]]:
        """Decide for every agent that may; always within its mask.

        Args:
            rota: The people.
            step: What the plant told last.
            key: Of moods, attention and mistakes.

        Returns:
            The people from now on, with who noticed late and who made a mistake, and the
            macro-actions, of which those of busy agents are the ones in force.
        """
        plant, state = self.plant, step.state
        drawn_key, slip_key = jax.random.split(key)
        agents = len(plant.agents)
        drawn = jax.random.uniform(drawn_key, (2, agents))
        normal = jax.random.normal(jax.random.fold_in(drawn_key, 1), (3 + agents,))
        rota, persons = on_shift(rota, state.hour, normal[:3])
        wish = self.wishes(state, persons, rota.mood, step.decided, normal[3:])
        wanted = jnp.where(step.mask, wish, NEVER).argmax(-1).astype(jnp.int32)
        desk = self._desks()
        asleep = drawn[0] > persons.attention[desk]
        default = jnp.where(step.mask, self._unmoved(state), NEVER).argmax(-1).astype(jnp.int32)
        meant = jnp.where(asleep, default, wanted)

        # A mistake is any other decision that the plant lets pass. Decokes and stand-by are
        # interlocked: nobody begins one by mistake.
        columns = np.arange(step.mask.shape[1])
        others = step.mask & (columns[None] != meant[:, None]) & self._by_hand()
        lottery = jnp.where(others, jax.random.uniform(slip_key, others.shape), -1.0)
        slips = step.decided & (drawn[1] < persons.slip[desk]) & others.any(1)
        macro = jnp.where(slips, lottery.argmax(-1).astype(jnp.int32), meant)
        macro = jnp.where(step.decided, macro, state.macro_action)
        late = step.decided & asleep & (default != wanted) & ~slips
        return rota._replace(late=late, slipped=slips), macro

    def _desks(self) -> Int[np.ndarray, " N"]:
        layout = self.plant.layout
        counts = [layout.berths, 1, layout.furnace_agents]
        return np.repeat(np.array([HARBOUR, BLENDING, PANEL]), counts)

    def _by_hand(self) -> Bool[np.ndarray, "N A"]:
        """Macro-actions that are not interlocked."""
        layout = self.plant.layout
        by_hand = np.ones((layout.agents, max(map(len, self.plant.macro_actions))), bool)
        by_hand[layout.berths + 1 :, layout.decoke :] = False
        return by_hand

    def wishes(
        self,
        state: CentreState,
        persons: Person,
        mood: Float[Array, " 3"],
        decided: Bool[Array, " N"],
        noise: Float[Array, " N"],
    ) -> Float[Array, "N A"]:
        """How much each macro-action is liked, allowed or not.

        Args:
            state: What the persons see.
            persons: At the desks, values (3,).
            mood: Of each.
            decided: Agents that decide now.
            noise: Standard normal, by which set-points of furnaces differ.
        """
        plant, panel = self.plant, self.plant.layout.berths + 1
        return self._together(
            wish_of_berths(plant, state, at_desk(persons, HARBOUR), mood[HARBOUR]),
            wish_of_blending(plant, state, at_desk(persons, BLENDING), mood[BLENDING]),
            wish_of_furnaces(
                plant, state, at_desk(persons, PANEL), mood[PANEL], decided[panel:], noise[panel:]
            ),
        )

    def _unmoved(self, state: CentreState) -> Float[Array, "N A"]:
        """What goes on by itself: berths wait, the recipe stays, set-points stay."""
        layout, furnaces = self.plant.layout, state.furnaces
        waits = jnp.arange(layout.berth_actions) == 0
        stays = jnp.arange(len(layout.recipes)) == state.blend.recipe
        in_force = jnp.stack([furnaces.cot_set_c, furnaces.feed_set_t_per_h], 1)
        off = jnp.abs(in_force[: layout.furnace_agents, None] - layout.set_points[None]).sum(-1)
        idle = (furnaces.mode == STAND_BY)[: layout.furnace_agents, None]
        further = jnp.full((layout.furnace_agents, 2), NEVER)
        if self.plant.scenario.furnace_agents == "each":
            further = further.at[:, 1].set(jnp.where(idle[:, 0], 1.0, NEVER))
        return self._together(
            jnp.broadcast_to(waits.astype(jnp.float32), (layout.berths, layout.berth_actions)),
            stays.astype(jnp.float32),
            jnp.concatenate([-off, further], 1),
        )

    def _together(
        self,
        berths: Float[Array, "B A1"],
        blending: Float[Array, " R"],
        furnaces: Float[Array, "H A3"],
    ) -> Float[Array, "N A"]:
        width = max(map(len, self.plant.macro_actions))
        rows = (berths, blending[None], furnaces)
        return jnp.concatenate([jnp.pad(row, ((0, 0), (0, width - row.shape[1]))) for row in rows])


def people_at(plant: AnyCentre) -> People | InEach:
    """The people of a centre, also of one that is another in each episode."""
    return InEach(plant, People) if isinstance(plant, VariedCentre) else People(plant)
