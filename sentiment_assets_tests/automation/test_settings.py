import pytest
from pydantic import ValidationError

from sentiment_assets.automation.settings import Cron


def test_a_time_zone_has_an_iana_name() -> None:
    assert str(Cron(cron="0 3 * * 1", time_zone="Europe/Berlin")) == "0 3 * * 1 (Europe/Berlin)"
    with pytest.raises(ValidationError, match="'Berlin' is no IANA time zone"):
        Cron(cron="0 3 * * 1", time_zone="Berlin")


@pytest.mark.parametrize("cron", ["", "every day", "0 3 * *", "61 3 * * 1"])
def test_a_moment_is_a_cron_expression(cron: str) -> None:
    with pytest.raises(ValidationError, match="is no cron expression; `0 3"):
        Cron(cron=cron)
