"""JSON in the shapes that exports have: lines, arrays, objects one after another, and the list within an object."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice

from sentiment_assets.ingestion.readers.source import (
    LINES,
    LINES_PASSED_OVER,
    RawRow,
    Source,
    UnreadableFile,
    all_named,
)

_LONGEST_INTEGER = 400
_BLANKS = " \t\r\n"


def read_json(source: Source) -> Iterator[RawRow]:
    """The rows of a JSON file, whichever of its shapes it has and whatever it is called."""
    text = source.text()
    start = text.lstrip(_BLANKS)[:1]
    if source.format.records:
        yield from _array(_at(_document(text), source.format.records), source, f"list at {source.format.records}")
    elif start == "[" and not _is_a_line_each(text):
        yield from _array(_document(text), source, "array")
    elif start == "{" and not _is_a_line_each(text):
        yield from _objects(text, source)
    else:
        source.found["shape"] = "lines"
        yield from _lines(text, source)


def _is_a_line_each(text: str) -> bool:
    """Whether the first line that holds something is a whole value, and another line follows it.

    A second line that begins as the first one does makes a file of lines too: a row is at fault then, not the file.
    """
    lines = (line for line in text.split("\n") if line.strip(_BLANKS))
    first, *others = [line.strip(_BLANKS) for line in islice(lines, 2)]
    try:
        from_json(first)
    except RecursionError:
        return True
    except ValueError:
        return bool(others) and len(first) > 1 and others[0][:1] == first[:1]
    return bool(others)


def _lines(text: str, source: Source) -> Iterator[RawRow]:
    lines = text.removesuffix("\n").split("\n")
    source.found.update({LINES: len(lines), LINES_PASSED_OVER: sum(not line.strip() for line in lines)})
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield _row(number, from_json(line))
        except (ValueError, RecursionError) as error:
            yield RawRow(number, {"line": line.rstrip("\r")}, _not_json(line, error))


def _not_json(line: str, error: Exception) -> str:
    if line.lstrip().startswith(("{'", "{u'")):
        return "is a Python literal, not JSON; export with json.dumps, which writes double quotes, null, true and false"
    return f"is not valid JSON ({error}); write one complete object on each line"


def _objects(text: str, source: Source) -> Iterator[RawRow]:
    """A file of objects: one that holds the list of rows, or is one row or columns of them; or several in a row."""
    decoder = json.JSONDecoder(parse_int=_integer, object_pairs_hook=_object)
    items: list[object] = []
    place = len(text) - len(text.lstrip(_BLANKS))
    while place < len(text):
        try:
            item, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            raise UnreadableFile(
                f"it is not valid JSON ({error}); write an array of objects, or one complete object on each line"
            ) from error
        items.append(item)
        place += (
            len(text[place:]) - len(text[place:].lstrip(_BLANKS + ","))
            if text[place : place + 1] in _BLANKS + ","
            else 0
        )
    if len(items) == 1:
        yield from _within(items[0], source)
    else:
        source.found["shape"] = "objects one after another"
        yield from map(_row, range(1, len(items) + 1), items)


def _within(item: object, source: Source) -> Iterator[RawRow]:
    """The rows in a single object."""
    assert isinstance(item, dict)  # noqa: S101  a text that begins with a brace decodes to nothing else
    lists = {
        name: value for name, value in item.items() if isinstance(value, list) and value and isinstance(value[0], dict)
    }
    if len(lists) == 1:
        [(name, rows)] = lists.items()
        yield from _array(rows, source, f"list at {name}")
    elif len(lists) > 1:
        raise UnreadableFile(
            f"it is an object with {len(lists)} lists ({', '.join(lists)}); say which holds the reviews: "
            f"`format: {{records: {next(iter(lists))}}}`"
        )
    elif columns := _columns(item):
        source.found["shape"] = "columns, as pandas writes them"
        for number, key in enumerate(next(iter(columns.values())), start=1):
            yield _row(number, {name: values.get(key) for name, values in columns.items()})
    else:
        source.found["shape"] = "one object"
        yield _row(1, item)


def _columns(item: Mapping[str, object]) -> dict[str, dict[str, object]]:
    """The columns of a frame that pandas wrote: each an object with the same keys, the rows' numbers."""
    columns = {name: value for name, value in item.items() if isinstance(value, dict)}
    keys = {tuple(value) for value in columns.values()}
    is_frame = len(columns) == len(item) and len(keys) == 1 and all(key.isdigit() for key in next(iter(keys), ()))
    return columns if is_frame and next(iter(keys)) else {}


def _document(text: str) -> object:
    try:
        return from_json(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(
            f"it is not valid JSON ({error}); write an array of objects, or one complete object on each line"
        ) from error


def _at(document: object, path: str) -> object:
    for name in path.split("."):
        if not isinstance(document, dict) or name not in document:
            there = ", ".join(document) if isinstance(document, dict) else f"a JSON {json_type(document)}"
            raise UnreadableFile(f"`format: {{records: {path}}}` leads nowhere: there is no {name!r} in {there}")
        document = document[name]
    return document


def _array(items: object, source: Source, shape: str) -> Iterator[RawRow]:
    if not isinstance(items, list):
        raise UnreadableFile(
            f"it holds a JSON {json_type(items)} where an array of objects is expected: [{{...}}, {{...}}]"
        )
    source.found["shape"] = shape
    yield from map(_row, range(1, len(items) + 1), items)


def from_json(text: str) -> object:
    """A JSON value. Raises ``ValueError``, also for an object that names a field twice, and ``RecursionError``."""
    return json.loads(text, parse_int=_integer, object_pairs_hook=_object)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) < len(pairs):
        repeated = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise ValueError(f"an object names {repeated!r} twice")
    return values


def _integer(digits: str) -> int | str:
    """A number of more digits than Python converts stays as it is written: its row is at fault, not its file."""
    return int(digits) if len(digits) <= _LONGEST_INTEGER else digits


def _row(number: int, item: object) -> RawRow:
    if isinstance(item, dict):
        return RawRow(number, all_named(item))
    return RawRow(number, {"line": item}, f"is a JSON {json_type(item)}, not an object with named fields")


def json_type(item: object) -> str:
    """The type of a value in JSON's words."""
    names = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(item), "number")
