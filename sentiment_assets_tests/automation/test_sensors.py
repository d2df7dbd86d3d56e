"""The sensors one tick at a time, on histories made for the purpose."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import dagster as dg
import pytest
from dagster import DagsterRun

from sentiment_assets.assets.event_metadata import ROWS_LABELLED, TOLD_AGAIN
from sentiment_assets.automation import alert_messages
from sentiment_assets.automation.alert_messages import ended_runs, latest_end
from sentiment_assets.automation.alert_sensor import alert_sensor
from sentiment_assets.automation.retraining_policy import RetrainingPolicy
from sentiment_assets.automation.retraining_sensor import REASON, retraining_sensor
from sentiment_assets.automation.scoring_sensor import scoring_sensor
from sentiment_assets.automation.settings import Freshness
from sentiment_assets.resources import mlflow_settings
from sentiment_assets.resources.alert_targets import AlertTarget
from sentiment_assets.resources.dagster_runs import stretch_tags
from sentiment_assets.resources.notifications import Notifications
from sentiment_assets.resources.storage import Storage
from sentiment_assets.resources.tracking import Tracking
from testing import servers
from testing.in_process import BranchInProcess
from testing.platform import Mailbox
from testing.runs import batches_of

BATCHES = dg.DynamicPartitionsDefinition(name="acme/batches")
TRACKING = Tracking(mlflow_ui="http://m", dagster_ui="http://d")
RESOURCES = {
    "storage": Storage(root="data"),
    "tracking": TRACKING,
    "notifications": Notifications(dagster_ui="http://d"),
}
POLICY = RetrainingPolicy()


@pytest.fixture
def history(acme: BranchInProcess) -> dg.DagsterInstance:
    return acme.instance


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    box = Mailbox()
    monkeypatch.setenv("ACME_CHAT", box.url)
    yield box
    box.close()


def tick(sensor: dg.SensorDefinition, history: dg.DagsterInstance, cursor: str | None = None) -> dg.SensorResult:
    found = sensor(dg.build_sensor_context(history, cursor=cursor, resources=RESOURCES))
    if isinstance(found, dg.SkipReason):
        return dg.SensorResult(skip_reason=found)
    assert isinstance(found, dg.SensorResult)
    return found


def said(result: dg.SensorResult) -> str:
    return str(result.skip_reason.skip_message if result.skip_reason else "")


def ingested(history: dg.DagsterInstance, batch: str, labelled: int) -> None:
    history.add_dynamic_partitions("acme/batches", [batch])
    history.report_runless_asset_event(
        dg.AssetMaterialization(["acme", "raw_reviews"], partition=batch, metadata={ROWS_LABELLED: labelled})
    )


def scored(history: dg.DagsterInstance, batch: str, version: str) -> None:
    history.report_runless_asset_event(
        dg.AssetMaterialization(["acme", "scored_reviews"], partition=batch, metadata={"model_version": version})
    )


def a_run(
    history: dg.DagsterInstance,
    job: str,
    status: dg.DagsterRunStatus,
    batch: str | None = None,
    tags: Mapping[str, str] = {},
) -> DagsterRun:
    of_batch = {"dagster/partition": batch} if batch else {}
    return history.add_run(DagsterRun(job_name=job, run_id=str(uuid4()), status=status, tags={**of_batch, **tags}))


def register_champion() -> None:
    client = TRACKING.client()
    if not client.search_registered_models():
        client.create_registered_model("acme")
    run = client.create_run(client.create_experiment(f"acme-{uuid4()}"))
    version = client.create_model_version("acme", "file:///nowhere", run.info.run_id)
    client.set_registered_model_alias("acme", "champion", version.version)


@pytest.fixture
def retraining() -> dg.SensorDefinition:
    return retraining_sensor("acme", ["a", "b", "c"], POLICY)


def test_training_is_asked_for_once_with_its_reason(
    history: dg.DagsterInstance, retraining: dg.SensorDefinition
) -> None:
    assert said(tick(retraining, history)) == "Not due: no labelled review has landed since the last train run."
    ingested(history, "a.csv", 40)
    (request,) = tick(retraining, history).run_requests or ()
    assert request.tags[REASON] == "no champion yet, and 40 labelled reviews"
    assert request.tags["dagster/asset_partition_range_end"] == "c"
    (again,) = tick(retraining, history).run_requests or ()
    assert again.run_key == request.run_key, "until there is a run, a daemon that died asks for the same one"


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED])
def test_nothing_trains_while_a_train_run_is_under_way(
    history: dg.DagsterInstance, retraining: dg.SensorDefinition, status: dg.DagsterRunStatus
) -> None:
    a_run(history, "acme_train", status)
    ingested(history, "a.csv", 40)
    assert said(tick(retraining, history)) == "A train run is under way."


def test_what_a_resumed_run_tells_again_has_not_landed_again(
    history: dg.DagsterInstance, retraining: dg.SensorDefinition
) -> None:
    ingested(history, "a.csv", 40)
    a_run(history, "acme_train", dg.DagsterRunStatus.FAILURE)
    metadata = {ROWS_LABELLED: 40, TOLD_AGAIN: True}
    again = dg.AssetMaterialization(["acme", "raw_reviews"], partition="a.csv", metadata=metadata)
    history.report_runless_asset_event(again)
    assert "no labelled review has landed" in said(tick(retraining, history))


def test_a_failed_train_run_is_not_repeated_on_the_same_data(
    history: dg.DagsterInstance, retraining: dg.SensorDefinition
) -> None:
    ingested(history, "a.csv", 40)
    a_run(history, "acme_train", dg.DagsterRunStatus.FAILURE)
    assert "no labelled review has landed" in said(tick(retraining, history))
    ingested(history, "b.csv", 5)
    (request,) = tick(retraining, history).run_requests or ()
    assert request.tags[REASON] == "no champion yet, and 5 labelled reviews"


def test_what_landed_between_a_train_run_and_its_repetition_has_been_trained_on_by_neither(
    history: dg.DagsterInstance, retraining: dg.SensorDefinition
) -> None:
    first = a_run(history, "acme_train", dg.DagsterRunStatus.FAILURE)
    ingested(history, "a.csv", 5)
    of_first = {"root_run_id": first.run_id, "parent_run_id": first.run_id}
    history.add_run(DagsterRun("acme_train", run_id=str(uuid4()), status=dg.DagsterRunStatus.SUCCESS, **of_first))
    (request,) = tick(retraining, history).run_requests or ()
    assert request.tags[REASON] == "no champion yet, and 5 labelled reviews"


def test_training_waits_for_files_that_are_being_taken_in_but_not_for_ever(
    history: dg.DagsterInstance, retraining: dg.SensorDefinition
) -> None:
    ingested(history, "a.csv", 40)
    a_run(history, "acme_ingest", dg.DagsterRunStatus.STARTED, "b.csv")
    waiting = tick(retraining, history)
    assert "waiting for 1 ingest run." in said(waiting)
    long_ago = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
    assert tick(retraining, history, cursor=long_ago).run_requests


@pytest.mark.parametrize("away", ["nobody listens", "nobody answers"])
def test_sensors_say_within_seconds_that_mlflow_is_away(
    history: dg.DagsterInstance, retraining: dg.SensorDefinition, monkeypatch: pytest.MonkeyPatch, away: str
) -> None:
    ingested(history, "a.csv", 40)
    waiting = datetime.now(UTC).isoformat()
    with servers.silent() as silent:
        address = silent if away == "nobody answers" else f"http://127.0.0.1:{servers.free_port()}"
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        monkeypatch.setattr(mlflow_settings, "SECONDS_TO_ANSWER", 0.2)
        results = [
            tick(retraining, history, waiting),
            tick(scoring_sensor("acme", BATCHES, again=False, files_per_run=10), history),
        ]
    for result in results:
        assert said(result).startswith(f"MLflow at {address} cannot be reached: ")
        assert said(result).endswith("Start it, or set MLFLOW_TRACKING_URI to where it is.")
        assert not result.run_requests
    assert results[0].cursor == waiting, "a train run that waits for files goes on waiting"


def batches(result: dg.SensorResult, history: dg.DagsterInstance) -> list[str]:
    return [
        key
        for keys in batches_of(result.run_requests or (), history.get_dynamic_partitions("acme/batches"))
        for key in keys
    ]


def test_a_first_champion_scores_what_has_no_scores(history: dg.DagsterInstance) -> None:
    scoring = scoring_sensor("acme", BATCHES, again=False, files_per_run=10)
    for batch in ("a.csv", "b.csv", "c.csv"):
        ingested(history, batch, 1)
    assert batches(tick(scoring, history), history) == [], "there is no champion"
    register_champion()
    scored(history, "b.csv", "1")
    a_run(history, "acme_ingest", dg.DagsterRunStatus.STARTED, "c.csv")
    assert batches(tick(scoring, history), history) == ["a.csv"]


@pytest.mark.parametrize("again", [False, True])
def test_a_batch_whose_content_was_replaced_but_not_scored_is_scored(history: dg.DagsterInstance, again: bool) -> None:
    scoring = scoring_sensor("acme", BATCHES, again=again, files_per_run=10)
    register_champion()
    ingested(history, "a.csv", 1)
    scored(history, "a.csv", "1")
    assert batches(tick(scoring, history), history) == []
    ingested(history, "a.csv", 2)
    first = tick(scoring, history)
    assert batches(first, history) == ["a.csv"]
    assert batches(tick(scoring, history), history) == ["a.csv"], "asked for until it has happened, by the same run key"
    ingested(history, "a.csv", 3)
    second = tick(scoring, history)
    assert [each.run_key for each in first.run_requests or ()] != [each.run_key for each in second.run_requests or ()]
    scored(history, "a.csv", "1")
    assert batches(tick(scoring, history), history) == []


def test_by_choice_a_new_champion_and_a_rollback_score_everything_again(history: dg.DagsterInstance) -> None:
    scoring = scoring_sensor("acme", BATCHES, again=True, files_per_run=10)
    for batch in ("a.csv", "b.csv"):
        ingested(history, batch, 1)
    register_champion()
    register_champion()
    scored(history, "a.csv", "2")
    scored(history, "b.csv", "1")
    assert batches(tick(scoring, history), history) == ["b.csv"]
    keys = {each.run_key for each in tick(scoring, history).run_requests or ()}
    scored(history, "b.csv", "2")
    assert batches(tick(scoring, history), history) == []
    TRACKING.client().set_registered_model_alias("acme", "champion", "1")
    assert batches(tick(scoring, history), history) == ["a.csv", "b.csv"]
    scored(history, "b.csv", "1")
    TRACKING.client().set_registered_model_alias("acme", "champion", "2")
    assert keys.isdisjoint(each.run_key for each in tick(scoring, history).run_requests or ())


def fail(history: dg.DagsterInstance, job: str) -> None:
    @dg.op
    def broken() -> None:
        raise ValueError("row 7: <b>no text</b>")

    @dg.job(name=job)
    def failing() -> None:
        broken()

    failing.execute_in_process(instance=history, raise_on_error=False)


def test_a_failed_run_is_told_once_and_again_only_while_nobody_took_it(
    history: dg.DagsterInstance, mailbox: Mailbox
) -> None:
    alerts = alert_sensor("acme", [AlertTarget(env="ACME_CHAT")], Freshness())
    fail(history, "acme_ingest")
    cursor = tick(alerts, history).cursor
    assert said(tick(alerts, history, cursor)) == "Nothing to tell.", "what was before is not news"
    mailbox.down = True
    fail(history, "acme_ingest")
    fail(history, "other_ingest")
    result = tick(alerts, history, cursor)
    assert said(result).startswith("0 messages sent, 1 not, and tried again: ACME_CHAT")
    assert mailbox.received == []
    mailbox.down = False
    later = str(result.cursor).replace(str(_not_before(result)), "0")
    result = tick(alerts, history, later)
    assert said(result) == "1 messages sent."
    assert said(tick(alerts, history, result.cursor)) == "Nothing to tell."
    (body,) = mailbox.received
    assert "acme: acme_ingest failed" in body
    assert "row 7: <b>no text</b>" in body


def _not_before(result: dg.SensorResult) -> float:
    return float(json.loads(str(result.cursor))["waiting"][0]["not_before"])


def test_a_run_that_is_launched_again_pages_nobody_until_the_last_of_its_runs_has_failed(
    history: dg.DagsterInstance, mailbox: Mailbox
) -> None:
    alerts = alert_sensor("acme", [AlertTarget(env="ACME_CHAT", severity="info")], Freshness())
    cursor = tick(alerts, history).cursor
    for tags in ({"dagster/will_retry": "true"}, {"dagster/will_retry": "false"}):
        run = a_run(history, "acme_ingest", dg.DagsterRunStatus.STARTED, "a.csv", tags)
        history.report_run_failed(run, message="its container was killed")
    assert said(tick(alerts, history, cursor)) == "2 messages sent."
    told = [json.loads(body) for body in mailbox.received]
    assert [(each["type"], each["title"]) for each in told] == [
        ("info", "acme: acme_ingest of a.csv failed and is launched again"),
        ("failure", "acme: acme_ingest of a.csv failed"),
    ]


def test_a_failure_whose_status_is_not_written_yet_is_told_at_the_next_look(
    history: dg.DagsterInstance, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dagster stores the event first."""
    alerts = alert_sensor("acme", [AlertTarget(env="ACME_CHAT")], Freshness())
    cursor = tick(alerts, history).cursor
    run = a_run(history, "acme_ingest", dg.DagsterRunStatus.STARTED, "a.csv")
    with monkeypatch.context() as patch:
        patch.setattr(history.run_storage, "handle_run_event", lambda *_: None)
        history.report_run_failed(run, message="no room on the disk")
    looked = tick(alerts, history, cursor)
    assert (mailbox.received, looked.cursor) == ([], cursor)
    failure = dg.DagsterEvent(dg.DagsterEventType.RUN_FAILURE.value, run.job_name)
    history.run_storage.handle_run_event(run.run_id, failure, datetime.now(UTC))
    assert said(tick(alerts, history, looked.cursor)) == "1 messages sent."
    assert "acme: acme_ingest of a.csv failed" in mailbox.received[0]


