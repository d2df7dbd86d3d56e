"""What a column's name suggests that it holds. Names come second: values have been looked at before."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache

from sentiment_assets.ingestion.label_rules import meaning_of

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|(?:[^\W\da-zA-Z_]|[\u0900-\u0dff\u0e00-\u0eff])+")
"""A word; letters of India and Thailand go with signs that are none by themselves."""
_WITHOUT_ACCENT = str.maketrans({"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ı": "i", "ß": "ss"})
"""Letters of Latin script that Unicode has no accent to take from."""
_AROUND_A_RECORD = frozenset({"source", "node", "attributes", "fields", "doc", "document", "properties"})
"""What interfaces put a record into, such as ``_source.rating``: the way to it says nothing of what is there."""

_TYPE_OF_VALUE = re.compile(r"(?:\.(?:\$\w+|(?:string|integer|double|timestamp|boolean)Value|[SN]))+$")
"""What databases put around a value: ``createdAt.$date``, ``stars.integerValue``, ``stars.N``."""
_SUGGESTING: Mapping[str, str] = {
    "text": (
        "text review reviews body content comment comments feedback message opinion verbatim description "
        "tweet sentence remark remarks testimonial texto comentario comentarios resena opinion avis "
        "commentaire commentaires texte kommentar kommentare bewertungstext rezension inhalt "
        "beschreibung avaliacao mensagem descricao mensaje descripcion conteudo contenido contenu "
        "meinung kundenmeinung rezensionstext nachricht temoignage remarque remarques "
        "recensione testo commento reviewtext reviewbody negative positive pros cons tresc "
        "opinia opinie yorum yorumlar "
        "recenze recenzia velemeny omdome anmeldelse arvostelu palaute opmerking comentarii recenzie nhan "
        "σχολιο σχολια κριτικη التعليق تعليق التعليق مراجعة المراجعة ביקורת תגובה समीक्षा टिप्पणी "
        "ความคิดเห็น รีวิว відгук коментар "
        "评论 内容 评价 评价内容 評論內容 レビュー本文 レビュー内容 口コミ "
        "ulasan teks tekst metin freitext verbatims recensie recenzja recenzija 短评 留言 自由記述 感想 댓글 후기 "
        "의견 النص متن نظر دیدگاه "
        "评论内容 正文 レビュー 本文 コメント 리뷰 내용 отзыв отзыва текст комментарий"
    ),
    "title": (
        "title summary headline subject heading header titel titulo titre titolo betreff asunto assunto "
        "sujet intitule ueberschrift uberschrift schlagzeile resumo resumen 标题 タイトル "
        "レビュータイトル 제목 заголовок"
    ),
    "label": (
        "rating ratings stars star score overall sentiment label labels polarity target class "
        "recommended recommend recommendation recommends nps verdict satisfaction rate grade csat "
        "feeling thumbs evaluation nota notas note notes puntuacion calificacion valoracion bewertung "
        "sterne stern etoiles etoile avaliacao estrelas estrellas estrella voto punteggio stelle "
        "gesamtbewertung gesamtnote sternebewertung zufriedenheit appreciation evaluations "
        "sentimiento sentimento stimmung empfehlung again likelihood voted punkte "
        "compound valence majority consensus ocena oceny puan degerlendirme yildiz hodnoceni hodnotenie valutazione "
        "ertekeles betyg bedommelse karakter arvosana beoordeling waardering "
        "βαθμολογια αξιολογηση التقييم تقييم דירוג रेटिंग คะแนน diem оцінка 评分 評分 星级 打分 情感 "
        "標籤 标签 評価 評価ポイント 평점 별점 구매자평점 оценка рейтинг тональность "
        "recomenda recomendas recomendaria recomendarias recommande recommandez recommanderiez empfehlen empfiehlst "
        "weiterempfehlung weiterempfehlen consiglia consiglieresti aanbevelen polecam polecasz poleca rekomendacja "
        "doporucuje doporucujete doporucujes ajanlja ajanlana recomandati rekommenderar rekommendera anbefaler "
        "suositteletko suosittelee tavsiye рекомендуете рекомендую рекомендуєте συνιστατε 推荐 是否推荐 "
        "おすすめ 推奨 추천 "
        "sentimen duygu etiket etykieta sentyment polaridad polaridade polarite bintang penilaian kepuasan "
        "gwiazdki gwiazdek "
        "балл звезды метка امتیاز برچسب 得分 分数 总评 评级 评价星级 情感倾向 情感标签 総合評価 点数 評点 満足度 "
        "総合満足度 점수 만족도 总分 总体评分 综合评分 总评分 整体评分 총점 총평점 คะแนนรวม helhetsbetyg "
        "helhetsvurdering"
    ),
    "created_at": (
        "date dates datum fecha data created at time timestamp when day published posted submitted "
        "submit written zeit zeitpunkt erstellt reviewtime creation datetime jour fechas datetimes "
        "bewertungsdatum erstellungsdatum eingang publie creee cree "
        "horario moment on utc gmt epoch unix millis ms ts seconds tarih tarihi datu dato paivamaara dátum "
        "ημερομηνια التاريخ תאריך วันที่ ngay 日期 时间 评论时间 日付 投稿日 날짜 작성일 "
        "评价时间 评论時間 評論時間 дата время "
        "tanggal 时间戳 评论时间戳 评论日期 发布时间 投稿日時 回答日時 日時 작성일자 등록일"
    ),
    "review_id": (
        "id ids oid uuid guid reviewid recommendationid key identifier identificador identifiant identifikator "
        "kennung bewertungsnummer nummer number ref"
    ),
    "keep": (
        "product brand source language lang category country channel market marketplace platform store "
        "app hotel airline department segment region location city device variant model produkt marke "
        "quelle sprache land kategorie kanal filiale produto marca fonte idioma categoria pais canal "
        "loja producto fuente tienda produit marque langue categorie pays magasin division version "
        "locale site branch artikel article articulo artigo articolo modell modele magasins geschaft boutique "
        "city ville stadt ciudad cidade citta miasto sehir kota stad mesto "
        "品牌 产品 商品 语言 来源 城市"
    ),
}
_NUMBER = frozenset(["n", "no", "nr", "num", "numero", "numer", "nummer"])
_CONTRARY: Mapping[str, str] = {
    "text": (
        "reply response answer developer seller owner product url link author user id date category "
        "image images tags antwort stellungnahme reponse resposta respuesta risposta "
        "antwoord odpowiedz odpoved yanit "
        "cevap valasz raspuns svar vastaus απαντηση ответ відповідь 返信 回复 回覆 答复 답변 답글 "
        "respondent address street count location "
        "direccion endereco adresse indirizzo adres alamat адрес 地址 住所 주소 "
        "username email name"
    ),
    "title": (
        "product produkt artikel produit article movie film book item app hotel job game page reply user author "
        "reviewer seller prod song album"
    ),
    "label": (
        "helpful votes vote count counts num number likes useful funny cool total upvotes downvotes "
        "confidence price age length words version year thumbsup verified id average avg days lat "
        "lng index playtime helpfulness denominator numerator product quantity qty amount page phone zip "
        "code reviews hours minutes anzahl hilfreich verifizierter verifiziert verificada compra achat "
        "kauf purchase vine spoiler effort per "
        "importance weight cost spiciness predicted prediction pred previous max lead credit rank filiale "
        "personen tisch cluster topic fold "
        "children kids adults weekday hour month quarter priority severity urgency nights floor bought "
        "ilosc liczba sztuk polubienia wiek adet sayisi begeni fiyat yas pocet kusu "
        "quantita prezzo eta mennyiseg kedvelesek antal pris alder aantal prijs leeftijd cantidad precio edad "
        "quantidade preco idade stuckzahl menge preis alter quantite prix nombre numar pret varsta maara hinta ika "
        "ποσοτητα τιμη ηλικια количество лайки лайков возраст цена кількість вподобання вік ціна الكمية السعر العمر "
        "إعجابات כמות מחיר גיל จำนวน ราคา อายุ 数量 数 年齢 价格 年龄 点赞数 いいね数 参考になった人数 수량 가격 나이"
    ),
    "created_at": (
        "reply response replied updated update modified edited last release purchase birth stay visit "
        "order delivery experience resolution due deadline scraped scrape scraping crawled retrieved fetched "
        "downloaded answer developer seller expiry expires replydate "
        "antwort arrival reviewer ordered shipped purchased bought crawl import imported user since "
        "geburt geburtsdatum geboren bestelldatum lieferdatum kaufdatum rechnungsdatum anreise anreisedatum abreise "
        "abreisedatum commande livraison naissance sejour pedido entrega nascimento nacimiento "
        "compra ordine consegna "
        "nascita acquisto zamowienia dostawy zakupu urodzenia objednavky doruceni nakupu narozeni siparis teslimat "
        "dogum bestelling geboortedatum bestallning fodelsedatum rendeles szuletesi заказа доставки покупки рождения "
        "замовлення доставки народження παραγγελιας γεννησης 注文日 購入日 生年月日 下单时间 购买时间 주문일 구매일"
    ),
    "review_id": (
        "user product author customer order app item business hotel parent store listing reviewer movie "
        "film client category package profile session device phone thread asin sku place company seller "
        "vendor account member artikel article produkt kunde kunden cliente producto produto produit "
        "restaurant rest hotels book course game movies doctor patient drug school professor teacher student "
        "employee guest "
        "brand shop video channel recipe song track room flight venue property listing event usuario usuário "
        "utilisateur benutzer pengguna restaurante"
    ),
    "keep": "id url link count email phone ip",
}
_OF_SOMETHING_BAD = (
    "complaint complaints complained problem problems issue issues trouble defect defective fault faulty broken "
    "damaged refund refunded returned churn churned cancelled canceled spam fake toxic "
    "toxicity hate abusive offensive "
    "negative unhappy dissatisfied beschwerde beschwerden reklamation probleme mangel mangelhaft "
    "fehler plainte queja "
    "quejas problema problemas reclamo reclamacao reclamacoes problemi lamentela "
    "reklamacja reklamacje problemu klacht "
    "sikayet жалоба жалобы проблема скарга 投诉 是否投诉 苦情 불만 "
    "anxiety fear worry difficult difficulty hard confusing pain stress risk frustration frustrating anger slow "
    "unclear leaving cancel"
)
_OF_SOMETHING_GOOD = (
    "positive positiv positivo positiva positif pos good satisfied happy praise compliment "
    "solved solve solving resolved resolve resolution handled handling"
)


def _without_accents(name: str) -> str:
    """A name without accents: what the lists above say is compared so, too."""
    parts = unicodedata.normalize("NFKD", name.translate(_WITHOUT_ACCENT))
    return unicodedata.normalize("NFC", "".join(each for each in parts if not unicodedata.combining(each)))


def _set_of(words: str) -> frozenset[str]:
    return frozenset(_without_accents(words).split())


_WORDS = {role: _set_of(words) for role, words in _SUGGESTING.items()}
_AGAINST = {role: _set_of(words) for role, words in _CONTRARY.items()}
_YES_IS_BAD, _YES_IS_GOOD = frozenset(_OF_SOMETHING_BAD.split()), frozenset(_OF_SOMETHING_GOOD.split())
_FOR = _set_of(
    "positive pros pro vorteile avantages ventajas vantaggi vantagens zalety vyhody výhody плюсы достоинства "
    "переваги voordelen pluspunten fordele"
)
_AGAINST_IT = _set_of(
    "negative cons contra nachteile inconvenients inconvénients desventajas svantaggi desvantagens wady nevýhody "
    "минусы недостатки недоліки nadelen minpunten ulemper"
)
_LIKED = frozenset(("like", "liked", "likes", "love", "loved", "best", "good", "gut", "positiv", "well", "mejor"))
_DISLIKED = frozenset(
    ("dislike", "disliked", "dislikes", "hate", "hated", "worst", "bad", "schlecht", "negativ", "badly", "peor")
)
_TO_IMPROVE = _set_of("improve improved improving better")
_OF_A_QUESTION = _set_of(
    "what did do does could can should would was were is be been have has you we they i it that this about most least "
    "us our the your"
)
"""Words of a question that say nothing of its answers: "What did you like most?", "What could have been improved?"."""
_ASKED_ABOUT = _set_of(
    "product service services company app software tool hotel stay visit course event job place experience here with at"
)
"""What a question is about: "What do you dislike about the product?"."""
_OF_FEELING_WELL = _set_of(
    "positive positiv positivo positiva positif liked likes like loved love enjoyed satisfied happy good pleased"
)
_BESIDE_A_FEELING = _set_of(
    "is was are the customer customers user guest reviewer client it sentiment review feedback experience flag label "
    "you were do did i we with us our service product thumb up by overall has have"
)
"""Words beside which "happy" is still said of who wrote the review, and not denied."""
_OVERALL = _set_of(
    "overall general global globale générale generale geral insgesamt gesamt allgemein complessiva complessivo "
    "algemeen algemene "
    "ogólna ogólne ogólny общая общий общее итоговая загальна genel keseluruhan chung celkové celkově "
    "övergripande samlet yleinen γενική العام 总体 综合 整体 総合 종합 전체"
)
_TRANSLATED = _set_of(
    "translated translation traducido traduccion traduit traduzido tradotto übersetzt übersetzung 翻译"
)
_OF_A_PLACE = _set_of("hotel business place property listing host store restaurant company seller")
_COUNTED = ("count", "votes", "counts", "数")
_HOW_MANY = _set_of(
    "anzahl number nombre numero aantal antal broj pocet numar liczba ilosc sayisi количество кількість"
)
_STARS = _set_of(
    "stars star sterne sternen étoiles étoile estrellas estrelas stelle sterren gwiazdek gwiazdki yıldız zvjezdica "
    "zvezdica zvezdic hvězdiček hvězd csillag stele stjärnor stjerner звёзд зірок"
)
_OF_THE_MACHINE = 1.0
"""The most that a name such as ``_score`` says of a label: what begins so is written by a machine for itself."""
_OF_A_VERSION = frozenset({"version", "versions", "versao", "versione", "build", "revision", "release", "firmware"})
_BEHIND_A_VERSION = ("name", "code", "number", "no", "nr", "value", "string")
_OF_A_CHANGE = frozenset({"updated", "update", "modified", "edited", "changed"})
_SEVERAL = {"thumbs up count": "votes count"}


@lru_cache(maxsize=1024)
def words_in(name: str) -> tuple[str, ...]:
    """The words of a name in small letters and without accents: ``reviewText`` and ``review_text`` have two."""
    words = [word.casefold() for word in _WORD.findall(_without_accents(_TYPE_OF_VALUE.sub("", name)))]
    said = " ".join(words)
    return tuple(_SEVERAL.get(said, said).split())


def suggests(name: str, role: str) -> float:
    """How much a name speaks for a role: 1 for each half that fits, up to 2 for a name that is nothing else.

    Below 0 if it speaks against it.
    """
    words = _words_for(name, role)
    if not words:
        return 0.0
    joined = "".join(words)
    written_by_a_machine = name.startswith("_") and words == words_in(name)
    if name == role or (joined in _WORDS[role] and not (written_by_a_machine and role == "label")):
        return 2.0
    for_it = sum(word in _WORDS[role] for word in words)
    if role == "label" and _says_how_many_stars(words):
        return 1.0
    if role == "review_id" and len(words) == 2 and words[0] in _NUMBER and words[1] in _WORDS["text"]:
        return 1.0  # "N° avis", "Nr. Bewertung"
    if any(word in _AGAINST[role] or (role == "label" and _says_a_count(word)) for word in words):
        return -1.0
    if written_by_a_machine and role == "label":
        return _OF_THE_MACHINE * bool(for_it)
    if words[-1] in _WORDS[role]:
        return 1.0 + for_it / len(words)
    return for_it / len(words)


def speaks_against(name: str, role: str) -> bool:
    """Whether a name says of something else, and has no word for the role besides, as ``response_text`` has."""
    return suggests(name, role) < 0 and _WORDS[role].isdisjoint(words_in(name))


def says_overall(name: str) -> bool:
    """Whether a rating below a name such as ``nota_geral`` is that of all, where others are of parts."""
    return not _OVERALL.isdisjoint(words_in(name))


def says_of_a_translation(name: str) -> bool:
    """Whether a column holds what others made of the texts: the texts themselves come before it."""
    return not _TRANSLATED.isdisjoint(words_in(name))


def says_of_a_place(name: str) -> bool:
    """Whether ratings below a name such as ``Hotel stars`` may be those of a house: all its reviews have the same."""
    return not _OF_A_PLACE.isdisjoint(words_in(name))


def _says_how_many_stars(words: Sequence[str]) -> bool:
    """Whether a name is "Anzahl Sterne" or "Nombre d'étoiles": how many there are is the rating itself."""
    return not _HOW_MANY.isdisjoint(words) and not _STARS.isdisjoint(words) and len(words) <= 3


def _says_a_count(word: str) -> bool:
    return word.endswith(_COUNTED) and word not in _WORDS["label"]


def _words_for(name: str, role: str) -> tuple[str, ...]:
    """The words of a name that tell: not the "review" of ``review_date``, nor the scale of ``score_0_10``."""
    if role == "title":
        name = name.removesuffix(".label")  # feeds of Atom put a text into an object as its label
    words = words_in(_within_its_record(name))
    if len(words) > 1 and words[0] in ("review", "reviews"):
        words = words[1:]
    if len(words) > 1 and words[-1] == "value":
        words = words[:-1]
    if len(words) > 2 and words[-2] in ("0", "1") and words[-1] in ("5", "7", "10", "100"):
        words = words[:-2]
    return words[:-1] if role == "keep" and len(words) > 1 and words[-1] in ("name", "code", "type") else words


def _within_its_record(name: str) -> str:
    """A name without the way to its record: the ``rating`` of ``data.node.rating``."""
    way = name.split(".")
    while len(way) > 1 and _AROUND_A_RECORD.issuperset(words_in(way[0])):
        way = way[1:]
    return ".".join(way)


def says_a_version(name: str) -> bool:
    """Whether a column holds versions by its name, such as ``app.version`` or ``buildNumber``: 4.10.12 is no date."""
    words = words_in(name)
    while len(words) > 1 and words[-1] in _BEHIND_A_VERSION:
        words = words[:-1]
    return bool(words) and words[-1] in _OF_A_VERSION


def says_a_change(name: str) -> bool:
    """Whether a name says when something was changed: it is another moment than the review's own, but one."""
    return bool(_OF_A_CHANGE.intersection(words_in(name)))


