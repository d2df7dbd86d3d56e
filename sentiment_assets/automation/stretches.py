"""Runs over many batches: which of them one run can have, and what it is asked by."""

from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256

import dagster as dg

from sentiment_assets.resources.dagster_runs import stretch_tags


def stretches(keys: Sequence[str], wanted: Collection[str], most: int) -> list[list[str]]:
    """Cut the wanted batches into stretches of at most ``most`` that lie side by side, as a run of Dagster has them.

    ``keys`` are all batches, in the order in which they were registered.
    """
    found: list[list[str]] = [[]]
    for key in keys:
        if key not in wanted or len(found[-1]) == most:
            found.append([])
        if key in wanted:
            found[-1].append(key)
    return [stretch for stretch in found if stretch]


def requests_for(found: Sequence[Sequence[str]], states: Mapping[str, str], *of_branch: str) -> list[dg.RunRequest]:
    """Ask for a run over each stretch, under a key of its batches, their ``states``, and what is said ``of_branch``.

    Dagster starts no second run of a key: a sensor that says the same again, after a restart, changes nothing.
    """
    return [_run_over(stretch, _run_key([f"{key}|{states[key]}" for key in stretch], of_branch)) for stretch in found]


def _run_key(batches: Sequence[str], of_branch: Sequence[str]) -> str:
    if len(batches) == 1:
        return "|".join([*batches, *of_branch])
    digest = sha256("\n".join(batches).encode()).hexdigest()[:32]
    return "|".join([f"{batches[0]} and {len(batches) - 1} more", digest, *of_branch])


def _run_over(stretch: Sequence[str], run_key: str) -> dg.RunRequest:
    """The request for a run over batches that lie side by side; those of one batch have its key as a partition key."""
    if len(stretch) == 1:
        return dg.RunRequest(run_key=run_key, partition_key=stretch[0])
    return dg.RunRequest(run_key=run_key, tags=stretch_tags(stretch[0], stretch[-1]))
