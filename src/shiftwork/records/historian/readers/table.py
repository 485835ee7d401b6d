"""One table of an export, whatever holds it: a name, a header, and its rows in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from shiftwork.errors import UserError
from shiftwork.records.historian.plant_file.model import ExportRules

BATCH_ROWS = 2**19
"""Rows that are in memory as text at one time."""

LONGEST_TEXT = 10_000
"""Bytes in a cell; a longer one is no state, and repeated in every row it would fill the memory."""

LIMIT_BYTES = 32 * 2**30
"""What one table may unpack to; a larger one is refused before it takes memory."""


@dataclass(frozen=True)
class Wanted:
    """What of a table is read.

    Attributes:
        columns: Positions, ascending.
        tag: Position of the column with tag names, or None.
        sources: The tag names that are needed; others may be left out already while reading.
        hints: What is known of the cells.
        rules: What the plant file declares of cells, where it is not what the table was opened with.
        after: Rows that end here were read before, and need not come again.
    """

    columns: tuple[int, ...]
    tag: int | None = None
    sources: frozenset[str] = frozenset()
    hints: Hints | None = None
    rules: ExportRules | None = None
    after: int = 0


@dataclass
class Hints:
    """What the rows read so far allow a reader to assume, so that it may parse cells itself.

    Text that does not fit is handed over as text all the same, so nothing depends on a hint but
    time.

    Attributes:
        numbers: Columns whose cells are plain numbers with a decimal point.
        stamps: Columns whose cells are ISO time stamps without an offset.
        judged: Rows have been read by which to know.
        failures: Blocks in which they did not hold.
    """

    numbers: frozenset[int] = frozenset()
    stamps: frozenset[int] = frozenset()
    judged: bool = False
    failures: int = 0


class NeedsCare(Exception):
    """A text in which some line is not a plain row, so that it must be read row by row."""


Notes = list[tuple[str, int, str]]
"""What reading row by row left out: kind, how often, and the first as "row: text"."""


@dataclass(frozen=True)
class Table:
    """A table, read only when its batches are asked for.

    Attributes:
        name: The file, with a table's name if it holds several; errors begin with it.
        header: Names of all columns.
        stem: The name without folder and ending: the tag, in exports of one file per tag.
        first_row: Number of its first row of data, counted as a person would.
        batches: Reads the wanted columns, named by their positions as text; text may come
            dictionary-encoded. The number of each batch's first row stands before it.
        careful: Reads the same row by row, where some lines are no rows of data: what is left out
            is added to its second argument. None where every row is one.
        dialect: What files of the same origin share, so that one may show what another leaves open.
        form: Encoding and separator in words.
        steady: Read again, the same batches come in the same order.
    """

    name: str
    header: tuple[str, ...]
    stem: str
    first_row: int
    batches: Callable[[Wanted], Iterator[tuple[int, pa.RecordBatch]]]
    careful: Callable[[Wanted, Notes], Iterator[tuple[int, pa.RecordBatch]]] | None = None
    dialect: tuple[str, ...] = ()
    form: Callable[[], str] = str
    steady: bool = True

    def read(
        self, wanted: Wanted, notes: Notes | None = None
    ) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Read the batches, with their text checked: damaged text would end the process later.

        Args:
            wanted: What to read.
            notes: Read row by row, and add here what is left out.

        Raises:
            UserError: Something cannot be read.
            NeedsCare: It must be read row by row.
        """
        batches = self.batches(wanted)
        if notes is not None and self.careful is not None:
            batches = self.careful(wanted, notes)
        for row, batch in batches:
            try:
                batch.validate(full=True)
            except pa.ArrowException as error:
                cause = " ".join(str(error).split())[:100]
                raise UserError(
                    f"{self.name}: damaged after row {row} ({cause}); copy or export it again"
                ) from None
            for column in batch.columns:
                _refuse_long_text(column, self.name, row)
            yield row, batch


def _refuse_long_text(column: pa.Array, table: str, row: int) -> None:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        longest = pc.max(pc.binary_length(column)).as_py() or 0
        if longest > LONGEST_TEXT:
            raise UserError(
                f"{table}: a cell after row {row} holds {longest} bytes of text, above the limit "
                f"of {LONGEST_TEXT}; remove it"
            )
