"""What is seen of the demo while it goes on."""

from io import StringIO

from rich.console import Console

from sentiment_assets.commands.demo.progress import progress_on, step


def test_a_file_gets_a_line_for_each_step_as_it_ends() -> None:
    written = StringIO()
    with progress_on(Console(file=written)) as progress:
        with step(progress, "movies: ingest [1].csv"):
            pass
        assert written.getvalue() == "✓ movies: ingest [1].csv  0:00:00\n"
        with step(progress, "movies: train 6 candidates", 6):
            pass
    assert written.getvalue().splitlines()[1:] == ["✓ movies: train 6 candidates  0:00:00"]


def test_a_terminal_has_bars_that_end_full() -> None:
    with (
        progress_on(Console(file=StringIO(), force_terminal=True)) as progress,
        step(progress, "movies: train 6 candidates", 6) as task,
    ):
        progress.update(task, completed=2)
        assert [(each.completed, each.total) for each in progress.tasks] == [(2, 6)]
    assert [(each.completed, each.total) for each in progress.tasks] == [(6, 6)]
