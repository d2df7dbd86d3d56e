"""``sentiment-assets``: the platform on this machine, and what can be asked of it."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir

import click
from click.shell_completion import CompletionItem, get_completion_class
from rich.console import Console

from sentiment_assets.commands.dagster_home import prepare_dagster_home
from sentiment_assets.ingestion.decoding import on_one_line
from sentiment_assets.presentation.wording import counted

SECTIONS: Mapping[str, Sequence[str]] = {
    "To begin": ("demo", "preview"),
    "To run": ("dev", "serve", "serve-reports"),
    "To look": ("status", "report", "explain", "score", "rebuild"),
    "To change": ("replay", "promote", "rollback", "forget", "upgrade"),
    "For your shell": ("completion",),
}
"""The commands as the help groups them, each once."""
_NAME = "sentiment-assets"
_json = click.option("--json", "json_wanted", is_flag=True, help="Print JSON, for programs.")


class _InSections(click.Group):
    """A group whose help lists its commands by what they are for."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        longest = formatter.width - max(map(len, self.commands)) - 6
        for title, names in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name, self.commands[name].get_short_help_str(longest)) for name in names])


@click.group(cls=_InSections)
@click.version_option(package_name=_NAME)
def main() -> None:
    """Reviews in, a champion and scores out: the platform on this machine, and what can be asked of it."""


@contextmanager
def _told(*kinds: type[Exception]) -> Iterator[None]:
    """Say errors of these kinds, whose messages are for people, and nothing else of them."""
    try:
        yield
    except kinds as error:
        raise click.ClickException(_shown(error)) from error


def _shown(said: object) -> str:
    """What is said, in its lines: what it repeats of a file cannot move the cursor."""
    return "\n".join(map(on_one_line, str(said).split("\n")))


@contextmanager
def _waiting(for_what: str) -> Iterator[None]:
    """A sign of life on a terminal while something takes its time; on standard error, so that output stays clean."""
    with Console(stderr=True).status(for_what):
        yield


def _branches(_: click.Context, __: click.Parameter, begun: str) -> list[CompletionItem]:
    """What the shell may complete a branch to."""
    from sentiment_assets.branch.files import branch_files

    return [CompletionItem(name) for name in branch_files() if name.startswith(begun)]


@main.command()
@click.option("--platform", is_flag=True, help="Only land the files, and watch a running platform do the rest.")
def demo(platform: bool) -> None:
    """Take real reviews from files to champions and scores."""
    os.environ["DAGSTER_HOME"] = str(_dagster_home())
    import dagster as dg

    from sentiment_assets.commands.demo.asking import NoAnswer
    from sentiment_assets.commands.demo.corpora import CorpusMissing
    from sentiment_assets.commands.demo.walkthrough import run_demo
    from sentiment_assets.commands.launching import RunFailed
    from sentiment_assets.resources.mlflow_settings import MlflowAway

    with _told(CorpusMissing, MlflowAway, NoAnswer, RunFailed), dg.DagsterInstance.get() as instance:
        run_demo(Console(), instance, Path(gettempdir()) / "demo.log", watch=platform)


@main.command()
@click.option("--dagster-port", default=3000, show_default=True, help="Port of Dagster's UI.")
@click.option("--mlflow-port", default=5000, show_default=True, help="Port of MLflow's UI.")
@click.option("--reports-port", default=8001, show_default=True, help="Port of the reports.")
def dev(dagster_port: int, mlflow_port: int, reports_port: int) -> None:
    """Start Dagster with its daemon, MLflow's UI and the reports.

    All of them on loopback; Ctrl+C stops them.
    """
    from sentiment_assets.commands.dev import Ports, PortTaken, serve
    from sentiment_assets.resources.mlflow_settings import MlflowAway

    home = _dagster_home()
    with _told(MlflowAway, PortTaken):
        sys.exit(serve(home, Ports(dagster_port, mlflow_port, reports_port)))


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8001, show_default=True, help="Port to listen on.")
def serve_reports(host: str, port: int) -> None:
    """Serve reports and drift pages over HTTP.

    Whoever reaches the address can read reviews: listen on loopback, or behind something that asks who it is.
    """
    from sentiment_assets.commands.dev import PortTaken
    from sentiment_assets.commands.serve_reports import serve_reports as serve_them

    with _told(PortTaken):
        serve_them(host, port)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on.")
