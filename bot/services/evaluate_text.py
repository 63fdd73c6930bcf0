"""The outcome of an evaluation as plain text for a terminal."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict

from bot.domain.verdicts import VerdictKind
from bot.services.evaluate import Outcome, Report, scores
from bot.services.reliability import calibration_error, reliability

_MISSED = (Outcome.ABSTAINED, Outcome.WRONG, Outcome.CONFIDENTLY_WRONG)


def render(report: Report, cross_validated: Report | None = None) -> str:
    """Accuracy, confusions, mistakes, how far confidence can be trusted, what was not readable."""
    lines = [*_summary(report), "", *_table(report), *_confusions(report), *_mistakes(report)]
    lines += _reliability(report)
    if cross_validated is not None:
        lines += ["", "Cross-validated by source, without the signatures that only its fold hits:"]
        lines += [f"  {line}" for line in _summary(cross_validated)]
        lines += _reliability(cross_validated)
    if report.unreadable:
        lines += ["", f"Not readable ({len(report.unreadable)}):"]
        lines += [f"  {reason}" for reason in report.unreadable]
    return "\n".join(lines)


def _summary(report: Report) -> list[str]:
    labelled = [result for result in report.results if result.expected is not None]
    if not labelled:
        return [f"{len(report.results)} cases, none labelled."]
    right, also = report.count(Outcome.RIGHT), report.count(Outcome.ALSO_RIGHT)
    wrong = report.count(Outcome.CONFIDENTLY_WRONG)
    share = 100 / len(labelled)
    lines = [
        f"{len(report.results)} cases: right {right} ({right * share:.1f} %), "
        f"also right {also}, together {(right + also) * share:.1f} %",
        f"unknown {report.abstained}, confidently wrong {wrong} ({wrong * share:.1f} %)",
    ]
    told, found, quoted = report.lines()
    if told:
        lines.append(
            f"labelled lines {told}: the deciding line {found * 100 / told:.1f} %, "
            f"among the quotes {quoted * 100 / told:.1f} %"
        )
    return lines


def _table(report: Report) -> list[str]:
    rows = [f"{'expected':<12}{'n':>5}{'right':>7}{'also':>6}{'unknown':>9}{'conf. wrong':>13}"]
    for kind in VerdictKind:
        found = [result for result in report.results if result.expected is kind]
        row = scores(found)
        if found:
            rows.append(
                f"{kind:<12}{len(found):>5}{row['right']:>7}{row['also_right']:>6}"
                f"{row['abstained']:>9}{row['confidently_wrong']:>13}"
            )
    return rows


def _confusions(report: Report) -> list[str]:
    pairs = Counter(
        (result.expected, result.verdict) for result in report.results if result.outcome in _MISSED
    )
    if not pairs:
        return []
    found = [f"  {wanted} taken for {got}: {count}" for (wanted, got), count in pairs.most_common()]
    return ["", "Confusions:", *found]


def _mistakes(report: Report) -> list[str]:
    wrong = [one for one in report.results if one.outcome is Outcome.CONFIDENTLY_WRONG]
    if not wrong:
        return []
    return ["", "Confidently wrong:"] + [
        f"  {one.id}: {one.cause} ({one.verdict}, {one.confidence:.2f}) instead of {one.expected}"
        f"\n    {one.deciding_line[:160]}"
        for one in wrong
    ]


def _reliability(report: Report) -> list[str]:
    bins = reliability(report.results)
    if not bins:
        return []
    rows = [
        f"{f'{one.low:.1f} to {one.high:.1f}':<12}{one.cases:>5}{one.confidence * 100:>11.1f} %"
        f"{one.right * 100:>9.1f} %"
        for one in bins
    ]
    head = f"{'confidence':<12}{'n':>5}{'claimed':>13}{'right':>11}"
    error = f"expected calibration error {calibration_error(bins) * 100:.1f} %"
    return ["", head, *rows, error]


def reliability_json(report: Report, cross_validated: Report | None) -> dict[str, object]:
    """What the terminal shows beside the counts: lines found, bins, the cross-validated counts."""
    told, found, quoted = report.lines()
    content: dict[str, object] = {
        "lines": {"labelled": told, "deciding": found, "quoted": quoted},
        "reliability": [asdict(one) for one in reliability(report.results)],
        "calibration_error": calibration_error(reliability(report.results)),
        "cross_validated": None,
    }
    if cross_validated is not None:
        content["cross_validated"] = {
            "n": len(cross_validated.results),
            **scores(cross_validated.results),
            "calibration_error": calibration_error(reliability(cross_validated.results)),
        }
    return content
