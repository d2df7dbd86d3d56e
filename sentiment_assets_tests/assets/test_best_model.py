"""``best_model``: what it refuses, what it decides, and what it shows."""

import json
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from sentiment_assets.commands.rebuild import rebuild
from sentiment_assets.learning.decision import Outcome
from sentiment_assets.resources import registry
from sentiment_assets.resources.storage import Storage
from testing.corpus import as_csv, made_up_ratings, made_up_reviews
from testing.in_process import BranchInProcess, Prepared, failure_of, run_id_of
from testing.killing import is_killed_at

STORAGE = Storage(root="data")


def test_best_model_names_the_candidates_that_are_missing_or_of_other_features(trained: BranchInProcess) -> None:
    first, *_ = [each.key for each in trained.settings.search.hyperparameter_sets()]
    STORAGE.candidate_path("acme", first).unlink()
    said = failure_of(trained.train("best_model"))
    assert f"1 of 3 candidates are not trained on the current features: {first}." in said

    trained.take_in("b.csv", as_csv(made_up_reviews(300, seed=1)))
    assert trained.train("splits", "features").success
    assert "3 of 3 candidates are not trained" in failure_of(trained.train("best_model"))


def test_a_model_that_is_refused_leaves_the_champion_as_it_is(trained: BranchInProcess) -> None:
    before = trained.tracking.champion("acme")
    other = {"epochs": 1, "eta0": 0.01, "l2": 1e-5}
    changed = trained.with_settings(search={"candidates": [other]}, promotion={"rule": "manual"})
    assert changed.train("trained_candidates", "best_model").success
    told = changed.metadata("best_model")
    assert told["outcome"].value == Outcome.NOT_PROMOTED
    assert str(told["decision"].value).startswith("Not promoted: the rule is manual")
    assert told["challenger_version"].value == "2"
    after = trained.tracking.champion("acme")
    assert (after.version, after.digest) == (before.version, before.digest) == ("1", before.digest)
    texts = [str(row["text"]) for row in made_up_reviews(50, seed=9)]
    assert after.model.margins(texts).tolist() == before.model.margins(texts).tolist()


@pytest.mark.slow
def test_best_model_refuses_features_of_other_splits_or_settings(trained: BranchInProcess) -> None:
    inverted = [row | {"label": 1 - int(str(row["label"]))} for row in made_up_reviews(600)]
    grown = [*made_up_reviews(600), *made_up_reviews(200, seed=1)]
    for rows in (inverted, grown):
        trained.take_in("a.csv", as_csv(rows))
        assert trained.train("splits").success
        said = failure_of(trained.train("best_model"))
        assert "acme: the features were built from other splits than there are now: materialize features, then" in said
    assert trained.train().success
    shorter = trained.with_settings(features={"ngrams": {"longest": 1, "columns_log2": 14}})
    assert "acme: the features were built with other settings" in failure_of(shorter.train("best_model"))


def test_reviews_of_which_no_model_knows_a_word_are_refused_with_what_to_do(trained: BranchInProcess) -> None:
    rows = [row | {"text": f"only{number} here{number}"} for number, row in enumerate(made_up_reviews(600))]
    trained.take_in("a.csv", as_csv(rows))
    assert "acme: scores cannot be calibrated: of 0 held-out reviews" in failure_of(trained.train())


@pytest.mark.slow
def test_neutral_reviews_of_the_batches_it_was_trained_on_are_in_its_reference(trained: BranchInProcess) -> None:
    before = trained.tracking.champion("acme")
    assert before.reference.neutral.share == 0
    rows = made_up_reviews(400, seed=1)
    for row in rows[:100]:
        row["label"] = "neutral"
    trained.take_in("b.csv", as_csv(rows))
    assert trained.train().success
    neutral = trained.tracking.champion("acme").reference.neutral
    assert len(neutral.margins) == 100
    assert neutral.share == 0.1, "of 1,000 reviews of both batches"

    assert trained.train().success
    assert trained.metadata("best_model")["outcome"].value == Outcome.UNCHANGED


def test_a_first_model_is_compared_with_nobody(trained: BranchInProcess) -> None:
    assert "compared_test_accuracy" not in trained.metadata("best_model")


def test_champion_and_challenger_are_shown_on_the_same_reviews(trained_twice: BranchInProcess) -> None:
    told = trained_twice.metadata("best_model")
    ours, theirs = told["compared_test_accuracy"].value, told["champion_compared_test_accuracy"].value
    assert f"its accuracy is {ours:.4f}, the champion's {theirs:.4f}" in str(told["decision"].value)
    run_id = run_id_of(told)
    tracked = trained_twice.tracking.client().get_run(run_id).data.metrics
    assert [tracked["compared_test_accuracy"], tracked["champion_compared_test_accuracy"]] == pytest.approx(
        [ours, theirs], abs=1e-4
    )
    assert tracked["compared_test_reviews"] == told["compared_test_reviews"].value


VERSIONED = ("splits", "features", "best_model")


