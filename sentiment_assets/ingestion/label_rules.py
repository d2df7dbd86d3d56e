"""The label rule that a column's values suggest: for the message of a file that has none, and for a preview."""

import json
import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sentiment_assets.ingestion.ratings import highest_named, number_of, rating_in
from sentiment_assets.ingestion.settings import LabelRule, label_key
from sentiment_assets.presentation.wording import counted

Sure = Literal["sure", "likely", "a guess"]
"""How sure a proposal is."""
Meaning = Literal["positive", "negative", "neutral"]

_SCALES = ((1, 5), (1, 10))
_RANGES = ((0, 1), (-1, 1), (1, 5), (0, 5), (1, 10), (0, 10), (0, 100))
"""The scales that ratings with fractions, or many of them, may be on; the first that holds all of them is taken."""
_FEW_VALUES = 12
_FEW_ABOVE = 0.01
"""The share of ratings above a scale up to which they are slips, and say nothing of the scale."""
_NPS_LOWEST, _NPS_HIGHEST, _DETRACTOR, _PROMOTER = 0, 10, 6, 9
_STARS_LOWEST, _STARS_HIGHEST = 0, 5
_NAMED_FOR_A_RATING = re.compile(r"rating|stars?|sterne|estrel|bewertung|[eé]toiles|评分|星", re.IGNORECASE)
_STARS = ("star", "ster", "étoile", "estrel", "stell", "gwiazd", "stj", "звезд", "yıldız", "星", "별", "★", "⭐")
_NAMED_FOR_PROMOTERS = re.compile(r"nps|recommend|promoter|likely", re.IGNORECASE)
_NAMED_FOR_SCHOOL_MARKS = re.compile(r"schulnote|známk", re.IGNORECASE)
_ANCHOR = re.compile(
    r"(?<![\d.,])(\d+) ?(?:[=:(]| [-–]| means| is| stands for| bedeutet| heißt| significa| signifie| oznacza) ?"
    r"([^\d,;/|()=:]+?)(?= ?[,;/|()–-]| (?:and|und|et|y|e|to|bis|i) \d| *\d| *$)",
    re.IGNORECASE,
)
"""What the name of a column says of a number: "1 = very good, 5 = very bad"."""
_BEST_AND_WORST: Mapping[str, Meaning] = {"best": "positive", "worst": "negative"}
_BOUNDS_NAMED = re.compile(
    r"(?<![\d.,/])(?P<lowest>[01]) ?(?:-|–|…|\.\.|to|bis|à|a|al|do|до) ?(?P<highest>\d{1,3})(?![\d.,/]|%)"
    r"|(?<![\d.,/])(?P<from>[01])_(?P<up_to>5|7|10|100)(?![\d.,/]|%)"
    r"|(?:/ ?|\b(?:out of|sur|von|z) )(?P<top>5|6|7|10|20|100)\b(?!/)",
    re.IGNORECASE,
)
"""The scale that the name of a column says: "Score (1-7)", "score_0_10", "Note /20", "rate it from 0 to 10"."""
_NO_CLASS = "-1"
_UNDERSTOOD = ({"0", "1"}, {"-1", "1"})
"""What a column of numbers may hold without a rule."""

