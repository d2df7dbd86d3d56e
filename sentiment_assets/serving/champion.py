"""A champion in Python: ``load_champion("movies").score(texts)``, without Dagster."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from sentiment_assets.branch.files import branch_files, settings_of
from sentiment_assets.ingestion.row_values import ValueReader
from sentiment_assets.ingestion.settings import IngestionSettings
from sentiment_assets.ingestion.values import RejectedRow, is_missing
from sentiment_assets.learning.model import SentimentModel
from sentiment_assets.learning.near_duplicates import NO_SIGNATURES
from sentiment_assets.resources.registry import LoadedChampion

_NO_TEXT = "there is no text"


@dataclass(frozen=True)
class Champion:
    """A registered model of a branch, with the branch's way to read a text."""

    branch: str
    version: str
    """Its number in MLflow's registry."""
    digest: str
    """What its files are known by."""
    model: SentimentModel
    reader: ValueReader

    def score(self, texts: Iterable[str | None]) -> pd.DataFrame:
        """One row for each text, in order; those of a Series keep its index.

        Columns score in [-1, 1], label (1 or 0), confidence, the probability of the label, and model_version. A text
        that says nothing (missing, blank, a placeholder of the branch, markup alone) has no score, label and
        confidence. Raises ``TypeError`` for what is no text.
        """
        index = texts.index if isinstance(texts, pd.Series) else None
        given = _as_texts(texts)
        readable, _ = self.read(given)
        scores = self.model.score(list(readable.values())).set_axis(list(readable))
        scored = scores.astype({"label": "Int8"}).reindex(range(len(given))).assign(model_version=self.version)
        return scored if index is None else scored.set_axis(index)

    def explain(self, text: str) -> pd.DataFrame:
        """The words of a text, and what each added to its margin (above 0 where it is positive), heaviest first.

        Columns word and contribution. No row where the model knows nothing.
        """
        readable, _ = self.read(_as_texts([text]))
        words = self.model.contributions(list(readable.values()))[0] if readable else {}
        return pd.DataFrame({"word": pd.Series(list(words), dtype="str"), "contribution": np.array([*words.values()])})

    def read(self, texts: Sequence[str | None]) -> tuple[Mapping[int, str], Mapping[int, str]]:
        """The texts as the branch stores those that land, by their places from 0; and why the others have no score."""
        stored, why_not, _ = self.reader.read_texts([{"text": text} for text in texts])
        readable = {place: text for place, text in enumerate(stored) if text}
        reasons = {place: _reason(why_not.get(place)) for place in range(len(texts)) if place not in readable}
        return readable, reasons


def champion_from(branch: str, loaded: LoadedChampion) -> Champion:
    """A loaded version, without what only later comparisons need. Raises ``UnknownBranch`` for a YAML file with faults.

    A text is read as the branch's YAML file says; by the defaults if there is none here.
    """
    settings = settings_of(branch) if branch in branch_files() else IngestionSettings()
    of_texts = {"html": settings.html, "placeholders": settings.placeholders, "privacy": settings.privacy}
    reader = ValueReader(IngestionSettings.model_validate(of_texts))
    model = replace(loaded.model, trained_on=np.empty(0, np.uint64), trained_signatures=NO_SIGNATURES)
    return Champion(branch, loaded.version, loaded.digest, model=model, reader=reader)


def _as_texts(texts: Iterable[Any]) -> list[str | None]:
    if isinstance(texts, (str, Mapping, pd.DataFrame)):
        kind = type(texts).__name__
        raise TypeError(f"score() takes a list of texts or a Series, and was given a {kind}: score([text])")
    given = [None if each is pd.NA or is_missing(each) else each for each in texts]
    for place, each in enumerate(given):
        if not isinstance(each, str | None):
            raise TypeError(f"text {place} is of type {type(each).__name__}, not a string")
    return given


def _reason(rejected: RejectedRow | None) -> str:
    return rejected.reason if rejected else _NO_TEXT
