"""Landed files as nobody should send them: made-up reviews in every format that is read, written oddly and damaged."""

import bz2
import csv
import gzip
import io
import json
import lzma
import random
import string
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq

from sentiment_assets.ingestion.settings import IngestionSettings
from testing.corpus import made_up_reviews
from testing.spreadsheets import as_ods, as_xlsx

_Row = dict[str, Any]

SETTINGS: Mapping[str, IngestionSettings] = {
    "default": IngestionSettings(),
    "stars": IngestionSettings.model_validate(
        {
            "columns": {"label": "rating", "created_at": "date", "keep": ["product", "a.b"]},
            "labels": {"positive_from": 4, "negative_to": 2, "lowest": 1, "highest": 5},
            "html": "keep",
        }
    ),
    "redacted": IngestionSettings.model_validate(
        {
            "columns": {"text": ["title", "text"], "keep": ["product"]},
            "privacy": {"redact": ["email", "phone", "url", "iban", "card"], "regions": ["DE"]},
            "largest_quarantine": 1,
        }
    ),
    "lines": IngestionSettings.model_validate({"format": {"one_review": "line", "quoting": "none"}}),
    "files": IngestionSettings.model_validate({"format": {"one_review": "file"}, "encoding": "cp1252"}),
    "utf-16": IngestionSettings.model_validate({"encoding": "utf-16", "format": {"header": 2, "escape": "\\"}}),
    "said": IngestionSettings.model_validate(
        {"format": {"names": ["review_id", "text", "label"], "delimiter": ";", "ignore_from": "#"}}
    ),
    "records": IngestionSettings.model_validate({"format": {"records": "data.reviews", "sheet": "Second"}}),
}
"""Settings of branches, by what is special about them."""

_ODD_TEXTS = (
    *("", " ", "\x00", "a\x00b", "\ufeff", "\ud800", "x\udfff", "\udc80", "\u202eevil", "\x1b[31mred", "a\r\nb"),
    *("\u2028", "\x85"),
    *("=1+1", "+1", "-1", "@SUM(A1)", "'=1", "\t=1", "nan", "null", "None", "inf", "-inf", "1e999", "9" * 500),
    *("0x10", "½", "٣"),
    *("<script>alert(1)</script>", "<!--" * 50, "&" + "amp;" * 40, "<b", '<a x="', "&#0;", "&#xD800;", "&#1114112;"),
    *("]]>"),
    *("../../etc/passwd", "javascript:alert(1)", "{{7*7}}", "${x}", "%s%n", "__label__1 fine", "sep=;", "# note"),
    *("😀" * 30),
    *('"', '""', '"""', '"unclosed', "a,b;c\td|e", "\\", '\\"', "{'a': 1}", "[" * 50, "{" * 50, "a" * 70_000),
    *("e\u0301" * 3_000),
    *("2024-13-45", "30.02.2024", "0", "-99999999999999", "99999999999999999999", "Infinity", "12:61", "01/02/03"),
    *("five stars"),
    *("a@b.example", "DE89 3704 0044 0532 0130 00", "4111 1111 1111 1111", "+49 30 1234567", "http://" * 200),
    *("@" * 500, "1" * 2_000),
)  # fmt: skip
_ODD_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, float("nan"), float("inf"), -0.0, 10**30, -(10**400), 1e308, [], {}, [None]),
    *([[["x"]]]),
    *({"text": "x"}, {"": ""}, {"a": {"b": "c"}}, {"b": [1, {"c": "\ud800"}]}, ["x", 1, None], {"a.b": 1}),
)  # fmt: skip
_ODD_NAMES = (
    "",
    " ",
    "text",
    "Text",
    "text ",
    "column 1",
    "=x",
    "a.b",
    "\x00",
    "\ufeff",
    "\ud800",
    "label",
    "\n",
    "batch",
    "x" * 300,
)
_ENCODINGS = ("utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252", "gb18030", "shift_jis", "utf-7")
_PIECES = (
    b"\x00",
    b"\xff",
    b"\xfe\xff",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b'"',
    b",",
    b";",
    b"\t",
    b"|",
    b"\n",
    b"\r",
    b"\r\n",
    b"\x1a",
)
_FILE_NAMES = (
    "r",
    "week 12",
    "ré🙂",
    "x" * 180,
    "=cmd|",
    "a,b",
    "%2e%2e%2f",
    "CON",
    "<b>x",
    "a\nb",
    "\x1b[31m",
    "positive",
    "a'\"b",
)


