"""A sample of a file, read the way that leaves the fewest problems: encoding, quoting, header, list or sheet."""

import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from sentiment_assets.ingestion.decoding import undecodable_bytes
from sentiment_assets.ingestion.formats import ZIP, format_of
from sentiment_assets.ingestion.label_rules import is_number
from sentiment_assets.ingestion.open_file import Content, stream_of
from sentiment_assets.ingestion.preview.columns import Column, columns_of
from sentiment_assets.ingestion.preview.names import is_a_known_name, is_a_name
from sentiment_assets.ingestion.preview.roles import Roles, find_roles
from sentiment_assets.ingestion.readers.delimited import DELIMITERS, RARE_DELIMITERS
from sentiment_assets.ingestion.readers.file_rows import read_rows_by
from sentiment_assets.ingestion.readers.json_rows import are_rows_by_key
from sentiment_assets.ingestion.readers.source import (
    ENCODING_PROPOSED,
    SHAPE,
    SHAPE_PROPOSED,
    InAnotherEncoding,
    RawRow,
    SeveralInOne,
    classes_of,
    encoding_in,
    way_to_rows,
)
from sentiment_assets.ingestion.readers.unpacking import MEGABYTE, UnreadableFile
from sentiment_assets.ingestion.settings import FormatSettings, IngestionSettings, label_key
from sentiment_assets.ingestion.text_folders import Folder
from sentiment_assets.ingestion.values import is_missing, stands_for_nothing, value_at

MOST_ROWS = 2000
"""How many rows are looked at, unless all are asked for."""
_LARGEST_LOOKED_AT = 32 * MEGABYTE
_BY_LINES = ("csv", "tsv", "txt", "pos", "neg", "jsonl", "ndjson")
_DELIMITED = ("csv", "tsv", "txt", "pos", "neg")
_SHEETS = ("xlsx", "xls", "ods")
_CLEARLY, _NEARLY_ALL = 0.5, 0.9
_FEW_PROBLEMS, _A_TENTH = 0.02, 0.1
_ROWS_THAT_TELL = 10
_ROWS_ABOVE = 20
_A_SENTENCE, _LONGEST_NAME, _FEW_LABELS = 4, 60, 12


@dataclass(frozen=True)
class File:
    """A file, or a folder of texts, to look at."""

    content: Content | Folder
    name: str
    most_rows: int | None
    """How many rows are read; ``None`` for all."""

    def rows(
        self, settings: IngestionSettings, most: int | None = None
    ) -> tuple[tuple[RawRow, ...], dict[str, object]]:
        """The rows of the sample, and what was found about the file. Raises ``UnreadableFile``."""
        read = read_rows_by(settings, self.content, self.name)
        return tuple(islice(read, most or self.most_rows)), read.found

    @property
    def is_delimited(self) -> bool:
        """Whether it may be delimited text, in an archive perhaps."""
        return not isinstance(self.content, Folder) and format_of(self.name)[0] in (*_DELIMITED, ZIP)


