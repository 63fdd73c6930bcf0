"""What an assistant says about itself: its status, a thread's title, prompts to begin with."""

from __future__ import annotations

from bot.playground.workspace.changes import PromptsSet, StatusSet, TitleSet
from bot.playground.workspace.errors import SlackRefusal
from bot.playground.workspace.methods.posting import warned
from bot.playground.workspace.methods.registry import Call, Method, Tier
from bot.playground.workspace.values import ChannelKind, Json, Prompts, Status

LOADING_MESSAGES_MAX = 10
PROMPTS_MAX = 4
_SESSION_WORDS = ("active", "closed", "processing", "suspended")


def _set_status(call: Call) -> Json:
    channel = call.channel("channel_id")
    messages = call.arguments.names("loading_messages")
    if len(messages) > LOADING_MESSAGES_MAX:
        raise SlackRefusal("invalid_arguments", ["[ERROR] no more than 10 loading_messages"])
    status = Status(
        channel.id,
        call.arguments.text("thread_ts"),
        call.arguments.text("status", ""),
        call.hub.clock.now(),
        messages,
    )
    call.hub.commit(StatusSet(status))
    return {}


def _set_session_status(call: Call) -> Json:
    channel = call.channel("channel_id")
    word = call.arguments.text("status")
    if word not in _SESSION_WORDS:
        raise SlackRefusal("invalid_status")
    thread_ts = call.arguments.optional("thread_ts")
    if thread_ts is None:
        raise SlackRefusal("invalid_arguments", ["[ERROR] missing required field: thread_ts"])
    hears_stop = "agent_session_stopped" in call.hub.world.app.events
    shown = word if word == "processing" else ""
    now = call.hub.clock.now()
    call.hub.commit(StatusSet(Status(channel.id, thread_ts, shown, now, (), hears_stop)))
    title = call.arguments.optional("title")
    if title:
        call.hub.commit(TitleSet(channel.id, thread_ts, title))
    warnings = () if hears_stop else ("missing_agent_session_stopped_event_subscription",)
    return warned({"agent_status": word}, warnings)


def _set_title(call: Call) -> Json:
    channel = call.channel("channel_id")
    title = call.arguments.text("title")
    call.hub.commit(TitleSet(channel.id, call.arguments.text("thread_ts"), title))
    return {}


def _set_prompts(call: Call) -> Json:
    channel = call.channel("channel_id")
    prompts = call.arguments.objects("prompts")
    if len(prompts) > PROMPTS_MAX:
        raise SlackRefusal("too_many_prompts")
    if not all(prompt.get("title") and prompt.get("message") for prompt in prompts):
        raise SlackRefusal("invalid_arguments", ["[ERROR] a prompt needs title and message"])
    if channel.kind is not ChannelKind.DIRECT:
        raise SlackRefusal("channel_type_not_supported")
    # With agent_view a thread_ts makes the call do nothing, and Slack does not say so.
    if not (call.hub.world.app.agent_view and "thread_ts" in call.arguments):
        title = call.arguments.text("title", "")
        call.hub.commit(PromptsSet(Prompts(channel.id, title, prompts)))
    return {}


METHODS = (
    Method("agents.sessions.rename", _set_title, ("chat:write",)),
    Method("agents.sessions.setStatus", _set_session_status, ("chat:write",)),
    Method("assistant.threads.setStatus", _set_status, ("chat:write", "assistant:write"), Tier.T4),
    Method("assistant.threads.setSuggestedPrompts", _set_prompts, ("assistant:write",), Tier.T4),
    Method("assistant.threads.setTitle", _set_title, ("assistant:write",), Tier.T4),
)
