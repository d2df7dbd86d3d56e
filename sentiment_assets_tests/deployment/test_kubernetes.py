"""What can be known of Kubernetes without a cluster."""

import re
from importlib.metadata import version
from pathlib import Path

import dagster as dg
import kubernetes_validate
import pytest
import yaml

from sentiment_assets.engines.steps import PODS, TRAINING_SETTING
from sentiment_assets_tests.engines.test_steps import executor_of

DEPLOYMENT = Path(__file__).parents[2] / "deployment" / "kubernetes"
VALUES = yaml.safe_load((DEPLOYMENT / "values.yaml").read_text())
# A file such as kubectl has; nothing listens there.
KUBECONFIG = """
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: u, user: {token: made-up}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
"""


@pytest.fixture
def instance(tmp_path: Path) -> dg.DagsterInstance:
    """An instance whose run launcher has the settings that stand in ``values.yaml``."""
    (tmp_path / "kubeconfig").write_text(KUBECONFIG)
    asked = VALUES["runLauncher"]["config"]["k8sRunLauncher"]["runK8sConfig"]
    in_snakes = {re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", key): value for key, value in asked.items()}
    launcher = {
        "service_account_name": "dagster",
        "instance_config_map": "dagster-instance",
        "dagster_home": "/opt/dagster/dagster_home",
        "load_incluster_config": False,
        "kubeconfig_file": str(tmp_path / "kubeconfig"),
        "run_k8s_config": in_snakes,
    }
    settings = {"run_launcher": {"module": "dagster_k8s", "class": "K8sRunLauncher", "config": launcher}}
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(settings))
    return dg.DagsterInstance.from_config(str(tmp_path))


def test_the_run_launcher_takes_its_settings(instance: dg.DagsterInstance) -> None:
    launcher = instance.run_launcher
    assert type(launcher).__name__ == VALUES["runLauncher"]["type"]
    assert launcher.run_k8s_config["job_spec_config"]["ttlSecondsAfterFinished"] == 86_400
    instance.dispose()


def test_steps_can_have_pods_of_their_own(instance: dg.DagsterInstance) -> None:
    executor = executor_of({PODS: {"max_concurrent": 6, "megabytes": 512, "cpus": 1}}, instance)
    assert type(executor).__name__ == "StepDelegatingExecutor"
    instance.dispose()


def test_the_chart_is_told_of_the_code_location_as_it_is() -> None:
    [location] = VALUES["dagster-user-deployments"]["deployments"]
    assert "sentiment_assets.definitions" in location["dagsterApiGrpcArgs"]
    told = {each["name"]: each["value"] for each in location["env"]}
    assert told[TRAINING_SETTING] == PODS
    assert told["SENTIMENT_HOME"].startswith("s3://"), "pods share no disk"
    images = [VALUES[part]["image"] for part in ("dagsterWebserver", "dagsterDaemon")] + [location["image"]]
    assert all(image == images[0] for image in images)
    assert f"--version {version('dagster')}" in (DEPLOYMENT / "values.yaml").read_text()


def test_mlflows_manifests_hold_to_kubernetes_schema() -> None:
    for manifest in yaml.safe_load_all((DEPLOYMENT / "mlflow.yaml").read_text()):
        kubernetes_validate.validate(manifest, "1.33", strict=True)
