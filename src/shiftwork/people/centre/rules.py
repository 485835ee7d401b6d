"""The people's rules without the people: the same rules of thumb, always awake, with values to tune.

Who sits at a desk has habits as numbers (``Person``). Here one set of them holds at all desks and in
every shift; nobody misses an occasion, has a mood or makes a mistake. A file of such values is an
operator that every comparison takes.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from shiftwork.errors import UserError, unknown
from shiftwork.files import VERSION, written_whole
from shiftwork.people.centre.crew import RANGES, Person
from shiftwork.people.centre.people import NEVER, People
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.varied import AnyCentre, InEach, VariedCentre
from shiftwork.plants.operator import Memory
from shiftwork.plants.team_plant import TeamStep

FRAIL = ("attention", "slip")
"""What makes people miss things; rules miss nothing."""
NAMES = ("skill", *(name for name in RANGES if name not in FRAIL))
"""Values that rules have, in the order of vectors of them."""
DESKS = 3
FORMAT = "shiftwork-rules"


class Rules(eqx.Module):
    """The people's rules as an operator that remembers nothing.

    Attributes:
        people: Whose rules they are, and of which centre.
        values: In the order of ``NAMES``.
    """

    people: People = eqx.field(static=True)
    values: Float[Array, " R"]

    def begin(self, key: PRNGKeyArray) -> Memory:
        """Remember nothing."""
        del key
        return ()

    def act(
        self, memory: Memory, step: TeamStep, key: PRNGKeyArray
    ) -> tuple[Memory, Int[Array, " N"]]:
        """Do what is liked best of what is allowed."""
        del key
        agents = len(self.people.plant.agents)
        values = dict(zip(NAMES, self.values, strict=True))
        one = Person(**values, attention=jnp.ones(()), slip=jnp.zeros(()))
        persons = jax.tree.map(lambda value: jnp.broadcast_to(value, DESKS), one)
        wish = self.people.wishes(
            step.state, persons, jnp.zeros(DESKS), step.decided, jnp.zeros(agents)
        )
        macro = jnp.where(step.mask, wish, NEVER).argmax(-1).astype(jnp.int32)
        return memory, jnp.where(step.decided, macro, step.state.macro_action)


def limits() -> tuple[Float[Array, " R"], Float[Array, " R"]]:
    """Least and greatest value that people have, in the order of ``NAMES``."""
    ranges = {"skill": (0.0, 1.0, 0.0), **RANGES}
    low = [ranges[name][0] + min(0.0, ranges[name][2]) for name in NAMES]
    high = [ranges[name][1] + max(0.0, ranges[name][2]) for name in NAMES]
    return jnp.array(low), jnp.array(high)


def save_rules(path: Path, values: Mapping[str, float], origin: Mapping[str, Any]) -> None:
    """Write values as a file that people can read and change.

    Args:
        path: The file, ending in ".toml".
        values: Name -> value.
        origin: How they came about.
    """
    lines = [
        "# Rules of thumb of a cracking centre with values that were tuned; docs/teams.md explains them.",
        f'format = "{FORMAT}"',
        f'shiftwork = "{VERSION}"',
        "",
        "[origin]",
        *(f"{key} = {_written(value)}" for key, value in origin.items()),
        "",
        "[rules]",
        *(f"{name} = {values[name]:.6g}" for name in NAMES),
    ]
    with written_whole(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")


def load_rules(path: Path) -> dict[str, float]:
    """Read the values of a file of rules.

    Raises:
        UserError: It cannot be read, is no file of rules, or a value is missing or no number.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; give the file that team tune-rules wrote") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read ({error}); it must be TOML in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path}: is no valid TOML ({error}); correct that line") from None
    values = found.get("rules")
    if found.get("format") != FORMAT or not isinstance(values, dict):
        raise UserError(
            f'{path}: holds no rules (format = "{FORMAT}" and [rules] are missing); give the file '
            "that team tune-rules wrote"
        )
    for name in values:
        if name not in NAMES:
            raise unknown("rule", name, NAMES, f"{path}: [rules]")
    for name in NAMES:
        value = values.get(name)
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            raise UserError(f"{path}: [rules] '{name}' is {value!r}; give a number")
    return {name: float(values[name]) for name in NAMES}


def rules_at(plant: AnyCentre, values: Mapping[str, float]) -> Rules | InEach:
    """Let rules run a centre, also one that is another in each episode."""
    return with_values(plant, jnp.array([values[name] for name in NAMES], jnp.float32))


def with_values(plant: AnyCentre, values: Float[Array, " R"]) -> Rules | InEach:
    """Let rules with (traced) values run a centre; as above."""
    if isinstance(plant, VariedCentre):
        return InEach(plant, jax.tree_util.Partial(_of_one, values))
    return _of_one(values, plant)


def _of_one(values: Float[Array, " R"], centre: Centre) -> Rules:
    return Rules(People(centre), values)


def _written(value: Any) -> str:
    return (
        f'"{value}"'
        if isinstance(value, str)
        else f"{value:_}"
        if type(value) is int
        else f"{value:.6g}"
    )
