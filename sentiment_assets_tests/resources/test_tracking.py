import json
import shutil
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier
from urllib.parse import parse_qs

import mlflow
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sqlalchemy import create_engine, text

from sentiment_assets.learning.model import save_model
from sentiment_assets.learning.training_data import TrainingData
from sentiment_assets.resources.mlflow_settings import MlflowAway, asking_mlflow, default_tracking_uri
from sentiment_assets.resources.registry import (
    MODEL_DIGEST,
    REFERENCE_DIGEST,
    ChangedModel,
    NoSuchVersion,
    make_champion,
)
from sentiment_assets.resources.tracking import Tracking
from testing import servers
from testing.in_process import BranchInProcess
from testing.models import made_model, reference_of_a_former_release, register, train_run


@pytest.fixture
def tracking(acme: BranchInProcess) -> Tracking:
    return acme.tracking


def test_a_train_run_has_one_parent_however_often_it_is_executed_again(tracking: Tracking) -> None:
    first = tracking.parent_run("acme", "v1", train_run("r1"), joins_newest=False)
    tracking.mark("FAILED", first)
    again = tracking.parent_run("acme", "v1", train_run("r2", root_run_id="r1"), joins_newest=False)
    assert again == first
    assert MlflowClient(tracking.uri()).get_run(first).info.status == "FAILED", "until it is marked anew"
    tracking.mark("RUNNING", first)
    assert MlflowClient(tracking.uri()).get_run(first).info.status == "RUNNING"


def test_a_new_train_run_or_other_features_get_a_parent_of_their_own(tracking: Tracking) -> None:
    parents = [
        tracking.parent_run("acme", version, train_run(run), joins_newest=False)
        for version, run in (("v1", "r1"), ("v1", "r2"), ("v2", "r1"))
    ]
    assert len(set(parents)) == 3


def test_a_candidate_by_itself_joins_the_newest_parent_of_its_features(tracking: Tracking) -> None:
    tracking.parent_run("acme", "v1", train_run("r1"), joins_newest=False)
    newest = tracking.parent_run("acme", "v1", train_run("r2"), joins_newest=False)
    assert tracking.parent_run("acme", "v1", train_run("alone"), joins_newest=True) == newest
    assert tracking.parent_run("acme", "v2", train_run("alone"), joins_newest=True) != newest


def test_runs_that_publish_the_first_page_at_once_share_one_place(tracking: Tracking) -> None:
    at_once = 8
    tracking.client()
    together = Barrier(at_once)

    def publish(number: int) -> str:
        together.wait()
        return str(tracking.publish_page("acme", "drift.html", f"page {number}".encode()).value)

    with ThreadPoolExecutor(at_once) as threads:
        links = list(threads.map(publish, range(at_once)))
    client = MlflowClient(tracking.uri())
    experiment = client.get_experiment_by_name("acme-monitoring").experiment_id
    oldest = client.search_runs([experiment], order_by=["attributes.start_time"])[0].info.run_id
    assert any(oldest in link for link in links)
    assert oldest in tracking.publish_page("acme", "drift.html", b"later").value, "where all later ones go"


def test_pages_lie_beside_the_branchs_experiment_and_what_a_former_release_kept_stays_and_says_so(
    tracking: Tracking,
) -> None:
    client = tracking.client()
    experiment = client.create_experiment("acme")
    former = client.create_run(experiment, tags={"sentiment_assets.role": "monitoring"}).info.run_id
    client.log_text(former, "as it was", "drift.html")
    link = str(tracking.publish_page("acme", "drift.html", b"now").value)
    assert link == tracking.page_link("acme", "drift.html").value
    beside = client.get_experiment_by_name("acme-monitoring").experiment_id
    assert f"/#/experiments/{beside}/runs/" in link
    assert link.endswith("/artifacts/drift.html?workflowType=machine_learning")
    assert [file.path for file in client.list_artifacts(former)] == ["drift.html"]
    run_id = link.partition("/runs/")[2].partition("/")[0]
    assert run_id in client.get_run(former).data.tags["mlflow.note.content"]


