"""However often and in whichever order a question, its edit and its deletion arrive, and wherever
the machine goes down: at most one answer, none after a deletion, and no word kept of it."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.playground.workspace import LocalWorkspace
from bot.playground.workspace.world import AUTHOR, SUPPORT_CHANNEL, InstalledApp, World
from bot.slack.config import SlackConfig
from bot.slack.manifest import app_manifest
from tests.slack.doubles import MemoryRecords, ScriptedAnswers, always
from tests.slack.driver import by_bot, hand_in
from tests.slack.replies import HELP
from tests.slack.running import RunningBot
from tests.slack.test_talk import kept_of

FIRST, SECOND = "first secret words", "second secret words"


def events(ws: LocalWorkspace, ts: str) -> dict[str, dict[str, Any]]:
    def message(text: str, **more: Any) -> dict[str, Any]:
        said = {"type": "message", "user": AUTHOR.id, "ts": ts, "text": f"{ws.mention} {text}"}
        return said | more

    place = {"channel": SUPPORT_CHANNEL, "channel_type": "channel"}
    edit = {"user": AUTHOR.id, "ts": "1900000001.000100"}
    changed = {"type": "message", "hidden": True, "event_ts": "1900000002.000100", **place}
    asked = message(FIRST) | place
    inner = {
        "question": asked,
        "mention": asked | {"type": "app_mention"},
        "edit": changed
        | {
            "subtype": "message_changed",
            "message": message(SECOND, edited=edit),
            "previous_message": message(FIRST),
        },
        "deletion": changed
        | {
            "subtype": "message_deleted",
            "deleted_ts": ts,
            "previous_message": message(SECOND, edited=edit),
        },
    }
    return {
        name: {"type": "event_callback", "event_id": name, "team_id": ws.team_id, "event": event}
        for name, event in inner.items()
    }


orders = st.lists(
    st.tuples(st.sampled_from(["question", "mention", "edit", "deletion"]), st.booleans()),
    min_size=1,
    max_size=6,
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(order=orders, dies_at=st.none() | st.integers(1, 60))
async def test_one_answer_at_most_and_nothing_after_a_deletion(
    order: list[tuple[str, bool]], dies_at: int | None
) -> None:
    app = InstalledApp.from_manifest(app_manifest())
    async with LocalWorkspace.started(World(app=app)) as ws:
        records = MemoryRecords()
        config = SlackConfig(ws.bot_token, ws.app_token, ws.signing_secret, ws.base_url)
        bot = RunningBot(config, ScriptedAnswers(records, always(HELP)), records)
        await bot.start()
        said = await ws.say(SUPPORT_CHANNEL, AUTHOR.id, f"{ws.mention} {FIRST}", raw=True)
        payloads = events(ws, said.ts)
        bot.engine.power.fails_at = dies_at
        for name, waits in order:
            await hand_in(bot, payloads[name])
            if waits:
                await bot.idle()
        await bot.idle()
        names = {name for name, _ in order}
        answers = by_bot(ws, SUPPORT_CHANNEL)
        if "deletion" in names:
            assert answers == []
            assert records.turns == {}
            assert kept_of(bot, "secret words") == []
        else:
            assert len(answers) == 1
            newest = SECOND if "edit" in names else FIRST
            (kept,) = records.turns.values()
            assert kept.question.text == newest
        await bot.engine.stop()
        await bot.stop()
