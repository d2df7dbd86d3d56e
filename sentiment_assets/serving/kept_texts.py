"""Texts that were asked about, kept as a landed file a day, where a branch wants that (``serve: {keep: true}``)."""

import errno
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import FileIO
from pathlib import Path
from uuid import uuid4

import pandas as pd
from upath import UPath

from sentiment_assets.branch.files import branch_files, branch_settings_of, filled_in
from sentiment_assets.branch.settings import BranchSettings
from sentiment_assets.ingestion.redaction import Redactor
from sentiment_assets.resources.home import below_home, local_home, make_folder
from sentiment_assets.resources.written_files import for_this_account, written_atomically

_GRACE = timedelta(minutes=1)
"""A day has ended for good when nobody can have begun to write in it."""
_ENDING = ".jsonl"


@dataclass(frozen=True)
class KeptTexts:
    """The texts of one branch. They wait below the home folder, in a file of their day and process, till it ends."""

    branch: str
    settings: BranchSettings
    place: UPath
    """Where the branch's files land."""
    waiting: Path
    process: str = field(default_factory=lambda: uuid4().hex[:8])

    def keep(self, texts: Sequence[str], now: datetime) -> None:
        """Append texts, redacted, with an id each and the moment they came; all of them or, if it fails, none."""
        moment, redact = now.isoformat(timespec="seconds"), Redactor(self.settings.ingestion).redact
        lines = [json.dumps({"id": uuid4().hex, "at": moment, "text": redact(text)}) + "\n" for text in texts]
        make_folder(self.waiting)
        path = self.waiting / f"{now:%Y-%m-%d}-{self.process}{_ENDING}"
        with open(path, "ab", buffering=0, opener=for_this_account) as file:
            _append(file, "".join(lines).encode())

    def land_days_before(self, now: datetime) -> None:
        """Land what was kept on days that are over, by whichever process, each file under a name of its own.

        If that is broken off, it lands again under the same name, with the same content. A line that a killed process
        left unfinished is passed over. Raises what file systems do, once all other files have been tried.
        """
        first_day = f"{now - _GRACE:%Y-%m-%d}"
        over = [each for each in self.waiting.glob(f"*{_ENDING}") if each.name < first_day]
        failed: list[OSError] = []
        for file in sorted(over):
            try:
                self._land(file)
            except OSError as error:
                failed.append(error)
        if failed:
            raise failed[0]

    def _land(self, file: Path) -> None:
        try:
            kept = self._as_landed(file)
        except FileNotFoundError:
            return  # another process has landed it meanwhile
        with written_atomically(self.place / f"served-{file.stem}.parquet") as stream:
            kept.to_parquet(stream, index=False)
        file.unlink(missing_ok=True)

    def _as_landed(self, file: Path) -> pd.DataFrame:
        """The texts under the names by which the branch reads its columns."""
        columns = self.settings.columns
        whole = [line for line in file.read_bytes().split(b"\n")[:-1] if line]
        kept = pd.DataFrame([json.loads(line) for line in whole], columns=["id", "at", "text"])
        kept["at"] = pd.to_datetime(kept["at"])
        names = {"text": columns.texts[0], "id": columns.review_id, "at": columns.date.column}
        return kept.rename(columns=names)[[name for name in names.values() if name]]


def kept_texts() -> Mapping[str, KeptTexts]:
    """The kept texts of the branches that want it, by branch. Raises ``UnknownBranch`` for a YAML file with faults.

    Raises ``ValueError`` if the home folder is not on this machine, since nothing can be appended to an object.
    """
    every = {branch: branch_settings_of(branch) for branch in branch_files()}
    wanted = {branch: settings for branch, settings in every.items() if settings.serve.keep}
    return {
        branch: KeptTexts(branch, settings, below_home(filled_in(settings.landing)), local_home() / "served" / branch)
        for branch, settings in wanted.items()
    }


def _append(file: FileIO, content: bytes) -> None:
    """All of it or nothing: half a line would swallow the next one. Raises ``OSError``."""
    size, written = file.seek(0, os.SEEK_END), 0
    try:
        written = file.write(content)
    finally:
        if written != len(content):
            file.truncate(size)
    if written != len(content):
        raise OSError(errno.ENOSPC, f"{written:,} of {len(content):,} bytes could be written")


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)
