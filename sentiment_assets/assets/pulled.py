"""``pulled/<source>``: what is new at a source, landed as a file; the landing sensor takes it in from there."""

from pathlib import Path
from typing import Any

import dagster as dg

from sentiment_assets.assets.event_metadata import ROW_COUNT
from sentiment_assets.resources.home import shown_below_home
from sentiment_assets.resources.urls import shown
from sentiment_assets.sources.pull import Pulled, Source, pull
from sentiment_assets.sources.settings import SourceSettings

NAME = "pulled"
_KINDS = {"sql": "sql", "rest": "api", "files": "file", "python": "python"}
DATA_VERSION = "INITIAL"
"""The same for every pull, since what it lands makes no former batch out of date; by Dagster's word for an asset whose
version nobody knows, it is the same as before the first one too."""
_AGAIN = dg.RetryPolicy(max_retries=4, delay=30, backoff=dg.Backoff.EXPONENTIAL)
"""A vendor that is down is asked again after 30 seconds, 90, 210 and 450; then by the next pull."""


_MOST_NAMED = 20


def pulled_key(branch: str, source: str) -> dg.AssetKey:
    """The key of a source's asset."""
    return dg.AssetKey([branch, NAME, source])


def pulled_asset(branch: str, settings: SourceSettings, landing: str, folder: Path | None) -> dg.AssetsDefinition:
    """The asset ``<branch>/pulled/<source>``; ``folder`` holds the branch's ``defs.yaml``."""
    source = Source(branch=branch, settings=settings, landing=landing, folder=folder)

    @dg.asset(
        name=settings.name,
        key_prefix=[branch, NAME],
        retry_policy=_AGAIN,
        kinds={"dlt", _KINDS[settings.kind]},
        description=(
            f"Pulls what is new at {settings.name} since the last pull into `{shown(landing)}`, as a file of its own; "
            "nothing new, no file. The landing sensor takes it in."
        ),
    )
    def pulled(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        from sentiment_assets.sources.faults import PullFailed

        try:
            found = pull(source)
        except PullFailed as error:
            raise dg.Failure(str(error), allow_retries=error.may_help_later) from None
        if found.without_cursor:
            context.log.warning(
                f"{found.without_cursor:,} rows of {settings.name} have no value in their cursor and are not pulled: "
                "give each one, or name another cursor."
            )
        if found.passed_over:
            context.log.warning(f"Not copied: {'; '.join(found.passed_over[:_MOST_NAMED])}.")
        context.log.info(f"{', '.join(found.files) or 'Nothing'} landed.")
        return dg.MaterializeResult(
            data_version=dg.DataVersion(DATA_VERSION), metadata=_metadata(found, shown_below_home(landing))
        )

    return pulled


def _metadata(found: Pulled, place: str) -> dict[str, Any]:
    return {
        ROW_COUNT: found.rows,
        "landed": [f"{place}/{each}" for each in found.files],
        "files": len(found.files),
        "columns": list(found.columns),
        "cursor": found.cursor or "none",
        "rows_without_cursor": found.without_cursor,
        "passed_over": list(found.passed_over),
        "pull": found.number,
        "seconds": round(found.seconds, 2),
    }
