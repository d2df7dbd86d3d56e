"""Behavioural tests of a model: cases written by people, per language, that a good model gets right.

Minimum-functionality and invariance tests: Ribeiro et al. 2020, "Beyond accuracy: behavioral testing of NLP models
with CheckList".
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sentiment_assets.learning.behaviour_cases import BehaviourCases
from sentiment_assets.learning.model import SentimentModel


@dataclass(frozen=True)
class CaseResult:
    """One case, and what the model made of it."""

    kind: str
    """minimum functionality or invariance."""
    group: str
    texts: Sequence[str]
    expected: str
    """positive, negative or one label."""
    scores: Sequence[float]
    passed: bool


@dataclass(frozen=True)
class BehaviourResult:
    """All cases of a branch."""

    cases: Sequence[CaseResult]

    @property
    def n_passed(self) -> int:
        """Cases that the model got right."""
        return sum(case.passed for case in self.cases)

    @property
    def by_group(self) -> list[dict[str, object]]:
        """Passed and total cases of each group, as the rows of a table."""
        groups = dict.fromkeys((case.kind, case.group) for case in self.cases)
        of = {key: [case for case in self.cases if (case.kind, case.group) == key] for key in groups}
        return [
            {"test": kind, "group": group, "passed": sum(case.passed for case in cases), "cases": len(cases)}
            for (kind, group), cases in of.items()
        ]

    @property
    def failures(self) -> list[dict[str, object]]:
        """The cases that the model got wrong, as the rows of a table."""
        return [
            {
                "test": case.kind,
                "group": case.group,
                "expected": case.expected,
                "text": " | ".join(case.texts),
                "score": " | ".join(f"{score:+.2f}" for score in case.scores),
            }
            for case in self.cases
            if not case.passed
        ]


def check_behaviour(model: SentimentModel, cases: BehaviourCases) -> BehaviourResult:
    """Score every case; whether a text is positive is the model's label, as everywhere."""
    return BehaviourResult([*_minimum_functionality(model, cases), *_invariance(model, cases)])


def _minimum_functionality(model: SentimentModel, cases: BehaviourCases) -> Iterator[CaseResult]:
    for group, expected in cases.minimum_functionality.items():
        for label, texts in (("positive", expected.positive), ("negative", expected.negative)):
            scored = model.score(texts)
            for text, score, given in zip(texts, scored["score"], scored["label"], strict=True):
                yield CaseResult(
                    kind="minimum functionality",
                    group=group,
                    texts=[text],
                    expected=label,
                    scores=[score],
                    passed=bool(given) == (label == "positive"),
                )


def _invariance(model: SentimentModel, cases: BehaviourCases) -> Iterator[CaseResult]:
    for group, sets_of_variants in cases.invariance.items():
        for variants in sets_of_variants:
            scored = model.score(variants)
            yield CaseResult(
                kind="invariance",
                group=group,
                texts=variants,
                expected="one label",
                scores=scored["score"].tolist(),
                passed=scored["label"].nunique() == 1,
            )
