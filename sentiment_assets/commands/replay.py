"""Batches taken in again after a rule was changed, so that what was rejected gets another chance."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import dagster as dg

from sentiment_assets.assets import raw_reviews, scored_reviews
from sentiment_assets.assets.stored_batch import read_stored_batch
from sentiment_assets.automation.jobs import ingest_job_name
from sentiment_assets.branch.definitions import batch_partitions_name
from sentiment_assets.commands.launching import RunFailed, run_job
from sentiment_assets.definitions import resources
from sentiment_assets.presentation.wording import counted
from sentiment_assets.resources.dagster_runs import stretch_tags
from sentiment_assets.resources.mlflow_settings import require_mlflow, tracking_uri
from sentiment_assets.resources.storage import Storage
from sentiment_assets.resources.ui_addresses import dagster_ui


class CannotReplay(ValueError):
    """There is no such branch or batch; the message names those there are."""


@dataclass(frozen=True)
class Rows:
    """What is stored of a batch."""

    kept: int = 0
    labelled: int = 0
    quarantined: int = 0


@dataclass(frozen=True)
class Replayed:
    """One batch before and after."""

    batch: str
    before: Rows
    after: Rows
    failed: str = ""
    """What the run said, if it failed; the batch is then as it was."""

    @property
    def sentence(self) -> str:
        """What came of it, for people."""
        if self.failed:
            return f"{self.batch}: {self.failed}"
        before, after = self.before, self.after
        return (
            f"{self.batch}: {counted(max(before.quarantined - after.quarantined, 0), 'row')} left quarantine, "
            f"{after.quarantined:,} still in it; {counted(after.kept, 'review')} ({before.kept:,} before), "
            f"{after.labelled:,} with a label ({before.labelled:,} before)"
        )


def replay(instance: dg.DagsterInstance, branch: str, batch_keys: Sequence[str]) -> Iterator[Replayed]:
    """Ingest those batches again from their landed files; one that fails stays as it is, and the next one follows.

    Without any, each that has rows in quarantine, whose last run failed, or that has no label. All rows of a file go
    through the rules again. Raises ``CannotReplay``, and ``MlflowAway``, since what is taken in is scored too.
    """
    require_mlflow(tracking_uri())
    storage = resources()["storage"]
    known = instance.get_dynamic_partitions(batch_partitions_name(branch))
    unknown = sorted(set(batch_keys) - set(known))
    if unknown or not known:
        wanted = f"no batch {', '.join(unknown)}" if unknown else "no batch yet"
        raise CannotReplay(f"branch {branch!r} has {wanted}; it has: {', '.join(known) or 'none'}")
    failed = _failed(instance, branch)
    for batch in batch_keys or known:
        before = _rows(storage, branch, batch)
        worth_it = batch in failed or before.quarantined > 0 or before.labelled == 0
        if not batch_keys and not worth_it:
            continue
        try:
            run_job(instance, ingest_job_name(branch), stretch_tags(batch, batch), dagster_ui())
        except RunFailed as error:
            yield Replayed(batch, before, before, str(error))
        else:
            yield Replayed(batch, before, _rows(storage, branch, batch))


def _failed(instance: dg.DagsterInstance, branch: str) -> set[str]:
    """The batches that their last run did not take in, or score."""
    partitions = dg.DynamicPartitionsDefinition(name=batch_partitions_name(branch))
    keys = partitions.get_partition_keys(dynamic_partitions_store=instance)
    found = (
        instance.get_status_by_partition(dg.AssetKey([branch, asset]), keys, partitions) or {}
        for asset in (raw_reviews.NAME, scored_reviews.NAME)
    )
    return {key for status in found for key, each in status.items() if each and each.value == "FAILED"}


def _rows(storage: Storage, branch: str, batch: str) -> Rows:
    try:
        stored = read_stored_batch(storage, branch, batch)
    except FileNotFoundError:
        return Rows()
    return Rows(len(stored.reviews), int(stored.reviews["label"].notna().sum()), len(stored.quarantine))
