"""Drift of texts where the champion was trained on few reviews: what is found, and how often harmless batches warn.

    python -m benchmarks.small_references --folder FOLDER [--references N ...] [--n N] [--batches N] [--features words]

FOLDER has Parquet files with columns text, label, language and, if any, domain: a domain with enough reviews is a
source of its own. For each source and size of reference a champion is trained on so many reviews, and batches of others
are drawn: without drift, with 1.5 % of a source in the same language, which is harmless, and with 10 % of it. Prints
one Markdown table: the share of batches for which ``text_drift`` warns, and the median processor seconds of the check.
"""

import argparse
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from benchmarks.corpora import SETTINGS, Champion, read_corpora, train_champion
from sentiment_assets.learning.settings import FeatureSet
from sentiment_assets.monitoring.batch_texts import describe_batch_texts
from sentiment_assets.monitoring.drift import text_drift

_SHARES = (0.0, 0.015, 0.1)
_FEWEST = 2_000
_TRAINED_ON = 0.9
"""Share of the reviews that a reference is made from: the others are test reviews."""


def main() -> None:
    """Draw, ask and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="folder of Parquet files of reviews")
    parser.add_argument("--references", type=int, nargs="+", default=[500, 800, 2_000, 10_000], help="their sizes")
    parser.add_argument("--n", type=int, default=800, help="reviews of a batch")
    parser.add_argument("--batches", type=int, default=40, help="batches of each kind")
    parser.add_argument("--features", choices=get_args(FeatureSet), default="words", help="what the champion sees")
    chosen = parser.parse_args()
    sources = dict(_sources(chosen.folder))
    print("| reference | source | other source | " + " | ".join(f"{share:.1%}" for share in _SHARES) + " | seconds |")
    print("| --- |" + " --- |" * (len(_SHARES) + 3), flush=True)
    for size in chosen.references:
        for name, (language, reviews) in sources.items():
            needed = round(size / _TRAINED_ON)
            others = [each for each, (theirs, _) in sources.items() if each != name and theirs == language]
            if not others or len(reviews) < needed + 2 * chosen.n:
                continue
            champion = train_champion(reviews.iloc[:needed], feature_set=chosen.features)
            rest = reviews["text"].iloc[needed:]
            for other in others:
                asked = Parallel(n_jobs=2)(
                    delayed(_ask)(
                        champion, rest, sources[other][1]["text"], n=chosen.n, share=share, batches=chosen.batches
                    )
                    for share in _SHARES
                )
                cells = [f"{np.mean([warns for warns, _ in each]):.2f}" for each in asked]
                seconds = statistics.median(seconds for each in asked for _, seconds in each)
                print(f"| {size:,} | {name} | {other} | {' | '.join(cells)} | {seconds:.2f} |", flush=True)


def _sources(folder: Path) -> Iterator[tuple[str, tuple[str, pd.DataFrame]]]:
    """Each source by its name: its language, and its labelled reviews."""
    for stem, frame in read_corpora(folder).items():
        columns = pd.read_parquet(folder / f"{stem}.parquet").drop_duplicates("text").sample(frac=1, random_state=0)
        language = str(columns["language"].iloc[0])
        domain = columns["domain"].fillna("") if "domain" in columns else pd.Series("", columns.index)
        labelled = ~frame["neutral"].to_numpy()
        for each, count in domain.value_counts().items():
            if count >= _FEWEST:
                own = frame[labelled & (domain == each).to_numpy()].reset_index(drop=True)
                yield (f"{stem} {each}".strip(), (language, own))


def _ask(
    champion: Champion, own: "pd.Series[str]", other: "pd.Series[str]", *, n: int, share: float, batches: int
) -> list[tuple[bool, float]]:
    chance, answers = np.random.default_rng(0), []
    for _ in range(batches):
        strange = round(n * share)
        texts = pd.concat(
            [own.sample(n - strange, random_state=chance), other.sample(strange, random_state=chance)],
            ignore_index=True,
        )
        view = describe_batch_texts(texts, champion.model, champion.reference.ngrams)
        started = time.process_time()
        finding = text_drift(texts, view, champion.reference, SETTINGS).finding
        answers.append((finding.warns, time.process_time() - started))
    return answers


if __name__ == "__main__":
    main()
