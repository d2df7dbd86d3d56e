"""The checks of a batch in Dagster: what people see of them, and what they stop."""

from collections.abc import Mapping
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from sentiment_assets.branch.definitions import batch_partitions_name, branch_definitions
from sentiment_assets.definitions import resources
from sentiment_assets.monitoring.settings import MonitoringSettings
from sentiment_assets.resources.storage import Storage, read_frame
from testing import code_location, runs
from testing.batches import batch, kitchen

STORAGE = Storage(root="data")
FIRST, SAME, OTHER = "2026-09.csv", "2026-10.csv", "2026-11.csv"


def csv(reviews: pd.DataFrame) -> bytes:
    return reviews[["review_id", "text", "label"]].to_csv(index=False).encode()


def definitions(**monitoring: object) -> dg.Definitions:
    chosen = {"monitoring": MonitoringSettings.model_validate(monitoring)}
    acme = branch_definitions("acme", code_location.BRANCHES["acme"].model_copy(update=chosen))
    return dg.Definitions.merge(acme, dg.Definitions(resources=resources()))


def ingest(
    instance: dg.DagsterInstance, key: str, reviews: pd.DataFrame | None = None, **monitoring: object
) -> dg.ExecuteInProcessResult:
    if reviews is not None:
        runs.land("acme", key, csv(reviews))
    instance.add_dynamic_partitions(batch_partitions_name("acme"), [key])
    job = definitions(**monitoring).resolve_job_def("acme_ingest")
    return job.execute_in_process(instance=instance, partition_key=key, raise_on_error=False)


def checks(result: dg.ExecuteInProcessResult) -> Mapping[str, dg.AssetCheckEvaluation]:
    return {each.check_name: each for each in result.get_asset_check_evaluations()}


def failed(result: dg.ExecuteInProcessResult) -> set[str]:
    return {name for name, each in checks(result).items() if not each.passed}


@pytest.fixture
def trained(home: Path, instance: dg.DagsterInstance) -> dg.DagsterInstance:
    """An instance with one batch and a champion."""
    first = ingest(instance, FIRST, batch(1500, seed=0))
    assert failed(first) == set()
    assert "no champion yet" in str(checks(first)["text_drift"].description)
    train = definitions().resolve_job_def("acme_train")
    tags = runs.all_candidates_tags(runs.candidate_keys("acme"))
    assert train.execute_in_process(instance=instance, tags=tags).success
    return instance


def test_the_same_domain_stays_green_and_another_warns_with_its_words_and_a_link(
    trained: dg.DagsterInstance,
) -> None:
    assert failed(ingest(trained, SAME, batch(400))) == set()
    other = ingest(trained, OTHER, kitchen(400))
    assert other.success, "a warning stops nothing"
    drift = checks(other)["text_drift"]
    assert not drift.passed
    assert (drift.severity, drift.partition) == (dg.AssetCheckSeverity.WARN, OTHER)
    assert str(drift.description).startswith("About ")
    assert "Words that moved most: “" in str(drift.description)
    words = drift.metadata["words"]
    assert isinstance(words, dg.TableMetadataValue)
    assert {"blender", "kettle"} <= {record.data["ngram"] for record in words.records}
    assert "/#/experiments/" in str(drift.metadata["drift_page"].value)
    assert drift.metadata["effect"].value > 0.5

    page = Path(str(drift.metadata["drift_page_file"].value)).read_text()
    assert "What moved in 2026-11.csv" in page
    assert all(key in page for key in (FIRST, SAME, OTHER))
    tracking = resources()["tracking"]
    run_id = str(drift.metadata["drift_page"].value).split("/runs/")[1].split("/")[0]
    assert [file.path for file in tracking.client().list_artifacts(run_id)] == ["drift.html"]


def test_scores_come_with_a_word_shift_and_an_estimate(trained: dg.DagsterInstance) -> None:
    found = checks(ingest(trained, SAME, batch(400)))
    assert str(found["prediction_drift"].metadata["word_shift_graph"].value).startswith("![word_shift.svg]")
    assert isinstance(found["prediction_drift"].metadata["word_shift"], dg.TableMetadataValue)
    assert "are scored rightly" in str(found["accuracy"].description)
    assert "accuracy is estimated at" in str(found["estimated_accuracy"].description)
    assert "label_budget" not in found["estimated_accuracy"].metadata, "every review has a label"


