"""JSON in the shapes that exports have: lines, arrays, objects one after another, and the list within an object."""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, starmap
from typing import TypeGuard

from sentiment_assets.ingestion.readers.source import (
    LINES,
    LINES_PASSED_OVER,
    LIST_AT,
    SHAPE,
    RawRow,
    SeveralInOne,
    Source,
    all_named,
    column_names,
)
from sentiment_assets.ingestion.readers.unpacking import UnreadableFile
from sentiment_assets.ingestion.values import ways_to_values

_LONGEST_INTEGER = 400
_BLANKS = " \t\r\n"
_BETWEEN = re.compile(f"[{_BLANKS},]*")
_LINES_THAT_TELL, _ROWS_THAT_TELL = 2, 3
_KEY = "key"
"""The column of the keys, where rows stand in an object by theirs."""


def read_json(source: Source) -> Iterator[RawRow]:
    """The rows of a JSON file, whichever of its shapes it has and whatever it is called."""
    with source.text(newline="\n") as text:
        yield from _read(text, source)


def _read(text: Iterator[str], source: Source) -> Iterator[RawRow]:
    if source.format.records:
        document = _whole_value("".join(text))
        yield from _array(_at(document, source.format.records), source, f"{LIST_AT}{source.format.records}")
        return
    beginning = _up_to_the_second_value(text)
    telling = [line.strip(_BLANKS) for line in beginning if line.strip(_BLANKS)]
    start = telling[0][:1] if telling else ""
    is_value = bool(telling) and _is_a_value(telling[0])
    if start not in ("[", "{") or (is_value and len(telling) > 1):
        source.found[SHAPE] = "lines"
        yield from _lines(chain(beginning, text), source)
        return
    whole = "".join(chain(beginning, text))
    is_called_lines = source.found.get("format") in ("jsonl", "ndjson")
    if not is_value and _has_lines_that_are_values(whole, "{" if is_called_lines else start):
        source.found[SHAPE] = "lines"  # of which the first is at fault, not the file
        yield from _lines(whole.removesuffix("\n").split("\n"), source)
    elif start == "[":
        yield from _array(_whole_value(whole), source, "array")
    else:
        yield from _objects(whole, source)


def _is_a_value(line: str) -> bool:
    try:
        from_json(line)
    except RecursionError:
        return True
    except ValueError:
        return False
    return True


def _has_lines_that_are_values(whole: str, start: str) -> bool:
    """Whether a file that is no JSON as a whole has lines, after the first, that begin with ``start`` and are JSON.

    Where none of them is, but each begins so, it is a file of lines all the same, in another notation.
    """
    decoder = _decoder()
    try:
        place = _between(whole, 0)
        while place < len(whole):
            place = _between(whole, decoder.raw_decode(whole, place)[1])
    except RecursionError:
        return False
    except ValueError:
        others = [line.strip(_BLANKS) for line in whole.split("\n") if line.strip(_BLANKS)][1:]
        return bool(others) and (
            any(line.startswith(start) and _is_a_value(line) for line in others)
            or all(line.startswith(start) for line in others)
        )
    return False


def _up_to_the_second_value(text: Iterator[str]) -> list[str]:
    """The first lines, up to the second that holds something."""
    beginning, holding = [], 0
    for line in text:
        beginning.append(line)
        holding += bool(line.strip(_BLANKS))
        if holding == _LINES_THAT_TELL:
            break
    return beginning


def _lines(lines: Iterable[str], source: Source) -> Iterator[RawRow]:
    count = blank = 0
    for count, ended in enumerate(lines, start=1):
        line = ended.removesuffix("\n")
        if not line.strip():
            blank += 1
            continue
        try:
            yield _row(count, from_json(line))
        except (ValueError, RecursionError) as error:
            yield RawRow(count, {"line": line.rstrip("\r")}, _not_json(line, error))
    source.found.update({LINES: count, LINES_PASSED_OVER: blank})


def _not_json(line: str, error: Exception) -> str:
    if line.lstrip().startswith(("{'", "{u'")):
        return "is a Python literal, not JSON; export with json.dumps, which writes double quotes, null, true and false"
    return f"is not valid JSON ({error}); write one complete object on each line"


def _objects(text: str, source: Source) -> Iterator[RawRow]:
    """A file of objects: one that holds the list of rows, or is one row or columns of them; or several in a row."""
    decoder = _decoder()
    items: list[object] = []
    place = _between(text, 0)
    while place < len(text):
        try:
            item, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            raise _no_json(error) from error
        items.append(item)
        place = _between(text, place)
    if len(items) == 1:
        yield from _within(items[0], source)
    else:
        source.found[SHAPE] = "objects one after another"
        yield from map(_row, range(1, len(items) + 1), items)


def _between(text: str, place: int) -> int:
    """Where the next object begins."""
    between = _BETWEEN.match(text, place)
    return between.end() if between else place


