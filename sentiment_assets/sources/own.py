"""A dlt resource of a branch's own, in a Python file beside its ``defs.yaml``."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING

from sentiment_assets.sources.settings import UnfitSource

if TYPE_CHECKING:
    from dlt.sources import DltResource


def own_resource(python: str, folder: Path) -> "DltResource":
    """The resource that ``python`` names, such as ``sources.py:reviews``, in a file of ``folder``.

    Raises ``UnfitSource``, and what the file raises when it is loaded.
    """
    from dlt.sources import DltResource

    file_name, _, name = python.partition(":")
    file = folder / file_name
    if not file.is_file():
        raise UnfitSource(f"there is no file {file}")
    spec = spec_from_file_location(f"sentiment_assets_own_{folder.name}_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise UnfitSource(f"{file} is no Python file")
    module = sys.modules[spec.name] = module_from_spec(spec)  # dlt looks there for the names of its resources
    spec.loader.exec_module(module)
    found = getattr(module, name, None)
    if not isinstance(found, DltResource):
        raise UnfitSource(f"{file} has no dlt resource {name!r}; `@dlt.resource` above a function makes one")
    return found
