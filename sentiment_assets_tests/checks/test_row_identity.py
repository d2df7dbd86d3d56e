"""The check ``row_identity``: every row of a file is somewhere."""

import pandas as pd

from testing.in_process import BranchInProcess, checks_of


def test_row_identity_sees_a_stored_row_that_went_missing(ingested: BranchInProcess) -> None:
    passed = checks_of(ingested.ingest("a.csv"))["row_identity"]
    assert (passed.passed, passed.partition) == (True, "a.csv")
    quarantine = str(ingested.metadata("raw_reviews")["quarantine"].value)
    pd.DataFrame({"row": [1]}).to_parquet(quarantine)
    failed = checks_of(ingested.check("raw_reviews", "row_identity", "a.csv"))["row_identity"]
    assert not failed.passed
    assert (
        failed.description
        == "600 rows in the file; 600 kept, 1 in quarantine, 0 without text and 0 duplicates make 601. "
        "601 lines: 600 rows, 1 of the header, 0 within fields and 0 passed over make 601."
    )
