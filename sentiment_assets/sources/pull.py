"""A pull: what is new since the last one becomes one Parquet file in the landing place, or the vendor's own files."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from upath import UPath

from sentiment_assets.resources.home import below_home
from sentiment_assets.sources.faults import explained
from sentiment_assets.sources.pull_log import PullLog
from sentiment_assets.sources.settings import SourceSettings

if TYPE_CHECKING:
    from dlt.sources import DltResource

_PAGES = "sentiment-assets-pull-"
_ABANDONED = 86_400.0
"""Seconds after which the pages of a killed process are removed."""
FOLDER = "pulled"
"""Below the home: the log of every source."""


@dataclass(frozen=True, kw_only=True)
class Pulled:
    """What a pull has brought."""

    rows: int = 0
    """None are counted of files that are copied as they are."""
    files: Sequence[str] = ()
    """What has landed, as paths below the landing place; nothing if there was nothing new."""
    columns: Sequence[str] = ()
    cursor: str = ""
    """Where the source is read on next time, as people are shown it."""
    without_cursor: int = 0
    """Rows that are not pulled because their cursor is empty."""
    passed_over: Sequence[str] = ()
    """Files that are not copied, and why."""
    number: int = 0
    """Which pull of its source was the last that counts."""
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Source:
    """A source of a branch, where its files land, and where its YAML file lies."""

    branch: str
    settings: SourceSettings
    landing: str
    folder: Path | None = None

    @property
    def state_folder(self) -> UPath:
        """Where the log of its pulls lies."""
        return below_home(FOLDER) / self.branch / self.settings.name

    @property
    def log(self) -> PullLog:
        """The log of its pulls."""
        return PullLog(self.state_folder, below_home(self.landing), self.settings.name)


def pull(source: Source) -> Pulled:
    """Land what is new. Raises ``PullFailed``, which says whether another try may help, and holds no secret."""
    started = time.monotonic()
    try:
        found = _pull_files(source) if source.settings.files else _pull_rows(source)
        return replace(found, seconds=time.monotonic() - started)
    except Exception as error:  # noqa: BLE001  drivers, servers and file systems have errors of their own
        failed = explained(error, source.branch, source.settings, source.landing)
    raise failed  # here it brings nothing along of what it was made from, which may quote a secret


def _pull_files(source: Source) -> Pulled:
    from sentiment_assets.sources.files import pull_files

    assert source.settings.files  # noqa: S101
    files, passed_over, number = pull_files(source.settings.name, source.settings.files, source.log)
    return Pulled(files=files, passed_over=passed_over, number=number)


def _pull_rows(source: Source) -> Pulled:
    from sentiment_assets.sources.columns import KeptRows
    from sentiment_assets.sources.session import cursor_of, has_read_on, quiet_dlt, read_all

    log = source.log
    before = log.last()
    _remove_abandoned()
    with tempfile.TemporaryDirectory(prefix=_PAGES) as folder, quiet_dlt(), _opened(source) as (resource, missing):
        pages = KeptRows(Path(folder))
        state = read_all(resource, before.state, pages)
        files = {}
        if pages.rows:
            name = f"{source.settings.name}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{before.number + 1}.parquet"
            with log.put_aside(name) as (aside, stream):
                pages.write(stream)
            files = {name: aside}
        last = log.count(before, state, files) if files or has_read_on(before.state, state) else before
        return Pulled(
            rows=pages.rows,
            files=list(files),
            columns=pages.columns if files else [],
            cursor=cursor_of(state),
            without_cursor=missing(),
            number=last.number,
        )


def _remove_abandoned() -> None:
    """Remove what killed pulls of this account have left on this host's disk: it holds reviews."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PAGES}*"):
        with suppress(FileNotFoundError):
            status = left.stat()
            if status.st_uid == os.geteuid() and time.time() - status.st_mtime > _ABANDONED:
                shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _opened(source: Source) -> "Iterator[tuple[DltResource, Callable[[], int]]]":
    """The resource of a source that has rows, and what counts the rows that have no cursor."""
    settings = source.settings
    if settings.sql is not None:
        from sentiment_assets.sources.sql import opened, sql_resource, without_cursor

        sql = settings.sql
        with opened(sql) as engine:
            yield sql_resource(settings.name, sql, engine), lambda: without_cursor(sql, engine)
    elif settings.rest is not None:
        from sentiment_assets.sources.rest import rest_resource

        yield rest_resource(settings.name, settings.rest)
    else:
        from sentiment_assets.sources.own import own_resource

        yield own_resource(str(settings.python), source.folder or Path()), lambda: 0
