"""A challenger that was decided about becomes a version in MLflow, with its reference, its recipe and its card."""

from collections.abc import Sequence
from logging import Logger

from sentiment_assets.assets.current_features import CurrentFeatures
from sentiment_assets.assets.raw_reviews import NAME as RAW_REVIEWS
from sentiment_assets.assets.stored_batch import stored_digests
from sentiment_assets.learning.about_branch import AboutBranch
from sentiment_assets.learning.behaviour import BehaviourResult
from sentiment_assets.learning.challenger import Challenger
from sentiment_assets.learning.decision import Decision
from sentiment_assets.learning.hyperparameters import Hyperparameters
from sentiment_assets.learning.model_card import CARD_FILE, columns_of_test_reviews, make_model_card
from sentiment_assets.learning.recipe import RECIPE_FILE, Recipe, packages_that_count, recipe_to_bytes
from sentiment_assets.learning.settings import RecipeSettings
from sentiment_assets.learning.training_data import TrainingData
from sentiment_assets.monitoring.neutral_reviews import NeutralReviews
from sentiment_assets.monitoring.reference import make_reference, reference_to_bytes
from sentiment_assets.resources.storage import Frame, Storage, read_each
from sentiment_assets.resources.tracking import Tracking


def register_challenger(
    challenger: Challenger,
    decision: Decision,
    *,
    digest: str,
    tracking: Tracking,
    storage: Storage,
    run_id: str,
    settings: RecipeSettings,
    hyperparameters: Hyperparameters,
    current: CurrentFeatures,
    neutral: NeutralReviews,
    about: AboutBranch,
    data: TrainingData,
    behaviour: BehaviourResult,
    batch_keys: Sequence[str],
    log: Logger,
) -> str:
    """Register a challenger, once for equal ones, and return its version.

    ``digest`` is what it is known by, ``run_id`` the train run in MLflow, ``about`` what its card says of the branch,
    and ``batch_keys`` are all batches of the branch, from which its recipe could make it again.
    """
    branch, splits = about.name, current.splits
    recipe = Recipe(
        settings=settings,
        batches=stored_digests(storage, branch, batch_keys),
        sisters={name: each.pinned for name, each in current.sisters.items()},
        hyperparameters=hyperparameters,
        splits_digest=current.rows.splits_digest,
        model_digest=challenger.digest,
        packages=packages_that_count(),
    )
    reference = make_reference(challenger, splits, neutral)
    description = decision.reason
    try:
        card = make_model_card(
            about,
            challenger,
            decision,
            splits=splits,
            data=data,
            kept=_kept_columns(storage, about, splits),
            languages=reference.languages,
            behaviour=behaviour,
        )
        tracking.log_report(run_id, {CARD_FILE: card.text.encode()}, {})
        description = card.description
    except Exception:  # a model is not to be lost because nothing could be said of it
        log.exception("There is no model card; the description is the decision alone")
    return tracking.register(
        branch,
        run_id,
        model=challenger.model,
        reference=reference_to_bytes(reference),
        digest=digest,
        metrics=challenger.metrics,
        description=description,
        beside={RECIPE_FILE: recipe_to_bytes(recipe)},
    )


def _kept_columns(storage: Storage, about: AboutBranch, splits: Frame) -> Frame:
    """The kept columns of each test review; batches are read only if there are any."""
    keys = list(splits["batch"].unique()) if about.kept else []
    return columns_of_test_reviews(read_each(storage, about.name, RAW_REVIEWS, keys), splits, about.kept)
