"""Commands of the bot in processes of their own, run as a user runs them.

Each is forked from one process that has imported the bot: its libraries take a second or two of
CPU to import, and the command itself a fraction of that.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.cli import main

_IMPORTED = (
    "bot.serving",
    "bot.serve",
    "bot.adapters.airflow.cluster",
    "bot.cli_work.opening",
    "bot.services.ask",
    __name__,
)


async def run_command(arguments: Sequence[str], environ: Mapping[str, str]) -> tuple[int, str, str]:
    """Exit status, standard output and standard error."""
    return await asyncio.to_thread(_run, tuple(arguments), dict(environ))


def _run(arguments: tuple[str, ...], environ: dict[str, str]) -> tuple[int, str, str]:
    with TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = _forking().Process(target=_command, args=(arguments, environ, out, err))
        process.daemon = True  # it does not outlive the tests
        process.start()
        process.join()
        return process.exitcode or 0, out.read_text(), err.read_text()


@cache
def _forking() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(_IMPORTED))
    return context


def _command(arguments: tuple[str, ...], environ: dict[str, str], out: Path, err: Path) -> None:
    os.environ.clear()
    os.environ.update(environ)
    for descriptor, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), descriptor)
    sys.argv = ["airflow-bot", *arguments]
    main()
