"""The rooms of the package and the imports between them, as a picture (``testing.generated_docs``)."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import grimp

PACKAGE = "sentiment_assets"
ROOT = Path(__file__).parents[1]


def contracts() -> list[dict[str, Any]]:
    """The import contracts of ``pyproject.toml``."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]


def layers() -> list[list[str]]:
    """The rooms of each layer, the highest first; a room may import from lower layers alone."""
    [contract] = [each for each in contracts() if each["type"] == "layers"]
    return [[_room(name.strip()) for name in layer.split("|")] for layer in contract["layers"]]


def pure_rooms() -> list[str]:
    """The rooms that may import neither Dagster nor MLflow."""
    [contract] = [each for each in contracts() if each["name"].startswith("The pure packages")]
    return [_room(name) for name in contract["source_modules"]]


def imports() -> dict[str, set[str]]:
    """The other rooms that the modules of each room import."""
    graph = grimp.build_graph(PACKAGE, cache_dir=None)
    arrows: dict[str, set[str]] = {_room(name): set() for name in graph.find_children(PACKAGE)}
    for module in graph.modules - {PACKAGE}:
        for imported in graph.find_modules_directly_imported_by(module) - {PACKAGE}:
            arrows[_room(module)].add(_room(imported))
    return {room: others - {room} for room, others in arrows.items()}


def without_detours(arrows: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """The arrows without those whose end is also reached by way of another room."""
    return {
        room: {end for end in ends if not any(end in _reached(arrows, other) for other in ends - {end})}
        for room, ends in arrows.items()
    }


def picture() -> str:
    """The rooms as a Mermaid graph, the highest layer on top."""
    order = [room for layer in layers() for room in layer]
    arrows = without_detours(imports())
    lines = ["graph TD"]
    lines += [f"  {room}" for room in order if room not in pure_rooms()]
    lines += ['  subgraph pure ["neither Dagster nor MLflow"]']
    lines += [f"    {room}" for room in order if room in pure_rooms()]
    lines += ["  end"]
    lines += [f"  {room} --> {end}" for room in order for end in order if end in arrows[room]]
    return "\n".join(["```mermaid", *lines, "```", ""])


def _room(module: str) -> str:
    return module.split(".")[1]


def _reached(arrows: Mapping[str, set[str]], room: str) -> set[str]:
    return arrows[room].union(*(_reached(arrows, each) for each in arrows[room]))
