"""Pictures of a report: SVG, so that they stay sharp and the reader's own fonts write any language."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sentiment_assets.presentation import palette
from sentiment_assets.presentation.figures import svg

_MOST_TICKS = 12
_HALF_A_NAME = 20
_POINTS = 100


def draw_over_time(figures: pd.DataFrame) -> bytes:
    """Net sentiment by period with its bands, and the number of reviews below; columns as in a report's figures."""
    figure = Figure(figsize=(9, 4.2), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    places = range(len(figures))
    _band(above, figures, columns=("net_sentiment", "net_low", "net_high"), colour=palette.COUNTED, label="as counted")
    if figures["adjusted"].notna().any():
        _band(
            above,
            figures,
            columns=("adjusted", "adjusted_low", "adjusted_high"),
            colour=palette.CORRECTED,
            label="corrected",
        )
    above.axhline(0, color=palette.OTHER, linewidth=0.8)
    above.set_ylabel("net sentiment, points")
    above.legend(loc="best", fontsize=8, frameon=False)
    below.bar(places, figures["reviews"], color=palette.VOLUME)
    below.set_ylabel("reviews")
    _name_places(below, figures["period"].tolist())
    return svg(figure)


def draw_branches(figures: Mapping[str, pd.DataFrame]) -> bytes:
    """Net sentiment of several branches over their periods, one line per branch."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    axes = figure.subplots()
    periods = sorted({period for each in figures.values() for period in each["period"]})
    for branch, each in figures.items():
        places = [periods.index(period) for period in each["period"]]
        axes.plot(places, _POINTS * each["net_sentiment"], marker="o", markersize=4, label=branch)
    axes.axhline(0, color=palette.OTHER, linewidth=0.8)
    axes.set_ylabel("net sentiment as counted, points")
    axes.legend(loc="best", fontsize=8, frameon=False)
    _name_places(axes, periods)
    return svg(figure)


def _band(axes: Axes, figures: pd.DataFrame, *, columns: tuple[str, str, str], colour: str, label: str) -> None:
    value, low, high = (_POINTS * figures[name].astype(float).to_numpy() for name in columns)
    places = range(len(figures))
    axes.plot(places, value, marker="o", markersize=4, color=colour, label=label)
    axes.fill_between(places, low, high, color=colour, alpha=0.15, linewidth=0)
    axes.vlines(places, low, high, color=colour, alpha=0.5, linewidth=1)


def _short(name: str) -> str:
    """A name with its middle left out if it is so long that it would leave no room for the picture."""
    return name if len(name) <= 2 * _HALF_A_NAME else f"{name[:_HALF_A_NAME]}…{name[-_HALF_A_NAME:]}"


def _name_places(axes: Axes, names: list[str]) -> None:
    step = max(1, -(-len(names) // _MOST_TICKS))
    places = range(0, len(names), step)
    axes.set_xticks(list(places), [_short(names[place]) for place in places], rotation=30, ha="right", fontsize=8)
    for label in axes.get_xticklabels():
        label.set_parse_math(False)  # a file's name is no formula
