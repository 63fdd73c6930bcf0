"""Forty failures that happened for one reason each, in the wordings in which they come.

In messages `{n}`, `{id}`, `{path}`, `{date}`, `{ip}`, `{pod}`, `{word}` stand for what differs from
one time to the next.
"""

# ruff: noqa: E501
# Messages are as long as they are.

from __future__ import annotations

from dataclasses import dataclass

BASE = "/home/airflow/.local/lib/python3.12/site-packages"
_RUN = (f"{BASE}/airflow/sdk/execution_time/task_runner.py", "run")
_PYTHON = (f"{BASE}/airflow/providers/standard/operators/python.py", "execute_callable")
_SQL = (f"{BASE}/airflow/providers/common/sql/operators/sql.py", "execute")
_HTTP = (f"{BASE}/airflow/providers/http/hooks/http.py", "run")
_PSYCOPG2 = (f"{BASE}/psycopg2/__init__.py", "connect")
_PSYCOPG = (f"{BASE}/psycopg/connection.py", "connect")
_ALCHEMY = (f"{BASE}/sqlalchemy/engine/base.py", "_execute_context")
_REQUESTS = (f"{BASE}/requests/adapters.py", "send")
_URLLIB3 = (f"{BASE}/urllib3/connection.py", "_new_conn")
_HTTPX = (f"{BASE}/httpx/_transports/default.py", "map_httpcore_exceptions")
_BOTO = (f"{BASE}/botocore/client.py", "_make_api_call")


@dataclass(frozen=True, slots=True)
class Raised:
    """One exception: its frames as file and function, the outermost first."""

    type: str
    message: str
    frames: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Wording:
    """One way in which a failure is told: the chain from what surfaced to its cause, lines before
    it, or what else of Airflow tells it."""

    chain: tuple[Raised, ...] = ()
    lines: tuple[str, ...] = ()
    event: str = ""
    unmet: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One reason to fail. What is the platform's own fails on one of the clusters."""

    name: str
    operator: str
    dags: tuple[str, ...]
    wordings: tuple[Wording, ...]
    clusters: tuple[str, ...] = ("prod", "prod-eu")
    pool: str = "default_pool"
    state: str = "failed"


def _dag(path: str, function: str) -> tuple[str, str]:
    return (f"/opt/airflow/dags/{path}", function)


def _in_code(type_: str, message: str, *frames: tuple[str, str]) -> Wording:
    return Wording((Raised(type_, message, (_RUN, _PYTHON, *frames)),))


def _requests(error: str, message: str, inner: str, said: str, *frames: tuple[str, str]) -> Wording:
    cause = Raised(inner, said, (_URLLIB3,))
    return Wording((Raised(error, message, (_RUN, *frames, _REQUESTS)), cause))


def _refused(host: str) -> tuple[Wording, ...]:
    two = f'connection to server at "{host}" ({{ip}}), port 5432 failed: Connection refused'
    asks = "\n\tIs the server running on that host and accepting TCP/IP connections?\n"
    three = f'connection failed: connection to server at "{{ip}}", port 5432 failed: {two}'
    wrapped = f"(psycopg2.OperationalError) {two}{asks}(Background on this error at: https://sqlalche.me/e/20/e3q8)"
    plain = Raised("psycopg2.OperationalError", two + asks, (_RUN, _SQL, _PSYCOPG2))
    deep = Raised("psycopg2.OperationalError", two + asks, (_ALCHEMY, _PSYCOPG2))
    return (
        Wording((plain,)),
        Wording((Raised("sqlalchemy.exc.OperationalError", wrapped, (_RUN, _SQL, _ALCHEMY)), deep)),
        Wording((Raised("psycopg.OperationalError", three, (_RUN, _SQL, _PSYCOPG)),)),
    )


_LOADS = ("orders_load", "customers_load", "ledger_load", "stock_load", "returns_load")
_FEEDS = ("rates_import", "invoices_eu", "invoices_us", "treasury_feed")

