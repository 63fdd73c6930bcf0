"""The command line: what each command takes, and how it ends.

Exit status: 0 done, 1 done with findings (doctor, runbooks check, nothing found), 2 cannot start,
130 interrupted. Settings are read before the rest is imported, so that their faults show at once.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from bot import __version__
from bot.cli_audit import audit
from bot.cli_capacity import capacity
from bot.cli_cases import cases_app
from bot.cli_consent import consent_app
from bot.cli_console import console_app
from bot.cli_escalations import escalations_app
from bot.cli_eval import evaluate
from bot.cli_export import export, snapshots_app
from bot.cli_finetune import finetune_app
from bot.cli_growth import add_commands
from bot.cli_oncall import oncall
from bot.cli_privacy import privacy_app
from bot.cli_refit import refit_app
from bot.cli_report import report_app, review
from bot.cli_work import work_app
from bot.domain.errors import BotError, ConfigError
from bot.settings import Role, Settings, load_settings

app = typer.Typer(
    name="airflow-bot",
    help="First-line diagnosis of Airflow failures, in Slack and at the terminal.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
runbooks_app = typer.Typer(help="Known failures: list them, prove them.", no_args_is_help=True)
add_commands(runbooks_app)
runbooks_app.command(name="review")(review)
app.add_typer(report_app, name="report")
app.add_typer(refit_app, name="refit")
app.add_typer(runbooks_app, name="runbooks")
app.add_typer(work_app, name="work")
app.add_typer(escalations_app, name="escalations")
app.add_typer(cases_app, name="cases")
app.add_typer(consent_app, name="consent")
app.add_typer(console_app, name="console")
app.add_typer(snapshots_app, name="snapshots")
app.add_typer(privacy_app, name="privacy")
app.add_typer(finetune_app, name="finetune")
app.command()(audit)
app.command()(export)
app.command()(capacity)
app.command(name="oncall")(oncall)
app.command(name="eval")(evaluate)

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="YAML file; else AIRFLOW_BOT_CONFIG, ./airflow-bot.yaml."),
]

ROLE_VARIABLE = "AIRFLOW_BOT_WORK__ROLE"
CANNOT_START = 2
INTERRUPTED = 130


def main() -> None:
    """Runs the command; an error raised on purpose is one message and status 2."""
    try:
        app()
    except BotError as error:
        _fail(*_words_of(error))
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None


def _fail(*lines: str) -> None:
    for line in lines:
        print(line, file=sys.stderr)
    raise SystemExit(CANNOT_START)


def _words_of(error: BotError) -> Sequence[str]:
    if isinstance(error, ConfigError):
        return ("The settings need attention:", *error.faults)
    return (str(error),)


def _leave(status: int) -> NoReturn:
    """At once. An orderly end would wait for threads and connections that wait, in turn, for a
    database that hangs."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _settings(config: Path | None) -> Settings:
    return load_settings(os.environ, config)


def _width() -> int:
    return max(60, min(110, shutil.get_terminal_size().columns))


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        print(__version__)
        raise typer.Exit


@app.command()
def serve(
    config: ConfigOption = None,
    role: Annotated[
        Role | None,
        typer.Option(help="What this process does, in place of work.role in the settings."),
    ] = None,
) -> None:
    """Runs the bot: Slack, answers, health pages. Ends on SIGTERM, within half a minute."""
    _run(config, role)


@app.command()
def worker(config: ConfigOption = None) -> None:
    """Answers what other processes take in; the same as serve --role worker."""
    _run(config, Role.WORKER)


def _run(config: Path | None, role: Role | None) -> None:
    environment = dict(os.environ)
    if role is not None:
        environment[ROLE_VARIABLE] = role.value
    settings = load_settings(environment, config)
    from uvicorn.loops.auto import auto_loop_factory

    from bot.serve import serve_until_stopped

    # What uvicorn itself would run on: uvloop, where the system has it.
    with asyncio.Runner(loop_factory=auto_loop_factory(use_subprocess=False)) as runner:
        try:
            ended = runner.run(serve_until_stopped(settings))
        except BotError as error:
            print(*_words_of(error), sep="\n", file=sys.stderr)
            _leave(CANNOT_START)
        if not ended:  # the runner would wait for what hangs
            _leave(0)


@app.command()
def ask(
    question: Annotated[list[str], typer.Argument(help="As in Slack: why did orders_daily fail?")],
    config: ConfigOption = None,
) -> None:
    """Answers one question at the terminal, against the configured clusters; also beside a bot."""
    settings = _settings(config)
    from bot.serve import ask_once

    answered = asyncio.run(ask_once(settings, " ".join(question), _width()))
    raise typer.Exit(0 if answered else 1)


