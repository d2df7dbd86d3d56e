import numpy as np
import pytest
from scipy import sparse

from sentiment_assets.learning.ngrams import hash_ngrams
from sentiment_assets.learning.settings import NgramSettings
from sentiment_assets.monitoring.classifier_test import classify_samples
from sentiment_assets_tests.batches import batch, kitchen

WORDS = NgramSettings(shortest=1, longest=1, columns_log2=12)


def rows(texts: list[str]) -> sparse.csr_matrix:
    return hash_ngrams(texts, WORDS)


def test_one_source_is_told_apart_no_more_often_than_promised() -> None:
    everything = rows(batch(4000)["text"].tolist())
    rng = np.random.default_rng(0)
    p_values = []
    for _ in range(200):
        order = rng.permutation(4000)
        p_values.append(classify_samples(everything[order[:600]], everything[order[600:800]]).difference.p_value)
    assert np.mean(np.array(p_values) < 0.05) <= 0.05


def test_a_tenth_of_another_domain_is_found_and_named() -> None:
    own, other = batch(3000)["text"].tolist(), kitchen(100)["text"].tolist()
    found = classify_samples(rows(own[:2000]), rows([*own[2000:2900], *other]))
    assert found.difference.p_value < 1e-6
    assert 0.05 < found.difference.effect <= 0.12
    assert found.unlikeness[900:].mean() > 0.9 > found.unlikeness[:900].mean()
    blender = rows(["blender"]).indices[0]
    assert blender in np.argsort(found.gains)[-5:]


def test_counts_weigh_as_ones_and_the_answer_is_the_same_every_time() -> None:
    reference, sample = rows(batch(500)["text"].tolist()), rows(kitchen(100)["text"].tolist())
    first, again = classify_samples(reference, sample), classify_samples(reference * 3, sample * 2)
    assert first.difference == again.difference


@pytest.mark.parametrize("texts", [["", ""], ["same"] * 60, ["?!"] * 60])
def test_texts_that_say_nothing_are_no_difficulty(texts: list[str]) -> None:
    found = classify_samples(rows(texts), rows(texts))
    assert found.difference.p_value > 0.05
    assert np.isfinite(found.unlikeness).all()
