"""Assets of the small branches, materialized in this process: what they refuse, and what they describe."""

from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
from upath import UPath

from sentiment_assets.branch.definitions import batch_partitions_name, branch_definitions
from sentiment_assets.branch.settings import BranchSettings
from sentiment_assets.definitions import resources
from sentiment_assets.ingestion.batch import read_batch
from sentiment_assets.ingestion.batch_key import batch_key
from sentiment_assets.ingestion.settings import RESERVED_COLUMNS, IngestionSettings
from sentiment_assets.monitoring.other_batches import digests_and_labels
from sentiment_assets.reporting.figures import ALL, join_scores
from sentiment_assets.resources.storage import Storage, frame_to_bytes, read_frame, write_atomically
from testing import code_location, runs
from testing.corpus import as_csv, made_up_reviews

STORAGE = Storage(root="data")
CSV = as_csv(made_up_reviews(600))


def ingest(instance: dg.DagsterInstance, key: str) -> dg.ExecuteInProcessResult:
    instance.add_dynamic_partitions(batch_partitions_name("acme"), [key])
    return job("acme_ingest").execute_in_process(instance=instance, partition_key=key, raise_on_error=False)


def train(instance: dg.DagsterInstance, *assets: str) -> dg.ExecuteInProcessResult:
    """The train job, or some of its assets."""
    selection = [dg.AssetKey(["acme", name]) for name in assets] or None
    tags = runs.all_candidates_tags(runs.candidate_keys("acme"))
    return job("acme_train").execute_in_process(
        instance=instance, tags=tags, asset_selection=selection, raise_on_error=False
    )


def job(name: str) -> dg.JobDefinition:
    return code_location.branches().resolve_job_def(name)


def row_identity(result: dg.ExecuteInProcessResult) -> dg.AssetCheckEvaluation:
    [found] = [each for each in result.get_asset_check_evaluations() if each.check_name == "row_identity"]
    return found


def failure_of(result: dg.ExecuteInProcessResult) -> str:
    [failure] = [event for event in result.all_events if event.is_step_failure]
    return failure.step_failure_data.error.message


def materialization(instance: dg.DagsterInstance, asset: str) -> dg.AssetMaterialization:
    event = instance.get_latest_materialization_event(dg.AssetKey(["acme", asset]))
    assert event is not None
    assert event.asset_materialization is not None
    return event.asset_materialization


def data_version(instance: dg.DagsterInstance, asset: str) -> str:
    return (materialization(instance, asset).tags or {})["dagster/data_version"]


def test_landing_the_same_file_again_changes_nothing_and_a_changed_one_replaces_the_batch(
    home: Path, instance: dg.DagsterInstance
) -> None:
    key = runs.land("acme", "a.csv", b"text,label\nfine,1\nbad,0\nodd,maybe\n")
    stored = STORAGE.frame_path("acme", "raw_reviews", key)
    assert ingest(instance, key).success
    version, content = data_version(instance, "raw_reviews"), stored.read_bytes()
    assert ingest(instance, key).success
    assert (data_version(instance, "raw_reviews"), stored.read_bytes()) == (version, content)

    runs.land("acme", "a.csv", b"text,label\nfine,1\n")
    assert ingest(instance, key).success
    assert data_version(instance, "raw_reviews") != version
    assert read_frame(stored)["text"].tolist() == ["fine"]
    assert read_frame(STORAGE.frame_path("acme", "quarantine", key)).empty


def test_a_file_that_fails_as_a_whole_leaves_the_former_batch(home: Path, instance: dg.DagsterInstance) -> None:
    key = runs.land("acme", "a.csv", b"text\nfine\n")
    assert ingest(instance, key).success
    runs.land("acme", "a.csv", b"")
    assert "a.csv: the file is empty (0 bytes)" in failure_of(ingest(instance, key))
    assert len(read_frame(STORAGE.frame_path("acme", "raw_reviews", key))) == 1


STORED = ("raw_reviews", "quarantine", "without_text", "text_digests")
GOOD = b"text,label\n" + b"".join(b"review %d,%d\n" % (n, n % 2) for n in range(100)) + b",1\nodd,maybe\n"


