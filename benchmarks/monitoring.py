"""How often the checks of a batch cry wolf and what they catch, beside Evidently, Alibi Detect and NannyML.

    python -m benchmarks.monitoring --reviews PATH [--peers PYTHON] [--batches N] [--null-batches N]

PATH is a Parquet file of labelled reviews (columns text, label, language), or a folder, of which the largest is taken.
Every other Parquet file in its folder is another source, or another language. 20,000 reviews of the first become a
champion with its reference; batches are drawn from the rest. PYTHON is the interpreter of an environment of its own
with the peers in it (see `monitoring_peers`).

Prints Markdown tables.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from scipy.special import expit

from sentiment_assets.learning.candidate import train_candidate
from sentiment_assets.learning.challenger import make_challenger
from sentiment_assets.learning.features import build_features
from sentiment_assets.learning.hyperparameters import Hyperparameters
from sentiment_assets.learning.model import SentimentModel
from sentiment_assets.learning.settings import FeatureSettings, SplitSettings
from sentiment_assets.learning.splitting import TRAIN, split_reviews, text_digests
from sentiment_assets.monitoring.accuracy import Estimate, estimate_accuracy, measured_accuracy
from sentiment_assets.monitoring.batch_texts import BatchTexts, describe_batch_texts
from sentiment_assets.monitoring.drift import label_drift, prediction_drift, text_drift
from sentiment_assets.monitoring.finding import Finding
from sentiment_assets.monitoring.other_batches import look_at_others
from sentiment_assets.monitoring.quality import batch_quality
from sentiment_assets.monitoring.quality_batch import QualityBatch
from sentiment_assets.monitoring.reference import Reference, make_reference
from sentiment_assets.monitoring.settings import MonitoringSettings
from sentiment_assets.monitoring.text_columns import TextColumns, repeats

_REFERENCE_REVIEWS, _VARIANTS = 20_000, 1_000
_PEER_REFERENCE, _NULL_PER_DRIFT = 2_000, 4
_CHAMPION = Hyperparameters(epochs=20, eta0=0.3, l2=1e-6)
_SETTINGS = MonitoringSettings()
_ALONE = look_at_others([], [])
_NULL_SIZES = (200, 1_000, 5_000, 20_000)
_HARMLESS = ((200, 0.015), (400, 0.015), (2_000, 0.015), (20_000, 0.02))
_QUALITY_UP_TO, _TIMED = 1_000, 9
Ids = np.ndarray


@dataclass(frozen=True)
class World:
    """Everything that batches are drawn from: one long table of reviews, looked at once."""

    texts: "pd.Series[str]"
    labels: np.ndarray
    """float64: 1, 0 or nan."""
    view: BatchTexts
    margins: np.ndarray
    known_ngrams: np.ndarray
    ids: Mapping[str, Ids]
    """By source: positions in the table."""
    foreign: frozenset[str]
    """Sources in another language."""
    reference: Reference


@dataclass(frozen=True)
class Row:
    """One row of the table: a way to draw batches, and what a warning means."""

    name: str
    draw: Callable[[np.random.Generator], Ids]
    batches: int
    peers_per_drift: int = 0
    """For each batch of a drift that the peers are asked about, so many of this row."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reviews", type=Path, required=True, help="Parquet file of labelled reviews")
    parser.add_argument("--peers", help="Python with evidently, alibi-detect and nannyml")
    parser.add_argument("--batches", type=int, default=200, help="batches of each kind of drift")
    parser.add_argument("--null-batches", type=int, default=1_000, help="batches without drift at each size")
    parser.add_argument("--peer-batches", type=int, default=20, help="batches of each kind that the peers are given")
    chosen = parser.parse_args()
    model, reference, splits, frames = _prepare(_source(chosen.reviews))
    world = _look(frames, model, reference)
    rows = _rows(world, chosen.null_batches, chosen.batches)
    estimates = _estimate_rows(world, chosen.batches)
    print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}, {chosen.reviews.name}: a champion of")
    print(f"{_REFERENCE_REVIEWS:,} reviews, its reference {reference.rows.shape[0]:,} of them;")
    print(f"batches are drawn from {', '.join(world.ids)}.\n", flush=True)
    peers = (
        _ask_peers(chosen.peers, chosen.peer_batches, world, splits=splits, rows=rows, estimates=estimates)
        if chosen.peers
        else {}
    )
    _print_warnings(world, rows, peers)
    _print_estimates(world, estimates, peers)
    _print_times(world, model, peers)