CODE = (
    Scenario(
        "country is missing in orders",
        "PythonOperator",
        ("orders_daily", "orders_hourly"),
        (_in_code("KeyError", "'country'", _dag("orders/transform.py", "normalise")),),
    ),
    Scenario(
        "currency is missing in rates",
        "PythonOperator",
        ("finance_rates",),
        (_in_code("KeyError", "'{word}'", _dag("finance/rates.py", "convert")),),
    ),
    Scenario(
        "a frame is None in the shared library",
        "PythonOperator",
        ("orders_daily", "stock_daily", "returns_daily", "crm_sync"),
        (
            _in_code(
                "AttributeError",
                "'NoneType' object has no attribute 'merge'",
                _dag("{word}_flow.py", "prepare"),
                _dag("etl_common/frames.py", "merge_all"),
            ),
        ),
    ),
    Scenario(
        "amounts that are no numbers",
        "PythonOperator",
        ("inventory_parse",),
        (
            _in_code(
                "ValueError",
                "could not convert string to float: '{word} {n}'",
                _dag("inventory/parse.py", "to_amount"),
            ),
        ),
    ),
    Scenario(
        "division by zero",
        "PythonOperator",
        ("marketing_spend", "marketing_spend_eu"),
        (_in_code("ZeroDivisionError", "division by zero", _dag("marketing/spend.py", "cpa")),),
    ),
    Scenario(
        "geopandas is not installed",
        "PythonOperator",
        ("geo_tiles", "geo_index"),
        (
            _in_code(
                "ModuleNotFoundError", "No module named 'geopandas'", _dag("geo/shapes.py", "load")
            ),
        ),
    ),
    Scenario(
        "pandas was upgraded",
        "PythonOperator",
        ("export_weekly", "export_daily"),
        (
            _in_code(
                "TypeError",
                "to_parquet() got an unexpected keyword argument 'engine_options'",
                _dag("export/write.py", "dump"),
            ),
        ),
    ),
    Scenario(
        "a variable is missing",
        "PythonOperator",
        ("partner_upload",),
        (
            _in_code(
                "KeyError",
                "'Variable sftp_root does not exist'",
                _dag("partner/upload.py", "target_folder"),
            ),
            _in_code(
                "AirflowRuntimeError",
                "VARIABLE_NOT_FOUND: {{'key': 'sftp_root'}}",
                _dag("partner/upload.py", "target_folder"),
            ),
        ),
    ),
    Scenario(
        "a connection is missing",
        "SQLExecuteQueryOperator",
        ("eu_report", "eu_margin"),
        (
            Wording(
                (
                    Raised(
                        "airflow.exceptions.AirflowNotFoundException",
                        "The conn_id `warehouse_eu` isn't defined",
                        (_RUN, _SQL, (f"{BASE}/airflow/sdk/bases/hook.py", "get_connection")),
                    ),
                )
            ),
        ),
    ),
    Scenario(
        "a template names what is not there",
        "BashOperator",
        ("nightly_copy",),
        (
            Wording(
                (
                    Raised(
                        "jinja2.exceptions.UndefinedError",
                        "'ds_local' is undefined",
                        (_RUN, (f"{BASE}/jinja2/environment.py", "render")),
                    ),
                ),
                ("Exception rendering Jinja template for task {word}_copy, field 'bash_command'",),
            ),
        ),
    ),
    Scenario(
        "a query has a slip",
        "SQLExecuteQueryOperator",
        ("margin_report",),
        (
            Wording(
                (
                    Raised(
                        "psycopg2.errors.SyntaxError",
                        "syntax error at or near \"FORM\"\nLINE 7: FORM sales s WHERE s.day = '{date}'\n        ^\n",
                        (_RUN, _SQL, (f"{BASE}/airflow/providers/common/sql/hooks/sql.py", "run")),
                    ),
                )
            ),
        ),
    ),
    Scenario(
        "a script needs a program that is not there",
        "BashOperator",
        ("bucket_sync", "bucket_sync_eu"),
        (
            Wording(
                (
                    Raised(
                        "airflow.exceptions.AirflowException",
                        "Bash command failed. The command returned a non-zero exit code 127.",
                        (_RUN, (f"{BASE}/airflow/providers/standard/operators/bash.py", "execute")),
                    ),
                ),
                (
                    "Running command: ['/usr/bin/bash', '-c', './sync.sh {path}']",
                    "Output:",
                    "./sync.sh: line 12: rclone: command not found",
                    "Command exited with return code 127",
                ),
            ),
        ),
    ),
    Scenario(
        "nothing was handed on",
        "PythonOperator",
        ("chain_consume",),
        (
            _in_code(
                "TypeError",
                "'NoneType' object is not subscriptable",
                _dag("chain/consume.py", "read_batch"),
            ),
        ),
    ),
    Scenario(
        "a partner's file is in another encoding",
        "PythonOperator",
        ("partner_read",),
        (
            _in_code(
                "UnicodeDecodeError",
                "'utf-8' codec can't decode byte 0x{hex2} in position {n}: invalid continuation byte",
                _dag("partner/read.py", "rows_of"),
            ),
        ),
    ),
)

