"""A review is taken out of all that is stored of it, and of what was derived from it.

The order is such that the command can be run again if it is stopped: the list of forgotten reviews comes first, so that
nothing takes the review in again, and the stored batch, which says what is looked for, comes last.
"""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import dagster as dg
from dagster._core.storage.event_log.sqlite import SqliteEventLogStorage
from rich.console import Console

from sentiment_assets.assets.derived_rows import take_out_of_derived, tell_of_splits
from sentiment_assets.assets.stored_batch import CONTENT_DIGEST
from sentiment_assets.automation.run_history import belongs_to
from sentiment_assets.branch.definitions import batch_partitions_name
from sentiment_assets.branch.files import branch_files, branch_settings_of, filled_in
from sentiment_assets.branch.settings import BranchSettings
from sentiment_assets.commands.forget.files import DatabaseBusy, files_with, take_out_of_files
from sentiment_assets.commands.forget.frames import (
    FoundRows,
    batches_of,
    store_without,
    take_out_of_scores,
    tell_dagster,
    without_rows,
)
from sentiment_assets.commands.forget.landed import NotRewritten, take_out_of_landed
from sentiment_assets.commands.forget.reports import take_out_of_reports
from sentiment_assets.commands.forget.traces import Traces
from sentiment_assets.definitions import resources
from sentiment_assets.ingestion.batch_key import path_of_batch
from sentiment_assets.ingestion.forgotten import forgotten_digest
from sentiment_assets.ingestion.landing import file_digest
from sentiment_assets.publishing.warehouse import WarehouseAway, remove_review
from sentiment_assets.resources.dagster_runs import runs_under_way
from sentiment_assets.resources.forgotten_list import add_forgotten, forgotten_of
from sentiment_assets.resources.home import below_home, is_local, local_home, shown_below_home
from sentiment_assets.resources.mlflow_settings import require_mlflow, tracking_uri
from sentiment_assets.resources.registry import SQLITE, ChangedModel, registered_versions, version_of
from sentiment_assets.resources.storage import Storage
from sentiment_assets.resources.urls import shown
from sentiment_assets.resources.warehouses import UnknownWarehouse, warehouse_of
from sentiment_assets.text_identity import text_digests

_TRAINED = (
    "Trained with it: {versions} of its model. A model keeps no text, but weights of hashed n-grams, the "
    "n-grams that weigh most by name, and a digest of each text. Train again for one without it."
)
_AFTERWARDS = (
    "Its id is on the list of {branch}, as a digest, so no file brings it back. See to backups, and to copies "
    "elsewhere. For a report without it: sentiment-assets report {branch} --write"
)


class CannotForget(ValueError):
    """There is no such review, or something is in the way; the message says what to do."""


@dataclass(frozen=True)
class Forgotten:
    """What became of a review."""

    branch: str
    review_id: str
    dry_run: bool
    batches: Sequence[str]
    removed: dict[str, int] = field(default_factory=dict)
    """How many rows, files or reports it was taken out of, by the place."""
    remains: list[str] = field(default_factory=list)
    """Where it still stands, and what to do there."""
    trained: list[str] = field(default_factory=list)
    """The registered versions that were trained with its text."""

    def note(self, place: str, count: int) -> None:
        """Note that it was taken out of a place."""
        if count:
            self.removed[place] = self.removed.get(place, 0) + count


def forget(
    instance: dg.DagsterInstance, branch: str, review_id: str, *, batches: Sequence[str] = (), dry_run: bool = False
) -> Forgotten:
    """Take a review out of everything, or only say of what; it is looked for in ``batches``, all if none is named.

    Raises ``CannotForget``, ``UnknownBranch`` and ``MlflowAway``. What was done until then stays done: it can be called
    again.
    """
    settings, storage = branch_settings_of(branch), resources()["storage"]
    require_mlflow(tracking_uri())
    _require_nothing_under_way(instance, branch)
    found = _find(instance, storage, branch, settings, review_id=review_id, batches=batches)
    forgotten = Forgotten(branch, review_id, dry_run, [each.batch for each in found])
    if not found:
        return forgotten
    traces = Traces(text for each in found for text in each.texts)
    forgotten.trained.extend(_versions_trained_with(branch, [text for each in found for text in each.texts]))
    if not dry_run:
        for batch in batches or [""]:
            add_forgotten(storage, branch, forgotten_digest(branch, review_id, batch))
    _take_out_of_landed(settings, found, forgotten)
    _take_out_of_warehouses(branch, settings, forgotten)
    _take_out_of_frames(instance, storage, found, forgotten=forgotten, traces=traces)
    return forgotten


