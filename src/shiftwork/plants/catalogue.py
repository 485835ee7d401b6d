"""Every plant by its name, as the command line and the records know it."""

from __future__ import annotations

from shiftwork.plants.adapters.from_gymnasium import ForeignPlant
from shiftwork.plants.cracker.furnace_plant import Furnace
from shiftwork.plants.plant import Plant
from shiftwork.plants.tasks.dmsd import Dmsd

OURS: dict[str, Plant] = {
    "dmsd": Dmsd(),
    # NeoRL-2's harder test of what was learned on 20 kg. The score keeps the one published scale.
    "dmsd-heavy": Dmsd(mass_kg=30.0, name="dmsd-heavy"),
    "furnace": Furnace(),
}
"""The plants that ship with the package; any other name is taken for a Gymnasium id."""


def make_plant(name: str, copies: int = 1) -> Plant | ForeignPlant:
    """Find a plant by its name.

    Args:
        name: One of ``OURS``, or a Gymnasium id: "Pendulum-v1", or "package:Plant-v0" if the
            package has to be imported first, because it registers the environment.
        copies: How many copies of a Gymnasium environment are stepped side by side. A plant of
            ours is a pure function, of which one serves for any number.

    Raises:
        UserError: There is no such plant, or it cannot be run; the message names the mend.
    """
    return OURS[name] if name in OURS else ForeignPlant(name, copies, also_known=OURS)
