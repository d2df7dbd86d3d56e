"""Pictures of a train run: small PNG and SVG files."""

from collections import defaultdict
from collections.abc import Mapping
from itertools import product

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sentiment_assets.learning.calibration import equal_mass_bins
from sentiment_assets.learning.candidate import Candidate
from sentiment_assets.learning.hyperparameters import EQUAL_SHARES, Hyperparameters
from sentiment_assets.learning.loss_surface import LossSurface
from sentiment_assets.presentation import palette
from sentiment_assets.presentation.figures import draw_ngram_bars, png, write_values
from sentiment_assets.presentation.wording import shorten

_MOST_NAMES = 8
_LONGEST_NAME = 20
"""How many periods are named below a picture, and by how many characters."""


def draw_losses(candidates: Mapping[str, Candidate], selected: str) -> bytes:
    """Hinge loss after each epoch, all candidates, the selected one in red."""
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    for axes, split in zip(figure.subplots(1, 2, sharex=True), ("train", "validation"), strict=True):
        for key, each in candidates.items():
            losses = each.losses[f"{split}_hinge_loss"]
            marks = (
                {"color": palette.SELECTED, "zorder": 3, "linewidth": 2}
                if key == selected
                else {"color": palette.OTHER}
            )
            axes.plot(range(1, len(losses) + 1), losses, marker="." if len(losses) == 1 else None, **marks)
        axes.set(title=split, xlabel="epoch", ylabel="mean hinge loss")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    figure.suptitle(f"{len(candidates)} candidates; selected, in red: {selected}", fontsize=10)
    return png(figure)


def draw_search(candidates: Mapping[str, Candidate], validation_losses: Mapping[str, float], selected: str) -> bytes:
    """Heat maps of validation loss, eta0 by l2: one for each kind of rows and each way of training on them.

    Those beside each other have the same eta0, those below each other the same l2, and there is none without a
    candidate: the picture of a list that is no grid grows with its length alone.
    """
    tried = {key: each.hyperparameters for key, each in candidates.items()}
    lines, columns = defaultdict(set), defaultdict(set)
    for each in tried.values():
        lines[_training(each)].add(each.eta0)
        columns[each.rows].add(each.l2)
    etas = [sorted(lines[each]) for each in sorted(lines)]
    penalties = [sorted(columns[each]) for each in sorted(columns)]
    heights, widths = [1.2 + 0.45 * len(each) for each in etas], [0.9 + 0.8 * len(each) for each in penalties]
    figure = Figure(figsize=(1.6 + sum(widths), 0.4 + sum(heights)), layout="constrained")
    places = figure.add_gridspec(len(etas), len(penalties), height_ratios=heights, width_ratios=widths)
    lowest, highest = min(validation_losses.values()), max(validation_losses.values())
    for (line, training), (column, rows) in product(enumerate(sorted(lines)), enumerate(sorted(columns))):
        own = [key for key, each in tried.items() if (_training(each), each.rows) == (training, rows)]
        if not own:
            continue
        at = {key: (etas[line].index(tried[key].eta0), penalties[column].index(tried[key].l2)) for key in own}
        grid = np.full((len(etas[line]), len(penalties[column])), np.nan)
        for key, place in at.items():
            grid[place] = validation_losses[key]
        axes = figure.add_subplot(places[line, column])
        axes.imshow(grid, cmap=palette.LOSSES, vmin=lowest, vmax=highest, aspect="auto")
        write_values(axes, grid, (lowest + highest) / 2)
        axes.set_xticks(range(len(penalties[column])), [f"{each:g}" for each in penalties[column]])
        axes.set_yticks(range(len(etas[line])), [f"{each:g}" for each in etas[line]])
        axes.set_title(_title(tried[own[0]]), fontsize=9)
        axes.set(xlabel="l2", ylabel="eta0")
        if selected in at:
            axes.plot(at[selected][1], at[selected][0] + 0.3, marker="^", color=palette.SELECTED)
    return png(figure)


def _training(settings: Hyperparameters) -> tuple[str, str, int]:
    """How a candidate is trained on its rows, but for step size and penalty."""
    return settings.class_weight, settings.schedule, settings.epochs


def _title(settings: Hyperparameters) -> str:
    share = None if settings.word_share == EQUAL_SHARES else f"{settings.word_share:g}"
    rows = [settings.features, share, settings.start_from and f"from {settings.start_from}"]
    weights = None if settings.class_weight == "balanced" else f"class_weight={settings.class_weight}"
    trained = [f"{settings.epochs} epochs, {settings.schedule}", weights]
    return "\n".join(filter(None, (" ".join(filter(None, rows)), ", ".join(filter(None, trained)))))