def _require_nothing_under_way(instance: dg.DagsterInstance, branch: str) -> None:
    under_way = [run for run in runs_under_way(instance) if belongs_to(run, branch)]
    if under_way:
        raise CannotForget(
            f"a run of {branch} is under way ({under_way[0].job_name}, {under_way[0].run_id}), and may be writing the "
            "review now: wait for its end, or end it, and call this again"
        )


def _find(
    instance: dg.DagsterInstance,
    storage: Storage,
    branch: str,
    settings: BranchSettings,
    *,
    review_id: str,
    batches: Sequence[str],
) -> list[FoundRows]:
    keys = instance.get_dynamic_partitions(batch_partitions_name(branch))
    unknown = sorted(set(batches) - set(keys))
    if unknown:
        raise CannotForget(f"branch {branch!r} has no batch {', '.join(unknown)}; it has: {', '.join(keys) or 'none'}")
    found = batches_of(storage, branch, batches or keys, review_id=review_id, settings=settings.ingestion)
    listed = {forgotten_digest(branch, review_id, batch) for batch in ("", *batches)}
    if not found and listed.isdisjoint(forgotten_of(storage, branch)):
        raise CannotForget(
            f"no review {review_id!r} is stored in branch {branch!r}, nor a row with that id in quarantine. Ids stand "
            f"in the table of reviews of its report, and `sentiment-assets preview FILE --branch {branch}` shows which "
            "column of a file they are read from; where there is none, the id is that of the report"
        )
    return found


def _take_out_of_landed(settings: BranchSettings, found: Sequence[FoundRows], forgotten: Forgotten) -> None:
    landing = filled_in(settings.landing)
    place = below_home(landing)
    for each in found:
        path = path_of_batch(each.batch)
        shown_file = f"{shown_below_home(landing)}/{path}"
        if not is_local(place):
            forgotten.remains.append(f"{shown_file}: take its rows out where the file is kept, and land it again")
            continue
        file = Path(place.path) / path
        if file.is_dir():
            forgotten.remains.append(f"{shown_file} is a folder of texts: delete the text of the review in it")
        elif file.exists():
            try:
                review_id, write = forgotten.review_id, not forgotten.dry_run
                count = take_out_of_landed(file, review_id, settings.ingestion, write=write)
                forgotten.note("rows of landed files", count)
            except NotRewritten as error:
                forgotten.remains.append(str(error))


def _take_out_of_warehouses(branch: str, settings: BranchSettings, forgotten: Forgotten) -> None:
    for destination in settings.publish:
        if forgotten.dry_run:
            forgotten.note(f"warehouse to look in, {destination}", 1)
            continue
        try:
            warehouse = warehouse_of(branch, destination)
            count = remove_review(warehouse, branch, forgotten.batches, forgotten.review_id)
            forgotten.note(f"published reviews in {destination}", count)
        except (UnknownWarehouse, WarehouseAway) as error:
            forgotten.remains.append(f"{destination}: {error}; then call this again, or delete its rows there")