YES = "yes y true ja oui si sí sim tak ano igen da да так evet ναι نعم כן हाँ ใช่ có はい 是 예 네 kyllä sì"
NO = (
    "n no false nein non não nao nie ne nem nu нет ні hayır όχι لا לא नहीं ไม่ใช่ không いいえ 否 아니오 아니요 ei nej "
    "nei nee"
)
"""What people answer to a question that is asked of them, in many languages."""
_MEANINGS: Mapping[Meaning, str] = {
    "positive": (
        f"{YES} positive pos p + plus good great excellent happy satisfied recommended recommend recommends "
        "up like liked likes love praise promoter fresh agree thumbsup favorable favourable pro "
        "compliment positiv positif positivo positiva positiver gut bueno buena bom boa "
        "bon bonne buono empfohlen zufrieden feliz recomendado satisfecho satisfecha satisfeito "
        "satisfeita satisfait satisfaite soddisfatto soddisfatta "
        "amazing awesome wonderful fantastic brilliant perfect outstanding superb delighted "
        "👍 😀 😃 😄 😊 🙂 😍 ❤ ❤️ ♥ ✅ ✔ 正面 积极 好评 好 满意 ポジティブ 良い 긍정 положительный "
        "позитивный позитив super toll prima klasse ausgezeichnet hervorragend génial excelente ottimo "
        "bullish puas บวก مثبت ইতিবাচক 力荐 大満足 "
        "promoters promotor promotores promotoren promotora promoteur promoteurs promotore promotori promotorzy p+ "
        "🤩 🥰 😁 😻 👏 💯 "
        "pozytywny pozytywna pozytywne dobry dobra zadowolony zadowolona polecam pozitivní "
        "spokojen spokojena spokojený "
        "doporučuji doporučuje olumlu memnun положительная положительно позитивная хорошо отлично доволен довольна "
        "рекомендую позитивний позитивна добре чудово задоволений задоволена إيجابي إيجابية راض راضي جيد ممتاز "
        "חיובי חיובית מרוצה सकारात्मक เชิงบวก พอใจ 満足 高評価 긍정적 만족 正向 正評 好評 滿意 推荐 推薦 "
        "θετικό θετική θετικός ικανοποιημένος pozitív elégedett pozitiv mulțumit recomand "
        "positivt nöjd tilfreds fornøyd "
        "positiivinen tyytyväinen positief tevreden "
        "bien ótimo ótima ottima buona eccellente goed uitstekend weiterempfohlen "
        "dobrze świetnie doskonale spokojená dobře výborně výborné dobré memnunum memnunuz iyi mükemmel harika "
        "удовлетворен удовлетворён удовлетворена відмінно ικανοποιημένη καλή καλά καλό εξαιρετική εξαιρετικά άριστα "
        "θετικά jó kiváló hyvä erinomainen bra utmärkt god godt fremragende utmerket mulțumită bine excelent bun "
        "bună tốt baik bagus memuaskan ดี ดีเยี่ยม พึงพอใจ संतुष्ट अच्छा अच्छी उत्कृष्ट راضٍ راضية ممتازة جيدة "
        "טוב טובה מצוין מצוינת راضی خوب عالی 좋음 만족함 优秀"
    ),
    "negative": (
        f"{NO} negative neg - minus bad poor terrible awful unhappy unsatisfied dissatisfied down "
        "dislike disliked hate complaint detractor rotten disagree thumbsdown unfavorable unfavourable contra "
        "negativ negatif négatif negativo negativa negativer schlecht malo mala ruim "
        "mau mauvais mauvaise cattivo unzufrieden insatisfecho insatisfecha insatisfeito "
        "insatisfeita insatisfait insatisfaite insoddisfatto insoddisfatta 👎 😞 😠 😡 🙁 ☹ "
        "😢 😭 ❌ ✘ 负面 消极 差评 差 不满意 ネガティブ 悪い 부정 отрицательный негативный негатив "
        "disappointing disappointed worst dreadful unacceptable "
        "mies schlimm furchtbar schrecklich nul horrible pésimo péssimo pessimo "
        "bearish sad ลบ منفی নেতিবাচক 很差 较差 "
        "detractores détracteur détracteurs detrattore detrattori detrator detratores kritiker criticaster "
        "criticasters krytyk krytycy n+ hayir detractors 😤 😩 🤬 😔 💔 👿 mangelhaft ungenügend "
        "negatywny negatywna negatywne zły zła niezadowolony niezadowolona negativní "
        "nespokojen nespokojena nespokojený "
        "nedoporučuji nedoporučuje olumsuz отрицательная отрицательно негативная плохо ужасно недоволен недовольна "
        "негативний негативна погано жахливо незадоволений незадоволена سلبي سلبية שלילי שלילית नकारात्मक เชิงลบ "
        "ไม่พอใจ 不満 低評価 부정적 불만족 불만 负向 負面 負評 差評 不滿意 不推荐 不推薦 αρνητικό αρνητική αρνητικός "
        "δυσαρεστημένος negatív elégedetlen nemulțumit negativt missnöjd utilfreds "
        "misfornøyd negatiivinen tyytymätön "
        "negatief ontevreden "
        "mécontent mécontente mal deficiente péssima pessima scarso scarsa slecht źle fatalnie "
        "nespokojená špatně špatné kötü berbat δυσαρεστημένη κακή κακά κακό απαράδεκτη αρνητικά rossz huono "
        "dålig dåligt dårlig dårligt nemulțumită rău slab prost tệ kém buruk jelek แย่ असंतुष्ट बुरा खराब "
        "سيء سيئ سيئة ضعيف גרוע גרועה רע ناراضی بد افتضاح 나쁨 불만족함 糟糕 不太满意"
    ),
    "neutral": (
        "neutral neu neutre neutro neutra mixed average ok okay passive so-so meh both conflict ambiguous "
        "unsup unlabeled unlabelled unrated 😐 😶 中性 中评 一般 中立 普通 중립 нейтральный unknown "
        "irrelevant naja mittel mittelmäßig moyen regular "
        "netral tarafsız ニュートラル กลาง خنثی নিরপেক্ষ 还行 "
        "passiv passif passifs passivo passivos passivi pasivo pasivos passief pasywni pasywny przeciętna przeciętny "
        "passives indifferent indiferente befriedigend neutralny neutralna neutralne neutrální "
        "nötr kararsız нейтральная "
        "moyenne razoável médio neutrale indifferente sufficiente gemiddeld średnio przeciętnie neutralnie neutrálně "
        "průměrné průměrně kararsızım orta удовлетворительно средне задовільно середньо ουδέτερη μέτρια μέτριο "
        "közepes átlagos kohtalainen keskinkertainen medel middel middels mediu biasa cukup ปานกลาง พอใช้ सामान्य "
        "औसत متوسط متوسطة مقبول مقبولة عادي בינוני סביר معمولی 보통이다 ふつう durchschnittlich "
        "maybe perhaps unsure undecided vielleicht quizás quizas talvez forse misschien kanske kanskje måske ehkä "
        "talán może možná belki возможно можливо ίσως ربما אולי शायद mungkin "
        "нейтрально нейтральний нейтральна محايد محايدة ניטרלי तटस्थ เป็นกลาง เฉยๆ 中性的 중립적 ουδέτερο ουδέτερος "
        "보통 średni średnia średnie нормально нормальная semleges neutru neutraali neutralt nøytral neutraal"
    ),
}
_MEANING_OF = {label_key(word): meaning for meaning, words in _MEANINGS.items() for word in words.split()}
_STRONGER = re.compile(
    r"^(?:very|extremely|highly|strongly|somewhat|slightly|mostly|overwhelmingly|weakly|sehr|eher|"
    r"très|plutôt|tout à fait|entièrement|totalement|vraiment|muy|bastante|muito|molto|abbastanza|bardzo|raczej|çok|"
    r"completely|totally|fully|quite|rather|völlig|vollkommen|zeer|heel|erg|mycket|meget|veldig|erittäin|nagyon|foarte|"
    r"velmi|spíše|очень|полностью|совсем|скорее|дуже|повністю|πολύ|מאוד|rất|hiç|totalmente|bem|svært|ganska|melko|"
    r"teljesen|sangat|बहुत|بسیار|خیلی|کاملا|아주)[\s_-]+|^(?:非常に|非常|很|比较|매우|とても|大変|やや)\s*|\s*(?:جدا|أبدا|מאוד|มาก)$"
)
_DENIED = re.compile(
    r"^(?:not|non|don'?t|do not|would not|wouldn'?t|never|no|não|nao|"
    r"helemaal niet|egyáltalán nem|inte alls|καθόλου|gar nicht|überhaupt nicht|nicht|"
    r"plutôt pas|pas du tout|pas|peu|poco|pouco|nada|per niente|nie|niet|nem|ikke|inte|"
    r"не|غير|לא|không|tidak|kurang)[\s_-]+|^ไม่|\s+değil(?:im|iz)?$"
)
_AROUND = re.compile(
    r"^__label__|^label_(?=\D)|^\d+\s?[-–.:)=]\s?(?=\D)|^\d+\s?(?=\()|(?<=\w)\s?\(\d+\)$|[\s_-]*(?:review|sentiment|feedback|experience|rating|emotion|opinion)s?$"
)
_SPELLED = {
    "teils/teils": "neutral",
    "teils teils": "neutral",
    "thumbs up": "thumbsup",
    "thumbs down": "thumbsdown",
    "i recommend": "recommend",
    "tích cực": "positive",
    "tiêu cực": "negative",
    "trung lập": "neutral",
    "trung tính": "neutral",
    "cukup puas": "neutral",
    "どちらともいえない": "neutral",
    "どちらでもない": "neutral",
    "hài lòng": "satisfied",
    "bình thường": "neutral",
    "varken eller": "neutral",
    "hverken eller": "neutral",
    "verken eller": "neutral",
    "weder noch": "neutral",
    "not sure": "neutral",
    "peut-être": "neutral",
    "tal vez": "neutral",
    "idare eder": "neutral",
    "biasa saja": "neutral",
    "trung bình": "neutral",
    "trudno powiedzieć": "neutral",
    "затрудняюсь ответить": "neutral",
    "그저 그렇다": "neutral",
    "xuất sắc": "positive",
    "memnun kaldım": "satisfied",
    "memnun kalmadım": "dissatisfied",
    "hiç memnun kalmadım": "dissatisfied",
}
_NEITHER = re.compile(
    r"(neither|weder|noch|ni|nem|né|ani|ne|ни|ні|ούτε|se|varken|hverken|verken|nici|ei) (.+) "
    r"(nor|noch|ni|nem|né|ani|ne|ни|ні|ούτε|se|eller|nici|eikä) (.+)"
)
_OPPOSITE: Mapping[Meaning, Meaning] = {"positive": "negative", "negative": "positive", "neutral": "neutral"}


