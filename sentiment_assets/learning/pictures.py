"""Pictures of a train run: small PNG and SVG files."""

import io
import warnings
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sentiment_assets.learning.calibration import equal_mass_bins
from sentiment_assets.learning.candidate import Candidate
from sentiment_assets.learning.loss_surface import LossSurface

_SELECTED, _OTHER, _POSITIVE, _NEGATIVE = "#c0392b", "#8a9aa9", "#1b6ca8", "#c0602b"
_RESOLUTION = 90


def draw_losses(candidates: Mapping[str, Candidate], selected: str) -> bytes:
    """Hinge loss after each epoch, all candidates, the selected one in red."""
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    for axes, split in zip(figure.subplots(1, 2, sharex=True), ("train", "validation"), strict=True):
        for key, each in candidates.items():
            losses = each.losses[f"{split}_hinge_loss"]
            marks = {"color": _SELECTED, "zorder": 3, "linewidth": 2} if key == selected else {"color": _OTHER}
            axes.plot(range(1, len(losses) + 1), losses, marker="." if len(losses) == 1 else None, **marks)
        axes.set(title=split, xlabel="epoch", ylabel="mean hinge loss")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    figure.suptitle(f"{len(candidates)} candidates; selected, in red: {selected}", fontsize=10)
    return _png(figure)


def draw_search(candidates: Mapping[str, Candidate], validation_losses: Mapping[str, float], selected: str) -> bytes:
    """A heat map of validation loss: eta0 by l2, a panel for each number of epochs and schedule."""
    panels = sorted({(each.hyperparameters.schedule, each.hyperparameters.epochs) for each in candidates.values()})
    etas = sorted({each.hyperparameters.eta0 for each in candidates.values()})
    penalties = sorted({each.hyperparameters.l2 for each in candidates.values()})
    grids = {panel: np.full((len(etas), len(penalties)), np.nan) for panel in panels}
    for key, each in candidates.items():
        settings = each.hyperparameters
        place = etas.index(settings.eta0), penalties.index(settings.l2)
        grids[settings.schedule, settings.epochs][place] = validation_losses[key]
    size = (1.6 + len(panels) * (0.9 + 0.8 * len(penalties)), 1.6 + 0.45 * len(etas))
    figure = Figure(figsize=size, layout="constrained")
    lowest, highest = min(validation_losses.values()), max(validation_losses.values())
    chosen = candidates[selected].hyperparameters
    for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        axes.imshow(grids[panel], cmap="viridis_r", vmin=lowest, vmax=highest, aspect="auto")
        _write_values(axes, grids[panel], (lowest + highest) / 2)
        axes.set_xticks(range(len(penalties)), [f"{each:g}" for each in penalties])
        axes.set_yticks(range(len(etas)), [f"{each:g}" for each in etas])
        axes.set(title=f"{panel[1]} epochs, {panel[0]}", xlabel="l2", ylabel="eta0")
        if panel == (chosen.schedule, chosen.epochs):
            axes.plot(penalties.index(chosen.l2), etas.index(chosen.eta0) + 0.3, marker="^", color=_SELECTED)
    return _png(figure)


def draw_surface(surface: LossSurface, selected: str) -> bytes:
    """Contours of the validation loss, with each candidate's path from W = 0."""
    figure = Figure(figsize=(6.2, 5), layout="constrained")
    axes = figure.subplots()
    lowest, highest = surface.losses.min(), surface.losses.max()
    levels = lowest + (highest - lowest) * np.linspace(0, 1, 24) ** 2  # closer together near the minimum
    filled = axes.contourf(surface.along, surface.across, surface.losses, levels=levels, cmap="viridis_r")
    figure.colorbar(filled, label="validation hinge loss", format="%.2f")
    for key, path in surface.paths.items():
        colour = _SELECTED if key == selected else "white"
        axes.plot(*path[:-1].T, color=colour, linewidth=1, marker=".", markersize=3)
        axes.plot(*path[-2:].T, color=colour, linewidth=0.7, linestyle=":")
        axes.plot(*path[-1], color=colour, marker="*", markersize=9, zorder=3)
    axes.set(xlabel="along the selected W", ylabel="across it, where the candidates differ most", aspect="equal")
    axes.set_title("SGD from W = 0, a point an epoch; the star is W at its best scale; red: selected", fontsize=8)
    return _png(figure)


