"""The command that shows a file before it lands: one screen, JSON, and a branch that loads."""

import json
import os
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import yaml
from click.testing import CliRunner, Result
from dagster.components.testing import DefsFolderSandbox, create_defs_folder_sandbox

from sentiment_assets import SentimentBranch
from sentiment_assets.branch import files
from sentiment_assets.branch.settings import BranchSettings
from sentiment_assets.cli import main
from sentiment_assets.definitions import resources
from sentiment_assets.ingestion.text_folders import folders_of_texts
from sentiment_assets_tests.ingestion.preview.shapes import BAD, GOOD, ISO, SHAPES, SIGNS, STARS, TEXTS, table

FILE = table({"body": TEXTS, "stars": STARS, "posted": ISO}).encode()


@pytest.fixture(autouse=True)
def defs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of branches of the test's own."""
    folder = tmp_path / "defs"
    monkeypatch.setattr(files, "DEFS", folder)
    monkeypatch.setenv("COLUMNS", "100")
    (folder / "old").mkdir(parents=True)
    (folder / "old/defs.yaml").write_text(
        "type: sentiment_assets.SentimentBranch\n"
        "attributes:\n  landing: '{{ env.X }}/l'\n  columns: {text: body, label: stars}\n"
        "  labels: {positive_from: 4, negative_to: 2, lowest: 1, highest: 4}\n"
    )
    return folder


def run(folder: Path, content: bytes, *options: str, name: str = "mine.csv") -> Result:
    (folder / name).write_bytes(content)
    return CliRunner().invoke(main, ["preview", str(folder / name), *options])


def pasted(output: str) -> dict[str, object]:
    """The YAML at the end of a screen."""
    return yaml.safe_load(output[output.index("type: sentiment_assets") :])


def test_a_screen_shows_what_was_found_and_ends_in_yaml_to_paste(tmp_path: Path) -> None:
    done = run(tmp_path, FILE)
    assert done.exit_code == 0, done.output
    assert "mine.csv: csv, encoding utf-8, delimiter ','" in done.output
    assert "24 rows" in done.output
    assert "sure: longest texts" in done.output
    assert "12 positive, 12 negative by {positive_from: 4, negative_to: 2, lowest: 1, highest: 5}" in done.output
    assert f"  positive 2024-01-09: {TEXTS[0]}" in done.output
    assert "24 kept (24 with a date), 0 in quarantine" in done.output
    attributes = pasted(done.output)["attributes"]
    assert attributes == {
        "landing": "landing/acme",
        "columns": {"text": "body", "label": "stars", "created_at": "posted"},
        "labels": {"positive_from": 4, "negative_to": 2, "lowest": 1, "highest": 5},
    }
    BranchSettings.model_validate(attributes)


@pytest.mark.parametrize("name", SHAPES)
def test_every_screen_is_one_screen_and_its_yaml_can_be_pasted(tmp_path: Path, name: str) -> None:
    shape = SHAPES[name]
    done = run(tmp_path, shape.content, name=shape.file)
    assert done.exit_code == 0, done.output
    printed = done.output.splitlines()
    assert len(printed) <= 45
    assert max(map(len, printed)) <= 110
    BranchSettings.model_validate(pasted(done.output)["attributes"])


@pytest.mark.parametrize("width", ["60", "80", "110", "120"])
def test_what_to_do_is_said_to_its_end_however_narrow_the_screen_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, defs: Path, width: str
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    (defs / "old/defs.yaml").write_text(
        "type: sentiment_assets.SentimentBranch\n"
        "attributes:\n  landing: l\n  columns: {text: body, label: stars, created_at: posted}\n"
    )
    days = ["03/04/2024", "05/06/2024"] * 12
    refused = run(tmp_path, table({"body": TEXTS, "stars": STARS, "posted": days}).encode(), "--branch", "old")
    said = " ".join(refused.output.split())
    assert "`labels: {positive_from: 4, negative_to: 2, lowest: 1, highest: 5}`" in said
    unread = run(tmp_path, table({"body": TEXTS, "stars": SIGNS, "posted": days}).encode(), "--branch", "old")
    said = " ".join(unread.output.split())
    assert "`created_at: {column: posted, order: month_first}` (first: row 2)" in said
    quarantined = run(tmp_path, table({"body": TEXTS, "stars": [*SIGNS[:-1], "zig"]}).encode(), "--branch", "old")
    said = " ".join(quarantined.output.split())
    assert "1 row: stars: 'zig' is not a known label" in said
    assert "(first: row 25)" in said
    for done in (refused, unread, quarantined):
        assert max(map(len, done.output.splitlines())) <= int(width)


