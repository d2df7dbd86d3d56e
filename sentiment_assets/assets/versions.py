"""Code versions that are true: digests of the code an asset runs and of the settings it runs with."""

import ast
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from pydantic import BaseModel


def code_version(modules: Sequence[str], *settings: BaseModel | str) -> str:
    """Changes when the code of one of ``modules`` does, or a setting; comments and docstrings do not count."""
    digest = sha256()
    for module in modules:
        digest.update(_module_digest(module))
    for each in settings:
        digest.update((each if isinstance(each, str) else each.model_dump_json()).encode())
    return digest.hexdigest()[:12]


@cache
def _module_digest(module: str) -> bytes:
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"no source found for module {module!r}")
    tree = ast.parse(Path(spec.origin).read_text())
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [part for part in body if not _is_docstring(part)]  # type: ignore[attr-defined]
    return sha256(ast.dump(tree).encode()).digest()


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
