"""Telling words that may name a Dag or a task from words of everyday language."""

from __future__ import annotations

import re

_ID_LIKE = re.compile(r"^(?:(?=.*[a-zA-Z])(?:.*[_.\-].*|.*\d.*|[a-z]+[A-Z]\w*)|\d+)$")
_APOSTROPHE = re.compile(r"['\u2019]\w*$")

_COMMON = frozenset(
    """
    a able about after again ago airflow all also am an and another any anybody anyone anything are
    around as ask at attempt attempts away back be because been before being best but by call can
    cannot cause caused causing check code come could crash crashed current currently dag dags date
    day days dead deploy diagnose did didn do does doesn doing don done down during each either else
    end ended ends error errors even ever every everything exactly execution executions exit explain
    fail failed failing fails failure failures fault fetch few file find fine finish finished first
    fix for found from get gets getting give go goes going gone good got guys had hang hanging
    happen happened happening happens has have having he hello help her here hey hi him his hour
    hours how hung i id ids if in index instance instances into investigate is isn issue it its job
    jobs just keep keeps kill killed know last late latest let like log logs long look looking looks
    make manual many map mapped maybe me mean message minute minutes more morning most my need needs
    never new newest night no nobody node none not nothing now of off ok okay old on once one only
    or other our ours out over page pipeline pipelines platform please pool possible previous
    probably problem queue queued quite ran re reason recent red retry right root run running runs
    same saw say says schedule scheduled scheduler second see seem seems seen send server she should
    show since slow so some somebody someone something soon start started starting starts state
    status still stop stopped stuck succeed such suddenly sure take takes taking task tasks team
    tell than thank thanks that the their them then there these they thing think this those though
    three through time times to today together told tonight too tried tries trigger triggered try
    trying two under understand until up us use used usual very wait waiting want was wasn way we
    week well went were weren what when where which while who whole whose why will with won work
    worked working works would wrong yes yesterday yet you your yours
    """.split()  # noqa: SIM905 (a list of four hundred literals reads worse)
)


def is_common(word: str) -> bool:
    """Whether the word is everyday language and names nothing by itself."""
    return _APOSTROPHE.sub("", word).lower().strip(".-_") in _COMMON


def is_id_like(word: str) -> bool:
    """Whether the word looks like an identifier: `load_orders`, `etl-v2`, `dailySales`, `10803`."""
    return _ID_LIKE.match(word) is not None and not is_common(word)
