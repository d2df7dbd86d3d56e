from sentiment_assets.monitoring.quality import row_identity


def test_rows_add_up() -> None:
    result = row_identity(rows_in=1010, rows_kept=1000, rows_quarantined=7, rows_duplicate=3)
    assert result.holds
    assert result.sentence == "1,010 rows in the file; 1,000 kept, 7 in quarantine and 3 duplicates make 1,010."


def test_a_lost_or_doubled_row_is_seen() -> None:
    assert not row_identity(rows_in=10, rows_kept=9, rows_quarantined=0, rows_duplicate=0).holds
    assert not row_identity(rows_in=10, rows_kept=11, rows_quarantined=0, rows_duplicate=0).holds
