"""The checks of ``scored_reviews``: drift of the champion's answers, and how good they are."""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg
from upath import UPath

from sentiment_assets.assets.scored_reviews import NAME as SCORED_REVIEWS
from sentiment_assets.assets.ui_metadata import picture, table
from sentiment_assets.checks.results import CheckedBatch, check_results, check_specs
from sentiment_assets.ingestion.settings import ReviewColumns
from sentiment_assets.monitoring.settings import DEGRADATION_CHECKS
from sentiment_assets.resources.check_records import DEGRADATION, DRIFT, load_history, load_records, save_record
from sentiment_assets.resources.storage import Frame
from sentiment_assets.resources.urls import shown
from sentiment_assets.resources.written_files import write_atomically

LABEL_BUDGET = "label_budget"


def degradation_specs(branch: str, batch_partitions: dg.PartitionsDefinition) -> Sequence[dg.AssetCheckSpec]:
    """The checks ``prediction_drift``, ``accuracy`` and ``estimated_accuracy`` on ``<branch>/scored_reviews``."""
    return check_specs(
        branch,
        SCORED_REVIEWS,
        batch_partitions=batch_partitions,
        descriptions=DEGRADATION_CHECKS,
        severity=dg.AssetCheckSeverity.WARN,
    )


def degradation_results(batch: CheckedBatch, columns: ReviewColumns) -> Iterator[dg.AssetCheckResult]:
    """Check the champion's answers on a batch, remember what was found, and say it.

    The reviews whose labels would tell most are written to a file, under the names of ``columns``.
    """
    from sentiment_assets.monitoring.batch_checks import check_degradation

    storage, branch = batch.storage, batch.branch
    drift_record = next(iter(load_records(storage, branch, DRIFT, [batch.key])), None)
    past = load_history(storage, branch, DEGRADATION, batch.neighbours.earlier)
    checks = check_degradation(batch.compared, batch.settings, drift_record=drift_record, past=past)
    save_record(storage, branch, DEGRADATION, checks.record)
    budget = _write_label_budget(
        storage.partition_path(branch, LABEL_BUDGET, batch.key, ".csv"), checks.to_label, columns
    )
    shift = checks.record.word_shift
    moved = {"word_shift": table(vars(each) for each in shift.shifts)} if shift else {}
    drawn = {"word_shift_graph": picture("word_shift.svg", checks.graph)} if checks.graph else {}
    more = {
        "prediction_drift": {**moved, **drawn, **batch.drift_page},
        "accuracy": batch.drift_page,
        "estimated_accuracy": {**batch.drift_page, **budget},
    }
    severity = dg.AssetCheckSeverity.WARN
    yield from check_results(batch, SCORED_REVIEWS, [*past, checks.record], severity=severity, more=more)


def _write_label_budget(file: UPath, to_label: Frame, columns: ReviewColumns) -> dict[str, Any]:
    """The reviews to label as a file that can be filled in and landed, if there are any."""
    from sentiment_assets.ingestion.file_to_label import file_to_label

    content = file_to_label(to_label, columns)
    if content is None:
        file.unlink(missing_ok=True)
        return {}
    write_atomically(file, content)
    return {"label_budget": shown(file), "reviews_to_label": len(to_label)}
