"""A landed file's partition key: its path below the landing place, spelled so that Dagster accepts it."""

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
