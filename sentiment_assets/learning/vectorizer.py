"""The n-gram vectorizer as a scikit-learn transformer, and the way back from a column to its n-grams."""

from collections import Counter
from typing import Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags

from sentiment_assets.learning.ngrams import ColumnLookup, Texts, as_column, find_ngrams, hash_ngrams
from sentiment_assets.learning.settings import Analyzer, NgramSettings


class NgramVectorizer(TransformerMixin, BaseEstimator):
    """Texts to a sparse matrix of hashed n-grams; stateless, like scikit-learn's ``HashingVectorizer``.

    The parameters are those of ``NgramSettings``; ``n_jobs`` is the number of threads.
    """

    def __init__(
        self,
        *,
        analyzer: Analyzer = "word",
        shortest: int = 1,
        longest: int = 3,
        columns_log2: int = 24,
        values: Literal["presence", "counts"] = "presence",
        n_jobs: int = 1,
    ) -> None:
        self.analyzer = analyzer
        self.shortest = shortest
        self.longest = longest
        self.columns_log2 = columns_log2
        self.values = values
        self.n_jobs = n_jobs

    def fit(self, X: Texts, y: object = None) -> Self:  # noqa: N803
        """Check the parameters and that ``X`` holds texts; nothing is learned from them."""
        self._settings()
        _require_texts(X)
        return self

    def transform(self, X: Texts) -> sparse.csr_matrix:  # noqa: N803
        """Float32 CSR matrix of shape (n_texts, 2^columns_log2): ones or counts of each n-gram.

        Raises ``ValueError`` when ``X`` is one string, or holds something that is no text.
        """
        return hash_ngrams(_require_texts(X), self._settings(), n_jobs=self.n_jobs)

    def column_names(self, texts: Texts, columns: np.ndarray) -> list[str]:
        """The n-gram behind each column, as met in ``texts``; see ``name_columns``."""
        return name_columns(_require_texts(texts), columns, self._settings())

    def _settings(self) -> NgramSettings:
        named = {name: value for name, value in self.get_params().items() if name != "n_jobs"}
        return NgramSettings(**named)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.requires_fit = False
        return tags


def name_columns(texts: Texts, columns: np.ndarray, settings: NgramSettings) -> list[str]:
    """The n-gram most often behind each of ``columns`` in ``texts``; an empty string where none of them has the column.

    ``columns`` are hashed columns in any order. Hashing has no way back, so this looks through the texts again.
    """
    ascending = np.unique(columns)
    lookup = ColumnLookup.of(ascending, 1 << settings.columns_log2)
    counted: list[Counter[str]] = [Counter() for _ in ascending]
    for occurrences in find_ngrams(texts, settings):
        numbers = lookup.position[occurrences.columns]
        places = np.flatnonzero(numbers >= 0)
        for number, ngram in zip(numbers[places].tolist(), occurrences.ngrams(places), strict=True):
            counted[number][ngram] += 1
    names = [max(sorted(each), key=each.__getitem__) if each else "" for each in counted]
    return [names[number] for number in np.searchsorted(ascending, columns)]


def _require_texts(texts: Texts) -> pa.Array:
    if isinstance(texts, str):
        raise ValueError("one string was given where a sequence of texts is wanted; put it into a list")  # noqa: TRY004
    try:
        column = as_column(texts)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise ValueError(f"every review must be a text: {error}") from error
    if column.null_count:
        first = pc.index(pc.is_null(column), True).as_py()
        raise ValueError(f"every review must be a text: number {first}, counted from 0, is missing")
    return column