@pytest.mark.parametrize("width", ["60", "80"])
def test_the_columns_stay_readable_on_a_narrow_screen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: str
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    content = table({"How would you rate your last stay?": STARS, "body": TEXTS, "posted": ISO, "x": range(7, 31)})
    printed = [line.rstrip() for line in run(tmp_path, content.encode()).output.splitlines()]
    assert "100% filled: 5 | 1 | 4" in " ".join(printed)
    assert any("posted" in line and line.endswith("date, sure: dates, its name") for line in printed)
    assert any("100% filled: 2024-01-09 | 2024-01-18" in line for line in printed)
    assert any(line.split() == ["x", "100%", "filled:", "7", "|", "8", "|", "9"] for line in printed)
    above_yaml = printed[: next(place for place, line in enumerate(printed) if line.startswith("defs.yaml"))]
    assert max(map(len, above_yaml)) <= int(width)


def test_a_file_of_many_columns_and_faults_fits_the_screen_too(tmp_path: Path) -> None:
    columns = {f"answer {place}": [f"{place} words of {text}" for text in TEXTS] for place in range(60)}
    content = table(columns | {"label": [f"v{place}" for place in range(len(TEXTS))]})
    done = run(tmp_path, (content + "x\n" * 3 + "x,y\n" * 2 + "x,y,z\n").encode())
    assert done.exit_code == 0, done.output
    assert len(done.output.splitlines()) <= 45
    assert "and 49 more" in done.output


def test_what_a_file_holds_is_never_printed_raw(tmp_path: Path) -> None:
    texts = [f"\x1b[31m[red]{text} \u202e:smile: \x07" for text in TEXTS]
    done = run(tmp_path, table({"te\x1b[2Jxt": texts, "[bold]label": SIGNS}).encode())
    assert done.exit_code == 0, done.output
    assert not set(done.output) & {"\x1b", "\x07", "\u202e"}
    assert "\\x1b[31m[red]The tent" in done.output
    assert "[bold]label" in done.output


def test_what_a_refusal_repeats_is_never_printed_raw(tmp_path: Path) -> None:
    refused = run(tmp_path, b"%PDF-1.4", name="mi\x1b[2Jne\u202e.csv")
    assert refused.exit_code == 1
    assert "mi\\x1b[2Jne\\u202e.csv: it is a PDF document" in refused.output
    assert not set(refused.output) & {"\x1b", "\u202e"}


def test_json_holds_all_of_it_in_one_object(tmp_path: Path) -> None:
    content = FILE + b"caf\xe9,5,2024-05-05\n" + b'"too",many,"fields",here\n'
    done = run(tmp_path, content, "--json")
    assert done.exit_code == 0, done.output
    shown = json.loads(done.stdout)
    assert shown["outcome"]["labels"] == {"positive": 13, "negative": 12, "neutral": 0, "unlabelled": 0}
    assert (shown["outcome"]["kept"], shown["outcome"]["quarantined"]) == (25, 1)
    assert shown["outcome"]["quarantine"][0]["reason"].startswith("has 4 fields where the header has 3")
    assert shown["settings"]["encoding"] == "cp1252"
    assert shown["columns"][0]["role"] == "text"
    assert yaml.safe_load(shown["yaml"])["attributes"] == shown["settings"]
    assert shown["found"]["format"] == "csv"


@pytest.mark.parametrize("name", SHAPES)
def test_json_of_every_shape_is_json(tmp_path: Path, name: str) -> None:
    done = run(tmp_path, SHAPES[name].content, "--json", name=SHAPES[name].file)
    assert json.loads(done.stdout)["settings"]["landing"] == "landing/acme"


@pytest.fixture
def sandbox() -> Iterator[DefsFolderSandbox]:
    with create_defs_folder_sandbox() as opened:
        yield opened


def test_write_scaffolds_a_branch_that_loads_and_says_what_to_do_next(
    tmp_path: Path, defs: Path, sandbox: DefsFolderSandbox
) -> None:
    done = run(tmp_path, FILE, "--write", "acme")
    assert done.exit_code == 0, done.output
    written = defs / "acme/defs.yaml"
    assert f"Wrote {written}" in done.output.replace("\n", "")
    assert "/landing/acme" in done.output
    assert "dg check defs" in done.output
    contents = yaml.safe_load(written.read_text())
    assert contents["attributes"]["landing"] == "landing/acme"
    sandbox.scaffold_component(SentimentBranch, defs_path="acme", defs_yaml_contents=contents)
    with sandbox.build_all_defs() as loaded:
        repository = dg.Definitions.merge(loaded, dg.Definitions(resources=resources())).get_repository_def()
    assert "acme_ingest" in repository.job_names


