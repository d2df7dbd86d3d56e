"""Which format the data folder has, so that a release does not misread what a later one has written."""

import json
from importlib.metadata import version

from upath import UPath

from sentiment_assets.resources.urls import shown
from sentiment_assets.resources.written_files import write_atomically

FORMAT = 2
"""The format that this release writes. It reads those before it too; folders without a mark are of the first."""
_FILE = "format.json"


class NewerHome(RuntimeError):
    """A later release has written the data folder, or may have; the message says what to do."""


def require_known_format(folder: UPath) -> None:
    """Mark a data folder as being of this release's format. Raises ``NewerHome``, and has changed nothing then."""
    mark = folder / _FILE
    try:
        written = json.loads(mark.read_bytes())
    except FileNotFoundError:
        written = {"format": 0}
    except ValueError as error:
        raise NewerHome(
            f"{shown(mark)} is damaged, so nobody can say which release has written the folder. Bring it back from a "
            "backup, or delete it if no later release has been here."
        ) from error
    if written["format"] > FORMAT:
        raise NewerHome(
            f"{shown(folder)} was written by release {written['release']} of Sentiment Assets, in format "
            f"{written['format']}; this is release {version('sentiment-assets')}, which knows formats up to {FORMAT}. "
            "Install that release or a later one, or bring back a backup of before the upgrade. Nothing was changed."
        )
    if written["format"] < FORMAT:
        write_atomically(mark, json.dumps({"format": FORMAT, "release": version("sentiment-assets")}).encode())
