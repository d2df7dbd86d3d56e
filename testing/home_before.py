"""Makes the home folder that the tests of upgrades begin with, in a checkout of the release that is the one before.

Copied there, it is run by ``python -m testing.home_before``; then what it made is packed:
``tar -C /srv --exclude '*.png' -cJf home.tar.xz before``.
"""

from pathlib import Path

import dagster as dg

from testing.corpus import as_csv, made_up_reviews
from testing.in_process import BranchInProcess, home_of

PLACE = Path("/srv/before")
"""Where the home folder was made, which MLflow's database in it goes on to say."""


def main() -> None:
    """Take two files in, train, score, and report."""
    (PLACE / "dagster").mkdir(parents=True)
    with home_of(PLACE), dg.instance_for_test(temp_dir=str(PLACE / "dagster")) as instance:
        branch = BranchInProcess(instance)
        first, second = (as_csv(made_up_reviews(n, seed=seed)) for seed, n in enumerate((300, 120)))
        for result in (
            branch.take_in("first.csv", first),
            branch.train(),
            branch.score("first.csv"),
            branch.take_in("second.csv", second + b"x,,1\n"),
            branch.report(),
        ):
            assert result.success


if __name__ == "__main__":
    main()