def _within(item: object, source: Source) -> Iterator[RawRow]:
    """The rows in a single object."""
    assert isinstance(item, dict)  # noqa: S101  a text that begins with a brace decodes to nothing else
    table = _table(item)
    if table:
        source.found[SHAPE] = "columns, as pandas writes them"
        yield from starmap(RawRow, enumerate(map(all_named, table), start=1))
        return
    lists = {name: value for name, value in item.items() if isinstance(value, list) and _may_be_rows(value)}
    if _is_itself_a_row(item, lists.values(), source.wanted):
        source.found[SHAPE] = "one object"
        yield _row(1, item)
        return
    if len(lists) == 1:
        [(name, rows)] = lists.items()
        yield from _array(rows, source, f"{LIST_AT}{name}")
    elif len(lists) > 1:
        raise SeveralInOne(
            f"it is an object with {len(lists)} lists ({', '.join(lists)}); say which holds the reviews: "
            f"`format: {{records: {next(iter(lists))}}}`",
            "records",
            lists,
        )
    elif are_rows_by_key(item):
        yield from _array(item, source, "rows by their keys")
    else:
        source.found[SHAPE] = "one object"
        yield _row(1, item)


def _is_itself_a_row(item: Mapping[str, object], lists: Iterable[Sequence[object]], wanted: Collection[str]) -> bool:
    """Whether an object has columns that the branch names, and no list in it has more of them.

    A shop's ``rating`` beside the list of its reviews is none of a review.
    """
    its_own = _count_of_wanted(item, wanted)
    return bool(its_own) and all(
        _count_of_wanted(each, wanted) <= its_own for rows in lists for each in rows[:_ROWS_THAT_TELL]
    )


def _count_of_wanted(item: object, wanted: Collection[str]) -> int:
    return len({*ways_to_values(item)}.intersection(wanted)) if isinstance(item, dict) else 0


def _may_be_rows(items: Sequence[object]) -> bool:
    return all(isinstance(each, dict) or each is None for each in items)


def _table(item: Mapping[str, object]) -> list[dict[str, object]]:
    """The rows of a frame that pandas wrote by its columns; nothing for another object."""
    names, data = item.get("columns"), item.get("data")
    if isinstance(names, list) and isinstance(data, list) and {*item} <= {"columns", "index", "data"}:
        written = column_names([str(name) for name in names])
        fits = all(isinstance(row, list) and len(row) == len(written) for row in data)
        return [dict(zip(written, row, strict=True)) for row in data] if fits else []
    columns = {name: _column(value) for name, value in item.items()}
    keys = {tuple(column) for column in columns.values()}
    if len(keys) != 1:
        return []
    return [{name: column[key] for name, column in columns.items()} for key in next(iter(keys))]


def _column(value: object) -> dict[str, object]:
    """The values of a column by the numbers of their rows; nothing for what is no column."""
    if isinstance(value, list) and len(value) > 1 and not any(isinstance(each, dict | list) for each in value):
        return {str(number): each for number, each in enumerate(value)}
    return value if isinstance(value, dict) and all(key.isdigit() for key in value) else {}


def are_rows_by_key(item: object) -> TypeGuard[dict[str, dict[str, object]]]:
    """Whether an object holds rows by their ids or numbers: other objects that share most names of their fields."""
    if not isinstance(item, dict) or len(item) < _ROWS_THAT_TELL or not all(isinstance(e, dict) for e in item.values()):
        return False
    fields = [set(each) for each in item.values()]
    shared, every = set.intersection(*fields), set.union(*fields)
    by_number = bool(shared) and all(key.isdigit() for key in item)
    return by_number or (len(shared) > 1 and 2 * len(shared) > len(every))  # a review, its user and its shop have ids


def _whole_value(text: str) -> object:
    try:
        return from_json(text)
    except (ValueError, RecursionError) as error:
        raise _no_json(error) from error


def _no_json(error: Exception) -> UnreadableFile:
    return UnreadableFile(
        f"it is not valid JSON ({error}); write an array of objects, or one complete object on each line"
    )


def _at(document: object, path: str) -> object:
    for name in path.split("."):
        if not isinstance(document, dict) or name not in document:
            there = ", ".join(document) if isinstance(document, dict) else f"a JSON {json_type(document)}"
            raise UnreadableFile(f"`format: {{records: {path}}}` leads nowhere: there is no {name!r} in {there}")
        document = document[name]
    return document


def _array(items: object, source: Source, shape: str) -> Iterator[RawRow]:
    if are_rows_by_key(items):
        items = [{_KEY: key, **values} for key, values in items.items()]
    if not isinstance(items, list):
        raise UnreadableFile(
            f"it holds a JSON {json_type(items)} where an array of objects is expected: [{{...}}, {{...}}]"
        )
    source.found[SHAPE] = shape
    yield from map(_row, range(1, len(items) + 1), items)


def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(parse_int=_integer, object_pairs_hook=_object)


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
