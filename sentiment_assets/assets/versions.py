"""Code versions that are true: digests of an asset's settings and of the code it runs, found by its imports."""

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from pydantic import BaseModel

_PACKAGE = __name__.partition(".")[0]
_ASSETS = __name__.rpartition(".")[0]
NOT_FOLLOWED = {
    f"{_PACKAGE}.ingestion.preview": "what is said of a file that is refused, not what a batch is",
    f"{_PACKAGE}.learning.candidate_figures": "what is tracked of a candidate, not what it is",
    f"{_PACKAGE}.learning.model_card": "what is said of a model, not what it is",
    f"{_PACKAGE}.learning.train_report_page": "how a train run is shown",
    f"{_PACKAGE}.resources": "where values are kept and tracked, not what they are",
    f"{_ASSETS}.ui_metadata": "how metadata are shown",
    f"{_ASSETS}.event_metadata": "under which names they are left in events",
    f"{_ASSETS}.versions": "this file",
}
"""Modules and packages whose code does not change what an asset computes, and why."""
_TEMPLATE = ".j2"


def code_version(module: str, *settings: BaseModel | str) -> str:
    """Changes when the code of ``module`` does, or of what it imports, or a template, or a setting.

    Comments and docstrings do not count.
    """
    digest = sha256()
    for name in sorted(modules_run_by(module)):
        digest.update(f"{name} {_read(name).digest}".encode())
    for each in settings:
        digest.update(json.dumps(each if isinstance(each, str) else each.model_dump_json()).encode())
    return digest.hexdigest()[:12]


@cache
def modules_run_by(module: str) -> frozenset[str]:
    """``module`` and the modules of this package that it imports, directly or not, also within functions.

    Not followed are ``NOT_FOLLOWED``, imports for type checking alone, and another asset's module of which only
    constants, such as its name, are imported.
    """
    modules, waiting = {module}, [module]
    while waiting:
        new = {name for name in _read(waiting.pop()).imports if _is_followed(name)} - modules
        modules |= new
        waiting += new
    return frozenset(modules)


def _is_followed(module: str) -> bool:
    return not any(module == each or module.startswith(f"{each}.") for each in NOT_FOLLOWED)


@dataclass(frozen=True)
class _Module:
    imports: frozenset[str]
    """The modules of this package that it imports when it is loaded or when it runs."""
    digest: str
    """It changes with its syntax tree, docstrings aside, and with the templates beside it if it names one."""


@cache
def _read(module: str) -> _Module:
    source = _source(module)
    tree = ast.parse(source.read_text())
    imported = (name for node in _statements(tree) for name in _imported(node))
    imports = frozenset(name for name in imported if name.partition(".")[0] == _PACKAGE)
    return _Module(imports, _digest(tree, source.parent))


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Walk what can hold an import, which no expression can, but leave out what stands below ``if TYPE_CHECKING``."""
    yield node
    typing_only = isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    for child in node.orelse if typing_only and isinstance(node, ast.If) else ast.iter_child_nodes(node):
        if not isinstance(child, ast.expr):
            yield from _statements(child)


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        names = [alias.name for alias in node.names]
        modules = {f"{node.module}.{name}" for name in names if _is_module(f"{node.module}.{name}")}
        only_constants = all(name.isupper() for name in names)
        if len(modules) < len(names) and not (only_constants and node.module.startswith(f"{_ASSETS}.")):
            modules.add(node.module)
        yield from modules


def _is_module(name: str) -> bool:
    if name.partition(".")[0] != _PACKAGE:
        return False
    return _path(name).with_suffix(".py").exists() or (_path(name) / "__init__.py").exists()


def _path(module: str) -> Path:
    """Where a module of this package lies, without its ending."""
    return Path(__file__).parents[1].joinpath(*module.split(".")[1:])


def _digest(tree: ast.Module, folder: Path) -> str:
    """Return the digest of a syntax tree, whose docstrings are taken out, and of the templates that it may name."""
    nodes = list(ast.walk(tree))
    strings = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    uses_templates = any(text.endswith(_TEMPLATE) for text in strings)
    templates = sorted(folder.glob(f"*{_TEMPLATE}")) if uses_templates else []
    for node in nodes:
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [part for part in body if not _is_docstring(part)]  # type: ignore[attr-defined]
    digest = sha256(ast.dump(tree).encode())
    for each in templates:
        digest.update(each.read_bytes())
    return digest.hexdigest()


def _source(module: str) -> Path:
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"no source found for module {module!r}")
    return Path(spec.origin)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
