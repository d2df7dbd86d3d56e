from pathlib import Path

import pytest

from sentiment_assets.dev_servers import settings_of_servers


def test_code_locations_of_the_users_own_are_told_where_the_data_lie(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a setting too: `docs/examples/complaints.py` reads SENTIMENT_HOME."""
    monkeypatch.delenv("SENTIMENT_HOME")
    told = settings_of_servers(Path("/d"))
    assert told["SENTIMENT_HOME"] == str(Path(__file__).parents[1] / ".sentiment")
    assert told["DAGSTER_HOME"] == "/d"
