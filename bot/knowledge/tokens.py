"""Words and identifiers of text as a full-text index should see them."""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-/]*[A-Za-z0-9_]|[A-Za-z0-9_]|[^\W\d_]+")
_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_a-zA-Z]+")
_SEPARATORS = re.compile(r"[._\-/]+")
_NOT_TOKEN = re.compile(r"[^\w]+")
_STOP_WORDS = (
    "a an and are as at be been but by can could did do does for from had has have how i if in "
    "into is it its me my no not of on or our should so than that the their then there they this "
    "to was we were what when where which while who why will with would you your am im it's please "
    "hi hello hey thanks thank anyone somebody someone help tell about get got "
    # How well something is to be done is no part of what it is about.
    "best better properly correctly safely quickly easily exactly really actually simply just"
)
_STOP = frozenset(_STOP_WORDS.split())
_VOWEL = re.compile(r"[aeiouy]")

# Airflow 2 names for Airflow 3 things, and what signals and short names stand for.
_SAME = (
    (r"\bzombies?\b", "task instance heartbeat timeout"),
    (r"\bwebserver\b", "api server"),
    (r"\bdatasets?\b", "asset"),
    (r"\bexecution[_ ]date\b", "logical date"),
    (r"\bSIGKILL\b|\bcode -?9\b|\bexit code 137\b|\boom\b", "killed out of memory"),
    (r"\bSIGTERM\b|\bexit code 143\b", "terminated killed"),
    (r"\bSIGSEGV\b|\bsegfault\b|\bexit code 139\b", "native crash segmentation fault"),
    (r"\bKPO\b", "KubernetesPodOperator pod"),
    (r"\bImagePullBackOff\b|\bErrImagePull\b", "image pull pod"),
    (r"\bbroken dag\b|\bfailed to import\b", "dag import error"),
    (r"\bno module named\b", "missing dependency package module"),
    (r"\b403\b", "forbidden permission"),
    (r"\b401\b", "unauthorized credential expired"),
    (r"\b429\b", "rate limit throttled"),
    (r"\bhang(?:s|ing)?\b|\bhung\b|\bfrozen\b", "silent running stuck"),
    (r"\bre-?run\b|\bre-?start\b", "clear retry"),
)
_EXPANSIONS = tuple((re.compile(pattern, re.IGNORECASE), words) for pattern, words in _SAME)

# Times, ids, paths and numbers of one incident, which no runbook can hold.
_VOLATILE = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ,]+\d\d:\d\d:\d\d[.,+\d:Z]*)?|https?://\S+"
    r"|\b[0-9a-f]{8}-[0-9a-f-]{27,}\b|<TaskInstance: [^>]*>|\b\w+\.py:\d+"
    r"|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b|\b0x[0-9a-f]+\b"
)
_QUERY_MAX = 4_000  # characters; a pasted log longer than this drowns the question


def tokens(text: str) -> list[str]:
    """Each identifier whole and in parts, lower case, parts stemmed; order and repeats are kept.

    `KubernetesPodOperator` gives `kubernetespodoperator kubernet pod operator`.
    """
    found = []
    for word in _WORD.findall(text):
        parts = [part for piece in _SEPARATORS.split(word) for part in _PARTS.findall(piece)]
        if len(parts) > 1:
            found.append(_NOT_TOKEN.sub("_", word.lower()).strip("_"))
        found.extend(
            stem(part.lower())
            for part in parts
            if part.lower() not in _STOP and (len(part) > 1 or not part.isascii())
        )
    return [token for token in found if token]


def query_tokens(query: str) -> list[str]:
    """Tokens of a question or a pasted error, each once, with Airflow's other names for things."""
    return list(dict.fromkeys(tokens(expanded(query))))


def expanded(query: str) -> str:
    """The query without what is volatile, with synonyms behind it."""
    steady = _VOLATILE.sub(" ", query[:_QUERY_MAX])
    more = (words for pattern, words in _EXPANSIONS if pattern.search(query))
    return " ".join([steady, *more])


def stem(word: str) -> str:
    """English endings off: `retries`, `retried` and `retrying` all give `retri`."""
    for ending, least in (("ing", 4), ("ed", 4), ("es", 4), ("s", 3)):
        if word.endswith(ending) and len(word) - len(ending) >= least - 1:
            bare = word[: -len(ending)]
            if word.endswith(("ss", "us", "is")) or not _VOWEL.search(bare):
                break
            word = _undoubled(bare) if ending in ("ing", "ed") else bare
            break
    word = word.removesuffix("e") if len(word) > 3 else word
    return f"{word[:-1]}i" if word.endswith("y") and len(word) > 3 else word


def _undoubled(word: str) -> str:
    doubled = len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz"
    return word[:-1] if doubled else word
