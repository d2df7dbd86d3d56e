"""Markdown tables, printed row by row while a benchmark goes on."""


def print_heads(*names: object) -> None:
    """Print the heads of the columns, and the line below them."""
    print_row(*names)
    print_row(*("---" for _ in names))


def print_row(*cells: object) -> None:
    """Print a row."""
    print("|", " | ".join(map(str, cells)), "|", flush=True)
