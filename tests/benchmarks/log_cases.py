"""Task logs written after the providers' own words, each with the line that decides its failure.

They stand in `written/*.txt`: `=== name`, then records as `source.py:12 LEVEL| text` with the
lines that continue them; `>>> ` marks the line that decides. `@begin Operator`, `@failed source`,
`@retry` and `@end` stand for what Airflow itself writes there. Nothing in the log reader was made
to fit them: they are looked at as a whole, to see whether what was learnt elsewhere holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "written"
_MARK = ">>> "
_RECORD = re.compile(r"(?P<file>[\w.]+\.py):(?P<line>\d+) (?P<level>[A-Z]+)\|(?: (?P<text>.*))?$")
_FRAME = re.compile(r'  File "(?P<filename>[^"]+)", line (?P<lineno>\d+)(?:, in (?P<name>.+))?')
_BEGIN = """\
taskinstance.py:2613 INFO| Dependencies all met for ti=<TaskInstance: d.t manual__1 [queued]>
taskinstance.py:2866 INFO| Starting attempt 1 of 2
taskinstance.py:2889 INFO| Executing <Task({operator}): t> on 2026-03-02 00:00:00+00:00
standard_task_runner.py:72 INFO| Started process 4120 to run task
task_command.py:467 INFO| Running <TaskInstance: d.t manual__1 [running]> on host worker-2
taskinstance.py:3132 INFO| Exporting env vars: AIRFLOW_CTX_TASK_ID='t'"""
_FAILED = "{source}:3311 ERROR| Task failed with exception"
_AFTER = """\
taskinstance.py:1225 INFO| Marking task as {state}. dag_id=d, task_id=t, run_id=manual__1
standard_task_runner.py:124 ERROR| Failed to execute job 91 for task t
local_task_job_runner.py:266 INFO| Task exited with return code 1
local_task_job_runner.py:245 INFO| 0 downstream tasks scheduled from follow-on schedule check"""
_OF_AIRFLOW = re.compile(r"(?:task|supervisor|local_task_job|standard_task|timeout|xcom)")


@dataclass(frozen=True, slots=True)
class Written:
    """One log; `deciding` is the text of the line that decides, without its prefix."""

    name: str
    kind: str
    records: tuple[tuple[str, str, str, tuple[str, ...]], ...]
    """(file, line, level, texts): the first text on the record's own line."""
    deciding: str

    def as_text(self) -> str:
        """As Airflow 2 writes it."""
        return "\n".join(
            f"[2026-03-02T04:{n // 60 % 60:02}:{n % 60:02}.120+0000] {{{file}:{line}}} {level} - "
            + "\n".join(texts)
            for n, (file, line, level, texts) in enumerate(self.records)
        )


def written_logs(folder: Path = FOLDER) -> list[Written]:
    """All of them, in order of file and place."""
    found = []
    for path in sorted(folder.glob("*.txt")):
        for part in path.read_text(encoding="utf-8").split("=== ")[1:]:
            name, _, body = part.partition("\n")
            found.append(_written(name.strip(), path.stem, body))
    return found


def _written(name: str, kind: str, body: str) -> Written:
    records: list[tuple[str, str, str, list[str]]] = []
    deciding = ""
    for line in _expanded(body.rstrip("\n").split("\n")):
        text = line.removeprefix(_MARK)
        match = _RECORD.match(text)
        if match is not None:
            text = match["text"] or ""
            records.append((match["file"], match["line"], match["level"], [text]))
        else:
            records[-1][3].append(text)
        if line.startswith(_MARK):
            deciding = text
    assert deciding, f"{name} marks no line"
    return Written(
        name,
        kind,
        tuple((file, at, level, tuple(said)) for file, at, level, said in records),
        deciding,
    )


def _expanded(lines: list[str]) -> Iterator[str]:
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == "@begin":
            yield from _BEGIN.format(operator=rest).split("\n")
        elif word == "@failed":
            yield _FAILED.format(source=rest)
        elif word in ("@retry", "@end"):
            state = "UP_FOR_RETRY" if word == "@retry" else "FAILED"
            yield from _AFTER.format(state=state).split("\n")
        else:
            yield line


def structured(
    number: int, file: str, line: str, level: str, texts: tuple[str, ...]
) -> dict[str, object]:
    """A record as Airflow 3 writes it, with a printed exception as structure."""
    record: dict[str, object] = {
        "timestamp": f"2026-03-02T04:{number // 60 % 60:02}:{number % 60:02}.120000Z",
        "event": texts[0],
        "level": level.lower(),
        "logger": _logger(file),
        "filename": file,
        "lineno": int(line),
    }
    detail = _detail(texts[1:])
    if detail:
        record["error_detail"] = detail
    elif len(texts) > 1:
        record["event"] = "\n".join(texts)
    return record


def _logger(file: str) -> str:
    if file == "logging_mixin.py":
        return "task.stdout"
    return "task" if _OF_AIRFLOW.match(file) else f"airflow.providers.{file.removesuffix('.py')}"


def _detail(texts: tuple[str, ...]) -> list[dict[str, object]]:
    """Airflow 3's `error_detail` of a printed chain, surfaced first; [] where it is no such."""
    if not texts or not texts[0].startswith("Traceback (most recent"):
        return []
    chain: list[dict[str, object]] = []
    is_cause = False
    for part in "\n".join(texts).split("Traceback (most recent call last):\n")[1:]:
        lines = part.rstrip("\n").split("\n")
        frames = [
            {"filename": match["filename"], "lineno": int(match["lineno"]), "name": match["name"]}
            for text in lines
            if (match := _FRAME.match(text))
        ]
        last = next((i for i, text in enumerate(lines) if text and not text[0].isspace()), 0)
        said = "\n".join(lines[last:]).split("\n\nThe above exception")[0]
        said = said.split("\n\nDuring handling")[0].rstrip("\n")
        kind, _, value = said.partition(": ")
        kind = kind.rsplit(".", 1)[-1]
        chain.insert(
            0, {"exc_type": kind, "exc_value": value, "frames": frames, "is_cause": is_cause}
        )
        is_cause = "direct cause of" in part
    return chain
