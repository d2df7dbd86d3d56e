"""The folder in which Dagster keeps its state when a command starts it on this machine."""

import os
from pathlib import Path
from typing import Any

import yaml

from sentiment_assets.resources.home import local_home, make_folder

PROJECT = Path(__file__).parents[2]


def prepare_dagster_home() -> Path:
    """The folder that ``DAGSTER_HOME`` names, or else one below the home folder with the project's ``dagster.yaml``.

    Raises ``ValueError`` when the home folder is a remote URL.
    """
    if given := os.environ.get("DAGSTER_HOME"):
        return Path(given)
    state = local_home()
    folder = state / "dagster"
    make_folder(folder)
    settings = yaml.safe_load((PROJECT / "dagster.yaml").read_text())
    (folder / "dagster.yaml").write_text(yaml.safe_dump(_moved(settings, state), sort_keys=False))
    return folder


def _moved(settings: Any, state: Path) -> Any:
    """Dagster's settings with the home folder in use in place of the default one."""
    if isinstance(settings, dict):
        return {name: _moved(value, state) for name, value in settings.items()}
    is_below = isinstance(settings, str) and settings.startswith(".sentiment/")
    return str(state / settings.removeprefix(".sentiment/")) if is_below else settings
