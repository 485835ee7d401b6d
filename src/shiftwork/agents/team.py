"""A team: policies with all they need to act, as a folder that can be read without learning code.

team/
team.json       agents, macro-actions, plant, algorithm, configuration, seed, steps, format version
policies.npz    weights of the policies
learner.npz     everything else that learning needs (not needed to act)
critic.npz      what the team thinks its situation is worth, where it was learned by ACAC or from
                records (not needed to act; ``agents.team_critic``)
history.npz     metrics along the way
scenario.toml   the plant's scenario, if it was learned on one of the user's own
README.md       in words

    team = Team.load("runs/team")
    macro_action = team.act(observations, decided, masks)    # once for each primitive step
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from shiftwork.agents.team_actors import SEARCHED, Actors, not_searched, straight
from shiftwork.agents.team_memory import TeamMemory
from shiftwork.agents.team_nets import normalized, remembered, softmax, through, time_code
from shiftwork.errors import UserError
from shiftwork.files import read_description, write_described
from shiftwork.records.formats.npz import read_npz, require
from shiftwork.records.positions import Places, make_sense, pairs, sense

VERSION = 4
ABOUT = "team.json"
POLICIES = "policies.npz"


@dataclass(eq=False)
class Team:
    """Policies that decide together, each on its own clock, and remember between decisions.

    Attributes:
        agents: Their names; row i of every array is that of agent i.
        observation_sizes: Of each agent; D is the largest.
        macro_actions: The names of each agent's macro-actions; A is the largest count.
        actors: The weights.
        places: What columns of an observation are places; each agent's net finds its own first
            and is told which coincide.
        about: What else is known: plant, algorithm, configuration, seed, steps, and so on.
        probabilities: Of each agent's macro-actions when it last decided, (N, A).
    """

    agents: tuple[str, ...]
    observation_sizes: tuple[int, ...]
    macro_actions: tuple[tuple[str, ...], ...]
    actors: Actors
    places: Places = field(default_factory=Places)
    about: dict[str, Any] = field(default_factory=dict)
    probabilities: np.ndarray = field(init=False, repr=False)
    _memory: np.ndarray = field(init=False, repr=False)
    _macro_action: np.ndarray = field(init=False, repr=False)
    _step: int = field(init=False, repr=False)
    _random: np.random.Generator = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Stand ready for an episode."""
        self.begin(0)

    def begin(self, seed: int) -> None:
        """Forget everything: an episode begins, in whose first step everybody decides.

        Args:
            seed: Of the draws; agents choose at random by their probabilities, as they learned to.
        """
        agents, actions = self.actors.head_bias.shape
        self.probabilities = np.zeros((agents, actions), np.float32)
        self._memory = np.zeros_like(self.actors.candidate_bias)
        self._macro_action = np.full(agents, -1)
        self._step = 0
        self._random = np.random.default_rng(seed)

    def recall(self) -> TeamMemory:
        """All that is remembered between two steps; ``resume`` goes on from it."""
        return TeamMemory(
            self._memory.copy(),
            self._macro_action.copy(),
            self._step,
            self._random.bit_generator.state,
        )

    def resume(self, memory: TeamMemory) -> None:
        """Go on from what was remembered, with the same draws as if it had never been left.

        Raises:
            UserError: It is another team's.
        """
        shapes = (self._memory.shape, self._macro_action.shape)
        if (memory.recurrent.shape, memory.macro_action.shape) != shapes:
            raise UserError("the memory is another team's; begin with the team that it belongs to")
        self._memory = memory.recurrent.copy()
        self._macro_action = memory.macro_action.copy()
        self._step = memory.step
        self._random.bit_generator.state = memory.draws

    def act(self, observations: ArrayLike, decided: ArrayLike, masks: ArrayLike) -> np.ndarray:
        """Decide for one primitive step; call it once for each step of the episode.

        Args:
            observations: What each agent saw last, (N, D), zero beyond its own size. Rows of
                agents that do not decide are not looked at.
            decided: Whose macro-action has ended, (N,).
            masks: Macro-actions that each agent may choose, (N, A).

        Returns:
            The macro-action in force for every agent, (N,): new where decided, else the old one.

        Raises:
            UserError: A shape is another, an observation is not a number, an agent has nothing to
                choose among, or does not decide in an episode's first step. Nothing is remembered
                of such a call.
        """
        seen, decides, mask = self._checked(observations, decided, masks)
        looked = self.looked(seen, self._step)
        memory = self.remembered(self._memory, looked, decides)
        chances = self.chances(memory, looked, mask)

        # Drawn is the first macro-action at which the summed probability exceeds the draw. It is
        # never a masked one, whatever rounding makes of the sum.
        summed = np.cumsum(chances, 1)
        drawn = (summed > self._random.random((len(seen), 1)) * summed[:, -1:]).argmax(1)
        self._memory = memory
        self.probabilities = np.where(decides[:, None], chances, self.probabilities)
        self._macro_action = np.where(decides, drawn, self._macro_action)
        self._step += 1
        return self._macro_action.copy()

    def looked(self, seen: np.ndarray, step: int) -> np.ndarray:
        """Make of observations (N, D) at a primitive step what nets take in, (N, I)."""
        code = time_code(np.array([step]), self.actors.periods, self.actors.horizon)
        coded = np.broadcast_to(code, (len(seen), code.shape[1]))
        return np.concatenate([sense(seen, self.places), coded], 1)

    def remembered(self, memory: np.ndarray, looked: np.ndarray, decides: np.ndarray) -> np.ndarray:
        """Memories (N, F) after a step in which some decide (N,), by what nets take in (N, I)."""
        return remembered(self.actors, memory, looked, decides)

    def chances(self, memory: np.ndarray, looked: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Probabilities of the macro-actions that are allowed (N, A), of those who decide.

        Args:
            memory: After this step's observations, (N, F).
            looked: What nets take in at this step, (N, I).
            mask: Macro-actions that each agent may choose, (N, A).
        """
        net = self.actors
        x = np.maximum(normalized(through(memory, net.mix, net.mix_bias)), 0.0)
        return softmax(through(x, net.head, net.head_bias) + straight(net, looked), mask)

    def _checked(
        self, observations: ArrayLike, decided: ArrayLike, masks: ArrayLike
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        agents, size, actions = len(self.agents), max(self.observation_sizes), self._actions
        seen = _array("observations", observations, np.float32, (agents, size))
        decides = _array("decided", decided, np.bool_, (agents,))
        mask = _array("masks", masks, np.bool_, (agents, actions))
        wrong = decides & ~np.isfinite(seen).all(1)
        if wrong.any():
            raise UserError(
                f"observations: that of '{self.agents[wrong.argmax()]}' is not a number; "
                "let it go on with its macro-action until all of it is back"
            )
        own = np.arange(actions) < [[len(names)] for names in self.macro_actions]
        stuck = decides & ~(mask & own).any(1)
        if stuck.any():
            raise UserError(
                f"masks: '{self.agents[stuck.argmax()]}' decides but may choose nothing; "
                "allow it one macro-action at least"
            )
        idle = ~decides & (self._macro_action < 0)
        if idle.any():
            raise UserError(
                f"decided: '{self.agents[idle.argmax()]}' has no macro-action yet; "
                "let everybody decide in the first step, or call begin() at an episode's beginning"
            )
        return np.where(decides[:, None], seen, 0.0), decides, mask & own

    @property
    def _actions(self) -> int:
        return max(map(len, self.macro_actions))

    def save(
        self, folder: Path, *, card: str, attach: Callable[[Path], None] | None = None
    ) -> None:
        """Write the team's folder, whole or not at all.

        Args:
            folder: Where; a team that stands there is replaced.
            card: What it is in words, Markdown.
            attach: Writes further files (what learning needs to go on) into the folder it is given.

        Raises:
            UserError: Something that is no team stands there, or the place cannot be written.
        """

        def fill(temporary: Path) -> None:
            np.savez(temporary / POLICIES, **self.actors._asdict())

        about = {
            "format": "shiftwork-team",
            "version": VERSION,
            "agents": self.agents,
            "observation_sizes": self.observation_sizes,
            "macro_actions": self.macro_actions,
            "places": self.places._asdict(),
            **self.about,
        }
        write_described(folder, fill, marker=ABOUT, about=about, card=card, attach=attach)

    @classmethod
    def load(cls, path: str | Path) -> Team:
        """Read a team's folder.

        Raises:
            UserError: It is missing, damaged, or of another version.
        """
        folder = Path(path)
        about = read_about(folder)
        arrays = read_npz(folder / POLICIES)
        if {"first", "head"} <= arrays.keys() and arrays["first"].ndim == 3:
            # Teams of before search was learned have no such weights: nothing was searched.
            shape = (*arrays["first"].shape[:2], arrays["head"].shape[-1])
            searched = dict(zip(SEARCHED, not_searched(*shape), strict=True))
            arrays = searched | arrays
        require(arrays, Actors._fields, folder / POLICIES)
        try:
            agents = tuple(map(str, about.pop("agents")))
            sizes = tuple(map(int, about.pop("observation_sizes")))
            names = tuple(tuple(map(str, own)) for own in about.pop("macro_actions"))
            places = _places(**about.pop("places"))
        except (KeyError, TypeError, ValueError):
            raise _damaged(folder / ABOUT) from None
        fits = bool(agents) and len(agents) == len(sizes) == len(names) and all(names)
        if not (fits and make_sense(places, len(agents), max(sizes))):
            raise _damaged(folder / ABOUT)
        actors = Actors(**{name: arrays[name] for name in Actors._fields})
        shapes = actors.shapes(len(agents), max(sizes) + pairs(places), max(map(len, names)))
        fits = all(
            array.shape == shape and array.dtype == np.float32 and array.size
            for array, shape in zip(actors, shapes, strict=True)
        )
        fits = fits and all(np.isfinite(array).all() for array in actors)
        inputs = actors.first.shape[-2] if fits else 0
        known = (actors.columns >= -1) & (actors.columns < inputs) & (actors.columns % 1 == 0)
        if not (fits and (actors.periods > 0).all() and known.all()):
            raise UserError(
                f"{folder / POLICIES}: its arrays do not fit the team's sizes; "
                "copy or learn the team again"
            )
        rest = {k: v for k, v in about.items() if k not in ("format", "version")}
        return cls(agents, sizes, names, actors, places, rest)


def read_about(folder: Path) -> dict[str, Any]:
    """Read what a team's folder says about itself.

    Raises:
        UserError: It is no team, damaged, or of another version.
    """
    file = folder / ABOUT
    about = read_description(folder, marker=ABOUT, kind="team", made="what team learn made")
    if not isinstance(about, dict) or about.get("format") != "shiftwork-team":
        raise _damaged(file)
    if about.get("version") != VERSION:
        raise UserError(f"{file}: is of another version; learn the team again")
    return about


def _places(columns: list[list[int]], own: list[int]) -> Places:
    return Places(tuple(tuple(map(int, place)) for place in columns), tuple(map(int, own)))


def _damaged(file: Path) -> UserError:
    return UserError(f"{file}: is damaged; copy or learn the team again")


def _array(name: str, given: ArrayLike, kind: type, shape: tuple[int, ...]) -> np.ndarray:
    try:
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite: refused
            array: np.ndarray = np.asarray(given, kind)
    except (ValueError, TypeError):
        raise UserError(f"{name}: is no array of shape {shape}; give one") from None
    if array.shape != shape:
        raise UserError(f"{name}: has shape {array.shape}; this team needs {shape}")
    return array
