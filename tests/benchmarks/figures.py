"""Writes bot/figures.md out of what the benchmarks print; none of its figures is written by hand.

    python -m tests.benchmarks.figures [--corpus DIR] [--holmes VENV] [--labelled WHAT=PATH …]
        [--only NAME …] [--kept] [--page FILE]

What each program printed is kept in `.cache/figures`; `--kept` takes what is there and runs only
what is not. A figure that needs a corpus or a peer which is not given, and was not kept, is left
out: nothing is carried over from an earlier page, unless `--only` names what is measured anew.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
KEPT = ROOT / ".cache" / "figures"
_PAGE = ROOT / "bot" / "figures.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
_RECALL = re.compile(r"^(?P<set>\S.*?) +n= *(?P<n>\d+) +(?P<way>\S.*?)  +(?P<shares>\d+:.*)$")
_COST = re.compile(
    r"  (?P<step>(?!rg)\S.*?) +(?P<seconds>[\d.]+) CPU s +(?P<peak>\d+) MB"
    r"(?: +(?P<ratio>[\d.]+) of ripgrep)?"
)
_ITSELF = re.compile(r"([\d.]+) CPU s of it for the log itself")
_SHARE = re.compile(r"(\d+): +([\d.]+) %")

Rows = Iterator[tuple[str, str]]


@dataclass(frozen=True)
class Figure:
    """`command` follows the interpreter; `{corpus}` and `{holmes}` stand for what is given. `read`
    makes rows of what it prints: what was measured, and what came of it."""

    name: str
    command: tuple[str, ...]
    read: Callable[[str], Rows]

    @property
    def needs(self) -> frozenset[str]:
        return frozenset(re.findall(r"\{(\w+)\}", " ".join(self.command)))


def main() -> None:
    options = _options()
    given = {name: str(path) for name in ("corpus", "holmes") if (path := getattr(options, name))}
    rows: list[str] = []
    for figure in [*_FIGURES, *map(_labelled, options.labelled)]:
        if options.only and figure.name not in options.only:
            rows += _rows_by(figure, options.page)
            continue
        printed = _printed(figure, given, kept=options.kept)
        if printed is None:
            print(f"left out: {figure.name}, which needs {', '.join(sorted(figure.needs))}")
            continue
        shown = _shown(figure)
        rows += [f"| {what} | {found} | `{shown}` |" for what, found in figure.read(printed)]
    page = "\n".join([_machine(), "", "| measured | figure | by |", "|---|---|---|", *rows])
    write_between(options.page, page)
    print(page)


def _rows_by(figure: Figure, file: Path) -> list[str]:
    """The rows that the page holds of that program."""
    by = f"| `{_shown(figure)}` |"
    return [row for row in file.read_text().splitlines() if row.endswith(by)]


def write_between(file: Path, page: str) -> None:
    """Puts the page between its two marks. Raises `ValueError` where they are not there."""
    text = file.read_text()
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{file} has no lines {BEGIN} and {END} to write between")
    file.write_text(f"{head}{BEGIN}\n{page}\n{END}{tail}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, help="a folder with dev.jsonl, logs.jsonl and logs/")
    parser.add_argument("--holmes", type=Path, help="an environment with holmesgpt")
    parser.add_argument("--labelled", action="append", default=[], metavar="WHAT=PATH")
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--kept", action="store_true")
    parser.add_argument("--page", type=Path, default=_PAGE)
    return parser.parse_args()


def _labelled(said: str) -> Figure:
    what, _, path = said.partition("=")
    name = "labelled-" + re.sub(r"\W+", "-", what.lower())

    def read(printed: str) -> Rows:
        return _verdicts(printed, what)

    return Figure(name, ("-m", "bot", "eval", path, "--json"), read)


def _printed(figure: Figure, given: dict[str, str], *, kept: bool) -> str | None:
    """None where something that it needs is not given."""
    path = KEPT / f"{figure.name}.txt"
    if kept and path.is_file():
        return path.read_text()
    if figure.needs - given.keys():
        return None
    command = [sys.executable, *(part.format(**given) for part in figure.command)]
    print(f"running: {' '.join(command)}", flush=True)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True, check=True)
    KEPT.mkdir(parents=True, exist_ok=True)
    path.write_text(done.stdout)
    return done.stdout


def _shown(figure: Figure) -> str:
    """The command for a reader, who has files of their own in other places."""
    words = " ".join(figure.command).replace("-m bot", "airflow-bot")
    words = re.sub(r"\{(\w+)\}", lambda hit: hit[1].upper(), words)
    words = re.sub(r"(?<= )/\S*/", "", words)
    return words.replace("-m tests.", "python -m tests.")


def _machine() -> str:
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in _text_of(Path("/proc/cpuinfo")).splitlines()
            if line.startswith("model name")
        ),
        platform.processor() or platform.machine(),
    )
    cores = os.cpu_count() or 1
    version = platform.python_version()
    on = f"{cores} cores of {cpu}, Python {version}"
    return f"Measured on {datetime.now(UTC):%Y-%m-%d}; {on}. CPU seconds are those of one core."


def _text_of(path: Path) -> str:
    return path.read_text() if path.is_file() else ""


def _verdicts(printed: str, what: str) -> Rows:
    found = json.loads(printed)
    n = found["n"]
    well, wrong = found["right"] + found["also_right"], found["confidently_wrong"]
    share, surely = 100 * well / n, 100 * wrong / n
    yield (f"{what}: {n} cases", f"{share:.0f} % right or also right, {surely:.1f} % surely wrong")
    lines, crossed = found["lines"], found["cross_validated"]
    if lines["labelled"]:
        first, quoted = (100 * lines[name] / lines["labelled"] for name in ("deciding", "quoted"))
        told = f"{first:.1f} % quoted first, {quoted:.1f} % quoted"
        yield (f"{what}: the line that decides, by its label", told)
    error = f"{100 * found['calibration_error']:.1f} points of confidence too low or too high"
    yield (f"{what}: how far claims lie from what was right", error)
    if crossed:
        well = 100 * (crossed["right"] + crossed["also_right"]) / crossed["n"]
        surely = 100 * crossed["confidently_wrong"] / crossed["n"]
        told = f"{well:.0f} % right or also right, {surely:.1f} % surely wrong"
        yield (f"{what}: without what only its fold taught", told)


def _recorded(printed: str) -> Rows:
    return _verdicts(printed, "verdicts on recorded situations of a real Airflow 3.3")


def _developed_on(printed: str) -> Rows:
    return _verdicts(printed, "verdicts on real logs, which the rules were developed on")


def _recall(printed: str) -> Rows:
    """The line that decides, by budget in tokens; the other ways to cut a log beside it."""
    sets: dict[tuple[str, str], list[str]] = {}
    for line in printed.splitlines():
        if found := _RECALL.match(line):
            told = [f"{share} % at {size}" for size, share in _SHARE.findall(found["shares"])]
            sets.setdefault((found["set"], found["n"]), []).append(
                f"{found['way'].strip()} {', '.join(told)}"
            )
    for (name, n), ways in sets.items():
        yield f"deciding line kept at so many tokens, {n} logs {name}", "; ".join(ways)


def _speed(printed: str) -> Rows:
    """Each step but ripgrep's own, and its share of ripgrep's processor time."""
    form = ""
    for line in printed.splitlines():
        if not line.startswith("  "):
            form = line
        elif found := _COST.match(line):
            beside = f", {found['ratio']} of ripgrep's" if found["ratio"] else ""
            itself = _ITSELF.search(line)
            seconds = itself[1] if itself else found["seconds"]
            told = f"{seconds} CPU s{beside}, {found['peak']} MB at most"
            yield f"{form}: {found['step'].strip()}" if beside else found["step"].strip(), told


def _grouping(printed: str) -> Rows:
    group = ""
    figures: dict[str, dict[str, str]] = {}
    for line in printed.splitlines():
        if line.startswith("  "):
            figures[group][line[2:36].strip()] = line[36:].strip()
        elif line:
            group = line.strip()
            figures[group] = {}
    for name, found in figures.items():
        what = f"{found['failures']} {name} of {found['causes']} causes, grouped"
        cost = f"{found['CPU s, keys']} CPU s; with reading and judging {found['CPU s, all of it']}"
        parts = f"homogeneity, completeness {found['homogeneity, completeness']}"
        yield what, f"V-measure {found['V-measure']} ({parts}), {cost}"


def _peers(printed: str) -> Rows:
    for line in printed.splitlines():
        situation, arm, rest = line[:32].strip(), line[33:59].strip(), line[60:].strip()
        if rest.startswith("decides:"):
            after, _, cost = " ".join(rest.removeprefix("decides:").split()).partition(" model ")
            calls = "at the first call" if after == "after 1" else after
            cost = re.sub(r" wall +[\d.]+ s,", "", cost)  # says more of the machine than of them
            yield f"{situation}: {arm}", f"decisive line in a prompt {calls}; model {cost}"


def _flywheel(printed: str) -> Rows:
    """Of failures that come again: with nothing learnt, and with what people said."""
    head, columns, *rows = printed.splitlines()
    failures = head.partition(",")[0]
    names = [one.strip() for one in re.split(r"\s{2,}", columns.strip())]
    for row in rows:
        name, *cells = row.split("  ")
        values = [cell.strip() for cell in cells if cell.strip()]
        found = dict(zip(names, values, strict=True))
        told = ", ".join(
            f"{what} {found[name]}"
            for what, name in (
                ("fix known", "hit"),
                ("misled", "misled"),
                ("verdict right", "right"),
                ("surely wrong", "surely wrong"),
                ("humans called", "humans"),
                ("tokens", "tokens"),
            )
        )
        yield f"{failures} that come again, learning {name}: {found['asked again']} questions", told


_FIGURES = (
    Figure("recorded", ("-m", "bot", "eval", "tests/payloads/airflow", "--json"), _recorded),
    Figure("developed-on", ("-m", "bot", "eval", "{corpus}/dev.jsonl", "--json"), _developed_on),
    Figure("recall", ("-m", "tests.benchmarks.log_recall"), _recall),
    Figure("speed", ("-m", "tests.benchmarks.log_speed"), _speed),
    Figure("incidents", ("-m", "tests.benchmarks.incidents", "--corpus", "{corpus}"), _grouping),
    Figure("peers", ("-m", "tests.benchmarks.peers", "--holmes", "{holmes}"), _peers),
    Figure("flywheel", ("-m", "tests.benchmarks.flywheel"), _flywheel),
)


def rows_of(name: str, printed: str) -> Sequence[tuple[str, str]]:
    """What the figure of that name makes of what was printed."""
    return list(next(one for one in _FIGURES if one.name == name).read(printed))


if __name__ == "__main__":
    main()
