"""A vendor's database, and what has been pulled from it."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sentiment_assets.resources.home import below_home
from sentiment_assets.resources.parquet import parquet_table
from sentiment_assets.sources.pull import Source
from sentiment_assets.sources.settings import SourceSettings

LANDING = "landing/acme"


class Shop:
    """A table of reviews in any database."""

    def __init__(self, url: str) -> None:
        self._engine = sa.create_engine(url, poolclass=sa.NullPool)
        self.run("CREATE TABLE IF NOT EXISTS reviews (id INTEGER PRIMARY KEY, text TEXT, updated_at TIMESTAMP)")

    def run(self, statement: str, **values: object) -> None:
        """Do something that a test needs."""
        with self._engine.begin() as connection:
            connection.execute(sa.text(statement), values)

    def sells(self, ids: Iterable[int], at: str = "2026-01-01 00:00:05") -> None:
        """More reviews come, or others take the place of those with the same ids."""
        for each in ids:
            self.run("DELETE FROM reviews WHERE id = :id", id=each)
            self.run("INSERT INTO reviews VALUES (:id, :text, :at)", id=each, text=f"review {each}", at=at)


def source_of(name: str = "shop", folder: Path | None = None, **settings: Any) -> Source:
    """A source of the branch acme."""
    asked = SourceSettings.model_validate({"name": name, **settings})
    return Source(branch="acme", settings=asked, landing=LANDING, folder=folder)


def landed_files() -> Sequence[str]:
    """What a landing sensor would see, in the order in which it landed."""
    place = below_home(LANDING)
    found = [each for each in place.rglob("*") if each.is_file()] if place.exists() else []
    paths = [each.path.removeprefix(place.path).lstrip("/") for each in found]
    return sorted((each for each in paths if not each.startswith(".")), key=lambda path: (len(path), path))


def landed_rows() -> list[dict[str, Any]]:
    """The rows of all Parquet files that have landed."""
    tables = [parquet_table(below_home(LANDING).joinpath(each).read_bytes()) for each in landed_files()]
    return [row for table in tables for row in table.to_pylist()]


def landed_ids() -> list[int]:
    """The ids of all rows that have landed, in the order in which they did."""
    return [row["id"] for row in landed_rows()]
