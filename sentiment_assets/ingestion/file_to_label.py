"""Reviews as a file that people label, or label anew, and land: it has the branch's own columns."""

from typing import TYPE_CHECKING

from sentiment_assets.ingestion.csv_escaping import to_spreadsheet_csv
from sentiment_assets.ingestion.settings import ReviewColumns

if TYPE_CHECKING:
    import pandas as pd


def file_to_label(reviews: "pd.DataFrame", columns: ReviewColumns) -> bytes | None:
    """The reviews as CSV with an empty column of labels; ``None`` without reviews, or a column for labels.

    ``reviews`` has texts: the columns review_id and text, which get the names that the branch has for them, and notes
    for whoever labels, which keep theirs unless the branch has a column of that name, and are passed over once the file
    lands. A row whose label stays empty says nothing of a review that had one.
    """
    if reviews.empty or not columns.label:
        return None
    roles = {role: columns.of_role(role) for role in ("review_id", "text", "label")}
    named = {role: names[0] for role, names in roles.items() if names}
    own = reviews.assign(label="")[list(named)].rename(columns=named)
    others = {name: "" for name in columns.named if name not in own}  # or the file would lack what the branch names
    notes = {name: reviews[name] for name in map(str, reviews) if name not in {*roles, *own, *others}}
    return to_spreadsheet_csv(own.assign(**notes, **others))
