"""A source of a branch's own: one dlt resource in a Python file."""

from pathlib import Path

import pytest

from sentiment_assets.sources.faults import PullFailed
from sentiment_assets.sources.pull import pull
from testing.shop import landed_ids, landed_rows, source_of

OWN = """
import dlt

SOLD = {sold}


@dlt.resource
def reviews(cursor=dlt.sources.incremental("id")):
    yield [{{"id": each, "text": f"review {{each}}"}} for each in SOLD]


@dlt.resource
def tables():
    import pandas as pd
    import pyarrow as pa

    yield pa.table({{"id": [1]}})
    yield pa.record_batch({{"id": pa.array([2])}})
    yield pd.DataFrame({{"id": [3]}})


@dlt.resource
def mixed_tables():
    import pandas as pd
    import pyarrow as pa

    yield pa.table({{"tags": [["a", "é"], None]}})
    yield pa.table({{"tags": ["b"]}})
    yield pa.table({{"tags": [{{"by": 1}}]}})
    yield pd.DataFrame({{"tags": [["c"], 7, None, "d"]}})


@dlt.resource
def mixed_cursor(cursor=dlt.sources.incremental("id")):
    yield [{{"id": 1}}, {{"id": "2"}}]


@dlt.resource
def remembering():
    state = dlt.current.resource_state()
    state["pulls"] = state.get("pulls", 0) + 1
    yield {{"id": state["pulls"]}}


@dlt.resource
def numbers():
    yield 5


def no_resource():
    pass
"""


@pytest.fixture
def folder(tmp_path: Path, home: Path) -> Path:
    """A branch's folder."""
    made = tmp_path / "defs"
    made.mkdir()
    sells(made, [1, 2])
    return made


def sells(folder: Path, sold: list[int]) -> None:
    (folder / "sources.py").write_text(OWN.format(sold=sold))


def test_a_resource_with_a_cursor_is_read_on(folder: Path) -> None:
    source = source_of("own", folder, python="sources.py:reviews")
    assert pull(source).rows == 2
    sells(folder, [1, 2, 3])
    assert pull(source).rows == 1
    assert pull(source).rows == 0
    assert landed_ids() == [1, 2, 3]


def test_a_resource_may_yield_tables(folder: Path) -> None:
    pull(source_of("own", folder, python="sources.py:tables"))
    assert landed_rows() == [{"id": 1}, {"id": 2}, {"id": 3}]


def test_tables_may_mix_nested_values_and_text_in_a_column(folder: Path) -> None:
    """As pages of rows do."""
    pull(source_of("own", folder, python="sources.py:mixed_tables"))
    landed = [row["tags"] for row in landed_rows()]
    assert landed == ['["a", "é"]', None, "b", '{"by": 1}', '["c"]', "7", None, "d"]


def test_what_a_resource_remembers_is_kept(folder: Path) -> None:
    source = source_of("own", folder, python="sources.py:remembering")
    pull(source)
    pull(source)
    assert landed_ids() == [1, 2]


@pytest.mark.parametrize(
    ("python", "said"),
    [
        ("other.py:reviews", "there is no file"),
        ("sources.py:nothing", "has no dlt resource 'nothing'"),
        ("sources.py:no_resource", "has no dlt resource 'no_resource'"),
        ("sources.py:mixed_cursor", "the values of the cursor `id` are of several kinds"),
        ("sources.py:numbers", "a resource yields dictionaries, Arrow tables or data frames, and this is a int"),
    ],
)
def test_what_is_the_matter_is_said(folder: Path, python: str, said: str) -> None:
    with pytest.raises(PullFailed, match=f"acme: source own: .*{said}") as failure:
        pull(source_of("own", folder, python=python))
    assert not failure.value.may_help_later
