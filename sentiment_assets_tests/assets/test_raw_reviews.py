"""``raw_reviews``: what a landed file becomes, what is refused, and what people see of it."""

import contextlib
import gzip
import os
import re
import socket
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
import yaml
from upath import UPath

from sentiment_assets.assets import raw_reviews as module
from sentiment_assets.assets.stored_batch import read_stored_batch
from sentiment_assets.automation.batch_history import failed_at
from sentiment_assets.ingestion.batch import read_batch
from sentiment_assets.ingestion.batch_key import batch_key
from sentiment_assets.ingestion.landing import file_digest, folder_digest
from sentiment_assets.ingestion.open_file import Content
from sentiment_assets.ingestion.settings import RESERVED_COLUMNS, IngestionSettings
from sentiment_assets.monitoring.other_batches import digests_and_labels
from sentiment_assets.reporting.figures import ALL, join_scores
from sentiment_assets.resources.home import below_home
from sentiment_assets.resources.storage import Storage, read_frame
from sentiment_assets.resources.written_files import write_atomically
from testing.corpus import as_csv, made_up_reviews
from testing.in_process import BranchInProcess, checks_of, failed_checks, failure_of

STORAGE = Storage(root="data")


def test_a_batch_says_the_digest_of_its_file_as_the_landing_sensor_asks_for_it(acme: BranchInProcess) -> None:
    content = b"text,label\nfine,1\nbad,0\n"
    assert acme.take_in("a.csv", content).success
    assert acme.metadata("raw_reviews")[module.FILE_DIGEST].value == file_digest(content)


def test_landing_the_same_file_again_changes_nothing_and_a_changed_one_replaces_the_batch(
    acme: BranchInProcess,
) -> None:
    key = acme.land("a.csv", b"text,label\nfine,1\nbad,0\nodd,maybe\n")
    stored = STORAGE.frame_path("acme", "raw_reviews", key)
    assert acme.ingest(key).success
    version, content = acme.data_version("raw_reviews"), stored.read_bytes()
    assert acme.ingest(key).success
    assert (acme.data_version("raw_reviews"), stored.read_bytes()) == (version, content)

    acme.land("a.csv", b"text,label\nfine,1\n")
    assert acme.ingest(key).success
    assert acme.data_version("raw_reviews") != version
    assert read_frame(stored)["text"].tolist() == ["fine"]
    assert read_stored_batch(STORAGE, "acme", key).quarantine.empty


def test_a_file_that_fails_as_a_whole_leaves_the_former_batch(acme: BranchInProcess) -> None:
    key = acme.land("a.csv", b"text\nfine\n")
    assert acme.ingest(key).success
    acme.land("a.csv", b"")
    assert "a.csv: the file is empty (0 bytes)" in failure_of(acme.ingest(key))
    assert len(read_frame(STORAGE.frame_path("acme", "raw_reviews", key))) == 1


def stored_files() -> dict[Path, bytes]:
    """What is stored of batches, and not what checks say of them."""
    folders = [Path(STORAGE.path("acme", name).path) for name in ("raw_reviews", "side_frames")]
    return {file: file.read_bytes() for folder in folders for file in folder.rglob("*.parquet")}


GOOD = b"text,label\n" + b"".join(b"review %d,%d\n" % (n, n % 2) for n in range(100)) + b",1\nodd,maybe\n"


@pytest.mark.parametrize(
    ("replacement", "says"),
    [
        (
            GOOD.replace(b",1\n", b",Yes\n").replace(b",0\n", b",No\n"),
            "cannot be used (`largest_quarantine` allows 90%",
        ),
        (b"text,label\n,1\n,0\n", "none of its 2 rows has a text"),
        (GOOD.replace(b",0\n", b",2\n"), "its labels in column 'label' are 1 (51 rows), 2 (50 rows)"),
        (b"text,label\n", "has no rows, but the batch of its name has 100 reviews, which stay"),
    ],
)
def test_a_replacement_that_would_lose_nearly_everything_fails_and_nothing_of_the_batch_is_replaced(
    acme: BranchInProcess, replacement: bytes, says: str
) -> None:
    key = acme.land("a.csv", GOOD)
    assert acme.ingest(key).success
    before = stored_files()
    assert len(before) == 4
    acme.land("a.csv", replacement)
    assert says in failure_of(acme.ingest(key))
    assert stored_files() == before


