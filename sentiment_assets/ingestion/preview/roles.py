"""Which column holds what, by values first and names second, each with how sure and why."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sentiment_assets.ingestion.label_rules import (
    NO,
    YES,
    ProposedRule,
    Sure,
    is_number,
    meaning_of,
    numbers_in,
    proposed_rule,
    proposed_rule_for_words,
    rule_of_classes,
    understood_without_a_rule,
)
from sentiment_assets.ingestion.preview.columns import NO_DATES, Column, Dates
from sentiment_assets.ingestion.preview.names import (
    are_a_pair,
    is_a_pair,
    says_a_change,
    says_a_version,
    says_of_a_place,
    says_of_a_translation,
    says_of_feeling_well,
    says_of_something_bad,
    says_overall,
    speaks_against,
    suggests,
    words_in,
)
from sentiment_assets.ingestion.ratings import highest_named, number_of
from sentiment_assets.ingestion.settings import RESERVED_COLUMNS, DateOrder, LabelRule, label_key
from sentiment_assets.ingestion.split_names import read_split
from sentiment_assets.ingestion.values import NotRead
from sentiment_assets.presentation.wording import counted

DEFAULT_NAMES = {role: role for role in ("text", "review_id", "label", "created_at", "split")}
_MOSTLY, _NEARLY_ALL = 0.5, 0.9
_FEW_LABELS, _FEWEST_CLASSES, _FEW_KEPT, _MOST_KEPT = 12, 5, 50, 6
_HIGHEST_RATING, _LOWEST_RATING = 100, -10
_MANY_WORDS = 60.0
_A_FEW_WORDS, _OFTEN = 3, 10
_HINT_OF_ALL = 1.25
_ANSWERS, _FLAGS = frozenset(map(label_key, f"{YES} {NO}".split())), frozenset({"0", "1"})
_GOOD_AND_BAD = (
    "up down + - plus minus p n good bad poor agree disagree goed slecht iyi İyi kötü jó rossz hyvä huono bra "
    "dålig dåligt god dårlig bun bună rău slab prost tốt tệ kém baik buruk bagus jelek ดี แย่ अच्छा अच्छी "
    "बुरा खराब جيد سيء سيئ ضعيف טוב טובה רע גרוע خوب بد 좋음 나쁨 orta cukup biasa medel middel mediu متوسط 优秀"
)
_OF_OTHER_THINGS = frozenset(map(label_key, _GOOD_AND_BAD.split()))
"""Words that say what is good, and what is not, of things, trends and terms, too."""
_FASTTEXT = "__label__"
_LABEL_WITHIN = {
    "begins": re.compile(r"^(?P<label>[^\W\d_]+)\s?[:,;|@#]+"),
    "ends": re.compile(r"[:,;|@#]+\s?(?P<label>[^\W\d_]+)$"),
}
_LONGEST_END = 40
_OF_A_FIELD = re.compile(r"([\w/.\-]{2,40}): ")
_FEWEST_FIELDS, _MOST_FIELDS, _A_FEW_TIMES = 3, 30, 3
_WORDS_OF_BOTH_SIDES, _OF_STARS, _WORDS_OF_A_QUESTION = 4.0, 3.5, 4
_SURE_LABEL, _LIKELY_LABEL, _NAMED_LABEL, _ANY_LABEL = 4.0, 2.5, 1.6, 0.9


@dataclass(frozen=True)
class Role:
    """A column, and what it is taken for."""

    column: str
    role: str
    """``text``, ``title``, ``label``, ``created_at``, ``review_id``, ``split`` or ``keep``."""
    sure: Sure
    why: str


@dataclass(frozen=True)
class Roles:
    """What all columns are taken for."""

    roles: tuple[Role, ...]
    rule: ProposedRule | None
    """The label rule; ``None`` without a column of labels."""
    not_used: tuple[str, ...] = ()
    """Columns that a default would take for something that they are not."""
    told: tuple[str, ...] = ()
    language: str = ""
    """The language of the months' names, if it is not English."""
    order: DateOrder | None = None
    """The order of day and month in dates, where it must be said."""

    def of(self, role: str) -> tuple[str, ...]:
        """The columns of a role, in the order of the file."""
        return tuple(each.column for each in self.roles if each.role == role)

    @property
    def texts(self) -> tuple[str, ...]:
        """The columns that make a text: a title comes first."""
        return (*self.of("title"), *self.of("text"))

    def as_setting(self, role: str) -> object:
        """The columns of a role, of which there is one at least, as ``columns`` in a branch's YAML has them."""
        names = self.texts if role == "text" else self.of(role)
        if role == "created_at" and self.order:
            return {"column": names[0], "order": self.order}
        return list(names) if len(names) > 1 else names[0]


