"""What a model adds: the same cases judged by the rules, by both, and by a model alone."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from hashlib import sha256
from typing import Protocol

from bot.diagnosis.classify import diagnose
from bot.diagnosis.known import Known
from bot.domain.errors import ModelError
from bot.domain.verdicts import Verdict, VerdictKind
from bot.services.evaluate import (
    Case,
    Label,
    Outcome,
    Report,
    Result,
    Sample,
    judged,
    outcome_of,
    same_line,
)
from bot.services.verdict_prompt import (
    ModelVerdict,
    VerdictPrompt,
    prompt_on_pack,
    prompt_on_raw_log,
    verdict_of,
)

GIVE_UP_AFTER = 5
"""Calls in a row that gave nothing; the rest of an arm is then not asked."""

_TRUSTED = 0.68
"""From this confidence on a verdict of the rules stands, though the model disputes it."""
_DISPUTED = 0.75
_AGREED = 1.05
_CEILING = 0.97


class Arm(StrEnum):
    RULES = "rules"
    JOINED = "rules+model"
    PACK = "model-on-pack"
    RAW = "model-on-raw-log"


@dataclass(frozen=True, slots=True)
class Reply:
    """`counted`: the tokens are the server's own count, not an estimate."""

    text: str
    tokens_in: int
    tokens_out: int
    seconds: float
    counted: bool = True


class Unanswered(ModelError):
    """A call that gave nothing usable, and the tokens that it cost all the same."""

    def __init__(self, fault: str, tokens_in: int = 0, tokens_out: int = 0) -> None:
        self.tokens_in = tokens_in
        self.tokens_out = tokens_out
        super().__init__(fault)


class Judge(Protocol):
    """A model, or the recording of one."""

    async def ask(self, prompt: VerdictPrompt) -> Reply:
        """Raises `Unanswered`, whose message names the fault."""


@dataclass(frozen=True, slots=True)
class Budgets:
    """Tokens of the log in a prompt."""

    pack: int = 2_000
    raw: int = 100_000


@dataclass(frozen=True, slots=True)
class ArmReport:
    """One arm on all cases. `faults` counts the calls that gave nothing, by why."""

    arm: Arm
    report: Report
    asked: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    estimated: bool = False  # the server did not count all tokens
    cut: int = 0  # raw logs of which only the end fitted


async def run_arm(
    arm: Arm,
    samples: Sequence[Sample],
    known: Known,
    judge: Judge,
    *,
    budgets: Budgets,
    at_once: int = 4,
) -> ArmReport:
    """All cases through one arm, `at_once` calls at a time; results in the order of the samples."""
    run = _Run(arm, known, judge, budgets, asyncio.Semaphore(at_once))
    results = await asyncio.gather(*(run.result(sample) for sample in samples))
    return ArmReport(
        arm,
        Report(tuple(results)),
        asked=run.asked,
        faults=run.faults,
        tokens_in=run.tokens_in,
        tokens_out=run.tokens_out,
        seconds=run.seconds,
        estimated=run.estimated,
        cut=run.cut,
    )


@dataclass
class _Run:
    arm: Arm
    known: Known
    judge: Judge
    budgets: Budgets
    slots: asyncio.Semaphore
    asked: int = 0
    in_a_row: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    estimated: bool = False
    cut: int = 0
    faults: Counter[str] = field(default_factory=Counter)

    async def result(self, sample: Sample) -> Result:
        async with self.slots:
            rules = diagnose(sample.case.evidence, self.known)
            if self.arm is Arm.RULES:
                return judged(sample.case, rules, sample.label)
            said = await self._ask(self._prompt(sample.case, rules))
        if self.arm is Arm.JOINED:
            return _judged(joined(rules, said) if said else rules, sample)
        return _own(said, sample.case, sample.label)

    def _prompt(self, case: Case, rules: Verdict) -> VerdictPrompt:
        # The same mark in every run, or no recording would fit; who wrote the log cannot know it.
        nonce = sha256(f"{case.id}\n{case.raw_log}".encode()).hexdigest()[:16]
        if self.arm is Arm.RAW:
            return prompt_on_raw_log(case, nonce=nonce, budget=self.budgets.raw)
        stated = rules if self.arm is Arm.JOINED else None
        return prompt_on_pack(case, nonce=nonce, budget=self.budgets.pack, rules=stated)

    async def _ask(self, prompt: VerdictPrompt) -> ModelVerdict | None:
        if self.in_a_row >= GIVE_UP_AFTER:
            self.faults[f"not asked after {GIVE_UP_AFTER} calls in a row gave nothing"] += 1
            return None
        self.asked += 1
        self.cut += prompt.cut
        try:
            reply = await self.judge.ask(prompt)
        except Unanswered as fault:
            self._count(fault)
            self._failed(fault)
            return None
        self._count(reply)
        self.seconds += reply.seconds
        self.estimated |= not reply.counted
        try:
            said = verdict_of(reply.text)
        except ModelError as fault:
            self._failed(fault)
            return None
        self.in_a_row = 0
        return said

    def _count(self, spent: Reply | Unanswered) -> None:
        self.tokens_in += spent.tokens_in
        self.tokens_out += spent.tokens_out

    def _failed(self, fault: ModelError) -> None:
        self.in_a_row += 1
        self.faults[str(fault)] += 1


def joined(rules: Verdict, model: ModelVerdict) -> Verdict:
    """The rules' verdict, surer where the model agrees and less sure where it does not.

    The model decides only what the rules leave open: where they cannot tell, or hardly.
    """
    if model.kind is rules.kind:
        return replace(rules, confidence=min(_CEILING, rules.confidence * _AGREED))
    undecided = rules.kind is VerdictKind.UNKNOWN or rules.confidence < _TRUSTED
    if undecided and model.kind is not VerdictKind.UNKNOWN:
        confidence = min(model.confidence, _DISPUTED)
        return replace(rules, kind=model.kind, cause=model.cause, confidence=confidence)
    return replace(rules, confidence=rules.confidence * _DISPUTED)


def _judged(verdict: Verdict, sample: Sample) -> Result:
    return judged(sample.case, verdict, sample.label)


def _own(said: ModelVerdict | None, case: Case, label: Label | None) -> Result:
    """A model's verdict beside the label; none at all counts as no answer, not as `unknown`."""
    expected = label.verdict if label else None
    if said is None:
        outcome = Outcome.UNANSWERED if label else Outcome.UNLABELLED
        return Result(case.id, VerdictKind.UNKNOWN, "", 0.0, "", outcome, expected)
    found = same_line(said.deciding_line, label.line) if label and label.line else None
    outcome = outcome_of(said.kind, said.confidence, label)
    return Result(
        case.id,
        said.kind,
        said.cause,
        said.confidence,
        said.deciding_line,
        outcome,
        expected,
        found,
        found,
    )
