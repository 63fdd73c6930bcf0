"""Dags that fail, wait or run long in known ways, for the tests against a real Airflow."""

import os
import signal
import time
from datetime import timedelta

from airflow.sdk import DAG, Param, task
from support_bot_callback import report_failure, report_success

WIDE_LINE = "reading part {:07d} of the export, checksum {:032x}, nothing unusual to report here"

with DAG("orders", schedule=None, doc_md="Loads the orders. Ask #orders.", tags=["team:orders"]):

    @task(owner="orders-team")
    def extract() -> None:
        prices = {"eur": 1.0}
        try:
            prices["usd"]
        except KeyError as error:
            raise ValueError("no rate for currency 'usd'") from error

    @task(owner="orders-team")
    def load() -> None:
        print("never reached")

    extract() >> load()

with DAG("scores", schedule=None):

    @task
    def score(number: int) -> int:
        if number == 2:
            raise ValueError(f"score of {number} is out of range")
        return number

    score.expand(number=list(range(4)))

with DAG("flaky", schedule=None):

    @task(retries=1, retry_delay=timedelta(seconds=1))
    def settle(ti=None) -> None:
        if ti.try_number == 1:
            raise ConnectionResetError("connection reset by peer")

    settle()

with DAG("chatty", schedule=None, params={"megabytes": Param(150)}):

    @task
    def export(params=None) -> None:
        """Writes a log of about so many megabytes, then fails."""
        for number in range(int(params["megabytes"]) * 4_000):
            print(WIDE_LINE.format(number, number))
        raise RuntimeError("export ended without its footer")

    export()

with DAG("patient", schedule=None, params={"seconds": Param(40)}):

    @task
    def work(params=None) -> None:
        for second in range(int(params["seconds"])):
            print(f"second {second}")
            time.sleep(1)

    work()

with DAG("crowded", schedule=None):

    @task(pool="no_such_pool")
    def wait_for_pool() -> None:
        print("never reached")

    wait_for_pool()

with DAG("killed", schedule=None):

    @task
    def swell() -> None:
        """Ends as for want of memory: nothing in its process can tell of it."""
        os.kill(os.getpid(), signal.SIGKILL)

    swell()

with DAG(
    "called",
    schedule=None,
    params={"fails": Param(True)},
    default_args={"on_failure_callback": report_failure},
    on_failure_callback=report_failure,
    on_success_callback=report_success,
):

    @task
    def step(params=None) -> None:
        if params["fails"]:
            raise ValueError("as it was asked to")

    step()
