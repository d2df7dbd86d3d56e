"""Steps on hosts that share no disk: ``make test-cluster``. The tests follow one cluster, in their order."""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import dagster as dg
import pytest
import yaml
from upath import UPath

pytest.importorskip("dagster_ray")  # the extra `cluster`

from sentiment_assets.assets.trained_candidates import all_candidates_tags
from sentiment_assets.branch.definitions import batch_partitions_name
from sentiment_assets.ingestion.batch_key import batch_key
from sentiment_assets.resources.home import below_home
from sentiment_assets.resources.storage import Storage
from sentiment_assets.resources.written_files import write_atomically
from sentiment_assets_tests.deployment.hosts import DEPLOYMENT, PROJECT, SETTINGS, Cluster, a_cluster, command, kill
from testing.cluster_location import BRANCHES
from testing.corpus import as_csv, made_up_reviews
from testing.platform import wait_for

pytestmark = pytest.mark.cluster

ON_CLUSTER = {"execution": {"config": {"cluster": {}}}}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster of a first host that takes no steps and one that takes two at once, and reviews in the bucket."""
    folder = tmp_path_factory.mktemp("cluster")
    shutil.copy(DEPLOYMENT / "dagster.yaml", folder)
    with pytest.MonkeyPatch.context() as patched:
        for name, value in (SETTINGS | {"DAGSTER_HOME": str(folder), "TMPDIR": str(folder)}).items():
            patched.setenv(name, value)
        with a_cluster(folder) as made:
            with dg.DagsterInstance.get() as instance:
                for branch in BRANCHES:
                    write_atomically(below_home(f"landing/{branch}") / "a.csv", as_csv(made_up_reviews(2_000)))
                    instance.add_dynamic_partitions(batch_partitions_name(branch), [batch_key("a.csv")])
            made.join("one", processors=2)
            yield made


@pytest.fixture
def instance(cluster: Cluster) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.get() as opened:
        yield opened


@dataclass(frozen=True)
class Begun:
    """A run, in a process as that of a launched one."""

    process: subprocess.Popen[bytes]
    run_id: str

    def ends_well(self, seconds: float) -> bool:
        """Whether it does, within that time."""
        return self.process.wait(seconds) == 0


def begin(cluster: Cluster, job: str, tags: dict[str, str] | None = None, config: object = None) -> Begun:
    mark = {"mark": uuid4().hex}
    words = json.dumps((tags or {}) | mark), json.dumps(config or {})
    process = cluster.start("testing.cluster_location", job, *words)
    with dg.DagsterInstance.get() as instance:
        [run] = wait_for(lambda: instance.get_runs(dg.RunsFilter(tags=mark)), 60, "a run")
    return Begun(process, run.run_id)


def ingest(cluster: Cluster, branch: str) -> None:
    assert begin(cluster, f"{branch}_ingest", {"dagster/partition": batch_key("a.csv")}).ends_well(300)


def candidates_of(branch: str) -> list[str]:
    settings = BRANCHES[branch]
    return [each.key for each in settings.search.hyperparameter_sets(settings.features)]


def begin_training(cluster: Cluster, branch: str) -> Begun:
    return begin(cluster, f"{branch}_train", all_candidates_tags(candidates_of(branch)))


def steps_that(happened: dg.DagsterEventType, instance: dg.DagsterInstance, run_id: str) -> dict[str, float]:
    """When it happened to each step that trains a candidate, the last time."""
    told = instance.all_logs(run_id, of_type=happened)
    return {str(entry.step_key): entry.timestamp for entry in told if "train_candidate" in str(entry.step_key)}


def test_a_host_joins_by_one_command_and_candidates_are_trained_on_all(
    cluster: Cluster, instance: dg.DagsterInstance
) -> None:
    cluster.join("two", processors=2)
    ingest(cluster, "few")
    run = begin_training(cluster, "few")
    assert run.ends_well(400)
    hosts = cluster.hosts_of_steps(run.run_id)
    trained = [host for key, host in hosts.items() if "train_candidate" in key]
    print({name: trained.count(name) for name in ("one", "two")}, end=" ")
    assert len(trained) == len(candidates_of("few"))
    assert set(trained) == set(hosts.values()) == {"one", "two"}, "the first host has no processors to give"


def test_a_host_copies_what_its_steps_map_to_a_scratch_of_its_own(cluster: Cluster) -> None:
    everything = {file.stem for file in Storage(root="data").path("few", "features").glob("*/*.npy")}
    candidates = {f"words_{split}_data" for split in ("train", "validation")}
    for name in ("one", "two"):
        assert candidates <= cluster.hosts[name].copies <= everything
    assert any("words_near_duplicate_data" not in cluster.hosts[name].copies for name in ("one", "two")), (
        "which no candidate maps, and the model's own step maps on one host only"
    )
    assert not list(cluster.folder.glob("sentiment_assets")), "the process of a run maps nothing"


def test_what_a_step_prints_on_any_host_can_be_read(cluster: Cluster, instance: dg.DagsterInstance) -> None:
    run_id = instance.get_runs(limit=1)[0].run_id
    logs = UPath(f"s3://{SETTINGS['STATE_BUCKET']}/logs")
    assert len({file.stem for file in logs.glob(f"storage/{run_id}/compute_logs/*.err")}) > len(candidates_of("few"))


def test_a_host_that_is_killed_half_way_leaves_a_run_that_ends_well(
    cluster: Cluster, instance: dg.DagsterInstance
) -> None:
    run = begin_training(cluster, "few")

    def on_two() -> set[str]:
        """The candidates that are being trained there now."""
        done = steps_that(dg.DagsterEventType.STEP_SUCCESS, instance, run.run_id)
        began = steps_that(dg.DagsterEventType.STEP_START, instance, run.run_id).keys() - done.keys()
        return began & {key for key, host in cluster.hosts_of_steps(run.run_id).items() if host == "two"}

    lost = wait_for(on_two, 120, "a candidate on host two")
    began = time.monotonic()
    cluster.leave("two")
    assert run.ends_well(400)
    print(f"{len(lost)} lost, ended {time.monotonic() - began:.0f} s after the kill", end=" ")
    again = steps_that(dg.DagsterEventType.STEP_UP_FOR_RETRY, instance, run.run_id)
    assert lost <= again.keys()
    assert not steps_that(dg.DagsterEventType.STEP_FAILURE, instance, run.run_id)
    assert len(steps_that(dg.DagsterEventType.STEP_SUCCESS, instance, run.run_id)) == len(candidates_of("few"))
    assert {cluster.hosts_of_steps(run.run_id)[key] for key in again} == {"one"}


def test_a_step_that_fails_by_itself_is_not_launched_again_and_one_that_is_always_lost_fails(
    cluster: Cluster, instance: dg.DagsterInstance
) -> None:
    run = begin(cluster, "faulty", config=ON_CLUSTER)
    assert not run.ends_well(300)
    kinds = {dg.DagsterEventType.STEP_UP_FOR_RETRY, dg.DagsterEventType.STEP_FAILURE}
    told = instance.all_logs(run.run_id, of_type=kinds)
    events = [(entry.step_key, entry.dagster_event) for entry in told]
    assert [event.event_type for key, event in events if key == "fails"] == [dg.DagsterEventType.STEP_FAILURE]
    *again, last = [event for key, event in events if key == "vanishes"]
    assert [event.event_type for event in again] == [dg.DagsterEventType.STEP_UP_FOR_RETRY] * 2
    assert "failed health check" in last.event_specific_data.error.message


def test_a_run_is_ended_with_its_jobs(cluster: Cluster, instance: dg.DagsterInstance) -> None:
    run = begin_training(cluster, "few")
    wait_for(lambda: steps_that(dg.DagsterEventType.STEP_START, instance, run.run_id), 200, "a candidate")
    run.process.send_signal(signal.SIGINT)
    assert not run.ends_well(60)
    wait_for(lambda: not cluster.jobs_under_way(), 30, "the end of the jobs")


def test_a_run_that_the_daemon_launches_trains_there_because_the_setting_says_so(
    cluster: Cluster, instance: dg.DagsterInstance
) -> None:
    module = {"module_name": "testing.cluster_location", "working_directory": str(PROJECT)}
    workspace = cluster.folder / "workspace.yaml"
    workspace.write_text(yaml.safe_dump({"load_from": [{"python_module": module}]}))
    tags = all_candidates_tags(candidates_of("few")) | {"asked": "by hand"}

    def ended_well() -> str | None:
        runs = instance.get_runs(dg.RunsFilter(tags={"asked": "by hand"}))
        assert not any(run.status == dg.DagsterRunStatus.FAILURE for run in runs)
        return next((run.run_id for run in runs if run.status == dg.DagsterRunStatus.SUCCESS), None)

    daemon = cluster.start("dagster._daemon", "run", "-w", str(workspace))
    launching = ["job", "launch", "-w", str(workspace), "-j", "few_train", "--tags", json.dumps(tags)]
    command(sys.executable, "-m", "dagster", *launching)
    run_id = wait_for(ended_well, 400, "the end of the run")
    kill(daemon)
    cluster.stop_jobs()  # its sensors may have asked for runs of their own
    hosts = cluster.hosts_of_steps(run_id)
    assert len([key for key in hosts if "train_candidate" in key]) == len(candidates_of("few"))


def test_the_cost_of_a_step_on_one_two_and_four_hosts(cluster: Cluster, instance: dg.DagsterInstance) -> None:
    """Each host takes one step at once; two processors do the work of all of them."""
    cluster.leave("one")
    ingest(cluster, "many")
    rows = []
    for n_hosts, joining in ((1, ["a"]), (2, ["b"]), (4, ["c", "d"])):
        for name in joining:
            cluster.join(name, processors=1)
        run = begin_training(cluster, "many")
        assert run.ends_well(1_500)
        rows.append(costs(n_hosts, instance, run.run_id))
        assert len(set(cluster.hosts_of_steps(run.run_id).values())) == n_hosts
    print()
    print("hosts  seconds for 48 candidates  seconds of a step  of these work  beyond its work")
    for row in rows:
        print("{:5}  {:25.0f}  {:17.1f}  {:13.1f}  {:15.1f}".format(*row))


def costs(n_hosts: int, instance: dg.DagsterInstance, run_id: str) -> tuple[int, float, float, float, float]:
    """Hosts, seconds from the first launch to the last end, and of each step: all, its work, and what is beyond it."""
    kinds = dg.DagsterEventType.STEP_WORKER_STARTING, dg.DagsterEventType.STEP_START, dg.DagsterEventType.STEP_SUCCESS
    launched, began, ended = (steps_that(kind, instance, run_id) for kind in kinds)
    assert len(ended) == len(candidates_of("many")) == 48
    seconds = max(ended.values()) - min(launched.values())
    each = seconds * n_hosts / len(ended)
    work = sum(ended[key] - began[key] for key in ended) / len(ended)
    return n_hosts, seconds, each, work, each - work
