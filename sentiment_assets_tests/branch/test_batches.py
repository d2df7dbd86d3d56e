"""Many batches in one run, each with a fate of its own."""

import re
from collections.abc import Mapping, Sequence

import dagster as dg
import pytest

from sentiment_assets.assets.stored_batch import read_stored_batch
from sentiment_assets.automation.alert_messages import messages_of_run
from sentiment_assets.resources import mlflow_settings
from sentiment_assets.resources.check_records import QUALITY, load_records
from sentiment_assets.resources.storage import Storage, read_frame
from sentiment_assets.resources.tracking import Tracking
from testing import servers
from testing.batches import as_file, batch
from testing.corpus import as_csv, made_up_reviews
from testing.in_process import BranchInProcess, checks_of, failure_of

STORAGE = Storage(root="data")
NO_TEXT = b"title\nthe text column has another name\n"
RAW, SCORED = dg.AssetKey(["acme", "raw_reviews"]), dg.AssetKey(["acme", "scored_reviews"])


def landed(branch: BranchInProcess, contents: Mapping[str, bytes]) -> list[str]:
    return [branch.land(name, content) for name, content in contents.items()]


def files(n: int, *, first: int = 0) -> dict[str, bytes]:
    return {f"{number}.csv": as_csv(made_up_reviews(40, seed=100 + number)) for number in range(first, first + n)}


def materialized(branch: BranchInProcess, key: dg.AssetKey) -> list[str]:
    return sorted(branch.instance.get_materialized_partitions(key))


def done_by(branch: BranchInProcess, run_id: str) -> set[str]:
    """The batches of which a run has stored something, and not only told again what another had."""
    events = branch.instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    return {
        str(event.partition)
        for event in (entry.dagster_event for entry in events)
        if event and "told_again" not in event.step_materialization_data.materialization.metadata
    }


def failed_partitions(branch: BranchInProcess, asset: dg.AssetKey, keys: Sequence[str]) -> set[str]:
    """Those that the UI shows in red."""
    batches = dg.DynamicPartitionsDefinition(name="acme/batches")
    status = branch.instance.get_status_by_partition(asset, keys, batches) or {}
    return {key for key, each in status.items() if each and each.value == "FAILED"}


def events_of(branch: BranchInProcess, run_id: str) -> list[tuple[str, str]]:
    """The partition and the asset or check of each event that a run has told, in their order."""
    kinds = {dg.DagsterEventType.ASSET_MATERIALIZATION, dg.DagsterEventType.ASSET_CHECK_EVALUATION}
    events = [entry.dagster_event for entry in branch.instance.all_logs(run_id, of_type=kinds)]
    return [
        (str(event.partition), event.asset_key.path[-1])
        if event.event_type == dg.DagsterEventType.ASSET_MATERIALIZATION and event.asset_key
        else (
            str(event.asset_check_evaluation_data.partition),
            event.asset_check_evaluation_data.check_name,
        )
        for event in events
        if event
    ]


def test_one_run_takes_in_checks_and_scores_every_batch(trained: BranchInProcess) -> None:
    keys = landed(trained, files(3))
    result = trained.ingest_all(keys)
    assert result.success
    for key in keys:
        rows = read_frame(STORAGE.frame_path("acme", "raw_reviews", key))
        scores = read_frame(STORAGE.frame_path("acme", "scored_reviews", key))
        assert rows["review_id"].tolist() == scores["review_id"].tolist()
        assert trained.metadata_of("raw_reviews", key)["dagster/row_count"].value == 40
        assert trained.metadata_of("scored_reviews", key)["model_version"].value == "1"
    told = events_of(trained, result.run_id)
    of_each = [[name for partition, name in told if partition == key] for key in keys]
    assert of_each[0] == of_each[1] == of_each[2]
    assert {"row_identity", "html", "text_drift", "accuracy", "raw_reviews", "scored_reviews"} <= set(of_each[0])
    assert len(of_each[0]) == len(set(of_each[0])), "nothing is told twice"


