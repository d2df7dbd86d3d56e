"""The landing sensor: ingest runs for the files, or folders of texts, that are new or have changed."""

import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from uuid import uuid4

import dagster as dg
from upath import UPath

from sentiment_assets.automation.batch_history import TakenIn, failed_at, taken_in
from sentiment_assets.automation.jobs import ingest_job_name
from sentiment_assets.automation.run_history import ended_runs_of
from sentiment_assets.automation.stretches import requests_for, stretches
from sentiment_assets.ingestion.batch_key import batch_key, path_of_batch
from sentiment_assets.ingestion.decoding import on_one_line
from sentiment_assets.ingestion.formats import format_of, known_formats
from sentiment_assets.ingestion.landing import (
    FILES_OF_A_PART,
    PART,
    Seen,
    SeenFile,
    asked_for,
    change_token,
    chunks_of,
    copies,
    digest_of_parts,
    forget_gone,
    look_again,
    part_digests,
    part_digests_of_folder,
    seen_from_bytes,
    seen_to_bytes,
    to_read,
    to_take,
    with_outcomes,
)
from sentiment_assets.ingestion.settings import IngestionSettings
from sentiment_assets.ingestion.text_folders import Landed, folders_of_texts
from sentiment_assets.presentation.wording import counted
from sentiment_assets.resources.dagster_runs import partitions_of, runs_under_way
from sentiment_assets.resources.home import below_home, shown_below_home
from sentiment_assets.resources.landing_place import Found, look_into, open_landed, read_texts
from sentiment_assets.resources.storage import Storage
from sentiment_assets.resources.urls import shown, without_secrets
from sentiment_assets.resources.written_files import write_atomically

SECONDS_BETWEEN_LOOKS = 15
MOST_RUNS_A_TICK = 100
STATE = "landing"
"""The folder of a branch's data in which lies what its looks remember."""
_MOST_SECONDS_READING = 20.0
"""Well below the 60 seconds that Dagster gives a sensor."""
MOST_NAMED = 5


