"""In what macro-actions of a cracking centre are like each other, and what they would bring.

Tanks are alike, and so are ships at anchor: an agent that likes a recipe with much of a full tank likes it
for every tank. But each tank is itself too: they differ in size and in what they hold at first. A setting of a
furnace is its temperature and its feed.
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jaxtyping import Int32

from shiftwork.plants.centre.layout import NO_RECIPE, WAIT, WAITING, Layout
from shiftwork.plants.centre.observe import SHOWN
from shiftwork.plants.cracker.feed import CLASSES
from shiftwork.plants.team_plant import Prospects, Traits

NOTHING = np.zeros((1, 0), np.int32)
"""Columns of what is the same whatever is seen."""


def receiving_traits(
    layout: Layout, tank_names: tuple[str, ...], seen: tuple[str, ...]
) -> tuple[Traits, ...]:
    """Which tank a ship is sent to, which ship, and waiting.

    Args:
        layout: Of the centre.
        tank_names: In the order of their numbers.
        seen: Names of the columns that a berth sees.
    """
    tanks, ships = layout.tanks, WAITING
    into = np.zeros((layout.berth_actions, tanks, 1), np.float32)
    called = np.zeros((layout.berth_actions, ships, 1), np.float32)
    for number in range(ships * tanks):
        into[1 + number, number % tanks] = 1.0
        called[1 + number, number // tanks] = 1.0
    rest = np.zeros((layout.berth_actions, 1, 2), np.float32)
    rest[WAIT, 0, 0] = 1.0
    rest[1 + tanks :, 0, 1] = 1.0
    return (
        Traits(jnp.asarray(into), _of_things(_tanks(tank_names), seen)),
        Traits(jnp.asarray(called), _of_things(_anchored(), seen)),
        Traits(jnp.asarray(rest), NOTHING),
        Traits(jnp.asarray(into[:, None, :, 0]), NOTHING),
    )


def receiving_prospects(
    layout: Layout, tank_names: tuple[str, ...], seen: tuple[str, ...]
) -> Prospects:
    """How far what is in the tank lies from what the ship brings; as above."""
    tanks, ships = layout.tanks, WAITING
    shares = np.zeros((layout.berth_actions, tanks + ships), np.float32)
    for number in range(ships * tanks):
        shares[1 + number, number % tanks] = 1.0
        shares[1 + number, tanks + number // tanks] = -1.0
    things = (*_tanks(tank_names), *_anchored())
    return Prospects(jnp.asarray(shares), _compositions(things, seen))


def blending_traits(
    layout: Layout, tank_names: tuple[str, ...], seen: tuple[str, ...]
) -> tuple[Traits, ...]:
    """What a recipe takes from each tank, of how many it is made, and no recipe; as above."""
    recipes = jnp.asarray(layout.recipes)
    parts = (recipes > 0).sum(1).astype(jnp.float32)
    none = jnp.arange(len(parts)) == NO_RECIPE
    rest = jnp.stack([jnp.maximum(parts - 1.0, 0.0), none.astype(jnp.float32)], 1)
    return (
        Traits(recipes[..., None], _of_things(_tanks(tank_names), seen)),
        Traits(rest[:, None], NOTHING),
        Traits(recipes[:, None], NOTHING),
    )


def blending_prospects(
    layout: Layout, tank_names: tuple[str, ...], seen: tuple[str, ...]
) -> Prospects:
    """How far the blend of a recipe lies from the one in force, and from the middle; as above."""
    recipes = jnp.asarray(layout.recipes)
    feeds = jnp.arange(len(recipes)) != NO_RECIPE
    shares = jnp.concatenate([recipes, -feeds[:, None].astype(jnp.float32)], 1)
    off_blend = _compositions((*_tanks(tank_names), "blend"), seen)
    off_middle = off_blend.copy()
    off_middle[-1] = -1
    return Prospects(shares, np.concatenate([off_blend, off_middle], 1))


def furnace_traits(layout: Layout, seen: tuple[str, ...]) -> tuple[Traits, ...]:
    """Temperature, how far it is from the middle, feed, and the two that are no settings."""
    points = jnp.asarray(layout.set_points)
    spread = jnp.maximum(points.std(0, keepdims=True), 1e-6)
    hot, feed = ((points - points.mean(0, keepdims=True)) / spread).T
    settings = jnp.stack([hot, jnp.square(hot) - 1.0, feed], 1)
    others = layout.furnace_actions - len(points)
    values = jnp.zeros((layout.furnace_actions, 1, 3 + others))
    values = values.at[: len(points), 0, :3].set(settings)
    values = values.at[len(points) :, 0, 3:].set(jnp.eye(others))
    return (Traits(values, np.arange(len(seen), dtype=np.int32)[None]),)


def _tanks(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"tank {name}" for name in names)


def _anchored() -> tuple[str, ...]:
    return tuple(f"ship at anchor {ship + 1}" for ship in range(WAITING))


def _compositions(things: tuple[str, ...], seen: tuple[str, ...]) -> Int32[np.ndarray, "S C"]:
    """Find the columns of what things are made of."""
    return np.array(
        [[seen.index(f"{thing} {CLASSES[c]}") for c in SHOWN] for thing in things], np.int32
    )


def _of_things(things: tuple[str, ...], seen: tuple[str, ...]) -> Int32[np.ndarray, "S C"]:
    """Find the columns about each thing; those of the first say which there are.

    Of ships at anchor and of tanks all have the same columns in the same order.
    """
    about = [
        name.removeprefix(f"{things[0]} ") for name in seen if name.startswith(f"{things[0]} ")
    ]
    return np.array(
        [[seen.index(f"{thing} {column}") for column in about] for thing in things], np.int32
    )
