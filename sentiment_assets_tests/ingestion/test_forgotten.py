from sentiment_assets.ingestion.forgotten import forgets, forgotten_digest


def test_a_review_is_forgotten_in_every_batch_of_its_branch_and_in_no_other() -> None:
    listed = {forgotten_digest("movies", "1")}
    assert forgets("movies", "a.csv", listed)("1")
    assert forgets("movies", "b.csv", listed)("1")
    assert not forgets("movies", "a.csv", listed)("11")
    assert not forgets("shopping", "a.csv", listed)("1")


def test_one_that_was_named_with_its_batch_is_forgotten_there_alone() -> None:
    listed = {forgotten_digest("movies", "1", "a.csv")}
    assert forgets("movies", "a.csv", listed)("1")
    assert not forgets("movies", "b.csv", listed)("1")


def test_a_batch_and_an_id_are_not_taken_for_others_that_are_spelt_alike_together() -> None:
    listed = {forgotten_digest("movies", "1", "a.csv")}
    assert not forgets("movies", "a.cs", listed)("v1")
    assert not forgets("moviesa", ".csv", listed)("1")


def test_the_list_holds_no_id() -> None:
    assert "customer-4711" not in forgotten_digest("movies", "customer-4711")
