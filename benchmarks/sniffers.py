"""Delimiter and header where the header does not decide: our rule beside the sniffers of clevercsv and DuckDB.

    pip install --target FOLDER clevercsv duckdb
    PYTHONPATH=FOLDER python -m benchmarks.sniffers [--files N]

Neither is a dependency of the project. Each of N files is made up: parted by one of four delimiters, with the other
three in its names or in its texts, with a header or without one, and once more with broken rows among the good ones.

Prints one Markdown table.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from sentiment_assets.ingestion.preview.reading import File, read_sample
from sentiment_assets.ingestion.readers.delimited import DELIMITERS
from sentiment_assets.ingestion.readers.file_rows import read_rows
from sentiment_assets.ingestion.readers.unpacking import UnreadableFile
from sentiment_assets.ingestion.settings import IngestionSettings

_ROWS = 60
_ONE_BROKEN_OF = 15
_WORDS = ("the", "tent", "was", "dry", "and", "lamp", "shone", "but", "zip", "tore", "my", "daughter", "reads", "glue")


@dataclass(frozen=True)
class DelimitedFile:
    """A file, and what is true of it."""

    kind: str
    text: str
    delimiter: str
    has_header: bool


class Answer(NamedTuple):
    """What a sniffer says; ``None`` where it says nothing."""

    delimiter: str | None
    has_header: bool | None = None


Sniffer = Callable[[Path], Answer]


def files(count: int, *, broken: bool) -> Iterator[DelimitedFile]:
    """Files of all kinds in turn; with ``broken``, one of fifteen rows is not as the others."""
    for number in range(count):
        chance = random.Random(number)  # noqa: S311  no secret
        delimiter = DELIMITERS[number % len(DELIMITERS)]
        kind = list(_KINDS)[number // len(DELIMITERS) % len(_KINDS)]
        header, rows = _KINDS[kind](chance, delimiter)
        if broken:
            rows = [_broken(row, delimiter, chance) if n % _ONE_BROKEN_OF == 7 else row for n, row in enumerate(rows)]
        yield DelimitedFile(kind, "".join(f"{row}\n" for row in [*header, *rows]), delimiter, bool(header))


def _others(delimiter: str) -> list[str]:
    return [each for each in DELIMITERS if each != delimiter]


def _sentence(chance: random.Random, delimiter: str) -> str:
    """Words, between some of which stands one of the other delimiters: commas more often, as in texts."""
    signs = ["", "", "", *_others(delimiter), *([","] * 3 if delimiter != "," else [])]
    words = chance.choices(_WORDS, k=chance.randint(5, 15))
    return " ".join(word + chance.choice(signs) for word in words)


def _names_hold_others(chance: random.Random, delimiter: str) -> tuple[list[str], list[str]]:
    one, other, third = _others(delimiter)
    names = [f"review{one} as written", f"stars (1{other}2{third}3)", f"day{one}month"]
    return [delimiter.join(names)], _rows(chance, delimiter, "{text}", "{stars}", "{day}")


def _no_header(*form: str) -> Callable[[random.Random, str], tuple[list[str], list[str]]]:
    return lambda chance, delimiter: ([], _rows(chance, delimiter, *form))


def _rows(chance: random.Random, delimiter: str, *form: str) -> list[str]:
    rows = []
    for _ in range(_ROWS):
        text = _sentence(chance, delimiter)
        told = {
            "text": text,
            "quoted": f'"{text}{delimiter} {text}"' if chance.random() < 0.7 else f'"{text}\n\n{text}"',
            "once": " ".join(chance.choices(_WORDS, k=5))
            + f"{_others(delimiter)[0]} "
            + " ".join(chance.choices(_WORDS, k=5)),
            "stars": chance.randint(1, 5),
            "sign": chance.randint(0, 1),
            "decimal": f"{chance.randint(1, 4)}{'.' if delimiter == ',' else ','}{chance.randint(0, 9)}",
            "day": f"2024-{chance.randint(1, 12):02}-{chance.randint(1, 28):02} 08:{chance.randint(10, 59)}:00",
        }
        rows.append(delimiter.join(each.format(**told) for each in form))
    return rows


_KINDS: dict[str, Callable[[random.Random, str], tuple[list[str], list[str]]]] = {
    "header whose names hold the others": _names_hold_others,
    "no header: text, label": _no_header("{text}", "{sign}"),
    "no header: label, text": _no_header("{stars}", "{text}"),
    "no header: day, 4,5, text": _no_header("{day}", "{decimal}", "{text}"),
    "no header: one other sign in each text": _no_header("{once}", "{stars}"),
    "no header: quoted text, label": _no_header("{quoted}", "{stars}"),
}


def _broken(row: str, delimiter: str, chance: random.Random) -> str:
    """A row with a field too many or too few, a quote that is not closed, or quotes within a text."""
    words = row.split(" ")
    return chance.choice(
        [
            f"{words[0]}{delimiter}{' '.join(words[1:])}",
            row.rpartition(delimiter)[0],
            f'"{row}',
            " ".join([*words[:-1], '"so"', words[-1]]),
        ]
    )


def ours(file: Path) -> Answer:
    """What the reader takes the file to be parted by; the time includes reading all of its rows."""
    rows = read_rows(file.read_bytes(), "a.csv", "utf-8")
    try:
        for _ in rows:
            pass
    except UnreadableFile:
        return Answer(None)
    return Answer(str(rows.found["delimiter"]))


def our_preview(file: Path) -> Answer:
    """What the preview takes it for, with its reading of all that is in it."""
    try:
        sample = read_sample(File(file.read_bytes(), "a.csv", None), IngestionSettings())
    except UnreadableFile:
        return Answer(None)
    return Answer(str(sample.found["delimiter"]), sample.named)


def clevercsv_sniffer() -> Sniffer:
    """Clevercsv's sniffer, told which delimiters there may be."""
    import clevercsv

    def sniff(file: Path) -> Answer:
        text = file.read_text()
        sniffer = clevercsv.Sniffer()
        try:
            dialect = sniffer.sniff(text, delimiters=list(DELIMITERS))
        except clevercsv.Error:
            return Answer(None)
        if dialect is None:
            return Answer(None)
        try:
            return Answer(dialect.delimiter, sniffer.has_header(text))
        except clevercsv.exceptions.NoDetectionResult:  # it sniffs once more, without the delimiters
            return Answer(dialect.delimiter)

    return sniff


