"""What a branch says about when things happen."""

from zoneinfo import ZoneInfo, available_timezones

from croniter import CroniterError, croniter
from pydantic import Field, field_validator

from sentiment_assets.settings_base import Settings
from sentiment_assets.sources.settings import SourceSettings

_FIELDS = 5


class Cron(Settings):
    """Moments by the clock."""

    cron: str = Field(description="Five fields: minute, hour, day of the month, month, day of the week.")
    time_zone: str = Field(default="UTC", description="An IANA name such as `Europe/Berlin`.")

    @field_validator("cron")
    @classmethod
    def _readable(cls, cron: str) -> str:
        """Five fields, and a day that there is: as Dagster sees it, which takes seconds to load."""
        try:
            fields, *_ = croniter.expand(cron)
            croniter(cron).get_next()
        except CroniterError:
            fields = []
        if len(fields) != _FIELDS:
            raise ValueError(f"{cron!r} is no cron expression; `0 3 * * 1` (Mondays at three) is one")
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


class ScheduledSource(SourceSettings):
    """A source, and when it is pulled."""

    schedule: Cron | None = Field(default=None, description="Pull at these moments; without any, by hand alone.")


class Schedules(Settings):
    """What happens by the clock."""

    retraining: Cron | None = Field(default=None, description="Train at these moments, whatever the policy says.")
    report: Cron | None = Field(default=Cron(cron="0 6 * * *"), description="Write `sentiment_report`.")


class Freshness(Settings):
    """Days after which an asset that has not been materialized is stale; ``null``: never."""

    scored_reviews: float | None = Field(default=7, gt=0, description="Of the last batch that was scored.")
    best_model: float | None = Field(default=60, gt=0, description="Of the last train run that ended well.")
