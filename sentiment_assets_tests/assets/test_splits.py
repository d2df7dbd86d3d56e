"""``splits``: what cannot be split, and what is set aside."""

import dagster as dg
import pytest

from testing.corpus import as_csv, made_up_reviews
from testing.in_process import BranchInProcess, failure_of


def test_training_without_a_batch_says_what_to_do(acme: BranchInProcess) -> None:
    said = failure_of(acme.train("splits"))
    assert "acme has no ingested batch: land a file and run the job acme_ingest first." in said


def test_training_on_one_class_says_what_is_missing(acme: BranchInProcess) -> None:
    acme.take_in("a.csv", as_csv(made_up_reviews(100, positive_share=1)))
    assert "train has no negative review" in failure_of(acme.train("splits"))


@pytest.mark.slow
def test_near_duplicates_of_held_out_reviews_are_set_aside_and_shown(acme: BranchInProcess) -> None:
    reviews = [row | {"split": "train"} for row in made_up_reviews(400)]
    reviews += [row | {"split": "validation"} for row in made_up_reviews(60, seed=1)]
    held_out = [row | {"split": "test"} for row in made_up_reviews(60, seed=2)]
    copies = [
        row | {"review_id": f"copy{row['review_id']}", "text": f"{row['text']} indeed", "split": "train"}
        for row in held_out[:7]
    ]
    acme.take_in("a.csv", as_csv(reviews + held_out + copies))
    assert acme.train().success
    metadata = acme.metadata("splits")
    assert metadata["near_duplicates_set_aside"].value == 7
    sampled = metadata["near_duplicates_sample"]
    assert isinstance(sampled, dg.TableMetadataValue)
    assert str(sampled.records[0].data["review_id"]).startswith("copy")
    assert sampled.records[0].data["twin_split"] == "test"
    assert acme.metadata("best_model")["near_duplicates_set_aside"].value == 7
