import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from sentiment_assets.cli import main


def write_report(home: Path, branch: str, day: str) -> Path:
    page = home / "data" / branch / "reports" / day / "report.html"
    page.parent.mkdir(parents=True)
    page.write_text("<p>")
    return page


def test_the_latest_report_is_named_as_file_and_as_address(home: Path) -> None:
    write_report(home, "acme", "2026-11-27")
    latest = write_report(home, "acme", "2026-11-28")
    done = CliRunner().invoke(main, ["report", "acme"])
    assert done.output.splitlines() == [
        "acme: report of 2026-11-28",
        f"  {latest}",
        "  http://127.0.0.1:8001/reports/acme/2026-11-28/",
    ]
    said = json.loads(CliRunner().invoke(main, ["report", "acme", "--json"]).output)
    assert (said["day"], said["file"]) == ("2026-11-28", str(latest))


def test_without_a_branch_it_is_the_report_of_all(home: Path) -> None:
    joined = write_report(home, "sentiment_report", "2026-11-28")
    assert str(joined) in CliRunner().invoke(main, ["report"]).output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ["report", "movies"],
            "no report of branch 'movies'; there are reports of: acme. To have one: sentiment-assets report movies --w",
        ),
        (["report", "acm"], "no report of branch 'acm', and no such branch; there are reports of: acme"),
        (["report", "acm", "--write"], "there is no branch 'acm'; there are: movies, shopping"),
        (["report", "--write"], "name the BRANCH whose report is to be written"),
        (["report"], "no report that joins all branches; there are reports of: acme"),
    ],
)
def test_a_report_that_is_not_there_is_said(home: Path, arguments: list[str], says: str) -> None:
    write_report(home, "acme", "2026-11-28")
    refused = CliRunner().invoke(main, arguments)
    assert refused.exit_code in (1, 2)
    assert says in refused.output
