"""The preview of a file: what is in it, what a branch would make of it, and the settings that would read it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import get_args

import pandas as pd

from sentiment_assets.ingestion.batch import read_batch
from sentiment_assets.ingestion.decoding import before_encoded_twice, in_one_line
from sentiment_assets.ingestion.formats import FOLDER
from sentiment_assets.ingestion.label_rules import Meaning, ProposedRule, is_number, meaning_of
from sentiment_assets.ingestion.open_file import Content
from sentiment_assets.ingestion.preview.columns import Column, columns_of
from sentiment_assets.ingestion.preview.lines_to_write import lines_to_write
from sentiment_assets.ingestion.preview.reading import MOST_ROWS, File, Sample, beginning_of, read_sample
from sentiment_assets.ingestion.preview.roles import DEFAULT_NAMES, Role, Roles, described
from sentiment_assets.ingestion.preview.settings_text import as_yaml
from sentiment_assets.ingestion.preview.words_and_labels import told_of_labels
from sentiment_assets.ingestion.readers.source import (
    ABOVE_HEADER,
    ENCODING_PROPOSED,
    NOT_READ,
    RawRow,
    way_to_rows,
)
from sentiment_assets.ingestion.readers.unpacking import UnreadableFile
from sentiment_assets.ingestion.redaction import Redactor
from sentiment_assets.ingestion.settings import FormatSettings, IngestionSettings, LabelRule, ReviewColumns, label_key
from sentiment_assets.ingestion.text_folders import Folder, is_found_when_landed
from sentiment_assets.ingestion.values import is_missing, value_at
from sentiment_assets.presentation.wording import counted

_REVIEWS_SHOWN, _REASONS_SHOWN, _UNREAD_SHOWN = 5, 3, 3
_MEANINGS: tuple[Meaning, ...] = get_args(Meaning)
_WORDS_FOR_SUMS = (
    "total, totals, grand total, sum, average, mean, gesamt, summe, durchschnitt, mittelwert, moyenne, somme, "
    "promedio, suma, média, media, soma, totale, итого, 合計, 合计, 总计, 平均"
)
_OF_SUMS = frozenset(_WORDS_FOR_SUMS.split(", "))
_ROWS_THAT_TELL = 10
_ROLES = ("review_id", "label", "created_at", "split")


@dataclass(frozen=True)
class PreviewColumn:
    """A column of the file."""

    name: str
    filled: float
    """The share of rows that have a value."""
    examples: tuple[str, ...]
    role: str
    """What it is taken for; empty if it is not used."""
    sure: str
    why: str


@dataclass(frozen=True)
class PreviewReview:
    """A review as it will read."""

    text: str
    label: str
    """``positive``, ``negative``, ``neutral`` or ``unlabelled``."""
    created_at: str
    """ISO 8601; empty without a date."""


@dataclass(frozen=True)
class Reason:
    """Why rows would go to quarantine, or values would be left out."""

    field: str
    reason: str
    rows: int
    first: int
    """The first such row."""


@dataclass(frozen=True)
class Outcome:
    """What the settings make of the rows that were read."""

    rows: int
    kept: int
    quarantined: int
    without_text: int
    duplicate: int
    labels: Mapping[str, int]
    """How many reviews are positive, negative, neutral and unlabelled."""
    dated: int
    reviews: tuple[PreviewReview, ...]
    quarantine: tuple[Reason, ...]
    unread: tuple[Reason, ...]
    odd_labels: str = ""
    """Why the labels are doubted; empty if they are not."""
    fails: str = ""
    """Why the file would fail as a whole; empty if it would not."""


@dataclass(frozen=True)
class Preview:
    """Everything that is shown of a file."""

    file: str
    found: Mapping[str, object]
    whole: bool
    """Whether all of its rows were read."""
    columns: tuple[PreviewColumn, ...]
    label_rule: str
    """The label rule in one line; empty where the default rule is meant, or there is no label."""
    label_rule_sure: str
    label_rule_why: str
    outcome: Outcome
    warnings: tuple[str, ...]
    settings: Mapping[str, object]
    """The attributes of the branch; empty where an existing branch was shown."""
    yaml: str
    """The text of a ``defs.yaml`` with them; of a branch the lines that would read a file that it refuses, if any."""


def preview_file(
    content: Content | Folder, file_name: str, landing: str, *, most_rows: int | None = MOST_ROWS
) -> Preview:
    """What is in a file, or a folder of texts, and the settings that are proposed for it. Raises ``UnreadableFile``."""
    file = beginning_of(content, file_name, most_rows)
    sample = read_sample(file, IngestionSettings())
    columns = sample.columns
    roles = sample.roles([each for each in columns if not _is_of_a_path(each, sample)])
    attributes = {"landing": landing, **_proposed(sample, roles)}
    settings = _ingestion_of(attributes)
    if isinstance(content, Folder) and not is_found_when_landed(content, settings):
        attributes["format"] = {"one_review": "file"}
        settings = _ingestion_of(attributes)
    if sample.settings.format.header:
        attributes = _without_needless_header(file, attributes, sample)
    attributes = _with_its_list(file, attributes, sample)
    settings = _ingestion_of(attributes)
    outcome, _ = _outcome(file, settings)
    if not sample.rows and outcome.fails:
        raise UnreadableFile(f"it has no row below its first line: {outcome.fails}")
    if not any(not row.problem for row in sample.rows) and outcome.fails:
        raise UnreadableFile(outcome.fails)
    if roles.rule and outcome.odd_labels:
        roles = replace(
            roles, rule=replace(roles.rule, sure="a guess", why="it does not go with the words of the reviews")
        )
    rule = roles.rule or ProposedRule({}, "a guess", "")
    return Preview(
        file=file_name,
        found=sample.found,
        whole=file.content is content and (most_rows is None or len(sample.rows) < most_rows),
        columns=_shown_columns(columns, described(roles.roles)),
        label_rule=rule.in_one_line if rule.rule else "",
        label_rule_sure=rule.sure if roles.rule else "",
        label_rule_why=rule.why,
        outcome=outcome,
        warnings=_warnings(sample, roles, outcome),
        settings=attributes,
        yaml=as_yaml(attributes, _questions(columns, roles), _remarks(roles)),
    )


def preview_for_branch(
    content: Content | Folder, file_name: str, settings: IngestionSettings, *, most_rows: int | None = MOST_ROWS
) -> Preview:
    """A file as the settings of a branch read it. Raises ``UnreadableFile``."""
    file = beginning_of(content, file_name, most_rows)
    raw_rows, found = file.rows(settings)
    redactor = Redactor(settings)
    rows = tuple(row._replace(values=redactor.redact_value(row.values)) for row in raw_rows)
    columns = columns_of(rows, settings.placeholders)
    outcome, refusal = _outcome(file, settings)
    return Preview(
        file=file_name,
        found=found,
        whole=file.content is content and (most_rows is None or len(rows) < most_rows),
        columns=_shown_columns(columns, _said_by(settings.columns)),
        label_rule=_written_rule(settings.labels),
        label_rule_sure="",
        label_rule_why="as the branch says" if settings.labels.model_fields_set else "the default",
        outcome=outcome,
        warnings=_warnings(Sample(file, rows, found, settings), Roles((), None), outcome),
        settings={},
        yaml=redactor.redact(lines_to_write(refusal, file.content, file.name, settings)) if refusal else "",
    )


# what the settings are


def _proposed(sample: Sample, roles: Roles) -> dict[str, object]:
    """The attributes of a branch that differ from the defaults, but the landing place."""
    attributes: dict[str, object] = {}
    form = sample.settings.format.model_dump()
    said = {name: value for name, value in form.items() if value != getattr(FormatSettings(), name)}
    if said:
        attributes["format"] = said
    if sample.settings.encoding != IngestionSettings().encoding:
        attributes["encoding"] = sample.settings.encoding
    columns = _proposed_columns(roles)
    if columns:
        attributes["columns"] = columns
    if roles.rule and roles.rule.rule:
        attributes["labels"] = dict(roles.rule.rule)
    if roles.language:
        attributes["monitoring"] = {"languages": [roles.language]}
    return attributes


def _without_needless_header(file: File, attributes: dict[str, object], sample: Sample) -> dict[str, object]:
    """The attributes without the row of the header, where its columns are found by their names too."""
    form = sample.settings.format.model_dump(exclude_defaults=True, exclude={"header"})
    fewer = {name: value for name, value in attributes.items() if name != "format"} | ({"format": form} if form else {})
    fewer = {name: fewer[name] for name in attributes if name in fewer}
    try:
        _, found = file.rows(_ingestion_of(fewer), most=1)
    except UnreadableFile:
        return attributes
    return fewer if found.get(ABOVE_HEADER) == sample.found.get(ABOVE_HEADER) else attributes


def _with_its_list(file: File, attributes: dict[str, object], sample: Sample) -> dict[str, object]:
    """The attributes with the way to the list of the sample, where its columns do not lead there.

    What holds the list may have columns of the same names: a product has a title and a rating, as its reviews have.
    """
    way = way_to_rows(sample.found)
    if not way or sample.settings.format.records:
        return attributes
    _, found = file.rows(_ingestion_of(attributes), most=1)
    if way_to_rows(found) == way:
        return attributes
    form = {**sample.settings.format.model_dump(exclude_defaults=True), "records": way}
    return {"landing": attributes["landing"], "format": form} | {n: a for n, a in attributes.items() if n != "format"}


def _is_of_a_path(column: Column, sample: Sample) -> bool:
    """Whether a column says where a text lies in its folder: the next folder has other reviews by the same names."""
    return sample.found.get("format") == FOLDER and column.name in ("file", "id")


def _proposed_columns(roles: Roles) -> dict[str, object]:
    columns: dict[str, object] = {}
    texts = roles.texts
    if texts and texts != (DEFAULT_NAMES["text"],):
        columns["text"] = roles.as_setting("text")
    for role in _ROLES:
        names = () if role == "label" and _is_unknown(roles) else roles.of(role)
        if not texts and names == (DEFAULT_NAMES["text"],):
            continue  # without a text, the column of that name is the text's by default
        if names and roles.as_setting(role) != DEFAULT_NAMES[role]:
            columns[role] = roles.as_setting(role)
        elif not names and (role in roles.not_used or DEFAULT_NAMES[role] in texts or role in roles.of("label")):
            columns[role] = ""
    if roles.of("keep"):
        columns["keep"] = list(roles.of("keep"))
    return columns


def _is_unknown(roles: Roles) -> bool:
    """Whether nobody but a person can say what the labels mean."""
    return roles.rule is not None and bool(roles.rule.unknown) and not roles.rule.rule


def _questions(columns: Sequence[Column], roles: Roles) -> list[str]:
    """Lines of the YAML that only a person can fill in."""
    questions = []
    [label] = roles.of("label")[:1] or [""]
    if roles.rule and _is_unknown(roles):
        questions += [
            f"which of {_quoted(roles.rule.unknown)} is positive? Put the values in, and name the column: "
            f"`label: {label}`",
            f"labels: {_rule_to_fill_in(next(each for each in columns if each.name == label))}",
        ]
    elif roles.rule and roles.rule.unknown:
        questions.append(
            f"is {_quoted(roles.rule.unknown)} positive, negative or neutral? Put each into `labels`; until then rows "
            "with it go to quarantine"
        )
    date = next((each for each in columns if (each.name,) == roles.of("created_at")), None)
    if date is not None and date.dates.is_ambiguous:
        questions.append(
            f"which comes first in {date.name}? created_at: {{column: {date.name}, order: day_first}}, or month_first"
        )
    return questions


def _quoted(values: Iterable[str]) -> str:
    return ", ".join(f'"{in_one_line(each)}"' for each in values)


def _rule_to_fill_in(column: Column) -> str:
    """The label rule as far as its words are known, for a person to fill in."""
    known = {name: [each for each in column.seen if meaning_of(each) == name] for name in _MEANINGS}
    lists = (f"{name}: [{', '.join([_quoted([each]) for each in known[name]] + ['?'])}]" for name in _MEANINGS)
    return f"{{{', '.join(lists)}}}"


def _remarks(roles: Roles) -> dict[str, str]:
    """What stands above a setting that somebody should look at."""
    rule = roles.rule
    if rule is None or not rule.rule or rule.sure == "sure":
        return {}
    return {"labels": in_one_line(f"{rule.sure}: {rule.why}")}


def _ingestion_of(attributes: Mapping[str, object]) -> IngestionSettings:
    monitoring = attributes.get("monitoring")
    languages = monitoring["languages"] if isinstance(monitoring, dict) else []
    said = {name: value for name, value in attributes.items() if name in IngestionSettings.model_fields}
    return IngestionSettings.model_validate({**said, "languages": tuple(languages)})


def _said_by(columns: ReviewColumns) -> dict[str, Role]:
    roles = {name: role for role in ("text", *_ROLES) for name in columns.of_role(role)}
    roles = dict.fromkeys(columns.keep, "keep") | roles
    named = set(columns.named)
    return {
        name: Role(name, role, "sure", "the branch says so" if name in named else "the default name")
        for name, role in roles.items()
    }


def _written_rule(rule: LabelRule) -> str:
    return ProposedRule(rule.model_dump(exclude_unset=True), "sure", "").in_one_line if rule.model_fields_set else ""


# what comes of the rows


def _outcome(file: File, settings: IngestionSettings) -> tuple[Outcome, UnreadableFile | None]:
    """What would become of a file, and why it would be refused, if it would."""
    try:
        batch = read_batch(file.content, file.name, settings, file.most_rows)
    except UnreadableFile as refusal:
        nothing = dict.fromkeys(("positive", "negative", "neutral", "unlabelled"), 0)
        rows, _ = file.rows(settings)
        refused = Outcome(
            rows=len(rows),
            kept=0,
            quarantined=0,
            without_text=0,
            duplicate=0,
            labels=nothing,
            dated=0,
            reviews=(),
            quarantine=(),
            unread=(),
            fails=str(refusal),
        )
        return refused, refusal
    taken_in = Outcome(
        rows=batch.rows_in,
        kept=len(batch.reviews),
        quarantined=len(batch.quarantine),
        without_text=len(batch.without_text),
        duplicate=batch.rows_duplicate,
        labels=_labels_of(batch.reviews),
        dated=int(batch.reviews["created_at"].notna().sum()),
        reviews=_reviews_of(batch.reviews),
        quarantine=_reasons_of(batch.quarantine),
        unread=tuple(Reason(each.field, each.reason, each.reviews, each.row) for each in batch.unread[:_UNREAD_SHOWN]),
        odd_labels=told_of_labels(batch.reviews),
    )
    return taken_in, None


def _labels_of(reviews: pd.DataFrame) -> dict[str, int]:
    labels, neutral = reviews["label"], reviews["neutral"]
    return {
        "positive": int((labels == 1).sum()),
        "negative": int((labels == 0).sum()),
        "neutral": int(neutral.sum()),
        "unlabelled": int((labels.isna() & ~neutral).sum()),
    }


def _reviews_of(reviews: pd.DataFrame) -> tuple[PreviewReview, ...]:
    """The first reviews of each label in turn, so that all kinds are seen."""
    words = reviews["label"].map({1: "positive", 0: "negative"}).astype("object")
    words = words.where(words.notna(), reviews["neutral"].map({True: "neutral", False: "unlabelled"}))
    turn = words.groupby(words).cumcount()
    chosen = turn.sort_values(kind="stable").index[:_REVIEWS_SHOWN]
    return tuple(
        PreviewReview(
            str(reviews["text"][place]),
            str(words[place]),
            "" if pd.isna(reviews["created_at"][place]) else reviews["created_at"][place].isoformat(),
        )
        for place in sorted(chosen)
    )


def _reasons_of(quarantine: pd.DataFrame) -> tuple[Reason, ...]:
    pairs = list(zip(quarantine["field"], quarantine["reason"], strict=True))
    first = dict(zip(reversed(pairs), reversed(quarantine["row"].tolist()), strict=True))
    return tuple(Reason(*pair, count, first[pair]) for pair, count in Counter(pairs).most_common(_REASONS_SHOWN))


def _shown_columns(columns: Sequence[Column], roles: Mapping[str, Role]) -> tuple[PreviewColumn, ...]:
    return tuple(_shown_column(each, roles.get(each.name)) for each in columns)


def _shown_column(column: Column, role: Role | None) -> PreviewColumn:
    return PreviewColumn(
        name=column.name,
        filled=column.filled,
        examples=column.example(),
        role=role.role if role else "",
        sure=role.sure if role else "",
        why=role.why if role else "",
    )


def _told_of_letters(reviews: Sequence[PreviewReview]) -> list[str]:
    """What is told of texts that were encoded twice."""
    beyond = [word for each in reviews for word in each.text.split() if not word.isascii()]
    before = {word: said for word in beyond if (said := before_encoded_twice(word))}
    if 2 * len(before) <= len({*beyond}):
        return []
    word, said = next(iter(before.items()))
    return [f"its letters seem to be encoded twice, such as {word!r} for {said!r}: export it again as UTF-8, once"]


def _told_of_rows(rows: Sequence[RawRow], texts: Sequence[str]) -> list[str]:
    """What is told of rows with a text that are no reviews by the look of it."""
    holding = [row for row in rows if not row.problem and any(not is_missing(value_at(row.values, t)) for t in texts)]
    if len(holding) < _ROWS_THAT_TELL:
        return []
    told = []
    if _goes_on_with_header(holding[0], holding[1:]):
        told.append(f"row {holding[0].number} seems to go on with the header")
    if any(_names_sums(name, holding) for name in holding[-1].values):
        told.append(f"row {holding[-1].number} seems to sum up the others")
    return [f"{each}, and to be no review: take it out before landing" for each in told]


def _names_sums(column: str, rows: Sequence[RawRow]) -> bool:
    """Whether the last row has the word for sums in a column, and no other has it: "average" may be a label too."""
    last = rows[-1].values[column]
    is_word = isinstance(last, str) and last.strip(" :").casefold() in _OF_SUMS
    return is_word and not any(row.values.get(column) == last for row in rows[:-1])


def _goes_on_with_header(first: RawRow, others: Sequence[RawRow]) -> bool:
    """Whether a row has nothing in several columns that all others fill, as where questions have answers below them.

    Words in several columns in which others have numbers go on with it, too.
    """
    empty = [name for name, value in first.values.items() if is_missing(value)]
    words = [name for name, value in first.values.items() if isinstance(value, str) and not is_number(label_key(value))]
    odd = [name for name in empty if not any(is_missing(row.values.get(name)) for row in others)]
    odd += [name for name in words if name not in empty and _are_numbers([row.values.get(name) for row in others])]
    return len(odd) > 1


def _are_numbers(values: Sequence[object]) -> bool:
    return all(not is_missing(each) and is_number(label_key(each)) for each in values)


def _warnings(sample: Sample, roles: Roles, outcome: Outcome) -> tuple[str, ...]:
    warnings = [*sample.told, *roles.told]
    if outcome.fails:
        warnings.insert(0, f"the file would fail as a whole: {outcome.fails}")
    if others := sample.found.get(NOT_READ):
        warnings.append(f"not every file in it is read: {others}")
    if outcome.odd_labels:
        warnings.append(outcome.odd_labels)
    proposal = str(sample.found.get(ENCODING_PROPOSED, ""))
    if proposal:
        warnings.append(f"its encoding may be another one: {proposal}")
    if sample.rows and roles.roles and not roles.of("text"):
        warnings.append("no column looks like the text of a review: name it under `columns: text:`")
    if roles.of("text") and roles.rule is None:
        warnings.append("no column looks like a label or a rating: reviews are scored, and train nothing")
    if not sample.rows:
        warnings.append("it has no row")
    if len(sample.rows) == 1:
        warnings.append("it has one row only: see whether that is a review, or an error in place of an export")
    warnings += [] if proposal else _told_of_letters(outcome.reviews)
    warnings += _told_of_rows(sample.rows, roles.texts)
    date = roles.of("created_at")
    unread = [each for each in outcome.unread if each.field != "created_at" or not date]
    warnings += [
        f"{counted(each.rows, 'review stays', 'reviews stay')} without {each.field}: {each.reason}" for each in unread
    ]
    return tuple(dict.fromkeys(warnings))
