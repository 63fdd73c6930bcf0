"""Files that go with an answer: a long log as text, the chart of a comparison as a picture."""

from __future__ import annotations

from dataclasses import dataclass

from bot.answering.comparing import in_words
from bot.domain.answers import Diagnosis, LogReport
from bot.domain.comparisons import Comparison
from bot.slack.blocks.logs import excerpt_file, file_stem
from bot.slack.limits import ALT_TEXT, FILE_TITLE
from bot.slack.posts import ANSWER, EDITION, Face, Post
from bot.words import say


@dataclass(frozen=True, slots=True)
class Upload:
    """`alt_text` says what a picture shows to whoever cannot see it."""

    name: str
    content: str | bytes
    title: str = ""
    alt_text: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file that goes with a post, and the page of the ledger that it has for itself."""

    key: str
    report: LogReport | Comparison

    def made(self, post: Post) -> Upload:
        """Takes up to some tenths of a second."""
        if isinstance(self.report, LogReport):
            report = self.report
            return Upload(*excerpt_file(report.target, report.lines, report.lines_read))
        return chart_file(post, self.report)


def wanted_with(post: Post) -> Wanted | None:
    """None where nothing goes with it; nobody can be sent a file that only they see."""
    answer = post.revision % EDITION
    if post.whispers or post.redraw or answer < ANSWER:
        return None
    # Of a later wording it is another file; the one before it was taken away.
    number = post.revision // EDITION
    key = f"{post.key}:{number}" if number else post.key
    match post.content:
        case LogReport(lines=lines) as report if lines and answer == ANSWER:
            return Wanted(key, report)
        case Diagnosis(comparison=Comparison() as comparison) if post.face is not Face.EVIDENCE:
            return Wanted(f"{key}:chart", comparison)
    return None


def chart_file(post: Post, comparison: Comparison) -> Upload:
    # Loaded by whoever draws one: at the terminal nobody does.
    from bot.slack.chart import chart, title_of

    target = post.content.target if isinstance(post.content, Diagnosis) else None
    stem = file_stem(target) if target is not None else "runs"
    return Upload(
        f"{stem}-{comparison.measure.value}.png",
        chart(comparison),
        FILE_TITLE.head(title_of(comparison)),
        ALT_TEXT.head(say("Bar chart: {words}.", words=in_words(comparison))),
    )