@dataclass(frozen=True)
class Landing:
    """What lands: a file, or a folder of texts, and the branch that it lands for."""

    name: str
    files: Mapping[str, bytes]
    """The content of the file by the name itself, or that of each text by its path in the folder."""
    settings: str
    """Which of ``SETTINGS`` the branch has."""


def make_landing(kind: str, seed: int) -> Landing:
    """Make a file of one of ``KINDS``. The same seed makes the same file."""
    chance = random.Random(f"{kind} {seed}")  # noqa: S311 - nothing here is secret
    stem = chance.choice(_FILE_NAMES) if chance.random() < 0.2 else f"r{seed}"
    settings = chance.choice(list(SETTINGS)) if chance.random() < 0.7 else "default"
    if kind == "folder":
        return Landing(stem, _folder(chance), settings)
    content, ending = _MAKERS[kind](chance)
    if kind == "packed":
        content, ending = _packed(content, ending, chance)
    else:
        content = _damaged(content, chance)
    return Landing(f"{stem}.{ending}", {f"{stem}.{ending}": content}, settings)


def _rows(chance: random.Random) -> list[_Row]:
    """A few reviews, with odd values in any column and odd columns."""
    rows: list[_Row] = [
        {**each, "rating": chance.randint(1, 5), "date": "2024-05-06", "product": "kettle", "title": "Kettle"}
        for each in made_up_reviews(chance.choice((0, 1, 2, 5, 20, 60)), chance.randrange(1000))
    ]
    names = chance.choices(["text", *(rows[0] if rows else ["label"])], k=3)
    names += chance.sample(_ODD_NAMES, k=chance.choice((0, 0, 1, 3)))
    oddness = chance.choice((0, 0.05, 0.5))
    for row in rows:
        for name in names:
            if chance.random() < oddness or name not in row:
                row[name] = chance.choice(_ODD_TEXTS)
    return rows


def _with_odd_values(rows: list[_Row], chance: random.Random) -> list[Any]:
    values: list[Any] = list(rows)
    for row in rows:
        if chance.random() < 0.1:
            row[chance.choice(list(row))] = chance.choice(_ODD_VALUES)
    if chance.random() < 0.2:
        values.insert(chance.randint(0, len(values)), chance.choice(_ODD_VALUES))
    return values


def _encoded(text: str, chance: random.Random) -> bytes:
    """A text in any encoding; a lone surrogate is written as bytes that are no UTF-8."""
    encoding = chance.choice(_ENCODINGS)
    try:
        return text.encode(encoding, "surrogatepass")
    except (UnicodeEncodeError, LookupError):
        return text.encode("utf-8", "surrogatepass")


def _delimited(chance: random.Random) -> tuple[bytes, str]:
    rows = _rows(chance)
    names = list(rows[-1]) if rows else ["text", "label"]
    lines = [names, *([str(row.get(name, "")) for name in names] for row in rows)]
    if chance.random() < 0.1:
        lines.insert(chance.randint(0, len(lines)), names)  # a header again
    if chance.random() < 0.1:
        lines.insert(0, ["Reviews of the week"])
    ending = chance.choice(("csv", "csv", "tsv", "txt"))
    out = io.StringIO(newline="")
    writer = csv.writer(
        out,
        delimiter=chance.choice(",;\t|:"),
        lineterminator=chance.choice(("\n", "\r\n", "\r")),
        quoting=chance.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)),
        doublequote=(doubled := chance.random() < 0.8),
        escapechar=None if doubled else "\\",
    )
    for line in lines:
        if chance.random() < 0.03:
            line = line[: chance.randint(0, len(line))] + ["more"] * chance.randint(0, 3)
        writer.writerow(line)
    text = out.getvalue()
    if chance.random() < 0.1:
        text = text.replace('"', "")
    if chance.random() < 0.02:
        text = text.replace("\n", "").replace("\r", "") * 200
    return _encoded(text, chance), ending


