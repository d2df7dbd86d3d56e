"""A file of reviews on this machine, or a folder of texts."""

import os
from pathlib import Path

from upath import UPath

from sentiment_assets.ingestion.text_folders import Folder
from sentiment_assets.resources.landing_place import read_folder


def content_of(file: Path) -> bytes | Folder:
    """What is in a file or a folder of texts, by the way that one is read which has landed."""
    if not file.is_dir():
        return file.read_bytes()
    folder = file.resolve()
    return read_folder(UPath(folder.parent), folder.name) or Folder({}, tuple(sorted(os.listdir(folder))))
