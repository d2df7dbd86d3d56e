"""The drift page's pictures: SVG."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sentiment_assets.monitoring.check_record import CheckRecord
from sentiment_assets.monitoring.distributions import Distribution
from sentiment_assets.monitoring.finding import Finding
from sentiment_assets.presentation import palette
from sentiment_assets.presentation.figures import svg

_PER_CENT = 100
_MOST_TICKS, _LETTERS = 6, 56
"""So many letters stand side by side."""
_WIDTH = 5.2
"""Inches: as wide as a phone shows without making the letters small."""


def draw_accuracy(batch_keys: Sequence[str], records: Sequence[CheckRecord]) -> bytes:
    """Accuracy of each batch as measured and as estimated, with bands, and the line below which it warns.

    Nothing is drawn, and the bytes are empty, where no batch has either.
    """
    by_batch = {record.batch: record for record in records}
    known = [(place, by_batch[key]) for place, key in enumerate(batch_keys) if key in by_batch]
    estimated = [(place, each.estimate) for place, each in known if each.estimate]
    measured = [(place, each) for place, each in known if each.accuracy is not None]
    if not estimated and not measured:
        return b""
    figure, axes = _canvas(2.6)
    places = np.array([place for place, _ in estimated])
    values = _PER_CENT * np.array([[each.accuracy, each.low, each.high] for _, each in estimated]).reshape(-1, 3)
    _with_bands(axes, places, values, colour=palette.OTHER, marker="s", label="estimated")
    places = np.array([place for place, _ in measured])
    values = _PER_CENT * np.array([_measured_band(each) for _, each in measured]).reshape(-1, 3)
    _with_bands(axes, places, values, colour=palette.POSITIVE, marker="o", label="measured on labels")
    if (least := _least_accuracy([record for _, record in known])) is not None:
        axes.axhline(_PER_CENT * least, color=palette.WARN, linestyle="--", linewidth=1, label="warns below")
    axes.set_ylabel("accuracy, %")
    axes.legend(loc="best", fontsize=8, frameon=False)
    _name_batches(axes, batch_keys)
    return svg(figure)


def draw_drift_sizes(batch_keys: Sequence[str], findings: Sequence[Finding | None]) -> bytes:
    """How much of each batch is unlike the reference, by ``text_drift``, and the line above which it warns."""
    known = [(place, each) for place, each in enumerate(findings) if each and each.effect is not None]
    if not known:
        return b""
    figure, axes = _canvas(1.9)
    places, heights = [place for place, _ in known], [_PER_CENT * (each.effect or 0.0) for _, each in known]
    bars = axes.bar(places, heights, color=[palette.WARN if each.warns else palette.VOLUME for _, each in known])
    for bar, (_, each) in zip(bars, known, strict=True):
        bar.set_hatch("//" if each.warns else "")
    if (threshold := known[-1][1].threshold) is not None:
        axes.axhline(_PER_CENT * threshold, color=palette.WARN, linestyle="--", linewidth=1)
    axes.set_ylabel("unlike, % of reviews")
    _name_batches(axes, batch_keys)
    return svg(figure)


def draw_distribution(distribution: Distribution, title: str, *, is_share: bool) -> bytes:
    """Both histograms, one behind the other, over an axis with a title; a share is drawn in per cent."""
    figure, axes = _canvas(1.9)
    edges = np.array(distribution.edges) * (_PER_CENT if is_share else 1)
    for shares, style, label in (
        (distribution.in_reference, {"color": palette.VOLUME, "fill": True}, "reference"),
        (distribution.in_batch, {"color": palette.WARN, "fill": False, "linewidth": 2}, "this batch"),
    ):
        axes.stairs(_PER_CENT * np.array(shares), edges, label=label, **style)  # type: ignore[arg-type]
    if edges[0] > 0 and edges[-1] > _PER_CENT * edges[0]:
        axes.set_xscale("log")
    axes.set_xlabel(title)
    axes.set_ylabel("% of reviews")
    axes.legend(fontsize=8, frameon=False)
    return svg(figure)


def _measured_band(record: CheckRecord) -> tuple[float, float, float]:
    value = record.accuracy or 0.0
    low, high = record.accuracy_band or (value, value)
    return value, low, high


def _least_accuracy(records: Sequence[CheckRecord]) -> float | None:
    """The accuracy below which the latest record's estimate would warn."""
    for record in reversed(records):
        for finding in record.findings:
            if finding.name == "estimated_accuracy" and None not in (finding.statistic, finding.effect):
                return (finding.statistic or 0.0) + (finding.effect or 0.0) - (finding.threshold or 0.0)
    return None


def _with_bands(axes: Axes, places: np.ndarray, values: np.ndarray, *, colour: str, marker: str, label: str) -> None:
    if len(places):
        axes.vlines(places, values[:, 1], values[:, 2], color=colour, linewidth=1.5)
        axes.plot(places, values[:, 0], marker, color=colour, markersize=5, label=label)


def _canvas(height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(_WIDTH, height), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _name_batches(axes: Axes, names: Sequence[str]) -> None:
    axes.set_xlim(-0.6, len(names) - 0.4)
    step = max(1, -(-len(names) // _MOST_TICKS))
    places = range(0, len(names), step)
    axes.set_xticks(list(places), [_short(names[place], _LETTERS // len(places)) for place in places], fontsize=8)
    for label in axes.get_xticklabels():
        label.set_parse_math(False)  # a file's name is no formula


def _short(name: str, longest: int) -> str:
    return name if len(name) <= longest else f"{name[: longest - 1]}…"
