"""How many small mutations of the code the tests notice, by module: `make mutants` runs mutmut, then this.

    python -m benchmarks.mutants

Prints a Markdown table of what the last run of mutmut left in the folder `mutants`. A mutation is killed when a test
fails, or does not come to an end, with it.
"""

import json
from collections import Counter
from pathlib import Path

from mutmut.stats import status_by_exit_code

_KILLED = {"killed", "timeout", "segfault", "caught by type check"}
_UNDECIDED = {"not checked", "skipped", "check was interrupted by user"}


def main() -> None:
    """Print the table."""
    counted = {file: _statuses(file) for file in sorted(Path("mutants").rglob("*.meta"))}
    tried = {file: found for file, found in counted.items() if found.total()}
    print("| module | mutations | killed | share |")
    print("| --- | --- | --- | --- |")
    for file, found in tried.items():
        print(_row(str(file.with_suffix("").relative_to("mutants")), found))
    print(_row("**all**", sum(tried.values(), Counter())))


def _statuses(file: Path) -> Counter[str]:
    """How often each status is in a file of mutmut's, of the mutations that were tried."""
    exit_codes = json.loads(file.read_text(encoding="utf-8"))["exit_code_by_key"].values()
    statuses = Counter(status_by_exit_code[code] for code in exit_codes)
    return Counter({status: n for status, n in statuses.items() if status not in _UNDECIDED})


def _row(name: str, found: Counter[str]) -> str:
    killed = sum(found[status] for status in _KILLED)
    share = f"{killed / found.total():.1%}".replace("%", " %") if found else "–"
    return f"| {name} | {found.total()} | {killed} | {share} |"


if __name__ == "__main__":
    main()