@dataclass
class _Search:
    """The roles that were found so far."""

    columns: Mapping[str, Column]
    named: bool
    """Whether the file gives its columns names."""
    found: list[Role] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def free(self) -> list[Column]:
        taken = {each.column for each in self.found}
        return [column for name, column in self.columns.items() if name not in taken and column.values]

    def take(self, column: Column, role: str, *, sure: Sure, why: str) -> None:
        self.found.append(Role(column.name, role, sure, why))


def find_roles(columns: Sequence[Column], *, named: bool = True) -> Roles:
    """The role of each column that has one; ``named`` says whether their names are the file's own.

    A column whose name holds bytes that cannot be decoded, or control characters, cannot be named in YAML: it has none.
    """
    search = _Search({each.name: each for each in columns if each.name.isprintable()}, named)
    _find_text(search)
    dates = _find_date(search)
    _find_split(search)
    _find_id(search)
    rule = _find_label(search)
    _find_keep(search)
    order = {name: place for place, name in enumerate(search.columns)}
    roles = tuple(sorted(search.found, key=lambda each: order[each.column]))
    taken = {(each.column, each.role) for each in roles}
    not_used = tuple(role for role, name in DEFAULT_NAMES.items() if name in order and (name, role) not in taken)
    return Roles(roles, rule, not_used, told=tuple(search.told), language=dates.language, order=dates.order)


def _hint(search: _Search, column: Column, role: str) -> float:
    return suggests(column.name, role) if search.named else 0.0


# the text


def _find_text(search: _Search) -> None:
    texts = [
        each
        for each in search.free()
        if each.is_text and not _is_of_codes(search, each) and not _is_of_kinds(search, each)
    ]
    records = [each for each in search.free() if _holds_records(each)]
    search.told += [
        f"each row has a list of records in {each.name}: if these are the reviews, write each as a row of its own, "
        "with what is beside the list, before landing"
        for each in records
        if not texts or _hint(search, each, "text") >= 1
    ]
    weights = {each.name: _weight_of_text(search, each) for each in texts}
    if not weights:
        return
    ranked = sorted(weights, key=lambda name: -weights[name])
    best = search.columns[ranked[0]]
    second = weights[ranked[1]] if len(ranked) > 1 else 0.0
    pair = _pair(search, best)
    if pair:
        for column, half in zip(pair, ("positive", "negative"), strict=True):
            search.take(column, "text", sure="likely", why=f"what is {half} about it stands by itself")
        one, other = (column.name for column in pair)
        search.told.append(
            f"{one} and {other} are the two halves of a review; they are joined. If they should be reviews of their "
            "own, with the label that the column says, split them before landing"
        )
        return
    title = _title(search, best)
    is_named = _hint(search, best, "text") >= 1
    if title and title.name == best.name:  # what is called title may be longer than the body
        best = max(
            (each for each in search.free() if each.name != title.name and _hint(search, each, "text") >= 1),
            key=lambda each: weights.get(each.name, 0.0),
        )
        is_named = True
    clear = weights.get(best.name, 0.0) > 2 * second
    sure: Sure = "sure" if is_named and clear else "likely" if is_named or clear else "a guess"
    why_not = ""
    if any(_hint(search, each, "text") >= 1 for each in records):
        sure = "a guess"
    if search.named and speaks_against(best.name, "text"):
        sure, why_not = "a guess", ", by its name something else"
    if search.named and not any(map(str.isalnum, best.name)):
        sure = "a guess"  # such as the frame around a table
    if within := _told_of_labels_within(best.texts) or _told_of_fields(best.texts):
        sure = "a guess"
        search.told.append(within)
    longest = "longest texts, " if best.name == ranked[0] else ""
    why = f"{longest}{_words_each(best)}" + (", its name" if is_named else why_not)
    search.take(best, "text", sure=sure, why=why)
    if all(each.startswith(_FASTTEXT) for each in best.texts):
        search.told.append(
            f"each text begins with {_FASTTEXT}…, as fastText writes labels: land it as a .txt of such lines alone"
        )
    if title:
        search.take(title, "title", sure="likely", why=f"its name, {_words_each(title)}")


