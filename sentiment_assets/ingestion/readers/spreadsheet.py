"""Spreadsheets: the sheet that the branch names, or the one that has the column of the text."""

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import time, timedelta

from sentiment_assets.ingestion.readers.source import RawRow, SeveralInOne, Source, column_names
from sentiment_assets.ingestion.readers.unpacking import UnreadableFile

_Sheet = Sequence[Sequence[object]]


def read_spreadsheet(source: Source) -> Iterator[RawRow]:
    """The rows below the first row of a sheet, which names the columns; a row's number is that which people see."""
    import python_calamine

    content = source.file.whole()
    _require_bounded_parts(content, source)
    try:
        workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = {
            name: workbook.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in workbook.sheet_names
        }
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise UnreadableFile(
            f"it is not a readable spreadsheet ({error}); save it again, or export it as CSV"
        ) from error
    name = _chosen(sheets, source)
    source.found["sheet"] = name
    rows = iter(enumerate(sheets[name], start=1))
    header: Sequence[object] = source.format.names or next((cells for _, cells in rows if any(cells)), [])
    names = column_names([str(cell).strip() for cell in header])
    for number, cells in rows:
        if any(cell != "" for cell in cells):
            yield RawRow(number, {column: _value(cell) for column, cell in zip(names, cells, strict=False)})


def _require_bounded_parts(content: bytes, source: Source) -> None:
    """Spreadsheets of today are zip archives, which say how large their parts are unpacked."""
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            source.file.require_bounded(sum(part.file_size for part in archive.infolist()))


def _chosen(sheets: Mapping[str, _Sheet], source: Source) -> str:
    """The name of the sheet to read. Raises ``UnreadableFile`` that names those there are."""
    wanted = source.format.sheet
    if wanted:
        if wanted not in sheets:
            raise UnreadableFile(f"it has no sheet {wanted!r}; it has: {', '.join(sheets)}")
        return wanted
    filled = [name for name, rows in sheets.items() if any(any(cells) for cells in rows)]
    if not filled:
        raise UnreadableFile("its sheets are empty; the first row must name the columns")
    having = [name for name in filled if set(source.wanted) & _first_row(sheets[name])]
    if len(filled) > 1 and len(having) != 1:
        raise SeveralInOne(
            f"it has {len(filled)} sheets ({', '.join(filled)}); say which holds the reviews: "
            f"`format: {{sheet: {filled[0]}}}`",
            "sheet",
            filled,
        )
    return (having or filled)[0]


def _first_row(rows: _Sheet) -> set[str]:
    return {str(cell).strip() for cell in next((cells for cells in rows if any(cells)), [])}


def _value(cell: object) -> object:
    """A cell as other formats have it: nothing for an empty one, a whole number without its fraction."""
    if cell == "":
        return None
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    return str(cell) if isinstance(cell, time | timedelta) else cell
