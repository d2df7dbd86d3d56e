"""One message per cause, from the events that a real run of made-up assets and checks leaves behind."""

import os
from collections.abc import Iterator, Mapping
from errno import ENOMEM
from typing import Any

import dagster as dg
import pytest

from sentiment_assets.assets.event_metadata import check_metadata, decision_metadata, drift_page_metadata
from sentiment_assets.automation import alert_messages
from sentiment_assets.automation.alert_messages import ended_runs, messages_of_run, what_failed
from sentiment_assets.learning.decision import Decision, Outcome
from sentiment_assets.monitoring.batch_checks import check_drift
from sentiment_assets.monitoring.finding import Finding
from sentiment_assets.resources.notifications import Message
from testing.batches import as_file, batch, kitchen
from testing.corpus import as_csv, made_up_reviews
from testing.in_process import BranchInProcess

UI = "http://dagster"
FINDING = Finding(name="text_drift", verdict="warn", sentence="About 40 % differ.", effect=0.4, threshold=0.03)


def messages(history: dg.DagsterInstance, *definitions: Any) -> list[Message]:
    """The messages about a run of these assets and checks of the branch ``acme``."""
    result = dg.materialize(definitions, instance=history, raise_on_error=False)
    run = history.get_run_by_id(result.run_id)
    assert run is not None
    return messages_of_run(history, "acme", run, UI)


def best_model(outcome: Outcome) -> dg.AssetsDefinition:
    link = dg.MetadataValue.url("http://mlflow/2")
    decision = Decision(outcome, "Because.")
    metadata = decision_metadata(decision, challenger_version="2", champion_version="1", model_link=link)

    @dg.asset(key=["acme", "best_model"])
    def best_model() -> dg.MaterializeResult[Any]:
        return dg.MaterializeResult(metadata=metadata)

    return best_model


def checked_reviews(severity: dg.AssetCheckSeverity, *, passed: bool, wakes_somebody: bool) -> tuple[Any, Any]:
    link = drift_page_metadata(dg.MetadataValue.url("http://mlflow/drift"), "drift.html")
    metadata = check_metadata(FINDING, wakes_somebody=wakes_somebody) | link

    @dg.asset(key=["acme", "raw_reviews"])
    def raw_reviews() -> None: ...

    @dg.asset_check(asset=raw_reviews)
    def text_drift() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=passed, severity=severity, description=FINDING.sentence, metadata=metadata)

    return raw_reviews, text_drift


@pytest.mark.parametrize(
    ("outcome", "severity", "title"),
    [
        (Outcome.PROMOTED, "info", "acme: version 2 is the champion"),
        (Outcome.NOT_PROMOTED, "warning", "acme: version 2 was not promoted"),
    ],
)
def test_a_decision_about_a_challenger_is_told(
    history: dg.DagsterInstance, outcome: Outcome, severity: str, title: str
) -> None:
    [message] = messages(history, best_model(outcome))
    assert (message.severity, message.title, message.body) == (severity, title, "Because.")
    assert message.links["Model"] == "http://mlflow/2"


def test_the_same_model_again_is_no_news(history: dg.DagsterInstance) -> None:
    assert messages(history, best_model(Outcome.UNCHANGED)) == []


@pytest.mark.parametrize(
    ("blocks", "wakes_somebody", "severity"),
    [(False, False, "warning"), (False, True, "error"), (True, False, "error"), (True, True, "error")],
)
def test_a_check_that_blocks_or_wakes_somebody_is_an_error_and_any_other_a_warning(
    history: dg.DagsterInstance, blocks: bool, wakes_somebody: bool, severity: str
) -> None:
    level = dg.AssetCheckSeverity.ERROR if blocks else dg.AssetCheckSeverity.WARN
    [message] = messages(history, *checked_reviews(level, passed=False, wakes_somebody=wakes_somebody))
    assert (message.severity, message.title) == (severity, "acme: text_drift failed")
    assert message.body == "About 40 % differ.\neffect: 0.4, threshold: 0.03"
    assert message.links["Drift page"] == "http://mlflow/drift"
    assert message.links["Reports"] == "http://127.0.0.1:8001/reports/acme/"


@pytest.mark.slow
def test_a_check_that_many_batches_of_a_run_fail_is_told_once(trained: BranchInProcess) -> None:
    reviews = batch(60)
    tagged = as_file(reviews.assign(text="<p>" + reviews["text"] + "</p>"))
    branch = trained.with_settings(html="keep")
    result = branch.ingest_all([branch.land(f"{n}.csv", tagged.replace(b"<p>", b"<p>%d " % n)) for n in range(23)])
    run = branch.instance.get_run_by_id(result.run_id)
    assert run is not None
    [html] = [each for each in messages_of_run(branch.instance, "acme", run, UI) if "html" in each.title]
    assert html.title == "acme: html of 23 batches failed"
    lines = html.body.splitlines()
    assert lines[0].startswith("0.csv: 60 of 60 reviews hold HTML tags or entities")
    assert (len(lines), lines[-1]) == (21, "and 3 more, in the run")


