"""``suspicious_labels``: what it finds, what it refuses, and that its file can be corrected and landed."""

import io
from collections.abc import Mapping
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
from upath import UPath

from sentiment_assets.learning import cross_fitting
from sentiment_assets.resources.storage import read_frame
from testing.corpus import as_csv, made_up_reviews
from testing.in_process import BranchInProcess, checks_of, failure_of, run_id_of

N_FLIPPED = 60
STARS: Mapping[int, int] = {1: 5, 0: 1}


def with_wrong_labels(n: int = 700) -> list[dict[str, object]]:
    rows = made_up_reviews(n)
    for row in rows[:N_FLIPPED]:
        row["label"] = 1 - int(str(row["label"]))
    return rows


def found_of(branch: BranchInProcess) -> pd.DataFrame:
    return read_frame(stored(branch, "suspicious_labels.parquet"))


def labels_of(branch: BranchInProcess) -> dict[str, int]:
    splits = read_frame(stored(branch, "splits.parquet"))
    return dict(zip(splits["review_id"], splits["label"], strict=True))


def stored(branch: BranchInProcess, name: str) -> UPath:
    return UPath(str(branch.metadata("suspicious_labels")["file_to_correct"].value)).with_name(name)


@pytest.mark.slow
def test_wrong_labels_are_found_in_the_train_job_and_told(acme: BranchInProcess) -> None:
    acme.take_in("a.csv", as_csv(with_wrong_labels()))
    trained = acme.train()
    assert trained.success
    told = acme.metadata("suspicious_labels")
    found = found_of(acme)
    flipped = {str(row["review_id"]) for row in with_wrong_labels()[:N_FLIPPED]}
    assert found["review_id"].head(40).isin(flipped).mean() > 0.8
    assert told["suspicious_labels"].value == told["dagster/row_count"].value == len(found)
    assert 0.05 < float(str(told["share_of_suspicious_labels"].value)) < 0.15
    assert len(told["most_suspicious"].records) == min(len(found), 50)  # type: ignore[attr-defined]

    check = checks_of(trained)["suspicious_labels"]
    assert (check.passed, check.severity, check.asset_key.path[-1]) == (False, dg.AssetCheckSeverity.WARN, "splits")
    assert check.description == told["finding"].value
    assert acme.score("a.csv").success
    assert acme.report().success
    assert str(told["finding"].value) in Path(str(acme.metadata("sentiment_report")["report_file"].value)).read_text()
    assert "of the labels of" in str(check.description)

    run_id = run_id_of(told)
    client = acme.tracking.client()
    assert "report/suspicious_labels.csv" in {file.path for file in client.list_artifacts(run_id, "report")}
    assert client.get_run(run_id).data.metrics["suspicious_labels"] == len(found)


@pytest.mark.slow
def test_the_file_is_corrected_and_landed_again_in_the_branchs_own_words(acme: BranchInProcess) -> None:
    stars = acme.with_settings(
        columns={"review_id": "Nr", "text": "=Text", "label": "stars", "keep": ["likely_label", "shop"]},
        labels={"positive_from": 4, "negative_to": 2, "lowest": 1, "highest": 5},
    )
    landed = pd.DataFrame(with_wrong_labels())
    landed = pd.DataFrame(
        {"Nr": landed["review_id"], "=Text": "=" + landed["text"], "stars": landed["label"].map(STARS), "shop": "x"}
    )
    stars.take_in("a.csv", landed.assign(likely_label="").to_csv(index=False).encode())
    assert stars.train().success
    found = found_of(stars)
    content = stored(stars, "suspicious_labels.csv").read_bytes()
    to_correct = pd.read_csv(io.BytesIO(content), dtype="str", keep_default_na=False)
    assert list(to_correct) == [
        "Nr",
        "'=Text",
        "stars",
        "given_label",
        "probability_of_positive",
        "likely_label",
        "shop",
    ]
    assert set(to_correct["stars"]) == {""}
    before = labels_of(stars)

    stars.take_in("unchanged.csv", content)
    assert stars.train("splits").success
    assert labels_of(stars) == before, "an empty label changes nothing"

    to_correct["stars"] = to_correct["given_label"].map({"4": "1", "2": "5"})
    stars.take_in("corrected.csv", to_correct.to_csv(index=False).encode())
    assert stars.train("splits").success
    corrected = dict(zip(found["review_id"], found["likely_label"], strict=True))
    assert labels_of(stars) == before | corrected
    assert stars.metadata("splits")["rows_corrected_later"].value == len(found)


@pytest.mark.slow
def test_reviews_that_landed_without_ids_are_corrected_by_those_that_they_were_given(acme: BranchInProcess) -> None:
    rows = pd.DataFrame(with_wrong_labels()).drop(columns="review_id")
    acme.take_in("a.csv", rows.to_csv(index=False).encode())
    assert acme.train().success
    found, before = found_of(acme), labels_of(acme)
    to_correct = pd.read_csv(stored(acme, "suspicious_labels.csv"), dtype="str", keep_default_na=False)
    acme.take_in("b.csv", to_correct.assign(label=to_correct["likely_label"]).to_csv(index=False).encode())
    assert acme.train("splits").success
    assert labels_of(acme) == before | dict(zip(found["review_id"], found["likely_label"], strict=True))


def test_where_no_column_holds_ids_there_is_no_file_and_it_says_why(acme: BranchInProcess) -> None:
    nameless = acme.with_settings(columns={"review_id": ""})
    nameless.take_in("a.csv", as_csv(with_wrong_labels()))
    assert nameless.train().success
    told = nameless.metadata("suspicious_labels")
    assert "file_to_correct" not in told
    assert "would correct nothing" in str(told["no_file"].value)


def test_a_large_corpus_is_looked_at_by_folds_of_its_own(
    acme: BranchInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cross_fitting, "CROSS_VALIDATED_BELOW", 0)
    acme.take_in("a.csv", as_csv(with_wrong_labels()))
    assert acme.train().success
    flipped = {str(row["review_id"]) for row in with_wrong_labels()[:N_FLIPPED]}
    assert found_of(acme)["review_id"].head(40).isin(flipped).mean() > 0.8


def test_it_looks_only_where_a_candidate_was_selected_on_these_features(ingested: BranchInProcess) -> None:
    assert ingested.train("splits", "features").success
    said = failure_of(ingested.train("suspicious_labels"))
    assert "materialize acme/trained_candidates, then acme/best_model, then this asset" in said


@pytest.mark.slow
def test_splits_that_nobody_has_looked_at_pass_and_say_so(trained: BranchInProcess) -> None:
    assert "looked at" not in str(checks_of(trained.train())["suspicious_labels"].description)
    trained.take_in("b.csv", as_csv(made_up_reviews(100, seed=1)))
    check = checks_of(trained.train("splits"))["suspicious_labels"]
    assert check.passed
    assert "Nobody has looked at these splits yet: materialize acme/suspicious_labels" in str(check.description)
