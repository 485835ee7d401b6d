"""Who is on shift: four crews with a person at each of three desks, all different.

A person is a column of numbers, drawn once; crews take turns, and moods drift.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

CREWS = 4
"""Crews that take turns (K: four or five, in shifts of 8 or 12 h)."""
HARBOUR, BLENDING, PANEL = range(3)
"""Desks: who takes ships in, who mixes the feed, who runs the furnaces."""
MOOD_HOLDS = 0.98
"""Of a mood, from one hour to the next: it turns within two days."""


class Person(NamedTuple):
    """The persons of a desk, each value (*X,); only the desk concerned reads a value.

    Attributes:
        skill: From 0, a beginner, to 1.
        attention: Probability of noticing that something is to be done, each time it may be.
        slip: Probability that a decision is a mistake.
        by_number: How strongly tanks are used in the order of their numbers.
        by_level: How strongly the emptiest tank is filled, or the lowest drawn down.
        by_likeness: Harbour: how strongly like goes to like; below 0 cargoes are rather diluted.
        room_share: Harbour: a tank needs so much free of its usable volume to be worth filling.
        hurry_h: Harbour: hours before demurrage from which any room will do.
        reserve_h: Harbour: hours of feed that must stay released while a ready tank is filled.
        looks_at_laytime: Harbour: calls the second ship if its laytime runs out first.
        paraffin_low: Blending: below this share of paraffins the feed is "too heavy".
        paraffin_high: Blending: above it the feed is "too light".
        keeps: Blending: how strongly a recipe is kept that need not end.
        uses_up: Blending: how strongly an awkward tank is mixed away while others can make up.
        simple: Blending: dislike of recipes with several tanks.
        cot_c: Panel: outlet temperature held to be right for usual feed at usual prices.
        price_gain_c: Panel: outlet temperature for a tenth more of ethylene over naphtha.
        paraffin_gain_c: Panel: outlet temperature for a tenth more of paraffins.
        nursing_c: Panel: taken off where the tubes near the end of a run.
        ease_load: Panel: share of the compressor's or the steam limit above which feed is eased.
        full_cover_d: Panel: days of stock from which the furnaces run full.
        low_cover_d: Panel: days of stock below which they run at their least.
        stop_cover_h: Panel: hours of released stock below which furnaces go on stand-by.
        end_c: Panel: tube temperature at which a decoke is due.
        oldest_run_d: Panel: days after which it is due whatever the tubes say.
        stagger_d: Panel: days between one furnace's decoke and the next one's.
    """

    skill: Float[Array, "*X"]
    attention: Float[Array, "*X"]
    slip: Float[Array, "*X"]
    by_number: Float[Array, "*X"]
    by_level: Float[Array, "*X"]
    by_likeness: Float[Array, "*X"]
    room_share: Float[Array, "*X"]
    hurry_h: Float[Array, "*X"]
    reserve_h: Float[Array, "*X"]
    looks_at_laytime: Float[Array, "*X"]
    paraffin_low: Float[Array, "*X"]
    paraffin_high: Float[Array, "*X"]
    keeps: Float[Array, "*X"]
    uses_up: Float[Array, "*X"]
    simple: Float[Array, "*X"]
    cot_c: Float[Array, "*X"]
    price_gain_c: Float[Array, "*X"]
    paraffin_gain_c: Float[Array, "*X"]
    nursing_c: Float[Array, "*X"]
    ease_load: Float[Array, "*X"]
    full_cover_d: Float[Array, "*X"]
    low_cover_d: Float[Array, "*X"]
    stop_cover_h: Float[Array, "*X"]
    end_c: Float[Array, "*X"]
    oldest_run_d: Float[Array, "*X"]
    stagger_d: Float[Array, "*X"]


RANGES: dict[str, tuple[float, float, float]] = {
    "attention": (0.60, 0.80, 0.18),
    "slip": (0.012, 0.016, -0.010),
    "by_number": (0.2, 1.2, -0.2),
    "by_level": (0.0, 1.0, 0.8),
    "by_likeness": (-0.6, 0.8, -0.6),
    "room_share": (0.25, 0.60, 0.0),
    "hurry_h": (4.0, 30.0, 0.0),
    "reserve_h": (14.0, 30.0, 6.0),
    "looks_at_laytime": (0.0, 0.6, 0.6),
    "paraffin_low": (0.62, 0.70, 0.0),
    "paraffin_high": (0.76, 0.82, 0.0),
    "keeps": (0.3, 1.0, 0.6),
    "uses_up": (0.0, 1.0, 1.0),
    "simple": (0.2, 1.2, -0.2),
    "cot_c": (828.0, 850.0, 0.0),
    "price_gain_c": (0.0, 4.0, 4.0),
    "paraffin_gain_c": (-1.0, 4.0, 0.0),
    "nursing_c": (0.0, 4.0, 8.0),
    "ease_load": (0.985, 1.02, -0.01),
    "full_cover_d": (3.0, 6.0, -0.5),
    "low_cover_d": (1.2, 2.2, 0.0),
    "stop_cover_h": (6.0, 14.0, 8.0),
    "end_c": (1066.0, 1088.0, 4.0),
    "oldest_run_d": (42.0, 70.0, 5.0),
    "stagger_d": (2.0, 4.5, 0.0),
}
"""What a beginner may be at the lowest and the highest, and by how much skill moves that."""


class Rota(NamedTuple):
    """The people's memory.

    Attributes:
        persons: Values (3, 4): desks by crews.
        shift_h: Length of a shift, 8 or 12, ().
        begun_h: Hours since a first shift began when the record does, ().
        mood: Of whoever is at each desk, about 0 with a deviation of 1, (3,).
        crew: Which crew decided last, ().
        late: Decisions of the last hour by someone who had not noticed, (N,).
        slipped: Decisions of the last hour that were mistakes, (N,).
    """

    persons: Person
    shift_h: Int[Array, ""]
    begun_h: Int[Array, ""]
    mood: Float[Array, " 3"]
    crew: Int[Array, ""]
    late: Bool[Array, " N"]
    slipped: Bool[Array, " N"]


def hire(key: PRNGKeyArray) -> Person:
    """Draw the persons of all desks and crews, (3, 4)."""
    draw = jax.random.uniform(key, (1 + len(RANGES), 3, CREWS))
    skill = draw[0]
    drawn = {
        name: low + (high - low) * draw[1 + row] + by_skill * skill
        for row, (name, (low, high, by_skill)) in enumerate(RANGES.items())
    }
    return Person(skill=skill, **drawn)


def first_rota(agents: int, key: PRNGKeyArray) -> Rota:
    """Hire people and begin somewhere in their weeks."""
    hire_key, length_key, turn_key = jax.random.split(key, 3)
    nobody = jnp.zeros(agents, bool)
    return Rota(
        persons=hire(hire_key),
        shift_h=jax.random.choice(length_key, jnp.array([8, 12])),
        begun_h=jax.random.randint(turn_key, (), 0, 12 * CREWS),
        mood=jnp.zeros(3),
        crew=jnp.zeros((), jnp.int32),
        late=nobody,
        slipped=nobody,
    )


def on_shift(rota: Rota, hour: Int[Array, ""], drawn: Float[Array, " 3"]) -> tuple[Rota, Person]:
    """Find who sits at each desk now, values (3,), and let their moods drift.

    Args:
        rota: Before.
        hour: Of the record.
        drawn: Standard normal numbers.
    """
    crew = (hour + rota.begun_h) // rota.shift_h % CREWS
    drift = np.sqrt(1.0 - MOOD_HOLDS**2)
    mood = MOOD_HOLDS * rota.mood + drift * drawn
    here: Person = jax.tree.map(lambda value: value[:, crew], rota.persons)
    return rota._replace(mood=mood, crew=crew.astype(jnp.int32)), here


def at_desk(persons: Person, desk: int) -> Person:
    """The one at a desk, values ()."""
    one: Person = jax.tree.map(lambda value: value[desk], persons)
    return one
