"""Files in the shapes that people's exports have, with what each leads to."""

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pytest

from sentiment_assets.ingestion.batch import Batch, read_batch
from sentiment_assets.ingestion.readers.unpacking import UnreadableFile
from sentiment_assets.ingestion.settings import IngestionSettings
from testing.spreadsheets import as_xlsx

GOOD, BAD, SO_SO = "The kettle boils fast, a joy", "The handle broke, a pity", "It is a kettle"
STARS = {"positive_from": 4, "negative_to": 2, "lowest": 1, "highest": 5}


@dataclass(frozen=True)
class Kept:
    """What is expected of a file: its labels in order, and on which days its reviews were written."""

    labels: list[int | None]
    days: list[str] = field(default_factory=list)
    missing: tuple[str, ...] = ()
    unread: Mapping[str, int] = field(default_factory=dict)


def csv(*lines: str, end: str = "\n") -> bytes:
    return "".join(line + end for line in lines).encode()


def stars(text: str = "text", label: str = "rating", date: object = None) -> dict[str, Any]:
    dated = {"created_at": date} if date else {}
    return {"columns": {"text": text, "label": label, **dated}, "labels": STARS}


def zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def parquet(**columns: list[object]) -> bytes:
    buffer = io.BytesIO()
    pd.DataFrame(columns).to_parquet(buffer)
    return buffer.getvalue()


