"""A landed file's partition key: its path below the landing place, spelled so that Dagster accepts it."""

import re
from urllib.parse import quote, unquote

_PLAIN = " /_-=+@()"


def batch_key(relative_path: str) -> str:
    """A readable key without commas, control characters or ``...``, which Dagster mishandles.

    Letters of any script stay as they are; anything else unusual is percent-encoded.
    """
    readable = "".join(
        character if character.isalnum() or character in _PLAIN + "." else quote(character)
        for character in relative_path
    )
    return readable.replace("..", "%2E%2E")


def path_of_batch(key: str) -> str:
    """The inverse of ``batch_key``."""
    return unquote(key)


def fault_of_path(path: str) -> str:
    """Why a path, or a key, leads to no file below the landing place, as the end of a sentence; empty if it may."""
    decoded = _decoded(path)
    if not decoded:
        return "is empty"
    if "\x00" in decoded:
        return "holds a NUL character"
    if decoded.startswith("/"):
        return "begins with a slash, as if it were no path below the landing place"
    if {"..", "."} & set(re.split(r"[/\\]", decoded)):
        return "has a part that is `.` or `..`, which could lead out of the landing place"
    if "" in decoded.split("/"):
        return "has a part without a name"
    return ""


def _decoded(path: str) -> str:
    """A path after all percent-decoding that anybody may do: a web server takes ``%2E%2E`` for ``..``."""
    while (decoded := unquote(path)) != path:
        path = decoded
    return path