def _source(path: Path) -> Path:
    """The file itself, or the largest of a folder."""
    return max(path.glob("*.parquet"), key=lambda file: file.stat().st_size) if path.is_dir() else path


def _prepare(file: Path) -> tuple[SentimentModel, Reference, pd.DataFrame, dict[str, pd.DataFrame]]:
    """A champion with its reference, its splits, and the frames that batches are drawn from."""
    everything = {each.stem: pd.read_parquet(each) for each in sorted(file.parent.glob("*.parquet"))}
    everything = {name: frame.drop_duplicates("text") for name, frame in everything.items()}
    own = everything.pop(file.stem).sample(frac=1, random_state=0)
    corpus = own.head(_REFERENCE_REVIEWS)[["text", "label"]].astype({"label": "Int8"})
    corpus = corpus.assign(review_id=[str(each) for each in corpus.index], split=None, batch="all")
    splits = split_reviews(corpus, SplitSettings(), n_jobs=2).reviews
    features = build_features(splits, FeatureSettings(), ["words"], n_jobs=2)
    candidate = train_candidate(features, "benchmark", _CHAMPION, mlflow_run_id="none")
    challenger = make_challenger({_CHAMPION.key: candidate}, features, splits, metric="hinge_loss")
    model = challenger.model
    pool = own.iloc[_REFERENCE_REVIEWS:]
    frames = {"same": pool.iloc[len(_CHANGES) * _VARIANTS :]} | everything
    for place, (name, change) in enumerate(_CHANGES.items()):
        altered = pool.iloc[place * _VARIANTS : (place + 1) * _VARIANTS]
        frames[name] = altered.assign(text=altered["text"].map(change))
    return model, make_reference(challenger, splits), splits, frames


def _mojibake(text: str) -> str:
    typographic = text.replace("'", "’").replace('"', "“").replace("...", "…")
    return typographic.encode().decode("cp1252", "replace")


def _typos(text: str) -> str:
    """Two neighbouring letters swapped in every fourth word."""
    words = text.split(" ")
    for place in range(0, len(words), 4):
        word = words[place]
        if len(word) > 3:
            middle = len(word) // 2
            words[place] = word[: middle - 1] + word[middle] + word[middle - 1] + word[middle + 1 :]
    return " ".join(words)


_CHANGES: Mapping[str, Callable[[str], str]] = {
    "truncated": lambda text: text[:50],
    "mojibake": _mojibake,
    "upper_case": str.upper,
    "typos": _typos,
}


def _look(frames: Mapping[str, pd.DataFrame], model: SentimentModel, reference: Reference) -> World:
    """Look at every text once; a batch is then a choice of rows."""
    own = set(frames["same"]["language"])
    together = pd.concat([frame[["text", "label"]].assign(source=name) for name, frame in frames.items()])
    together = together[~repeats(text_digests(together["text"]))].reset_index(drop=True)
    rows = model.rows(together["text"])
    return World(
        texts=together["text"],
        labels=together["label"].to_numpy(float),
        view=describe_batch_texts(together["text"], model, reference.ngrams),
        margins=(rows @ model.coefficients).astype(np.float64) + model.intercept,
        known_ngrams=np.diff(rows.indptr),
        ids={name: np.flatnonzero(together["source"] == name) for name in frames},
        foreign=frozenset(name for name, frame in frames.items() if set(frame["language"]) != own),
        reference=reference,
    )