def _plain_text(chance: random.Random) -> tuple[bytes, str]:
    lines = [str(row.get("text", "")) for row in _rows(chance)]
    if chance.random() < 0.4:
        lines = [f"__label__{chance.choice(_ODD_TEXTS[:40])} {line}" for line in lines]
    return _encoded(chance.choice(("\n", "\r\n")).join(lines), chance), chance.choice(("txt", "pos", "neg"))


def _json(chance: random.Random) -> tuple[bytes, str]:
    values = _with_odd_values(_rows(chance), chance)
    if chance.random() < 0.1:
        depth = chance.choice((100, 990, 10_000))
        values.append(
            _Raw("[" * depth + "]" * depth if chance.random() < 0.5 else '{"text":' * depth + "1" + "}" * depth)
        )
    written = [
        each if isinstance(each, _Raw) else json.dumps(each, ensure_ascii=chance.random() < 0.5) for each in values
    ]
    pairs = ", ".join(f'"{place % 7}": {each}' for place, each in enumerate(written))
    shape = chance.choice(("lines", "array", "records", "objects", "pairs"))
    text = {
        "lines": "\n".join(written),
        "array": f"[{', '.join(written)}]",
        "records": f'{{"data": {{"reviews": [{", ".join(written)}], "more": []}}, "page": 1}}',
        "objects": " ".join(written),
        "pairs": f"{{{pairs}}}",
    }[shape]
    return _encoded(text, chance), chance.choice(("json", "jsonl", "ndjson"))


class _Raw(str):
    """What is written into JSON as it is, since Python's own writer does not go so deep."""


def _column(count: int, chance: random.Random) -> pa.Array:
    """A column of any type that Arrow has."""
    texts = [chance.choice(_ODD_TEXTS).encode("utf-8", "replace").decode() for _ in range(count)]
    numbers = [chance.choice((0, 1, 5, -1, None)) for _ in range(count)]
    moment = datetime(2024, 5, 6, tzinfo=UTC)
    makers: tuple[Callable[[], pa.Array], ...] = (
        lambda: pa.array(texts),
        lambda: pa.array(texts, pa.large_string()),
        lambda: pa.array(texts).dictionary_encode(),
        lambda: pa.array([text.encode("utf-16") for text in texts], pa.binary()),
        lambda: pa.array([b"\xff\xfe"] * count, pa.binary()).cast(pa.string(), safe=False)
        if count == 0
        else pa.Array.from_buffers(pa.string(), count, pa.array([b"\xff\xfe"] * count, pa.binary()).buffers()),
        lambda: pa.array(numbers, pa.int64()),
        lambda: pa.array(numbers, pa.float16() if chance.random() < 0.5 else pa.float64()),
        lambda: pa.array([None if each is None else Decimal(each) for each in numbers], pa.decimal128(38, 20)),
        lambda: pa.array([None if each is None else bool(each) for each in numbers]),
        lambda: pa.nulls(count),
        lambda: pa.array([date(1, 1, 1)] * count),
        lambda: pa.array([moment] * count, pa.timestamp(chance.choice(("s", "ms", "us", "ns")), "Asia/Tokyo")),
        lambda: pa.array([2**62] * count, pa.int64()).cast(pa.timestamp("s"), safe=False),
        lambda: pa.array([-(2**62)] * count, pa.int64()).cast(pa.timestamp("us"), safe=False),
        lambda: pa.array([time(1, 2)] * count),
        lambda: pa.array([timedelta(1)] * count),
        lambda: pa.array([[text] for text in texts], pa.list_(pa.string())),
        lambda: pa.array([{"text": text, "a": {"b": 1}} for text in texts]),
        lambda: pa.array([[("a", text)] for text in texts], pa.map_(pa.string(), pa.string())),
        lambda: pa.array([b"x" * 16] * count, pa.binary(16)),
        lambda: pa.array([[[[1.0, None]]]] * count),
    )  # fmt: skip
    return chance.choice(makers)()


def _table(chance: random.Random) -> pa.Table:
    rows = _rows(chance)
    names = [name for name in (rows[-1] if rows else ["text"]) if name.isprintable()]
    columns = [
        pa.array([_storable(row.get(name)) for row in rows], pa.string())
        if chance.random() < 0.7
        else _column(len(rows), chance)
        for name in names
    ]
    if chance.random() < 0.1:  # a name twice
        names, columns = [*names, names[0]], [*columns, columns[0]]
    return pa.table(columns, names=names)


