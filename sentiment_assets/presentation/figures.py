"""Matplotlib figures as the bytes of a picture, and the parts that several pictures share.

``Figure.savefig`` gives the same bytes, but draws each figure that is laid out twice.
"""

import io
import warnings
from collections.abc import Sequence

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from sentiment_assets.presentation import palette

_RESOLUTION = 90


def png(figure: Figure) -> bytes:
    """Return a figure as PNG."""
    content = io.BytesIO()
    figure.dpi = _RESOLUTION
    FigureCanvasAgg(figure).print_png(content)  # type: ignore[no-untyped-call]
    return content.getvalue()


def svg(figure: Figure) -> bytes:
    """Return a figure as SVG; the same figure gives the same bytes."""
    content = io.BytesIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "same"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)  # only their widths are guessed
        FigureCanvasSVG(figure).print_svg(content, metadata={"Date": None})  # type: ignore[no-untyped-call]
    return content.getvalue()


def draw_ngram_bars(ngrams: Sequence[str], values: Sequence[float], label: str) -> bytes:
    """Draw one bar per n-gram, the largest value on top; SVG, so that the reader's own fonts write any language."""
    figure = Figure(figsize=(6, 0.8 + 0.19 * len(ngrams)), layout="constrained")
    axes = figure.subplots()
    ordered = sorted(range(len(ngrams)), key=lambda place: values[place])
    axes.barh(
        range(len(ngrams)),
        [values[place] for place in ordered],
        color=[palette.POSITIVE if values[place] > 0 else palette.NEGATIVE for place in ordered],
    )
    axes.set_yticks(range(len(ngrams)), [_plain(ngrams[place]) for place in ordered], fontsize=7)
    axes.set_xlabel(label)
    return svg(figure)


def write_values(axes: Axes, values: np.ndarray, dark_above: float, form: str = "{:.4f}") -> None:
    """Write each number of a table, shape (n_rows, n_columns), into its cell of a heat map; nan stays empty."""
    for (row, column), value in np.ndenumerate(values):
        if not np.isnan(value):
            colour = palette.ON_DARK if value > dark_above else palette.ON_LIGHT
            axes.text(column, row, form.format(value), ha="center", va="center", fontsize=8, color=colour)


def _plain(text: str) -> str:
    """Escape ``$``, which would start a formula."""
    return text.replace("$", r"\$")
