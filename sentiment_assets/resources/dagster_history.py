"""Dagster's history of batches that are gone, and the texts in what old runs have told: both are taken out.

Dagster itself can forget a run or a whole asset, but no partition (``wipe_asset_partitions``
is of its paid edition). So this goes to the tables of its event log, whichever database they are in. On SQLite each run
has a file of its own beside the common index: what is looked for is what the index has, so that goes last.
"""

import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster._core.storage.event_log import SqlEventLogStorage, SqliteEventLogStorage
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    AssetEventTagsTable,
    AssetKeyTable,
    SqlEventLogStorageTable,
)
from dagster._serdes import deserialize_value

from sentiment_assets.resources.dagster_runs import remove_run

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Select

_AT_ONCE = 500
_LONGEST_WAIT = 60.0
_MATERIALIZATION, _OBSERVATION = "ASSET_MATERIALIZATION", "ASSET_OBSERVATION"
_EVALUATION, _OUTPUT = "ASSET_CHECK_EVALUATION", "STEP_OUTPUT"
_OF_TEXTS = {"text", "twin_text", "example"}
"""The columns of tables in metadata that hold texts of reviews."""
_event = SqlEventLogStorageTable.c
_check = AssetCheckExecutionsTable.c


class HistoryBusy(RuntimeError):
    """Another program holds Dagster's database; the message says which, and what to do."""


def forget_partitions(
    instance: dg.DagsterInstance, assets: Sequence[dg.AssetKey], gone: Collection[str], there: Collection[str]
) -> int:
    """Have Dagster forget all that was told of partitions that are gone; returns how many runs went with it.

    A run goes as a whole, unless it has the last word on a partition that is ``there``; then it keeps what it has told
    of that. Without a database of SQL behind it, such as in tests of Dagster's own, a history is left alone.
    """
    storage, removed = instance.event_log_storage, 0
    if not isinstance(storage, SqlEventLogStorage):
        return 0
    for run_id in _runs_that_told_of(storage, assets, gone):
        run = instance.get_run_by_id(run_id) if run_id else None
        if run and run.is_finished and not _has_last_word(instance, assets, run_id, there={*there} - {*gone}):
            remove_run(instance, run_id)
            removed += 1
        else:
            _forget_in_file_of_run(storage, run_id, assets, gone)
    with _overwriting(storage.index_connection()) as connection:
        for some in _parts(gone):
            _forget_in_index(connection, assets, some)
    return removed


def take_out_texts_told_before(instance: dg.DagsterInstance, assets: Sequence[dg.AssetKey], moment: datetime) -> int:
    """Take tables with texts out of what was told of assets, and of their checks, before a moment.

    The events stay, with all else that they say. Returns how many had such tables.
    """
    storage, changed = instance.event_log_storage, 0
    if not isinstance(storage, SqlEventLogStorage):
        return 0
    before = moment.astimezone(UTC).replace(tzinfo=None)
    names = [each.to_string() for each in assets]
    old_event = _event.asset_key.in_(names) & _event.partition.is_(None) & (_event.timestamp < before)
    old_check = _check.asset_key.in_(names) & _check.partition.is_(None) & (_check.evaluation_event_timestamp < before)
    with storage.index_connection() as connection:
        told = _select(_event.id, _event.run_id, _event.event).where(old_event)
        checked = _select(_check.id, _check.run_id, _check.evaluation_event).where(old_check)
        rows = [*connection.execute(told), *connection.execute(checked)]
    for run_id in sorted({run_id or "" for _, run_id, event in rows if event and _without_texts(event) != event}):
        # What was told without a run is of all branches and all times, so of that only what is old is looked at.
        told_by, checked_by = _event.run_id == run_id, _check.run_id == run_id
        if not run_id:
            told_by, checked_by = told_by & old_event, checked_by & old_check
        with _overwriting(storage.run_connection(run_id)) as connection:
            changed += _rewrite(connection, told_by)
        with _overwriting(storage.index_connection()) as connection:
            _rewrite(connection, told_by)
            _rewrite_checks(connection, checked_by)
            connection.execute(
                AssetKeyTable.update().where(AssetKeyTable.c.asset_key.in_(names)).values(last_materialization=None)
            )
    return changed


