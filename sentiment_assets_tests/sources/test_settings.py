"""What may be said of a source, and what is said of what may not."""

from typing import Any

import pytest
from pydantic import ValidationError

from sentiment_assets.branch.settings import BranchSettings

SQL = {"connection": {"env": "SHOP_DB"}, "table": "reviews", "cursor": "id"}
REST = {"base_url": "https://api.example.com/v2/", "path": "reviews"}


def sources(*given: dict[str, Any]) -> BranchSettings:
    return BranchSettings.model_validate({"landing": "l", "sources": given})


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"name": "a"}, "source a: give one of sql, rest, files, python; given: none"),
        ({"name": "a", "python": "s.py:a", "files": {"url": "/v"}}, "given: files, python"),
        ({"name": "A-1", "python": "s.py:a"}, "sources.0.name"),
        ({"name": "a", "sql": SQL | {"query": "SELECT 1"}}, "give either `table` or `query`"),
        ({"name": "a", "sql": {"connection": {"env": "X"}, "cursor": "id"}}, "give either `table` or `query`"),
        ({"name": "a", "sql": SQL | {"table": None, "query": "SELECT 1", "schema": "s"}}, "`schema` goes with `table`"),
        ({"name": "a", "sql": SQL | {"connection": {"environment": "X"}}}, "allowed: env"),
        ({"name": "a", "sql": SQL | {"password": "p"}}, "allowed: connection, table, schema, query, cursor, key"),
        ({"name": "a", "rest": REST | {"base_url": "ftp://h/"}}, "sources.0.rest.base_url"),
        ({"name": "a", "rest": REST | {"cursor": {"start_param": "since"}}}, "`cursor` needs a `cursor_path`"),
        ({"name": "a", "rest": REST | {"auth": {"env": "T", "header": "X", "user": "u"}}}, "`header` or `user`"),
        ({"name": "a", "files": {"url": "nonsense://vendor/"}}, "is not a path or fsspec URL"),
        ({"name": "a", "python": "sources"}, "`sources.py:reviews` does"),
        ({"name": "a", "python": "s.py:a", "schedule": {"cron": "often"}}, "is no cron expression"),
    ],
)
def test_what_is_unfit_is_named(source: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        sources(source)
    assert said in str(refused.value)


def test_two_sources_of_one_name_are_refused() -> None:
    with pytest.raises(ValidationError, match="named more than once: a"):
        sources({"name": "a", "python": "s.py:a"}, {"name": "a", "python": "s.py:b"})


def test_settings_survive_being_written_and_read() -> None:
    read = sources({"name": "a", "sql": SQL | {"schema": "shop", "key": "id"}, "schedule": {"cron": "0 * * * *"}})
    assert BranchSettings.model_validate(read.model_dump(exclude_unset=True)) == read
    [source] = read.sources
    assert source.sql is not None
    assert (source.sql.table_schema, source.sql.key) == ("shop", ["id"])
