"""Markdown for pages that others render, as MLflow does: texts are shown as they are, never as markup."""

import re
from collections.abc import Sequence

_SPECIAL = re.compile(r"[\\`*_\[\]<>#|~&@]|://|www\.|\.(?=[^\W\d])", re.IGNORECASE)
"""Whatever can begin markup of Markdown or HTML, or make an address a link, within a line.

A point before a letter is among them: some renderers make a link even of ``fine.it``.
"""


def as_text(value: str) -> str:
    """Write a text on one line such that neither Markdown nor HTML finds anything in it."""
    return _SPECIAL.sub(_as_entities, " ".join(value.split()))


def _as_entities(found: re.Match[str]) -> str:
    return "".join(f"&#{ord(each)};" for each in found[0])


def markdown_table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table whose cells have no line break and no ``|`` of their own."""
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
