"""Rare moves as experiments: does the plant answer when an action is moved?

Where an action stands still for hours, its setting hardly explains rewards from one period to the
next, and yet each move is an experiment. So only the moves are compared: does the size of a move
foretell how a tag changes afterwards, beyond what the state at the move foretells? Operators move
because of what they see, and a plant returns by itself; the state is in both predictions, so what
follows from it does not count.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from shiftwork.records.historian.cut import Cut
from shiftwork.records.historian.plant_file.model import PlantFile
from shiftwork.reports.inspection.practice import Practice

FEWEST_MOVES = 30
"""Moves below which nothing is compared."""

WINDOWS = (1, 2, 5, 10, 20, 40)
"""Periods after a move within which the answer is looked for."""

TREND = 3
"""Periods before a move whose change is part of the state."""

SHUFFLES = 50
"""Random orders of the moves that the true one must all beat."""


@dataclass(frozen=True)
class Answer:
    """How a tag answers to moves of an action.

    Attributes:
        tag: Key of the tag that answers most.
        share: Share of its change after a move that only the size of the move foretells, judged on
            moves held out.
        after_s: Time after the move.
        moves: How many moves were compared.
    """

    tag: str
    share: float
    after_s: float
    moves: int


def answer_to_moves(cut: Cut, practice: Practice, plant: PlantFile) -> Answer | None:
    """Find the clearest answer of the plant to an action's moves.

    Tags in the objective are looked at; all observed ones if none of them is observed.

    Returns:
        None if there are too few moves, or no answer is clearer than chance.
    """
    names = [tag.name for tag in cut.episodes.observation_tags]
    aims = [k for k in names if k in plant.objective.names and k != practice.tag.key]
    others = [k for k in names if k in plant.tags and plant.tags[k].role != "action"]
    best: Answer | None = None
    for key in aims or others:
        values = cut.episodes.observation[:, names.index(key)].astype(np.float64)
        for window in WINDOWS:
            found = _answer(cut, practice, values, window)
            if found is not None and (best is None or found[0] > best.share):
                best = Answer(key, found[0], window * plant.period_s, found[1])
    return best


def _answer(
    cut: Cut, practice: Practice, values: Float64[np.ndarray, " R"], window: int
) -> tuple[float, int] | None:
    """Share that only the moves foretell, and their number; None if chance could give as much."""
    episodes = cut.episodes
    steps = np.flatnonzero(practice.moved)
    episode = episodes.episode_of_step[steps]
    row = steps + episode  # every episode has one more observation than steps
    begin = episodes.starts[episode] + episode
    inside = (row + window <= begin + episodes.length[episode]) & (row - TREND >= begin)
    steps, row = steps[inside], row[inside]
    if len(steps) < FEWEST_MOVES:
        return None
    move, setting = practice.move[steps], practice.setting[steps]
    change = values[row + window] - values[row]
    state = np.stack(
        [np.ones(len(row)), values[row], values[row] - values[row - TREND], setting - move], axis=1
    )
    held_out = np.arange(len(steps)) // max(len(steps) // 10, 1) % 2 == 1
    share = _share(state, move, change, held_out)
    rng = np.random.default_rng(0)
    chance = max(_share(state, rng.permutation(move), change, held_out) for _ in range(SHUFFLES))
    return (share, len(steps)) if share > max(chance, 0.0) else None


def _share(
    state: Float64[np.ndarray, "M 4"],
    move: Float64[np.ndarray, " M"],
    change: Float64[np.ndarray, " M"],
    held_out: np.ndarray,
) -> float:
    """Share of what the state leaves open that the move foretells, on moves held out."""
    missed = []
    for design in (state, np.column_stack([state, move])):
        known = design[~held_out]
        # As large as its own column, since tags have all sizes.
        ridge = np.diag(1e-6 * np.square(known).sum(0) + 1e-12)
        fitted = np.linalg.solve(known.T @ known + ridge, known.T @ change[~held_out])
        missed.append(float(np.square(change[held_out] - design[held_out] @ fitted).mean()))
    return 1.0 - missed[1] / missed[0] if missed[0] > 0 else 0.0
