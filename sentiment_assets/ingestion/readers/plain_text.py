"""Plain text: one review a line with its label in the file's name, fastText's lines, or delimited text."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence

from sentiment_assets.ingestion.decoding import decode
from sentiment_assets.ingestion.readers.delimited import DELIMITERS, RARE_DELIMITERS, read_delimited
from sentiment_assets.ingestion.readers.source import LINES, LINES_PASSED_OVER, SHAPE, SHAPE_PROPOSED, RawRow, Source
from sentiment_assets.ingestion.text_folders import LABEL_WORDS

FASTTEXT = "__label__"
_LOOKED_AT, _LINES_LOOKED_AT = 1 << 18, 100
_LABELS = re.compile(rf"(?:{FASTTEXT}\S+(?:\s+|$))+")
_WORDS_OF_A_SENTENCE, _LONGEST_NAME = 3, 10
_WORD = re.compile(r"[^\W\d_]+")


def read_plain_text(source: Source) -> Iterator[RawRow]:
    """The rows of a plain text; what its lines are is found unless the branch says it, and never without a sign."""
    lines = _beginning(source)
    form = source.format
    if form.one_review == "line":
        yield from _read_lines(source)
    elif form.delimiter or form.names or form.header or _names_columns(lines, source):
        yield from read_delimited(source, usual="\t")
    elif _is_fasttext(lines):
        source.found[SHAPE] = "fastText's lines"
        yield from _rows_of_lines(source, _row_of_fasttext)
    elif _is_one_review_a_line(lines, source):
        yield from _read_lines(source)
    else:
        source.found[SHAPE_PROPOSED] = (
            "if no line names columns, say what a review is: `format: {one_review: line}` if each line is one, whose "
            "label is read from the file's name, as in reviews_negative.txt; `format: {one_review: file}` if the whole "
            "file is one, whose label is the name of its folder"
        )
        yield from read_delimited(source, usual="\t")


def label_in_name(name: str) -> str:
    """The word for a label that a file is called by, such as the end of rt-polarity.pos; empty if it has not one."""
    words = [word for word in _WORD.findall(name.casefold()) if word in LABEL_WORDS]
    return words[0] if len({word[:3] for word in words}) == 1 else ""


def _beginning(source: Source) -> list[str]:
    """The first lines that hold something."""
    with source.file.opened() as stream:
        content = stream.read(_LOOKED_AT)
    text, _ = decode(content, source.encoding)
    lines = list(io.StringIO(text, newline=None))
    whole = lines[:-1] if len(content) == _LOOKED_AT and len(lines) > 1 else lines
    return [line.strip("\r\n ") for line in whole if line.strip()][:_LINES_LOOKED_AT]


def _names_columns(lines: Sequence[str], source: Source) -> bool:
    """Whether the first line has a column that the branch names, however its fields are parted."""
    delimiters = (*DELIMITERS, *RARE_DELIMITERS)
    names = {name.strip() for each in delimiters for fields in _fields(lines[:1], each) for name in fields}
    return bool(names & set(source.wanted))


def _is_fasttext(lines: Sequence[str]) -> bool:
    """Whether the first line, and most others, begin with a label that is parted from the text by a blank."""
    labels = [found[0] for line in lines if (found := _LABELS.match(line))]
    parted = any(each in label.rstrip() for label in labels for each in ",;|")
    return bool(labels) and lines[0].startswith(FASTTEXT) and len(labels) * 2 > len(lines) and not parted


def _is_one_review_a_line(lines: Sequence[str], source: Source) -> bool:
    """Whether the name says the label of all lines, and nothing in them looks like fields or a header."""
    if not lines or not label_in_name(source.name) or any("\t" in line for line in lines):
        return False
    sentences = [_is_like_a_sentence(line) for line in lines]
    is_prose = sentences[0] and sum(sentences) * 2 > len(sentences)
    return is_prose and not any(_parts_evenly(lines, each) for each in DELIMITERS)


def _is_like_a_sentence(line: str) -> bool:
    """Some languages have no blanks between words."""
    return len(line.split()) >= _WORDS_OF_A_SENTENCE or (not line.isascii() and len(line) > _LONGEST_NAME)


def _parts_evenly(lines: Sequence[str], delimiter: str) -> bool:
    widths = {len(fields) for fields in _fields(lines, delimiter)}
    return len(widths) == 1 and widths != {1}


def _fields(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(lines, delimiter=delimiter))
    except csv.Error:  # a field too large to be one
        return []


def _read_lines(source: Source) -> Iterator[RawRow]:
    """Each line as a review; its label is that of the file's name, if it has one."""
    label = label_in_name(source.name)
    source.found[SHAPE] = f"one review a line, label {label!r} from the file's name" if label else "one review a line"
    yield from _rows_of_lines(source, lambda line: {"text": line, "label": label} if label else {"text": line})


def _row_of_fasttext(line: str) -> dict[str, object]:
    """The first label is the label; others stay visible beside it."""
    found = _LABELS.match(line)
    if not found:
        return {"label": None, "text": line}
    first, *others = [each.removeprefix(FASTTEXT) for each in found[0].split()]
    more = {"other_labels": " ".join(others)} if others else {}
    return {"label": first, "text": line[found.end() :], **more}


def _rows_of_lines(source: Source, values_of: Callable[[str], dict[str, object]]) -> Iterator[RawRow]:
    count = passed_over = 0
    ignore = source.format.ignore_from
    with source.text(newline=None) as text:
        for count, ended in enumerate(text, start=1):
            line = ended.strip()
            if line and not (ignore and line.startswith(ignore)):
                yield RawRow(count, values_of(line))
            else:
                passed_over += 1
    source.found.update({LINES: count, LINES_PASSED_OVER: passed_over})
