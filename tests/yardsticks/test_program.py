import sys

import numpy as np
import pytest

from shiftwork.errors import UserError
from shiftwork.yardsticks.program import Program


def test_a_linear_program_of_known_value():
    # Two products, x at 3 $ and y at 2 $, share 4 h and 6 kg: the corner is x = 2, y = 2.
    program = Program()
    made = program.add(2, worth=[3.0, 2.0])
    program.require((made, 1.0), high=4.0)
    program.require((made, [2.0, 1.0]), high=6.0)
    solution = program.solve()
    np.testing.assert_allclose(solution.value, [2.0, 2.0], atol=1e-9)
    assert solution.objective == solution.bound == pytest.approx(10.0)


def test_a_variable_named_twice_in_a_row_counts_twice():
    program = Program()
    x = program.add(1, worth=1.0)
    program.require((x, 1.0), (x, 2.0), high=6.0)
    assert program.solve().value == pytest.approx([2.0])


def test_rows_broadcast_over_leading_axes():
    program = Program()
    x = program.add((3, 2), worth=1.0)
    program.require((x, [1.0, 2.0]), high=[2.0, 4.0, 6.0])
    assert program.solve().value.reshape(3, 2) == pytest.approx(
        np.array([[2, 0], [4, 0], [6, 0]]), abs=1e-9
    )


def test_whole_variables_are_whole_and_a_start_is_completed():
    # Knapsack of 10: weights 6, 5, 5 worth 7, 5, 5; the greedy first choice is not the best.
    program = Program()
    take = program.add(3, high=1, worth=[7.0, 5.0, 5.0], whole=True)
    program.require((take, [6.0, 5.0, 5.0]), high=10.0)
    solution = program.solve(start=(take, np.array([1.0, 0.0, 0.0])))
    np.testing.assert_allclose(solution.value, [0.0, 1.0, 1.0], atol=1e-6)
    assert solution.bound == pytest.approx(10.0, rel=1e-3)


def test_what_cannot_be_met_gives_no_point():
    program = Program()
    x = program.add(1, high=1.0, worth=1.0)
    program.require((x, 1.0), low=2.0)
    assert program.solve().value is None


def test_without_the_solver_the_message_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "highspy", None)
    program = Program()
    program.add(1)
    with pytest.raises(UserError, match=r'HiGHS.*; pip install "shiftwork\[milp\]"'):
        program.solve()
