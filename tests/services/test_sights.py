"""Nobody learns of a Dag that they may not see, whichever way they ask."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.access import Action, Allowed, Denied, Labels, Otherwise, Rule, Rules
from bot.domain.answers import Diagnosis, NotFound
from bot.domain.audit import Outcome
from bot.domain.cases import Manner
from bot.domain.channel_policies import ChannelPolicy, PolicyKey
from bot.domain.questions import Asker, Author, EarlierMessage, Intent, Origin, Question, ThreadKey
from bot.domain.targets import Target
from bot.services.sights import Sight
from tests.services.bench import NOW, RecordingChannel
from tests.services.guarded import DAGS, OF_ALL, Guarded, MemoryPolicies, on_prod, text_of

ALPHA = Rule("alpha", channels=frozenset({"C1"}), dags=("alpha_*",))


def asked(text: str, channel: str = "C1", **fields: object) -> Question:
    made = Question(
        id=f"T:{channel}:1700000000.000100",
        origin=Origin.SLACK,
        asker=Asker("U1"),
        thread=ThreadKey("T", channel, "1700000000.000100"),
        message_ts="1700000000.000100",
        text=text,
        asked_at=NOW,
    )
    return replace(made, **fields)  # type: ignore[arg-type]


# One way to name Dags for each way that a question can come.
ALERT = EarlierMessage(Author.APP, f"Task failed. dag_id: {DAGS[2]}, see also {OF_ALL}", "1")
TEXTS = st.sampled_from(
    [
        *(f"why did {dag_id} fail?" for dag_id in DAGS),
        "why did beta_biling fail?",
        "status of beta",
        "logs of gamma.close.load",
        "what failed last night?",
        "how do I set a pool?",
        "is airflow healthy?",
        "and why?",
        "help",
        "why did load fail?",
    ]
)
NAMES = st.sampled_from(["alpha_*", "beta*", "gamma.?lose", "delta", "*"])
RULES = st.builds(
    Rule,
    name=st.just("r"),
    channels=st.sampled_from([frozenset(), {"C1"}, {"C2"}, {"#team-beta"}]).map(frozenset),
    users=st.sampled_from([frozenset(), {"U1"}, {"U2"}]).map(frozenset),
    groups=st.sampled_from([frozenset(), {"S1"}, {"S2"}]).map(frozenset),
    clusters=st.sampled_from([frozenset(), {"prod"}]).map(frozenset),
    dags=st.lists(NAMES, max_size=2).map(tuple),
    tags=st.sampled_from([frozenset(), frozenset(), {"alpha"}, {"all"}]).map(frozenset),
    owners=st.sampled_from([frozenset(), frozenset(), {"beta"}]).map(frozenset),
    actions=st.sampled_from([{Action.READ}, {Action.READ, Action.LOGS}]).map(frozenset),
)
QUESTIONS = st.builds(
    asked,
    TEXTS,
    channel=st.sampled_from(["C1", "C2", "D1"]),
    asker=st.builds(Asker, st.sampled_from(["U1", "U2"]), is_external=st.booleans()),
    earlier=st.sampled_from([(), (ALERT,)]),
    chosen=st.sampled_from([None, None, on_prod(DAGS[0], "run1"), on_prod(DAGS[2], "run1")]),
    intent=st.sampled_from([None, None, Intent.DIAGNOSE, Intent.STATUS, Intent.LOGS]),
    is_private=st.booleans(),
    is_shared=st.booleans(),
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(RULES, min_size=1, max_size=3).map(tuple), st.sampled_from(Otherwise), QUESTIONS)
def test_no_forbidden_dag_is_ever_named(
    rules: tuple[Rule, ...], otherwise: Otherwise, question: Question
) -> None:
    question = replace(question, is_direct=question.thread.channel == "D1")
    guarded = Guarded(Rules(rules, otherwise))
    channel = asyncio.run(guarded.ask(question))
    whispered = any(manner.is_private for manner in channel.manners)
    alone = question.is_private or question.is_direct or whispered
    hidden = asyncio.run(_hidden(guarded, question, is_private=alone))
    said = question.text + (question.chosen.label() if question.chosen else "")
    if question.earlier:
        said += DAGS[2]  # what the alert above the question is about: it is said not to be there
    for dag_id in hidden:
        if dag_id in said:
            continue  # the words of the asker come back to them
        assert dag_id not in text_of(tuple(guarded.model.heard)), dag_id
        if dag_id in text_of(question.earlier):
            continue  # and so does what stands in the thread
        assert dag_id not in text_of(tuple(channel.posted), tuple(channel.said)), dag_id


async def _hidden(guarded: Guarded, question: Question, *, is_private: bool) -> list[str]:
    """By the rules alone, without any of what is tested: ids that may be seen on no cluster."""
    asker = question.asker
    entitled = await guarded.access.entitled(
        asker, question.thread.channel, is_direct=question.is_direct, is_shared=question.is_shared
    )
    rights = entitled.own if is_private else entitled.own.limited_to(entitled.of_all)
    hidden = []
    for dag_id in DAGS:
        details = [await one.dag(dag_id) for one in guarded.clusters.values()]
        tags = frozenset(tag for one in details if one for tag in one.tags)
        owners = frozenset(owner for one in details if one for owner in one.owners)
        may = [
            rights.may(Action.READ, Labels(name, dag_id, tags, owners)) for name in guarded.clusters
        ]
        if not any(isinstance(one, Allowed) for one in may):
            hidden.append(dag_id)
    return hidden


async def test_a_hidden_dag_is_answered_like_one_that_is_not_there() -> None:
    for way in ({}, {"chosen": None}):
        hidden = await Guarded(Rules((ALPHA,))).ask(asked("why did beta_billing fail?", **way))
        absent = await Guarded(Rules((ALPHA,))).ask(asked("why did beta_nothing fail?", **way))
        assert [_without(one, "beta_billing") for one in hidden.posted] == [
            _without(one, "beta_nothing") for one in absent.posted
        ]
    assert "ask the platform team" in text_of(hidden.posted[0])


@pytest.mark.parametrize("intent", [Intent.DIAGNOSE, Intent.STATUS, Intent.LOGS])
async def test_so_is_one_that_a_link_leads_to_and_airflow_is_asked_as_much(intent: Intent) -> None:
    replies, calls = [], []
    for dag_id in ("beta_billing", "beta_nothing"):
        guarded = Guarded(Rules((ALPHA,)))
        chosen = Target("prod", dag_id, "run1", "load")
        channel = await guarded.ask(asked("this", chosen=chosen, intent=intent))
        replies.append([_without(one, dag_id) for one in channel.posted])
        calls.append([replace(t, dag_id="") for t in guarded.clusters["prod"].gathered])  # type: ignore[attr-defined]
    assert replies[0] == replies[1]
    assert calls[0] == calls[1]


def _without(reply: object, dag_id: str) -> str:
    return repr(reply).replace(dag_id, "X")


async def test_what_the_channel_may_not_see_goes_to_the_asker_alone() -> None:
    own = Rule("own", users=frozenset({"U1"}), dags=("beta*",))
    channel = await Guarded(Rules((ALPHA, own))).ask(asked("why did beta_billing fail?"))
    assert channel.manners == [Manner(is_private=True)]
    assert isinstance(channel.posted[0], Diagnosis)
    # Nor does the sign of work name it.
    assert "beta_billing" not in text_of(tuple(channel.said))
    public = await Guarded(Rules((ALPHA, own))).ask(asked("why did alpha_orders fail?"))
    assert public.manners == [Manner()]
    assert "beta_billing" not in text_of(tuple(public.posted))


async def test_who_may_not_read_logs_gets_a_diagnosis_without_a_line_of_one() -> None:
    rule = replace(ALPHA, actions=frozenset({Action.READ}))
    guarded = Guarded(Rules((rule,)))
    channel = await guarded.ask(asked("why did alpha_orders fail?"))
    reply = channel.posted[-1]
    assert isinstance(reply, Diagnosis)
    assert "KeyError" not in text_of(reply, tuple(guarded.model.heard))
    assert any(gap.source == "task log" for gap in reply.verdict.gaps)


async def test_groups_that_slack_does_not_tell_grant_nothing_and_that_is_said() -> None:
    guarded = Guarded(Rules((Rule("g", groups=frozenset({"S1"})),)))
    assert isinstance((await guarded.ask(asked("why did delta fail?"))).posted[0], Diagnosis)
    guarded.directory.silent = True
    (reply,) = (await guarded.ask(asked("why did alpha_orders fail?"))).posted
    assert isinstance(reply, NotFound)
    assert "which user groups you are in" in reply.nowhere.remedy


async def test_denials_and_requests_that_take_a_right_are_kept_once() -> None:
    guarded = Guarded(Rules((ALPHA,)))
    for _ in range(2):
        await guarded.ask(asked("why did beta_billing fail?"))
        await guarded.ask(asked("please retry alpha_orders", id="T:C1:2"))
    kept = [(one.action, one.outcome, one.target) for one in guarded.audit.kept.values()]
    assert kept[0] == ("read", Outcome.DENIED, Target("", "beta_billing"))
    assert kept[1][:2] == ("retry", Outcome.DENIED)
    assert len(kept) == 2
    assert "why did" not in text_of(tuple(guarded.audit.kept.values()))


async def test_without_rules_all_is_as_before_but_for_people_of_other_organisations() -> None:
    guarded = Guarded(Rules())
    assert (await guarded.sights.of(asked("why?"))).clusters is guarded.clusters
    external = asked("why did alpha_orders fail?", asker=Asker("U9", "T9", is_external=True))
    assert isinstance((await guarded.ask(external)).posted[0], NotFound)
    named = Guarded(Rules((ALPHA,)))
    assert isinstance((await named.ask(external)).posted[0], Diagnosis)


async def test_guests_and_shared_channels_count_as_external_whoever_says_so() -> None:
    guarded = Guarded(Rules())
    guarded.directory.guests = frozenset({"U1"})
    (reply,) = (await guarded.ask(asked("why did alpha_orders fail?"))).posted
    assert isinstance(reply, NotFound)
    assert await guarded.sights.seen_by(Asker("U1"), "C1") == {}
    assert len(await guarded.sights.seen_by(Asker("U2"), "C1")) == 2
    guarded.directory.shared = frozenset({"C1"})
    assert await guarded.sights.seen_by(Asker("U2"), "C1") == {}


async def test_whom_slack_does_not_tell_of_is_treated_as_a_guest_and_told_so() -> None:
    guarded = Guarded(Rules())
    guarded.directory.silent = True
    (reply,) = (await guarded.ask(asked("why did alpha_orders fail?"))).posted
    assert isinstance(reply, NotFound)
    assert "whether you are a guest here" in reply.nowhere.remedy


async def test_in_a_channel_that_others_read_the_answer_is_private() -> None:
    channel = await Guarded(Rules()).ask(asked("why did alpha_orders fail?", is_shared=True))
    assert channel.manners == [Manner(is_private=True)]


async def test_a_channels_cluster_and_patterns_say_what_is_meant() -> None:
    policy = ChannelPolicy(cluster="dev", dags=("gamma*", "delta"), language="de", version=1)
    policies = MemoryPolicies({PolicyKey("T", "C1"): policy})
    guarded = Guarded(Rules(), policies)
    channel = await guarded.ask(asked("why did delta fail?"))
    reply = channel.posted[0]
    assert isinstance(reply, Diagnosis)
    assert reply.target.cluster == "dev"
    assert channel.manners == [Manner(language="de")]
    sight = await guarded.sights.of(asked("what failed?"))
    options = (await _resolved(sight, "what failed?")).options  # type: ignore[attr-defined]
    assert {one.target.dag_id for one in options} == {"gamma.close", "delta"}


async def _resolved(sight: Sight, text: str) -> object:
    from bot.questions.hints import hints_of

    return await sight.resolver.resolve(hints_of(asked(text), ()), NOW)


async def test_a_channel_may_want_its_answers_private() -> None:
    policies = MemoryPolicies({PolicyKey("T", "C1"): ChannelPolicy(is_private=True, version=1)})
    channel: RecordingChannel = await Guarded(Rules(), policies).ask(asked("why did delta fail?"))
    assert channel.manners == [Manner(is_private=True, may_be_shared=True)]


class ChangedAfterOneLook(MemoryPolicies):
    """The channel's settings are changed as soon as they have been looked at."""

    def __init__(self, *settings: ChannelPolicy) -> None:
        super().__init__()
        self.settings = list(settings)

    async def policy(self, key: PolicyKey) -> ChannelPolicy:
        return self.settings.pop(0)


