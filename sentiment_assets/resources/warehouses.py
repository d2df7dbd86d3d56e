"""Which warehouse a branch's setting means: a file below the home folder, or the database that a variable names."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from sentiment_assets.publishing.settings import Duckdb, Postgres
from sentiment_assets.resources.home import SETTING, below_home, is_local, make_folder
from sentiment_assets.resources.urls import shown

if TYPE_CHECKING:
    from sentiment_assets.publishing.warehouse import Warehouse

_SCHEMES = ("postgresql://", "postgres://")


class UnknownWarehouse(ValueError):
    """A setting leads to no warehouse; the message names branch, field and variable, and holds no secret."""


def warehouse_of(branch: str, destination: Duckdb | Postgres) -> "Warehouse":
    """The warehouse that a branch publishes to. Raises ``UnknownWarehouse``."""
    from sentiment_assets.publishing.warehouse import DuckdbFile, PostgresDatabase

    if isinstance(destination, Duckdb):
        path = below_home(destination.path)
        if not is_local(path):
            raise UnknownWarehouse(
                f"branch {branch}: publish: path: {destination.path} lies below {SETTING}, which is "
                f"{shown(path.parent)}, and a DuckDB file lies on a disk of this machine: give an absolute path, or "
                "publish to PostgreSQL"
            )
        file = Path(path.path)
        make_folder(file.parent)
        return DuckdbFile(file)
    name = destination.connection.env
    url = os.environ.get(name, "").strip()
    where = f"branch {branch}: publish: connection: the environment variable {name}"
    if not url:
        raise UnknownWarehouse(
            f"{where} is not set where the run takes place: set it to postgresql://user:password@host:5432/database"
        )
    if not url.startswith(_SCHEMES):
        raise UnknownWarehouse(f"{where} holds no address of the form postgresql://user:password@host:5432/database")
    return PostgresDatabase(
        url.replace("postgres://", "postgresql://", 1), destination.schema_name, f"{destination} of branch {branch}"
    )
