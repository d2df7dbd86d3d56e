"""Spreadsheets written cell by cell, as small as they can be."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

Rows = Sequence[Sequence[str | float | None]]
_OFFICE = "http://schemas.openxmlformats.org"


def as_xlsx(sheets: Mapping[str, Rows]) -> bytes:
    """An Excel file with these sheets, each a list of rows."""
    listed = [(number, name) for number, name in enumerate(sheets, start=1)]
    relations = f"{_OFFICE}/officeDocument/2006/relationships"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_OFFICE}/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_OFFICE}/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_OFFICE}/spreadsheetml/2006/main" xmlns:r="{relations}"><sheets>'
        + "".join(f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="s{number}"/>' for number, name in listed)
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_OFFICE}/package/2006/relationships">'
        + "".join(
            f'<Relationship Id="s{number}" Type="{relations}/worksheet" Target="worksheets/sheet{number}.xml"/>'
            for number, _ in listed
        )
        + "</Relationships>",
    }
    for number, name in listed:
        parts[f"xl/worksheets/sheet{number}.xml"] = _sheet(sheets[name])
    return _zipped(parts)


def as_ods(sheets: Mapping[str, Rows]) -> bytes:
    """An OpenDocument spreadsheet with these sheets."""
    oasis = "urn:oasis:names:tc:opendocument:xmlns"
    tables = "".join(
        f"<table:table table:name={quoteattr(name)}>{_ods_rows(rows)}</table:table>" for name, rows in sheets.items()
    )
    content = (
        f'<office:document-content xmlns:office="{oasis}:office:1.0" xmlns:table="{oasis}:table:1.0" '
        f'xmlns:text="{oasis}:text:1.0"><office:body><office:spreadsheet>{tables}'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    mimetype = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = f'<manifest:manifest xmlns:manifest="{oasis}:manifest:1.0"/>'
    return _zipped({"mimetype": mimetype, "META-INF/manifest.xml": manifest, "content.xml": content})


def _sheet(rows: Rows) -> str:
    written = "".join(f"<row>{''.join(map(_cell, row))}</row>" for row in rows)
    return f'<worksheet xmlns="{_OFFICE}/spreadsheetml/2006/main"><sheetData>{written}</sheetData></worksheet>'


def _cell(value: str | float | None) -> str:
    if value is None:
        return "<c/>"
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
    return f"<c><v>{value}</v></c>"


def _ods_rows(rows: Rows) -> str:
    return "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows)


def _ods_cell(value: str | float | None) -> str:
    if value is None:
        return "<table:table-cell/>"
    if isinstance(value, str):
        return f'<table:table-cell office:value-type="string"><text:p>{escape(value)}</text:p></table:table-cell>'
    return f'<table:table-cell office:value-type="float" office:value="{value}"/>'


def _zipped(parts: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(
                zipfile.ZipInfo(name), content, zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            )
    return buffer.getvalue()
