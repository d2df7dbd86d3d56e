"""Which of the first rows of a table names its columns: exports for people have a title above them."""

from collections.abc import Collection, Sequence

from sentiment_assets.ingestion.decoding import in_one_line
from sentiment_assets.ingestion.readers.unpacking import UnreadableFile

_MOST_ROWS_ABOVE = 20
_LONGEST_SHOWN = 60
_MOSTLY = 0.5

Cells = Sequence[str]


def place_of_header(rows: Sequence[Cells], wanted: Collection[str]) -> int:
    """The place, from 0, of the row that names the columns, among the first rows of a table.

    Every row above it has fewer filled cells. Where a row has columns that the branch names, ``wanted``, it is the one
    that has the most of them; otherwise only rows of one filled cell are titles.
    """
    widths = [len(_filled(row)) for row in rows]
    first = next((place for place, width in enumerate(widths) if width), 0)
    wider = [
        place for place in range(first + 1, min(len(rows), _MOST_ROWS_ABOVE)) if widths[place] > max(widths[:place])
    ]
    having = {
        place: len({*_filled(rows[place])}.intersection(wanted)) for place in (first, *wider) if place < len(rows)
    }
    most = max(having.values(), default=0)
    if most:
        best = [place for place, count in having.items() if count == most]
        return next((place for place in best if widths[place] > 1), best[0])
    return wider[0] if wider and _is_below_titles(rows, first, wider[0]) else first


def _filled(row: Cells) -> list[str]:
    return [said for cell in row if (said := cell.strip())]


def _is_below_titles(rows: Sequence[Cells], first: int, header: int) -> bool:
    """Whether all above a row are titles of one cell, and most rows below it are as wide as it is."""
    titles = [row for row in rows[first:header] if _filled(row)]
    below = [row for row in rows[header + 1 :] if _filled(row)]
    start = _first_filled(rows[header])
    if any(len(_filled(row)) > 1 or _first_filled(row) > start for row in titles):
        return False
    if any(cell.startswith(" ") for cell in rows[header]):  # the comma of a sentence has a blank behind it
        return False
    as_wide = sum(len(_filled(row)) > 1 and len(row) - len(rows[header]) in (0, 1) for row in below)
    return as_wide > _MOSTLY * len(below)


def _first_filled(row: Cells) -> int:
    return next((place for place, cell in enumerate(row) if cell.strip()), len(row))


def no_such_row(number: int) -> UnreadableFile:
    """The refusal of a file that has nothing on the row that should name the columns."""
    return UnreadableFile(
        f"it has no row {number} that could name the columns: mend `format: {{header: {number}}}`, or leave it out"
    )


def said_of_rows_above(rows: Sequence[Cells], number: int) -> str:
    """What is told of the rows above a header; ``number`` is the row of the header that people see."""
    said = " / ".join(" ".join(_filled(row)) for row in rows if _filled(row))
    short = in_one_line(said if len(said) <= _LONGEST_SHOWN else said[:_LONGEST_SHOWN] + "…")
    return f"{short!r}, the header is row {number}"
