import pytest
from pydantic import ValidationError

from sentiment_assets.automation.settings import Cron


def test_a_time_zone_has_an_iana_name() -> None:
    assert str(Cron(cron="0 3 * * 1", time_zone="Europe/Berlin")) == "0 3 * * 1 (Europe/Berlin)"
    with pytest.raises(ValidationError, match="'Berlin' is no IANA time zone"):
        Cron(cron="0 3 * * 1", time_zone="Berlin")
