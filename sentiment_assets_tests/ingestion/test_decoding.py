import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_assets.ingestion.decoding import (
    decode,
    in_one_line,
    on_one_line,
    printable,
    proposed_encoding,
    undecodable_bytes,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXT)
def test_utf8_is_read_as_it_was_written(text: str) -> None:
    assert decode(text.encode(), "utf-8") == (text.removeprefix("\ufeff"), "utf-8")


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"\xef\xbb\xbf", "utf-8"),
        (b"\xff\xfe", "utf-16-le"),
        (b"\xfe\xff", "utf-16-be"),
        (b"\xff\xfe\x00\x00", "utf-32-le"),
        (b"\x00\x00\xfe\xff", "utf-32-be"),
    ],
)
def test_a_byte_order_mark_wins_over_the_declared_encoding(mark: bytes, encoding: str) -> None:
    assert decode(mark + "schön, 好".encode(encoding), "cp1252") == ("schön, 好", encoding)


@given(st.binary(), st.sampled_from(["utf-8", "ascii", "cp1252", "gb18030", "utf-16-le"]))
def test_no_bytes_kill_a_file(content: bytes, encoding: str) -> None:
    text, _ = decode(content, encoding)
    printable(text).encode()


def test_undecodable_bytes_are_named() -> None:
    text, _ = decode(b"caf\xe9 \xff!", "utf-8")
    assert undecodable_bytes(text) == "E9 FF"
    assert undecodable_bytes("café") == ""


@given(st.text())
def test_a_text_on_one_line_can_be_shown_on_a_terminal(text: str) -> None:
    shown = on_one_line(text)
    assert shown.encode().decode().splitlines() in ([shown], [])
    assert not any(unicodedata.category(character) == "Cc" for character in shown)
    assert on_one_line(shown) == shown


def test_what_moves_the_cursor_or_turns_the_writing_is_shown_as_an_escape() -> None:
    assert on_one_line("red \x1b[31m\n\x9b2J \u202exe.csv 评") == "red \\x1b[31m\\n\\x9b2J \\u202exe.csv 评"


@pytest.mark.parametrize(
    ("text", "encoding", "proposed"),
    [
        ("Café crème – it’s a façade, naïve, a joy", "cp1252", "cp1252"),
        ("Das ist schön, größer und überall nötig – für alle", "cp1252", "cp1252"),
        ("Er sagte „sofort lieferbar“, es kam später ‚nie‘", "cp1252", "cp1252"),
        ("Café", "cp1252", "cp1252"),
        ("Très bon, déçu du café – c’est « cher »", "cp1252", "cp1252"),
        ("Schöne Lampe, größter Spaß", "latin-1", "cp1252"),
        ("Ótimo produto, pedido nº 12 na 1ª semana, não chegou", "cp1252", "cp1252"),
        ("Un oraș frumos, dar cortul a fost rupt și mâncarea rece".replace("ș", "ş"), "cp1250", "cp1250"),
        ("¿Dónde está? Pequeño, mañana", "cp1252", "cp1252"),
        ("Świetny namiot, bardzo polecam każdemu, żenada nie", "cp1250", "cp1250"),
        ("Pisali „wysyłka jutro”, a świetny namiot przyszedł po tygodniu, żenada", "cp1250", "cp1250"),
        ("It’s fine, really fine", "cp1252", "cp1252"),
        (
            "Ocena;Treść opinii\n5;Świetny produkt, działa bez zarzutu i przyszedł szybko.\n1;Okropny zapach i "
            "pokrywka pękła pierwszego wieczoru. Jestem zawiedziony, nikt nie odpowiedział na moje wiadomości.\n4;"
            "Polecam każdemu, bardzo solidne wykonanie i ładny kolor.\n3;W porządku za tę cenę, nic szczególnego.",
            "iso8859_2",
            "iso8859-2",
        ),
        ("Příliš žluťoučký kůň úpěl ďábelské ódy", "cp1250", "cp1250"),
        ("Отличный товар, очень доволен покупкой", "cp1251", "cp1251"),
        ("这个产品很好，我很喜欢，物流也很快", "gb18030", "gb18030"),
        ("とても良い商品でした。また買います", "shift_jis", "cp932"),
    ],
)
def test_another_encoding_is_proposed_with_a_piece_as_it_would_read(text: str, encoding: str, proposed: str) -> None:
    content = f"text\n{text}\n".encode(encoding) * 5
    name, sample = proposed_encoding(content)
    assert name == proposed
    assert content.decode(name) == f"text\n{text}\n" * 5
    assert sample in text
    assert len(sample) > 3


def test_nothing_is_proposed_for_what_is_no_text() -> None:
    assert proposed_encoding(b"plain") == ("", "")


def test_what_would_steer_a_terminal_is_shown_and_not_sent() -> None:
    assert in_one_line("a\n b\t\x1b[31mred\x07\u202e") == "a b \\x1b[31mred\\x07\\u202e"
    assert in_one_line("👩\u200d👧 naïve 好") == "👩\u200d👧 naïve 好"
    assert in_one_line("caf\udce9") == "caf\\udce9"