@dataclass(frozen=True)
class Sample:
    """Rows of a file, and the settings that they were read with."""

    file: File
    rows: tuple[RawRow, ...]
    found: Mapping[str, object]
    settings: IngestionSettings
    named: bool = True
    """Whether the file itself names its columns."""
    told: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of the rows."""
        columns = columns_of(self.rows, self.settings.placeholders)
        return tuple(replace(each, classes=classes_of(self.found, each.name)) for each in columns)

    @property
    def has_names(self) -> bool:
        """Whether the file names its columns, and not by numbers."""
        return self.named and not all(is_number(label_key(each.name)) for each in self.columns)

    def roles(self, columns: Sequence[Column]) -> Roles:
        """The role of each of these columns; a row without a text, such as one of sums, does not count."""
        named = self.has_names
        roles = find_roles(columns, named=named)
        texts = roles.texts
        nothing = frozenset(self.settings.placeholders)
        rows = [
            row for row in self.rows if any(not stands_for_nothing(value_at(row.values, t), nothing) for t in texts)
        ]
        if not texts or len(rows) == len(self.rows):
            return roles
        names = {each.name for each in columns}
        of_reviews = [each for each in replace(self, rows=tuple(rows)).columns if each.name in names]
        return find_roles(of_reviews, named=named)

    def read_again(self, settings: IngestionSettings, *told: str, named: bool = True) -> "Sample":
        """The same file by other settings, and what to tell of that."""
        rows, found = self.file.rows(settings)
        return Sample(self.file, rows, found, settings, named=named, told=(*self.told, *told))


def beginning_of(content: Content | Folder, file_name: str, most_rows: int | None) -> File:
    """The file, or its first megabytes where it is a large text of lines and only some of its rows are asked for."""
    if isinstance(content, Folder):
        return File(content, file_name, most_rows)
    ending, compression = format_of(file_name)
    if most_rows is not None and not compression and ending in _BY_LINES and len(content) > _LARGEST_LOOKED_AT:
        even = _LARGEST_LOOKED_AT - _LARGEST_LOOKED_AT % 4
        with stream_of(content) as stream:
            beginning = stream.read(even)
        content = beginning[: max(beginning.rfind(b"\n") + 1, 1)]
    return File(content, file_name, most_rows)


def read_sample(file: File, settings: IngestionSettings) -> Sample:
    """The sample, with what of format and encoding must be said for it. Raises ``UnreadableFile``."""
    sample = _by_its_encoding(_with_lists(file, settings))
    if SHAPE in sample.found:  # neither a delimiter nor a header is to be found
        return sample
    if sample.file.is_delimited:
        sample = _with_fewest_problems(sample)
    if _holds_others_in_one(sample):
        told = "each line is one field in quotes that holds the others: take the quotes around the lines away"
        sample = replace(sample, told=(*sample.told, told))
    if SHAPE not in sample.found and str(sample.found.get("format")) in (*_DELIMITED, *_SHEETS):
        sample = _with_header(_below_other_rows(sample))
    return sample


def _holds_others_in_one(sample: Sample) -> bool:
    """Whether the only column is called by the names of several."""
    names = [each.name for each in sample.columns]
    return len(names) == 1 and max(_known_names(names[0].split(each)) for each in DELIMITERS) > 1


def _with(settings: IngestionSettings, **form: object) -> IngestionSettings:
    return settings.model_copy(update={"format": FormatSettings(**(settings.format.model_dump() | form))})


def _with_lists(file: File, settings: IngestionSettings) -> Sample:
    """The sample of the file, or of the list or sheet in it that looks most like reviews."""
    try:
        rows, found = file.rows(settings)
    except SeveralInOne as several:
        choices = {
            name: Sample(file, *file.rows(each), settings=each)
            for name in several.names
            for each in [_with(settings, **{several.setting: name})]
        }
        best = max(choices, key=lambda name: _weight_of_texts(choices[name]))
        told = [f"it holds {', '.join(several.names)}; {best} looks most like reviews"]
        if alike := [name for name in choices if name != best and _are_alike(choices[name], choices[best])]:
            told.append(f"{', '.join(alike)}: the same columns, so land each of these by itself too")
        return replace(choices[best], told=tuple(told))
    except InAnotherEncoding as error:
        return _in_its_encoding(file, settings, error)
    sample = Sample(file, rows, found, settings)
    way = _way_to_a_list(rows or _object_around(file, settings, way_to_rows(found)))
    if way and found.get("format") in ("json", "jsonl", "ndjson"):
        chosen = _with(settings, records=way)
        within = Sample(file, *file.rows(chosen), settings=chosen, told=(f"the reviews are the list at {way}",))
        has_sentences = any(each.is_text and each.usual_words >= _A_SENTENCE - 1 for each in within.columns)
        if rows or has_sentences:  # the links to other pages are no reviews
            return within
    return sample


def _are_alike(one: Sample, other: Sample) -> bool:
    return bool(one.rows) and {*one.rows[0].values} == {*other.rows[0].values}


def _in_its_encoding(file: File, settings: IngestionSettings, error: InAnotherEncoding) -> Sample:
    """The sample as the likeliest of the encodings reads it: that of most ASCII. Raises the ``error`` if none does.

    An encoding that a branch names stays: somebody has looked at it.
    """
    readings = []
    for encoding in error.encodings if settings.encoding == "utf-8" else ():
        chosen = settings.model_copy(update={"encoding": encoding})
        told = f"it is read as {encoding}, which nothing in it names; see whether the reviews above read well"
        try:
            readings.append(Sample(file, *file.rows(chosen), settings=chosen, told=(told,)))
        except UnreadableFile:
            continue
    if not readings:
        raise error
    return max(readings, key=lambda each: sum(map(str.isascii, "".join(map(_all_of, each.rows)))))


def _weight_of_texts(sample: Sample) -> tuple[bool, float]:
    """How much a list or a sheet is like one of reviews: with labels it comes before texts that nobody judged."""
    weight = max((len(each.values) * each.words for each in sample.columns if each.is_text), default=0.0)
    return weight > 0 and _has_labels_beside_texts(sample), weight


def _has_labels_beside_texts(sample: Sample) -> bool:
    roles = sample.roles(sample.columns)
    return bool(roles.of("text")) and any(each.role == "label" and each.sure != "a guess" for each in roles.roles)


def _way_to_a_list(rows: Sequence[RawRow]) -> str:
    """The way to the longest list of objects within a file that is read as one row."""
    if len(rows) != 1 or rows[0].problem:
        return ""
    ways = dict(_lists_in(rows[0].values, ""))
    return max(ways, key=lambda way: ways[way], default="")


def _object_around(file: File, settings: IngestionSettings, way: str) -> tuple[RawRow, ...]:
    """The object around the empty list at ``way``, as one row: the list of the reviews may lie deeper in it."""
    if not way or settings.format.records:
        return ()
    columns = settings.columns.model_copy(update={"text": way})
    return file.rows(settings.model_copy(update={"columns": columns}), most=1)[0]


def _lists_in(values: Mapping[str, object], before: str) -> Iterator[tuple[str, int]]:
    for name, value in values.items():
        if are_rows_by_key(value):
            yield f"{before}{name}", len(value)
        elif isinstance(value, dict):
            yield from _lists_in(value, f"{before}{name}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            yield f"{before}{name}", len(value)


def _by_its_encoding(sample: Sample) -> Sample:
    """The sample by the encoding that is proposed, if hardly any text beyond ASCII can be read without it."""
    proposal = str(sample.found.get(ENCODING_PROPOSED, ""))
    if not proposal:
        return sample
    rows, _ = sample.file.rows(sample.settings, most=sys.maxsize)
    beyond = [text for row in rows if not (text := _all_of(row)).isascii()]
    broken = sum(bool(undecodable_bytes(text)) for text in beyond)
    if not broken:
        return sample
    if broken < _NEARLY_ALL * len(beyond):
        return replace(
            sample, told=(*sample.told, f"{broken:,} of {len(beyond):,} rows beyond ASCII are not in its encoding")
        )
    encoding = encoding_in(proposal)
    return sample.read_again(
        sample.settings.model_copy(update={"encoding": encoding}),
        f"it is no UTF-8: it is read as {encoding}, the likeliest; see whether the reviews above read well",
    )


def _all_of(row: RawRow) -> str:
    return "".join(value for value in row.values.values() if isinstance(value, str))


# delimited text: quotes, escapes, delimiters


def _with_fewest_problems(sample: Sample) -> Sample:
    cost = _cost(sample)
    if cost <= _FEW_PROBLEMS * len(sample.rows):
        return sample
    ways: dict[str, dict[str, object]] = {
        "quotes are read as characters like others": {"quoting": "none"},
        "a backslash takes the meaning from a quote": {"escape": "\\"},
    }
    rare = [each for each in RARE_DELIMITERS if not _stands_in_texts(each, sample)]
    ways |= {f"fields are parted by {each!r}": {"delimiter": each} for each in rare}
    if _may_be_lines(sample):
        ways["each line is a review"] = {"one_review": "line"}
    ways |= {f"fields are parted by {each!r}": {"delimiter": each} for each in DELIMITERS}
    readings = []
    for said, form in ways.items():
        try:
            readings.append(
                sample.read_again(_with(sample.settings, **form), f"{said}: so it reads with fewer problems")
            )
        except UnreadableFile:
            continue
    best = min(readings, key=_cost, default=sample)
    return best if _cost(best) < _CLEARLY * cost else sample


def _stands_in_texts(sign: str, sample: Sample) -> bool:
    """Whether a blank follows it, as in "it took me ~ 5 minutes"."""
    return any(f"{sign} " in _all_of(row) for row in sample.rows)


def _may_be_lines(sample: Sample) -> bool:
    """Whether each line of a plain text may be a review, for all that its first line says."""
    header = [each.name for each in sample.columns]
    return SHAPE_PROPOSED in sample.found and not any(map(is_a_known_name, header))


def _cost(sample: Sample) -> float:
    """How many rows cannot be read, how many lines a field swallowed, and how many quotes were left around fields."""
    width = max((len(row.values) for row in sample.rows if not row.problem), default=0)
    delimiter = str(sample.found.get("delimiter", ","))
    cost = float(sum(bool(row.problem) for row in sample.rows))
    for row in sample.rows:
        for value in row.values.values():
            if isinstance(value, str) and not row.problem:
                if "\n" in value and width > 1:
                    cost += sum(_is_like_a_row(line, delimiter, width) for line in value.split("\n")[1:-1])
                    cost += value.count("\n") > 20
                cost += value.startswith('"') and value.endswith('"') and len(value) > 1
    if width <= 1 and sample.settings.format.delimiter:
        return float("inf")
    return cost


def _is_like_a_row(line: str, delimiter: str, columns: int) -> bool:
    """Whether a line within a field may be a row by itself: behind the commas of a text is a blank or nothing."""
    fields = line.rstrip("\r").split(delimiter)
    return len(fields) == columns and all(field and not field.startswith(" ") for field in fields[1:])


# a header, below other rows, or none


def _below_other_rows(sample: Sample) -> Sample:
    """The sample with the row as header that has the most names which are known, if it has more than what seems one."""
    form = sample.settings.format
    if form.names or not sample.rows:
        return sample
    known = _known_names([each.name for each in sample.columns])
    for row in sample.rows[:_ROWS_ABOVE]:
        cells = _cells_of(row, str(sample.found.get("delimiter", "")))
        if _known_names(cells) > max(known, 1) and 2 * _known_names(cells) >= len(cells):
            try:
                return sample.read_again(_with(sample.settings, header=row.number))
            except UnreadableFile:
                return sample
    return sample


def _cells_of(row: RawRow, delimiter: str) -> list[str]:
    """What stands in a row, also in one that has other fields than the header."""
    values = [str(value) for value in row.values.values() if value is not None]
    cells = "".join(values).split(delimiter) if row.problem and delimiter else values
    return [cell.strip() for cell in cells if cell.strip()]


def _known_names(names: Sequence[str]) -> int:
    return sum(map(is_a_known_name, names))


def _with_header(sample: Sample) -> Sample:
    """The sample with names by position, if its first row is a review like the others."""
    readable = [row for row in sample.rows if not row.problem]
    if (
        sample.settings.format.names
        or not readable
        or not _is_a_row(list(readable[0].values), sample.columns, sample.settings.placeholders)
    ):
        return sample
    if _may_be_lines(sample) and len(readable[0].values) == 1:
        return sample.read_again(_with(sample.settings, one_review="line"), "it has no header: each line is a review")
    places = [f"column {place}" for place in range(1, len(readable[0].values) + 1)]
    by_place = sample.read_again(_with(sample.settings, names=places, header=None), named=False)
    roles = find_roles(by_place.columns, named=False)
    names = [next((each.role for each in roles.roles if each.column == place), place) for place in places]
    repeated = {name for name in names if names.count(name) > 1}
    names = [place if name in repeated or name == "keep" else name for name, place in zip(names, places, strict=True)]
    return sample.read_again(
        _with(sample.settings, names=names, header=None),
        "it has no header: the first row is a review too, and the columns are named by position",
        named=False,
    )


def _is_a_row(header: Sequence[str], columns: Sequence[Column], nothing: Collection[str]) -> bool:
    """Whether what should name the columns is like their values, and no name that is known.

    Words for ``nothing`` say neither.
    """
    if any(map(is_a_known_name, header)) or any(map(_is_a_number_above_texts, columns)):
        return False
    if any(map(_is_one_of_its_values, columns)):
        return True
    if any(_is_none_of_its_values(each) for each in columns if not stands_for_nothing(each.name, nothing)):
        return False
    return any(map(_is_a_text_above_texts, columns)) and not any(map(is_a_name, header))


def _is_a_number_above_texts(column: Column) -> bool:
    """Whether a column is called by a number and holds none, as pandas writes columns without names."""
    return is_number(label_key(column.name)) and bool(column.texts) and not column.numbers


def _is_one_of_its_values(column: Column) -> bool:
    name = column.name
    if is_missing(name) or not column.texts:
        return False
    if is_number(label_key(name)):
        return column.numbers > _CLEARLY
    occurs = column.seen[name] > (len(column.texts) >= _ROWS_THAT_TELL)  # a header may be repeated once
    return occurs and len(column.keys) <= _FEW_LABELS and column.distinct < _CLEARLY


def _is_none_of_its_values(column: Column) -> bool:
    """Whether it is a word above numbers or dates, or above a few labels that occur again and again: a name."""
    if len(column.texts) < _ROWS_THAT_TELL or is_number(label_key(column.name)):
        return False
    if column.numbers >= _NEARLY_ALL:
        return any(map(str.isalpha, column.name))
    if column.dates.read >= _NEARLY_ALL:
        return not any(map(str.isdigit, column.name))
    return len(column.keys) <= _FEW_LABELS and column.distinct < _A_TENTH and label_key(column.name) not in column.keys


def _is_a_text_above_texts(column: Column) -> bool:
    name = column.name
    is_long = len(name.split()) >= _A_SENTENCE or len(name) > _LONGEST_NAME
    return is_long and not name.endswith("?") and column.is_text and column.usual_words >= _A_SENTENCE - 1