def _rows(world: World, null_batches: int, batches: int) -> list[Row]:
    """The rows of the table of false alarms and power."""
    foreign = [name for name in _others(world) if name in world.foreign]
    domains = [name for name in _others(world) if name not in foreign]
    rows = [
        Row(f"no drift, n = {n:,}", _draw(world, n), null_batches, _NULL_PER_DRIFT if n == 1_000 else 0)
        for n in _NULL_SIZES
    ]
    rows += [Row(f"10 % {name}, n = 1,000", _draw(world, 1_000, {name: 0.1}), batches, 1) for name in domains]
    rows += [Row(f"{name} alone, n = 200", _draw(world, 200, {name: 1.0}), batches, 1) for name in domains]
    rows += [Row("class balance 60/40, n = 1,000", _draw_balance(world, 1_000, 0.6), batches, 1)]
    rows += [Row("class balance 70/30, n = 1,000", _draw_balance(world, 1_000, 0.7), batches, 1)]
    rows += [Row(f"5 % {name}, n = 1,000", _draw(world, 1_000, {name: 0.05}), batches, 1) for name in foreign]
    rows += [Row("20 % duplicates, n = 1,000", _draw_duplicates(world, 1_000, 0.2), batches, 1)]
    rows += [
        Row(
            f"{share:.0%} {name}, n = 1,000".replace("%", " %"),
            _draw(world, 1_000, {name: share}),
            batches,
            1,
        )
        for name, share in (("truncated", 0.2), ("mojibake", 0.1), ("upper_case", 0.2), ("typos", 0.1))
    ]
    harmless = [
        Row(f"harmless: {share:.1%} {name}, n = {n:,}".replace("%", " %"), _draw(world, n, {name: share}), batches)
        for name in domains
        for n, share in _HARMLESS
    ]
    return rows + harmless


def _others(world: World) -> list[str]:
    return [name for name in world.ids if name != "same" and name not in _CHANGES]


def _draw(world: World, n: int, shares: Mapping[str, float] | None = None) -> Callable[[np.random.Generator], Ids]:
    """Batches of ``n`` with exactly those shares of other sources, without replacement."""

    def draw(rng: np.random.Generator) -> Ids:
        parts = [rng.choice(world.ids[name], round(n * share), replace=False) for name, share in (shares or {}).items()]
        rest = n - sum(map(len, parts))
        return rng.permutation(np.concatenate([*parts, rng.choice(world.ids["same"], rest, replace=False)]))

    return draw


def _draw_balance(world: World, n: int, positive: float) -> Callable[[np.random.Generator], Ids]:
    same = world.ids["same"]
    by_label = [same[world.labels[same] == label] for label in (0, 1)]
    sizes = (n - round(n * positive), round(n * positive))

    def draw(rng: np.random.Generator) -> Ids:
        return np.concatenate([rng.choice(ids, size, False) for ids, size in zip(by_label, sizes, strict=True)])

    return draw


def _draw_duplicates(world: World, n: int, share: float) -> Callable[[np.random.Generator], Ids]:
    def draw(rng: np.random.Generator) -> Ids:
        distinct = rng.choice(world.ids["same"], n - round(n * share), replace=False)
        return np.concatenate([distinct, rng.choice(distinct, round(n * share), replace=False)])

    return draw


def _batches(row: Row) -> list[Ids]:
    """The same batches at every call, whoever asks."""
    rng = np.random.default_rng(zlib.crc32(row.name.encode()))
    return [row.draw(rng) for _ in range(row.batches)]


def _view(world: World, ids: Ids) -> BatchTexts:
    """What ``describe_batch_texts`` says of these rows, which are distinct texts but for their copies."""
    distinct, positions = np.unique(ids, return_index=True)
    order = np.argsort(positions)
    chosen, whole = distinct[order], world.view
    return BatchTexts(
        positions=positions[order],
        ngrams=whole.ngrams[chosen],
        columns=TextColumns(*(getattr(whole.columns, each.name)[chosen] for each in fields(TextColumns))),
        unknown_words=whole.unknown_words[chosen],
    )