def test_a_train_run_says_from_which_reviews_it_is_and_keeps_its_params_when_another_candidate_is_selected(
    tracking: Tracking,
) -> None:
    parent = tracking.parent_run("acme", "v1", train_run("r1"), joins_newest=False)
    data = TrainingData(
        digest="d" * 64, sizes={"train": {"positive": 2, "negative": 1}}, batches=["a.csv"], dates=None, dated=0.0
    )
    for epochs in (3, 5):
        tracking.describe_training(parent, f"epochs={epochs}", {"epochs": epochs}, data)
    run = tracking.client().get_run(parent)
    assert run.data.tags["sentiment_assets.selected_candidate"] == "epochs=5"
    assert run.data.params == {"epochs": "3"}
    [dataset] = [each.dataset for each in run.inputs.dataset_inputs]
    assert (dataset.name, json.loads(dataset.profile)["num_rows"]) == ("acme reviews", 3)
    assert json.loads(dataset.source) == {"batches": 1, "last": "a.csv"}


def test_candidates_of_a_train_run_are_compared_by_a_link(tracking: Tracking) -> None:
    parent = tracking.parent_run("acme", "v1", train_run("r1"), joins_newest=False)
    child = tracking.start_candidate(parent, "k", {"epochs": 1}, train_run("r1"), name="1ep")
    asked = parse_qs(str(tracking.comparison_link(parent).value).partition("?")[2])
    experiment = tracking.client().get_experiment_by_name("acme").experiment_id
    found = tracking.client().search_runs([experiment], asked["searchFilter"][0])
    assert [(each.info.run_id, each.info.run_name) for each in found] == [(child, "1ep")]
    assert asked["compareRunsMode"] == ["CHART"]
    assert asked["workflowType"] == ["machine_learning"]


def test_what_no_run_is_working_on_is_marked_failed_and_a_parent_is_of_the_run_that_took_it_up_last(
    tracking: Tracking,
) -> None:
    first, second, other = train_run("r1"), train_run("r2"), train_run("r3")
    taken_up = tracking.parent_run("acme", "v1", first, joins_newest=False)
    abandoned = tracking.start_candidate(taken_up, "epochs=3", {}, first, name="3ep")
    tracking.take_up(taken_up, second, {"r1"}.__contains__)
    tracking.take_up(taken_up, train_run("r4"), {"r1"}.__contains__)
    of_another = tracking.parent_run("acme", "v2", other, joins_newest=False)
    by_hand = tracking.client().create_run(tracking.client().get_run(taken_up).info.experiment_id).info.run_id
    assert tracking.close_abandoned("acme", {"r1", "r4"}.__contains__) == ["3ep"]
    statuses = [tracking.client().get_run(each).info.status for each in (taken_up, abandoned, of_another, by_hand)]
    assert statuses == ["RUNNING", "FAILED", "RUNNING", "RUNNING"], "what somebody else has begun is left alone"
    assert tracking.close_abandoned("nosuch", bool) == []


def test_there_is_no_champion_at_first(tracking: Tracking) -> None:
    assert tracking.champion("acme") is None


def test_losses_of_a_thousand_epochs_are_all_tracked(tracking: Tracking) -> None:
    parent = tracking.parent_run("acme", "v1", train_run("r1"), joins_newest=False)
    child = tracking.start_candidate(parent, "epochs=1000", {"epochs": 1000}, train_run("r1"), name="1000ep")
    losses = [1 / epoch for epoch in range(1, 1001)]
    both = {"train_hinge_loss": losses, "validation_hinge_loss": losses}
    tracking.log_losses(child, {name: values[:400] for name, values in both.items()}, first=1)
    tracking.log_losses(child, {name: values[400:] for name, values in both.items()}, first=401)
    history = MlflowClient(tracking.uri()).get_metric_history(child, "validation_hinge_loss")
    assert [entry.value for entry in sorted(history, key=lambda entry: entry.step)] == losses
    tracking.finish_candidate(child, {"validation_loss": 0.5})
    run = MlflowClient(tracking.uri()).get_run(child)
    assert (run.info.status, run.data.metrics["validation_loss"]) == ("FINISHED", 0.5)


