"""Which folders in a landing place are folders of texts, and what the path of a text says."""

import pytest

from sentiment_assets.ingestion.settings import FormatSettings, IngestionSettings, LabelRule
from sentiment_assets.ingestion.text_folders import (
    Folder,
    folders_of_texts,
    is_folder_of_texts,
    is_found_when_landed,
    reviews_among,
    said_by_path,
)

PLAIN = IngestionSettings()
GOOD_AND_BAD = IngestionSettings(labels=LabelRule(positive=["good"], negative=["bad"]))
A_FILE_IS_A_REVIEW = IngestionSettings(format=FormatSettings(one_review="file"))


def test_all_texts_below_the_folder_of_a_labels_folder_are_one_batch() -> None:
    texts = ["week_12/pos/0_9.txt", "week_12/neg/1_2.txt", "week_12/unsup/2_0.txt", "week_12/urls.txt"]
    landed = folders_of_texts([*texts, "week_12/reviews.csv", "week_12/README", "a.csv", "2026/a.txt"], PLAIN)
    assert landed.folders == {"week_12": tuple(texts)}
    assert landed.files == ("week_12/reviews.csv", "week_12/README", "a.csv", "2026/a.txt")
    assert landed.odd == {}


def test_each_folder_is_a_batch_and_one_within_another_belongs_to_it() -> None:
    paths = ["aclImdb/test/pos/0_9.txt", "aclImdb/train/pos/0_9.txt", "w/neg/1.txt", "w/more/pos/2.txt"]
    assert set(folders_of_texts(paths, PLAIN).folders) == {"aclImdb/test", "aclImdb/train", "w"}
    assert len(folders_of_texts(paths, PLAIN).folders["w"]) == 2


@pytest.mark.parametrize(
    ("path", "settings", "is_one"),
    [
        ("w/POS/1.txt", PLAIN, True),
        ("w/good/1.txt", PLAIN, False),
        ("w/good/1.txt", GOOD_AND_BAD, True),
        ("w/pos/1.txt", GOOD_AND_BAD, True),
        ("2026/1/a.txt", PLAIN, False),
        ("2026/1/a.txt", IngestionSettings(labels=LabelRule(positive=["1"], negative=["0"])), False),
        ("w/5/a.txt", A_FILE_IS_A_REVIEW, True),
        ("w/pos/1.csv", PLAIN, False),
        ("w/pos/1.txt.gz", PLAIN, False),
        ("pos.txt", PLAIN, False),
    ],
)
def test_a_folder_is_one_of_a_label_by_a_word_that_means_nothing_else(
    path: str, settings: IngestionSettings, is_one: bool
) -> None:
    """A number may be a month, and a word such as good may be anything, unless the branch says that it is a label."""
    landed = folders_of_texts([path], settings)
    assert (bool(landed.folders), landed.files) == (is_one, () if is_one else (path,))
    inside = Folder({path.partition("/")[2] or path: b""})
    assert is_found_when_landed(inside, settings) == is_one


def test_a_folder_of_a_label_needs_one_around_it_that_names_the_batch() -> None:
    landed = folders_of_texts(["pos/1.txt", "pos/2.txt", "pos/a.csv"], PLAIN)
    assert landed.odd == {
        "pos": "holds texts and lies in no folder that names their batch: move it into one, such as week_12/pos"
    }
    assert (landed.files, landed.folders) == (("pos/a.csv",), {})


def test_reviews_are_the_texts_in_the_innermost_folders_which_take_turns() -> None:
    paths = ["b/2.txt", "b/1.txt", "a/1.txt", "a/9.txt", "a/x.csv", "all.txt", "c/urls.txt", "c/d/3.txt"]
    assert reviews_among(paths) == ["a/1.txt", "b/1.txt", "c/d/3.txt", "a/9.txt", "b/2.txt"]


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("pos/0_9.txt", ("pos", "0", 9)),
        ("train/neg/12500_1.txt", ("neg", "12500", 1)),
        ("pos/cv000_29590.txt", ("pos", "cv000_29590", None)),
        ("pos/2026_1128.txt", ("pos", "2026_1128", None)),
        ("pos/a.b.txt", ("pos", "a.b", None)),
        ("Unsup/3_0.txt", (None, "3", None)),
    ],
)
def test_a_path_says_label_id_and_rating(path: str, says: tuple[object, ...]) -> None:
    said = said_by_path(path)
    assert (said["label"], said["id"], said["rating"]) == says
    assert said["file"] == path


@pytest.mark.parametrize(
    ("paths", "is_one"),
    [
        (["x/good/1.txt", "x/bad/1.txt", "README"], True),
        (["pos/1.txt", "pos/2.txt"], True),
        (["reviews/1.txt", "reviews/2.txt"], False),
        (["1.txt", "2.txt"], False),
        (["pos/1.txt", "neg/1.txt", "reviews.csv"], False),
    ],
)
def test_an_archive_is_a_folder_of_texts_if_nothing_else_in_it_holds_reviews(paths: list[str], is_one: bool) -> None:
    assert is_folder_of_texts(paths) == is_one
