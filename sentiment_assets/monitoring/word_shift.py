"""The word-shift account: which n-grams moved the mean margin between the reference's test reviews and a batch.

A linear model's mean margin is W times the mean row, plus b. So the change of the mean margin is exactly the sum over
columns of W·(mean in the batch - mean in the reference), and each n-gram has its share of it. Drawn as bars this is a
word-shift graph (Gallagher et al. 2021, "Generalized word shift graphs").
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from sentiment_assets.learning.model import SentimentModel
from sentiment_assets.learning.ngrams import Texts
from sentiment_assets.monitoring.reference import Reference, mean_contributions
from sentiment_assets.presentation.wording import LONGEST_NGRAM, shorten


@dataclass(frozen=True)
class Shift:
    """One n-gram's share of the change."""

    ngram: str
    change: float
    """W·(mean in the batch - mean in the reference)."""
    in_batch: float
    """W·mean in the batch."""
    in_reference: float


@dataclass(frozen=True)
class WordShift:
    """The change of the mean margin, n-gram by n-gram."""

    change: float
    """Mean margin of the batch less that of the reference's test reviews, with neutral ones: the sum over n-grams."""
    shifts: tuple[Shift, ...]
    """The n-grams that changed it most, the largest first."""

    @property
    def rest(self) -> float:
        """What all other n-grams changed together."""
        return self.change - sum(each.change for each in self.shifts)


def word_shift(
    texts: Texts,
    rows: sparse.csr_matrix,
    *,
    model: SentimentModel,
    reference: Reference,
    neutral_share: float = 0.0,
    n: int = 20,
) -> WordShift:
    """Account for the change of the mean margin on a batch of at least one review.

    ``rows`` are the model's features of ``texts``, shape (n_texts, n_columns), and ``neutral_share`` is how much of
    the reference is to be neutral reviews. A column is named by the batch's own n-grams or, where the batch has none,
    by the reference's. Where characters count in the model, it is whole words that are told, as they are in an
    explanation: up to 2,000 reviews of the batch, drawn by lot, say what each of them adds.
    """
    ours = np.bincount(rows.indices, weights=rows.data, minlength=rows.shape[1]) / rows.shape[0]
    theirs = reference.mean_row(neutral_share, rows.shape[1])
    weights = model.coefficients.astype(np.float64)
    change = float((weights * (ours - theirs)).sum())
    if reference.words:
        there = reference.mean_words(neutral_share)
        return WordShift(change, _of_words(mean_contributions(model, pd.Series(texts)), there, n))
    in_batch, in_reference = weights * ours, weights * theirs
    chosen = np.argsort(-np.abs(in_batch - in_reference), kind="stable")[:n]
    chosen = chosen[in_batch[chosen] != in_reference[chosen]]
    named = model.feature_set.names(texts, chosen)
    names = [name or reference.names.get(int(column), "") for name, column in zip(named, chosen, strict=True)]
    told = zip(names, in_batch[chosen].tolist(), in_reference[chosen].tolist(), strict=True)
    return WordShift(change, tuple(_shift(*each) for each in told))


def _of_words(ours: Mapping[str, float], theirs: Mapping[str, float], n: int) -> tuple[Shift, ...]:
    shifts = (_shift(word, ours.get(word, 0.0), theirs.get(word, 0.0)) for word in ours.keys() | theirs.keys())
    return tuple(sorted(shifts, key=lambda shift: (-abs(shift.change), shift.ngram))[:n])


def _shift(ngram: str, in_batch: float, in_reference: float) -> Shift:
    return Shift(shorten(ngram, LONGEST_NGRAM), in_batch - in_reference, in_batch, in_reference)


def draw_word_shift(account: WordShift) -> bytes:
    """The account as bars, SVG."""
    from sentiment_assets.presentation.figures import draw_ngram_bars  # what draws takes a third of a second to load

    ngrams, changes = [each.ngram for each in account.shifts], [each.change for each in account.shifts]
    return draw_ngram_bars(ngrams, changes, f"share of the mean margin's change, {account.change:+.4f} in all")
