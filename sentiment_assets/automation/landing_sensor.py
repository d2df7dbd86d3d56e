"""The landing sensor: one ingest run for each file that is new or has changed."""

import time
from collections.abc import Iterable, Iterator

import dagster as dg
from upath import UPath

from sentiment_assets.automation.history import TakenIn, taken_in
from sentiment_assets.automation.jobs import ingest_job_name
from sentiment_assets.ingestion.batch_key import batch_key, path_of_batch
from sentiment_assets.ingestion.landing import (
    SeenFile,
    change_token,
    content_digest_of,
    copies,
    forget_all_but,
    is_landed,
    look_again,
    remember,
    seen_from_text,
    seen_to_text,
    to_read,
    to_take,
)
from sentiment_assets.resources.home import below_home

SECONDS_BETWEEN_LOOKS = 15
MOST_RUNS_A_TICK = 100
_MOST_SECONDS_READING = 20.0
"""Well below the 60 seconds that Dagster gives a sensor."""
_CHUNK = 1 << 20


def landing_sensor(branch: str, batches: dg.DynamicPartitionsDefinition, landing: str) -> dg.SensorDefinition:
    """The sensor ``<branch>_landing``."""

    @dg.sensor(
        name=f"{branch}_landing",
        job_name=ingest_job_name(branch),
        minimum_interval_seconds=SECONDS_BETWEEN_LOOKS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Takes in each file in `{landing}` that is new or has changed, once it has stopped changing.",
    )
    def landing_looks(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        try:
            place = below_home(landing)
            tokens = _list_files(place)
        except Exception as error:  # noqa: BLE001  every file system has errors of its own
            return dg.SkipReason(f"The landing place {landing} cannot be reached: {type(error).__name__}: {error}")
        if tokens is None:
            return dg.SkipReason(f"The landing place {place} is not there: create it, or land a file.")
        known = {path_of_batch(key) for key in batches.get_partition_keys(dynamic_partitions_store=context.instance)}
        seen = forget_all_but(seen_from_text(context.cursor), known)
        untold = [path for path in known if path not in seen or not seen[path].taken]
        told = taken_in(context.instance, branch, [batch_key(path) for path in untold])
        held = {path_of_batch(key): each.digest for key, each in told.items() if each.digest}
        seen = look_again(remember(seen, held), tokens, time.time())
        seen |= _read(place, {path: seen[path] for path in to_read(seen, tokens, time.time())}, context)
        requests, chosen = [], to_take(seen, tokens)[:MOST_RUNS_A_TICK]
        latest = taken_in(context.instance, branch, [batch_key(path) for path in chosen])
        for path in chosen:
            digest, key = seen[path].digest, batch_key(path)
            seen[path] = SeenFile(seen[path].token, seen[path].since, digest, taken=digest)
            holds = latest.get(key, TakenIn())
            if holds.digest != digest or path not in known:  # the history of a batch outlives its partition
                # The same after a restart in the middle of a tick, and another once a run has taken content in.
                requests.append(dg.RunRequest(run_key=f"{key}|{digest}|{holds.event}", partition_key=key))
        for path, other in copies(seen, tokens).items():
            context.log.info(f"{path} holds what {other} was taken in with, so it is not taken in.")
        waiting = len(to_take(seen, tokens)) + sum(not seen[path].digest for path in tokens)
        return dg.SensorResult(
            run_requests=requests,
            dynamic_partitions_requests=_new_partitions(batches, requests, known),
            skip_reason=None if requests else f"{len(tokens)} files in {place}, {waiting} of them not looked at yet.",
            cursor=seen_to_text(seen),
        )

    return landing_looks


def _list_files(place: UPath) -> dict[str, str] | None:
    """Change tokens by path below the landing place; ``None`` if it is not there."""
    place.fs.invalidate_cache()
    root = place.path.rstrip("/")
    if not place.fs.isdir(root):
        return None
    found = {str(path).removeprefix(root).lstrip("/"): info for path, info in place.fs.find(root, detail=True).items()}
    return {path: change_token(info) for path, info in found.items() if is_landed(path)}


def _read(place: UPath, files: dict[str, SeenFile], context: dg.SensorEvaluationContext) -> dict[str, SeenFile]:
    """The same with digests, as far as time allows; a file that cannot be read is tried again at the next look."""
    started, known = time.monotonic(), {}
    for path, file in files.items():
        if time.monotonic() - started > _MOST_SECONDS_READING:
            break
        try:
            digest = content_digest_of(_chunks(place / path))
        except OSError as error:
            context.log.warning(f"{place / path} cannot be read and is tried again: {error}")
            continue
        known[path] = SeenFile(file.token, file.since, digest, file.taken)
    return known


def _chunks(file: UPath) -> Iterator[bytes]:
    with file.open("rb") as opened:
        yield from iter(lambda: opened.read(_CHUNK), b"")


def _new_partitions(
    batches: dg.DynamicPartitionsDefinition, requests: Iterable[dg.RunRequest], known: set[str]
) -> list[dg.AddDynamicPartitionsRequest]:
    keys = [str(each.partition_key) for each in requests]
    new = [key for key in keys if path_of_batch(key) not in known]
    return [batches.build_add_request(new)] if new else []
