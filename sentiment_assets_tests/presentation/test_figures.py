import io

import numpy as np
from matplotlib.figure import Figure

from sentiment_assets.presentation import palette
from sentiment_assets.presentation.figures import draw_ngram_bars, png, svg, write_values


def test_the_same_figure_gives_the_same_bytes_of_svg() -> None:
    pictures = [draw_ngram_bars(["good", "bad"], [1.0, -1.0], "weight") for _ in range(2)]
    assert pictures[0] == pictures[1]
    assert pictures[0].lstrip().startswith(b"<?xml")


def test_bars_show_what_pushes_up_and_what_pushes_down_and_a_dollar_is_a_dollar() -> None:
    picture = draw_ngram_bars(["good $5 $6", "很差"], [1.0, -1.0], "weight").decode()
    assert palette.POSITIVE in picture
    assert palette.NEGATIVE in picture
    assert "good $5 $6" in picture
    assert "很差" in picture


def test_numbers_are_written_where_there_are_any_and_so_that_they_can_be_read() -> None:
    figure = Figure()
    axes = figure.subplots()
    write_values(axes, np.array([[0.1, 0.9, np.nan]]), dark_above=0.5, form="{:.1f}")
    assert [(text.get_text(), text.get_color()) for text in axes.texts] == [
        ("0.1", palette.ON_LIGHT),
        ("0.9", palette.ON_DARK),
    ]
    assert png(figure).startswith(b"\x89PNG")
    assert svg(figure).lstrip().startswith(b"<?xml")


def test_a_picture_is_the_one_that_savefig_makes() -> None:
    def figure() -> Figure:
        drawn = Figure(figsize=(3, 2), layout="constrained")
        axes = drawn.subplots()
        axes.plot([0, 1], [1000, 2000], label="a line")
        axes.set(title="title", xlabel="below", ylabel="beside")
        axes.legend()
        return drawn

    saved = io.BytesIO()
    figure().savefig(saved, format="png", dpi=90)
    assert png(figure()) == saved.getvalue()
