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
from sentiment_assets.execution.preloading import PRELOADED
from sentiment_assets.execution.steps import (
    TRAINING_SETTING,
    container_limits,
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


def test_without_a_word_in_the_run_the_deployment_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TRAINING_SETTING, "containers")
    by_name = {job.name: job for job in branch_jobs("acme")}
    assert by_name["acme_train"].executor_def.config_schema.default_value == {"containers": {}}
    assert by_name["acme_report"].executor_def is None, "the code location's, whose steps are processes"
    assert by_name["acme_ingest"].executor_def is dg.in_process_executor, "its one step stays in its run's own process"


def test_a_place_that_there_is_not_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TRAINING_SETTING, "clouds")
    with pytest.raises(ValueError, match="SENTIMENT_TRAINING is 'clouds'; it can be processes, containers, pods"):
        place_of_training()


def test_a_run_that_asks_for_two_places_is_refused() -> None:
    with pytest.raises(dg.DagsterInvalidConfigError):
        dg.validate_run_config(nothing_job, {"execution": {"config": {"processes": {}, "containers": {}}}})


def test_candidates_share_one_pool() -> None:
    train = defs().resolve_job_def("movies_train")
    assert {op.pool for op in train.all_node_defs if isinstance(op, dg.OpDefinition) and op.pool} == {POOL}
