"""Batches of made-up reviews as ``raw_reviews`` stores them."""

import random

import pandas as pd

from testing.corpus import BAD, GOOD, MIDDLING, made_up_reviews


def batch(n: int, seed: int = 100, positive_share: float = 0.5) -> pd.DataFrame:
    """Reviews of the champion's own source; the made-up number of each has as many digits in every batch."""
    reviews = pd.DataFrame(made_up_reviews(n, seed, positive_share), columns=["review_id", "text", "label"])
    words = [text.rsplit(" ", 1)[0] for text in reviews["text"]]
    reviews["text"] = [f"{text} n{seed:03}{number:04}" for number, text in enumerate(words)]
    return _stored(reviews)


def kitchen(n: int, seed: int = 200) -> pd.DataFrame:
    """Reviews of another domain."""
    reviews = batch(n, seed)
    words = {"film": "blender", "story": "kettle", "the": "my", "was": "works"}
    texts = [" ".join(words.get(word, word) for word in text.split()) for text in reviews["text"]]
    return reviews.assign(text=pd.Series(texts, dtype="str"))


def middling(n: int, seed: int = 300) -> pd.DataFrame:
    """Neutral reviews of the champion's own source, in words that positive and negative ones have not."""
    reviews = batch(n, seed)
    words = [text.rsplit(" ", 1)[0].split() for text in reviews["text"]]
    chance = random.Random(seed)  # noqa: S311 - nothing here is secret
    calm = [[chance.choice(MIDDLING) if word in (*GOOD, *BAD) else word for word in each] for each in words]
    texts = [" ".join([*each, f"m{seed:03}{number:04}"]) for number, each in enumerate(calm)]
    missing = pd.array([pd.NA] * n, "Int8")
    return reviews.assign(text=pd.Series(texts, dtype="str"), label=missing, neutral=True)


def texts_alone(texts: list[str]) -> pd.DataFrame:
    """Unlabelled reviews."""
    return _stored(
        pd.DataFrame({"review_id": [str(each) for each in range(len(texts))], "text": texts, "label": pd.NA})
    )


def as_file(reviews: pd.DataFrame) -> bytes:
    """Reviews as the CSV file in which they land."""
    return reviews[["review_id", "text", "label"]].to_csv(index=False).encode()


def _stored(reviews: pd.DataFrame) -> pd.DataFrame:
    reviews["created_at"] = pd.Series(pd.NaT, reviews.index, "datetime64[us, UTC]")
    reviews["split"] = pd.Series(None, reviews.index, "str")
    return reviews.astype({"review_id": "str", "text": "str", "label": "Int8"})
