import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner
from rich.console import Console

from sentiment_assets.cli import main
from sentiment_assets.commands.status import BranchStatus, branch_status, next_runs, show
from sentiment_assets.resources import mlflow_settings
from testing import servers
from testing.corpus import as_csv, made_up_reviews
from testing.in_process import BranchInProcess

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


def status_of(branch: BranchInProcess) -> BranchStatus:
    return branch_status(branch.instance, branch.name, "landing/acme")


def shown(status: BranchStatus, heard_at: datetime | None = None) -> str:
    screen = io.StringIO()
    show(Console(width=200, file=screen), [status], heard_at=heard_at, now=NOON)
    return screen.getvalue()


def test_a_branch_without_a_file_is_told_where_to_land_one(acme: BranchInProcess, home: Path) -> None:
    status = status_of(acme)
    assert (status.batches, status.champion, status.warnings) == (0, None, ())
    [missing] = status.missing
    assert missing.startswith(f"no file has landed yet: drop one into {home}/landing/acme")
    acme.land("notes.docx", b"of nobody's concern")
    assert status_of(acme).missing == [missing]
    acme.land("a.csv", b"text,label\nfine,1\n")
    [missing] = status_of(acme).missing
    assert missing == f"1 file lies in {home}/landing/acme: a running daemon takes in what lands within a minute or two"


def test_while_the_first_files_are_taken_in_nothing_is_said_of_labels(acme: BranchInProcess) -> None:
    acme.register_batch("a.csv")
    acme.instance.add_run(dg.DagsterRun("other_ingest", status=dg.DagsterRunStatus.STARTED))
    assert "the first files are being taken in" not in str(status_of(acme).missing)
    acme.instance.add_run(dg.DagsterRun("acme_ingest", status=dg.DagsterRunStatus.STARTED))
    assert status_of(acme).missing == ["nothing is stored yet: the first files are being taken in"]


