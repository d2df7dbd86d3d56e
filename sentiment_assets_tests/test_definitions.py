import subprocess
import sys

import dagster as dg
import pytest

from sentiment_assets.definitions import defs


def test_the_code_location_loads_and_has_its_branches() -> None:
    repository = defs().get_repository_def()
    dg.Definitions.validate_loadable(defs())
    assert {"movies_ingest", "movies_train", "shopping_ingest", "shopping_train"} <= set(repository.job_names)


@pytest.mark.process
def test_loading_pulls_in_none_of_the_heavy_libraries() -> None:
    code = (
        "import sys; from sentiment_assets.definitions import defs; defs();"
        "heavy = ('mlflow', 'sklearn', 'pandas', 'scipy', 'pyarrow', 'matplotlib');"
        "print([name for name in heavy if name in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"


@pytest.mark.process
def test_the_pure_packages_pull_in_neither_dagster_nor_mlflow() -> None:
    code = (
        "import sys; import sentiment_assets.learning.train_report, sentiment_assets.ingestion.batch,"
        "sentiment_assets.monitoring.quality; print([name for name in ('dagster', 'mlflow') if name in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"


def test_the_package_has_no_attribute_that_it_does_not_name() -> None:
    import sentiment_assets

    assert "SentimentBranch" in dir(sentiment_assets)
    with pytest.raises(AttributeError, match="no attribute 'Branch'"):
        _ = sentiment_assets.Branch
