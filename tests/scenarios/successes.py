"""Logs of tries that went well, full of words that only look like failures."""

from __future__ import annotations

from bot.diagnosis.logs import read_log_text
from bot.domain.evidence import Evidence, TaskInstance
from bot.domain.targets import Target

_START = """\
[2026-05-04T02:00:01.100+0000] {taskinstance.py:2603} INFO - Starting attempt 1 of 3
[2026-05-04T02:00:01.200+0000] {taskinstance.py:2626} INFO - Executing <Task(PythonOperator): load>
"""
_END = """\
[2026-05-04T02:09:01.900+0000] {taskinstance.py:1206} INFO - Marking task as SUCCESS. dag_id=orders
[2026-05-04T02:09:02.000+0000] {local_task_job_runner.py:243} INFO - Task exited with return code 0
"""
_AT = "[2026-05-04T02:00:05.000+0000]"

A_LIBRARY_THAT_RETRIES_LOUDLY = f"""\
{_AT} {{connectionpool.py:868}} WARNING - Retrying (Retry(total=2)) after connection broken by x
{_AT} {{api.py:31}} ERROR - 503 Server Error: Service Unavailable
"""
A_REPLY_WITH_A_FIELD_CALLED_ERRORS = f"""\
{_AT} {{api.py:31}} INFO - {{"items": 12, "errors": [], "failed": 0}}
"""
AN_EXCEPTION_THAT_WAS_EXPECTED = f"""\
{_AT} {{files.py:12}} ERROR - no cache yet
Traceback (most recent call last):
  File "/opt/airflow/dags/files.py", line 10, in read
    open(path)
FileNotFoundError: [Errno 2] No such file or directory: '/tmp/cache.json'
"""
THE_USUAL_NOISE_OF_SPARK = f"""\
{_AT} {{spark_submit.py:571}} INFO - 26/05/04 WARN NativeCodeLoader: Unable to load native-hadoop
{_AT} {{spark_submit.py:571}} INFO - 26/05/04 WARN TaskSetManager: ExecutorLostFailure
"""
A_COUNT_OF_NO_FAILURES = f"""\
{_AT} {{subprocess.py:93}} INFO - Done. PASS=41 WARN=2 ERROR=0 SKIP=0
"""
A_PRINT_THAT_IMITATES_AIRFLOW = f"""\
{_AT} {{logging_mixin.py:190}} INFO - Pod failed: reason OOMKilled
"""
A_HEALTHY_REPORT_ON_MEMORY = f"""\
{_AT} {{report.py:8}} INFO - peak memory 3.1 GB, limit 4 GB, killed 0
"""
AN_EARLIER_TRY = """\
[2026-05-04T01:00:01.100+0000] {taskinstance.py:2603} INFO - Starting attempt 1 of 2
[2026-05-04T01:00:05.000+0000] {taskinstance.py:3336} ERROR - Task failed with exception
Traceback (most recent call last):
  File "/opt/airflow/dags/orders.py", line 10, in load
    connect()
ConnectionRefusedError: [Errno 111] Connection refused
[2026-05-04T01:00:05.100+0000] {taskinstance.py:1206} INFO - Marking task as UP_FOR_RETRY. dag_id=x
"""
A_STRUCTURED_LOG = """\
{"timestamp":"2026-05-04T02:00:01Z","level":"info","event":"::group::Pre Execute","logger":"task"}
{"timestamp":"2026-05-04T02:00:02Z","level":"error","event":"upload failed","logger":"orders"}
{"timestamp":"2026-05-04T02:00:03Z","event":"Killed 3 stale sessions","logger":"task.stdout"}
{"timestamp":"2026-05-04T02:00:04Z","level":"info","event":"::group::Post Execute","logger":"task"}
"""


def successes() -> list[Evidence]:
    """One evidence each: the log and a task instance in state success."""
    middles = (
        A_LIBRARY_THAT_RETRIES_LOUDLY,
        A_REPLY_WITH_A_FIELD_CALLED_ERRORS,
        AN_EXCEPTION_THAT_WAS_EXPECTED,
        THE_USUAL_NOISE_OF_SPARK,
        A_COUNT_OF_NO_FAILURES,
        A_PRINT_THAT_IMITATES_AIRFLOW,
        A_HEALTHY_REPORT_ON_MEMORY,
    )
    logs = [_went_well(_START + middle + _END) for middle in middles]
    second = AN_EARLIER_TRY + _START.replace("attempt 1", "attempt 2") + _END
    return [*logs, _went_well(second, 2), _went_well(A_STRUCTURED_LOG)]


def _went_well(log: str, try_number: int = 1) -> Evidence:
    task = TaskInstance("orders", "r", "load", state="success", try_number=try_number)
    reading = read_log_text(log, try_number)
    return Evidence(Target("prod", "orders"), task_instance=task, log=reading)
