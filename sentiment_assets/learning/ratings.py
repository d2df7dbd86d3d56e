"""Scores by rating: calibrated to the scale of ratings, whose middle gets a score of about 0.

See docs/decisions/0041-scores-by-rating.md.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.stats import spearmanr
from sklearn.linear_model import LogisticRegression

from sentiment_assets.learning.calibration import SAYS_NOTHING, CannotCalibrate, RatingCurve
from sentiment_assets.learning.cross_fitting import DEVELOPMENT
from sentiment_assets.learning.features import FeatureRows
from sentiment_assets.learning.known_texts import are_known
from sentiment_assets.learning.model import SentimentModel
from sentiment_assets.learning.settings import SplitSettings
from sentiment_assets.learning.splitting import TEST, VALIDATION, split_of_digests
from sentiment_assets.text_identity import text_digests

_PARTS = 5


@dataclass(frozen=True)
class NeutralRatings:
    """Distinct neutral reviews that have a rating; the branch's own models do not learn from them."""

    texts: "pd.Series[str]"
    """Their order was drawn by lot."""
    positions: np.ndarray
    """Where each rating lies on its scale, from -1 to 1; float64."""
    share: float
    """The share of neutral reviews among all that have a label of any kind, in [0, 1)."""


@dataclass(frozen=True)
class Ratings:
    """What scores are calibrated to, beside the ratings of the labelled reviews."""

    scale: tuple[float, float]
    """The lowest and the highest rating."""
    neutral: NeutralRatings
    shares: SplitSettings
    """Which neutral reviews are test reviews: it goes by their texts, as for labelled ones."""


@dataclass(frozen=True)
class RatedReviews:
    """Reviews with a rating as a model sees them; both arrays are float64 of one length."""

    margins: np.ndarray
    positions: np.ndarray

    def at(self, places: np.ndarray) -> "RatedReviews":
        """The reviews at some places, or where an array of as many flags is true."""
        return RatedReviews(self.margins[places], self.positions[places])

    def and_also(self, others: "RatedReviews") -> "RatedReviews":
        """These, then others."""
        return RatedReviews(
            np.concatenate([self.margins, others.margins]), np.concatenate([self.positions, others.positions])
        )


def with_scores_by_rating(
    model: SentimentModel,
    ratings: Ratings,
    splits: pd.DataFrame,
    *,
    rows: FeatureRows,
    cross_fitted: np.ndarray,
    test_margins: np.ndarray,
) -> tuple[SentimentModel, dict[str, float]]:
    """The model with scores by rating, and how good these are on test (``measure_ratings``).

    The curve is fitted on the reviews held out (``rows.held_out``), by the margins ``cross_fitted`` that models without
    them gave, and on the neutral reviews that would be held out with them. ``test_margins`` are the model's own of the
    test split. Raises ``CannotCalibrate`` where the reviews held out have no ratings.
    """
    positions, split = _positions(splits), splits["split"]
    parts = DEVELOPMENT if rows.is_cross_validated else (VALIDATION,)
    held_out = _rated(cross_fitted, positions[split.isin(DEVELOPMENT)][rows.held_out])
    _require_ratings(held_out)
    curve = fit_rating_curve(held_out.and_also(_neutral_of(model, ratings, parts)))
    calibrated = replace(model, calibration=replace(model.calibration, rating_curve=curve))
    test = _rated(test_margins, positions[split == TEST])
    neutral = _neutral_of(model, ratings, (TEST,))
    n_test, n_neutral = in_proportion(len(test.margins), len(neutral.margins), ratings.neutral.share)
    measured = test.at(_spread(len(test.margins), n_test)).and_also(neutral.at(np.arange(n_neutral)))
    return calibrated, measure_ratings(calibrated, measured, ratings.scale)


def fit_rating_curve(reviews: RatedReviews) -> RatingCurve:
    """Fractional logistic regression of the position on the margin (Papke and Wooldridge 1996).

    Every fifth of the scale weighs the same, however many reviews it has: otherwise, where most reviews have five
    stars, one of three would get the score of four. Texts of which nothing is known do not count. Positions that do not
    rise with the margin get scores next to 0. There must be two different ratings.
    """
    known = reviews.at(reviews.margins != 0)
    fifths, shares = _fifths(known.positions), (known.positions + 1) / 2
    weights = (len(shares) / np.bincount(fifths, minlength=_PARTS).clip(1))[fifths]
    fitted = LogisticRegression(C=1e6).fit(
        np.tile(known.margins, 2).reshape(-1, 1),
        np.repeat([1, 0], len(shares)),
        sample_weight=np.concatenate([weights * shares, weights * (1 - shares)]),
    )
    slope, log_odds = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    return RatingCurve(slope, log_odds) if slope > SAYS_NOTHING else RatingCurve(SAYS_NOTHING, 0.0)