def _told_of_labels_within(texts: Sequence[str]) -> str:
    """What is told of texts that hold their labels; empty for others."""
    ends = {"begins": [text[:_LONGEST_END] for text in texts], "ends": [text[-_LONGEST_END:] for text in texts]}
    for where, form in _LABEL_WITHIN.items():
        found = [match for end in ends[where] if (match := form.search(end)) and meaning_of(match["label"])]
        meanings = {meaning_of(match["label"]) for match in found}
        if {"positive", "negative"} <= meanings and len(found) >= _NEARLY_ALL * len(texts):
            said = found[0].group().strip()
            return (
                f"each text {where} with what seems to be its label, such as {said!r}: write label and text into "
                "columns of their own before landing"
            )
    return ""


def _told_of_fields(texts: Sequence[str]) -> str:
    """What is told of texts that are the fields of records; empty for others."""
    fields = Counter(match[1] for text in texts if (match := _OF_A_FIELD.match(text)))
    again = [name for name, count in fields.most_common() if count > _A_FEW_TIMES]
    if _FEWEST_FIELDS <= len(again) <= _MOST_FIELDS and sum(fields[name] for name in again) >= _NEARLY_ALL * len(texts):
        return (
            f"its lines seem to be the fields of records, such as {again[0]!r} and {again[1]!r}: write each record as "
            "one row, with a column for each field, before landing"
        )
    return ""


def _holds_records(column: Column) -> bool:
    lists = [each for each in column.values if isinstance(each, list) and any(isinstance(one, dict) for one in each)]
    return len(lists) > _MOSTLY * len(column.values)


def _is_of_codes(search: _Search, column: Column) -> bool:
    """Whether it has one word each, mostly with a digit, and no name of a text: ids, and no reviews."""
    with_digits = sum(any(map(str.isdigit, text)) for text in column.texts)
    return column.words < 2 and with_digits > _MOSTLY * len(column.texts) and _hint(search, column, "text") < 1


def _is_of_kinds(search: _Search, column: Column) -> bool:
    """Whether the same few words stand in it again and again, and its name is none of a text: no reviews."""
    is_short = len(column.seen) <= _FEW_LABELS and column.usual_words < _A_FEW_WORDS
    often = len(column.texts) >= _OFTEN * len(column.seen)
    return is_short and often and _hint(search, column, "text") < 1


def _words_each(column: Column) -> str:
    return f"{counted(round(column.words), 'word')} each"


def _weight_of_text(search: _Search, column: Column) -> float:
    """How much a column is like one of reviews: many words, mostly distinct ones, and a name that says so."""
    hint = _hint(search, column, "text")
    by_name = 0.15 if hint < 0 else 1 + 2 * hint
    if search.named and (says_of_a_translation(column.name) or (suggests(column.name, "title") >= 1 and hint < 1)):
        by_name *= 0.5
    return min(column.words, _MANY_WORDS) * (0.2 + 0.8 * column.distinct) * by_name * (0.2 + 0.8 * column.filled)