DEPENDENCIES = (
    Scenario(
        "the orders database is down",
        "SQLExecuteQueryOperator",
        _LOADS,
        _refused("orders-db.internal.example.com"),
    ),
    Scenario(
        "the customers database is down",
        "SQLExecuteQueryOperator",
        ("crm_sync", "crm_scores", "churn_daily"),
        _refused("crm-db.internal.example.com"),
    ),
    Scenario(
        "the rates service does not answer",
        "PythonOperator",
        _FEEDS,
        (
            _requests(
                "requests.exceptions.ConnectTimeout",
                "HTTPSConnectionPool(host='api.rates.example.com', port=443): Max retries exceeded with url: /v2/daily?date={date}&req={id} (Caused by ConnectTimeoutError(<urllib3.connection.HTTPSConnection object at 0x7f{hex10}>, 'Connection to api.rates.example.com timed out. (connect timeout=10)'))",
                "urllib3.exceptions.ConnectTimeoutError",
                "(<urllib3.connection.HTTPSConnection object at 0x7f{hex10}>, 'Connection to api.rates.example.com timed out. (connect timeout=10)')",
                _PYTHON,
                _dag("finance/fetch.py", "rates_of"),
            ),
            _requests(
                "requests.exceptions.ReadTimeout",
                "HTTPSConnectionPool(host='api.rates.example.com', port=443): Read timed out. (read timeout={n})",
                "urllib3.exceptions.ReadTimeoutError",
                "HTTPSConnectionPool(host='api.rates.example.com', port=443): Read timed out.",
                _PYTHON,
                _dag("finance/invoices.py", "fetch"),
            ),
        ),
    ),
    Scenario(
        "the geocoder is overloaded",
        "HttpOperator",
        ("geo_tiles", "addresses_clean", "routes_plan"),
        (
            Wording(
                (
                    Raised(
                        "airflow.exceptions.AirflowException",
                        "503:Service Unavailable",
                        (_RUN, _HTTP),
                    ),
                    Raised(
                        "requests.exceptions.HTTPError",
                        "503 Server Error: Service Unavailable for url: https://geo.example.org/v1/lookup?q={word}%20{n}",
                        (_HTTP, (f"{BASE}/requests/models.py", "raise_for_status")),
                    ),
                ),
            ),
            Wording(
                (
                    Raised(
                        "httpx.HTTPStatusError",
                        "Server error '503 Service Unavailable' for url 'https://geo.example.org/v1/batch/{id}'\nFor more information check: https://developer.mozilla.org/en-US/docs/Web/HTTP/Status/503",
                        (_RUN, _PYTHON, _dag("geo/lookup.py", "ask"), _HTTPX),
                    ),
                ),
            ),
        ),
    ),
    Scenario(
        "the partner throttles",
        "PythonOperator",
        ("partner_offers", "partner_stock"),
        (
            Wording(
                (
                    Raised(
                        "requests.exceptions.HTTPError",
                        "429 Client Error: Too Many Requests for url: https://api.partner.example.net/offers?page={n}&cursor={id}",
                        (
                            _RUN,
                            _PYTHON,
                            _dag("partner/offers.py", "pages"),
                            (f"{BASE}/requests/models.py", "raise_for_status"),
                        ),
                    ),
                ),
            ),
        ),
    ),
    Scenario(
        "the token for the CRM has expired",
        "HttpOperator",
        ("crm_sync", "crm_contacts"),
        (
            Wording(
                (
                    Raised(
                        "airflow.exceptions.AirflowException", "401:Unauthorized", (_RUN, _HTTP)
                    ),
                    Raised(
                        "requests.exceptions.HTTPError",
                        "401 Client Error: Unauthorized for url: https://crm.example.com/rest/contacts/{id}",
                        (_HTTP, (f"{BASE}/requests/models.py", "raise_for_status")),
                    ),
                ),
                (
                    '{{"error":"invalid_token","error_description":"The access token expired","request":"{id}"}}',
                ),
            ),
        ),
    ),
    Scenario(
        "raw exports do not come",
        "PythonOperator",
        ("raw_orders", "raw_events", "raw_clicks"),
        (
            Wording(
                (
                    Raised(
                        "botocore.errorfactory.NoSuchKey",
                        "An error occurred (NoSuchKey) when calling the GetObject operation: The specified key does not exist.",
                        (_RUN, _PYTHON, _dag("raw/read.py", "fetch"), _BOTO),
                    ),
                ),
                ("Reading s3://raw-exports/{path}",),
            ),
        ),
    ),
    Scenario(
        "finance's bucket is closed to us",
        "S3CopyObjectOperator",
        ("ledger_copy", "ledger_archive"),
        (
            Wording(
                (
                    Raised(
                        "botocore.exceptions.ClientError",
                        'An error occurred (AccessDenied) when calling the PutObject operation: User: arn:aws:sts::123456789012:assumed-role/airflow/{id} is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::finance-private/{path}"',
                        (
                            _RUN,
                            (f"{BASE}/airflow/providers/amazon/aws/operators/s3.py", "execute"),
                            _BOTO,
                        ),
                    ),
                ),
            ),
        ),
    ),
    Scenario(
        "a partner's name is not known any more",
        "SFTPToS3Operator",
        ("partner_pull", "partner_pull_eu"),
        (
            Wording(
                (
                    Raised(
                        "socket.gaierror",
                        "[Errno -2] Name or service not known",
                        (
                            _RUN,
                            (f"{BASE}/airflow/providers/sftp/hooks/sftp.py", "get_conn"),
                            (f"{BASE}/paramiko/client.py", "connect"),
                        ),
                    ),
                ),
                ("Connecting to ftp.partner.example.net",),
            ),
        ),
    ),
    Scenario(
        "the certificate of billing has expired",
        "PythonOperator",
        ("billing_pull", "billing_audit"),
        (
            _requests(
                "requests.exceptions.SSLError",
                "HTTPSConnectionPool(host='billing.example.com', port=443): Max retries exceeded with url: /export/{id} (Caused by SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired (_ssl.c:{n})')))",
                "urllib3.exceptions.SSLError",
                "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired (_ssl.c:{n})",
                _PYTHON,
                _dag("billing/pull.py", "download"),
            ),
        ),
    ),
    Scenario(
        "a table is gone",
        "SQLExecuteQueryOperator",
        ("sales_report", "sales_forecast"),
        (
            Wording(
                (
                    Raised(
                        "psycopg2.errors.UndefinedTable",
                        "relation \"analytics.orders_daily\" does not exist\nLINE 3: FROM analytics.orders_daily o WHERE o.day = '{date}'\n             ^\n",
                        (_RUN, _SQL, (f"{BASE}/airflow/providers/common/sql/hooks/sql.py", "run")),
                    ),
                )
            ),
        ),
    ),
    Scenario(
        "a column is gone",
        "SQLExecuteQueryOperator",
        ("margin_daily",),
        (
            Wording(
                (
                    Raised(
                        "psycopg2.errors.UndefinedColumn",
                        "column o.net_amount does not exist\nLINE {n}: SELECT o.net_amount, o.day FROM sales.orders o\n               ^\n",
                        (_RUN, _SQL, (f"{BASE}/airflow/providers/common/sql/hooks/sql.py", "run")),
                    ),
                )
            ),
        ),
    ),
    Scenario(
        "the warehouse's budget is used up",
        "SQLExecuteQueryOperator",
        ("wh_orders", "wh_stock", "wh_returns"),
        (
            Wording(
                (
                    Raised(
                        "snowflake.connector.errors.ProgrammingError",
                        "090073 (22000): {id}: Warehouse 'LOAD_WH' cannot be resumed because resource monitor 'MONTHLY' has exceeded its quota.",
                        (
                            _RUN,
                            _SQL,
                            (f"{BASE}/snowflake/connector/errors.py", "default_errorhandler"),
                        ),
                    ),
                )
            ),
        ),
    ),
    Scenario(
        "two loads lock each other out",
        "SQLExecuteQueryOperator",
        ("ledger_load", "ledger_fix"),
        (
            Wording(
                (
                    Raised(
                        "psycopg2.errors.DeadlockDetected",
                        'deadlock detected\nDETAIL:  Process {n} waits for ShareLock on transaction {n}; blocked by process {n}.\nHINT:  See server log for query details.\nCONTEXT:  while updating tuple ({n},{n}) in relation "ledger"\n',
                        (_RUN, _SQL, (f"{BASE}/airflow/providers/common/sql/hooks/sql.py", "run")),
                    ),
                )
            ),
        ),
    ),
    Scenario(
        "Kafka is away",
        "PythonOperator",
        ("events_replay", "events_compact"),
        (
            _in_code(
                "kafka.errors.NoBrokersAvailable",
                "NoBrokersAvailable",
                _dag("events/replay.py", "consumer"),
                (f"{BASE}/kafka/client_async.py", "check_version"),
            ),
        ),
    ),
    Scenario(
        "customers without an id",
        "GreatExpectationsOperator",
        ("orders_checks",),
        (
            Wording(
                (
                    Raised(
                        "airflow.exceptions.AirflowException",
                        "Validation with Great Expectations failed.",
                        (
                            _RUN,
                            (
                                f"{BASE}/great_expectations_provider/operators/great_expectations.py",
                                "execute",
                            ),
                        ),
                    ),
                ),
                (
                    "expect_column_values_to_not_be_null on orders.customer_id failed: {n} unexpected of {n}",
                ),
            ),
        ),
    ),
    Scenario(
        "a partner's file does not come",
        "FileSensor",
        ("partner_files",),
        (
            Wording(
                (
                    Raised(
                        "airflow.exceptions.AirflowSensorTimeout",
                        "Sensor has timed out; run duration of 36{n}.{n} seconds exceeds the specified timeout of 3600.0.",
                        (_RUN, (f"{BASE}/airflow/sdk/bases/sensor.py", "execute")),
                    ),
                ),
                ("Poking for file /data/in/partner_{date}.csv",),
            ),
        ),
    ),
    Scenario(
        "the queries' quota is used up",
        "BigQueryInsertJobOperator",
        ("bq_orders", "bq_events", "bq_marketing"),
        (
            Wording(
                (
                    Raised(
                        "google.api_core.exceptions.Forbidden",
                        "403 Quota exceeded: Your project exceeded quota for concurrent queries. For more information, see https://cloud.google.com/bigquery/docs/troubleshoot-quotas; reason: quotaExceeded, location: {word}, job: airflow_{id}",
                        (
                            _RUN,
                            (
                                f"{BASE}/airflow/providers/google/cloud/operators/bigquery.py",
                                "execute",
                            ),
                            (f"{BASE}/google/cloud/bigquery/job/base.py", "result"),
                        ),
                    ),
                )
            ),
        ),
    ),
)

