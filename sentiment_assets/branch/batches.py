"""``raw_reviews`` and ``scored_reviews``, the assets of a branch's batches, with their checks: many batches in one run.

Each batch of a run has a fate of its own: it is told to Dagster as soon as it is done, and one that fails keeps no
other back. See ``docs/decisions/0025-many-batches-in-one-run.md``; ``sentiment_assets_tests/characterisation`` pins the
facts about Dagster that this leans on.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cache

import dagster as dg
from pydantic import Field

from sentiment_assets.assets.event_metadata import TOLD_AGAIN, failure_of_batch, why_failed
from sentiment_assets.assets.materialized import Materialized, event_of
from sentiment_assets.assets.pulled import DATA_VERSION, pulled_key
from sentiment_assets.assets.raw_reviews import NAME as RAW_REVIEWS
from sentiment_assets.assets.raw_reviews import raw_reviews_spec, take_in
from sentiment_assets.assets.scored_reviews import NAME as SCORED_REVIEWS
from sentiment_assets.assets.scored_reviews import score, scored_by_sister, scored_reviews_spec
from sentiment_assets.assets.sisters import fault_of_sister
from sentiment_assets.assets.ui_metadata import table
from sentiment_assets.automation.jobs import train_job_name
from sentiment_assets.branch.champion_of_a_run import ChampionOfARun
from sentiment_assets.branch.settings import BranchSettings
from sentiment_assets.checks.degradation import degradation_results, degradation_specs
from sentiment_assets.checks.drift import drift_results, drift_specs
from sentiment_assets.checks.open_warnings import tell_open_warnings
from sentiment_assets.checks.quality import quality_results, quality_specs
from sentiment_assets.checks.results import (
    CheckedBatch,
    drift_page_link,
    evaluations,
    neighbours_of,
    publish_drift_page,
)
from sentiment_assets.checks.row_identity import row_identity_results, row_identity_specs
from sentiment_assets.checks.scoring_gate import compare_again, require_passed
from sentiment_assets.learning.settings import is_of_sister
from sentiment_assets.presentation.wording import first_lines
from sentiment_assets.resources.dagster_runs import PartitionEvent, Told, told_so_far
from sentiment_assets.resources.registry import CHAMPION, LoadedChampion, NoSuchVersion
from sentiment_assets.resources.storage import Storage
from sentiment_assets.resources.tracking import Tracking

Event = PartitionEvent | dg.AssetObservation | dg.Output[None]
_SAID_IN_FULL = 20
"""Failed batches whose reasons the failure of a run says; its metadata and its log have all of them."""


class ScoringSettings(dg.Config):
    """Who scores the batches of a run."""

    version: str = Field(
        default=CHAMPION,
        description='Registered version that scores, and that checks compare with, such as "3"; or the champion.',
    )


def batches_asset(
    branch: str, batch_partitions: dg.DynamicPartitionsDefinition, settings: BranchSettings
) -> dg.AssetsDefinition:
    """The assets ``<branch>/raw_reviews`` and ``<branch>/scored_reviews`` with all their checks."""
    plan = BatchPlan(
        branch=branch,
        settings=settings,
        raw_reviews=raw_reviews_spec(
            branch, settings.landing, settings.ingestion, [pulled_key(branch, each.name) for each in settings.sources]
        ),
        scored_reviews=scored_reviews_spec(branch),
        rows=row_identity_specs(branch, batch_partitions),
        quality=quality_specs(branch, batch_partitions, settings.monitoring),
        drift=drift_specs(branch, batch_partitions, settings.monitoring),
        degradation=degradation_specs(branch, batch_partitions),
    )

    @dg.multi_asset(
        name=f"{branch}__batches",
        specs=[plan.raw_reviews, plan.scored_reviews],
        check_specs=plan.checks,
        partitions_def=batch_partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        can_subset=True,
    )
    def batches(
        context: dg.AssetExecutionContext, config: ScoringSettings, storage: Storage, tracking: Tracking
    ) -> Iterator[Event]:
        every = batch_partitions.get_partition_keys(dynamic_partitions_store=context.instance)
        named = None if config.version == CHAMPION else config.version
        champion = ChampionOfARun(
            branch=branch,
            tracking=tracking,
            storage=storage,
            batch_keys=every,
            sisters=settings.start_from,
            version=named,
        )
        instead_of = _champion_instead(champion) if named else None
        page = cache(lambda: drift_page_link(branch, storage=storage, tracking=tracking))
        failed: dict[str, Exception] = {}
        asked, told = _asked_for(plan, context), told_so_far(context.instance, context.run)
        for key in context.partition_keys:
            left, again = _left_to_do(asked, told.get(key, Told()))
            yield from again
            if not left:
                context.log.info(f"{key} was done before, and is passed over.")
                continue
            try:
                batch = CheckedBatch(
                    branch=branch,
                    neighbours=neighbours_of(key, every),
                    find_champion=champion.find,
                    find_drift_page=page,
                    settings=settings.monitoring,
                    storage=storage,
                )
                yield from _events_of(batch, left, plan=plan, context=context, tracking=tracking, instead_of=instead_of)
            except Exception as error:  # whatever it is, no other batch is to suffer from it
                failed[key] = error if len(context.partition_keys) == 1 else _without_traceback(error)
                context.log.exception(f"{key} failed")
                yield dg.AssetObservation(plan.raw_reviews.key, partition=key, metadata=failure_of_batch(error))
        try:
            publish_drift_page(branch, every, storage=storage, tracking=tracking, settings=settings.monitoring)
            tell_open_warnings(context.instance, storage, branch, batch_partitions)
        except Exception:
            if not failed:
                raise
            context.log.exception("The drift page, or the open warnings, are as they were")
        if failed:
            raise _failure_of(failed, len(context.partition_keys))
        for spec in plan.checks:  # Dagster waits for them, and has the evaluations already
            if spec.key in context.selected_asset_check_keys:
                yield dg.Output(None, spec.get_python_identifier())

    return batches


def _champion_instead(named: ChampionOfARun) -> str:
    """The champion's version, empty without one, where another is named. Raises ``dg.Failure`` if that is not there."""
    try:
        named.find()
    except NoSuchVersion as error:
        raise dg.Failure(f"{error}.", allow_retries=False) from error
    champion = named.tracking.champion_version(named.branch)
    return champion.version if champion else ""


