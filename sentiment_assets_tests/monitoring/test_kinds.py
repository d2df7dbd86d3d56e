from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from sentiment_assets.monitoring.kinds import ComparedKinds, choose_kinds
from sentiment_assets.monitoring.reference import Reference


def of_sizes(reference: Reference, labelled: int, neutral: int, share: float) -> Reference:
    """A reference with so many reviews of both kinds; what they say does not matter here."""
    rows, neutral_rows = (sparse.csr_matrix((n, reference.rows.shape[1])) for n in (labelled, neutral))
    return replace(reference, rows=rows, neutral=replace(reference.neutral, rows=neutral_rows, share=share))


def choose(reference: Reference, *, said: int, neutral: int, unsaid: int) -> ComparedKinds:
    labels = pd.Series([1] * said + [-1] * neutral + [None] * unsaid, dtype="Int8")
    return choose_kinds(labels, np.arange(len(labels), dtype=np.uint64), reference)


@pytest.mark.parametrize(
    ("batch", "share"),
    [
        ({"said": 0, "neutral": 0, "unsaid": 100}, 0.2),  # nothing is said: as it came
        ({"said": 100, "neutral": 0, "unsaid": 0}, 0.0),  # neutral reviews were dropped
        ({"said": 90, "neutral": 10, "unsaid": 0}, 0.1),  # all is said
        ({"said": 50, "neutral": 0, "unsaid": 50}, 0.1),  # half is said
        ({"said": 40, "neutral": 10, "unsaid": 50}, 0.2),
        ({"said": 0, "neutral": 0, "unsaid": 0}, 0.0),
    ],
)
def test_a_batch_is_compared_with_as_many_neutral_reviews_as_it_may_hold(
    batch: dict[str, int], share: float, reference: Reference
) -> None:
    chosen = choose(of_sizes(reference, 400, 120, 0.2), **batch)
    assert chosen.kept.all()
    assert chosen.neutral_share == pytest.approx(share)


def test_neutral_reviews_that_the_reference_lacks_are_left_out(reference: Reference) -> None:
    none = choose(of_sizes(reference, 400, 0, 0.0), said=60, neutral=40, unsaid=0)
    assert none.kept.tolist() == [True] * 60 + [False] * 40
    assert none.neutral_share == 0
    few = choose(of_sizes(reference, 400, 100, 0.2), said=60, neutral=40, unsaid=0)
    assert few.kept[:60].all()
    assert few.kept[60:].sum() == 15
    assert few.neutral_share == pytest.approx(0.2)
    assert not choose(of_sizes(reference, 400, 100, 0.2), said=0, neutral=40, unsaid=0).kept.any()


@given(
    sizes=st.tuples(*[st.integers(0, 300)] * 3),
    labelled=st.integers(50, 400),
    share=st.floats(0, 0.9),
    more=st.integers(0, 50),
)
def test_the_share_of_neutral_reviews_can_always_be_had(
    sizes: tuple[int, int, int], labelled: int, share: float, more: int, reference: Reference
) -> None:
    """Without leaving out any positive or negative review, on either side."""
    enough = int(np.ceil(labelled * share / (1 - share))) + more if share else 0
    given_reference = of_sizes(reference, labelled, enough, share)
    said, neutral, unsaid = sizes
    chosen = choose(given_reference, said=said, neutral=neutral, unsaid=unsaid)
    assert chosen.kept[:said].all()
    assert chosen.kept[said + neutral :].all()
    assert 0 <= chosen.neutral_share <= given_reference.largest_neutral_share + 1e-9