@pytest.mark.slow
def test_what_many_batches_have_in_one_run_is_what_each_has_in_a_run_of_its_own(trained: BranchInProcess) -> None:
    keys = landed(trained, files(3))
    assert trained.ingest_all(keys).success
    together = _all_that_is_known(trained, keys)
    for key in keys:
        assert trained.ingest(key).success
    assert _all_that_is_known(trained, keys) == together


def _all_that_is_known(branch: BranchInProcess, keys: Sequence[str]) -> object:
    kinds = ("rows", "quality", "texts", "scores")
    records = {
        (kind, key): re.sub(r'"checked_at": "[^"]+"', "", file.read_text())
        for kind in kinds
        for key in keys
        for file in [STORAGE.path("acme", "monitoring", kind, f"{key}.json")]
    }
    frames = {
        (name, key): read_frame(STORAGE.frame_path("acme", name, key)).to_csv()
        for name in ("raw_reviews", "scored_reviews")
        for key in keys
    }
    return records | frames


def test_a_batch_that_fails_keeps_no_other_back_and_is_named(trained: BranchInProcess) -> None:
    keys = landed(trained, files(2) | {"bad.csv": NO_TEXT, "gone.csv": b""} | files(1, first=7))
    STORAGE.path("..", "landing", "acme", "gone.csv").unlink()
    result = trained.ingest_all(keys)
    said = failure_of(result)
    assert "2 of 5 batches failed; the others are done.\n" in said
    assert "bad.csv: it has no column 'text' for the text" in said
    assert "landing/acme/gone.csv is not there" in said
    good = ["0.csv", "1.csv", "7.csv"]
    assert materialized(trained, RAW) == [*good, "a.csv"]
    assert materialized(trained, SCORED) == good
    for asset in (RAW, SCORED):
        assert failed_partitions(trained, asset, keys) == {"bad.csv", "gone.csv"}


@pytest.mark.slow
def test_what_is_resumed_does_the_batches_that_failed_and_no_other(trained: BranchInProcess) -> None:
    keys = landed(trained, files(2) | {"bad.csv": NO_TEXT})
    failed = trained.ingest_all(keys)
    assert not failed.success
    trained.land("bad.csv", as_csv(made_up_reviews(30, seed=9)))
    again = trained.ingest_all(keys, resumes=failed.run_id)
    assert again.success
    assert done_by(trained, again.run_id) == {"bad.csv"}
    assert materialized(trained, SCORED) == ["0.csv", "1.csv", "bad.csv"]
    anew = trained.run("ingest", tags={**again.dagster_run.tags, "dagster/is_resume_retry": "false"})
    assert done_by(trained, anew.run_id) == {*keys}, "that resumes nothing"


@pytest.mark.slow
def test_what_is_resumed_and_fails_again_leaves_only_what_failed_in_red(trained: BranchInProcess) -> None:
    keys = landed(trained, files(2) | {"bad.csv": NO_TEXT})
    first = trained.ingest_all(keys)
    second = trained.ingest_all(keys, resumes=first.run_id)
    third = trained.ingest_all(keys, resumes=second.run_id)
    for run in (second, third):
        assert done_by(trained, run.run_id) == set()
        assert events_of(trained, run.run_id) == events_of(trained, first.run_id), "in the same order"
    for asset in (RAW, SCORED):
        assert failed_partitions(trained, asset, keys) == {"bad.csv"}
    rows = trained.metadata_of("raw_reviews", "0.csv")["dagster/row_count"].value
    assert rows == 40
    run = trained.instance.get_run_by_id(third.run_id)
    assert run is not None
    told = messages_of_run(trained.instance, "acme", run, "http://dagster")
    assert [each.title for each in told] == ["acme: acme_ingest of 0.csv to bad.csv failed"]


