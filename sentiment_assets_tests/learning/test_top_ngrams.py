import numpy as np
import pandas as pd
import pytest

from sentiment_assets.learning import labelled_rows
from sentiment_assets.learning.challenger import Challenger
from sentiment_assets.learning.cross_fitting import DEVELOPMENT
from sentiment_assets.learning.top_ngrams import top_ngrams


def test_a_contribution_is_the_mean_term_in_the_reviews_that_have_the_ngram(
    challenger: Challenger, splits: pd.DataFrame
) -> None:
    train = challenger.features.rows["train"]
    development = np.flatnonzero(splits["split"].isin(DEVELOPMENT))
    top = top_ngrams(challenger.model, splits["text"], train, n=5, places=development).set_index("ngram")
    texts = splits["text"].iloc[development]
    dense, W = train.rows.toarray(), challenger.model.coefficients  # noqa: N806
    counts = (dense != 0).sum(axis=0)
    terms = np.where(counts >= 10, (dense * W).sum(axis=0) / np.maximum(counts, 1), 0)
    assert sorted(top["contribution"]) == pytest.approx([*np.sort(terms)[:5], *np.sort(terms)[-5:]], rel=1e-5)
    more = [
        reviews - (" " + texts + " ").str.contains(f" {ngram} ", regex=False).sum()
        for ngram, reviews in top["reviews"].items()
    ]
    assert min(more) == 0
    assert more.count(0) >= 8, "a few share their column with another n-gram"


def test_the_rows_that_are_looked_at_at_a_time_do_not_show(
    challenger: Challenger, splits: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    train, development = challenger.features.rows["train"], np.flatnonzero(splits["split"].isin(DEVELOPMENT))
    whole = top_ngrams(challenger.model, splits["text"], train, places=development)
    monkeypatch.setattr(labelled_rows, "_ROWS_AT_ONCE", 7)
    again = top_ngrams(challenger.model, splits["text"], train, places=development)
    pd.testing.assert_frame_equal(again, whole)
