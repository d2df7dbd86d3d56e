"""The look at a review file that ``sentiment-assets preview`` gives, and the branch that it scaffolds."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from sentiment_assets.branch import files
from sentiment_assets.branch.component import branch_name_fault
from sentiment_assets.branch.files import UnknownBranch, branch_files, settings_of
from sentiment_assets.branch.settings import BranchSettings
from sentiment_assets.commands.review_file import content_of
from sentiment_assets.ingestion.decoding import in_one_line, printable
from sentiment_assets.ingestion.preview.preview import Preview, PreviewColumn, Reason, preview_file, preview_for_branch
from sentiment_assets.ingestion.preview.reading import MOST_ROWS
from sentiment_assets.ingestion.readers.source import (
    CLASS_NAMES,
    COUNTED,
    ENCODING_PROPOSED,
    LONGEST_RECORD,
    NOT_READ,
    SHAPE_PROPOSED,
)
from sentiment_assets.ingestion.readers.unpacking import UnreadableFile
from sentiment_assets.presentation.wording import counted, shorten
from sentiment_assets.resources.home import below_home
from sentiment_assets.resources.landing_place import NotAReviewFile

_LANDING = "landing/{}"
_EXAMPLE_BRANCH = "acme"
_MOST_COLUMNS, _MOST_WARNINGS = 12, 5
_LONGEST_EXAMPLE, _NARROWEST = 24, 16
_HEADINGS = ("column", "filled", "examples", "taken for", "how sure, and why")
_EXAMPLES, _BETWEEN, _SET_IN = 2, 2, 4
_WIDEST = {"column": 20, "how sure, and why": 46}
_NOT_SHOWN = (*COUNTED, CLASS_NAMES, LONGEST_RECORD, ENCODING_PROPOSED, SHAPE_PROPOSED, NOT_READ)
_ROLES = {"created_at": "date", "review_id": "id"}


class CannotPreview(RuntimeError):
    """The file, the branch or the name cannot be used; the message says what to do."""


def preview(file: Path, *, branch: str | None, write: str | None, whole: bool) -> Preview:
    """What is in a file: with settings to propose, or as the branch's settings read it."""
    most_rows = None if whole else MOST_ROWS
    try:
        content = content_of(file)
        if branch is not None:
            settings = settings_of(branch)
            return preview_for_branch(content, file.name, settings, most_rows=most_rows)
        landing = _LANDING.format(write or _EXAMPLE_BRANCH)
        found = preview_file(content, file.name, landing, most_rows=most_rows)
    except UnknownBranch as error:
        raise CannotPreview(str(error)) from error
    except (UnreadableFile, NotAReviewFile, OSError) as error:
        raise CannotPreview(f"{file}: {error}") from error
    BranchSettings.model_validate(dict(found.settings))
    return found


def require_new_branch(name: str) -> None:
    """Raise ``CannotPreview`` if a branch cannot be called so, or is already there."""
    if fault := branch_name_fault(name):
        raise CannotPreview(f"--write {name}: {fault}")
    taken = branch_files().get(name, files.DEFS / name)
    if taken.exists():
        raise CannotPreview(f"{taken} is there already and was not touched; choose another name, or edit it by hand")


def write_branch(name: str, text: str) -> Path:
    """Write the ``defs.yaml`` of a new branch and return its path. Raises ``CannotPreview``."""
    require_new_branch(name)
    file = files.DEFS / name / "defs.yaml"
    try:
        file.parent.mkdir(parents=True)
        with file.open("x", encoding="utf-8") as written:
            written.write(text)
    except OSError as error:
        raise CannotPreview(f"{file} cannot be written: {error}") from error
    return file


def as_json(shown: Preview) -> str:
    """Everything that was found, as one JSON object."""
    return json.dumps(_storable(asdict(shown)), ensure_ascii=False, indent=2, default=str, allow_nan=False)


