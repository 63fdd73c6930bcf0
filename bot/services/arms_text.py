"""What each arm of an evaluation got right and what it cost, as text and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.services.evaluate import Outcome, scores
from bot.services.model_arms import Arm, ArmReport

Cost = Callable[[int, int], float]
"""What so many tokens in and out cost, in the currency of the prices."""


def render_arms(reports: Sequence[ArmReport], cost: Cost | None) -> str:
    """One row an arm, and below what could not be asked; `cost` is None without prices."""
    head = (
        f"{'arm':<18}{'n':>5}{'right':>8}{'+ also':>8}{'unknown':>9}{'conf. wrong':>13}"
        f"{'no answer':>11}{'calls':>7}{'tokens in':>11}{'out':>8}{'cost':>10}{'seconds':>9}"
    )
    return "\n".join([head, *(_row(one, cost) for one in reports), *_remarks(reports, cost)])


def arm_json(one: ArmReport, cost: Cost | None) -> dict[str, object]:
    """Counts as in the report of the rules, and tokens, seconds and cost of all calls."""
    return {
        "arm": one.arm.value,
        "n": len(one.report.results),
        **scores(one.report.results),
        "unanswered": one.report.count(Outcome.UNANSWERED),
        "calls": one.asked,
        "tokens_in": one.tokens_in,
        "tokens_out": one.tokens_out,
        "tokens_estimated": one.estimated,
        "cost": cost(one.tokens_in, one.tokens_out) if cost else None,
        "seconds": round(one.seconds, 3),
        "logs_cut": one.cut,
        "faults": dict(one.faults),
        "cases": [
            {"id": case.id, "verdict": case.verdict.value, "outcome": case.outcome.value}
            for case in one.report.results
        ],
    }


def _row(one: ArmReport, cost: Cost | None) -> str:
    counts = scores(one.report.results)
    labelled = sum(case.expected is not None for case in one.report.results) or 1
    well = counts["right"] + counts["also_right"]
    unanswered = one.report.count(Outcome.UNANSWERED)
    spent = f"{cost(one.tokens_in, one.tokens_out):.4f}" if cost else "-"
    estimate = "~" if one.estimated else ""
    return (
        f"{one.arm:<18}{len(one.report.results):>5}{counts['right'] * 100 / labelled:>6.1f} %"
        f"{well * 100 / labelled:>6.1f} %{counts['abstained'] - unanswered:>9}"
        f"{counts['confidently_wrong']:>13}{unanswered:>11}{one.asked:>7}"
        f"{estimate + str(one.tokens_in):>11}{estimate + str(one.tokens_out):>8}{spent:>10}"
        f"{one.seconds:>9.1f}"
    )


def _remarks(reports: Sequence[ArmReport], cost: Cost | None) -> list[str]:
    lines: list[str] = []
    for one in reports:
        if one.faults:
            told = "; ".join(f"{count} times {fault}" for fault, count in one.faults.most_common())
            lines.append(f"{one.arm}: {one.faults.total()} without an answer: {told}")
        if one.cut:
            lines.append(f"{one.arm}: only the end of {one.cut} logs fitted the prompt")
    if any(one.estimated for one in reports):
        lines.append("~ estimated: the server did not count all tokens")
    if cost is None and any(one.arm is not Arm.RULES for one in reports):
        lines.append("no cost without prices: give --price-in and --price-out, per million tokens")
    return ["", *lines] if lines else []
