"""Expressions over tags, as a plant file has them: parsed against a white list, never ``eval``."""

from __future__ import annotations

import ast
import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import polars as pl

from shiftwork.errors import UserError, unknown

LONGEST = 2000
"""Characters of an expression."""
DEEPEST = 50
"""Levels of nesting."""

Columns = Mapping[str, np.ndarray]
Kind = Literal["number", "truth"]
_Step = Callable[[Columns], np.ndarray]

_ARITHMETIC: dict[type[ast.AST], Callable[..., np.ndarray]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
}
_COMPARISON: dict[type[ast.AST], Callable[..., np.ndarray]] = {
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
}
_CALLS: dict[str, tuple[int, int, Callable[..., np.ndarray]]] = {
    "abs": (1, 1, np.abs),
    "exp": (1, 1, np.exp),
    "log": (1, 1, np.log),
    "sqrt": (1, 1, np.sqrt),
    "min": (2, 50, lambda *a: np.minimum.reduce(np.broadcast_arrays(*a))),
    "max": (2, 50, lambda *a: np.maximum.reduce(np.broadcast_arrays(*a))),
    "clip": (3, 3, lambda x, low, high: np.minimum(np.maximum(x, low), high)),
}
FUNCTIONS = frozenset(_CALLS) | {"where"}
"""What may be called; no tag may have one of these names."""


@dataclass(frozen=True)
class Expression:
    """A number or a condition computed from tags.

    It is made of numbers, tags, ``+ - * / **``, comparisons, ``and or not``, text compared with
    a state tag by ``==`` or ``!=``, and the calls abs, min, max, clip(x, low, high), exp, log,
    sqrt, where(condition, a, b).

    A row in which any tag of the expression is missing or not finite has no result, and neither
    has one whose arithmetic is undefined (a division by zero, the root of a negative number).

    Attributes:
        text: As the plant file has it.
        where: File and key, put in front of errors.
        kind: "number", or "truth" for a condition.
        names: The tags in it.
        text_names: Those of them that are compared with text, and so must be state tags.
    """

    text: str
    where: str
    kind: Kind = field(init=False)
    names: frozenset[str] = field(init=False)
    text_names: frozenset[str] = field(init=False)
    _step: _Step = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        reader = _Reader(self.text, self.where)
        for name, value in (
            ("kind", reader.kind),
            ("names", frozenset(reader.seen)),
            ("text_names", frozenset(n for n, as_text in reader.seen.items() if as_text)),
            ("_step", reader.step),
        ):
            object.__setattr__(self, name, value)

    def evaluate(self, columns: Columns) -> np.ndarray:
        """Compute every row.

        Args:
            columns: By tag: float arrays (T,), for state tags object arrays of text or None.

        Returns:
            (T,) float64, NaN where there is no result; a condition gives 1 and 0. Without tags,
            a constant of shape (1,).
        """
        known = np.ones(1, bool)
        inputs = {}
        for name in self.names:
            column = columns[name]
            if name in self.text_names:
                here = np.array([text is not None for text in column], bool)
            else:
                column = np.asarray(column, np.float64)
                here = np.isfinite(column)
            inputs[name] = column
            known = known & here
        with np.errstate(all="ignore"):
            return np.where(known, self._step(inputs), np.nan)

    def polars(self) -> pl.Expr:
        """The same over the columns of a frame: Float64, or Boolean for a condition, with nulls.

        Without tags it is a single literal, so use it where polars repeats one.
        """
        dtype = pl.Float64 if self.kind == "number" else pl.Boolean
        if not self.names:
            return pl.lit(self._series(self.evaluate({}))[0], dtype)

        def batch(tags: pl.Series) -> pl.Series:
            columns = {
                name: tags.struct.field(name).to_numpy()
                if name not in self.text_names
                else np.array(tags.struct.field(name).to_list(), object)
                for name in self.names
            }
            return self._series(self.evaluate(columns))

        return pl.struct(sorted(self.names)).map_batches(batch, return_dtype=dtype)

    def _series(self, values: np.ndarray) -> pl.Series:
        series = pl.Series(values, nan_to_null=True)
        return series if self.kind == "number" else series.cast(pl.Boolean)

    def refuse(self, problem: str) -> UserError:
        """The error that something about this expression is wrong."""
        return UserError(f"{self.where}: {problem}")


