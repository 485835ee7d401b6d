"""Opens the store of a history, for writing and for reading from another process."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

from shiftwork.errors import UserError
from shiftwork.operation.history_store import FILE, SqliteStore, Store

DATABASE = "history.json"
"""Says where the samples stand, if that is not a file beside it."""


def writing(folder: Path, plant: str, database: str = "") -> Store:
    """Open the store of a folder for writing.

    Args:
        folder: Of the history.
        plant: Its name; one database may hold several plants.
        database: How to reach a PostgreSQL, in the words of its own clients; "" for SQLite.

    Raises:
        UserError: It cannot be used.
    """
    if not database:
        return SqliteStore(folder)
    from shiftwork.operation.postgres_store import PostgresStore

    store = PostgresStore(database, plant)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        where = json.dumps({"database": database, "plant": plant})
        (folder / DATABASE).write_text(where, encoding="utf-8")
    except OSError as error:
        store.close()
        raise UserError(f"{folder}: cannot hold a history ({error}); choose another") from None
    return store


@contextmanager
def reading(folder: Path) -> Generator[Store | None, None, None]:
    """Open the store that another process may be writing; None where there is none yet.

    Raises:
        UserError: It cannot be read.
    """
    if (folder / DATABASE).is_file():
        from shiftwork.operation.postgres_store import PostgresStore

        where = json.loads((folder / DATABASE).read_text(encoding="utf-8"))
        store: Store = PostgresStore(where["database"], where["plant"])
    elif (folder / FILE).is_file():
        store = SqliteStore(folder, reading=True)
    else:
        yield None
        return
    with closing(store):
        yield store