def draw_reliability(probabilities: np.ndarray, labels: np.ndarray) -> bytes:
    """Observed share of positive reviews against predicted probability, 15 bins of equal mass, on test."""
    figure = Figure(figsize=(4.4, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=_OTHER, linewidth=1)
    bins = equal_mass_bins(probabilities, labels)
    axes.plot([each.predicted for each in bins], [each.observed for each in bins], marker="o", color=_POSITIVE)
    axes.set(xlabel="predicted probability of positive", ylabel="share that is positive", aspect="equal")
    axes.set_title("reliability on test, 15 bins of equal mass", fontsize=10)
    return _png(figure)


def draw_confusion(predicted: np.ndarray, labels: np.ndarray) -> bytes:
    """How many test reviews of each label were given each label."""
    table = np.array([[int(((labels == true) & (predicted == said)).sum()) for said in (0, 1)] for true in (0, 1)])
    figure = Figure(figsize=(3.6, 3.2), layout="constrained")
    axes = figure.subplots()
    axes.imshow(table, cmap="Blues")
    _write_values(axes, table, table.max() / 2, "{:,.0f}")
    for set_ticks in (axes.set_xticks, axes.set_yticks):
        set_ticks([0, 1], ["negative", "positive"])
    axes.set(xlabel="label of the model", ylabel="true label")
    axes.set_title("test reviews", fontsize=10)
    return _png(figure)


def draw_top_ngrams(top: pd.DataFrame) -> bytes:
    """The rows of ``top_ngrams`` as bars."""
    label = "mean share of the margin, where the n-gram stands"
    return draw_ngram_bars(top["ngram"].tolist(), top["contribution"].tolist(), label)


def draw_ngram_bars(ngrams: Sequence[str], values: Sequence[float], label: str) -> bytes:
    """A bar an n-gram, the largest value on top; SVG, so that the reader's own fonts write any language."""
    figure = Figure(figsize=(6, 0.8 + 0.19 * len(ngrams)), layout="constrained")
    axes = figure.subplots()
    ordered = sorted(range(len(ngrams)), key=lambda place: values[place])
    axes.barh(
        range(len(ngrams)),
        [values[place] for place in ordered],
        color=[_POSITIVE if values[place] > 0 else _NEGATIVE for place in ordered],
    )
    axes.set_yticks(range(len(ngrams)), [_plain(ngrams[place]) for place in ordered], fontsize=7)
    axes.set_xlabel(label)
    return svg(figure)


def draw_ledger(ledger: pd.DataFrame) -> bytes:
    """Smallest validation loss so far against processor seconds spent so far."""
    figure = Figure(figsize=(5.4, 3.2), layout="constrained")
    axes = figure.subplots()
    axes.plot(ledger["total_cpu_seconds"], ledger["validation_loss"], ".", color=_OTHER, label="a candidate")
    axes.step(ledger["total_cpu_seconds"], ledger["best_so_far"], where="post", color=_SELECTED, label="best so far")
    axes.set(xlabel="processor seconds of training, added up", ylabel="validation loss")
    axes.legend(frameon=False)
    return _png(figure)


def _write_values(axes: Axes, values: np.ndarray, dark_above: float, form: str = "{:.4f}") -> None:
    for (row, column), value in np.ndenumerate(values):
        if not np.isnan(value):
            colour = "white" if value > dark_above else "black"
            axes.text(column, row, form.format(value), ha="center", va="center", fontsize=8, color=colour)


def _plain(text: str) -> str:
    """``$`` would start a formula."""
    return text.replace("$", r"\$")


def _png(figure: Figure) -> bytes:
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=_RESOLUTION)
    return content.getvalue()


def svg(figure: Figure) -> bytes:
    """A figure as SVG; the same figure gives the same bytes."""
    content = io.BytesIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "same"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)  # only their widths are guessed
        figure.savefig(content, format="svg", metadata={"Date": None})
    return content.getvalue()
