"""The primitive layer: what the agents' moves do to the true kitchen."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float32, Int, Int8, Int16

from shiftwork.plants.tasks.overcooked.cells import STAY, ahead, column_of, row_of
from shiftwork.plants.tasks.overcooked.kitchen import Kitchen
from shiftwork.plants.tasks.overcooked.state import CHOPPED, KitchenState

STEP_REWARD, CHOP_REWARD, DELIVERY_REWARD, WRONG_DELIVERY_REWARD = -0.1, 10.0, 200.0, -5.0


class Outcome(NamedTuple):
    """What the primitive actions of one step have led to.

    Attributes:
        state: With agents, hands, items, chops and plates as they are now.
        reward: Earned by the team.
        delivered: The meal has been delivered.
        chopped: Foods that have become chopped.
        wrong_deliveries: Of anything but the meal.
    """

    state: KitchenState
    reward: Float32[Array, ""]
    delivered: Bool[Array, ""]
    chopped: Int8[Array, ""]
    wrong_deliveries: Int8[Array, ""]


class _Turn(NamedTuple):
    """Between the turns of walking agents.

    Attributes:
        agent: The agents' cells.
        settled: Who has had its move, or stays.
        number: Turns so far.
    """

    agent: Int16[Array, " N"]
    settled: Bool[Array, " N"]
    number: Int[Array, ""]


def act(kitchen: Kitchen, state: KitchenState, primitive: Int8[Array, " N"]) -> Outcome:
    """Carry out one primitive action of every agent.

    Who aims at a floor cell moves, who aims at anything else handles what stands there. The two
    never touch each other: items stand on no floor, and who handles something does not move.
    """
    aim = ahead(state.agent, primitive)
    walks = is_floor(kitchen, aim) & (primitive != STAY)
    handles = ~walks & (primitive != STAY)
    outcome = _handle(kitchen, state, aim, handles)
    agent = _walk(state.agent, aim, walks)
    return outcome._replace(state=_carry(kitchen, outcome.state._replace(agent=agent)))


def is_floor(kitchen: Kitchen, cells: Int16[Array, "*A"]) -> Bool[Array, "*A"]:
    """Whether agents can stand in cells."""
    row, column, last = row_of(cells), column_of(cells), kitchen.size - 1
    inside = (row > 0) & (row < last) & (column > 0) & (column < last)
    return inside & ~((column == kitchen.middle) & (row <= kitchen.wall))


def _walk(
    agent: Int16[Array, " N"], aim: Int16[Array, " N"], walks: Bool[Array, " N"]
) -> Int16[Array, " N"]:
    """Move agents in the order of their numbers, in as many passes as it takes.

    Two that want each other's cell change places, and so do all in a longer ring. Who finds its
    way taken by an agent that has yet to move waits for the next pass; by any other, stays.
    """
    n = agent.shape[0]
    ring = _in_ring(agent, aim, walks)

    def turn(at: _Turn) -> _Turn:
        me = jnp.arange(n) == at.number % n
        my_aim = jnp.where(me, aim, 0).sum(dtype=aim.dtype)
        there = at.agent == my_aim
        moves = me & ~at.settled & ~there.any()
        settled = at.settled | moves | (me & (there & at.settled).any())
        return _Turn(jnp.where(moves, aim, at.agent), settled, at.number + 1)

    # A ring's members can be settled first: nobody can take their cells before they move.
    begin = _Turn(jnp.where(ring, aim, agent), ~walks | ring, jnp.zeros((), jnp.int32))
    return jax.lax.while_loop(lambda at: ~at.settled.all(), turn, begin).agent


def _in_ring(
    agent: Int16[Array, " N"], aim: Int16[Array, " N"], walks: Bool[Array, " N"]
) -> Bool[Array, " N"]:
    """Who comes back to itself by going from each walker to the walker whose cell it wants."""
    n = agent.shape[0]
    bit = jnp.asarray([1 << i for i in range(n)], jnp.int32)
    wants = (aim[:, None] == agent[None]) & walks[:, None] & walks[None]
    following = jnp.where(wants, bit, 0).sum(1)  # at most one bit: no two stand in one cell
    reached, ring = following, jnp.zeros(n, bool)
    for _ in range(n - 1):
        steps = [jnp.where(reached & (1 << j) != 0, following[j], 0) for j in range(n)]
        reached = sum(steps[1:], steps[0])
        ring |= reached == bit
    return ring


def _handle(
    kitchen: Kitchen, state: KitchenState, aim: Int16[Array, " N"], handles: Bool[Array, " N"]
) -> Outcome:
    """Let agents handle what they aim at, in the order of their numbers."""
    foods, items = kitchen.n_foods, kitchen.n_items
    knives, delivery = state.home[items : kitchen.delivery], state.home[kitchen.delivery]
    number = jnp.arange(items, dtype=jnp.int8)
    item, chops, plate = state.item, state.chops, state.plate
    hold = list(state.hold)
    chopped = wrong = jnp.zeros((), jnp.int8)
    delivered = jnp.zeros((), bool)
    for i in range(kitchen.n_agents):
        at_knife = (aim[i] == knives).any()
        at_delivery = aim[i] == delivery
        empty = hold[i] < 0
        # Held items have the cells of their carriers, where nobody aims.
        lying = (item == aim[i]) & _with_plates(plate < 0, items)
        there = jnp.where(lying, number, items).min()  # one at most, or the first of them
        top = number == there
        ready = chops == CHOPPED
        food_ready = (top[:foods] & ready).any()
        fresh_there = (there < foods) & ~food_ready
        plate_there = (there >= foods) & (there < items)
        mine = number == hold[i]
        my_food_ready = (mine[:foods] & ready).any()
        my_plate = hold[i] >= foods

        take = handles[i] & empty & (there < items) & ~at_delivery & ~(at_knife & fresh_there)
        chop = handles[i] & empty & at_knife & fresh_there
        onto_plate = handles[i] & my_food_ready & plate_there
        into_plate = handles[i] & my_plate & food_ready
        put = handles[i] & ~empty & (there == items) & ~at_delivery
        hand_over = handles[i] & ~empty & at_delivery
        on_my_plate = (plate == hold[i]) & my_plate
        right = hand_over & on_my_plate.all()
        back = hand_over & ~right

        plate = jnp.where(onto_plate & mine[:foods], there, plate)
        plate = jnp.where(into_plate & top[:foods], hold[i], plate)
        item = jnp.where((onto_plate | put | right) & mine, aim[i], item)
        item = jnp.where(into_plate & top, state.agent[i], item)
        done_now = chop & top[:foods] & (chops == CHOPPED - 1)
        chops = chops + (chop & top[:foods]).astype(jnp.int8)
        home_again = back & (mine | _with_plates(on_my_plate, items, False))
        item = jnp.where(home_again, state.home[:items], item)
        chops = jnp.where(home_again[:foods], 0, chops).astype(jnp.int8)
        plate = jnp.where(home_again[:foods], -1, plate).astype(jnp.int8)
        takes_plate = onto_plate & at_knife
        emptied = put | hand_over | (onto_plate & ~at_knife)
        hold[i] = jnp.where(take | takes_plate, there, jnp.where(emptied, -1, hold[i]))
        chopped += done_now.any().astype(jnp.int8)
        wrong += back.astype(jnp.int8)
        delivered |= right
        # What is taken is nobody else's any more in this step.
        item = jnp.where((take | takes_plate) & top, state.agent[i], item)
    reward = STEP_REWARD + CHOP_REWARD * chopped.astype(jnp.float32)
    reward += DELIVERY_REWARD * delivered.astype(jnp.float32)
    reward += WRONG_DELIVERY_REWARD * wrong.astype(jnp.float32)
    held = jnp.stack(hold).astype(jnp.int8)
    changed = state._replace(item=item, chops=chops, plate=plate, hold=held)
    return Outcome(changed, reward, delivered, chopped, wrong)


def _carry(kitchen: Kitchen, state: KitchenState) -> KitchenState:
    """Let items go where their carriers, and foods where their plates went."""
    foods, items = kitchen.n_foods, kitchen.n_items
    held = state.hold[:, None] == jnp.arange(items, dtype=jnp.int8)[None]
    carrier = jnp.where(held, state.agent[:, None], 0).sum(0, dtype=jnp.int16)
    item = jnp.where(held.any(0), carrier, state.item)
    on = state.plate[:, None] == jnp.arange(foods, items, dtype=jnp.int8)[None]
    with_plate = jnp.where(on, item[foods:], 0).sum(1, dtype=jnp.int16)
    foods_at = jnp.where(state.plate < 0, item[:foods], with_plate)
    return state._replace(item=jnp.concatenate([foods_at, item[foods:]]))


def _with_plates(foods: Bool[Array, " F"], items: int, plates: bool = True) -> Bool[Array, " I"]:
    """Extend what holds for foods to all items."""
    return jnp.concatenate([foods, jnp.full(items - foods.shape[0], plates)])
