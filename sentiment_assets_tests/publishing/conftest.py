"""Warehouses to publish to: a DuckDB file, and a PostgreSQL server that is started for the tests."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from sentiment_assets.publishing.warehouse import DuckdbFile, PostgresDatabase, Warehouse
from testing.postgres import PostgresServer, postgres_server, programs

Asked = Callable[[Warehouse, str], list[tuple[object, ...]]]


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    if programs() is None:
        pytest.skip("PostgreSQL's programs are not installed")
    with postgres_server() as started:
        yield started


@pytest.fixture(params=["duckdb", pytest.param("postgres", marks=pytest.mark.slow)])
def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Warehouse:
    """An empty warehouse of each kind."""
    if request.param == "duckdb":
        return DuckdbFile(tmp_path / "warehouse.duckdb")
    return PostgresDatabase(request.getfixturevalue("server").url(), f"s{uuid4().hex[:8]}", "PostgreSQL")


@pytest.fixture
def ask() -> Asked:
    """What a query answers; ``{s}`` in it stands for the schema."""

    def answer(warehouse: Warehouse, query: str) -> list[tuple[object, ...]]:
        said = query.replace("{s}", warehouse.schema)
        if isinstance(warehouse, DuckdbFile):
            import duckdb

            with duckdb.connect(str(warehouse.path), read_only=True) as connection:
                return list(connection.execute(said).fetchall())
        import psycopg2

        connection = psycopg2.connect(warehouse.url)
        try:
            with connection.cursor() as cursor:
                cursor.execute(said)
                return list(cursor.fetchall())
        finally:
            connection.close()

    return answer