def tar(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


NESTED = [
    {
        "id": 1,
        "review": {"title": "a", "text": GOOD},
        "rating": {"value": 5},
        "dates": {"published": "2024-01-02T03:04:05Z"},
    },
    {"id": 2, "review": {"title": "b", "text": BAD}, "rating": {"value": 1}, "dates": {"published": "2024-01-03"}},
]

READ: dict[str, tuple[str, bytes, dict[str, Any], Kept]] = {
    "day first, told by one day": (
        "r.csv",
        csv("text,rating,date", f'"{GOOD}",5,05.01.2024', f'"{BAD}",1,13.01.2024'),
        stars(date="date"),
        Kept([1, 0], ["2024-01-05", "2024-01-13"]),
    ),
    "a word at the place of a tar archive's mark": (
        "r.csv",
        csv("text,rating", f"{GOOD.replace(',', '')},5", "x" * 211 + "me gustaron,1"),
        stars(),
        Kept([1, 0]),
    ),
    "day or month first": (
        "r.csv",
        csv("text,rating,date", f'"{GOOD}",5,05.01.2024', f'"{BAD}",1,06.01.2024'),
        stars(date="date"),
        Kept([1, 0], unread={"created_at": 2}),
    ),
    "day first, said": (
        "r.csv",
        csv("text,rating,date", f'"{GOOD}",5,05.01.2024', f'"{BAD}",1,06.01.2024'),
        stars(date={"column": "date", "order": "day_first"}),
        Kept([1, 0], ["2024-01-05", "2024-01-06"]),
    ),
    "month, day and year": (
        "r.csv",
        csv("text,rating,reviewTime", f'"{GOOD}",5,"01 5, 2014"', f'"{BAD}",1,"09 18, 2014"'),
        stars(date="reviewTime"),
        Kept([1, 0], ["2014-01-05", "2014-09-18"]),
    ),
    "milliseconds since 1970": (
        "r.csv",
        csv("text,rating,at", f'"{GOOD}",5,1688101471931', f'"{BAD}",1,1343012151128'),
        stars(date="at"),
        Kept([1, 0], ["2023-06-30", "2012-07-23"]),
    ),
    "a shop's sentence": (
        "r.csv",
        csv(
            "body,rating,date",
            f'"{GOOD}",5.0 out of 5 stars,"Reviewed in the United States on May 1, 2021"',
            f'"{BAD}",1.0 out of 5 stars,',
        ),
        stars(text="body", date="date"),
        Kept([1, 0], ["2021-05-01", ""]),
    ),
    "days ago": (
        "r.csv",
        csv("text,rating,date", f'"{GOOD}",5,1 day ago', f'"{BAD}",1,3 days ago'),
        stars(date="date"),
        Kept([1, 0], unread={"created_at": 2}),
    ),
    "an app store's dates": (
        "r.jsonl",
        b"".join(
            json.dumps({"content": text, "score": score, "at": "2024-03-05 10:11:12"}).encode() + b"\n"
            for text, score in ((GOOD, 5), (BAD, 1))
        ),
        stars(text="content", label="score", date="at"),
        Kept([1, 0], ["2024-03-05", "2024-03-05"]),
    ),
    "semicolons after a byte order mark": (
        "r.csv",
        b"\xef\xbb\xbf"
        + csv("Feedback Text;Stars;Date", f'"{GOOD}";5;2024-01-01', f'"{BAD}";1;2024-01-02', end="\r\n"),
        stars(text="Feedback Text", label="Stars", date="Date"),
        Kept([1, 0], ["2024-01-01", "2024-01-02"]),
    ),
    "bars": ("r.csv", csv("text|rating", f"{GOOD}|5", f"{BAD}|1"), stars(), Kept([1, 0])),
    "each line ends in a comma": ("r.csv", csv("text,label", f'"{GOOD}",1,', f'"{BAD}",0,'), {}, Kept([1, 0])),
    "no header": (
        "r.csv",
        csv(
            f'"4","1","Mon Apr 06 22:19:45 PDT 2009","x","{GOOD}"',
            f'"0","2","Tue Apr 07 22:19:45 PDT 2009","y","{BAD}"',
        ),
        {
            "format": {"names": ["label", "id", "date", "user", "text"]},
            "labels": {"positive": ["4"], "negative": ["0"]},
            "columns": {"created_at": "date"},
        },
        Kept([1, 0], ["2009-04-07", "2009-04-08"]),
    ),
    "pandas' index": (
        "r.csv",
        csv(",review,sentiment", f'0,"{GOOD}",positive', f'1,"{BAD}",negative'),
        {"columns": {"text": "review", "label": "sentiment"}},
        Kept([1, 0]),
    ),
    "a column twice": (
        "r.csv",
        csv("text,rating,text", f'"{GOOD}",5,"thanks"', f'"{BAD}",1,"sorry"'),
        stars(),
        Kept([1, 0]),
    ),
    "quotes are characters": (
        "r.tsv",
        csv("text\tlabel", f'"{GOOD}\t1', f'{BAD} 5" wide\t0'),
        {"format": {"quoting": "none"}},
        Kept([1, 0]),
    ),
    "backslashes": (
        "r.csv",
        csv("text,label", rf'"a \"de luxe\" kettle, {GOOD}",1', f'"{BAD}",0'),
        {"format": {"escape": "\\"}},
        Kept([1, 0]),
    ),
    "title and body": (
        "r.csv",
        csv("title,body,rating", f'"{GOOD}","As the title says.",5', f'"{BAD}",,1', f',"{SO_SO}",3'),
        {"columns": {"text": ["title", "body"], "label": "rating"}, "labels": STARS},
        Kept([1, 0, None]),
    ),
    "a column that is named and not there": (
        "r.csv",
        csv("review,sentiment", f'"{GOOD}",positive'),
        {"columns": {"text": "review", "label": "sentimentt"}},
        Kept([None], missing=("sentimentt",)),
    ),
    "nested in lines": (
        "r.jsonl",
        b"\n".join(json.dumps(each).encode() for each in NESTED),
        stars(text="review.text", label="rating.value", date="dates.published"),
        Kept([1, 0], ["2024-01-02", "2024-01-03"]),
    ),
    "nested in Parquet": (
        "r.parquet",
        parquet(review=[each["review"] for each in NESTED], rating=[each["rating"] for each in NESTED]),
        stars(text="review.text", label="rating.value"),
        Kept([1, 0]),
    ),
    "a list within an object": (
        "r.json",
        json.dumps({"app": "x", "reviews": [{"text": GOOD, "rating": 5}, {"text": BAD, "rating": 1}]}).encode(),
        stars(),
        Kept([1, 0]),
    ),
    "lines in a file called json": (
        "r.json",
        b'{"text": "%b", "rating": 5}\n{"text": "%b", "rating": 1}\n' % (GOOD.encode(), BAD.encode()),
        stars(),
        Kept([1, 0]),
    ),
    "four of five": (
        "r.csv",
        csv("text,rating", f'"{GOOD}",5/5', f'"{BAD}",1/5', f'"{SO_SO}",3/5'),
        stars(),
        Kept([1, 0, None]),
    ),
    "stars and their word": (
        "r.csv",
        csv("text,rating", f'"{GOOD}",5 stars', f'"{BAD}",1 star'),
        stars(),
        Kept([1, 0]),
    ),
    "drawn stars": ("r.csv", csv("text,rating", f'"{GOOD}",★★★★☆', f'"{BAD}",★☆☆☆☆'), stars(), Kept([1, 0])),
    "other words for splits": (
        "r.csv",
        csv("text,label,split", f'"{GOOD}",1,A/B group 0', f'"{BAD}",0,train'),
        {},
        Kept([1, 0], unread={"split": 1}),
    ),
    "texts as bytes": ("r.parquet", parquet(text=[GOOD.encode(), BAD.encode()], label=[1, 0]), {}, Kept([1, 0])),
    "nanoseconds": (
        "r.parquet",
        parquet(text=[GOOD, BAD], label=[1, 0], created_at=[*pd.to_datetime(["2024-01-02", "2024-01-03"])]),
        {},
        Kept([1, 0], ["2024-01-02", "2024-01-03"]),
    ),
    "the one file of an archive": (
        "r.csv.zip",
        zipped({"reviews.csv": csv("text,label", f'"{GOOD}",1')}),
        {},
        Kept([1]),
    ),
    "words of a shop": (
        "r.csv",
        csv("text,rec", f"{SO_SO} good,Recommended", f"{SO_SO} bad,Not Recommended"),
        {"columns": {"label": "rec"}, "labels": {"positive": ["Recommended"], "negative": ["Not Recommended"]}},
        Kept([1, 0]),
    ),
    "thumbs": (
        "r.csv",
        csv("text,label", f'"{GOOD}",👍', f'"{BAD}",👎'),
        {"labels": {"positive": ["👍"], "negative": ["👎"]}},
        Kept([1, 0]),
    ),
    "UTF-16 of a console": (
        "r.csv",
        csv("Text,Star Rating,When", f'"{GOOD}",5,2024-05-01T10:00:00Z', f'"{BAD}",1,').decode().encode("utf-16"),
        stars(text="Text", label="Star Rating", date="When"),
        Kept([1, 0], ["2024-05-01", ""]),
    ),
    "one review a line": ("rt-polarity.neg", f"{BAD}\n\n{SO_SO} ; no more\n".encode("ascii"), {}, Kept([0, 0])),
    "fastText's lines": (
        "train.ft.txt",
        f"__label__2 Great: {GOOD}\n__label__1 Broken: {BAD}\n".encode(),
        {"labels": {"positive": ["2"], "negative": ["1"]}},
        Kept([1, 0]),
    ),
    "a folder of texts in an archive": (
        "aclImdb.zip",
        zipped({f"aclImdb/train/{path}": path.encode() for path in ("neg/0_2.txt", "pos/0_9.txt", "unsup/0_0.txt")}),
        {},
        Kept([0, 1, None]),
    ),
    "what a database and R write for nothing": (
        "r.tsv",
        csv("id\ttext\trating", f"1\t{GOOD}\t5", "2\t\\N\t1", f"3\t{BAD}\t\\N", f"NA\t{SO_SO}\tNA"),
        stars(),
        Kept([1, None, None]),
    ),
    "placeholders": ("r.csv", csv("text,label", f'"{GOOD}",1.0', f'"{SO_SO}",NaN', "None,0"), {}, Kept([1, None])),
}


def read(name: str, content: bytes, settings: dict[str, Any]) -> Batch:
    return read_batch(content, name, IngestionSettings.model_validate(settings))


@pytest.mark.parametrize("shape", READ)
def test_a_file_is_read_as_it_is_meant(shape: str) -> None:
    name, content, settings, kept = READ[shape]
    batch = read(name, content, settings)
    labels = batch.reviews["label"]
    assert labels.astype(object).where(labels.notna(), None).tolist() == kept.labels
    days = batch.reviews["created_at"].dt.strftime("%Y-%m-%d").fillna("").tolist()
    assert days == (kept.days or [""] * len(days))
    assert batch.columns_missing == kept.missing
    assert batch.unread_by_field == kept.unread
    assert batch.quarantine.empty


REFUSED: dict[str, tuple[str, bytes, dict[str, Any], str]] = {
    "stars without a rule": (
        "r.csv",
        csv("text,label", f'"{GOOD}",5', f'"{BAD}",1'),
        {},
        r"`labels: {positive_from: 4, negative_to: 2",
    ),
    "classes without a rule": (
        "r.csv",
        csv("text,label", "a,0", "b,1", "c,2"),
        {},
        r"`labels: {positive: \[\"2\"\], negative: \[\"0\"\]",
    ),
    "stars in words without a rule": (
        "r.csv",
        csv("text,label", f'"{GOOD}",5 out of 5', f'"{BAD}",1 out of 5'),
        {},
        r"positive_from: 4",
    ),
    "Python's own notation": (
        "r.jsonl",
        b"{'text': 'fine', 'stars': 5.0}\n{'text': 'dull', 'stars': 1.0}\n",
        {},
        "is a Python literal, not JSON",
    ),
    "another encoding": (
        "r.csv",
        b"text,label\n" + f"Café crème – it’s a façade, naïve, {GOOD}\n".encode("cp1252") * 5,
        {},
        "it may be written in cp1252, by which it reads 'Café crème.*set `encoding: cp1252`",
    ),
    "several files of an archive": (
        "r.zip",
        zipped({"a.csv": b"text\n", "b.csv": b"text\n", "__MACOSX/a.csv": b""}),
        {},
        r"an archive of 2 files \(a.csv, b.csv\), and one is expected: land each by itself",
    ),
    "something else in an archive": (
        "r.zip",
        zipped({"notes.docx": b"x"}),
        {},
        "the file in it, notes.docx, does not end in a known format",
    ),
    "a page to log in": ("r.csv", b"<!DOCTYPE html>\n<html>", {}, "it is a web page, perhaps of a login"),
    "a page that was saved": ("r.csv", b"<!-- saved from url -->\n<html>", {}, "it is a web page, perhaps of a login"),
    "a workbook that is called a text": (
        "r.csv",
        as_xlsx({"Sheet1": [["text"], ["fine"]]}),
        {},
        "it is a zip archive or a spreadsheet, and no text: land it by a name that ends in .zip, .xlsx or .ods",
    ),
    "Parquet that is called JSON": ("r.json", parquet(text=["fine"]), {}, "land it by a name that ends in .parquet"),
    "packed, and not called so": ("r.csv", gzip.compress(b"text\nfine\n"), {}, "it is packed by gzip.*ends in .gz"),
    "packed with its folder": ("r.csv.gz", tar("r.csv", b"text\nfine\n"), {}, r"it is an archive \(tar\)"),
    "JSON that is called a table": (
        "r.csv",
        b'{"text": "fine, really", "label": 1}\n{"text": "dull", "label": 0}\n',
        {},
        "it is JSON, and no delimited text: land it by a name that ends in .jsonl or .json",
    ),
    "an error in place of a table": (
        "r.csv",
        b'{\n "error": "rate, limit"\n}\n',
        {},
        "it is JSON, and no delimited text",
    ),
    "a pointer of Git LFS": (
        "r.parquet",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
        {},
        "the pointer that Git LFS leaves in the place of a file: fetch the file itself with `git lfs pull`",
    ),
    "a document": ("r.csv", b"%PDF-1.7 ...", {}, "it is a PDF document, and no file of reviews"),
}


@pytest.mark.parametrize("shape", REFUSED)
def test_a_file_that_cannot_be_read_says_what_it_is_and_what_to_write(shape: str) -> None:
    name, content, settings, says = REFUSED[shape]
    with pytest.raises(UnreadableFile, match=says):
        read(name, content, settings)
