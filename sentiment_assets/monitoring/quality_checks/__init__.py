"""The quality checks, one file per check: each has a function ``judge`` and is named after its limit.

A field of ``QualityLimits`` registers a check: its name is that of the file here, its default the limit, and its
description what the check looks for.
"""

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import cast

from sentiment_assets.monitoring.quality_batch import Judgement, QualityBatch
from sentiment_assets.monitoring.settings import MonitoringSettings, QualityLimits

QUALITY_CHECKS = tuple(QualityLimits.model_fields)
"""Their names, in the order in which they are shown."""


def judges() -> Iterator[Callable[[QualityBatch, MonitoringSettings], Judgement]]:
    """Yield the ``judge`` of each of ``QUALITY_CHECKS``, in that order."""
    for name in QUALITY_CHECKS:
        module = import_module(f"{__name__}.{name}")
        yield cast(Callable[[QualityBatch, MonitoringSettings], Judgement], module.judge)
