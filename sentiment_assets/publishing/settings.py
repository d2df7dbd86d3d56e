"""What a branch says about the warehouses that its scores are published to."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, field_validator

from sentiment_assets.settings_base import FromEnvironment, Settings

DEFAULT_SCHEMA = "sentiment"


class Duckdb(Settings):
    """A DuckDB file on this machine, which needs no server."""

    to: Literal["duckdb"] = Field(description="The kind of warehouse: `duckdb` or `postgres`.")
    path: str = Field(
        default="warehouse.duckdb",
        min_length=1,
        description="The file; a relative path lies below SENTIMENT_HOME. It is made when something is published.",
    )

    @field_validator("path")
    @classmethod
    def _a_local_file(cls, path: str) -> str:
        if "://" in path or path.endswith(("/", "\\")):
            raise ValueError("a DuckDB file lies on this machine: give the path of a file, such as `warehouse.duckdb`")
        return path

    def require_no_secret(self) -> None:
        """A path holds none."""

    def __str__(self) -> str:
        """Name the warehouse for people."""
        return f"DuckDB ({self.path})"


class Postgres(Settings):
    """A database of a PostgreSQL server."""

    model_config = ConfigDict(serialize_by_alias=True)

    to: Literal["postgres"] = Field(description="The kind of warehouse: `duckdb` or `postgres`.")
    connection: FromEnvironment = Field(
        description="Where the database is: the variable holds `postgresql://user:password@host:5432/database`."
    )
    schema_name: str = Field(
        default=DEFAULT_SCHEMA,
        alias="schema",
        pattern=r"^[a-z][a-z0-9_]{0,40}$",
        description="The schema in which the tables lie; it is made if it is not there and the user may make it.",
    )

    def require_no_secret(self) -> None:
        """Raise ``ValueError``, without the secret, if one stands in the YAML."""
        self.connection.require_name("publish: connection")

    def __str__(self) -> str:
        """Name the warehouse for people, without what is secret."""
        return f"PostgreSQL ({self.connection.env}, schema {self.schema_name})"


Destination = Annotated[Duckdb | Postgres, Field(discriminator="to")]


def each_place_once(destinations: list[Duckdb | Postgres]) -> list[Duckdb | Postgres]:
    """The same list. Raises ``ValueError`` if a warehouse stands in it twice."""
    names = [str(each) for each in destinations]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"listed more than once: {', '.join(twice)}")
    return destinations
