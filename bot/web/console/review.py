"""Pages of what waits for a person's decision: looked at, decided, entered into the audit."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Depends, HTTPException, Request
from starlette.responses import RedirectResponse, Response

from bot.domain.audit import AuditEntry, Outcome
from bot.domain.errors import BadRequest
from bot.domain.resolved_cases import text_of as words_of
from bot.domain.reviews import ReviewDecision, ReviewItem, ReviewKind, ReviewQuery, ReviewState
from bot.knowledge.runbook_file import is_cause
from bot.services.casework import Decider, Wording
from bot.services.console_ports import Person, Role
from bot.services.console_sight import Seen
from bot.web.console.asked import again, one_of, text_of
from bot.web.console.cases import may_see_case
from bot.web.console.conversations import TurnShown, shown_turns
from bot.web.console.desk import BASE, Desk, Needs, desk_of, fresh_secret, seen_by, visit_of
from bot.web.console.pages import page

_PAGE = 25
_ACTION = "review"
_NOTE_MAX = 3_000
_FIELDS = ("decision", "note", "fix", "cause", "shown")
_UNSEEN = "Open it, so that you decide about words that you saw."
_NO_CAUSE = "Name the cause that is true: lower-case letters, digits and underscores."
_NO_ITEM = "There is nothing of that kind to review, or you may not see it."
_DECIDED = tuple(state for state in ReviewState if state is not ReviewState.OPEN)
_OF_CONVERSATION = (ReviewKind.CONTRADICTION, ReviewKind.LABEL)


def review_pages() -> APIRouter:
    router = APIRouter(dependencies=[Depends(Needs(Role.REVIEWER))])

    @router.get("/review")
    async def listed(request: Request) -> Response:
        desk, seen, query = desk_of(request), await seen_by(request), request.query_params
        kind = one_of(query, "kind", ReviewKind)
        is_decided = query.get("decided") == "yes"
        found = await desk.reviews.page(
            ReviewQuery(
                kinds=(kind,) if kind else (),
                states=_DECIDED if is_decided else (ReviewState.OPEN,),
                workspace=seen.scope.workspace or "",
                words=text_of(query, "words"),
                after=text_of(query, "after"),
                limit=_PAGE,
            )
        )
        return page(
            request,
            "reviews.html",
            items=await _seen(desk, seen, found.items),
            next=again(query, after=found.next) if found.next else "",
            query=query,
            kinds=tuple(ReviewKind),
            is_decided=is_decided,
        )

    @router.get("/review/{item_id:path}")
    async def one(request: Request, item_id: str) -> Response:
        return await _item_page(request, item_id)

    @router.post("/review/{item_id:path}")
    async def decide(request: Request, item_id: str) -> Response:
        desk, seen = desk_of(request), await seen_by(request)
        item = await _item(desk, seen, item_id)
        form = await request.form()
        given = {name: str(form.get(name) or "") for name in _FIELDS}
        try:
            await _decide(desk, visit_of(request).person, item, given)
        except BadRequest as error:
            return await _item_page(request, item_id, status=400, words=str(error), given=given)
        return RedirectResponse(f"{BASE}/review?done={item.kind.value}", 303)

    return router


async def _item_page(
    request: Request,
    item_id: str,
    *,
    status: int = 200,
    words: str = "",
    given: dict[str, str] | None = None,
) -> Response:
    desk, seen = desk_of(request), await seen_by(request)
    item = await _item(desk, seen, item_id)
    known = await desk.cases.get(item.subject) if item.kind is ReviewKind.CASE else None
    turn_id = known.case.turn_id if known else item.subject
    number = await desk.archive.number_of(turn_id)
    shown = await _turn(desk, seen, number, turn_id)
    causes = [one.cause for one in desk.known().failures]
    return page(
        request,
        "review.html",
        status,
        item=item,
        known=seen.veil.over(known) if known else None,
        number=number,
        shown=shown,
        text=words_of(known.case) if known else "",
        words=words,
        given=given or {},
        causes=causes,
    )


async def _turn(desk: Desk, seen: Seen, number: int | None, turn_id: str) -> TurnShown | None:
    """What it is about, as far as it is still there."""
    found = await desk.archive.conversation(number, seen.scope) if number is not None else None
    turns = shown_turns(found, seen) if found is not None else []
    return next((one for one in turns if one.turn.id == turn_id), None)


async def _item(desk: Desk, seen: Seen, item_id: str) -> ReviewItem:
    found = await desk.reviews.get(item_id)
    if found is None or not await _seen(desk, seen, [found]):
        raise HTTPException(404, _NO_ITEM)
    return found


async def _seen(desk: Desk, seen: Seen, items: Sequence[ReviewItem]) -> list[ReviewItem]:
    """Those about what may be seen; of what is about no Dag, who sees not all sees nothing."""
    ours = [item for item in items if seen.is_of(item.workspace)]
    if not seen.scope.is_limited:
        return ours
    return [item for item in ours if await _is_seen(desk, seen, item)]


async def _is_seen(desk: Desk, seen: Seen, item: ReviewItem) -> bool:
    if item.kind is ReviewKind.CASE:
        known = await desk.cases.get(item.subject)
        return known is not None and may_see_case(seen, known.case)
    if item.kind in _OF_CONVERSATION:
        number = await desk.archive.number_of(item.subject)
        return (
            number is not None and await desk.archive.conversation(number, seen.scope) is not None
        )
    return False


async def _decide(desk: Desk, by: Person, item: ReviewItem, given: dict[str, str]) -> None:
    """Raises `BadRequest`."""
    if item.state is not ReviewState.OPEN:
        raise BadRequest("Somebody has decided about this already.")
    try:
        decision = ReviewDecision(given["decision"])
    except ValueError:
        raise BadRequest("Approve it, edit it, reject it, or name another cause.") from None
    if item.kind is ReviewKind.CASE:
        await _decide_case(desk, by, item, decision, given)
        return
    label = given["cause"].strip() if decision is ReviewDecision.RELABEL else ""
    if decision is ReviewDecision.RELABEL and not is_cause(label):
        raise BadRequest(_NO_CAUSE)
    if len(given["note"]) > _NOTE_MAX:
        raise BadRequest(f"Use at most {_NOTE_MAX} characters.")
    entry = _entry(desk, by, item, decision, given["note"].strip())
    kept = await desk.reviews.decide(item.id, decision, entry, label)
    if kept is None or kept.decided_at != entry.at:
        raise BadRequest("Somebody was quicker. Look at it again.")


async def _decide_case(
    desk: Desk, person: Person, item: ReviewItem, decision: ReviewDecision, given: dict[str, str]
) -> None:
    key, by = f"{_ACTION}:{item.id}:{fresh_secret()}", decider_of(person)
    shown = given["shown"]
    if not shown:
        raise BadRequest(_UNSEEN)
    if decision is ReviewDecision.REJECT:
        note = given["note"].strip()[:_NOTE_MAX]
        await desk.casework.reject(key, item.subject, by, note, shown)
        return
    wording = None
    if decision is not ReviewDecision.APPROVE:
        cause = given["cause"].strip()
        if cause and not is_cause(cause):
            raise BadRequest(_NO_CAUSE)
        wording = Wording(given["fix"] or None, cause or None)
    await desk.casework.approve(key, item.subject, by, wording, shown)


def decider_of(person: Person) -> Decider:
    """Nobody but an administrator approves what they wrote themselves."""
    is_admin = person.role.covers(Role.ADMIN)
    rule = f"console: {person.role.value}"
    return Decider(person.user_id, person.workspace, rule=rule, may_own=is_admin)


def _entry(
    desk: Desk, by: Person, item: ReviewItem, decision: ReviewDecision, note: str
) -> AuditEntry:
    return AuditEntry(
        key=f"{_ACTION}:{item.id}:{decision.value}",
        at=desk.now(),
        user_id=by.user_id,
        workspace=by.workspace,
        channel="",
        action=_ACTION,
        outcome=Outcome.ALLOWED,
        detail=note or f"{decision.value} {item.kind.value}",
    )
