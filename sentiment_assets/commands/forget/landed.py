"""Landed files that hold a forgotten review are written again without its rows, where their form allows it."""

import bz2
import gzip
import io
import lzma
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from upath import UPath

from sentiment_assets.ingestion.formats import format_of
from sentiment_assets.ingestion.readers.file_rows import read_rows_by
from sentiment_assets.ingestion.readers.source import RawRow
from sentiment_assets.ingestion.readers.unpacking import PackedFile, UnreadableFile
from sentiment_assets.ingestion.review_ids import ReviewIds
from sentiment_assets.ingestion.settings import IngestionSettings
from sentiment_assets.ingestion.values import RejectedRow, optional_text, value_at
from sentiment_assets.resources.parquet import parquet_table
from sentiment_assets.resources.written_files import write_atomically

_OF_LINES = ("csv", "tsv", "jsonl", "ndjson")
_PACKERS: Mapping[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": lambda content: pa.compress(content, "zstd", asbytes=True),
}


_NUMBERED = re.compile(r"([0-9a-f]{16})-\d+")
"""The id that was made of a row, where an earlier one differs from it by the label alone."""


class NotRewritten(ValueError):
    """A landed file holds the review and cannot be written without it; the message says what to do."""


def rows_of_review(content: bytes, name: str, review_id: str, settings: IngestionSettings) -> list[int]:
    """The places of the rows with that id in a landed file. Raises ``UnreadableFile``."""
    numbered = _NUMBERED.fullmatch(review_id)
    wanted = {review_id, numbered[1] if numbered else review_id}
    rows = read_rows_by(settings, content, name)
    return [place for place, row in enumerate(rows) if _id_of(row, settings) in wanted]


def take_out_of_landed(file: Path, review_id: str, settings: IngestionSettings, *, write: bool) -> int:
    """Write a landed file again without the rows of a review; returns how many they are. Raises ``NotRewritten``.

    The file is read again before it is put in place: all other rows are as they were, or it stays as it is.
    """
    content = file.read_bytes()
    try:
        places = rows_of_review(content, file.name, review_id, settings)
        if not places:
            return 0
        rewritten = _without(content, file.name, places, settings)
        values = _values(content, file.name, settings)
        others = [each for place, each in enumerate(values) if place not in places]
        _require_one_label([values[place] for place in places], review_id, file, settings)
        if rewritten is None or others != _values(rewritten, file.name, settings):
            raise NotRewritten(f"{file} has it in {len(places)} of its rows: take them out by hand, or delete the file")
    except UnreadableFile as error:
        raise NotRewritten(f"{file} cannot be read ({error}): see whether it has the review, or delete it") from error
    if write:
        mode = file.stat().st_mode
        write_atomically(UPath(file), rewritten)
        file.chmod(mode)
    return len(places)


def _require_one_label(
    rows: Sequence[Mapping[str, object]], review_id: str, file: Path, settings: IngestionSettings
) -> None:
    """Rows without an id of the client's that differ by the label alone are several reviews, and only one is to go."""
    if any(row != rows[0] for row in rows) and not any(value_at(row, settings.columns.review_id) for row in rows):
        raise NotRewritten(
            f"{file} has {len(rows)} rows that differ by their label alone, and {review_id} is one of them: take it "
            "out by hand, or delete the file"
        )


def _values(content: bytes, name: str, settings: IngestionSettings) -> list[Mapping[str, object]]:
    return [dict(row.values) for row in read_rows_by(settings, content, name)]


def _id_of(row: RawRow, settings: IngestionSettings) -> str | None:
    """The client's id of a row, or the digest that stands in for it."""
    if row.problem:
        return None
    columns = settings.columns
    try:
        own = optional_text(value_at(row.values, columns.review_id), columns.review_id) if columns.review_id else None
        if own and own.casefold() in {each.strip().casefold() for each in settings.placeholders}:
            own = None
        return own or ReviewIds(columns).unless_duplicate(None, row.values, row.number)
    except RejectedRow:
        return None


def _without(content: bytes, name: str, places: Collection[int], settings: IngestionSettings) -> bytes | None:
    """The content without the rows at these places; ``None`` where its form does not allow it."""
    ending, compression = format_of(name)
    if compression:
        unpacked = PackedFile(content, compression, len(content)).whole()  # it has been read, so it is not too large
        without = _without(unpacked, name[: name.rindex(".")], places, settings)
        return None if without is None else _PACKERS[compression](without)
    if ending == "parquet":
        table = parquet_table(content)
        kept = pa.array([place not in places for place in range(len(table))])
        buffer = io.BytesIO()
        pq.write_table(table.filter(kept), buffer)
        return buffer.getvalue()
    if ending not in _OF_LINES:
        return None
    starts = [row.number for row in read_rows_by(settings, content, name)]
    lines = content.split(b"\n")
    ends = [*(start - 1 for start in starts[1:]), len(lines) - (lines[-1] == b"")]
    gone = {line for place in places for line in range(starts[place] - 1, ends[place])}
    return b"\n".join(line for number, line in enumerate(lines) if number not in gone)
