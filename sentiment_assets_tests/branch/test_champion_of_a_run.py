"""A branch without a champion is scored by its first sister, says so everywhere, and is scored again by its own."""

import pandas as pd
import pytest

from sentiment_assets.automation.scoring_sensor import batches_to_score
from sentiment_assets.resources.check_records import DEGRADATION, load_records
from sentiment_assets.resources.storage import Storage, read_frame
from sentiment_assets_tests.assets.test_sisters import CHINESE, new_branch
from testing.corpus import as_csv, made_up_reviews
from testing.in_process import BranchInProcess, checks_of, failure_of

STORAGE = Storage(root="data")
UNLABELLED = as_csv([{"review_id": each["review_id"], "text": each["text"]} for each in made_up_reviews(80, seed=31)])


def labelled(n: int, seed: int) -> bytes:
    return as_csv(made_up_reviews(n, seed=seed))


@pytest.fixture
def shop(trained: BranchInProcess) -> BranchInProcess:
    """A new branch beside acme, from which it starts, without a review."""
    return new_branch(trained, "acme")


def waiting(branch: BranchInProcess, *, again: bool = False) -> set[str]:
    """The batches that the scoring sensor asks for."""
    keys = branch.instance.get_dynamic_partitions(f"{branch.name}/batches")
    sisters = branch.settings.start_from
    return set(batches_to_score(branch.instance, branch.name, keys, branch.tracking, again=again, sisters=sisters))


def test_the_sister_scores_and_every_check_says_so(shop: BranchInProcess, trained: BranchInProcess) -> None:
    result = shop.take_in("a.csv", UNLABELLED)
    assert result.success
    frame = read_frame(STORAGE.frame_path("shop", "scored_reviews", "a.csv"))
    assert set(frame["model_version"]) == {"acme/1"}
    texts = read_frame(STORAGE.frame_path("shop", "raw_reviews", "a.csv"))["text"]
    champion = trained.tracking.champion("acme")
    assert champion
    assert frame["score"].tolist() == champion.model.score(texts)["score"].tolist()
    told = shop.metadata_of("scored_reviews", "a.csv")
    assert str(told["scored_by_sister"].value).startswith("Scored by acme/1, a sister, because there is no champion")
    assert "not recalibrated" in str(told["scored_by_sister"].value)
    assert str(told["mlflow_model"].value).endswith("/models/acme/versions/1")
    checks = checks_of(result)
    assert all("acme/1, a sister, scores" in str(checks[name].description) for name in ("text_drift", "label_drift"))
    estimated = checks["estimated_accuracy"]
    assert str(estimated.description).startswith("Cannot tell: acme/1, a sister, scored the batch")
    assert estimated.passed
    assert estimated.metadata["verdict"].value == "unknown"
    assert "No review has a label" in str(checks["accuracy"].description)


def test_the_label_budget_asks_for_reviews_drawn_by_lot(shop: BranchInProcess) -> None:
    result = shop.take_in("a.csv", UNLABELLED)
    estimated = checks_of(result)["estimated_accuracy"]
    asked = int(str(estimated.metadata["reviews_to_label"].value))
    assert f"Label the {asked} reviews of the label budget and land them" in str(estimated.description)
    rows = STORAGE.partition_path("shop", "label_budget", "a.csv", ".csv").read_text().splitlines()
    assert len(rows) == asked + 1


def test_labels_measure_the_sister(shop: BranchInProcess) -> None:
    result = shop.take_in("a.csv", labelled(45, seed=32))
    said = str(checks_of(result)["accuracy"].description)
    assert "of 45 labelled reviews are scored rightly by acme/1, a sister (95 % interval" in said


def test_from_fifty_labels_on_the_sisters_scores_are_recalibrated(shop: BranchInProcess) -> None:
    """Labels of batches before count, too; those of the very batch are there when it is scored."""
    for file, rows, on in (("a.csv", 49, 0), ("b.csv", 1, 50)):
        assert shop.take_in(file, labelled(rows, seed=40 + rows)).success
        told = str(shop.metadata_of("scored_reviews", file)["scored_by_sister"].value)
        assert (f"recalibrated on {on} labelled reviews" in told) == bool(on)
    assert waiting(shop) == {"a.csv"}, "it was scored before there were labels enough"
    assert shop.score("a.csv").success
    assert "recalibrated on 50" in str(shop.metadata_of("scored_reviews", "a.csv")["scored_by_sister"].value)
    assert waiting(shop) == set()
    assert shop.take_in("c.csv", labelled(20, seed=33)).success
    assert waiting(shop) == set(), "scores that were recalibrated once stay"


