from dataclasses import fields, replace

import numpy as np
import pytest

from sentiment_assets.monitoring import reference as stored
from sentiment_assets.monitoring.reference import Reference, reference_from_bytes, reference_to_bytes
from sentiment_assets.monitoring.text_columns import TextColumns


def test_a_reference_survives_storing(reference: Reference) -> None:
    again = reference_from_bytes(reference_to_bytes(reference))
    assert again is not None
    assert (again.rows != reference.rows).nnz == 0
    for each in fields(TextColumns):
        assert np.array_equal(getattr(again.columns, each.name), getattr(reference.columns, each.name))
    for name in ("unknown_words", "margins", "known_ngrams", "labels", "mean_columns", "mean_values"):
        assert np.array_equal(getattr(again, name), getattr(reference, name)), name
    plain = ("ngrams", "positive", "labelled", "n_test", "names", "languages")
    assert [getattr(again, name) for name in plain] == [getattr(reference, name) for name in plain]


def test_a_reference_of_another_release_is_none(reference: Reference) -> None:
    with pytest.MonkeyPatch.context() as another_release:
        another_release.setattr(stored, "REFERENCE_FORMAT", "r0")
        former = reference_to_bytes(reference)
    assert reference_from_bytes(former) is None


def test_it_holds_no_review(reference: Reference) -> None:
    content = reference_to_bytes(reference)
    assert b"splendid story" not in content
    assert max(len(name.split()) for name in reference.names.values()) <= 2, "n-grams only"


def test_nothing_in_it_is_executed_on_reading(reference: Reference, tmp_path: object) -> None:
    pickled = replace(reference, margins=np.array([object()], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        reference_to_bytes(pickled)


def test_what_was_fitted_comes_from_held_out_reviews(reference: Reference) -> None:
    assert len(reference.margins) == len(reference.labels) == len(reference.known_ngrams)
    assert 0 < reference.n_test < len(reference.labels)
    assert reference.labelled > 4 * len(reference.labels)
    assert reference.rows.shape[0] == reference.labelled