@dataclass(frozen=True)
class ProposedRule:
    """What may stand under ``labels:`` for a column, for a person to look at."""

    rule: Mapping[str, object]
    """Empty where the default rule means the same, and where nothing is known."""
    sure: Sure
    why: str
    unknown: tuple[str, ...] = ()
    """Values of which nobody but a person can say what they mean."""

    @property
    def in_one_line(self) -> str:
        """The rule as YAML in one line."""
        return "{" + ", ".join(f"{name}: {_as_yaml(value)}" for name, value in self.rule.items()) + "}"


def _as_yaml(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else f"{value:g}"


def is_number(key: str) -> bool:
    """Whether a label's key is a number, or a rating in words."""
    return math.isfinite(number_of(key))


def numbers_in(keys: Iterable[str], rule: LabelRule) -> list[str]:
    """The keys that are numbers, but those that the rule calls neutral; the smallest number comes first."""
    named = {label_key(value) for value in rule.neutral}
    return sorted((key for key in keys if is_number(key) and key not in named), key=number_of)


def understood_without_a_rule(numbers: Sequence[str]) -> bool:
    """Whether a column's numbers can mean one thing only: 0 and 1, or -1 and 1."""
    return any(set(numbers) <= understood for understood in _UNDERSTOOD)


def proposed_rule(seen: Counter[str], rule: LabelRule, column: str = "") -> ProposedRule:
    """The rule for a column with numbers, by how often each key of ``label_key`` was ``seen``.

    Words of ``rule`` that occur beside the numbers stay what they are.
    """
    numbers = numbers_in(seen, rule)
    ratings = [number_of(each) for each in numbers]
    lowest, highest = ratings[0], ratings[-1]
    if top := max((number for each in numbers if (number := highest_named(each))), default=0.0):
        bounds = (min(lowest, 0.0 if top > _SCALES[-1][1] else 1.0), max(top, highest))
        return ProposedRule(_rating_rule(*bounds), "sure", f"the values name their scale, up to {bounds[1]:g}")
    if upside_down := _rule_upside_down(ratings, column):
        return upside_down
    if of_anchors := _rule_of_anchors(ratings, column):
        return of_anchors
    named = _bounds_named(ratings, column)
    if named and not (_is_of_promoters(ratings, column) and named == (_NPS_LOWEST, _NPS_HIGHEST)):
        return ProposedRule(_rating_rule(*named), "likely", _by_its_name(*named))
    if _is_of_promoters(ratings, column):
        rule_of_promoters = _rule_of(_PROMOTER, _DETRACTOR, _NPS_LOWEST, _NPS_HIGHEST)
        return ProposedRule(rule_of_promoters, "likely", "whole numbers from 0 to 10: 9 and 10 promote, 0 to 6 detract")
    if slips := _slips_above(numbers, seen, column):
        (lowest, highest), above = slips
        rows = counted(sum(seen[each] for each in above), "rating is", "ratings are")
        why = f"nearly all are ratings from {lowest:g} to {highest:g}; {rows} above it ({', '.join(above)})"
        return ProposedRule(_rating_rule(lowest, highest), "likely", f"{why}; check that more is better")
    if by_values := _rule_beside_no_rating(numbers, ratings, column):
        return ProposedRule(
            by_values, "a guess", f"ratings, and {_NO_CLASS} where there is none; check that more is better"
        )
    if scale := _scale_of(numbers, ratings, column):
        why = f"ratings from {scale[0]:g} to {scale[1]:g}; check that more is better"
        says_stars = _NAMED_FOR_A_RATING.search(column) or any(map(_are_stars, numbers))
        usual = scale == _SCALES[0] and says_stars
        if scale[1] >= _SCALES[1][1] and highest < _quarters(*scale)[1] and _has_quarters(scale[0], highest):
            other = ProposedRule(_rating_rule(scale[0], highest), "a guess", "").in_one_line
            none_above = f"ratings from {scale[0]:g} to {scale[1]:g}, of which none is above {highest:g}"
            if_best = f"if that is the best: `labels: {other}`; if {scale[0]:g} is, turn it round"
            return ProposedRule(_rating_rule(*scale), "a guess", f"{none_above}; {if_best}")
        if scale == (_STARS_LOWEST, _STARS_HIGHEST) and ratings[0] == 0:
            why += ", and that 0 does not say that there is no rating"
        return ProposedRule(_rating_rule(*scale), "sure" if usual else "likely", why)
    groups = _halves(numbers, seen, rule)
    return ProposedRule(groups, "a guess", "numbers that may mean anything; check that more is better")


def _rule_upside_down(ratings: Sequence[float], column: str) -> ProposedRule | None:
    """The rule for ratings of which the lowest is the best, if the column's name says so; values, as less is better."""
    anchors = _anchors_in(column)
    ends_mean = _ends_of(anchors)
    said_so = ends_mean in (("positive", "negative"), ("positive", None), (None, "negative"))
    if not said_so and not _NAMED_FOR_SCHOOL_MARKS.search(column):
        return None
    ends = [*anchors] if said_so else [_SCALES[0][0], _SCALES[0][1]]
    lowest, highest = min(*ends, *ratings), max(*ends, *ratings)
    quarter = (highest - lowest) / 4
    all_of_them = sorted({*ratings, *map(float, range(math.ceil(lowest), math.floor(highest) + 1))})
    groups = {
        "positive": [each for each in all_of_them if each <= lowest + quarter],
        "negative": [each for each in all_of_them if each >= highest - quarter],
        "neutral": [each for each in all_of_them if lowest + quarter < each < highest - quarter],
    }
    rule = {name: [f"{each:g}" for each in group] for name, group in groups.items() if group}
    is_sure = ends_mean == ("positive", "negative")
    return ProposedRule(rule, "sure" if is_sure else "likely", f"by its name {lowest:g} is the best; check that it is")


def _anchors_in(column: str) -> dict[float, Meaning | None]:
    """The numbers of which the name of a column says what they mean, and whether that is known to be good or bad."""
    return {float(number): _meaning_of_an_end(said.strip()) for number, said in _ANCHOR.findall(column)}


def _ends_of(anchors: Mapping[float, Meaning | None]) -> tuple[Meaning | None, Meaning | None]:
    return (anchors[min(anchors)], anchors[max(anchors)]) if len(anchors) > 1 else (None, None)


def _rule_of_anchors(ratings: Sequence[float], column: str) -> ProposedRule | None:
    """The rule for ratings of which the column's name says the ends: "1 = very bad, 7 = very good"."""
    anchors = _anchors_in(column)
    if len(anchors) <= 1:
        return None
    lowest, highest = min(anchors), max(anchors)
    if not (lowest <= ratings[0] and ratings[-1] <= highest and _has_quarters(lowest, highest)):
        return None
    is_known = _ends_of(anchors) in (("negative", "positive"), ("negative", None), (None, "positive"))
    if not is_known and (lowest, highest) in _SCALES:
        return None  # as good as not said
    sure: Sure = "likely" if is_known else "a guess"
    return ProposedRule(_rating_rule(lowest, highest), sure, _by_its_name(lowest, highest))


def _by_its_name(lowest: float, highest: float) -> str:
    return f"its name says ratings from {lowest:g} to {highest:g}; check that more is better"


def _meaning_of_an_end(said: str) -> Meaning | None:
    return _BEST_AND_WORST.get(label_key(said)) or meaning_of(said)


def _bounds_named(ratings: Sequence[float], column: str) -> tuple[float, float] | None:
    """The scale that the name of a column says, if it holds all ratings."""
    for said in _BOUNDS_NAMED.finditer(column):
        highest = float(said["highest"] or said["up_to"] or said["top"])
        lowest = float(said["lowest"] or said["from"] or (highest <= _SCALES[-1][1] and ratings[0] >= 1))
        if lowest < highest and lowest <= ratings[0] and ratings[-1] <= highest and _has_quarters(lowest, highest):
            return lowest, highest
    return None


def _is_of_promoters(ratings: Sequence[float], column: str) -> bool:
    is_scale = all(each.is_integer() for each in ratings) and ratings[0] >= _NPS_LOWEST and ratings[-1] <= _NPS_HIGHEST
    if not is_scale or ratings[-1] <= _STARS_HIGHEST:
        return False
    named = _NAMED_FOR_PROMOTERS.search(column) is not None
    return named or (ratings[0] == _NPS_LOWEST and not _NAMED_FOR_A_RATING.search(column))


def _slips_above(
    numbers: Sequence[str], seen: Counter[str], column: str
) -> tuple[tuple[float, float], list[str]] | None:
    """The usual scale that nearly all ratings are on, and the few that lie above it; ``None`` without any.

    One 7 among a thousand ratings from 1 to 5 would make every 4 and 5 neutral, as if the scale went up to 10.
    """
    for scale in _SCALES:
        above = [each for each in numbers if number_of(each) > scale[1]]
        few = sum(seen[each] for each in above) <= _FEW_ABOVE * sum(seen[each] for each in numbers)
        within = numbers[: len(numbers) - len(above)]
        if above and within and few and _scale_of(within, [number_of(each) for each in within], column) == scale:
            return scale, above
    return None


def _scale_of(numbers: Sequence[str], ratings: Sequence[float], column: str) -> tuple[float, float] | None:
    """The scale of ratings; ``None`` for a few whole numbers that may as well be classes."""
    lowest, highest = ratings[0], ratings[-1]
    is_named = _NAMED_FOR_A_RATING.search(column) is not None
    many = highest > min(len(numbers), 3) or (is_named and highest > 1)
    if lowest >= 1 and many and all((2 * each).is_integer() for each in ratings):
        scale = next((scale for scale in _SCALES if highest <= scale[1]), None)
        if scale:
            return scale
    in_words = any(rating_in(each) is not None and not _is_plain(each) for each in numbers)
    fractions = any(not each.is_integer() for each in ratings)
    named_stars = is_named and lowest >= _STARS_LOWEST and len(numbers) > 2
    apart = len(numbers) > _SCALES[0][1] and highest > _RANGES[-1][1] / 2  # lower ones may be marks up to 20
    if not (in_words or fractions or named_stars or apart or len(numbers) > _FEW_VALUES):
        return None
    own = (lowest, highest) if _has_quarters(lowest, highest) else None
    return next((each for each in _RANGES if each[0] <= lowest and highest <= each[1]), own)


def _rule_beside_no_rating(numbers: Sequence[str], ratings: Sequence[float], column: str) -> dict[str, object] | None:
    """The values of a usual scale of ratings where a -1 beside them says that there is none."""
    if ratings[0] != float(_NO_CLASS) or len(ratings) < 2 or ratings[1] < 1:
        return None
    found = _scale_of(numbers[1:], ratings[1:], column)
    scale = next((each for each in _SCALES if each == found), None)
    if scale is None:
        return None
    lowest, highest = scale
    in_halves = any(not each.is_integer() for each in ratings)
    marks = [half / 2 for half in range(2 * lowest, 2 * highest + 1, 1 if in_halves else 2)]
    negative_to, positive_from = _quarters(lowest, highest)
    return {
        "positive": [f"{each:g}" for each in marks if each >= positive_from],
        "negative": [f"{each:g}" for each in marks if each <= negative_to],
        "neutral": [*(f"{each:g}" for each in marks if negative_to < each < positive_from), _NO_CLASS],
    }


def _quarters(lowest: float, highest: float) -> tuple[float, float]:
    """Where the lowest quarter of a scale ends, and where the highest begins."""
    quarter = (highest - lowest) / 4
    return lowest + quarter, highest - quarter


def _has_quarters(lowest: float, highest: float) -> bool:
    """Whether there is anything between the lowest quarter and the highest: not of one number, nor of huge ones."""
    negative_to, positive_from = _quarters(lowest, highest)
    return negative_to < positive_from


def _halves(numbers: Sequence[str], seen: Counter[str], rule: LabelRule) -> dict[str, object]:
    half = len(numbers) // 2
    groups = {"positive": numbers[-half:], "negative": numbers[:half], "neutral": numbers[half:-half]}
    if not half:
        groups = {"positive": numbers, "negative": ["…"], "neutral": []}
    lists: dict[str, object] = {}
    for name, group in groups.items():
        words = [key for key in map(label_key, getattr(rule, name)) if key in seen and not is_number(key)]
        if group or words:
            lists[name] = [*group, *words]
    return lists


def _rating_rule(lowest: float, highest: float) -> dict[str, object]:
    """The lowest quarter is negative and the highest positive: up to 2 and from 4 on the scale from 1 to 5."""
    negative_to, positive_from = _quarters(lowest, highest)
    if (lowest, highest) == (_STARS_LOWEST, _STARS_HIGHEST):
        negative_to, positive_from = 2, 4  # stars are stars, also where somebody gave none
    return _rule_of(positive_from, negative_to, lowest, highest)


def _rule_of(positive_from: float, negative_to: float, lowest: float, highest: float) -> dict[str, object]:
    rule = {"positive_from": positive_from, "negative_to": negative_to, "lowest": lowest, "highest": highest}
    return {name: int(value) if float(value).is_integer() else value for name, value in rule.items()}


def _are_stars(key: str) -> bool:
    """Whether a rating is called stars, or written as Google does: FIVE."""
    return key.isalpha() or any(each in key for each in _STARS)


def _is_plain(key: str) -> bool:
    return key.replace(".", "", 1).lstrip("-").isdigit()


def meaning_of(word: str) -> Meaning | None:
    """What a label's word means, if it is one that is known: "Not Recommended" is negative."""
    key = label_key(word).replace("i\u0307", "i")  # the small letter of İ
    for _ in range(3):
        key = "neutral" if _NEITHER.fullmatch(key) else _SPELLED.get(key, key)
        if key in _MEANING_OF:
            return _MEANING_OF[key]
        if denied := _DENIED.search(key):
            meaning = meaning_of(key[: denied.start()] or key[denied.end() :])
            return _OPPOSITE[meaning] if meaning else None
        key = _STRONGER.sub("", _AROUND.sub("", key)).strip(" .!'\"()[]\ufe0f🏻🏼🏽🏾🏿")
    return None


def rule_of_classes(names: Sequence[str], numbers: Collection[str] = ()) -> ProposedRule | None:
    """The rule for the numbers of classes that a file names itself, from 0 on; ``None`` unless all names are known.

    Among ``numbers``, which the file has, a -1 stands for no class.
    """
    meanings = [meaning_of(name) for name in names]
    if not {"positive", "negative"} <= {*meanings} or None in meanings:
        return None
    rule: dict[str, object] = {}
    for meaning in _MEANINGS:
        places = [str(place) for place, each in enumerate(meanings) if each == meaning]
        if values := [*places, *([_NO_CLASS] if meaning == "neutral" and _NO_CLASS in numbers else [])]:
            rule[meaning] = values
    said = ", ".join(f"{place} {name}" for place, name in enumerate(names))
    is_default = rule == {"positive": ["1"], "negative": ["0"]}
    return ProposedRule({} if is_default else rule, "sure", f"the file names its classes: {said}")


def proposed_rule_for_words(words: Counter[str]) -> ProposedRule:
    """The rule for a column of few words; ``words`` are as they are written, with how often each occurs.

    A word of which nobody knows what it means stands nowhere in it: its rows are not silently neutral.
    """
    spelled: dict[str, str] = {}
    for word, _ in words.most_common():
        spelled.setdefault(label_key(word), word)
    meanings = {key: meaning_of(word) for key, word in spelled.items()}
    unknown = tuple(spelled[key] for key, meaning in meanings.items() if meaning is None)
    if not {"positive", "negative"} & set(meanings.values()):
        return ProposedRule({}, "a guess", "no value is known to be positive or negative", unknown)
    rows_unknown = sum(count for word, count in words.items() if meanings[label_key(word)] is None)
    one_side = unknown and not {"positive", "negative"} <= set(meanings.values())
    if one_side or 2 * rows_unknown > words.total():
        return ProposedRule({}, "a guess", "most values, or all of one meaning, are not known", unknown)
    default = LabelRule().label_of_value
    names: Mapping[Meaning, int | None] = {"positive": 1, "negative": 0, "neutral": None}
    if not unknown and all(key in default and default[key] == names[m] for key, m in meanings.items() if m):
        return ProposedRule({}, "sure", "the default rule knows its values")
    lists = _lists_of(spelled, meanings)
    if not unknown:
        return ProposedRule(lists, "sure" if len(spelled) > 1 else "likely", "words that say what they mean")
    why = f"{', '.join(unknown)}: in quarantine until somebody says what is meant"
    return ProposedRule(lists, "a guess", why, unknown)


def _lists_of(spelled: Mapping[str, str], meanings: Mapping[str, Meaning | None]) -> dict[str, object]:
    """The values of each meaning; where none is positive, or negative, a word of the default rule stands in."""
    lists: dict[str, object] = {}
    for name in ("positive", "negative", "neutral"):
        values = [spelled[key] for key, meaning in sorted(meanings.items()) if meaning == name]
        if name != "neutral":
            values = values or [next(word for word in getattr(LabelRule(), name) if word not in spelled)]
        if values:
            lists[name] = values
    return lists
