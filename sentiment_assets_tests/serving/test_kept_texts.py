import json
import multiprocessing
import os
import resource
import signal
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from fastapi.testclient import TestClient

from sentiment_assets.assets import raw_reviews
from sentiment_assets.branch import files
from sentiment_assets.definitions import resources
from sentiment_assets.ingestion.settings import PrivacySettings
from sentiment_assets.resources.mlflow_settings import tracking_uri
from sentiment_assets.serving.app import scoring_app
from sentiment_assets.serving.champions import Champions
from sentiment_assets.serving.kept_texts import KeptTexts, kept_texts
from testing.in_process import BranchInProcess

EVENING = datetime(2026, 11, 29, 23, 59, 30, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 30, tzinfo=UTC)
YAML = """\
type: sentiment_assets.SentimentBranch
attributes:
  landing: "{{ env.SENTIMENT_HOME }}/landing/acme"
  columns: {text: [title, body], review_id: number, created_at: {column: posted, format: "%d-%b-%y"}}
  serve: {keep: true}
"""


@pytest.fixture
def kept(trained: BranchInProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KeptTexts:
    (tmp_path / "defs/acme").mkdir(parents=True)
    (tmp_path / "defs/acme/defs.yaml").write_text(YAML)
    monkeypatch.setattr(files, "DEFS", tmp_path / "defs")
    return kept_texts()["acme"]


def landed(home: str) -> list[Path]:
    return sorted(Path(home, "landing/acme").glob("served-*"))


def test_what_a_branch_redacts_is_not_kept_for_a_moment(kept: KeptTexts) -> None:
    redacting = replace(kept, settings=kept.settings.model_copy(update={"privacy": PrivacySettings(redact=["email"])}))
    redacting.keep(["write to jane@example.com"], EVENING)
    [waiting] = redacting.waiting.iterdir()
    assert json.loads(waiting.read_bytes())["text"] == "write to _email_"


def test_the_texts_of_a_day_become_a_batch_of_the_branch(trained: BranchInProcess, kept: KeptTexts) -> None:
    home = os.environ["SENTIMENT_HOME"]
    kept.keep(["superb", "größter Unsinn,\n3"], EVENING)
    kept.keep(["1"], EVENING + timedelta(seconds=20))
    kept.keep(["of the next day"], MIDNIGHT)
    kept.land_days_before(MIDNIGHT + timedelta(seconds=59))
    assert landed(home) == [], "somebody may be writing still"
    kept.land_days_before(MIDNIGHT + timedelta(minutes=1))
    [file] = landed(home)
    branch = trained.with_settings(columns=kept.settings.columns.model_dump(exclude_unset=True))
    key = file.name
    branch.register_batch(key)
    assert branch.ingest(key).success
    reviews = pd.read_parquet(resources()["storage"].frame_path("acme", raw_reviews.NAME, key).path)
    assert reviews["text"].tolist() == ["superb", "größter Unsinn,\n3", "1"]
    assert reviews["created_at"].dt.date.astype(str).tolist() == ["2026-11-29"] * 3
    assert reviews["review_id"].is_unique


def test_a_day_that_cannot_land_keeps_no_other_back(kept: KeptTexts) -> None:
    kept.keep(["superb"], EVENING)
    (kept.waiting / "2026-11-28-odd.jsonl").mkdir()
    with pytest.raises(IsADirectoryError):
        kept.land_days_before(MIDNIGHT + timedelta(hours=1))
    assert len(landed(os.environ["SENTIMENT_HOME"])) == 1


def test_what_was_landed_already_lands_again_as_the_same_file(kept: KeptTexts) -> None:
    home = os.environ["SENTIMENT_HOME"]
    kept.keep(["superb"], EVENING)
    [waiting] = kept.waiting.iterdir()
    content = waiting.read_bytes()
    kept.land_days_before(MIDNIGHT + timedelta(hours=1))
    [file] = landed(home)
    first = pd.read_parquet(file)
    waiting.write_bytes(content)  # as if it had been broken off before it was deleted
    kept.land_days_before(MIDNIGHT + timedelta(hours=1))
    assert landed(home) == [file]
    pd.testing.assert_frame_equal(pd.read_parquet(file), first)
    assert list(kept.waiting.iterdir()) == []


def test_a_day_that_another_process_lands_meanwhile_is_no_failure(kept: KeptTexts) -> None:
    kept.keep(["superb"], EVENING)
    [waiting] = kept.waiting.iterdir()
    away = waiting.with_name(f"2026-11-28-other{waiting.suffix}")
    away.symlink_to(kept.waiting / "nothing")  # listed, and away when it is opened
    kept.land_days_before(MIDNIGHT + timedelta(hours=1))
    [file] = landed(os.environ["SENTIMENT_HOME"])
    assert pd.read_parquet(file)["title"].tolist() == ["superb"]


def test_the_service_keeps_what_has_a_score_and_answers_when_it_cannot(kept: KeptTexts) -> None:
    with TestClient(scoring_app(Champions(tracking_uri()), kept={"acme": kept})) as client:
        assert client.post("/v1/acme/score", json={"texts": ["superb", "", "dull"]}).status_code == 200
        [waiting] = kept.waiting.iterdir()
        assert [json.loads(line)["text"] for line in waiting.read_text().splitlines()] == ["superb", "dull"]
        waiting.unlink()
        kept.waiting.rmdir()
        kept.waiting.write_text("in the way")
        assert client.post("/v1/acme/score", json={"texts": ["superb"]}).status_code == 200


def test_nothing_is_kept_unless_a_branch_says_so(kept: KeptTexts, tmp_path: Path) -> None:
    (tmp_path / "defs/acme/defs.yaml").write_text(YAML.replace("serve: {keep: true}", ""))
    assert kept_texts() == {}


def test_a_home_that_is_not_on_this_machine_is_refused(kept: KeptTexts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTIMENT_HOME", "memory://state")
    with pytest.raises(ValueError, match="not a local folder"):
        kept_texts()


def test_half_a_line_of_a_killed_process_keeps_no_other_text_back(kept: KeptTexts) -> None:
    kept.keep(["superb", "dull"], EVENING)
    [waiting] = kept.waiting.iterdir()
    waiting.write_bytes(waiting.read_bytes()[:-9])
    kept.land_days_before(MIDNIGHT + timedelta(hours=1))
    [file] = landed(os.environ["SENTIMENT_HOME"])
    assert pd.read_parquet(file)["title"].tolist() == ["superb"]


@pytest.mark.process
def test_texts_for_which_there_is_no_room_leave_the_others_whole(kept: KeptTexts) -> None:
    def keep_too_much() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000))
        kept.keep(["superb"], EVENING)
        with pytest.raises(OSError, match="could be written|too large"):
            kept.keep(["x" * 2_000], EVENING)
        kept.keep(["dull"], EVENING)

    process = multiprocessing.get_context("fork").Process(target=keep_too_much)
    process.start()
    process.join(60)
    assert process.exitcode == 0
    kept.land_days_before(MIDNIGHT + timedelta(hours=1))
    [file] = landed(os.environ["SENTIMENT_HOME"])
    assert pd.read_parquet(file)["title"].tolist() == ["superb", "dull"]


def test_the_service_lands_the_days_that_are_over(kept: KeptTexts) -> None:
    kept.keep(["superb"], datetime(2026, 11, 1, tzinfo=UTC))
    home = os.environ["SENTIMENT_HOME"]
    with TestClient(scoring_app(Champions(tracking_uri()), kept={"acme": kept})):
        deadline = time.monotonic() + 20
        while not landed(home):
            assert time.monotonic() < deadline
            time.sleep(0.05)
