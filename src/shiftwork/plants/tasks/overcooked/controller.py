"""How agents carry out macro-actions: from what each remembers to its next primitive action."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Int8, Int16

from shiftwork.plants.tasks.overcooked.cells import AHEAD, RIGHT, STAY, ahead, cell, distance, sees
from shiftwork.plants.tasks.overcooked.effects import is_floor
from shiftwork.plants.tasks.overcooked.kitchen import Kitchen
from shiftwork.plants.tasks.overcooked.navigation import find_ways
from shiftwork.plants.tasks.overcooked.state import CHOPPED, KitchenState

NOWHERE = 0
"""The corner cell as target of who has none."""


class Intent(NamedTuple):
    """What agents are about to do, (N,) each.

    Attributes:
        primitive: The primitive action.
        done: The macro-action ends with it, whatever comes of it.
        chop_count: Chops done by the running macro-action "chop".
    """

    primitive: Int8[Array, " N"]
    done: Bool[Array, " N"]
    chop_count: Int8[Array, " N"]


def decide(kitchen: Kitchen, state: KitchenState) -> Intent:
    """Take the next step of the macro-actions in force, on the memories of the last step."""
    macro = state.macro_action
    goes = (macro >= 1) & (macro < kitchen.chop)
    target = jnp.where(goes, _remembered(state, macro - 1), NOWHERE).astype(jnp.int16)
    wanted = goes
    if kitchen.wall:
        counter = _first_bare_counter(kitchen, state)
        to_counter = (macro == kitchen.go_to_counter) & (counter != NOWHERE)
        target = jnp.where(to_counter, counter, target)
        wanted |= to_counter
    first = _before_the_way(kitchen, state, target)
    way = find_ways(
        kitchen, state.believed, target, wanted & ~first.done & (first.primitive == STAY)
    )

    beside = distance(state.agent, target) == 1
    refrain, goes_on = _at_the_target(kitchen, state, target)
    going_done = ~way.exists | (beside & ~goes_on)
    going = jnp.where(beside & refrain, STAY, way.first_step)
    # Someone in the way, or nothing to get any more: decided before a way is looked for.
    special = first.done | (first.primitive != STAY)
    going = jnp.where(special, first.primitive, going)
    going_done = jnp.where(special, first.done, going_done)

    moves, chop = _move(kitchen, state), _chop(kitchen, state)
    stay = jnp.full_like(macro, STAY)
    primitive = jnp.where(macro >= kitchen.first_move, moves, stay)
    primitive = jnp.where(goes, going, primitive)
    primitive = jnp.where(macro == kitchen.chop, chop.primitive, primitive)
    done = ~goes | going_done
    done = jnp.where(macro == kitchen.chop, chop.done, done)
    if kitchen.wall:
        primitive = jnp.where(to_counter, way.first_step, primitive)
        done = jnp.where(to_counter, beside, done)
    count = jnp.where(macro == kitchen.chop, chop.chop_count, state.chop_count)
    return Intent(primitive.astype(jnp.int8), done, count.astype(jnp.int8))


def ends_on_arrival(kitchen: Kitchen, state: KitchenState) -> Bool[Array, " N"]:
    """Which macro-actions end by what agents know after the step."""
    macro = state.macro_action
    number = (macro - 1).astype(jnp.int8)
    target = _remembered(state, number)
    empty = state.hold < 0
    beside = distance(state.agent, target) == 1
    to_knife = (number >= kitchen.n_items) & (number < kitchen.delivery)
    ends = to_knife & empty & beside
    ends |= (
        beside
        & _is_food(kitchen, macro)
        & _at_knife(kitchen, state, target)
        & ~_chopped(state, number)
    )
    if kitchen.deliver == "deliver":  # not in the large kitchen, as published
        ends |= (number == kitchen.delivery) & empty & beside
    return ends | (_is_item(kitchen, macro) & (target != _true(state, number)))


def _before_the_way(kitchen: Kitchen, state: KitchenState, target: Int16[Array, " N"]) -> Intent:
    """What is tested before a way is looked for; primitive "stay" and not done if nothing holds."""
    macro = state.macro_action
    plates = state.item[kitchen.n_foods :]
    in_view = sees(state.agent, target)
    on_plate = _is_food(kitchen, macro) & in_view & (target[:, None] == plates[None]).any(1)
    occupied = in_view & _believes_agent(kitchen, state, target)
    # Agents beside a busy delivery or first knife step aside; fixed cells, as published.
    waits = _believes_agent(kitchen, state, jnp.full_like(target, cell(2, 1)))
    steps_aside = (target == cell(1, 0)) & (state.agent == cell(3, 1)) & waits & ~on_plate
    if kitchen.deliver == "deliver":
        at_corner = (state.agent == cell(1, 1)) & waits
        steps_aside |= (macro - 1 == kitchen.delivery) & at_corner
    primitive = jnp.where(steps_aside, RIGHT, STAY).astype(jnp.int8)
    return Intent(primitive, ~steps_aside & (on_plate | occupied), state.chop_count)


def _at_the_target(
    kitchen: Kitchen, state: KitchenState, target: Int16[Array, " N"]
) -> tuple[Bool[Array, " N"], Bool[Array, " N"]]:
    """Who, beside its target, had better do nothing, and who is not done with handling it."""
    macro, hold = state.macro_action, state.hold
    number = (macro - 1).astype(jnp.int8)
    food_in_hand = (hold >= 0) & (hold < kitchen.n_foods)
    gets_item, gets_food = _is_item(kitchen, macro), _is_food(kitchen, macro)
    gets_plate = gets_item & ~gets_food
    ready = food_in_hand & _chopped(state, hold)
    to_knife = (number >= kitchen.n_items) & (number < kitchen.delivery)
    refrain = gets_plate & food_in_hand & ~ready
    refrain |= to_knife & (hold < 0)
    refrain |= gets_food & _fresh_on_knife(kitchen, state, target)
    refrain |= gets_item & (target != _true(state, number))
    return refrain, gets_plate & ready


def _move(kitchen: Kitchen, state: KitchenState) -> Int8[Array, " N"]:
    """A single move, onto cells that the agent believes to be bare floor."""
    direction = (state.macro_action - kitchen.first_move).astype(jnp.int8)
    direction = jnp.where((direction >= RIGHT) & (direction <= 3), direction, STAY)
    aim = ahead(state.agent, direction)
    bare = is_floor(kitchen, aim) & ~(state.believed == aim[:, None]).any(1)
    return jnp.where(bare, direction, STAY).astype(jnp.int8)


def _chop(kitchen: Kitchen, state: KitchenState) -> Intent:
    """Chop what lies on the first knife around with a food that is not chopped yet."""
    primitive = jnp.full_like(state.macro_action, STAY)
    for direction in reversed(range(4)):
        aim = state.agent + AHEAD[direction]
        primitive = jnp.where(_fresh_on_knife(kitchen, state, aim), direction, primitive)
    chops = primitive != STAY
    count = state.chop_count + chops.astype(jnp.int8)
    full = count >= CHOPPED
    return Intent(
        primitive.astype(jnp.int8), ~chops | full, jnp.where(full, 0, count).astype(jnp.int8)
    )


def _first_bare_counter(kitchen: Kitchen, state: KitchenState) -> Int16[Array, " N"]:
    """The cell of the first counter in the wall that each agent believes bare, or ``NOWHERE``."""
    target = jnp.full_like(state.agent, NOWHERE)
    for counter in reversed(kitchen.counter_order):
        taken = (state.believed == counter).any(1)
        target = jnp.where(taken, target, counter)
    return target


def _is_item(kitchen: Kitchen, macro: Int8[Array, " N"]) -> Bool[Array, " N"]:
    return (macro >= 1) & (macro <= kitchen.n_items)


def _is_food(kitchen: Kitchen, macro: Int8[Array, " N"]) -> Bool[Array, " N"]:
    return (macro >= 1) & (macro <= kitchen.n_foods)


def _pick(values: Array, number: Int8[Array, " N"]) -> Array:
    """values[..., number] by comparison, which compiles better; 0 for other numbers."""
    hit = number[:, None] == jnp.arange(values.shape[-1], dtype=jnp.int8)[None]
    return jnp.where(hit, values, 0).sum(-1, dtype=values.dtype)


def _remembered(state: KitchenState, number: Int8[Array, " N"]) -> Int16[Array, " N"]:
    return _pick(state.believed, number)


def _true(state: KitchenState, number: Int8[Array, " N"]) -> Int16[Array, " N"]:
    return _pick(state.item, number)


def _chopped(state: KitchenState, number: Int8[Array, " N"]) -> Bool[Array, " N"]:
    return _pick(state.chops, number) == CHOPPED


def _believes_agent(
    kitchen: Kitchen, state: KitchenState, cells: Int16[Array, " N"]
) -> Bool[Array, " N"]:
    return (state.believed[:, -kitchen.n_agents :] == cells[:, None]).any(1)


def _at_knife(
    kitchen: Kitchen, state: KitchenState, cells: Int16[Array, " N"]
) -> Bool[Array, " N"]:
    knives = state.home[kitchen.n_items : kitchen.delivery]
    return (cells[:, None] == knives[None]).any(1)


def _fresh_on_knife(
    kitchen: Kitchen, state: KitchenState, cells: Int16[Array, " N"]
) -> Bool[Array, " N"]:
    """Whether a food that is not chopped truly lies there, on a knife."""
    there = cells[:, None] == state.item[None, : kitchen.n_foods]
    fresh = there & (state.chops < CHOPPED)[None]
    return _at_knife(kitchen, state, cells) & fresh.any(1)
