"""Frames that are stored by a step whose process is killed at a moment that a test chooses, once."""

import os
import signal
from pathlib import Path
from typing import Any, Literal

import dagster as dg
from upath import UPath

from sentiment_assets.resources.home import below_home
from sentiment_assets.resources.storage import Frame, FrameIOManager, Frames

Moment = Literal["before", "after"]


def kill_once(asset: str, moment: Moment) -> None:
    """Have the next step that stores a frame of ``asset`` killed, before or after its file is there."""
    _sign(asset, moment).touch()


class DyingFrames(Frames):
    """The resource of production, with the kills that were asked for."""

    def create_io_manager(self, context: dg.InitResourceContext) -> FrameIOManager:
        """Rooted in the data folder."""
        return _DyingFrameIOManager(below_home(self.root))


class _DyingFrameIOManager(FrameIOManager):
    def dump_to_path(self, context: dg.OutputContext, obj: Frame, path: UPath) -> None:
        asset = context.asset_key.path[-1]
        _die_if_asked(asset, "before")
        super().dump_to_path(context, obj, path)
        _die_if_asked(asset, "after")


def _die_if_asked(asset: str, moment: Moment) -> None:
    sign = _sign(asset, moment)
    if sign.exists():
        sign.unlink()
        os.kill(os.getpid(), signal.SIGKILL)


def _sign(asset: str, moment: Moment) -> Path:
    folder: Any = below_home("kills")
    folder.mkdir(parents=True, exist_ok=True)
    return Path(folder.path) / f"{asset}-{moment}"
