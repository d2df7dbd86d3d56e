"""The platform of ``compose.yaml`` under a name of its own, as its operator would handle it."""

import json
import os
import subprocess
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from testing.platform import wait_for
from testing.servers import free_port, post

PROJECT = Path(__file__).parents[2]
SOCKET = Path("/var/run/docker.sock")
_ACCOUNT_OF_LOGIN = 1000
_TOKEN = "ofthetest"  # noqa: S105


def docker(*arguments: str, **options: Any) -> str:
    """Run a command of Docker's; returns what it printed. Its error, if it has one, is in the exception's notes."""
    try:
        done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True, **options)
    except subprocess.CalledProcessError as error:
        error.add_note(error.stderr)
        raise
    return done.stdout.strip()


@dataclass
class Stack:
    """One platform."""

    name: str
    folder: Path
    """For its ``.env``."""
    image: str
    dagster_port: int = field(default_factory=free_port)
    mlflow_port: int = field(default_factory=free_port)
    scoring_port: int = field(default_factory=free_port)
    reports_port: int = field(default_factory=free_port)
    login: dict[str, str] = field(default_factory=dict)
    """The settings of the login, while there is one."""

    @property
    def dagster(self) -> str:
        """Dagster's address."""
        return f"http://127.0.0.1:{self.dagster_port}"

    @property
    def scoring(self) -> str:
        """The scoring service's address."""
        return f"http://127.0.0.1:{self.scoring_port}"

    @property
    def reports(self) -> str:
        """The address of the service of reports."""
        return f"http://127.0.0.1:{self.reports_port}"

    def environment(self) -> dict[str, str]:
        """What Compose is told: the name, and a file of settings, which is written anew."""
        settings = {
            "POSTGRES_PASSWORD": "of the test",
            "DOCKER_GID": str(SOCKET.stat().st_gid),
            "SENTIMENT_IMAGE": self.image,
            "DAGSTER_PORT": str(self.dagster_port),
            "MLFLOW_PORT": str(self.mlflow_port),
            "SCORING_PORT": str(self.scoring_port),
            "REPORTS_PORT": str(self.reports_port),
            **self.login,
            "SCORING_TOKEN": _TOKEN,
            "RUN_VARIABLES": """', "SHOP_DB", "WAREHOUSE"'""",
            "SHOP_DB": "postgresql://sentiment:of%20the%20test@postgres:5432/shop",
            "WAREHOUSE": "postgresql://sentiment:of%20the%20test@postgres:5432/warehouse",
        }
        (self.folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        return os.environ | {"COMPOSE_PROJECT_NAME": self.name, "COMPOSE_ENV_FILES": str(self.folder / ".env")}

    def compose(self, *arguments: str, **options: Any) -> str:
        """Run a command of Compose's."""
        return docker("compose", *arguments, cwd=PROJECT, env=self.environment(), **options)

    def run(self, script: str, *arguments: str) -> str:
        """Run one of the scripts that are deployed beside it."""
        command = ["bash", str(PROJECT / "deployment" / script), *arguments]
        done = subprocess.run(command, env=self.environment(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextmanager
    def with_login(self, name: str, password: str) -> Iterator[tuple[int, int, int]]:
        """The login before the pages, while the block lasts: its ports for Dagster, MLflow and the reports."""
        folder, ports = self.folder / "login", (free_port(), free_port(), free_port())
        command = ["bash", str(PROJECT / "deployment" / "login" / "add.sh"), name]
        environment = os.environ | {"LOGIN_FOLDER": str(folder)}
        subprocess.run(command, input=f"{password}\n", env=environment, capture_output=True, text=True, check=True)
        for each in (folder, *folder.iterdir()):
            os.chown(each, _ACCOUNT_OF_LOGIN, -1)
        names = ("LOGIN_DAGSTER_PORT", "LOGIN_MLFLOW_PORT", "LOGIN_REPORTS_PORT")
        self.login = {
            "LOGIN_FOLDER": str(folder),
            "LOGIN_USER": str(_ACCOUNT_OF_LOGIN),
            **{key: str(port) for key, port in zip(names, ports, strict=True)},
        }
        self.compose("--profile", "login", "up", "--detach", "--wait", "login")
        try:
            yield ports
        finally:
            self.compose("--profile", "login", "rm", "--stop", "--force", "login")
            self.login = {}

    def up(self) -> None:
        """Start, and wait until every service is healthy."""
        self.compose("up", "--detach", "--wait", "--wait-timeout", "300")

    def down(self, *arguments: str) -> None:
        """Remove the services, and the run and step containers that they have left."""
        left = docker("ps", "--all", "--quiet", "--filter", f"label=sentiment_assets={self.name}").split()
        if left:
            docker("rm", "--force", *left)
        self.compose("down", *arguments)

    def land(self, path: str, content: bytes) -> None:
        """Drop a file in the landing volume."""
        script = 'mkdir -p "$(dirname "$0")" && cat > "$0"'
        self.compose("exec", "-T", "code", "sh", "-c", script, f"/state/landing/{path}", input=content.decode())

    def ask(self, query: str, **variables: object) -> Any:
        """Ask Dagster's webserver."""
        answer = post(f"{self.dagster}/graphql", {"query": query, "variables": variables})
        assert isinstance(answer, dict)
        assert "errors" not in answer, answer
        return answer["data"]

    def launch(self, job: str) -> None:
        """Start a run of a job, as the UI's launchpad does."""
        query = """mutation($selector: JobOrPipelineSelector!) {
            launchRun(executionParams: {selector: $selector, runConfigData: {}}) { __typename } }"""
        names = {"repositoryLocationName": "sentiment_assets", "repositoryName": "__repository__", "jobName": job}
        assert self.ask(query, selector=names)["launchRun"]["__typename"] == "LaunchRunSuccess"

    def sql(self, database: str, statement: str) -> str:
        """Run a statement in a database of the platform's own server; its rows, without decoration."""
        psql = ["psql", "--username", "sentiment", "--dbname", database, "--tuples-only", "--no-align"]
        return self.compose("exec", "-T", "postgres", *psql, "--command", statement)

    def score(self, branch: str, texts: list[str]) -> Any:
        """Ask the scoring service, which knows a branch of the image alone by its registered model."""
        return post(f"{self.scoring}/v1/{branch}/score", {"texts": texts}, {"Authorization": f"Bearer {_TOKEN}"})

    def runs(self, job: str) -> list[Mapping[str, Any]]:
        """Runs of a job, the newest first: ``runId``, ``status`` and ``tags`` by name."""
        query = """query($job: String!) { runsOrError(filter: {pipelineName: $job}) { ... on Runs { results {
            runId status tags { key value } } } } }"""
        found = self.ask(query, job=job)["runsOrError"]["results"]
        return [{**run, "tags": {tag["key"]: tag["value"] for tag in run["tags"]}} for run in found]

    def wait_for_run(self, job: str, status: str, seconds: float, where: Callable[[Any], bool] = bool) -> Any:
        """The newest run of a job that has that status and for which ``where`` is true, once there is one."""

        def found() -> list[Mapping[str, Any]]:
            return [run for run in self.runs(job) if run["status"] == status and where(run)]

        return wait_for(found, seconds, f"a run of {job} with status {status}")[0]

    def partitions(self, branch: str, asset: str) -> list[str]:
        """Materialized partitions of a batch-wise asset."""
        query = """query($path: [String!]!) { assetNodeOrError(assetKey: {path: $path}) { ... on AssetNode {
            assetPartitionStatuses { ... on DefaultPartitionStatuses { materializedPartitions } } } } }"""
        node = self.ask(query, path=[branch, asset])["assetNodeOrError"]
        return list(node["assetPartitionStatuses"]["materializedPartitions"])

    def candidate_keys(self, branch: str) -> list[str]:
        """Partition keys of the branch's candidates."""
        query = """query($path: [String!]!) { assetNodeOrError(assetKey: {path: $path}) {
            ... on AssetNode { partitionKeys } } }"""
        return list(self.ask(query, path=[branch, "trained_candidates"])["assetNodeOrError"]["partitionKeys"])

    def champion(self, branch: str) -> str:
        """The version that MLflow's server names."""
        address = f"http://127.0.0.1:{self.mlflow_port}/api/2.0/mlflow/registered-models/alias"
        with urllib.request.urlopen(f"{address}?name={branch}&alias=champion", timeout=30) as answer:  # noqa: S310
            return str(json.load(answer)["model_version"]["version"])

    def scores(self, branch: str, batch: str) -> str:
        """A batch's scores, as JSON: a list of rows."""
        file = f"/state/data/{branch}/scored_reviews/{batch}.parquet"
        columns = ["review_id", "score", "model_version"]
        code = f"import pandas; print(pandas.read_parquet({file!r})[{columns}].to_json(orient='records'))"
        return self.compose("exec", "-T", "code", "python", "-c", code)


@dataclass
class Step:
    """What is known of a step that has been given a container."""

    container: str = ""
    started: float = 0.0
    """Seconds since 1970."""
    ended: float = 0.0
    """0 while it has not."""
    succeeded: bool = False

    def take_in(self, event: Mapping[str, Any]) -> None:
        """Add what one of its events says."""
        when = int(event["timestamp"]) / 1000
        match event["__typename"]:
            case "StepWorkerStartingEvent":
                told = {entry["label"]: entry.get("text") for entry in event["metadataEntries"]}
                self.container = told["Docker container id"]
            case "ExecutionStepStartEvent":
                self.started = when
            case "ExecutionStepSuccessEvent" | "ExecutionStepFailureEvent" as kind:
                self.ended, self.succeeded = when, kind == "ExecutionStepSuccessEvent"


def steps_of(stack: Stack, run_id: str, op: str) -> dict[str, Step]:
    """Steps of that op in a run, by their keys."""
    query = """query($run: ID!, $cursor: String) { logsForRun(runId: $run, afterCursor: $cursor) {
        ... on EventConnection { cursor hasMore events { __typename
          ... on MessageEvent { timestamp stepKey }
          ... on StepWorkerStartingEvent { metadataEntries { label ... on TextMetadataEntry { text } } } } } } }"""
    steps: dict[str, Step] = {}
    cursor, more = None, True
    while more:
        page = stack.ask(query, run=run_id, cursor=cursor)["logsForRun"]
        for event in page["events"]:
            if f"{op}[" in (event.get("stepKey") or ""):
                steps.setdefault(event["stepKey"], Step()).take_in(event)
        cursor, more = page["cursor"], page["hasMore"]
    return steps


def most_at_once(spans: list[tuple[float, float]]) -> int:
    """How many of these spans of time overlap at most."""
    return max(sum(start <= moment < end for start, end in spans) for moment, _ in spans)
