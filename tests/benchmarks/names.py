"""Look-up of Dag names among 70,000 ids: milliseconds by kind of query, and how often it hits.

Run: python -m tests.benchmarks.names
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from bot.questions.names import NameIndex

_TEAMS = ("sales", "marketing", "finance", "ops", "growth", "ml", "infra", "billing", "logistics")
_VERBS = ("load", "extract", "sync", "export", "ingest", "transform", "score", "train", "refresh")
_THINGS = ("orders", "customers", "invoices", "events", "clicks", "payments", "refunds", "prices")
_ENDS = ("daily", "hourly", "weekly", "v2", "eu", "us", "apac", "prod")


def dag_ids(count: int, seed: int = 1) -> list[str]:
    """`count` distinct ids of the kind that platform teams generate."""
    pick = random.Random(seed)
    ids: dict[str, None] = {}
    while len(ids) < count:
        parts = [pick.choice(words) for words in (_TEAMS, _VERBS, _THINGS, _ENDS)]
        ids["_".join([*parts, str(pick.randrange(400))])] = None
    return list(ids)


def _one_letter_wrong(name: str, pick: random.Random) -> str:
    at = pick.randrange(len(name))
    return name[:at] + pick.choice("abcdefgh") + name[at + 1 :]


_QUERIES: dict[str, Callable[[str, random.Random], str]] = {
    "exact": lambda name, pick: name,
    "other case": lambda name, pick: name.upper(),
    "other separators": lambda name, pick: name.replace("_", "-"),
    "one letter wrong": _one_letter_wrong,
    "three of its words": lambda name, pick: " ".join(name.split("_")[1:4]),
    "one common word": lambda name, pick: name.split("_")[2],
    "no such name": lambda name, pick: "".join(pick.choices("qwxzjkv", k=14)),
}


def main() -> None:
    ids = dag_ids(70_000)
    began = time.perf_counter()
    index = NameIndex(ids)
    print(f"{len(index):,} ids indexed in {time.perf_counter() - began:.2f} s")
    print(f"{'query':<22}{'p50 ms':>8}{'p99 ms':>8}{'max ms':>8}{'found':>8}")
    pick = random.Random(2)
    for kind, query in _QUERIES.items():
        seconds, found = [], 0
        for _ in range(500):
            wanted = pick.choice(ids)
            asked = query(wanted, pick)
            began = time.perf_counter()
            matches = index.find(asked)
            seconds.append(time.perf_counter() - began)
            found += any(match.id == wanted for match in matches)
        seconds.sort()
        p50, p99, top = (1e3 * seconds[at] for at in (250, 495, -1))
        print(f"{kind:<22}{p50:>8.2f}{p99:>8.2f}{top:>8.2f}{found / 500:>8.0%}")


if __name__ == "__main__":
    main()
