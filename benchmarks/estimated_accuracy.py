"""What `estimated_accuracy` says of batches whose accuracy fell, and of harmless ones, and how near its estimate comes.

    python -m benchmarks.estimated_accuracy --folder FOLDER [--batches N]

Every Parquet file of FOLDER (columns text, label: 0, 1, or none, which is left out; created_at where it is known) is a
corpus: half of it, up to 6,000 reviews, becomes a champion, and batches of up to 500 are drawn from the rest, as they
are and shifted: of one length, one cluster of n-grams, another class balance, spoilt in the writing, mixed with the
other corpora, and, with a champion of the oldest half, in the order of their dates. Their labels are hidden.

Prints a Markdown table: how many batches fell by five points of accuracy below the champion's held-out accuracy; of
these the shares that warn, and that say that scores cannot tell; the same of those that fell by less than two; and the
mean absolute error, in points, of the mean confidence as it is, adjusted to the batch's share of positives (Saerens et
al. 2002), and midway.
"""

import argparse
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.cluster import MiniBatchKMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.preprocessing import normalize

from benchmarks.corpora import ALONE, SETTINGS, Champion, read_corpora, train_champion
from sentiment_assets.learning.ngrams import hash_ngrams
from sentiment_assets.monitoring.accuracy import calibrated, measure
from sentiment_assets.monitoring.batch_checks import check_degradation, check_drift, choose_reviews
from sentiment_assets.monitoring.batch_to_check import BatchToCheck, find_new_reviews

_MOST_TRAINED_ON, _MOST_DRAWN_FROM, _SIZE = 6_000, 8_000, 500
_CLUSTERS, _FEWEST_OF_A_CLUSTER = 5, 200
_FELL, _FELL_LITTLE = 0.05, 0.02
_ROUNDS, _SUREST = 100, 0.995
_CHANGES: dict[str, Callable[["pd.Series[str]"], "pd.Series[str]"]] = {
    "cut": lambda texts: texts.str.slice(0, 50),
    "upper case": lambda texts: texts.str.upper(),
}


@dataclass(frozen=True)
class Shift:
    """A way to draw batches from reviews, by a seed."""

    kind: str
    name: str
    draw: Callable[[int], pd.DataFrame]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="folder of Parquet files")
    parser.add_argument("--batches", type=int, default=4, help="batches of each shift; three times as many without one")
    chosen = parser.parse_args()
    corpora = {name: reviews[~reviews["neutral"]] for name, reviews in read_corpora(chosen.folder).items()}
    seen = Parallel(n_jobs=2)(
        delayed(look)(corpora, name, chosen.batches, by_date=by_date)
        for name, reviews in corpora.items()
        for by_date in (False, True)
        if not by_date or reviews["created_at"].notna().any()
    )
    _print_table(pd.concat(seen, ignore_index=True))