def landing_sensor(
    branch: str,
    batch_partitions: dg.DynamicPartitionsDefinition,
    landing: str,
    rules: str,
    *,
    settings: IngestionSettings,
    files_per_run: int,
) -> dg.SensorDefinition:
    """The sensor ``<branch>_landing``; ``rules`` is the version of what turns a file into a batch, by ``settings``.

    New files are registered together, so that they lie side by side, and one run takes in up to ``files_per_run``.
    """

    @dg.sensor(
        name=f"{branch}_landing",
        job_name=ingest_job_name(branch),
        minimum_interval_seconds=SECONDS_BETWEEN_LOOKS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=(
            f"Takes in each file or folder of texts in `{shown(landing)}` that is new or changed, once it has stopped "
            "changing."
        ),
    )
    def landing_looks(context: dg.SensorEvaluationContext, storage: Storage) -> dg.SensorResult | dg.SkipReason:
        try:
            place = below_home(landing)
            shown_place, found = shown_below_home(landing), look_into(place)
        except Exception as error:  # noqa: BLE001  every file system has errors of its own
            reason = f"{type(error).__name__}: {without_secrets(error, landing)}"
            again = f"it is looked at again in {SECONDS_BETWEEN_LOOKS} seconds"
            return dg.SkipReason(f"The landing place {shown(landing)} cannot be reached, and {again}: {reason}")
        if found is None:
            fault = "is no folder" if place.exists() else "is not there"
            return dg.SkipReason(f"The landing place {shown_place} {fault}: create it, or land a file.")
        landed = folders_of_texts(found.tokens, settings)
        if odd := _odd({**found.odd, **landed.odd}):
            context.log.warning(odd)
        tokens = {path: found.tokens[path] for path in landed.files if format_of(path)[0]}
        tokens |= _tokens_of_folders(landed, found)
        keys = batch_partitions.get_partition_keys(dynamic_partitions_store=context.instance)
        known = {path_of_batch(key): key for key in keys}  # somebody may have spelled a key in another way
        folder = storage.path(branch, STATE)
        before = _recalled(folder, context.cursor)
        seen = forget_gone(before, known, tokens)
        under_way = _under_way(context.instance, branch, keys)
        seen = _with_outcomes(context.instance, branch, seen=seen, registered=known, under_way=under_way)
        seen = look_again(seen, tokens, time.time())
        to_be_read = {path: seen[path] for path in to_read(seen, tokens, time.time())}
        read, unreadable = _read(place, to_be_read, landed.folders)
        for path, why in unreadable.items():
            reason = without_secrets(why, landing)
            context.log.warning(f"{shown_place}/{path} cannot be read and is tried again: {reason}")
        seen |= read
        states: dict[str, str] = {}
        wanted = {
            known.get(path, batch_key(path)): path for path in to_take(seen, tokens, rules) if path not in under_way
        }
        latest = taken_in(context.instance, branch, list(wanted))
        for key, path in wanted.items():
            digest, holds = seen[path].digest, latest.get(key, TakenIn())
            if holds.digest == digest and path in known:  # the history of a batch outlives its partition
                seen[path] = replace(seen[path], taken=digest, outcome="held")
            else:
                states[key] = f"{digest}|{holds.event}"
        new = [key for key in states if wanted[key] not in known]
        alone = [[key] for key in states if seen[wanted[key]].alone]
        others = {key for key in states if not seen[wanted[key]].alone}
        together = [*stretches([*keys, *new], others, files_per_run), *alone][:MOST_RUNS_A_TICK]
        asked = {key for stretch in together for key in stretch}
        added = [key for key in new if key in asked]
        seen |= {wanted[key]: asked_for(seen[wanted[key]], rules, time.time()) for key in asked}
        # The same after a restart in the middle of a tick, and another once a run has ended, well or not.
        ended = ended_runs_of(context.instance, ingest_job_name(branch))
        requests = requests_for(together, states, ended)
        for path, other in copies(seen, tokens).items():
            if path in read:
                context.log.info(f"{path} holds what {other} was taken in with, so it is not taken in.")
        waiting = len(to_take(seen, tokens, rules)) + sum(not seen[path].digest for path in tokens)
        foreign = _foreign(sorted({*landed.files} - tokens.keys()))
        if foreign and requests:
            context.log.info(foreign)
        looked = f"{counted(len(tokens), 'file')} in {shown_place}, {waiting} of them not looked at yet."
        return dg.SensorResult(
            run_requests=requests,
            dynamic_partitions_requests=[batch_partitions.build_add_request(added)] if added else [],
            skip_reason=None if requests else " ".join(filter(None, [looked, foreign, odd])),
            cursor=_remembered(folder, context.cursor, before, seen),
        )

    return landing_looks


def _foreign(paths: Sequence[str]) -> str:
    """Say once per tick which files are no review files and are left alone."""
    if not paths:
        return ""
    return (
        f"Left alone: {_first_of(map(on_one_line, paths), ', ')}. A review file's name ends in one of "
        f"{known_formats()}; rename these or take them away."
    )


def _odd(faults: Mapping[str, str]) -> str:
    """Say once per tick what cannot be taken in though it lies there, each with what is the matter."""
    if not faults:
        return ""
    told = _first_of((f"{on_one_line(path)} {fault}" for path, fault in sorted(faults.items())), "; ")
    return (
        f"Not taken in: {told}. Reviews are read from regular files below the landing place that have a name in UTF-8: "
        "land such a file, or take these away."
    )


def _first_of(told: Iterable[str], separator: str) -> str:
    every = list(told)
    more = f" and {len(every) - MOST_NAMED} more" if len(every) > MOST_NAMED else ""
    return separator.join(every[:MOST_NAMED]) + more


def _under_way(instance: dg.DagsterInstance, branch: str, keys: Sequence[str]) -> set[str]:
    """Paths of the batches that a run is taking in now."""
    runs = (run for run in runs_under_way(instance) if run.job_name == ingest_job_name(branch))
    return {path_of_batch(key) for run in runs for key in partitions_of(run, keys)}


