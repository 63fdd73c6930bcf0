"""What a model got right before it was trained and after that, as a table for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from bot.services.evaluate import Outcome, scores
from bot.services.model_arms import ArmReport


def render_comparison(measured: Sequence[tuple[str, ArmReport]]) -> str:
    """One row for each model, and in the last one what changed from the first to the last."""
    rows = [_numbers(one) for _, one in measured]
    lines = [_line("model", ["n", "right", "+ also", "unknown", "conf. wrong", "no answer"])]
    for (name, _), numbers in zip(measured, rows, strict=True):
        count, *values = numbers
        lines.append(_line(name, [f"{count:.0f}", *(f"{value:.1f} %" for value in values)]))
    if len(rows) > 1:
        changed = [after - before for before, after in zip(rows[0], rows[-1], strict=True)]
        lines.append(_line("change", ["", *(f"{value:+.1f}" for value in changed[1:])]))
    for name, one in measured:
        for fault, count in one.faults.most_common(3):
            lines.append(f"{name}: {count} times {fault}")
    return "\n".join(lines)


def comparison_json(measured: Sequence[tuple[str, ArmReport]]) -> list[dict[str, object]]:
    """Counts, as in the report of an evaluation."""
    return [
        {
            "model": name,
            "n": len(one.report.results),
            **scores(one.report.results),
            "unanswered": one.report.count(Outcome.UNANSWERED),
            "tokens_in": one.tokens_in,
            "tokens_out": one.tokens_out,
        }
        for name, one in measured
    ]


def _numbers(one: ArmReport) -> list[float]:
    """How many cases, then shares of those with a label, in hundredths."""
    results = one.report.results
    share = 100 / (sum(result.expected is not None for result in results) or 1)
    counts, unanswered = scores(results), one.report.count(Outcome.UNANSWERED)
    return [
        len(results),
        counts["right"] * share,
        (counts["right"] + counts["also_right"]) * share,
        (counts["abstained"] - unanswered) * share,
        counts["confidently_wrong"] * share,
        unanswered * share,
    ]


def _line(name: str, values: Sequence[str]) -> str:
    return f"{name[:40]:<40}" + "".join(f"{value:>13}" for value in values)
