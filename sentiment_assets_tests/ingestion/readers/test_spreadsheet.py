import base64
import zlib
from collections.abc import Callable, Mapping
from datetime import date

import pytest

from sentiment_assets.ingestion.readers.file_rows import read_rows
from sentiment_assets.ingestion.readers.unpacking import UnreadableFile
from sentiment_assets.ingestion.settings import FormatSettings, UnpackingLimits
from testing.spreadsheets import Rows, as_ods, as_xlsx

REVIEWS: Rows = [["text", "stars", "note"], ["fine", 5, None], [None, None, None], ["dull, flat", 1.5, "=1+1"]]
NOTES: Rows = [["to do"], ["ask the shop"]]
WRITERS = {"r.xlsx": as_xlsx, "r.ods": as_ods}


OLD_EXCEL = zlib.decompress(
    base64.b85decode(
        "c-rk)OK1~O6g_V``O@Z7(?TnhP_Sxk7b1w8X0%kZF{SOs4}zVTS%gSZCc)pvYRys*Tq$k}b>XJ!#t$m!&V|sT3qcSPUAht!T(lYQ"
        "yECb+Mrc3_Epvu<-+lMKGw;s(&dlOMv@-j!yNchCKnrSC0NzzLK`Br#L_mJal4?EoQ?guaDg^vAkX{d-wY~AlF_hz7g@Om_E0Vw`"
        "N~bV|(L&ycZy<&_23^P)hDZwBAxj8d9928ZGc32Uyw5eCvpmR_>nw+;Zbh8Lf;QTJz?sFzm0tFRAn*H_IUm@v7ae#lXYu75!mjJV"
        "Av3F=-71bAwH0%qkxm+U!<6MP?ji`BAPlBbgCipq#Ap`G;ky+FzSWoe%eZUbSi1n(f2_6p{$lsjAU3iG8rW|tDliRel2=t3VT`NN"
        "<HLk;E^C}GE@3}S7jPm^$+%D=wOG>4A{8@w$)JrsStw-UQ+l4J&e3cpo;D3VR}9Jnf;W`Nnhm9m7g{UH3^gb9C@;4N1-^9e>)TX%"
        "Ogqh%X+A{kqh^N;6c(;X29ZPTX<3o|%-F;7D&KWG>)kA46hGyCV;zoiWQOZpV{ad|vybsk+qp{LMSA(m_>-RUXKgp>^U3O^*!+8K"
        "7QNJ&8RE-p1_NS1+`c98RIBI0*_J-C?D}Ji@+%Q1cFQ?W!&sJUj}T>Pmt^mVm6GE0m1K(sY{6{VA1|nV!R$`nA`^=WF(prFz*Cr~"
        "Iy`$!yd3K=^Abus9?43yo&G`)E?l^9;lhOr7cMq61ixb1FVw2@((mQ30sFtsGNqdPn`Fyk0tLEC^o@8JdCE;(Y-;{=!XxVU66@sD"
        "{})Oeqt;F2kmfjYP0wHYbP=ncXWhiezgt4hwqI)|&i~y0Pwq|RL;"
    )
)
"""A file of Excel 97 as xlwt 1.3.0 has written it: two made-up reviews with stars and dates."""


@pytest.mark.parametrize("name", WRITERS)
def test_the_rows_of_a_sheet_have_the_numbers_that_people_see(name: str) -> None:
    rows = list(read_rows(WRITERS[name]({"Sheet1": REVIEWS}), name, "utf-8"))
    assert [row.number for row in rows] == [2, 4]
    assert [dict(row.values) for row in rows] == [
        {"text": "fine", "stars": 5, "note": None},
        {"text": "dull, flat", "stars": 1.5, "note": "=1+1"},
    ]


def test_a_file_of_an_old_excel_is_read_with_its_dates() -> None:
    rows = read_rows(OLD_EXCEL, "r.xls", "utf-8")
    assert [(row.number, dict(row.values)) for row in rows] == [
        (2, {"text": "Good pan", "stars": 5, "date": date(2026, 3, 14)}),
        (3, {"text": "Lid breaks", "stars": 1, "date": date(2026, 3, 15)}),
    ]


