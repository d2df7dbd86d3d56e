"""Warehouses: DuckDB files and PostgreSQL databases, and how rows get there through dlt.

Rows are merged in one transaction from a staging schema, so that who reads sees a batch as it was or as it is now. What
writes to one warehouse takes turns. Nothing of dlt's own is read from this machine's environment and folders, and
nothing stays there.
"""

import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from filelock import FileLock, Timeout

from sentiment_assets.publishing.layout import (
    BATCH_DIGEST,
    BATCHES,
    FIRST_TAKEN_IN_AT,
    REVIEWS,
    SCORES,
    TABLES,
    TEXT_DIGEST,
    WORDS,
    WarehouseTable,
)
from sentiment_assets.publishing.settings import DEFAULT_SCHEMA
from sentiment_assets.publishing.tables import ArrowTables, no_rows
from sentiment_assets.publishing.views import Dialect, view_statements, views_version

if TYPE_CHECKING:
    import duckdb

_PIPELINE = "sentiment_assets"
_FOLDER = ".publishing-"
_ABANDONED = 86_400.0
"""Seconds after which what a killed process has left is removed."""
SECONDS_FOR_A_TURN = 600.0
"""How long a run waits for another one that publishes to the same warehouse."""
SECONDS_FOR_READERS = 60.0
"""How long it waits for somebody who has the DuckDB file open."""
_BETWEEN_TRIES = 0.5
_OF_REVIEWS = (WORDS, SCORES, REVIEWS)
"""The tables with a row, or some, for each review."""


class WarehouseAway(ConnectionError):
    """A warehouse cannot be written to now; the message says why and what to do, and holds no secret."""


@dataclass(frozen=True)
class DuckdbFile:
    """A DuckDB file."""

    path: Path
    schema: str = DEFAULT_SCHEMA


@dataclass(frozen=True)
class PostgresDatabase:
    """A PostgreSQL database; ``named`` says which one, for people, since the address holds a password."""

    url: str
    schema: str = DEFAULT_SCHEMA
    named: str = "PostgreSQL"

    def __repr__(self) -> str:
        """Show it without its address."""
        return f"PostgresDatabase({self.named!r}, {self.schema!r})"


Warehouse = DuckdbFile | PostgresDatabase


def publish(warehouse: Warehouse, rows: ArrowTables, scratch: Path | None = None) -> None:
    """Merge rows into the tables of a warehouse, each a table of ``layout.TABLES``, and bring views and comments there.

    Tables with a parent come together with it: what it and they had of the same batches is replaced in one transaction.
    ``scratch`` is the folder in which unfinished files lie; by default that of the system. Raises ``WarehouseAway``.
    """
    with _turn(warehouse) as turn, _temporary(scratch) as folder:
        _load(turn, warehouse.schema, rows, folder)
        turn.run(f"DROP SCHEMA IF EXISTS {warehouse.schema}_staging CASCADE")
        _describe(turn, warehouse.schema)
        if turn.dialect == "postgres":  # or its planner would take a table that was filled just now for an empty one
            turn.run(*(f"ANALYZE {warehouse.schema}.{name}" for name in TABLES))


def newest_report_day(warehouse: Warehouse, branch: str) -> date | None:
    """The day of the newest report of a branch that a warehouse has. Raises ``WarehouseAway``."""
    with _turn(warehouse) as turn:
        if "reports" not in turn.tables(warehouse.schema):
            return None
        [(day,)] = turn.rows(f"SELECT max(day) FROM {warehouse.schema}.reports WHERE branch = '{branch}'")
        return day


def remove_review(warehouse: Warehouse, branch: str, batches: Sequence[str], review_id: str) -> int:
    """Remove a review, its score and its words from a warehouse, in one transaction; returns how many rows it had.

    What it counted for in the figures of its batches stays until they are published again. Rows that were removed leave
    the tables' files, too; a server keeps its write-ahead log and its backups as long as it is told. Raises
    ``WarehouseAway``.
    """
    if isinstance(warehouse, DuckdbFile) and not warehouse.path.exists():
        return 0
    with _turn(warehouse) as turn:
        if REVIEWS not in turn.tables(warehouse.schema):
            return 0
        is_it = (
            f"branch = {_quoted(branch)} AND batch IN ({', '.join(map(_quoted, batches))}) "
            f"AND review_id = {_quoted(review_id)}"
        )
        [(count,)] = turn.rows(f"SELECT count(*) FROM {warehouse.schema}.{REVIEWS} WHERE {is_it}")
        if count:
            rows = f'SELECT {BATCH_DIGEST}, "row" FROM {warehouse.schema}.{REVIEWS} WHERE {is_it}'
            turn.run(
                f'DELETE FROM {warehouse.schema}.{WORDS} WHERE ({BATCH_DIGEST}, "row") IN ({rows})',
                f"DELETE FROM {warehouse.schema}.{SCORES} WHERE {is_it}",
                f"DELETE FROM {warehouse.schema}.{REVIEWS} WHERE {is_it}",
            )
    if count:
        _rewrite_files(warehouse)
    return int(count)