@pytest.mark.parametrize(
    ("replacement", "says"),
    [
        (
            GOOD.replace(b",1\n", b",Yes\n").replace(b",0\n", b",No\n"),
            "cannot be used (`largest_quarantine` allows 90%",
        ),
        (b"text,label\n,1\n,0\n", "none of its 2 rows has a text"),
        (GOOD.replace(b",0\n", b",2\n"), "its labels in column 'label' are 1 (51 rows), 2 (50 rows)"),
        (b"text,label\n", "has no rows, but the batch of its name has 100 reviews, which stay"),
    ],
)
def test_a_replacement_that_would_lose_nearly_everything_fails_and_nothing_of_the_batch_is_replaced(
    home: Path, instance: dg.DagsterInstance, replacement: bytes, says: str
) -> None:
    key = runs.land("acme", "a.csv", GOOD)
    assert ingest(instance, key).success
    before = {name: STORAGE.frame_path("acme", name, key).read_bytes() for name in STORED}
    runs.land("acme", "a.csv", replacement)
    assert says in failure_of(ingest(instance, key))
    assert {name: STORAGE.frame_path("acme", name, key).read_bytes() for name in STORED} == before


def test_the_reviews_of_a_batch_go_only_when_somebody_deletes_them(home: Path, instance: dg.DagsterInstance) -> None:
    key = runs.land("acme", "a.csv", b"text\nfine\n")
    assert ingest(instance, key).success
    runs.land("acme", "a.csv", b"text\n")
    stored = STORAGE.frame_path("acme", "raw_reviews", key)
    assert f"has 1 reviews, which stay: land the file again with its rows, or delete {stored}" in failure_of(
        ingest(instance, key)
    )
    stored.unlink()
    assert ingest(instance, key).success
    assert read_frame(stored).empty


def test_a_day_without_reviews_is_no_fault_when_there_was_no_batch_of_its_name(
    home: Path, instance: dg.DagsterInstance
) -> None:
    assert ingest(instance, runs.land("acme", "sunday.csv", b"text,label\n")).success


def test_what_a_file_had_besides_its_reviews_is_told_and_checked(home: Path, instance: dg.DagsterInstance) -> None:
    rows = b"".join(b"review %d,%d,soon,holdout\n" % (n, n % 2) for n in range(100))
    content = b"text,label,created_at,split\n" + rows + b",1,,\n" * 300
    settings = BranchSettings.model_validate({"landing": "landing/acme", "columns": {"keep": ["brand"]}})
    definitions = dg.Definitions.merge(branch_definitions("acme", settings), dg.Definitions(resources=resources()))
    key = runs.land("acme", "a.csv", content)
    instance.add_dynamic_partitions(batch_partitions_name("acme"), [key])
    result = definitions.resolve_job_def("acme_ingest").execute_in_process(instance=instance, partition_key=key)
    failed = {each.check_name for each in result.get_asset_check_evaluations() if not each.passed}
    assert failed - {"bot_like"} == {"unread_dates", "unread_splits", "missing_columns"}
    said = [each.user_message for each in instance.all_logs(result.run_id)]
    assert any("lacks columns that the branch names: brand; it has: text, label, created_at, split." in s for s in said)
    metadata = materialization(instance, "raw_reviews").metadata
    assert metadata["rows_without_text"].value == 300
    assert metadata["rows_quarantined"].value == 0
    assert metadata["columns_missing"].value == ["brand"]
    assert metadata["columns_found"].value == ["text", "label", "created_at", "split"]
    unread = metadata["unread"]
    assert isinstance(unread, dg.TableMetadataValue)
    assert {(each.data["field"], each.data["reviews"], each.data["value"]) for each in unread.records} == {
        ("created_at", 100, "'soon'"),
        ("split", 100, "'holdout'"),
    }
    assert str(row_identity(result).description).startswith(
        "400 rows in the file; 100 kept, 0 in quarantine, 300 without"
    )


