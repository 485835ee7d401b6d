"""Expressions of plant files: their values, and every wrong one refused in one line."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shiftwork.errors import UserError
from shiftwork.records.historian.plant_file.expression import Expression
from support.record_builders import refused

EXPRESSIONS = {
    # text: value with a = 2, b = -3, c missing and s = "RUN"
    "1": 1,
    "a + b * 2": -4,
    "-a ** 2": -4,
    "2 ** -1 * a": 1,
    "a / b * 3": -2,
    "abs(b) + min(a, b, 1) + max(a, b)": 2,
    "clip(b, -1, 1)": -1,
    "exp(log(sqrt(a * a)))": 2,
    "where(a > b, 10, 20)": 10,
    "where(s == 'RUN' and not a < b, 1, 0)": 1,
    "where('OFF' != s or a > 100, 1, 0)": 1,
    "where(1 < a <= 2, 1, 0)": 1,
    "where(a > 0, a, log(b))": 2,  # only the branch that is taken counts
    "a\n+ b": -1,
    # Nothing plausible comes out where something is undefined.
    "a + c": None,
    "where(a > 0, 1, c)": None,
    "1 / (a - 2)": None,
    "min(3, 1 / (a - 2))": None,
    "max(0, sqrt(b))": None,
    "0 * log(0 * a)": None,
    "1 / exp(a * 1000)": None,
    "where(sqrt(b) > 0, 1, 0)": None,
}


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_an_expression_has_one_value_by_both_ways(text):
    expression = Expression(text, "plant.toml: objective.expression")
    numbers = {"a": [2.0, math.nan], "b": [-3.0, 1.0], "c": [math.nan, 1.0]}
    columns = {key: np.array(value) for key, value in numbers.items()}
    columns["s"] = np.array(["RUN", None], object)
    expected = EXPRESSIONS[text]
    value = np.broadcast_to(expression.evaluate(columns), (2,))
    assert np.array_equal(value[:1], [math.nan if expected is None else expected], equal_nan=True)
    frame = pl.DataFrame(numbers, nan_to_null=True).with_columns(s=pl.Series(["RUN", None]))
    by_polars = frame.with_columns(out=expression.polars())["out"].fill_null(math.nan).to_numpy()
    assert np.array_equal(by_polars, value, equal_nan=True)
    if expression.names & {"a", "s"}:
        assert np.isnan(value[1])  # an input is missing in the second row


@pytest.mark.parametrize(
    "texts", [[], [None], [None, None], ["RUN"], ["RUN", "OFF"], ["OFF", None]]
)
def test_states_may_be_all_there_all_missing_or_none(texts):
    expression = Expression("s == 'RUN'", "k")
    expected = [math.nan if text is None else float(text == "RUN") for text in texts]
    value = expression.evaluate({"s": np.array(texts, object)})
    assert np.array_equal(value, expected, equal_nan=True)
    frame = pl.DataFrame({"s": pl.Series(texts, dtype=pl.String)})
    truths = [None if text is None else text == "RUN" for text in texts]
    assert frame.with_columns(out=expression.polars())["out"].to_list() == truths


BAD_EXPRESSIONS = {
    "": ("is empty",),
    "a +": ("column 3",),
    "a b": ("column 1", "not an expression"),
    "a.real": ("column 1", "'a.real' is not allowed"),
    "a[0]": ("'a[0]' is not allowed",),
    "(lambda: 1)()": ("unknown function",),
    "__import__('os').system('true')": ("unknown function",),
    "open('x')": ("unknown function 'open'",),
    "sqr(a)": ("unknown function 'sqr'", "did you mean 'sqrt'?"),
    "[a for a in b]": ("is not allowed",),
    "a if b > 1 else 2": ("is not allowed",),
    "(x := 3)": ("is not allowed",),
    "f'{a}'": ("is not allowed",),
    "a @ b": ("is not allowed",),
    "a % 2": ("is not allowed",),
    "a // 2": ("is not allowed",),
    "a & b": ("is not allowed",),
    "+a": ("is not allowed",),
    "a ** b": ("column 6", "exponent"),
    "a ** 11": ("column 6", "exponent"),
    "a ** 'x'": ("exponent",),
    "'text'": ("'text' stands alone",),
    "a + 'text'": ("column 5", "stands alone"),
    "s < 'RUN'": ("write == or !=",),
    "s == 'A' == 'B'": ("write == or !=",),
    "s in 'RUN'": ("write == or !=",),
    "a is b": ("not a comparison",),
    "where(s == 'RUN', s, 1)": ("'s' is used as a number and as a state's text",),
    "a and b": ("'a' is a number, a condition is needed",),
    "not a": ("a condition is needed",),
    "1 + (a > b)": ("a number is needed", "write where(a > b, 1, 0)"),
    "max(a)": ("max() has 1 values; give 2 or more",),
    "clip(a, 1)": ("clip() has 2 values; give 3",),
    "where(a > 1, b)": ("where() has 2 values; give 3",),
    "max(a, b, key=abs)": ("max()", "unnamed"),
    "max(*a)": ("max()",),
    "True": ("True is not a finite number",),
    "None": ("None is not a finite number",),
    "1e999": ("not a finite number",),
    "1j": ("not a finite number",),
    "9" * 400: ("not a finite number",),
    "a\0": ("not an expression",),
    "-" * 60 + "a": ("column 51", "nested deeper than 50"),
    "(" * 900 + "a" + ")" * 900: ("not an expression",),
    "a" + ".b" * 900: ("is not allowed",),
    "a + " * 600 + "a": ("2401 characters",),
    "a +\nb )": ("line 2, column 3",),
    "온도 + b.c": ("column 6",),
}


@pytest.mark.parametrize("text", BAD_EXPRESSIONS)
def test_refuses_expressions(text):
    refused(lambda: Expression(text, "plant.toml: k"), "plant.toml: k", *BAD_EXPRESSIONS[text])


@given(st.text(alphabet="ab01.+-*/()<=!'\" ,maxwhere\n", max_size=40))
def test_an_expression_is_read_or_refused_and_nothing_else(text):
    try:
        expression = Expression(text, "k")
    except UserError:
        return
    columns = {n: np.array(["x"], object) if n in expression.text_names else np.ones(1)
               for n in expression.names}  # fmt: skip
    value = expression.evaluate(columns)
    assert value.dtype == np.float64