def remove_texts(warehouse: Warehouse, branch: str, batches: Sequence[str]) -> int:
    """Remove the texts of batches and their words, in one transaction; returns how many reviews they have there.

    Scores stay, and of a text its digest, by which ``scored_reviews`` counts a review once that stands in several
    batches. The tables' files are written anew, also if nothing was left to remove: that may have been stopped before.
    Raises ``WarehouseAway``.
    """
    if isinstance(warehouse, DuckdbFile) and not warehouse.path.exists():
        return 0
    with _turn(warehouse) as turn:
        if REVIEWS not in turn.tables(warehouse.schema):
            return 0
        of_these = f"branch = {_quoted(branch)} AND batch IN ({', '.join(map(_quoted, batches))})"
        [(count,)] = turn.rows(f"SELECT count(*) FROM {warehouse.schema}.{REVIEWS} WHERE {of_these}")
        if count:
            # A warehouse that nothing was published to since a former release has no such columns.
            turn.run(
                f"ALTER TABLE {warehouse.schema}.{REVIEWS} ADD COLUMN IF NOT EXISTS {TEXT_DIGEST} text",
                f"ALTER TABLE {warehouse.schema}.{BATCHES} ADD COLUMN IF NOT EXISTS {FIRST_TAKEN_IN_AT} timestamptz",
            )
            _describe(turn, warehouse.schema)
            turn.run(
                f"UPDATE {warehouse.schema}.{REVIEWS} SET {TEXT_DIGEST} = md5(text), text = NULL "
                f"WHERE {of_these} AND text IS NOT NULL",
                f"DELETE FROM {warehouse.schema}.{WORDS} WHERE {of_these}",
            )
    if count:
        _rewrite_files(warehouse)
    return int(count)


def _rewrite_files(warehouse: Warehouse) -> None:
    """Have the tables of reviews written anew, since a row that was removed stays in their files."""
    with _turn(warehouse) as turn:
        if turn.dialect == "postgres":
            with turn.connection.cursor() as cursor:
                for name in _OF_REVIEWS:
                    cursor.execute(f"VACUUM FULL {warehouse.schema}.{name}")
            return
    assert isinstance(warehouse, DuckdbFile)  # noqa: S101  the other dialect
    _copy_duckdb(warehouse.path)


def _copy_duckdb(path: Path) -> None:
    """Put a copy in the place of a DuckDB file: only what is in its tables and views is copied."""
    import duckdb

    with FileLock(f"{path}.lock", timeout=SECONDS_FOR_A_TURN, mode=0o600):
        copy = path.with_name(f".{path.name}.copy")
        copy.unlink(missing_ok=True)
        with duckdb.connect() as connection:
            connection.execute(f"ATTACH {_quoted(str(path))} AS former")
            connection.execute(f"ATTACH {_quoted(str(copy))} AS copied")
            connection.execute("COPY FROM DATABASE former TO copied")
            connection.execute("DETACH former")
            connection.execute("DETACH copied")
        copy.chmod(path.stat().st_mode)
        os.replace(copy, path)


