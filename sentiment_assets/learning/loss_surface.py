"""The hinge-loss surface around the selected W, and the paths that the candidates' SGD took over it.

The idea of drawing the loss on a plane through the final weights: Goodfellow, Vinyals & Saxe 2015, "Qualitatively
characterizing neural network optimization problems"; Li et al. 2018, "Visualizing the loss landscape of neural nets".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sentiment_assets.learning.candidate import Candidate
from sentiment_assets.learning.labelled_rows import LabelledRows
from sentiment_assets.learning.linear_svc import sketch
from sentiment_assets.learning.metrics import hinge_loss

_GRID = 41
_COLUMNS_AT_ONCE = 1 << 18
_NO_LENGTH = 1e-6


@dataclass(frozen=True)
class LossSurface:
    """Validation hinge loss on the plane spanned by the selected W and the way in which the others differ most."""

    along: np.ndarray
    """float64, shape (m,): coordinates along the selected W."""
    across: np.ndarray
    """float64, shape (m,): coordinates along the second axis, at a right angle to it."""
    losses: np.ndarray
    """float64, shape (m, m): mean hinge loss at (across, along), with the selected candidate's b everywhere."""
    paths: Mapping[str, np.ndarray]
    """Each candidate's path, float64 of shape (best_epoch + 2, 2): at W = 0, after each epoch, then at its own W."""


def loss_surface(candidates: Mapping[str, Candidate], selected: str, validation: LabelledRows) -> LossSurface:
    """The surface, exact but for the paths: these come from sketches of W, each off by some two per cent of its length.

    ``validation`` holds rows of shape (n_reviews, n_columns).
    """
    chosen = candidates[selected].svc
    finals = [each.svc.coefficients for each in candidates.values()]
    first, second = _axes(finals, list(candidates).index(selected))
    first_sketch, second_sketch = sketch(first), sketch(second)
    paths = {}
    for (key, each), final in zip(candidates.items(), finals, strict=True):
        walked = np.column_stack([each.svc.path[:-1] @ first_sketch, each.svc.path[:-1] @ second_sketch])
        paths[key] = np.vstack([[0.0, 0.0], walked, [final @ first, final @ second]])
    along, across = _window(np.vstack(list(paths.values())))
    one, other = validation.rows @ first, validation.rows @ second
    losses = [[hinge_loss(x * one + y * other + chosen.intercept, validation.labels) for x in along] for y in across]
    return LossSurface(along, across, np.array(losses), paths)


def _axes(finals: Sequence[np.ndarray], selected: int) -> tuple[np.ndarray, np.ndarray]:
    """Two directions of length 1 at a right angle: the selected W's, and the main one of what is left of the others."""
    products = _inner_products(finals)
    length = np.sqrt(products[selected, selected])
    first = finals[selected] / length
    along = products[selected] / length
    left = products - np.outer(along, along)
    lengths, vectors = np.linalg.eigh(left)
    if lengths[-1] < (_NO_LENGTH * length) ** 2:
        return first, np.zeros_like(first)
    second = -(vectors[:, -1] @ along) * first
    for weight, final in zip(vectors[:, -1], finals, strict=True):
        second += weight * final
    return first, second / np.linalg.norm(second)


def _inner_products(vectors: Sequence[np.ndarray]) -> np.ndarray:
    """The inner product of each pair, float64 of shape (n, n), without a copy of all vectors as numbers of 64 bits."""
    products = np.zeros((len(vectors), len(vectors)))
    for start in range(0, len(vectors[0]), _COLUMNS_AT_ONCE):
        block = np.array([each[start : start + _COLUMNS_AT_ONCE] for each in vectors], np.float64)
        products += block @ block.T
    return products


def _window(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both axes in equal units around all paths, with some room."""
    low, high = points.min(axis=0), points.max(axis=0)
    centre, reach = (low + high) / 2, 0.6 * (high - low).max()
    along, across = (np.linspace(middle - reach, middle + reach, _GRID) for middle in centre)
    return along, across