@app.command()
def doctor(config: ConfigOption = None) -> None:
    """Checks every part for real and says what to do about each fault."""
    settings = _settings(config)
    from bot.serve import doctor_report

    healthy = asyncio.run(doctor_report(settings, _width() if sys.stdout.isatty() else None))
    raise typer.Exit(0 if healthy else 1)


@app.command()
def migrate(config: ConfigOption = None) -> None:
    """Brings the database to the schema of this version. A SQLite file must be nobody's then."""
    from bot.adapters.sql.migrate import migrate as run
    from bot.bootstrap import data_folder
    from bot.workflows.databases import migrate_engine, require_known
    from bot.workflows.single import claim_database

    settings = _settings(config)
    data_folder(settings)
    with closing(claim_database(settings.database_url, "Stop it, then migrate.")):
        require_known(settings.database_url)  # all that is newer stays as it is, or nothing does
        revision = run(settings.database_url)
        migrate_engine(settings.database_url)
    print(f"The database is at schema {revision}, and ready for durable work.")


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Where the demo keeps its files.")] = Path(".demo"),
    airflow_venv: Annotated[Path, typer.Option(help="A venv with Airflow; made if missing.")] = (
        Path(".cache/airflow-venv")
    ),
    airflow_port: Annotated[int, typer.Option(help="This port and the three above it.")] = 28080,
    page_port: Annotated[int, typer.Option(help="The page of the local workspace.")] = 28090,
    bot_port: Annotated[int, typer.Option(help="The bot's health page.")] = 28091,
    once: Annotated[bool, typer.Option(help="End after the first answer.")] = False,
) -> None:
    """Starts a real Airflow with failing Dags, a local workspace and the bot."""
    from rich.console import Console

    from bot.playground.demo.narration import Narrator
    from bot.playground.demo.run import DemoPlan, run_demo
    from bot.slack.manifest import app_manifest

    plan = DemoPlan(
        folder=folder.resolve(),
        airflow_venv=airflow_venv.absolute(),
        manifest=app_manifest(),
        airflow_port=airflow_port,
        page_port=page_port,
        bot_port=bot_port,
        stay=not once,
    )
    asyncio.run(run_demo(plan, Narrator(Console())))


@app.command()
def manifest(
    unfurl: Annotated[
        list[str], typer.Option(help="A domain of Airflow whose links are shown with their state.")
    ] = [],  # noqa: B006 (typer reads it, and nobody changes it)
    public_url: Annotated[
        str, typer.Option(help="Where people reach the bot to install it in several workspaces.")
    ] = "",
    rotate: Annotated[bool, typer.Option(help="Have tokens end after twelve hours.")] = False,
) -> None:
    """Prints the Slack app manifest, to create or update the app with."""
    from bot.slack.manifest import app_manifest, redirect_of

    if rotate and not public_url:
        raise typer.BadParameter("only tokens of --public-url can be exchanged; give that as well")
    back = redirect_of(public_url) if public_url else ""
    print(json.dumps(app_manifest(unfurl, back, rotates=rotate), indent=2))


@app.command()
def plugin() -> None:
    """Prints the plugin with which Airflow reports its failures; it says what it needs."""
    from bot.shipped import airflow_plugin

    print(airflow_plugin(), end="")


@app.command()
def callback() -> None:
    """Prints callbacks for Dags that report failures, where the plugin cannot be installed."""
    from bot.shipped import airflow_callback

    print(airflow_callback(), end="")


@runbooks_app.command(name="list")
def list_runbooks(config: ConfigOption = None) -> None:
    """Lists the known failures in force."""
    from bot.bootstrap import catalogue_of, runbook_folders

    catalogue = catalogue_of(runbook_folders(_settings(config)) if config else None)
    for known in catalogue.failures:
        print(f"{known.verdict.value:<11} {known.cause:<28} {known.title}")
    _say_refused(catalogue.faults)


@runbooks_app.command(name="check")
def check_runbooks(
    folders: Annotated[list[Path] | None, typer.Argument(help="Else the shipped ones.")] = None,
) -> None:
    """Proves every file: it catches its examples, spares its near misses, and wins its own."""
    from bot.bootstrap import catalogue_of
    from bot.services.check_runbooks import check_runbooks as check

    catalogue = catalogue_of(folders)
    shipped = [known.cause for known in catalogue_of(None).failures] if folders else []
    today = datetime.now(UTC).date()
    faults = [*catalogue.faults, *check(catalogue.failures, today=today, others=shipped)]
    for fault in faults:
        print(fault)
    print(f"{len(catalogue.failures)} runbooks, {len(faults)} faults")
    raise typer.Exit(1 if faults else 0)


def _say_refused(faults: tuple[str, ...]) -> None:
    for fault in faults:
        print(f"refused: {fault}", file=sys.stderr)
    if faults:
        raise typer.Exit(1)
