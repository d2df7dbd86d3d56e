"""What redaction finds in made-up reviews, what it takes for a value that is none, what it costs, and what it moves.

    python -m benchmarks.redaction [--rows N]

Values are made up in the forms in which people write them; none is anybody's. Prints three Markdown tables.
"""

import argparse
import json
import random
import time
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from benchmarks.text_checks import Champion, made_champion
from sentiment_assets.ingestion.batch import read_batch
from sentiment_assets.ingestion.redaction import STAND_INS, Redactor
from sentiment_assets.ingestion.settings import IngestionSettings, Kind, PrivacySettings
from sentiment_assets.monitoring.batch_checks import check_drift
from sentiment_assets.monitoring.batch_to_check import BatchToCheck
from sentiment_assets.monitoring.other_batches import look_at_others
from sentiment_assets.monitoring.settings import MonitoringSettings
from testing.corpus import made_up_reviews

_EVERY_KIND = PrivacySettings(redact=["email", "phone", "url", "iban", "card"], regions=["DE", "US"])
_SEED = 23
_OF_EACH = 200
_Make = Callable[[random.Random], str]


def _digits(chance: random.Random, n: int) -> str:
    return "".join(chance.choices("0123456789", k=n))


def _name(chance: random.Random) -> str:
    return "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randrange(3, 9)))


_FORMS: Mapping[Kind, Mapping[str, _Make]] = {
    "email": {
        "jane.doe@example.com": lambda chance: f"{_name(chance)}.{_name(chance)}@{_name(chance)}.com",
        "jane+shop@mail.example.co.uk": lambda chance: f"{_name(chance)}+{_name(chance)}@mail.{_name(chance)}.co.uk",
        "jörg@größe.de": lambda chance: f"{_name(chance)}ö@{_name(chance)}ß.de",
        "jane at example dot com": lambda chance: f"{_name(chance)} at {_name(chance)} dot com",
    },
    "phone": {
        "+49 170 1234567": lambda chance: f"+49 170 {chance.randrange(2, 9)}{_digits(chance, 6)}",
        "+491701234567": lambda chance: f"+49170{chance.randrange(2, 9)}{_digits(chance, 6)}",
        "0170/1234567": lambda chance: f"0170/{chance.randrange(2, 9)}{_digits(chance, 6)}",
        "030 123456-78": lambda chance: f"030 {chance.randrange(2, 9)}{_digits(chance, 5)}-{_digits(chance, 2)}",
        "(212) 555-0123": lambda chance: f"(212) {chance.randrange(2, 9)}{_digits(chance, 2)}-{_digits(chance, 4)}",
        "one seven zero, one two ...": lambda chance: (
            "one seven zero " + " ".join(chance.choices(("one", "two", "three", "four"), k=7))
        ),
    },
    "url": {
        "https://example.com/a?b=c": lambda chance: f"https://{_name(chance)}.com/{_name(chance)}?b={_name(chance)}",
        "www.example.de": lambda chance: f"www.{_name(chance)}.de",
        "example.com": lambda chance: f"{_name(chance)}.com",
        "example.de": lambda chance: f"{_name(chance)}.de",
    },
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000)
    rows = parser.parse_args().rows
    _print_recall()
    _print_speed(rows)
    _print_shift()


def _print_recall() -> None:
    chance, redactor = random.Random(_SEED), Redactor(IngestionSettings(privacy=_EVERY_KIND))  # noqa: S311
    print("| kind | written as | found of 200 |\n| --- | --- | --- |")
    for kind, forms in _FORMS.items():
        for form, make in forms.items():
            found = 0
            for review in made_up_reviews(_OF_EACH, seed=1):
                value, words = make(chance), str(review["text"]).split()
                words.insert(chance.randrange(len(words)), value)
                redacted = redactor.redact(" ".join(words))
                found += STAND_INS[kind] in redacted and value not in redacted
            print(f"| {kind} | {form} | {found} |")
    plain = [str(review["text"]) for review in made_up_reviews(10_000, seed=2)]
    harmless = [f"{text} {each}" for text in plain for each in _harmless(chance)]
    changed = sum(redactor.redact(text) != text for text in harmless)
    print(f"\n{changed:,} of {len(harmless):,} texts with a date, a price, a time or an order number were changed.\n")


def _harmless(chance: random.Random) -> list[str]:
    return [
        f"{chance.randrange(1, 29):02}.{chance.randrange(1, 13):02}.2024",
        f"{chance.randrange(1, 999)},99 €",
        f"at {chance.randrange(24):02}:{chance.randrange(60):02}",
        f"order {_digits(chance, 8)}",
    ]


def _print_speed(rows: int) -> None:
    chance = random.Random(_SEED)  # noqa: S311
    print("| reviews with a value | redact | rows a second |\n| --- | --- | --- |")
    for share in (0.0, 0.1):
        content = _file(rows, share, chance)
        for kinds in ([], ["email"], ["email", "phone", "url"], list(STAND_INS)):
            privacy = PrivacySettings.model_validate({"redact": kinds, "regions": ["DE"]})
            took = []
            for _ in range(3):
                began = time.perf_counter()
                read_batch(content, "made-up.jsonl", IngestionSettings(privacy=privacy))
                took.append(time.perf_counter() - began)
            print(f"| {share:.0%} | {', '.join(kinds) or 'nothing'} | {rows / np.median(took):,.0f} |", flush=True)


def _print_shift() -> None:
    """Print what a champion of texts as they were written says of reviews that are redacted from now on."""
    print("\n| reviews with a value | mean change of a score | largest | other label | drift as written | redacted |")
    print("| --- | --- | --- | --- | --- | --- |")
    for share in (0.1, 0.5):
        chance, redactor = random.Random(_SEED), Redactor(IngestionSettings(privacy=_EVERY_KIND))  # noqa: S311
        champion = made_champion(_reviews(3_000, share, chance))
        batch = _reviews(1_000, share, chance)
        redacted = batch.assign(text=[redactor.redact(text) for text in batch["text"]])
        before, after = (champion.model.explain(each["text"].tolist()) for each in (batch, redacted))
        moved = (after["score"] - before["score"]).abs()
        verdicts = [_drift_of(each, champion) for each in (batch, redacted)]
        others = (after["label"] != before["label"]).mean()
        print(
            f"| {share:.0%} | {moved.mean():.3f} | {moved.max():.2f} | {others:.1%} | {' | '.join(verdicts)} |",
            flush=True,
        )


def _drift_of(reviews: pd.DataFrame, champion: Champion) -> str:
    alone = look_at_others([], [])
    to_check = BatchToCheck(key="a", reviews=reviews, champion=champion, others=alone, checked_at="now")
    [finding] = [each for each in check_drift(to_check, MonitoringSettings()).findings if each.name == "text_drift"]
    return f"{finding.effect:.1%}"


def _reviews(rows: int, share: float, chance: random.Random) -> pd.DataFrame:
    lines = _file(rows, share, chance, seed=chance.randrange(10**6)).splitlines()
    return read_batch(b"\n".join(lines), "made-up.jsonl", IngestionSettings()).reviews


def _file(rows: int, share: float, chance: random.Random, *, seed: int = 0) -> bytes:
    makes = [make for forms in _FORMS.values() for make in forms.values()]
    reviews = made_up_reviews(rows, seed)
    for review in reviews:
        sentences = ". ".join([str(review["text"])] * 5)
        value = chance.choice(makes)(chance) if chance.random() < share else ""
        review["text"] = f"{sentences}. {value}"
    return "\n".join(map(json.dumps, reviews)).encode()


if __name__ == "__main__":
    main()
