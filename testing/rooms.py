"""The rooms of the package and the imports between them, drawn into `docs/architecture.md` by `make rooms`."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import grimp

PACKAGE = "sentiment_assets"
ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/architecture.md"
_BEGIN, _END = "<!-- rooms: drawn by make rooms -->\n", "<!-- end of rooms -->\n"


def contracts() -> list[dict[str, Any]]:
    """The import contracts of ``pyproject.toml``."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]


def layers() -> list[list[str]]:
    """The rooms of each layer, the highest first; a room may import from lower layers alone."""
    [contract] = [each for each in contracts() if each["type"] == "layers"]
    return [[_room(name.strip()) for name in layer.split("|")] for layer in contract["layers"]]


def pure_rooms() -> list[str]:
    """Those that may import neither Dagster nor MLflow."""
    [contract] = [each for each in contracts() if each["type"] == "forbidden"]
    return [_room(name) for name in contract["source_modules"]]


def imports() -> dict[str, set[str]]:
    """By room, the other rooms that its modules import."""
    graph = grimp.build_graph(PACKAGE, cache_dir=None)
    found: dict[str, set[str]] = {_room(name): set() for name in graph.find_children(PACKAGE)}
    for module in graph.modules - {PACKAGE}:
        for imported in graph.find_modules_directly_imported_by(module) - {PACKAGE}:
            found[_room(module)].add(_room(imported))
    return {room: others - {room} for room, others in found.items()}


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


def with_picture(page: str) -> str:
    """The page with today's picture between its two marks."""
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}{picture()}{_END}{after}"


def _room(module: str) -> str:
    return module.split(".")[1]


def _reached(arrows: Mapping[str, set[str]], room: str) -> set[str]:
    return arrows[room].union(*(_reached(arrows, each) for each in arrows[room]))


if __name__ == "__main__":
    PAGE.write_text(with_picture(PAGE.read_text()))
