"""Pages of conversations: a list that is searched, and one with its evidence beside its verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fastapi import APIRouter, Depends, HTTPException, Request
from starlette.responses import RedirectResponse, Response

from bot.domain.answers import Diagnosis, Explanation
from bot.domain.conversations import Outcome, Rating, Score, Turn
from bot.domain.escalations import Escalation, Truth
from bot.domain.evidence import Evidence
from bot.domain.logs import LogLine
from bot.domain.questions import Origin
from bot.services.archive_ports import TURNS_MAX, Archived, Listed
from bot.services.console_ports import Role
from bot.services.console_sight import Seen
from bot.web.console.asked import again, number_of, wanted_of
from bot.web.console.desk import BASE, Desk, Needs, desk_of, seen_by
from bot.web.console.pages import page

_PAGE = 25
_LAST_LINES = 40  # of a log
_AROUND = 8  # lines of it before and after one that is quoted
_TASK_LOG = "task log"


@dataclass(frozen=True, slots=True)
class TurnShown:
    """One turn as somebody may see it. `log` are the last lines of its log and those about what is
    quoted of it; None stands for lines in between, of which `left_out` are kept in all."""

    turn: Turn
    diagnosis: Diagnosis | None
    evidence: Evidence | None
    log: tuple[LogLine | None, ...]
    left_out: int
    ratings: tuple[Rating, ...]
    hides_log: bool


@dataclass(frozen=True, slots=True)
class Called:
    escalation: Escalation
    truth: Truth | None


def conversation_pages() -> APIRouter:
    router = APIRouter(dependencies=[Depends(Needs(Role.VIEWER))])

    @router.get("/")
    async def first(request: Request) -> Response:
        return RedirectResponse(f"{BASE}/conversations", 303)

    @router.get("/conversations")
    async def listed(request: Request) -> Response:
        desk, seen, query = desk_of(request), await seen_by(request), request.query_params
        wanted, before = wanted_of(query), number_of(query, "before")
        found = await desk.archive.page(wanted, seen.scope, before=before, limit=_PAGE)
        rows = veiled(found.rows, seen, wanted.words)
        return page(
            request,
            "conversations.html",
            rows=rows,
            older=again(query, before=found.older) if found.older else "",
            newest=again(query, ["before"]) if before else None,
            query=query,
            is_filtered=bool(again(query, ["before"])),
            clusters=tuple(seen.sight.clusters),
            outcomes=[one for one in Outcome if one],
            scores=tuple(Score),
        )

    @router.get("/conversations/{number}")
    async def one(request: Request, number: str) -> Response:
        desk, seen = desk_of(request), await seen_by(request)
        is_number = number.isascii() and number.isdecimal() and len(number) < 16
        found = await desk.archive.conversation(int(number), seen.scope) if is_number else None
        if found is None:
            raise HTTPException(404, "There is no such conversation, or you may not see it.")
        return page(
            request,
            "conversation.html",
            found=found,
            turns=shown_turns(found, seen),
            is_cut=len(found.turns) >= TURNS_MAX,
            called=await _called(desk, found, seen),
            ended=await desk.endings.of(found.thread),
            slack=_in_slack(found),
        )

    @router.get("/turns/{turn_id:path}")
    async def of_turn(request: Request, turn_id: str) -> Response:
        """The conversation that a turn is part of; whoever may not see it learns no more there."""
        number = await desk_of(request).archive.number_of(turn_id)
        if number is None:
            raise HTTPException(404, "There is no such conversation, or you may not see it.")
        return RedirectResponse(f"{BASE}/conversations/{number}", 303)

    return router


def shown_turns(found: Archived, seen: Seen) -> list[TurnShown]:
    return [_shown(turn, found, seen) for turn in found.turns]


def veiled(rows: Sequence[Listed], seen: Seen, words: str) -> Sequence[Listed]:
    """With hidden names taken out; who looks for a hidden name finds nothing by it."""
    if not seen.veil:
        return rows
    if seen.veil.text(words) != words:
        return ()
    return [replace(row, question=seen.veil.text(row.question)) for row in rows]


def _shown(turn: Turn, found: Archived, seen: Seen) -> TurnShown:
    turn = seen.veil.over(turn)
    diagnosis = turn.reply if isinstance(turn.reply, Diagnosis) else None
    evidence, lines, hides = turn.evidence, tuple[LogLine, ...](), False
    if diagnosis is not None and evidence is not None and evidence.log is not None:
        lines = evidence.log.lines
    if diagnosis is not None and not seen.may_read_logs(
        diagnosis.target.cluster, diagnosis.target.dag_id or ""
    ):
        diagnosis, lines, hides = _without_log(diagnosis), (), True
    log = _excerpt(lines, diagnosis)
    return TurnShown(
        turn,
        diagnosis,
        evidence,
        log,
        len(lines) - sum(line is not None for line in log),
        seen.veil.over(found.ratings.get(turn.id, ())),
        hides,
    )


def _excerpt(lines: Sequence[LogLine], diagnosis: Diagnosis | None) -> tuple[LogLine | None, ...]:
    quoted = {one.line for one in diagnosis.verdict.quotes} if diagnosis is not None else set()
    places = [place for place, line in enumerate(lines) if line.number in quoted]
    wanted = set(range(len(lines) - _LAST_LINES, len(lines)))
    for place in places:
        wanted |= set(range(place - _AROUND, place + _AROUND + 1))
    found: list[LogLine | None] = []
    for place, line in enumerate(lines):
        if place in wanted:
            found.append(line)
        elif not found or found[-1] is not None:
            found.append(None)
    return tuple(found)


def _without_log(diagnosis: Diagnosis) -> Diagnosis:
    """Nor what was said in view of it: a reason, a model's claim and an earlier case may quote."""
    verdict = diagnosis.verdict
    quotes = tuple(one for one in verdict.quotes if one.source != _TASK_LOG)
    unsaid = Explanation(diagnosis.explanation.outcome)
    verdict = replace(verdict, quotes=quotes, why="")
    return replace(diagnosis, verdict=verdict, log_lines=(), explanation=unsaid, solved=())


async def _called(desk: Desk, found: Archived, seen: Seen) -> Sequence[Called]:
    """The humans who were called about it, newest first. Who sees not everything sees of them no
    words: they may name any Dag."""
    if desk.escalations is None or seen.scope.is_limited:
        return []
    escalations = await desk.escalations.of_thread(found.thread, over=None)
    return [Called(one, await desk.escalations.truth(one.id)) for one in escalations]


def _in_slack(found: Archived) -> str:
    """The address of its thread in Slack; "" where it was not there."""
    thread = found.thread
    if not found.turns or found.turns[0].question.origin is not Origin.SLACK:
        return ""
    place = f"{thread.workspace}/{thread.channel}/thread/{thread.channel}-{thread.thread}"
    return f"https://app.slack.com/client/{place}"
