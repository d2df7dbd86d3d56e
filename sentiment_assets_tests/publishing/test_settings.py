"""What a branch may say about its warehouses, and what a wrong word is answered with."""

import dagster as dg
import pytest
from pydantic import ValidationError

from sentiment_assets.automation.jobs import publish_job_name
from sentiment_assets.branch.definitions import branch_definitions
from sentiment_assets.branch.settings import BranchSettings


def settings(*destinations: dict[str, object]) -> BranchSettings:
    return BranchSettings.model_validate({"landing": "l", "publish": list(destinations)})


def test_both_kinds_are_read_and_written_again() -> None:
    given = [
        {"to": "duckdb", "path": "w.duckdb"},
        {"to": "postgres", "connection": {"env": "WAREHOUSE"}, "schema": "s"},
    ]
    read = settings(*given)
    assert read.model_dump()["publish"] == given
    assert BranchSettings.model_validate(read.model_dump(exclude_unset=True)) == read
    assert [str(each) for each in read.publish] == ["DuckDB (w.duckdb)", "PostgreSQL (WAREHOUSE, schema s)"]


@pytest.mark.parametrize(
    ("destination", "said"),
    [
        ({"to": "snowflake"}, "publish.0.*'duckdb', 'postgres'"),
        ({"to": "duckdb", "path": "s3://bucket/w.duckdb"}, "publish.0.duckdb.path.*a DuckDB file lies on this machine"),
        ({"to": "duckdb", "file": "w"}, "publish.0.duckdb.*unknown: file; allowed: to, path"),
        ({"to": "postgres"}, "publish.0.postgres.connection.*required"),
        ({"to": "postgres", "connection": {"env": "W"}, "schema": "Robert'); --"}, "publish.0.postgres.schema"),
        ({"to": "postgres", "connection": {"env": "W"}, "schema_name": "s"}, "allowed: to, connection, schema"),
    ],
)
def test_a_wrong_word_is_answered_with_the_field(destination: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=f"(?s){said}"):
        settings(destination)


def test_a_warehouse_stands_there_once() -> None:
    with pytest.raises(ValidationError, match=r"(?s)publish.*listed more than once: DuckDB \(warehouse.duckdb\)"):
        settings({"to": "duckdb"}, {"to": "duckdb", "path": "warehouse.duckdb"})


def test_asset_job_and_sensor_are_there_only_where_something_is_published() -> None:
    for given, there in ((settings(), False), (settings({"to": "duckdb"}), True)):
        branch = branch_definitions("acme", given)
        assets = {
            key.path[-1] for each in branch.assets or () if isinstance(each, dg.AssetsDefinition) for key in each.keys
        }
        assert ("published_scores" in assets) is there
        assert (publish_job_name("acme") in {each.name for each in branch.jobs or ()}) is there
        assert ("acme_publishing" in {each.name for each in branch.sensors or ()}) is there