def _pair(search: _Search, best: Column) -> tuple[Column, ...]:
    texts = [each for each in search.free() if each.is_text]
    if not search.named:
        return ()
    for other in texts:
        if are_a_pair(best.name, other.name):
            return best, other
        if are_a_pair(other.name, best.name):
            return other, best
    if not is_a_pair(best.name):
        return ()
    halves = {is_a_pair(each.name): each for each in texts if is_a_pair(each.name)}
    return (halves["positive"], halves["negative"]) if len(halves) == 2 else ()


def _title(search: _Search, text: Column) -> Column | None:
    """The title of a review, which no product's title is: those repeat."""
    bodies = [each for each in search.free() if each.is_text and _hint(search, each, "text") >= 1]
    titles = [each for each in search.free() if each.is_text and _hint(search, each, "title") >= 1]
    for title in sorted(titles, key=lambda each: -each.distinct):
        others = [each for each in (text, *bodies) if each.name != title.name]
        varied = title.distinct >= _MOSTLY or len(title.values) < 10 or title.distinct >= 0.5 * text.distinct
        if others and varied and title.name not in {each.name for each in bodies}:
            return title
    return None


# the date


def _find_date(search: _Search) -> Dates:
    """Take the column of the date, and return what its values are as dates, if there is one."""
    hints = {each.name: _hint(search, each, "created_at") for each in search.free()}
    candidates = [each for each in search.free() if _may_be_the_date(search, each)]
    names = {each.name for each in candidates}
    lost = [each for each in search.free() if each.name not in names and hints[each.name] >= 2 and not each.numbers]
    search.told += [
        f"{each.name} has no dates that are understood, such as {each.texts[0]!r}: it is left out" for each in lost
    ]
    if lost and all(hints[name] < 0 for name in names):
        search.told += [f"{name} is not the date of the review by its name: it is left out" for name in names]
        return NO_DATES
    weights = {each.name: _weight_of_date(each, hints[each.name]) for each in candidates}
    if not weights:
        return NO_DATES
    best = search.columns[max(weights, key=lambda name: weights[name])]
    dates = best.dates
    sure, why = _how_sure_of_date(dates, _hint(search, best, "created_at"))
    equals = [each for each in weights if weights[each] == weights[best.name] and each != best.name]
    if search.named and equals:
        sure = "a guess"
        search.told.append(f"{', '.join(equals)} may be the date of the review too; {best.name} was taken")
    search.take(best, "created_at", sure=sure, why=why)
    if dates.is_ambiguous:
        search.told.append(f"{best.name}: {dates.reason}; until then it stays without a date")
    elif dates.order:
        search.told.append(
            f"{best.name}: nearly all dates are by `order: {dates.order}`, but not all; others stay without a date"
        )
    elif dates.reason:
        search.told.append(f"{best.name}: {dates.reason}; such a value stays without a date")
    if dates.language:
        search.told.append(
            f"{best.name} names months in another language: `monitoring: {{languages: [{dates.language}]}}` reads them"
        )
    return dates


def _may_be_the_date(search: _Search, column: Column) -> bool:
    if column.dates.read <= _MOSTLY or (search.named and says_a_version(column.name)):
        return False
    named = _hint(search, column, "created_at") >= 1 or (search.named and says_a_change(column.name))
    return named or not column.dates.digits_only or _is_plainly_epoch(search, column)


def _weight_of_date(column: Column, hint: float) -> tuple[int, float]:
    """How much a column is like that of the date; one that is read comes before one whose order must be said.

    Only a name that says of something else makes up for that.
    """
    weight = column.dates.read * (0.2 if hint < 0 else 1 + hint) * column.filled
    return (0 if hint < 1 else 1) if column.dates.is_ambiguous else (1 if hint < 0 else 2), weight


def _how_sure_of_date(dates: Dates, hint: float) -> tuple[Sure, str]:
    what = "numbers since 1970" if dates.digits_only else "dates"
    to_say = "; the order must be said" if dates.is_ambiguous else ""
    if hint < 0:
        return "a guess", f"{what}, by its name of something else{to_say}"
    sure: Sure = "likely" if dates.is_ambiguous or dates.order or hint < 1 else "sure"
    return sure, what + (", its name" if hint >= 1 else "") + to_say


