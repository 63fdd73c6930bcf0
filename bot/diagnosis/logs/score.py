"""How much each single line tells about a failure, before exceptions are looked at."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import re2

from bot.diagnosis.logs import shapes
from bot.diagnosis.logs.rows import Row
from bot.diagnosis.logs.templates import template_of
from bot.domain.logs import Speaker

# Airflow's own routine, which says that and not why.
_ROUTINE = re2.compile(
    r"Dependencies (?:all|not) met|Starting attempt|Executing <Task|Started process|Running: \[|"
    r"Job \d+: Subtask|Running <TaskInstance|Exporting (?:the following )?env vars|AIRFLOW_CTX|"
    r"downstream tasks? scheduled|Marking task as|::(?:end)?group::|"
    r"Task exited with return code|Done\. Returned value was|Filling up the DagBag|"
    r"Task instance (?:is )?in (?:running|failure|success)|Previous state of the Task|"
    r"Task operator:|"
    r"Current task name|Dag name|Retrieving connection|Using connection ID|"
    r"Email alerting|Sent an alert|^[-=]{20,}$|^\*\*\* |DAG bundles loaded|Pushing xcom|"
    r"Tmp dir root location|Running command:|^Output:$|Could not load (?:task|dag)|"
    r"Worker startup parse|Task failed with exception|^\.\.\.$"
)
_DECOY = re2.compile(
    r"(?i)deprecat|futurewarning|userwarning|nativecodeloader|ocsp fail open|ps: command not found|"
    r"spark_local_ip|log4j:warn|pip version|running pip as|fileoutputcommitter|"
    r"multi-threaded, use of fork|"
    r"cleanup failures: ?false|errors?[\"']?\s*[:=]\s*(?:0|\[\]|null|none|false)\b|\b0 errors?\b|"
    r"no errors?\b|"
    r"no exception|failed[=: ]+0\b|error=0|on_error|error_bad_lines|continue-on-error|"
    r"without error|"
    r"ignored? error|background on this error|errorhandler|error_class|_error_handler|"
    r"handle_exception|"
    r"raise exception$|retries|retry_delay"
)
_BAD = re2.compile(
    r"(?i)error|exception|fail|fatal|denied|refused|cannot|can't|could ?n[o']t|unable|not found|"
    r"no such|"
    r"killed|sigterm|sigkill|oom|evict|timed? ?out|timeout|invalid|unauthori[sz]ed|forbidden|"
    r"exceeded|"
    r"abort|unreachable|not exist|terminat|panic|segmentation|traceback|reset by peer|expired|"
    r"throttl|"
    r"too many|no space|zombie|heartbeat|undefined|missing|mismatch|violat|deadlock|conflict|"
    r"unexpected|"
    r"unavailable|not available|not ready|interrupt|\be {3}|core dumped|stopp(?:ed|ing)|duplicate"
)
_STRONG = re2.compile(
    r"(?i)outofmemory|oomkilled|memoryerror|no space left|exit code 137|sigkill|sigsegv|evicted|"
    r"externally set to|"
    r"heartbeat timeout|zombie|connection refused|could not translate host name|"
    r"name or service not known|"
    r"temporary failure in name resolution|unknownhost|access ?denied|unauthorized|"
    r"permission denied|"
    r"authenticationfail|password authentication failed|authentication failed|invalid api key|"
    r"nosuch(?:bucket|key)|no such file|does not exist|not authorized|modulenotfound|"
    r"no module named|"
    r"importerror|nameerror|keyerror|typeerror|sql compilation error|syntax error|"
    r"command not found|"
    r"can't open file|failed to (?:load|open|find|connect)|cannot start|caused by:|"
    r"could not (?:parse|connect|find|load)|no \S+ .{0,20}(?:found|available)|"
    r"unable to (?:connect|locate|open)|quotaexceeded|\b429\b|too many requests|deadlock|"
    r"statement timeout|"
    r"^error(?:\[e\d+\])?:|npm err!|failed |assertionerror|assert|has timed out|broken dag"
)
_KILL = re2.compile(
    r"(?i)sigterm|sigkill|negsignal|externally set to|heartbeat timeout|zombie|return code -|"
    r"oomkilled|process timed out|timed out, killing|terminating (?:sub)?process|"
    r"terminated by signal|task killed|shouldn't be running"
)
_ONLY_MARKS = re.compile(r"\s*[\^~\s]+$")
_SHORTEST = 4
_NEW = 2.5  # what a successful run does not say tells something, whatever its words


@dataclass(slots=True)
class Scored:
    """Lines that are equal but for numbers and ids: the one that stands for them, how much it
    tells, and how many they are.
    """

    index: int
    score: float
    count: int


def score_rows(rows: Sequence[Row], failed_at: int) -> list[Scored]:
    """Of each template that tells anything the last one up to the row where the failure stood."""
    groups: dict[str, list[int]] = {}
    for index, row in enumerate(rows):
        if len(row.text) >= _SHORTEST and _may_tell(row):
            groups.setdefault(template_of(row.text), []).append(index)
    found = []
    for indexes in groups.values():
        index = next((i for i in reversed(indexes) if i <= failed_at), indexes[0])
        score = _score(rows[index])
        if score is not None:
            found.append(Scored(index, score, len(indexes)))
    return found


def is_idle(row: Row) -> bool:
    """Routine, empty, or only marks: nothing to fill a pack with."""
    text = row.text
    return (
        len(text.strip()) < _SHORTEST
        or row.head.speaker is Speaker.SOURCE
        or _ONLY_MARKS.match(text) is not None
        or _ROUTINE.search(text) is not None
        or shapes.JAVA_FRAME.match(text) is not None
    )


def tells_kill(text: str) -> bool:
    """Whether it tells that the task was ended from outside."""
    return _KILL.search(text) is not None


def is_decoy(text: str) -> bool:
    """Words of failure that mean none."""
    return _DECOY.search(text) is not None


def _may_tell(row: Row) -> bool:
    if row.head.speaker is Speaker.SOURCE:
        return False
    if row.is_new or row.head.rank >= 2 or (row.inner_rank or 0) >= 2:
        return True
    return _BAD.search(row.text) is not None


def _score(row: Row) -> float | None:
    text = row.text
    if _ROUTINE.search(text) is not None and _KILL.search(text) is None:
        return None
    if shapes.FRAME.match(text) or shapes.JAVA_FRAME.match(text) or _ONLY_MARKS.match(text):
        return None
    if shapes.TRACEBACK in text or shapes.DURING in text or shapes.CAUSE in text:
        return None
    bad, strong = _BAD.search(text) is not None, _STRONG.search(text) is not None
    score = 2.0 * bad + 3.0 * strong
    score += {0: -2.0, 1: 0.0, 2: 1.0, 3: 2.5, 4: 3.0}.get(row.inner_rank or 1, 0.0)
    score += {2: 0.5, 3: 1.5, 4: 2.5}.get(row.head.rank, 0.0)
    if shapes.told_type(shapes.bare(text)) or shapes.JAVA_HEAD.search(text):
        score += 3
    if shapes.is_wrapper("", text):
        score -= 2
    if is_decoy(text):
        score -= 4
    if row.head.speaker is Speaker.CHILD and bad:
        score += 1
    if row.is_new:
        score += _NEW
    return score if score > 0 else None
