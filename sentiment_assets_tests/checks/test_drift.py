"""The drift checks in Dagster: what people see of them, and what they stop."""

from pathlib import Path

import dagster as dg
import pytest

from sentiment_assets.resources.storage import Storage
from testing.batches import as_file, batch, kitchen
from testing.in_process import BranchInProcess, checks_of, failed_checks

STORAGE = Storage(root="data")
FIRST, SAME, OTHER = "2026-09.csv", "2026-10.csv", "2026-11.csv"


def test_before_there_is_a_champion_there_is_nothing_to_compare_with(acme: BranchInProcess) -> None:
    first = acme.take_in(FIRST, as_file(batch(1500, seed=0)))
    assert failed_checks(first) == set()
    assert "no champion yet" in str(checks_of(first)["text_drift"].description)


def test_the_same_domain_stays_green_and_another_warns_with_its_words_and_a_link(watched: BranchInProcess) -> None:
    assert failed_checks(watched.take_in(SAME, as_file(batch(400)))) == set()
    other = watched.take_in(OTHER, as_file(kitchen(400)))
    assert other.success, "a warning stops nothing"
    drift = checks_of(other)["text_drift"]
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
    moved = page.split("What moved in 2026-11.csv")[1]
    assert "<td>the wording differs</td>" in moved, "a part of the drift check"
    assert all(key in page for key in (FIRST, SAME, OTHER))
    run_id = str(drift.metadata["drift_page"].value).split("/runs/")[1].split("/")[0]
    assert [file.path for file in watched.tracking.client().list_artifacts(run_id)] == ["drift.html"]


@pytest.mark.slow
def test_small_batches_are_judged_with_those_before_them(watched: BranchInProcess) -> None:
    """The first batch was trained on; its held-out reviews alone are taken."""
    found = {}
    for month in range(1, 4):
        found = checks_of(watched.take_in(f"small-{month}.csv", as_file(kitchen(40, seed=month))))
    for check in ("text_drift", "prediction_drift"):
        assert "Judged together with the batch before it, 80 new reviews in all" in str(found[check].description)
    assert not found["text_drift"].passed


def test_with_severity_error_drift_blocks_scoring(watched: BranchInProcess) -> None:
    strict = watched.with_settings(monitoring={"severity": "error"})
    other = strict.take_in(OTHER, as_file(kitchen(400)))
    assert not checks_of(other)["text_drift"].passed
    assert checks_of(other)["text_drift"].severity == dg.AssetCheckSeverity.ERROR
    assert not other.success
    assert "accuracy" not in checks_of(other)
    assert not STORAGE.frame_path("acme", "scored_reviews", OTHER).exists()


@pytest.mark.slow
def test_the_second_warning_of_three_pages(watched: BranchInProcess) -> None:
    once = checks_of(watched.take_in(SAME, as_file(kitchen(200, seed=1))))["text_drift"]
    twice = checks_of(watched.take_in(OTHER, as_file(kitchen(200, seed=2))))["text_drift"]
    assert (once.metadata["wakes_somebody"].value, twice.metadata["wakes_somebody"].value) == (False, True)
    budget = twice.metadata["alarm_budget"]
    assert isinstance(budget, dg.TableMetadataValue)
    assert [record.data["warnings"] for record in budget.records if record.data["in_force"]] == [2]


def test_a_record_that_cannot_be_read_is_passed_over_and_mended_by_checking_again(watched: BranchInProcess) -> None:
    record = Path(STORAGE.path("acme", "monitoring", "texts", f"{FIRST}.json").path)
    record.write_text("{")
    assert watched.take_in(SAME, as_file(batch(400))).success
    assert watched.ingest(FIRST).success
    assert record.read_text().startswith("{\n")
