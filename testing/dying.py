"""A data folder to which a process stores that is killed at a moment that a test chooses, once."""

import os
import signal
from pathlib import Path
from typing import Any, Literal

from upath import UPath

from sentiment_assets.resources.home import below_home
from sentiment_assets.resources.storage import Frame, Storage

Moment = Literal["before", "after"]


def kill_once(asset: str, moment: Moment, partition: str) -> None:
    """Have the next process that stores a partition of ``asset`` killed, before or after its file is there."""
    _sign(asset, moment, partition).touch()


class DyingStorage(Storage):
    """The resource of production, with the kills that were asked for."""

    def store_frame(self, branch: str, asset: str, partition: str, frame: Frame) -> UPath:
        """Store a partition of a frame-valued asset, or die."""
        _die_if_asked(asset, "before", partition)
        path = super().store_frame(branch, asset, partition, frame)
        _die_if_asked(asset, "after", partition)
        return path


def _die_if_asked(asset: str, moment: Moment, partition: str) -> None:
    sign = _sign(asset, moment, partition)
    if sign.exists():
        sign.unlink()
        os.kill(os.getpid(), signal.SIGKILL)


def _sign(asset: str, moment: Moment, partition: str) -> Path:
    folder: Any = below_home("kills")
    folder.mkdir(parents=True, exist_ok=True)
    return Path(folder.path) / f"{asset}-{moment}-{partition}"
