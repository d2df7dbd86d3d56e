"""Which landed files are to be taken in: decided from what lies there now, what was seen before, and what came of it.

A folder of texts is one of them, by its own path: it changes when any text in it does.
A file is left alone until it has stopped changing. The same content is taken in once, under whatever name it comes; a
file that goes back to former content is taken in again, because its batch holds other content by then. A file whose run
failed is tried again when it is landed again, under this name or another, and when the rules have changed.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from itertools import islice
from typing import BinaryIO, Literal

from pydantic import TypeAdapter

from sentiment_assets.ingestion.open_file import Content, stream_of

SETTLED_AFTER = 10.0
"""Seconds that a file must lie unchanged."""
PART = 1 << 24
_BYTES_AT_ONCE = 1 << 20
"""Bytes of a file that are read in one go: a larger file is read in parts, over several looks if need be."""
FILES_OF_A_PART = 200
"""Files of a folder that are read in one go: over a network, each may take a tenth of a second."""
_UNFINISHED = (".part", ".tmp")

Outcome = Literal["", "held", "failed"]
"""Whether a batch holds what it was asked to take in; empty while that is not known."""


@dataclass(frozen=True)
class SeenFile:
    """What is known about a file; a file that is gone keeps its entry while its batch is there."""

    token: str
    """Changes when the file does."""
    since: float
    """When it was first seen with this token, seconds since 1970."""
    digest: str = ""
    """The digest of its content under this token; empty while it has not been read."""
    taken: str = ""
    """The digest of the content that a run was asked for last."""
    outcome: Outcome = ""
    """What came of that."""
    taken_as: str = ""
    """The file's token and the rules when it was asked for: if either is another now, a failed one is tried again."""
    asked_at: float = 0.0
    """When a run was asked for last, seconds since 1970."""
    alone: bool = False
    """Whether it is to have a run of its own, because one that had others too ended without a word about it."""
    parts: tuple[str, ...] = ()
    """Digests of the parts of its content that were read so far, while it has not been read to its end."""

    def settled(self, now: float) -> bool:
        """Whether it has stopped changing; after a clock was set back, it may have been seen in the future."""
        return abs(now - self.since) >= SETTLED_AFTER


_NEVER_SEEN = SeenFile("", 0.0)
Seen = Mapping[str, SeenFile]
"""What is known about each file, by its path below the landing place."""


def is_landed(path: str) -> bool:
    """False for hidden files, files in hidden folders, and those that a writer marks as unfinished."""
    return not path.lower().endswith(_UNFINISHED) and not any(part.startswith(".") for part in path.split("/"))


def change_token(info: Mapping[str, object]) -> str:
    """What a file system says about a file (size, times, checksums where it has them) in 16 hexadecimal digits."""
    return sha256(repr(sorted(info.items())).encode()).hexdigest()[:16]


def look_again(seen: Seen, tokens: Mapping[str, str], now: float) -> dict[str, SeenFile]:
    """What is known after a look at the landing place; ``tokens`` has those of all files that lie there.

    A file that has changed is read again.
    """
    changed = {
        path: replace(seen[path], token=token, since=now, digest="", parts=(), alone=False)
        if path in seen
        else SeenFile(token, now)
        for path, token in tokens.items()
        if path not in seen or seen[path].token != token
    }
    return {**seen, **changed}


def to_read(seen: Seen, tokens: Mapping[str, str], now: float) -> list[str]:
    """Settled files whose content is not known, in the order in which they were first seen."""
    unread = [path for path in tokens if not seen[path].digest and seen[path].settled(now)]
    return sorted(unread, key=lambda path: (seen[path].since, path))


def to_take(seen: Seen, tokens: Mapping[str, str], rules: str) -> list[str]:
    """Files whose content is not taken in, neither by themselves nor as another file, each content once.

    A file whose run failed keeps no other file with the same content from being tried. It is tried again itself when it
    was landed again, or ``rules``, the version of what turns a file into a batch, have changed since it was asked for.
    """
    chosen: dict[str, str] = {}
    taken = {each.taken for each in seen.values() if each.outcome != "failed"}
    for path in sorted(tokens, key=lambda path: (seen[path].since, path)):
        file = seen[path]
        as_before = file.taken == file.digest and file.taken_as == _as(file, rules)
        if file.digest and file.digest not in taken and not as_before:
            chosen.setdefault(file.digest, path)
    return list(chosen.values())


def asked_for(file: SeenFile, rules: str, now: float) -> SeenFile:
    """The file once a run has been asked to take in what it holds."""
    return replace(file, taken=file.digest, outcome="", taken_as=_as(file, rules), asked_at=now)


