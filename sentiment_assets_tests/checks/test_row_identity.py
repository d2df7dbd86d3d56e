"""The check ``row_identity``: every row of a file is somewhere."""

import pandas as pd

from sentiment_assets.resources.storage import Storage, frame_to_bytes, write_atomically
from testing.in_process import BranchInProcess, checks_of


def test_row_identity_sees_a_stored_row_that_went_missing(ingested: BranchInProcess) -> None:
    passed = checks_of(ingested.ingest("a.csv"))["row_identity"]
    assert (passed.passed, passed.partition) == (True, "a.csv")
    quarantine = Storage(root="data").frame_path("acme", "quarantine", "a.csv")
    write_atomically(quarantine, frame_to_bytes(pd.DataFrame({"row": [1]})))
    check_alone = ingested.run("ingest", partition_key="a.csv", op_selection=["acme__raw_reviews_row_identity"])
    failed = checks_of(check_alone)["row_identity"]
    assert not failed.passed
    assert (
        failed.description
        == "600 rows in the file; 600 kept, 1 in quarantine, 0 without text and 0 duplicates make 601."
    )
