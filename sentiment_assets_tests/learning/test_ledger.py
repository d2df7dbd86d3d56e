from dataclasses import replace

import pytest

from sentiment_assets.learning.candidate import Candidate
from sentiment_assets.learning.cost import Cost
from sentiment_assets.learning.ledger import sweep_ledger


def test_it_says_what_each_further_candidate_cost_and_gained(candidates: dict[str, Candidate]) -> None:
    any_candidate = next(iter(candidates.values()))
    costs = {"first": 2.0, "worse": 1.0, "better": 4.0}
    trained = {key: replace(any_candidate, cost=Cost(cpu, cpu + 1, 300)) for key, cpu in costs.items()}
    ledger = sweep_ledger(trained, {"first": 0.5, "worse": 0.6, "better": 0.3})
    assert ledger["candidate"].tolist() == ["first", "worse", "better"]
    assert ledger["best_so_far"].tolist() == [0.5, 0.5, 0.3]
    assert ledger["gain"].tolist() == pytest.approx([0, 0, 0.2])
    assert ledger["total_cpu_seconds"].tolist() == [2, 3, 7]
    assert ledger["wall_seconds"].tolist() == [3, 2, 5]
    assert ledger["peak_megabytes"].tolist() == [300, 300, 300]