@pytest.mark.slow
def test_a_cold_database_stands_four_processes_at_once(home: Path) -> None:
    """Without the lock of `open_client` they crash one another as they make its tables."""
    home.mkdir()
    code = "from sentiment_assets.definitions import resources;assert resources()['tracking'].champion('acme') is None"
    processes = [
        subprocess.Popen([sys.executable, "-W", "ignore", "-c", code], stderr=subprocess.PIPE) for _ in range(4)
    ]
    said = [process.communicate()[1].decode() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0, 0], said
    assert (home / "mlflow.db").exists(), default_tracking_uri()


def test_a_version_keeps_its_files_whatever_is_registered_after_it(tracking: Tracking) -> None:
    first, other = made_model(), made_model(good="dull", bad="superb")
    tracking.promote("acme", register(tracking, "acme", first))
    refused = register(tracking, "acme", other)
    champion = tracking.champion("acme")
    assert champion is not None
    assert champion.version == "1" != refused
    assert champion.model.margins(["superb"]) == first.margins(["superb"])
    make_champion("acme", refused, tracking.uri())
    make_champion("acme", "1", tracking.uri())
    rolled_back = tracking.champion("acme")
    assert rolled_back is not None
    assert rolled_back.model.margins(["superb"]) == first.margins(["superb"])


def test_an_equal_model_is_registered_once(tracking: Tracking) -> None:
    assert [register(tracking, "acme", made_model()) for _ in range(2)] == ["1", "1"]


