"""The building blocks of a text page: headings, wrapped paragraphs, tables, quotes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import StringIO

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot.answering.foreign import one_line, visible
from bot.domain.answers import Link

INDENT = 2

Part = RenderableType | Link


def text(words: str, style: str = "") -> Text:
    """Foreign or own words without any meaning as markup."""
    return Text(visible(words), style=style, overflow="fold")


def section(heading: str, *body: RenderableType) -> RenderableType:
    """A heading with its body indented below, after an empty line."""
    return Group(
        Text(""), text(heading, "bold"), *(Padding(part, (0, 0, 0, INDENT)) for part in body)
    )


def table(rows: Iterable[tuple[str, ...]], *, first_style: str = "dim") -> Table:
    """Columns without lines; the first is a label and is never wrapped."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    wide = list(rows)
    grid.add_column(style=first_style, no_wrap=True)
    for _ in wide[0][1:] if wide else ():
        grid.add_column(overflow="fold")
    for row in wide:
        grid.add_row(*(text(cell) for cell in row))
    return grid


def links(targets: Iterable[Link]) -> Iterator[Part]:
    """Each on one line however long: an address that is broken cannot be opened."""
    yield section("Links")
    yield from targets


def quoted(words: str) -> RenderableType:
    """Words of others, marked by a bar on the left in each line."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for line in visible(words).splitlines() or [""]:
        # One row a line: the bar must not end where a long line is folded or a short one begins.
        grid.add_row("|", Text(line, overflow="fold"))
    return grid


def numbered(steps: Iterable[str]) -> RenderableType:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True, justify="right")
    grid.add_column(overflow="fold")
    for number, step in enumerate(steps, start=1):
        grid.add_row(f"{number}.", text(_without_fences(step)))
    return grid


def page(parts: Iterable[Part], width: int, *, colour: bool) -> str:
    """Without colour the text is plain: no escape sequence, no space at the end of a line."""
    out = StringIO()
    console = Console(
        file=out,
        width=max(width, 20),
        force_terminal=colour,
        color_system="standard" if colour else None,
        no_color=not colour,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    for part in parts:
        if isinstance(part, Link):
            console.print(text(f"  {one_line(part.label)}: {part.url}"), soft_wrap=True)
        else:
            console.print(part)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def _without_fences(markdown: str) -> str:
    """Code blocks are indented instead of fenced; the rest of Markdown reads well as it is."""
    lines, in_code = [], False
    for line in markdown.splitlines():
        if line.lstrip().startswith("```"):
            in_code = not in_code
            continue
        lines.append(f"    {line}" if in_code else line)
    return "\n".join(lines)


def count(number: int, noun: str) -> str:
    """`1 line`, `3 lines`."""
    return f"{number:,} {noun if number == 1 else noun + 's'}"
