import numpy as np
from scipy import sparse
from scipy.stats import binom

from sentiment_assets.learning.ngrams import hash_ngrams
from sentiment_assets.learning.settings import NgramSettings
from sentiment_assets.monitoring.column_odds import presence
from sentiment_assets.monitoring.permutation_test import cross_fit
from testing.batches import batch, kitchen

WORDS = NgramSettings(shortest=1, longest=1, columns_log2=12)


def rows(texts: list[str]) -> sparse.csr_matrix:
    return presence(hash_ngrams(texts, WORDS))


def test_one_source_is_told_apart_no_more_often_than_promised_nor_much_less_often() -> None:
    """Over all quantiles together: the number is one that the level exceeds once in 10,000 times, or falls short of."""
    rng = np.random.default_rng(0)
    words = [f"word{number}" for number in range(60)]
    everything = rows([" ".join(rng.choice(words, 12)) for _ in range(1_000)])
    rounds, alpha, told = 200, 0.1, 0
    for _ in range(rounds):
        order = rng.permutation(1_000)
        found = cross_fit(everything[order[:120]], everything[order[120:200]], alpha=alpha)
        told += found.differences.p_values.min() <= alpha
    assert binom.ppf(0.0001, rounds, 0.6 * alpha) <= told <= binom.ppf(0.9999, rounds, alpha)


def test_where_nothing_has_drifted_few_permutations_say_so_and_where_much_has_p_is_below_the_level() -> None:
    own, other = batch(300)["text"].tolist(), kitchen(40)["text"].tolist()
    alike, unlike = rows(own[200:]), rows([*own[240:], *other])
    few = cross_fit(rows(own[:200]), alike, alpha=0.001).differences.p_values
    assert few.min() > 0.02
    assert 4 / few.min() < 4 / 0.001, "it stopped after so many"
    much = cross_fit(rows(own[:200]), unlike, alpha=0.001).differences.p_values
    assert 0 < much.min() < 0.001, "what was observed is one of the ways to deal reviews out"


def test_every_review_is_scored_by_a_classifier_that_had_not_seen_it() -> None:
    """One that had would score what it was fitted on apart, whatever it is."""
    rng = np.random.default_rng(0)
    words = [f"word{number}" for number in range(2_000)]
    texts = [" ".join(rng.choice(words, 40)) for _ in range(400)]
    found = cross_fit(rows(texts[:200]), rows(texts[200:]), alpha=0.1)
    gap = found.batch_scores.mean() - found.reference_scores.mean()
    assert abs(gap) < 4 * np.hypot(found.batch_scores.std(), found.reference_scores.std()) / np.sqrt(200)


def test_the_answer_is_the_same_every_time_and_two_reviews_are_enough_to_ask() -> None:
    own = rows(batch(60)["text"].tolist())
    first, again = (cross_fit(own[:40], own[40:], alpha=0.01) for _ in range(2))
    assert first.differences.p_values.tolist() == again.differences.p_values.tolist()
    assert np.isfinite(cross_fit(own[:2], own[2:4], alpha=0.01).differences.p_values).all()
