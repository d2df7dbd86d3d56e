"""What tells rows with the same cursor apart, so that each of them is pulled once."""

from collections.abc import Callable, Mapping, Sequence


def telling_apart(key: Sequence[str]) -> Callable[[Mapping[str, object]], list[str]] | None:
    """Which columns of a row tell it apart from others with its cursor, as dlt asks for it.

    These are the ``key``, or all where one of the key's columns has no value: rows without a key would be taken for one
    and the same. ``None`` without a key, when the whole row does.
    """
    if not key:
        return None

    def columns(row: Mapping[str, object]) -> list[str]:
        return sorted(row) if any(row.get(each, "") is None for each in key) else list(key)

    return columns
