"""Makes a dataset of conversations: what may leave, once each, in splits that do not leak.

An export is gone on with after any end, and of one snapshot it is the same to the byte each time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from bot.domain.audit import AuditEntry, Outcome
from bot.domain.consents import Consent
from bot.domain.datasets import Snapshot, Split
from bot.domain.errors import ExportError, ExportRefused
from bot.learning.card import Account, card, manifest, sample_page
from bot.learning.formats import formats
from bot.learning.rows import PROVENANCE, beside_of, path_of, table_of
from bot.services.access_ports import AuditLog
from bot.services.consent_ports import Consents
from bot.services.export_ports import Desk, Progress, Request, Snapshots, TurnPages
from bot.services.export_survey import Surveyor, salt_of, survey_of
from bot.services.export_write import Writer, tally_of
from bot.services.scrub_ports import Scrubbers

CARD, MANIFEST, SAMPLE = "README.md", "manifest.json", "SAMPLE.md"
_REQUEST, _PLANNED = "request", "planned"


@dataclass(frozen=True, slots=True)
class Exported:
    """`rows` by path; `fates` are the rows of the snapshot by what became of them; `reasons` say
    which conversations stayed for want of a consent."""

    snapshot: Snapshot
    rows: Mapping[str, int]
    fates: Mapping[str, int]
    reasons: Sequence[str]


@dataclass(frozen=True, slots=True)
class Exporter:
    """`version` is the bot's; `clock` gives the time in UTC."""

    pages: TurnPages
    snapshots: Snapshots
    consents: Consents
    scrubbers: Scrubbers
    audit: AuditLog
    version: str
    clock: Callable[[], datetime]

    async def run(self, desk: Desk, request: Request, by: str, progress: Progress) -> Exported:
        """Raises `ExportRefused` where rows may not leave: then nothing is left of it. After any
        other error, and any other end, it goes on where it was when it is run again."""
        try:
            _agree(desk, request)
            snapshot = await self._written(desk, request, progress)
            survey = survey_of(desk.plan)
            exported = Exported(
                snapshot, tally_of(desk.plan).rows, desk.plan.counts(), survey.reasons()
            )
            # Before anything shows: nothing leaves that nobody could read of afterwards.
            detail = f"snapshot {snapshot.id}, {snapshot.rows} conversations"
            await self._enter(survey.workspaces, by, Outcome.ALLOWED, detail)
            desk.finish()
        except ExportRefused as refused:
            of = survey_of(desk.plan)
            refusing = of.workspaces | {workspace for workspace, _ in of.refused}
            desk.clear()
            await self._enter(refusing, by, Outcome.DENIED, str(refused).partition("\n")[0])
            raise
        except BaseException:
            desk.close()
            raise
        return exported

    async def _written(self, desk: Desk, request: Request, progress: Progress) -> Snapshot:
        surveyor = Surveyor(self.pages, self.snapshots, self.consents, self.clock)
        if desk.is_whole:  # it only has to come out, if it still may
            return await surveyor.taken(desk.plan)
        snapshot = await surveyor.snapshot(desk, request, progress)
        if _PLANNED not in desk.plan.notes():
            progress.stage("Taking out duplicates, dividing", None)
            await asyncio.to_thread(_plan, desk, request)
        chosen = [formats()[name] for name in request.formats]
        salt = await asyncio.to_thread(salt_of, desk.plan)
        writer = Writer(self.pages, surveyor, self.scrubbers.of(salt), chosen)
        await writer.write(desk, snapshot, progress)
        progress.stage("Making tables", None)
        await asyncio.to_thread(_tables, desk, request)
        # Once more: what may not leave any more may be in what was written before that.
        snapshot = await surveyor.verify(snapshot.id, progress)
        consents = [await self.consents.find(one) for one in sorted(snapshot.consents)]
        account = self._account(desk, request, snapshot, [one for one in consents if one])
        desk.put(CARD, card(account))
        desk.put(SAMPLE, sample_page(tally_of(desk.plan).samples))
        digests = await asyncio.to_thread(desk.digests)
        desk.put(MANIFEST, manifest(account, digests))
        return snapshot

    def _account(
        self, desk: Desk, request: Request, snapshot: Snapshot, consents: Sequence[Consent]
    ) -> Account:
        tally = tally_of(desk.plan)
        options = asdict(request)
        for name in ("snapshot", "until", "title", "licence"):
            options.pop(name)
        return Account(
            title=request.title,
            licence=request.licence,
            version=self.version,
            snapshot=snapshot,
            formats=request.formats,
            consents=consents,
            rows=tally.rows,
            fates=desk.plan.counts(),
            labels=tally.labels,
            judged=tally.judged,
            origins=tally.origins,
            languages=tally.languages,
            secrets=tally.secrets,
            names=tally.names,
            options=options,
            first=tally.first,
            last=tally.last,
        )

    async def _enter(
        self, workspaces: Iterable[str], by: str, outcome: Outcome, detail: str
    ) -> None:
        at = self.clock()
        entries = [
            AuditEntry(
                key=f"export:{workspace}:{at.isoformat()}",
                at=at,
                user_id=by,
                workspace=workspace,
                channel="",
                action="export",
                outcome=outcome,
                detail=detail,
            )
            for workspace in sorted(workspaces)
        ]
        await self.audit.add(*entries)


def _agree(desk: Desk, request: Request) -> None:
    """Raises `ExportError` where an export was begun there with other options."""
    wanted = repr(request)
    begun = desk.plan.notes().get(_REQUEST)
    if begun is None:
        desk.plan.note(**{_REQUEST: wanted})
    elif begun != wanted:
        raise ExportError(
            "An export with other options was begun there. Use these again to go on with it, or "
            "name another folder."
        )


def _plan(desk: Desk, request: Request) -> None:
    plan = desk.plan
    plan.thin(unjudged=request.unjudged)
    plan.divide(request.shares)
    if request.balance is not None:
        plan.balance(request.balance)
    plan.sample()
    counts = plan.counts()
    if not any(counts.get(split.value) for split in Split):
        raise ExportRefused(
            f"None of the {sum(counts.values())} conversations that may leave was judged by "
            "anybody. Rate answers with thumbs and resolve escalations, or export what nobody "
            "judged as well, by the bot's own word: --unjudged."
        )
    plan.note(**{_PLANNED: "1"})


def _tables(desk: Desk, request: Request) -> None:
    written = set(desk.written())
    for name in request.formats:
        form = formats()[name]
        for split in Split:
            if path_of(name, split) in written:
                columns = {**PROVENANCE, **form.columns}
                beside = [beside_of(name, split)] if form.is_bare else []
                desk.table(table_of(name, split), columns, *beside, path_of(name, split))