def _as(file: SeenFile, rules: str) -> str:
    return f"{file.token} {rules}"


def copies(seen: Seen, tokens: Mapping[str, str]) -> dict[str, str]:
    """Files that hold what another was taken in with, and that other."""
    holders = {each.taken: path for path, each in seen.items() if each.taken and each.outcome != "failed"}
    return {
        path: holders[seen[path].digest]
        for path in tokens
        if seen[path].digest in holders and seen[path].taken != seen[path].digest
    }


def forget_gone(seen: Seen, batches: Collection[str], tokens: Mapping[str, str]) -> dict[str, SeenFile]:
    """What is known of files that lie there or whose batch does.

    What was taken in counts only for ``batches``: one that somebody has deleted may be taken in again.
    """
    return {
        path: each if path in batches else replace(each, taken="", outcome="", taken_as="")
        for path, each in seen.items()
        if path in batches or path in tokens
    }


def with_outcomes(
    seen: Seen,
    asked: Iterable[str],
    held: Mapping[str, str],
    *,
    under_way: Collection[str],
    failed: Mapping[str, float],
) -> dict[str, SeenFile]:
    """What is known once history was asked about some batches.

    ``held`` has the digests of what batches hold, by path; ``under_way`` are those that a run is taking in now. A batch
    that nothing was asked for by these looks counts too: its file was ingested by hand, or what was seen was lost.
    ``failed`` says when a run told last of a batch that it failed for good. A run may end without a word about some of
    its batches, because it was killed for example, or say that a reason may pass by itself: each of these is to be
    tried once more, alone.
    """
    outcomes = {}
    for path in asked:
        file, holds = seen.get(path, _NEVER_SEEN), held.get(path)
        if holds and file.taken in ("", holds):
            outcomes[path] = replace(file, taken=holds, outcome="held")
        elif file.taken and path not in under_way and file.outcome != "failed":
            if file.alone or failed.get(path, -1.0) >= file.asked_at:
                outcomes[path] = replace(file, outcome="failed")
            else:
                outcomes[path] = replace(file, taken="", outcome="", taken_as="", alone=True)
    return {**seen, **outcomes}


_SEEN: TypeAdapter[dict[str, SeenFile]] = TypeAdapter(dict[str, SeenFile])


def seen_to_bytes(seen: Seen) -> bytes:
    """JSON."""
    return _SEEN.dump_json(dict(seen))


def seen_from_bytes(content: bytes) -> dict[str, SeenFile]:
    """The inverse of ``seen_to_bytes``."""
    return _SEEN.validate_json(content)


def part_digests(chunks: Iterable[bytes]) -> Iterator[str]:
    """SHA-256 of each ``PART`` of a content that comes in chunks of any size; 32 hexadecimal digits."""
    digest, size = sha256(), 0
    for chunk in chunks:
        rest = memoryview(chunk)
        while len(rest):
            now, rest = rest[: PART - size], rest[PART - size :]
            digest.update(now)
            size += len(now)
            if size == PART:
                yield digest.hexdigest()[:32]
                digest, size = sha256(), 0
    if size:
        yield digest.hexdigest()[:32]


def chunks_of(stream: BinaryIO) -> Iterator[bytes]:
    """What is left of a stream, a megabyte at a time."""
    return iter(partial(stream.read, _BYTES_AT_ONCE), b"")


def part_digests_of_folder(files: Iterable[tuple[str, bytes]]) -> Iterator[str]:
    """The digest of each ``FILES_OF_A_PART`` of a folder's files, by their paths in it, sorted, and their contents."""
    remaining = iter(files)
    while part := list(islice(remaining, FILES_OF_A_PART)):
        digest = sha256()
        for path, content in part:
            # Lengths first, or what ends one name or content might begin the next.
            digest.update(f"{len(path.encode())} {len(content)} {path}".encode() + content)
        yield digest.hexdigest()[:32]


def folder_digest(files: Mapping[str, bytes]) -> str:
    """The digest of a folder's files, whatever it is called itself."""
    return digest_of_parts(list(part_digests_of_folder(sorted(files.items()))))


def digest_of_parts(parts: Sequence[str]) -> str:
    """The digest of a content by those of its parts; that of its only part, if it has one."""
    return parts[0] if len(parts) == 1 else sha256("".join(parts).encode()).hexdigest()[:32]


def file_digest(content: Content) -> str:
    """The digest of a content in 32 hexadecimal digits, the same as by its parts."""
    with stream_of(content) as stream:
        return stream_digest(stream)


def stream_digest(stream: BinaryIO) -> str:
    """The same of a file that lies open."""
    return digest_of_parts(list(part_digests(chunks_of(stream))))
