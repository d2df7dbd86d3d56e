"""``suspicious_labels``: the labels that are most likely wrong, as a table, and as a file to correct and land again."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg
from upath import UPath

from sentiment_assets.assets.best_model import NAME as BEST_MODEL
from sentiment_assets.assets.current_features import current_features
from sentiment_assets.assets.event_metadata import ROW_COUNT, SELECTED_CANDIDATE
from sentiment_assets.assets.features import NAME as FEATURES
from sentiment_assets.assets.materialized import DATA_VERSION
from sentiment_assets.assets.splits import NAME as SPLITS
from sentiment_assets.assets.trained_candidates import NAME as TRAINED_CANDIDATES
from sentiment_assets.assets.trained_candidates import read_candidate
from sentiment_assets.assets.ui_metadata import lineage, rows_of, schema_of
from sentiment_assets.assets.versions import code_version
from sentiment_assets.ingestion.settings import LabelRule, ReviewColumns
from sentiment_assets.resources.storage import MAPPED_TEXTS, Frame, Storage, StoredArrays
from sentiment_assets.resources.tracking import Tracking
from sentiment_assets.resources.urls import shown
from sentiment_assets.resources.written_files import write_atomically

if TYPE_CHECKING:
    from sentiment_assets.learning.candidate import Candidate
    from sentiment_assets.learning.suspicious_labels import SuspiciousLabels

NAME = "suspicious_labels"
TABLE_ROWS = 50
FILE = f"{NAME}.parquet"
FINDING, SPLITS_DIGEST, REVIEWS_LOOKED_AT = "finding", "splits_digest", "reviews_looked_at"
"""What the stored frame says in its ``attrs``: the sentence, of which splits it is, and how many labels it is about."""
_NO_IDS = (
    'The branch says that no column holds ids (`columns: {review_id: ""}`), so a landed row could not be told from '
    "another review with the same text, and would correct nothing."
)
_COLUMNS = {
    "review_id": ("string", "As in raw_reviews."),
    "batch": ("string", "As in splits."),
    "split": ("string", "As in splits."),
    "text": ("string", "As in raw_reviews."),
    "label": ("int8", "1 positive, 0 negative: the label that it has."),
    "likely_label": ("int8", "The label that models give it that were trained without it."),
    "probability": ("float64", "Probability that it is positive, by these models."),
}
_MADE_OF = {
    **{name: [name] for name in ("review_id", "batch", "split", "text", "label")},
    **{name: ["text"] for name in ("likely_label", "probability")},
}
"""Which columns of splits each column comes from."""


def suspicious_labels_asset(branch: str, columns: ReviewColumns, labels: LabelRule) -> dg.AssetsDefinition:
    """The asset ``<branch>/suspicious_labels``."""

    @dg.asset(
        name=NAME,
        key_prefix=branch,
        ins={
            SPLITS: dg.AssetIn([branch, SPLITS], metadata={MAPPED_TEXTS: True}),
            FEATURES: dg.AssetIn([branch, FEATURES]),
        },
        deps=[[branch, BEST_MODEL]],
        io_manager_key="frames",
        code_version=code_version(__name__, columns, labels),
        kinds={"scikitlearn", "parquet"},
        metadata={"dagster/column_schema": schema_of(_COLUMNS)},
        description=(
            f"The labels of {branch}'s train and validation reviews that are most likely wrong, by models of the "
            "selected hyperparameter set that have not seen them (confident learning). Copy the likely label into the "
            "label column of the file where it is right, and land the file; an empty label changes nothing."
        ),
    )
    def suspicious_labels(  # noqa: PLR0917  Dagster gives them by name
        context: dg.AssetExecutionContext,
        splits: Frame,
        features: StoredArrays,
        storage: Storage,
        tracking: Tracking,
    ) -> dg.MaterializeResult[Any]:
        from joblib import cpu_count

        from sentiment_assets.ingestion.file_to_label import file_to_label
        from sentiment_assets.learning.cross_fitted_margins import cross_fit
        from sentiment_assets.learning.splitting import digest_of_splits
        from sentiment_assets.learning.suspicious_labels import find_suspicious_labels, to_correct

        candidate = _selected_candidate(context.instance, storage, branch, features.version)
        current = current_features(branch, features, splits, storage=storage, tracking=tracking)
        margins = cross_fit(
            candidate, current.rows, current.splits, n_jobs=cpu_count(), folder=storage.folder_of_unfinished
        )
        found = find_suspicious_labels(splits, margins)
        words = {label: labels.value_of(label) for label in (0, 1)}
        content = file_to_label(to_correct(found, words), columns) if columns.review_id else None
        parent = tracking.parent_run(branch, features.version, context.run, joins_newest=True)
        figures = {"suspicious_labels": float(len(found.reviews)), "share_of_suspicious_labels": found.share}
        tracking.log_report(parent, {f"{NAME}.csv": content} if content else {}, figures)
        context.log.info(found.sentence)
        return dg.MaterializeResult(
            value=_with_attributes(found, digest_of_splits(splits) if current.sisters else current.rows.splits_digest),
            metadata={
                ROW_COUNT: len(found.reviews),
                **lineage(dg.AssetKey([branch, SPLITS]), _MADE_OF),
                FINDING: found.sentence,
                **figures,
                "most_suspicious": rows_of(found.reviews.head(TABLE_ROWS)),
                **_write(storage.path(branch, f"{NAME}.csv"), content),
                **({} if columns.review_id else {"no_file": _NO_IDS}),
                "mlflow_run": tracking.run_link(parent),
            },
        )

    return suspicious_labels


def is_current(instance: dg.DagsterInstance, branch: str, attributes: Mapping[str, Any]) -> bool:
    """Whether a stored frame with such ``attrs`` is about the splits as they are."""
    event = instance.get_latest_materialization_event(dg.AssetKey([branch, SPLITS]))
    tags = (event.asset_materialization.tags or {}) if event and event.asset_materialization else {}
    return SPLITS_DIGEST in attributes and attributes[SPLITS_DIGEST] == tags.get(DATA_VERSION)


def _selected_candidate(
    instance: dg.DagsterInstance, storage: Storage, branch: str, features_version: str
) -> "Candidate":
    """The candidate that ``best_model`` has selected last, on these features."""
    event = instance.get_latest_materialization_event(dg.AssetKey([branch, BEST_MODEL]))
    chosen = event.asset_materialization if event else None
    key = str(chosen.metadata[SELECTED_CANDIDATE].value) if chosen else ""
    candidate = read_candidate(storage, branch, key) if key else None
    if candidate is None or candidate.features_version != features_version:
        raise dg.Failure(
            f"no candidate has been selected on the current features: materialize {branch}/{TRAINED_CANDIDATES}, then "
            f"{branch}/{BEST_MODEL}, then this asset.",
            allow_retries=False,
        )
    return candidate


def _with_attributes(found: "SuspiciousLabels", splits_digest: str) -> Frame:
    reviews = found.reviews.copy()
    reviews.attrs = {FINDING: found.sentence, SPLITS_DIGEST: splits_digest, REVIEWS_LOOKED_AT: found.n_reviews}
    return reviews


def _write(file: UPath, content: bytes | None) -> dict[str, Any]:
    if content is None:
        file.unlink(missing_ok=True)
        return {}
    write_atomically(file, content)
    return {"file_to_correct": shown(file)}
