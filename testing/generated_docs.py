"""The parts of the documentation that are written from the code, by ``make docs``."""

from collections.abc import Callable, Mapping
from pathlib import Path

from sentiment_assets.monitoring.settings import QualityLimits
from testing.analysts import questions_and_answers, tables_of_the_warehouse, views_of_the_warehouse
from testing.rooms import picture

ROOT = Path(__file__).parents[1]


def quality_table() -> str:
    """Return the quality checks as a Markdown table: name, what each looks for, and its limit by default."""
    rows = [
        f"| `{name}` | {str(field.description).rstrip('.')} | {field.default:g} |"
        for name, field in QualityLimits.model_fields.items()
    ]
    return "\n".join(["| quality check | looks for | limit |", "| --- | --- | --- |", *rows, ""])


PARTS: Mapping[str, tuple[str, Callable[[], str]]] = {
    "rooms": ("docs/architecture.md", picture),
    "quality checks": ("docs/monitoring.md", quality_table),
    "tables of the warehouse": ("docs/analysts.md", tables_of_the_warehouse),
    "views of the warehouse": ("docs/analysts.md", views_of_the_warehouse),
    "questions and answers": ("docs/analysts.md", questions_and_answers),
}
"""The page and the text of each part, by the name that its marks have in the page."""


def with_part(page: str, name: str) -> str:
    """Return a page with today's text of a part between its two marks."""
    begin, end = f"<!-- {name}: written by make docs -->\n", f"<!-- end of {name} -->\n"
    before, found, rest = page.partition(begin)
    _, ended, after = rest.partition(end)
    if not (found and ended):
        raise ValueError(f"a page lacks the marks {begin.strip()} and {end.strip()}")
    _, text = PARTS[name]
    return f"{before}{begin}{text()}{end}{after}"


if __name__ == "__main__":
    for part, (path, _) in PARTS.items():
        (ROOT / path).write_text(with_part((ROOT / path).read_text(), part))
