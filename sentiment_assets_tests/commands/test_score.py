"""Scoring a file by a champion: a row of the output for each row of the file."""

import io
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner, Result

from sentiment_assets.branch import files
from sentiment_assets.cli import main
from sentiment_assets.commands.score import write_scores

FILE = b"""review_id,text,label
7,"superb, lovely and\rtouching",5
7,dull and boring,x

8,,1
9,caf\xe9,
7,dull and boring,x
10,one field too many,1,2
11,a superb story,
"""


def score(folder: Path, content: bytes, *options: str, name: str = "mine.csv") -> Result:
    (folder / name).write_bytes(content)
    return CliRunner().invoke(main, ["score", str(folder / name), "--branch", "acme", *options])


@pytest.mark.usefixtures("trained")
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_every_row_of_the_file_has_its_row_in_order_with_a_score_or_a_reason(tmp_path: Path, ending: str) -> None:
    output = tmp_path / f"scores.{ending}"
    done = score(tmp_path, FILE, "--output", str(output))
    assert done.exit_code == 0, done.output
    scores = pd.read_csv(output) if ending == "csv" else pd.read_parquet(output)
    assert scores["row"].tolist() == [2, 4, 6, 7, 8, 9, 10], "the lines they begin on"
    ids = scores["review_id"].astype("Int64")
    assert ids.fillna(-1).tolist() == [7, 7, 8, 9, 7, -1, 11], "a line that cannot be read has none"
    assert scores["text"].fillna("").tolist() == [
        "superb, lovely and\rtouching",
        "dull and boring",
        "",
        "",
        "dull and boring",
        "",
        "a superb story",
    ]
    assert scores["label"].astype("Int8").fillna(-1).tolist() == [1, 0, -1, -1, 0, -1, 1]
    assert scores["score"].isna().tolist() == scores["reason"].notna().tolist()
    told = scores["reason"].dropna().tolist()
    assert [reason.split(";")[0][:40] for reason in told] == [
        "the text is missing",
        "bytes E9 are not valid in the file's enc",
        "has 4 fields where the header has 3",
    ]
    assert f"4 rows scored, in {output}" in done.stdout
    assert "row 6 not scored: the text is missing" in done.stderr


@pytest.mark.usefixtures("trained")
def test_a_file_with_pandas_unnamed_index_is_scored(tmp_path: Path) -> None:
    content = pd.DataFrame({"text": ["a superb story"] * 20}).to_csv().encode()
    assert content.startswith(b",text\n")
    done = score(tmp_path, content)
    assert done.exit_code == 0, done.output
    assert done.stdout.count('"a superb story"') == 20
    assert "review_id" not in done.stdout, "the file has none"


@pytest.mark.usefixtures("trained")
@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"text\n \n", "r.tsv", "none of its 1 rows can be scored; most often: the text is missing"),
        (b"text\n", "r.csv", "none of its 0 rows can be scored"),
        (b"body\nfine\n", "r.csv", "it has: body. Name the right one with --text-column"),
        (b'[{"text": 5}]', "r.json", "none of its 1 rows can be scored; most often: the text is of type int"),
    ],
)
def test_when_nothing_is_scored_the_command_fails_and_says_why(
    tmp_path: Path, content: bytes, name: str, says: str
) -> None:
    done = score(tmp_path, content, name=name)
    assert done.exit_code == 1
    assert says in done.output
    assert "YAML" not in done.output


LIVE = b"""review_id,text
-7,"=HYPERLINK(""x"") superb"
8,  +dull and boring
9,a superb story \x1b[31min red
"""


@pytest.mark.usefixtures("trained")
def test_no_cell_of_the_csv_is_a_formula_and_negative_scores_are_numbers(tmp_path: Path) -> None:
    output = tmp_path / "scores.csv"
    assert score(tmp_path, LIVE, "--output", str(output)).exit_code == 0
    scores = pd.read_csv(output)
    assert scores["text"].tolist()[:2] == ['\'=HYPERLINK("x") superb', "'  +dull and boring"]
    assert scores["review_id"].tolist() == ["'-7", "8", "9"]
    assert scores["score"].dtype == "float64"
    assert scores["score"].min() < 0
    assert score(tmp_path, LIVE, "--output", str(tmp_path / "scores.parquet")).exit_code == 0
    assert pd.read_parquet(tmp_path / "scores.parquet")["review_id"].tolist() == ["-7", "8", "9"], "nobody opens that"