def _storable(value: object) -> object:
    """The same value without what no JSON file can hold: undecodable bytes, and numbers that are none."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Mapping):
        return {str(_storable(str(name))): _storable(each) for name, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [_storable(each) for each in value]
    return value if isinstance(value, int | float | None) and not _is_no_number(value) else str(value)


def _is_no_number(value: object) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def show(console: Console, shown: Preview) -> None:
    """Print a preview in one screen; what the file holds is printed as text, never as markup or control characters."""
    _line(console, shown.file, _found(shown), style="bold")
    console.print(_columns(shown, console.width))
    if len(shown.columns) > _MOST_COLUMNS:
        rest = [each.name for each in _in_order(shown)[_MOST_COLUMNS:]]
        _line(console, f"and {len(rest)} more", ", ".join(rest), most=2 * console.width - 8)
    _line(console, "Labels", _labels(shown))
    for review in shown.outcome.reviews:
        date = f" {review.created_at[:10]}" if review.created_at else ""
        _line(console, f"  {review.label}{date}", review.text, most=console.width)
    _line(console, "Rows", _rows(shown))
    for kept, reasons in (("", shown.outcome.quarantine), (" kept without it", _unread(shown))):
        for reason in reasons:
            field = _ROLES.get(reason.field, reason.field)
            said = f"{field}: {reason.reason} (first: row {reason.first})"
            _line(console, f"  {counted(reason.rows, 'row')}{kept}", said)
    if others := shown.outcome.quarantined - sum(each.rows for each in shown.outcome.quarantine):
        _line(console, f"  {counted(others, 'row')}", "other reasons, which the quarantine of the batch tells")
    for warning in shown.warnings[:_MOST_WARNINGS]:
        _line(console, "Warning", warning, style="yellow")
    if len(shown.warnings) > _MOST_WARNINGS:
        _line(console, "Warning", f"{len(shown.warnings) - _MOST_WARNINGS} more; --json shows all", style="yellow")
    if shown.yaml:
        console.rule("defs.yaml", style="dim", align="left")
        console.print(Text(shown.yaml.rstrip("\n")), soft_wrap=True)


def _unread(shown: Preview) -> tuple[Reason, ...]:
    return shown.outcome.unread[:1]


def _line(console: Console, name: str, said: str, *, style: str = "", most: int | None = None) -> None:
    """A name and what is said of it: whole, on as many lines as it needs, or cut to ``most`` characters."""
    indent = "  " if name.startswith("  ") else ""
    text = f"{indent}{in_one_line(name)}: {in_one_line(said)}"
    line = Text(text, style=style if style == "yellow" else "")
    if style == "bold":
        line.stylize("bold", 0, len(in_one_line(name)))
    if most is not None:
        line.truncate(most, overflow="ellipsis")
    first = line.wrap(console, console.width)[0]
    console.print(first)
    rest = line[len(first) :]
    if rest.plain.strip():  # set in, so that a rule in YAML can be pasted as it stands
        console.print(Padding(Text(rest.plain.strip(), style=line.style), (0, 0, 0, _SET_IN), expand=False))


def _found(shown: Preview) -> str:
    found = {name: value for name, value in shown.found.items() if name not in _NOT_SHOWN and value not in ("none", "")}
    said = [str(found.pop("format", ""))]
    said += [
        f"{name} {value!r}" if name == "delimiter" else f"{name.replace('_', ' ')} {value}"
        for name, value in found.items()
    ]
    rows = counted(shown.outcome.rows, "row")
    return ", ".join([*said, rows if shown.whole else f"the first {rows} (--all reads the whole file)"])


def _in_order(shown: Preview) -> list[PreviewColumn]:
    """The columns that are used first, then the others."""
    return sorted(shown.columns, key=lambda each: not each.role)


def _columns(shown: Preview, width: int) -> Table:
    chosen = {each.name for each in _in_order(shown)[:_MOST_COLUMNS]}
    rows = [_cells(each) for each in shown.columns if each.name in chosen]
    widths = [
        min(max([len(name), *(cell_len(row[place]) for row in rows)]), _WIDEST.get(name, width))
        for place, name in enumerate(_HEADINGS)
    ]
    room = width - sum(widths) + widths[_EXAMPLES] - _BETWEEN * (len(widths) - 1)
    return _one_below_the_other(rows) if room < min(_NARROWEST, widths[_EXAMPLES]) else _beside_each_other(rows, widths)


def _beside_each_other(rows: Sequence[Sequence[str]], widths: Sequence[int]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", expand=True)
    for place, (name, width) in enumerate(zip(_HEADINGS, widths, strict=True)):
        rest = place == _EXAMPLES
        table.add_column(
            name, no_wrap=True, overflow="ellipsis", ratio=1 if rest else None, width=None if rest else width
        )
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _one_below_the_other(rows: Sequence[Sequence[str]]) -> Table:
    """What is said of each column, below each other on a narrow screen."""
    table = Table.grid(padding=(0, _BETWEEN, 0, 0))
    table.add_column(max_width=_WIDEST["column"], overflow="fold")
    table.add_column(overflow="fold")
    for column, filled, examples, role, why in rows:
        said = [f"{role}, {why}"] if role else []
        table.add_row(Text(column), Text("\n".join([*said, f"{filled} filled: {examples}".rstrip(": ")])))
    return table


def _cells(column: PreviewColumn) -> tuple[str, str, str, str, str]:
    return (
        in_one_line(column.name),
        f"{column.filled:.0%}",
        " | ".join(shorten(in_one_line(example), _LONGEST_EXAMPLE) for example in column.examples),
        _ROLES.get(column.role, column.role),
        f"{column.sure}: {in_one_line(column.why)}" if column.role else "",
    )


def _labels(shown: Preview) -> str:
    counts = ", ".join(f"{count:,} {name}" for name, count in shown.outcome.labels.items() if count) or "none"
    sure = f"{shown.label_rule_sure}: " if shown.label_rule_sure else ""
    rule = f" by {shown.label_rule}" if shown.label_rule else ""
    why = f" ({sure}{shown.label_rule_why})" if shown.label_rule_why else ""
    return f"{counts}{rule}{why}"


def _rows(shown: Preview) -> str:
    outcome = shown.outcome
    if outcome.fails:
        return "none would be taken in, see the warning"
    others = {
        "in quarantine": outcome.quarantined,
        "without text": outcome.without_text,
        "repeat another": outcome.duplicate,
    }
    said = [f"{outcome.kept:,} kept ({outcome.dated:,} with a date)", f"{outcome.quarantined:,} in quarantine"]
    return ", ".join([*said, *(f"{n:,} {what}" for what, n in others.items() if n and what != "in quarantine")])


def next_steps(written: Path, file: Path) -> Iterator[str]:
    """What was written, and what to do next."""
    name = written.parent.name
    landing = below_home(_LANDING.format(name))
    yield f"Wrote {written}. Next, see that it loads, land the file, and let it be taken in and trained on:"
    yield "  .venv/bin/dg check defs"
    copy = "cp -r" if file.is_dir() else "cp"
    yield f"  mkdir -p {landing} && {copy} {file} {landing}/"
    yield "  make dev"
