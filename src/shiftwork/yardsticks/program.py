"""A linear or mixed-integer program, put together block by block and solved by HiGHS."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float64
from numpy.typing import ArrayLike

from shiftwork.errors import UserError


class Solution(NamedTuple):
    """What the solver found.

    Attributes:
        value: Of the variables, (V,), or None if it found no feasible point in its time.
        objective: Of that point; -inf if there is none.
        bound: No point is better.
        seconds: Of the processor that it took.
    """

    value: Float64[np.ndarray, " V"] | None
    objective: float
    bound: float
    seconds: float


class Program:
    """Maximize a linear objective over rows ``low <= sum of coefficient x variable <= high``.

    Variables are added in blocks; what ``add`` returns are their numbers in the block's shape, with
    which rows are written. Scalars broadcast.
    """

    def __init__(self) -> None:
        self.low: list[np.ndarray] = []
        self.high: list[np.ndarray] = []
        self.worth: list[np.ndarray] = []
        self.whole: list[np.ndarray] = []
        self.size = 0
        self.rows = 0
        self._row: list[np.ndarray] = []
        self._column: list[np.ndarray] = []
        self._value: list[np.ndarray] = []
        self._row_low: list[np.ndarray] = []
        self._row_high: list[np.ndarray] = []

    def add(
        self,
        shape: int | tuple[int, ...],
        low: ArrayLike = 0.0,
        high: ArrayLike = np.inf,
        worth: ArrayLike = 0.0,
        whole: ArrayLike = False,
    ) -> np.ndarray:
        """Add variables; returns their numbers."""
        number = np.arange(self.size, self.size + int(np.prod(shape))).reshape(shape)
        for kept, given in ((self.low, low), (self.high, high), (self.worth, worth)):
            kept.append(np.broadcast_to(np.asarray(given, float), number.shape).ravel())
        self.whole.append(np.broadcast_to(np.asarray(whole, bool), number.shape).ravel())
        self.size += number.size
        return number

    def require(
        self,
        *terms: tuple[np.ndarray, ArrayLike],
        low: ArrayLike = -np.inf,
        high: ArrayLike = np.inf,
    ) -> None:
        """Add rows. Each term holds variables (..., n), summed over the last axis, and coefficients.

        The leading axes of all terms and limits broadcast to the rows' shape.
        """
        terms = tuple((np.atleast_1d(number), coefficient) for number, coefficient in terms)
        shape = np.broadcast_shapes(
            *(number.shape[:-1] for number, _ in terms), np.shape(low), np.shape(high)
        )
        count = int(np.prod(shape))
        rows = self.rows + np.arange(count).reshape(shape)
        for number, coefficient in terms:
            full = (*shape, number.shape[-1])
            self._row.append(np.broadcast_to(rows[..., None], full).ravel())
            self._column.append(np.broadcast_to(number, full).ravel())
            self._value.append(np.broadcast_to(np.asarray(coefficient, float), full).ravel())
        self._row_low.append(np.broadcast_to(np.asarray(low, float), shape).ravel())
        self._row_high.append(np.broadcast_to(np.asarray(high, float), shape).ravel())
        self.rows += count

    def solve(
        self,
        *,
        seconds: float = np.inf,
        gap: float = 1e-4,
        start: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> Solution:
        """Solve on one thread.

        Args:
            seconds: Of the processor, after which a mixed-integer program ends with what it has.
            gap: Relative gap between a point and the bound at which a mixed-integer program ends.
            start: Whole variables and values to begin with; the solver completes them.

        Raises:
            UserError: HiGHS is not installed.
        """
        highspy = _highspy()
        solver = highspy.Highs()
        for name, setting in (("output_flag", False), ("threads", 1), ("mip_rel_gap", gap)):
            solver.setOptionValue(name, setting)
        if not np.concatenate(self.whole).any():
            # Interior points and a crossover: some five times as fast as simplex on the bound.
            solver.setOptionValue("solver", "ipm")
        solver.passModel(self._model(highspy))
        if start is not None:
            solver.setSolution(len(start[0]), start[0].astype(np.int32), start[1].astype(float))
        began = time.process_time()

        # Not the solver's own limit: it counts time that other processes take.
        def look_at_clock(event: Any) -> None:
            if time.process_time() - began > seconds:
                event.interrupt()

        if np.isfinite(seconds):
            solver.cbMipInterrupt.subscribe(look_at_clock)
        solver.run()
        took = time.process_time() - began
        info = solver.getInfo()
        found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        done = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
        value = np.array(solver.getSolution().col_value) if found else None
        objective = float(info.objective_function_value) if found else -np.inf
        bound = objective if done else np.inf
        if np.concatenate(self.whole).any():
            bound = float(info.mip_dual_bound)
        return Solution(value, objective, bound, took)

    def _model(self, highspy: Any) -> Any:
        row, column, value = (
            np.concatenate(part) for part in (self._row, self._column, self._value)
        )
        # HiGHS takes each entry once; coefficients of a variable that a row names twice add up.
        place, at = np.unique(row * self.size + column, return_inverse=True)
        value = np.bincount(at, weights=value)
        row, column = place // self.size, place % self.size
        row, column, value = (part[value != 0] for part in (row, column, value))
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = self.size, self.rows
        model.sense_ = highspy.ObjSense.kMaximize
        model.col_cost_ = np.concatenate(self.worth)
        model.col_lower_ = np.concatenate(self.low)
        model.col_upper_ = np.concatenate(self.high)
        model.row_lower_ = np.concatenate(self._row_low)
        model.row_upper_ = np.concatenate(self._row_high)
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        counts = np.bincount(row, minlength=self.rows)
        model.a_matrix_.start_ = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
        model.a_matrix_.index_ = column.astype(np.int32)
        model.a_matrix_.value_ = value
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        whole = np.concatenate(self.whole)
        if whole.any():
            model.integrality_ = [kinds[int(is_whole)] for is_whole in whole]
        return model


def _highspy() -> Any:
    try:
        import highspy
    except ImportError:
        raise UserError(
            'the yardsticks of the centre need HiGHS, which is not installed; pip install "shiftwork[milp]"'
        ) from None
    return highspy
