import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_assets.monitoring import sample
from sentiment_assets.monitoring.sample import sample_reviews, sample_texts
from sentiment_assets.text_identity import text_digests
from testing.batches import batch

FEW = 5


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "MOST_LOOKED_AT", FEW)


def sampled(texts: list[str]) -> list[str]:
    """The texts of the reviews that are looked at."""
    column = pd.Series(texts, dtype="str")
    places = sample_reviews(text_digests(column), column)
    assert len(set(places.tolist())) == len(places)
    return column.iloc[places].tolist()


@given(st.permutations(["fine", "Fine", "FINE", "fine ", "dull", "odd", "odd", "long", "short", "old"]))
def test_the_order_of_the_reviews_does_not_matter(texts: list[str]) -> None:
    """Even of which spelling of a text is looked at."""
    assert sorted(sampled(texts)) == sorted(
        sampled(["fine", "Fine", "FINE", "fine ", "dull", "odd", "odd", "long", "short", "old"])
    )


@pytest.mark.parametrize("n", [0, 1, FEW])
def test_few_reviews_are_looked_at_all(n: int) -> None:
    texts = ["fine", "fine", "dull", "odd", "fine"][:n]
    assert sampled(texts) == texts
    assert sample_texts(text_digests(texts)).tolist() == list(range(n))


def test_copies_are_as_likely_as_other_reviews(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "MOST_LOOKED_AT", 500)
    others = batch(1_500)["text"].tolist()
    for copied in ("one text", "another text", "a third text"):
        chosen = sampled([copied] * 1_000 + others)
        assert len(chosen) == 500
        assert 170 < chosen.count(copied) < 230, "of 1,000 in 2,500"
    assert len(set(sampled(others * 2))) > 400, "one of two does not bring the other along"


def test_a_sample_is_of_all_splits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Splits are cut by the digests themselves."""
    monkeypatch.setattr(sample, "MOST_LOOKED_AT", 1_000)
    digests = text_digests(batch(3_000)["text"])
    chosen = digests[sample_texts(digests)]
    assert len(np.unique(chosen % np.uint64(100))) == 100
    assert 0.4 < (chosen < np.uint64(2**63)).mean() < 0.6


def test_texts_of_a_sample_of_reviews_are_those_of_the_sample_of_texts() -> None:
    texts = batch(30)["text"]
    digests = text_digests(texts)
    assert sample_texts(digests).tolist() == sample_reviews(digests, texts).tolist()