def _findings(world: World, ids: Ids) -> list[Finding]:
    """Every check of one labelled batch; quality, which reads the texts again, up to 1,000 reviews."""
    reference, labels = world.reference, world.labels[ids]
    texts, margins, known = world.texts.iloc[ids], world.margins[ids], ~np.isnan(labels)
    findings = [
        text_drift(texts, _view(world, ids), reference, _SETTINGS).finding,
        label_drift(int(np.nansum(labels)), int(known.sum()), reference, _SETTINGS),
        prediction_drift(margins, reference, _SETTINGS),
        measured_accuracy(margins[known], labels[known], reference, _SETTINGS),
    ]
    if len(ids) > _QUALITY_UP_TO:
        return findings
    reviews = pd.DataFrame({"text": texts.array, "label": pd.array(labels, "Int8")})
    reviews["created_at"] = pd.Series(pd.NaT, reviews.index, "datetime64[us, UTC]")
    reviews["split"] = pd.Series(None, reviews.index, "str")
    batch_to_check = QualityBatch(
        reviews=reviews,
        rows_in=len(ids),
        rows_quarantined=0,
        rows_duplicate=0,
        others=_ALONE,
        checked_at=datetime.now(UTC),
    )
    return [*findings, *batch_quality(batch_to_check, _SETTINGS).findings]


def _warnings_of(world: World, batches: Sequence[Ids]) -> list[list[str]]:
    return [[finding.name for finding in _findings(world, ids) if finding.warns] for ids in batches]


def _print_warnings(world: World, rows: Sequence[Row], peers: "Peers") -> None:
    others = sorted({name for each in peers.get("warnings", {}).values() for name in each})
    print("| batches | N | warn | by check |", *(f" {name} | ours, same batches |" for name in others), sep="")
    print("| --- | --- | --- | --- |", *(" --- | --- |" for _ in others), sep="")
    for row in rows:
        batches = _batches(row)
        parts = Parallel(n_jobs=2)(delayed(_warnings_of)(world, batches[half::2]) for half in range(2))
        warned: list[list[str]] = [[]] * len(batches)
        warned[0::2], warned[1::2] = parts
        by_check = Counter(name for names in warned for name in names)
        told = ", ".join(f"{name} {count / len(batches):.3f}" for name, count in by_check.most_common(4)) or "–"
        cells = f"| {row.name} | {len(batches)} | {np.mean([bool(names) for names in warned]):.3f} | {told} |"
        for name in others:
            theirs = peers["warnings"].get(row.name, {}).get(name)
            ours = [bool(names) for names in warned[: len(theirs)]] if theirs else []
            cells += f" {np.mean(theirs):.2f} | {np.mean(ours):.2f} |" if theirs else " – | – |"
        print(cells, flush=True)
    print()


def _estimate_rows(world: World, batches: int) -> dict[str, list[Row]]:
    """Batches whose accuracy is estimated, under mild and under strong shift."""
    labelled = {name: ids[~np.isnan(world.labels[ids])] for name, ids in world.ids.items()}
    world = replace(world, ids=labelled)
    others = _others(world)
    mild = [Row("no shift", _draw(world, 1_000), batches), Row("60/40", _draw_balance(world, 1_000, 0.6), batches)]
    mild += [Row(f"20 % {name}", _draw(world, 1_000, {name: 0.2}), batches) for name in ("truncated", "typos")]
    mild += [Row("shorter half", _draw_short(world, 1_000), batches)]
    mild += [
        Row(f"{share} % {name}", _draw(world, 1_000, {name: share / 100}), batches)
        for name in others
        for share in (10, 20)
    ]
    strong = [
        Row(f"{share} % {name}", _draw(world, 1_000, {name: share / 100}), batches)
        for name in others
        for share in (50, 100)
    ]
    return {"mild": mild, "strong": strong}


def _draw_short(world: World, n: int) -> Callable[[np.random.Generator], Ids]:
    same = world.ids["same"]
    lengths = world.view.columns.length[same]
    return _draw(replace(world, ids={"same": same[lengths <= np.median(lengths)]}), n)


def _estimated(world: World, batches: Sequence[Ids]) -> list[tuple[Estimate, float]]:
    """The estimate of each batch, and its true accuracy."""
    told = []
    for ids in batches:
        drift = text_drift(world.texts.iloc[ids], _view(world, ids), world.reference, _SETTINGS).finding
        true = float(((world.margins[ids] > 0) == (world.labels[ids] == 1)).mean())
        margins, known_ngrams = world.margins[ids], world.known_ngrams[ids]
        told.append((estimate_accuracy(margins, known_ngrams, world.reference, sure=not drift.warns), true))
    return told


