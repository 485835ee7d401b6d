"""The way in for any Gymnasium environment with continuous observations and actions."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Float32

from shiftwork.errors import UserError, unknown
from shiftwork.records.tags import Tag, Tags

if TYPE_CHECKING:  # Importing it takes a third of a second, which plants of our own never need.
    import gymnasium
    from gymnasium.envs.registration import EnvSpec


class ForeignStep(NamedTuple):
    """What one step of K copies gives back; each row is one transition of its copy.

    Attributes:
        next_observation: What the step led to, (K, O): at an episode's end its last
            observation, never the next episode's first.
        reward: What the step earned, (K,).
        terminal: The environment has ended the episode, so that nothing follows, (K,).
        truncated: The episode was cut without being terminal, (K,): something would follow.
    """

    next_observation: Float32[np.ndarray, "K O"]
    reward: Float32[np.ndarray, " K"]
    terminal: Bool[np.ndarray, " K"]
    truncated: Bool[np.ndarray, " K"]


class ForeignPlant:
    """Copies of a Gymnasium environment, stepped side by side.

    Copies that have ended are reset by ``restart`` and by nothing else, so that every row of
    every ``step`` is one real transition: none is lost, none reaches over a reset, and K rows
    are K steps of the environment::

        observation = plant.reset(seed)
        while True:
            step = plant.step(act(observation))
            ...  # every row of (observation, action, *step) may be recorded
            observation = plant.restart()

    Attributes:
        name: The environment's id, as it was asked for.
        copies: How many copies are stepped, K.
        observation: Tags of the observation's columns, numbered.
        action: Tags of the action's columns, numbered, with finite limits.
        horizon: Steps after which an episode is cut (a time limit, not a terminal).
        score: No published scale is known.
        targets: No targets are known.
    """

    score: None = None
    targets: tuple[tuple[int, int], ...] = ()

    def __init__(self, name: str, copies: int = 1, also_known: Iterable[str] = ()) -> None:
        """Make the copies; ``reset`` has to be called before the first step.

        Args:
            name: A Gymnasium id: "Pendulum-v1", or "package:Plant-v0" if the package has to be
                imported first, because it registers the environment.
            copies: How many copies, K.
            also_known: Further names to suggest, should there be no such environment.

        Raises:
            UserError: There is no such environment, it cannot be made, it has no time limit, or
                its spaces are not single rows of numbers with finite limits for actions.
        """
        if copies < 1:
            raise UserError(f"plant '{name}': {copies} copies cannot be run; ask for 1 or more")
        spec = _find_spec(name, also_known)
        self.name = name
        self.copies = copies
        self._envs = _make(name, spec, copies)
        if spec.max_episode_steps is None or spec.max_episode_steps < 1:
            raise UserError(
                f"plant '{name}': has no time limit; register it with max_episode_steps"
            )
        self.horizon: int = spec.max_episode_steps
        self.observation: Tags = _observation_tags(self._envs.single_observation_space, name)
        self.action: Tags = _action_tags(self._envs.single_action_space, name)
        space = self._envs.action_space
        self._low, self._high = space.low, space.high  # type: ignore[attr-defined]
        self._seen = np.zeros((copies, len(self.observation)), np.float32)
        self._ended: np.ndarray | None = None

    def reset(self, seed: int) -> Float32[np.ndarray, "K O"]:
        """Begin a new episode in every copy.

        Args:
            seed: 0 or more. Every copy draws from a stream of its own; those of different seeds
                have nothing in common.

        Raises:
            UserError: The seed is negative.
        """
        if seed < 0:
            raise UserError(f"plant '{self.name}': seed {seed} is negative; give 0 or more")
        # Gymnasium itself would seed copy i with seed + i: copy 1 of seed 0 is copy 0 of seed 1.
        seeds = np.random.SeedSequence(seed).generate_state(self.copies).tolist()
        observation, _ = self._envs.reset(seed=seeds)
        self._seen = np.asarray(observation, np.float32)
        self._ended = np.zeros(self.copies, bool)
        return self._seen.copy()

    def step(self, actions: Float[np.ndarray, "K A"]) -> ForeignStep:
        """Run one step in every copy; actions beyond the limits are clipped to them.

        Raises:
            ResetNeeded: A copy has not begun an episode, or has ended one.
            ValueError: The actions are not of shape (K, A).
        """
        from gymnasium.error import ResetNeeded

        if self._ended is None or self._ended.any():
            call = "reset(seed)" if self._ended is None else "restart()"
            raise ResetNeeded(f"plant '{self.name}': call {call} before the next step")
        # In the space's own dtype, since environments refuse what rounding puts beyond a limit.
        actions = np.asarray(actions, self._low.dtype)
        if actions.shape != self._low.shape:
            raise ValueError(f"actions are {actions.shape}, where {self._low.shape} is needed")
        observation, reward, terminal, truncated, _ = self._envs.step(
            np.clip(actions, self._low, self._high)
        )
        self._seen = np.asarray(observation, np.float32)
        self._ended = terminal | truncated
        # Gymnasium's time limit strikes also where the environment ends by itself.
        return ForeignStep(
            self._seen.copy(), reward.astype(np.float32), terminal.copy(), truncated & ~terminal
        )

    def restart(self) -> Float32[np.ndarray, "K O"]:
        """Begin a new episode in the copies that have ended, and leave the others as they are.

        Returns:
            The observation to act on next, (K, O).
        """
        if self._ended is not None and self._ended.any():
            observation, _ = self._envs.reset(options={"reset_mask": self._ended})
            self._seen = np.asarray(observation, np.float32)
            self._ended = np.zeros(self.copies, bool)
        return self._seen.copy()

    def close(self) -> None:
        """Release what the environments hold."""
        self._envs.close()


def _find_spec(name: str, also_known: Iterable[str]) -> EnvSpec:
    import gymnasium

    module, _, env_id = name.rpartition(":")
    if module:
        try:
            importlib.import_module(module)
        except (ImportError, TypeError) as error:
            raise UserError(
                f"plant '{name}': '{module}' cannot be imported ({error}); install it"
            ) from error
    try:
        return gymnasium.spec(env_id)
    except gymnasium.error.Error:
        known = {*also_known, *gymnasium.registry}
        # Without a near name, a list of all hundred ids would be no help.
        near = get_close_matches(env_id, known, n=1, cutoff=0.5)
        raise unknown(
            "plant", env_id, known if near else {*also_known, "any Gymnasium id"}
        ) from None


def _make(name: str, spec: EnvSpec, copies: int) -> gymnasium.vector.VectorEnv[Any, Any, Any]:
    import gymnasium

    try:
        return gymnasium.make_vec(
            spec,
            num_envs=copies,
            vectorization_mode="sync",
            vector_kwargs={"autoreset_mode": gymnasium.vector.AutoresetMode.DISABLED},
            # It advises an environment's author, once for each copy; what we need we check.
            disable_env_checker=True,
        )
    except (gymnasium.error.DependencyNotInstalled, ImportError) as error:
        raise UserError(
            f"plant '{name}': needs a package that is missing ({error}); install it"
        ) from error
    except Exception as error:  # It is foreign code, which may raise anything.
        raise UserError(
            f"plant '{name}': cannot be made ({type(error).__name__}: {error}); "
            f"fix it until gymnasium.make('{name}') works"
        ) from error


def _row(space: Any, name: str, what: str, wrapper: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the lower and upper ends (C,) of a space that is a single row of numbers."""
    from gymnasium.spaces import Box

    if not isinstance(space, Box):
        raise UserError(
            f"plant '{name}': its {what}s are {type(space).__name__}, where a Box is needed; "
            f"register it with a wrapper ({wrapper})"
        )
    if len(space.shape) != 1:
        raise UserError(
            f"plant '{name}': its {what}s have the shape {space.shape}, where a single row is "
            f"needed; register it with a wrapper ({wrapper})"
        )
    return space.low, space.high


