"""Where people open Dagster, MLflow and the reports, for the links in messages, metadata and pages."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from sentiment_assets.resources.home import home, is_local, local_home, make_folder
from sentiment_assets.resources.urls import shown


def dagster_ui() -> str:
    """Where people open Dagster: as the environment says, or else where `dev` last opened it."""
    return _ui_address("DAGSTER_UI_URL", "http://127.0.0.1:3000")


def mlflow_ui() -> str:
    """Where people open MLflow: as the environment says, or else where `dev` last opened it."""
    return _ui_address("MLFLOW_UI_URL", "http://127.0.0.1:5000")


def reports_ui() -> str:
    """Where people open reports and drift pages: as the environment says, or else where `dev` last opened it."""
    return _ui_address("REPORTS_URL", "http://127.0.0.1:8001")


def remember_ui_addresses(addresses: Mapping[str, str]) -> None:
    """Keep, by setting, where the UIs are opened on this machine, for the links that other commands write."""
    make_folder(_ui_file().parent)
    _ui_file().write_text(json.dumps(dict(addresses)))


def _ui_address(setting: str, default: str) -> str:
    if given := os.environ.get(setting):
        return shown(given)
    if not is_local(home()) or not _ui_file().exists():
        return default
    return str(json.loads(_ui_file().read_text()).get(setting, default))


def _ui_file() -> Path:
    return local_home() / "ui_addresses.json"
