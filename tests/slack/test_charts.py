"""The chart of earlier runs: drawn, sent once, described, and left out where it cannot be sent."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.domain.comparisons import Comparison, Measure, Timed
from bot.playground.workspace import Fault, FaultKind, LocalWorkspace
from bot.slack.chart import chart
from bot.slack.config import SlackConfig
from tests.slack.asking import answered, mention
from tests.slack.doubles import NOW, MemoryRecords, ScriptedAnswers, always
from tests.slack.replies import CAPACITY, EXPLAINED
from tests.slack.running import RunningBot
from tests.slack.test_crashes import SteppedAnswers, at_every_point, mentioned

EARLIER = tuple(
    Timed(f"run-{day}", 600.0 + 7 * day, NOW - timedelta(days=9 - day), "success")
    for day in range(9)
)
SLOW = Comparison(
    Measure.DURATION, "train", Timed("run-9", 1_800.0, NOW, "failed"), EARLIER, 628.0, 1_800.0
)
COMPARED = replace(CAPACITY, comparison=SLOW)
ALT = (
    "Bar chart: train took 30 min in this run, usually 10 min; it may take 30 min; "
    "9 earlier runs, 10 min to 10 min."
)


async def test_the_chart_follows_the_answer_and_says_what_it_shows(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = always(COMPARED, replace(COMPARED, explanation=EXPLAINED))
    question = await mention(ws)
    answer = await answered(ws, connected, question)

    (file,) = ws.files()
    assert file.mimetype == "image/png"
    assert file.alt_text == ALT
    assert file.title == "Duration of train, run by run"
    assert file.name == "features.train-3-try1-duration.png"
    picture = Image.open(io.BytesIO(file.content))
    assert picture.format == "PNG"
    assert picture.size == (1_080, 620)
    shared = next(one for one in ws.replies(question) if file.id in one.files)
    assert shared.ts > answer.ts


async def test_an_answer_that_rests_on_no_earlier_run_has_no_chart(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers
) -> None:
    answers.script = always(CAPACITY)
    await answered(ws, connected, await mention(ws))

    assert not ws.files()


@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal"])
async def test_without_the_scope_the_answer_comes_without_it(
    ws: LocalWorkspace, connected: RunningBot, answers: ScriptedAnswers, method: str
) -> None:
    ws.faults.add(Fault(FaultKind.REFUSE, method, times=None, error="missing_scope"))
    answers.script = always(COMPARED)

    for _ in range(2):
        await answered(ws, connected, await mention(ws))
    assert len(ws.calls(method)) == 1
    assert not [one for one in ws.files() if one.shared]


async def test_it_is_sent_at_most_once_wherever_the_machine_goes_down(
    ws: LocalWorkspace, config: SlackConfig, records: MemoryRecords
) -> None:
    answers = SteppedAnswers(records, replies=(COMPARED,))
    charts: list[int] = []

    async def scene(bot: RunningBot) -> Callable[[], None]:
        message = await mentioned(ws, bot)

        def check() -> None:
            charts.append(sum(len(one.files) for one in ws.replies(message)))
            assert charts[-1] <= 1
            assert len([one for one in ws.replies(message) if one.blocks]) == 1

        return check

    await at_every_point(config, answers, scene)
    assert charts[-1] == 1


_SECONDS = st.floats(0, 3e6)


@settings(max_examples=15, deadline=None)
@given(
    this=_SECONDS,
    before=st.lists(_SECONDS, min_size=3, max_size=20),
    limit=st.none() | _SECONDS,
    name=st.text(max_size=300),
)
def test_anything_can_be_drawn(
    this: float, before: list[float], limit: float | None, name: str
) -> None:
    earlier = tuple(Timed(str(number), one) for number, one in enumerate(before))
    drawn = chart(
        Comparison(Measure.QUEUED, name, Timed("this", this, NOW), earlier, before[0], limit)
    )
    assert Image.open(io.BytesIO(drawn)).size == (1_080, 620)
    assert len(drawn) < 100_000