def test_with_severity_error_drift_blocks_scoring(trained: dg.DagsterInstance) -> None:
    other = ingest(trained, OTHER, kitchen(400), severity="error")
    assert not checks(other)["text_drift"].passed
    assert checks(other)["text_drift"].severity == dg.AssetCheckSeverity.ERROR
    assert not other.success
    assert "accuracy" not in checks(other)
    assert not STORAGE.frame_path("acme", "scored_reviews", OTHER).exists()


def score(instance: dg.DagsterInstance, key: str, **monitoring: object) -> dg.ExecuteInProcessResult:
    job = definitions(**monitoring).resolve_job_def("acme_score")
    return job.execute_in_process(instance=instance, partition_key=key, raise_on_error=False)


def failure_of(result: dg.ExecuteInProcessResult) -> str:
    [failure] = [event for event in result.all_events if event.is_step_failure]
    return failure.step_failure_data.error.message


def shown(instance: dg.DagsterInstance, check: str) -> dg.AssetCheckEvaluation:
    """What the page of ``raw_reviews`` shows of a check: its last evaluation, whichever batch it was of."""
    record = instance.get_latest_asset_check_evaluation_record(
        dg.AssetCheckKey(dg.AssetKey(["acme", "raw_reviews"]), check)
    )
    assert record is not None
    assert record.evaluation is not None
    return record.evaluation


def test_scoring_again_does_not_get_around_a_check_that_blocks(trained: dg.DagsterInstance) -> None:
    ingest(trained, OTHER, kitchen(400), severity="error")
    assert "2026-11.csv is not scored, because a check that blocks has failed. text_drift: About" in failure_of(
        score(trained, OTHER, severity="error")
    )
    by_hand = definitions(severity="error").resolve_implicit_global_asset_job_def()
    picked = [dg.AssetKey(["acme", "scored_reviews"])]
    assert "is not scored" in failure_of(
        by_hand.execute_in_process(instance=trained, partition_key=OTHER, asset_selection=picked, raise_on_error=False)
    )
    assert not STORAGE.frame_path("acme", "scored_reviews", OTHER).exists()
    assert score(trained, OTHER).success, "unless its warnings do not block"


def test_quality_that_blocks_does_so_later_too_and_must_have_been_looked_at(trained: dg.DagsterInstance) -> None:
    reviews = batch(300)
    reviews["text"] = "<p>" + reviews["text"] + "</p>"
    ingest(trained, SAME, reviews, severity="error")
    assert "html: 300 of 300 reviews" in failure_of(score(trained, SAME, severity="error"))
    STORAGE.path("acme", "monitoring", "quality", f"{SAME}.json").unlink()
    STORAGE.path("acme", "monitoring", "texts", f"{SAME}.json").unlink()
    said = failure_of(score(trained, SAME, quality={"html": 1}, smallest_effect=0.99, severity="error"))
    assert "materialize it in acme/raw_reviews again" in said


def test_a_batch_from_before_the_first_champion_is_compared_when_it_is_scored(trained: dg.DagsterInstance) -> None:
    scored = score(trained, FIRST)
    assert scored.success
    assert "distinct reviews look like those the champion was trained on" in str(
        shown(trained, "text_drift").description
    )
    assert shown(trained, "text_drift").partition == FIRST
    assert STORAGE.frame_path("acme", "scored_reviews", FIRST).exists()


def test_scoring_an_older_batch_again_hides_no_warning_of_a_newer_one(trained: dg.DagsterInstance) -> None:
    ingest(trained, SAME, batch(400))
    ingest(trained, OTHER, kitchen(400))
    again = score(trained, SAME)
    assert again.success
    assert not {"text_drift", "label_drift", "html", "row_identity"} & set(checks(again))
    for check in ("text_drift", "label_drift", "html"):
        assert shown(trained, check).partition == OTHER, check
    assert not shown(trained, "text_drift").passed


