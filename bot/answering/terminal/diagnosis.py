"""A diagnosis on the terminal: verdict and reason first, then proof, remedy and what is missing."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from bot.answering.causes import possible_words, ruled_out_words
from bot.answering.comparing import in_words
from bot.answering.foreign import middle_cut
from bot.answering.gaps import gap_in_words
from bot.answering.headline import nothing_failed
from bot.answering.model_note import model_note
from bot.answering.quotes import NEW, quoted_words, telling
from bot.answering.solved import solved_words
from bot.answering.terminal.page import Part, count, links, numbered, quoted, section, table, text
from bot.answering.wording import sentence
from bot.domain.answers import Claim, Diagnosis, Explanation
from bot.domain.verdicts import Quote, Verdict, VerdictKind

_STYLES = {
    VerdictKind.CAPACITY: "bold magenta",
    VerdictKind.PLATFORM: "bold magenta",
    VerdictKind.CODE: "bold red",
    VerdictKind.DEPENDENCY: "bold yellow",
    VerdictKind.OPERATOR: "bold cyan",
    VerdictKind.UNKNOWN: "bold",
}
_QUOTES_SHOWN = 4
_QUOTE_MAX = 900  # characters
_RULED_OUT_SHOWN = 5


def diagnosis_parts(diagnosis: Diagnosis) -> Iterator[Part]:
    verdict = diagnosis.verdict
    yield from _headline(diagnosis)
    yield section("What happened", text(diagnosis.what_happened))
    if verdict.quotes:
        yield section("Why I say so", *map(_quote, telling(verdict.quotes)[:_QUOTES_SHOWN]))
    for solved in diagnosis.solved:
        said = [text(solved.fix), *([text(solved.link, "dim")] if solved.link else [])]
        yield section(solved_words(solved), *said)
    yield from claim_parts(diagnosis.explanation)
    if diagnosis.steps:
        yield section(f"What to do: next is {diagnosis.owner}", numbered(diagnosis.steps))
    else:
        yield section("Who is next", text(sentence(diagnosis.owner)))
    if diagnosis.explanation.next_steps:
        steps = (_claim(step) for step in diagnosis.explanation.next_steps)
        yield section("Also, says the language model", *steps)
    yield section("Does a retry help?", text(diagnosis.retry_text))
    yield from _doubts(verdict)
    if diagnosis.facts:
        yield section("Facts", table(diagnosis.facts))
    if diagnosis.comparison is not None:
        yield section("Beside earlier runs", text(in_words(diagnosis.comparison)))
    if diagnosis.links:
        yield from links(diagnosis.links)
    yield from _footer(diagnosis)


def _headline(diagnosis: Diagnosis) -> Iterator[RenderableType]:
    verdict = diagnosis.verdict
    if not nothing_failed(verdict):
        yield Text.assemble(
            text(verdict.kind.headline, _STYLES[verdict.kind]),
            text(_sureness(verdict), "dim"),
        )
    yield text(verdict.title, "bold")
    where = f"{diagnosis.target.label()} on {diagnosis.target.cluster}"
    understood = f"  [{diagnosis.understood_as}]" if diagnosis.understood_as else ""
    yield text(f"{where}{understood}", "dim")


def _sureness(verdict: Verdict) -> str:
    # To be sure of not knowing is of no use to anybody.
    if verdict.kind is VerdictKind.UNKNOWN:
        return ""
    return f"  ({round(verdict.confidence * 100)} % sure)"


def _quote(quote: Quote) -> RenderableType:
    words = middle_cut(quoted_words(quote), _QUOTE_MAX)
    return Group(text(f"{quote.id}  {origin(quote)}", "dim"), quoted(words))


def origin(quote: Quote) -> str:
    """`task log of try 2, line 57, 05:54:41 UTC`."""
    of_try = f" of try {quote.try_number}" if quote.try_number else ""
    line = f"line {quote.line}" if quote.line else ""
    at = quote.at.replace("T", " ").split(".")[0].removesuffix("+00:00") if quote.at else ""
    new = NEW if quote.is_new else ""
    parts = (f"{quote.source}{of_try}", line, at and f"{at} UTC", new)
    return ", ".join(part for part in parts if part)


def claim_parts(explanation: Explanation) -> Iterator[RenderableType]:
    """What the model added, each claim with what it cites."""
    if explanation.claims:
        yield section("In context", *(_claim(claim) for claim in explanation.claims))
    if explanation.disputes_verdict:
        words = f"The language model disagrees: {explanation.disputes_verdict}"
        yield section("Disputed", text(words, "yellow"))


def _claim(claim: Claim) -> RenderableType:
    disputed = " (disputed: the verdict says otherwise)" if claim.disputed else ""
    return Text.assemble(
        text(f"- {claim.text}"), text(f" [{', '.join(claim.cites)}]{disputed}", "dim")
    )


def _doubts(verdict: Verdict) -> Iterator[RenderableType]:
    if verdict.also_possible:
        yield section("Also possible", text(", ".join(possible_words(verdict))))
    if verdict.ruled_out:
        shown = verdict.ruled_out[:_RULED_OUT_SHOWN]
        rows = [(ruled_out_words(one), one.reason) for one in shown]
        yield section("Ruled out", table(rows))
    if verdict.gaps:
        yield section(
            "What I could not see", *(text(f"- {gap_in_words(gap)}") for gap in verdict.gaps)
        )


def _footer(diagnosis: Diagnosis) -> Iterator[RenderableType]:
    read = f", {count(diagnosis.lines_read, 'log line')} read" if diagnosis.lines_read else ""
    yield Text("")
    if note := model_note(diagnosis.explanation):
        yield text(note, "dim")
    yield text(f"Reference {diagnosis.reference}, cause {diagnosis.verdict.cause}{read}", "dim")
