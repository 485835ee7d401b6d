"""Team episodes: what several people or agents decided in a plant, each on their own clock.

A decision (a macro-action) lasts any number of primitive steps, and whoever made it decides again
when it has ended, whatever the others do meanwhile. So there is one table of primitive steps, with the
reward that all share, and one table of decisions for each agent, with what it saw and might choose
then. A discount is meant for each primitive step: a decision of n steps counts discount^n.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float32, Int64

from shiftwork.errors import UserError

NOTHING = -1
"""The macro-action of who would have decided behind the last step of an episode."""


@dataclass(frozen=True)
class Task:
    """What one agent of a team is there for.

    Attributes:
        agent: Its name.
        role: Agents of one role see and may choose the same kinds of things.
        observations: Names of the columns that it sees.
        macro_actions: Names of what it may choose, in the order of their numbers.
        middle: What is taken from each column's value, in the tag's unit, before the agent sees it; empty
            if the plant shows all columns as they are.
        half: By what the rest is divided.
    """

    agent: str
    role: str
    observations: tuple[str, ...]
    macro_actions: tuple[str, ...]
    middle: tuple[float, ...] = ()
    half: tuple[float, ...] = ()


@dataclass(frozen=True)
class TeamPlace:
    """The plant at which a team's records were made: all that learning must know of it.

    Attributes:
        plant: Its name.
        version: All of it in one line; records of another plant with the same name differ here.
        tasks: Of each agent.
        horizon: Primitive steps after which an episode is cut.
        step: What a primitive step is, such as "1 h".
        reward: What a reward of 1 is, such as "1,000 $".
        scenario: Text of the plant's own scenario file; empty if the plant ships with the package.
    """

    plant: str
    version: str
    tasks: tuple[Task, ...]
    horizon: int
    step: str = "1 step"
    reward: str = "1"
    scenario: str = ""

    def __post_init__(self) -> None:
        if not self.tasks:
            raise UserError(f"records of '{self.plant}': no agent is named; name at least one")
        for task in self.tasks:
            for kind, names in (
                ("observation", task.observations),
                ("macro-action", task.macro_actions),
            ):
                twice = [name for n, name in enumerate(names) if name in names[:n]]
                if not names or twice:
                    what = f"'{twice[0]}' stands twice" if twice else "none is named"
                    raise UserError(
                        f"agent '{task.agent}', {kind}s: {what}; give each a name of its own"
                    )
            scaled = len(task.middle), len(task.half)
            if (
                scaled not in ((0, 0), (len(task.observations),) * 2)
                or min(task.half, default=1) <= 0
            ):
                raise UserError(
                    f"agent '{task.agent}': 'middle' and 'half' need a number for each of its "
                    f"{len(task.observations)} columns, those of 'half' above 0; correct them or leave both out"
                )


@dataclass(frozen=True, eq=False)
class Decisions:
    """All decisions of one agent, one row each, in the order in which they were made.

    Attributes:
        episode: In which, (K,), counted from 0.
        step: At the beginning of which primitive step of the episode, (K,). An episode of n steps has
            the steps 0 to n - 1; a row at step n keeps what was seen behind the last one.
        observation: What the agent saw then, (K, O).
        mask: What it might choose, (K, A).
        macro_action: What it chose, (K,); ``NOTHING`` behind an episode's last step.
        duration: Primitive steps until it decided again, or until the episode's end, (K,).
    """

    episode: Int64[np.ndarray, " K"]
    step: Int64[np.ndarray, " K"]
    observation: Float32[np.ndarray, "K O"]
    mask: Bool[np.ndarray, "K A"]
    macro_action: Int64[np.ndarray, " K"]
    duration: Int64[np.ndarray, " K"]

    @property
    def made(self) -> Bool[np.ndarray, " K"]:
        """Rows in which something was chosen."""
        return self.macro_action != NOTHING


@dataclass(frozen=True, eq=False)
class TeamEpisodes:
    """Recorded episodes of one plant run by several, each on their own clock.

    Attributes:
        place: The plant, and who decides what there.
        decisions: Of each agent, in the order of ``place.tasks``.
        reward: Of each primitive step, shared by all, (T,), one episode behind the other.
        length: Primitive steps of each episode, (E,), at least 1 each, T in sum.
        terminal: The plant ended the episode itself, (E,); false means that it was cut.
        source: Where the records come from; errors begin with it.
        began: The plant's own count of steps where each episode begins, (E,); left out it is all 0. Records may
            begin in the midst of a campaign; who learns reads the time from it.
    """

    place: TeamPlace
    decisions: tuple[Decisions, ...]
    reward: Float32[np.ndarray, " T"]
    length: Int64[np.ndarray, " E"]
    terminal: Bool[np.ndarray, " E"]
    source: str = "team records"
    began: Int64[np.ndarray, " B"] = field(default_factory=lambda: np.zeros(0, np.int64))

    def __post_init__(self) -> None:
        where = self.source
        if not len(self.began):
            object.__setattr__(self, "began", np.zeros(len(self.length), np.int64))
        if not len(self.length) or self.length.min() < 1 or self.length.sum() != len(self.reward):
            raise UserError(
                f"{where}: {len(self.reward)} rewards do not make up episodes of the lengths given; "
                "each episode needs at least one step, and each step a reward"
            )
        if len(self.terminal) != len(self.length):
            raise UserError(
                f"{where}: 'terminal' needs one value for each of the {len(self.length)} episodes"
            )
        if len(self.began) != len(self.length) or self.began.min() < 0:
            raise UserError(
                f"{where}: 'began' needs a count of steps, 0 or more, for each of the {len(self.length)} "
                "episodes; give them, or leave it out"
            )
        end = self.began + self.length
        if end.max() > self.place.horizon:
            begins = f" from step {self.began[end.argmax()]} on" if self.began.any() else ""
            raise UserError(
                f"{where}: episode {int(end.argmax())} has {self.length[end.argmax()]} steps{begins}, beyond "
                f"the horizon of {self.place.horizon}; cut it there"
            )
        if not np.isfinite(self.reward).all():
            row = int(np.argmin(np.isfinite(self.reward)))
            raise UserError(
                f"{where}: reward of row {row + 1} is not a number; fill it in or drop the episode"
            )
        if len(self.decisions) != len(self.place.tasks):
            raise UserError(
                f"{where}: has decisions of {len(self.decisions)} agents, but names {len(self.place.tasks)}"
            )
        for task, decisions in zip(self.place.tasks, self.decisions, strict=True):
            check_decisions(decisions, task, self.length, f"{where}: agent '{task.agent}'")

    @property
    def returns(self) -> np.ndarray:
        """Undiscounted return of each episode, (E,) float64."""
        starts = np.concatenate([[0], np.cumsum(self.length)[:-1]])
        return np.add.reduceat(self.reward.astype(np.float64), starts)


def check_decisions(
    found: Decisions, task: Task, length: Int64[np.ndarray, " E"], where: str
) -> None:
    """Refuse decisions that cannot have been made so, naming the first such row.

    Rows are counted from 1, without the heading.

    Args:
        found: The decisions of one agent.
        task: What that agent sees and may choose.
        length: Of the episodes.
        where: Begins the message.

    Raises:
        UserError: A row is out of order, missing, outside the mask, or no number.
    """
    _refuse_shapes(found, task, where)
    if not found.made.any():
        raise UserError(
            f"{where}: role '{task.role}' has not a single decision; record what its people choose, or "
            "leave the agent out"
        )

    def refuse(wrong: np.ndarray, what: str, fix: str) -> None:
        if wrong.any():
            row = int(wrong.argmax())
            raise UserError(
                f"{where}, row {row + 1} (episode {found.episode[row]}, step {found.step[row]}): {what}; {fix}"
            )

    episode, step = found.episode, found.step
    refuse(
        (episode < 0) | (episode >= len(length)),
        f"there are {len(length)} episodes",
        "count them from 0",
    )
    end = length[episode]
    refuse((step < 0) | (step > end), "lies outside its episode", "drop the row, or add the steps")
    same, back_a_step = episode[1:] == episode[:-1], step[1:] <= step[:-1]
    back = (episode[1:] < episode[:-1]) | (same & back_a_step)
    refuse(
        np.concatenate([[False], back]),
        "stands behind a later decision, or one of the same step",
        "sort rows by episode and step, and leave one for each step",
    )
    first = np.concatenate([[True], episode[1:] != episode[:-1]])
    refuse(
        first & (step != 0),
        "is the episode's first decision",
        "record what was chosen at step 0 as well",
    )
    missing = np.setdiff1d(np.arange(len(length)), episode)
    if missing.size:
        raise UserError(
            f"{where}: has no decision in episode {missing[0]}; record what was chosen, or drop the episode"
        )
    last = np.append(first[1:], True)
    until = np.where(last, end, np.append(step[1:], 0))
    refuse(
        step + found.duration != until,
        "its duration leaves a gap to the next decision or to the episode's end, or reaches beyond",
        "record every decision, and count its steps until the next one",
    )
    refuse(
        (found.macro_action == NOTHING) != (step == end),
        "has no macro-action before the episode's end, or one behind its last step",
        "say what was chosen at each step but behind the last",
    )
    chosen = np.maximum(found.macro_action, 0)
    refuse(
        (found.macro_action < NOTHING) | (chosen >= len(task.macro_actions)),
        "unknown macro-action",
        f"give a number from 0 to {len(task.macro_actions) - 1}",
    )
    allowed = found.mask[np.arange(len(chosen)), chosen]
    if (found.made & ~allowed).any():
        row = int((found.made & ~allowed).argmax())
        refuse(
            found.made & ~allowed,
            f"chose '{task.macro_actions[chosen[row]]}', which its mask does not allow",
            "correct the mask or the choice",
        )
    finite = np.isfinite(found.observation)
    if not finite.all():
        row = int((~finite.all(1)).argmax())
        name = task.observations[int((~finite[row]).argmax())]
        refuse(~finite.all(1), f"'{name}' is not a number", "fill it in or drop the episode")


def _refuse_shapes(found: Decisions, task: Task, where: str) -> None:
    rows = len(found.episode)
    for name, dtype, shape in (
        ("episode", np.int64, (rows,)),
        ("step", np.int64, (rows,)),
        ("observation", np.float32, (rows, len(task.observations))),
        ("mask", np.bool_, (rows, len(task.macro_actions))),
        ("macro_action", np.int64, (rows,)),
        ("duration", np.int64, (rows,)),
    ):
        array = getattr(found, name)
        if array.dtype != dtype or array.shape != shape:
            raise UserError(
                f"{where}: '{name}' is {array.dtype} of shape {array.shape}; needed: "
                f"{np.dtype(dtype)} of shape {shape}"
            )


def joined(records: Sequence[TeamEpisodes]) -> TeamEpisodes:
    """Put records of one plant behind each other.

    Raises:
        UserError: They are of different plants.
    """
    first = records[0]
    for other in records[1:]:
        if other.place != first.place:
            what = differing(first.place, other.place)
            raise UserError(
                f"{other.source}: records of another scenario than those of {first.source} ({what}); "
                "learn from records of one plant at a time"
            )
    before = np.cumsum([0] + [len(one.length) for one in records])
    return TeamEpisodes(
        first.place,
        tuple(
            _behind([one.decisions[agent] for one in records], before)
            for agent in range(len(first.decisions))
        ),
        np.concatenate([one.reward for one in records]),
        np.concatenate([one.length for one in records]),
        np.concatenate([one.terminal for one in records]),
        ", ".join(one.source for one in records),
        np.concatenate([one.began for one in records]),
    )


def _behind(parts: list[Decisions], before: np.ndarray) -> Decisions:
    shifted = np.concatenate(
        [part.episode + more for part, more in zip(parts, before, strict=False)]
    )
    others = [
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("step", "observation", "mask", "macro_action", "duration")
    ]
    return Decisions(shifted, *others)


def differing(first: TeamPlace, second: TeamPlace) -> str:
    """Say in a few words what tells two plants apart."""
    if first.plant != second.plant:
        return f"'{second.plant}' instead of '{first.plant}'"
    agents = [task.agent for task in first.tasks], [task.agent for task in second.tasks]
    if agents[0] != agents[1]:
        return f"agents {', '.join(agents[1])} instead of {', '.join(agents[0])}"
    for one, other in zip(first.tasks, second.tasks, strict=True):
        if one != other:
            return f"agent '{one.agent}' sees or may choose something else"
    return f"'{first.plant}' with other numbers"
