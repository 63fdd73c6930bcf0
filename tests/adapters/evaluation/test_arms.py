"""Models as arms, against a model server of the test's own."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from bot.adapters.evaluation.arms import Arms, run_arms
from bot.adapters.llm.config import ModelConfig, Prices
from bot.diagnosis.logs import read_log_text
from bot.domain.errors import ConfigError, CorpusError
from bot.domain.evidence import Evidence
from bot.domain.targets import Target
from bot.domain.verdicts import VerdictKind
from bot.services.evaluate import Case, Label, Outcome, Sample
from bot.services.model_arms import GIVE_UP_AFTER, Arm, ArmReport
from tests.diagnosis.cases import known
from tests.fakes import model_server
from tests.fakes.model_server import API_KEY, MODEL, Behaviour, Body, ModelServer

CODE, DEPENDENCY, UNKNOWN = VerdictKind.CODE, VerdictKind.DEPENDENCY, VerdictKind.UNKNOWN
RULES = [known("sql_error", CODE, signatures=["syntax error"], confidence=0.9)]
PRICES = Prices(tokens_in=2.0, tokens_out=10.0)
REFUSED = "ConnectionRefusedError: [Errno 111] Connection refused"


def sample(name: str, log: str = REFUSED, kind: VerdictKind = DEPENDENCY) -> Sample:
    lines = tuple(log.splitlines())
    case = Case(name, Evidence(Target("corpus"), log=read_log_text(log)), lines)
    return Sample(case, Label(kind, line=lines[-1]))


SAMPLES = [sample(f"case-{n}", f"line {n}\n{REFUSED}") for n in range(3)]


def judging(verdict: str = "dependency", confidence: float = 0.9) -> Behaviour:
    reply = {
        "verdict": verdict,
        "cause": "refused",
        "confidence": confidence,
        "deciding_line": REFUSED,
    }
    return model_server.says(json.dumps(reply))


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer(judging()) as running:
        yield running


async def run(
    server: ModelServer, *chosen: Arm, samples: Sequence[Sample] = SAMPLES, **changes: object
) -> list[ArmReport]:
    arms = Arms(chosen=chosen, model=model_at(server), at_once=1)
    reports, _ = await run_arms(replace(arms, **changes), samples, RULES)  # type: ignore[arg-type]
    return reports


def model_at(server: ModelServer, seconds: float = 20.0) -> ModelConfig:
    return ModelConfig(server.base_url, MODEL, API_KEY, seconds, max_retries=0, prices=PRICES)


async def test_every_arm_is_measured_on_every_case(server: ModelServer) -> None:
    reports = await run(server, *Arm)
    right = {one.arm: one.report.count(Outcome.RIGHT) for one in reports}
    assert right == {Arm.RULES: 0, Arm.JOINED: 3, Arm.PACK: 3, Arm.RAW: 3}
    assert [one.asked for one in reports] == [0, 3, 3, 3]


async def test_tokens_and_cost_are_those_that_the_server_counted(server: ModelServer) -> None:
    (pack,) = await run(server, Arm.PACK)
    assert (pack.tokens_in, pack.tokens_out, pack.estimated) == (3_000, 600, False)
    assert PRICES.cost(pack.tokens_in, pack.tokens_out) == pytest.approx(0.012)


async def test_the_line_that_a_model_names_is_compared_with_the_labelled_one(
    server: ModelServer,
) -> None:
    (pack,) = await run(server, Arm.PACK)
    assert pack.report.lines() == (3, 3, 3)


async def test_the_rules_stand_where_they_are_sure_and_are_less_sure_when_disputed(
    server: ModelServer,
) -> None:
    sure = sample("sql", 'ERROR: syntax error at or near "SELEC"', CODE)
    (both,) = await run(server, Arm.JOINED, samples=[sure])
    result = both.report.results[0]
    assert (result.verdict, result.confidence < 0.8) == (CODE, True)


async def test_the_prompts_of_the_arms_hold_what_their_names_say(server: ModelServer) -> None:
    noise = "\n".join(f"reading part {n} of 9000" for n in range(4_000))
    long = sample("long", f"{noise}\n{REFUSED}")
    await run(server, Arm.PACK, samples=[long])
    pack = server.last_prompt
    (raw,) = await run(server, Arm.RAW, samples=[long])
    assert REFUSED in pack
    assert REFUSED in server.last_prompt
    assert len(pack) < len(server.last_prompt) / 10
    assert raw.cut == 0
    await run(server, Arm.JOINED, samples=[long])
    assert "[rules] unknown" in server.last_prompt


async def test_no_label_is_in_any_prompt(server: ModelServer) -> None:
    telling = Sample(SAMPLES[0].case, Label(CODE, line="the labelled line"))
    await run(server, Arm.JOINED, Arm.PACK, Arm.RAW, samples=[telling])
    assert all("the labelled line" not in str(body["messages"]) for body in server.requests)


async def test_a_recorded_run_is_played_back_without_a_server(
    server: ModelServer, tmp_path: Path
) -> None:
    tape = tmp_path / "run.jsonl"
    recorded = await run(server, Arm.PACK, Arm.RAW, record=tape)
    asked = len(server.requests)
    arms = Arms(chosen=[Arm.PACK, Arm.RAW], replay=tape)
    played, prices = await run_arms(arms, SAMPLES, RULES)
    assert [one.report for one in played] == [one.report for one in recorded]
    assert [one.tokens_in for one in played] == [one.tokens_in for one in recorded]
    assert (prices, len(server.requests)) == (PRICES, asked)


async def test_a_run_that_was_broken_off_goes_on_where_it_stopped(
    server: ModelServer, tmp_path: Path
) -> None:
    tape = tmp_path / "run.jsonl"
    await run(server, Arm.PACK, samples=SAMPLES[:2], record=tape)
    whole = tape.read_text()
    tape.write_text(whole[: len(whole) - 40])  # the process died within the second line
    server.requests.clear()
    (pack,) = await run(server, Arm.PACK, record=tape)
    assert (len(server.requests), pack.report.count(Outcome.RIGHT)) == (2, 3)
    server.requests.clear()
    await run(server, Arm.PACK, record=tape)
    assert server.requests == []


async def test_what_a_recording_lacks_is_said(server: ModelServer, tmp_path: Path) -> None:
    tape = tmp_path / "run.jsonl"
    await run(server, Arm.PACK, samples=SAMPLES[:1], record=tape)
    (pack,), _ = await run_arms(Arms(chosen=[Arm.PACK], replay=tape), SAMPLES, RULES)
    assert pack.report.count(Outcome.UNANSWERED) == 2
    assert "not on the recording" in next(iter(pack.faults))


async def test_a_recording_of_another_model_is_refused(server: ModelServer, tmp_path: Path) -> None:
    tape = tmp_path / "run.jsonl"
    await run(server, Arm.PACK, record=tape)
    other = replace(model_at(server), model="another-2")
    with pytest.raises(CorpusError, match=f"is a recording of {MODEL}, not of another-2"):
        await run(server, Arm.PACK, record=tape, model=other)


async def test_a_file_that_is_no_recording_is_not_written_to(
    server: ModelServer, tmp_path: Path
) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("shopping list\n")
    with pytest.raises(CorpusError, match="is no recording"):
        await run(server, Arm.PACK, record=notes)
    assert notes.read_text() == "shopping list\n"
    with pytest.raises(CorpusError, match="no such file"):
        await run_arms(Arms(chosen=[Arm.PACK], replay=tmp_path / "gone"), SAMPLES, RULES)


async def test_an_arm_that_needs_a_model_says_how_to_give_one() -> None:
    with pytest.raises(ConfigError, match="--base-url"):
        await run_arms(Arms(chosen=[Arm.PACK]), SAMPLES, RULES)


async def plain_text(body: Body) -> web.StreamResponse:
    return model_server.completion("It was probably the network.")


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (model_server.truncated, "was cut off"),
        (model_server.refusing, "refused to answer"),
        (model_server.filtered, "refused to answer"),
        (model_server.html, "no chat completion"),
        (model_server.broken_json, "could not be read"),
        (model_server.status(500), "HTTP 500"),
        (model_server.status(401), "refused the API key"),
        (plain_text, "no JSON object"),
        (judging(verdict="bad luck"), "names no verdict"),
    ],
)
async def test_an_endpoint_that_gives_nothing_usable_is_a_line_in_the_report(
    server: ModelServer, behaviour: Behaviour, said: str
) -> None:
    server.behaviour = behaviour
    pack, both = await run(server, Arm.PACK, Arm.JOINED, samples=SAMPLES[:1])
    assert pack.report.count(Outcome.UNANSWERED) == 1
    assert both.report.results[0].verdict is UNKNOWN
    assert said in next(iter(pack.faults))


async def test_a_slow_endpoint_is_left_at_the_deadline(server: ModelServer) -> None:
    server.behaviour = model_server.hang
    (pack,) = await run(server, Arm.PACK, samples=SAMPLES[:1], model=model_at(server, seconds=0.2))
    assert next(iter(pack.faults)) == "the model did not answer in time"


async def test_an_endpoint_that_is_not_there_is_given_up(server: ModelServer) -> None:
    gone = replace(model_at(server), base_url="http://127.0.0.1:9/v1")
    many = [sample(f"many-{n}") for n in range(GIVE_UP_AFTER + 3)]
    (pack,) = await run(server, Arm.PACK, samples=many, model=gone)
    assert pack.asked == GIVE_UP_AFTER
    assert pack.faults["the model's server cannot be reached"] == GIVE_UP_AFTER
    assert pack.faults.total() == len(many)


async def test_tokens_of_a_reply_that_was_cut_off_are_paid_for(server: ModelServer) -> None:
    server.behaviour = model_server.truncated
    (pack,) = await run(server, Arm.PACK, samples=SAMPLES[:1])
    assert (pack.tokens_in, pack.tokens_out) == (1_000, 200)


async def test_tokens_that_the_server_does_not_count_are_estimated(server: ModelServer) -> None:
    async def uncounted(body: Body) -> web.StreamResponse:
        found = await judging()(body)
        assert isinstance(found, web.Response)
        content = json.loads(found.text or "")
        del content["usage"]
        return web.json_response(content)

    server.behaviour = uncounted
    (pack,) = await run(server, Arm.PACK, samples=SAMPLES[:1])
    assert pack.estimated
    assert pack.tokens_in > 100
