"""The branches' YAML files, and how each reads what lands; without Dagster, which takes seconds to load."""

import os
from pathlib import Path

import yaml

from sentiment_assets.branch.settings import BranchSettings
from sentiment_assets.ingestion.settings import IngestionSettings

DEFS = Path(__file__).parents[1] / "defs"


class UnknownBranch(ValueError):
    """No settings of a branch can be had; the message says why, and what to do."""


def branch_files() -> dict[str, Path]:
    """The YAML file of each branch, by the branch's name."""
    return {each.parent.name: each for each in sorted(DEFS.rglob("defs.yaml"))}


def require_branch(branch: str) -> Path:
    """The YAML file of a branch. Raises ``UnknownBranch`` where there is none."""
    there = branch_files()
    if branch not in there:
        raise UnknownBranch(f"there is no branch {branch!r}; there are: {', '.join(there)}")
    return there[branch]


def filled_in(landing: str) -> str:
    """A landing place with ``{{ env.NAME }}`` from the environment, as Dagster does it when it loads the branch."""
    import jinja2

    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701  it is no HTML
    return environment.from_string(landing).render(env=os.environ)


def settings_of(branch: str) -> IngestionSettings:
    """What turns a file into a batch in an existing branch. Raises ``UnknownBranch``."""
    return branch_settings_of(branch).ingestion


def branch_settings_of(branch: str) -> BranchSettings:
    """All that an existing branch's file says, templates as they are written. Raises ``UnknownBranch``."""
    file = require_branch(branch)
    try:
        written = yaml.safe_load(file.read_text(encoding="utf-8"))
        return BranchSettings.model_validate((written or {}).get("attributes") or {})
    except (ValueError, yaml.YAMLError, AttributeError) as error:
        raise UnknownBranch(f"{file}: {error}") from error
