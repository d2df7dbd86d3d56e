import json

from sentiment_assets.ingestion.values import as_json


def test_a_row_that_is_nested_too_deeply_is_shown_without_what_is() -> None:
    deep: list[object] = []
    for _ in range(100_000):  # deeper than any Python follows
        deep = [deep]
    shown = json.loads(as_json({"text": "fine", "more": deep}))
    assert shown == {"text": "fine", "more": "(nested too deeply to be shown)"}