def test_recalibrated_scores_are_right_on_the_average(shop: BranchInProcess) -> None:
    """Nine of ten reviews here are positive, of which the sister knows nothing."""
    shop.take_in("a.csv", as_csv(made_up_reviews(200, seed=51, positive_share=0.9)))
    shop.take_in("u.csv", as_csv(made_up_reviews(500, seed=52, positive_share=0.9)))
    scores = read_frame(STORAGE.frame_path("shop", "scored_reviews", "u.csv"))["score"]
    assert (scores.mean() + 1) / 2 == pytest.approx(0.9, abs=0.04)


@pytest.mark.slow
def test_a_first_champion_scores_again_what_the_sister_scored(shop: BranchInProcess) -> None:
    shop.take_in("a.csv", labelled(400, seed=33))
    shop.take_in("u.csv", UNLABELLED)
    assert waiting(shop) == set(), "the sister has scored both"
    assert shop.train().success
    assert waiting(shop) == waiting(shop, again=True) == {"u.csv", "a.csv"}
    assert shop.score("u.csv").success
    assert shop.metadata_of("scored_reviews", "u.csv")["model_version"].value == "1"
    assert waiting(shop) == {"a.csv"}
    [record] = load_records(STORAGE, "shop", DEGRADATION, ["u.csv"])
    assert record.champion == "1"
    assert "sister" not in " ".join(finding.sentence for finding in record.findings)


def test_what_came_before_the_sister_was_named_is_scored_by_her(shop: BranchInProcess) -> None:
    alone = shop.with_settings(start_from=[])
    assert alone.take_in("a.csv", UNLABELLED).success
    assert waiting(alone) == set()
    assert waiting(shop) == {"a.csv"}
    assert shop.score("a.csv").success
    assert waiting(shop) == set()


def test_while_the_sister_has_no_champion_either_nothing_is_scored(acme: BranchInProcess) -> None:
    shop = new_branch(acme, ["acme"])
    assert shop.take_in("a.csv", UNLABELLED).success
    assert not STORAGE.frame_path("shop", "scored_reviews", "a.csv").exists()
    assert waiting(shop) == set()


def test_a_version_of_a_sister_that_is_not_there_fails_no_batch_in_silence(shop: BranchInProcess) -> None:
    pinned = shop.with_settings(start_from="acme@7")
    assert pinned.take_in("a.csv", UNLABELLED).success
    assert not STORAGE.frame_path("shop", "scored_reviews", "a.csv").exists()


def test_a_batch_of_another_language_is_not_scored_by_the_sister(shop: BranchInProcess) -> None:
    said = failure_of(shop.take_in("a.csv", as_csv(CHINESE[:50])))
    assert "a.csv is not scored: acme/1, a sister, speaks another language: most of the reviews are in zh" in said
    assert not STORAGE.frame_path("shop", "scored_reviews", "a.csv").exists()


def test_labels_of_no_use_have_no_batch_scored_for_ever(shop: BranchInProcess) -> None:
    """Sixty labelled rows of thirty texts recalibrate nothing, and no run would change that; more labels do."""
    twice = pd.DataFrame(made_up_reviews(30, seed=41))
    shop.take_in("a.csv", as_csv(made_up_reviews(30, seed=41)))
    again = twice.assign(review_id=[f"again{number}" for number in range(30)])
    shop.take_in("b.csv", again.to_csv(index=False).encode())
    assert waiting(shop) == {"a.csv"}, "it was scored before there were fifty"
    assert shop.score("a.csv").success
    assert waiting(shop) == set(), "it has seen all sixty"
    shop.take_in("c.csv", labelled(60, seed=42))
    assert waiting(shop) == {"a.csv", "b.csv"}
    shop.instance.delete_dynamic_partition("shop/batches", "c.csv")
    assert waiting(shop) == set(), "labels of a batch that is gone count no more"