@dataclass(frozen=True, kw_only=True)
class BatchPlan:
    """What there is to do with a batch: two assets, and the checks of each by groups."""

    branch: str
    settings: BranchSettings
    raw_reviews: dg.AssetSpec
    scored_reviews: dg.AssetSpec
    rows: Sequence[dg.AssetCheckSpec]
    quality: Sequence[dg.AssetCheckSpec]
    drift: Sequence[dg.AssetCheckSpec]
    degradation: Sequence[dg.AssetCheckSpec]

    @property
    def checks(self) -> Sequence[dg.AssetCheckSpec]:
        """All of them."""
        return [*self.rows, *self.quality, *self.drift, *self.degradation]

    @property
    def halves(self) -> Sequence[set[str]]:
        """The names of each asset and its checks."""
        of_reviews, of_scores = [*self.rows, *self.quality, *self.drift], self.degradation
        return [
            {RAW_REVIEWS, *(spec.name for spec in of_reviews)},
            {SCORED_REVIEWS, *(spec.name for spec in of_scores)},
        ]


def _asked_for(plan: BatchPlan, context: dg.AssetExecutionContext) -> list[set[str]]:
    """The names of what a run is asked for, of each asset and its checks."""
    checks = {key.name for key in context.selected_asset_check_keys}
    names = checks | {key.path[-1] for key in context.selected_asset_keys}
    return [half & names for half in plan.halves]


def _left_to_do(asked: Sequence[set[str]], told: Told) -> tuple[set[str], list[Event]]:
    """What is left to do with a batch, as names of assets and checks, and what is to be told again.

    What the run has told before its step was tried again, or runs that it resumes have told, is left alone, if it is
    all that was asked for of an asset and its checks. What others have told is told again by this run: it planned it,
    and Dagster would show it as failed.
    """
    left: set[str] = set()
    again: list[Event] = []
    for half in asked:
        if not half <= told.here | told.before.keys():
            left |= half
        else:
            again += [_marked(event) for name, event in told.before.items() if name in half - told.here]
    return left, again


def _marked(event: PartitionEvent) -> Event:
    if isinstance(event, dg.AssetCheckEvaluation):
        return event
    metadata = {**event.metadata, TOLD_AGAIN: dg.MetadataValue.bool(True)}
    return dg.AssetMaterialization(event.asset_key, partition=event.partition, metadata=metadata, tags=event.tags)


