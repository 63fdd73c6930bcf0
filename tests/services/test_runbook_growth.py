"""What fails again and again without a runbook gets one, once somebody has approved it."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from bot.adapters.runbook_folder import RunbookFolder
from bot.adapters.runbook_shelf import FolderShelf
from bot.diagnosis.classify import diagnose
from bot.diagnosis.examples import example
from bot.diagnosis.judgements import JUDGEMENTS
from bot.diagnosis.known import Known
from bot.diagnosis.signs import signs_of
from bot.diagnosis.vocabulary import VOCABULARY
from bot.domain.errors import BadRequest
from bot.domain.escalation_course import opened
from bot.domain.escalations import Truth, WasRight
from bot.domain.runbook_drafts import DraftState, Growth, RunbookDraft
from bot.domain.runbooks import KnownFailure
from bot.domain.verdicts import VerdictKind
from bot.knowledge.runbook_file import Words, read_runbook
from bot.learning.unmatched import unmatched
from bot.services.check_runbooks import check_runbooks
from bot.services.runbook_growth import PATCH, Chosen, Person, RunbookGrowth
from tests.contract.test_escalations import call
from tests.fakes.drafts import FINGERPRINT, LOCKED, NOON, MemoryDrafts, seen, shipped, unknown
from tests.fakes.work import ReplaySteps

KNOWN = shipped(
    "unrecognised_error", "insufficient_evidence", "connection_refused", "db_contention"
)
KIM = Person("U7", "T1", "C1")


@dataclass
class Seen:
    """The ports `Incidents` and `ConversationStore`, as far as growth reads them."""

    numbers: list[int] = field(default_factory=list)
    words: str = LOCKED

    async def since(self, since: object, limit: int) -> list[object]:
        return [seen(number) for number in self.numbers]

    async def turn(self, turn_id: str) -> object:
        return unknown(int(turn_id.rpartition(":")[2]), self.words)


@dataclass
class Garden:
    folder: Path | None = None
    seen: Seen = field(default_factory=Seen)
    drafts: MemoryDrafts = field(default_factory=MemoryDrafts)

    @property
    def growth(self) -> RunbookGrowth:
        return RunbookGrowth(
            self.drafts,
            self.seen,  # type: ignore[arg-type]
            self.seen,  # type: ignore[arg-type]
            lambda: [*KNOWN, *self.own],
            lambda: NOON,
            FolderShelf(self.folder),
        )

    @property
    def own(self) -> list[KnownFailure]:
        if self.folder is None:
            return []
        folder = RunbookFolder([self.folder], Words(VOCABULARY, JUDGEMENTS))
        return list(folder.catalogue().failures)

    async def grow(self, *numbers: int) -> RunbookDraft | None:
        self.seen.numbers = list(numbers)
        await self.growth.grow(Growth(NOON), ReplaySteps())
        return next(iter(self.drafts.kept.values()), None)


@pytest.fixture
def garden(tmp_path: Path) -> Garden:
    return Garden(tmp_path)


@pytest.mark.parametrize("numbers", [(1, 2), (1, 1, 1)])
async def test_two_runs_make_no_draft(garden: Garden, numbers: tuple[int, ...]) -> None:
    assert await garden.grow(*numbers) is None


async def test_a_failure_seen_on_three_runs_is_drafted_once(garden: Garden) -> None:
    draft = await garden.grow(1, 2, 3)
    assert draft is not None
    assert (draft.fingerprint, draft.count, draft.faults) == (FINGERPRINT, 3, ())
    assert await garden.grow(1, 2, 3, 4) == draft


async def test_a_draft_catches_what_it_was_made_of_and_spares_near_misses(garden: Garden) -> None:
    draft = await garden.grow(1, 2, 3)
    assert draft is not None
    known = read_runbook(draft.text, draft.file, Words((), ()))
    assert check_runbooks([known]) == ()
    assert len(known.catches) == 3
    assert known.spares
    _, evidence = example(LOCKED.format(777, "nightly_9"))
    assert diagnose(evidence, Known([*KNOWN, known])).cause == draft.cause


async def test_a_draft_holds_no_word_of_an_asker(garden: Garden) -> None:
    draft = await garden.grow(1, 2, 3)
    assert draft is not None
    assert "asker" not in draft.text


async def test_failures_with_nothing_in_common_to_tell_them_by_are_not_drafted(
    garden: Garden,
) -> None:
    garden.seen.words = "{} {}"
    assert await garden.grow(1, 2, 3) is None


async def test_an_approved_draft_is_in_force_and_known_from_then_on(
    garden: Garden, tmp_path: Path
) -> None:
    draft = await garden.grow(1, 2, 3)
    assert draft is not None
    chosen = Chosen(VerdictKind.DEPENDENCY, "workspace_locked")
    approved = await garden.growth.approve("k", draft.id, chosen, KIM)

    assert (approved.state, approved.note) == (
        DraftState.APPROVED,
        str(tmp_path / "workspace_locked.md"),
    )
    (own,) = garden.own
    assert (own.cause, own.verdict) == ("workspace_locked", VerdictKind.DEPENDENCY)
    assert [entry.detail for entry in garden.drafts.audit] == [
        f"approved {draft.id} workspace_locked.md"
    ]


@pytest.mark.parametrize(
    ("chosen", "reason"),
    [
        (Chosen(), "whose side"),
        (Chosen(VerdictKind.UNKNOWN), "whose side"),
        (Chosen(VerdictKind.CODE, "../../etc/passwd"), "lower-case"),
        (Chosen(VerdictKind.CODE, "connection_refused"), "already"),
    ],
)
async def test_nothing_goes_live_that_would_not_keep_its_word(
    garden: Garden, tmp_path: Path, chosen: Chosen, reason: str
) -> None:
    draft = await garden.grow(1, 2, 3)
    assert draft is not None
    with pytest.raises(BadRequest, match=reason):
        await garden.growth.approve("k", draft.id, chosen, KIM)
    assert list(tmp_path.iterdir()) == []
    assert garden.drafts.kept[draft.id].state is DraftState.PROPOSED


async def test_whoever_died_between_the_file_and_the_word_goes_on(garden: Garden) -> None:
    draft = await garden.grow(1, 2, 3)
    assert draft is not None
    chosen = Chosen(VerdictKind.CODE)
    await garden.growth.approve("k", draft.id, chosen, KIM)
    garden.drafts.kept[draft.id] = draft
    assert (await garden.growth.approve("k", draft.id, chosen, KIM)).state is DraftState.APPROVED


@pytest.mark.parametrize("quicker", ["reject", "approve"])
async def test_no_file_stays_of_an_approval_that_did_not_stand(
    garden: Garden, tmp_path: Path, quicker: str
) -> None:
    draft = await garden.grow(1, 2, 3)
    assert draft is not None
    kept, chosen = garden.drafts.kept, Chosen(VerdictKind.CODE)
    state = DraftState.REJECTED if quicker == "reject" else DraftState.APPROVED

    class Slow(FolderShelf):
        def put(self, name: str, text: str) -> str:
            kept.update({key: replace(one, state=state) for key, one in kept.items()})
            return super().put(name, text)

    growth = replace(garden.growth, shelf=Slow(tmp_path))
    with pytest.raises(BadRequest, match="already"):
        await growth.approve("k", draft.id, chosen, KIM)
    assert len(list(tmp_path.iterdir())) == (state is DraftState.APPROVED)


async def test_a_rejected_draft_is_not_drafted_again(garden: Garden) -> None:
    draft = await garden.grow(1, 2, 3)
    assert draft is not None
    await garden.growth.reject("k", draft.id, KIM)
    after = await garden.grow(1, 2, 3, 4, 5)
    assert after is not None
    assert after.state is DraftState.REJECTED
    with pytest.raises(BadRequest, match="already"):
        await garden.growth.approve("k", draft.id, Chosen(VerdictKind.CODE), KIM)


async def test_git_takes_the_patch_of_a_draft(garden: Garden, tmp_path: Path) -> None:
    garden.seen.words = "VendorError: Übergabe «{}» der Tabelle {} wurde abgelehnt — gesperrt"
    draft = await garden.grow(1, 2, 3)
    assert draft is not None
    repository = tmp_path / "repository"

    def git(*words: str, given: str = "") -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        done = subprocess.run(
            ["git", *who, "-C", str(repository), *words],
            input=given.encode(),
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.decode()

    repository.mkdir()
    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "first")
    name, patch = await garden.growth.patch(draft.id, Chosen(VerdictKind.CODE, "handed_over"))
    git("am", "-q", given=patch)

    assert name == "handed_over.patch"
    text = (repository / "runbooks" / "handed_over.md").read_text("utf-8")
    known = read_runbook(text, "handed_over.md", Words((), ()))
    assert (known.verdict, check_runbooks([known])) == (VerdictKind.CODE, ())
    assert git("log", "-1", "--format=%s").startswith("Add a runbook: VendorError: Übergabe")


async def test_without_a_folder_an_approved_draft_is_its_patch() -> None:
    garden = Garden()
    draft = await garden.grow(1, 2, 3)
    assert draft is not None
    approved = await garden.growth.approve("k", draft.id, Chosen(VerdictKind.CODE), KIM)
    assert approved.note == PATCH
    assert "+verdict: code\n" in (await garden.growth.patch(draft.id))[1]


async def test_what_a_human_found_out_is_kept_as_a_draft(garden: Garden) -> None:
    escalation = opened(call(1), "KQES8Q9T")
    truth = Truth("KQES8Q9T", "U9", NOON, "The workspace was locked", "Unlocked", WasRight.NO)
    reply = unknown(1).reply
    draft = await garden.growth.resolved(escalation, truth, reply, "T1")  # type: ignore[arg-type]
    assert (draft.fingerprint, draft.file) == (escalation.key, "case_kqes8q9t.md")
    assert "Unlocked" in draft.text
    assert "workspace.{1,80}is locked by job" in draft.text
    assert "U9" in [one.user_id for one in draft.sources]


def test_a_failure_that_a_runbook_knows_by_now_is_not_unmatched() -> None:
    known = replace(seen(9), kind=VerdictKind.CODE)
    assert unmatched([seen(1), seen(2), seen(3)])[0].runs == 3
    assert unmatched([seen(1), seen(2), seen(3), known]) == []


@pytest.mark.parametrize(
    ("lines", "sign"),
    [
        (["Disk quota of user exceeded"] * 2, "Disk quota of user exceeded"),
        (
            ["Lock 12 of /tmp/a/b.lck (held) timed out", "Lock 7 of /srv/x/y.lck (held) timed out"],
            r"/Lock.{1,80}of.{1,80}\(held\) timed out/",
        ),
        (
            ["table 'a' was dropped meanwhile", "table 'b' was dropped meanwhile"],
            "/table.{1,80}was",
        ),
        (["12:01 17", "12:02 18"], ""),
        (["one thing happened here", "quite something else"], ""),
    ],
)
def test_a_signature_is_what_failures_have_in_common(lines: list[str], sign: str) -> None:
    found = next(signs_of(lines), "")
    assert found.startswith(sign) if sign else not found
