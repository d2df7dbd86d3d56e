"""Landed files, and folders of texts, are removed once their batch has to go, and nothing that was landed since is."""

import os
import re
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path

from upath import UPath

from sentiment_assets.ingestion.formats import format_of
from sentiment_assets.ingestion.landing import change_token, folder_digest, stream_digest
from sentiment_assets.ingestion.settings import IngestionSettings
from sentiment_assets.ingestion.text_folders import folders_of_texts
from sentiment_assets.resources.home import is_local
from sentiment_assets.resources.landing_place import look_into, open_landed, read_folder

_ASIDE = re.compile(r"\.[0-9a-f]{32}\.expired")


def landed_digest(place: UPath, path: str) -> str | None:
    """The digest of what lies at a path below the landing place, as ``raw_reviews`` tells it; ``None``: nothing does.

    Raises as ``open_landed``.
    """
    if folder := read_folder(place, path):
        return folder_digest(folder.texts)
    try:
        with open_landed(place, path) as opened:
            return stream_digest(opened)
    except FileNotFoundError:
        return None


def copies_of(
    place: UPath, digests: Collection[str], known: Collection[str], settings: IngestionSettings
) -> tuple[Mapping[str, str], Mapping[str, Exception]]:
    """The digest of each landed file that has one of these; ``known`` are not looked at, since they stay as batches.

    The landing sensor passes copies over as long as the batch is there that has their content. Also returns why others
    could not be read. Raises ``NotADirectoryError`` if the place is not there, such as a disk that is not mounted.
    """
    found = look_into(place)
    if found is None and is_local(place):  # an object store has no folders, so an empty one is not there either
        raise NotADirectoryError("it is not there")
    if found is None:
        return {}, {}
    landed = folders_of_texts(found.tokens, settings)
    copies: dict[str, str] = {}
    unread: dict[str, Exception] = {}
    for path in sorted({*(path for path in landed.files if format_of(path)[0]), *landed.folders} - {*known}):
        try:
            digest = landed_digest(place, path)
        except Exception as error:  # noqa: BLE001  every file system has errors of its own
            unread[path] = error
            continue
        if digest is not None and digest in digests:
            copies[path] = digest
    return copies, unread


def remove_landed(place: UPath, path: str, digest: str) -> bool:
    """Remove what lies at a path below the landing place if it has this digest; returns whether it did.

    What was landed there since stays. Raises what the file system does, and ``NotAReviewFile``.
    """
    aside, before = Path(place.path) / f".{digest}.expired" if is_local(place) else None, _state_of(place, path)
    if landed_digest(place, path) != digest:
        return _removes_link_to_nothing(place, path)
    if folder := read_folder(place, path):
        if aside and _holds_nothing_else(Path(place.path) / path, folder.texts):
            # All at once, or the landing sensor might take in what is left if this is stopped.
            (Path(place.path) / path).rename(aside)
            shutil.rmtree(aside)
        else:
            for each in folder.texts:
                _remove_file(place, f"{path}/{each}")
    elif _state_of(place, path) != before:  # to read a large file takes a while
        return False
    else:
        _remove_file(place, path)
    return True


def _state_of(place: UPath, path: str) -> str:
    """What changes with a landed file; empty if nothing is there, or a link that leads to nothing."""
    place.fs.invalidate_cache()
    file = os.path.realpath(Path(place.path) / path) if is_local(place) else place.joinpath(path).path
    return change_token(place.fs.info(file)) if place.fs.exists(file) else ""


def remove_half_removed(place: UPath) -> None:
    """Remove what is left of folders whose removal was stopped; each lies aside, where no sensor looks."""
    folders = Path(place.path).glob(".*.expired") if is_local(place) else ()
    for each in folders:
        if _ASIDE.fullmatch(each.name):
            shutil.rmtree(each)


def _removes_link_to_nothing(place: UPath, path: str) -> bool:
    """Remove a link whose file has gone as a copy of it; returns whether it was one."""
    link = Path(place.path) / path
    if is_local(place) and link.is_symlink() and not link.exists():
        link.unlink()
        return True
    return False


def _holds_nothing_else(folder: Path, texts: Collection[str]) -> bool:
    return {str(each.relative_to(folder)) for each in folder.rglob("*") if not each.is_dir()} == {*texts}


def _remove_file(place: UPath, path: str) -> None:
    if not is_local(place):
        place.fs.rm_file(place.joinpath(path).path)
        return
    file = Path(place.path) / path
    for each in (Path(os.path.realpath(file)), file):  # what a link leads to lies in the landing place, too
        each.unlink(missing_ok=True)
