"""The id of a review is the client's, or follows from all that its row says but the label."""

import pytest

from sentiment_assets.ingestion.review_ids import ReviewIds
from sentiment_assets.ingestion.settings import ReviewColumns
from sentiment_assets.ingestion.values import RejectedRow

GOOD = {"text": "Good pan", "label": "1"}


def test_without_a_clients_id_the_order_of_columns_and_the_label_do_not_matter() -> None:
    ids = [
        ReviewIds(ReviewColumns()).unless_duplicate(None, values, 2)
        for values in (GOOD, {"label": "0", "text": "Good pan"}, {"text": "Good pan"})
    ]
    assert ids == ["daa5927878da5bb9"] * 3


def test_a_row_that_repeats_an_earlier_one_has_no_id_and_one_with_another_label_has_its_own() -> None:
    ids = ReviewIds(ReviewColumns())
    first = ids.unless_duplicate(None, GOOD, 2)
    assert ids.unless_duplicate(None, GOOD, 3) is None
    assert ids.unless_duplicate(None, GOOD | {"label": "0"}, 4) == f"{first}-2"
    assert ids.unless_duplicate(None, GOOD | {"label": "0"}, 5) is None


def test_the_clients_id_stands_for_one_row() -> None:
    ids = ReviewIds(ReviewColumns())
    assert ids.unless_duplicate("a", GOOD, 70_000) == "a"
    assert ids.unless_duplicate("a", GOOD, 70_001) is None
    for other in (GOOD | {"label": "0"}, GOOD | {"text": "Bad pan"}, {"text": "Good pan"}):
        with pytest.raises(RejectedRow) as rejected:
            ids.unless_duplicate("a", other, 70_002)
        assert rejected.value.reason == "the id 'a' stands for another row, row 70000; ids must be unique"