def test_the_reviews_of_a_batch_go_only_when_somebody_deletes_them(acme: BranchInProcess) -> None:
    key = acme.land("a.csv", b"text\nfine\n")
    assert acme.ingest(key).success
    acme.land("a.csv", b"text\n")
    stored = STORAGE.frame_path("acme", "raw_reviews", key)
    refused = failure_of(acme.ingest(key))
    assert f"has 1 reviews, which stay: land the file again with its rows, or delete {stored}" in refused
    stored.unlink()
    assert acme.ingest(key).success
    assert read_frame(stored).empty


def test_a_day_without_reviews_is_no_fault_when_there_was_no_batch_of_its_name(acme: BranchInProcess) -> None:
    assert acme.take_in("sunday.csv", b"text,label\n").success


def test_what_a_file_had_besides_its_reviews_is_told_and_checked(acme: BranchInProcess) -> None:
    rows = b"".join(b"review %d,%d,soon,holdout\n" % (n, n % 2) for n in range(100))
    content = b"text,label,created_at,split\n" + rows + b",1,,\n" * 300
    branch = acme.with_settings(columns={"keep": ["brand"]})
    result = branch.take_in("a.csv", content)
    assert result.success
    assert failed_checks(result) - {"bot_like"} == {"unread_dates", "unread_splits", "missing_columns"}
    said = [each.user_message for each in branch.instance.all_logs(result.run_id)]
    assert any("lacks columns that the branch names: brand; it has: text, label, created_at, split." in s for s in said)
    metadata = branch.metadata("raw_reviews")
    assert metadata["rows_without_text"].value == 300
    assert metadata["rows_quarantined"].value == 0
    assert metadata["columns_missing"].value == ["brand"]
    assert metadata["columns_found"].value == ["text", "label", "created_at", "split"]
    unread = metadata["unread"]
    assert isinstance(unread, dg.TableMetadataValue)
    assert {(each.data["field"], each.data["reviews"], each.data["value"]) for each in unread.records} == {
        ("created_at", 100, "'soon'"),
        ("split", 100, "'holdout'"),
    }
    assert str(checks_of(result)["row_identity"].description).startswith(
        "400 rows in the file; 100 kept, 0 in quarantine, 300 without"
    )


def test_what_a_branch_redacts_is_counted_and_stands_nowhere_but_in_the_landed_file(
    acme: BranchInProcess, home: Path
) -> None:
    branch = acme.with_settings(privacy={"redact": ["email", "phone"]})
    result = branch.take_in(
        "a.csv",
        b"text,label\nwrite to jane@example.com,1\n<b>Jane&#64;example.com</b> +49 170 1234567,0\n"
        b"jane@example.com,perhaps jane@example.com\n,1 jane@example.com\n",
    )
    assert result.success
    assert branch.metadata("raw_reviews")["redacted"].value == {"email": 3, "phone": 1}
    said = [each.user_message for each in branch.instance.all_logs(result.run_id)]
    assert any(each.endswith("a.csv: 3 email, 1 phone.") for each in said)
    assert read_frame(STORAGE.frame_path("acme", "raw_reviews", "a.csv"))["text"].tolist() == [
        "write to _email_",
        "_email_ _phone_",
    ]
    events = "".join(str(each) for each in branch.instance.all_logs(result.run_id))
    frames = [file for file in home.rglob("*.parquet") if "landing" not in file.parts]
    kept = "".join(str(read_frame(UPath(file)).to_dict()) for file in frames)
    assert not re.findall("jane@|1234567", f"{events}{kept}", re.IGNORECASE)


def test_what_is_said_of_a_file_that_fails_as_a_whole_is_redacted(acme: BranchInProcess) -> None:
    branch = acme.with_settings(privacy={"redact": ["email"]})
    refused = failure_of(branch.take_in("a.csv", b"text,label\ngood,ask jane@example.com\n"))
    assert "_email_" in refused
    assert "jane@" not in refused


def test_no_column_of_the_platform_may_be_kept_under_its_name(acme: BranchInProcess) -> None:
    specs = acme.definitions.resolve_all_asset_specs()
    described = [spec.metadata for spec in specs if spec.key.path[-1] != "suspicious_labels"]  # never beside kept ones
    schemas = [each["dagster/column_schema"] for each in described if "dagster/column_schema" in each]
    batch = read_batch(as_csv(made_up_reviews(600)), "a.csv", IngestionSettings())
    answers = {column.name: [None] * len(batch.reviews) for schema in schemas for column in schema.columns}
    scores = pd.DataFrame(answers).assign(review_id=batch.reviews["review_id"], score=0.5, label=1)
    used = {column.name for schema in schemas for column in schema.columns}
    used |= (
        set(join_scores({"a": batch.reviews}, {"a": scores}).reviews) | set(digests_and_labels(batch.reviews)) | {ALL}
    )
    assert len(schemas) == 3
    assert used <= set(RESERVED_COLUMNS)
    assert set(RESERVED_COLUMNS) - used == {"period", "trained_on"}, "what a report calls its own columns"


