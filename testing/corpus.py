"""Made-up reviews that a linear model can learn: no text from anywhere."""

import random
from collections.abc import Sequence

GOOD = ("splendid", "lovely", "brilliant", "delightful", "superb", "moving", "crisp", "warm")
BAD = ("dreadful", "dull", "clumsy", "boring", "broken", "stale", "noisy", "awful")
MIDDLING = ("okay", "average", "passable", "usual", "fair", "bearable", "ordinary", "plain")
NEUTRAL = ("the", "film", "box", "it", "was", "and", "then", "with", "a", "story", "seller", "day", "very", "quite")


def made_up_reviews(n: int, seed: int = 0, positive_share: float = 0.5) -> list[dict[str, object]]:
    """``n`` distinct labelled reviews; each says its sentiment by two telling words, with some noise."""
    chance = random.Random(seed)  # noqa: S311 - nothing here is secret
    reviews = []
    for number in range(n):
        label = int(chance.random() < positive_share)
        telling, other = (GOOD, BAD) if label else (BAD, GOOD)
        words = chance.choices(NEUTRAL, k=8) + chance.choices(telling, k=2)
        if chance.random() < 0.1:
            words += chance.choices(other, k=2)
        chance.shuffle(words)
        text = " ".join(words) + f" number{seed}x{number}"
        reviews.append({"review_id": f"{seed}-{number}", "text": text, "label": label})
    return reviews


def made_up_ratings(n: int, seed: int = 0) -> list[dict[str, object]]:
    """``n`` distinct reviews with a label from 1 to 5: of four telling words, one more praises for each star."""
    chance = random.Random(seed)  # noqa: S311 - nothing here is secret
    reviews = []
    for number in range(n):
        rating = chance.randint(1, 5)
        telling = chance.choices(GOOD, k=rating - 1) + chance.choices(BAD, k=5 - rating)
        words = chance.choices(NEUTRAL, k=8) + telling
        chance.shuffle(words)
        text = " ".join(words) + f" rated{seed}x{number}"
        reviews.append({"review_id": f"r{seed}-{number}", "text": text, "label": rating})
    return reviews


def as_csv(reviews: Sequence[dict[str, object]]) -> bytes:
    """Reviews as a CSV file; none of the made-up values needs quotes."""
    names = list(reviews[0])
    lines = [",".join(names), *(",".join(str(row[name]) for name in names) for row in reviews)]
    return ("\n".join(lines) + "\n").encode()
