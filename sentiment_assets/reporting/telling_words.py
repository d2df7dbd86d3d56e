"""The words behind a report: what praise and complaint are made of, and which of them came or went.

What ``scored_reviews`` has are n-grams: several words of a language with spaces, several characters of one without,
and punctuation among them. People are shown whole words: an n-gram loses the punctuation around it, those with a
numeral are left out, characters without spaces grow to the word that they nearly always stand in, and of n-grams that
lie within one another the one that moved most stands for all.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from sentiment_assets.ingestion.redaction import STAND_INS
from sentiment_assets.monitoring.two_sample import compare_many_counts

_MOST = 12
_MOST_CHANGED = 6
_FEWEST_REVIEWS = 3
_MOST_CANDIDATES = 300
"""N-grams of praise, and of complaint, that are looked at."""
_TEXTS_LOOKED_AT = 200
_NEARLY_ALWAYS = 0.6
_LONGEST_WORD = 6
_WEAK = 1 / 3
_LEVEL = 0.05
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")
"""Letters of languages that are written without spaces."""
_AROUND_WORDS = " .,!?\"'"
_STAND_INS = frozenset(STAND_INS.values())
_EMOTICON = re.compile(r"(?=.*[:;=^<])[^\w\s]{2,}.?|<3+")


@dataclass(frozen=True)
class Word:
    """A word, with the n-grams that stand behind it."""

    shown: str
    variants: tuple[str, ...]
    """The n-grams of the model, the one that moved most first."""
    is_praise: bool

    @property
    def key(self) -> str:
        """What tells it from all others: a word may be praise by one of its n-grams, and complaint by another."""
        return f"{'+' if self.is_praise else '-'}{self.shown}"


@dataclass(frozen=True)
class TellingWord:
    """A word that moved many scores."""

    word: Word
    reviews: int
    """The number of reviews in which it weighed, for praise or for complaint as it does on the whole."""
    mean_contribution: float
    """Its mean contribution to the margin of these reviews, exactly."""
    places: np.ndarray
    """int64: where these reviews stand, the one in which it weighed most first."""


@dataclass(frozen=True)
class ChangedWord:
    """A word that weighs in surely more, or fewer, reviews of a period than of the one before."""

    word: Word
    now: int
    share_now: float
    before: int
    share_before: float


@dataclass(frozen=True)
class FoundWords:
    """Every word, and the reviews in which it weighed as it does on the whole."""

    words: Sequence[Word]
    rows: np.ndarray
    """int64, shape (n,): where the review stands; ordered."""
    numbers: np.ndarray
    """int64, of the same: the number of the word."""
    moved: np.ndarray
    """float64, of the same: what the word added to the margin."""

    @cached_property
    def by_review(self) -> dict[int, np.ndarray]:
        """The numbers of the words of each review that has any."""
        rows, starts = np.unique(self.rows, return_index=True)
        parts = np.split(self.numbers, starts)[1:]  # the first one is what stands before the first row: nothing
        return dict(zip(rows.tolist(), parts, strict=True))

    def within(self, chosen: np.ndarray) -> "FoundWords":
        """The same of those reviews for which ``chosen``, bool of shape (n_reviews,), is true."""
        kept = chosen[self.rows]
        return FoundWords(self.words, self.rows[kept], self.numbers[kept], self.moved[kept])


def find_words(reviews: pd.DataFrame) -> FoundWords:
    """The words of all reviews but neutral ones, each in at least three of them.

    Columns text, neutral, words and contributions; the last two hold one list per review.
    """
    rows, codes, values, names = _moves(reviews)
    sums, counts = np.bincount(codes, values, len(names)), np.bincount(codes, minlength=len(names))
    strength = sums / np.sqrt(np.maximum(counts, 1))
    texts = reviews["text"].to_numpy(object)
    words: list[Word] = []
    number_of = np.full(len(names), -1)
    for sign in (1, -1):
        enough = np.flatnonzero((counts >= _FEWEST_REVIEWS) & (sign * sums > 0))
        candidates = enough[np.argsort(-np.abs(strength[enough]), kind="stable")][:_MOST_CANDIDATES]
        whole = {code: _plain(names[code]) for code in candidates.tolist()}
        whole |= {
            code: _whole_word(plain, [str(text) for text in texts[rows[codes == code][:_TEXTS_LOOKED_AT]]])
            for code, plain in whole.items()
            if _UNSPACED.search(plain)
        }
        for group in _merged([code for code in whole if whole[code]], whole, np.abs(sums) / np.maximum(counts, 1)):
            number_of[group] = len(words)
            words.append(Word(whole[group[0]], tuple(names[code] for code in group), is_praise=sign > 0))
    return _where_they_stand(_by_word(words, rows, number_of[codes], values), texts)


def telling_words(found: FoundWords) -> tuple[list[TellingWord], list[TellingWord]]:
    """Find the words of praise and of complaint that moved margins most, each in at least three reviews."""
    sums = np.bincount(found.numbers, found.moved, len(found.words))
    counts = np.bincount(found.numbers, minlength=len(found.words))
    strength = sums / np.sqrt(np.maximum(counts, 1))
    enough = np.flatnonzero(counts >= _FEWEST_REVIEWS)
    praise = enough[np.argsort(-strength[enough], kind="stable")]
    complaint = praise[::-1]
    return (
        [_telling(found, number) for number in praise[:_MOST].tolist() if strength[number] > 0],
        [_telling(found, number) for number in complaint[:_MOST].tolist() if strength[number] < 0],
    )


def changed_words(found: FoundWords, now: np.ndarray, before: np.ndarray) -> list[ChangedWord]:
    """The words whose share of reviews differs surely between two periods, those that changed most first.

    ``now`` and ``before``, bool of shape (n_reviews,), say which reviews are of each. All words are asked at once, each
    by Fisher's exact test, so that chance alone names any in one report of twenty at most, also where one period has
    far fewer reviews than the other.
    """
    sizes = int(now.sum()), int(before.sum())
    if not all(sizes) or not found.words:
        return []
    counts = [np.bincount(found.within(each).numbers, minlength=len(found.words)) for each in (now, before)]
    shares = [count / size for count, size in zip(counts, sizes, strict=True)]
    compared = compare_many_counts(counts[1], sizes[1], counts[0], sizes[0])
    change = compared.gaps
    is_sure = compared.p_values * len(found.words) < _LEVEL
    sure = np.flatnonzero(is_sure & (np.maximum(*counts) >= _FEWEST_REVIEWS))
    most = sure[np.argsort(-np.abs(change[sure]), kind="stable")][:_MOST_CHANGED].tolist()
    return [
        ChangedWord(
            word=found.words[number],
            now=int(counts[0][number]),
            share_now=float(shares[0][number]),
            before=int(counts[1][number]),
            share_before=float(shares[1][number]),
        )
        for number in most
    ]


def patterns_of(word: Word) -> tuple[re.Pattern[str], ...]:
    """What finds a word and its variants in a text, in whatever letters they are written there.

    The longest comes first: the "muy" of "muy recomendable" may stand in a text elsewhere, and say something else.
    """
    plain = {each for each in map(_plain, word.variants) if len(each) > 1 or not _UNSPACED.search(each)}
    composed = {word.shown, *plain} - {""}
    forms = sorted(
        {*composed, *(unicodedata.normalize("NFD", each) for each in composed)}, key=lambda each: (-len(each), each)
    )
    return tuple(re.compile(_form(each), re.IGNORECASE) for each in forms)


def _form(words: str) -> str:
    if _UNSPACED.search(words):
        return re.escape(words)
    inner = r"[\W_]+".join(re.escape(each) for each in words.split(" "))
    return rf"(?<!\w){inner}(?!\w)" if words[0].isalpha() else inner


def _moves(reviews: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """Every n-gram of every review that is not neutral: the review's place, the n-gram's number, and what it added."""
    told = np.flatnonzero(~reviews["neutral"].to_numpy(bool) & reviews["words"].notna().to_numpy())
    lists, added = reviews["words"].to_numpy(object)[told], reviews["contributions"].to_numpy(object)[told]
    rows = np.repeat(told, [len(each) for each in lists])
    words = [unicodedata.normalize("NFC", each) for words in lists for each in words]  # of a former release: NFKD
    codes, names = pd.factorize(np.array(words, object))
    return rows, codes, np.array([each for values in added for each in values], float), names.tolist()


def _by_word(words: Sequence[Word], rows: np.ndarray, numbers: np.ndarray, values: np.ndarray) -> FoundWords:
    """What each word added to each review, where it has the sign that it has on the whole."""
    kept = numbers >= 0
    keys, place = np.unique(rows[kept] * np.int64(max(len(words), 1)) + numbers[kept], return_inverse=True)
    moved = np.bincount(place, values[kept], len(keys))
    rows, numbers = keys // max(len(words), 1), keys % max(len(words), 1)
    is_praise = np.array([each.is_praise for each in words], bool)
    same = (moved > 0) == is_praise[numbers] if len(words) else np.zeros(0, bool)
    return FoundWords(words, rows[same], numbers[same], moved[same])


def _where_they_stand(found: FoundWords, texts: np.ndarray) -> FoundWords:
    """The words in texts that hold them: what grew from a character may stand behind another word's character."""
    grown = [number for number, word in enumerate(found.words) if _UNSPACED.search(word.shown)]
    kept = np.ones(len(found.rows), bool)
    for place in np.flatnonzero(np.isin(found.numbers, grown)).tolist():
        kept[place] = found.words[found.numbers[place]].shown in str(texts[found.rows[place]]).lower()
    return FoundWords(found.words, found.rows[kept], found.numbers[kept], found.moved[kept])


