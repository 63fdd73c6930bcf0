"""Shows what the bot does in a channel, and changes it for those who may."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.access import Action, Allowed, Decision, Denied
from bot.domain.audit import AuditEntry, Outcome
from bot.domain.channel_policies import ChannelPolicy, PolicyKey
from bot.domain.errors import BadRequest
from bot.domain.questions import Asker
from bot.domain.references import reference_of
from bot.domain.work import Retry
from bot.services.access import Access
from bot.services.access_ports import ChannelPolicies
from bot.services.channel_managers import WHO, ChannelManagers
from bot.services.ports import DurableSteps
from bot.services.sights import Sight
from bot.slack.arrivals import Command, PolicyChange
from bot.slack.blocks.settings import facts_of, settings_form, settings_shown
from bot.slack.gestures import Gestures
from bot.slack.settings_form import Subject
from bot.slack.whispering import WhisperChannel
from bot.words import ENGLISH, mark, say, speaking

_STORE = Retry(attempts=6, pause=1.0, seconds=15.0)
_NOT_YOU = mark("You may not change the settings of this channel. These may: {who}.")
_WHO_SEES = mark("whoever may see the Dags that they name: {who}")
_TOO_LATE = mark(
    "Somebody else changed the settings of this channel while your form was open, so yours were "
    "not saved. Open them again to see what stands now."
)
_SAVED = mark("Saved. From now on in this channel: {facts}.")


@dataclass(frozen=True, slots=True)
class SettingsDesk:
    """`zone` is proposed for quiet hours; `now` gives aware UTC times. `sight` is what somebody may
    see; without it that is everything."""

    policies: ChannelPolicies
    managers: ChannelManagers
    access: Access
    clusters: Sequence[str]
    now: Callable[[], datetime]
    zone: str = "UTC"
    sight: Callable[[Asker], Awaitable[Sight]] | None = None

    async def open(self, gestures: Gestures, command: Command) -> None:
        """Opens the form while its trigger lasts; to be read only for who may not change it."""
        question, channel = command.question, command.place.channel
        policy = await self.policies.policy(PolicyKey(question.thread.workspace, channel))
        shown = await self._shown(question.asker, policy)
        if shown != policy:
            form = settings_shown(shown, say(_WHO_SEES, who=say(WHO)))
        elif isinstance(await self.managers.may_change(question.asker, channel), Allowed):
            subject = Subject(channel, policy.version)
            form = settings_form(policy, subject, self.clusters, self.zone)
        else:
            form = settings_shown(policy, say(WHO))
        await gestures.open_form(command.trigger_id, form)

    async def _shown(self, asker: Asker, policy: ChannelPolicy) -> ChannelPolicy:
        """As the asker may see it: its patterns may be the names of Dags."""
        if self.sight is None or not policy.dags:
            return policy
        veil = await (await self.sight(asker)).veil()
        return replace(policy, dags=veil.over(policy.dags))

    async def change(
        self, change: PolicyChange, channel: WhisperChannel, steps: DurableSteps
    ) -> None:
        """Raises `BadRequest` where they may not, or somebody was faster."""
        refusal = await steps.run("save settings", lambda: self._saved(change), _STORE)
        if refusal:
            raise BadRequest(refusal)
        # The language that was chosen is the channel's from here on.
        with speaking(change.policy.language):
            channel.place = replace(channel.place, language=change.policy.language)
            await channel.tell(say(_SAVED, facts=_facts(change.policy)))

    async def _saved(self, change: PolicyChange) -> str:
        """What to say where it was not."""
        workspace, place = change.key.partition(":")[0], change.place
        decision = await self.managers.may_change(change.asker, place.channel)
        if isinstance(decision, Denied):
            await self.access.keep(
                change.key,
                change.asker,
                workspace,
                place.channel,
                Action.SETTINGS.value,
                decision,
            )
            return say(_NOT_YOU, who=say(WHO))
        key = PolicyKey(workspace, place.channel)
        policy = change.policy
        if policy.cluster not in self.clusters:
            policy = replace(policy, cluster="")
        entry = self._entry(change, change.asker, workspace, decision)
        return "" if await self.policies.save(key, policy, entry) else say(_TOO_LATE)

    def _entry(
        self, change: PolicyChange, asker: Asker, workspace: str, decision: Decision
    ) -> AuditEntry:
        with speaking(ENGLISH):  # for whoever runs the bot
            detail = _facts(change.policy)
        return AuditEntry(
            key=f"{change.key}:{Action.SETTINGS}",
            at=self.now(),
            user_id=asker.user_id,
            workspace=workspace,
            channel=change.place.channel,
            action=Action.SETTINGS.value,
            outcome=Outcome.ALLOWED,
            rule=decision.rule,
            reference=reference_of(change.key),
            detail=detail,
        )


def _facts(policy: ChannelPolicy) -> str:
    return "; ".join(f"{label}: {value}" for label, value in facts_of(policy).items())
