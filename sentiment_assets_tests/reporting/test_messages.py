import re
from pathlib import Path

from sentiment_assets.monitoring.settings import DEGRADATION_CHECKS, DRIFT_CHECKS
from sentiment_assets.reporting import english, messages
from sentiment_assets.reporting.messages import ENGLISH

ROOM = Path(messages.__file__).parent


def test_values_are_escaped_and_sentences_may_hold_tags() -> None:
    said = ENGLISH("leans_positive", name="<script>", points="+1.0")
    assert said == "Reviewers of <em>&lt;script&gt;</em> are more positive than negative: +1.0 points"


def test_every_check_is_told_in_words_of_its_own() -> None:
    for check in (*DRIFT_CHECKS, *DEGRADATION_CHECKS):
        assert ENGLISH.known(f"warns_{check}")
        assert ENGLISH.known(f"check_{check}")


def test_no_client_reads_of_statistics() -> None:
    everything = " ".join(english.TEXTS.values()).lower()
    assert not re.search(r"p-value|\bp =|hinge|margin\b|significan|hypothesis", everything)


def test_every_sentence_is_said_somewhere() -> None:
    code = "".join(file.read_text() for file in (*ROOM.glob("*.j2"), *ROOM.glob("*.py")) if file.name != "english.py")
    parts = ("leans_", "change_", "warns_", "check_", "verdict_", "by_", "label_", "rated_", "corrected_by_")
    unsaid = [name for name in english.TEXTS if f'"{name}"' not in code and not name.startswith(parts)]
    assert [name for name in unsaid if name not in {"day", "week", "month_column", "week_column", "day_column"}] == []


def test_months_have_names_and_other_periods_their_first_day() -> None:
    assert ENGLISH.period("2026-10-01", "month") == "October 2026"
    assert ENGLISH.period("2026-10-01", "month", short=True) == "Oct 26"
    assert ENGLISH.period("2026-10-05", "week") == "the week of 2026-10-05"
    assert ENGLISH.period("2026-10-05", "day") == "2026-10-05"
