"""The front door: the branches, the resources and the executor as one ``Definitions``."""

import multiprocessing
import os
from pathlib import Path

import dagster as dg

from sentiment_assets.resources.storage import Arrays, Frames, Storage
from sentiment_assets.resources.tracking import Tracking

# Arrow's own allocators keep what they once had; this one gives it back, and the peak of a step is a quarter lower.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")

PRELOADED = [
    "sentiment_assets.definitions",
    "sentiment_assets.learning.report",
    "sentiment_assets.ingestion.batch",
    "sentiment_assets.monitoring.batch_checks",
    "sentiment_assets.monitoring.page",
    "sentiment_assets.monitoring.quality",
    "py3langid.langid",
    "mlflow.pyfunc",
    "mlflow.store.tracking.sqlalchemy_store",
    "mlflow.store.model_registry.sqlalchemy_store",
]


@dg.definitions
def defs() -> dg.Definitions:
    """Everything that Dagster loads."""
    branches = dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
    return dg.Definitions.merge(branches, dg.Definitions(executor=step_executor(), resources=resources()))


def step_executor() -> dg.ExecutorDefinition:
    """A process a step, forked from one that has imported everything; spawned where there is no fork."""
    if "forkserver" in multiprocessing.get_all_start_methods():
        start_method: dict[str, object] = {"forkserver": {"preload_modules": PRELOADED}}
    else:
        start_method = {"spawn": {}}
    return dg.multiprocess_executor.configured({"start_method": start_method})


def resources() -> dict[str, object]:
    """Storage and tracking, from the environment; without any setting, all in the home folder."""
    return {
        "storage": Storage(root="data"),
        "frames": Frames(root="data"),
        "arrays": Arrays(root="data"),
        "tracking": Tracking(
            tracking_uri=os.environ.get("MLFLOW_TRACKING_URI", ""),
            mlflow_ui=os.environ.get("MLFLOW_UI_URL", "http://127.0.0.1:5000"),
            dagster_ui=os.environ.get("DAGSTER_UI_URL", "http://127.0.0.1:3000"),
        ),
    }