@pytest.mark.parametrize("name", WRITERS)
def test_of_several_sheets_that_with_the_branchs_columns_is_read_or_that_which_it_names(name: str) -> None:
    write: Callable[[Mapping[str, Rows]], bytes] = WRITERS[name]
    content = write({"Notes": NOTES, "Reviews": REVIEWS})
    found = read_rows(content, name, "utf-8", wanted={"text"})
    assert len(list(found)) == 2
    assert found.found["sheet"] == "Reviews"
    named = read_rows(content, name, "utf-8", format=FormatSettings(sheet="Notes"))
    assert [dict(row.values) for row in named] == [{"to do": "ask the shop"}]
    with pytest.raises(
        UnreadableFile, match=r"2 sheets \(Notes, Reviews\); say which holds the reviews: `format: {sheet"
    ):
        list(read_rows(content, name, "utf-8"))
    with pytest.raises(UnreadableFile, match="no sheet 'reviews'; it has: Notes, Reviews"):
        list(read_rows(content, name, "utf-8", format=FormatSettings(sheet="reviews")))


def test_rows_above_and_columns_before_the_table_are_empty_and_nothing_is_shifted() -> None:
    table: Rows = [[None, None], [None, "text", "stars"], [None, "fine", 5]]
    [row] = read_rows(as_xlsx({"Sheet1": table}), "r.xlsx", "utf-8", wanted={"text"})
    assert row.number == 3
    assert dict(row.values) == {"column 1": None, "text": "fine", "stars": 5}


def test_a_header_that_stands_there_again_is_no_row() -> None:
    rows = list(read_rows(as_xlsx({"Sheet1": [*REVIEWS, REVIEWS[0]]}), "r.xlsx", "utf-8"))
    assert [bool(row.problem) for row in rows] == [False, False, True]
    assert str(rows[2].problem).startswith("repeats the header")


def test_a_sheet_without_a_header_is_read_by_position() -> None:
    content = as_xlsx({"Sheet1": REVIEWS[1:]})
    rows = list(read_rows(content, "r.xlsx", "utf-8", format=FormatSettings(names=["body", "stars", "x"])))
    assert [row.values["body"] for row in rows] == ["fine", "dull, flat"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"no spreadsheet", "is not a readable spreadsheet"),
        (
            b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"),
            "it is protected by a password: save it without",
        ),
        (as_xlsx({"Sheet1": []}), "its sheets are empty"),
        (as_xlsx({"Sheet1": [["x" * 1_000_000]] * 70}), "expand to more than 67,108,864"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(content: bytes, says: str) -> None:
    with pytest.raises(UnreadableFile, match=says):
        list(read_rows(content, "r.xlsx", "utf-8", UnpackingLimits(times=10, megabytes=80)))


def test_a_spreadsheet_that_is_damaged_is_refused_as_one() -> None:
    content = as_xlsx({"Sheet1": REVIEWS})
    for damaged in (content[:-30], content.replace(b"PK\x01\x02", b"PK\x01\x03", 1)):
        with pytest.raises(UnreadableFile, match=r"is not a readable spreadsheet \(.*\); save it again, or export it"):
            list(read_rows(damaged, "r.xlsx", "utf-8"))


def test_a_part_of_a_spreadsheet_that_lies_about_its_size_is_not_unpacked() -> None:
    content = bytearray(as_xlsx({"Sheet1": [["text"], ["a" * 1_000_000]]}))
    last = content.rfind(b"PK\x01\x02")  # what the archive says of the sheet
    content[last + 24 : last + 28] = (10).to_bytes(4, "little")
    with pytest.raises(UnreadableFile, match="its part xl/worksheets/sheet1.xml is damaged"):
        list(read_rows(bytes(content), "r.xlsx", "utf-8"))