def _observation_tags(space: Any, name: str) -> Tags:
    low, high = _row(space, name, "observation", "gymnasium.wrappers.FlattenObservation")
    # A column that is constant by its space has no span; it keeps infinite ends.
    return tuple(
        Tag(f"obs{i}", "", float(a), float(b)) if a < b else Tag(f"obs{i}")
        for i, (a, b) in enumerate(zip(low, high, strict=True))
    )


def _action_tags(space: Any, name: str) -> Tags:
    wrapper = "gymnasium.wrappers.TransformAction"
    low, high = _row(space, name, "action", wrapper)
    if not np.issubdtype(space.dtype, np.floating):
        raise UserError(
            f"plant '{name}': its actions are whole numbers ({space.dtype}), where real ones are "
            f"needed; register it with a wrapper ({wrapper})"
        )
    bad = ~(np.isfinite(low) & np.isfinite(high) & (low < high))
    if bad.any():
        column = int(bad.argmax())
        raise UserError(
            f"plant '{name}': action {column} has the limits {low[column]:g} to {high[column]:g}, "
            f"where finite and different ones are needed; register it with a wrapper ({wrapper})"
        )
    return tuple(
        Tag(f"action{i}", "", float(a), float(b))
        for i, (a, b) in enumerate(zip(low, high, strict=True))
    )