def _print_estimates(world: World, rows: Mapping[str, Sequence[Row]], peers: "Peers") -> None:
    print("| shift | batches | true accuracy | error, points | NannyML's error | in the band | half the band |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for kind, listed in rows.items():
        gathered = []
        for row in listed:
            told = _estimated(world, _batches(row))
            errors = [100 * abs(estimate.accuracy - true) for estimate, true in told]
            inside = [estimate.low <= true <= estimate.high for estimate, true in told]
            halves = [50 * (estimate.high - estimate.low) for estimate, _ in told]
            truth = [true for _, true in told]
            theirs = peers.get("estimates", {}).get(row.name)
            other = np.mean(np.abs(100 * (np.array(theirs) - truth))) if theirs else np.nan
            gathered.append((np.mean(truth), np.mean(errors), np.mean(inside), np.mean(halves), other))
            _print_estimate(f"{kind}: {row.name}", len(told), gathered[-1])
        _print_estimate(f"**{kind}, all**", sum(row.batches for row in listed), tuple(np.mean(gathered, axis=0)))
    print()


def _print_estimate(name: str, n: int, figures: Sequence[float]) -> None:
    truth, error, inside, half, other = figures
    print(f"| {name} | {n} | {truth:.3f} | {error:.2f} | {other:.2f} | {inside:.3f} | ± {half:.1f} |", flush=True)


def _print_times(world: World, model: SentimentModel, peers: "Peers") -> None:
    """All checks of one batch of 1,000, beyond vectorizing; the view of the texts is vectorizing, quality is not."""
    [ids] = _batches(Row("time", _draw(world, 1_000), 1))
    times = []
    for _ in range(_TIMED):
        start = time.perf_counter()
        _findings(world, ids)
        estimate_accuracy(world.margins[ids], world.known_ngrams[ids], world.reference)
        times.append(time.perf_counter() - start)
    viewing = []
    for _ in range(_TIMED):
        start = time.perf_counter()
        describe_batch_texts(world.texts.iloc[ids], model, world.reference.ngrams)
        viewing.append(time.perf_counter() - start)
    ours, looking = statistics.median(times), statistics.median(viewing)
    print(f"All checks of 1,000 reviews: {ours:.2f} s beyond looking at their texts, which takes {looking:.2f} s.")
    for name, seconds in peers.get("seconds", {}).items():
        print(f"{name}: {seconds:.2f} s; ours / theirs {ours / seconds:.2f}.")


Peers = dict[str, Any]


def _ask_peers(
    python: str,
    batches: int,
    world: World,
    *,
    splits: pd.DataFrame,
    rows: Sequence[Row],
    estimates: Mapping[str, Sequence[Row]],
) -> Peers:
    """Give the peers the same texts and the first batches of each row."""
    train = splits.loc[splits["split"] == TRAIN, "text"]
    every = [row for each in estimates.values() for row in each]
    asked = {
        row.name: [ids.tolist() for ids in _batches(row)[: batches * row.peers_per_drift]]
        for row in rows
        if row.peers_per_drift
    }
    [timed] = _batches(Row("time", _draw(world, 1_000), 1))
    probabilities = expit(world.margins)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        pd.DataFrame({"text": world.texts}).to_parquet(place / "texts.parquet")
        pd.DataFrame({"text": train}).to_parquet(place / "reference.parquet")
        pd.DataFrame({"p": probabilities, "label": world.labels}).to_parquet(place / "scores.parquet")
        held_out = {"p": expit(world.reference.margins), "label": world.reference.labels}
        pd.DataFrame(held_out).to_parquet(place / "held_out.parquet")
        task = {
            "reference_reviews": _PEER_REFERENCE,
            "our_reference_reviews": world.reference.rows.shape[0],
            "warnings": asked,
            "timed": timed.tolist(),
            "estimates": {row.name: [ids.tolist() for ids in _batches(row)] for row in every},
        }
        (place / "task.json").write_text(json.dumps(task))
        script = Path(__file__).with_name("monitoring_peers.py")
        with (place / "peers.log").open("wb") as log:
            done = subprocess.run([python, str(script), folder], stdout=log, stderr=log, check=False)
        if done.returncode:
            raise RuntimeError((place / "peers.log").read_text()[-3000:])
        return json.loads((place / "answer.json").read_text())


if __name__ == "__main__":
    main()
