"""``raw_reviews``: what a landed file becomes, what is refused, and what people see of it."""

from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
from upath import UPath

from sentiment_assets.assets.stored_batch import read_stored_batch
from sentiment_assets.ingestion.batch import read_batch
from sentiment_assets.ingestion.batch_key import batch_key
from sentiment_assets.ingestion.settings import RESERVED_COLUMNS, IngestionSettings
from sentiment_assets.monitoring.other_batches import digests_and_labels
from sentiment_assets.reporting.figures import ALL, join_scores
from sentiment_assets.resources.storage import Storage, read_frame
from testing.corpus import as_csv, made_up_reviews
from testing.in_process import BranchInProcess, checks_of, failed_checks, failure_of

STORAGE = Storage(root="data")


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


def test_no_column_of_the_platform_may_be_kept_under_its_name(acme: BranchInProcess) -> None:
    described = [spec.metadata for spec in acme.definitions.resolve_all_asset_specs()]
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


def test_a_batch_is_described_for_people(acme: BranchInProcess) -> None:
    acme.take_in("a.csv", b"text,label\n<script>alert(1)</script>,1\nodd,maybe\n")
    metadata = acme.metadata("raw_reviews")
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
