"""Batches taken in again after a rule was changed, so that rejected rows get another chance."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import dagster as dg

from sentiment_assets.assets.raw_reviews import QUARANTINE
from sentiment_assets.automation.jobs import ingest_job_name
from sentiment_assets.branch import batches_name
from sentiment_assets.launching import run_job
from sentiment_assets.resources.storage import Storage, read_frame


class CannotReplay(ValueError):
    """There is no such branch or batch; the message names those there are."""


@dataclass(frozen=True)
class Replayed:
    """One batch before and after."""

    batch: str
    quarantined_before: int
    quarantined_after: int


def replay(
    instance: dg.DagsterInstance, storage: Storage, branch: str, batches: Sequence[str], dagster_ui: str
) -> Iterator[Replayed]:
    """Ingest those batches again from their landed files; without any, each that has rows in quarantine.

    All rows of a file go through the rules again: what was kept stays as it was, and a batch whose file is gone fails
    and stays as it is. Raises ``CannotReplay``, and ``RunFailed`` when a run does.
    """
    known = instance.get_dynamic_partitions(batches_name(branch))
    unknown = sorted(set(batches) - set(known))
    if unknown or not known:
        wanted = f"no batch {', '.join(unknown)}" if unknown else "no batch yet"
        raise CannotReplay(f"branch {branch!r} has {wanted}; it has: {', '.join(known) or 'none'}")
    for batch in batches or known:
        before = _quarantined(storage, branch, batch)
        if not before and not batches:
            continue
        run_job(instance, ingest_job_name(branch), {"dagster/partition": batch}, dagster_ui)
        yield Replayed(batch, before, _quarantined(storage, branch, batch))


def _quarantined(storage: Storage, branch: str, batch: str) -> int:
    path = storage.frame_path(branch, QUARANTINE, batch)
    return len(read_frame(path)) if path.exists() else 0
