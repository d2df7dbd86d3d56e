"""Which landed files are new: decided from what lies there now and what was seen before.

A file is left alone until it has stopped changing. The same content is taken in once, under whatever name it comes; a
file that goes back to former content is taken in again, because its batch holds other content by then.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256

from pydantic import TypeAdapter

SETTLED_AFTER = 10.0
"""Seconds that a file must lie unchanged."""
_UNFINISHED = (".part", ".tmp")


@dataclass(frozen=True)
class SeenFile:
    """What is known about a file; a file that is gone keeps its entry."""

    token: str
    """Changes when the file does."""
    since: float
    """When it was first seen with this token, seconds since 1970."""
    digest: str = ""
    """Of its content under this token; empty while it has not been read."""
    taken: str = ""
    """The digest of the content that was taken in last."""

    def settled(self, now: float) -> bool:
        """Whether it has stopped changing."""
        return now - self.since >= SETTLED_AFTER


Seen = Mapping[str, SeenFile]
"""By path below the landing place."""


def is_landed(path: str) -> bool:
    """False for hidden files, files in hidden folders, and those that a writer marks as unfinished."""
    return not path.lower().endswith(_UNFINISHED) and not any(part.startswith(".") for part in path.split("/"))


def change_token(info: Mapping[str, object]) -> str:
    """What a file system says about a file (size, times, checksums where it has them) in 16 hexadecimal digits."""
    return sha256(repr(sorted(info.items())).encode()).hexdigest()[:16]


def look_again(seen: Seen, tokens: Mapping[str, str], now: float) -> dict[str, SeenFile]:
    """What is known after a look at the landing place; ``tokens`` has those of all files that lie there."""
    changed = {
        path: replace(seen[path], token=token, since=now, digest="") if path in seen else SeenFile(token, now)
        for path, token in tokens.items()
        if path not in seen or seen[path].token != token
    }
    return {**seen, **changed}


def to_read(seen: Seen, tokens: Mapping[str, str], now: float) -> list[str]:
    """Settled files whose content is not known, in the order in which they were first seen."""
    unread = [path for path in tokens if not seen[path].digest and seen[path].settled(now)]
    return sorted(unread, key=lambda path: (seen[path].since, path))


def to_take(seen: Seen, tokens: Mapping[str, str]) -> list[str]:
    """Files whose content is not taken in, neither by themselves nor as another file, each content once."""
    chosen: dict[str, str] = {}
    taken = {each.taken for each in seen.values()}
    for path in sorted(tokens, key=lambda path: (seen[path].since, path)):
        digest = seen[path].digest
        if digest and digest not in taken:
            chosen.setdefault(digest, path)
    return list(chosen.values())


def copies(seen: Seen, tokens: Mapping[str, str]) -> dict[str, str]:
    """Files that hold what another was taken in with, and that other."""
    holders = {each.taken: path for path, each in seen.items() if each.taken}
    return {
        path: holders[seen[path].digest]
        for path in tokens
        if seen[path].digest in holders and seen[path].taken != seen[path].digest
    }


def forget_all_but(seen: Seen, paths: Collection[str]) -> dict[str, SeenFile]:
    """What was taken in counts only for ``paths``: a batch that somebody has deleted may be taken in again."""
    return {path: each if path in paths else replace(each, taken="") for path, each in seen.items()}


def remember(seen: Seen, taken: Mapping[str, str]) -> dict[str, SeenFile]:
    """With what batches hold by another account, digests by path: a cursor was lost, or a run was asked for by hand."""
    told = {path: replace(seen.get(path, SeenFile("", 0.0)), taken=digest) for path, digest in taken.items()}
    return {**seen, **told}


_SEEN: TypeAdapter[dict[str, SeenFile]] = TypeAdapter(dict[str, SeenFile])


def seen_to_text(seen: Seen) -> str:
    """JSON."""
    return _SEEN.dump_json(dict(seen)).decode()


def seen_from_text(text: str | None) -> dict[str, SeenFile]:
    """The inverse of ``seen_to_text``; nothing for ``None``."""
    return _SEEN.validate_json(text) if text else {}


def content_digest_of(chunks: Iterable[bytes]) -> str:
    """SHA-256 of a file's content, 32 hexadecimal digits."""
    digest = sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()[:32]
