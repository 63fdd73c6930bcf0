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
team.info usergroups.list users.info users.list users.lookupByEmail views.open views.publish
views.push views.update
"""

_OUTCOMES = """
ok rate_limited ratelimited timeout unreachable
http_400 http_403 http_404 http_410 http_429 http_500 http_502 http_503 http_504
TimeoutError ServerTimeoutError ConnectionTimeoutError SocketTimeoutError ClientConnectionError
ClientConnectorError ClientConnectorDNSError ClientOSError ClientPayloadError
ServerDisconnectedError ConnectionResetError JSONDecodeError SlackRequestError
access_denied account_inactive already_reacted as_user_not_supported cant_update_message
cannot_reply_to_message channel_not_found duplicate_channel_not_found edit_window_closed
ekm_access_denied enterprise_is_restricted exchange_failed expired_trigger_id fatal_error
hash_conflict internal_error invalid_arguments invalid_auth invalid_blocks
invalid_blocks_format invalid_metadata_format is_archived is_inactive
limit_required message_limit_exceeded message_not_found message_not_in_streaming_state
message_too_long metadata_must_be_sent_from_app metadata_too_large missing_scope
msg_blocks_too_long msg_too_long no_permission no_reaction no_text not_allowed_token_type
not_authed not_found not_in_channel org_login_required push_limit_reached request_timeout
restricted_action restricted_action_read_only_channel restricted_action_thread_locked
service_unavailable team_access_not_granted team_added_to_org thread_not_found token_expired
token_revoked too_many_attachments too_many_reactions two_factor_setup_required
unknown_method user_not_found user_not_in_channel view_too_large
"""

SLACK_METHODS = frozenset(_METHODS.split())
SLACK_OUTCOMES = frozenset(_OUTCOMES.split())
