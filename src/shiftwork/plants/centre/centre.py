"""A naphtha cracking centre run by a team: receiving, blending, cracking."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from shiftwork.plants.centre import blending, cracking, harbour, market, observe, start
from shiftwork.plants.centre.layout import ARRAYS, Layout, layout_of, macro_actions_of
from shiftwork.plants.centre.market import REWARD_USD, Account
from shiftwork.plants.centre.numbers import Label, numbers_in, static_in, with_numbers
from shiftwork.plants.centre.scenario import Scenario
from shiftwork.plants.centre.state import DECOKING, QUEUED, CentreState, Seen
from shiftwork.plants.centre.traits import (
    blending_prospects,
    blending_traits,
    furnace_traits,
    receiving_prospects,
    receiving_traits,
)
from shiftwork.plants.cracker.yields import PRODUCTS
from shiftwork.plants.team_plant import Prospects, TeamStep, Traits


@jax.tree_util.register_pytree_node_class
@dataclass(frozen=True)
class Centre:
    """Ships, tanks and furnaces of a naphtha cracking centre; a step is an hour.

    The reward is profit in 1,000 $ per hour: margin less every cost of ``Account``. Rules that
    must hold do hold whatever macro-action is given: what is not allowed becomes what harms least
    (``docs/centre.md``).

    As an argument of a compiled program (``jax.jit``, ``equinox.filter_jit``) a centre's numbers
    are traced: another centre of the same shapes runs in the same program. Closed over, or as a
    static argument, they are constants of the program.

    Attributes:
        scenario: What the centre consists of, already checked (``load_scenario``).
    """

    scenario: Scenario

    def tree_flatten(self) -> tuple[tuple[dict[str, Any], dict[str, Any]], tuple[Any, ...]]:
        """Split into numbers, which are data of a program, and what the program is made for."""
        layout = {name: getattr(self.layout, name) for name in ARRAYS}
        shapes = (static_in(self.scenario), self.layout.ships)
        return (numbers_in(self.scenario), layout), (shapes, Label(self))

    @classmethod
    def tree_unflatten(
        cls, aux: tuple[Any, ...], children: tuple[dict[str, Any], dict[str, Any]]
    ) -> Centre:
        """Put (traced) numbers in the place of those of a plant with the same shapes."""
        like: Centre = aux[1].value
        numbers, arrays = children
        return like.of_same_shapes(with_numbers(like.scenario, numbers), arrays)

    def of_same_shapes(self, scenario: Scenario, arrays: dict[str, Any]) -> Centre:
        """Make a centre with other (traced) numbers; nothing is checked.

        Args:
            scenario: With these numbers.
            arrays: The fields of its layout that differ from this one's.
        """
        layout = object.__new__(Layout)
        vars(layout).update(vars(self.layout) | arrays)
        plant = object.__new__(Centre)
        vars(plant).update(
            scenario=scenario,
            layout=layout,
            macro_actions=self.macro_actions,
            _names=self._names,
        )
        return plant

    @functools.cached_property
    def layout(self) -> Layout:
        """The scenario in numbers."""
        return layout_of(self.scenario)

    @functools.cached_property
    def _names(self) -> tuple[tuple[str, ...], ...]:
        return names_of(self.scenario)

    @property
    def name(self) -> str:
        """The scenario's."""
        return self.scenario.name

    @property
    def family(self) -> str:
        """Of all scenarios."""
        return "centre"

    @property
    def agents(self) -> tuple[str, ...]:
        """Berths, blending, furnaces."""
        layout = self.layout
        furnaces = (
            ("furnaces",)
            if self.scenario.furnace_agents == "all"
            else tuple(f"furnace {f + 1}" for f in range(layout.furnaces))
        )
        return (*(f"berth {b + 1}" for b in range(layout.berths)), "blending", *furnaces)

    @property
    def roles(self) -> tuple[str, ...]:
        """Receiving, blending, furnace."""
        layout = self.layout
        return (
            *("receiving",) * layout.berths,
            "blending",
            *("furnace",) * layout.furnace_agents,
        )

    @property
    def observation_sizes(self) -> tuple[int, ...]:
        """Alike within a role."""
        return tuple(len(self.observation_names(agent)) for agent in range(len(self.agents)))

    @functools.cached_property
    def macro_actions(self) -> tuple[tuple[str, ...], ...]:
        """Alike within a role."""
        return macro_actions_of(self.scenario)

    @property
    def horizon(self) -> int:
        """Hours."""
        return 24 * self.scenario.horizon_d

    def observation_names(self, agent: int) -> tuple[str, ...]:
        """Name each column that an agent sees."""
        role = ("receiving", "blending", "furnace").index(self.roles[agent])
        return self._names[role]

    def traits(self, agent: int) -> tuple[Traits, ...]:
        """In what an agent's macro-actions are like each other."""
        seen, role = self.observation_names(agent), self.roles[agent]
        if role == "furnace":
            return furnace_traits(self.layout, seen)
        of = receiving_traits if role == "receiving" else blending_traits
        return of(self.layout, tuple(tank.name for tank in self.scenario.tanks), seen)

    def prospects(self, agent: int) -> Prospects | None:
        """What an agent's macro-actions would bring: compositions of tanks and blends."""
        seen, role = self.observation_names(agent), self.roles[agent]
        if role == "furnace":
            return None
        of = receiving_prospects if role == "receiving" else blending_prospects
        return of(self.layout, tuple(tank.name for tank in self.scenario.tanks), seen)

    def reset(self, key: PRNGKeyArray) -> TeamStep:
        """Draw an episode: its ships, the furnaces' ages, prices."""
        state = self.told(self.unseen(key), everybody=True)
        layout = self.layout
        nothing = {name: jnp.zeros(()) for name in Account._fields}
        flows = {name: jnp.zeros(()) for name in ("received_t", "feed_t", "residual_t")}
        info = nothing | flows | {
            "products_t": jnp.zeros(len(PRODUCTS)),
            "ethane_to_fuel_t": jnp.zeros(()),
            "ethane_residual_t": jnp.zeros(()),
            "cut_t": jnp.zeros(()),
            "fed": jnp.zeros((), bool),
            "forced": jnp.zeros(layout.furnaces, bool),
        }  # fmt: skip
        return self._team_step(state, jnp.zeros(()), info)

    def unseen(self, key: PRNGKeyArray) -> CentreState:
        """Draw an episode whose agents have not looked yet."""
        scenario, layout = self.scenario, self.layout
        ship_key, age_key, price_key = jax.random.split(key, 3)
        port = start.draw_harbour(scenario, layout, ship_key)
        tanks = start.first_tanks(layout)
        blend = start.first_blend(layout, tanks)
        hour = jnp.zeros((), jnp.int32)
        nobody = jnp.zeros(layout.agents, jnp.int32)
        return CentreState(
            hour=hour,
            harbour=harbour.look_out(scenario, port, hour),
            tanks=tanks,
            blend=blend,
            furnaces=start.draw_furnaces(scenario, layout, blend.piona, age_key),
            gas=start.first_gas_furnaces(scenario, layout),
            log_price=start.draw_log_price(scenario, layout, price_key),
            load=jnp.zeros(2),
            failed=jnp.zeros((), bool),
            macro_action=nobody,
            decided=jnp.ones(layout.agents, bool),
            seen=Seen(*(jnp.zeros(()),) * 6),
        )

    def step(
        self, state: CentreState, macro_action: Int[Array, " N"], key: PRNGKeyArray
    ) -> TeamStep:
        """Run one hour: choose, crack, unload and rest, count, look out."""
        scenario, layout = self.scenario, self.layout
        berths, furnace = slice(0, layout.berths), slice(layout.berths + 1, None)
        macro = jnp.where(state.decided, macro_action, state.macro_action).astype(jnp.int32)
        decided, seen = state.decided, state.seen

        # The unit never stops: blending comes before a berth that wants the same tank.
        chosen = blending.choose_recipe(
            scenario, layout, state.blend, state.tanks,
            decided[layout.berths], macro[layout.berths], seen.may_blend,
        )  # fmt: skip
        blend = chosen.blend
        feeding = blend.share > 0
        port, berth_macro = harbour.call_ships(
            scenario, layout, state.harbour,
            decided[berths], macro[berths], seen.may_berth, feeding,
        )  # fmt: skip
        furnaces, furnace_macro, decokes = cracking.set_furnaces(
            scenario, layout, state.furnaces, decided[furnace], macro[furnace]
        )
        carried = jnp.concatenate([berth_macro, blend.recipe[None], furnace_macro])
        macro = jnp.where(decided, carried, macro)

        fed = feeding.any()
        cracked = cracking.crack_hour(scenario, furnaces, state.gas, blend.piona, fed)
        feed_t = cracked.feed_t_per_h.sum()
        unloaded = harbour.unload(
            scenario, layout, port, state.tanks, blend.share * feed_t, state.hour
        )
        prices = market.prices_now(scenario, state.log_price)
        account = market.account(
            scenario, prices, chosen, fed, furnaces.mode, cracked, decokes, unloaded
        )

        hour = state.hour + 1
        after = CentreState(
            hour=hour,
            harbour=harbour.look_out(scenario, unloaded.harbour, hour),
            tanks=unloaded.tanks,
            blend=blending.after_hour(layout, blend, unloaded.tanks),
            furnaces=cracked.furnaces,
            gas=cracked.gas,
            log_price=market.move(scenario, layout, state.log_price, key),
            load=cracked.load,
            failed=state.failed | ~fed | cracked.forced.any(),
            macro_action=self._in_force(macro, cracked.furnaces.mode),
            decided=decided,
            seen=seen,
        )
        info = account._asdict() | self._flows(state, after, cracked, unloaded.received_t, port)
        info |= {"fed": fed, "forced": cracked.forced}
        return self._team_step(self.told(after), account.profit / REWARD_USD, info)

    def _in_force(self, macro: Int[Array, " N"], mode: Int[Array, " F"]) -> Int[Array, " N"]:
        """A forced decoke takes the place of what the furnace's agent wanted."""
        if self.scenario.furnace_agents == "all":
            return macro
        stopped = (mode == DECOKING) | (mode == QUEUED)
        others = jnp.zeros(self.layout.berths + 1, bool)
        return jnp.where(jnp.concatenate([others, stopped]), self.layout.decoke, macro)

    def told(self, state: CentreState, *, everybody: bool = False) -> CentreState:
        """Find who decides next, what each sees and may do."""
        scenario, layout = self.scenario, self.layout
        deciding = [
            harbour.deciding_berths(state.harbour),
            (state.blend.left_h == 0)[None],
            cracking.deciding_furnaces(scenario, state.furnaces),
        ]
        if everybody:
            deciding = [jnp.ones_like(who) for who in deciding]
        # A recipe that has ended holds no tank back from the berths.
        feeding = (state.blend.share > 0) & ~deciding[1]
        views = (
            observe.berth_columns(scenario, layout, state).values,
            observe.blend_columns(scenario, layout, state).values,
            observe.furnace_columns(scenario, layout, state).values,
        )
        if not everybody:
            old = (state.seen.berths, state.seen.blending[None], state.seen.furnaces)
            new = (views[0], views[1][None], views[2])
            kept = [
                jnp.where(who[:, None], now, before)
                for who, now, before in zip(deciding, new, old, strict=True)
            ]
            views = (kept[0], kept[1][0], kept[2])
        seen = Seen(
            *views,
            may_berth=harbour.may_berth(scenario, layout, state.harbour, state.tanks, feeding),
            may_blend=blending.may_blend(scenario, layout, state.tanks, state.harbour),
            may_crack=cracking.may_crack(scenario, layout, state.furnaces),
        )
        return state._replace(decided=jnp.concatenate(deciding), seen=seen)

    def _flows(
        self,
        before: CentreState,
        after: CentreState,
        cracked: cracking.Cracking,
        received_t: Float[Array, " K"],
        port: harbour.Harbour,
    ) -> dict[str, Array]:
        """What came, went and was made in an hour, and by how much the balances do not close."""
        feed_t = cracked.feed_t_per_h.sum()
        # Differences tank by tank: a sum of all stock would drown them in rounding.
        stocked = (after.tanks.mass_t - before.tanks.mass_t).sum()
        landed = (port.berthed[:, harbour.CARGO] - after.harbour.berthed[:, harbour.CARGO]).sum()
        drum = after.gas.ethane_t - before.gas.ethane_t
        products = cracked.total.products_t_per_h
        made = products.sum() + drum + cracked.ethane_to_fuel_t_per_h
        return {
            "received_t": received_t.sum(),
            "feed_t": feed_t,
            "products_t": products,
            "ethane_to_fuel_t": cracked.ethane_to_fuel_t_per_h,
            "cut_t": cracked.cut_t_per_h,
            "residual_t": landed - stocked - feed_t,
            "ethane_residual_t": feed_t - made,
        }

    def _team_step(
        self, state: CentreState, reward: Float[Array, ""], info: dict[str, Array]
    ) -> TeamStep:
        seen = state.seen
        wide = max(seen.berths.shape[1], seen.blending.shape[0], seen.furnaces.shape[1])
        many = max(map(len, self.macro_actions))

        def padded(rows: Array, width: int) -> Array:
            return jnp.pad(rows, ((0, 0), (0, width - rows.shape[1])))

        return TeamStep(
            state=state,
            observation=jnp.concatenate(
                [padded(rows, wide) for rows in (seen.berths, seen.blending[None], seen.furnaces)]
            ),
            decided=state.decided,
            mask=jnp.concatenate(
                [
                    padded(rows, many)
                    for rows in (seen.may_berth, seen.may_blend[None], seen.may_crack)
                ]
            ),
            reward=reward,
            terminal=jnp.zeros((), bool),
            info=info
            | {
                "macro_action": state.macro_action,
                "success": (state.hour >= self.horizon) & ~state.failed,
            },
        )


@functools.lru_cache(maxsize=32)
def names_of(scenario: Scenario) -> tuple[tuple[str, ...], ...]:
    """The columns' names of a berth, of blending, and of a furnace agent."""
    found: list[tuple[str, ...]] = []

    def look(key: Array) -> Array:
        state = Centre(scenario).unseen(key)
        layout = layout_of(scenario)
        for columns in (observe.berth_columns, observe.blend_columns, observe.furnace_columns):
            found.append(columns(scenario, layout, state).names)
        return key

    jax.eval_shape(look, jax.eval_shape(lambda: jax.random.key(0)))
    return tuple(found)
