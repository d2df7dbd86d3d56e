"""Where steps run is a choice of the deployment, and of each run."""

import importlib
import subprocess
import sys
from collections.abc import Mapping

import dagster as dg
import pytest
from dagster._core.definitions.job_base import InMemoryJob

from sentiment_assets.assets.trained_candidates import POOL
from sentiment_assets.automation.jobs import branch_jobs
from sentiment_assets.definitions import defs
from sentiment_assets.execution import steps
from sentiment_assets.execution.preloading import PRELOADED
from sentiment_assets.execution.steps import (
    CLUSTER_ADDRESS,
    TRAINING_SETTING,
    JobShare,
    container_limits,
    job_share,
    place_of_training,
    pod_resources,
    step_executor,
)


@dg.op
def nothing() -> None: ...


@dg.job(executor_def=step_executor())
def nothing_job() -> None:
    nothing()


def executor_of(config: Mapping[str, object], instance: dg.DagsterInstance) -> dg.Executor:
    """The executor that a run with that configuration would have."""
    definition = step_executor()
    context = dg.InitExecutorContext(InMemoryJob(nothing_job), definition, config, instance)
    return definition.executor_creation_fn(context)


@pytest.mark.parametrize("name", PRELOADED)
def test_what_the_forkserver_preloads_exists(name: str) -> None:
    """Python's forkserver swallows the ImportError of a misspelt module, and every step would pay for it."""
    importlib.import_module(name)


@pytest.mark.process
def test_preloading_loads_the_definitions_and_opens_nothing() -> None:
    """What is open when a process forks is open in all steps; garbage is searched for again afterwards."""
    code = (
        "import gc, os, sys, threading; before = set(os.listdir('/dev/fd'));"
        "import sentiment_assets.execution.preloaded;"
        "from sentiment_assets.definitions import defs;"
        "print(set(os.listdir('/dev/fd')) - before, threading.active_count(), gc.isenabled(), "
        "gc.get_freeze_count() > 0, defs.load_fn.cache_info().misses)"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set() 1 True True 1"


@pytest.mark.parametrize(
    ("config", "kind"),
    [
        ({"processes": {"max_concurrent": 2}}, "MultiprocessExecutor"),
        ({"containers": {"max_concurrent": 2, "megabytes": 512, "cpus": 0.5}}, "StepDelegatingExecutor"),
    ],
)
def test_processes_and_containers_can_be_chosen(config: Mapping[str, object], kind: str) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        assert type(executor_of(config, instance)).__name__ == kind


def test_limits_of_a_step_reach_docker_and_kubernetes_in_their_own_words() -> None:
    assert container_limits({"megabytes": 512, "cpus": 0.5}) == {"mem_limit": "512m", "nano_cpus": 500_000_000}
    share = {"memory": "512Mi", "cpu": "0.5"}
    assert pod_resources({"megabytes": 512, "cpus": 0.5}) == {"requests": share, "limits": share}
    assert container_limits({}) == pod_resources({}) == {}, "without a word the deployment's own hold"


def test_a_share_of_a_host_reaches_ray_in_its_own_words() -> None:
    assert job_share({"megabytes": 512, "cpus": 0.5}) == JobShare(0.5, 512_000_000)
    assert job_share({}) == JobShare(1, None), "without a processor Ray keeps a job on the first host"


def test_a_run_can_ask_for_the_cluster() -> None:
    asked = {"cluster": {"max_concurrent": 6, "megabytes": 512, "cpus": 0.5}}
    assert dg.validate_run_config(nothing_job, {"execution": {"config": asked}})


@pytest.mark.parametrize(
    ("installed", "address", "said"),
    [
        (False, "http://head:8265", "dagster-ray is not installed; run make install-cluster"),
        (True, None, "set RAY_API_SERVER_ADDRESS to its dashboard's address, as http://HEAD:8265"),
    ],
)
def test_a_cluster_that_cannot_be_is_refused_with_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, installed: bool, address: str | None, said: str
) -> None:
    monkeypatch.setattr(steps, "find_spec", lambda name: installed and name == "dagster_ray")
    monkeypatch.delenv(CLUSTER_ADDRESS, raising=False)
    if address:
        monkeypatch.setenv(CLUSTER_ADDRESS, address)
    monkeypatch.setenv(TRAINING_SETTING, "cluster")
    with pytest.raises(ValueError, match=f"^steps cannot run on a cluster: {said}$"):
        place_of_training()
    with dg.DagsterInstance.ephemeral() as instance, pytest.raises(ValueError, match=f"{said}$"):
        executor_of({"cluster": {}}, instance)


def test_a_deployment_trains_on_a_cluster_when_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "find_spec", lambda _: True)
    monkeypatch.setenv(CLUSTER_ADDRESS, "http://head:8265")
    monkeypatch.setenv(TRAINING_SETTING, "cluster")
    by_name = {job.name: job for job in branch_jobs("acme")}
    assert by_name["acme_train"].executor_def.config_schema.default_value == {"cluster": {}}


def test_without_a_word_in_the_run_the_deployment_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TRAINING_SETTING, "containers")
    by_name = {job.name: job for job in branch_jobs("acme")}
    assert by_name["acme_train"].executor_def.config_schema.default_value == {"containers": {}}
    assert by_name["acme_report"].executor_def is None, "the code location's, whose steps are processes"
    assert by_name["acme_ingest"].executor_def is dg.in_process_executor, "its one step stays in its run's own process"


def test_a_place_that_there_is_not_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TRAINING_SETTING, "clouds")
    with pytest.raises(
        ValueError, match="SENTIMENT_TRAINING is 'clouds'; it can be processes, containers, pods, cluster"
    ):
        place_of_training()


def test_a_run_that_asks_for_two_places_is_refused() -> None:
    with pytest.raises(dg.DagsterInvalidConfigError):
        dg.validate_run_config(nothing_job, {"execution": {"config": {"processes": {}, "containers": {}}}})


def test_candidates_share_one_pool() -> None:
    train = defs().resolve_job_def("movies_train")
    assert {op.pool for op in train.all_node_defs if isinstance(op, dg.OpDefinition) and op.pool} == {POOL}
