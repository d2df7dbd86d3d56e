from collections.abc import Callable

import dagster as dg
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
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


_FIELD = st.sampled_from(
    ["*", "0", "5", "31", "60", "1-5", "*/15", "1,2", "mon", "feb", "L", "?", "H", "2#1", "-1", ""]
)


@pytest.mark.filterwarnings("ignore:Found a cron schedule with an interval")  # Dagster takes it, and says so
@given(st.lists(_FIELD, min_size=4, max_size=6).map(" ".join))
@example("@daily")
@example("0 0 31 2 1")
@example("0 0 15W * *")
@example("0 0 30 2 *")
@example("0 0 31 4 *")
@example("0 0 29 2 *")
def test_what_is_taken_as_a_moment_dagster_takes_too(cron: str) -> None:
    def taken(make: Callable[[], object]) -> bool:
        try:
            make()
        except (ValidationError, dg.DagsterInvalidDefinitionError):
            return False
        return True

    ours = taken(lambda: Cron(cron=cron))
    dagsters = taken(lambda: dg.ScheduleDefinition(job_name="any", cron_schedule=cron))
    assert dagsters or not ours
