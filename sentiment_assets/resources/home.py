"""Where all state lives: one folder or fsspec URL, moved by one setting. A local one is for one account alone."""

import logging
import os
import stat
from functools import lru_cache
from pathlib import Path

from upath import UPath

from sentiment_assets.resources.urls import shown, without_secrets

SETTING = "SENTIMENT_HOME"
_PRIVATE = 0o700
_OF_OTHERS = 0o077
_READ_OR_WRITTEN_BY_OTHERS = 0o066
_log = logging.getLogger(__name__)
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
    keep_private(place)
    return Path(place.path).resolve()


def make_folder(folder: Path) -> None:
    """Make a local folder, and those above it that are missing, for this account alone; the home folder too."""
    if is_local(home()):
        keep_private(home())
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode=_PRIVATE, exist_ok=True)  # Python's own `parents` makes those above for everybody


def keep_private(place: UPath) -> None:
    """See that nobody else can list a local home folder or write into it, if it is there.

    One through which others may only pass stays so: somebody has opened the way to a landing place below it.
    """
    folder = Path(place.path)
    if folder.is_dir():
        _tighten(folder.resolve())


@lru_cache(maxsize=16)
def _tighten(folder: Path) -> None:
    """Once a process: the folder is asked for all the time."""
    status = folder.stat()
    mode = stat.S_IMODE(status.st_mode)
    if not mode & _READ_OR_WRITTEN_BY_OTHERS:
        return
    if status.st_uid == os.geteuid():
        folder.chmod(mode & ~_OF_OTHERS)
        said = "could be read or written by other accounts; now it is for this one alone"
    else:
        said = "can be read or written by other accounts, and belongs to one of them: see who may, for it holds reviews"
    _log.warning("The home folder %s %s (%s).", folder, said, SETTING)


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
