"""Rows of a database, read through SQLAlchemy as the driver gives them.

dlt's own ``sql_table`` is not used: it reads values by the types that a table declares, and SQLite keeps to none. A
time that was written as ``2026-01-01 00:00:05`` is then compared with ``2026-01-01 00:00:05.000000``, as text, and
rows are lost (decision 34).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sentiment_assets.sources.cursor_order import newest
from sentiment_assets.sources.keys import telling_apart
from sentiment_assets.sources.settings import SqlSource, UnfitSource

if TYPE_CHECKING:
    import sqlalchemy as sa
    from dlt.sources import DltResource

_ROWS_AT_ONCE = 5_000
_SECONDS_TO_CONNECT = 30


@contextmanager
def opened(settings: SqlSource) -> "Iterator[sa.Engine]":
    """The database, while the block lasts. Raises ``UnfitSource`` and SQLAlchemy's errors."""
    import sqlalchemy as sa

    url = sa.make_url(settings.connection.value())
    postgres = {"connect_args": {"connect_timeout": _SECONDS_TO_CONNECT}, "json_deserializer": str}  # JSON as it is
    more = postgres if url.get_backend_name() == "postgresql" else {}
    engine = sa.create_engine(url, poolclass=sa.NullPool, hide_parameters=True, **more)
    try:
        yield engine
    finally:
        engine.dispose()


def sql_resource(name: str, settings: SqlSource, engine: "sa.Engine") -> "DltResource":
    """The rows that are new or changed since the cursor, which dlt keeps."""
    import dlt

    apart = telling_apart(settings.key)

    @dlt.resource(name=name)
    def rows(
        cursor: Any = dlt.sources.incremental(  # noqa: B008
            settings.cursor,
            last_value_func=newest,
            on_cursor_value_missing="exclude",
            primary_key=apart,
        ),
    ) -> Iterator[list[dict[str, Any]]]:
        with engine.connect() as connection:
            result = connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(_new_rows(settings, cursor))
            _require_columns(settings, list(result.keys()))
            for part in result.mappings().partitions():
                yield [_row(dict(each), settings.cursor) for each in part]

    return rows


def _row(row: dict[str, Any], cursor: str) -> dict[str, Any]:
    """A row whose cursor is text if it is a UUID, as dlt's state has it."""
    return {**row, cursor: str(row[cursor])} if isinstance(row[cursor], UUID) else row


def without_cursor(settings: SqlSource, engine: "sa.Engine") -> int:
    """How many rows have no value in the cursor's column, and are not pulled."""
    import sqlalchemy as sa

    where = sa.column(settings.cursor).is_(None)
    with engine.connect() as connection:
        return int(connection.scalar(sa.select(sa.func.count()).select_from(_rows(settings)).where(where)) or 0)


def _new_rows(settings: SqlSource, cursor: Any) -> "sa.Select[Any]":
    import sqlalchemy as sa

    query = sa.select(sa.text("*")).select_from(_rows(settings))
    # Rows that have come since with the same cursor are asked for again; dlt knows those that have been pulled.
    return query if cursor.last_value is None else query.where(sa.column(settings.cursor) >= cursor.last_value)


def _rows(settings: SqlSource) -> "sa.FromClause":
    import sqlalchemy as sa

    if settings.table is not None:
        return sa.table(settings.table, schema=settings.table_schema)
    query = str(settings.query).strip().rstrip(";")
    return sa.text(query.replace(":", r"\:") + "\n").columns().subquery("asked")


def _require_columns(settings: SqlSource, columns: list[str]) -> None:
    """SQLite takes the quoted name of a column that is not there for a text."""
    said = f"there are: {', '.join(columns)}"
    if missing := [each for each in (settings.cursor, *settings.key) if each not in columns]:
        raise UnfitSource(f"there is no column {', '.join(missing)}; {said}")
    if twice := sorted({each for each in columns if columns.count(each) > 1}):
        raise UnfitSource(f"more than one column is named {', '.join(twice)}: give each a name of its own; {said}")
