"""Where all state lives: one folder or fsspec URL, moved by one setting."""

import os
from pathlib import Path

from upath import UPath

from sentiment_assets.resources.urls import shown, without_secrets

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
            f"{SETTING} is {shown(place)}, which is not a local folder: point MLFLOW_TRACKING_URI at an MLflow server "
            "and DAGSTER_HOME at a local folder"
        )
    return Path(place.path).resolve()


def below_home(place: str) -> UPath:
    """``place`` if it is absolute or a URL, else that path under ``home()``. Raises ``ValueError`` if it is neither."""
    try:
        path = UPath(place)
    except (ValueError, ImportError, OSError) as error:
        reason = without_secrets(error, place)
        raise ValueError(f"{shown(place)!r} is not a path or fsspec URL: {reason}") from None
    return path if path.protocol or path.is_absolute() else home() / place


def shown_below_home(place: str) -> str:
    """``below_home(place)`` as people are shown it."""
    return shown(place if "://" in place else below_home(place))


def is_local(path: UPath) -> bool:
    """Whether a path is one of this machine's file system."""
    return path.protocol in ("", "file", "local")
