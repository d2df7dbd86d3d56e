"""The files of a deployment agree with one another, with the page on them, and with the code."""

import json
import re
import subprocess
from pathlib import Path

import dagster as dg
import pytest
import yaml

from sentiment_assets.definitions import defs
from sentiment_assets.execution.steps import CLUSTER_ADDRESS, TRAINING_SETTING, step_executor

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "compose.yaml").read_text()
PAGE = (ROOT / "docs" / "deployment.md").read_text()
CLUSTER = {file.name: file.read_text() for file in (ROOT / "deployment" / "cluster").iterdir()}
OF_COMPOSE_ITSELF = {"COMPOSE_PROJECT_NAME", "COMPOSE_ENV_FILES"}


@dg.op
def nothing() -> None: ...


@dg.job(executor_def=step_executor())
def nothing_job() -> None:
    nothing()


def test_every_setting_of_compose_stands_in_the_example_and_the_other_way_round() -> None:
    used = set(re.findall(r"\$\{(\w+)", COMPOSE)) - OF_COMPOSE_ITSELF
    offered = set(re.findall(r"^#?([A-Z][A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert offered - used == {"MOVIES_ALERTS", "SHOP_DB", "STORE_TOKEN"}, "which containers get by env_file"
    assert used <= offered


def test_the_hosts_of_a_cluster_are_told_all_that_its_instance_asks_for() -> None:
    told = set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", CLUSTER["cluster.env.example"], re.MULTILINE))
    asked = set(re.findall(r"env: (\w+)", CLUSTER["dagster.yaml"]))
    assert asked == {"POSTGRES_HOST", "POSTGRES_PASSWORD", "STATE_BUCKET"}
    assert (
        asked | {TRAINING_SETTING, CLUSTER_ADDRESS, "RAY_AUTH_TOKEN", "SENTIMENT_HOME", "MLFLOW_TRACKING_URI"} <= told
    )


def test_the_page_mentions_no_setting_that_there_is_not() -> None:
    elsewhere = [(ROOT / ".github/workflows/release.yml").read_text(), *CLUSTER.values()]
    known = set(re.findall(r"[A-Z][A-Z_]{4,}", "".join([COMPOSE, *elsewhere])))
    known |= set(re.findall(r"^([A-Z_]+) ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`([A-Z][A-Z_]{4,})`", PAGE)) <= known
    assert TRAINING_SETTING in PAGE


def test_a_run_can_be_configured_as_the_page_shows() -> None:
    [shown] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert dg.validate_run_config(nothing_job, yaml.safe_load(shown))


def test_runs_are_given_what_the_services_have() -> None:
    services = yaml.safe_load(COMPOSE)["services"]
    code = services["code"]["environment"]
    given = json.loads(re.sub(r"\$\{\w+(:-|:\?)?([^}]*)\}", r"\2", code["DAGSTER_CONTAINER_CONTEXT"]))["docker"]
    own = {"DAGSTER_CURRENT_IMAGE", "DAGSTER_CONTAINER_CONTEXT"}
    assert set(given["env_vars"]) == set(code) - own, "a setting that a run lacks would be read from its default"
    kwargs = given["container_kwargs"]
    assert kwargs["read_only"]
    assert kwargs["cap_drop"] == services["code"]["cap_drop"] == ["ALL"]
    assert [each.rpartition(":")[2] for each in kwargs["volumes"]] == ["/state", "/state/landing", "/scratch"]


def test_runs_are_given_the_variables_that_the_example_lists() -> None:
    [listed] = re.findall(r"^#RUN_VARIABLES='(.*)'$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    services = yaml.safe_load(COMPOSE.replace("${RUN_VARIABLES:-}", listed.replace('"', r"\"")))["services"]
    context = services["code"]["environment"]["DAGSTER_CONTAINER_CONTEXT"].replace('\\"', '"')
    given = json.loads(re.sub(r"\$\{\w+(:-|:\?)?([^}]*)\}", r"\2", context))["docker"]
    assert {"SHOP_DB", "STORE_TOKEN"} <= set(given["env_vars"])
    assert services["daemon"]["env_file"] == services["code"]["env_file"], "the daemon launches them"


def test_all_instances_retry_keep_and_watch_alike() -> None:
    places = (".", "deployment", "deployment/cluster")
    local, *others = (yaml.safe_load((ROOT / name / "dagster.yaml").read_text()) for name in places)
    for deployed in others:
        assert set(local) - set(deployed) <= {"local_artifact_storage"}
        for part in ("python_logs", "run_retries", "freshness", "retention", "telemetry", "nux"):
            assert local[part] == deployed[part]


def test_only_the_uis_the_scoring_service_and_the_reports_are_published_and_on_loopback() -> None:
    services = yaml.safe_load(COMPOSE)["services"]
    published = {name: each["ports"] for name, each in services.items() if "ports" in each}
    login = published.pop("login")
    assert set(published) == {"mlflow", "webserver", "scoring", "reports"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)
    assert all(port.startswith("${LOGIN_ADDRESS:-127.0.0.1}:") for port in login), "or where somebody has asked for it"
    assert services["login"]["profiles"] == ["login"]


def test_the_scoring_service_asks_for_a_token_and_knows_no_other_secret() -> None:
    scoring = yaml.safe_load(COMPOSE)["services"]["scoring"]
    assert set(scoring["environment"]) == {"SCORING_TOKEN", "MLFLOW_TRACKING_URI"}
    assert scoring["environment"]["SCORING_TOKEN"].startswith("${SCORING_TOKEN:?"), "or it would start without"


def test_the_daemon_alone_has_dockers_socket() -> None:
    services = yaml.safe_load(COMPOSE)["services"]
    assert [name for name, each in services.items() if "docker.sock" in str(each.get("volumes"))] == ["daemon"]


def test_each_job_says_its_version() -> None:
    tags = defs().resolve_job_def("movies_train").tags
    assert tags["sentiment_assets/version"]
    assert tags["sentiment_assets/steps"] == "processes"


@pytest.mark.process
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "which is the first host?"),
        (["head"], "nowhere.env is missing: copy deployment/cluster/cluster.env.example"),
    ],
)
def test_a_host_that_cannot_join_a_cluster_says_why(given: list[str], said: str) -> None:
    joining = ["bash", str(ROOT / "deployment/cluster/host.sh"), *given]
    done = subprocess.run(joining, env={"CLUSTER_ENV_FILE": "nowhere.env"}, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert said in done.stderr
