import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from upath import UPath

from sentiment_assets.resources.parquet import opened_parquet, parquet_table

ENDING = """
import os, sys
from pathlib import Path
import pyarrow.parquet as pq
from upath import UPath
from sentiment_assets.ingestion.readers.arrow import memory_of_arrow
from sentiment_assets.resources.parquet import opened_parquet, parquet_table

path = Path(sys.argv[1])

def a_frame():
    parquet_table(path)

def the_content_of_a_frame():
    parquet_table(path.read_bytes())

def a_part_of_a_frame():
    with opened_parquet(UPath(path)) as stored:
        stored.read_row_group(0)

def the_first_rows_of_a_landed_file():
    next(pq.ParquetFile(memory_of_arrow(path.read_bytes())).iter_batches(100))

for read in [a_frame, the_content_of_a_frame, a_part_of_a_frame, the_first_rows_of_a_landed_file] * 20:
    if not (child := os.fork()):
        read()
        sys.exit()
    assert os.waitpid(child, 0)[1] == 0, f"a process that ends as soon as it has read {read.__name__}"
"""


def test_a_table_comes_back_as_pandas_has_written_it(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"text": ["fine", None], "label": pd.array([1, None], "Int8"), "written": [pd.NaT, "2026-01-31"]}
    )
    file = tmp_path / "f.parquet"
    frame.to_parquet(file, index=False)
    for source in (file, file.read_bytes()):
        pd.testing.assert_frame_equal(parquet_table(source).to_pandas(), pd.read_parquet(file))


@pytest.mark.parametrize("folder", ["", "memory://frames"])
def test_a_frame_is_read_by_parts_wherever_it_lies(tmp_path: Path, folder: str) -> None:
    frame = pd.DataFrame({"n": range(5)})
    path = UPath(folder or tmp_path) / "f.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(frame.to_parquet(index=False, row_group_size=2))
    with opened_parquet(path) as stored:
        parts = [stored.read_row_group(each).to_pandas() for each in range(stored.num_row_groups)]
    assert len(parts) == 3
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), frame)


@pytest.mark.process
def test_a_process_that_ends_as_soon_as_it_has_read_ends_well(tmp_path: Path) -> None:
    """One of five was aborted where pyarrow still held in another thread what it had read from."""
    pd.DataFrame({f"column {number}": [0.5] * 2_000 for number in range(8)}).to_parquet(tmp_path / "f.parquet")
    subprocess.run([sys.executable, "-c", ENDING, str(tmp_path / "f.parquet")], check=True, timeout=60)
