"""The demo itself: land, ingest, train, score, and show what came of it."""

import json
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, TaskID
from rich.table import Table

from sentiment_assets.assets import best_model, published_scores, raw_reviews, scored_reviews, sentiment_report
from sentiment_assets.assets import trained_candidates as candidates
from sentiment_assets.assets.event_metadata import CHAMPION_VERSION, REPORT_FILE, ROW_COUNT, SELECTED_CANDIDATE
from sentiment_assets.automation.jobs import (
    ingest_job_name,
    publish_job_name,
    pull_job_name,
    report_job_name,
    score_job_name,
    train_job_name,
)
from sentiment_assets.branch.definitions import batch_partitions_name
from sentiment_assets.commands.demo import orders
from sentiment_assets.commands.demo.asking import ask
from sentiment_assets.commands.demo.corpora import Delivery, deliveries, land
from sentiment_assets.commands.demo.demo_run import DemoRun, metadata_of, run_here, wait_for_platform
from sentiment_assets.commands.demo.progress import progress_on, step
from sentiment_assets.definitions import defs, resources
from sentiment_assets.ingestion.batch_key import batch_key
from sentiment_assets.publishing.settings import Duckdb
from sentiment_assets.resources.check_records import DEGRADATION, DRIFT, QUALITY, load_records
from sentiment_assets.resources.dagster_runs import stretch_tags
from sentiment_assets.resources.home import home
from sentiment_assets.resources.mlflow_settings import require_mlflow, tracking_uri
from sentiment_assets.resources.ui_addresses import dagster_ui, reports_ui

_SECONDS_BETWEEN_LOOKS = 0.5
NEXT_STEPS = {
    "make dev": "opens Dagster, MLflow and the reports on these data",
    ".venv/bin/sentiment-assets status": "tells how each branch stands",
    ".venv/bin/sentiment-assets score FILE --branch movies": "scores a file of yours with the champion",
    ".venv/bin/dg scaffold defs sentiment_assets.SentimentBranch acme": "adds a branch",
}

QUESTION = """\
SELECT branch, sum(reviews) AS reviews, sum(positive) AS positive, sum(negative) AS negative,
  round((sum(positive) - sum(negative)) / sum(positive + negative), 3) AS net_sentiment
FROM sentiment.net_sentiment_by_day
GROUP BY branch ORDER BY branch"""


def run_demo(console: Console, instance: dg.DagsterInstance, log_file: Path, *, watch: bool = False) -> None:
    """Land, ingest, train, score and report both branches; what is already done is left as it is.

    With ``watch`` a running platform's sensors do the work. Raises ``RunFailed``, ``MlflowAway`` and
    ``NoAnswer``.
    """
    require_mlflow(tracking_uri())
    landed: dict[str, list[Delivery]] = {}
    with _stderr_into(log_file), progress_on(console) as progress:
        with step(progress, "reading the corpora"):
            for delivery in deliveries():
                landed.setdefault(delivery.branch, []).append(delivery)
        walk = _Walk(instance, progress, watch=watch)
        for branch, files in landed.items():
            *first, last = files
            _land(first)  # a platform that watches trains once they are all there
            ingested = [walk.ingest(branch, delivery) for delivery in first]
            if any(ingested) or not walk.materialized(branch, best_model.NAME):
                walk.train(branch)
            if last.is_pulled:
                last = walk.pull(branch, last)
            else:
                _land([last])
            news = [walk.ingest(branch, last), *[walk.score(branch, delivery) for delivery in (*first, last)]]
            if any(news) or not walk.materialized(branch, sentiment_report.NAME):
                walk.report(branch)
            walk.publish(branch, [*first, last], anew=any(news))
    for branch in landed:
        _show_candidates(console, instance, branch)
    _show_outcome(console, instance, list(landed))
    _show_warnings(console, instance, list(landed))
    _show_reports(console, instance, list(landed))
    if watch:
        console.print(f"Look at them in Dagster: [bold]{dagster_ui()}[/bold]", highlight=False)
    else:
        _show_next_steps(console)
    _show_warehouse(console)
    if not watch:
        _show_answer(console, log_file)


