"""The answers to texts: by one version each, however many requests are answered together."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from sentiment_assets.learning.contributions import Contributions
from sentiment_assets.serving.batcher import Batcher
from sentiment_assets.serving.champion import Champion
from sentiment_assets.serving.champions import Champions

_Scores = Mapping[str, Any]
"""The fields of a ``TextScore``."""
_NOTHING: _Scores = {"score": None, "label": None, "confidence": None}


class NoChampion(LookupError):
    """A branch has no champion yet; the message says what to do."""


class _Answer(NamedTuple):
    version: str
    scores: _Scores


class Answers:
    """Texts of each branch wait for one another only; those that want words apart from those that want none."""

    def __init__(self, champions: Champions) -> None:
        self._champions = champions
        self._threads = ThreadPoolExecutor(1, "scores")
        self._batchers: dict[tuple[str, bool], Batcher[_Answer]] = {}

    async def to(self, branch: str, texts: Sequence[str], *, explain: bool) -> tuple[str, Sequence[_Scores]]:
        """The version that answers, and the fields of a ``TextScore`` for each text. Raises ``NoChampion``."""
        if (branch, explain) not in self._batchers:
            work = partial(self._work, branch, explain)
            self._batchers[branch, explain] = Batcher(work, self._threads)
        answers = await self._batchers[branch, explain].ask(texts)
        return answers[0].version, [each.scores for each in answers]

    def _work(self, branch: str, explain: bool, texts: Sequence[str]) -> Sequence[_Answer]:
        champion = self._champions.served.champions.get(branch)
        if champion is None:
            raise NoChampion(no_champion(branch))
        return [_Answer(champion.version, each) for each in _scores(champion, texts, explain=explain)]


def no_champion(branch: str) -> str:
    """What is to do while a branch has no champion."""
    return f"branch {branch} has no champion yet: run the job {branch}_train; it is served within seconds"


def _scores(champion: Champion, texts: Sequence[str], *, explain: bool) -> Sequence[_Scores]:
    readable, reasons = champion.read(texts)
    model, read = champion.model, list(readable.values())
    explained = list(model.explained(read)) if explain else []
    margins = np.concatenate([each.margins for each in explained]) if explained else model.margins(read)
    columns = {name: column.tolist() for name, column in model.scores_of(margins).items()}
    if explained:
        columns["words"] = [words for each in explained for words in _words(each)]
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    of_place = dict(zip(readable, rows, strict=True))
    return [of_place.get(place) or {**_NOTHING, "reason": reasons[place]} for place in range(len(texts))]


def _words(explained: Contributions) -> Iterator[list[dict[str, Any]]]:
    for words, contributions in zip(explained.words, explained.contributions, strict=True):
        yield [{"word": word, "contribution": added} for word, added in zip(words, contributions, strict=True)]
