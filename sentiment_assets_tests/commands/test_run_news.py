from datetime import UTC, datetime

from sentiment_assets.commands.run_news import RunNews
from testing.in_process import BranchInProcess


def test_each_run_that_ends_is_told_once_and_a_failed_one_with_its_reason(acme: BranchInProcess) -> None:
    assert acme.take_in("early.csv", b"text,label\nfine,1\ndull,0\n").success
    news = RunNews(acme.instance, "http://dagster", datetime.now(UTC))
    assert acme.take_in("a.csv", b"text,label\nfine,1\ndull,0\n").success
    assert [line.split("  ")[1] for line in news.lines()] == ["✓ acme_ingest (a.csv)"]
    assert list(news.lines()) == []
    failed = acme.take_in("b.csv", b"body\nfine\n")
    [line] = news.lines()
    assert "✗ acme_ingest (b.csv): Step " in line
    assert "b.csv" in line.split("Step")[1]
    assert line.endswith(f"http://dagster/runs/{failed.run_id}")


def test_a_search_is_told_without_its_first_and_last_candidate(acme: BranchInProcess) -> None:
    assert acme.take_in("a.csv", b"text,label\nfine,1\ndull,0\n").success
    news = RunNews(acme.instance, "http://dagster", datetime.now(UTC))

    acme.train("splits")  # fails: two reviews are not enough

    [line] = news.lines()
    assert "✗ acme_train: Step " in line