def serve(host: str, port: int) -> None:
    """Answer texts with scores over HTTP.

    By the champions of all branches; Ctrl+C stops it. With SCORING_TOKEN in the environment, only who knows it is
    answered.
    """
    from sentiment_assets.commands.dev import PortTaken
    from sentiment_assets.commands.serve import CannotServe
    from sentiment_assets.commands.serve import serve as serve_scores

    with _told(CannotServe, PortTaken, ValueError):
        serve_scores(host, port)


@main.command()
@click.argument("branches", nargs=-1, metavar="[BRANCH]...", shell_complete=_branches)
@_json
def status(branches: tuple[str, ...], json_wanted: bool) -> None:
    """Show batches, champion, warnings, runs, and what is missing."""
    os.environ["DAGSTER_HOME"] = str(_dagster_home())
    from datetime import UTC, datetime

    import dagster as dg

    from sentiment_assets.branch.files import UnknownBranch
    from sentiment_assets.commands import status as command

    now = datetime.now(UTC)
    with _told(UnknownBranch), dg.DagsterInstance.get() as instance:
        with _waiting("looking"):
            statuses, heard_at = list(command.statuses_of(instance, branches, now)), command.daemon_heard_at(instance)
        if json_wanted:
            click.echo(command.as_json(statuses, heard_at))
        else:
            command.show(Console(), statuses, heard_at=heard_at, now=now)


@main.command()
@click.argument("branch", required=False, shell_complete=_branches)
@click.option("--write", is_flag=True, help="Write the report of BRANCH anew first, whatever the clock says.")
@click.option("--open", "open_wanted", is_flag=True, help="Open it in your browser.")
@_json
def report(*, branch: str | None, write: bool, open_wanted: bool, json_wanted: bool) -> None:
    """Say where the latest report lies, or open it.

    Without BRANCH it is the report that joins all of them.
    """
    from sentiment_assets.commands import latest_report as command

    if write and branch is None:
        raise click.UsageError("name the BRANCH whose report is to be written; that of all follows it")
    if write:
        _write_report(str(branch))
    with _told(command.NoReport):
        found = command.latest_report(branch)
    click.echo(command.as_json(found) if json_wanted else command.as_text(found))
    if open_wanted and click.launch(found.file if found.is_local else found.address):
        raise click.ClickException("no browser could be started here; open the file or the address above by hand")


def _write_report(branch: str) -> None:
    os.environ["DAGSTER_HOME"] = str(_dagster_home())
    import dagster as dg

    from sentiment_assets.branch.files import UnknownBranch
    from sentiment_assets.commands.launching import RunFailed
    from sentiment_assets.commands.write_report import write_report
    from sentiment_assets.resources.mlflow_settings import MlflowAway

    with (
        _told(UnknownBranch, MlflowAway, RunFailed),
        dg.DagsterInstance.get() as instance,
        _waiting(f"writing the report of {on_one_line(branch)}"),
    ):
        write_report(instance, branch)