def _with_outcomes(
    instance: dg.DagsterInstance,
    branch: str,
    *,
    seen: dict[str, SeenFile],
    registered: Mapping[str, str],
    under_way: set[str],
) -> dict[str, SeenFile]:
    """Add what Dagster's history says of batches whose outcome is not known yet; runs are asked before it.

    ``registered`` has the key of each batch by its path.
    """
    asked = [path for path in registered if path not in seen or seen[path].outcome != "held"]
    batches = taken_in(instance, branch, [registered[path] for path in asked])
    held = {path_of_batch(key): each.digest for key, each in batches.items() if each.digest}
    open_ = [path for path in asked if path in seen and seen[path].taken and seen[path].outcome != "failed"]
    not_held = [path for path in open_ if held.get(path) != seen[path].taken and path not in under_way]
    failed = failed_at(instance, branch, [registered[path] for path in not_held], for_good=True)
    by_path = {path_of_batch(key): moment for key, moment in failed.items()}
    return with_outcomes(seen, asked, held, under_way=under_way, failed=by_path)


def _tokens_of_folders(landed: Landed, found: Found) -> dict[str, str]:
    """The change token of each folder of texts, which changes with any of them.

    A folder of which something is out of sight would be taken in by halves.
    """
    hidden = {folder for folder in landed.folders for path in found.out_of_sight if path.startswith(f"{folder}/")}
    return {
        folder: change_token({path: found.tokens[path] for path in texts})
        for folder, texts in landed.folders.items()
        if folder not in hidden
    }


def _read(
    place: UPath, files: Mapping[str, SeenFile], folders: Mapping[str, Sequence[str]]
) -> tuple[dict[str, SeenFile], dict[str, Exception]]:
    """The same with digests, as far as time allows, and why others could not be read: they are tried again, later."""
    until, known, unreadable = time.monotonic() + _MOST_SECONDS_READING, {}, {}
    for path, file in files.items():
        if time.monotonic() > until:
            break
        try:
            with closing(_digests(place, path, folders.get(path, ()), len(file.parts))) as digests:
                known[path] = _read_on(digests, file, until)
        except Exception as error:  # noqa: BLE001  every file system has errors of its own
            unreadable[path] = error
            # Or one whose reading takes all the time there is, and fails, would keep the others from being read.
            known[path] = replace(file, since=time.time())
    return known, unreadable


def _read_on(digests: Iterator[str], file: SeenFile, until: float) -> SeenFile:
    """What is known of a file, or a folder, once its next parts have been read; a large one takes several looks."""
    parts, late = list(file.parts), False
    for part in digests:
        parts.append(part)
        if late:
            return replace(file, parts=tuple(parts))
        late = time.monotonic() > until
    return replace(file, digest=digest_of_parts(parts), parts=())


def _digests(place: UPath, path: str, texts: Sequence[str], known: int) -> Generator[str, None, None]:
    """The digests of a file's parts, or a folder's, but of those that are known: reading goes on where it stopped."""
    if texts:
        inside = sorted(each.removeprefix(f"{path}/") for each in texts)
        yield from part_digests_of_folder(read_texts(place, path, inside[known * FILES_OF_A_PART :]))
        return
    with open_landed(place, path) as opened:
        opened.seek(known * PART)
        yield from part_digests(chunks_of(opened))


def _recalled(folder: UPath, cursor: str | None) -> Seen:
    """What the last look that Dagster has noted remembered; nothing if that was lost: history then says it again."""
    if not cursor or not cursor.isalnum():  # former releases kept all of it in the cursor
        return {}
    file = folder / f"{cursor}.json"
    return seen_from_bytes(file.read_bytes()) if file.exists() else {}


def _remembered(folder: UPath, cursor: str | None, before: Seen, now: Seen) -> str:
    """Write what is to be remembered, if it has changed; returns the cursor that leads to it.

    The file of the former look stays until the next change: it counts if Dagster does not come to note this one.
    """
    if cursor and now == before:
        return cursor
    name = uuid4().hex
    write_atomically(folder / f"{name}.json", seen_to_bytes(now))
    for file in folder.iterdir():
        if file.name not in (f"{name}.json", f"{cursor}.json"):
            file.unlink(missing_ok=True)
    return name
