"""``published_scores``: what is stored of batches, reports and models, in the warehouses where analysts look.

A run has many batches. They are sent some at a time, each time in one transaction, and each is told to Dagster once it
is in every warehouse; one that cannot be read keeps no other back.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

import dagster as dg

from sentiment_assets.assets.best_model import NAME as BEST_MODEL
from sentiment_assets.assets.event_metadata import FAILED, FIGURES_EVENT, ROW_COUNT, read_decision, why_failed
from sentiment_assets.assets.materialized import DATA_VERSION, Materialized, event_of
from sentiment_assets.assets.raw_reviews import NAME as RAW_REVIEWS
from sentiment_assets.assets.scored_reviews import NAME as SCORED_REVIEWS
from sentiment_assets.assets.sentiment_report import NAME as SENTIMENT_REPORT
from sentiment_assets.assets.sentiment_report import figures_of_reports
from sentiment_assets.assets.versions import code_version
from sentiment_assets.learning.decision import Outcome
from sentiment_assets.presentation.wording import first_lines
from sentiment_assets.publishing.layout import layout_version
from sentiment_assets.publishing.settings import Duckdb, Postgres
from sentiment_assets.resources.check_records import load_current_records
from sentiment_assets.resources.dagster_runs import told_so_far
from sentiment_assets.resources.mlflow_settings import MlflowAway
from sentiment_assets.resources.storage import Storage, read_frame
from sentiment_assets.resources.tracking import Tracking
from sentiment_assets.resources.urls import without_secrets
from sentiment_assets.resources.warehouses import UnknownWarehouse, warehouse_of

if TYPE_CHECKING:
    import pyarrow as pa

    from sentiment_assets.publishing.tables import ArrowTables, BatchToPublish
    from sentiment_assets.publishing.warehouse import Warehouse

NAME = "published_scores"
WITHOUT_MODELS = "without_models"
"""What is told of a batch that was published while nothing was known of the models."""
MOST_AT_ONCE = 200_000
"""Reviews that are sent in one transaction, unless a single batch has more: so much is in memory."""
_UNSCORED = "unscored"
_SAID_IN_FULL = 20
_LONGEST_REASON = 2_000
_PAGE = 1_000
_SENT_AGAIN = "It is sent again by itself: by this run, or later by the publishing sensor."
_WHY_WITHOUT = "The models were not published, since MLflow was away: the publishing sensor asks for them again."

Event = dg.AssetMaterialization | dg.AssetObservation


def published_version(scores: str | None, destinations: Sequence[Duckdb | Postgres]) -> str:
    """The data version of a batch once it is published: of its scores, in these tables, in these warehouses."""
    places = "|".join([layout_version(), *map(str, destinations)])
    return f"{scores or _UNSCORED}-{sha256(places.encode()).hexdigest()[:8]}"


def figures_event(instance: dg.DagsterInstance, branch: str) -> int:
    """The number of the last event of what is published beside batches: the report and the models; 0 if none."""
    last = (_last(instance, branch, name) for name in (SENTIMENT_REPORT, BEST_MODEL))
    return max((record.storage_id for record in last if record), default=0)


def published_scores_asset(
    branch: str, batch_partitions: dg.DynamicPartitionsDefinition, destinations: Sequence[Duckdb | Postgres]
) -> dg.AssetsDefinition:
    """The asset ``<branch>/published_scores``."""
    spec = dg.AssetSpec(
        [branch, NAME],
        deps=[[branch, SCORED_REVIEWS]],
        skippable=True,
        code_version=code_version(__name__, *destinations),
        kinds={"python", *(each.to for each in destinations)},
        metadata={"warehouses": ", ".join(map(str, destinations))},
        description=(
            f"The reviews, scores and words of a {branch} batch, with its checks, the reports and the models, in the "
            f"tables of {' and '.join(map(str, destinations))}. A batch that is published again is replaced there. See "
            "docs/analysts.md."
        ),
    )

    @dg.multi_asset(
        name=f"{branch}__{NAME}",
        specs=[spec],
        partitions_def=batch_partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def published_scores(context: dg.AssetExecutionContext, storage: Storage, tracking: Tracking) -> Iterator[Event]:
        instance = context.instance
        places = [_place(branch, each) for each in destinations]
        figures = figures_event(instance, branch)
        models = _model_rows(context, branch, tracking)
        about = {FIGURES_EVENT: figures} if models is not None else {WITHOUT_MODELS: _WHY_WITHOUT}
        beside = _report_rows(branch, storage, places) | (models or {})
        done = {key for key, told in told_so_far(instance, context.run).items() if NAME in told.here}
        failed: dict[str, str] = {}
        waiting: list[StoredScores] = []
        left = [key for key in context.partition_keys if key not in done]
        for key in left:
            try:
                waiting.append(_stored(instance, branch, key, storage))
            except Exception as error:  # whatever it is, no other batch is to suffer from it
                failed[key] = why_failed(error)
                context.log.exception(f"{key} is not published")
                yield dg.AssetObservation(spec.key, partition=key, metadata={FAILED: failed[key]})
            if waiting and (key == left[-1] or sum(len(each.batch.reviews) for each in waiting) >= MOST_AT_ONCE):
                _send(places, waiting, beside, storage)
                for each in waiting:
                    if not each.has_scores:
                        context.log.warning(_without_scores(each.batch))
                    yield event_of(spec, each.batch.key, _published(each, destinations, about))
                waiting, beside = [], {}
        if failed:
            raise _failure_of(failed, len(context.partition_keys))

    return published_scores


@dataclass(frozen=True)
class StoredScores:
    """A batch as it is stored, and the data version of its scores; ``None`` where it was never scored."""

    batch: "BatchToPublish"
    version: str | None
    has_scores: bool
    """Whether it has scores, and of the reviews that it holds now."""


def _place(branch: str, destination: Duckdb | Postgres) -> "Warehouse":
    try:
        return warehouse_of(branch, destination)
    except UnknownWarehouse as error:
        raise dg.Failure(str(error), allow_retries=False) from None


def _stored(instance: dg.DagsterInstance, branch: str, key: str, storage: Storage) -> StoredScores:
    """What is stored of a batch. Raises ``dg.Failure`` if it has not been taken in."""
    from sentiment_assets.publishing.tables import BatchToPublish, has_current_scores, moment

    raw, scored = (_last(instance, branch, name, key) for name in (RAW_REVIEWS, SCORED_REVIEWS))
    first = _first(instance, branch, RAW_REVIEWS, key)
    scores = storage.frame_path(branch, SCORED_REVIEWS, key)
    try:
        reviews = read_frame(storage.frame_path(branch, RAW_REVIEWS, key))
    except FileNotFoundError:
        raise dg.Failure(
            f"{key} has not been taken in: materialize it in {branch}/{RAW_REVIEWS} first.", allow_retries=False
        ) from None
    batch = BatchToPublish(
        branch=branch,
        key=key,
        reviews=reviews,
        scored=read_frame(scores) if scores.exists() else None,
        records=load_current_records(storage, branch, [key]),
        taken_in_at=moment(raw.timestamp) if raw else None,
        first_taken_in_at=moment(first.timestamp) if first else None,
        scored_at=moment(scored.timestamp) if scored else None,
    )
    return StoredScores(batch, _data_version(scored), has_current_scores(batch))


def _send(
    places: "Sequence[Warehouse]", waiting: Sequence[StoredScores], beside: "ArrowTables", storage: Storage
) -> None:
    """Send batches to each warehouse. Raises ``dg.Failure`` that quotes no address."""
    from sentiment_assets.publishing.tables import batch_tables, joined
    from sentiment_assets.publishing.warehouse import publish

    now = datetime.now(UTC)
    rows = {**joined([batch_tables(each.batch, now) for each in waiting]), **beside}
    for place in places:
        with _without_secrets(place):
            publish(place, rows, storage.folder_of_unfinished)


@contextmanager
def _without_secrets(place: "Warehouse") -> Iterator[None]:
    """Turn whatever a library raises into a ``dg.Failure`` that may be tried again and quotes no address."""
    try:
        yield
    except Exception as error:  # noqa: BLE001  what is quoted in it is not to be read
        url = getattr(place, "url", "")
        said = without_secrets(f"{type(error).__name__}: {error}" if not str(error) else error, url)
        raise dg.Failure(f"Not published: {said[:_LONGEST_REASON].rstrip('. ')}. {_SENT_AGAIN}") from None


def _published(
    stored: StoredScores, destinations: Sequence[Duckdb | Postgres], about: Mapping[str, int | str]
) -> Materialized:
    batch = stored.batch
    return Materialized(
        data_version=published_version(stored.version, destinations),
        made_from={dg.AssetKey([batch.branch, SCORED_REVIEWS]): stored.version or _UNSCORED},
        metadata={
            ROW_COUNT: len(batch.reviews),
            "scored": len(batch.reviews) if stored.has_scores else 0,
            "warehouses": ", ".join(map(str, destinations)),
            **about,
            **({} if stored.has_scores else {"without_scores": _without_scores(batch)}),
        },
    )


def _without_scores(batch: "BatchToPublish") -> str:
    why = "it has none" if batch.scored is None else "those that are stored are of what it held before"
    return f"{batch.key} is published without scores: {why}. It is published again once it is scored."


def _report_rows(branch: str, storage: Storage, places: "Sequence[Warehouse]") -> "dict[str, pa.Table]":
    """The figures of the reports that some warehouse does not have, and of the newest day that all have."""
    from sentiment_assets.publishing.tables import report_table
    from sentiment_assets.publishing.warehouse import newest_report_day

    newest = []
    for place in places:
        with _without_secrets(place):
            newest.append(newest_report_day(place, branch))
    since = date.min if None in newest else min(day for day in newest if day)
    return dict(report_table(branch, figures_of_reports(storage, branch, since)))


def _model_rows(context: dg.AssetExecutionContext, branch: str, tracking: Tracking) -> "dict[str, pa.Table] | None":
    """The registered models; ``None`` if MLflow is away: what the warehouses have of them stays."""
    from sentiment_assets.publishing.tables import ModelVersion, model_table, moment

    try:
        versions = tracking.versions(branch)
    except MlflowAway as error:
        context.log.warning(f"{_WHY_WITHOUT} {error}.")
        return None
    promoted = _promoted_at(context.instance, branch)
    return dict(
        model_table(
            branch,
            [
                ModelVersion(
                    version=each.version,
                    registered_at=each.registered_at,
                    promoted_at=moment(promoted[each.version]) if each.version in promoted else None,
                    is_champion=each.is_champion,
                    decision=each.reason,
                    figures=each.figures,
                )
                for each in versions
            ],
        )
    )


def _promoted_at(instance: dg.DagsterInstance, branch: str) -> dict[str, float]:
    """When each version was promoted last by a train run, seconds since 1970."""
    found, cursor, more = {}, None, True
    asset = dg.AssetRecordsFilter(asset_key=dg.AssetKey([branch, BEST_MODEL]))
    while more:
        page = instance.fetch_materializations(asset, limit=_PAGE, cursor=cursor, ascending=True)
        for record in page.records:
            decision = read_decision(record.asset_materialization.metadata) if record.asset_materialization else None
            if decision and decision.outcome == Outcome.PROMOTED.value:
                found[decision.challenger_version] = record.timestamp
        cursor, more = page.cursor, page.has_more
    return found


def _last(
    instance: dg.DagsterInstance, branch: str, name: str, partition: str | None = None
) -> dg.EventLogRecord | None:
    """The last materialization of an asset, or of a partition of it."""
    records = instance.fetch_materializations(_wanted(branch, name, partition), limit=1).records
    return records[0] if records else None


def _first(instance: dg.DagsterInstance, branch: str, name: str, partition: str) -> dg.EventLogRecord | None:
    """The first materialization of a partition."""
    records = instance.fetch_materializations(_wanted(branch, name, partition), limit=1, ascending=True).records
    return records[0] if records else None


def _wanted(branch: str, name: str, partition: str | None) -> dg.AssetRecordsFilter:
    return dg.AssetRecordsFilter(
        asset_key=dg.AssetKey([branch, name]), asset_partitions=None if partition is None else [partition]
    )


def _data_version(record: dg.EventLogRecord | None) -> str | None:
    event = record.asset_materialization if record else None
    return (event.tags or {}).get(DATA_VERSION) if event else None


def _failure_of(failed: Mapping[str, str], batches: int) -> dg.Failure:
    said = [reason if key in reason else f"{key}: {reason}" for key, reason in failed.items()]
    lines = first_lines(said, _SAID_IN_FULL, "the log of this run")
    return dg.Failure("\n".join([f"{len(failed)} of {batches} batches are not published; the others are.", *lines]))