def _is_plainly_epoch(search: _Search, column: Column) -> bool:
    """Whether a column without a name counts milliseconds; seconds look like ids."""
    return not search.named and all(len(each) == 13 for each in column.texts)


# split and id


def _find_split(search: _Search) -> None:
    column = search.columns.get("split")
    if column is None or column not in search.free():
        return
    read = sum(count for text, count in column.seen.items() if _is_split(text)) / len(column.texts)
    if read > _MOSTLY:
        search.take(column, "split", sure="sure", why="names of official splits")
        if read < 1:
            search.told.append("some values of split are not train, validation or test; they count as without one")
    else:
        search.told.append("split holds other things than train, validation and test: it is not used")


def _is_split(text: str) -> bool:
    try:
        return bool(read_split(text))
    except NotRead:
        return False


def _find_id(search: _Search) -> None:
    weights = {}
    for each in search.free():
        hint = _hint(search, each, "review_id")
        if hint >= 1 and each.words < 2 and each.filled == 1.0 and not _is_index(each):
            weights[each.name] = hint + ("review" in each.name.casefold())
    for name in sorted(weights, key=lambda name: -weights[name]):
        column = search.columns[name]
        if len(column.seen) == len(column.texts):
            search.take(column, "review_id", sure="sure", why="all are distinct, its name")
            return
        if len(column.seen) >= _NEARLY_ALL * len(column.texts):
            repeated = len(column.texts) - len(column.seen)
            search.told.append(
                f"{name} repeats {counted(repeated, 'id')}; of different rows with one id, one is kept, so it is left "
                "out"
            )


def _is_index(column: Column) -> bool:
    return column.is_row_number and column.name != "review_id"


# the label


def _find_label(search: _Search) -> ProposedRule | None:
    search.told += [
        f"{each.name} seems to say yes to something bad, or how bad it is: it is no label by itself. If it is one, "
        "name it under `columns: label:`, and say under `labels` what its values mean"
        for each in search.free()
        if _says_yes_to_something_bad(search, each)
    ]
    weights = {each.name: _weight_of_label(search, each) for each in search.free()}
    least = _NAMED_LABEL if search.named else _ANY_LABEL
    weights = {name: weight for name, weight in weights.items() if weight >= least}
    if not weights:
        return _ask_for_label(search)
    best = search.columns[max(weights, key=lambda name: _rank_of_label(search, name, weights[name]))]
    of_reviews = [name for name in weights if not says_of_a_place(name) and suggests(name, "label") > 0]
    is_of_a_place = search.named and best.numbers >= _NEARLY_ALL and says_of_a_place(best.name) and bool(of_reviews)
    if is_of_a_place:
        best = search.columns[max(of_reviews, key=lambda name: weights[name])]
    weight = weights[best.name]
    sure: Sure = "sure" if weight >= _SURE_LABEL else "likely" if weight >= _LIKELY_LABEL else "a guess"
    equals = [name for name in weights if weights[name] == weight and search.columns[name].values != best.values]
    named = _hint_of_label(search, best) >= 1
    if not named and best.numbers < _NEARLY_ALL and sure == "sure":
        sure = "likely"  # a test may be positive, too
    if search.named and (equals or is_of_a_place or not (named or _says_by_itself(best))):
        sure = "a guess"
    what = "ratings" if best.numbers >= _NEARLY_ALL else counted(len(best.seen), "different word")
    search.take(best, "label", sure=sure, why=what + (", its name" if named else ""))
    others = [name for name in weights if name != best.name and (name in equals or suggests(name, "label") >= 1)]
    if others:
        search.told.append(f"{', '.join(others)} may say what a review thinks too; {best.name} was taken")
    rule = rule_for(best)
    if sure == "a guess" and rule.rule and rule.sure != "a guess":
        rule = replace(rule, sure="a guess", why=f"{rule.why}; see whether {best.name} is the label at all")
    if _known(best) and all("agree" in each for each in _known(best)):
        rule = replace(rule, sure="a guess", why="to what people agree, the name of the column says")
    return _told_of_unknown(search, best, rule)


