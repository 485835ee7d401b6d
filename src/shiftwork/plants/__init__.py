"""What is run: simulated plants as pure JAX functions, and the ways to and from Gymnasium.

Gymnasium itself is imported only by who asks for it: ``ForeignPlant`` when one is made, and
``shiftwork.plants.to_gymnasium`` when it is imported.
"""

from shiftwork.plants.catalogue import make_plant
from shiftwork.plants.dmsd import Dmsd
from shiftwork.plants.from_gymnasium import ForeignPlant, ForeignStep
from shiftwork.plants.plant import Plant, ScoreRange, Step

__all__ = [
    "Dmsd",
    "ForeignPlant",
    "ForeignStep",
    "Plant",
    "ScoreRange",
    "Step",
    "make_plant",
]
