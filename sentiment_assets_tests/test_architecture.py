"""The page on the architecture says what the import contracts and the imports say."""

import re

import pytest

from testing import rooms

PAGE = (rooms.ROOT / "docs/architecture.md").read_text()
LAYERS = rooms.layers()
TABLE = re.findall(r"^\| `(\w+)` \| .*? \| (.*?) \|$", PAGE.split("| room |")[1].split("\n\n")[0], re.MULTILINE)


def may_import(room: str) -> set[str]:
    """All rooms of lower layers; the pure ones are held to the same."""
    place = next(place for place, layer in enumerate(LAYERS) if room in layer)
    return {other for layer in LAYERS[place + 1 :] for other in layer}


def test_every_room_has_its_layer() -> None:
    assert sorted(room for layer in LAYERS for room in layer) == sorted(rooms.imports())


def test_an_arrow_is_left_out_where_another_way_leads_to_its_end() -> None:
    arrows = {"a": {"b", "c", "d"}, "b": {"c"}, "c": {"d"}, "d": set()}
    assert rooms.without_detours(arrows) == {"a": {"b"}, "b": {"c"}, "c": {"d"}, "d": set()}


def test_the_table_names_every_room_from_the_top_down() -> None:
    assert [room for room, _ in TABLE] == [room for layer in LAYERS for room in layer]


@pytest.mark.parametrize(("room", "said"), TABLE)
def test_the_table_says_what_a_room_may_import(room: str, said: str) -> None:
    named = set(re.findall(r"`(\w+)`", said))
    if said.startswith("every room below"):
        order = [room for room, _ in TABLE]
        named = set(order[order.index(room) + 1 :]) - named
    assert named == may_import(room)
    assert bool(named) != (said == "no other room")


def test_the_pure_rooms_are_the_lowest() -> None:
    order = [room for room, _ in TABLE]
    assert set(order[order.index("publishing") :]) == set(rooms.pure_rooms())