def _take_out_of_frames(
    instance: dg.DagsterInstance,
    storage: Storage,
    found: Sequence[FoundRows],
    *,
    forgotten: Forgotten,
    traces: Traces,
) -> None:
    branch, write = forgotten.branch, not forgotten.dry_run
    places = _places()
    try:
        forgotten.note("pages, records and logs", len(take_out_of_files(places, traces, _landed(), write=write)))
    except DatabaseBusy as error:
        raise CannotForget(f"{error}. Its rows are still stored, so call this again") from error
    of_reports = take_out_of_reports(
        storage, branch, traces, review_id=forgotten.review_id, batches=forgotten.batches, write=write
    )
    forgotten.note("reports without their table of reviews", len(of_reports))
    of_derived = take_out_of_derived(storage, branch, forgotten.batches, forgotten.review_id, write=write)
    for name, count in of_derived.items():
        forgotten.note(name, count)
    left = {each.batch: without_rows(each) for each in found}
    for each in found:
        forgotten.note("reviews", int(each.kept.sum()))
        forgotten.note("rows in quarantine", int(each.quarantined.sum()))
        content = left[each.batch].reviews.attrs[CONTENT_DIGEST]
        forgotten.note("scores", take_out_of_scores(storage, branch, each, content, write=write))
    if not write:
        return
    for key, batch in left.items():
        store_without(storage, branch, key, batch)
        tell_dagster(instance, storage, branch, key, file_digest=_digest_of_landed(branch, key))
    tell_of_splits(instance, storage, branch)
    forgotten.remains.extend(_what_remains(instance, places, traces))


def _landed() -> list[Path]:
    """The folders on this machine in which files land: their rows are taken out one by one, and no piece of a text."""
    every = [below_home(filled_in(branch_settings_of(branch).landing)) for branch in branch_files()]
    return [local_home() / "landing", *(Path(place.path).resolve() for place in every if is_local(place))]


def _digest_of_landed(branch: str, key: str) -> str | None:
    """The digest of the landed file as it is now, so that it is not taken for a changed one; ``None`` if it is gone."""
    file = below_home(filled_in(branch_settings_of(branch).landing)) / path_of_batch(key)
    return file_digest(file.read_bytes()) if file.exists() and file.is_file() else None


def _places() -> list[Path]:
    """The folders on this machine in which the platform keeps its state."""
    return [local_home(), Path(os.environ.get("DAGSTER_HOME") or local_home()).resolve()]


def _what_remains(instance: dg.DagsterInstance, places: Sequence[Path], traces: Traces) -> Iterator[str]:
    """What still has half of a text, and what could not be looked at from here."""
    for file in files_with(places, traces):
        yield f"{file} still holds half of its text; another review may say the same: see whose it is"
    if not isinstance(instance.event_log_storage, SqliteEventLogStorage):
        yield (
            f"Dagster's history is kept by {type(instance.event_log_storage).__name__}: its events show samples of "
            "batches; delete the runs that had the batch, or let `retention` do it"
        )
    uri = tracking_uri()
    if not uri.startswith(f"{SQLITE}{places[0]}"):
        yield (
            f"MLflow is at {shown(uri)}: the pages and tables of its runs may quote the review; delete the artifacts "
            "`report` of the branch's runs there"
        )


def _versions_trained_with(branch: str, texts: Sequence[str]) -> Iterable[str]:
    """The registered versions that remember a text among those that they were trained on."""
    uri, digests = tracking_uri(), set(text_digests(texts).tolist())
    for each in registered_versions(branch, uri):
        try:
            model = version_of(branch, each.version, uri).model
        except ChangedModel:
            continue
        if not digests.isdisjoint(model.trained_on.tolist()):
            yield each.version


def as_json(forgotten: Forgotten) -> str:
    """Everything that was done, as one JSON object."""
    return json.dumps(asdict(forgotten), ensure_ascii=False, indent=2)


def show(console: Console, forgotten: Forgotten) -> None:
    """Print what was taken out, what remains, and which models were trained with it."""
    review = f"{forgotten.branch}: review {forgotten.review_id}"
    if not forgotten.batches:
        _line(console, f"{review} is forgotten already, and no batch holds it.")
        return
    begun = "would be taken out of" if forgotten.dry_run else "is taken out of"
    _line(console, f"{review} {begun}:")
    for place, count in forgotten.removed.items():
        _line(console, f"  {place}: {count:,}")
    if forgotten.trained:
        named = "version" if len(forgotten.trained) == 1 else "versions"
        _line(console, _TRAINED.format(versions=f"{named} {', '.join(forgotten.trained)}"))
    for each in forgotten.remains:
        _line(console, f"REMAINS: {each}")
    if not forgotten.dry_run:
        _line(console, _AFTERWARDS.format(branch=forgotten.branch))


def _line(console: Console, said: str) -> None:
    console.print(said, markup=False, highlight=False, soft_wrap=True)
