import numpy as np
import pytest
from scipy import sparse

from sentiment_assets.learning.ngrams import hash_ngrams
from sentiment_assets.learning.settings import NgramSettings
from sentiment_assets.monitoring.classifier_test import classify_samples
from testing.batches import batch, kitchen

WORDS = NgramSettings(shortest=1, longest=1, columns_log2=12)


def rows(texts: list[str]) -> sparse.csr_matrix:
    return hash_ngrams(texts, WORDS)


@pytest.mark.slow
def test_one_source_is_told_apart_no_more_often_than_promised() -> None:
    """At each quantile alone: over all of them Bonferroni's rule is so careful that it would hide a doubled level."""
    rng = np.random.default_rng(0)
    words = [f"word{number}" for number in range(300)]
    everything = rows([" ".join(rng.choice(words, 25)) for _ in range(4000)])  # hardly two of them score alike
    p_values = []
    for _ in range(800):
        order = rng.permutation(4000)
        found = classify_samples(
            everything[order[:2000]], everything[order[2000:3000]], alpha=0.01
        ).differences.p_values
        p_values.append(found / len(found))
    shares = (np.array(p_values) < 0.1).mean(axis=0)
    assert shares.max() <= 0.1 + 3 * np.sqrt(0.1 * 0.9 / 800), shares
    assert shares[0] > 0.05, "at the median the test uses its level"


def test_a_tenth_of_another_domain_is_found_and_named() -> None:
    own, other = batch(3000)["text"].tolist(), kitchen(100)["text"].tolist()
    found = classify_samples(rows(own[:2000]), rows([*own[2000:2900], *other]), alpha=0.0025)
    difference = found.differences.most_telling(0.0025)
    assert difference.p_value < 1e-6
    assert 0.05 < difference.effect <= 0.12
    assert found.unlikeness[900:].mean() > 0.9 > found.unlikeness[:900].mean()
    blender = rows(["blender"]).indices[0]
    assert blender in np.argsort(found.gains)[-5:]


def test_counts_weigh_as_ones_and_the_answer_is_the_same_every_time() -> None:
    reference, sample = rows(batch(500)["text"].tolist()), rows(kitchen(100)["text"].tolist())
    first = classify_samples(reference, sample, alpha=0.01)
    again = classify_samples(reference * 3, sample * 2, alpha=0.01)
    assert first.differences.most_telling(0.01) == again.differences.most_telling(0.01)


@pytest.mark.parametrize("texts", [["", ""], ["same"] * 60, ["?!"] * 60])
def test_texts_that_say_nothing_are_no_difficulty(texts: list[str]) -> None:
    found = classify_samples(rows(texts), rows(texts), alpha=0.01)
    assert found.differences.p_values.min() > 0.05
    assert np.isfinite(found.unlikeness).all()


def test_a_tenth_of_another_domain_is_found_though_there_are_few_reviews_to_learn_it_from() -> None:
    own, other = batch(700)["text"].tolist(), kitchen(20)["text"].tolist()
    found = classify_samples(rows(own[:500]), rows([*own[500:680], *other]), alpha=0.001)
    difference = found.differences.most_telling(0.001)
    assert difference.p_value < 0.001
    assert difference.surely > 0.03
    assert found.unlikeness[180:].mean() > 0.9 > found.unlikeness[:180].mean()
    assert rows(["blender"]).indices[0] in np.argsort(found.gains)[-5:]


def test_a_level_that_would_take_too_many_permutations_is_held_by_halves() -> None:
    """They have no smallest p-value."""
    own, other = batch(600)["text"].tolist(), kitchen(100)["text"].tolist()
    found = classify_samples(rows(own[:500]), rows([*own[500:], *other]), alpha=1e-6)
    assert found.differences.most_telling(1e-6).p_value < 1e-6
