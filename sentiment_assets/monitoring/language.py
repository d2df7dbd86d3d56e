"""The language of a review, by the library ``py3langid`` (Lui & Baldwin 2012, "langid.py")."""

from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

_LONGEST_LOOKED_AT = 100
"""Characters; twice as many told no better on reviews in English and German, and took half as long again."""
_FEWEST_LETTERS = 20
_MACROLANGUAGE = {"wuu": "zh", "yue": "zh", "pcm": "en"}
_REMEMBERED = 1 << 15
"""Beginnings of texts, in the order of use: what one check of a batch has found out, the next one does not again."""
UNDETERMINED = ""
"""The language of a text too short to tell."""


def languages_of(texts: Iterable[str]) -> list[str]:
    """An ISO 639 code of each text's beginning; ``UNDETERMINED`` for fewer than 20 bytes of letters.

    Bytes, because a Chinese character tells as much as three Latin letters.
    """
    return [_language(text[:_LONGEST_LOOKED_AT]) for text in texts]


@lru_cache(maxsize=_REMEMBERED)
def _language(text: str) -> str:
    if len(text.encode()) < _FEWEST_LETTERS or sum(map(str.isalpha, text)) * 2 < len(text):
        return UNDETERMINED
    code, _ = identifier().classify(text)
    return _MACROLANGUAGE.get(code, code)


@cache
def identifier() -> Any:
    """What the library knows of the languages: half a second to unpack, once a process."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE)
