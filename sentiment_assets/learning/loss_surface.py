"""The hinge-loss surface around the selected W, and the paths that the candidates' SGD took over it.

The idea of drawing the loss on a plane through the final weights: Goodfellow, Vinyals & Saxe 2015, "Qualitatively
characterizing neural network optimization problems"; Li et al. 2018, "Visualizing the loss landscape of neural nets".
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sentiment_assets.learning.candidate import Candidate
from sentiment_assets.learning.labelled_rows import LabelledRows
from sentiment_assets.learning.linear_svc import sketch
from sentiment_assets.learning.metrics import hinge_loss

_GRID = 41


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
    """Each candidate's path, float64 of shape (epochs + 2, 2): along and across, at W = 0, after each epoch, its W."""


def loss_surface(candidates: Mapping[str, Candidate], selected: str, validation: LabelledRows) -> LossSurface:
    """The surface, exact but for the paths: these come from sketches of W, each off by some two per cent of its length.

    ``validation`` holds rows of shape (n_reviews, n_columns).
    """
    chosen = candidates[selected].svc
    finals = {key: each.svc.coefficients.astype(np.float64) for key, each in candidates.items()}
    first, second = _axes(finals, selected)
    first_sketch, second_sketch = sketch(first), sketch(second)
    paths = {}
    for key, each in candidates.items():
        walked = np.column_stack([each.svc.path[:-1] @ first_sketch, each.svc.path[:-1] @ second_sketch])
        paths[key] = np.vstack([[0.0, 0.0], walked, [finals[key] @ first, finals[key] @ second]])
    along, across = _window(np.vstack(list(paths.values())))
    one, other = validation.rows @ first, validation.rows @ second
    losses = [[hinge_loss(x * one + y * other + chosen.intercept, validation.labels) for x in along] for y in across]
    return LossSurface(along, across, np.array(losses), paths)


def _axes(finals: Mapping[str, np.ndarray], selected: str) -> tuple[np.ndarray, np.ndarray]:
    """Two directions of length 1 at a right angle: the selected W's, and the main one of what is left of the others."""
    first = finals[selected] / np.linalg.norm(finals[selected])
    left = np.array([each - (each @ first) * first for each in finals.values()])
    _, vectors = np.linalg.eigh(left @ left.T)
    second = vectors[:, -1] @ left
    length = np.linalg.norm(second)
    if length < 1e-9 * np.linalg.norm(finals[selected]):
        return first, np.zeros_like(first)
    return first, second / length


def _window(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both axes in equal units around all paths, with some room."""
    low, high = points.min(axis=0), points.max(axis=0)
    centre, reach = (low + high) / 2, 0.6 * (high - low).max()
    along, across = (np.linspace(middle - reach, middle + reach, _GRID) for middle in centre)
    return along, across