def test_equal_models_of_two_runs_that_end_at_one_moment_are_one_version(
    tracking: Tracking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One has seen that there is no such version; before it makes it, the other does the same from start to end."""
    log_batch = MlflowClient.log_batch
    versions = []

    def log_when_the_other_has_registered(client: MlflowClient, *given: object, **named: object) -> None:
        monkeypatch.setattr(MlflowClient, "log_batch", log_batch)
        versions.append(register(tracking, "acme", made_model()))
        log_batch(client, *given, **named)

    monkeypatch.setattr(MlflowClient, "log_batch", log_when_the_other_has_registered)
    versions.append(register(tracking, "acme", made_model()))
    assert versions == ["1", "1"]
    assert [str(each.version) for each in tracking.client().search_model_versions("name = 'acme'")] == ["1"]


@pytest.mark.parametrize("changed", ["model.json", "model.npz", "reference.npz"])
def test_a_version_whose_files_were_changed_is_refused_with_what_to_do(tracking: Tracking, changed: str) -> None:
    version = register(tracking, "acme", made_model())
    tracking.promote("acme", version)
    source = Path(tracking.client().get_model_version("acme", version).source.removeprefix("file://"))
    another = source / "another"
    save_model(made_model(good="crisp"), another)
    (another / "reference.npz").write_bytes(reference_of_a_former_release() + b"\0")
    if changed == "model.json":
        facts = json.loads((another / changed).read_text())
        (another / changed).write_text(json.dumps(facts | {"intercept": 1.0}))
    shutil.copy(another / changed, source / "data" / "model" / changed)
    said = r"version 1 of acme was registered .* were changed since.*sentiment-assets rollback acme VERSION"
    with pytest.raises(ChangedModel, match=said):
        tracking.champion("acme")
    with pytest.raises(ChangedModel, match=said):
        make_champion("acme", version, tracking.uri())


def test_a_version_of_which_a_file_is_missing_is_refused(tracking: Tracking) -> None:
    tracking.promote("acme", register(tracking, "acme", made_model()))
    source = Path(tracking.client().get_model_version("acme", "1").source.removeprefix("file://"))
    (source / "data" / "model" / "model.npz").unlink()
    with pytest.raises(ChangedModel, match="are others"):
        tracking.champion("acme")


def test_a_version_without_a_digest_is_refused(tracking: Tracking) -> None:
    tracking.promote("acme", register(tracking, "acme", made_model()))
    tracking.client().delete_model_version_tag("acme", "1", MODEL_DIGEST)
    with pytest.raises(ChangedModel, match=r"with the digest \(none\)"):
        tracking.champion("acme")


def test_a_champion_of_a_former_release_is_used(tracking: Tracking) -> None:
    """It lay at `model` below its run, and its reference had no digest."""
    tracking.promote("acme", register(tracking, "acme", made_model()))
    tracking.client().delete_model_version_tag("acme", "1", REFERENCE_DIGEST)
    assert tracking.champion("acme") is not None


def test_rolling_back_to_what_is_not_there_names_what_is(tracking: Tracking) -> None:
    with pytest.raises(NoSuchVersion, match="no registered model 'acme'; there are: none yet"):
        make_champion("acme", "1", tracking.uri())
    register(tracking, "acme", made_model())
    with pytest.raises(NoSuchVersion, match="no registered model 'acm'; there are: acme"):
        make_champion("acm", "1", tracking.uri())
    with pytest.raises(NoSuchVersion, match="no version '7' in the registry; it has: 1"):
        make_champion("acme", "7", tracking.uri())


def test_the_registered_model_answers_each_row_of_a_frame(tracking: Tracking, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it holds: behind MLflow's own checks of the signature, too."""
    tracking.promote("acme", register(tracking, "acme", made_model()))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking.uri())
    served = mlflow.pyfunc.load_model("models:/acme@champion")
    answers = served.predict(pd.DataFrame({"text": ["superb", None, float("nan"), 7, pd.NA, "dull"]}))
    assert answers["label"].tolist() == [1, 0, 0, 0, 0, 0]
    assert answers["confidence"].tolist()[1:5] == [0.5] * 4
    assert answers["score"].iloc[0] > 0 > answers["score"].iloc[5]


def test_every_version_is_listed_with_its_figures_and_whether_it_is_the_champion(tracking: Tracking) -> None:
    assert tracking.versions("acme") == []
    first, second = (register(tracking, "acme", made_model(good=word)) for word in ("superb", "fine"))
    tracking.promote("acme", second)
    assert [(each.version, each.is_champion) for each in tracking.versions("acme")] == [(first, False), (second, True)]


def test_a_server_that_is_waited_for_in_vain_is_named_with_what_to_do(
    tracking: Tracking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    address = f"http://127.0.0.1:{servers.free_port()}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://user:Xylophone@{address.removeprefix('http://')}")
    with pytest.raises(MlflowAway, match=f"^MLflow at {address} cannot be reached: .*refused.*, and run this again$"):
        tracking.parent_run("acme", "v1", train_run("r1"), joins_newest=False)


def test_a_database_that_another_program_holds_is_named_with_what_to_do(tmp_path: Path) -> None:
    """MLflow itself waits for 20 seconds before it says so."""
    file = tmp_path / "mlflow.db"
    with closing(sqlite3.connect(file)) as holding:
        holding.execute("BEGIN EXCLUSIVE")
        at_once = create_engine(f"sqlite:///{file}", connect_args={"timeout": 0})
        with (
            pytest.raises(MlflowAway, match=r"mlflow.db cannot be used: database is locked. Wait, or end what holds"),
            asking_mlflow(f"sqlite:///{file}"),
            at_once.connect() as connection,
        ):
            connection.execute(text("SELECT * FROM experiments"))


def test_what_mlflow_says_of_what_was_asked_stays_as_it_is(tracking: Tracking) -> None:
    with pytest.raises(MlflowException, match="not found"):
        tracking.mark("FAILED", "0" * 32)
