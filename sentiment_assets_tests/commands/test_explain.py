import io
import json
import math
import re
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from rich.console import Console

from sentiment_assets.cli import main
from sentiment_assets.commands.explain import CannotExplain, explain, marked, show
from sentiment_assets.learning.calibration import Calibration, RatingCurve
from testing.in_process import BranchInProcess
from testing.models import made_model, register


@pytest.fixture
def champion(acme: BranchInProcess) -> None:
    acme.tracking.promote("acme", register(acme.tracking, "acme", made_model()))


def shown(text: str) -> str:
    screen = io.StringIO()
    show(Console(width=100, file=screen), explain(text, "acme"))
    return screen.getvalue()


@pytest.mark.usefixtures("champion")
def test_a_score_is_told_with_the_words_that_made_it() -> None:
    told = explain("Superb story", "acme")
    assert (told.model_version, told.label, told.score > 0) == ("1", 1, True)
    mixed = {each.word: each.contribution for each in explain("Superb story, dull end", "acme").words}
    assert set(mixed) == {"superb", "dull"}
    assert mixed["superb"] > 0 > mixed["dull"]


@pytest.mark.usefixtures("champion")
def test_the_words_add_up_to_a_margin_and_the_margin_makes_the_score() -> None:
    told = explain("Superb story, dull end", "acme")
    assert told.score == pytest.approx(math.tanh((told.curve.slope * told.margin + told.curve.log_odds) / 2))
    said = shown("Superb story, dull end")
    assert re.search(rf"together, the margin +{re.escape(f'{told.margin:+.3f}')}", said)
    assert f"tanh(({told.curve.slope:.3f} x margin) / 2)" in said


@pytest.mark.parametrize(
    ("calibration", "says"),
    [
        (Calibration(2.0, log_odds=0.5), "tanh((2.000 x margin +0.500) / 2)"),
        (Calibration(2.0, log_odds=0.5, rating_curve=RatingCurve(0.7, -0.2)), "tanh((0.700 x margin -0.200) / 2)"),
    ],
)
def test_the_margin_makes_the_score_by_whatever_curve_the_branch_has(
    acme: BranchInProcess, calibration: Calibration, says: str
) -> None:
    model = replace(made_model(), intercept=0.3, calibration=calibration)
    acme.tracking.promote("acme", register(acme.tracking, "acme", model))
    told = explain("Superb story", "acme")
    assert told.score == pytest.approx(math.tanh((told.curve.slope * told.margin + told.curve.log_odds) / 2))
    assert says in shown("Superb story")


def test_words_that_add_nothing_are_told_without_a_bar(acme: BranchInProcess) -> None:
    model = replace(made_model(), coefficients=np.zeros(2, np.float32))
    acme.tracking.promote("acme", register(acme.tracking, "acme", model))
    assert re.search(r"superb +\+0.000 *\n", shown("Superb story"))


@pytest.mark.usefixtures("champion")
def test_words_are_marked_where_they_stand_and_nowhere_else() -> None:
    text = marked(explain("Superb, dull: dullness is superb", "acme"))
    found = {(text.plain[span.start : span.end], str(span.style)) for span in text.spans}
    assert found == {("Superb", "bold green"), ("superb", "bold green"), ("dull", "bold red underline")}
    assert len(text.spans) == 3


@pytest.mark.usefixtures("champion")
def test_what_is_quoted_of_a_text_obeys_no_terminal_and_is_no_markup() -> None:
    said = shown("[red]superb[/red] \x1b[31mdull")
    assert "[red]superb[/red]" in said
    assert "\x1b" not in said


@pytest.mark.usefixtures("champion")
def test_a_text_of_unknown_words_says_so() -> None:
    assert "The model knows no word of this text." in shown("neither of these")


@pytest.mark.usefixtures("champion")
def test_the_command_reads_a_text_or_standard_input_and_prints_json() -> None:
    given = CliRunner().invoke(main, ["explain", "superb", "--branch", "acme", "--json"])
    piped = CliRunner().invoke(main, ["explain", "-", "--branch", "acme", "--json"], input="superb")
    assert given.exit_code == 0, given.output
    assert json.loads(given.stdout) == json.loads(piped.stdout)
    assert [each["word"] for each in json.loads(given.stdout)["words"]] == ["superb"]


@pytest.mark.usefixtures("champion")
@pytest.mark.parametrize(
    ("text", "branch", "says"),
    [
        ("  ", "acme", "the text has no score: there is no text"),
        ("fine", "acm", "no registered model 'acm'; .*the job acm_train makes one"),
    ],
)
def test_what_cannot_be_explained_is_said(text: str, branch: str, says: str) -> None:
    with pytest.raises(CannotExplain, match=says):
        explain(text, branch)
