"""What the demo says in the terminal: steps, the first exchange, and where to go on."""

from __future__ import annotations

import html
import time
from collections.abc import Sequence
from contextlib import suppress

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from bot.playground.demo.story import SCENES, Scene

_INDENT = (0, 0, 0, 4)


class Narrator:
    """Writes to `console`, and falls silent when nobody reads any more (a closed terminal)."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()

    def step(self, text: str) -> None:
        """One line of progress with the seconds since the start."""
        seconds = f"{time.monotonic() - self._began:5.0f} s  "
        self._write(Text.assemble((seconds, "dim"), text))

    def exchange(self, asker: str, question: str, answerer: str, answer: str) -> None:
        """A question and its answer, as Slack's text; the first line of the answer is its
        headline."""
        headline, _, rest = html.unescape(answer).partition("\n")
        self._write("")
        self._write(Text(f"  {asker}:", "bold"))
        self._write(Padding(Text(question), _INDENT))
        self._write(Text(f"  {answerer}:", "bold"))
        self._write(Padding(Text(headline, "bold"), _INDENT))
        self._write(Padding(Text(rest), _INDENT))

    def invitation(
        self, page: str, handle: str, airflow: str, command: str, console: str = ""
    ) -> None:
        """Where to ask on and what, the `command` that asks at a terminal, and the link into the
        console, where there is one."""
        invited = [scene for scene in SCENES if scene.invited]
        others = [scene.dag_id for scene in SCENES[1:] if not scene.invited]
        self._write("")
        self._write(Rule(style="green"))
        self._write(Text.assemble("  Ask on here:  ", (page, "bold underline")), whole=True)
        self._write(Text("  It is a page on this machine, and not Slack. For example:"))
        self._write("")
        self._write(Padding(_examples(handle, invited), _INDENT))
        self._write("")
        self._write(Padding(Text(f"The other Dags: {', '.join(others)}."), (0, 0, 0, 2)))
        self._write(Text(f"  Airflow itself: {airflow} (user admin, password admin)"), whole=True)
        self._write(Text("  The same at a terminal:"))
        self._write(Text(f'  {command} "why did geocoding fail?"'), whole=True)
        if console:
            words = "  The console, by a link that is good once and for ten minutes:"
            self._write(Text(words))
            self._write(Text(f"  {console}"), whole=True)
        self._write(Text("  Ctrl-C ends everything; what has failed is kept for the next start."))
        self._write(Rule(style="green"))

    def _write(self, what: RenderableType, *, whole: bool = False) -> None:
        """`whole` lines are not wrapped, so that they can be clicked and copied."""
        with suppress(OSError):
            self._console.print(what, soft_wrap=whole, highlight=False, markup=False)


def _examples(handle: str, scenes: Sequence[Scene]) -> Table:
    table = Table.grid(padding=(0, 2))
    for scene in scenes:
        table.add_row(Text(f"@{handle} {scene.question}"), Text(scene.shows, "dim"))
    return table
