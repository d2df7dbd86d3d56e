"""Spreadsheets: the sheet that the branch names, or the one that has the column of the text."""

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import time, timedelta

from sentiment_assets.ingestion.readers.header import no_such_row, place_of_header, said_of_rows_above
from sentiment_assets.ingestion.readers.source import (
    ABOVE_HEADER,
    LINES,
    LINES_IN_FIELDS,
    LINES_OF_HEADER,
    LINES_PASSED_OVER,
    REPEATS_THE_HEADER,
    RawRow,
    SeveralInOne,
    Source,
    column_names,
    plain_name,
)
from sentiment_assets.ingestion.readers.unpacking import DAMAGED, UnreadableFile

_Sheet = Sequence[Sequence[object]]
_ROWS_LOOKED_AT = 100
_UNDER_A_PASSWORD = "EncryptedPackage".encode("utf-16-le")
"""What Office calls the part of a protected file that holds everything else."""


def read_spreadsheet(source: Source) -> Iterator[RawRow]:
    """The rows below the row of a sheet that names the columns; a row's number is that which people see."""
    import python_calamine

    content = source.file.whole()
    try:
        _require_bounded_parts(content, source)
        workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = {
            name: workbook.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in workbook.sheet_names
        }
    except UnreadableFile:
        raise
    except (python_calamine.CalamineError, *DAMAGED) as error:
        if _UNDER_A_PASSWORD in content:
            raise UnreadableFile("it is protected by a password: save it without one") from error
        raise UnreadableFile(
            f"it is not a readable spreadsheet ({error}); save it again, or export it as CSV"
        ) from error
    name = _chosen(sheets, source)
    source.found["sheet"] = name
    yield from _rows_of(sheets[name], source)


def _rows_of(sheet: _Sheet, source: Source) -> Iterator[RawRow]:
    first, names = (0, column_names(source.format.names)) if source.format.names else _below_header(sheet, source)
    rows, header = 0, _cells(sheet[first - 1]) if first and len(names) > 1 else None
    for number, cells in enumerate(sheet[first:], start=first + 1):
        if _is_a_row(cells, source):
            rows += 1
            values = {column: _value(cell) for column, cell in zip(names, cells, strict=False)}
            yield RawRow(number, values, REPEATS_THE_HEADER if _cells(cells) == header else None)
    headers = int(first > 0)
    counted = {LINES: len(sheet), LINES_OF_HEADER: headers, LINES_IN_FIELDS: 0}
    source.found.update(counted | {LINES_PASSED_OVER: len(sheet) - rows - headers})


def _below_header(sheet: _Sheet, source: Source) -> tuple[int, list[str]]:
    """Where the rows below the header begin, and the columns' names; what stands above the header is noted."""
    if not any(_is_a_row(cells, source) for cells in sheet):
        return 0, []
    place = _place_of_header(sheet, source)
    above = [cells for cells in map(_cells, sheet[:place]) if any(cells)]
    if above:
        source.found[ABOVE_HEADER] = said_of_rows_above(above, place + 1)
    source.named.extend(column_names(_cells(sheet[place])))
    return place + 1, source.named


def _is_a_row(cells: Sequence[object], source: Source) -> bool:
    filled = [cell for cell in cells if cell != ""]
    ignored = source.format.ignore_from
    return bool(filled) and not (ignored and str(filled[0]).startswith(ignored))


def _place_of_header(sheet: _Sheet, source: Source) -> int:
    """The place of the row that names the columns. Raises ``UnreadableFile`` if the branch says one that is empty."""
    said = source.format.header
    if said is None:
        first = next((place for place, cells in enumerate(sheet) if _is_a_row(cells, source)), 0)
        beginning = sheet[first : first + _ROWS_LOOKED_AT]
        rows = [_cells(cells) if _is_a_row(cells, source) else [] for cells in beginning]
        return first + place_of_header(rows, source.wanted)
    if said > len(sheet) or not any(_cells(sheet[said - 1])):
        raise no_such_row(said)
    return said - 1


def _cells(cells: Sequence[object]) -> list[str]:
    return [plain_name(str(cell)) for cell in cells]


def _require_bounded_parts(content: bytes, source: Source) -> None:
    """Spreadsheets of today are zip archives: each part is unpacked once to see that it is no larger than it says."""
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            source.file.require_bounded(sum(part.file_size for part in archive.infolist()))
            if damaged := archive.testzip():
                raise zipfile.BadZipFile(f"its part {damaged} is damaged")


def _chosen(sheets: Mapping[str, _Sheet], source: Source) -> str:
    """The name of the sheet to read. Raises ``UnreadableFile`` that names those there are."""
    wanted = source.format.sheet
    if wanted:
        if wanted not in sheets:
            raise UnreadableFile(f"it has no sheet {wanted!r}; it has: {', '.join(sheets)}")
        return wanted
    filled = [name for name, rows in sheets.items() if any(any(cells) for cells in rows)]
    if not filled:
        raise UnreadableFile("its sheets are empty; a row must name the columns")
    having = [name for name in filled if set(source.wanted) & _names_in(sheets[name], source)]
    if len(filled) > 1 and len(having) != 1:
        raise SeveralInOne(
            f"it has {len(filled)} sheets ({', '.join(filled)}); say which holds the reviews: "
            f"`format: {{sheet: {filled[0]}}}`",
            "sheet",
            filled,
        )
    return (having or filled)[0]


def _names_in(sheet: _Sheet, source: Source) -> set[str]:
    """What a sheet calls its columns; nothing where it has not the row that the branch says."""
    try:
        return set(_cells(sheet[_place_of_header(sheet, source)])) - {""}
    except UnreadableFile:
        return set()


def _value(cell: object) -> object:
    """A cell as other formats have it: nothing for an empty one, a whole number without its fraction."""
    if cell == "":
        return None
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    return str(cell) if isinstance(cell, time | timedelta) else cell