def _telling(found: FoundWords, number: int) -> TellingWord:
    own = np.flatnonzero(found.numbers == number)
    own = own[np.argsort(-np.abs(found.moved[own]), kind="stable")]
    return TellingWord(
        word=found.words[number],
        reviews=len(own),
        mean_contribution=float(found.moved[own].mean()),
        places=found.rows[own],
    )


def _plain(ngram: str) -> str:
    """An n-gram without the punctuation around it; nothing if a numeral or a mark is left."""
    plain = ngram if _EMOTICON.fullmatch(ngram) else ngram.strip(_AROUND_WORDS)
    if not plain or not all(map(_tells, plain.split(" "))):
        return ""
    if _UNSPACED.search(plain):
        plain = re.sub(r"^[\W_]+|[\W_]+$", "", plain)
        return plain if plain.isalpha() else ""
    return plain if len(plain) > 1 or not plain.isascii() else ""


def _tells(token: str) -> bool:
    if token in _STAND_INS:
        return False
    if any(each.isdecimal() for each in token):
        return bool(_EMOTICON.fullmatch(token))
    letters = any(each.isalpha() or unicodedata.category(each) == "So" for each in token)
    return letters or bool(_EMOTICON.fullmatch(token))


def _whole_word(plain: str, texts: Sequence[str]) -> str:
    """The word that characters without spaces stand in, by texts that hold them; nothing for a single character."""
    while len(plain) < _LONGEST_WORD:
        grown = _grown(plain, texts)
        if grown == plain:
            break
        plain = grown
    return plain if len(plain) > 1 else ""


def _grown(plain: str, texts: Sequence[str]) -> str:
    """A word with the letter that nearly always stands before or behind it."""
    found = [
        (text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1])
        for text in texts
        for match in re.finditer(re.escape(plain), text)
    ]
    for side, ends in enumerate(zip(*found, strict=True)):
        letter, n = Counter(ends).most_common(1)[0]
        if letter.isalpha() and n >= _FEWEST_REVIEWS and n >= _NEARLY_ALWAYS * len(ends):
            return plain + letter if side else letter + plain
    return plain


def _merged(codes: Sequence[int], whole: dict[int, str], mean: np.ndarray) -> list[list[int]]:
    """N-grams, the strongest first, in groups that lie within one another; a weak one says something else."""
    groups: list[list[int]] = []
    for code in codes:
        for group in groups:
            shown, own = whole[group[0]], whole[code]
            if _lies_in(shown, own) or (_lies_in(own, shown) and mean[code] >= _WEAK * mean[group[0]]):
                group.append(code)
                break
        else:
            groups.append([code])
    return groups


def _lies_in(part: str, whole: str) -> bool:
    if _UNSPACED.search(whole):
        return part in whole
    return f" {part} " in f" {whole} "
