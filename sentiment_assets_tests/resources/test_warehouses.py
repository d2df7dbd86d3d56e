"""Which warehouse a setting means, and what is said of one that means none."""

from pathlib import Path

import pytest

from sentiment_assets.publishing.settings import Duckdb, FromEnvironment, Postgres
from sentiment_assets.publishing.warehouse import DuckdbFile, PostgresDatabase
from sentiment_assets.resources.warehouses import UnknownWarehouse, warehouse_of

DATABASE = Postgres(to="postgres", connection=FromEnvironment(env="ACME_WAREHOUSE"), schema="s")


def test_a_relative_path_lies_below_the_home_folder_for_this_account_alone(home: Path) -> None:
    assert warehouse_of("acme", Duckdb(to="duckdb", path="tables/w.duckdb")) == DuckdbFile(home / "tables/w.duckdb")
    assert (home / "tables").stat().st_mode & 0o077 == 0


def test_a_database_is_where_the_variable_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_WAREHOUSE", " postgres://u:Xylophone@h/d\n")
    found = warehouse_of("acme", DATABASE)
    assert isinstance(found, PostgresDatabase)
    assert (found.url, found.schema) == ("postgresql://u:Xylophone@h/d", "s")
    assert "Xylophone" not in repr(found)


def test_a_file_below_a_home_that_is_no_local_folder_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTIMENT_HOME", "memory://somewhere")
    with pytest.raises(UnknownWarehouse, match="branch acme: publish: path: w.duckdb lies below SENTIMENT_HOME"):
        warehouse_of("acme", Duckdb(to="duckdb", path="w.duckdb"))
