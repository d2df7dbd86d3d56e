"""Rows of a real database: each once, as they are, whatever the database says of time."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from sentiment_assets.sources.faults import PullFailed
from sentiment_assets.sources.pull import pull
from testing.postgres import postgres_server, programs
from testing.shop import Shop, landed_files, landed_ids, landed_rows, source_of

TABLE = {"connection": {"env": "SHOP_DB"}, "table": "reviews", "cursor": "updated_at", "key": "id"}


@pytest.fixture
def shop(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A shop with an SQLite database."""
    url = f"sqlite:///{tmp_path}/shop.db"
    monkeypatch.setenv("SHOP_DB", url)
    return Shop(url)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres_server() as server:
        yield server.url()


@pytest.fixture
def postgres_shop(server: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A shop with a PostgreSQL server, which is far from UTC."""
    monkeypatch.setenv("SHOP_DB", server)
    shop = Shop(server)
    shop.run("ALTER DATABASE postgres SET timezone TO 'Asia/Tokyo'")
    shop.run("DELETE FROM reviews")
    return shop


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.process)])
def any_shop(request: pytest.FixtureRequest) -> Shop:
    if request.param == "postgresql" and programs() is None:
        pytest.skip("PostgreSQL's programs are not on this machine")
    return request.getfixturevalue("shop" if request.param == "sqlite" else "postgres_shop")


def test_a_pull_lands_what_is_new_and_nothing_new_lands_no_file(any_shop: Shop) -> None:
    any_shop.sells(range(7))
    first, again = pull(source_of(sql=TABLE)), pull(source_of(sql=TABLE))
    assert (first.rows, list(first.files)) == (7, landed_files())
    assert (again.rows, again.files, again.number) == (0, [], first.number)
    any_shop.sells([7, 8], at="2026-01-02 00:00:00")
    assert pull(source_of(sql=TABLE)).rows == 2
    assert landed_ids() == [*range(9)]
    assert len(landed_files()) == 2


def test_rows_without_a_key_that_have_the_same_cursor_are_told_apart_by_all_they_have(any_shop: Shop) -> None:
    any_shop.run("DROP TABLE reviews")
    any_shop.run("CREATE TABLE reviews (id INTEGER, text TEXT, updated_at TIMESTAMP)")

    def sells(text: str) -> None:
        any_shop.run("INSERT INTO reviews VALUES (NULL, :text, '2026-01-01 00:00:05')", text=text)

    sells("early")
    sells("also early")
    assert pull(source_of(sql=TABLE)).rows == 2
    sells("late")
    assert pull(source_of(sql=TABLE)).rows == 1
    assert pull(source_of(sql=TABLE)).rows == 0
    assert [row["text"] for row in landed_rows()] == ["early", "also early", "late"]


def test_rows_that_come_late_with_the_cursor_of_the_last_one_are_pulled_once(any_shop: Shop) -> None:
    any_shop.sells([1, 2])
    pull(source_of(sql=TABLE))
    any_shop.sells([3, 4])
    assert pull(source_of(sql=TABLE)).rows == 2
    assert pull(source_of(sql=TABLE)).rows == 0
    assert sorted(landed_ids()) == [1, 2, 3, 4]


def test_a_row_whose_cursor_has_moved_is_pulled_again(any_shop: Shop) -> None:
    any_shop.sells([1, 2])
    pull(source_of(sql=TABLE))
    any_shop.sells([1], at="2026-01-01 00:00:06")
    assert pull(source_of(sql=TABLE)).rows == 1
    assert landed_ids() == [1, 2, 1]


def test_without_a_key_a_row_that_is_edited_at_the_same_moment_is_pulled_again(any_shop: Shop) -> None:
    whole_rows = {name: value for name, value in TABLE.items() if name != "key"}
    any_shop.sells([1, 2])
    pull(source_of(sql=whole_rows))
    any_shop.run("UPDATE reviews SET text = 'edited' WHERE id = 2")
    assert pull(source_of(sql=whole_rows)).rows == 1
    assert landed_rows()[-1]["text"] == "edited"


def test_by_its_key_a_row_that_was_pulled_is_known_at_the_same_moment(any_shop: Shop) -> None:
    any_shop.sells([1, 2])
    pull(source_of(sql=TABLE))
    any_shop.run("UPDATE reviews SET text = 'seen once more' WHERE id = 2")
    any_shop.sells([3])
    assert pull(source_of(sql=TABLE)).rows == 1
    assert landed_ids()[-1] == 3


def test_a_query_stands_for_a_table(any_shop: Shop) -> None:
    query = "SELECT id, text AS \"Text Body\", updated_at, ':x %s 100%' AS odd FROM reviews WHERE id > 1;"
    asked = {"connection": {"env": "SHOP_DB"}, "query": query, "cursor": "id"}
    any_shop.sells([1, 2, 3])
    assert pull(source_of(sql=asked)).columns == ["id", "Text Body", "updated_at", "odd"]
    any_shop.sells([4])
    assert pull(source_of(sql=asked)).rows == 1
    assert [(row["Text Body"], row["odd"]) for row in landed_rows()] == [
        (f"review {each}", ":x %s 100%") for each in (2, 3, 4)
    ]


def test_rows_without_a_cursor_are_counted_and_left(any_shop: Shop) -> None:
    any_shop.sells([1])
    any_shop.run("INSERT INTO reviews VALUES (2, 'when?', NULL)")
    found = pull(source_of(sql=TABLE))
    assert (found.rows, found.without_cursor) == (1, 1)


def test_more_rows_than_a_page_holds_are_one_file(any_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sentiment_assets.sources.sql._ROWS_AT_ONCE", 3)
    monkeypatch.setattr("sentiment_assets.sources.session.ROWS_AT_ONCE", 3)
    any_shop.sells(range(10))
    assert pull(source_of(sql=TABLE)).rows == 10
    assert len(landed_files()) == 1
    assert landed_ids() == [*range(10)]


@pytest.mark.process
@pytest.mark.skipif(programs() is None, reason="PostgreSQL's programs are not on this machine")
def test_the_types_of_postgresql_arrive_with_their_values(postgres_shop: Shop) -> None:
    postgres_shop.run(
        "CREATE TABLE IF NOT EXISTS many AS SELECT 1 AS id, TIMESTAMPTZ '2026-01-01 00:00+00' AS at, DATE '2026-01-02'"
        """ AS day, '{"a": 1.10,  "b": [1]}'::json AS tags, ARRAY[1, 2] AS numbers, 0.10::numeric AS price,"""
        " TRUE AS fine, NULL::text AS nothing"
    )
    pull(source_of(sql=TABLE | {"table": "many", "schema": "public", "cursor": "at"}))
    [row] = landed_rows()
    assert row["at"].isoformat() == "2026-01-01T00:00:00+00:00"
    assert (row["day"].isoformat(), row["tags"], row["numbers"]) == ("2026-01-02", '{"a": 1.10,  "b": [1]}', "[1, 2]")
    assert (str(row["price"]), row["fine"], row["nothing"]) == ("0.10", True, None)
    twice = {"connection": {"env": "SHOP_DB"}, "query": "SELECT *, 1 AS day FROM many", "cursor": "at"}
    with pytest.raises(PullFailed, match="more than one column is named day"):
        pull(source_of(name="twice", sql=twice))


@pytest.mark.process
@pytest.mark.skipif(programs() is None, reason="PostgreSQL's programs are not on this machine")
def test_a_cursor_may_be_a_uuid_that_grows(postgres_shop: Shop) -> None:
    postgres_shop.run("CREATE TABLE IF NOT EXISTS numbered (id uuid, text text)")
    source = source_of(sql={"connection": {"env": "SHOP_DB"}, "table": "numbered", "schema": "public", "cursor": "id"})
    for number, text in ((1, "one"), (2, "two"), (2, "late")):
        postgres_shop.run("INSERT INTO numbered VALUES (:id, :text)", id=str(UUID(int=number)), text=text)
        assert pull(source).rows == 1
    assert pull(source).rows == 0
    assert [row["text"] for row in landed_rows()] == ["one", "two", "late"]


@pytest.mark.parametrize(
    ("asked", "said", "may_help"),
    [
        ({"cursor": "updated"}, "no column updated; there are: id, text, updated_at", False),
        ({"key": ["id", "shop"]}, "no column shop", False),
        ({"table": "orders"}, "no such table: orders", False),
        ({"connection": {"env": "NOT_SET"}}, "the environment variable NOT_SET is not set", False),
    ],
)
def test_what_is_the_matter_is_said_with_branch_and_source(
    shop: Shop, asked: dict[str, object], said: str, may_help: bool
) -> None:
    shop.sells([1])
    with pytest.raises(PullFailed, match=rf"acme: source shop: .*{said}") as failure:
        pull(source_of(sql=TABLE | asked))
    assert failure.value.may_help_later == may_help
    assert landed_files() == []


def test_a_cursor_of_numbers_and_text_is_no_cursor(shop: Shop) -> None:
    """SQLite keeps what it is given, and takes any text for more than any number: rows would be lost."""
    shop.run("CREATE TABLE odd (id, text TEXT)")
    shop.run("INSERT INTO odd VALUES (1, 'one'), ('2', 'two')")
    with pytest.raises(PullFailed, match="acme: source shop: the values of the cursor `id` are of several kinds") as no:
        pull(source_of(sql=TABLE | {"table": "odd", "cursor": "id"}))
    assert not no.value.may_help_later
    query = {"table": None, "query": "SELECT CAST(id AS INTEGER) AS id, text FROM odd"}
    pull(source_of(sql=TABLE | {**query, "cursor": "id"}))
    assert landed_ids() == [1, 2]


def test_a_password_is_said_nowhere(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for url in ("postgresql://shop:Xylo%20phone@127.0.0.1:1/shop", "nonsense://shop:Xylo%20phone@x", "Xylo%20phone"):
        monkeypatch.setenv("SHOP_DB", url)
        with pytest.raises(PullFailed) as failure:
            pull(source_of(sql=TABLE))
        assert "Xylo" not in str(failure.value)
        assert failure.value.__cause__ is None
        assert failure.value.__context__ is None


def test_a_vendor_who_never_answers_is_given_up(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from testing.servers import silent

    monkeypatch.setattr("sentiment_assets.sources.sql._SECONDS_TO_CONNECT", 2)  # the least there is
    with silent() as address:
        monkeypatch.setenv("SHOP_DB", address.replace("http", "postgresql+psycopg2") + "/shop")
        with pytest.raises(PullFailed, match="timeout expired") as failure:
            pull(source_of(sql=TABLE))
    assert failure.value.may_help_later