def test_a_file_that_went_away_is_named(acme: BranchInProcess) -> None:
    assert "landing/acme/gone.csv is not there: land the file again" in failure_of(acme.ingest("gone.csv"))


@pytest.mark.parametrize(
    "key",
    ["%2E%2E/%2E%2E/outside.csv", "../../outside.csv", "%252E%252E/%2E%2E/outside.csv", "..%5C..%5Coutside.csv", "."],
)
def test_a_key_that_leads_out_of_the_landing_place_is_refused(acme: BranchInProcess, home: Path, key: str) -> None:
    (home / "outside.csv").write_bytes(b"text\nnot for this branch\n")
    acme.land("a.csv", b"text\nfine\n")
    refused = failure_of(acme.ingest(key))
    assert f"The batch key {key!r} leads to no review file" in refused
    assert "has a part that is `.` or `..`, which could lead out of the landing place. Delete its partition" in refused
    assert not list((home / "data").rglob("outside*"))


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("{outside}/secret.csv", "begins with a slash"),
        ("a%00.csv", "holds a NUL character"),
        ("x//a.csv", "has a part without a name"),
        ("folder", "is a folder"),
        ("pipe.csv", "is a named pipe"),
        ("socket.csv", "is a socket"),
        ("out/secret.csv", "is a link that leads out of the landing place"),
        ("out.csv", "is a link that leads out of the landing place"),
    ],
)
def test_a_key_that_leads_to_no_regular_file_is_refused(
    acme: BranchInProcess, home: Path, tmp_path: Path, key: str, says: str
) -> None:
    acme.land("folder/a.csv", b"text\nfine\n")
    landing, outside = home / "landing" / "acme", tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.csv").write_bytes(b"text\nnot for this branch\n")
    (landing / "out").symlink_to(outside)
    (landing / "out.csv").symlink_to(outside / "secret.csv")
    os.mkfifo(landing / "pipe.csv")
    with socket.socket(socket.AF_UNIX) as listening, contextlib.chdir(landing):
        listening.bind("socket.csv")
    refused = failure_of(acme.ingest(key.format(outside=outside)))
    assert says in refused
    assert "a batch key is the path of a regular file below" in refused


def test_a_key_with_a_newline_and_one_through_a_link_that_stays_are_batches_like_any_other(
    acme: BranchInProcess, home: Path
) -> None:
    key = acme.land("two\nlines.csv", b"text\nfine\n")
    (home / "landing" / "acme" / "link.csv").symlink_to("two\nlines.csv")
    for each in (key, "link.csv"):
        assert acme.ingest(each).success
        assert read_frame(STORAGE.frame_path("acme", "raw_reviews", each))["text"].tolist() == ["fine"]


