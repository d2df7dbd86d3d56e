"""Files in shapes that exports have, with made-up texts, and what each must become by the settings proposed for it."""

import csv
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from testing.spreadsheets import as_xlsx

GOOD = [
    "The tent stayed dry all night and went up in minutes",
    "Lovely warm light, my daughter reads by it each evening",
    "I would buy these boots again, they fit like gloves",
    "Quiet, quick and easy to clean, just what we wanted",
]
BAD = [
    "The zip tore on the first morning and nobody answers",
    "It smells of glue and the screen flickers all the time",
    "Two of the four cups were broken when they came",
    "Far too small, and the colour is nothing like the picture",
]
TEXTS = [f"{text}, number {turn}" for turn in range(3) for pair in zip(GOOD, BAD, strict=True) for text in pair]
SIGNS = [1, 0] * (len(TEXTS) // 2)
STARS = ["5", "1", "4", "2"] * (len(TEXTS) // 4)
DAYS = [datetime(2024, 1, 9, 8, 30, tzinfo=UTC) + timedelta(days=9 * place) for place in range(len(TEXTS))]
ISO = [each.date().isoformat() for each in DAYS]


@dataclass(frozen=True)
class Shape:
    """A file, and what becomes of it."""

    file: str
    content: bytes
    labels: Sequence[int | None]
    dates: Sequence[str] = ()
    """Empty for a file without dates that can be read."""
    first: str = TEXTS[0]
    """The text of the first review."""


def table(
    columns: dict[str, Sequence[Any]], delimiter: str = ",", *, header: bool = True, quoting: int = csv.QUOTE_MINIMAL
) -> str:
    written = io.StringIO()
    writer = csv.writer(written, delimiter=delimiter, quoting=quoting, lineterminator="\n")
    if header:
        writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return written.getvalue()


def lines(columns: dict[str, Sequence[Any]]) -> str:
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return "".join(json.dumps(row) + "\n" for row in rows)


def formatted(form: str) -> list[str]:
    return [each.strftime(form) for each in DAYS]


def excel(sheets: dict[str, dict[str, Sequence[Any]]]) -> bytes:
    """A workbook in the plainest XML that Excel opens."""
    kind = "http://schemas.openxmlformats.org"
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        names = list(sheets)
        types, office = f"{kind}/package/2006/content-types", f"{kind}/officeDocument/2006/relationships"
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{types}"/>')
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{kind}/package/2006/relationships"><Relationship Id="rId1" '
            f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        entries = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>' for n, name in enumerate(names, 1))
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{kind}/spreadsheetml/2006/main" xmlns:r="{kind}/officeDocument/2006/relationships">'
            f"<sheets>{entries}</sheets></workbook>",
        )
        relations = "".join(
            f'<Relationship Id="rId{n}" Type="{kind}/officeDocument/2006/relationships/worksheet" '
            f'Target="worksheets/sheet{n}.xml"/>'
            for n in range(1, len(names) + 1)
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{kind}/package/2006/relationships">{relations}</Relationships>',
        )
        for n, columns in enumerate(sheets.values(), 1):
            rows = [list(columns), *zip(*columns.values(), strict=True)]
            cells = "".join(
                "<row>" + "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in row) + "</row>"
                for row in rows
            )
            archive.writestr(
                f"xl/worksheets/sheet{n}.xml",
                f'<worksheet xmlns="{kind}/spreadsheetml/2006/main"><sheetData>{cells}</sheetData></worksheet>',
            )
    return written.getvalue()


def zipped(name: str, text: str) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr(name, text)
    return written.getvalue()


def zipped_texts(positive: str, negative: str, texts: Sequence[str], encoding: str = "utf-8") -> bytes:
    """The texts in two folders in turn."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for place, text in enumerate(texts):
            folder = negative if place % 2 else positive
            archive.writestr(f"{folder}/{place:03}.txt", text.encode(encoding))
    return written.getvalue()


def words(positive: str, negative: str) -> list[str]:
    return [positive if sign else negative for sign in SIGNS]


COUNT = len(TEXTS)
ACCENTS = ["Très bonne tente, elle a tenu à la pluie", "Déçu, la fermeture a cédé dès le premier jour"] * 6
CHINESE = [
    f"{text}{turn}" for turn in range(6) for text in ("帐篷很好搭一晚上没有漏水", "第一天早上拉链就坏了客服也不理人")
]
PARQUET = pd.DataFrame(
    {"comment_text": TEXTS, "rating": [int(each) for each in STARS], "created": pd.to_datetime(DAYS)}
)

SURVEY = {"Date": ISO, "Product": ["Tent", "Lamp"] * (COUNT // 2), "Score": STARS, "Comment": TEXTS}
EMPTY = [""] * 3


def below(rows: Sequence[Sequence[str]], columns: dict[str, Sequence[Any]] = SURVEY) -> list[list[str]]:
    """A sheet with these rows above its table."""
    return [list(row) for row in (*rows, list(columns), *zip(*columns.values(), strict=True))]


SHAPES: dict[str, Shape] = {
    "a version, and milliseconds of a change": Shape(
        "a.jsonl",
        lines(
            {
                "app": [{"version": ("4.1.1", "4.5.1")[place % 2]} for place in range(COUNT)],
                "rating": STARS,
                "body": TEXTS,
                "updated": [int(each.timestamp() * 1000) for each in DAYS],
            }
        ).encode(),
        SIGNS,
        ISO,
    ),
    "stars in words": Shape(
        "a.jsonl",
        lines(
            {
                "reviewId": [f"g{place}" for place in range(COUNT)],
                "starRating": ["FIVE", "ONE", "FOUR", "TWO"] * (COUNT // 4),
                "comment": TEXTS,
                "createTime": ISO,
            }
        ).encode(),
        SIGNS,
        ISO,
    ),
    "a sheet with a title": Shape(
        "a.xlsx", as_xlsx({"Sheet1": below([["Customer feedback Q3 2026", *EMPTY], ["", *EMPTY]])}), SIGNS, ISO
    ),
    "a sheet with several titles": Shape(
        "a.xlsx",
        as_xlsx({"Sheet1": below([["Customer feedback", *EMPTY], ["Shop:", "All", "", ""], ["By:", "Ada", "", ""]])}),
        SIGNS,
        ISO,
    ),
    "a title line": Shape("a.csv", ("Customer feedback, Q3\n" + table(SURVEY, ";")).encode(), SIGNS, ISO),
    "a title in a text file": Shape("a.txt", ("Customer feedback Q3\n\n" + table(SURVEY, "\t")).encode(), SIGNS, ISO),
    "a title line as wide as the table": Shape(
        "a.csv", ("Customer feedback;;;\n;;;\n" + table(SURVEY, ";")).encode("utf-8-sig"), SIGNS, ISO
    ),
    "a title that is called like a column": Shape(
        "a.csv", ("Comment;;;\n;;;\n" + table(SURVEY, ";")).encode(), SIGNS, ISO
    ),
    "titles as wide as the header": Shape(
        "a.csv", ("Shop;All;By;Ada\n;;;\n" + table(SURVEY, ";")).encode(), SIGNS, ISO
    ),
    "the default names": Shape("a.csv", table({"text": TEXTS, "label": SIGNS, "created_at": ISO}).encode(), SIGNS, ISO),
    "an app store": Shape(
        "a.jsonl",
        lines(
            {
                "reviewId": [f"gp:{place:04x}" for place in range(COUNT)],
                "userName": [f"Ada {place}" for place in range(COUNT)],
                "content": TEXTS,
                "score": [int(each) for each in STARS],
                "thumbsUpCount": [place % 4 for place in range(COUNT)],
                "at": formatted("%Y-%m-%d %H:%M:%S"),
                "replyContent": ["Thank you for telling us, we are glad to hear it and hope to see you"] * COUNT,
                "repliedAt": ["2025-01-01 00:00:00"] * COUNT,
            }
        ).encode(),
        SIGNS,
        ISO,
    ),
    "a shop with votes and a summary": Shape(
        "a.jsonl",
        lines(
            {
                "overall": [float(each) for each in STARS],
                "vote": ["3", "12", "1", "40"] * (COUNT // 4),
                "reviewTime": [f"{each.month:02} {each.day}, {each.year}" for each in DAYS],
                "reviewerID": [f"A{place}" for place in range(COUNT)],
                "asin": ["B0001", "B0002"] * (COUNT // 2),
                "reviewText": TEXTS,
                "summary": [f"Number {place} in short" for place in range(COUNT)],
                "unixReviewTime": [int(each.timestamp()) for each in DAYS],
            }
        ).encode(),
        SIGNS,
        ISO,
        f"Number 0 in short\n{TEXTS[0]}",
    ),
    "stars in a sentence, the date in another": Shape(
        "a.csv",
        table(
            {
                "title": [f"Short word {place}" for place in range(COUNT)],
                "rating": [f"{each}.0 out of 5 stars" for each in STARS],
                "date": [f"Reviewed in Canada on {each.strftime('%B')} {each.day}, {each.year}" for each in DAYS],
                "body": TEXTS,
            }
        ).encode(),
        SIGNS,
        ISO,
        f"Short word 0\n{TEXTS[0]}",
    ),
    "out of five": Shape("a.csv", table({"feedback": TEXTS, "stars": [f"{e}/5" for e in STARS]}).encode(), SIGNS),
    "drawn stars": Shape(
        "a.csv",
        table({"Rezension": TEXTS, "Sterne": ["★" * int(e) + "☆" * (5 - int(e)) for e in STARS]}, ";").encode(),
        SIGNS,
    ),
    "tweets without a header": Shape(
        "a.csv",
        table(
            {
                "polarity": words("4", "0"),
                "id": [1467810369 + 311 * place for place in range(COUNT)],
                "date": formatted("%a %b %d %H:%M:%S UTC %Y"),
                "query": ["NO_QUERY"] * COUNT,
                "user": [f"ada{place}" for place in range(COUNT)],
                "text": TEXTS,
            },
            header=False,
            quoting=csv.QUOTE_ALL,
        ).encode(),
        SIGNS,
        ISO,
    ),
    "sentences and 0 or 1, without a header": Shape(
        "a.txt", table({"t": TEXTS, "l": SIGNS}, "\t", header=False).encode(), SIGNS
    ),
    "fields of Hive": Shape(
        "a.txt", table({"n": range(COUNT), "t": TEXTS, "s": STARS}, "\x01", header=False).encode(), SIGNS
    ),
    "words of sentiment, without a header": Shape(
        "a.csv", table({"l": words("positive", "negative"), "t": TEXTS}, header=False).encode(), SIGNS
    ),
    "thumbs": Shape("a.csv", table({"comment": TEXTS, "verdict": words("👍", "👎")}).encode(), SIGNS),
    "recommended or not": Shape(
        "a.csv", table({"Review": TEXTS, "Recommendation": words("Recommended", "Not Recommended")}).encode(), SIGNS
    ),
    "yes and no": Shape("a.csv", table({"Comments": TEXTS, "Would buy again?": words("Yes", "No")}).encode(), SIGNS),
    "true and false": Shape(
        "a.jsonl",
        lines({"review": TEXTS, "voted_up": [bool(sign) for sign in SIGNS], "votes_funny": [0] * COUNT}).encode(),
        SIGNS,
    ),
    "-1 and 1": Shape("a.csv", table({"text": TEXTS, "sentiment": words("1", "-1")}).encode(), SIGNS),
    "three words of sentiment": Shape(
        "a.csv",
        table(
            {"tweet": TEXTS, "airline_sentiment": ["positive", "negative", "neutral", "negative"] * (COUNT // 4)}
        ).encode(),
        [1, 0, None, 0] * (COUNT // 4),
    ),
    "strong and weak words": Shape(
        "a.csv",
        table(
            {
                "OriginalTweet": TEXTS,
                "Sentiment": ["Extremely Positive", "Negative", "Neutral", "Extremely Negative"] * 6,
            }
        ).encode(),
        [1, 0, None, 0] * 6,
    ),
    "promoters": Shape(
        "a.csv",
        table({"nps_score": ["10", "0", "9", "6", "8", "3"] * 4, "Verbatim": TEXTS}).encode(),
        [1, 0, 1, 0, None, 0] * 4,
    ),
    "half stars": Shape(
        "a.csv",
        table({"review": TEXTS, "rating": ["4.5", "0.5", "5", "1.5"] * 6, "movie": ["A", "B"] * 12}).encode(),
        SIGNS,
    ),
    "up to ten": Shape("a.csv", table({"review": TEXTS, "rating": ["10", "1", "9", "2"] * 6}).encode(), SIGNS),
    "per cent": Shape("a.csv", table({"review": TEXTS, "score": ["90%", "10%", "100%", "20%"] * 6}).encode(), SIGNS),
    "semicolons, German": Shape(
        "a.csv",
        table(
            {
                "Bewertungstext": TEXTS,
                "Bewertung": STARS,
                "Datum": formatted("%d.%m.%Y"),
                "Produkt": ["Zelt", "Lampe"] * 12,
            },
            ";",
        ).encode("utf-8-sig"),
        SIGNS,
        ISO,
    ),
    "Portuguese": Shape(
        "a.csv",
        table(
            {
                "review_comment_message": TEXTS,
                "review_score": STARS,
                "review_creation_date": ISO,
                "order_id": [f"o{p}" for p in range(COUNT)],
            }
        ).encode(),
        SIGNS,
        ISO,
    ),
    "Spanish": Shape(
        "a.csv",
        table({"Comentario": TEXTS, "Calificación": STARS, "Fecha": formatted("%d/%m/%Y")}).encode(),
        SIGNS,
        ISO,
    ),
    "French in another encoding": Shape(
        "a.csv",
        table({"Commentaire": ACCENTS, "Note": ["5", "1"] * 6, "Date": ISO[:12]}, ";").encode("cp1252"),
        [1, 0] * 6,
        ISO[:12],
        ACCENTS[0],
    ),
    "Chinese": Shape(
        "a.csv",
        table({"cat": ["帐篷", "灯"] * 6, "label": [1, 0] * 6, "review": CHINESE}).encode(),
        [1, 0] * 6,
        (),
        CHINESE[0],
    ),
    "an index": Shape(
        "a.csv",
        table(
            {"": range(COUNT), "Unnamed: 0": range(1, COUNT + 1), "review": TEXTS, "label": words("pos", "neg")}
        ).encode(),
        SIGNS,
    ),
    "nested": Shape(
        "a.jsonl",
        lines(
            {
                "id": [f"x{place}" for place in range(COUNT)],
                "review": [{"text": text, "title": "-"} for text in TEXTS],
                "rating": [{"value": int(each), "max": 5} for each in STARS],
                "user": [{"name": f"ada{place}"} for place in range(COUNT)],
                "dates": [{"published": day} for day in ISO],
            }
        ).encode(),
        SIGNS,
        ISO,
    ),
    "types of MongoDB": Shape(
        "a.json",
        lines(
            {
                "_id": [{"$oid": f"{place:024x}"} for place in range(COUNT)],
                "comment": TEXTS,
                "stars": [{"$numberInt": each} for each in STARS],
                "at": [{"$date": {"$numberLong": str(int(each.timestamp() * 1000))}} for each in DAYS],
            }
        ).encode(),
        SIGNS,
        ISO,
    ),
    "reviews by their keys": Shape(
        "a.json",
        json.dumps(
            {
                "reviews": {
                    f"-N{place:02}": {"body": t, "stars": int(s), "ts": int(d.timestamp() * 1000)}
                    for place, (t, s, d) in enumerate(zip(TEXTS, STARS, DAYS, strict=True))
                }
            }
        ).encode(),
        SIGNS,
        ISO,
    ),
    "a list far within": Shape(
        "a.json",
        json.dumps(
            {
                "status": "ok",
                "data": {
                    "page": 1,
                    "reviews": [{"body": t, "stars": int(s)} for t, s in zip(TEXTS, STARS, strict=True)],
                },
            }
        ).encode(),
        SIGNS,
    ),
    "two lists": Shape(
        "a.json",
        json.dumps(
            {
                "products": [{"name": "tent"}],
                "reviews": [{"body": t, "stars": s} for t, s in zip(TEXTS, STARS, strict=True)],
            }
        ).encode(),
        SIGNS,
    ),
    "two sheets": Shape(
        "a.xlsx", excel({"About": {"what": ["an export"]}, "Reviews": {"Comment": TEXTS, "Rating": STARS}}), SIGNS
    ),
    "quotes are characters": Shape(
        "a.tsv",
        (
            "text\tlabel\n" + "".join(f'"{t.replace(",", chr(34))}\t{s}\n' for t, s in zip(TEXTS, SIGNS, strict=True))
        ).encode(),
        SIGNS,
        (),
        '"' + TEXTS[0].replace(",", '"'),
    ),
    "paragraphs with commas at their ends": Shape(
        "a.csv",
        table(
            {"review": [f"{t.partition(',')[0]},\n\nso I say,\n\n{n}" for n, t in enumerate(TEXTS)], "rating": STARS}
        ).encode(),
        SIGNS,
        (),
        "The tent stayed dry all night and went up in minutes,\n\nso I say,\n\n0",
    ),
    "escaped quotes": Shape(
        "a.csv",
        (
            "text,label\n" + "".join(f'"It is \\"fine\\", {t}",{s}\n' for t, s in zip(TEXTS, SIGNS, strict=True))
        ).encode(),
        SIGNS,
        (),
        f'It is "fine", {TEXTS[0]}',
    ),
    "milliseconds": Shape(
        "a.csv",
        table({"text": TEXTS, "rating": STARS, "timestamp": [int(each.timestamp() * 1000) for each in DAYS]}).encode(),
        SIGNS,
        ISO,
    ),
    "day or month first": Shape(
        "a.csv", table({"text": TEXTS, "rating": STARS, "date": ["03/04/2024", "05/06/2024"] * 12}).encode(), SIGNS
    ),
    "relative dates": Shape(
        "a.csv", table({"text": TEXTS, "rating": STARS, "date": ["2 days ago", "a week ago"] * 12}).encode(), SIGNS
    ),
    "in an archive": Shape("a.csv.zip", zipped("reviews.csv", table({"text": TEXTS, "rating": STARS})), SIGNS),
    "columns of a frame": Shape("a.parquet", PARQUET.to_parquet(index=False), SIGNS, ISO),
    "the halves of a review": Shape(
        "a.csv",
        table(
            {
                "Negative_Review": ["No Negative", BAD[0]] * 12,
                "Positive_Review": [GOOD[0], "No Positive"] * 12,
                "Average_Score": ["8.1"] * COUNT,
                "Reviewer_Score": ["9.6", "2.5"] * 12,
                "Row": range(7, 7 + COUNT),
            }
        ).encode(),
        SIGNS,
        (),
        GOOD[0],
    ),
    "a split and a label of another meaning": Shape(
        "a.csv",
        table({"body": TEXTS, "stars": STARS, "label": ["green", "blue"] * 12, "split": ["A", "B"] * 12}).encode(),
        SIGNS,
    ),
    "UTF-16 without a mark": Shape("a.tsv", table({"text": TEXTS, "rating": STARS}, "\t").encode("utf-16-le"), SIGNS),
    "labels that nobody knows": Shape(
        "a.csv", table({"text": TEXTS, "label": words("zig", "zag")}).encode(), [None] * COUNT
    ),
    "German months": Shape(
        "a.csv",
        table(
            {
                "Text": TEXTS,
                "Note": STARS,
                "Datum": [
                    f"{each.day}. {m} {each.year}"
                    for each, m in zip(
                        DAYS,
                        [
                            "Januar",
                            "Januar",
                            "Januar",
                            "Februar",
                            "Februar",
                            "Februar",
                            "März",
                            "März",
                            "März",
                            "März",
                            "April",
                            "April",
                            "April",
                            "Mai",
                            "Mai",
                            "Mai",
                            "Juni",
                            "Juni",
                            "Juni",
                            "Juni",
                            "Juli",
                            "Juli",
                            "Juli",
                            "August",
                        ],
                        strict=True,
                    )
                ],
            },
            ";",
        ).encode(),
        SIGNS,
        ISO,
    ),
    "fastText's lines": Shape(
        "a.ft.txt",
        "".join(f"__label__{2 if s else 1} {t}\n" for t, s in zip(TEXTS, SIGNS, strict=True)).encode(),
        SIGNS,
    ),
    "one review a line": Shape("shop-negative.txt", "\n".join(TEXTS).encode(), [0] * COUNT),
    "one review a line, in quotes": Shape(
        "shop-negative.txt", "".join(f'"{t}"\n' for t in TEXTS).encode(), [0] * COUNT, first=f'"{TEXTS[0]}"'
    ),
    "one review a line, and no name that says it": Shape("a.txt", "\n".join(TEXTS).encode(), [None] * COUNT),
    "lines without a comma": Shape(
        "a.txt",
        "\n".join(each.replace(",", "") for each in TEXTS).encode(),
        [None] * COUNT,
        first=TEXTS[0].replace(",", ""),
    ),
    "lines with a few commas": Shape(
        "a.txt", "".join(f"{t}{' so, fine' * (n % 2)}\n" for n, t in enumerate(TEXTS)).encode(), [None] * COUNT
    ),
    "a folder of texts in an archive": Shape(
        "a.zip", zipped_texts("a/pos", "a/neg", TEXTS), [0, 1] * (COUNT // 2), first=TEXTS[1]
    ),
    "a folder of texts with names of their own, in another encoding": Shape(
        "a.zip",
        zipped_texts("bravo", "disapproved", ACCENTS, "cp1252"),
        [None] * len(ACCENTS),
        first=ACCENTS[0],
    ),
}
