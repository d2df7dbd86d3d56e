"""After ``forget`` no byte of a review is left in the home folder, and the platform goes on without it."""

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import dagster as dg
import duckdb
import pandas as pd
import psycopg2
import pytest
from click.testing import CliRunner, Result

from sentiment_assets.assets.stored_batch import stored_digests
from sentiment_assets.automation.batch_history import taken_in
from sentiment_assets.automation.publishing_sensor import batches_to_publish
from sentiment_assets.automation.scoring_sensor import batches_to_score
from sentiment_assets.branch import files
from sentiment_assets.branch.definitions import batch_partitions_name
from sentiment_assets.branch.files import branch_settings_of
from sentiment_assets.cli import main
from sentiment_assets.commands.dagster_home import prepare_dagster_home
from sentiment_assets.commands.rebuild import CannotRebuild, rebuild
from sentiment_assets.ingestion.landing import file_digest
from sentiment_assets.resources.home import SETTING
from sentiment_assets.resources.storage import Storage, read_frame
from testing.corpus import as_csv, made_up_reviews
from testing.in_process import BranchInProcess, Prepared, checks_of, copy_home
from testing.killing import is_killed_at
from testing.postgres import postgres_server
from testing.unpacked import said_in

STORAGE = Storage(root="data")
TEXTS = {
    "in-training": "Grandmother Eulalia found the teapot superb and lovely and warm and the porcelain of Zanzibar too",
    "in-quarantine": "Uncle Barnabas called the trombone dreadful and dull and the brass of Samarkand was dented",
    "unlabelled": "Cousin Philippa thought the accordion splendid and moving and the bellows of Valparaiso hold",
}
HALVES = [half for text in TEXTS.values() for half in (text[: len(text) // 2], text[len(text) // 2 :])]
_STEPS = ("take_out_of_scores", "take_out_of_files", "store_without", "tell_dagster", "tell_of_splits")
KILLED_AT = {
    **{f"sentiment_assets.commands.forget.forget.{step}": [1] for step in _STEPS},
    "os.replace": [1, 5, 9],
}
"""Functions before a call of which the command is killed, and before which."""
YAML = """\
type: sentiment_assets.SentimentBranch
attributes:
  landing: landing/acme
  features: {ngrams: {longest: 2, columns_log2: 14}}
  search: {grid: {epochs: [1, 2], eta0: [1], l2: [1.0e-5]}}
  publish: [{to: duckdb}, {to: postgres, connection: {env: ANALYSTS}}]
"""


@pytest.fixture
def branch(empty_home: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BranchInProcess]:
    """The branch acme with a history on disk, as a command finds it, and two warehouses."""
    copy_home(empty_home.home, tmp_path / "home")
    (tmp_path / "defs/acme").mkdir(parents=True)
    (tmp_path / "defs/acme/defs.yaml").write_text(YAML)
    monkeypatch.setattr(files, "DEFS", tmp_path / "defs")
    monkeypatch.setenv(SETTING, str(tmp_path / "home"))
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.delenv("DAGSTER_HOME")
    monkeypatch.setenv("DAGSTER_HOME", str(prepare_dagster_home()))
    with dg.DagsterInstance.get() as instance:
        yield BranchInProcess(instance, settings=branch_settings_of("acme"))


def forget(review_id: str, *options: str) -> Result:
    return CliRunner().invoke(main, ["forget", "--branch", "acme", "--review-id", review_id, *options])


def files_with_halves(home: Path, halves: list[str]) -> set[str]:
    """The files below a folder in which half of a text stands, whatever it was packed into."""
    return {
        str(file.relative_to(home))
        for file in home.rglob("*")
        if file.is_file() and any(half in said for said in said_in(file) for half in halves)
    }


def landed_files() -> dict[str, bytes]:
    first = made_up_reviews(400)
    first[2] |= {"text": TEXTS["in-training"], "review_id": "in-training", "label": 1}
    second = made_up_reviews(200, seed=1)
    second[3] |= {"text": TEXTS["in-quarantine"], "review_id": "in-quarantine", "label": "perhaps"}
    second[5] |= {"text": TEXTS["unlabelled"], "review_id": "unlabelled", "label": ""}
    return {"a.csv": as_csv(first), "b.jsonl": "\n".join(map(json.dumps, second)).encode() + b"\n"}


def stored(key: str, asset: str = "raw_reviews") -> pd.DataFrame:
    return read_frame(STORAGE.frame_path("acme", asset, key))


@pytest.mark.slow
def test_no_byte_of_a_review_is_left_and_the_platform_goes_on_without_it(
    branch: BranchInProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, original = tmp_path / "home", landed_files()
    with postgres_server() as server:
        monkeypatch.setenv("ANALYSTS", server.url())
        for name, content in original.items():
            assert branch.take_in(name, content).success
        assert branch.train().success
        for name in original:
            assert branch.score(name).success
        assert branch.report().success
        for name in original:
            assert branch.run("publish", partition_key=name).success
        held = files_with_halves(home, HALVES)
        for place in ("landing/acme/a.csv", "data/acme/splits.parquet", "warehouse.duckdb", "index.db", "reviews.csv"):
            assert any(place in file for file in held), "or there would be nothing to try"
        before = {
            (name, asset): stored(name, asset) for name in original for asset in ("raw_reviews", "scored_reviews")
        }

        asked = forget("in-training", "--dry-run")
        assert asked.exit_code == 0, asked.output
        assert "would be taken out of" in asked.output
        assert files_with_halves(home, HALVES) == held
        for review_id in TEXTS:
            done = forget(review_id, "--json")
            assert done.exit_code == 0, done.output
            assert json.loads(done.output)["remains"] == []

        assert files_with_halves(home, HALVES) == set()
        for (name, asset), frame in before.items():
            others = frame[~frame["review_id"].isin(list(TEXTS))].reset_index(drop=True)
            pd.testing.assert_frame_equal(stored(name, asset), others)
        with closing(psycopg2.connect(server.url())) as connection, connection.cursor() as cursor:
            for of_ids in ("SELECT review_id FROM sentiment.reviews", "SELECT review_id FROM sentiment.scores"):
                cursor.execute(of_ids)
                ids = {review_id for (review_id,) in cursor.fetchall()}
                assert len(ids) == 597
                assert ids.isdisjoint(TEXTS)
        with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as analyst:
            assert analyst.execute("SELECT count(*) FROM sentiment.reviews").fetchone() == (597,)

        # Nothing is made again by itself but what analysts see, whose sums are of what is there.
        keys = branch.instance.get_dynamic_partitions(batch_partitions_name("acme"))
        for key, taken in taken_in(branch.instance, "acme", keys).items():
            assert taken.digest == file_digest((home / "landing/acme" / key).read_bytes())
        assert batches_to_score(branch.instance, "acme", keys, branch.tracking, again=False) == {}
        assert set(batches_to_publish(branch.instance, "acme", keys, branch.settings.publish)) == set(original)

        again = branch.take_in("c.csv", original["a.csv"])
        assert again.success
        assert "400 rows in the file; 399 kept, 0 in quarantine, 0 without text, 1 forgotten" in str(
            checks_of(again)["row_identity"].description
        )
        for name in original:
            result = branch.ingest(name)
            assert result.success
            assert checks_of(result)["row_identity"].passed
        assert branch.train().success
        assert branch.report().success
        for name in original:
            assert branch.run("publish", partition_key=name).success
    (home / "landing/acme/c.csv").unlink()
    assert files_with_halves(home, HALVES) == set()


@pytest.mark.slow
def test_a_command_that_was_killed_anywhere_is_called_again(branch: BranchInProcess, tmp_path: Path) -> None:
    branch, home, kept = without_warehouses(branch), tmp_path / "home", tmp_path / "kept"
    for name, content in landed_files().items():
        assert branch.take_in(name, content).success
    assert branch.train().success
    for name in landed_files():
        assert branch.score(name).success
    assert branch.report().success
    shutil.copytree(home, kept)
    asked, done = (json.loads(forget("in-training", "--json", *more).output) for more in (["--dry-run"], []))
    assert asked["removed"] == done["removed"], "what is said beforehand is what is done"
    undisturbed = {
        (name, asset): stored(name, asset) for name in landed_files() for asset in ("raw_reviews", "scored_reviews")
    }

    for call, calls in ((call, number) for call, numbers in KILLED_AT.items() for number in numbers):
        shutil.rmtree(home)
        shutil.copytree(kept, home)
        assert is_killed_at(call, partial(forget, "in-training"), calls=calls, starts_by="fork")
        done = forget("in-training", "--json")
        assert done.exit_code == 0, done.output
        assert json.loads(done.output)["remains"] == []
        assert files_with_halves(home, HALVES[:2]) == set(), call
        for name in landed_files():
            for asset in ("raw_reviews", "scored_reviews"):
                pd.testing.assert_frame_equal(stored(name, asset), undisturbed[name, asset])


def without_warehouses(branch: BranchInProcess, landing: str = "landing/acme") -> BranchInProcess:
    yaml = YAML.replace("  publish", "  # publish").replace("landing/acme", landing)
    (files.DEFS / "acme/defs.yaml").write_text(yaml)
    return branch.with_settings(publish=[], landing=landing)


@pytest.mark.process  # Dagster copies the output of each step by a process
def test_a_landed_file_keeps_what_other_reviews_say_wherever_files_land(
    branch: BranchInProcess, tmp_path: Path
) -> None:
    branch, text = without_warehouses(branch, landing="incoming/acme"), TEXTS["in-training"]
    landed = tmp_path / "home/incoming/acme/a.csv"
    landed.parent.mkdir(parents=True)
    landed.write_text(f"review_id,text,label\n1,{text},1\n2,others say: {text},0\n")
    assert branch.ingest("a.csv").success
    forget("1")
    assert landed.read_text() == f"review_id,text,label\n2,others say: {text},0\n"


@pytest.mark.slow
def test_a_version_cannot_be_made_again_from_a_batch_without_the_review(branch: BranchInProcess) -> None:
    branch = without_warehouses(branch)
    assert branch.take_in("a.csv", landed_files()["a.csv"]).success
    assert branch.train().success
    forget("in-training")
    with pytest.raises(CannotRebuild, match=r"a\.csv is replaced since"):
        rebuild("acme", "1")
    said = stored_digests(STORAGE, "acme", ["a.csv"])
    assert branch.ingest("a.csv").success
    assert stored_digests(STORAGE, "acme", ["a.csv"]) == said, "the landed file holds what the batch does"


@pytest.mark.slow
def test_a_short_review_goes_from_reports_and_samples_and_their_figures_stay(
    branch: BranchInProcess, tmp_path: Path
) -> None:
    branch, rows = without_warehouses(branch), made_up_reviews(300)
    rows[0] |= {"text": "Great!", "review_id": "short"}
    rows[1] |= {"text": "positive", "review_id": "word"}
    assert branch.take_in("a.csv", as_csv(rows)).success
    assert branch.train().success
    assert branch.score("a.csv").success
    assert branch.report().success
    home = tmp_path / "home"
    [figures] = (home / "data/acme/reports").rglob("figures.csv")
    before = figures.read_bytes()
    for review_id in ("short", "word"):
        done = forget(review_id)
        assert done.exit_code == 0, done.output
    assert figures.read_bytes() == before
    assert not list((home / "data/acme/reports").rglob("reviews.parquet"))
    assert branch.metadata("raw_reviews")
    assert not any("Great!" in said for file in home.rglob("*.db") for said in said_in(file))


@pytest.mark.slow
def test_a_review_that_is_not_there_is_said_with_where_ids_stand(branch: BranchInProcess) -> None:
    assert branch.take_in("a.csv", b"review_id,text,label\n1,good,1\n2,bad,0\n").success
    refused = forget("3")
    assert refused.exit_code == 1
    assert "no review '3' is stored in branch 'acme'" in refused.output
    assert "sentiment-assets preview FILE --branch acme" in refused.output
    assert "has no batch z.csv; it has: a.csv" in forget("1", "--batch", "z.csv").output
    unknown = CliRunner().invoke(main, ["forget", "--branch", "nosuch", "--review-id", "1"])
    assert "there is no branch 'nosuch'; there are: acme" in unknown.output


@pytest.mark.slow
def test_a_run_of_the_branch_under_way_is_waited_for(branch: BranchInProcess) -> None:
    assert branch.take_in("a.csv", b"review_id,text,label\n1,good,1\n2,bad,0\n").success
    run = branch.instance.create_run_for_job(
        branch.definitions.resolve_job_def("acme_ingest"), status=dg.DagsterRunStatus.STARTED
    )
    refused = forget("1")
    assert refused.exit_code == 1
    assert f"a run of acme is under way (acme_ingest, {run.run_id})" in refused.output
    assert stored("a.csv")["review_id"].tolist() == ["1", "2"]


@pytest.mark.slow
def test_an_id_that_counts_the_rows_of_each_file_is_forgotten_in_one_batch_alone(
    branch: BranchInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch = without_warehouses(branch)
    for name, text in (("a.csv", "the superb teapot of Zanzibar"), ("b.csv", "the dull trombone of Samarkand")):
        assert branch.take_in(name, f"review_id,text,label\n1,{text},1\n2,bad,0\n".encode()).success
    done = forget("1", "--batch", "a.csv")
    assert done.exit_code == 0, done.output
    assert stored("a.csv")["review_id"].tolist() == ["2"]
    assert stored("b.csv")["review_id"].tolist() == ["1", "2"]
    assert branch.ingest("b.csv").success
    assert stored("b.csv")["review_id"].tolist() == ["1", "2"]
    again = forget("1", "--batch", "a.csv")
    assert again.exit_code == 0, again.output
    assert "forgotten already" in again.output


@pytest.mark.slow
def test_what_cannot_be_written_without_it_is_named_and_ends_with_1(branch: BranchInProcess) -> None:
    branch = without_warehouses(branch)
    content = (
        b'[{"review_id": 1, "text": "the superb teapot", "label": 1}, {"review_id": 2, "text": "bad", "label": 0}]'
    )
    assert branch.take_in("a.json", content).success
    done = forget("1")
    assert done.exit_code == 1, done.output
    assert "REMAINS:" in done.output
    assert "a.json has it in 1 of its rows: take them out by hand" in done.output
    assert stored("a.json")["review_id"].tolist() == ["2"]
    assert branch.ingest("a.json").success
    assert stored("a.json")["review_id"].tolist() == ["2"], "the list keeps it away"