def test_a_file_that_cannot_be_read_is_named_with_what_to_do(
    acme: BranchInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = acme.land("a.csv", b"text\nfine\n")

    def without_permission(place: UPath, path: str) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(module, "take", without_permission)
    assert "landing/acme/a.csv cannot be read (Permission denied): see that it may be read" in failure_of(
        acme.ingest(key)
    )


def test_a_disk_that_fails_while_a_file_is_read_is_named_too(
    acme: BranchInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = acme.land("a.csv", b"text\n" + b"fine\n" * 1_000_000)
    plain = os.preadv

    def failing(descriptor: int, buffers: list[memoryview], place: int) -> int:
        if place > 2_000_000:
            raise OSError(5, "Input/output error")
        return plain(descriptor, buffers, place)

    monkeypatch.setattr("sentiment_assets.ingestion.landing.file_digest", lambda _: "")
    monkeypatch.setattr(os, "preadv", failing)
    assert "landing/acme/a.csv cannot be read (Input/output error): see that" in failure_of(acme.ingest(key))
    assert failed_at(acme.instance, "acme", [key])
    assert not failed_at(acme.instance, "acme", [key], for_good=True), "it may pass by itself"


def test_a_file_that_is_written_to_while_it_is_read_is_no_batch(
    acme: BranchInProcess, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = acme.land("a.csv", b"text\nfine\n")
    plain = file_digest

    def written_to(content: Content) -> str:
        with (home / "landing/acme/a.csv").open("ab") as still_copied:
            still_copied.write(b"more\n")
        return plain(content)

    monkeypatch.setattr("sentiment_assets.ingestion.landing.file_digest", written_to)
    assert "landing/acme/a.csv was written to while it was read" in failure_of(acme.ingest(key))
    monkeypatch.undo()
    assert acme.ingest(key).success
    assert read_frame(STORAGE.frame_path("acme", "raw_reviews", key))["text"].tolist() == ["fine", "more"]


@pytest.mark.parametrize("key", ["../a.csv", "/bucket/a.csv", "%2E%2E/a.csv"])
def test_a_key_that_leads_out_of_a_bucket_is_refused_too(acme: BranchInProcess, key: str) -> None:
    (UPath("memory://bucket/a.csv")).write_bytes(b"text\nnot for this branch\n")
    branch = acme.with_settings(landing="memory://bucket/acme")
    assert f"The batch key {key!r} leads to no review file" in failure_of(branch.ingest(key))


def test_a_batch_is_described_for_people(acme: BranchInProcess) -> None:
    branch = acme.with_settings(html="keep")
    branch.take_in("a.csv", b"text,label\n<script>alert(1)</script>,1\nodd,maybe\n")
    metadata = branch.metadata("raw_reviews")
    counts = [metadata[name].value for name in ("rows_in", "dagster/row_count", "rows_quarantined", "rows_duplicate")]
    assert counts == [2, 1, 1, 0]
    assert isinstance(metadata["sample"], dg.TableMetadataValue), "tables show text as text, never as HTML"
    assert metadata["sample"].records[0].data["text"] == "<script>alert(1)</script>"
    assert "not a known label" in str(metadata["quarantine_sample"].records[0].data["reason"])


def test_files_land_at_any_fsspec_path(acme: BranchInProcess) -> None:
    (UPath("memory://bucket/acme") / "2026, late.csv").write_bytes(b"text\nfine\n")
    branch = acme.with_settings(landing="memory://bucket/acme")
    key = batch_key("2026, late.csv")
    assert branch.ingest(key).success
    assert read_frame(STORAGE.frame_path("acme", "raw_reviews", key))["text"].tolist() == ["fine"]


TEXTS = {"pos/0_9.txt": b"A joy", "neg/1_2.txt": b"It broke", "unsup/2_0.txt": b"A kettle", "urls.txt": b"http://x"}


@pytest.mark.parametrize("place", ["landing/acme", "memory://texts/acme"])
def test_a_folder_of_texts_is_one_batch_wherever_it_lands(acme: BranchInProcess, place: str) -> None:
    branch = acme.with_settings(landing=place)
    for path, content in TEXTS.items():
        write_atomically(below_home(place) / "week 12" / path, content)
    run = branch.ingest("week 12")
    assert run.success
    reviews = read_frame(STORAGE.frame_path("acme", "raw_reviews", "week 12"))
    assert dict(zip(reviews["text"], reviews["label"].fillna(-1), strict=True)) == {
        "It broke": 0,
        "A joy": 1,
        "A kettle": -1,
    }
    assert "4 files: 3 rows and 1 passed over make 4." in str(checks_of(run)["row_identity"].description)
    metadata = branch.metadata("raw_reviews")
    assert metadata[module.FILE_DIGEST].value == folder_digest(TEXTS), "the one that the landing sensor asks for"
    assert metadata["format_found"].value["shape"] == "a folder of texts, each of them a review"
    assert metadata["format_found"].value["not_read"].startswith("urls.txt;")


def test_a_folder_through_a_link_out_of_the_landing_place_is_refused_before_it_is_listed(
    acme: BranchInProcess, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "outside/pos").mkdir(parents=True)
    (tmp_path / "outside/pos/1.txt").write_bytes(b"not for this branch")
    acme.land("a.csv", b"text\nfine\n")
    (home / "landing/acme/out").symlink_to(tmp_path / "outside")
    scandir, listed = os.scandir, list[str]()
    monkeypatch.setattr(os, "scandir", lambda path=".": (listed.append(str(path)), scandir(path))[1])
    assert "'out' is a link that leads out of the landing place" in failure_of(acme.ingest("out"))
    assert not {str(tmp_path / "outside"), str(home / "landing/acme/out")} & set(listed)


def test_a_folder_of_which_a_part_cannot_be_listed_fails_with_what_to_do(
    acme: BranchInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path, content in TEXTS.items():
        acme.land(f"w/{path}", content)
    scandir = os.scandir

    def without_permission(path: Path | str | int) -> object:
        if str(path).endswith("/neg"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", without_permission)
    assert "landing/acme/w cannot be read (w/neg cannot be looked at): see that it may be read" in failure_of(
        acme.ingest("w")
    )


def test_neutral_reviews_are_counted_apart_from_those_without_a_label(acme: BranchInProcess) -> None:
    assert acme.take_in("a.csv", b"text,label\nfine,1\nso so,neutral\nodd,\nbad,0\nwell,neutral\n").success
    labels = acme.metadata("raw_reviews")["labels"]
    assert isinstance(labels, dg.TableMetadataValue)
    counted = {(each.data["label"], each.data["neutral"]): each.data["reviews"] for each in labels.records}
    assert counted == {(1, False): 1, (0, False): 1, ("–", False): 1, ("–", True): 2}


def test_a_refusal_ends_with_lines_by_which_the_same_file_is_taken_in(acme: BranchInProcess) -> None:
    texts = ["It stayed dry all night", "The zip tore at once", "I would buy it again", "It smells of glue"]
    rows = "".join(f"{text},{word}\n" for text, word in zip(texts, ["gut", "schlecht"] * 2, strict=True))
    key = acme.land("a.csv", f"kommentar,bewertung\n{rows}".encode())
    said = failure_of(acme.ingest(key))
    assert "a.csv: it has no column 'text' for the text; it has: kommentar, bewertung." in said
    lines = yaml.safe_load(said.partition("of the same name:\n")[2])
    branch = acme.with_settings(**lines)
    assert branch.ingest(key).success
    taken = read_frame(STORAGE.frame_path("acme", "raw_reviews", key))
    assert taken["text"].tolist() == texts
    assert taken["label"].tolist() == [1, 0, 1, 0]


def test_a_date_that_may_mean_two_days_is_told_with_each_line_that_would_date_it(acme: BranchInProcess) -> None:
    name = "Review Submit Date and Time"
    columns = {"created_at": name}
    content = f"text,label,{name}\n".encode() + b"fine,1,03/04/12\nbad,0,05/06/11\n"
    key = acme.land("a.csv", content)
    assert acme.with_settings(columns=columns).ingest(key).success
    unread = acme.metadata("raw_reviews")["unread"]
    assert isinstance(unread, dg.TableMetadataValue)
    [told] = unread.records
    lines = str(told.data["reason"]).split("`")[1::2]
    days = []
    for line in lines:
        assert acme.with_settings(columns=yaml.safe_load(line)).ingest(key).success
        dates = read_frame(STORAGE.frame_path("acme", "raw_reviews", key))["created_at"]
        days.append(dates[0].date().isoformat())
    assert days == ["2012-04-03", "2012-03-04", "2003-04-12"]


def test_a_file_that_is_cut_while_it_is_read_is_not_called_damaged(
    acme: BranchInProcess, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = acme.land("a.csv.gz", gzip.compress(b"text\nfine\n"))
    plain = file_digest

    def cut(content: Content) -> str:
        os.truncate(home / "landing/acme/a.csv.gz", 20)
        return plain(content)

    monkeypatch.setattr("sentiment_assets.ingestion.landing.file_digest", cut)
    assert "landing/acme/a.csv.gz was written to while it was read" in failure_of(acme.ingest(key))


def test_what_a_file_and_its_columns_are_called_moves_no_cursor(acme: BranchInProcess) -> None:
    refused = failure_of(acme.take_in("\x1b[31m\u202ea.csv", b""))
    assert r"/\x1b[31m\u202ea.csv: the file is empty (0 bytes)" in refused
    branch = acme.with_settings(columns={"keep": ["shop"]})
    run = branch.take_in("a.csv", b'text,"\x1b[2J\nname"\nfine,1\n')
    said = "".join(each.user_message for each in branch.instance.all_logs(run.run_id))
    assert r"a.csv lacks columns that the branch names: shop; it has: text, \x1b[2J name." in said
    assert "\x1b" not in said + str(checks_of(run)["missing_columns"].description)
