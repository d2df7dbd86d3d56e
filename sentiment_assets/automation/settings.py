"""What a branch says about when things happen."""

from zoneinfo import ZoneInfo, available_timezones

import dagster as dg
from pydantic import Field, field_validator

from sentiment_assets.settings_base import Settings


class Cron(Settings):
    """Moments by the clock."""

    cron: str = Field(description="Five fields: minute, hour, day of the month, month, day of the week.")
    time_zone: str = Field(default="UTC", description="An IANA name such as `Europe/Berlin`.")

    @field_validator("cron")
    @classmethod
    def _readable(cls, cron: str) -> str:
        try:
            dg.ScheduleDefinition(job_name="any", cron_schedule=cron)
        except dg.DagsterInvalidDefinitionError as error:
            raise ValueError(f"{cron!r} is no cron expression; `0 3 * * 1` (Mondays at three) is one") from error
        return cron

    @field_validator("time_zone")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError(f"{name!r} is no IANA time zone; `Europe/Berlin` is one")
        return ZoneInfo(name).key

    def __str__(self) -> str:
        """Write the moments as they are shown to people."""
        return f"{self.cron} ({self.time_zone})"


class Schedules(Settings):
    """What happens by the clock."""

    retraining: Cron | None = Field(default=None, description="Train at these moments, whatever the policy says.")
    report: Cron | None = Field(default=Cron(cron="0 6 * * *"), description="Write `sentiment_report`.")


class Freshness(Settings):
    """Days after which an asset that has not been materialized is stale; ``null``: never."""

    scored_reviews: float | None = Field(default=7, gt=0, description="Of the last batch that was scored.")
    best_model: float | None = Field(default=60, gt=0, description="Of the last train run that ended well.")
