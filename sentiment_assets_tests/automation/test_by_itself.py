"""The whole platform with nothing pressed by hand: a real daemon, a real code server, files that land."""

import json
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from sentiment_assets.automation.retraining_sensor import REASON
from sentiment_assets_tests.automation.location import ALERTS, BRANCH
from testing.batches import kitchen
from testing.corpus import as_csv, made_up_reviews
from testing.platform import Mailbox, Platform, wait_for

pytestmark = pytest.mark.slow

LOCATION = "sentiment_assets_tests.automation.location"
DOWNSTREAM = str(Path(__file__).parents[2] / "docs" / "examples" / "complaints.py")


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    yield box
    box.close()


@pytest.fixture
def platform(tmp_path: Path, mailbox: Mailbox) -> Iterator[Platform]:
    running = Platform(tmp_path, (LOCATION, DOWNSTREAM), {ALERTS: mailbox.url}, seconds_between_launches=1)
    (tmp_path / "landing" / BRANCH).mkdir(parents=True)
    running.start()
    yield running
    running.stop()


def key(name: str) -> dg.AssetKey:
    return dg.AssetKey([BRANCH, name])


def version_of_scores(instance: dg.DagsterInstance, batch: str) -> str | None:
    records = instance.fetch_materializations(
        dg.AssetRecordsFilter(key("scored_reviews"), asset_partitions=[batch]), limit=1
    ).records
    return str(records[0].asset_materialization.metadata["model_version"].value) if records else None


def test_files_land_and_all_else_follows(platform: Platform, mailbox: Mailbox) -> None:
    landing = platform.home / "landing" / BRANCH
    (landing / "2026-10.csv").write_bytes(as_csv([{**each, "product": "box"} for each in made_up_reviews(900)]))
    (landing / "2026-11.csv.part").write_bytes(b"not yet")
    with platform.instance() as instance:
        wait_for(lambda: version_of_scores(instance, "2026-10.csv") == "1", 600, "training, promotion and scoring")
        wait_for(lambda: instance.get_latest_materialization_event(key("sentiment_report")), 300, "the report")
        wait_for(
            lambda: instance.get_latest_materialization_event(dg.AssetKey("sentiment_report")), 300, "the joined report"
        )
        assert instance.get_dynamic_partitions(f"{BRANCH}/batches") == ["2026-10.csv"]
        following = dg.AssetKey("complaints")
        wait_for(lambda: "2026-10.csv" in instance.get_materialized_partitions(following), 300, "the asset downstream")
        assert len((platform.home / "data" / "complaints" / "2026-10.csv.csv").read_text().splitlines()) > 1
        wait_for(lambda: "version 1 is the champion" in str(mailbox.received), 300, "word of the promotion")

        mailbox.down = True
        drifting = kitchen(400).assign(product="kitchen")[["review_id", "text", "label", "product"]]
        (landing / "2026-12.csv").write_bytes(as_csv(drifting.to_dict("records")))
        wait_for(lambda: mailbox.refused, 300, "an attempt to warn of drift")
        mailbox.down = False
        wait_for(lambda: "text_drift of 2026-12.csv failed" in str(mailbox.received), 300, "the warning of drift")
        wait_for(lambda: version_of_scores(instance, "2026-10.csv") == "2", 600, "scoring again by a new champion")
        wait_for(lambda: version_of_scores(instance, "2026-12.csv") == "2", 300, "scoring of the drifting file again")
        wait_for(lambda: "version 2 is the champion" in str(mailbox.received), 600, "word of the second promotion")

        trained = instance.get_runs(dg.RunsFilter(job_name=f"{BRANCH}_train"))
        assert [run.tags[REASON].split(";")[0] for run in trained][1] == "no champion yet, and 900 labelled reviews"
        assert "failed: text_drift of 2026-12.csv" in trained[0].tags[REASON]
        assert len(trained) == 2
        ingested = instance.get_runs(dg.RunsFilter(job_name=f"{BRANCH}_ingest"))
        assert len(ingested) == 2, "each file once"

    told = [json.loads(body) for body in mailbox.received]
    titles = [each["title"] for each in told]
    assert titles.count(f"{BRANCH}: text_drift of 2026-12.csv failed") == 1, "one message a cause"
    drift = next(each for each in told if "text_drift" in each["title"])
    assert "distinct reviews are unlike those the champion was trained on" in drift["message"]
    assert "threshold: 0.03" in drift["message"]
    assert "/runs/" in drift["message"]
    assert len(titles) == len(set(titles))
