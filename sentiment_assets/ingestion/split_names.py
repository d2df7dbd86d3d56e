"""The names of official splits, which a review can do without."""

from sentiment_assets.ingestion.values import NotRead

_SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
}


def read_split(value: object) -> str:
    """``train``, ``validation`` or ``test``. Raises ``NotRead``."""
    name = _SPLIT_NAMES.get(str(value).strip().casefold())
    if name is None:
        raise NotRead("not a split: train, validation and test are")
    return name
