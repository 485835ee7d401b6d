"""Every built-in plant by its name; a plant is imported and built when it is asked for.

The imports stand inside functions, so that whoever needs one plant does not load all of them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Generic, TypeVar

from shiftwork.errors import unknown

if TYPE_CHECKING:
    from shiftwork.plants.adapters.from_gymnasium import ForeignPlant
    from shiftwork.plants.plant import Plant
    from shiftwork.plants.team_plant import TeamPlant

Built = TypeVar("Built")


class Catalogue(Mapping[str, Built], Generic[Built]):
    """Plants by name, each built once, when it is first asked for."""

    def __init__(self, builders: Mapping[str, Callable[[], Built]]) -> None:
        self._builders = {name: functools.cache(build) for name, build in builders.items()}

    def __getitem__(self, name: str) -> Built:
        return self._builders[name]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._builders)

    def __len__(self) -> int:
        return len(self._builders)


def _dmsd(mass_kg: float = 20.0, name: str = "dmsd") -> Plant:
    from shiftwork.plants.tasks.dmsd import Dmsd

    return Dmsd(mass_kg=mass_kg, name=name)


def _furnace() -> Plant:
    from shiftwork.plants.cracker.furnace_plant import Furnace

    return Furnace()


PLANTS: Catalogue[Plant] = Catalogue(
    {
        "dmsd": _dmsd,
        # NeoRL-2's harder test of what was learned on 20 kg. The score keeps the published scale.
        "dmsd-heavy": functools.partial(_dmsd, 30.0, "dmsd-heavy"),
        "furnace": _furnace,
    }
)
"""Built-in plants with one decision maker; any other name is taken for a Gymnasium id."""

MAPS = ("A", "B", "C", "large-A", "large-B", "large-C")
CENTRES = (
    "centre-small",
    "centre-steady",
    "centre-tight",
    "centre-heavy-feed",
    "centre-price-swing",
)
VARIED_CENTRE = "centre-varied"
"""Another scenario in each episode."""


def _boxes(size: int, primitive: bool) -> TeamPlant:
    from shiftwork.plants.tasks.box_pushing import BoxPushing

    boxes = BoxPushing(size)
    if not primitive:
        return boxes
    from shiftwork.plants import options
    from shiftwork.plants.tasks.primitive import PrimitiveBoxPushing

    return options.primitive(PrimitiveBoxPushing(boxes))


def _kitchen(map: str, random: bool, once: bool = False, primitive: bool = False) -> TeamPlant:
    from shiftwork.plants.tasks.overcooked.overcooked import Overcooked

    kitchen = Overcooked(map, random, once=once)
    if not primitive:
        return kitchen
    from shiftwork.plants import options
    from shiftwork.plants.tasks.primitive import PrimitiveOvercooked

    return options.primitive(PrimitiveOvercooked(kitchen))


def _centre(name_or_path: str) -> TeamPlant:
    from shiftwork.plants.centre.varied_file import load_centre

    return load_centre(name_or_path)


def _team_builders() -> dict[str, Callable[[], TeamPlant]]:
    part, sizes, draws = functools.partial, (6, 8, 10), (False, True)
    kitchens = {f"overcooked-{m}" + "-rand" * r: (m, r) for m in MAPS for r in draws}
    large = {name: given for name, given in kitchens.items() if "large" in name}
    return {
        **{f"box-pushing-{n}": part(_boxes, n, False) for n in sizes},
        **{f"box-pushing-{n}-primitive": part(_boxes, n, True) for n in sizes},
        **{name: part(_kitchen, *given) for name, given in kitchens.items()},
        **{f"{name}-once": part(_kitchen, *given, once=True) for name, given in large.items()},
        **{
            f"{name}-primitive": part(_kitchen, *given, primitive=True)
            for name, given in kitchens.items()
        },
        **{name: part(_centre, name) for name in (*CENTRES, VARIED_CENTRE)},
    }


TEAM_PLANTS: Catalogue[TeamPlant] = Catalogue(_team_builders())
"""Built-in plants that a team runs."""


def make_plant(name: str, copies: int = 1) -> Plant | ForeignPlant:
    """Find a plant by its name.

    Args:
        name: One of ``PLANTS``, or a Gymnasium id: "Pendulum-v1", or "package:Plant-v0" if the
            package has to be imported first, because it registers the environment.
        copies: Number of copies of a Gymnasium environment that are stepped side by side. A
            built-in plant is a pure function, of which one serves for any number.

    Raises:
        UserError: There is no such plant, or it cannot be run; the message names the fix.
    """
    if name in PLANTS:
        return PLANTS[name]
    if name in TEAM_PLANTS:
        raise unknown("plant with one decision maker (a team runs this one)", name, PLANTS)
    from shiftwork.plants.adapters.from_gymnasium import ForeignPlant

    return ForeignPlant(name, copies, also_known=PLANTS)


def make_team_plant(name: str) -> TeamPlant:
    """Find a team's plant by its name, such as "box-pushing-6" or "overcooked-large-B-rand".

    "-primitive" behind a box pushing or a kitchen is the same without macro-actions; "-once" behind
    a large kitchen pays of each food the first chop alone.

    Args:
        name: A name in ``TEAM_PLANTS``, or the path of a centre's scenario, a .toml file.

    Raises:
        UserError: There is no such plant; the message names the nearest.
    """
    if name.endswith(".toml"):
        return _centre(name)
    if name not in TEAM_PLANTS:
        raise unknown("team plant", name, TEAM_PLANTS)
    return TEAM_PLANTS[name]