def _known(column: Column) -> set[str]:
    """Its values that are known to be positive or negative."""
    return {key for key in column.keys if meaning_of(key) in ("positive", "negative")}


def _says_by_itself(column: Column) -> bool:
    """Whether its values say what people feel without its name: not of a trend that is up or down."""
    if column.numbers >= _NEARLY_ALL:
        return _as_ratings(column) == _OF_STARS
    is_asked = len(words_in(column.name)) >= _WORDS_OF_A_QUESTION
    return is_asked or not _known(column) <= _OF_OTHER_THINGS


def _rank_of_label(search: _Search, name: str, weight: float) -> tuple[float, int]:
    """Ratings without names are rather those of more different numbers: few may be products' or shops'."""
    if search.named:
        return weight, int(says_overall(name))
    return round(weight), len(search.columns[name].keys)


def _ask_for_label(search: _Search) -> ProposedRule | None:
    """Take the only column of few words that there is for a label, if a person says what the words mean.

    A yes to nobody knows what is none: it may say that somebody wants a newsletter.
    """
    few = [
        each
        for each in search.free()
        if 2 <= len(each.keys) <= _FEWEST_CLASSES
        and _is_of_few_words(each)
        and not _says_yes_to_something_bad(search, each)
    ]
    answers = [each for each in few if _are_answers(each) and not any(map(meaning_of, words_in(each.name)))]
    search.told += [
        f"{each.name} holds yes and no, and its name does not say to what: if a yes is praise, name it under `columns: "
        "label:`, and say under `labels` what its values mean"
        for each in answers
    ]
    few = [each for each in few if each not in answers]
    if len(few) != 1:
        return None
    search.take(few[0], "label", sure="a guess", why=f"the only column of few words, {len(few[0].seen)}")
    return _told_of_unknown(search, few[0], rule_for(few[0]))


def _are_answers(column: Column) -> bool:
    """Whether its values, as far as they are known, are a yes and a no."""
    return bool(_known(column)) and _known(column) <= _ANSWERS


def _is_of_few_words(column: Column) -> bool:
    words = all(isinstance(each, str) for each in column.values) and not column.numbers and column.dates.read == 0
    return (
        words
        and column.distinct < _MOSTLY
        and column.words <= 3
        and suggests(column.name, "keep") < 1
        and suggests(column.name, "created_at") < 1
        and suggests(column.name, "label") >= 0
    )


def _told_of_unknown(search: _Search, column: Column, rule: ProposedRule) -> ProposedRule:
    if rule.unknown and not rule.rule:
        search.told.append(
            f"nobody but you can say what the values of {column.name} mean: fill in the line of the YAML"
        )
    elif rule.unknown:
        search.told.append(
            f"nobody but you can say what {', '.join(rule.unknown)} means in {column.name}: put it under `labels`; "
            "until then rows with it go to quarantine"
        )
    return rule


def rule_for(column: Column) -> ProposedRule:
    """The label rule that a column's values suggest."""
    numbers = numbers_in(column.keys, LabelRule())
    if not numbers or column.numbers <= _MOSTLY:  # "+", "-" and 0 are words
        return proposed_rule_for_words(column.seen)
    if by_classes := rule_of_classes(column.classes, numbers):
        return by_classes
    if understood_without_a_rule(numbers):
        return ProposedRule({}, "sure", "the default rule knows its numbers")
    return proposed_rule(column.keys, LabelRule(), column.name)


def _weight_of_label(search: _Search, column: Column) -> float:
    """How much a column is like one of labels or ratings; below 1 it is none."""
    hint = _hint_of_label(search, column)
    if any(isinstance(each, list | dict) for each in column.singles) or column.is_row_number:
        return 0.0
    if _says_yes_to_something_bad(search, column):
        return 0.0
    by_values = _as_ratings(column) if column.numbers >= _NEARLY_ALL else _as_words(column)
    is_asked = by_values == _WORDS_OF_BOTH_SIDES and len(words_in(column.name)) >= _WORDS_OF_A_QUESTION
    if not by_values or (hint < 0 and column.name != "label" and not is_asked):
        return 0.0
    if len(column.seen) == 1 and hint < 1:
        return 0.0
    return (by_values + 1.5 * max(hint, 0.0)) * (0.3 + 0.7 * column.filled)