def _storable(value: object) -> str | None:
    return None if value is None else str(value).encode("utf-8", "replace").decode()


def _columnar(chance: random.Random) -> tuple[bytes, str]:
    table = _table(chance)
    out = io.BytesIO()
    ending = chance.choice(("parquet", "parquet", "arrow", "feather"))
    try:
        if ending == "parquet":
            pq.write_table(table, out, compression=chance.choice(("none", "snappy", "gzip", "zstd", "brotli", "lz4")))
        elif ending == "feather":
            feather.write_feather(table, out, compression=chance.choice(("uncompressed", "zstd", "lz4")))
        else:
            make = chance.choice((pa.ipc.new_file, pa.ipc.new_stream))
            with make(out, table.schema) as writer:
                writer.write_table(table)
    except (pa.ArrowException, ValueError):  # of a type that the format has not
        return b"PAR1" + chance.randbytes(200) + b"PAR1", ending
    return out.getvalue(), ending


def _spreadsheet(chance: random.Random) -> tuple[bytes, str]:
    rows = _rows(chance)
    names = list(rows[-1]) if rows else ["text"]
    cells: list[list[str | float | None]] = [[_of_xml(name) for name in names]]
    cells += [[_cell(row.get(name)) for name in names] for row in rows]
    sheets: dict[str, Sequence[Sequence[str | float | None]]] = {"First": cells}
    if chance.random() < 0.3:
        sheets["Second"] = cells[: chance.randint(0, len(cells))]
    ending = chance.choice(("xlsx", "xlsx", "ods", "xls"))
    return (as_ods if ending == "ods" else as_xlsx)(sheets), ending


def _cell(value: object) -> str | float | None:
    return value if value is None or isinstance(value, int | float) else _of_xml(str(value))


def _of_xml(text: str) -> str:
    return "".join(each if each in "\t\n" or each.isprintable() else "?" for each in text)


def _any(chance: random.Random) -> tuple[bytes, str]:
    return chance.choice((_delimited, _json, _plain_text, _columnar, _spreadsheet))(chance)


def _folder(chance: random.Random) -> dict[str, bytes]:
    """The texts of a folder, in folders of labels with usual names and odd ones."""
    labels = chance.sample(
        ("pos", "neg", "unsup", "positive", "1", "good", "ré", "a\nb", "x.csv", "POS"), k=chance.randint(1, 3)
    )
    files: dict[str, bytes] = {}
    for number, row in enumerate(_rows(chance)):
        name = chance.choice(
            (f"{number}_{chance.randint(0, 12)}", f"{number}", f"n\x1b{number}", f"{number}{'y' * 150}")
        )
        content = _encoded(str(row.get("text", "")), chance)
        ending = chance.choice(("txt", "txt", "txt", "md", "csv"))
        files[f"{chance.choice(labels)}/{name}.{ending}"] = _damaged(content, chance)
    return files or {"pos/1.txt": b""}


def _damaged(content: bytes, chance: random.Random) -> bytes:
    """The content with up to three faults, or with none."""
    for _ in range(chance.choice((0, 0, 1, 1, 2, 3))):
        content = chance.choice(_FAULTS)(content, chance)
    return content


def _somewhere(content: bytes, chance: random.Random) -> int:
    """A place, near the end as often as anywhere: there stands what Parquet, zip and gzip say of themselves."""
    return chance.randint(max(0, len(content) - 300) if chance.random() < 0.5 else 0, len(content))


def _cut(content: bytes, chance: random.Random) -> bytes:
    return content[: _somewhere(content, chance)]


def _bits_turned(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice((1, 3, 20)) if content else 0):
        changed[min(_somewhere(content, chance), len(content) - 1)] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _inserted(content: bytes, chance: random.Random) -> bytes:
    place = _somewhere(content, chance)
    return content[:place] + chance.choice(_PIECES) * chance.choice((1, 1, 2, 50)) + content[place:]


def _repeated(content: bytes, chance: random.Random) -> bytes:
    start, end = sorted((_somewhere(content, chance), _somewhere(content, chance)))
    return content[:end] + content[start:end] + content[end:]