def test_no_column_of_the_platform_may_be_kept_under_its_name() -> None:
    specs = code_location.branches().resolve_all_asset_specs()
    described = [spec.metadata for spec in specs if spec.key.path[0] == "acme"]
    schemas = [each["dagster/column_schema"] for each in described if "dagster/column_schema" in each]
    batch = read_batch(CSV, "a.csv", IngestionSettings())
    answers = {column.name: [None] * len(batch.reviews) for schema in schemas for column in schema.columns}
    scores = pd.DataFrame(answers).assign(review_id=batch.reviews["review_id"], score=0.5, label=1)
    used = {column.name for schema in schemas for column in schema.columns}
    used |= (
        set(join_scores({"a": batch.reviews}, {"a": scores}).reviews) | set(digests_and_labels(batch.reviews)) | {ALL}
    )
    assert len(schemas) == 3
    assert used <= set(RESERVED_COLUMNS)
    assert set(RESERVED_COLUMNS) - used == {"period", "trained_on"}, "what a report calls its own columns"


def test_a_file_that_went_away_is_named(home: Path, instance: dg.DagsterInstance) -> None:
    assert "landing/acme/gone.csv is not there: land the file again" in failure_of(ingest(instance, "gone.csv"))


def test_a_batch_is_described_for_people(home: Path, instance: dg.DagsterInstance) -> None:
    ingest(instance, runs.land("acme", "a.csv", b"text,label\n<script>alert(1)</script>,1\nodd,maybe\n"))
    metadata = materialization(instance, "raw_reviews").metadata
    counts = [metadata[name].value for name in ("rows_in", "dagster/row_count", "rows_quarantined", "rows_duplicate")]
    assert counts == [2, 1, 1, 0]
    assert isinstance(metadata["sample"], dg.TableMetadataValue), "tables show text as text, never as HTML"
    assert metadata["sample"].records[0].data["text"] == "<script>alert(1)</script>"
    assert "not a known label" in str(metadata["quarantine_sample"].records[0].data["reason"])


def test_files_land_at_any_fsspec_path(home: Path, instance: dg.DagsterInstance) -> None:
    (UPath("memory://bucket/acme") / "2026, late.csv").write_bytes(b"text\nfine\n")
    settings = BranchSettings(landing="memory://bucket/acme")
    definitions = dg.Definitions.merge(branch_definitions("remote", settings), dg.Definitions(resources=resources()))
    key = batch_key("2026, late.csv")
    instance.add_dynamic_partitions(batch_partitions_name("remote"), [key])
    ingested = definitions.resolve_job_def("remote_ingest").execute_in_process(instance=instance, partition_key=key)
    assert ingested.success
    assert read_frame(STORAGE.frame_path("remote", "raw_reviews", key))["text"].tolist() == ["fine"]


def test_row_identity_sees_a_stored_row_that_went_missing(home: Path, instance: dg.DagsterInstance) -> None:
    key = runs.land("acme", "a.csv", CSV)
    passed = row_identity(ingest(instance, key))
    assert (passed.passed, passed.partition) == (True, key)
    quarantine = STORAGE.frame_path("acme", "quarantine", key)
    write_atomically(quarantine, frame_to_bytes(pd.DataFrame({"row": [1]})))
    check_alone = job("acme_ingest").execute_in_process(
        instance=instance, partition_key=key, op_selection=["acme__raw_reviews_row_identity"], raise_on_error=False
    )
    failed = row_identity(check_alone)
    assert not failed.passed
    assert (
        failed.description
        == "600 rows in the file; 600 kept, 1 in quarantine, 0 without text and 0 duplicates make 601."
    )


def test_training_without_a_batch_says_what_to_do(home: Path, instance: dg.DagsterInstance) -> None:
    said = failure_of(train(instance, "splits"))
    assert "acme has no ingested batch yet: land a file and run the job acme_ingest first." in said


def test_training_on_one_class_says_what_is_missing(home: Path, instance: dg.DagsterInstance) -> None:
    ingest(instance, runs.land("acme", "a.csv", as_csv(made_up_reviews(100, positive_share=1))))
    assert "train has no negative review" in failure_of(train(instance, "splits"))


