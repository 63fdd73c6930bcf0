"""What somebody wants, from the words: a diagnosis, a status, logs, help …"""

from __future__ import annotations

import re

from bot.domain.questions import Intent


def intent_of(text: str, *, names_something: bool, in_diagnosed_thread: bool) -> Intent:
    """The intent behind `text`.

    `names_something`: a link, an alert or a name-like word is there or in the thread, so that a
    bare "?" or a pasted link asks for a diagnosis. `in_diagnosed_thread`: the thread has a
    diagnosis already, so that short follow-ups mean it.
    """
    words = text.strip().lower()
    for intent, pattern in _RULES:
        if pattern.search(words):
            return intent
    if names_something or in_diagnosed_thread:
        return Intent.DIAGNOSE
    return Intent.UNCLEAR if words else Intent.HELP


def wants_unfinished(text: str) -> bool:
    """Whether the question is about work that does not start or does not end."""
    return _STUCK.search(text.lower()) is not None


_STUCK = re.compile(
    r"\bstuck\b|\bhang(?:s|ing)?\b|\bhung\b|\bqueued\b|\bwaiting\b|\bpending\b|\bscheduled state\b"
    r"|\bdeferred\b|\bslow\b|\btaking (?:so|too|very)? ?long\b|\bstill running\b|\bnever ends?\b"
    r"|(?:\bnot|n't|\bnever|\bnothing) (?:\w+ ){0,2}(?:start|run|trigger|schedul|pick|mov|progress)"
)

# First match wins, so the order is part of the meaning: "how do I retry" is a how-to.
_RULES: tuple[tuple[Intent, re.Pattern[str]], ...] = (
    (Intent.HELP, re.compile(r"^(?:/?help|what can you do|commands?|usage)\b[\s?!.]*$")),
    (Intent.SETTINGS, re.compile(r"^(?:/?settings|channel settings)\b[\s?!.]*$")),
    (
        Intent.SMALL_TALK,
        re.compile(
            r"^(?:hi|hello|hey|moin|good (?:morning|evening)|thanks?(?: you)?|thx|cheers|"
            r"danke(?: dir| schön| sehr)?|hallo|guten (?:morgen|tag|abend)|super|"
            r"ok(?:ay)?|great|nice|cool|perfect|got it|awesome)\b[\w\s,!.👍🙏]{0,30}$"
        ),
    ),
    (
        Intent.ESCALATE,
        re.compile(
            r"\b(?:escalate|page (?:the |an? )?(?:on-?call|human|somebody|someone|engineer)"
            r"|(?:get|call|need|talk to) (?:me )?(?:a |an |the )?"
            r"(?:human|person|on-?call|engineer))\b"
        ),
    ),
    (
        Intent.ALIKE,
        re.compile(
            r"\b(?:did|do|does|has|have|are|is|was|were)\b.{0,15}\b(?:others?|any(?:one|body)|"
            r"some(?:one|body)|(?:any )?other (?:teams?|people|dags?|tasks?))\b.{0,20}"
            r"\b(?:(?:have|has|had|get|got|see|seen|hit) (?:this|that|it)|same|affected)\b"
            r"|\b(?:is|was) (?:it|this|that) (?:just|only) (?:me|us|mine|ours|my|our|this)\b"
            r"|\bam i the only one\b|\bwho else\b"
            r"|\b(?:has|did) (?:this|that|it) happen(?:ed)? (?:before|elsewhere|to others?)"
            r"|\bsame (?:error|failure|problem|issue|thing) (?:elsewhere|before|in other|anywhere)"
        ),
    ),
    (
        Intent.INCIDENTS,
        re.compile(
            r"^(?:so |and |hi,? |hey,? )?(?:(?:what|which|anything|everything)(?: dags?| tasks?)?"
            r"(?: else| all)?(?:'s|\u2019s| is| are| has| have)?|(?:is|are) (?:there )?anything)"
            r"(?: currently| now| still)? (?:failing|fails?|failed|broken|red|on fire)"
            r"(?: (?:right )?now| at the moment| currently| today| everywhere| on [\w-]+)*\W*$"
            r"|^(?:/?incidents|(?:what|which|any|are there|show|list)\b.{0,20}\bincidents)"
            r"(?: now| open| today)?\W*$"
        ),
    ),
    (
        Intent.HOW_TO,
        re.compile(
            r"\b(?:how (?:do|can|should|would|to)\b|how does\b"
            r"|what(?:'s| is) the (?:best|right) way"
            r"|what does\b.{0,60}\bmean|what is an? \b|what are \b|where (?:do|can) i\b"
            r"|is there a way|can i\b|explain (?:what|how)\b|best practice)"
        ),
    ),
    (
        Intent.BACKFILL,
        re.compile(r"\b(?:backfill|catch ?up)\b(?!.{0,80}\b(?:fail|stuck|queued|cancel|error))"),
    ),
    (
        Intent.DIAGNOSE,
        re.compile(
            r"\bwhy\b|\bwhat (?:went|is|'s|was) wrong\b|\bwhat happened\b|\broot cause\b"
            r"|\bdiagnos|\bexplain\b|\binvestigat|\bwhose fault\b|\bmy code\b|\bis it (?:me|you)\b"
            r"|\b(?:stuck|hung|hanging|broken?|crash\w*|killed|oom\w*)\b"
        ),
    ),
    (
        Intent.HEALTH,
        re.compile(
            r"\bhow(?:'s| is| are)\W+(?:the )?(?:airflow|platform|cluster|scheduler|things)\b"
            r"|\b(?:is|are|was)\b.{0,30}\b(?:airflow|scheduler|triggerer|cluster|platform|prod)\b"
            r".{0,20}\b(?:down|up|ok|okay|healthy|alive|working|slow)\b"
            r"|^(?:(?:and|how|what about|is|the|airflow|cluster|platform)\W+){0,4}health\b"
            r"|\bplatform health\b|\boutage\b"
            r"|\b(?:is|are)\b.{0,20}\b(?:something|anything|things)\b.{0,20}\b(?:down|broken)\b"
        ),
    ),
    (
        Intent.LOGS,
        re.compile(
            r"^(?:/?logs?)\b"
            r"|\b(?:show|get|send|give|see|fetch|need|post|where are)\b.{0,30}\blogs?\b"
        ),
    ),
    (
        Intent.RETRY,
        re.compile(r"^(?:please )?(?:can you |could you )?(?:retry|re-?run|clear|restart)\b"),
    ),
    (
        Intent.STATUS,
        re.compile(
            r"^(?:/?status)\b|\bstatus of\b|\bhow (?:is|are)\b|\bdid\b.{0,80}"
            r"\b(?:run|finish|succeed|complete|work)\b|\b(?:has|is)\b.{0,80}"
            r"\b(?:finished|done|complete[d]?|running|succeeded)\b|\blast runs?\b.{0,20}\?*$"
            r"|\bwhen (?:did|does|will|is)\b|\bstate of\b"
        ),
    ),
    (Intent.DIAGNOSE, re.compile(r"\b(?:fail\w*|error\w*|exception|traceback|red)\b")),
)
