"""The glossary names what exists, and the words that it forbids stand in no name of the package."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sentiment_assets.automation.jobs import job_names
from sentiment_assets.definitions import defs

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "sentiment_assets"
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs/glossary.md").read_text().splitlines()
    if line.startswith("| ") and not line.startswith(("| term", "| ---"))
]
FORBIDDEN = sorted({(row[0], word) for row in ROWS for word in re.findall(r"`([^`]+)`", row[3])})


def words_of(name: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+(?![a-z])", name)]


def holds(name: str, words: list[str]) -> bool:
    """Whether a name has these words, one after the other."""
    its = words_of(name)
    return any(its[start : start + len(words)] == words for start in range(len(its)))


def names_of(tree: ast.Module) -> Iterator[str]:
    """Names of classes, functions and fields."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield node.name
            yield from (each.target.id for each in node.body if isinstance(each, ast.AnnAssign))  # type: ignore[union-attr]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name


@pytest.fixture(scope="module")
def names() -> set[str]:
    files = list(PACKAGE.rglob("*.py"))
    return {file.stem for file in files} | {name for file in files for name in names_of(ast.parse(file.read_text()))}


@pytest.fixture(scope="module")
def known() -> set[str]:
    """The asset keys and the jobs of a branch."""
    keys = {"/".join(key.path).replace("movies/", "<branch>/") for key in defs().resolve_all_asset_keys()}
    return keys | set(job_names("<branch>"))


def test_every_row_has_a_term_of_its_own_a_sentence_and_a_place() -> None:
    assert {len(row) for row in ROWS} == {4}
    terms = [row[0] for row in ROWS]
    assert len(terms) == len(set(terms))
    assert [row for row in ROWS if not (row[1].endswith(".") and row[2] and row[3])] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_what_a_row_names_exists(row: list[str], known: set[str]) -> None:
    rest = row[2]
    for path, in_it in re.findall(r"`([\w/]+\.py)`(?: \(((?:`\w+`(?:, )?)+)\))?", rest):
        assert (PACKAGE / path).is_file(), path
        nodes = list(ast.walk(ast.parse((PACKAGE / path).read_text())))
        there = {getattr(node, field, None) for node in nodes for field in ("name", "id", "value", "arg")}
        for name in re.findall(r"\w+", in_it):
            assert name in there, f"{name} in {path}"
    rest = re.sub(r"`[\w/]+\.py`(?: \([^)]*\))?", "", rest)
    assert set(re.findall(r"`([^`]+)`", rest)) <= known


@pytest.mark.parametrize(("term", "word"), FORBIDDEN)
def test_a_forbidden_word_stands_in_no_name(term: str, word: str, names: set[str]) -> None:
    if word.endswith(".py"):
        assert list(PACKAGE.rglob(word)) == []
    else:
        assert {name for name in names if holds(name, words_of(word))} == set(), f"say {term}"


def test_words_are_found_within_names() -> None:
    assert holds("RunPagesSomebody", ["pages"])
    assert holds("performance_checks", ["performance", "checks"])
    assert not holds("DriftPage", ["pages"])
    assert not holds("checks_performance", ["performance", "checks"])