def look(corpora: Mapping[str, pd.DataFrame], name: str, batches: int, *, by_date: bool) -> pd.DataFrame:
    """Everything that is seen of the batches of one corpus, one row a batch."""
    reviews = corpora[name].sort_values("created_at") if by_date else corpora[name]
    half = min(len(reviews) // 2, _MOST_TRAINED_ON)
    champion = train_champion(reviews.iloc[:half], with_neutral=False)
    pool = reviews.iloc[half : half + _MOST_DRAWN_FROM]
    others = {other: corpora[other] for other in corpora if other != name}
    shifts = _in_order(pool) if by_date else _shifts(pool, others, _clusters(pool, champion))
    return pd.DataFrame(
        {"kind": shift.kind, "corpus": name, "shift": shift.name} | _look_at(shift.draw(seed), champion)
        for shift in shifts
        for first in [zlib.crc32(shift.name.encode()) % 1_000_000]
        for seed in range(first, first + (1 if by_date else batches * (3 if shift.kind == "harmless" else 1)))
    )


def _in_order(pool: pd.DataFrame) -> Iterator[Shift]:
    for first in range(0, len(pool) - _SIZE + 1, _SIZE):
        yield Shift("later", str(first), lambda _, first=first: pool.iloc[first : first + _SIZE])  # type: ignore[misc]


def _clusters(pool: pd.DataFrame, champion: Champion) -> np.ndarray:
    """The cluster of each review, by its n-grams."""
    rows = normalize(hash_ngrams(pool["text"], champion.reference.ngrams))
    topics = TruncatedSVD(20, random_state=0).fit_transform(rows)
    return MiniBatchKMeans(_CLUSTERS, random_state=0, n_init=3).fit_predict(normalize(topics))


def _shifts(pool: pd.DataFrame, others: Mapping[str, pd.DataFrame], clusters: np.ndarray) -> Iterator[Shift]:
    for n in (200, _SIZE):
        yield Shift("harmless", f"n = {n}", lambda seed, n=n: _draw(pool, n, seed))  # type: ignore[misc]
    lengths = pool["text"].str.len()
    parts = {"short": pool[lengths < lengths.quantile(0.25)], "long": pool[lengths > lengths.quantile(0.75)]}
    parts |= {f"cluster {number}": pool[clusters == number] for number in range(_CLUSTERS)}
    for name, part in parts.items():
        if len(part) >= _FEWEST_OF_A_CLUSTER:
            yield Shift("length, cluster", name, lambda seed, part=part: _draw(part, _SIZE, seed))  # type: ignore[misc]
            yield Shift("length, cluster", f"30 % {name}", _mixed(pool, part, 0.3))
    for share in (0.3, 0.5, 0.7, 0.9):
        yield Shift("class balance", f"{share:.0%} positive", _balanced(pool, share))
    for share in (0.2, 1.0):
        for name, change in _CHANGES.items():
            yield Shift("writing", f"{share:.0%} {name}", _changed(pool, share, change))
    for name, other in others.items():
        for share in (0.1, 0.2, 0.5, 1.0):
            yield Shift("other corpora", f"{share:.0%} {name}", _mixed(pool, other, share))


def _draw(reviews: pd.DataFrame, n: int, seed: int) -> pd.DataFrame:
    return reviews.sample(min(n, len(reviews) * 2 // 3), random_state=seed)


def _mixed(pool: pd.DataFrame, other: pd.DataFrame, share: float) -> Callable[[int], pd.DataFrame]:
    n = round(_SIZE * share)
    return lambda seed: pd.concat([_draw(other, n, seed), _draw(pool, _SIZE - n, seed)]).drop_duplicates("text")


def _balanced(pool: pd.DataFrame, positive: float) -> Callable[[int], pd.DataFrame]:
    counts = pool["label"].value_counts()
    n = min(_SIZE, int(counts[1] / positive * 2 / 3), int(counts[0] / (1 - positive) * 2 / 3))
    by_label = [(pool[pool["label"] == label], round(n * share)) for label, share in ((1, positive), (0, 1 - positive))]
    return lambda seed: pd.concat([_draw(reviews, size, seed) for reviews, size in by_label])


def _changed(
    pool: pd.DataFrame, share: float, change: Callable[["pd.Series[str]"], "pd.Series[str]"]
) -> Callable[[int], pd.DataFrame]:
    def draw(seed: int) -> pd.DataFrame:
        batch = _draw(pool, _SIZE, seed)
        some = np.arange(len(batch)) < len(batch) * share
        return batch.assign(text=batch["text"].mask(some, change(batch["text"]))).drop_duplicates("text")

    return draw


def _look_at(batch: pd.DataFrame, champion: Champion) -> dict[str, object]:
    """What is said of a batch without its labels, and how far its accuracy fell."""
    batch = batch.assign(review_id=[str(each) for each in range(len(batch))])
    hidden = batch.assign(label=pd.array([pd.NA] * len(batch), "Int8"))
    to_check = BatchToCheck(key="b.csv", reviews=hidden, champion=champion, others=ALONE, checked_at="now")
    record = check_degradation(to_check, SETTINGS, drift_record=check_drift(to_check, SETTINGS), past=[]).record
    chosen, reference = (
        choose_reviews(find_new_reviews(to_check, champion.model, SETTINGS), champion.model, champion.reference),
        champion.reference,
    )
    truth = batch.set_index("review_id")["label"][chosen.reviews["review_id"]].to_numpy(int)
    true = measure(chosen.margins, truth).accuracy
    probabilities = calibrated(chosen.margins, chosen.known_ngrams, reference)
    confident = [
        float(np.where(chosen.margins > 0, each, 1 - each).mean())
        for each in (probabilities, _adjusted(probabilities, float(reference.labels.mean())))
    ]
    [verdict] = [each.verdict for each in record.findings if each.name == "estimated_accuracy"]
    estimate = record.estimate
    return {
        "verdict": verdict,
        "fall": measure(reference.margins, reference.labels).accuracy - true,
        "as it is": confident[0] - true,
        "adjusted": confident[1] - true,
        "midway": sum(confident) / 2 - true,
        "sure": bool(estimate and estimate.sure),
        "in the band": bool(estimate and estimate.low <= true <= estimate.high),
    }


def _adjusted(probabilities: np.ndarray, prior: float) -> np.ndarray:
    """Probabilities with the batch's own share of positives in place of ``prior``, by expectation maximisation."""
    share, adjusted = prior, probabilities
    for _ in range(_ROUNDS):
        positive, negative = probabilities * share / prior, (1 - probabilities) * (1 - share) / (1 - prior)
        adjusted = positive / (positive + negative)
        share = float(np.clip(adjusted.mean(), 1 - _SUREST, _SUREST))
    return adjusted


def _print_table(seen: pd.DataFrame) -> None:
    print(
        "| batches | N | fell ≥ 5 points | of these warn | of these cannot tell | fell < 2 points | of these warn",
        end="",
    )
    print(" | of these cannot tell | error as it is | adjusted | midway |")
    print("| --- " * 11 + "|")
    for kind, rows in seen.groupby("kind", sort=False):
        _print_row(str(kind), rows)
    _print_row("**all**", seen)
    sure = seen[seen["sure"]]
    errors = ", ".join(f"{each} {100 * sure[each].abs().mean():.2f}" for each in ("as it is", "adjusted", "midway"))
    print(f"\nOf {len(sure)} batches that neither texts nor answers tell from the reference: error {errors};", end=" ")
    print(f"accuracy in the band of {sure['in the band'].mean():.3f}.")


def _print_row(name: str, rows: pd.DataFrame) -> None:
    cells = [name, str(len(rows))]
    for some in (rows[rows["fall"] >= _FELL], rows[rows["fall"] < _FELL_LITTLE]):
        said = [f"{(some['verdict'] == verdict).mean():.3f}" if len(some) else "–" for verdict in ("warn", "unknown")]
        cells += [str(len(some)), *said]
    cells += [f"{100 * rows[each].abs().mean():.2f}" for each in ("as it is", "adjusted", "midway")]
    print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
