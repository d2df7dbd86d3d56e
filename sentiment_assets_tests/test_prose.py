"""Docstrings are sentences that a reader understands at once, whatever their first language is."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import sentiment_assets

PACKAGE = Path(str(sentiment_assets.__file__)).parent
FRAGMENT = re.compile(r"(Of|By|As|Those|That|To|In|From|For|At|With|Without)\b|\.\.\.|…")
THINGS = "asset|batch|branch|candidate|check|epoch|file|partition|review|row|run"
EACH_FOR_EACH = re.compile(rf"\b(a|an|one) (?!of|for|as|to|in|is|by)[a-z]+ (a|an) ({THINGS})\b")


def docstrings(file: Path) -> Iterator[str]:
    """The docstrings of modules, classes and functions, and those that stand below an attribute."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            values = [part.value for part in node.body if isinstance(part, ast.Expr)]
            yield from (each.value for each in values if isinstance(each, ast.Constant) and isinstance(each.value, str))


FILES = [file for room in (PACKAGE, PACKAGE.parent / "testing") for file in room.rglob("*.py")]
EVERY = {(file.name, text) for file in FILES for text in docstrings(file)}


def test_no_docstring_begins_as_the_rest_of_a_sentence() -> None:
    assert {each for each in EVERY if FRAGMENT.match(each[1])} == set()


def test_one_thing_per_other_thing_is_said_with_per() -> None:
    pages = [*PACKAGE.parent.glob("docs/**/*.md"), PACKAGE.parent / "README.md"]
    prose = EVERY | {(page.name, line) for page in pages for line in page.read_text().splitlines()}
    assert {each for each in prose if EACH_FOR_EACH.search(each[1])} == set()