@contextmanager
def _stderr_into(log_file: Path) -> Iterator[None]:
    """Dagster's own log, that of the step processes included, into a file and off the progress display."""
    sys.stderr.flush()
    terminal = os.dup(2)
    with log_file.open("ab") as log:
        os.dup2(log.fileno(), 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(terminal, 2)
        os.close(terminal)


def _land(files: Sequence[Delivery]) -> None:
    for delivery in files:
        land(delivery, f"landing/{delivery.branch}")


def candidate_keys(branch: str) -> Sequence[str]:
    """The partition keys of a branch's candidates."""
    partitions = defs().resolve_job_def(train_job_name(branch)).partitions_def
    return partitions.get_partition_keys() if partitions else []


class _Walk:
    """Has one piece of work done after the other and reports on it."""

    def __init__(self, instance: dg.DagsterInstance, progress: Progress, *, watch: bool) -> None:
        self.instance, self.progress, self.dagster_ui, self.watch = instance, progress, dagster_ui(), watch
        self.started = datetime.now(UTC)

    def materialized(self, branch: str, asset: str, partition: str | None = None) -> bool:
        return metadata_of(self.instance, branch, asset, partition) is not None

    def pull(self, branch: str, delivery: Delivery) -> Delivery:
        """Have what a delivery holds pulled from a database unless it was. Returns it as the file that has landed."""
        landing = f"landing/{branch}"
        if not orders.pulled(landing):
            os.environ.update(orders.address())
            orders.sell(json.loads(delivery.content))
            with step(self.progress, f"{branch}: pull {orders.SOURCE} from a database"):
                run_here(self.instance, DemoRun(branch, pull_job_name(branch), orders.SOURCE), self.dagster_ui)
        return replace(delivery, file_name=orders.pulled(landing)[0])

    def ingest(self, branch: str, delivery: Delivery) -> bool:
        """Ingest a file unless its batch is there. Returns whether it was ingested."""
        return self._batch(branch, delivery, what="ingest", job=ingest_job_name(branch), asset=raw_reviews.NAME)

    def train(self, branch: str) -> None:
        """Train every candidate in one run."""
        names = candidate_keys(branch)
        tags = candidates.all_candidates_tags(names)
        with (
            step(self.progress, f"{branch}: train {len(names)} candidates", len(names)) as task,
            self._counting_candidates(branch, task),
        ):
            self._do(DemoRun(branch, train_job_name(branch), best_model.NAME, tags=tags))

    def score(self, branch: str, delivery: Delivery) -> bool:
        """Score a batch unless it has scores. Returns whether it was scored."""
        return self._batch(branch, delivery, what="score", job=score_job_name(branch), asset=scored_reviews.NAME)

    def report(self, branch: str) -> None:
        """Write the branch's report; a platform would at its own time."""
        with step(self.progress, f"{branch}: report"):
            run_here(self.instance, DemoRun(branch, report_job_name(branch), sentiment_report.NAME), self.dagster_ui)

    def publish(self, branch: str, files: Sequence[Delivery], *, anew: bool) -> None:
        """Publish the branch's batches in one run, unless they are; a platform does so by itself."""
        keys = [batch_key(delivery.file_name) for delivery in files]
        missing = [key for key in keys if not self.materialized(branch, published_scores.NAME, key)]
        if not missing and not anew:
            return
        job, asset = publish_job_name(branch), published_scores.NAME
        with step(self.progress, f"{branch}: publish {len(keys)} batches"):
            if self.watch:
                for key in missing:
                    self._do(DemoRun(branch, job, asset, key))
            else:
                self._do(DemoRun(branch, job, asset, tags=stretch_tags(keys[0], keys[-1])))

    def _batch(self, branch: str, delivery: Delivery, *, what: str, job: str, asset: str) -> bool:
        key = batch_key(delivery.file_name)
        if self.materialized(branch, asset, key):
            return False
        with step(self.progress, f"{branch}: {what} {key}"):
            self._do(DemoRun(branch, job, asset, key))
        return True

    def _do(self, demo_run: DemoRun) -> None:
        if self.watch:
            wait_for_platform(self.instance, demo_run, self.dagster_ui, self.started)
        else:
            run_here(self.instance, demo_run, self.dagster_ui)

    @contextmanager
    def _counting_candidates(self, branch: str, task: TaskID) -> Iterator[None]:
        done = threading.Event()
        asset_key, job = dg.AssetKey([branch, candidates.NAME]), train_job_name(branch)

        def look() -> None:
            while not done.wait(_SECONDS_BETWEEN_LOOKS):
                for run in self.instance.get_runs(dg.RunsFilter(job_name=job, created_after=self.started), limit=1):
                    events = self.instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
                    trained = {
                        entry.dagster_event.partition
                        for entry in events
                        if entry.dagster_event and entry.dagster_event.asset_key == asset_key
                    }
                    self.progress.update(task, completed=len(trained))

        watcher = threading.Thread(target=look, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()


def _show_candidates(console: Console, instance: dg.DagsterInstance, branch: str) -> None:
    chosen = metadata_of(instance, branch, best_model.NAME) or {}
    table = Table(title=f"{branch}: candidates", box=SIMPLE_HEAD, pad_edge=False)  # so that a key has room in a line
    table.add_column("candidate", overflow="fold")
    for figure in ("validation\nhinge loss", "processor\nseconds"):
        table.add_column(figure, justify="right")
    for record in chosen["sweep_ledger_table"].records:
        key, loss, seconds = (record.data[name] for name in ("candidate", "validation_loss", "cpu_seconds"))
        selected = key == chosen[SELECTED_CANDIDATE].value
        style = "bold" if selected else None
        table.add_row(key, f"→ {loss:.4f}" if selected else f"{loss:.4f}", f"{seconds:.1f}", style=style)
    console.print(table)


def _show_outcome(console: Console, instance: dg.DagsterInstance, branches: Sequence[str]) -> None:
    table = Table("branch", "champion", "test accuracy", "behavioural cases", "reviews scored", title="Outcome")
    for branch in branches:
        chosen = metadata_of(instance, branch, best_model.NAME) or {}
        keys = instance.get_dynamic_partitions(batch_partitions_name(branch))
        batches = [metadata_of(instance, branch, scored_reviews.NAME, key) or {} for key in keys]
        table.add_row(
            branch,
            f"version {chosen[CHAMPION_VERSION].value}",
            f"{chosen['test_accuracy'].value:.4f}",
            f"{chosen['behaviour_passed'].value:.0f} of {chosen['behaviour_cases'].value:.0f}",
            f"{sum(batch[ROW_COUNT].value for batch in batches if batch):,} in {len(batches)} batches",
        )
    console.print(table)


def _show_warnings(console: Console, instance: dg.DagsterInstance, branches: Sequence[str]) -> None:
    storage = resources()["storage"]
    for branch in branches:
        batch_keys = instance.get_dynamic_partitions(batch_partitions_name(branch))
        for record in (
            each for group in (QUALITY, DRIFT, DEGRADATION) for each in load_records(storage, branch, group, batch_keys)
        ):
            for finding in record.findings:
                if finding.warns:
                    warning = escape(f"{branch}, {record.batch}, {finding.name}: {finding.sentence}")
                    console.print(f"[yellow]⚠[/yellow] {warning}", highlight=False, soft_wrap=True)


def _show_reports(console: Console, instance: dg.DagsterInstance, branches: Sequence[str]) -> None:
    for branch in branches:
        report = (metadata_of(instance, branch, sentiment_report.NAME) or {})[REPORT_FILE].value
        console.print(f"{branch}: report in [bold]{report}[/bold]", highlight=False, soft_wrap=True)
    console.print(f"While `make dev` runs, they are at [bold]{reports_ui()}/reports/[/bold]", highlight=False)


def _show_next_steps(console: Console) -> None:
    console.print(f"Scores, quarantine and models lie below [bold]{home() / 'data'}[/bold].")
    console.print("What next:")
    for command, outcome in NEXT_STEPS.items():
        console.print(f"  [bold]{command}[/bold]\n    {outcome}", soft_wrap=True)


def _show_warehouse(console: Console) -> None:
    import duckdb

    file = home() / Duckdb(to="duckdb").path
    console.print(f"What analysts ask of [bold]{file}[/bold], by DuckDB:", highlight=False, soft_wrap=True)
    console.print(f"{escape(QUESTION)}\n", highlight=False, soft_wrap=True)
    with duckdb.connect(file.path, read_only=True) as warehouse:
        answer = warehouse.execute(QUESTION)
        table = Table(*(column[0] for column in answer.description))
        for row in answer.fetchall():
            table.add_row(*map(str, row))
    console.print(table)


def _show_answer(console: Console, log_file: Path) -> None:
    command, answer = ask(log_file)
    said = "What other programs ask while [bold].venv/bin/sentiment-assets serve[/bold] runs, and the answer:"
    console.print(said, highlight=False, soft_wrap=True)
    console.print(f"{escape(command)}\n{escape(answer)}", highlight=False, soft_wrap=True)
