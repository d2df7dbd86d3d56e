"""How far the demo has come: bars in a terminal, elsewhere a line for each step as it ends."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn


def progress_on(console: Console) -> Progress:
    """Bars, which are drawn in a terminal alone: a file or a pipe would get them all at the end."""
    return Progress(
        SpinnerColumn(finished_text="[green]✓"),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )


@contextmanager
def step(progress: Progress, description: str, total: int | None = None) -> Iterator[TaskID]:
    """A step of the demo, and the bar that goes with it; ``total`` is how many parts it has."""
    began = time.monotonic()
    task = progress.add_task(description, total=total)
    yield task
    progress.update(task, total=total or 1, completed=total or 1)
    if progress.disable:
        took = timedelta(seconds=round(time.monotonic() - began))
        progress.console.print(f"✓ {description}  {took}", highlight=False, markup=False, soft_wrap=True)