def test_a_batch_that_a_run_checks_twice_is_one_batch_and_its_last_word_counts(
    trained: BranchInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The step is tried again after a failure that may pass."""
    reviews = batch(60)
    branch = trained.with_settings(html="keep")
    key = branch.land("a.csv", as_file(reviews.assign(text="<p>" + reviews["text"] + "</p>")))
    calls: list[object] = []

    def check_drift_at_last(*asked: object) -> object:
        calls.append(asked)
        if len(calls) <= 2:  # the check, and the comparison before scoring
            raise RuntimeError("not yet")
        return check_drift(*asked)  # type: ignore[arg-type]

    monkeypatch.setattr("sentiment_assets.monitoring.batch_checks.check_drift", check_drift_at_last)
    result = branch.ingest(key)
    run = branch.instance.get_run_by_id(result.run_id)
    assert result.success
    assert run is not None
    titles = [each.title for each in messages_of_run(branch.instance, "acme", run, UI)]
    assert titles.count("acme: html of a.csv failed") == 1


def test_what_a_step_said_last_counts_where_it_was_tried_again(history: dg.DagsterInstance) -> None:
    tries: list[bool] = []

    @dg.asset(key=["acme", "raw_reviews"], check_specs=[dg.AssetCheckSpec("html", asset=["acme", "raw_reviews"])])
    def raw_reviews() -> Iterator[Any]:
        tries.append(bool(tries))
        yield dg.AssetCheckResult(check_name="html", passed=tries[-1])
        if not tries[-1]:
            raise dg.RetryRequested(max_retries=1, seconds_to_wait=0)
        yield dg.MaterializeResult()

    assert messages(history, raw_reviews) == []
    assert tries == [False, True]


def test_no_run_is_passed_over_where_more_have_ended_than_are_looked_at_at_once(
    history: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    @dg.op(config_schema=bool)
    def works(context: dg.OpExecutionContext) -> None:
        assert context.op_config

    @dg.job
    def job() -> None:
        works()

    monkeypatch.setattr(alert_messages, "_MOST_RUNS", 2)
    ended = [
        job.execute_in_process(
            run_config={"ops": {"works": {"config": well}}}, instance=history, raise_on_error=False
        ).run_id
        for well in (True, True, True, False, True)
    ]
    seen: list[str | None] = []
    last = 0
    while page := ended_runs(history, last):
        last = page[-1][0]
        seen += [run and run.run_id for _, run in page]
    assert seen == ended


@pytest.mark.parametrize(("more", "told"), [({}, 0), ({"is_news": False}, 0), ({"is_news": True}, 1)])
def test_a_check_of_what_an_older_run_took_in_is_told_if_it_had_not_failed_before(
    history: dg.DagsterInstance, more: Mapping[str, bool], told: int
) -> None:
    @dg.asset(key=["acme", "raw_reviews"])
    def raw_reviews() -> None: ...

    @dg.asset_check(asset=raw_reviews)
    def text_drift() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=False, metadata=more)

    dg.materialize([raw_reviews], instance=history)
    asked = dg.AssetSelection.checks(text_drift)
    result = dg.materialize([raw_reviews, text_drift], instance=history, selection=asked)
    run = history.get_run_by_id(result.run_id)
    assert run is not None
    assert len(messages_of_run(history, "acme", run, UI)) == told


@pytest.mark.slow
def test_a_batch_from_before_the_first_champion_is_told_of_when_it_is_compared(acme: BranchInProcess) -> None:
    assert acme.take_in("a.csv", as_csv(made_up_reviews(600))).success
    assert acme.take_in("b.csv", as_file(kitchen(200).assign(label=None))).success
    assert acme.train().success
    titles = []
    for _ in range(2):
        run = acme.instance.get_run_by_id(acme.score("b.csv").run_id)
        assert run is not None
        titles += [each.title for each in messages_of_run(acme.instance, "acme", run, UI)]
    assert titles.count("acme: text_drift of b.csv failed") == 1


def test_a_check_that_passes_is_no_news(history: dg.DagsterInstance) -> None:
    assert messages(history, *checked_reviews(dg.AssetCheckSeverity.WARN, passed=True, wakes_somebody=False)) == []


def test_a_failed_run_is_an_error_with_what_its_step_said(history: dg.DagsterInstance) -> None:
    @dg.asset(key=["acme", "raw_reviews"])
    def raw_reviews() -> None:
        raise dg.Failure("the file is empty", allow_retries=False)

    [message] = messages(history, raw_reviews)
    assert message.severity == "error"
    assert "the file is empty" in message.body
    assert message.links["Run"].startswith(f"{UI}/runs/")


@pytest.mark.parametrize(
    "error", [MemoryError("Unable to allocate 90 GiB"), OSError(ENOMEM, os.strerror(ENOMEM))], ids=["array", "file"]
)
def test_a_step_whose_memory_ran_out_says_what_to_do(error: Exception) -> None:
    """A file that cannot be mapped is refused by the operating system, in words of its own."""

    @dg.op
    def greedy() -> None:
        raise error

    @dg.job
    def alone() -> None:
        greedy()

    [said] = what_failed(alone.execute_in_process(raise_on_error=False).all_events)
    assert said.startswith("Step greedy: ")
    assert str(error) in said
    assert "Memory ran out. Re-execute from failure" in said
