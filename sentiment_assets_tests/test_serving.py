"""The registered model behind MLflow's own HTTP server."""

import os
import signal
import sys
from pathlib import Path

import dagster as dg
import pytest

from sentiment_assets.resources.mlflow_settings import default_tracking_uri
from testing import runs, servers
from testing.corpus import as_csv, made_up_reviews


@pytest.mark.slow
def test_mlflow_models_serve_answers_with_a_score(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    runs.ingest(instance, "served", runs.land("served", "a.csv", as_csv(made_up_reviews(600))))
    assert runs.train(instance, "served").success
    port = servers.free_port()
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", "models:/served@champion"]
    command += ["--env-manager", "local", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    environment = os.environ | {
        "MLFLOW_TRACKING_URI": default_tracking_uri(),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    # How MLflow's server stops is not under test: sent SIGTERM, it was once still there after 40 seconds.
    address = f"http://127.0.0.1:{port}"
    with servers.running(command, f"{address}/ping", tmp_path / "serve.log", environment, stop=signal.SIGKILL):
        reviews = [["superb and lovely"], ["dull, stale, boring"]]
        answer = servers.post(f"{address}/invocations", {"dataframe_split": {"columns": ["text"], "data": reviews}})
    good, bad = answer["predictions"]
    assert good["label"] == 1
    assert bad["label"] == 0
    assert -1 <= bad["score"] < 0 < good["score"] <= 1
