"""Centres run by people and by chance, compiled once for all tests of a process."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from shiftwork.people.centre.people import People
from shiftwork.people.centre.years import people_years
from shiftwork.plants.centre.rules import broken_rules
from shiftwork.plants.centre.trace import CentreTrace, hour_of
from shiftwork.yardsticks.simple import RandomLegal

# Small centres with known values stand beside the centre's own tests.
from support.centre_builders import centre
from support.compile_options import QUICK

__all__ = ["centre", "played", "small_years", "with_trait"]


def with_trait(rota, **traits):
    """The same people, all with the same values of some traits."""
    persons = rota.persons
    new = {name: jnp.full_like(persons.skill, value) for name, value in traits.items()}
    return rota._replace(persons=persons._replace(**new))


@functools.lru_cache(maxsize=8)
def played(name, hours, copies, changes=()):
    """People, then chance, on the same ships and prices.

    Returns:
        Traces of both, (2 * copies, hours, ...), the people's first, and what was broken: rules of
        the plant, and macro-actions that the mask did not allow.
    """
    keys = jax.random.split(jax.random.key(3), copies)
    twice = jnp.concatenate([keys, keys])
    trace, broken = _both(centre(changes, name), twice, jnp.arange(2 * copies) < copies, hours)
    return jax.tree.map(np.asarray, (trace, broken))


@functools.partial(jax.jit, static_argnames="hours", compiler_options=QUICK)
def _both(plant, keys, by_people, hours):
    """Run episodes; the plant is data, so that scenarios of the same shapes share a program."""
    people = People(plant)

    def episode(key, by_people):
        hire_key, reset_key, run_key = jax.random.split(key, 3)
        first = plant.reset(reset_key)

        def hour(carry, keys):
            before, rota = carry
            rota, ours = people.act(rota, before, keys[0])
            _, chance = RandomLegal().act((), before, keys[0])
            macro = jnp.where(by_people, ours, chance)
            allowed = jnp.take_along_axis(before.mask, ours[:, None], 1)[:, 0]
            after = plant.step(before.state, macro, keys[1])
            broken = broken_rules(plant, before.state, after)
            broken["not allowed"] = (before.decided & ~allowed).any()
            broken["changed by the plant"] = by_people & _overruled(plant, before, ours, after)
            told = hour_of(plant, before, after, rota)
            return (after._replace(info={}), rota), (told, broken)

        start = first._replace(info={}), people.begin(hire_key)
        keys = jax.random.split(run_key, 2 * hours).reshape(2, hours)
        _, (told, broken) = jax.lax.scan(hour, start, (keys[0], keys[1]))
        return CentreTrace(plant_ships(first), told), broken

    return jax.vmap(episode)(keys, by_people)


def plant_ships(first):
    from shiftwork.plants.centre.start import unpacked

    return unpacked(first.state.harbour.table)


def _overruled(plant, before, ours, after):
    """The plant did something else than what blending or a furnace was told to do.

    In an hour in which somebody goes on stand-by others may have to hold: they do not know of it.
    """
    layout = plant.layout
    panel = jnp.arange(len(ours)) > layout.berths
    forced = panel & after.info["forced"].any()
    quiet = ~(before.decided & panel & (ours == layout.stand_by)).any()
    other = after.info["macro_action"] != ours
    decides = before.decided & (jnp.arange(len(ours)) >= layout.berths)
    return (decides & other & ~forced).any() & quiet


@functools.lru_cache(maxsize=1)
def small_years():
    """A small centre, and two short years of people on it."""
    return people_years(centre().scenario, jax.random.key(8), 2, days=10)
