"""The texts of all batches of a branch, sorted, so that a batch is compared with the others without reading them.

These tables are an index of the side frames ``text_digests``, which stay the truth. Each says which files it was made
of and how these were stamped then; a batch whose file has another stamp today is not in it. So tables may be old, in
part or missing, whoever wrote them and whatever stopped him: batches that no table holds are read one by one.

A table of few batches joins the one that was made before it when that is there already, and so on, like the digits of
a counter (the logarithmic method of Bentley & Saxe 1980): there are few tables, and a row is seldom written again.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from upath import UPath

from sentiment_assets.assets.stored_batch import REVIEWS, TEXT_DIGESTS, read_text_digests
from sentiment_assets.resources.file_stamps import stamps_below
from sentiment_assets.resources.storage import ArraysIOManager, FrameIOManager, Storage, file_name

if TYPE_CHECKING:
    from sentiment_assets.monitoring.other_batches import OtherBatches, PlacedTable
    from sentiment_assets.monitoring.text_table import TextTable

FOLDER = "text_tables"
_MOST_LOOSE = 8
"""So many batches are read one by one at each look, some milliseconds each, before they become a table."""
_TRIES = 3
"""So often a table that another process may be replacing is looked for."""
_MADE_OF = "made_of"
_NO_CONTEXT: Any = None
"""Arrays are kept the same in whatever run, and to make a context takes Dagster longer than all else here."""


@dataclass(frozen=True)
class _StoredTable:
    """A table, and what it was made of."""

    table: "TextTable"
    files: Sequence[str]
    """The file of each batch, by its number in the table."""
    stamps: Sequence[str]
    """What told that file from others before it was read."""

    def is_current(self, number: int, stamps: Mapping[str, str]) -> bool:
        """Whether the table says of a batch what its file says today."""
        return stamps.get(self.files[number]) == self.stamps[number]


def look_at_neighbours(storage: Storage, branch: str, earlier: Sequence[str], later: Sequence[str]) -> "OtherBatches":
    """What the texts of other batches are, of those before a batch and those after it, by key, in their order.

    The answers are those of reading each batch. What no table holds yet is put into one when there is much of it.
    """
    from sentiment_assets.monitoring.other_batches import OtherBatches, places_around

    keys = [*earlier, *later]
    files = [file_name(key) + FrameIOManager.extension for key in keys]
    places = dict(zip(files, places_around(len(earlier), len(later)).tolist(), strict=True))
    stamps = _batch_stamps(storage, branch)
    folder = storage.path(branch, FOLDER)
    tables = _read_tables(folder)
    held = {file for each in tables for number, file in enumerate(each.files) if each.is_current(number, stamps)}
    loose = {file: key for file, key in zip(files, keys, strict=True) if file in stamps and file not in held}
    fresh = _read_loose(storage, branch, loose, stamps)
    if len(loose) > _MOST_LOOSE:
        _keep(folder, tables, fresh, stamps)
    return OtherBatches(tuple(_placed(each, places, stamps) for each in (*tables, fresh)))


def _batch_stamps(storage: Storage, branch: str) -> dict[str, str]:
    """A stamp of each batch's texts, by its file: that of the reviews, which name the version of their side frames.

    A former release kept the digests in a folder of their own, so where there are such, their stamp counts too.
    """
    reviews, former = (stamps_below(storage.path(branch, name)).files for name in (REVIEWS, TEXT_DIGESTS))
    return {file: f"{reviews.get(file)} {former.get(file)}" for file in reviews.keys() | former.keys()}


def _read_loose(storage: Storage, branch: str, keys: Mapping[str, str], stamps: Mapping[str, str]) -> _StoredTable:
    """Make a table of batches, whose keys are given by file, from their side frames."""
    import pandas as pd

    from sentiment_assets.monitoring.text_table import make_table

    nothing = pd.DataFrame({"text_digest": pd.array([], "UInt64"), "label": pd.array([], "Int8")})
    frames = (next(iter(read_text_digests(storage, branch, [key])), nothing) for key in keys.values())
    return _StoredTable(make_table(frames), tuple(keys), tuple(stamps[file] for file in keys))


def _placed(stored: _StoredTable, places: Mapping[str, int], stamps: Mapping[str, str]) -> "PlacedTable":
    import numpy as np

    from sentiment_assets.monitoring.other_batches import PlacedTable

    of_batches = (
        places.get(file, 0) if stored.is_current(number, stamps) else 0 for number, file in enumerate(stored.files)
    )
    return PlacedTable(stored.table, np.fromiter(of_batches, np.int64, len(stored.files)))


def _keep(folder: UPath, tables: Sequence[_StoredTable], fresh: _StoredTable, stamps: Mapping[str, str]) -> None:
    """Store a fresh table, joined with those of the levels below the first that is empty, which become empty."""
    level = next((level for level, each in enumerate(tables) if not each.files), len(tables))
    _write_table(folder, level, _join([*tables[:level], fresh], stamps))
    for lower in range(level):
        _write_table(folder, lower, _nothing())


def _join(stored: Sequence[_StoredTable], stamps: Mapping[str, str]) -> _StoredTable:
    """Join tables, without what is not true today, and what two of them say where a write has failed."""
    import numpy as np

    from sentiment_assets.monitoring.text_table import join_tables

    files: dict[str, str] = {}
    renumbered = []
    for each in stored:
        numbers = np.full(len(each.files), -1, np.int32)
        for number, file in enumerate(each.files):
            if file not in files and each.is_current(number, stamps):
                numbers[number] = len(files)
                files[file] = each.stamps[number]
        renumbered.append(numbers)
    return _StoredTable(join_tables([each.table for each in stored], renumbered), tuple(files), tuple(files.values()))


def _nothing() -> _StoredTable:
    from sentiment_assets.monitoring.text_table import make_table

    return _StoredTable(make_table([]), (), ())


def _write_table(folder: UPath, level: int, stored: _StoredTable) -> None:
    import numpy as np

    made_of = json.dumps({"files": stored.files, "stamps": stored.stamps}).encode()
    arrays = {
        "digests": stored.table.digests,
        "batches": stored.table.batches,
        "labels": stored.table.labels,
        _MADE_OF: np.frombuffer(made_of, np.uint8),
    }
    ArraysIOManager(folder).dump_to_path(_NO_CONTEXT, arrays, folder / str(level))


def _read_tables(folder: UPath) -> list[_StoredTable]:
    """Map the tables of all levels; an empty one stands for a table that cannot be read."""
    tables: list[_StoredTable] = []
    while (place := folder / str(len(tables))).exists():
        tables.append(_read_table(place))
    return tables


def _read_table(place: UPath) -> _StoredTable:
    """Map a table, which another process may be replacing; after a few tries an empty one: batches can be read.

    So it is with a table that a loss of power has left empty, or cut.
    """
    from sentiment_assets.monitoring.text_table import TextTable

    for _ in range(_TRIES):
        try:
            arrays = dict(ArraysIOManager(place).load_from_path(_NO_CONTEXT, place).arrays)
            made_of = json.loads(arrays.pop(_MADE_OF).tobytes())
            return _StoredTable(TextTable(**arrays), **made_of)
        except (OSError, EOFError, ValueError, TypeError, KeyError):  # IncompleteArrays is a ValueError
            continue
    return _nothing()