def _events_of(
    batch: CheckedBatch,
    left: Set[str],
    *,
    plan: BatchPlan,
    context: dg.AssetExecutionContext,
    tracking: Tracking,
    instead_of: str | None,
) -> Iterator[Event]:
    """Take a batch in, check it, and score it: of these, what is left to do."""

    def asked(specs: Sequence[dg.AssetCheckSpec]) -> bool:
        return any(spec.name in left for spec in specs)

    def told(results: Iterator[dg.AssetCheckResult]) -> Iterator[Event]:
        return evaluations(context.instance, results, batch.key)

    is_scored = SCORED_REVIEWS in left
    if RAW_REVIEWS in left:
        yield event_of(plan.raw_reviews, batch.key, _taken_in(batch, plan, context))
    if asked(plan.rows):
        yield from told(row_identity_results(batch))
    broken: list[Exception] = []
    for specs, results in ((plan.quality, quality_results), (plan.drift, drift_results)):
        try:
            if asked(specs):
                yield from told(results(batch))
        except Exception as error:
            if batch.severity == dg.AssetCheckSeverity.ERROR:  # it blocks what it has not seen
                raise
            broken.append(error)
    if is_scored and batch.champion is None:
        context.log.warning(
            f"{batch.branch} has no champion yet{_nor_a_sister(plan)}, so batch {batch.key} is not scored. "
            f"Run the job {train_job_name(batch.branch)}, then materialize this partition."
        )
    if is_scored and batch.champion:
        _require_taken_in(batch)
        if is_of_sister(batch.champion.version):
            _require_fit_sister(batch, batch.champion)
            context.log.warning(scored_by_sister(batch.champion))
        yield from told(compare_again(batch))
        require_passed(batch)
        scored = score(
            batch.branch,
            batch.key,
            batch.stored.reviews,
            content=batch.content,
            champion=batch.champion,
            instead_of=instead_of,
            storage=batch.storage,
            tracking=tracking,
        )
        yield event_of(plan.scored_reviews, batch.key, scored)
    if asked(plan.degradation) and (batch.champion or not is_scored):
        yield from told(degradation_results(batch, plan.settings.columns))
    if broken:
        raise broken[0]


def _require_taken_in(batch: CheckedBatch) -> None:
    try:
        _ = batch.stored
    except FileNotFoundError:
        raise dg.Failure(
            f"{batch.key} has not been taken in: materialize it in {batch.branch}/{RAW_REVIEWS} first.",
            allow_retries=False,
        ) from None


def _nor_a_sister(plan: BatchPlan) -> str:
    sisters = plan.settings.start_from
    return f", and the registry has no model of its first sister, {sisters[0]}" if sisters else ""


def _require_fit_sister(batch: CheckedBatch, sister: LoadedChampion) -> None:
    """Raise ``dg.Failure`` if a batch is of another language than the sister that would score it."""
    if fault := fault_of_sister(batch.branch, sister.version, sister, batch.stored.reviews["text"]):
        raise dg.Failure(f"{batch.key} is not scored: {fault}.", allow_retries=False)


def _taken_in(batch: CheckedBatch, plan: BatchPlan, context: dg.AssetExecutionContext) -> Materialized:
    taken = take_in(
        batch.branch,
        batch.key,
        landing=plan.settings.landing,
        settings=plan.settings.ingestion,
        storage=batch.storage,
        log=context.log,
    )
    return replace(taken, upstream={each.asset_key: DATA_VERSION for each in plan.raw_reviews.deps})


def _failure_of(failed: Mapping[str, Exception], batches: int) -> Exception:
    """The failure of a run: that of its batch, if it has one only, or else a list."""
    if batches == 1:
        return next(iter(failed.values()))
    reasons = {key: why_failed(error) for key, error in failed.items()}
    said = [reason if key in reason else f"{key}: {reason}" for key, reason in reasons.items()]
    lines = first_lines(said, _SAID_IN_FULL, "the metadata of this failure")
    return dg.Failure(
        "\n".join([f"{len(failed)} of {batches} batches failed; the others are done.", *lines]),
        metadata={"failed": table(({"batch": key, "why": why} for key, why in reasons.items()), cut=False)},
        allow_retries=any(isinstance(error, dg.Failure) and error.allow_retries for error in failed.values()),
    )


def _without_traceback(error: Exception) -> dg.Failure:
    """What is said of a batch that failed; the traceback, which the log has, would keep all of the batch in memory."""
    may_help = error.allow_retries if isinstance(error, dg.Failure) else True
    return dg.Failure(why_failed(error), allow_retries=may_help)