def test_a_run_that_never_gets_its_status_keeps_nobody_from_being_told_of_others(
    history: dg.DagsterInstance, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process was killed after the event, and before the status: another branch would wait for a day."""
    alerts = alert_sensor("acme", [AlertTarget(env="ACME_CHAT")], Freshness())
    cursor = tick(alerts, history).cursor
    with monkeypatch.context() as patch:
        patch.setattr(history.run_storage, "handle_run_event", lambda *_: None)
        history.report_run_failed(a_run(history, "globex_ingest", dg.DagsterRunStatus.STARTED, "g.csv"))
    history.report_run_failed(a_run(history, "acme_ingest", dg.DagsterRunStatus.STARTED, "a.csv"))
    looked = tick(alerts, history, cursor)
    assert mailbox.received == []
    monkeypatch.setattr(alert_messages, "_UNTIL_STATUS", 0.0)
    assert said(tick(alerts, history, looked.cursor)) == "1 messages sent."


def test_a_run_that_ends_well_while_it_is_asked_which_have_ended_is_not_passed_over(
    history: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dagster is asked for those that ended well, and then for those that failed: by then there are more of both."""
    asked = history.fetch_run_status_changes
    well, failed = (a_run(history, "acme_ingest", dg.DagsterRunStatus.STARTED, batch) for batch in ("a.csv", "b.csv"))

    def asked_meanwhile(*args: object, **options: object) -> object:
        found = asked(*args, **options)  # type: ignore[arg-type]
        if options.get("ascending") and not history.get_run_by_id(well.run_id).is_finished:  # type: ignore[union-attr]
            end = dg.DagsterEvent(dg.DagsterEventType.RUN_SUCCESS.value, well.job_name, message="done")
            history.report_dagster_event(end, well.run_id)
            history.report_run_failed(failed)
        return found

    after = latest_end(history)
    with monkeypatch.context() as patch:
        patch.setattr(history, "fetch_run_status_changes", asked_meanwhile)
        first = ended_runs(history, after)
    rest = ended_runs(history, first[-1][0] if first else after)
    assert [run and run.run_id for _, run in [*first, *rest]] == [well.run_id, failed.run_id]


@pytest.mark.parametrize(
    ("job", "first", "last", "title"),
    [
        ("acme_ingest", "a.csv", "c.csv", "acme: acme_ingest of a.csv to c.csv failed"),
        ("acme_train", "epochs=1", "epochs=9", "acme: acme_train failed"),
    ],
)
def test_a_run_over_many_batches_is_named_after_its_ends(
    history: dg.DagsterInstance, mailbox: Mailbox, job: str, first: str, last: str, title: str
) -> None:
    alerts = alert_sensor("acme", [AlertTarget(env="ACME_CHAT")], Freshness())
    cursor = tick(alerts, history).cursor
    run = a_run(history, job, dg.DagsterRunStatus.STARTED, tags=stretch_tags(first, last))
    history.report_run_failed(run, message="no room on the disk")
    tick(alerts, history, cursor)
    [message] = mailbox.received
    assert json.loads(message)["title"] == title


def test_a_run_of_picked_assets_is_named_after_them(history: dg.DagsterInstance, mailbox: Mailbox) -> None:
    """The joined report is one: an automation condition picks it."""
    alerts = alert_sensor("sentiment_report", [AlertTarget(env="ACME_CHAT")], Freshness(best_model=None))
    cursor = tick(alerts, history).cursor
    for key in (dg.AssetKey("sentiment_report"), dg.AssetKey(["acme", "sentiment_report"])):
        run = DagsterRun(job_name="__ASSET_JOB", run_id=str(uuid4()), asset_selection=frozenset([key]))
        history.report_run_failed(history.add_run(run), message="no room on the disk")
    assert said(tick(alerts, history, cursor)) == "1 messages sent."
    assert "sentiment_report: sentiment_report failed" in mailbox.received[0]


def test_a_run_of_picked_checks_is_named_after_their_asset(history: dg.DagsterInstance, mailbox: Mailbox) -> None:
    alerts = alert_sensor("acme", [AlertTarget(env="ACME_CHAT")], Freshness())
    cursor = tick(alerts, history).cursor
    check = dg.AssetCheckKey(dg.AssetKey(["acme", "raw_reviews"]), "text_drift")
    run = DagsterRun(job_name="__ASSET_JOB", run_id=str(uuid4()), asset_check_selection=frozenset([check]))
    history.report_run_failed(history.add_run(run), message="no room on the disk")
    tick(alerts, history, cursor)
    assert "acme: acme/raw_reviews failed" in mailbox.received[0]


def test_stale_data_are_told_once(history: dg.DagsterInstance, mailbox: Mailbox) -> None:
    alerts = alert_sensor("acme", [AlertTarget(env="ACME_CHAT")], Freshness(scored_reviews=1e-9))
    cursor = tick(alerts, history).cursor
    assert said(tick(alerts, history, cursor)) == "Nothing to tell.", "what was never there is not stale"
    scored(history, "a.csv", "1")
    result = tick(alerts, history, cursor)
    assert said(result) == "1 messages sent."
    assert said(tick(alerts, history, result.cursor)) == "Nothing to tell."
    assert "acme: scored_reviews is stale" in mailbox.received[0]


def test_data_that_were_brought_up_to_date_and_are_stale_again_are_told_again(
    history: dg.DagsterInstance, mailbox: Mailbox
) -> None:
    alerts = alert_sensor("acme", [AlertTarget(env="ACME_CHAT")], Freshness(scored_reviews=1e-9))
    cursor = tick(alerts, history).cursor
    for told in (1, 2):
        scored(history, "a.csv", "1")
        result = tick(alerts, history, cursor)
        assert said(result) == "1 messages sent."
        assert len(mailbox.received) == told
        cursor = result.cursor


def test_nobody_to_tell_is_said_and_what_happens_until_then_is_no_news(
    history: dg.DagsterInstance, mailbox: Mailbox
) -> None:
    nobody = alert_sensor("acme", [], Freshness())
    cursor = tick(nobody, history).cursor
    fail(history, "acme_ingest")
    result = tick(nobody, history, cursor)
    assert "name targets under `alerts`" in said(result)
    somebody = alert_sensor("acme", [AlertTarget(env="ACME_CHAT")], Freshness())
    assert said(tick(somebody, history, result.cursor)) == "Nothing to tell."
    assert said(tick(somebody, history, cursor)) == "1 messages sent.", "had there been somebody"


@pytest.fixture
def killed(history: dg.DagsterInstance) -> tuple[str, str]:
    """A train run and one of its candidates, as MLflow has them after their processes were killed."""
    run = a_run(history, "acme_train", dg.DagsterRunStatus.STARTED)
    parent = TRACKING.parent_run("acme", "v1", run, joins_newest=False)
    candidate = TRACKING.start_candidate(parent, "epochs=3", {}, run, name="3ep")
    history.report_run_failed(run, message="its process was killed")
    return parent, candidate


def statuses(*run_ids: str) -> list[str]:
    return [TRACKING.client().get_run(each).info.status for each in run_ids]


def test_a_sensor_that_can_tell_nobody_says_so_in_its_description() -> None:
    told = alert_sensor("acme", [AlertTarget(env="ACME_CHAT")], Freshness()).description
    assert str(alert_sensor("acme", [], Freshness()).description).startswith(
        "Tells nobody: name targets under `alerts`"
    )
    assert str(told).startswith("Sends failed runs")


@pytest.mark.parametrize("targets", [[], [AlertTarget(env="ACME_CHAT")]])
def test_what_a_killed_train_run_left_running_in_mlflow_is_marked_failed(
    history: dg.DagsterInstance, mailbox: Mailbox, killed: tuple[str, str], targets: list[AlertTarget]
) -> None:
    under_way = a_run(history, "acme_train", dg.DagsterRunStatus.STARTED)
    other = TRACKING.parent_run("acme", "v2", under_way, joins_newest=False)
    assert statuses(*killed, other) == ["RUNNING", "RUNNING", "RUNNING"]
    tick(alert_sensor("acme", targets, Freshness()), history, '{"last_end": 0}')
    assert statuses(*killed, other) == ["FAILED", "FAILED", "RUNNING"]
    assert len(mailbox.received) == len(targets)


@pytest.mark.parametrize("targets", [[], [AlertTarget(env="ACME_CHAT")]])
def test_alerts_go_out_while_mlflow_is_away_which_is_told_of_failed_runs_when_it_is_back(
    history: dg.DagsterInstance,
    mailbox: Mailbox,
    killed: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
    targets: list[AlertTarget],
) -> None:
    alerts = alert_sensor("acme", targets, Freshness())
    with monkeypatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{servers.free_port()}")
        away = tick(alerts, history, '{"last_end": 0}')
        assert len(mailbox.received) == len(targets)
        away = tick(alerts, history, away.cursor)
    assert statuses(*killed) == ["RUNNING", "RUNNING"]
    tick(alerts, history, away.cursor)
    assert statuses(*killed) == ["FAILED", "FAILED"]
    assert len(mailbox.received) == len(targets)
