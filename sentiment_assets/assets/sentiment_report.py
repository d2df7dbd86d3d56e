"""``sentiment_report``: what clients read, of one branch and of all."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

from sentiment_assets.assets.best_model import NAME as BEST_MODEL
from sentiment_assets.assets.event_metadata import REPORT_FILE, ROW_COUNT
from sentiment_assets.assets.raw_reviews import NAME as RAW_REVIEWS
from sentiment_assets.assets.scored_reviews import NAME as SCORED_REVIEWS
from sentiment_assets.assets.suspicious_labels import FILE as SUSPICIOUS_LABELS_FILE
from sentiment_assets.assets.suspicious_labels import FINDING, is_current
from sentiment_assets.assets.suspicious_labels import NAME as SUSPICIOUS_LABELS
from sentiment_assets.assets.ui_metadata import picture, rows_of
from sentiment_assets.assets.versions import code_version
from sentiment_assets.resources.check_records import DEGRADATION, DRIFT, QUALITY, load_current_records
from sentiment_assets.resources.report_folders import DAY, PAGE, REPORTS
from sentiment_assets.resources.storage import Storage, frame_attributes, read_frame, read_partitions
from sentiment_assets.resources.tracking import Tracking
from sentiment_assets.resources.ui_addresses import reports_ui
from sentiment_assets.resources.urls import shown
from sentiment_assets.resources.versioned_folders import current_folder, write_folder

if TYPE_CHECKING:
    import pandas as pd
    from upath import UPath

    from sentiment_assets.monitoring.check_record import CheckRecord
    from sentiment_assets.reporting.client_report import ClientReport, FormerReport
    from sentiment_assets.reporting.figures import ChampionTestScores
    from sentiment_assets.resources.registry import LoadedChampion

NAME = "sentiment_report"
_FIGURES = "figures.csv"
"""The frame of the same figures is the asset's value."""
_LOOKED_THROUGH = 20
"""So many of the newest batches are asked for what checks found in them, since any may have failed."""


def sentiment_report_asset(
    branch: str, batch_partitions: dg.PartitionsDefinition, kept: Sequence[str]
) -> dg.AssetsDefinition:
    """The asset ``<branch>/sentiment_report``."""

    @dg.asset(
        name=NAME,
        key_prefix=branch,
        deps=[[branch, name] for name in (RAW_REVIEWS, SCORED_REVIEWS, BEST_MODEL, SUSPICIOUS_LABELS)],
        io_manager_key="frames",
        code_version=code_version(__name__, *kept),
        kinds={"python", "html", "parquet"},
        description=(
            f"The report of {branch} as a folder of HTML pages, and its figures as a table: net sentiment with "
            "confidence bands over time and by each kept column, the words behind it, the reviews behind every number."
        ),
    )
    def sentiment_report(
        context: dg.AssetExecutionContext, storage: Storage, tracking: Tracking
    ) -> dg.MaterializeResult[Any]:
        keys = list(batch_partitions.get_partition_keys(dynamic_partitions_store=context.instance))
        now = datetime.now(UTC)
        former = _former(storage, branch, now.date())
        report = make_report(context.instance, branch, keys, kept, storage=storage, tracking=tracking, former=former)
        return _written(storage, tracking, place=branch, report=report, now=now)

    return sentiment_report


def make_report(
    instance: dg.DagsterInstance,
    branch: str,
    batch_keys: Sequence[str],
    kept: Sequence[str],
    *,
    storage: Storage,
    tracking: Tracking,
    former: "FormerReport | None" = None,
    days: tuple[date, date] | None = None,
) -> "ClientReport":
    """Make the report of what the branch's batches hold now, or of the reviews of some days alone."""
    from sentiment_assets.reporting.client_report import make_client_report

    looked_through = load_current_records(storage, branch, batch_keys[-_LOOKED_THROUGH:])
    looked_at = frame_attributes(storage.path(branch, SUSPICIOUS_LABELS_FILE))
    return make_client_report(
        branch,
        raw=read_partitions(storage, branch, RAW_REVIEWS, batch_keys),
        scored=read_partitions(storage, branch, SCORED_REVIEWS, batch_keys),
        kept=kept,
        champion=_on_test(tracking.champion(branch)),
        records=[] if days else _to_be_told(looked_through),
        now=datetime.now(UTC),
        labels=str(looked_at.get(FINDING, "")) if is_current(instance, branch, looked_at) else "",
        former=former,
        days=days,
    )


def _to_be_told(found: "Mapping[str, Sequence[CheckRecord]]") -> "list[CheckRecord]":
    """What the checks found in the newest batch, and in the newest one that could be compared with the champion."""
    from sentiment_assets.monitoring.check_record import latest_judged
    from sentiment_assets.monitoring.drift_verdict import TEXTS

    compared = latest_judged(found[DRIFT], TEXTS)
    degraded = [record for record in found[DEGRADATION] if compared and record.batch == compared.batch]
    return [*found[QUALITY][-1:], *degraded, *([compared] if compared else [])]