def test_each_asset_can_be_materialized_by_itself(home: Path, instance: dg.DagsterInstance) -> None:
    key = runs.land("acme", "a.csv", CSV)
    ingest(instance, key)
    for asset in ("splits", "features", "trained_candidates", "best_model"):
        assert train(instance, asset).success, asset
    assert ingest(instance, key).success
    assert materialization(instance, "scored_reviews").metadata["model_version"].value == "1"


def test_best_model_names_the_candidates_that_are_missing_or_of_other_features(
    home: Path, instance: dg.DagsterInstance
) -> None:
    ingest(instance, runs.land("acme", "a.csv", CSV))
    assert train(instance).success
    STORAGE.candidate_path("acme", runs.candidate_keys("acme")[0]).unlink()
    said = failure_of(train(instance, "best_model"))
    assert f"1 of 3 candidates are not trained on the current features: {runs.candidate_keys('acme')[0]}." in said

    ingest(instance, runs.land("acme", "b.csv", as_csv(made_up_reviews(300, seed=1))))
    assert train(instance, "splits", "features").success
    assert "3 of 3 candidates are not trained" in failure_of(train(instance, "best_model"))


def acme_with(**changed: object) -> dg.Definitions:
    """The branch acme with some settings changed, as after an edit of its YAML."""
    settings = code_location.BRANCHES["acme"].model_dump(exclude_unset=True) | changed
    return dg.Definitions.merge(
        branch_definitions("acme", BranchSettings.model_validate(settings)), dg.Definitions(resources=resources())
    )