def test_write_never_touches_what_is_there(tmp_path: Path, defs: Path) -> None:
    assert run(tmp_path, FILE, "--write", "acme").exit_code == 0
    written = defs / "acme/defs.yaml"
    written.write_text("mine")
    refused = run(tmp_path, FILE, "--write", "acme")
    assert refused.exit_code == 1
    assert "is there already and was not touched" in refused.output.replace("\n", " ")
    assert written.read_text() == "mine"
    (defs / "group/deep").mkdir(parents=True)
    (defs / "group/deep/defs.yaml").write_text("mine too")
    assert run(tmp_path, FILE, "--write", "deep").exit_code == 1, "a branch is named by its folder, wherever it lies"
    assert not (defs / "deep").exists()


@pytest.mark.parametrize("name", ["Acme", "9lives", "a-b", "../up", "sentiment_report", ""])
def test_a_name_that_names_no_branch_is_refused_before_anything_is_written(
    tmp_path: Path, defs: Path, name: str
) -> None:
    refused = run(tmp_path, FILE, "--write", name)
    assert refused.exit_code == 1
    assert "the name of the report" in refused.output or "lower-case letters, digits and _" in refused.output
    assert sorted(each.name for each in defs.iterdir()) == ["old"]


def test_a_branch_shows_what_its_own_settings_keep_and_proposes_nothing(tmp_path: Path) -> None:
    done = run(tmp_path, FILE, "--branch", "old")
    assert done.exit_code == 0, done.output
    assert "18 kept (0 with a date), 6 in quarantine" in done.output
    assert "6 rows: stars: the rating 5 lies outside 1 to 4 (first: row 2)" in done.output
    assert "the branch says so" in done.output
    assert "type: sentiment_assets" not in done.output


def test_a_branch_that_refuses_a_file_is_told_the_lines_that_would_read_it(tmp_path: Path) -> None:
    nested = json.dumps({"page": 1, "data": {"reviews": [{"body": each, "stars": 4} for each in TEXTS]}}).encode()
    refused = run(tmp_path, nested, "--branch", "old", name="r.json")
    assert refused.exit_code == 0, refused.output
    assert "the file would fail as a whole" in refused.output
    told, lines = refused.output.split("# These lines have read its first ")
    assert "defs.yaml" in told.splitlines()[-1]
    written = yaml.safe_load(textwrap.dedent(lines.split("\n", 1)[1]))
    assert written["format"] == {"records": "data.reviews"}


def test_a_branch_that_redacts_shows_no_column_and_no_review_as_it_was(tmp_path: Path, defs: Path) -> None:
    (defs / "old/defs.yaml").write_text(
        "type: sentiment_assets.SentimentBranch\nattributes: {landing: l, privacy: {redact: [email]}}\n"
    )
    content = b"text,label,who\nwrite to jane@example.com,1,ann@example.com\ngood,0,bob@example.com\n"
    for option in ((), ("--json",)):
        done = run(tmp_path, content, "--branch", "old", *option)
        assert done.exit_code == 0, done.output
        assert "write to _email_" in done.output
        assert "@example" not in done.output


def test_a_branch_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    refused = run(tmp_path, FILE, "--branch", "new")
    assert refused.exit_code == 1
    assert "there is no branch 'new'; there are: old" in refused.output
    both = run(tmp_path, FILE, "--branch", "old", "--write", "new")
    assert both.exit_code == 2
    assert "--branch" in both.output


@pytest.mark.parametrize("option", [(), ("--json",), ("--branch", "old"), ("--write", "acme")])
def test_a_file_that_cannot_be_read_fails_with_the_readers_words_and_writes_nothing(
    tmp_path: Path, defs: Path, option: tuple[str, ...]
) -> None:
    refused = run(tmp_path, b"%PDF-1.4", *option)
    assert refused.exit_code == 1
    assert "it is a PDF document, and no file of reviews: export it again" in refused.output
    assert not (defs / "acme").exists()


def test_the_first_rows_are_a_sample_unless_all_are_asked_for(tmp_path: Path) -> None:
    many = [f"{text} again {place}" for place in range(300) for text in (GOOD[0], BAD[0])] * 4
    content = table({"id": [f"r{place}" for place in range(len(many))], "text": many, "label": [1, 0] * 1200}).encode()
    assert "the first 2,000 rows (--all reads the whole file)" in " ".join(run(tmp_path, content).output.split())
    assert "2,400 rows" in run(tmp_path, content, "--all").output


