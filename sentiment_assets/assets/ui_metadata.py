"""Metadata that a person reads in the UI: tables as tables, so that review text is shown as text."""

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    import pandas as pd

_SAMPLE_ROWS = 5
_MOST_ROWS = 100
_LONGEST_SAMPLE = 160
_DIGITS = 4


def table(rows: Iterable[Mapping[Any, object]], *, cut: bool = True) -> dg.TableMetadataValue:
    """Rows as a table; cells are plain values, long texts are cut unless somebody must read their end."""
    records = [dg.TableRecord({str(name): _cell(value, cut) for name, value in row.items()}) for row in rows]
    columns = list(records[0].data) if records else ["(no rows)"]
    schema = dg.TableSchema([dg.TableColumn(name) for name in columns])
    return dg.MetadataValue.table(records, schema)


def sample(frame: "pd.DataFrame") -> dg.TableMetadataValue:
    """The first rows of a frame, long texts cut."""
    return _table_of(frame.head(_SAMPLE_ROWS))


def rows_of(frame: "pd.DataFrame") -> dg.TableMetadataValue:
    """The rows of a small frame, as many as a person reads."""
    return _table_of(frame.head(_MOST_ROWS))


def picture(name: str, content: bytes) -> dg.MarkdownMetadataValue:
    """A small PNG or SVG picture, shown where the metadata are."""
    kind = {"png": "image/png", "svg": "image/svg+xml"}[name.rsplit(".", 1)[1]]
    return dg.MetadataValue.md(f"![{name}](data:{kind};base64,{b64encode(content).decode()})")


def rounded(figures: Mapping[str, float]) -> dict[str, float]:
    """Figures by name, with as many digits as people read; they stay numbers, so Dagster plots them."""
    return {name: round(figures[name], _DIGITS) for name in sorted(figures)}


def counts_by(frame: "pd.DataFrame", columns: Sequence[str]) -> dg.TableMetadataValue:
    """How many rows there are of each combination of values."""
    counted = frame.groupby(list(columns), dropna=False).size().reset_index(name="reviews")
    return _table_of(counted)


def schema_of(columns: Mapping[str, tuple[str, str]]) -> dg.TableSchema:
    """A column schema from name to (type, description)."""
    return dg.TableSchema([dg.TableColumn(name, kind, text) for name, (kind, text) in columns.items()])


def lineage(source: dg.AssetKey, columns: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Metadata that say which columns of ``source`` each column was made of, as Dagster draws them."""
    made_of = {name: [dg.TableColumnDep(source, each) for each in of] for name, of in columns.items()}
    return {"dagster/column_lineage": dg.TableColumnLineage(made_of)}


def _table_of(frame: "pd.DataFrame") -> dg.TableMetadataValue:
    """Missing values become dashes: the UI cannot parse a record that holds NaN."""
    shown = frame.astype(object).where(frame.notna(), "–")
    return table(shown.to_dict("records"))


def _cell(value: object, cut: bool) -> str | int | float | bool | None:
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, int):
        return value
    text = str(value)
    return text if len(text) <= _LONGEST_SAMPLE or not cut else text[:_LONGEST_SAMPLE] + "…"
