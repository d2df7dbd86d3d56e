"""Reports and drift pages, asked for as a browser does."""

import asyncio
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from upath import UPath

from sentiment_assets.serving.reports import reports_app


@pytest.fixture
def data(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    for file, content in {
        "acme/reports/2026-11-27/report.html": "<p>former",
        "acme/reports/2026-11-28/report.html": "<p>latest",
        "acme/reports/2026-11-28/reviews.html": "<p>reviews",
        "acme/reports/2026-11-28/reviews/1.js": "rows()",
        "acme/reports/2026-11-28/.report.html.part": "half",
        "acme/reports/2026-11-28/notes.py": "secret",
        "acme/reports/notes/report.html": "secret",
        "acme/reports/2026-11-29/reviews.html": "half of a report",
        "acme/reports/2026-11-01_2026-11-07/report.html": "<p>a week",
        "acme/monitoring/drift.html": "<p>drift",
        "acme/raw_reviews/a.html": "secret",
        "sentiment_report/reports/2026-11-28/report.html": "<p>joined",
        "empty/raw_reviews/a.parquet": "secret",
        "secret.html": "secret",
    }.items():
        (data / file).parent.mkdir(parents=True, exist_ok=True)
        (data / file).write_text(content)
    return data


@pytest.fixture
def client(data: Path) -> TestClient:
    return TestClient(reports_app(UPath(data), ["reports.example"]), base_url="http://reports.example")


def test_the_latest_report_is_a_link_that_stays(client: TestClient) -> None:
    latest = client.get("/reports/acme/latest/")
    assert (latest.text, latest.url.path) == ("<p>latest", "/reports/acme/2026-11-28/report.html")
    assert client.get("/reports/acme/latest").text == "<p>latest"
    assert client.get("/reports/acme/latest/reviews.html").text == "<p>reviews"
    assert client.get("/reports/acme/2026-11-27/").text == "<p>former"
    script = client.get("/reports/acme/2026-11-28/reviews/1.js")
    assert (script.text, script.headers["content-type"]) == ("rows()", "text/javascript; charset=utf-8")


def test_the_index_names_what_there_is_and_all_its_links_lead_somewhere(client: TestClient) -> None:
    index = client.get("/").text
    links = [each.split('"')[0] for each in index.split('href="')[1:]]
    assert links[0] == "/reports/sentiment_report/latest/", "the report of all branches comes first"
    assert "/drift/acme" in links
    assert "empty" not in index
    assert {client.get(each).status_code for each in links} == {200}
    days = client.get("/reports/acme/").text
    assert days.index("2026-11-28") < days.index("2026-11-27")


def test_a_path_that_a_client_would_not_send_leads_nowhere_either(data: Path) -> None:
    """Clients resolve two dots before they send them; whoever writes the request by hand does not."""
    app = reports_app(UPath(data), ["reports.example"])
    answers: list[dict[str, object]] = []

    async def ask(path: str) -> None:
        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(b"host", b"reports.example")],
            "scheme": "http",
            "server": ("reports.example", 80),
        }

        async def send(message: dict[str, object]) -> None:
            answers.append(message)

        await app(scope, asyncio.Event().wait, send)  # type: ignore[arg-type]

    for path in ("/reports/acme/2026-11-28/../../../secret.html", "/reports/acme/2026-11-28//etc/x.html", "/drift/.."):
        answers.clear()
        asyncio.run(ask(path))
        assert answers[0]["status"] == 404, path


def test_a_report_of_some_days_is_found_from_the_index(client: TestClient) -> None:
    assert 'href="/reports/acme/"' in client.get("/reports/").text
    assert 'href="/reports/acme/2026-11-01_2026-11-07/"' in client.get("/reports/acme/").text
    assert client.get("/reports/acme/2026-11-01_2026-11-07/").text == "<p>a week"


def test_a_folder_without_its_page_is_no_report_yet(client: TestClient) -> None:
    assert "2026-11-29" not in client.get("/reports/acme/").text


def test_without_a_report_the_index_says_how_there_will_be_one(tmp_path: Path) -> None:
    client = TestClient(reports_app(UPath(tmp_path / "none"), ["reports.example"]), base_url="http://reports.example")
    assert "No report has been written yet" in client.get("/reports/").text


@pytest.mark.parametrize(
    "path",
    [
        "/reports/acme/2026-11-29/",
        "/reports/acm/latest/",
        "/reports/acme/2026-11-28/notes.py",
        "/reports/acme/2026-11-28/.report.html.part",
        "/reports/acme/2026-11-28/reviews",
        "/reports/acme/..%2F..%2Fraw_reviews/a.html",
        "/reports/acme/2026-11-28/..%2F..%2F..%2F..%2Fsecret.html",
        "/reports/acme/2026-11-28/%2Fetc%2Fpasswd.html",
        "/reports/..%2F..%2F/2026-11-28/report.html",
        "/reports/acme/2026-11-28/x\\..%5C..%5Csecret.html",
        "/reports/acme/2026-11-28/%00.html",
        "/drift/%2E%2E",
        f"/drift/{'x' * 300}",
        f"/reports/{'x' * 300}/",
        "/reports/acme/notes/report.html",
        "/drift/empty",
        "/data/secret.html",
    ],
)
def test_nothing_else_is_given_away(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "secret" not in answer.text


def test_no_page_runs_what_is_not_its_own_and_none_is_framed(client: TestClient) -> None:
    for path in ("/reports/", "/reports/acme/", "/reports/acme/2026-11-28/report.html", "/drift/acme"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_a_name_that_leads_here_from_elsewhere_is_refused(client: TestClient) -> None:
    assert client.get("/reports/", headers={"host": "evil.example"}).status_code == 400
