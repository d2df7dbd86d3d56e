"""What the server that forks the steps of a run does before the first of them, so that none of them has to.

It imports what steps import, loads the definitions, and unpacks what is known of languages. No file and no database may
be left open here: steps would share it.
"""

import gc
from collections.abc import Sequence
from importlib import import_module

from sentiment_assets.monitoring.language import identifier
from sentiment_assets.monitoring.settings import QualityLimits

MODULE = __name__
DEFINITIONS = "sentiment_assets.definitions"
PRELOADED: Sequence[str] = [
    DEFINITIONS,
    "sentiment_assets.learning.leakage",
    "sentiment_assets.learning.scored_batch",
    "sentiment_assets.learning.train_report",
    "sentiment_assets.ingestion.batch",
    "sentiment_assets.monitoring.batch_checks",
    "sentiment_assets.monitoring.drift_page",
    "sentiment_assets.monitoring.quality",
    *(f"sentiment_assets.monitoring.quality_checks.{name}" for name in QualityLimits.model_fields),
    "sentiment_assets.resources.parquet",
    "dagster._core.storage.local_compute_log_manager",
    "dagster._core.storage.sqlite_storage",
    "mlflow.pyfunc",
    "mlflow.store.model_registry.sqlalchemy_workspace_store",
    "mlflow.store.tracking.sqlalchemy_workspace_store",
    "pandas.core.methods.to_dict",
    "py3langid.langid",
    "pyarrow.pandas_compat",
]


def preload() -> None:
    """Import the modules, and load what is loaded once a process.

    Searches for garbage would take a quarter of that time and find none. Those of the steps leave alone what is there
    by then, which also keeps the memory shared.
    """
    gc.disable()
    try:
        for name in PRELOADED:
            import_module(name)
        import_module(DEFINITIONS).defs().get_repository_def()
        identifier()
        gc.freeze()
    finally:
        gc.enable()