def write_report_files(storage: Storage, place: str, name: str, report: "ClientReport") -> "UPath":
    """Put the files of a report into a folder of that name among those of its branch; returns where they lie in it."""
    from sentiment_assets.presentation.spreadsheet import table_to_csv

    own = {PAGE: report.html.encode(), _FIGURES: table_to_csv(report.figures)}
    return write_folder(storage.path(place, REPORTS, name), {**report.files, **own})


def _on_test(champion: "LoadedChampion | None") -> "ChampionTestScores | None":
    from sentiment_assets.reporting.figures import ChampionTestScores
    from sentiment_assets.reporting.neutral_band import fit_neutral_band

    if champion is None or champion.reference is None:
        return None
    margins, labels = champion.reference.on_test()
    if not len(labels):
        return None
    calibration, neutral = champion.model.calibration, champion.reference.neutral
    return ChampionTestScores(
        version=champion.version,
        margins=margins,
        scores=calibration.scores(margins),
        labels=labels,
        trained_on=champion.model.trained_on,
        least_positive_score=calibration.least_positive_score,
        even_score=calibration.even_score,
        scores_by_rating=calibration.rating_curve is not None,
        neutral_band=fit_neutral_band(
            calibration.scores(champion.reference.margins), calibration.scores(neutral.margins), neutral.share
        ),
    )


def figures_of_reports(storage: Storage, branch: str, since: date) -> "dict[date, pd.DataFrame]":
    """The figures of the last report of each day from ``since`` on, as far as there is one."""
    files = _figures_files(storage, branch)
    return {day: _read_figures(file) for day, file in files.items() if day >= since}


def _former(storage: Storage, branch: str, today: date) -> "FormerReport | None":
    """The last report of a day before this one."""
    from sentiment_assets.reporting.client_report import FormerReport

    earlier = {day: file for day, file in _figures_files(storage, branch).items() if day < today}
    return FormerReport(max(earlier), _read_figures(earlier[max(earlier)])) if earlier else None


def _figures_files(storage: Storage, branch: str) -> "dict[date, UPath]":
    """The figures of each day that has any, the earliest first."""
    folder = storage.path(branch, REPORTS)
    names = sorted(each.name for each in folder.iterdir()) if folder.exists() else []
    days = [name for name in names if DAY.fullmatch(name)]
    files = {date.fromisoformat(day): current_folder(folder / day) / _FIGURES for day in days}
    return {day: file for day, file in files.items() if file.exists()}


def _read_figures(file: "UPath") -> "pd.DataFrame":
    from sentiment_assets.presentation.spreadsheet import table_of_csv
    from sentiment_assets.reporting.figures import TEXT_COLUMNS

    return table_of_csv(file.read_bytes(), TEXT_COLUMNS)


def joined_report_asset(branches: Sequence[str]) -> dg.AssetsDefinition:
    """The asset ``sentiment_report``, brought up to date when that of a branch is."""

    @dg.asset(
        name=NAME,
        group_name="all_branches",
        deps=[[branch, NAME] for branch in branches],
        io_manager_key="frames",
        code_version=code_version(__name__),
        kinds={"python", "html", "parquet"},
        automation_condition=_once_a_branch_has_one(),
        description="The reports of all branches in one HTML page and one table of figures.",
    )
    def sentiment_report(storage: Storage, tracking: Tracking) -> dg.MaterializeResult[Any]:
        from sentiment_assets.reporting.client_report import join_reports

        paths = {branch: storage.path(branch, f"{NAME}.parquet") for branch in branches}
        figures = {branch: read_frame(path) for branch, path in paths.items() if path.exists()}
        now = datetime.now(UTC)
        report = join_reports(branches, figures, now, reports_at=reports_ui())
        return _written(storage, tracking, place=NAME, report=report, now=now)

    return sentiment_report


def _once_a_branch_has_one() -> dg.AutomationCondition[dg.AssetKey]:
    """Eager, but neither waiting for the report of every branch nor blind to those from before the daemon started."""
    condition = dg.AutomationCondition
    eager = condition.eager().without(~condition.any_deps_missing())
    at_first = condition.initial_evaluation() & condition.missing()
    return (eager | at_first) & condition.any_deps_match(~condition.missing())


def _written(
    storage: Storage, tracking: Tracking, *, place: str, report: "ClientReport", now: datetime
) -> dg.MaterializeResult[Any]:
    """All files in the folder of the day; the page by itself where the branch's people look, in MLflow."""
    day = f"{now:%Y-%m-%d}"
    folder = write_report_files(storage, place, day, report)
    return dg.MaterializeResult(
        value=report.figures,
        metadata={
            ROW_COUNT: len(report.figures),
            "report": dg.MetadataValue.url(f"{reports_ui()}/reports/{place}/{day}/"),
            "report_in_mlflow": tracking.publish_page(place, PAGE, report.page_alone(shown(folder / PAGE)).encode()),
            REPORT_FILE: shown(folder / PAGE),
            "figures_file": shown(folder / _FIGURES),
            "batches_out_of_date": len(report.out_of_date),
            **({"over_time": picture("over_time.svg", report.picture)} if report.picture else {}),
            "figures": rows_of(report.figures),
        },
    )