@main.command()
@click.argument("text")
@click.option(
    "--branch", default="movies", show_default=True, help="Whose champion is asked.", shell_complete=_branches
)
@_json
def explain(text: str, branch: str, json_wanted: bool) -> None:
    """Score TEXT, and show which words made the score.

    With - the text is read from standard input.
    """
    from sentiment_assets.commands import explain as command

    with _told(command.CannotExplain), _waiting("loading the champion"):
        explained = command.explain(sys.stdin.read() if text == "-" else text, branch)
    if json_wanted:
        click.echo(command.as_json(explained))
    else:
        command.show(Console(), explained)


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
    help="A .csv, .jsonl or .parquet file; by default CSV on standard output.",
)
@click.option("--json", "json_wanted", is_flag=True, help="Print a JSON object for each row, for programs.")
def score(  # noqa: PLR0917  click gives them by name
    file: Path,
    branch: str,
    text_columns: tuple[str, ...],
    encoding: str | None,
    output: Path | None,
    json_wanted: bool,
) -> None:
    """Score FILE, or a folder of texts, with a champion.

    A row for each of its rows. Needs no Dagster.
    """
    from sentiment_assets.commands.score import NOTE, CannotScore, as_json_lines, score_file, write_scores

    with _told(CannotScore):
        with _waiting(f"scoring {on_one_line(file.name)}"):
            scores = score_file(file, branch, text_columns=text_columns, encoding=encoding)
        if note := scores.attrs.pop(NOTE):
            click.echo(_shown(f"{file}: {note}"), err=True)
        if json_wanted:
            click.echo(as_json_lines(scores), nl=False)
        if output is not None or not json_wanted:
            write_scores(scores, output)
    if output is not None:
        scored = counted(int(scores["reason"].isna().sum()), "row")
        click.echo(_shown(f"{scored} scored, in {output}"), err=json_wanted)
    for row in scores.dropna(subset="reason").itertuples():
        click.echo(_shown(f"row {row.row} not scored: {row.reason}"), err=True)


@main.command()
@click.argument("branch", shell_complete=_branches)
@click.argument("batches", nargs=-1)
@click.option("--json", "json_wanted", is_flag=True, help="Print a JSON object for each batch, for programs.")
def replay(branch: str, batches: tuple[str, ...], json_wanted: bool) -> None:
    """Take BATCHES of BRANCH in again after a rule was changed.

    By default each that failed, has rows in quarantine, or has no label.
    """
    os.environ["DAGSTER_HOME"] = str(_dagster_home())
    import json
    from dataclasses import asdict

    import dagster as dg

    from sentiment_assets.commands.replay import CannotReplay
    from sentiment_assets.commands.replay import replay as replay_batches
    from sentiment_assets.resources.mlflow_settings import MlflowAway

    done = failed = 0
    with _told(CannotReplay, MlflowAway), dg.DagsterInstance.get() as instance, _waiting("taking batches in again"):
        for each in replay_batches(instance, branch, batches):
            if json_wanted:
                click.echo(json.dumps(asdict(each), ensure_ascii=False))
            else:
                click.echo(_shown(each.sentence), err=bool(each.failed))
            done, failed = done + 1, failed + bool(each.failed)
    if not done:
        nothing = f"Nothing to replay: no batch of {branch} failed, has rows in quarantine, or is without a label."
        click.echo(nothing, err=json_wanted)
    if failed:
        raise click.ClickException(f"{failed} of {done} batches failed and are as they were")


@main.command()
@click.argument("branch", shell_complete=_branches)
@click.argument("version")
def promote(branch: str, version: str) -> None:
    """Make VERSION of BRANCH's model the champion.

    Needs no running Dagster.
    """
    from sentiment_assets.commands.promote import CannotPromote
    from sentiment_assets.commands.promote import promote as promote_version

    with _told(CannotPromote):
        click.echo(promote_version(branch, version))


@main.command()
@click.argument("branch", shell_complete=_branches)
@click.argument("version", required=False)
def rollback(branch: str, version: str | None) -> None:
    """Make the champion before it, or VERSION, the champion again.

    Needs no running Dagster.
    """
    from sentiment_assets.commands.promote import CannotPromote
    from sentiment_assets.commands.promote import promote as promote_version

    with _told(CannotPromote):
        click.echo(promote_version(branch, version))


