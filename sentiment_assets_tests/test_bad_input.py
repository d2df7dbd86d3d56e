"""Generated files that nobody should send: ``benchmarks/bad_input.py`` takes in 10,000 of them, these are a few."""

import time
from collections import Counter
from pathlib import Path

import pytest

from testing.bad_files import KINDS, NOISE, make_landing
from testing.bad_input import GOOD_OUTCOMES, REFUSED, outcome_of

FILES = 25


@pytest.mark.parametrize("kind", KINDS)
def test_a_bad_file_becomes_a_batch_that_adds_up_or_is_refused_with_a_reason(kind: str, home: Path) -> None:
    outcomes = {number: outcome_of(make_landing(kind, number)) for number in range(FILES)}
    assert {number: each for number, each in outcomes.items() if each.kind not in GOOD_OUTCOMES} == {}
    counts = Counter(each.kind for each in outcomes.values())
    assert counts[REFUSED] > 0, "else the files would all be good"
    assert kind == NOISE or counts[REFUSED] < FILES, "else they would all be noise"


def test_the_same_number_makes_the_same_file_on_any_day(monkeypatch: pytest.MonkeyPatch) -> None:
    files = [make_landing(kind, number) for kind in KINDS for number in range(FILES)]
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.0)
    assert [make_landing(kind, number) for kind in KINDS for number in range(FILES)] == files