def rewrite_index(instance: dg.DagsterInstance) -> None:
    """Have the index written anew where it is a file, so that no free place in it keeps what was there.

    Raises ``HistoryBusy``.
    """
    storage = instance.event_log_storage
    if not isinstance(storage, SqliteEventLogStorage):
        return
    file = Path(storage.path_for_shard("index"))
    try:
        with closing(sqlite3.connect(file, timeout=_LONGEST_WAIT)) as database:
            database.execute("VACUUM")
            # Where somebody reads it, SQLite says so in its answer, and leaves the file as it was.
            [(is_read, *_)] = database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.OperationalError as error:
        raise _busy(file, str(error)) from error
    if is_read:
        raise _busy(file, "somebody is reading it")


def _busy(file: Path, why: str) -> HistoryBusy:
    return HistoryBusy(
        f"{file} cannot be written anew ({why}): it is tried again on the next day; to have it now, stop what has it "
        "open, or see that its disk has as much room as the file again, and run the job once more"
    )


def _runs_that_told_of(
    storage: SqlEventLogStorage, assets: Sequence[dg.AssetKey], partitions: Collection[str]
) -> list[str]:
    """The ids of runs that have told something of partitions, or were asked to; empty for what was told without one."""
    names, found = [each.to_string() for each in assets], set()
    with storage.index_connection() as connection:
        for some in _parts(partitions):
            told = _select(_event.run_id).where(_event.asset_key.in_(names), _event.partition.in_(some))
            checked = _select(_check.run_id).where(_check.asset_key.in_(names), _check.partition.in_(some))
            found |= {run_id or "" for query in (told, checked) for (run_id,) in connection.execute(query.distinct())}
    return sorted(found)


def _has_last_word(
    instance: dg.DagsterInstance, assets: Sequence[dg.AssetKey], run_id: str, *, there: Collection[str]
) -> bool:
    """Whether nothing newer was told of some partition that is there than what the run has told.

    One that has told of another asset, too, counts as well: somebody has picked both for one run.
    """
    storage: Any = instance.event_log_storage
    kinds = [_MATERIALIZATION, _OBSERVATION]
    with storage.index_connection() as connection:
        told = connection.execute(
            _select(_event.asset_key, _event.partition, _event.id).where(
                _event.run_id == run_id, _event.dagster_event_type.in_(kinds)
            )
        ).all()
        checked = {each for (each,) in connection.execute(_select(_check.partition).where(_check.run_id == run_id))}
    latest = {
        each.to_string(): instance.get_latest_storage_id_by_partition(each, dg.DagsterEventType.ASSET_MATERIALIZATION)
        for each in assets
    }
    are_told = {partition for _, partition, _ in told}
    only_checked = (checked - are_told) & {*there}
    return bool(only_checked) or any(
        asset not in latest or (each in there and number >= latest[asset].get(each, 0)) for asset, each, number in told
    )


def _forget_in_file_of_run(
    storage: SqlEventLogStorage, run_id: str, assets: Sequence[dg.AssetKey], gone: Collection[str]
) -> None:
    """Delete the events of partitions from what a run has told: checks do not say in a column which they are of."""
    if isinstance(storage, SqliteEventLogStorage) and not Path(storage.path_for_shard(run_id)).exists():
        return
    kinds = [_MATERIALIZATION, _OBSERVATION, _EVALUATION]
    with _overwriting(storage.run_connection(run_id)) as connection:
        rows = connection.execute(
            _select(_event.id, _event.event).where(_event.run_id == run_id, _event.dagster_event_type.in_(kinds))
        ).all()
        wanted = {(each, partition) for each in assets for partition in gone}
        of_gone = [number for number, event in rows if _asset_and_partition(event) in wanted]
        for some in _parts(of_gone):
            connection.execute(SqlEventLogStorageTable.delete().where(_event.id.in_(some)))