def _hint_of_label(search: _Search, column: Column) -> float:
    """What its name says for a label: ``nota_geral`` says as much as a name that has the word at its end.

    A yes to "Liked" is praise, unless other columns say the rest of it.
    """
    hint = _hint(search, column, "label")
    if search.named and hint > 0 and column.numbers >= _NEARLY_ALL and says_overall(column.name):
        return max(hint, _HINT_OF_ALL)
    if hint != 0 or not search.named or not says_of_feeling_well(column.name) or not _is_of_answers(column):
        return hint
    others = [each for each in search.columns.values() if each.name != column.name and _is_of_answers(each)]
    return 0.0 if any(meaning_of(word) for each in others for word in words_in(each.name)) else 1.0


def _is_of_answers(column: Column) -> bool:
    return bool(column.keys) and column.keys.keys() <= _ANSWERS | _FLAGS


def _says_yes_to_something_bad(search: _Search, column: Column) -> bool:
    keys = column.keys.keys()
    says_how_much = column.numbers >= _NEARLY_ALL and not any(map(highest_named, keys))
    answers = bool(keys) and (keys <= _ANSWERS | _FLAGS or says_how_much)
    return answers and search.named and says_of_something_bad(column.name)


def _as_ratings(column: Column) -> float:
    numbers = [number_of(key) for key in column.keys if is_number(key)]
    if not numbers or min(numbers) < _LOWEST_RATING or max(numbers) > _HIGHEST_RATING:
        return 0.0
    if column.counts_up and len(numbers) > 5:
        return 0.0
    if any(highest_named(key) for key in column.keys) or any("star" in key or "★" in key for key in column.keys):
        return _OF_STARS
    if column.keys.keys() <= _FLAGS:
        return 1.0
    whole = all((2 * number).is_integer() for number in numbers)
    if max(numbers) <= 10 and whole:
        return 2.0
    return 1.0 if len(numbers) > 1 else 0.0


def _as_words(column: Column) -> float:
    if not column.texts or len(column.keys) > _FEW_LABELS or column.usual_words > 4:
        return 0.0
    meanings = {text: meaning_of(text) for text in column.seen}
    known = sum(count for text, count in column.seen.items() if meanings[text]) / len(column.texts)
    if len(column.keys) == 1 and not known:
        return 0.0  # such as what all reviews are about
    both = {"positive", "negative"} <= set(meanings.values())
    if _are_answers(column):
        both = False  # to what, the name of the column must say
    if column.keys.keys() <= _ANSWERS:
        return 1.0
    if both and known > _MOSTLY:
        return _WORDS_OF_BOTH_SIDES
    few = (len(column.keys) <= _FEWEST_CLASSES or both) and column.distinct < _MOSTLY
    return (
        1.5 if known > _MOSTLY else 1.0 if few and column.words < 2.5 and suggests(column.name, "label") >= 1 else 0.0
    )


# what is worth keeping


def _find_keep(search: _Search) -> None:
    kept = 0
    for each in search.free():
        if kept < _MOST_KEPT and _is_worth_keeping(search, each):
            kept += 1
            search.take(each, "keep", sure="likely", why=f"{len(each.seen)} different values, its name")


def _is_worth_keeping(search: _Search, column: Column) -> bool:
    if column.name in RESERVED_COLUMNS or _hint(search, column, "keep") < 1 or len(column.seen) < 2:
        return False
    words = all(isinstance(each, str) for each in column.values) and not column.numbers
    return words and len(column.seen) <= _FEW_KEPT and column.distinct <= _MOSTLY


def described(roles: Iterable[Role]) -> dict[str, Role]:
    """The role of each column that has one."""
    return {each.column: each for each in roles}
