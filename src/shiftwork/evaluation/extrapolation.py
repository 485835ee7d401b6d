"""What PARS does to values beyond the data, seen on a plant with one action and one step.

The didactic experiment behind the method (Kim et al. 2025, arXiv 2507.08761, section 4): recorded
actions cover the middle of the box only, and their reward rises towards its upper edge. A plain
ReLU critic goes on rising where nobody has been, an invitation to go there. Reward scaling with
LayerNorm (RS-LN) bends values down soon after the data end, inside the box; the penalty on
infeasible actions (PA) holds them down far outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from matplotlib.figure import Figure

from shiftwork.learning.learner import Sizes, Values
from shiftwork.learning.loop import create_members, train
from shiftwork.learning.offline.pars import PARS, Config
from shiftwork.learning.replay import Batch, Replay

COVERED = 0.5
"""Recorded actions lie in [-COVERED, COVERED] of the box [-1, 1]."""

VARIANTS = {
    "plain critic": (False, False),
    "RS-LN": (True, False),
    "PA": (False, True),
    "RS-LN and PA (PARS)": (True, True),
}
"""Name -> (reward scaling with LayerNorm, penalty on infeasible actions)."""

COLOURS = ("#D55E00", "#0072B2", "#009E73", "black")
"""Told apart by the colour-blind too (Okabe and Ito)."""


@dataclass(frozen=True)
class Extrapolation:
    """Values along a line of actions, in reward units.

    Attributes:
        action: (P,) in half-widths of the box: the box is [-1, 1].
        values: Variant -> (seeds, P), the ensemble's mean.
        q_min: Where infeasible actions are pushed to.
        distance: Infeasible actions begin here.
    """

    action: np.ndarray
    values: dict[str, np.ndarray]
    q_min: float
    distance: float


def true_reward(action: Float[Array, "*B"] | np.ndarray) -> Float[Array, "*B"]:
    """Rises towards the upper edge, from 0 to 1 over the box."""
    return jnp.asarray(0.5 * (action + 1.0))


def extrapolate(
    seeds: Sequence[int] = (0, 1, 2, 3),
    *,
    updates: int = 3_000,
    width: int = 64,
    reward_scale: float = 10.0,
    penalty: float = 0.01,
    distance: float = 10.0,
    points: int = 401,
) -> Extrapolation:
    """Learn the four variants and read their critics along a line of actions.

    Args:
        seeds: Nets and batches of every variant.
        updates: Critic updates of each.
        width: Units in each hidden layer of the critics.
        reward_scale: The RS of RS-LN; without it rewards count as they are.
        penalty: Weight of PA where it is on.
        distance: Infeasible actions lie at 1 to 2 times this.
        points: On the line, from the box's middle to where infeasible actions end, both ways.
    """
    action_key, seen_key = jax.random.split(jax.random.key(0))
    action = jax.random.uniform(action_key, (2_000, 1), minval=-COVERED, maxval=COVERED)
    seen = jax.random.normal(seen_key, (2_000, 2))  # plays no part in the reward
    replay = Replay(
        Batch(
            observation=seen,
            action=action,
            reward=true_reward(action[:, 0]),
            next_observation=seen,
            next_action=action,
            continues=jnp.zeros(len(action)),
            last=jnp.ones(len(action)),
        ),
        jnp.asarray(len(action)),
    )
    # Denser near the box, where it matters.
    line = np.sinh(np.linspace(-1, 1, points) * np.arcsinh(2.0 * distance)).astype(np.float32)
    values: dict[str, np.ndarray] = {}
    for layer_norm in (False, True):
        names = [name for name, (scaled, _) in VARIANTS.items() if scaled == layer_norm]
        configs = [
            Config(
                discount=0.0,
                cloning=0.0,
                critic_rate=1e-2,
                target_rate=0.005,
                reward_scale=reward_scale if layer_norm else 1.0,
                penalty=penalty if VARIANTS[name][1] else 0.0,
                distance=distance,
                critics=2,
                width=width,
                batch=128,
                penalty_batch=32,
                layer_norm=layer_norm,
                bins=0,
            )
            for name in names
            for _ in seeds
        ]
        # As published, values begin at 0: so it shows where they stay when nothing holds them.
        begin = Values(mean=0.0, worst=0.0, best=1.0, spread=1.0)
        all_seeds = list(seeds) * len(names)
        members = create_members(PARS, Sizes(2, 1), configs, [begin] * len(configs), all_seeds)
        members, _ = train(members, replay, all_seeds, updates)
        found = np.asarray(
            jax.vmap(partial(_along, line=line, seen=seen[:16]))(cast(PARS, members))
        )
        parts = found.reshape(len(names), len(seeds), points)
        values |= dict(zip(names, parts, strict=True))
    return Extrapolation(line, {name: values[name] for name in VARIANTS}, 0.0, distance)


def _along(
    member: PARS, line: Float[np.ndarray, " P"], seen: Float[Array, "S O"]
) -> Float[Array, " P"]:
    """One member's value along the line, on average over what may be seen."""
    pairs = jnp.repeat(seen, len(line), axis=0), jnp.tile(jnp.asarray(line), len(seen))[:, None]
    return member.value(*pairs).reshape(len(seen), len(line)).mean(0)


def extrapolation_figure(found: Extrapolation) -> Figure:
    """Draw the four critics, mean and span over seeds, near the box and far out."""
    figure = Figure(figsize=(9.0, 3.6), layout="constrained")
    near, far = figure.subplots(1, 2)
    for (name, values), colour in zip(found.values.items(), COLOURS, strict=True):
        for axes in (near, far):
            axes.plot(found.action, values.mean(0), label=name, linewidth=2, color=colour)
            axes.fill_between(
                found.action, values.min(0), values.max(0), color=colour, alpha=0.15, linewidth=0
            )
    for axes in (near, far):
        axes.axvspan(-1, 1, color="0.93", zorder=0)
        axes.axvspan(-COVERED, COVERED, color="0.85", zorder=0)
        axes.set_xlabel("action, half-widths of the box")
        axes.spines[["top", "right"]].set_visible(False)
    box = np.array([-COVERED, COVERED])
    near.plot(box, true_reward(box), color="black", linestyle=":", label="true, where recorded")
    near.set(xlim=(-3, 3), ylim=(-0.5, 2.5), ylabel="value Q")
    near.set_title("In the box and beside it", loc="left", fontsize=10.5)
    far.set(xscale="symlog", yscale="symlog")
    far.set_title(f"Far outside (infeasible from {found.distance:g})", loc="left", fontsize=10.5)
    for axis in (far.xaxis, far.yaxis):
        axis.set_major_formatter(lambda x, _: f"{x:g}")
    near.legend(fontsize="small", frameon=False)
    return figure
