"""``mojibake``: texts that were decoded with a wrong encoding."""

import ftfy.badness
import numpy as np
import pyarrow.compute as pc

from sentiment_assets.learning.ngrams import Texts, as_column
from sentiment_assets.monitoring.quality_batch import Fault, Judgement, QualityBatch, judge_sample
from sentiment_assets.monitoring.settings import MonitoringSettings
from sentiment_assets.monitoring.text_columns import flags_of

FAULT = Fault(
    name="mojibake",
    meaning="reviews were decoded with a wrong encoding",
    remedy="Set the branch's `encoding` to the one the file was written in, then replay the batch",
)

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def judge(batch: QualityBatch, settings: MonitoringSettings) -> Judgement:
    """Judge a batch."""
    return judge_sample(FAULT, is_mojibake(batch.sampled_texts), batch, settings)


def is_mojibake(texts: Texts) -> np.ndarray:
    """True where characters are the trace of a wrong decoding: by ftfy's rules, or a replacement character."""
    column = as_column(texts)
    flags = np.zeros(len(column), bool)
    for place in np.flatnonzero(~flags_of(pc.string_is_ascii(column))):
        text = column[int(place)].as_py()
        flags[place] = _REPLACEMENT in text or ftfy.badness.is_bad(text)
    return flags