async def test_what_is_set_while_an_answer_is_made_is_for_the_next_one() -> None:
    rules = Rules((ALPHA, Rule("own", users=frozenset({"U1"}), dags=("beta*",))))
    settings = [ChannelPolicy(version=1), ChannelPolicy(is_private=True, language="de", version=2)]
    guarded = Guarded(rules, ChangedAfterOneLook(*settings))
    first = await guarded.ask(asked("why did alpha_orders fail?"))
    assert first.manners == [Manner()]
    assert isinstance(first.posted[0], Diagnosis)
    assert "beta" not in text_of(first.posted, guarded.model.heard)
    second = await guarded.ask(asked("why did alpha_orders fail?", id="T:C1:1.2"))
    assert second.manners == [Manner(is_private=True, may_be_shared=True, language="de")]


async def test_rights_are_decided_for_others_in_the_same_words() -> None:
    access = Guarded(Rules((ALPHA,))).access
    asker = Asker("U1")
    assert await access.may(asker, "C1", Action.READ, on_prod("alpha_orders")) == Allowed("alpha")
    assert isinstance(await access.may(asker, "C1", Action.RETRY, on_prod("alpha_orders")), Denied)
    assert isinstance(await access.may(asker, "C2", Action.READ, on_prod("alpha_orders")), Denied)
    assert isinstance(await access.may(asker, "C1", Action.SETTINGS), Denied)
