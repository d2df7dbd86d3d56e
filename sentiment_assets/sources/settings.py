"""What a branch's YAML says about where its reviews are pulled from. Light to import: nothing of dlt."""

import os
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from sentiment_assets.resources.home import below_home
from sentiment_assets.resources.urls import shown
from sentiment_assets.settings_base import ONE_AS_A_LIST, FromEnvironment, Settings

_KINDS = ("sql", "rest", "files", "python")


class UnfitSource(ValueError):
    """A source cannot be pulled until somebody changes something; the message says what is the matter."""


class Secret(FromEnvironment):
    """A value that stands in the environment and nowhere else."""

    def value(self) -> str:
        """What the variable holds now. Raises ``UnfitSource``."""
        if not (found := os.environ.get(self.env, "").strip()):  # files of secrets end with a line end
            raise UnfitSource(f"the environment variable {self.env} is not set where the pull runs")
        return found


class SqlSource(Settings, serialize_by_alias=True):
    """Rows of a database."""

    connection: Secret = Field(
        description="Where the SQLAlchemy URL of the database is found: `postgresql://user:password@host/name`."
    )
    table: str | None = Field(default=None, min_length=1, description="The table or view, or ...")
    table_schema: str | None = Field(
        default=None, min_length=1, alias="schema", description="The schema in which the table lies."
    )
    query: str | None = Field(default=None, min_length=1, description="... one `SELECT` instead of a table.")
    cursor: str = Field(
        min_length=1,
        description="The column by which new and changed rows are known: it only ever grows, such as `updated_at` or "
        "an id. Rows without a value in it are not pulled, and counted.",
    )
    key: Annotated[list[str], ONE_AS_A_LIST] = Field(
        default=[],
        description="One column, or several, that tell apart rows with the same cursor; without them the whole row "
        "does.",
    )

    @model_validator(mode="after")
    def _table_or_query(self) -> Self:
        if (self.table is None) == (self.query is None):
            raise ValueError("give either `table` or `query`")
        if self.query is not None and self.table_schema is not None:
            raise ValueError("`schema` goes with `table`; a query names the schema itself")
        return self


class RestAuth(Secret):
    """How requests show who asks: a bearer token, unless an API key or basic authentication is asked for."""

    header: str | None = Field(
        default=None, min_length=1, description="The header in which the value is sent as it is, such as `X-Api-Key`."
    )
    user: str | None = Field(
        default=None, min_length=1, description="The user name of basic authentication; the value is the password."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.header is not None and self.user is not None:
            raise ValueError("give `header` or `user`, not both")
        return self


class RestSource(Settings, serialize_by_alias=True):
    """Rows of an HTTP interface that answers in JSON."""

    base_url: str = Field(pattern=r"^https?://", description="Where the interface begins.")
    path: str = Field(description="What is asked for, below `base_url`.")
    parameters: dict[str, Any] = Field(
        default={}, alias="params", description="Parameters of the request; `{incremental.start_value}` is the cursor."
    )
    data_selector: str = Field(
        default="$", description="The JSON path to the list of rows in an answer; `$`: the answer is the list."
    )
    paginator: dict[str, Any] | str = Field(
        default="single_page", description="How the next page is found, in the words of dlt's `rest_api`."
    )
    cursor: dict[str, Any] | None = Field(
        default=None,
        description="The cursor, in the words of dlt's `incremental`: `cursor_path`, and `start_param` or a parameter "
        "with `{incremental.start_value}`; without one, every pull is asked for everything.",
    )
    key: Annotated[list[str], ONE_AS_A_LIST] = Field(
        default=[],
        description="One field, or several, that tell apart rows with the same cursor; without them the whole row "
        "does.",
    )
    auth: RestAuth | None = Field(default=None, description="Where the secret of the requests is found.")

    @model_validator(mode="after")
    def _cursor_is_named(self) -> Self:
        if self.cursor is not None and not isinstance(self.cursor.get("cursor_path"), str):
            raise ValueError("`cursor` needs a `cursor_path`, such as {cursor_path: updated_at, start_param: since}")
        return self


class FilesSource(Settings):
    """Files of a folder or bucket that the platform can read as they are."""

    url: str = Field(
        min_length=1, description="The folder, as an fsspec URL such as `s3://vendor/export/`, or an absolute path."
    )
    pattern: str = Field(
        default="**", min_length=1, description="Which files below it: `*.csv.gz`, or `**/*.csv` in folders too."
    )

    @field_validator("url")
    @classmethod
    def _usable(cls, url: str) -> str:
        if shown(url) == url:
            below_home(url)
        return url


def _names_a_resource(python: str) -> str:
    file, colon, name = python.partition(":")
    if not colon or not file.endswith(".py") or not name.isidentifier():
        raise ValueError(f"{python!r} names no resource of a Python file; `sources.py:reviews` does")
    return python


class SourceSettings(Settings):
    """One place from which reviews are pulled, as the asset ``<branch>/pulled/<name>``."""

    name: str = Field(
        pattern=r"^[a-z][a-z0-9_]*$", max_length=60, description="Names the asset and the files that it lands."
    )
    sql: SqlSource | None = Field(default=None, description="Rows of a database.")
    rest: RestSource | None = Field(default=None, description="Rows of an HTTP interface that answers in JSON.")
    files: FilesSource | None = Field(default=None, description="Files of a folder or bucket, as they are.")
    python: Annotated[str, AfterValidator(_names_a_resource)] | None = Field(
        default=None, description="A dlt resource of your own in a file beside `defs.yaml`: `sources.py:reviews`."
    )

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        given = [kind for kind in _KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            said = ", ".join(given) or "none"
            raise ValueError(f"source {self.name}: give one of {', '.join(_KINDS)}; given: {said}")
        return self

    def require_no_secret(self) -> None:
        """Raise ``ValueError``, without the secret, if one stands in the YAML; pydantic would quote it."""
        secrets = {"sql: connection": self.sql and self.sql.connection, "rest: auth": self.rest and self.rest.auth}
        addresses = {"rest: base_url": self.rest and self.rest.base_url, "files: url": self.files and self.files.url}
        for field, secret in secrets.items():
            if secret:
                secret.require_name(f"sources: {self.name}: {field}")
        for field, address in addresses.items():
            if address and shown(address) != address:
                raise ValueError(
                    f"`sources: {self.name}: {field}` holds a secret, or parameters: put a secret into the "
                    "environment, and write {env: NAME} under `auth`; parameters stand under `params`"
                )

    @property
    def kind(self) -> str:
        """Which of its four fields is given."""
        return next(kind for kind in _KINDS if getattr(self, kind) is not None)
