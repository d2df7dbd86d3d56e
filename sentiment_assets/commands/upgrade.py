"""The databases of Dagster and MLflow brought to the releases that are installed."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from sentiment_assets.resources.home import below_home
from sentiment_assets.resources.home_format import require_known_format
from sentiment_assets.resources.mlflow_settings import tracking_uri
from sentiment_assets.resources.urls import shown, without_secrets

_SQLITE, _SERVERS = "sqlite:///", ("http://", "https://")
_LAST_LINES = 12


class CannotUpgrade(RuntimeError):
    """A database could not be upgraded; the message has what was said, and what to do."""


def upgrade(dagster_home: Path) -> Iterator[str]:
    """Upgrade what is there, one database after the other; yields a sentence about each.

    Raises ``CannotUpgrade``, and ``NewerHome`` before anything is changed.
    """
    require_known_format(below_home("data"))
    _run([sys.executable, "-m", "dagster", "instance", "migrate"], "Dagster's", {"DAGSTER_HOME": str(dagster_home)})
    yield f"Dagster's tables are those of {version('dagster')}."
    address = tracking_uri()
    if address.startswith(_SERVERS):
        yield f"MLflow is a server, {shown(address)}: stop it and run `mlflow db upgrade` where it runs."
    elif address.startswith(_SQLITE) and not Path(address.removeprefix(_SQLITE)).exists():
        yield "There is no MLflow database yet; the first train run makes one."
    else:
        _run([sys.executable, "-m", "mlflow", "db", "upgrade", address], "MLflow's", {}, address)
        yield f"MLflow's tables are those of {version('mlflow')}."


def _run(command: Sequence[str], whose: str, settings: dict[str, str], *addresses: str) -> None:
    done = subprocess.run(
        command, env=os.environ | settings, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-_LAST_LINES:])
        raise CannotUpgrade(
            f"{whose} database could not be upgraded. Stop what uses it (make dev), see what is said below, and run "
            f"this again; a backup of before is as good as it was.\n{without_secrets(said, *addresses)}"
        )