_MANY = ("orders_daily", "crm_sync", "geo_tiles", "ledger_load", "churn_daily", "bq_events")

PLATFORM = (
    Scenario(
        "workers are lost",
        "PythonOperator",
        _MANY,
        (Wording(event="heartbeat timeout", lines=("Copying part {n}", "Copying part {n}")),),
        ("prod",),
    ),
    Scenario(
        "pods die for memory",
        "KubernetesPodOperator",
        _MANY,
        (
            Wording(
                (
                    Raised(
                        "airflow.exceptions.AirflowException",
                        "Pod {pod} returned a failure.\nremote_pod: {{'status': {{'containerStatuses': [{{'state': {{'terminated': {{'exitCode': 137, 'reason': 'OOMKilled', 'containerID': 'containerd://{id}'}}}}}}]}}}}",
                        (
                            _RUN,
                            (
                                f"{BASE}/airflow/providers/cncf/kubernetes/operators/pod.py",
                                "cleanup",
                            ),
                        ),
                    ),
                )
            ),
        ),
        ("prod",),
    ),
    Scenario(
        "images cannot be pulled",
        "KubernetesPodOperator",
        _MANY,
        (
            Wording(
                (
                    Raised(
                        "airflow.providers.cncf.kubernetes.utils.pod_manager.PodLaunchFailedException",
                        'Pod docker image cannot be pulled, unable to start: ErrImagePull\nFailed to pull image "registry.example.com/etl:{n}": rpc error: code = Unknown desc = failed to resolve reference',
                        (
                            _RUN,
                            (
                                f"{BASE}/airflow/providers/cncf/kubernetes/utils/pod_manager.py",
                                "await_pod_start",
                            ),
                        ),
                    ),
                )
            ),
        ),
        ("prod-eu",),
    ),
    Scenario(
        "a disk is full",
        "PythonOperator",
        _MANY,
        (
            _in_code(
                "OSError",
                "[Errno 28] No space left on device: '{path}'",
                _dag("{word}/dump.py", "write"),
            ),
        ),
        ("prod",),
    ),
    Scenario(
        "the pool etl is full",
        "PythonOperator",
        _MANY,
        (
            Wording(
                unmet="Not scheduling since there are {n} open slots in pool etl and require {n} pool slots"
            ),
        ),
        ("prod",),
        "etl",
        "scheduled",
    ),
    Scenario(
        "the pool small is full",
        "PythonOperator",
        ("exports_small", "exports_large"),
        (
            Wording(
                unmet="Not scheduling since there are {n} open slots in pool small and require {n} pool slots"
            ),
        ),
        ("prod",),
        "small",
        "scheduled",
    ),
    Scenario(
        "nothing leaves the queue",
        "PythonOperator",
        _MANY,
        (Wording(event="stuck in queued tries exceeded"),),
        ("prod-eu",),
    ),
    Scenario(
        "the metadata database is away",
        "PythonOperator",
        _MANY,
        (
            Wording(
                (
                    Raised(
                        "sqlalchemy.exc.OperationalError",
                        '(psycopg2.OperationalError) connection to server at "metadata-db.internal.example.com" ({ip}), port 5432 failed: FATAL:  the database system is shutting down\n(Background on this error at: https://sqlalche.me/e/20/e3q8)',
                        (
                            (f"{BASE}/airflow/jobs/job.py", "heartbeat"),
                            (f"{BASE}/airflow/utils/session.py", "wrapper"),
                            _ALCHEMY,
                        ),
                    ),
                )
            ),
        ),
        ("prod-eu",),
    ),
)

SCENARIOS = (*CODE, *DEPENDENCIES, *PLATFORM)
