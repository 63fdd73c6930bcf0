"""How near to the cause a fact lies: what is deeper explains what is above it."""

from __future__ import annotations

from enum import IntEnum


class Depth(IntEnum):
    """Rungs of ten from symptom to cause; the steps within a rung are shades of the same."""

    STATE = 0  # the outcome in Airflow's words: failed, exit code 1
    TAIL = 10  # what happened to be written last
    WRAPPER = 20  # an operator saying that something else failed
    ERROR_LINE = 30  # a line of error level that did not end the try by itself
    CHAIN = 35  # an exception on the way from the surface to the root
    ROOT = 40  # the exception that ended the try
    CHILD = 52  # the child system's plain complaint behind a wrapper; its other words just above
    OUTSIDE = 60  # Airflow saying that it stopped the try, and why
    RECORDED = 70  # who or what did it, recorded apart from the log