def best_model_alone(definitions: dg.Definitions, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    return definitions.resolve_job_def("acme_train").execute_in_process(
        instance=instance, asset_selection=[dg.AssetKey(["acme", "best_model"])], raise_on_error=False
    )


def test_a_model_that_is_refused_leaves_the_champion_as_it_is(home: Path, instance: dg.DagsterInstance) -> None:
    ingest(instance, runs.land("acme", "a.csv", CSV))
    assert train(instance).success
    tracking = resources()["tracking"]
    before = tracking.champion("acme")
    best = str(materialization(instance, "best_model").metadata["selected_candidate"].value)
    others = [
        each.model_dump() for each in code_location.BRANCHES["acme"].search.hyperparameter_sets() if each.key != best
    ]
    changed = acme_with(search={"candidates": others}, promotion={"rule": "manual"})
    assert best_model_alone(changed, instance).success
    told = materialization(instance, "best_model").metadata
    assert str(told["decision"].value).startswith("Not promoted: the rule is manual")
    assert told["challenger_version"].value == "2"
    after = tracking.champion("acme")
    assert (after.version, after.digest) == (before.version, before.digest) == ("1", before.digest)
    texts = [str(row["text"]) for row in made_up_reviews(50, seed=9)]
    assert after.model.margins(texts).tolist() == before.model.margins(texts).tolist()


def test_best_model_refuses_features_of_other_splits_or_settings(home: Path, instance: dg.DagsterInstance) -> None:
    ingest(instance, runs.land("acme", "a.csv", CSV))
    assert train(instance).success
    inverted = [row | {"label": 1 - int(str(row["label"]))} for row in made_up_reviews(600)]
    grown = [*made_up_reviews(600), *made_up_reviews(200, seed=1)]
    for rows in (inverted, grown):
        ingest(instance, runs.land("acme", "a.csv", as_csv(rows)))
        assert train(instance, "splits").success
        said = failure_of(train(instance, "best_model"))
        assert "acme: the features were built from other splits than there are now: materialize features, then" in said
    assert train(instance).success
    shorter = acme_with(features={"ngrams": {"longest": 1, "columns_log2": 14}})
    assert "acme: the features were built with other settings" in failure_of(best_model_alone(shorter, instance))


def test_champion_and_challenger_are_shown_on_the_same_reviews(home: Path, instance: dg.DagsterInstance) -> None:
    ingest(instance, runs.land("acme", "a.csv", CSV))
    train(instance)
    assert "compared_test_accuracy" not in materialization(instance, "best_model").metadata
    ingest(instance, runs.land("acme", "b.csv", as_csv(made_up_reviews(900, seed=1))))
    train(instance)
    told = materialization(instance, "best_model").metadata
    ours, theirs = told["compared_test_accuracy"].value, told["champion_compared_test_accuracy"].value
    assert f"its accuracy is {ours:.4f}, the champion's {theirs:.4f}" in str(told["decision"].value)
    tracking = resources()["tracking"]
    run_id = str(told["mlflow_run"].value).rsplit("/", 1)[1]
    tracked = tracking.client().get_run(run_id).data.metrics
    assert (tracked["compared_test_accuracy"], tracked["champion_compared_test_accuracy"]) == (ours, theirs)
    assert tracked["compared_test_reviews"] == told["compared_test_reviews"].value


def test_the_same_data_have_the_same_versions_and_new_data_others(home: Path, instance: dg.DagsterInstance) -> None:
    assets = ("splits", "features", "best_model")
    ingest(instance, runs.land("acme", "a.csv", CSV))
    train(instance)
    before = {asset: data_version(instance, asset) for asset in assets}
    train(instance)
    assert {asset: data_version(instance, asset) for asset in assets} == before
    ingest(instance, runs.land("acme", "b.csv", as_csv(made_up_reviews(900, seed=1))))
    train(instance)
    after = {asset: data_version(instance, asset) for asset in assets}
    assert all(after[asset] != before[asset] for asset in assets)
    assert after["best_model"] == "acme-version-2"


def test_a_champion_without_a_reference_of_this_release_is_registered_anew(
    home: Path, instance: dg.DagsterInstance
) -> None:
    ingest(instance, runs.land("acme", "a.csv", CSV))
    with pytest.MonkeyPatch.context() as another_release:
        another_release.setattr("sentiment_assets.monitoring.reference.REFERENCE_FORMAT", "r0")
        train(instance)
    tracking = resources()["tracking"]
    assert tracking.champion("acme").reference is None
    train(instance)
    champion = tracking.champion("acme")
    assert champion.version == "2"
    assert champion.reference is not None
    train(instance)
    assert tracking.champion("acme").version == "2", "an unchanged model is not registered again"


def test_a_champion_is_compared_on_the_same_test_reviews(home: Path, instance: dg.DagsterInstance) -> None:
    ingest(instance, runs.land("acme", "a.csv", CSV))
    train(instance)
    ingest(instance, runs.land("acme", "b.csv", as_csv(made_up_reviews(900, seed=1))))
    train(instance)
    decision = str(materialization(instance, "best_model").metadata["decision"].value)
    n_test = materialization(instance, "best_model").metadata["test_reviews"].value
    assert decision.startswith("Promoted: the challenger is ")
    assert f"on the same {n_test:,.0f} test reviews" in decision


def test_best_model_shows_the_search_and_the_model_in_dagster_and_mlflow(
    home: Path, instance: dg.DagsterInstance
) -> None:
    ingest(instance, runs.land("acme", "a.csv", CSV))
    train(instance)
    ingest(instance, runs.land("acme", "b.csv", as_csv(made_up_reviews(900, seed=1))))
    train(instance)
    metadata = materialization(instance, "best_model").metadata
    pictures = ("loss_per_epoch", "search", "loss_surface", "sweep_ledger", "reliability", "confusion", "top_ngrams")
    for name in pictures:
        assert str(metadata[name].value).startswith(f"![{name}."), name
    tables = ("sweep_ledger", "top_ngrams", "behaviour", "behaviour_failures", "flips", "flips_by_ngram")
    for name in tables:
        assert isinstance(metadata[f"{name}_table"], dg.TableMetadataValue), name
    assert metadata["leakage_tax"].value == 0

    tracking = resources()["tracking"]
    run_id = str(metadata["mlflow_run"].value).rsplit("/", 1)[1]
    kept = {file.path for file in tracking.client().list_artifacts(run_id, "report")}
    assert {f"report/{name}.csv" for name in tables} <= kept
    assert len(kept) == len(pictures) + len(tables)
    assert "leakage_tax" in tracking.client().get_run(run_id).data.metrics


def test_the_report_is_a_page_a_table_and_its_picture(home: Path, instance: dg.DagsterInstance) -> None:
    key = runs.land("acme", "a.csv", CSV)
    ingest(instance, key)
    assert job("acme_report").execute_in_process(instance=instance).success, "before there is a champion"
    assert "No review has been scored yet." in Path(
        str(materialization(instance, "sentiment_report").metadata["report_file"].value)
    ).read_text(encoding="utf-8")
    train(instance)
    assert job("acme_score").execute_in_process(instance=instance, partition_key=key).success
    assert job("acme_report").execute_in_process(instance=instance).success
    told = materialization(instance, "sentiment_report").metadata
    page = Path(str(told["report_file"].value)).read_text(encoding="utf-8")
    assert "in 600 reviews" in page
    assert "Champion version 1" in page
    assert "/artifacts/report.html" in str(told["report"].value)
    table = pd.read_csv(str(told["figures_file"].value))
    stored = read_frame(STORAGE.path("acme", "sentiment_report.parquet"))
    assert table["reviews"].tolist() == stored["reviews"].tolist() == [600, 600]
    assert (table["adjusted_low"] < table["adjusted"]).all()
    picture = told["over_time"]
    assert isinstance(picture, dg.MarkdownMetadataValue)


def test_with_patience_a_candidate_stops_early_and_says_so(home: Path, instance: dg.DagsterInstance) -> None:
    search = {"candidates": [{"epochs": 40, "eta0": 5, "l2": 0}], "patience": 1}
    settings = BranchSettings.model_validate({"landing": "landing/acme", "search": search})
    definitions = dg.Definitions.merge(branch_definitions("acme", settings), dg.Definitions(resources=resources()))
    ingest(instance, runs.land("acme", "a.csv", CSV))
    tags = runs.all_candidates_tags([each.key for each in settings.search.hyperparameter_sets()])
    assert definitions.resolve_job_def("acme_train").execute_in_process(instance=instance, tags=tags).success
    metadata = materialization(instance, "trained_candidates").metadata
    losses = metadata["loss_per_epoch"]
    assert isinstance(losses, dg.TableMetadataValue)
    assert metadata["epochs_kept"].value == len(losses.records) - 1 < 39


def test_near_duplicates_of_held_out_reviews_are_set_aside_and_shown(home: Path, instance: dg.DagsterInstance) -> None:
    reviews = [row | {"split": "train"} for row in made_up_reviews(400)]
    reviews += [row | {"split": "validation"} for row in made_up_reviews(60, seed=1)]
    held_out = [row | {"split": "test"} for row in made_up_reviews(60, seed=2)]
    copies = [
        row | {"review_id": f"copy{row['review_id']}", "text": f"{row['text']} indeed", "split": "train"}
        for row in held_out[:7]
    ]
    ingest(instance, runs.land("acme", "a.csv", as_csv(reviews + held_out + copies)))
    assert train(instance).success
    metadata = materialization(instance, "splits").metadata
    assert metadata["near_duplicates_set_aside"].value == 7
    sampled = metadata["near_duplicates_sample"]
    assert isinstance(sampled, dg.TableMetadataValue)
    assert str(sampled.records[0].data["review_id"]).startswith("copy")
    assert sampled.records[0].data["twin_split"] == "test"
    assert materialization(instance, "best_model").metadata["near_duplicates_set_aside"].value == 7


def test_every_materialization_says_how_much_and_links_where_there_is_a_run(
    home: Path, instance: dg.DagsterInstance
) -> None:
    ingest(instance, runs.land("acme", "a.csv", CSV))
    train(instance)
    for asset in ("raw_reviews", "splits", "features", "trained_candidates", "best_model"):
        metadata = materialization(instance, asset).metadata
        assert metadata, asset
        if asset in ("trained_candidates", "best_model"):
            assert "/#/experiments/" in str(metadata["mlflow_run"].value)
