"""Overcooked with macro-actions: a team cooks a meal in a kitchen that each sees only in part.

Written independently from a description of Xiao, Tan and Amato 2022, "Asynchronous Actor-Critic for
Multi-Agent Reinforcement Learning". Every recorded step of the public environment
(WeihaoTan/gym-macro-overcooked, as in LGAI-Research/acac) is reproduced, the choice among equally
good paths included (``tests/plants/tasks/test_overcooked_golden.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float32, Int, Int8, Int16, PRNGKeyArray

from shiftwork.plants.tasks.overcooked import start
from shiftwork.plants.tasks.overcooked.belief import remember
from shiftwork.plants.tasks.overcooked.controller import Intent, decide, ends_on_arrival
from shiftwork.plants.tasks.overcooked.effects import CHOP_REWARD, act
from shiftwork.plants.tasks.overcooked.kitchen import KITCHENS, Kitchen
from shiftwork.plants.tasks.overcooked.observe import look, places, scale
from shiftwork.plants.tasks.overcooked.state import CHOPPED, KitchenState
from shiftwork.plants.team_plant import TeamStep
from shiftwork.records.positions import Places


@dataclass(frozen=True)
class Overcooked:
    """A kitchen, from a map as it is or with everything at random places.

    Each step costs 0.1; a food's third chop earns 10, the meal of all foods on one plate 200 and
    the end; anything else delivered costs 5 and goes back to where it was at the start, unchopped.

    So chops can be paid again and again. In a large kitchen, where a meal takes 18 of them, six cooks
    who deliver anything but the meal earn nearly as much as with it, and learning finds that first;
    ``once`` closes this way.

    Attributes:
        map: "A" (open), "B" (a wall of counters between two halves) or "C" (the wall has a gap),
            with "large-" in front for 11 x 11 cells and six agents.
        random: Everything but the counters is placed at random at each reset.
        once: Of each food the first chop is paid alone. Never more than without, and the same
            wherever nothing wrong is delivered.
    """

    map: str = "A"
    random: bool = False
    once: bool = False

    @property
    def kitchen(self) -> Kitchen:
        """The map with its agents and objects."""
        return KITCHENS[self.map]

    @property
    def name(self) -> str:
        """With the map, "rand" if random, and "once" if chops are paid once."""
        return f"overcooked-{self.map}{'-rand' * self.random}{'-once' * self.once}"

    @property
    def family(self) -> str:
        """Of the small kitchens, or of the large ones."""
        return "overcooked-large" if self.map.startswith("large") else "overcooked"

    @property
    def agents(self) -> tuple[str, ...]:
        """Agent 1, 2, ..."""
        return self.kitchen.object_names[-self.kitchen.n_agents :]

    @property
    def roles(self) -> tuple[str, ...]:
        """All are cooks."""
        return ("cook",) * self.kitchen.n_agents

    @property
    def observation_sizes(self) -> tuple[int, ...]:
        """All alike."""
        return (len(scale(self.kitchen)),) * self.kitchen.n_agents

    @property
    def places(self) -> Places:
        """Of every object and agent: row and column."""
        return places(self.kitchen)

    @property
    def macro_actions(self) -> tuple[tuple[str, ...], ...]:
        """All alike."""
        return (self.kitchen.macro_actions,) * self.kitchen.n_agents

    @property
    def horizon(self) -> int:
        """200 steps, 400 in a large kitchen."""
        return 200 if self.kitchen.size == 7 else 400

    def reset(self, key: PRNGKeyArray) -> TeamStep:
        """Begin with empty hands, fresh foods, and a memory of where everything is."""
        return self.begin(self._places(key))

    def reset_half_way(self, key: PRNGKeyArray) -> TeamStep:
        """Begin with none to all of the work done, as ``start.half_done`` draws it."""
        place_key, work_key = jax.random.split(key)
        places = self._places(place_key)
        return self.begin(places, start.half_done(self.kitchen, places, work_key))

    def begin(self, places: Int16[Array, " M"], work: start.Work | None = None) -> TeamStep:
        """Begin with all objects in given cells.

        Args:
            places: Of all objects; where items go back to when something wrong is delivered.
            work: How far the foods and plates have come; None for not at all.
        """
        kitchen = self.kitchen
        n = kitchen.n_agents
        work = start.nothing_done(kitchen, places) if work is None else work
        now = places.at[: kitchen.n_items].set(work.item)
        state = KitchenState(
            agent=places[-n:],
            hold=jnp.full(n, -1, jnp.int8),
            item=work.item,
            chops=work.chops,
            plate=work.plate,
            home=places,
            believed=jnp.broadcast_to(now, (n, kitchen.n_objects)),
            chop_count=jnp.zeros(n, jnp.int8),
            macro_action=jnp.zeros(n, jnp.int8),
            decided=jnp.ones(n, bool),
            seen=jnp.zeros((n, self.observation_sizes[0]), jnp.int8),
            paid=(work.chops == CHOPPED) if self.once else jnp.zeros(0, bool),
        )
        info = {
            "macro_action": state.macro_action,
            "primitive": jnp.full(n, 4, jnp.int8),
            "success": jnp.zeros((), bool),
            "chopped": jnp.zeros((), jnp.int8),
            "wrong_deliveries": jnp.zeros((), jnp.int8),
        }
        seen = state._replace(seen=look(kitchen, state))
        return self._team_step(seen, jnp.zeros((), jnp.float32), info)

    def step(
        self, state: KitchenState, macro_action: Int[Array, " N"], key: PRNGKeyArray
    ) -> TeamStep:
        """Let every agent take the next primitive action of its macro-action."""
        del key  # nothing is random after the reset
        chosen = self.choose(state, macro_action)
        return self.carry_out(chosen, decide(self.kitchen, chosen))

    def choose(self, state: KitchenState, macro_action: Int[Array, " N"]) -> KitchenState:
        """Put the macro-actions of those who decide in force."""
        macro = jnp.where(state.decided, macro_action.astype(jnp.int8), state.macro_action)
        return state._replace(macro_action=macro)

    def carry_out(self, state: KitchenState, intent: Intent) -> TeamStep:
        """Let agents do what they intend, and see and remember what comes of it."""
        kitchen = self.kitchen
        outcome = act(kitchen, state, intent.primitive)
        after = outcome.state
        after = after._replace(
            believed=remember(after.believed, after.agent, after.object_cells, after.home),
            chop_count=intent.chop_count,
        )
        decided: Bool[Array, " N"] = intent.done | ends_on_arrival(kitchen, after)
        seen: Int8[Array, "N D"] = jnp.where(decided[:, None], look(kitchen, after), after.seen)
        info = {
            "macro_action": after.macro_action,
            "primitive": intent.primitive,
            "success": outcome.delivered,
            "chopped": outcome.chopped,
            "wrong_deliveries": outcome.wrong_deliveries,
        }
        reward = outcome.reward
        if self.once:
            paid = after.paid | (after.chops == CHOPPED)
            again = outcome.chopped.astype(jnp.int32) - (paid & ~after.paid).sum()
            reward -= CHOP_REWARD * again.astype(jnp.float32)
            after = after._replace(paid=paid)
        return self._team_step(after._replace(decided=decided, seen=seen), reward, info)

    def _places(self, key: PRNGKeyArray) -> Int16[Array, " M"]:
        if self.random:
            return start.random_places(self.kitchen, key)
        return start.places(self.kitchen)

    def _team_step(
        self, state: KitchenState, reward: Float32[Array, ""], info: dict[str, Array]
    ) -> TeamStep:
        return TeamStep(
            state=state,
            observation=state.seen.astype(jnp.float32) / scale(self.kitchen)[None],
            decided=state.decided,
            mask=jnp.ones((state.agent.shape[0], len(self.kitchen.macro_actions)), bool),
            reward=reward,
            terminal=info["success"],
            info=info,
        )
