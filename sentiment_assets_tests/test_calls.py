"""A call says what its arguments are: more than four are given by name."""

import ast
from collections.abc import Iterator
from pathlib import Path

import sentiment_assets

PACKAGE = Path(str(sentiment_assets.__file__)).parent
MOST_BY_PLACE = 4


def own_names() -> set[str]:
    """The names of the package's own functions with named parameters, and of its classes."""
    trees = [ast.parse(file.read_text()) for file in PACKAGE.rglob("*.py")]
    definitions = [
        node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)
    ]
    return {each.name for each in definitions if isinstance(each, ast.ClassDef) or each.args.vararg is None}


def calls(file: Path) -> Iterator[tuple[str, int]]:
    """The name and the number of arguments given by place, of each call in a file."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call):
            yield getattr(node.func, "attr", getattr(node.func, "id", "")), len(node.args)


def test_no_call_of_our_own_gives_more_than_four_arguments_by_place() -> None:
    own = own_names()
    files = [file for room in (PACKAGE, PACKAGE.parent / "testing") for file in room.rglob("*.py")]
    long = {(file.name, name) for file in files for name, n in calls(file) if name in own and n > MOST_BY_PLACE}
    assert long == set()
