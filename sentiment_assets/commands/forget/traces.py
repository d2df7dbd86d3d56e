"""Pieces of a text in what was made of it: found in whatever form it was written there, and taken out."""

import json
import re
from collections.abc import Iterable, Iterator
from html import escape
from typing import Any

FORGOTTEN = "(forgotten)"
"""What stands where a piece of the text stood."""
_SHORTEST = 24
"""Characters of a piece that is surely of this text; of a shorter text only a cell that says nothing else is taken."""
_FEWEST_KINDS = 5
"""Different characters of such a piece: lines of dashes and rows of blanks are in every page."""
_LOOKED_FOR = _SHORTEST // 2
"""Each piece of the shortest length holds one of the parts of half that length, which are looked for."""
_TEXT = "text"
"""The name under which samples and tables have the texts of reviews."""
_CLASS = "__class__"
"""The name under which Dagster says what an object is: no text of a review."""
_BEGUN_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*(\\(?:u[0-9a-fA-F]{0,3})?)$")


class Traces:
    """What can be recognised of some texts."""

    def __init__(self, texts: Iterable[str]) -> None:
        plain = {form for text in texts for form in (text, " ".join(text.split())) if form.strip()}
        written = {form for each in plain for form in _forms(each)}
        self._long = sorted((each for each in written if len(each) >= _SHORTEST), key=len, reverse=True)
        self._parts = sorted({part for each in self._long for _, part in _parts(each)})
        self._short = frozenset(each for each in plain if len(each) < _SHORTEST and not each.isalnum())
        self._cells = sorted({f">{form}<" for each in self._short for form in _forms(each)})

    def are_in(self, content: str) -> bool:
        """Whether something of the texts stands in the content that would be taken out of it."""
        return self.taken_out_of_whole(content) != content

    def half_is_in(self, content: str) -> bool:
        """Whether half of a text, or more, stands in the content in one piece: less, or a short one, is anyone's."""
        return next(self._spans(content, least=0.5), None) is not None

    def taken_out(self, content: str) -> str:
        """The content without any piece of the texts."""
        for cell in self._cells:
            content = content.replace(cell, f">{FORGOTTEN}<")
        spans = sorted(self._spans(content))
        kept, last = [], 0
        for start, end in spans:
            if end > last:
                kept += [content[last : max(start, last)], FORGOTTEN * (start >= last)]
                last = end
        return "".join([*kept, content[last:]])

    def taken_out_of_json(self, value: Any, is_cell: bool = False) -> Any:
        """A value of JSON whose strings hold no piece of the texts; strings that are JSON themselves are read.

        A short text goes where the value ``is_cell``: an item of a list, or what is named ``text``.
        """
        if isinstance(value, dict):
            return {
                name: each if name == _CLASS else self.taken_out_of_json(each, name == _TEXT and _CLASS not in value)
                for name, each in value.items()
            }
        if isinstance(value, list):
            return [self.taken_out_of_json(each, is_cell=True) for each in value]
        if not isinstance(value, str):
            return value
        if is_cell and value in self._short:
            return FORGOTTEN
        return self.taken_out(value) if (inner := _read(value)) is None else json.dumps(self.taken_out_of_json(inner))

    def taken_out_of_whole(self, content: str) -> str:
        """A whole file or cell without any piece of the texts; one that is JSON is read, so that it stays JSON."""
        if not self._may_be_in(content):
            return content
        read = _read(content)
        if read is None:
            return self.taken_out(content)
        without = self.taken_out_of_json(read)
        return content if without == read else json.dumps(without)

    def _may_be_in(self, content: str) -> bool:
        """Whether it is worth a closer look."""
        short = (form for each in self._short for form in _forms(each))
        return any(each in content for each in short) or next(self._spans(content), None) is not None

    def _spans(self, content: str, least: float = 0.0) -> Iterator[tuple[int, int]]:
        """Where pieces stand that are at least that share of their text."""
        if not any(part in content for part in self._parts):  # nearly always: the forms of a text share most parts
            return
        for text in self._long:
            for place, _ in _parts(text):
                for start, end in _pieces(text, place, content):
                    if end - start >= least * len(text):
                        yield start, end


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """The parts of a text that are looked for, each with its place."""
    for place in range(0, len(text) - _LOOKED_FOR + 1, _LOOKED_FOR):
        yield place, text[place : place + _LOOKED_FOR]


def _pieces(text: str, place: int, content: str) -> Iterator[tuple[int, int]]:
    """Where pieces of the text stand in a content that hold what stands in the text from a place on."""
    part, found = text[place : place + _LOOKED_FOR], -1
    while (found := content.find(part, found + 1)) >= 0:
        start, begun = found, place
        while begun and start and text[begun - 1] == content[start - 1]:
            start, begun = start - 1, begun - 1
        end, stopped = found + len(part), place + len(part)
        while stopped < len(text) and end < len(content) and text[stopped] == content[end]:
            end, stopped = end + 1, stopped + 1
        if end - start >= _SHORTEST and len({*content[start:end]}) >= _FEWEST_KINDS:
            cut = _BEGUN_ESCAPE.search(content[start:end])
            yield start, end - (len(cut[1]) if cut and stopped < len(text) else 0)


def _forms(text: str) -> Iterator[str]:
    """The text as it stands in JSON, scripts, HTML and CSV."""
    yield text
    yield text.replace('"', '""')
    for written in (text, escape(text), escape(text).replace("&quot;", "&#34;").replace("&#x27;", "&#39;")):
        once = [json.dumps(written, ensure_ascii=is_ascii)[1:-1] for is_ascii in (True, False)]
        yield from (written, *once, *(json.dumps(each)[1:-1] for each in once))
        for character in "<>":
            once = [each.replace(character, f"\\u{ord(character):04x}") for each in once]
        yield from once


def _read(content: str) -> Any:
    """The object or list that a content is as JSON; ``None`` if it is none."""
    if content[:1] not in ("{", "["):
        return None
    try:
        return json.loads(content)
    except ValueError:
        return None