def _quoted(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


@dataclass(frozen=True)
class _Turn:
    """A connection to a warehouse to which nobody else of this project writes meanwhile."""

    dialect: Dialect
    connection: Any
    target: Any
    """The credentials that dlt takes: of DuckDB the connection, of PostgreSQL the address."""

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        if self.dialect == "duckdb":
            return list(self.connection.execute(query).fetchall())
        with self.connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    def run(self, *statements: str) -> None:
        """Run statements in one transaction."""
        cursor = self.connection if self.dialect == "duckdb" else self.connection.cursor()
        cursor.execute("BEGIN")
        try:
            for statement in statements:
                cursor.execute(statement)
            cursor.execute("COMMIT")
        except BaseException:
            cursor.execute("ROLLBACK")
            raise

    def tables(self, schema: str) -> set[str]:
        """The names of the tables in a schema."""
        query = f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{schema}'"
        return {name for (name,) in self.rows(query)}


@contextmanager
def _turn(warehouse: Warehouse) -> Iterator[_Turn]:
    if isinstance(warehouse, DuckdbFile):
        with _turn_at_duckdb(warehouse.path) as connection:
            yield _Turn("duckdb", connection, connection)
    else:
        with _turn_at_postgres(warehouse) as connection:
            yield _Turn("postgres", connection, warehouse.url)


@contextmanager
def _turn_at_duckdb(path: Path) -> "Iterator[duckdb.DuckDBPyConnection]":
    try:
        with FileLock(f"{path}.lock", timeout=SECONDS_FOR_A_TURN, mode=0o600):
            connection = _opened(path)
            try:
                yield connection
            finally:
                connection.close()
    except Timeout:
        raise WarehouseAway(
            f"another run has been publishing to {path} for {SECONDS_FOR_A_TURN:.0f} seconds: wait for it to end, or "
            "end it, and publish again"
        ) from None


def _opened(path: Path) -> "duckdb.DuckDBPyConnection":
    """A connection that writes, as soon as no other program has the file open."""
    import duckdb

    until, is_new = time.monotonic() + SECONDS_FOR_READERS, not path.exists()
    while True:
        try:
            opened = duckdb.connect(str(path))
            if is_new:  # for this account alone; who has opened it to others since has done so on purpose
                path.chmod(0o600)
            return opened
        except duckdb.IOException as error:
            said = str(error)
            if "lock" not in said or time.monotonic() > until:
                raise WarehouseAway(_why_not_opened(path, said)) from None
            time.sleep(_BETWEEN_TRIES)


def _why_not_opened(path: Path, said: str) -> str:
    if "lock" not in said:
        return f"{path} cannot be opened: {said.splitlines()[0]}"
    return (
        f"{path} is open in another program, also if it only reads, and DuckDB lets nobody write meanwhile: close it "
        f"there; the next try publishes. Who looks at it all day takes a copy of the file, or PostgreSQL. DuckDB says: "
        f"{said.splitlines()[0]}"
    )


@contextmanager
def _turn_at_postgres(warehouse: PostgresDatabase) -> Iterator[Any]:
    """A connection that holds the warehouse's advisory lock, which goes with it if this process is killed."""
    try:
        import psycopg2
    except ModuleNotFoundError:
        raise WarehouseAway(
            f"{warehouse.named} needs the package psycopg2, which is not installed: "
            "pip install 'sentiment-assets[deploy]'"
        ) from None
    try:
        connection = psycopg2.connect(warehouse.url, connect_timeout=15)
    except (psycopg2.Error, UnicodeError, ValueError) as error:
        raise WarehouseAway(f"{warehouse.named} cannot be reached: {_said_by(error, warehouse.url)}") from None
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = '{SECONDS_FOR_A_TURN:.0f}s'")
            try:
                cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", (f"{_PIPELINE} {warehouse.schema}",))
            except psycopg2.errors.LockNotAvailable:
                raise WarehouseAway(
                    f"another run has been publishing to {warehouse.named} for {SECONDS_FOR_A_TURN:.0f} seconds: wait "
                    "for it to end, or end it, and publish again"
                ) from None
        yield connection
    except Exception:
        if not _is_lost(connection):
            raise
        raise WarehouseAway(  # whatever dlt and the driver make of it
            f"{warehouse.named} ended the connection: it was restarted or stopped, or the network failed. What it "
            "holds of each batch is whole, as it was before or as it is now"
        ) from None
    finally:
        connection.close()


def _is_lost(connection: Any) -> bool:
    """Whether the server at the other end is gone, or another one that was started since."""
    import psycopg2

    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (psycopg2.OperationalError, psycopg2.InterfaceError):
        return True
    return False


def _said_by(error: Exception, url: str) -> str:
    """The first line of what a library says, unless it quotes the address."""
    said = str(error).strip().partition("\n")[0]
    return said if not any(part and part in said for part in _secrets_of(url)) else type(error).__name__


def _secrets_of(url: str) -> list[str]:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return [url, str(make_url(url).password or "")]
    except (ArgumentError, ValueError):
        return [url, *url.split("@")[:1], *url.replace("@", ":").split(":")]


def _load(turn: _Turn, schema: str, rows: ArrowTables, folder: Path) -> None:
    import dlt

    kinds: dict[Dialect, tuple[Any, Literal["parquet", "csv"]]] = {
        "duckdb": (dlt.destinations.duckdb, "parquet"),
        "postgres": (dlt.destinations.postgres, "csv"),
    }
    destination, file_format = kinds[turn.dialect]
    with _nothing_from_outside(folder):
        pipeline = dlt.pipeline(
            _PIPELINE,
            pipelines_dir=str(folder),
            destination=destination(credentials=turn.target, create_indexes=False),
            dataset_name=schema,
        )
        pipeline.config.restore_from_destination = False
        resources = [_resource(name, rows[name] if name in rows else no_rows(name)) for name in TABLES]  # all are made
        try:
            pipeline.run(resources, loader_file_format=file_format)
        finally:
            pipeline.deactivate()  # or whatever uses dlt later in this process would belong to it


def _resource(name: str, rows: Any) -> Any:
    """What dlt is to load of a table.

    dlt deduplicates what it merges and need not: keys are unique here. A table with a parent is part of its parent's
    merge; dlt makes such tables by itself from nested values, and of one that comes by itself it wants to be told the
    resource.
    """
    import dlt

    table = TABLES[name]
    resource = dlt.resource(
        [rows],
        name=name,
        write_disposition={"disposition": "merge", "strategy": "delete-insert", "deduplicated": True},
        primary_key=table.primary_key,
        merge_key=table.merge_key,
        columns=_columns(table, is_root=name == BATCHES),
    )
    if table.parent:
        resource.apply_hints(parent_table_name=table.parent, additional_table_hints={"resource": name})
    return resource


def _columns(table: WarehouseTable, *, is_root: bool) -> Any:
    columns: dict[str, Any] = {
        name: {"data_type": column.kind, "nullable": True, "description": column.meaning}
        for name, column in table.columns.items()
    }
    if is_root:
        columns[BATCH_DIGEST]["row_key"] = True
    if table.parent:
        columns[BATCH_DIGEST]["root_key"] = True
        columns[table.numbered_by]["row_key"] = True
    return columns


@contextmanager
def _nothing_from_outside(folder: Path) -> Iterator[None]:
    """Have dlt take its settings from here alone and write into ``folder`` alone, and tell nobody anything."""
    from dlt.common.configuration.providers import CustomLoaderDocProvider
    from dlt.common.runtime.run_context import RunContext, switched_run_context

    settings = {
        "runtime": {"dlthub_telemetry": False, "log_level": "CRITICAL"},
        "normalize": {"parquet_normalizer": {"add_dlt_load_id": False}},
    }

    class Inside(RunContext):
        """Where dlt looks for settings and keeps its files."""

        run_dir = local_dir = data_dir = global_dir = property(lambda _: str(folder))

        def initial_providers(self) -> list[Any]:
            """Only what is said here."""
            return [CustomLoaderDocProvider("sentiment_assets", lambda: settings)]

    logger = logging.getLogger("dlt")
    disabled, logger.disabled = logger.disabled, True  # what it says of a failure quotes rows
    try:
        with switched_run_context(Inside(str(folder))):
            yield
    finally:
        logger.disabled = disabled


def _describe(turn: _Turn, schema: str) -> None:
    """Make views, comments and indexes, unless they are there: making a view anew waits for those who read it."""
    version = views_version()
    if _described(turn, schema) == version:
        return
    statements = list(view_statements(schema, turn.dialect))
    if turn.dialect == "postgres":
        statements += [
            f'CREATE INDEX IF NOT EXISTS {name}_of_batch ON {schema}.{name} ({BATCH_DIGEST}, "{table.numbered_by}")'
            for name, table in TABLES.items()
            if table.parent
        ]
    comment = f"{TABLES[BATCHES].meaning} (Layout {version})".replace("'", "''")
    turn.run(*statements, f"COMMENT ON TABLE {schema}.{BATCHES} IS '{comment}'")


def _described(turn: _Turn, schema: str) -> str:
    """The version of the views that are there."""
    query = (
        f"SELECT comment FROM duckdb_tables() WHERE schema_name = '{schema}' AND table_name = '{BATCHES}'"
        if turn.dialect == "duckdb"
        else f"SELECT obj_description('{schema}.{BATCHES}'::regclass)"
    )
    [(comment,)] = turn.rows(query)
    return str(comment or "").rpartition("(Layout ")[2].rstrip(")")


@contextmanager
def _temporary(scratch: Path | None) -> Iterator[Path]:
    """A folder for this account alone, removed at the end; and so is what a killed process left there a day ago."""
    place = Path(scratch or tempfile.gettempdir())
    for left in place.glob(f"{_FOLDER}*"):
        with suppress(FileNotFoundError):  # another publication has ended just now and removed its own
            about = left.stat()
            if about.st_uid == os.geteuid() and time.time() - about.st_mtime > _ABANDONED:
                shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_FOLDER, dir=place) as folder:
        yield Path(folder)