def texts_in(folder: Path, *labels: str) -> Path:
    """A folder of texts, which are called by their labels in turn."""
    for place, text in enumerate(TEXTS):
        label = labels[place % len(labels)]
        (folder / label).mkdir(parents=True, exist_ok=True)
        (folder / label / f"{place}_{9 if place % 2 == 0 else 2}.txt").write_text(f"{text}\n")
    return folder


def look_at(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["preview", str(folder), *options])


def test_a_folder_of_texts_is_looked_at_like_a_file_and_lands_as_a_whole(tmp_path: Path, defs: Path) -> None:
    folder = texts_in(tmp_path / "week_12", "pos", "neg")
    (folder / "reviews.csv").write_text("text\nanother batch\n")
    os.mkfifo(folder / "pos" / "pipe.txt")
    done = look_at(folder, "--write", "acme")
    assert done.exit_code == 0, done.output
    said = " ".join(done.output.split())
    assert "week_12: folder, shape a folder of texts, each of them a review, encoding utf-8, 24 rows" in said
    assert "Labels: 12 positive, 12 negative (sure: the default rule knows its values)" in said
    assert "Rows: 24 kept (0 with a date), 0 in quarantine" in said
    assert "Warning: not every file in it is read: pos/pipe.txt, reviews.csv; a review is a .txt in" in said
    assert f"cp -r {folder} " in done.output.replace("\n", "")
    attributes = yaml.safe_load((defs / "acme/defs.yaml").read_text())["attributes"]
    assert attributes == {"landing": "landing/acme"}, "an id that counts files is none of the client's"


@pytest.mark.parametrize(
    ("labels", "proposed"),
    [
        (("good", "bad"), {"labels": {"positive": ["good"], "negative": ["bad"]}}),
        (
            ("5", "1"),
            {
                "labels": {"positive_from": 4, "negative_to": 2, "lowest": 1, "highest": 5},
                "format": {"one_review": "file"},
            },
        ),
    ],
)
def test_what_is_proposed_for_a_folder_finds_it_in_the_landing_place(
    tmp_path: Path, labels: tuple[str, ...], proposed: dict[str, object]
) -> None:
    folder = texts_in(tmp_path / "week_12", *labels)
    attributes = pasted(look_at(folder).output)["attributes"]
    assert attributes == {"landing": "landing/acme", **proposed}
    settings = BranchSettings.model_validate(attributes).ingestion
    landed = [str(file.relative_to(tmp_path)) for file in folder.rglob("*.txt")]
    assert list(folders_of_texts(landed, settings).folders) == ["week_12"]


def test_a_folder_by_a_branchs_settings_and_one_without_a_review(tmp_path: Path, defs: Path) -> None:
    (defs / "old/defs.yaml").write_text(
        "type: sentiment_assets.SentimentBranch\nattributes:\n  landing: l\n  columns: {label: rating}\n"
        "  labels: {positive_from: 7, negative_to: 4, lowest: 1, highest: 10}\n"
    )
    done = look_at(texts_in(tmp_path / "week_12", "pos", "neg"), "--branch", "old")
    assert done.exit_code == 0, done.output
    assert "Labels: 12 positive, 12 negative by {positive_from: 7" in done.output
    (tmp_path / "none").mkdir()
    refused = look_at(tmp_path / "none")
    assert refused.exit_code == 1
    assert "none: it is empty, and no text: put each review into a .txt of its own" in " ".join(refused.output.split())


def test_rows_in_quarantine_whose_reasons_find_no_room_are_counted(tmp_path: Path) -> None:
    stars = ["4"] * (len(TEXTS) - 12) + [f"{letter}!" for letter in "abcdefghijkl"]
    shown = run(tmp_path, table({"body": TEXTS, "stars": stars}).encode(), "--branch", "old").output
    [quarantined] = re.findall(r"(\d+) in quarantine", shown)
    reasons = [int(found) for found in re.findall(r"(?m)^ +(\d+) rows?: stars: ", shown)]
    [others] = re.findall(r"(\d+) rows: other reasons, which the quarantine of the batch tells", shown)
    assert sum(reasons) + int(others) == int(quarantined) == 12


def test_the_order_of_dates_is_written_where_a_slip_has_another(tmp_path: Path) -> None:
    days = [f"{1 + number % 28:02d}/08/2026" for number in range(len(TEXTS) - 1)]
    shown = run(tmp_path, table({"body": TEXTS, "stars": STARS, "posted": [*days, "05/13/2026"]}).encode())
    attributes = pasted(shown.output)["attributes"]
    assert isinstance(attributes, dict)
    assert attributes["columns"]["created_at"] == {"column": "posted", "order": "day_first"}
    assert "1 row kept without it: date: there is no such day or time (first: row" in shown.output
