"""Words that may stand as labels: few, and never an id, so that series stay few as well."""

from __future__ import annotations

import re

OTHER = "other"
ROOM = 60

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.: -]{0,39}")


class Words:
    """Lets `known` words pass, and the first `room` others that look like words of ours."""

    def __init__(self, known: frozenset[str] = frozenset(), *, room: int = ROOM) -> None:
        self._seen = set(known)
        self._most = len(known) + room

    def word(self, said: str) -> str:
        """`said`, or "other"."""
        if said in self._seen:
            return said
        if len(self._seen) >= self._most or not _PLAIN.fullmatch(said):
            return OTHER
        self._seen.add(said)
        return said


_METHODS = """
apps.connections.open assistant.threads.setStatus assistant.threads.setSuggestedPrompts
assistant.threads.setTitle auth.test bots.info chat.appendStream chat.delete
chat.deleteScheduledMessage chat.getPermalink chat.postEphemeral chat.postMessage
chat.scheduleMessage chat.startStream chat.stopStream chat.unfurl chat.update
conversations.history conversations.info conversations.join conversations.list
conversations.members conversations.open conversations.replies files.completeUploadExternal
files.getUploadURLExternal files.info reactions.add reactions.get reactions.remove response_url
team.info usergroups.list usergroups.users.list users.info users.list users.lookupByEmail
views.open views.publish views.push views.update
"""

SLACK_METHODS = frozenset(_METHODS.split())
SLACK_OUTCOMES = frozenset(["ok", "rate_limited", "refused", "failed", "timeout", "unreachable"])
