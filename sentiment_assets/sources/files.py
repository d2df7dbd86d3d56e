"""Files of a vendor's folder or bucket, copied as they are: each one that is new or has changed since it was copied.

What a file system says of a file tells whether it has changed, not how its time compares with others: no file is passed
over because another has the same time.
"""

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress

from upath import UPath

from sentiment_assets.ingestion.decoding import on_one_line
from sentiment_assets.ingestion.formats import format_of
from sentiment_assets.resources.home import below_home
from sentiment_assets.resources.landing_place import look_into, open_landed
from sentiment_assets.resources.urls import shown
from sentiment_assets.sources.pull_log import PullLog, copy_stream
from sentiment_assets.sources.settings import FilesSource, UnfitSource

_FILES_AT_ONCE = 500
"""Files that count together: of a pull that dies, no more than these are copied again."""


def pull_files(name: str, settings: FilesSource, log: PullLog) -> tuple[Sequence[str], Sequence[str], int]:
    """Land what is new or changed, as ``<name>/<the vendor's path>``.

    Returns the paths below the landing place, what was passed over and why, and the number of the last pull. Raises
    ``UnfitSource`` and what file systems do.
    """
    vendor = below_home(settings.url)
    if _holds(vendor, log.place):
        raise UnfitSource(
            "`files: url` holds the landing place itself, so that each pull would copy what the last one has: name a "
            "folder that does not"
        )
    last = log.last()
    known: dict[str, str] = json.loads(last.state) if last.state else {}
    tokens, passed_over = _look(vendor, settings.pattern)
    known = {path: token for path, token in known.items() if path in tokens}
    waiting = [path for path, token in sorted(tokens.items()) if known.get(path) != token]
    landed = []
    for start in range(0, len(waiting), _FILES_AT_ONCE):
        copied = _copy(name, vendor, waiting[start : start + _FILES_AT_ONCE], log)
        now, _ = _look(vendor, settings.pattern)
        whole = {path: aside for path, aside in copied.items() if now.get(path) == tokens[path]}
        passed_over += [f"{path} has changed while it was copied" for path in copied if path not in whole]
        if whole:
            known |= {path: tokens[path] for path in whole}
            last = log.count(last, json.dumps(known), {f"{name}/{path}": aside for path, aside in whole.items()})
            landed += [f"{name}/{path}" for path in whole]
    return landed, passed_over, last.number


def _holds(folder: UPath, place: UPath) -> bool:
    outer, inner = (f"{each.path.rstrip('/')}/" for each in (folder, place))
    return folder.protocol == place.protocol and inner.startswith(outer)


def _copy(name: str, vendor: UPath, paths: Sequence[str], log: PullLog) -> Mapping[str, str]:
    """Put files aside; where each of them lies. One that is gone by now is left out."""
    copied = {}
    for path in paths:
        with suppress(FileNotFoundError), open_landed(vendor, path) as file:
            with log.put_aside(f"{name}/{path}") as (aside, stream):
                copy_stream(file, stream)
            copied[path] = aside
    return copied


def _look(vendor: UPath, pattern: str) -> tuple[dict[str, str], list[str]]:
    """What a file system says of each file that is asked for, by its path, and what cannot be copied and why."""
    from fsspec.utils import glob_translate  # type: ignore[import-untyped]

    found = look_into(vendor)
    if found is None:
        raise FileNotFoundError(f"there is no folder {shown(vendor)}")
    is_asked_for = re.compile(glob_translate(pattern)).match
    tokens = {path: token for path, token in found.tokens.items() if is_asked_for(path)}
    odd = [f"{on_one_line(path)} {fault}" for path, fault in sorted(found.odd.items()) if is_asked_for(path)]
    foreign = sorted(path for path in tokens if not format_of(path)[0])
    odd += [f"{on_one_line(path)} has no name of a review file" for path in foreign]
    return {path: tokens[path] for path in tokens.keys() - foreign}, odd
