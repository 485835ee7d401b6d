"""Naphtha, described by its PIONA classes."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

CLASSES = ("n-paraffins", "isoparaffins", "olefins", "naphthenes", "aromatics")
"""PIONA. Paraffins with one branch crack almost as straight ones do and count as n-paraffins;
isoparaffins are those with more branches."""

DENSITY_T_PER_M3 = np.array([0.668, 0.684, 0.690, 0.772, 0.872], np.float32)
"""Of each class at 15 C (K), as C5 to C9 hydrocarbons have it."""

HYDROGEN = np.array([0.1622, 0.1600, 0.1437, 0.1437, 0.0915], np.float32)
"""Mass fraction of hydrogen in each class: alkanes of 6.5 and 7.5 carbon atoms, rings and olefins
CnH2n, aromatics between toluene and xylene."""

ENTHALPY_GJ_PER_T = np.array([-1.91, -2.00, -0.50, -1.47, 0.35], np.float32)
"""Heat of formation of each class as a gas at 25 C (K): hexane to octane, hexenes, cyclohexane,
toluene with xylene."""

LIGHT = np.array([0.51, 0.33, 0.00, 0.12, 0.04], np.float32)
OPEN = np.array([0.59, 0.13, 0.00, 0.20, 0.08], np.float32)
HEAVY = np.array([0.38, 0.30, 0.00, 0.22, 0.10], np.float32)
"""The naphthas of the yield tables: light, feed B (an open-spec naphtha), heavy."""


def density_t_per_m3(piona: Float[Array, "*#B 5"]) -> Float[Array, "*#B"]:
    """Density at 15 C of an ideal mixture (specific volumes add), from mass fractions."""
    return 1.0 / (piona / jnp.broadcast_to(DENSITY_T_PER_M3, piona.shape)).sum(-1)


def hydrogen_content(piona: Float[Array, "*#B 5"]) -> Float[Array, "*#B"]:
    """Mass fraction of hydrogen in the feed."""
    return (piona * jnp.broadcast_to(HYDROGEN, piona.shape)).sum(-1)
