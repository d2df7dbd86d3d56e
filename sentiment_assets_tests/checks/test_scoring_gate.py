"""The gate between a batch that was taken in before and its scores."""

import dagster as dg
import pytest

from sentiment_assets.resources.storage import Storage
from testing.batches import as_file, batch, kitchen
from testing.in_process import BranchInProcess, checks_of, failure_of

STORAGE = Storage(root="data")
FIRST, SAME, OTHER = "2026-09.csv", "2026-10.csv", "2026-11.csv"


@pytest.mark.slow
def test_scoring_again_does_not_get_around_a_check_that_blocks(watched: BranchInProcess) -> None:
    strict = watched.with_settings(monitoring={"severity": "error"})
    strict.take_in(OTHER, as_file(kitchen(400)))
    refused = failure_of(strict.score(OTHER))
    assert "2026-11.csv is not scored, because a check that blocks has failed. text_drift: About" in refused
    by_hand = strict.pick(dg.AssetSelection.assets(*strict.keys("scored_reviews")), OTHER)
    assert "is not scored" in failure_of(by_hand)
    assert not STORAGE.frame_path("acme", "scored_reviews", OTHER).exists()
    assert watched.score(OTHER).success, "unless its warnings do not block"


@pytest.mark.slow
def test_quality_that_blocks_does_so_later_too_and_must_have_been_looked_at(watched: BranchInProcess) -> None:
    reviews = batch(300)
    reviews["text"] = "<p>" + reviews["text"] + "</p>"
    strict = watched.with_settings(html="keep", monitoring={"severity": "error"})
    strict.take_in(SAME, as_file(reviews))
    assert "html: 300 of 300 reviews" in failure_of(strict.score(SAME))
    STORAGE.path("acme", "monitoring", "quality", f"{SAME}.json").unlink()
    STORAGE.path("acme", "monitoring", "texts", f"{SAME}.json").unlink()
    lenient = watched.with_settings(
        html="keep",
        monitoring={"severity": "error", "quality": {"html": 1}, "smallest_effect": 0.99},
    )
    assert "materialize it in acme/raw_reviews again" in failure_of(lenient.score(SAME))


def test_a_batch_from_before_the_first_champion_is_compared_when_it_is_scored(watched: BranchInProcess) -> None:
    scored = watched.score(FIRST)
    assert scored.success
    found = watched.shown("text_drift")
    assert "distinct reviews look like those the champion was trained on" in str(found.description)
    assert found.partition == FIRST
    assert STORAGE.frame_path("acme", "scored_reviews", FIRST).exists()


@pytest.mark.slow
def test_scoring_an_older_batch_again_hides_no_warning_of_a_newer_one(watched: BranchInProcess) -> None:
    watched.take_in(SAME, as_file(batch(400)))
    watched.take_in(OTHER, as_file(kitchen(400)))
    again = watched.score(SAME)
    assert again.success
    assert not {"text_drift", "label_drift", "html", "row_identity"} & set(checks_of(again))
    for check in ("text_drift", "label_drift", "html"):
        assert watched.shown(check).partition == OTHER, check
    assert not watched.shown("text_drift").passed


@pytest.mark.slow
def test_what_the_checks_said_of_former_content_says_nothing_of_what_is_there_now(watched: BranchInProcess) -> None:
    faulty = batch(300)
    faulty["text"] = "<p>" + faulty["text"] + "</p>"
    strict = watched.with_settings(html="keep", monitoring={"severity": "error"})
    strict.take_in(SAME, as_file(faulty))
    strict.land(SAME, as_file(batch(300)))
    assert strict.pick(dg.AssetSelection.assets(*strict.keys("raw_reviews")).without_checks(), SAME).success
    said = failure_of(strict.score(SAME))
    assert "its quality checks, which block, have not seen what it holds" in said
    strict.ingest(SAME)
    assert strict.score(SAME).success
