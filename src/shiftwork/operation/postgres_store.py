"""A history's samples in a PostgreSQL, for whoever keeps data there already."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

from shiftwork.errors import UserError
from shiftwork.operation.history_rows import DAY_US, HistoryFailed, Row

CONNECT_S, ANSWER_MS = 2, 1000
"""Longest waits: a database that hangs must not keep a cycle from its plant."""
_TABLE = """CREATE TABLE IF NOT EXISTS shiftwork_samples (
    plant TEXT NOT NULL, time_us BIGINT NOT NULL, tag TEXT NOT NULL,
    value DOUBLE PRECISION, state TEXT, status SMALLINT NOT NULL,
    PRIMARY KEY (plant, time_us, tag))"""


class PostgresStore:
    """Implements ``Store`` in the table ``shiftwork_samples``.

    A connection that breaks is made again at the next call.

    Args:
        database: How to reach it, such as "host=db dbname=plant user=shiftwork". The password is
            left to the client's own means: the environment variable PGPASSWORD, or a password file.
        plant: Whose rows.

    Raises:
        UserError: It cannot be reached or used, or a password stands in it.
    """

    def __init__(self, database: str, plant: str) -> None:
        try:
            import psycopg
            from psycopg import conninfo
        except ImportError:
            raise UserError(
                "a history in PostgreSQL needs the package psycopg; install it with: "
                "pip install 'shiftwork[sql]'"
            ) from None
        try:
            known = conninfo.conninfo_to_dict(database)
        except psycopg.Error as error:
            raise UserError(
                f"operation.history: '{database}' cannot be read ({_line(error)}); write it as "
                '"host=db dbname=plant user=shiftwork"'
            ) from None
        if "password" in known:
            raise UserError(
                "operation.history: a password must not stand in a file; set PGPASSWORD in the "
                "environment instead"
            )
        self._psycopg, self._database, self._plant = psycopg, database, plant
        self._link: Any = None
        try:
            with self._asked() as link:
                link.execute(_TABLE)
        except HistoryFailed as error:
            raise UserError(
                f"operation.history: '{database}' cannot hold a history ({error}); start it, or "
                "correct it"
            ) from None

    @contextmanager
    def _asked(self) -> Generator[Any, None, None]:
        """A connection with one transaction; whatever fails ends both."""
        try:
            if self._link is None:
                self._link = self._psycopg.connect(
                    self._database,
                    connect_timeout=CONNECT_S,
                    tcp_user_timeout=ANSWER_MS,
                    options=f"-c statement_timeout={ANSWER_MS} -c client_min_messages=warning",
                )
            with self._link.transaction():
                yield self._link
        except self._psycopg.Error as error:
            self.close()
            raise HistoryFailed(_line(error)) from error

    def add(self, rows: Sequence[Row]) -> None:  # noqa: D102
        with self._asked() as link, link.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO shiftwork_samples VALUES (%s, %s, %s, %s, %s, %s) "
                "ON CONFLICT (plant, time_us, tag) DO UPDATE SET value = EXCLUDED.value, "
                "state = EXCLUDED.state, status = EXCLUDED.status",
                [(self._plant, *row) for row in rows],
            )

    def between(self, begin_us: int, end_us: int) -> list[Row]:  # noqa: D102
        with self._asked() as link:
            # By the tag's bytes, as SQLite orders them, whatever the database's language.
            rows = link.execute(
                "SELECT time_us, tag, value, state, status FROM shiftwork_samples WHERE plant = %s "
                'AND time_us >= %s AND time_us < %s ORDER BY time_us, tag COLLATE "C"',
                (self._plant, begin_us, end_us),
            )
            return list(rows.fetchall())

    def since(self, key: str, begin_us: int) -> list[tuple[int, float | None]]:  # noqa: D102
        with self._asked() as link:
            rows = link.execute(
                "SELECT time_us, value FROM shiftwork_samples WHERE plant = %(plant)s AND "
                "tag = %(tag)s AND time_us >= COALESCE((SELECT max(time_us) FROM shiftwork_samples "
                "WHERE plant = %(plant)s AND tag = %(tag)s AND time_us <= %(begin)s), %(begin)s) "
                "ORDER BY 1",
                {"plant": self._plant, "tag": key, "begin": begin_us},
            )
            return list(rows.fetchall())

    def days(self, before_us: int) -> list[int]:  # noqa: D102
        with self._asked() as link:
            rows = link.execute(
                "SELECT DISTINCT time_us / %s FROM shiftwork_samples WHERE plant = %s AND "
                "time_us < %s ORDER BY 1",
                (DAY_US, self._plant, before_us),
            )
            return [day for (day,) in rows.fetchall()]

    def remove(self, begin_us: int, end_us: int) -> None:  # noqa: D102
        with self._asked() as link:
            link.execute(
                "DELETE FROM shiftwork_samples WHERE plant = %s AND time_us >= %s AND time_us < %s",
                (self._plant, begin_us, end_us),
            )

    def close(self) -> None:  # noqa: D102
        link, self._link = self._link, None
        if link is not None:
            link.close()


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
