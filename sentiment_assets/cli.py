"""``sentiment-assets``: the demo, the two UIs on this machine, and a file previewed or scored without Dagster."""

import os
import sys
from pathlib import Path
from tempfile import gettempdir

import click
from rich.console import Console

from sentiment_assets.commands.dagster_home import PROJECT, prepare_dagster_home
from sentiment_assets.ingestion.decoding import on_one_line


@click.group(help=__doc__)
@click.version_option(package_name="sentiment-assets")
def main() -> None:
    """The command line."""


@main.command()
@click.option("--platform", is_flag=True, help="Only land the files, and watch a running platform do the rest.")
def demo(platform: bool) -> None:
    """Take real reviews of two branches from landing files to champions and scores."""
    os.environ["DAGSTER_HOME"] = str(_dagster_home())
    import dagster as dg

    from sentiment_assets.commands.demo.asking import NoAnswer
    from sentiment_assets.commands.demo.corpora import CorpusMissing
    from sentiment_assets.commands.demo.walkthrough import run_demo
    from sentiment_assets.commands.launching import RunFailed
    from sentiment_assets.resources.mlflow_settings import MlflowAway

    try:
        with dg.DagsterInstance.get() as instance:
            run_demo(Console(), instance, Path(gettempdir()) / "demo.log", watch=platform)
    except (CorpusMissing, MlflowAway, NoAnswer, RunFailed) as error:
        raise click.ClickException(_shown(error)) from error


@main.command()
@click.option("--dagster-port", default=3000, show_default=True, help="Port of Dagster's UI.")
@click.option("--mlflow-port", default=5000, show_default=True, help="Port of MLflow's UI.")
def dev(dagster_port: int, mlflow_port: int) -> None:
    """Start Dagster's UI with its daemon, and MLflow's UI, on loopback; Ctrl+C stops both."""
    from sentiment_assets.commands.dev import PortTaken, serve

    home = _dagster_home()
    try:
        sys.exit(serve(home, PROJECT, dagster_port, mlflow_port))
    except PortTaken as error:
        raise click.ClickException(_shown(error)) from error


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on.")
def serve(host: str, port: int) -> None:
    """Answer texts with scores over HTTP, by the champions of all branches; Ctrl+C stops it.

    With SCORING_TOKEN in the environment, only who knows it is answered.
    """
    from sentiment_assets.commands.dev import PortTaken
    from sentiment_assets.commands.serve import CannotServe
    from sentiment_assets.commands.serve import serve as serve_scores

    try:
        serve_scores(host, port)
    except (CannotServe, PortTaken, ValueError) as error:
        raise click.ClickException(_shown(error)) from error


@main.command()
@click.argument("branch")
@click.argument("batches", nargs=-1)
def replay(branch: str, batches: tuple[str, ...]) -> None:
    """Take BATCHES of BRANCH in again after a rule was changed.

    By default each that failed, has rows in quarantine, or has no label.
    """
    os.environ["DAGSTER_HOME"] = str(_dagster_home())
    import dagster as dg

    from sentiment_assets.commands.replay import CannotReplay
    from sentiment_assets.commands.replay import replay as replay_batches
    from sentiment_assets.resources.mlflow_settings import MlflowAway

    done = failed = 0
    try:
        with dg.DagsterInstance.get() as instance:
            for each in replay_batches(instance, branch, batches):
                click.echo(_shown(each.sentence), err=bool(each.failed))
                done, failed = done + 1, failed + bool(each.failed)
    except (CannotReplay, MlflowAway) as error:
        raise click.ClickException(_shown(error)) from error
    if not done:
        click.echo(f"Nothing to replay: no batch of {branch} failed, has rows in quarantine, or is without a label.")
    if failed:
        raise click.ClickException(f"{failed} of {done} batches failed and are as they were")


@main.command()
@click.argument("branch")
@click.argument("version")
def rollback(branch: str, version: str) -> None:
    """Make VERSION of BRANCH's registered model the champion again. Needs no running Dagster."""
    from sentiment_assets.commands.rollback import CannotRollBack, roll_back

    try:
        click.echo(roll_back(branch, version))
    except CannotRollBack as error:
        raise click.ClickException(_shown(error)) from error


@main.command()
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option("--branch", default="movies", show_default=True, help="Whose champion scores, and who says how to read.")
@click.option(
    "--text-column",
    "text_columns",
    multiple=True,
    metavar="NAME",
    help="Column of the text, once for each; by default the branch's.",
)
@click.option("--encoding", help="Encoding of the file; by default the branch's.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A .csv or .parquet file; by default CSV on standard output.",
)
def score(file: Path, *, branch: str, text_columns: tuple[str, ...], encoding: str | None, output: Path | None) -> None:
    """Score FILE, or a folder of texts, with a branch's champion, a row for each of its rows. Needs no Dagster."""
    from sentiment_assets.commands.score import CannotScore, score_file, write_scores

    try:
        scores = score_file(file, branch, text_columns=text_columns, encoding=encoding)
        write_scores(scores, output)
    except CannotScore as error:
        raise click.ClickException(_shown(error)) from error
    for row in scores.dropna(subset="reason").itertuples():
        click.echo(_shown(f"row {row.row} not scored: {row.reason}"), err=True)


def _shown(said: object) -> str:
    """What is said, in its lines: what it repeats of a file cannot move the cursor."""
    return "\n".join(map(on_one_line, str(said).split("\n")))


@main.command()
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option("--branch", help="Read FILE by the settings of this branch, instead of proposing some.")
@click.option("--write", metavar="NAME", help="Scaffold the branch NAME with the settings that are proposed.")
@click.option("--json", "json_wanted", is_flag=True, help="Print one JSON object, for programs.")
@click.option("--all", "whole", is_flag=True, help="Read the whole file, not its first 2,000 rows only.")
def preview(file: Path, *, branch: str | None, write: str | None, json_wanted: bool, whole: bool) -> None:
    """Show what is in FILE, or a folder of texts, what a branch makes of it, and the YAML for it. Changes nothing."""
    from sentiment_assets.commands import preview as command

    if branch is not None and write is not None:
        raise click.UsageError("give --branch to see FILE by a branch's settings, or --write to scaffold a new one")
    try:
        if write is not None:
            command.require_new_branch(write)
        shown = command.preview(file, branch=branch, write=write, whole=whole)
        written = command.write_branch(write, shown.yaml) if write is not None else None
    except command.CannotPreview as error:
        raise click.ClickException(_shown(error)) from error
    if json_wanted:
        click.echo(command.as_json(shown))
    else:
        command.show(Console(), shown)
    for line in command.next_steps(written, file) if written else ():
        click.echo(line, err=json_wanted)


def _dagster_home() -> Path:
    os.umask(0o077)  # Dagster and MLflow write run logs, databases and artifacts below the home folder by themselves
    try:
        return prepare_dagster_home()
    except ValueError as error:
        raise click.ClickException(_shown(error)) from error


if __name__ == "__main__":
    main()
