"""What makes a raw line of a log worth keeping: words of failure and Airflow's own marks.

One pattern each, in the syntax that hyperscan, RE2 and Python share, over raw bytes; none may
match across a line end, so that all three engines find the same lines.
"""

from __future__ import annotations

# Case is ignored. Short stems catch inflections: "fail" is failed, failure, FAILED.
WORDS = (
    r"error",
    r"exception",
    r"fail",
    r"fatal",
    r"panic",
    r"traceback",
    r"caused by",
    r"denied",
    r"refused",
    r"rejected",
    r"forbidden",
    r"unauthori[sz]ed",
    r"not authori[sz]ed",
    r"can ?not ",
    r"can't ",
    r"could ?n[o']t",
    r"unable to",
    r"not found",
    r"no such",
    r"no module",
    r"not exist",
    r"not available",
    r"unavailable",
    r"unreachable",
    r"kill",
    r"sigterm",
    r"sigkill",
    r"segmentation",
    r"core dumped",
    r"terminat",
    r"abort",
    r"evict",
    r"\boom",
    r"out of memory",
    r"memory",
    r"no space",
    r"too many",
    r"exceed",
    r"quota",
    r"throttl",
    r"timed? ?out",
    r"expired",
    r"invalid",
    r"undefined",
    r"unexpected",
    r"mismatch",
    r"violat",
    r"missing",
    r"conflict",
    r"deadlock",
    r"reset by peer",
    r"broken pipe",
    r"zombie",
    r"heartbeat",
    r"externally set",
    r"exit(?:ed|_code|ing)?\b",
    r"return code",
    r"\bstderr",
    r"\bcritical\b",
    r"\bsevere\b",
    r"\bwarn",
    r"\bassert",
    r"signal",
    r"stopp(?:ed|ing)",
    r"shut(?:ting)? ?down",
    r"interrupt",
    r"not ready",
    r"unschedulable",
    r"preempt",
    r"retry",
    r"skipp(?:ed|ing)",
    r"deferr",
    r"marking task",
    r"starting attempt",
    r"task finished",
    r"log file",
    r"served logs",
    r"broken dag",
    r"duplicate",
    r"permission",
    r"\be {3}",
)

# Hits that open or end something: they are kept with many neighbours.
OPENING = r"(?i)traceback \(most recent|caused by:|exception in thread|error_detail"
ENDING = (
    r"(?i)return(?:ed)? (?:code|a non-zero)|exit(?:ed)? (?:with )?(?:code|status|return)"
    r"|exit_code|marking task as|task failed|task exited|command failed|cannot execute:"
    r"|terminated by signal|externally set|sigterm|sigkill|returned a failure|task killed"
    r"|shouldn't be running|process timed out|heartbeat timeout|detected zombie"
)
ATTEMPT = r"Starting attempt (\d+)"
