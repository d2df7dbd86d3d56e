"""A landed file becomes numbered raw rows, by the reader of its format."""

import codecs
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from sentiment_assets.ingestion.decoding import on_one_line
from sentiment_assets.ingestion.formats import FOLDER, TEXT, ZIP, format_of, known_formats
from sentiment_assets.ingestion.open_file import Content
from sentiment_assets.ingestion.readers.arrow import read_arrow, read_parquet
from sentiment_assets.ingestion.readers.delimited import read_delimited
from sentiment_assets.ingestion.readers.folder import folder_in_archive, read_folder
from sentiment_assets.ingestion.readers.json_rows import read_json
from sentiment_assets.ingestion.readers.plain_text import read_plain_text
from sentiment_assets.ingestion.readers.source import NOT_READ, RawRow, Source
from sentiment_assets.ingestion.readers.spreadsheet import read_spreadsheet
from sentiment_assets.ingestion.readers.unpacking import MEGABYTE, PackedFile, UnreadableFile, names_in_archive
from sentiment_assets.ingestion.settings import (
    DEFAULT_FORMAT,
    DEFAULT_LIMITS,
    FormatSettings,
    IngestionSettings,
    ReviewColumns,
    UnpackingLimits,
)
from sentiment_assets.ingestion.text_folders import Folder

_ALWAYS_UNPACKED = 64 * MEGABYTE
_OTHER_FILES = {
    b"\x89PNG": "a picture (PNG)",
    b"\xff\xd8\xff": "a picture (JPEG)",
    b"GIF8": "a picture (GIF)",
    b"%PDF": "a PDF document",
    b"<!doctype html": "a web page, perhaps of a login that was not passed",
    b"<html": "a web page, perhaps of a login that was not passed",
    b"<!--": "a web page, perhaps of a login that was not passed",
    b"<?xml": "an XML document",
    b"Rar!": "an archive (RAR)",
    b"7z\xbc\xaf": "an archive (7z)",
    b"SQLite format 3": "a database (SQLite)",
    b"Obj\x01": "an Avro file",
}
_CALLED_OTHERWISE = {
    b"PK\x03\x04": ("a zip archive or a spreadsheet", ".zip, .xlsx or .ods"),
    b"\xd0\xcf\x11\xe0": ("a workbook of Excel", ".xls or .xlsx"),
    b"\x1f\x8b": ("packed by gzip", ".gz behind the ending that it has without"),
    b"PAR1": ("a Parquet file", ".parquet"),
    b"ARROW1": ("an Arrow file", ".arrow"),
}
"""What begins so is read, but not by a name of text: what it is, and what its name ends in."""
_POINTER_OF_GIT_LFS = b"version https://git-lfs"
_MARKS_OF_TAR, _PLACE_OF_TAR = (b"ustar\x00", b"ustar "), 257
"""The sign behind the word counts: a text may have "me gustaron" at that place."""


@dataclass(frozen=True)
class FileRows:
    """Every row of a landed file, in order, read as they are asked for."""

    rows: Iterator[RawRow]
    found: dict[str, object]
    """What was found about the file, such as its delimiter; complete once all rows are read."""
    named: Sequence[str] = ()
    """The columns that its header names; complete once all rows are read, and empty where it has none."""

    def __iter__(self) -> Iterator[RawRow]:
        return self.rows