def _finite(values: np.ndarray) -> np.ndarray:
    # An infinity may vanish again (1 / inf, min(3, inf)) and leave a plausible number behind.
    return np.where(np.isfinite(values), values, np.nan)


class _Reader:
    """Turns the text into a function, checking each part on the way; conditions are 1, 0, NaN."""

    def __init__(self, text: str, where: str) -> None:
        self.where = where
        self.seen: dict[str, bool] = {}  # tag: is it compared with text?
        self.lines = text.split("\n")
        self.source = f"(\n{text}\n)"  # in brackets of its own it may run over several lines
        if len(text) > LONGEST:
            raise UserError(
                f"{where} has {len(text)} characters, at most {LONGEST} are read; "
                "split it over tags"
            )
        if not text.strip():
            raise UserError(f'{where} is empty; write an expression over tags, or "0"')
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(self.source, mode="eval").body
        except SyntaxError as error:
            line, column = (error.lineno or 2) - 1, error.offset or 1
            if line > len(self.lines):
                line, column = len(self.lines), len(self.lines[-1])
            place = self._place(max(line, 1), column)
            raise UserError(f"{place}: is not an expression ({error.msg}); fix it there") from None
        except (ValueError, RecursionError, MemoryError):
            raise UserError(
                f"{where} is not an expression: too deeply nested, or holds a character that no "
                "expression has; fix it"
            ) from None
        self.kind, self.step = self._read(tree, 1)

    def _place(self, line: int, column: int) -> str:
        several = f"line {line}, " if len(self.lines) > 1 else ""
        return f"{self.where}, {several}column {column}"

    def _wrong(self, node: ast.AST, problem: str) -> UserError:
        line = getattr(node, "lineno", 2) - 1
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        # The parser counts bytes of UTF-8.
        before = text.encode()[: getattr(node, "col_offset", 0)].decode(errors="ignore")
        return UserError(f"{self._place(line, len(before) + 1)}: {problem}")

    def _words(self, node: ast.AST) -> str:
        return _shorten(ast.get_source_segment(self.source, node) or "")

    def _read(self, node: ast.expr, depth: int) -> tuple[Kind, _Step]:
        if depth > DEEPEST:
            raise self._wrong(node, f"is nested deeper than {DEEPEST} levels; split it over tags")
        match node:
            case ast.Constant():
                number = self._constant(node)
                return "number", lambda _: number
            case ast.Name(id=name):
                self._note(node, name, as_text=False)
                return "number", lambda columns: columns[name]
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                if isinstance(op, ast.Pow):
                    self._check_exponent(right)
                return self._apply("number", _ARITHMETIC[type(op)], [left, right], depth)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self._apply("number", np.negative, [operand], depth)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                step = self._wanted("truth", operand, depth)
                return "truth", lambda columns: 1 - step(columns)
            case ast.BoolOp(op=op, values=values):
                # Smallest and largest of 1, 0 and NaN: unknown if any part of it is.
                join = np.minimum if isinstance(op, ast.And) else np.maximum
                steps = [self._wanted("truth", value, depth) for value in values]
                return "truth", lambda columns: _joined(join, [s(columns) for s in steps])
            case ast.Compare():
                return self._compare(node, depth)
            case ast.Call():
                return self._call(node, depth)
        raise self._wrong(
            node,
            f"'{self._words(node)}' is not allowed; only numbers, tags, + - * / **, "
            f"comparisons, and, or, not, and {', '.join(sorted(FUNCTIONS))} are",
        )

    def _wanted(self, kind: Kind, node: ast.expr, depth: int) -> _Step:
        found, step = self._read(node, depth + 1)
        if found != kind:
            what = f"'{self._words(node)}'"
            raise self._wrong(
                node,
                f"{what} is a condition, a number is needed; write where({what[1:-1]}, 1, 0)"
                if found == "truth"
                else f"{what} is a number, a condition is needed; write a comparison such as > 0",
            )
        return step

    def _apply(
        self, kind: Kind, function: Callable[..., np.ndarray], parts: list[ast.expr], depth: int
    ) -> tuple[Kind, _Step]:
        steps = [self._wanted("number", part, depth) for part in parts]
        return kind, lambda columns: _finite(function(*[step(columns) for step in steps]))

    def _constant(self, node: ast.Constant) -> np.ndarray:
        value = node.value
        if isinstance(value, str):
            raise self._wrong(
                node, f"text '{_shorten(value)}' stands alone; only compare a state tag with it"
            )
        try:
            number = float(value) if type(value) in (int, float) else math.nan  # type: ignore[arg-type]
        except OverflowError:
            number = math.nan
        if not math.isfinite(number):
            raise self._wrong(node, f"{_shorten(str(value))} is not a finite number; fix it")
        return np.array([number])

    def _note(self, node: ast.AST, name: str, *, as_text: bool) -> None:
        if self.seen.setdefault(name, as_text) != as_text:
            raise self._wrong(
                node, f"'{name}' is used as a number and as a state's text; choose one of them"
            )

    def _check_exponent(self, node: ast.expr) -> None:
        inner = node.operand if isinstance(node, ast.UnaryOp) else node
        value: Any = inner.value if isinstance(inner, ast.Constant) else None
        if type(value) not in (int, float) or not abs(value) <= 10:
            raise self._wrong(
                node, "an exponent must be a number from -10 to 10; write exp() for growth"
            )

    def _compare(self, node: ast.Compare, depth: int) -> tuple[Kind, _Step]:
        parts = [node.left, *node.comparators]
        if any(isinstance(p, ast.Constant) and isinstance(p.value, str) for p in parts):
            return "truth", self._compare_text(node, parts)
        if unfit := [op for op in node.ops if type(op) not in _COMPARISON]:
            raise self._wrong(node, f"'{type(unfit[0]).__name__}' is not a comparison of numbers; "
                                    "write < <= > >= == or !=")  # fmt: skip
        steps = [self._wanted("number", part, depth) for part in parts]
        tests = [_COMPARISON[type(op)] for op in node.ops]

        def step(columns: Columns) -> np.ndarray:
            values = [s(columns) for s in steps]
            truths = []
            for test, a, b in zip(tests, values, values[1:], strict=False):
                truths.append(np.where(np.isnan(a) | np.isnan(b), np.nan, test(a, b)))
            return _joined(np.minimum, truths)

        return "truth", step

    def _compare_text(self, node: ast.Compare, parts: list[ast.expr]) -> _Step:
        names = [part.id for part in parts if isinstance(part, ast.Name)]
        texts = [part.value for part in parts if isinstance(part, ast.Constant)]
        if len(parts) != 2 or len(names) != 1 or not isinstance(node.ops[0], ast.Eq | ast.NotEq):
            raise self._wrong(
                node, "text is only compared with a state tag; write == or !=, one tag, one text"
            )
        name, text, equal = names[0], texts[0], isinstance(node.ops[0], ast.Eq)
        self._note(node, name, as_text=True)
        return lambda columns: np.equal(columns[name] == text, equal).astype(np.float64)

    def _call(self, node: ast.Call, depth: int) -> tuple[Kind, _Step]:
        name = node.func.id if isinstance(node.func, ast.Name) else self._words(node.func)
        if name not in FUNCTIONS:
            place = str(self._wrong(node, "")).rstrip(": ")
            raise unknown("function", _shorten(name), FUNCTIONS, place)
        least, most, function = _CALLS.get(name, (3, 3, np.where))
        given: list[Any] = [*node.args, *node.keywords]
        if node.keywords or not least <= len(given) <= most:
            needed = f"{least}" if least == most else f"{least} or more"
            raise self._wrong(node, f"{name}() has {len(given)} values; give {needed}, unnamed")
        if name != "where":
            return self._apply("number", function, node.args, depth)
        condition = self._wanted("truth", node.args[0], depth)
        yes, no = (self._wanted("number", part, depth) for part in node.args[1:])

        def where(columns: Columns) -> np.ndarray:
            holds = condition(columns)
            chosen = np.where(holds == 1, yes(columns), no(columns))
            return np.where(np.isnan(holds), np.nan, chosen)

        return "number", where


def _joined(join: np.ufunc, values: list[np.ndarray]) -> np.ndarray:
    result: np.ndarray = join.reduce(np.broadcast_arrays(*values))
    return result


def _shorten(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 40 else text[:37] + "..."