def test_the_same_data_have_the_same_versions(trained: BranchInProcess) -> None:
    before = {asset: trained.data_version(asset) for asset in VERSIONED}
    assert trained.train().success
    assert {asset: trained.data_version(asset) for asset in VERSIONED} == before


def test_new_data_have_other_versions(trained_twice: BranchInProcess, home_with_a_champion: Prepared) -> None:
    before = home_with_a_champion.branch
    assert all(trained_twice.data_version(asset) != before.data_version(asset) for asset in VERSIONED)
    assert trained_twice.data_version("best_model") == "acme-version-2"


@pytest.mark.slow
def test_a_champion_without_a_reference_of_this_release_is_registered_anew(ingested: BranchInProcess) -> None:
    with pytest.MonkeyPatch.context() as another_release:
        another_release.setattr("sentiment_assets.monitoring.reference.REFERENCE_FORMAT", "r0")
        ingested.train()
    assert ingested.tracking.champion("acme").reference is None
    ingested.train()
    champion = ingested.tracking.champion("acme")
    assert champion.version == "2"
    assert champion.reference is not None
    ingested.train()
    assert ingested.tracking.champion("acme").version == "2", "an unchanged model is not registered again"
    assert ingested.metadata("best_model")["outcome"].value == Outcome.UNCHANGED


def choose_elsewhere() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        BranchInProcess(instance).train("best_model")


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True])
def test_a_run_that_is_killed_at_the_promotion_is_run_again_and_tells_of_it(
    trained: BranchInProcess, after: bool
) -> None:
    assert trained.take_in("b.csv", as_csv(made_up_reviews(900, seed=1))).success
    assert trained.train("splits", "features", "trained_candidates").success
    assert is_killed_at("sentiment_assets.resources.tracking.set_champion", choose_elsewhere, after=after)
    assert [each.is_champion for each in trained.tracking.versions("acme")] == [not after, after]
    for outcome in (Outcome.PROMOTED, Outcome.UNCHANGED):
        assert trained.train("best_model").success
        told = trained.metadata("best_model")
        assert told["outcome"].value == outcome
        assert (told["challenger_version"].value, told["champion_version"].value) == ("2", "2")
    assert [each.is_champion for each in trained.tracking.versions("acme")] == [False, True]
    assert registry.champion_before("acme", trained.tracking.uri()) == "1"


def test_a_champion_is_compared_on_the_same_test_reviews(trained_twice: BranchInProcess) -> None:
    told = trained_twice.metadata("best_model")
    assert told["outcome"].value == Outcome.PROMOTED
    decision = str(told["decision"].value)
    assert decision.startswith("Promoted: the challenger is ")
    assert f"on the same {told['test_reviews'].value:,.0f} test reviews" in decision


def test_best_model_shows_the_search_and_the_model_in_dagster_and_mlflow(trained_twice: BranchInProcess) -> None:
    metadata = trained_twice.metadata("best_model")
    pictures = ("loss_per_epoch", "search", "loss_surface", "sweep_ledger", "reliability", "confusion", "top_ngrams")
    pictures += ("restatement",)
    page = Path(str(metadata["train_report_file"].value)).read_text()
    assert page.count("data:image/") == len(pictures)
    assert str(metadata["decision"].value).split(";")[0] in page
    tables = ("sweep_ledger", "top_ngrams", "behaviour", "behaviour_failures", "flips", "flips_by_ngram", "restatement")
    for name in tables:
        assert isinstance(metadata[f"{name}_table"], dg.TableMetadataValue), name
    assert metadata["leakage_tax"].value == 0

    client = trained_twice.tracking.client()
    run_id = run_id_of(metadata)
    kept = {file.path for file in client.list_artifacts(run_id, "report")}
    assert {f"report/{name}.csv" for name in tables} <= kept
    assert {"report/report.html", "report/model_card.md"} <= kept
    others = {"report/suspicious_labels.csv", "report/report.html", "report/model_card.md"}
    assert len(kept - others) == len(pictures) + len(tables)
    assert "leakage_tax" in client.get_run(run_id).data.metrics


def test_the_verdict_comes_first_in_one_line_and_then_the_page_with_the_pictures(
    trained_twice: BranchInProcess,
) -> None:
    metadata = trained_twice.metadata("best_model")
    assert list(metadata)[:3] == ["summary", "accuracy", "train_report"]
    figures = [name for name, value in metadata.items() if isinstance(value, dg.FloatMetadataValue)]
    assert figures == sorted(figures)
    assert len(str(metadata["test_accuracy"].value)) <= len("0.1234")
    assert metadata["summary"].value == "Promoted: version 2 is the champion."
    assert str(metadata["accuracy"].value).startswith(f"{metadata['test_accuracy'].value:.3f} (0.")
    link = str(metadata["train_report"].value)
    assert link.endswith(f"/runs/{run_id_of(metadata)}/artifacts/report/report.html?workflowType=machine_learning")


