"""What becomes of a bad file when it is taken in: a batch that adds up, or a refusal that people can act on."""

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import dagster as dg

from sentiment_assets.assets.raw_reviews import FILE_FACTS, take_in
from sentiment_assets.assets.stored_batch import read_stored_batch
from sentiment_assets.ingestion.batch_key import batch_key
from sentiment_assets.ingestion.decoding import on_one_line
from sentiment_assets.monitoring.other_batches import OtherBatches
from sentiment_assets.monitoring.quality import batch_quality, row_identity
from sentiment_assets.monitoring.quality_batch import FileFacts, QualityBatch
from sentiment_assets.monitoring.settings import MonitoringSettings
from sentiment_assets.resources.home import below_home
from sentiment_assets.resources.storage import Storage
from testing.bad_files import SETTINGS, Landing

READ, REFUSED, BROKEN, UNCLEAR, OTHER_ERROR = "read", "refused", "identity broken", "unclear", "other error"
OUTCOMES = (READ, REFUSED, BROKEN, UNCLEAR, OTHER_ERROR)
GOOD_OUTCOMES = (READ, REFUSED)
_BRANCH, _LANDING = "acme", "landing/acme"
_STORAGE = Storage(root="data")


@dataclass(frozen=True)
class Outcome:
    """What became of a file."""

    kind: str
    """One of ``OUTCOMES``."""
    said: str
    """What a person reads."""
    seconds: float


def outcome_of(landing: Landing) -> Outcome:
    """Land a file in the home folder of the environment, take it in as ``ingest`` does, and look at its quality."""
    place = below_home(_LANDING) / landing.name
    files = {place if name == landing.name else place / name: each for name, each in landing.files.items()}
    for file, content in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    started = time.process_time()
    try:
        kind, said = _taken_in(landing)
    except dg.Failure as failure:
        kind, said = _judge_refusal(failure.description or "", landing.name)
    except Exception as error:  # noqa: BLE001  it is what is looked for
        kind, said = OTHER_ERROR, f"{type(error).__name__}: {error}"
    seconds = time.process_time() - started
    for file in files:
        file.unlink()
    return Outcome(kind, said, seconds)


def _taken_in(landing: Landing) -> tuple[str, str]:
    key = batch_key(landing.name)
    settings = SETTINGS[landing.settings]
    take_in(_BRANCH, key, landing=_LANDING, settings=settings, storage=_STORAGE, log=logging.getLogger(__name__))
    stored = read_stored_batch(_STORAGE, _BRANCH, key)
    assert stored.without_text is not None
    adds_up = row_identity(
        rows_in=stored.reviews.attrs["rows_in"],
        rows_kept=len(stored.reviews),
        rows_quarantined=len(stored.quarantine),
        rows_without_text=len(stored.without_text),
        rows_duplicate=stored.reviews.attrs["rows_duplicate"],
        lines=stored.reviews.attrs["lines"],
    )
    batch_quality(
        QualityBatch(
            reviews=stored.reviews,
            rows_in=stored.reviews.attrs["rows_in"],
            rows_quarantined=len(stored.quarantine),
            rows_duplicate=stored.reviews.attrs["rows_duplicate"],
            others=OtherBatches(()),
            checked_at=datetime.now(UTC),
            file=FileFacts(**stored.reviews.attrs[FILE_FACTS]),
        ),
        MonitoringSettings(),
    )
    return READ if adds_up.holds else BROKEN, adds_up.sentence


def _judge_refusal(said: str, name: str) -> tuple[str, str]:
    """Whether a refusal names the file, says what is wrong with it, and says so itself."""
    names_it = any(each in said for each in (on_one_line(name), repr(name), batch_key(name)))
    is_clear = names_it and "A look at it failed" not in said and "Traceback" not in said
    return REFUSED if is_clear and len(said) < 6_000 else UNCLEAR, said
