"""The drift checks of ``raw_reviews``: texts and labels against the champion's reference."""

from collections.abc import Iterator

import dagster as dg

from sentiment_assets.assets.ui_metadata import table
from sentiment_assets.assets.raw_reviews import NAME as RAW_REVIEWS
from sentiment_assets.checks.open_warnings import tell_open_warnings
from sentiment_assets.checks.results import (
    Batches,
    batches_of,
    check_specs,
    look_around,
    now,
    publish_page,
    report,
)
from sentiment_assets.monitoring.settings import MonitoringSettings
from sentiment_assets.resources.check_records import TEXTS, keep, recall
from sentiment_assets.resources.storage import Storage, read_frame
from sentiment_assets.resources.tracking import Tracking

_DESCRIPTIONS = {
    "text_drift": "Whether the batch's texts are like those that the champion was trained on: a classifier two-sample "
    "test on n-grams, and tests of length, characters, language and unknown words.",
    "label_drift": "Whether the share of positive labels is that of the champion's training split.",
}


def drift_checks(
    branch: str, batches: dg.PartitionsDefinition, settings: MonitoringSettings
) -> dg.AssetChecksDefinition:
    """The checks ``text_drift`` and ``label_drift`` on ``<branch>/raw_reviews``."""
    severity = dg.AssetCheckSeverity[settings.severity.upper()]

    @dg.multi_asset_check(
        name=f"{branch}__drift",
        specs=check_specs(branch, RAW_REVIEWS, batches, _DESCRIPTIONS, severity),
    )
    def drift(
        context: dg.AssetCheckExecutionContext, storage: Storage, tracking: Tracking
    ) -> Iterator[dg.AssetCheckResult]:
        around = batches_of(context, batches)
        yield from check_drift(branch, around, storage, tracking, settings)
        tell_open_warnings(context.instance, storage, branch, batches)

    return drift


def check_drift(
    branch: str, around: Batches, storage: Storage, tracking: Tracking, settings: MonitoringSettings
) -> Iterator[dg.AssetCheckResult]:
    """Compare a batch with today's champion, remember what was found, and say it."""
    from sentiment_assets.monitoring.batch_checks import check_texts

    reviews = read_frame(storage.frame_path(branch, RAW_REVIEWS, around.current))
    others = look_around(storage, branch, around)
    checked_at = now().isoformat(timespec="seconds")
    record = check_texts(around.current, reviews, tracking.champion(branch), others, settings, checked_at)
    keep(storage, branch, TEXTS, record)
    link = publish_page(branch, around.every, storage, tracking, settings)
    words = {"words": table(vars(word) for word in record.words)}
    examples = {"most_unlike": table(vars(example) for example in record.examples)}
    more = {"text_drift": words | examples | link, "label_drift": link}
    records = [*recall(storage, branch, TEXTS, around.earlier), record]
    yield from report(branch, RAW_REVIEWS, records, settings, dg.AssetCheckSeverity[settings.severity.upper()], more)
