"""How many reviews a second are published: ``python -m benchmarks.publishing [REVIEWS]``.

Made-up reviews with ten words each go to a DuckDB file and, where PostgreSQL's programs are installed, to a server on
this machine: once, and again, which replaces them.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sentiment_assets.publishing.tables import batch_tables
from sentiment_assets.publishing.warehouse import DuckdbFile, PostgresDatabase, Warehouse, publish
from testing.analysts import NOW, made_up_batch
from testing.postgres import postgres_server, programs

_REVIEWS = 100_000


@contextmanager
def warehouses() -> Iterator[list[tuple[str, Warehouse]]]:
    """Return the warehouses to publish to, each with its name."""
    with tempfile.TemporaryDirectory() as folder:
        file = [("DuckDB", DuckdbFile(Path(folder) / "warehouse.duckdb"))]
        if programs() is None:
            yield [*file]
            return
        with postgres_server() as server:
            yield [*file, ("PostgreSQL", PostgresDatabase(server.url()))]


def main(reviews: int) -> None:
    """Print a row for each warehouse."""
    batch = made_up_batch("shop", "a.csv", reviews)
    began = time.perf_counter()
    rows = batch_tables(batch, NOW)
    prepared = time.perf_counter() - began
    print(f"{reviews:,} reviews, {len(rows['words']):,} words: rows made in {prepared:.1f} s")
    print("| warehouse | first, s | again, s | reviews a second, again |")
    print("| --- | --- | --- | --- |")
    with warehouses() as places:
        for name, place in places:
            times = []
            for _ in range(2):
                began = time.perf_counter()
                publish(place, rows)
                times.append(time.perf_counter() - began)
            print(f"| {name} | {times[0]:.1f} | {times[1]:.1f} | {reviews / times[1]:,.0f} |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else _REVIEWS)
