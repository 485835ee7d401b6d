"""Team records as nets take them in: the same ``Batch`` as that of experience, made from episodes."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Int

from shiftwork.learning.team.policy import Policies, Rows
from shiftwork.learning.team.rollout import COPIES, Batch
from shiftwork.records.team_episodes import NOTHING, TeamEpisodes, TeamPlace


@dataclass(frozen=True)
class RecordedTeam:
    """The shape of a team that only its records describe (``TeamShape``).

    Attributes:
        place: What the records say of the plant.
    """

    place: TeamPlace

    @property
    def name(self) -> str:
        """Of the plant."""
        return self.place.plant

    @property
    def agents(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(task.agent for task in self.place.tasks)

    @property
    def roles(self) -> tuple[str, ...]:
        """Of each agent."""
        return tuple(task.role for task in self.place.tasks)

    @property
    def observation_sizes(self) -> tuple[int, ...]:
        """Of each agent."""
        return tuple(len(task.observations) for task in self.place.tasks)

    @property
    def macro_actions(self) -> tuple[tuple[str, ...], ...]:
        """Of each agent."""
        return tuple(task.macro_actions for task in self.place.tasks)

    @property
    def horizon(self) -> int:
        """In primitive steps."""
        return self.place.horizon


def last_where(decided: Bool[np.ndarray, "T E"]) -> Int[np.ndarray, "T E"]:
    """Return the last step up to each one at which it was decided; 0 before the first."""
    steps = np.arange(len(decided))[:, None]
    latest: np.ndarray = np.maximum.accumulate(np.where(decided, steps, 0), axis=0)
    return latest


def batch_of(records: TeamEpisodes, policies: Policies) -> Batch:
    """Lay episodes side by side as copies that end together.

    A shorter episode begins later: the rows before it hold no decision and no reward, and no event
    looks back to them. So the end of the batch is that of every episode, and what lies behind it is
    bootstrapped where an episode was cut, and nothing where the plant ended it.

    Args:
        records: What people did.
        policies: Whose way of looking (time code, places) is taken.
    """
    length, tasks = records.length, records.place.tasks
    episodes, steps, agents = len(length), int(length.max()), len(tasks)
    late = steps - length
    seen = np.zeros(
        (steps + 1, episodes, agents, max(len(task.observations) for task in tasks)), np.float32
    )
    decided = np.zeros((steps + 1, agents, episodes), bool)
    mask = np.zeros(
        (steps + 1, agents, episodes, max(len(task.macro_actions) for task in tasks)), bool
    )
    macro = np.zeros((steps + 1, agents, episodes), np.int32)
    for agent, found in enumerate(records.decisions):
        at, who = found.step + late[found.episode], found.episode
        seen[at, who, agent, : found.observation.shape[1]] = found.observation
        decided[at, agent, who] = True
        mask[at, agent, who, : found.mask.shape[1]] = found.mask
        macro[at, agent, who] = np.where(found.macro_action == NOTHING, 0, found.macro_action)
        latest = last_where(decided[:, agent])
        seen[:, :, agent] = seen[latest, np.arange(episodes), agent]
    fresh = np.zeros((steps + 1, episodes), bool)
    fresh[late, np.arange(episodes)] = True
    reward = np.zeros((steps, episodes), np.float32)
    of_step = np.repeat(np.arange(episodes), length)
    step = np.concatenate([np.arange(n) for n in length])
    reward[step + late[of_step], of_step] = records.reward
    ended = np.zeros((steps, episodes), bool)
    ended[-1] = records.terminal
    clock = np.maximum(np.arange(steps + 1)[:, None] - late, 0) + records.began
    inputs = jax.vmap(policies.look)(jnp.asarray(seen), jnp.asarray(clock.astype(np.float32)))
    return Batch(
        Rows(inputs, jnp.asarray(decided), jnp.asarray(fresh)),
        jnp.asarray(mask[:-1]),
        jnp.asarray(macro[:-1]),
        jnp.zeros(macro[:-1].shape),
        jnp.asarray(reward),
        jnp.asarray(ended),
    )


def in_pieces(batch: Batch, steps: int) -> Batch:
    """Cut long episodes into pieces that stand side by side, as copies of a short batch.

    An update then sees many short pieces of many episodes instead of a few whole ones: as many updates
    again from the same rows, and a walk no longer than a piece. Nets remember nothing at a piece's
    beginning. There everybody looks once more at what was seen last; that is no decision, so that
    a single macro-action is allowed. What lies behind a piece is bootstrapped.

    Args:
        batch: Whole episodes.
        steps: Of a piece; the first one of each episode begins late if they do not divide.

    Returns:
        Pieces, the first ones of all episodes first; the batch itself if it is no longer than a piece.
    """
    whole = len(batch.reward)
    count = -(-whole // steps)
    if count == 1:
        return batch
    late = count * steps - whole

    def cut(axis: int, x: np.ndarray) -> np.ndarray:
        behind = len(x) - whole  # rows have one more, which is the next piece's first
        x = np.pad(x, ((late, 0), *((0, 0),) * (x.ndim - 1)))
        return np.concatenate([x[n * steps : (n + 1) * steps + behind] for n in range(count)], axis)

    rows, mask, macro, *rest = jax.tree.map(lambda axis, x: cut(axis, np.asarray(x)), COPIES, batch)
    begun = cut(1, np.logical_or.accumulate(np.asarray(batch.rows.fresh)))[0]
    looks = begun & ~rows.decided[0]
    rows.decided[0] |= looks
    rows.fresh[0] |= begun
    mask[0] = np.where(looks[..., None], np.arange(mask.shape[-1]) == 0, mask[0])
    macro[0] = np.where(looks, 0, macro[0])
    return jax.tree.map(jnp.asarray, Batch(rows, mask, macro, *rest))