def test_the_half_of_a_batch_of_which_not_all_was_told_is_done_again(
    trained: BranchInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = landed(trained, files(2))
    with monkeypatch.context() as patch:
        patch.setattr("sentiment_assets.branch.batches.degradation_results", _that_fails)
        failed = trained.ingest_all(keys)
    assert "RuntimeError: no answer" in failure_of(failed)
    assert materialized(trained, SCORED) == keys, "their scores were told"
    again = trained.ingest_all(keys, resumes=failed.run_id)
    assert done_by(trained, again.run_id) == {*keys}
    assert {each.metadata.get("told_again") is None for each in _last(trained, RAW, keys)} == {False}
    assert {each.metadata.get("told_again") is None for each in _last(trained, SCORED, keys)} == {True}


def _last(branch: BranchInProcess, asset: dg.AssetKey, keys: Sequence[str]) -> list[dg.AssetMaterialization]:
    """The last materialization of each batch."""
    found = []
    for key in keys:
        wanted = dg.AssetRecordsFilter(asset_key=asset, asset_partitions=[key])
        [record] = branch.instance.fetch_materializations(wanted, limit=1).records
        assert record.asset_materialization is not None
        found.append(record.asset_materialization)
    return found


def test_what_is_resumed_before_there_is_a_champion_takes_nothing_in_again(ingested: BranchInProcess) -> None:
    keys = landed(ingested, files(2) | {"bad.csv": NO_TEXT})
    failed = ingested.ingest_all(keys)
    ingested.land("bad.csv", as_csv(made_up_reviews(30, seed=9)))
    again = ingested.ingest_all(keys, resumes=failed.run_id)
    assert again.success
    assert done_by(ingested, again.run_id) == {"bad.csv"}


def _that_fails(*_: object) -> object:
    raise RuntimeError("no answer")


@pytest.mark.slow
def test_files_are_taken_in_while_mlflow_is_away(trained: BranchInProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = landed(trained, files(2))
    monkeypatch.setattr(mlflow_settings, "SECONDS_TO_ANSWER", 0.2)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with monkeypatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{servers.free_port()}")
        failed = trained.ingest_all(keys)
    assert "2 of 2 batches failed" in failure_of(failed)
    assert materialized(trained, RAW) == [*keys, "a.csv"]
    assert materialized(trained, SCORED) == []
    told = events_of(trained, failed.run_id)
    assert {"row_identity", "html"} <= {name for _, name in told}
    assert trained.ingest_all(keys, resumes=failed.run_id).success
    assert materialized(trained, SCORED) == keys


def test_a_group_of_checks_that_breaks_keeps_the_others_from_nothing(
    trained: BranchInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sentiment_assets.monitoring.quality.batch_quality", _that_fails)
    [key] = landed(trained, files(1))
    result = trained.ingest(key)
    assert "no answer" in failure_of(result)
    names = {name for _, name in events_of(trained, result.run_id)}
    assert {"text_drift", "scored_reviews", "accuracy"} <= names
    strict = trained.with_settings(monitoring={"severity": "error"})
    blocked = strict.ingest(key)
    assert "no answer" in failure_of(blocked), "and not what follows from it"
    names = {name for _, name in events_of(strict, blocked.run_id)}
    assert "scored_reviews" not in names, "what blocks must have been seen"


def test_why_a_batch_failed_is_said_on_its_partition_and_in_the_run_whatever_else_fails(
    trained: BranchInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = landed(trained, files(1) | {"bad.csv": NO_TEXT})
    monkeypatch.setattr("sentiment_assets.branch.batches.publish_drift_page", _that_fails)
    assert "bad.csv: it has no column 'text'" in failure_of(trained.ingest_all(keys))
    of_batch = dg.AssetRecordsFilter(asset_key=RAW, asset_partitions=["bad.csv"])
    observed = trained.instance.fetch_observations(of_batch, limit=5).records[0].asset_observation
    assert observed is not None
    assert "it has no column 'text'" in str(observed.metadata["failed"].value)
    assert "transient" not in observed.metadata


def test_a_failed_run_shows_the_warnings_of_the_batches_that_it_has_taken_in(trained: BranchInProcess) -> None:
    reviews = batch(60)
    tagged = as_file(reviews.assign(text="<p>" + reviews["text"] + "</p>"))
    branch = trained.with_settings(html="keep")
    assert not branch.ingest_all(landed(branch, {"tagged.csv": tagged, "bad.csv": NO_TEXT})).success
    assert "html of tagged.csv" in str(branch.shown("open_warnings").description)
    assert "tagged.csv" in STORAGE.path("acme", "monitoring", "drift.html").read_text()


def test_a_run_is_tried_again_only_if_that_may_help_a_batch(trained: BranchInProcess) -> None:
    keys = landed(trained, files(1) | {"bad.csv": NO_TEXT})
    result = trained.ingest_all(keys)
    assert not [event for event in result.all_events if event.is_step_up_for_retry]


def test_a_check_that_blocks_holds_back_its_own_batch_only(trained: BranchInProcess) -> None:
    reviews = batch(300)
    tagged = reviews.assign(text="<p>" + reviews["text"] + "</p>")
    strict = trained.with_settings(
        html="keep", monitoring={"severity": "error", "smallest_effect": 0.99, "quality": {"seen_before": 1}}
    )
    keys = landed(strict, {"tagged.csv": as_file(tagged), "fine.csv": as_file(reviews)})
    said = failure_of(strict.ingest_all(keys))
    assert "1 of 2 batches failed; the others are done.\ntagged.csv is not scored" in said
    assert "html: 300 of 300 reviews" in said
    assert materialized(strict, SCORED) == ["fine.csv"]
    assert len(read_stored_batch(STORAGE, "acme", "tagged.csv").reviews) == 300


def test_a_champion_that_is_promoted_during_a_run_scores_what_comes_after(
    trained_twice_by_hand: BranchInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch = trained_twice_by_hand
    keys = landed(branch, files(2))
    publish, seen = Tracking.version_link, list[str]()

    def promote_after_the_first(self: Tracking, name: str, version: str) -> dg.UrlMetadataValue:
        seen.append(version)
        self.promote(name, "1")
        return publish(self, name, version)

    monkeypatch.setattr(Tracking, "version_link", promote_after_the_first)
    assert branch.ingest_all(keys).success
    assert seen == ["2", "1"]
    versions = [read_frame(STORAGE.frame_path("acme", "scored_reviews", key))["model_version"].iloc[0] for key in keys]
    assert versions == ["2", "1"]


@pytest.fixture
def trained_twice_by_hand(trained: BranchInProcess) -> BranchInProcess:
    """Version 2 is the champion, and holds another model than version 1."""
    assert trained.take_in("b.csv", as_csv(made_up_reviews(900, seed=1))).success
    assert trained.train().success
    trained.tracking.promote("acme", "2")
    return trained


@pytest.mark.slow
def test_batches_are_scored_and_checked_by_themselves_too(trained: BranchInProcess) -> None:
    keys = landed(trained, files(2))
    assert trained.ingest_all(keys).success
    scored = trained.score(keys[1])
    assert scored.success
    assert "row_identity" not in checks_of(scored)
    assert set(checks_of(trained.check("raw_reviews", "text_drift", keys[0]))) == {"text_drift", "label_drift"}


def test_a_batch_that_was_never_taken_in_is_not_scored(trained: BranchInProcess) -> None:
    trained.register_batch("never.csv")
    assert "never.csv has not been taken in: materialize it in acme/raw_reviews first" in failure_of(
        trained.score("never.csv")
    )


def test_the_order_of_files_in_a_run_is_the_order_of_their_batches(trained: BranchInProcess) -> None:
    reviews = batch(200)
    keys = landed(trained, {"z.csv": as_file(reviews), "b.csv": as_file(reviews)})
    assert trained.ingest_all(keys).success
    sentences = {
        key: next(finding.sentence for finding in record.findings if finding.name == "seen_before")
        for key, record in zip(keys, load_records(STORAGE, "acme", QUALITY, keys), strict=True)
    }
    assert sentences["z.csv"].startswith("0 of 200 reviews")
    assert sentences["b.csv"].startswith("200 of 200 reviews")