def says_of_something_bad(name: str) -> bool:
    """Whether a "yes" below a name such as ``is_complaint`` speaks of something bad, and of nothing good besides."""
    words = words_in(name)
    return not _YES_IS_BAD.isdisjoint(words) and _YES_IS_GOOD.isdisjoint(words)


def says_of_feeling_well(name: str) -> bool:
    """Whether a "yes" or a 1 below a name such as ``Liked`` or ``is_satisfied`` is praise."""
    words = set(words_in(name))
    return bool(words & _OF_FEELING_WELL) and words <= _OF_FEELING_WELL | _BESIDE_A_FEELING


def is_a_known_name(text: str) -> bool:
    """Whether a text is the name of a column for some role, and no word that a label may be."""
    return len(words_in(text)) <= 4 and meaning_of(text) is None and any(suggests(text, role) >= 2 for role in _WORDS)


def is_a_name(text: str) -> bool:
    """Whether a text may be such a name; a short review that ends in "product" may be one too."""
    return len(words_in(text)) <= 4 and meaning_of(text) is None and any(suggests(text, role) >= 1 for role in _WORDS)


def is_a_pair(name: str) -> str:
    """``positive`` or ``negative`` for a column that holds one half of a review, as hotels' exports have them."""
    words = set(words_in(name))
    if words <= {*_FOR, *_AGAINST_IT, "review", "reviews", "text", "comment", "comments", "content"}:
        return "positive" if words & _FOR else "negative" if words & _AGAINST_IT else ""
    asked = words - _OF_A_QUESTION - _ASKED_ABOUT
    if not asked or words.isdisjoint(_OF_A_QUESTION):
        return ""
    return "positive" if asked <= _LIKED else "negative" if asked <= _DISLIKED | _TO_IMPROVE else ""


def are_a_pair(one: str, other: str) -> bool:
    """Whether two names are equal but for what is good, and bad: "What did you like?", "What did you dislike?"."""
    words = list(zip(words_in(one), words_in(other), strict=False))
    differ = [pair for pair in words if pair[0] != pair[1]]
    same_length = len(words_in(one)) == len(words_in(other)) > 1
    return same_length and len(differ) == 1 and differ[0][0] in _LIKED and differ[0][1] in _DISLIKED
