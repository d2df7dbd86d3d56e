"""Whatever lies below the home folder beside stored frames: pages, records, logs and databases."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from upath import UPath

from sentiment_assets.commands.forget.traces import Traces
from sentiment_assets.resources.parquet import parquet_table
from sentiment_assets.resources.written_files import write_atomically

_SQLITE = b"SQLite format 3\0"
_DUCKDB, _BEFORE_DUCKDB = b"DUCK", 8
"""How a file of DuckDB begins after its checksum, whatever its ending is."""
_ARRAYS = (".npy", ".npz", ".png")
"""Endings of files that hold numbers and, at most, n-grams by name; by far the largest of all."""
_NOT_TEXT = (*_ARRAYS, ".parquet", ".lock")
"""Endings of files in which nothing is replaced in place: they hold no text, or are written by row."""
_LONGEST_WAIT = 60.0


class DatabaseBusy(RuntimeError):
    """Another program holds a database; the message says which, and what to do."""


def take_out_of_files(places: Sequence[Path], traces: Traces, skipped: Sequence[Path], *, write: bool) -> list[Path]:
    """Take the texts out of every file below some folders but ``skipped`` and those below; returns which had them.

    Files become visible whole. Databases of SQLite are rewritten, so that no free page keeps what was deleted. Raises
    ``DatabaseBusy``.
    """
    return [
        file
        for file in _files(places)
        if not any(file.is_relative_to(each) for each in skipped)
        and _unless_gone(partial(_take_out, file, traces, write=write))
    ]


def files_with(places: Sequence[Path], traces: Traces) -> list[Path]:
    """The files below some folders in which half of a text stands, frames and databases included."""
    looked_at = (file for file in _files(places) if file.suffix not in _ARRAYS)
    return [file for file in looked_at if _unless_gone(partial(_has_half, file, traces))]


def _files(places: Sequence[Path]) -> list[Path]:
    every = {file for place in places for file in place.rglob("*") if file.is_file() and not file.is_symlink()}
    return sorted(every)


def _unless_gone(look: Callable[[], bool]) -> bool:
    """What a look at a file says; ``False`` of one that is gone since it was listed, such as SQLite's ``-shm``."""
    try:
        return look()
    except FileNotFoundError:
        return False


def _has_half(file: Path, traces: Traces) -> bool:
    return any(map(traces.half_is_in, _contents(file)))


def _contents(file: Path) -> Iterator[str]:
    """What is in a file: its bytes and, of a frame, what its values and its metadata say."""
    content = file.read_bytes()
    yield content.decode(errors="surrogateescape")
    if file.suffix == ".parquet":
        table = parquet_table(content)
        yield str(table.schema.metadata)
        for column in table.columns:
            while pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
                column = pc.list_flatten(column)
            if not (pa.types.is_primitive(column.type) or pa.types.is_null(column.type)):
                yield "\n".join(map(str, column.to_pylist()))


def _take_out(file: Path, traces: Traces, *, write: bool) -> bool:
    if file.suffix in _NOT_TEXT:
        return False
    with file.open("rb") as opened:
        begun = opened.read(len(_SQLITE))
    if begun.startswith(_DUCKDB, _BEFORE_DUCKDB):
        return False
    if begun == _SQLITE:
        try:
            return _take_out_of_database(file, traces, write=write)
        except sqlite3.OperationalError as error:
            raise DatabaseBusy(
                f"{file} cannot be written ({error}): stop what has it open, such as `sentiment-assets dev`"
            ) from error
    if file.name.endswith(("-wal", "-shm", "-journal")):
        return False
    content = file.read_bytes().decode(errors="surrogateescape")
    without = traces.taken_out_of_whole(content)
    if write and without != content:
        write_atomically(UPath(file), without.encode(errors="surrogateescape"))
    return without != content


def _take_out_of_database(file: Path, traces: Traces, *, write: bool) -> bool:
    with closing(sqlite3.connect(file, timeout=_LONGEST_WAIT)) as database:
        held = False
        for table, column in _columns(database):
            rows = f'SELECT rowid, "{column}" FROM "{table}" WHERE typeof("{column}") = \'text\''  # noqa: S608  own names
            without = ((traces.taken_out_of_whole(said), said, row) for row, said in database.execute(rows))
            found = [(now, row) for now, said, row in without if now != said]
            held = held or bool(found)
            if write:
                changed = f'UPDATE "{table}" SET "{column}" = ? WHERE rowid = ?'  # noqa: S608  own names
                database.executemany(changed, found)
        database.commit()
        if write and held:
            database.execute("VACUUM")
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return held


def _columns(database: sqlite3.Connection) -> list[tuple[str, str]]:
    """The columns of a database that may hold texts, each with its table."""
    return database.execute(
        "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c "
        "WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.sql NOT LIKE '%WITHOUT ROWID%' "
        "AND (c.type LIKE '%CHAR%' OR c.type LIKE '%TEXT%')"
    ).fetchall()
