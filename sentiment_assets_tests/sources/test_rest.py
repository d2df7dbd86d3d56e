"""Rows of an HTTP interface, whatever comes between a vendor and us."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sentiment_assets.sources import rest
from sentiment_assets.sources.faults import PullFailed
from sentiment_assets.sources.pull import Source, pull
from testing.servers import silent
from testing.shop import landed_files, landed_ids, landed_rows, source_of
from testing.vendor import Mishap, Vendor, serving

ASKED: dict[str, Any] = {
    "path": "reviews",
    "data_selector": "data.items",
    "paginator": {"type": "page_number", "base_page": 1, "total_path": "pages"},
    "cursor": {"cursor_path": "updated_at", "start_param": "since", "initial_value": "2020-01-01"},
    "key": "id",
    "auth": {"env": "STORE_TOKEN"},
}


@pytest.fixture
def vendor(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendor]:
    monkeypatch.setattr(rest, "SECONDS_BETWEEN", 0.01)
    monkeypatch.setenv("STORE_TOKEN", "secretXylophone")
    with serving() as found:
        yield found


def store(vendor: Vendor, **changed: Any) -> Source:
    return source_of(name="store", rest={"base_url": vendor.url, **ASKED, **changed})


def test_all_pages_are_one_file_and_then_what_is_new(vendor: Vendor) -> None:
    vendor.sells(range(7))
    found = pull(store(vendor))
    assert (found.rows, found.cursor) == (7, "2026-01-01T00:00:05Z")
    assert pull(store(vendor)).rows == 0
    vendor.sells([7], at="2026-01-02T00:00:00Z")
    vendor.sells([8])
    assert pull(store(vendor)).rows == 2, "one has come late with the cursor of the last"
    assert sorted(landed_ids()) == [*range(9)]
    assert len(landed_files()) == 2
    assert vendor.asked[-1][1]["since"] == "2026-01-01T00:00:05Z"


def test_rows_without_a_key_that_have_the_same_cursor_are_told_apart_by_all_they_have(vendor: Vendor) -> None:
    vendor.reviews = [{"id": None, "text": text, "updated_at": "2026-01-01T00:00:05Z"} for text in ("one", "two")]
    assert pull(store(vendor)).rows == 2
    vendor.reviews.append({"id": None, "text": "late", "updated_at": "2026-01-01T00:00:05Z"})
    assert [pull(store(vendor)).rows for _ in range(2)] == [1, 0]
    assert sorted(row["text"] for row in landed_rows()) == ["late", "one", "two"]


def test_rows_without_a_key_may_hold_what_no_json_is_written_with(vendor: Vendor) -> None:
    odd = [{"text": "half an emoji \ud83d"}, {"text": "large", "n": 2**70}, {"text": "deep", "by": {"name": "\ude00"}}]
    vendor.reviews = [{"id": None, "updated_at": "2026-01-01T00:00:05Z", **each} for each in odd]
    assert [pull(store(vendor)).rows for _ in range(2)] == [3, 0]
    rows = landed_rows()
    assert [row["text"] for row in rows] == ["half an emoji ?", "large", "deep"]
    assert (rows[1]["n"], rows[2]["by"]) == (str(2**70), '{"name": "?"}')


def test_what_is_nested_arrives_as_json_and_names_as_they_are(vendor: Vendor) -> None:
    vendor.sells([1], **{"Star Rating": 4, "author": {"name": "Ann", "tags": ["a"]}, "replies": [], "nothing": None})
    vendor.sells([2], **{"Star Rating": 4.5, "author": "Bob"})
    pull(store(vendor))
    first, second = landed_rows()
    assert first["author"] == '{"name": "Ann", "tags": ["a"]}'
    assert (first["Star Rating"], second["Star Rating"], second["author"]) == (4.0, 4.5, "Bob")
    assert (first["replies"], first["nothing"]) == ("[]", None)
    assert [*first] == ["id", "text", "updated_at", "Star Rating", "author", "replies", "nothing"]


PASSING = {
    "it asks for patience": Mishap(status=429, headers={"Retry-After": "1"}, body=b"{}"),
    "it is out of order": Mishap(status=503, body=b"<html>sorry</html>", times=2),
    "the connection breaks off": Mishap(cut=True),
    "it breaks off on the second page": Mishap(cut=True, page=2, times=3),
}


@pytest.mark.parametrize("mishap", PASSING)
def test_what_passes_is_waited_for(vendor: Vendor, mishap: str) -> None:
    vendor.sells(range(7))
    vendor.mishaps = [PASSING[mishap]]
    started = time.monotonic()
    assert pull(store(vendor)).rows == 7
    assert time.monotonic() - started >= ("patience" in mishap), "Retry-After says how long"
    assert sorted(landed_ids()) == [*range(7)]
    assert len(vendor.asked) == 3 + PASSING[mishap].times


LASTING = {
    "out of order": (Mishap(status=500, times=99), "500 Server Error", True),
    "patience": (Mishap(status=429, times=99), "429 Client Error", True),
    "refused": (Mishap(status=401, times=99), "401 Client Error", False),
    "not found": (Mishap(status=404, times=99), "404 Client Error", False),
    "breaks off": (Mishap(cut=True, times=99), "ChunkedEncodingError|ConnectionError", True),
    "half a page": (Mishap(body=b'{"data": {"items": [{"id": 1, "te', page=2), "33 bytes that are no whole JSON", True),
    "a page of apology": (Mishap(body=b"<html>sorry</html>", page=2), "no whole JSON", True),
    "an error as an answer": (
        Mishap(body=b'{"error": "rate limit"}', page=2),
        "without a list of rows at `data_selector` 'data.items': an object with the fields error",
        True,
    ),
    "another schema": (Mishap(body=b'{"data": {"items": {"1": {}}}}'), "without a list of rows", True),
    "no number of pages": (Mishap(body=b'{"data": {"items": [{"text": "Xylophone"}]}}'), "the `paginator` does", False),
}


def test_rows_without_a_cursor_are_left_out_and_counted(vendor: Vendor) -> None:
    vendor.sells([1, 2])
    vendor.mishaps = [
        Mishap(body=b'{"data": {"items": [{"id": 3}, {"id": 4, "updated_at": "2026-02-01"}]}, "pages": 1}', page=1)
    ]
    found = pull(store(vendor))
    assert (landed_ids(), found.without_cursor) == ([4], 1)


def test_a_moment_that_is_later_and_not_in_the_alphabet_is_new(vendor: Vendor) -> None:
    moments = {"cursor": {"cursor_path": "updated_at"}}  # the vendor answers with everything
    vendor.sells([1])
    assert pull(store(vendor, **moments)).rows == 1
    vendor.sells([2], at="2026-01-01T00:00:05.5Z")
    assert pull(store(vendor, **moments)).rows == 1
    assert landed_ids() == [1, 2]


@pytest.mark.parametrize("secret", ["secretXylophone\n", " secretXylophone "])
def test_a_line_end_after_a_secret_is_no_part_of_it(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setenv("STORE_TOKEN", secret)
    vendor.sells([1])
    assert pull(store(vendor)).rows == 1
    assert vendor.asked[-1][2]["Authorization"] == "Bearer secretXylophone"


@pytest.mark.parametrize("mishap", LASTING)
def test_what_does_not_pass_is_an_error_that_loses_nothing(vendor: Vendor, mishap: str) -> None:
    vendor.sells(range(7))
    vendor.mishaps, (_, said, may_help) = [LASTING[mishap][0]], LASTING[mishap]
    with pytest.raises(PullFailed, match=rf"acme: source store: [\s\S]*({said})") as failure:
        pull(store(vendor))
    assert failure.value.may_help_later == may_help
    assert "Xylophone" not in str(failure.value)
    assert landed_files() == []
    vendor.mishaps = []
    assert pull(store(vendor)).rows == 7
    assert sorted(landed_ids()) == [*range(7)]


def test_a_vendor_who_never_answers_is_given_up(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "SECONDS_TO_ANSWER", 0.1)
    with silent() as address, pytest.raises(PullFailed, match="Timeout") as failure:
        pull(source_of(name="store", rest={"base_url": f"{address}/", **ASKED}))
    assert failure.value.may_help_later


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        ({}, "Authorization", "Bearer secretXylophone"),
        ({"header": "X-Api-Key"}, "X-Api-Key", "secretXylophone"),
        ({"user": "ann"}, "Authorization", "Basic YW5uOnNlY3JldFh5bG9waG9uZQ=="),
    ],
)
def test_requests_show_who_asks(vendor: Vendor, auth: dict[str, str], header: str, value: str) -> None:
    vendor.sells([1])
    pull(store(vendor, auth={"env": "STORE_TOKEN", **auth}))
    assert vendor.asked[0][2][header] == value


def test_a_token_is_said_nowhere(vendor: Vendor, home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    vendor.sells([1])
    pull(store(vendor))
    vendor.mishaps = [Mishap(status=403, body=b'{"refused": "secretXylophone"}')]
    with pytest.raises(PullFailed, match="403") as failure:
        pull(store(vendor))
    said = [str(failure.value), *capfd.readouterr()]
    written = [file.read_bytes() for file in home.rglob("*") if file.is_file()]
    assert [each for each in said if "Xylophone" in each] == []
    assert [each for each in written if b"Xylophone" in each] == []


def test_settings_that_dlt_refuses_are_named(vendor: Vendor) -> None:
    with pytest.raises(PullFailed, match="acme: source store: .*paginator") as failure:
        pull(store(vendor, paginator={"type": "no such"}))
    assert not failure.value.may_help_later


SENT = {
    "as a bearer token": ({"env": "STORE_TOKEN"}, "Authorization"),
    "in a header of its own": ({"env": "STORE_TOKEN", "header": "X-Api-Key"}, "X-Api-Key"),
    "as a password": ({"env": "STORE_TOKEN", "user": "ann"}, "Authorization"),
}


@pytest.mark.parametrize("how", SENT)
def test_a_next_page_or_a_redirection_elsewhere_is_not_told_the_secret(vendor: Vendor, how: str) -> None:
    auth, header = SENT[how]
    with serving() as other:
        leading_on = f'{{"data": {{"items": []}}, "next": "{other.url}reviews"}}'.encode()
        elsewhere = f"leads from {vendor.url[:-4]} to {other.url[:-4]}"
        for mishap in (Mishap(body=leading_on), Mishap(status=302, headers={"Location": f"{other.url}reviews"})):
            vendor.mishaps = [mishap]
            with pytest.raises(PullFailed, match=elsewhere) as failed:
                pull(store(vendor, auth=auth, paginator={"type": "json_link", "next_url_path": "next"}))
            assert "say so in `base_url`" in str(failed.value)
        assert "secretXylophone" not in str(failed.value)
        assert other.asked == []
    assert all(header in headers for _, _, headers in vendor.asked)
    assert landed_files() == []


def test_a_redirection_on_the_same_server_is_followed(vendor: Vendor) -> None:
    vendor.sells(range(2))
    vendor.mishaps = [Mishap(status=307, headers={"Location": "/v3/reviews?page=1"})]
    assert pull(store(vendor)).rows == 2
    assert [path for path, _, _ in vendor.asked] == ["/v2/reviews", "/v3/reviews"]
    assert vendor.asked[-1][2]["Authorization"] == "Bearer secretXylophone"
