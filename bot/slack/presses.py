"""The names and values of everything a user can press: written by blocks, read by the parser."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.conversations import BY_BUTTON, Score
from bot.slack.limits import BUTTON_VALUE


class Press(StrEnum):
    """Action ids. Several of one kind in a message add `:<something>`."""

    CHOOSE = "choose"
    EVIDENCE = "evidence"
    LOG_EXCERPT = "log_excerpt"
    SHARE = "share"
    RATE = "rate"
    ASK_AGAIN = "ask_again"
    MY_DAGS = "my_dags"
    KEEPING = "keeping"
    REFRESH = "refresh"
    STOP = "stop"
    SOLVED = "solved"
    NOT_SOLVED = "not_solved"
    KEEP_OUT = "keep_out"
    COME_BACK = "come_back"
    TELL_MORE = "tell_more"
    OPEN = "open"  # a link: the browser does the work, Slack wants an acknowledgement

    def pattern(self) -> re.Pattern[str]:
        """Matches this action id with and without a suffix."""
        return re.compile(rf"^{self.value}(:.*)?$")


RATING_FORM = "rating_reason"
"""The callback id of the form that a thumb down opens."""

MY_DAGS = "my_dags"
"""The callback id of the form in which somebody says which Dags are theirs."""
PATTERNS_FIELD = "patterns"
KEEP, DROP = "keep", "drop"
"""The values of the button that says whether conversations are kept."""


class Complaint(StrEnum):
    """What was wrong with an answer; kept with the rating."""

    WRONG_VERDICT = "wrong_verdict"
    WRONG_TARGET = "wrong_target"
    STEPS_DID_NOT_HELP = "steps_did_not_help"
    MISSED_EVIDENCE = "missed_evidence"
    UNCLEAR = "unclear"
    OTHER = "other"


def kind_of(action_id: str) -> Press | None:
    name = action_id.partition(":")[0]
    return Press(name) if name in set(Press) else None


def option_value(turn_id: str, option: int) -> str:
    return f"{option}|{turn_id}"


def read_option(value: str) -> tuple[str, int] | None:
    """(turn id, index of the option), or None for a value that we never wrote."""
    number, _, turn_id = value.partition("|")
    return (turn_id, int(number)) if number.isdecimal() and turn_id else None


def rating_value(turn_id: str, score: Score) -> str:
    return f"{score.value}|{turn_id}"


def read_rating(value: str) -> tuple[str, Score] | None:
    score, _, turn_id = value.partition("|")
    return (turn_id, Score(score)) if score in set(Score) and turn_id else None


def more_value(source: str, turn_id: str) -> str:
    """For a thumb that came by `source`; where that is the button, the turn alone."""
    return turn_id if source == BY_BUTTON else f"{source}|{turn_id}"


def read_more(value: str) -> tuple[str, str] | None:
    """(source of the thumb, turn id), or None for nothing."""
    source, _, turn_id = value.rpartition("|")
    return (source or BY_BUTTON, turn_id) if turn_id else None


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a question and its links, small enough to travel in a button."""

    text: str
    links: tuple[str, ...] = ()


def words_value(words: Words) -> str:
    """`words` as a button's value; the text gives way where it is too long."""
    links = list(words.links[:2])
    text = words.text
    while not BUTTON_VALUE.fits(value := json.dumps({"text": text, "links": links})):
        if links and len(text) < 200:
            links.pop()
        text = text[: max(len(text) * 3 // 4, 199 if links else 0)]
    return value


def read_words(value: str) -> Words | None:
    try:
        found = json.loads(value)
    except ValueError:
        return None
    if not isinstance(found, dict) or not isinstance(found.get("text"), str):
        return None
    links = found.get("links")
    kept = links if isinstance(links, list) else []
    return Words(found["text"], tuple(link for link in kept if isinstance(link, str)))