def draw_surface(surface: LossSurface, selected: str) -> bytes:
    """Contours of the validation loss, with each candidate's path from W = 0."""
    figure = Figure(figsize=(6.2, 5), layout="constrained")
    axes = figure.subplots()
    lowest, highest = surface.losses.min(), surface.losses.max()
    levels = lowest + (highest - lowest) * np.linspace(0, 1, 24) ** 2  # closer together near the minimum
    filled = axes.contourf(surface.along, surface.across, surface.losses, levels=levels, cmap=palette.LOSSES)
    figure.colorbar(filled, label="validation hinge loss", format="%.2f")
    for key, path in surface.paths.items():
        colour = palette.SELECTED if key == selected else palette.ON_DARK
        axes.plot(*path[:-1].T, color=colour, linewidth=1, marker=".", markersize=3)
        axes.plot(*path[-2:].T, color=colour, linewidth=0.7, linestyle=":")
        axes.plot(*path[-1], color=colour, marker="*", markersize=9, zorder=3)
    axes.set(xlabel="along the selected W", ylabel="across it, where the candidates differ most", aspect="equal")
    axes.set_title("SGD from W = 0, one point per epoch; the star is W at its best scale; red: selected", fontsize=8)
    return png(figure)


def draw_reliability(probabilities: np.ndarray, labels: np.ndarray) -> bytes:
    """Observed share of positive reviews against predicted probability, 15 bins of equal mass, on test."""
    figure = Figure(figsize=(4.4, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=palette.OTHER, linewidth=1)
    bins = equal_mass_bins(probabilities, labels)
    axes.plot([each.predicted for each in bins], [each.observed for each in bins], marker="o", color=palette.POSITIVE)
    axes.set(xlabel="predicted probability of positive", ylabel="share that is positive", aspect="equal")
    axes.set_title("reliability on test, 15 bins of equal mass", fontsize=10)
    return png(figure)


def draw_confusion(table: np.ndarray) -> bytes:
    """How many test reviews of each label were given each label, as ``confusion`` counts them."""
    figure = Figure(figsize=(3.6, 3.2), layout="constrained")
    axes = figure.subplots()
    axes.imshow(table, cmap=palette.COUNTS)
    write_values(axes, table, table.max() / 2, "{:,.0f}")
    for set_ticks in (axes.set_xticks, axes.set_yticks):
        set_ticks([0, 1], ["negative", "positive"])
    axes.set(xlabel="label of the model", ylabel="true label")
    axes.set_title("test reviews", fontsize=10)
    return png(figure)


def draw_top_ngrams(top: pd.DataFrame) -> bytes:
    """The rows of ``top_ngrams`` as bars."""
    label = "mean share of the margin, where the n-gram stands"
    return draw_ngram_bars(top["ngram"].tolist(), top["contribution"].tolist(), label)


def draw_ledger(ledger: pd.DataFrame) -> bytes:
    """Smallest validation loss so far against processor seconds spent so far."""
    figure = Figure(figsize=(5.4, 3.2), layout="constrained")
    axes = figure.subplots()
    axes.plot(ledger["total_cpu_seconds"], ledger["validation_loss"], ".", color=palette.OTHER, label="a candidate")
    axes.step(
        ledger["total_cpu_seconds"], ledger["best_so_far"], where="post", color=palette.SELECTED, label="best so far"
    )
    axes.set(xlabel="processor seconds of training, added up", ylabel="validation loss")
    axes.legend(frameon=False)
    return png(figure)


def draw_restatement(periods: pd.DataFrame) -> bytes:
    """Net sentiment of past reviews by period, under the champion and, in red, the challenger."""
    figure = Figure(figsize=(6.4, 3.2), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(periods))
    for model, colour in (("champion", palette.OTHER), ("challenger", palette.SELECTED)):
        axes.plot(places, 100 * periods[f"{model}_net_sentiment"], marker=".", color=colour, label=model)
    shown = places[:: max(1, -(-len(periods) // _MOST_NAMES))]
    axes.set_xticks(shown, [shorten(str(periods["period"].iloc[place]), _LONGEST_NAME) for place in shown])
    axes.tick_params(axis="x", labelrotation=30)
    axes.set(ylabel="net sentiment")
    axes.legend(frameon=False)
    return png(figure)
