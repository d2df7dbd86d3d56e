"""A shop's own database, from which the demo has the last orders pulled; SQLite below the home folder by default."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from sentiment_assets.resources.home import below_home, home, is_local, make_folder

VARIABLE = "ORDERS_DB"
SOURCE = "orders"
_BEGINS = datetime(2026, 11, 1)  # noqa: DTZ001  the shop writes the time on its clock
_BETWEEN = timedelta(minutes=2)


def address() -> Mapping[str, str]:
    """The variable that the branch's YAML names, unless the environment has it already."""
    folder = Path(home().path) if is_local(home()) else Path(tempfile.gettempdir())
    return {VARIABLE: os.environ.get(VARIABLE) or f"sqlite:///{(folder / 'orders.db').resolve()}"}


def is_there() -> bool:
    """Whether the demo has made the database of ``address()``, if that is a file."""
    return Path(address()[VARIABLE].removeprefix("sqlite:///")).is_file()


def sell(rows: Sequence[Mapping[str, str]]) -> None:
    """Put orders into the database that the environment names; those that are there already go first."""
    url = os.environ[VARIABLE]
    if url.startswith("sqlite:///"):
        make_folder(Path(url.removeprefix("sqlite:///")).parent)
    engine = sa.create_engine(url, poolclass=sa.NullPool, hide_parameters=True)
    orders = sa.Table(
        "orders",
        sa.MetaData(),
        sa.Column("ordered_at", sa.Text),
        sa.Column("text", sa.Text),
        sa.Column("label", sa.Text),
    )
    with engine.begin() as connection:
        orders.drop(connection, checkfirst=True)
        orders.create(connection)
        connection.execute(orders.insert(), _dated(rows))
    engine.dispose()


def pulled(landing: str) -> Sequence[str]:
    """The files that pulls have landed so far."""
    place = below_home(landing)
    return sorted(each.name for each in place.glob(f"{SOURCE}-*.parquet")) if place.exists() else []


def _dated(rows: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """The corpus has no times. What is there twice, as in a shop's export, gets the same one."""
    moments: dict[str, str] = {}
    for row in rows:
        moments.setdefault(row["text"], str(_BEGINS + _BETWEEN * len(moments)))
    return [{"ordered_at": moments[row["text"]], **row} for row in rows]
