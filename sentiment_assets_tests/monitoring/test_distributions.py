import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as of_numpy

from sentiment_assets.monitoring.distributions import compare_distributions

VALUES = of_numpy.arrays(np.float64, st.integers(1, 50), elements=st.floats(0, 1e6))


@given(VALUES, VALUES)
def test_every_review_is_in_one_bin(reference: np.ndarray, batch: np.ndarray) -> None:
    found = compare_distributions("length", reference, batch)
    assert sum(found.in_batch) == pytest.approx(1)
    assert sum(found.in_reference) == pytest.approx(1)
    assert len(found.edges) == len(found.in_batch) + 1 == len(found.in_reference) + 1
    assert list(found.edges) == sorted(found.edges)


def test_what_moved_shows_in_medians_and_bins() -> None:
    found = compare_distributions("length", np.arange(900.0, 1100), np.arange(80.0, 120))
    assert (found.of_reference.median, found.of_batch.median) == (999.5, 99.5)
    below = [edge < 500 for edge in found.edges[1:]]
    assert sum(np.array(found.in_batch)[below]) == pytest.approx(1)
    assert sum(np.array(found.in_reference)[below]) == 0


def test_numbers_of_several_orders_of_magnitude_have_bins_by_logarithms() -> None:
    found = compare_distributions("length", np.geomspace(1, 10_000, 500), np.geomspace(1, 10_000, 500))
    ratios = np.array(found.edges[1:]) / np.array(found.edges[:-1])
    assert ratios == pytest.approx(ratios[0])
