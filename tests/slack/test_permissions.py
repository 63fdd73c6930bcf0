"""Nobody reads of a Dag in Slack that they may not see, whichever door it would come through."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot.domain.access import Action, Allowed, Asking, Labels, Otherwise, Rights, Rule, Rules
from bot.domain.channel_policies import ChannelPolicy, PolicyKey
from bot.domain.escalations import Deed, Kind, Truth, WasRight
from bot.domain.failures import Failure
from bot.domain.questions import ThreadKey
from bot.domain.targets import Target
from bot.playground.workspace import LocalWorkspace, Message
from bot.playground.workspace.journal import ApiCall
from bot.playground.workspace.world import (
    AUTHOR,
    ONCALL,
    ONCALL_CHANNEL,
    PLATFORM,
    PLATFORM_GROUP,
    SUPPORT_CHANNEL,
)
from bot.slack.asking_form import Field
from bot.slack.parse_shortcut import ASK, EXPLAIN
from bot.slack.presses import Press
from tests.services.guarded import DAGS
from tests.services.guarded import SAYING_ALL as SAYS
from tests.slack.guarding import GUEST, HOST, GuardedBot, guarding

NAMES = {SUPPORT_CHANNEL: "airflow-support", ONCALL_CHANNEL: "airflow-oncall"}
GROUP = {ONCALL.id, PLATFORM.id}
PATTERNS = st.sampled_from(["alpha_*", "beta*", "gamma.?lose", "delta", "*"])
RULES = st.builds(
    Rule,
    name=st.just("r"),
    channels=st.sampled_from(
        [frozenset(), {SUPPORT_CHANNEL}, {ONCALL_CHANNEL}, {"#airflow-support"}]
    ).map(frozenset),
    users=st.sampled_from([frozenset(), {AUTHOR.id}, {ONCALL.id}, {GUEST.id}]).map(frozenset),
    groups=st.sampled_from([frozenset(), {PLATFORM_GROUP}, {"@platform-team"}]).map(frozenset),
    clusters=st.sampled_from([frozenset(), {"prod"}]).map(frozenset),
    dags=st.lists(PATTERNS, max_size=2).map(tuple),
    tags=st.sampled_from([frozenset(), frozenset(), {"alpha"}, {"all"}]).map(frozenset),
    owners=st.sampled_from([frozenset(), frozenset(), {"beta"}]).map(frozenset),
    actions=st.sampled_from(
        [{Action.READ, Action.ESCALATE}, {Action.READ, Action.LOGS, Action.ESCALATE}]
    ).map(frozenset),
)


# What it says is shown to nobody before the next call, which has a channel.
_OF_NOBODY = frozenset({"files.getUploadURLExternal"})


@dataclass
class Watch:
    """Looks at everything that the bot says, from the last look on."""

    ws: LocalWorkspace
    rules: Rules
    asker: str
    seen: int = 0
    files: int = 0
    whispered: set[str] = field(default_factory=set)
    leaks: list[str] = field(default_factory=list)

    def look(self, door: str, named: str = "") -> None:
        """`named` is what the asker said, which comes back to them."""
        calls = self.ws.calls()
        for call in calls[self.seen :]:
            if call.method in _OF_NOBODY:
                continue
            self._check(
                f"{door}: {call.method}", json.dumps(call.arguments), _who(call, self), named
            )
        self.seen = len(calls)
        for user in (AUTHOR.id, ONCALL.id, GUEST.id):
            for message in self.ws.ephemerals(user):
                if message.user == self.ws.bot_user_id and message.ts not in self.whispered:
                    self.whispered.add(message.ts)
                    said = message.text + json.dumps(message.blocks)
                    self._check(f"{door}: whisper", said, (user, message.channel), named)
        for file in self.ws.files()[self.files :]:
            for channel in file.channels:
                said = f"{file.name} {file.alt_text} {file.content.decode(errors='replace')}"
                self._check(f"{door}: file", said, ("", channel), named)
        self.files = len(self.ws.files())

    def pass_over(self) -> None:
        self.seen = len(self.ws.calls())

    def shown(self, door: str, what: object) -> None:
        self._check(door, json.dumps(what), (self.asker, ""), "")

    def _check(self, door: str, said: str, reader: tuple[str, str], named: str) -> None:
        for dag_id in self.hidden_from(*reader):
            if dag_id in said and dag_id != named:
                at = said.index(dag_id)
                self.leaks.append(
                    f"{door} to {reader}: {dag_id} in {said[max(0, at - 90) : at + 40]}"
                )

    def hidden_from(self, user: str, channel: str) -> Iterator[str]:
        rights = self._rights(user, channel)
        for dag_id in DAGS:
            team = dag_id.split("_")[0].split("-")[0].split(".")[0]
            labels = [
                Labels(name, dag_id, frozenset({team, "all"}), frozenset({team}))
                for name in ("prod", "dev")
            ]
            if not any(isinstance(rights.may(Action.READ, one), Allowed) for one in labels):
                yield dag_id

    def _rights(self, user: str, channel: str) -> Rights:
        """By the rules alone, without any of what is tested."""
        direct = self.ws.state.channels.get(channel)
        if direct is not None and channel.startswith("D"):
            user = next(iter(direct.members - {self.ws.bot_user_id}))
        asking = Asking(
            channel,
            user,
            user == GUEST.id,
            channel_name=NAMES.get(channel, ""),
            groups=frozenset({PLATFORM_GROUP, "@platform-team"} if user in GROUP else ()),
        )
        return self.rules.rights(asking) if user else self.rules.rights_of_all(asking)


def _who(call: ApiCall, watch: Watch) -> tuple[str, str]:
    """(user, channel) of who reads it; everybody of the channel for no user."""
    said = call.arguments
    channel = str(said.get("channel") or said.get("channel_id") or "")
    if call.method == "chat.postEphemeral":
        return str(said["user"]), channel
    if call.method.startswith("views."):
        return str(said.get("user_id") or watch.asker), ""
    return "", channel


@settings(
    max_examples=8,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),  # to make an example smaller takes minutes
    suppress_health_check=list(HealthCheck),
)
@given(
    st.lists(RULES, min_size=1, max_size=3).map(tuple),
    st.sampled_from(Otherwise),
    st.sampled_from([AUTHOR.id, ONCALL.id, GUEST.id]),
    st.sampled_from(DAGS),
)
def test_no_door_shows_a_forbidden_dag(
    rules: tuple[Rule, ...], otherwise: Otherwise, asker: str, dag_id: str
) -> None:
    leaks = asyncio.run(_through_all_doors(Rules(rules, otherwise), asker, dag_id))
    assert leaks == []


async def _through_all_doors(rules: Rules, asker: str, dag_id: str) -> list[str]:
    async with guarding(rules) as (ws, bot):
        watch = Watch(ws, rules, asker)
        doors = _Doors(ws, bot, watch, asker, dag_id)
        await doors.words()
        await doors.commands()
        await doors.views()
        await doors.beside()
        await doors.humans()
        return watch.leaks


@dataclass
class _Doors:
    ws: LocalWorkspace
    bot: GuardedBot
    watch: Watch
    asker: str
    dag_id: str

    async def _done(self, door: str, named: str = "") -> None:
        await self._settled()
        self.watch.look(door, named)

    async def _settled(self) -> None:
        async with asyncio.timeout(20):
            while self.ws.dispatcher.under_way:  # noqa: ASYNC110 -- it tells nobody
                await asyncio.sleep(0.002)
        await self.bot.idle()

    async def words(self) -> None:
        """Mention, follow-up, direct message, in exact words and in such as have to be guessed."""
        ws, asker = self.ws, self.asker
        for text in (f"why did {self.dag_id} fail?", "why did beta_biling fail?", "what failed?"):
            said = await ws.say(SUPPORT_CHANNEL, asker, f"{ws.mention} {text}", raw=True)
            await self._done("mention", self.dag_id)
            await ws.say(SUPPORT_CHANNEL, asker, "and what happened before?", said.ts)
            await self._done("follow-up", self.dag_id)
            await self._press_all(ws.replies(said))
            await ws.say_directly(asker, text)
            await self._done("direct", self.dag_id)

    async def _press_all(self, messages: list[Message]) -> None:
        """Somebody else, and the asker, press whatever there is."""
        whispered = self.ws.ephemerals(self.asker)[-1:]
        for message in [*(one for one in messages if one.bot_id), *whispered]:
            shown = json.dumps(message.blocks)
            for press in (Press.EVIDENCE, Press.LOG_EXCERPT, Press.SHARE):
                if f'"{press.value}"' not in shown:
                    continue
                for user in (AUTHOR.id, ONCALL.id, GUEST.id):
                    await self.ws.press(message, press.value, user)
                    await self._done(f"press {press.value}", self.dag_id)

    async def commands(self) -> None:
        """Every word of the command, with a Dag, with one to be guessed, and without any."""
        words = ("why", "status", "logs", "runbook", "health", "mine", "oncall", "settings", "help")
        for word in words:
            for rest in (self.dag_id, "beta_biling", ""):
                channel = SUPPORT_CHANNEL if rest else ONCALL_CHANNEL
                await self.ws.command("/airflow", f"{word} {rest}".strip(), channel, self.asker)
                await self._done(f"/airflow {word}", rest)

    async def views(self) -> None:
        """Shortcuts, the menu of Dags, the Home tab, the settings that others made."""
        ws, asker, watch = self.ws, self.asker, self.watch
        alert = await ws.say(SUPPORT_CHANNEL, ONCALL.id, f"Dag: {self.dag_id}\nTask: load")
        await ws.shortcut(EXPLAIN, asker, alert)
        await self._done("explain", self.dag_id)
        await ws.shortcut(ASK, asker)
        form = ws.modals(asker)[-1]
        for typed in ("", "beta", "a"):
            watch.shown("menu", await ws.suggest(form, Field.DAG, typed))
        policy = ChannelPolicy(dags=DAGS, version=1)
        self.bot.guarded.policies.kept[PolicyKey(ws.team_id, SUPPORT_CHANNEL)] = policy
        await ws.command("/airflow", "settings", SUPPORT_CHANNEL, asker)
        await self._done("settings of others")
        ws.actors.open_app_home(asker)
        await self._done("home", self.dag_id)
        ws.actors.open_app_home(asker, "messages")
        await self._done("prompts")

    async def beside(self) -> None:
        """What nobody asked for: links in messages, and failures that Airflow reports."""
        for dag_id in DAGS:
            url = f"{HOST}/dags/{dag_id}/runs/run1/tasks/load"
            await self.ws.say(SUPPORT_CHANNEL, self.asker, f"look: {url}")
        await self._done_with_links()
        at = self.bot.engine.now()
        failed = [Target("prod", one, "run1", "load", None, 1) for one in DAGS]
        reports = [Failure(target, "failed", at) for target in failed]
        wait = self.bot.engine.hold()
        await self.bot.reported.add(reports)
        wait.set()
        await self.bot.engine.pass_time(2)
        await self._done("reported")

    async def _done_with_links(self) -> None:
        """Who links to a page has named it already."""
        await self._settled()
        cards = [call.arguments for call in self.ws.calls("chat.unfurl")]
        for unfurls in (card["unfurls"] for card in cards):
            for url in unfurls:
                dag_id = url.split("/dags/")[1].split("/")[0]
                hidden = set(self.watch.hidden_from("", SUPPORT_CHANNEL))
                assert dag_id not in hidden, url
        self.watch.pass_over()

    async def humans(self) -> None:
        """A hand-off, what is carried between its threads, and what was true in the end."""
        ws, asker = self.ws, self.asker
        said = await ws.say(
            SUPPORT_CHANNEL, asker, f"{ws.mention} get me a human for {self.dag_id}", raw=True
        )
        await self._done("call for a human", "" if asker == GUEST.id else self.dag_id)
        escalations = await self.bot.escalations.of_thread(
            ThreadKey(ws.team_id, SUPPORT_CHANNEL, said.ts)
        )
        if not escalations:
            return  # the rules grant them nobody
        escalation = escalations[-1]
        card = await self.bot.escalations.card(escalation.id)
        assert card is not None
        await ws.say(SUPPORT_CHANNEL, asker, f"it {SAYS}", said.ts)
        await self._done("bridge to those on call")
        await ws.say(ONCALL_CHANNEL, ONCALL.id, f"it {SAYS}", card.ts)
        await self._done("bridge to the asker")
        deed = Deed("resolved", Kind.RESOLVED, self.bot.engine.now(), by=ONCALL.id)
        truth = Truth(escalation.id, ONCALL.id, deed.at, SAYS, SAYS, WasRight.NO)
        await self.bot.escalator.do(escalation.id, deed, truth)
        await self._done("resolution")
        ws.actors.open_app_home(asker)
        await self._done("home with escalations", self.dag_id)