def read_rows(
    content: Content | Folder,
    file_name: str,
    encoding: str,
    unpacking: UnpackingLimits = DEFAULT_LIMITS,
    *,
    format: FormatSettings = DEFAULT_FORMAT,  # noqa: A002  as the setting is called
    wanted: Collection[str] = (),
) -> FileRows:
    """Every row of a landed file or folder. Each column has a name: one that the file gives none is "column N".

    The kind of format is told by the name's endings (``known_formats``), the rest by the content and by ``wanted``, the
    columns that the branch names. Raises ``UnreadableFile``, before or while rows are read.
    """
    if isinstance(content, Folder):
        return _rows_of_folder(content, encoding, "none")
    ending, compression = format_of(file_name)
    if not ending:
        raise UnreadableFile(f"its name does not end in a known format ({known_formats()})")
    if not content:
        raise UnreadableFile("the file is empty (0 bytes); land it again with its content")
    allowed = min(unpacking.megabytes * MEGABYTE, max(unpacking.times * len(content), _ALWAYS_UNPACKED))
    if ending == ZIP and (folder := folder_in_archive(PackedFile(content, ZIP, allowed))):
        return _rows_of_folder(folder, encoding, ZIP)
    inner, beside = file_name, tuple[str, ...]()
    if ending == ZIP:
        inner, beside = names_in_archive(content)
        ending, packed_again = format_of(inner)
        if not ending or ending == ZIP or packed_again:
            raise UnreadableFile(f"the file in it, {inner}, does not end in a known format ({known_formats()})")
        compression = ZIP
    file = PackedFile(content, compression, allowed)
    file.require_unpackable()
    _require_no_other_file(file, ending)
    found: dict[str, object] = {"format": ending, "compression": compression or "none"}
    if beside:
        found[NOT_READ] = f"{', '.join(map(on_one_line, beside))}; the data are in {inner}"
    source = Source(file, encoding, format, wanted=wanted, name=inner, found=found)
    return FileRows(_READERS[ending](source), found, source.named)


def read_rows_by(settings: IngestionSettings, content: Content | Folder, file_name: str) -> FileRows:
    """Every row of a landed file or folder, as ``read_rows`` has them, by the settings of a branch.

    A column that was renamed has the name that the branch knows it by.
    """
    columns = settings.columns
    read = read_rows(
        content,
        file_name,
        settings.encoding,
        settings.unpacking,
        format=settings.format,
        wanted=columns.wanted | columns.renamed.keys(),
    )
    return replace(read, rows=map(partial(_renamed, columns), read.rows)) if columns.renamed else read


def _renamed(columns: ReviewColumns, row: RawRow) -> RawRow:
    known = columns.known_as(row.values)
    return row._replace(values={known[name]: value for name, value in row.values.items()})


def _rows_of_folder(folder: Folder, encoding: str, compression: str) -> FileRows:
    found: dict[str, object] = {"format": FOLDER, "compression": compression}
    return FileRows(read_folder(folder, encoding, found), found)


def _require_no_other_file(file: PackedFile, ending: str) -> None:
    """Raise ``UnreadableFile`` for what is no file of reviews, whatever it is called, or is not called what it is."""
    with file.opened() as stream:
        first = stream.read(_PLACE_OF_TAR + len(_MARKS_OF_TAR[0]))
    beginning = first.removeprefix(codecs.BOM_UTF8).lstrip().lower()
    if beginning.startswith(_POINTER_OF_GIT_LFS):
        raise UnreadableFile(
            "it is the pointer that Git LFS leaves in the place of a file: fetch the file itself with `git lfs pull`"
        )
    kind = next((kind for start, kind in _OTHER_FILES.items() if beginning.startswith(start.lower())), "")
    if first[_PLACE_OF_TAR:] in _MARKS_OF_TAR:
        kind = "an archive (tar)"
    if kind:
        raise UnreadableFile(f"it is {kind}, and no file of reviews: export it again")
    for start, (what, ends_in) in _CALLED_OTHERWISE.items():
        if ending in TEXT and first.startswith(start):
            raise UnreadableFile(f"it is {what}, and no text: land it by a name that ends in {ends_in}")


_READERS: Mapping[str, Callable[[Source], Iterator[RawRow]]] = {
    "csv": partial(read_delimited, usual=","),
    "txt": read_plain_text,
    "pos": read_plain_text,
    "neg": read_plain_text,
    "tsv": partial(read_delimited, usual="\t"),
    "jsonl": read_json,
    "ndjson": read_json,
    "json": read_json,
    "parquet": read_parquet,
    "arrow": read_arrow,
    "feather": read_arrow,
    "xlsx": read_spreadsheet,
    "xls": read_spreadsheet,
    "ods": read_spreadsheet,
}
