from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
from upath import UPath

from sentiment_assets.automation.period_report import PeriodSettings
from sentiment_assets.resources.home import home
from sentiment_assets.resources.versioned_folders import current_folder
from testing.corpus import made_up_reviews
from testing.in_process import BranchInProcess, failure_of


@pytest.fixture
def dated(acme: BranchInProcess) -> BranchInProcess:
    """A branch with a champion, whose reviews are of the first 30 days of October, 20 a day, and then scored."""
    lines = ["review_id,text,label,created_at"]
    for number, each in enumerate(made_up_reviews(600)):
        lines.append(f"{each['review_id']},{each['text']},{each['label']},2026-10-{1 + number % 30:02}")
    assert acme.take_in("october.csv", "\n".join(lines).encode()).success
    assert acme.train().success
    assert acme.score("october.csv").success
    return acme


def report_of(branch: BranchInProcess, first: str, last: str) -> dg.ExecuteInProcessResult:
    settings = PeriodSettings(first_day=first, last_day=last)
    return branch.run("period_report", run_config=dg.RunConfig(ops={"acme__period_report": settings}))


def reviews_in(folder: Path) -> int:
    figures = pd.read_csv(Path(current_folder(UPath(folder)).path) / "figures.csv")
    return int(figures[(figures["by"] == "all") & (figures["period"] == "all")]["reviews"].iloc[0])


def test_a_report_of_some_days_counts_the_reviews_of_these_days_and_changes_nothing_else(
    dated: BranchInProcess,
) -> None:
    assert dated.report().success
    before = dated.materialization("sentiment_report")
    assert report_of(dated, "2026-10-05", "2026-10-11").success
    reports = Path(home()) / "data" / "acme" / "reports"
    assert reviews_in(reports / "2026-10-05_2026-10-11") == 7 * 20
    [daily] = [each for each in reports.iterdir() if "_" not in each.name]
    assert reviews_in(daily) == 600
    assert dated.materialization("sentiment_report") == before


@pytest.mark.parametrize(
    ("first", "last", "says"),
    [
        ("2026-10-11", "2026-10-05", "last_day, 2026-10-05, is before first_day, 2026-10-11"),
        ("October", "2026-10-05", "first_day: 'October' is no day; 2026-10-31 is one"),
        ("2025-10-01", "2025-10-05", "no scored review of acme was written from 2025-10-01 to 2025-10-05"),
    ],
)
def test_days_of_which_there_is_no_report_are_said(dated: BranchInProcess, first: str, last: str, says: str) -> None:
    assert says in failure_of(report_of(dated, first, last))
    assert not (Path(home()) / "data" / "acme" / "reports").exists()
