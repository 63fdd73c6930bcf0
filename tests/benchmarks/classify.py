"""Prints what a diagnosis costs: run with `python -m tests.benchmarks.classify FILE.jsonl`."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from statistics import median, quantiles

from bot.adapters.evaluation import read_samples
from bot.diagnosis.classify import diagnose
from bot.diagnosis.known import Known
from bot.services.evaluate import Sample
from tests.scenarios.shipped import catalogue


def main(path: Path) -> None:
    failures = catalogue().failures
    began = time.process_time()
    known = Known(failures)
    print(f"compiling {len(failures)} runbooks: {time.process_time() - began:.3f} CPU s")
    cases = [one.case for one in read_samples([path]) if isinstance(one, Sample)]
    for round_name in ("cold", "warm"):
        costs = []
        for case in cases:
            began = time.process_time()
            diagnose(case.evidence, known)
            costs.append(1_000 * (time.process_time() - began))
        p95 = quantiles(costs, n=20)[-1]
        print(f"{round_name}: median {median(costs):.1f} ms, p95 {p95:.1f}, max {max(costs):.1f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
