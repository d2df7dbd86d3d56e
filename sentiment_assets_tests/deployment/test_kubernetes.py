"""What can be known of Kubernetes without a cluster."""

import re
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg
import kubernetes_validate
import pytest
import yaml
from dagster_k8s.job import construct_dagster_k8s_job
from fastapi.routing import APIRoute
from kubernetes.client import ApiClient
from starlette.testclient import TestClient
from upath import UPath

from sentiment_assets.commands.serve_reports import hosts_of
from sentiment_assets.execution.steps import PODS, TRAINING_SETTING
from sentiment_assets.serving.app import scoring_app
from sentiment_assets.serving.champions import Champions
from sentiment_assets.serving.reports import reports_app
from sentiment_assets_tests.execution.test_steps import executor_of

DEPLOYMENT = Path(__file__).parents[2] / "deployment" / "kubernetes"
VALUES = yaml.safe_load((DEPLOYMENT / "values.yaml").read_text())
KUBERNETES = "1.33"
# A file such as kubectl has; nothing listens there.
KUBECONFIG = """
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: u, user: {token: made-up}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
"""


def as_dagster_names(name: str) -> str:
    return re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name)


def as_the_chart_writes(values: Any) -> Any:
    """Settings of Dagster's as they stand in its ``dagster.yaml``."""
    if not isinstance(values, dict):
        return values
    return {as_dagster_names(key): as_the_chart_writes(each) for key, each in values.items()}


def instance_settings() -> dict[str, Any]:
    """All but the run launcher and the places of things."""
    parts = {part: dict(VALUES[part]) for part in ("concurrency", "retention")}
    assert all(part.pop("enabled") for part in parts.values()), "else the chart leaves it out"
    daemon = {part: VALUES["dagsterDaemon"][part] for part in ("runMonitoring", "runRetries")}
    settings: dict[str, Any] = as_the_chart_writes(parts | daemon)
    return settings | VALUES["additionalInstanceConfig"]


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """An instance that has the settings of ``values.yaml``, as the chart would write them."""
    (tmp_path / "kubeconfig").write_text(KUBECONFIG)
    asked = VALUES["runLauncher"]["config"]["k8sRunLauncher"]["runK8sConfig"]
    launcher = {
        "service_account_name": "dagster",
        "instance_config_map": "dagster-instance",
        "dagster_home": "/opt/dagster/dagster_home",
        "load_incluster_config": False,
        "kubeconfig_file": str(tmp_path / "kubeconfig"),
        # Below the parts stand Kubernetes' own names.
        "run_k8s_config": {as_dagster_names(part): each for part, each in asked.items()},
    }
    settings = {
        "run_launcher": {"module": "dagster_k8s", "class": "K8sRunLauncher", "config": launcher},
        **instance_settings(),
    }
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(settings))
    with dg.DagsterInstance.from_config(str(tmp_path)) as opened:
        yield opened


def test_the_run_launcher_takes_its_settings(instance: dg.DagsterInstance) -> None:
    launcher = instance.run_launcher
    assert type(launcher).__name__ == VALUES["runLauncher"]["type"]
    assert launcher.run_k8s_config["job_spec_config"]["ttlSecondsAfterFinished"] == 86_400


def test_the_job_that_a_run_becomes_holds_to_kubernetes_schema(instance: dg.DagsterInstance) -> None:
    launcher = instance.run_launcher
    context = launcher.get_container_context_for_run(dg.DagsterRun(job_name="acme_train", run_id=str(uuid4())))
    config = context.get_k8s_job_config("registry.example.com/sentiment-assets:0.1.0", launcher)
    job = construct_dagster_k8s_job(
        config, ["dagster", "api", "execute_run"], "dagster-run-1", user_defined_k8s_config=context.run_k8s_config
    )
    manifest = ApiClient().sanitize_for_serialization(job)
    kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
    assert manifest["spec"]["backoffLimit"] == 0
    [container] = manifest["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["limits"] == {"memory": "4Gi"}


def test_the_instance_does_what_that_of_compose_does(instance: dg.DagsterInstance) -> None:
    compose = yaml.safe_load((DEPLOYMENT.parent / "dagster.yaml").read_text())
    ours = instance_settings()
    assert ours["run_retries"] == compose["run_retries"]
    assert ours["freshness"] == compose["freshness"]
    assert ours["retention"]["schedule"] == compose["retention"]["schedule"]
    kept, kept_there = (each["retention"]["sensor"]["purge_after_days"] for each in (ours, compose))
    assert kept == kept_there | {"started": -1}, "which the chart's schema wants said"
    assert ours["concurrency"]["pools"]["granularity"] == compose["concurrency"]["pools"]["granularity"]
    assert instance.event_log_storage.get_pool_config().default_pool_limit == 20


def test_steps_can_have_pods_of_their_own(instance: dg.DagsterInstance) -> None:
    executor = executor_of({PODS: {"max_concurrent": 6, "megabytes": 512, "cpus": 1}}, instance)
    assert type(executor).__name__ == "StepDelegatingExecutor"


def test_the_chart_is_told_of_the_code_location_as_it_is() -> None:
    [location] = VALUES["dagster-user-deployments"]["deployments"]
    assert "sentiment_assets.definitions" in location["dagsterApiGrpcArgs"]
    told = {each["name"]: each["value"] for each in location["env"]}
    assert told[TRAINING_SETTING] == PODS
    assert told["SENTIMENT_HOME"].startswith("s3://"), "pods share no disk"
    images = [VALUES[part]["image"] for part in ("dagsterWebserver", "dagsterDaemon")] + [location["image"]]
    assert all(image == images[0] for image in images)
    assert f"--version {version('dagster')}" in (DEPLOYMENT / "values.yaml").read_text()


@pytest.mark.parametrize("name", ["mlflow.yaml", "reports.yaml", "scoring.yaml"])
def test_manifests_hold_to_kubernetes_schema(name: str) -> None:
    for manifest in yaml.safe_load_all((DEPLOYMENT / name).read_text()):
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def test_the_scoring_service_is_probed_where_it_answers() -> None:
    deployment, service = yaml.safe_load_all((DEPLOYMENT / "scoring.yaml").read_text())
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    paths = {route.path for route in scoring_app(Champions("")).routes if isinstance(route, APIRoute)}
    assert {container[probe]["httpGet"]["path"] for probe in ("readinessProbe", "livenessProbe")} <= paths
    assert f"--port={service['spec']['ports'][0]['targetPort']}" in container["args"]


def test_the_reports_are_probed_as_their_server_is_named_and_shown_where_links_lead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment, service = yaml.safe_load_all((DEPLOYMENT / "reports.yaml").read_text())
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    assert f"--port={service['spec']['ports'][0]['targetPort']}" in container["args"]
    told = {each["name"]: each["value"] for each in container["env"]}
    [location] = VALUES["dagster-user-deployments"]["deployments"]
    assert {tuple(each.values()) for each in location["env"]} >= told.items()
    monkeypatch.setenv("REPORTS_URL", told["REPORTS_URL"])
    asked = TestClient(reports_app(UPath(tmp_path), hosts_of("0.0.0.0")), base_url="http://10.1.2.3:8001")  # noqa: S104
    for probe in ("readinessProbe", "livenessProbe"):
        request = container[probe]["httpGet"]
        named = {each["name"]: each["value"] for each in request["httpHeaders"]}
        assert asked.get(request["path"], headers=named).status_code == 200
    assert asked.get("/reports/").status_code == 400, "or the probes would need no name"
    assert asked.get("/reports/", headers={"Host": "reports.example.com"}).status_code == 200
