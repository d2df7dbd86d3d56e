import errno
import os
from pathlib import Path

import pytest
from upath import UPath

from sentiment_assets.resources.written_files import write_atomically


@pytest.mark.parametrize(
    ("reason", "remedy"), [(errno.ENOSPC, "make room on its disk"), (errno.EROFS, "mount its disk for writing")]
)
def test_a_file_that_cannot_be_written_is_named_with_what_to_do_and_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: int, remedy: str
) -> None:
    file = tmp_path / "below" / "a.parquet"
    write_atomically(UPath(file), b"former")

    def refuses(source: object, target: object) -> None:
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(os, "replace", refuses)
    with pytest.raises(OSError, match=f"{os.strerror(reason)}: {remedy}, and run this again: '{file}'") as raised:
        write_atomically(UPath(file), b"new")
    assert raised.value.errno == reason
    assert [each.read_bytes() for each in file.parent.iterdir()] == [b"former"]
