"""``scored_reviews``: the champion's score of every review of a batch, and the words behind it."""

import dagster as dg

from sentiment_assets.assets.best_model import NAME as BEST_MODEL
from sentiment_assets.assets.event_metadata import INSTEAD_OF, LABELS_SEEN, MODEL_VERSION, RECALIBRATED_ON, ROW_COUNT
from sentiment_assets.assets.materialized import Materialized
from sentiment_assets.assets.raw_reviews import NAME as RAW_REVIEWS
from sentiment_assets.assets.ui_metadata import counts_by, lineage, sample, schema_of
from sentiment_assets.assets.versions import code_version
from sentiment_assets.learning.settings import is_of_sister
from sentiment_assets.resources.registry import LoadedChampion
from sentiment_assets.resources.storage import Frame, Storage
from sentiment_assets.resources.tracking import Tracking
from sentiment_assets.resources.urls import shown

NAME = "scored_reviews"
_COLUMNS = {
    "review_id": ("string", "As in raw_reviews."),
    "score": (
        "float64",
        (
            "2p - 1, from -1 (surely negative) to 1 (surely positive); with `scores_by_rating` the place on the scale "
            "of ratings, from -1 (the lowest) to 1 (the highest)."
        ),
    ),
    "label": ("int8", "1 if p is above the champion's threshold (one half, unless the branch chose another), else 0."),
    "confidence": ("float64", "Probability of the label; 0.5 where the champion knows nothing in the text."),
    "words": ("list<string>", "The n-grams that weighed most, heaviest first."),
    "contributions": ("list<double>", "What each of them added to the margin, exactly."),
    "model_version": (
        "string",
        (
            "The champion's version in MLflow's registry; `movies/3` is version 3 of `movies`, a sister, which scored "
            "because there was no champion yet."
        ),
    ),
}
_MADE_OF = {
    "review_id": ["review_id"],
    **{name: ["text"] for name in ("score", "label", "confidence", "words", "contributions")},
}
"""Which columns of raw_reviews each column comes from."""


def scored_reviews_spec(branch: str) -> dg.AssetSpec:
    """The asset ``<branch>/scored_reviews``, which ``branch/batches.py`` materializes."""
    return dg.AssetSpec(
        [branch, NAME],
        deps=[[branch, RAW_REVIEWS], [branch, BEST_MODEL]],
        skippable=True,
        code_version=code_version(__name__),
        kinds={"python", "parquet", "mlflow"},
        metadata={"dagster/column_schema": schema_of(_COLUMNS)},
        description=(
            f"Each review of a {branch} batch with the score of the champion, whichever version that is when the batch "
            "is scored, or of the version that a run of the score job names. Without a champion the first sister of "
            "the branch scores, and the batch is scored again once there is one; without either the partition stays "
            "missing."
        ),
    ).with_io_manager_key("frames")


def score(
    branch: str,
    key: str,
    reviews: Frame,
    *,
    content: str,
    champion: LoadedChampion,
    instead_of: str | None = None,
    storage: Storage,
    tracking: Tracking,
) -> Materialized:
    """Store the champion's scores of a batch; ``content`` is ``content_digest`` of its reviews.

    Where somebody has named the version that scores, ``instead_of`` is that of the champion, empty if there is none.
    """
    from sentiment_assets.learning.scored_batch import score_batch

    scored = score_batch(champion.model, champion.version, reviews, content)
    stored = storage.store_frame(branch, NAME, key, scored)
    return Materialized(
        data_version=f"{content}-{champion.digest}",
        made_from={dg.AssetKey([branch, RAW_REVIEWS]): content},
        metadata={
            ROW_COUNT: len(scored),
            **lineage(dg.AssetKey([branch, RAW_REVIEWS]), _MADE_OF),
            MODEL_VERSION: champion.version,
            "labels": counts_by(scored, ["label"]),
            "sample": sample(scored),
            "path": shown(stored),
            "mlflow_model": tracking.version_link(*_registered_as(branch, champion.version)),
            "mlflow_run": tracking.run_link(champion.run_id),
            **({} if instead_of is None else {INSTEAD_OF: instead_of}),
            **(_about_sister(champion) if is_of_sister(champion.version) else {}),
        },
    )


def _about_sister(sister: LoadedChampion) -> dict[str, object]:
    return {
        "scored_by_sister": scored_by_sister(sister),
        LABELS_SEEN: sister.labels_seen,
        RECALIBRATED_ON: sister.recalibrated_on,
    }


def scored_by_sister(sister: LoadedChampion) -> str:
    """What people must know of scores that a sister gave."""
    by = (
        f"recalibrated on {sister.recalibrated_on:,} labelled reviews of the branch"
        if sister.recalibrated_on
        else "not recalibrated, since too few reviews of the branch have a label"
    )
    return (
        f"Scored by {sister.version}, a sister, because there is no champion yet; {by}. Scores cannot tell how often "
        "she is right."
    )


def _registered_as(branch: str, version: str) -> tuple[str, str]:
    """The branch and the number of a version, which may be of a sister."""
    sister, _, number = version.rpartition("/")
    return sister or branch, number