def test_one_check_names_every_open_warning_whatever_ran_last(trained: dg.DagsterInstance) -> None:
    assert shown(trained, "open_warnings").passed
    ingest(trained, OTHER, kitchen(400))
    ingest(trained, SAME, batch(400))
    score(trained, FIRST)
    found = shown(trained, "open_warnings")
    assert (found.passed, found.partition, found.severity) == (False, None, dg.AssetCheckSeverity.WARN)
    assert "text_drift of 2026-11.csv: About" in str(found.description)
    open_ = found.metadata["open"]
    assert isinstance(open_, dg.TableMetadataValue)
    assert {record.data["batch"] for record in open_.records} == {OTHER}

    ingest(trained, OTHER, batch(400, seed=7))
    assert shown(trained, "open_warnings").description == "No warning is open.", "it was replaced by one that is fine"


def test_a_deleted_batch_has_no_open_warning(trained: dg.DagsterInstance) -> None:
    ingest(trained, OTHER, kitchen(400))
    trained.delete_dynamic_partition(batch_partitions_name("acme"), OTHER)
    check = dg.AssetCheckKey(dg.AssetKey(["acme", "raw_reviews"]), "open_warnings")
    asked = dg.Definitions(jobs=[dg.define_asset_job("ask", dg.AssetSelection.checks(check))])
    job = dg.Definitions.merge(definitions(), asked).resolve_job_def("ask")
    assert job.execute_in_process(instance=trained).success
    assert shown(trained, "open_warnings").passed


def test_reviews_to_label_can_be_filled_in_and_landed_again(trained: dg.DagsterInstance) -> None:
    reviews = batch(400)
    reviews["text"] = "=" + reviews["text"]
    first = checks(ingest(trained, SAME, reviews.assign(label="")))["estimated_accuracy"]
    budget = Path(str(first.metadata["label_budget"].value))
    proposed = pd.read_csv(budget)
    assert len(proposed) == first.metadata["reviews_to_label"].value == 50
    assert list(proposed) == ["review_id", "'text", "label"], "texts begin with a formula"
    proposed["label"] = proposed["review_id"].map(reviews.set_index("review_id")["label"])
    runs.land("acme", "labels.csv", proposed.to_csv(index=False).encode())

    landed = ingest(trained, "labels.csv")
    assert failed(landed) == set(), "they repeat texts, but bring labels"
    taken = read_frame(STORAGE.frame_path("acme", "raw_reviews", "labels.csv"))
    assert taken["text"].tolist() == reviews.set_index("review_id")["text"][taken["review_id"]].tolist()
    again = checks(ingest(trained, SAME))["estimated_accuracy"]
    assert str(again.description).startswith("With 50 labels that landed since")


def test_the_second_warning_of_three_pages(trained: dg.DagsterInstance) -> None:
    once = checks(ingest(trained, SAME, kitchen(200, seed=1)))["text_drift"]
    twice = checks(ingest(trained, OTHER, kitchen(200, seed=2)))["text_drift"]
    assert (once.metadata["wakes_somebody"].value, twice.metadata["wakes_somebody"].value) == (False, True)
    budget = twice.metadata["alarm_budget"]
    assert isinstance(budget, dg.TableMetadataValue)
    assert [record.data["warnings"] for record in budget.records if record.data["in_force"]] == [2]


def test_a_record_that_cannot_be_read_is_passed_over_and_mended_by_checking_again(
    trained: dg.DagsterInstance,
) -> None:
    record = Path(STORAGE.path("acme", "monitoring", "texts", f"{FIRST}.json").path)
    record.write_text("{")
    assert ingest(trained, SAME, batch(400)).success
    assert ingest(trained, FIRST).success
    assert record.read_text().startswith("{\n")


def test_faulty_reviews_are_shown_with_what_to_do(home: Path, instance: dg.DagsterInstance) -> None:
    reviews = batch(300)
    reviews["text"] = "<p>" + reviews["text"] + "</p>"
    found = checks(ingest(instance, FIRST, reviews))["html"]
    assert not found.passed
    assert "300 of 300 reviews hold HTML tags or entities (100.0 %); up to 5.0 % may. Ask for" in str(found.description)
    sample = found.metadata["sample"]
    assert isinstance(sample, dg.TableMetadataValue), "tables show text as text"
    assert str(sample.records[0].data["text"]).startswith("<p>")


def test_a_landed_file_without_a_row_passes_quietly(home: Path, instance: dg.DagsterInstance) -> None:
    runs.land("acme", FIRST, b"review_id,text,label\n")
    result = ingest(instance, FIRST)
    assert result.success
    assert failed(result) == set()