def test_without_mlflow_all_but_the_champion_is_told(trained: BranchInProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    with_mlflow = status_of(trained)
    monkeypatch.setattr(mlflow_settings, "SECONDS_TO_ANSWER", 0.2)
    with servers.silent() as address:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        status = status_of(trained)
    away = f"MLflow at {address} cannot be reached: timed out. Start it, or set MLFLOW_TRACKING_URI to where it is"
    assert status == replace(
        with_mlflow, champion=None, registry_away=away, missing=[f"nothing is known of a champion: {away}"]
    )
    assert "champion  unknown" in shown(status)


def test_a_sister_that_a_branch_names_is_told_and_not_asked_for(acme: BranchInProcess) -> None:
    assert acme.take_in("bare.csv", b"text\nsuperb and lovely\ndull and boring\n").success
    alone = status_of(acme)
    assert alone.missing == [
        "no review has a label, so nothing can be trained: land labelled ones, or name a sister (start_from)"
    ]
    status = branch_status(acme.instance, acme.name, "landing/acme", sister="movies@3")
    assert status.missing == ["no review has a label, so nothing can be trained: land labelled ones"]
    assert ("champion  none\n" in shown(alone), shown(status).splitlines()[2]) == (
        True,
        "  champion  none; movies@3, a sister, scores until there is one",
    )


@pytest.mark.slow
def test_a_branch_says_step_by_step_what_it_lacks(acme: BranchInProcess) -> None:
    assert acme.take_in("bare.csv", b"text\nsuperb and lovely\ndull and boring\n").success
    [no_labels] = status_of(acme).missing
    assert no_labels.startswith("no review has a label, so nothing can be trained")
    assert acme.take_in("a.csv", as_csv(made_up_reviews(600))).success
    [no_champion] = status_of(acme).missing
    assert no_champion == "no champion yet: a running daemon trains one by itself, or run the job acme_train in Dagster"
    under_way = dg.DagsterRun("acme_train", status=dg.DagsterRunStatus.STARTED)
    acme.instance.add_run(under_way)
    assert status_of(acme).missing == ["no champion yet: a train run is under way"]
    acme.instance.delete_run(under_way.run_id)
    assert acme.with_settings(promotion={"fewest_test_reviews": 1_000}).train().success
    [not_promoted] = status_of(acme).missing
    assert not_promoted.startswith("no champion yet: version 1 waits. Not promoted: no champion yet, but ")
    assert not_promoted.endswith("Land more labelled reviews, of both labels.")
    assert acme.train().success
    [unscored] = status_of(acme).missing
    assert unscored.startswith("2 batches without scores (bare.csv, a.csv): a running daemon scores them")
    for key in ("bare.csv", "a.csv"):
        assert acme.score(key).success
    assert status_of(acme).missing == []
    unlabelled = [{"text": each["text"]} for each in made_up_reviews(100, seed=8)]
    assert acme.take_in("new.csv", as_csv(unlabelled)).success
    assert acme.score("new.csv").success
    [labels] = status_of(acme).missing
    assert labels.startswith("labels of new.csv: those of a few reviews would say how often the scores are right")
    assert "label_budget/new.csv.csv" in labels


def test_the_figures_are_those_of_the_batches_and_of_the_registry(trained: BranchInProcess) -> None:
    more = as_csv(made_up_reviews(100, seed=5)) + b"a superb odd one,maybe\r\n"
    assert trained.take_in("b.csv", more).success
    status, said = status_of(trained), [trained.metadata_of("raw_reviews", key) for key in ("a.csv", "b.csv")]
    assert (status.batches, status.quarantined) == (2, 1)
    assert status.reviews == sum(int(each["dagster/row_count"].value) for each in said)
    assert status.labelled == status.reviews
    assert status.champion is not None
    assert status.champion.version == "1"
    said = trained.metadata("best_model")
    assert status.champion.test_accuracy == pytest.approx(said["test_accuracy"].value, abs=1e-4)
    assert status.champion.test_reviews == said["test_reviews"].value
    assert status.champion.low <= status.champion.test_accuracy <= status.champion.high
    assert [each.what for each in [status.last_run] if each] == ["acme_ingest"]


def test_a_batch_that_failed_is_named_until_it_is_taken_in(acme: BranchInProcess) -> None:
    assert not acme.take_in("a.csv", b"body\nfine\n").success
    assert status_of(acme).failed == ["a.csv"]
    assert "batches   0 taken in of 1, with 0 rows kept" in shown(status_of(acme))
    assert "(a.csv): sentiment-assets replay acme tries again and says why" in " ".join(status_of(acme).missing)
    assert acme.take_in("a.csv", b"text,label\nfine,1\ndull,0\n").success
    assert status_of(acme).failed == []


def test_a_batch_whose_content_was_replaced_and_not_scored_since_waits_for_scores(trained: BranchInProcess) -> None:
    assert trained.score("a.csv").success
    assert status_of(trained).unscored == []
    trained.land("a.csv", as_csv(made_up_reviews(300, seed=3)))
    assert trained.pick(dg.AssetSelection.assets(["acme", "raw_reviews"]), "a.csv").success
    assert status_of(trained).unscored == ["a.csv"]


def test_what_the_clock_does_next_is_told_unless_it_was_stopped(
    acme: BranchInProcess, instance: dg.DagsterInstance
) -> None:
    schedules = acme.definitions.get_repository_def().schedule_defs
    tidy, report = next_runs(instance, "acme", schedules, NOON)
    assert (tidy.schedule, tidy.at) == ("acme_tidy_schedule", datetime(2026, 11, 30, 4, 30, tzinfo=UTC))
    assert (report.schedule, report.at) == ("acme_report_schedule", datetime(2026, 11, 30, 6, tzinfo=UTC))
    assert report in next_runs(instance, "acme", schedules, report.at - timedelta(minutes=1))
    assert next_runs(instance, "other", schedules, NOON) == []


def test_open_warnings_are_shown_with_their_sentences(trained: BranchInProcess) -> None:
    odd = "\n".join(["text", *(f"ZQX {number} blorp" for number in range(200))]).encode()
    assert trained.take_in("odd.csv", odd).success
    status = status_of(trained)
    assert "text_drift" in [each.check for each in status.warnings]
    text = shown(status)
    assert f"{len(status.warnings)} open warning" in text
    assert "⚠ text_drift of odd.csv: " in text
    assert trained.take_in("odder.csv", odd.replace(b"blorp", b"glorp")).success
    text = shown(status_of(trained))
    assert text.count("text_drift of ") == 1
    assert "⚠ text_drift of odder.csv and 1 other batch: " in text


@pytest.mark.parametrize(
    ("heard", "says"),
    [
        (None, "Nothing happens by itself: Dagster's daemon was never started"),
        (NOON - timedelta(hours=3), "Dagster's daemon was last heard 3 hours ago. sentiment-assets dev starts it"),
        (NOON - timedelta(seconds=40), "Dagster's daemon is running"),
    ],
)
def test_whether_anything_happens_by_itself_is_said(acme: BranchInProcess, heard: datetime | None, says: str) -> None:
    assert says in shown(status_of(acme), heard)


@pytest.mark.usefixtures("home")
def test_the_command_tells_of_every_branch_and_refuses_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    done = CliRunner().invoke(main, ["status", "--json"])
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert [each["branch"] for each in said["branches"]] == ["movies", "shopping"]
    assert said["daemon_heard_at"] is None
    refused = CliRunner().invoke(main, ["status", "acm"])
    assert refused.exit_code == 1
    assert "there is no branch 'acm'; there are: movies, shopping" in refused.output
