"""What a branch says about when things happen."""

import re
from collections.abc import Sequence
from zoneinfo import ZoneInfo, available_timezones

from croniter import CroniterError, croniter
from pydantic import Field, field_validator

from sentiment_assets.settings_base import Settings
from sentiment_assets.sources.settings import SourceSettings

_FIELDS = 5
_UNKNOWN_TO_DAGSTER = re.compile(r"[\dL]W\b", re.IGNORECASE)
"""The weekday nearest to a day: its own, older croniter does not read it."""


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
        if len(fields) != _FIELDS or _UNKNOWN_TO_DAGSTER.search(cron) or _is_no_day(fields):
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


def _is_no_day(fields: Sequence[Sequence[object]]) -> bool:
    """Whether it is the 30th or 31st of February alone, which Dagster refuses also where a weekday is given."""
    _, _, days, months, _ = fields
    return list(months) == [2] and len(days) == 1 and days[0] in (30, 31)


class Schedules(Settings):
    """What happens by the clock."""

    retraining: Cron | None = Field(default=None, description="Train at these moments, whatever the policy says.")
    report: Cron | None = Field(default=Cron(cron="0 6 * * *"), description="Write `sentiment_report`.")


class Freshness(Settings):
    """Days after which an asset that has not been materialized is stale; ``null``: never."""

    scored_reviews: float | None = Field(default=7, gt=0, description="Of the last batch that was scored.")
    best_model: float | None = Field(default=60, gt=0, description="Of the last train run that ended well.")


class Retention(Settings):
    """How long what grows with every day is kept; ``null``: for good."""

    reports: int | None = Field(
        default=90, ge=1, description="Days that daily reports are kept; the newest is kept in any case."
    )
    runs: int | None = Field(
        default=90,
        ge=1,
        description="Days that Dagster keeps runs that pulled, reported or tried something, once there are newer ones, "
        "and what the steps of any run have printed.",
    )
    versions: int | None = Field(
        default=100,
        ge=1,
        description="So many of the newest versions of the model are kept, with their train runs in MLflow; and the "
        "champion, those that it can be rolled back to, and those that a branch names in `start_from`.",
    )
    reviews: int | None = Field(
        default=None,
        ge=1,
        description="Days that a batch is kept with its landed file, since the file was taken in with the content that "
        "it has now; then both are removed, and its texts in the warehouses.",
    )


def longest(retentions: Sequence[Retention]) -> Retention:
    """What keeps everything as long as any of them does, such as the reports of all branches."""
    said = {name: [getattr(each, name) for each in retentions] for name in Retention.model_fields}
    return Retention.model_validate(
        {name: None if None in of_each else max(of_each) for name, of_each in said.items() if of_each}
    )
