"""The sweep ledger: what each candidate cost, and what the search gained by it."""

from collections.abc import Mapping

import pandas as pd

from sentiment_assets.learning.candidate import Candidate


def sweep_ledger(candidates: Mapping[str, Candidate], validation_losses: Mapping[str, float]) -> pd.DataFrame:
    """One row a candidate, in the order of the search.

    Columns: candidate; cpu_seconds, wall_seconds and peak_megabytes of its training; validation_loss; best_so_far, the
    smallest validation loss up to this row; gain, by how much this row lowered it (the first row's gain is 0);
    total_cpu_seconds up to this row.
    """
    rows = [
        {
            "candidate": key,
            "cpu_seconds": each.cost.cpu_seconds,
            "wall_seconds": each.cost.wall_seconds,
            "peak_megabytes": each.cost.peak_megabytes,
            "validation_loss": validation_losses[key],
        }
        for key, each in candidates.items()
    ]
    ledger = pd.DataFrame(rows)
    best = ledger["validation_loss"].cummin()
    return ledger.assign(
        best_so_far=best,
        gain=best.shift(fill_value=best.iloc[0]) - best,
        total_cpu_seconds=ledger["cpu_seconds"].cumsum(),
    )
