"""``bot_like``: texts that repeat themselves, or one template."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sentiment_assets.learning.ngrams import Texts, as_column
from sentiment_assets.monitoring.quality_batch import Fault, Judgement, QualityBatch, judge_sample
from sentiment_assets.monitoring.settings import MonitoringSettings
from sentiment_assets.monitoring.text_columns import flags_of

FAULT = Fault(
    name="bot_like",
    meaning="reviews repeat themselves or one template",
    remedy="Look at the sample: bots, or a form's text",
)

_TEMPLATE_GAPS = r"[^\p{L}\p{M}]+"
_NO_LETTERS = bytes(code for code in range(128) if not chr(code).isalpha())
_TEMPLATE_FROM, _SHORTEST_TEMPLATE = 3, 20
"""Texts that make a template, and the fewest bytes of its letters: "Good!" and "Good." are what people write."""
_FEWEST_WORDS, _MOST_WORDS, _DISTINCT_WORDS = 12, 120, 0.34


def judge(batch: QualityBatch, settings: MonitoringSettings) -> Judgement:
    """Judge a batch: a template is looked for in all its reviews, of which a sample would have too few each."""
    flags = follows_template(batch.texts)[batch.sample] | repeats_itself(batch.sampled_texts)
    return judge_sample(FAULT, flags, batch, settings)


def follows_template(texts: Texts) -> np.ndarray:
    """True where three texts differ in digits and signs alone."""
    column = as_column(texts)
    letters = pa.array(_letters(column), pa.large_binary())
    long_enough = pc.greater_equal(pc.binary_length(letters), _SHORTEST_TEMPLATE).to_numpy(zero_copy_only=False)
    codes = _codes(letters)
    alike = np.flatnonzero(long_enough & (np.bincount(codes, minlength=1)[codes] >= _TEMPLATE_FROM))
    templates, distinct = _codes(_words(column.take(alike))), _codes(column.take(alike))
    first = np.unique(distinct, return_index=True)[1]
    flags = np.zeros(len(column), bool)
    flags[alike] = np.bincount(templates[first], minlength=1)[templates] >= _TEMPLATE_FROM
    return flags


def repeats_itself(texts: Texts) -> np.ndarray:
    """True where a text says the same words over and over.

    Long texts are left alone: the share of distinct words falls with length of itself.
    """
    return np.array([_says_the_same(text.split()) for text in _words(as_column(texts)).to_pylist()], dtype=bool)


def _words(column: pa.Array) -> pa.Array:
    """The words of each text, in small letters and parted by a blank."""
    spaced = pc.replace_substring_regex(pc.utf8_lower(column), _TEMPLATE_GAPS, " ")
    return pc.utf8_trim_whitespace(spaced)


def _letters(column: pa.Array) -> list[bytes]:
    """The letters of each text: equal for texts of one template, and for plain ASCII found in a tenth of the time."""
    plain = flags_of(pc.string_is_ascii(column))
    others = iter(_words(column.filter(pa.array(~plain))).to_pylist())
    return [
        text.lower().encode().translate(None, _NO_LETTERS) if is_plain else next(others).replace(" ", "").encode()
        for text, is_plain in zip(column.to_pylist(), plain.tolist(), strict=True)
    ]


def _codes(column: pa.Array) -> np.ndarray:
    """Equal numbers for equal texts, from 0."""
    return column.dictionary_encode().indices.to_numpy()


def _says_the_same(words: list[str]) -> bool:
    return _FEWEST_WORDS <= len(words) <= _MOST_WORDS and len(set(words)) < _DISTINCT_WORDS * len(words)
