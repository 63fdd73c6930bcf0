"""How well failures of one cause come to one incident, and what that costs.

    python -m tests.benchmarks.incidents [--failures 10000] [--corpus DIR] [--json FILE]

Each failure is made up whole, with its log in the form of Airflow 2 or 3, and goes the way of every
failure: read, judged, and given its incident's key. `--corpus` names a folder with `logs/` and
`dev.jsonl`: then ids, paths and the lines around the failure are those of real logs, and each row
is varied as well and counted as a cause of its own.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import resource
import time
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import log
from pathlib import Path

from bot.diagnosis.classify import diagnose
from bot.diagnosis.incident_key import incident_key
from bot.diagnosis.known import Known
from bot.diagnosis.logs import read_log_text
from tests.benchmarks.incident_cases import SCENARIOS
from tests.benchmarks.incident_failures import Failed, Variety, failure, varied_rows
from tests.scenarios.shipped import catalogue

_SEED = 7


@dataclass(slots=True)
class Grouped:
    """What each failure was, and the key that it got."""

    truth: list[str]
    keys: list[str]
    reading: float = 0.0  # CPU seconds
    judging: float = 0.0
    keying: float = 0.0
    peak_growth: int = 0  # kB, over the last three quarters

    def add(self, failed: Failed, known: Known) -> None:
        began = time.process_time()
        evidence = failed.evidence
        if failed.log:
            evidence = replace(evidence, log=read_log_text(failed.log))
        read = time.process_time()
        verdict = diagnose(evidence, known)
        judged = time.process_time()
        key = incident_key(verdict, evidence.target, evidence)
        self.keying += time.process_time() - judged
        self.judging += judged - read
        self.reading += read - began
        self.truth.append(failed.truth)
        self.keys.append(key)


def main() -> None:
    options = _options()
    known = Known(catalogue().failures)
    variety = Variety(random.Random(_SEED), options.corpus)
    figures = {"failures": _figures(_grouped(_made_up(variety, options.failures), known))}
    if options.corpus is not None:
        rows = varied_rows(variety, options.corpus / "dev.jsonl", options.failures // 5)
        figures["varied rows"] = _figures(_grouped(rows, known))
    for name, found in figures.items():
        print(name)
        for label, value in found.items():
            print(f"  {label:34} {value}")
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=1))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--failures", type=int, default=10_000)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def _made_up(variety: Variety, count: int) -> Iterator[Failed]:
    """Some causes fail a hundred times as often as others, as they do."""
    weights = [1.0 / (1 + place) for place in range(len(SCENARIOS))]
    shuffled = variety.random.sample(SCENARIOS, len(SCENARIOS))
    first = list(shuffled)  # each at least once
    rest = variety.random.choices(shuffled, weights, k=max(0, count - len(first)))
    for scenario in (*first, *rest)[:count]:
        yield failure(scenario, variety)


def _grouped(failures: Iterator[Failed], known: Known) -> Grouped:
    grouped = Grouped([], [])
    after_warming = 0
    for number, failed in enumerate(failures):
        grouped.add(failed, known)
        if number == 2_500:
            gc.collect()
            after_warming = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if after_warming:
        grouped.peak_growth = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - after_warming
    return grouped


def _figures(found: Grouped) -> dict[str, str]:
    homogeneity, completeness, v = v_measure(found.truth, found.keys)
    return {
        "failures": f"{len(found.keys):,}",
        "causes": str(len(set(found.truth))),
        "incidents found": str(len(set(found.keys))),
        "V-measure": f"{v:.4f}",
        "homogeneity, completeness": f"{homogeneity:.4f}, {completeness:.4f}",
        "CPU s, keys": f"{found.keying:.2f}",
        "CPU s, judging": f"{found.judging:.1f}",
        "CPU s, reading logs": f"{found.reading:.1f}",
        "CPU s, all of it": f"{found.reading + found.judging + found.keying:.1f}",
        "peak memory grew, MB": f"{found.peak_growth / 1024:.1f}",
        "worst": _worst(found),
    }


def _worst(found: Grouped) -> str:
    """The cause in most pieces, and the key with most causes: where to look."""
    pieces = Counter(truth for truth, _ in set(zip(found.truth, found.keys, strict=True)))
    mixed = Counter(key for _, key in set(zip(found.truth, found.keys, strict=True)))
    (cause, parts), (key, causes) = pieces.most_common(1)[0], mixed.most_common(1)[0]
    return f"“{cause}” in {parts} pieces; {causes} causes under {key}"


def v_measure(truth: Sequence[Hashable], found: Sequence[Hashable]) -> tuple[float, float, float]:
    """Homogeneity, completeness and their harmonic mean (Rosenberg and Hirschberg 2007)."""
    both = _entropy(list(zip(truth, found, strict=True)))
    of_truth, of_found = _entropy(truth), _entropy(found)
    homogeneity = 1.0 if of_truth == 0 else 1 - (both - of_found) / of_truth
    completeness = 1.0 if of_found == 0 else 1 - (both - of_truth) / of_found
    if homogeneity + completeness == 0:
        return 0.0, 0.0, 0.0
    mean = 2 * homogeneity * completeness / (homogeneity + completeness)
    return homogeneity, completeness, mean


def _entropy(labels: Sequence[Hashable]) -> float:
    total = len(labels)
    return -sum(n / total * log(n / total) for n in Counter(labels).values())


if __name__ == "__main__":
    main()
