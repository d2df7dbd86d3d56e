"""The train report as a page: one HTML file with every picture and table. Review text is escaped, never markup."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sentiment_assets.presentation.html import html_environment

PAGE_FILE = "report.html"
_TEMPLATE = "train_report_page.html.j2"
_MOST_ROWS = 100
_KINDS = {"png": "image/png", "svg": "image/svg+xml"}
_SAYS = {
    "loss_per_epoch": "Loss of every candidate after each epoch",
    "search": "The search: validation loss over the grid",
    "loss_surface": "The loss around the selected model",
    "sweep_ledger": "What the search cost, and what it gained",
    "reliability": "Is a probability what it says?",
    "confusion": "Which labels are taken for which",
    "top_ngrams": "What the model goes by",
    "restatement": "How reports of the past would change",
}
"""The headings of pictures, in the order in which they are shown."""


@dataclass(frozen=True, kw_only=True)
class TrainReportPage:
    """Everything that the page of a train run shows."""

    title: str
    summary: str
    """What the run has come to, in one line."""
    reason: str
    """What the gate said."""
    figures: Mapping[str, float]
    files: Mapping[str, bytes]
    """What is kept of the run, by file name; pictures (PNG or SVG) are shown."""
    tables: Mapping[str, pd.DataFrame]


def render_train_report_page(page: TrainReportPage) -> bytes:
    """The page as HTML."""
    by_name = {file.partition(".")[0]: file for file in page.files if file.rpartition(".")[2] in _KINDS}
    pictures = [
        (_SAYS[name], _as_source(by_name[name], page.files[by_name[name]])) for name in _SAYS if name in by_name
    ]
    tables = {name: frame.head(_MOST_ROWS) for name, frame in page.tables.items() if len(frame)}
    template = html_environment(Path(__file__).parent).get_template(_TEMPLATE)
    return template.render(page=page, pictures=pictures, tables=tables).encode()


def _as_source(name: str, content: bytes) -> str:
    return f"data:{_KINDS[name.rsplit('.', 1)[1]]};base64,{b64encode(content).decode()}"
