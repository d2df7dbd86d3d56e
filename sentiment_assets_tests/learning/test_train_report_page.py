"""The train report as a page: everything in one file, and nothing in it is markup that others wrote."""

import pandas as pd

from sentiment_assets.learning.train_report_page import TrainReportPage, render_train_report_page

PNG, SVG = b"\x89PNG", b"<svg/>"


def page_of(**changed: object) -> str:
    given: dict[str, object] = {
        "title": "acme: version 2",
        "summary": "Promoted: version 2 is the champion.",
        "reason": "Promoted: better.",
        "figures": {"test_accuracy": 0.912345, "leakage_tax": 0.0},
        "files": {"top_ngrams.svg": SVG, "search.png": PNG, "restatement.csv": b"a,b"},
        "tables": {"flips": pd.DataFrame({"text": ["fine"], "margin": [0.123456]}), "behaviour": pd.DataFrame()},
    }
    return render_train_report_page(TrainReportPage(**(given | changed))).decode()  # type: ignore[arg-type]


def test_it_says_what_the_run_came_to_first_then_pictures_then_figures_then_tables() -> None:
    page = page_of()
    places = [
        page.index(each) for each in ("Promoted: version 2", "image/png", "image/svg+xml", "test_accuracy", "flips")
    ]
    assert places == sorted(places)
    assert "0.91234" in page or "0.91235" in page
    assert "0.1235" in page


def test_it_needs_nothing_else() -> None:
    page = page_of()
    assert page.count("<img") == page.count('src="data:image/') == 2
    assert "http" not in page.replace("http-equiv", "")


def test_an_empty_table_is_left_out_and_a_long_one_ends() -> None:
    assert "behaviour" not in page_of()
    assert page_of(tables={"flips": pd.DataFrame({"n": range(1000)})}).count('<td class="text">') == 100


def test_what_others_have_written_is_text() -> None:
    hostile = "<script>alert(1)</script>"
    page = page_of(title=hostile, summary=hostile, reason=hostile, tables={hostile: pd.DataFrame({hostile: [hostile]})})
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 6