def _without_a_piece(content: bytes, chance: random.Random) -> bytes:
    start, end = sorted((_somewhere(content, chance), _somewhere(content, chance)))
    return content[:start] + content[end:]


def _other_ends_of_lines(content: bytes, chance: random.Random) -> bytes:
    return content.replace(
        *chance.choice(((b"\n", b"\r\n"), (b"\r\n", b"\n"), (b"\n", b"\r"), (b"\n", b"\n\n"), (b"\n", b"")))
    )


def _overwritten(content: bytes, chance: random.Random) -> bytes:
    """A stretch of other bytes: a size that lies, most often, where it hits the end of a packed file."""
    place, count = _somewhere(content, chance), chance.choice((1, 2, 4, 8, 64))
    filling = chance.choice((b"\x00", b"\xff", b"\x7f", b"A")) * count
    return content[:place] + filling[: max(0, len(content) - place)] + content[place + count :]


_FAULTS = (_cut, _bits_turned, _inserted, _repeated, _without_a_piece, _other_ends_of_lines, _overwritten)


def _packed(content: bytes, ending: str, chance: random.Random) -> tuple[bytes, str]:
    """A packed file, perhaps one that expands a thousandfold, whose packing is damaged perhaps."""
    if chance.random() < 0.03:
        content += chance.choice((b"\x00", b"a", b"text\n", b" ")) * 70_000_000
    within, packing = chance.choice(((False, False), (True, False), (False, True)))
    content = _damaged(content, chance) if within else content
    kind = chance.choice(("gz", "bz2", "xz", "zst", "zip"))
    packers: dict[str, Callable[[bytes], bytes]] = {
        "gz": partial(gzip.compress, mtime=0),
        "bz2": bz2.compress,
        "xz": lzma.compress,
        "zst": _zstd,
    }
    packed = _zipped(content, ending, chance) if kind == "zip" else packers[kind](content)
    return _damaged(packed, chance) if packing else packed, kind if kind == "zip" else f"{ending}.{kind}"


def _zstd(content: bytes) -> bytes:
    out = pa.BufferOutputStream()
    with pa.CompressedOutputStream(out, "zstd") as stream:
        stream.write(content)
    return out.getvalue().to_pybytes()


def _zipped(content: bytes, ending: str, chance: random.Random) -> bytes:
    files = {f"r.{ending}": content}
    if chance.random() < 0.2:
        files = _folder(chance)
    if chance.random() < 0.2:
        files[
            chance.choice(
                ("../../evil.txt", "/etc/evil.csv", "__MACOSX/x", ".hidden", "a\\..\\b.csv", "b" * 250 + ".csv")
            )
        ] = b"x"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, each in files.items():
            archive.writestr(zipfile.ZipInfo(name), each, zipfile.ZIP_DEFLATED)  # of no time, as the same file has none
    packed = bytearray(out.getvalue())
    if chance.random() < 0.2 and (entry := packed.find(b"PK\x01\x02")) >= 0:
        packed[entry + 24 : entry + 28] = chance.choice((b"\x00\x00\x00\x00", b"\xff\xff\xff\x7f"))  # the size unpacked
    return bytes(packed)


def _noise(chance: random.Random) -> tuple[bytes, str]:
    """Bytes of no kind, under any name."""
    content = chance.randbytes(chance.choice((0, 1, 10, 1000)))
    if chance.random() < 0.5:
        content = "".join(chance.choices(string.printable, k=chance.choice((1, 30, 3000)))).encode()
    endings = (
        "csv",
        "tsv",
        "txt",
        "json",
        "jsonl",
        "parquet",
        "arrow",
        "feather",
        "xlsx",
        "xls",
        "ods",
        "zip",
        "csv.gz",
        "json.zst",
    )
    return content, chance.choice(endings)


NOISE = "noise"
"""The kind of which no file is one of reviews."""
_MAKERS: Mapping[str, Callable[[random.Random], tuple[bytes, str]]] = {
    "delimited": _delimited,
    "plain text": _plain_text,
    "JSON": _json,
    "Parquet and Arrow": _columnar,
    "spreadsheet": _spreadsheet,
    "packed": _any,
    NOISE: _noise,
}
KINDS = (*_MAKERS, "folder")
"""What a file may be; packed ones are any of the others, in gzip, bzip2, xz, zstd or zip."""
