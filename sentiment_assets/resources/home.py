"""Where all state lives: one folder or fsspec URL, moved by one setting."""

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path

from upath import UPath

SETTING = "SENTIMENT_HOME"
_DEFAULT = Path(__file__).parents[2] / ".sentiment"


def home() -> UPath:
    """The folder or URL under which landing, data, MLflow and Dagster keep their state."""
    return UPath(os.environ.get(SETTING) or _DEFAULT)


def local_home() -> Path:
    """``home()`` as a local folder, for what needs one. Raises ``ValueError`` when it is a remote URL."""
    place = home()
    if not is_local(place):
        raise ValueError(
            f"{SETTING} is {place}, which is not a local folder: point MLFLOW_TRACKING_URI at an MLflow server "
            "and DAGSTER_HOME at a local folder"
        )
    return Path(place.path).resolve()


def below_home(place: str) -> UPath:
    """``place`` if it is absolute or a URL, else that path under ``home()``. Raises ``ValueError`` if it is neither."""
    try:
        path = UPath(place)
    except (ValueError, ImportError, OSError) as error:
        raise ValueError(f"{place!r} is not a path or fsspec URL: {error}") from error
    return path if path.protocol or path.is_absolute() else home() / place


def tracking_uri() -> str:
    """MLflow's address: the one the environment names, or else the home folder's own file."""
    return os.environ.get("MLFLOW_TRACKING_URI") or default_tracking_uri()


def default_tracking_uri() -> str:
    """MLflow's SQLite file in the home folder. Raises ``ValueError`` for a folder that its address cannot name."""
    file = local_home() / "mlflow.db"
    if "?" in str(file):
        raise ValueError(f"{SETTING} is {file.parent}: the address of MLflow's database cannot hold a `?`; rename it")
    return f"sqlite:///{file}"


def dagster_ui() -> str:
    """Where people open Dagster: as the environment says, or else where `dev` last opened it."""
    return _ui_address("DAGSTER_UI_URL", "http://127.0.0.1:3000")


def mlflow_ui() -> str:
    """Where people open MLflow: as the environment says, or else where `dev` last opened it."""
    return _ui_address("MLFLOW_UI_URL", "http://127.0.0.1:5000")


def remember_ui_addresses(addresses: Mapping[str, str]) -> None:
    """Keep, by setting, where the UIs are opened on this machine, for the links that other commands write."""
    _ui_file().parent.mkdir(parents=True, exist_ok=True)
    _ui_file().write_text(json.dumps(dict(addresses)))


def _ui_address(setting: str, default: str) -> str:
    if given := os.environ.get(setting):
        return given
    if not is_local(home()) or not _ui_file().exists():
        return default
    return str(json.loads(_ui_file().read_text()).get(setting, default))


def _ui_file() -> Path:
    return local_home() / "ui_addresses.json"


def is_local(path: UPath) -> bool:
    """Whether a path is one of this machine's file system."""
    return path.protocol in ("", "file", "local")


def keep_mlflow_quiet() -> None:
    """No telemetry, no progress bars, no notes on migrations of its database, unless the environment says otherwise."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    for name in ("alembic", "mlflow.store.db.utils"):
        logging.getLogger(name).setLevel(logging.WARNING)
