import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_assets.text_identity import are_among, normalise, text_digests


@pytest.mark.parametrize("other", ["GREAT film", " great \n\tfilm ", "ｇｒｅａｔ film", "Great\u00a0Film"])
def test_case_white_space_and_unicode_form_do_not_make_a_text_another_one(other: str) -> None:
    assert normalise(other) == "great film"
    assert text_digests([other]) == text_digests(["great film"])


@given(st.text())
def test_a_normalised_text_stays_as_it_is(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.lists(st.text(), max_size=5))
def test_a_digest_is_of_its_own_text_alone(texts: list[str]) -> None:
    digests = text_digests(texts)
    assert (digests.shape, digests.dtype) == ((len(texts),), np.uint64)
    assert digests.tolist() == [int(text_digests([text])[0]) for text in texts]


def test_a_digest_is_the_same_on_every_machine_and_in_every_release() -> None:
    """What is stored (splits, records, models) knows texts by it."""
    assert text_digests(["Great film"]).tolist() == [10709371877297319438]


@given(st.lists(st.integers(0, 9)), st.lists(st.integers(0, 9)))
def test_digests_are_found_among_sorted_ones(some: list[int], known: list[int]) -> None:
    found = are_among(np.array(some, np.uint64), np.sort(np.array(known, np.uint64)))
    assert found.tolist() == [each in known for each in some]
