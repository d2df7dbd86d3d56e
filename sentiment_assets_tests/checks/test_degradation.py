"""The checks of ``scored_reviews``: what the scores are worth, and which reviews to label."""

from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from sentiment_assets.resources.storage import Storage, read_frame
from testing.batches import as_file, batch
from testing.in_process import BranchInProcess, checks_of, failed_checks

SAME = "2026-10.csv"


def test_scores_come_with_a_word_shift_and_an_estimate(watched: BranchInProcess) -> None:
    found = checks_of(watched.take_in(SAME, as_file(batch(400))))
    assert "word_shift_graph" not in found["prediction_drift"].metadata, "there is no drift to look into"
    assert isinstance(found["prediction_drift"].metadata["word_shift"], dg.TableMetadataValue)
    assert "are scored rightly" in str(found["accuracy"].description)
    assert "accuracy is estimated at" in str(found["estimated_accuracy"].description)
    assert "label_budget" not in found["estimated_accuracy"].metadata, "every review has a label"


def test_answers_that_have_drifted_come_with_a_picture_of_the_words_that_moved_them(watched: BranchInProcess) -> None:
    reviews = batch(400)
    found = checks_of(watched.take_in(SAME, as_file(reviews[reviews["label"] == 1])))["prediction_drift"]
    assert not found.passed
    assert str(found.metadata["word_shift_graph"].value).startswith("![word_shift.svg]")


@pytest.mark.slow
def test_reviews_to_label_can_be_filled_in_and_landed_again(watched: BranchInProcess) -> None:
    reviews = batch(400)
    reviews["text"] = "=" + reviews["text"]
    first = checks_of(watched.take_in(SAME, as_file(reviews.assign(label=""))))["estimated_accuracy"]
    budget = Path(str(first.metadata["label_budget"].value))
    proposed = pd.read_csv(budget)
    assert len(proposed) == first.metadata["reviews_to_label"].value == 50
    assert list(proposed) == ["review_id", "'text", "label"], "texts begin with a formula"
    proposed["label"] = proposed["review_id"].map(reviews.set_index("review_id")["label"])

    landed = watched.take_in("labels.csv", proposed.to_csv(index=False).encode())
    assert failed_checks(landed) == set(), "they repeat texts, but bring labels"
    taken = read_frame(Storage(root="data").frame_path("acme", "raw_reviews", "labels.csv"))
    assert taken["text"].tolist() == reviews.set_index("review_id")["text"][taken["review_id"]].tolist()
    again = checks_of(watched.ingest(SAME))["estimated_accuracy"]
    assert str(again.description).startswith("With 50 labels that landed since")