def _forget_in_index(connection: "Connection", assets: Sequence[dg.AssetKey], gone: Sequence[str]) -> None:
    names = [each.to_string() for each in assets]
    of_checks = _check.asset_key.in_(names) & _check.partition.in_(gone)
    told = _select(_event.id).where(
        (_event.asset_key.in_(names) & _event.partition.in_(gone))
        | _event.id.in_(_select(_check.evaluation_event_storage_id).where(of_checks))
    )
    numbers = [number for (number,) in connection.execute(told)]
    for some in _parts(numbers):
        connection.execute(AssetEventTagsTable.delete().where(AssetEventTagsTable.c.event_id.in_(some)))
        connection.execute(SqlEventLogStorageTable.delete().where(_event.id.in_(some)))
    connection.execute(AssetCheckExecutionsTable.delete().where(of_checks))
    # Where an asset has no last materialization at hand, Dagster looks for it in the log.
    connection.execute(
        AssetKeyTable.update().where(AssetKeyTable.c.asset_key.in_(names)).values(last_materialization=None)
    )


def _asset_and_partition(event: str) -> tuple[dg.AssetKey | None, str | None]:
    """What a stored event is about."""
    entry = deserialize_value(event, dg.EventLogEntry)
    told = entry.dagster_event
    if told and told.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
        evaluation = told.asset_check_evaluation_data
        return evaluation.asset_key, evaluation.partition
    return (told.asset_key, told.partition) if told else (None, None)


def _rewrite(connection: "Connection", which: "ColumnElement[bool]") -> int:
    kinds = [_MATERIALIZATION, _OBSERVATION, _EVALUATION, _OUTPUT]
    rows = connection.execute(_select(_event.id, _event.event).where(which, _event.dagster_event_type.in_(kinds))).all()
    changed = {number: without for number, event in rows if (without := _without_texts(event)) != event}
    for number, event in changed.items():
        connection.execute(SqlEventLogStorageTable.update().where(_event.id == number).values(event=event))
    return len(changed)


def _rewrite_checks(connection: "Connection", which: "ColumnElement[bool]") -> None:
    rows = connection.execute(_select(_check.id, _check.evaluation_event).where(which)).all()
    for number, event in rows:
        if event and (without := _without_texts(event)) != event:
            connection.execute(
                AssetCheckExecutionsTable.update().where(_check.id == number).values(evaluation_event=without)
            )


def _without_texts(event: str) -> str:
    """A stored event without the tables in its metadata that have a column of texts; the same if it has none."""
    read = json.loads(event)
    return json.dumps(read) if _take_tables_out(read) else event


def _take_tables_out(value: Any) -> bool:
    """Take them out of a value of JSON in place; returns whether there were any.

    Materializations and outputs have a list of metadata, evaluations of checks have them by name.
    """
    if isinstance(value, dict):
        gone = [name for name, each in value.items() if _is_table_of_texts(each)]
        for name in gone:
            del value[name]
        inner = list(value.values())
    elif isinstance(value, list):
        kept = [each for each in value if not (isinstance(each, dict) and _is_table_of_texts(each.get("entry_data")))]
        gone, inner = value[len(kept) :], kept
        value[:] = kept
    else:
        return False
    return max([_take_tables_out(each) for each in inner], default=False) or bool(gone)


def _is_table_of_texts(data: Any) -> bool:
    schema = data.get("schema") if isinstance(data, dict) else None
    columns = schema.get("columns", ()) if isinstance(schema, dict) else ()
    return not _OF_TEXTS.isdisjoint(each.get("name") for each in columns)


def _select(*columns: Any) -> "Select[Any]":
    """A query for columns of one table."""
    query: Select[Any] = columns[0].table.select().with_only_columns(*columns)
    return query


@contextmanager
def _overwriting(opened: Any) -> "Iterator[Connection]":
    """A connection which, if it is to SQLite, overwrites what it deletes."""
    with opened as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA secure_delete = ON").close()
        yield connection


def _parts(values: Collection[Any]) -> Iterator[list[Any]]:
    """So many at once as a database takes in one question."""
    every = list(values)
    return (every[start : start + _AT_ONCE] for start in range(0, len(every), _AT_ONCE))
