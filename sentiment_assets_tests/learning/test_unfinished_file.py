import errno
import os
from pathlib import Path

import pytest

from sentiment_assets.learning.unfinished_file import unfinished_file


def test_a_file_lies_in_its_folder_and_is_seen_by_nobody(tmp_path: Path) -> None:
    with unfinished_file(tmp_path) as file:
        file.write(b"x")
        assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_named_with_what_to_do(tmp_path: Path) -> None:
    said = f"No space left on device: make room on its disk, and run this again: '{tmp_path}'"
    with pytest.raises(OSError, match=said), unfinished_file(tmp_path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_another_error_is_left_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such batch"), unfinished_file(tmp_path):
        raise FileNotFoundError("no such batch")
