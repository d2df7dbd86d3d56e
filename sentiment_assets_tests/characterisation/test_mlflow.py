"""Facts about MLflow itself that the design leans on; the place that leans on each is named in its test."""

from pathlib import Path

import mlflow.server
from mlflow.store.model_registry.dbmodels.models import SqlModelVersion

from sentiment_assets.learning.model_card import LONGEST


def test_a_version_has_a_description_of_so_many_characters() -> None:
    """learning/model_card.py: `LONGEST`; PostgreSQL refuses a longer one."""
    assert SqlModelVersion.__table__.c.description.type.length == LONGEST


def test_a_link_says_which_face_of_an_experiment_it_means_and_how_its_runs_are_shown() -> None:
    """resources/tracking.py: links to runs and the comparison of candidates; MLflow's UI reads these words."""
    built = Path(str(mlflow.server.__file__)).parent / "js" / "build" / "static" / "js"
    scripts = "\n".join(each.read_text(errors="ignore") for each in built.glob("*.js"))
    for word in ("workflowType", "machine_learning", "searchFilter", "orderByKey", "orderByAsc", "compareRunsMode"):
        assert word in scripts, word
