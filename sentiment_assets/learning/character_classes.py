r"""Regular expressions with Unicode's classes (``\p{L}``), made quick for few texts.

Arrow compiles an expression anew at each call, which with such classes takes milliseconds: nothing beside a thousand
texts, but most of what one text takes. So the classes are narrowed to the characters that are there.
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

_FEW_BYTES = 150_000
_FEW_CHARACTERS = 500
"""Different ones: an expression that names more takes longer to compile than one with classes."""
_CLASS = re.compile(r"\\p\{(\w+)\}")
_NO_CHARACTER = "A"
"""Stands for an empty class, since lower-cased texts do not have it."""
_members: dict[str, dict[str, bool]] = {}
"""Which of the characters that were seen so far are in a class, by the class."""


def narrowed(pattern: str, texts: pa.Array) -> str:
    r"""An expression that finds in these lower-cased texts what ``pattern`` finds there.

    Every ``\p{…}`` of the pattern must stand in square brackets.
    """
    if texts.nbytes > _FEW_BYTES:
        return pattern
    characters = sorted(set("".join(texts.to_pylist())))
    if len(characters) > _FEW_CHARACTERS:
        return pattern
    return _CLASS.sub(lambda found: _of_class(found[1], characters), pattern)


def _of_class(name: str, characters: list[str]) -> str:
    """The characters that are in a class, as they stand in square brackets."""
    known = _members.setdefault(name, {})
    unknown = [each for each in characters if each not in known]
    if unknown:
        is_in = pc.match_substring_regex(pa.array(unknown, pa.large_string()), rf"[\p{{{name}}}]")
        known.update(zip(unknown, is_in.to_pylist(), strict=True))
    return "".join(rf"\x{{{ord(each):X}}}" for each in characters if known[each]) or _NO_CHARACTER
