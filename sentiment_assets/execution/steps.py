"""Where the steps of a run are executed: in the run's own processes, in containers or pods, or on a cluster."""

import multiprocessing
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import dagster as dg

TRAINING_SETTING = "SENTIMENT_TRAINING"
"""The environment's word on where candidates are trained unless a run says otherwise."""
PROCESSES, CONTAINERS, PODS, CLUSTER = "processes", "containers", "pods", "cluster"
CLUSTER_ADDRESS = "RAY_API_SERVER_ADDRESS"
"""Ray's own name for the address of a cluster's dashboard, which takes jobs."""
PLACE = "sentiment_assets/steps"
"""The tag of a job's runs that says where their steps are executed unless the run's configuration does."""
_PRELOADED = "sentiment_assets.execution.preloaded"
_RETRIES: Mapping[str, object] = {"retries": {"enabled": {}}}
_AT_ONCE = {"max_concurrent": dg.Field(int, is_required=False, description="The most steps of the run at once.")}
_SIZE = {
    "megabytes": dg.Field(int, is_required=False, description="Memory of each step; a step that takes more is killed."),
    "cpus": dg.Field(float, is_required=False, description="Processors of each step, in parts if need be."),
}
_SET_ASIDE = {
    "megabytes": dg.Field(int, is_required=False, description="Memory that a host sets aside for each step."),
    "cpus": dg.Field(float, is_required=False, description="Processors that it sets aside, 1 without a word."),
}
_SETTINGS = {
    PROCESSES: _AT_ONCE,
    CONTAINERS: _AT_ONCE | _SIZE,
    PODS: _AT_ONCE | _SIZE,
    CLUSTER: _AT_ONCE | _SET_ASIDE,
}


def step_executor(place: str = PROCESSES) -> dg.ExecutorDefinition:
    """The executor ``steps``; a run's configuration may name another place than ``place``, and how much it may take.

    Containers need Docker's socket where the run is, which `ContainerRunLauncher` sees to; pods need Kubernetes; a
    cluster needs Ray.
    """

    @dg.executor(
        name="steps",
        config_schema=dg.Field(
            dg.Selector(_SETTINGS),  # type: ignore[no-untyped-call]
            default_value={place: {}},
        ),
        requirements=dg.multiple_process_executor_requirements(),
    )
    def steps(context: dg.InitExecutorContext) -> dg.Executor:
        config: Mapping[str, Any] = context.executor_config
        [(chosen, settings)] = config.items()
        return _EXECUTORS[chosen](context, settings)

    return steps


def place_of_steps(run: dg.DagsterRun) -> str:
    """Where the steps of a run are executed."""
    config: Mapping[str, Any] = run.run_config
    chosen = config.get("execution", {}).get("config", {})
    return next(iter(chosen), run.tags.get(PLACE, PROCESSES))


def place_of_training() -> str:
    """Where candidates are trained in this deployment. Raises ``ValueError`` for a place that there is not."""
    place = os.environ.get(TRAINING_SETTING) or PROCESSES
    if place not in _EXECUTORS:
        raise ValueError(f"{TRAINING_SETTING} is {place!r}; it can be {', '.join(_EXECUTORS)}")
    if place == CLUSTER:
        address_of_cluster()
    return place


def address_of_cluster() -> str:
    """Where the cluster takes jobs. Raises ``ValueError`` that says what is missing for one."""
    if not find_spec("dagster_ray"):
        raise ValueError("steps cannot run on a cluster: dagster-ray is not installed; run make install-cluster")
    address = os.environ.get(CLUSTER_ADDRESS)
    if not address:
        raise ValueError(
            f"steps cannot run on a cluster: set {CLUSTER_ADDRESS} to its dashboard's address, as http://HEAD:8265"
        )
    return address


def _processes(context: dg.InitExecutorContext, settings: Mapping[str, Any]) -> dg.Executor:
    """Forked from one that has imported everything; spawned where there is no fork."""
    if "forkserver" in multiprocessing.get_all_start_methods():
        start_method: dict[str, object] = {"forkserver": {"preload_modules": [_PRELOADED]}}
    else:
        start_method = {"spawn": {}}
    return _made_by(dg.multiprocess_executor, context, {"start_method": start_method, **settings})


def _containers(context: dg.InitExecutorContext, settings: Mapping[str, Any]) -> dg.Executor:
    from dagster_docker import docker_executor

    return _made_by(docker_executor, context, {"container_kwargs": container_limits(settings), **_at_once(settings)})


def _pods(context: dg.InitExecutorContext, settings: Mapping[str, Any]) -> dg.Executor:
    from dagster_k8s import k8s_job_executor

    return _made_by(k8s_job_executor, context, {"resources": pod_resources(settings), **_at_once(settings)})


def _cluster(_: dg.InitExecutorContext, settings: Mapping[str, Any]) -> dg.Executor:
    address = address_of_cluster()
    from sentiment_assets.execution.cluster import cluster_executor

    return cluster_executor(address, settings)


def container_limits(settings: Mapping[str, Any]) -> dict[str, Any]:
    """A step's share in Docker's words."""
    memory = {"mem_limit": f"{settings['megabytes']}m"} if "megabytes" in settings else {}
    return memory | ({"nano_cpus": round(settings["cpus"] * 1e9)} if "cpus" in settings else {})


def pod_resources(settings: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """A step's share in Kubernetes' words: as much as it may have is set aside for it."""
    memory = {"memory": f"{settings['megabytes']}Mi"} if "megabytes" in settings else {}
    share = memory | ({"cpu": f"{settings['cpus']:g}"} if "cpus" in settings else {})
    return {"requests": share, "limits": share} if share else {}


@dataclass(frozen=True)
class JobShare:
    """What Ray sets aside for a step."""

    cpus: float
    bytes: int | None


def job_share(settings: Mapping[str, Any]) -> JobShare:
    """A step's share in Ray's words. Without any processor a step would stay on the first host."""
    megabytes = settings.get("megabytes")
    return JobShare(settings.get("cpus", 1.0), None if megabytes is None else megabytes * 1_000_000)


def _at_once(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name in _AT_ONCE}


def _made_by(
    definition: dg.ExecutorDefinition, context: dg.InitExecutorContext, settings: Mapping[str, object]
) -> dg.Executor:
    own = dg.InitExecutorContext(context.job, definition, {**_RETRIES, **settings}, context.instance)
    make = definition.executor_creation_fn
    if make is None:
        raise ValueError(f"the executor {definition.name!r} cannot be made: it is a name without code")
    return make(own)


_EXECUTORS: Mapping[str, Callable[[dg.InitExecutorContext, Mapping[str, Any]], dg.Executor]] = {
    PROCESSES: _processes,
    CONTAINERS: _containers,
    PODS: _pods,
    CLUSTER: _cluster,
}