def test_the_description_of_a_version_is_the_decision_and_then_its_card(trained_twice: BranchInProcess) -> None:
    metadata = trained_twice.metadata("best_model")
    newest = trained_twice.tracking.versions("acme")[-1]
    assert newest.reason == metadata["decision"].value
    assert f"{float(str(metadata['test_accuracy'].value)):.4f}" in newest.description
    assert "## How good it is" in newest.description


@pytest.mark.slow
def test_a_card_that_cannot_be_made_costs_no_model(ingested: BranchInProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sentiment_assets.learning.model_card._purpose", lambda _: 1 / 0)
    assert ingested.train().success
    [version] = ingested.tracking.versions("acme")
    assert version.is_champion
    assert version.description == ingested.metadata("best_model")["decision"].value


def test_the_train_run_in_mlflow_says_which_candidate_was_selected_and_from_which_reviews(
    trained_twice: BranchInProcess,
) -> None:
    metadata = trained_twice.metadata("best_model")
    run = trained_twice.tracking.client().get_run(run_id_of(metadata))
    key = str(metadata["selected_candidate"].value)
    assert run.data.tags["sentiment_assets.selected_candidate"] == key
    assert f"epochs={run.data.params['epochs']}|" in key
    client = trained_twice.tracking.client()
    wanted = f"tags.`mlflow.parentRunId` = '{run.info.run_id}' and tags.`dagster.partition` = '{key}'"
    [candidate] = client.search_runs([run.info.experiment_id], wanted)
    for name in ("validation_loss", "validation_accuracy", "validation_macro_f1", "validation_brier_score"):
        assert run.data.metrics[name] == candidate.data.metrics[name], name
    [dataset] = [each.dataset for each in run.inputs.dataset_inputs]
    profile = json.loads(dataset.profile)
    assert profile["test_positive"] + profile["test_negative"] == metadata["test_reviews"].value
    assert trained_twice.train("best_model").success, "params that are there already are no fault"


def test_a_promotion_is_told_with_what_it_changes_in_past_reports(trained_twice: BranchInProcess) -> None:
    told = trained_twice.metadata("best_model")
    share = float(str(told["restatement_share_changed"].value))
    assert 0 < share < 0.2
    assert (
        f"Of 1,500 past reviews, {100 * share:.1f} % would change label; net sentiment would move most in the batch"
        in (str(told["decision"].value))
    )
    table = told["restatement_table"]
    assert isinstance(table, dg.TableMetadataValue)
    assert [record.data["period"] for record in table.records] == ["a.csv", "b.csv"]
    run_id = run_id_of(told)
    assert trained_twice.tracking.client().get_run(run_id).data.metrics["restatement_share_changed"] == pytest.approx(
        share, abs=1e-4
    )


@pytest.mark.slow
def test_a_promotion_that_would_restate_too_much_is_held_until_a_person_promotes_it(trained: BranchInProcess) -> None:
    strict = trained.with_settings(promotion={"largest_restatement": 0})
    strict.take_in("b.csv", as_csv(made_up_reviews(900, seed=1)))
    assert strict.train().success
    told = strict.metadata("best_model")
    assert told["outcome"].value == Outcome.NOT_PROMOTED
    assert str(told["decision"].value).startswith("Not promoted: held for a person")
    assert strict.tracking.champion("acme").version == told["champion_version"].value == "1"
    strict.tracking.promote("acme", str(told["challenger_version"].value))
    assert strict.train().success
    assert strict.metadata("best_model")["outcome"].value == Outcome.UNCHANGED


@pytest.mark.slow
def test_scores_by_rating_come_with_the_ratings_and_can_be_made_again(ingested: BranchInProcess) -> None:
    stars = {"positive_from": 4, "negative_to": 2, "lowest": 1, "highest": 5}
    plain = ingested.with_settings(labels=stars)
    assert plain.take_in("a.csv", as_csv(made_up_ratings(700))).success
    by_rating = ingested.with_settings(labels={**stars, "scores_by_rating": True})
    said = failure_of(by_rating.train())
    assert "acme: scores cannot be calibrated to ratings" in said
    assert "materialize `raw_reviews` of these again" in said
    assert by_rating.ingest("a.csv").success
    assert by_rating.train().success
    told = by_rating.metadata("best_model")
    assert float(str(told["test_rating_error"].value)) < 0.5 < float(str(told["test_rating_error_of_median"].value))
    assert by_rating.score("a.csv").success
    scores = pd.read_parquet(STORAGE.frame_path("acme", "scored_reviews", "a.csv").path)["score"]
    ratings = pd.Series([float(str(row["label"])) for row in made_up_ratings(700)])
    assert scores.groupby(ratings).mean().to_numpy() == pytest.approx([-1, -0.5, 0, 0.5, 1], abs=0.3)
    assert rebuild("acme", str(told["challenger_version"].value)).same
    assert by_rating.report().success
    page = Path(str(by_rating.metadata("sentiment_report")["report_file"].value)).read_text(encoding="utf-8")
    assert "Its scores say where on the scale of ratings a review stands" in page