def duckdb_sniffer(options: str = "") -> Sniffer:
    """DuckDB's ``sniff_csv``, with options as they stand in SQL."""
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET threads = 1")

    def sniff(file: Path) -> Answer:
        try:
            query = f"SELECT Delimiter, HasHeader FROM sniff_csv('{file}'{options})"  # noqa: S608  our own file
            [(delimiter, has_header)] = connection.execute(query).fetchall()
        except duckdb.Error:
            return Answer(None)
        return Answer(delimiter, has_header)

    return sniff


def sniffers() -> dict[str, Sniffer]:
    """All that are compared."""
    return {
        "ours, ingest": ours,
        "ours, preview": our_preview,
        f"clevercsv {version('clevercsv')}": clevercsv_sniffer(),
        f"DuckDB {version('duckdb')}": duckdb_sniffer(),
        "the same, null_padding": duckdb_sniffer(", null_padding=true"),
    }


class Figures(NamedTuple):
    """What a sniffer got right of some files."""

    files: int
    delimiters: int
    headers: int
    """How many it is right about of those that it says anything of."""
    says_headers: int
    seconds: float


def measured(sniffer: Sniffer, made: Sequence[DelimitedFile], folder: Path) -> Figures:
    """Ask a sniffer about files, and take the processor time of its answers."""
    paths = []
    for number, each in enumerate(made):
        path = folder / f"{number}.csv"
        path.write_text(each.text)
        paths.append(path)
    sniffer(paths[0])  # what is loaded once is not counted
    before = time.process_time()
    answers = [sniffer(path) for path in paths]
    seconds = time.process_time() - before
    pairs = list(zip(answers, made, strict=True))
    return Figures(
        files=len(made),
        delimiters=sum(answer.delimiter == each.delimiter for answer, each in pairs),
        headers=sum(answer.has_header == each.has_header for answer, each in pairs),
        says_headers=sum(answer.has_header is not None for answer in answers),
        seconds=seconds,
    )


def table(count: int) -> list[str]:
    """The table, line by line."""
    lines = [
        "| files | sniffer | right delimiter | right about the header | ms a file |",
        "| --- | --- | --- | --- | --- |",
    ]
    for broken in (False, True):
        made = list(files(count, broken=broken))
        by_kind: dict[str, list[DelimitedFile]] = {}
        for each in made:
            by_kind.setdefault(each.kind, []).append(each)
        for kind, some in [*by_kind.items(), ("**all**", made)]:
            for name, sniffer in sniffers().items():
                with tempfile.TemporaryDirectory() as folder:
                    found = measured(sniffer, some, Path(folder))
                header = f"{found.headers} of {found.says_headers}" if found.says_headers else "–"
                what = f"{kind}{', broken rows' if broken else ''}"
                lines.append(
                    f"| {what} | {name} | {found.delimiters} of {found.files} | {header} "
                    f"| {1000 * found.seconds / found.files:.1f} |"
                )
    return lines


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=240, help="how many files; once more with broken rows")
    given: Any = parser.parse_args()
    try:
        import clevercsv  # noqa: F401
        import duckdb  # noqa: F401
    except ImportError as missing:
        raise SystemExit(
            f"{missing}: pip install --target FOLDER clevercsv duckdb, and set PYTHONPATH=FOLDER"
        ) from None
    print("\n".join(table(given.files)))


if __name__ == "__main__":
    main()