def measure_ratings(model: SentimentModel, reviews: RatedReviews, scale: tuple[float, float]) -> dict[str, float]:
    """How far scores are from ratings, in ratings (stars), and whether both rank reviews alike (Spearman 1904).

    ``rating_error`` is the mean absolute error, ``rating_error_of_median`` that of the one answer that errs least, and
    ``balanced_rating_error`` counts every fifth of the scale that has reviews alike (Baccianella, Esuli and Sebastiani
    2009). ``middle_mean_score`` is of the reviews in the middle fifth. What nothing can be said of is left out.
    """
    positions, half = reviews.positions, (scale[1] - scale[0]) / 2
    figures = {"rated_reviews": float(len(positions))}
    if not len(positions):
        return figures
    scores, fifths = model.calibration.scores(reviews.margins), _fifths(positions)
    errors, there = half * np.abs(scores - positions), np.bincount(fifths, minlength=_PARTS)
    of_fifths = np.bincount(fifths, errors, minlength=_PARTS)[there > 0] / there[there > 0]
    figures |= {
        "rating_error": float(errors.mean()),
        "rating_error_of_median": half * float(np.abs(np.median(positions) - positions).mean()),
        "balanced_rating_error": float(of_fifths.mean()),
    }
    if there[_PARTS // 2]:
        figures["middle_mean_score"] = float(scores[fifths == _PARTS // 2].mean())
    if min(len(np.unique(scores)), len(np.unique(positions))) > 1:
        figures["rating_correlation"] = float(spearmanr(scores, positions).statistic)
    return figures


def in_proportion(n_labelled: int, n_neutral: int, share: float) -> tuple[int, int]:
    """How many labelled and how many neutral reviews to take, as many as can be, so that that share is neutral."""
    if not n_neutral or not share:
        return n_labelled, 0
    neutral_each = share / (1 - share)
    return min(n_labelled, round(n_neutral / neutral_each)), min(n_neutral, round(n_labelled * neutral_each))


def _require_ratings(held_out: RatedReviews) -> None:
    if len(np.unique(held_out.positions[held_out.margins != 0])) < 2:
        raise CannotCalibrate(
            "scores cannot be calibrated to ratings: of the labelled reviews held out "
            f"{len(held_out.positions):,} have one, and it takes two different ones. Batches that were taken in before "
            "`scores_by_rating` was set have none: materialize `raw_reviews` of these again, or leave that setting out"
        )


def _positions(reviews: pd.DataFrame) -> np.ndarray:
    if "rating_position" not in reviews:
        return np.full(len(reviews), np.nan)
    return reviews["rating_position"].to_numpy(np.float64)


def _rated(margins: np.ndarray, positions: np.ndarray) -> RatedReviews:
    """The reviews that have a rating."""
    return RatedReviews(margins, positions).at(~np.isnan(positions))


def _neutral_of(model: SentimentModel, ratings: Ratings, parts: tuple[str, ...]) -> RatedReviews:
    """The neutral reviews that would be in those splits, and of which the model has learnt no near-duplicate.

    A sister that is part of it may have learnt the very text, and it itself an edited version with another label.
    """
    neutral, digests = ratings.neutral, text_digests(ratings.neutral.texts)
    there = np.flatnonzero(np.isin(split_of_digests(digests, ratings.shares), parts))
    texts = neutral.texts.iloc[there]
    new = ~are_known(model, texts, digests[there], similarity=ratings.shares.near_duplicate_similarity)
    return RatedReviews(model.margins(texts[new]), neutral.positions[there[new]])


def _fifths(positions: np.ndarray) -> np.ndarray:
    """Which fifth of the scale each position lies in, from 0 to 4; of five stars each has its own.

    What lies between two fifths is of the inner one, so that a scale and its mirror image are cut alike.
    """
    outwards = np.ceil((_PARTS * np.abs(positions) - 1).round(9) / 2)  # 0 in the middle; 6 of 10 is no more than 0.2
    return (_PARTS // 2 + np.sign(positions) * outwards).astype(np.int64)


def _spread(n: int, chosen: int) -> np.ndarray:
    """So many of ``n`` places, at like distances."""
    return np.arange(chosen) * n // max(chosen, 1)
