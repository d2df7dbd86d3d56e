"""A file of reviews on this machine, and the settings by which a branch reads it."""

import os
from pathlib import Path

import yaml
from upath import UPath

from sentiment_assets.branch.settings import BranchSettings
from sentiment_assets.ingestion.settings import IngestionSettings
from sentiment_assets.ingestion.text_folders import Folder
from sentiment_assets.resources.landing_place import read_folder

DEFS = Path(__file__).parents[1] / "defs"


class UnknownBranch(ValueError):
    """No settings of a branch can be had; the message says why, and what to do."""


def content_of(file: Path) -> bytes | Folder:
    """What is in a file or a folder of texts, by the way that one is read which has landed."""
    if not file.is_dir():
        return file.read_bytes()
    folder = file.resolve()
    return read_folder(UPath(folder.parent), folder.name) or Folder({}, tuple(sorted(os.listdir(folder))))


def branch_files() -> dict[str, Path]:
    """The YAML file of each branch, by the branch's name."""
    return {each.parent.name: each for each in sorted(DEFS.rglob("defs.yaml"))}


def settings_of(branch: str) -> IngestionSettings:
    """What turns a file into a batch in an existing branch. Raises ``UnknownBranch``."""
    there = branch_files()
    if branch not in there:
        raise UnknownBranch(f"there is no branch {branch!r}; there are: {', '.join(there)}")
    try:
        written = yaml.safe_load(there[branch].read_text(encoding="utf-8"))
        return BranchSettings.model_validate((written or {}).get("attributes") or {}).ingestion
    except (ValueError, yaml.YAMLError, AttributeError) as error:
        raise UnknownBranch(f"{there[branch]}: {error}") from error
