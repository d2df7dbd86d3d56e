"""Whether a sister's language is that of a branch's texts: words of another one tell her nothing."""

import numpy as np

from sentiment_assets.learning.ngrams import Texts, as_chunked_column
from sentiment_assets.monitoring.language import UNDETERMINED, languages_of
from sentiment_assets.monitoring.reference import Reference
from sentiment_assets.monitoring.text_columns import main_languages

_LOOKED_AT = 500
_FEWEST = 5
"""Texts whose language can be told: of fewer nobody says which it is."""


def language_fault(texts: Texts, sister: Reference | None) -> str:
    """Say how most of the texts are in none of the sister's languages; empty if they are, or nobody can tell.

    ``texts`` are looked at from the first on, up to 500 of them. The sister's languages are those of the reviews that
    she was trained on, by the reference that lies beside her.
    """
    codes = np.array(languages_of(as_chunked_column(texts)[:_LOOKED_AT].to_pylist()), dtype="U8")
    told = codes[codes != UNDETERMINED]
    if sister is None or not sister.languages or len(told) < _FEWEST:
        return ""
    if np.isin(told, sister.languages).mean() >= 1 / 2:
        return ""
    return (
        f"speaks another language: most of the reviews are in {main_languages(told)[0]}, hers in "
        f"{', '.join(sister.languages)}"
    )
