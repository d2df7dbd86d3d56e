"""Feature rows and the labels of the same reviews, as every step of training takes them."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse


@dataclass(frozen=True)
class LabelledRows:
    """Feature rows and their labels."""

    rows: sparse.csr_matrix
    """float32, shape (n_reviews, n_columns)."""
    labels: np.ndarray
    """int8 of 0 and 1, shape (n_reviews,)."""
