"""A folder of texts, as it lies there or in a zip archive."""

import io
import zipfile
from collections.abc import Mapping

import pytest

from sentiment_assets.ingestion.batch import read_batch
from sentiment_assets.ingestion.readers.file_rows import read_rows
from sentiment_assets.ingestion.readers.source import ENCODING_PROPOSED, FILES, LINES_PASSED_OVER, NOT_READ, RawRow
from sentiment_assets.ingestion.readers.unpacking import UnreadableFile
from sentiment_assets.ingestion.settings import IngestionSettings, LabelRule, ReviewColumns, UnpackingLimits
from sentiment_assets.ingestion.text_folders import Folder

TEXTS = {"neg/1_2.txt": b"It broke\r\n", "pos/0_9.txt": b"A joy,\n\nreally\n", "unsup/5_0.txt": b"It is a kettle"}


def zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def rows_of(texts: Mapping[str, bytes], *others: str, encoding: str = "utf-8") -> list[RawRow]:
    return list(read_rows(Folder(texts, others), "week_12", encoding))


def test_each_file_is_a_row_with_what_its_path_says() -> None:
    assert rows_of(TEXTS) == [
        (1, {"text": "It broke", "label": "neg", "file": "neg/1_2.txt", "id": "1", "rating": 2}, None),
        (2, {"text": "A joy,\n\nreally", "label": "pos", "file": "pos/0_9.txt", "id": "0", "rating": 9}, None),
        (3, {"text": "It is a kettle", "label": None, "file": "unsup/5_0.txt", "id": "5", "rating": None}, None),
    ]


def test_a_batch_needs_no_setting_for_pos_and_neg() -> None:
    batch = read_batch(Folder(TEXTS), "week_12", IngestionSettings())
    assert batch.reviews["label"].fillna(-1).tolist() == [0, 1, -1]
    assert not batch.reviews["neutral"].any(), "nobody has said that an unlabelled review is neutral"
    assert batch.found["shape"] == "a folder of texts, each of them a review"


def test_the_rating_in_the_name_may_be_the_label() -> None:
    by_rating = IngestionSettings(
        columns=ReviewColumns(label="rating"),
        labels=LabelRule(positive_from=7, negative_to=4, lowest=1, highest=10),
    )
    batch = read_batch(Folder({**TEXTS, "pos/8_5.txt": b"So so"}), "week_12", by_rating)
    assert batch.reviews.set_index("text")["label"].dropna().to_dict() == {"It broke": 0, "A joy,\n\nreally": 1}
    assert batch.reviews.set_index("text")["neutral"]["So so"]


@pytest.mark.parametrize(
    ("folders", "says"),
    [
        (("good", "bad"), "'good' is not a known label (1, positive, pos, true, 0, -1, negative, neg, false, neutral)"),
        (("5", "1"), "`labels: {positive_from: 4, negative_to: 2, lowest: 1, highest: 5}`"),
    ],
)
def test_folders_with_other_names_need_a_rule_as_any_label_does(folders: tuple[str, str], says: str) -> None:
    texts = {f"{folder}/{number}.txt": b"a text" for folder in folders for number in range(3)}
    with pytest.raises(UnreadableFile) as refused:
        read_batch(Folder(texts), "week_12", IngestionSettings())
    assert says in str(refused.value)


def test_equal_texts_in_two_files_are_two_reviews_and_an_empty_one_is_none() -> None:
    batch = read_batch(
        Folder({"pos/1.txt": b"Fine", "pos/2.txt": b"Fine", "neg/3.txt": b" \n"}), "w", IngestionSettings()
    )
    assert (len(batch.reviews), len(batch.without_text), batch.rows_duplicate, batch.rows_in) == (2, 1, 0, 3)


def test_an_unreadable_file_goes_to_quarantine_by_name_and_the_others_are_kept() -> None:
    texts = {
        "pos/1.txt": b"Fine",
        "neg/2.txt": b"caf\xe9, never again",
        "neg/3.txt": "It broke".encode("utf-16-le"),
        "pos/4.txt": b"\xef\xbb\xbfGood",
        "pos/5.txt": b"one review\n" * 1500,
    }
    batch = read_batch(Folder(texts), "w", IngestionSettings())
    assert sorted(batch.reviews["text"]) == ["Fine", "Good"], "a byte order mark is no part of the text"
    reasons = dict(
        zip(batch.quarantine["raw"].str.extract(r'"file": "([^"]*)"')[0], batch.quarantine["reason"], strict=True)
    )
    assert set(reasons) == {"neg/2.txt", "neg/3.txt", "pos/5.txt"}
    assert "bytes E9 are not valid in the file's encoding" in reasons["neg/2.txt"]
    assert reasons["neg/3.txt"].startswith("the file neg/3.txt is full of NUL characters when read as utf-8")
    assert reasons["pos/5.txt"].startswith("the file pos/5.txt has 1,500 lines and should be one review")
    assert "set `encoding: cp1252`" in str(batch.found[ENCODING_PROPOSED])


