"""A new file as a patch that `git am` takes."""

from __future__ import annotations

import hashlib
from datetime import datetime
from email.header import Header
from email.utils import format_datetime

_FROM = "Airflow Support Bot <airflow-support-bot@localhost>"
_NO_COMMIT = "0" * 40
_SUBJECT_MAX = 72


def git_patch(path: str, text: str, subject: str, why: str, at: datetime) -> str:
    """`path` is the new file's in the repository; `at` an aware time."""
    lines = text.splitlines()
    end = "" if text.endswith("\n") else "\n\\ No newline at end of file"
    blob = hashlib.sha1(  # noqa: S324 (the name that Git gives it)
        f"blob {len(text.encode())}\0".encode() + text.encode()
    ).hexdigest()
    added = "\n".join(f"+{line}" for line in lines)
    count = "1" if len(lines) == 1 else f"1,{len(lines)}"
    return (
        f"From {_NO_COMMIT} Mon Sep 17 00:00:00 2001\n"
        f"From: {_FROM}\n"
        f"Date: {format_datetime(at)}\n"
        f"Subject: [PATCH] {_header(subject)}\n"
        "MIME-Version: 1.0\n"
        "Content-Type: text/plain; charset=UTF-8\n"
        "Content-Transfer-Encoding: 8bit\n\n"
        f"{why}\n"
        "---\n"
        f" {path} | {len(lines)} +\n"
        f" 1 file changed, {len(lines)} insertions(+)\n"
        f" create mode 100644 {path}\n\n"
        f"diff --git a/{path} b/{path}\n"
        "new file mode 100644\n"
        f"index 0000000..{blob[:7]}\n"
        "--- /dev/null\n"
        f"+++ b/{path}\n"
        f"@@ -0,0 +{count} @@\n"
        f"{added}{end}\n"
        "-- \n"
        "airflow-bot\n\n"
    )


def _header(words: str) -> str:
    """On one line, in letters that mail takes."""
    line = " ".join(words.split())[:_SUBJECT_MAX]
    return line if line.isascii() else Header(line, "utf-8").encode(linesep="")
