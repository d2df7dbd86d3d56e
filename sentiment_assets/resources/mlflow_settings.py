"""How this project uses MLflow on a machine: the address of its database or server, and how much it says."""

import logging
import os

from sentiment_assets.resources.home import SETTING, local_home


def tracking_uri() -> str:
    """MLflow's address: the one the environment names, or else the home folder's own file."""
    return os.environ.get("MLFLOW_TRACKING_URI") or default_tracking_uri()


def default_tracking_uri() -> str:
    """MLflow's SQLite file in the home folder. Raises ``ValueError`` for a folder that its address cannot name."""
    file = local_home() / "mlflow.db"
    if "?" in str(file):
        raise ValueError(f"{SETTING} is {file.parent}: the address of MLflow's database cannot hold a `?`; rename it")
    return f"sqlite:///{file}"


def keep_mlflow_quiet() -> None:
    """No telemetry, no progress bars, no notes on migrations of its database, unless the environment says otherwise."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    for name in ("alembic", "mlflow.store.db.utils"):
        logging.getLogger(name).setLevel(logging.WARNING)
