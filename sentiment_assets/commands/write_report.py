"""A branch's report, written when somebody asks for it."""

import dagster as dg

from sentiment_assets.automation.jobs import report_job_name
from sentiment_assets.branch.files import require_branch
from sentiment_assets.commands.launching import run_job
from sentiment_assets.resources.mlflow_settings import require_mlflow, tracking_uri
from sentiment_assets.resources.ui_addresses import dagster_ui


def write_report(instance: dg.DagsterInstance, branch: str) -> None:
    """Run the branch's report job to its end. Raises ``UnknownBranch``, ``MlflowAway`` and ``RunFailed``."""
    require_branch(branch)
    require_mlflow(tracking_uri())
    run_job(instance, report_job_name(branch), {}, dagster_ui())
