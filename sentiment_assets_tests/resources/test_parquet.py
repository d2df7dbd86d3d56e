import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from sentiment_assets.resources.parquet import parquet_table

ENDING = """
import os, sys
from pathlib import Path
from sentiment_assets.resources.parquet import parquet_table

path = Path(sys.argv[1])
for source in [path, path.read_bytes()] * 25:
    if not (child := os.fork()):
        parquet_table(source)
        sys.exit()
    assert os.waitpid(child, 0)[1] == 0, f"a process that ends as soon as it has read {type(source)}"
"""


def test_a_table_comes_back_as_pandas_has_written_it(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"text": ["fine", None], "label": pd.array([1, None], "Int8"), "written": [pd.NaT, "2026-01-31"]}
    )
    file = tmp_path / "f.parquet"
    frame.to_parquet(file, index=False)
    for source in (file, file.read_bytes()):
        pd.testing.assert_frame_equal(parquet_table(source).to_pandas(), pd.read_parquet(file))


@pytest.mark.process
def test_a_process_that_ends_as_soon_as_it_has_read_ends_well(tmp_path: Path) -> None:
    """One of five was aborted where pyarrow still held in another thread what it had read from."""
    pd.DataFrame({f"column {number}": [0.5] * 2_000 for number in range(8)}).to_parquet(tmp_path / "f.parquet")
    subprocess.run([sys.executable, "-c", ENDING, str(tmp_path / "f.parquet")], check=True, timeout=60)
