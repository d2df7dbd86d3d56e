"""What the refusal of a file ends with: the lines of the branch's YAML by which the file would be read."""

from typing import Any

from pydantic import ValidationError

from sentiment_assets.ingestion.batch import read_batch
from sentiment_assets.ingestion.decoding import in_one_line, on_one_line
from sentiment_assets.ingestion.label_rules import ProposedRule
from sentiment_assets.ingestion.labels import UnknownScale
from sentiment_assets.ingestion.open_file import Content
from sentiment_assets.ingestion.preview.columns import Column
from sentiment_assets.ingestion.preview.reading import MOST_ROWS, File, Sample, beginning_of, read_sample
from sentiment_assets.ingestion.preview.roles import Roles
from sentiment_assets.ingestion.preview.settings_text import as_lines
from sentiment_assets.ingestion.readers.unpacking import UnreadableFile
from sentiment_assets.ingestion.settings import DEFAULT_FORMAT, IngestionSettings, ReviewColumns
from sentiment_assets.ingestion.text_folders import Folder
from sentiment_assets.presentation.wording import counted

_ROLES = ("text", "review_id", "label", "created_at", "split")
_BEFORE_LINES = (
    "These lines have read its first {}; write them below `attributes:` in the branch's YAML, in place of those "
    "of the same name:"
)
_COMMAND = "`sentiment-assets preview FILE` shows what is in it."


def with_lines_to_write(
    refusal: UnreadableFile, content: Content | Folder, file_name: str, settings: IngestionSettings
) -> str:
    """What is wrong with a file, and at its end the lines of YAML that would read it, or else the command to run.

    A look at the file's first rows finds the lines, and they have read these rows before they are told.
    """
    remedy = _remedy(refusal, content, file_name, settings)
    return f"{on_one_line(str(refusal))}. {remedy}".rstrip()


def lines_to_write(
    refusal: UnreadableFile, content: Content | Folder, file_name: str, settings: IngestionSettings
) -> str:
    """These lines alone, as YAML with a comment above; empty where none are found."""
    before, *lines = _remedy(refusal, content, file_name, settings).split("\n")
    return "\n".join([f"# {before}", *lines]) if lines else ""


def _remedy(refusal: UnreadableFile, content: Content | Folder, file_name: str, settings: IngestionSettings) -> str:
    """The lines, below a sentence about them; or the command, in a sentence; or nothing."""
    try:
        return _lines_to_write(refusal, content, file_name, settings)
    except Exception as error:  # noqa: BLE001  whatever ails this look, what was wrong with the file must be said
        return f"A look at it failed ({type(error).__name__}); {_COMMAND}"


def _lines_to_write(
    refusal: UnreadableFile, content: Content | Folder, file_name: str, settings: IngestionSettings
) -> str:
    file = beginning_of(content, file_name, MOST_ROWS)
    readings = (settings, settings.model_copy(update={"format": DEFAULT_FORMAT, "encoding": "utf-8"}))
    looked = False
    for reading in readings:
        try:
            sample = read_sample(file, reading)
        except UnreadableFile:
            continue
        looked = True
        changes, why = _changes(refusal, sample, settings)
        if not changes:
            continue
        if isinstance(refusal, UnknownScale) and changes == {"labels": refusal.proposed.rule}:
            return ""  # the refusal ends with this rule by itself
        lines = as_lines(changes, {"labels": why} if "labels" in changes else {})
        if all(line == on_one_line(line) for line in lines):
            return "\n".join([_BEFORE_LINES.format(counted(len(sample.rows), "row")), *(f"  {line}" for line in lines)])
    return _COMMAND if looked else ""  # where a look fails too, the command would say no more


def _changes(refusal: UnreadableFile, sample: Sample, settings: IngestionSettings) -> tuple[dict[str, Any], str]:
    """The settings to write, each as a whole, and why the label rule is what it is; nothing if they read nothing."""
    roles = sample.roles(sample.columns)
    changes: dict[str, Any] = {}
    if sample.settings.format != settings.format:
        changes["format"] = sample.settings.format.model_dump(exclude_defaults=True)
    if sample.settings.encoding != settings.encoding:
        changes["encoding"] = sample.settings.encoding
    columns = _columns(settings.columns, sample.columns, roles)
    if columns:
        changes["columns"] = settings.columns.model_dump(exclude_unset=True) | columns
    rule, why = _rule(refusal, settings.columns.label if "label" not in columns else str(columns["label"]), roles)
    if rule:
        changes["labels"] = rule
    return _needed(changes, sample.file, settings), why


def _columns(said: ReviewColumns, columns: tuple[Column, ...], roles: Roles) -> dict[str, Any]:
    """The columns to write: those of each role for which the branch names none that holds anything in this file."""
    filled = {each.name for each in columns if each.values}
    found: dict[str, Any] = {}
    for role in _ROLES:
        there = roles.texts if role == "text" else roles.of(role)
        by_branch = said.of_role(role)
        stays = role in said.model_fields_set and (not by_branch or filled & set(by_branch))
        if there and there != by_branch and not stays:
            found[role] = roles.as_setting(role)
    return found


def _rule(refusal: UnreadableFile, label: str, roles: Roles) -> tuple[dict[str, object], str]:
    """The label rule for a column, and why; one that was found on all rows is better than one of the first rows."""
    if isinstance(refusal, UnknownScale) and refusal.column == label:
        return dict(refusal.proposed.rule), _remark(refusal.proposed)
    if roles.rule and roles.of("label")[:1] == (label,):
        return dict(roles.rule.rule), _remark(roles.rule)
    return {}, ""


def _remark(proposed: ProposedRule) -> str:
    return in_one_line(f"{proposed.sure}: {proposed.why}")


def _needed(changes: dict[str, Any], file: File, settings: IngestionSettings) -> dict[str, Any]:
    """The changes without those that gain nothing; none if the file is refused with all of them too."""
    best = _gained(changes, file, settings)
    if best is None:
        return {}
    for name in ("labels", "encoding", "format"):
        fewer = {each: value for each, value in changes.items() if each != name}
        gained = _gained(fewer, file, settings)
        if gained and all(one >= other for one, other in zip(gained, best, strict=True)):
            changes = fewer
    return changes


def _gained(changes: dict[str, Any], file: File, settings: IngestionSettings) -> tuple[int, int] | None:
    """How many of the first rows are kept, and how many have a label; ``None`` where the file is refused."""
    try:
        changed = IngestionSettings.model_validate(settings.model_dump(exclude_unset=True) | changes)
        reviews = read_batch(file.content, file.name, changed, file.most_rows).reviews
    except (UnreadableFile, ValidationError):
        return None
    return len(reviews), int((reviews["label"].notna() | reviews["neutral"]).sum())