def test_every_file_of_the_folder_is_a_row_or_named() -> None:
    rows = read_rows(Folder({**TEXTS, "urls_pos.txt": b"http://x"}, ("README", "feat.bow")), "w", "utf-8")
    assert len(list(rows)) == 3
    assert rows.found[NOT_READ] == "README, feat.bow, urls_pos.txt; a review is a .txt in a folder of texts only"
    assert (rows.found[FILES], rows.found[LINES_PASSED_OVER]) == (4, 1)


@pytest.mark.parametrize(
    ("folder", "says"),
    [
        (Folder({}), "it is empty, and no text: put each review into a .txt of its own, in a folder that is called by"),
        (Folder({}, ("a.csv", "b.pdf")), "it has a.csv, b.pdf, and no text: put each review into a .txt"),
        (
            Folder({f"{number}.txt": b"x" for number in range(9)}),
            r"its texts \(0.txt, 1.txt, 2.txt, 3.txt, 4.txt and 4 more\) lie in no folder that says their label",
        ),
    ],
)
def test_a_folder_without_a_review_says_what_belongs_in_it(folder: Folder, says: str) -> None:
    with pytest.raises(UnreadableFile, match=says):
        list(read_rows(folder, "week_12", "utf-8"))


def test_a_zip_of_a_folder_of_texts_reads_as_the_folder_does() -> None:
    within = {f"aclImdb/train/{path}": content for path, content in TEXTS.items()}
    rows = read_rows(zipped({**within, "aclImdb/README": b"x", "__MACOSX/._a.txt": b"x"}), "aclImdb.zip", "utf-8")
    assert [(row.values["text"], row.values["label"], row.values["rating"]) for row in rows] == [
        (row.values["text"], row.values["label"], row.values["rating"]) for row in rows_of(TEXTS)
    ]
    assert (rows.found["format"], rows.found["compression"]) == ("folder", "zip")
    assert str(rows.found[NOT_READ]).startswith("aclImdb/README;")


def test_other_archives_of_many_are_still_refused_with_their_names() -> None:
    for files in ({"a/1.txt": b"x", "a/2.txt": b"y"}, {"pos/1.txt": b"x", "neg/1.txt": b"y", "r.csv": b"text\nx\n"}):
        with pytest.raises(UnreadableFile, match=f"an archive of {len(files)} files .*land each by itself"):
            read_rows(zipped(files), "r.zip", "utf-8")


def test_one_text_alone_in_a_zip_is_a_file_as_before() -> None:
    [row] = read_rows(zipped({"pos/reviews.txt": b"text\nfine\n"}), "r.zip", "utf-8", wanted={"text"})
    assert row.values == {"text": "fine"}


def test_what_stands_beside_the_data_of_an_archive_is_told_and_not_read() -> None:
    beside = {"README.md": b"about", "out/_SUCCESS": b"", "out/_committed_123": b"{}", "LICENSE": b"free"}
    rows = read_rows(zipped({**beside, "out/part-0.csv": b"text\nfine\n"}), "r.zip", "utf-8", wanted={"text"})
    assert [row.values for row in rows] == [{"text": "fine"}]
    assert (
        rows.found[NOT_READ] == "README.md, out/_SUCCESS, out/_committed_123, LICENSE; the data are in out/part-0.csv"
    )
    [row] = read_rows(zipped({"readme.csv": b"text\nfine\n"}), "r.zip", "utf-8", wanted={"text"})
    assert row.values == {"text": "fine"}


def test_a_zip_of_texts_that_expands_without_end_is_refused() -> None:
    bomb = zipped({f"{folder}/1.txt": b"0" * (40 << 20) for folder in ("pos", "neg")})
    with pytest.raises(UnreadableFile, match="expand to more than 67,108,864"):
        read_rows(bomb, "r.zip", "utf-8", UnpackingLimits(times=100))


def test_a_damaged_zip_of_texts_says_so() -> None:
    archive = zipped({"pos/1.txt": b"fine and good " * 99, "neg/1.txt": b"dull and slow " * 99})
    with pytest.raises(UnreadableFile, match="not a readable zip archive .*land it again"):
        read_rows(archive.replace(archive[40:50], b"0123456789"), "r.zip", "utf-8")