@main.command()
@click.argument("branch", shell_complete=_branches)
@click.argument("version")
@_json
def rebuild(branch: str, version: str, json_wanted: bool) -> None:
    """Make VERSION of BRANCH's model again, and compare digests.

    From the reviews and settings that it was made from; nothing is stored. Fails if another model comes out. Needs no
    running Dagster.
    """
    from sentiment_assets.commands.rebuild import CannotRebuild, as_json, show
    from sentiment_assets.commands.rebuild import rebuild as rebuild_version

    with _told(CannotRebuild), _waiting(f"making version {version} of {branch} again"):
        rebuilt = rebuild_version(branch, version)
    if json_wanted:
        click.echo(as_json(rebuilt))
    else:
        show(Console(), rebuilt)
    if not rebuilt.same:
        raise click.ClickException(f"version {version} of {branch} cannot be made again: another model came out")


@main.command()
def upgrade() -> None:
    """Bring the databases to the installed releases.

    Those of Dagster and MLflow: back up first, and stop what uses them.
    """
    from sentiment_assets.commands.upgrade import CannotUpgrade
    from sentiment_assets.commands.upgrade import upgrade as upgrade_databases
    from sentiment_assets.resources.home_format import NewerHome

    with _told(CannotUpgrade, NewerHome), _waiting("upgrading"):
        for sentence in upgrade_databases(_dagster_home()):
            click.echo(sentence)


@main.command()
@click.option("--branch", required=True, help="Whose review it is.", shell_complete=_branches)
@click.option("--review-id", required=True, metavar="ID", help="Its id: the client's, or that which a report shows.")
@click.option(
    "--batch", "batches", multiple=True, metavar="KEY", help="Only in this batch, where ids count from 1 in each file."
)
@click.option("--dry-run", is_flag=True, help="Only say what it would be taken out of.")
@_json
def forget(*, branch: str, review_id: str, batches: tuple[str, ...], dry_run: bool, json_wanted: bool) -> None:
    """Take a review out of all that is stored, for good.

    Ends with 1 if something of it remains, and says where, and what to do there.
    """
    os.environ["DAGSTER_HOME"] = str(_dagster_home())
    import dagster as dg

    from sentiment_assets.branch.files import UnknownBranch
    from sentiment_assets.commands.forget import forget as command
    from sentiment_assets.resources.mlflow_settings import MlflowAway

    with (
        _told(UnknownBranch, MlflowAway, command.CannotForget),
        _waiting("looking through all that is stored"),
        dg.DagsterInstance.get() as instance,
    ):
        forgotten = command.forget(instance, branch, review_id, batches=batches, dry_run=dry_run)
    if json_wanted:
        click.echo(command.as_json(forgotten))
    else:
        command.show(Console(), forgotten)
    sys.exit(1 if forgotten.remains else 0)


@main.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what makes SHELL complete commands and branches.

    For bash: eval "$(sentiment-assets completion bash)"
    """
    made = get_completion_class(shell)
    assert made is not None  # noqa: S101  click knows all three
    click.echo(made(main, {}, _NAME, "_SENTIMENT_ASSETS_COMPLETE").source())


@main.command()
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option("--branch", help="Read FILE by the settings of this branch, instead of proposing some.")
@click.option("--write", metavar="NAME", help="Scaffold the branch NAME with the settings that are proposed.")
@click.option("--json", "json_wanted", is_flag=True, help="Print one JSON object, for programs.")
@click.option("--all", "whole", is_flag=True, help="Read the whole file, not its first 2,000 rows only.")
def preview(file: Path, *, branch: str | None, write: str | None, json_wanted: bool, whole: bool) -> None:
    """Show what is in FILE, and the YAML that reads it.

    Also of a folder of texts, and of what a branch makes of it. Changes nothing but with --write.
    """
    from sentiment_assets.commands import preview as command

    if branch is not None and write is not None:
        raise click.UsageError("give --branch to see FILE by a branch's settings, or --write to scaffold a new one")
    with _told(command.CannotPreview):
        if write is not None:
            command.require_new_branch(write)
        shown = command.preview(file, branch=branch, write=write, whole=whole)
        written = command.write_branch(write, shown.yaml) if write is not None else None
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