class Terminal(io.StringIO):
    """Where a person reads."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_is_shown_what_it_would_obey(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = pd.DataFrame({"row": [2], "text": ["red \x1b[31m\nand \x9b2J clear"], "score": [-0.5]})
    said = {}
    for screen in (Terminal(), io.StringIO()):
        monkeypatch.setattr(sys, "stdout", screen)
        write_scores(scores, None)
        said[screen.isatty()] = screen.getvalue()
    assert said[True].splitlines()[1] == '2,"red \\x1b[31m\\nand \\x9b2J clear",-0.5'
    assert "\x1b[31m\nand" in said[False], "a program gets the text as it is"


@pytest.mark.usefixtures("trained")
def test_what_is_said_of_a_file_moves_no_cursor(tmp_path: Path) -> None:
    done = score(tmp_path, b"bo\x1b[2Jdy\nfine\n")
    assert done.exit_code == 1
    assert "it has: bo\\x1b[2Jdy" in done.output
    assert "\x1b" not in done.output


def test_a_branch_that_nobody_knows_is_told_before_what_its_rules_would_say_of_the_file(tmp_path: Path) -> None:
    done = score(tmp_path, b"Comentario\nfine\n")
    assert done.exit_code == 1
    assert "branch 'acme' has no champion" in done.output
    assert "Comentario" not in done.output


@pytest.mark.usefixtures("trained")
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    done = score(tmp_path, b"body\nfine\n")
    assert done.exit_code == 1
    assert "mine.csv: it has no column 'text'" in done.output


@pytest.mark.usefixtures("trained")
def test_a_text_is_scored_as_a_branch_would_store_it(tmp_path: Path) -> None:
    content = b'body;n\n"<p>superb,&nbsp;lovely</p>";1\nNone;2\n<br>;3\n'
    done = score(tmp_path, content, "--text-column", "body")
    assert done.exit_code == 0, done.output
    scores = pd.read_csv(io.StringIO(done.stdout))
    assert scores["text"].fillna("").tolist() == ["superb, lovely", "", ""]
    assert scores["label"].fillna(-1).tolist() == [1, -1, -1]
    assert [each.split(";")[0] for each in scores["reason"].dropna()] == [
        "the text is missing",
        "the text holds markup only",
    ]


@pytest.mark.usefixtures("trained")
def test_a_text_within_another_value_is_named_by_the_way_to_it(tmp_path: Path) -> None:
    content = b'{"review": {"text": "superb, lovely"}}\n'
    done = score(tmp_path, content, "--text-column", "review.text", name="mine.jsonl")
    assert done.exit_code == 0, done.output
    assert pd.read_csv(io.StringIO(done.stdout))["label"].tolist() == [1]


@pytest.mark.usefixtures("trained")
def test_a_file_is_read_as_the_branch_reads_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {
        "landing": "landing/acme",
        "encoding": "cp1252",
        "columns": {"text": ["Überschrift", "Kommentar"], "review_id": "Nr"},
    }
    (tmp_path / "defs/acme").mkdir(parents=True)
    written = yaml.safe_dump({"type": "sentiment_assets.SentimentBranch", "attributes": settings})
    (tmp_path / "defs/acme/defs.yaml").write_text(written)
    monkeypatch.setattr(files, "DEFS", tmp_path / "defs")
    content = "Nr;Überschrift;Kommentar;Sterne\n1;superb;<b>lovely</b>;5\n2;dull;;1\n3;;N/A;3\n".encode("cp1252")
    scores = pd.read_csv(io.StringIO(score(tmp_path, content).stdout))
    assert scores["review_id"].tolist() == [1, 2, 3]
    assert scores["text"].fillna("").tolist() == ["superb\nlovely", "dull", ""]
    assert scores["reason"].fillna("").tolist() == ["", "", "the text is missing"]
    one_column = pd.read_csv(io.StringIO(score(tmp_path, content, "--text-column", "Kommentar").stdout))
    assert one_column["text"].fillna("").tolist() == ["lovely", "", ""]
    in_utf_8 = score(tmp_path, content.decode("cp1252").encode())
    assert in_utf_8.exit_code == 0
    assert "every byte of it reads as utf-8, too" in in_utf_8.stderr
    assert "here with --encoding utf-8" in in_utf_8.stderr


@pytest.mark.usefixtures("trained")
def test_names_that_cannot_be_read_by_the_encoding_are_said_to_be_of_another(tmp_path: Path) -> None:
    content = "Überschrift;Größe\nschön;groß\nübel;für später\n".encode("cp1252")
    done = score(tmp_path, content)
    assert done.exit_code == 1
    assert "or whose file it is with --branch. Its encoding: it may be written in cp1252" in done.output
    assert "here with --encoding cp1252" in done.output


@pytest.mark.usefixtures("trained")
def test_the_settings_of_a_branch_that_cannot_be_read_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "defs/acme").mkdir(parents=True)
    (tmp_path / "defs/acme/defs.yaml").write_text("attributes: {landing: landing/acme, colums: {text: body}}")
    monkeypatch.setattr(files, "DEFS", tmp_path / "defs")
    refused = score(tmp_path, b"text\nfine\n")
    assert refused.exit_code == 1
    assert "defs.yaml: " in refused.output
    assert "colums" in refused.output


@pytest.mark.usefixtures("trained")
def test_a_folder_of_texts_is_scored_text_by_text(tmp_path: Path) -> None:
    for path, text in {"pos/1.txt": "a superb story", "neg/2.txt": "dull and boring"}.items():
        (tmp_path / "texts" / path).parent.mkdir(parents=True)
        (tmp_path / "texts" / path).write_text(text)
    done = CliRunner().invoke(main, ["score", str(tmp_path / "texts"), "--branch", "acme"])
    scores = pd.read_csv(io.StringIO(done.stdout))
    assert dict(zip(scores["text"], scores["label"], strict=True)) == {"a superb story": 1, "dull and boring": 0}
