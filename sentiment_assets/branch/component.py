"""``SentimentBranch``: one client, market or language, as one YAML file."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import dagster as dg
import yaml
from pydantic import BaseModel, ValidationError

from sentiment_assets.assets.sentiment_report import NAME as SENTIMENT_REPORT
from sentiment_assets.branch.definitions import branch_definitions
from sentiment_assets.branch.settings import BranchSettings
from sentiment_assets.learning.behaviour_cases import NO_CASES, BehaviourCases
from sentiment_assets.learning.settings import SisterName, branch_and_version
from sentiment_assets.resources.home import below_home

_NAME = re.compile(r"[a-z][a-z0-9_]*")
BEHAVIOUR_FILE = "behaviour.yaml"


class SentimentBranchScaffolder(dg.Scaffolder):
    """Writes a ``defs.yaml`` that loads as it is."""

    def scaffold(self, request: dg.ScaffoldRequest) -> None:
        """A landing folder with the branch's name, below SENTIMENT_HOME."""
        dg.scaffold_component(request, {"landing": f"landing/{request.target_path.name}"})


@dg.scaffold_with(SentimentBranchScaffolder)
@dataclass(frozen=True)
class SentimentBranch(dg.Component, dg.Resolvable):
    """One client, market or language: its landing place, its model, its jobs.

    The folder that holds the YAML file names the branch. Only `landing` must be given.
    """

    settings: BranchSettings = field(default_factory=lambda: BranchSettings.model_validate({}))
    """If no settings are given, pydantic says which are missing."""

    @classmethod
    def model(cls) -> type[BaseModel]:
        """The YAML schema, validated where it stands in the file, so that an error names file and line."""
        return BranchSettings

    @classmethod
    def resolve_from_model(cls, context: dg.ResolutionContext, model: BaseModel) -> Self:
        """The branch of a validated YAML file; the landing place may be a template.

        Raises ``ValueError``, which quotes no secret, for a landing place that is none and for a secret in the YAML.
        """
        given = dict(model)
        landing = context.resolve_value(given["landing"], as_type=str)
        below_home(landing)
        settings = BranchSettings.model_validate(given | {"landing": landing})
        for each in (*settings.sources, *settings.publish):
            each.require_no_secret()
        return cls(settings)

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The branch's assets, checks and jobs."""
        name = _branch_name(context.path, context.defs_module_path)
        _require_known_sisters(context.path, context.defs_module_path, self.settings.start_from)
        _require_no_circle(context.path, context.defs_module_path)
        return branch_definitions(
            name,
            self.settings,
            _behaviour_cases(context.path / BEHAVIOUR_FILE),
            context.path,
            pinned=_pinned(name, context.defs_module_path),
        )


def _behaviour_cases(file: Path) -> BehaviourCases:
    """The branch's behavioural cases; none if it has no such file. Raises ``ValueError`` that names file and field."""
    if not file.exists():
        return NO_CASES
    try:
        return BehaviourCases.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")) or {})
    except (yaml.YAMLError, ValidationError) as error:
        raise ValueError(f"{file}: {error}") from error


def branch_name_fault(name: str) -> str:
    """Why a folder of this name names no branch; empty if it may."""
    if not _NAME.fullmatch(name):
        return (
            f"the folder's name {name!r} names the branch and may hold lower-case letters, digits and _ only, "
            "beginning with a letter"
        )
    if name == SENTIMENT_REPORT:
        return f"{name!r} is the name of the report that joins all branches"
    return ""


def _branch_name(path: Path, defs_folder: Path) -> str:
    """The name of the folder that holds ``defs.yaml``. Raises ``ValueError`` if it is unfit or not unique."""
    name = path.name
    file = path / "defs.yaml"
    if fault := branch_name_fault(name):
        raise ValueError(f"{file}: {fault}; rename the folder")
    same = [other for other in _branch_files(defs_folder) if other.parent.name == name]
    if len(same) > 1:
        raise ValueError(
            f"{file}: there are {len(same)} branches named {name!r} ({', '.join(map(str, same))}); a branch is "
            "named by its folder, so give each a folder with a name of its own"
        )
    return name


def _require_known_sisters(path: Path, defs_folder: Path, sisters: Sequence[SisterName]) -> None:
    """Raise ``ValueError`` for a sister that is no branch; of one version for good only the registry need know."""
    known = sorted({file.parent.name for file in _branch_files(defs_folder)} - {path.name})
    unknown = [each for each in sisters if branch_and_version(each)[1] is None and each not in [*known, path.name]]
    if unknown:
        raise ValueError(
            f"{path / 'defs.yaml'}: `start_from` names {', '.join(unknown)}, and there is no such branch; the other "
            f"branches are: {', '.join(known) or 'none'}. A version of a branch that is gone is named as `branch@3`"
        )


def _require_no_circle(path: Path, defs_folder: Path) -> None:
    """Raise ``ValueError`` where a branch starts from itself by way of others, whichever model is newest."""
    sisters = {file.parent.name: _named_sisters(file) for file in _branch_files(defs_folder)}
    ways = [[path.name, each] for each in sisters.get(path.name, []) if each != path.name]
    while ways:
        way = ways.pop()
        if way[-1] == path.name:
            raise ValueError(
                f"{path / 'defs.yaml'}: by `start_from`, {' starts from '.join(way)}: a branch cannot start from "
                "itself, by way of another neither. Name a version that is there for good in one of them, as `branch@3`"
            )
        ways += [[*way, each] for each in sisters.get(way[-1], []) if each not in way[1:]]


def _pinned(branch: str, defs_folder: Path) -> set[str]:
    """The versions of a branch that some branch names in ``start_from``."""
    named = [branch_and_version(each) for file in _branch_files(defs_folder) for each in _start_from(file)]
    return {version for sister, version in named if sister == branch and version}


def _named_sisters(file: Path) -> list[str]:
    """The sisters of a branch that are not one version for good."""
    return [each for each in _start_from(file) if "@" not in each]


def _start_from(file: Path) -> list[str]:
    """What a branch names in ``start_from``; nothing in a file that says it in no readable way."""
    try:
        parts = [each for each in yaml.safe_load_all(file.read_text(encoding="utf-8")) if isinstance(each, dict)]
    except yaml.YAMLError:  # its own branch says so
        return []
    said = [(each.get("attributes") or {}).get("start_from") or [] for each in parts]
    names = [name for each in said for name in ([each] if isinstance(each, str) else each)]
    return [name for name in names if isinstance(name, str)]


def _branch_files(defs_folder: Path) -> list[Path]:
    """The files that declare branches, each as often as it does."""
    return [
        file
        for file in sorted(defs_folder.rglob("defs.yaml"))
        for _ in range(file.read_text().count(f"sentiment_assets.{SentimentBranch.__name__}"))
    ]
