"""A model's replies on a file: recorded as they come, played back without network.

The first line names the model and its prices, each further one holds a reply under the hash of
the prompt that it answers. A run that was broken off goes on where it stopped: what the file holds
is not asked again. Calls that gave nothing are not kept, so the next run tries them anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from bot.adapters.llm.config import Prices
from bot.domain.errors import CorpusError
from bot.services.model_arms import Judge, Reply, Unanswered
from bot.services.verdict_prompt import VerdictPrompt

_FORM = 1


class Tape:
    """Opens or begins the file; `CorpusError` where it is none of ours or another model's."""

    def __init__(self, path: Path, model: str | None, prices: Prices | None = None) -> None:
        """Without `model` the file is only played back."""
        self.path = path
        self._replies: dict[str, Reply] = {}
        self._torn = False
        if path.exists():
            self.model, self.prices = self._load(model)
            self.prices = prices or self.prices
        elif model is None:
            raise CorpusError(f"{path}: no such file; make one with --record {path}")
        else:
            self.model, self.prices = model, prices
            self._begin()

    def find(self, prompt: VerdictPrompt) -> Reply | None:
        return self._replies.get(_key(prompt))

    def add(self, prompt: VerdictPrompt, reply: Reply) -> None:
        """One whole line at once, on disk when this returns."""
        key = _key(prompt)
        self._replies[key] = reply
        self._write(
            {
                "key": key,
                "text": reply.text,
                "tokens_in": reply.tokens_in,
                "tokens_out": reply.tokens_out,
                "seconds": round(reply.seconds, 3),
                "counted": reply.counted,
            }
        )

    def _begin(self) -> None:
        prices = [self.prices.tokens_in, self.prices.tokens_out] if self.prices else None
        self._write({"recording": _FORM, "model": self.model, "prices": prices})

    def _write(self, row: Mapping[str, object]) -> None:
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(("\n" if self._torn else "") + json.dumps(row) + "\n")
        except OSError as error:
            raise CorpusError(f"{self.path}: cannot be written: {error}") from error
        self._torn = False

    def _load(self, model: str | None) -> tuple[str, Prices | None]:
        try:
            text = self.path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CorpusError(f"{self.path}: cannot be read: {error}") from error
        head, *rows = text.split("\n")
        # What a broken-off run wrote last may be half a line: it is asked again.
        self._torn = not text.endswith("\n")
        first = _row(head)
        if first.get("recording") != _FORM or not isinstance(first.get("model"), str):
            raise CorpusError(f"{self.path}: is no recording of a model; give another file")
        recorded = str(first["model"])
        if model is not None and model != recorded:
            raise CorpusError(f"{self.path}: is a recording of {recorded}, not of {model}")
        for line in rows:
            self._take(_row(line))
        prices = first.get("prices")
        return recorded, Prices(*map(float, prices)) if isinstance(prices, list) else None

    def _take(self, row: Mapping[str, object]) -> None:
        key, text = row.get("key"), row.get("text")
        if not isinstance(key, str) or not isinstance(text, str):
            return
        numbers = [row.get(name) for name in ("tokens_in", "tokens_out", "seconds")]
        tokens_in, tokens_out, seconds = (
            number if isinstance(number, (int, float)) else 0 for number in numbers
        )
        counted = row.get("counted") is not False
        self._replies[key] = Reply(text, int(tokens_in), int(tokens_out), float(seconds), counted)


class Recorded:
    """Answers from the tape; asks the model for what it lacks, where there is one."""

    def __init__(self, tape: Tape, live: Judge | None) -> None:
        self._tape = tape
        self._live = live

    async def ask(self, prompt: VerdictPrompt) -> Reply:
        found = self._tape.find(prompt)
        if found is not None:
            return found
        if self._live is None:
            raise Unanswered("not on the recording: made with other cases, budgets or runbooks")
        reply = await self._live.ask(prompt)
        self._tape.add(prompt, reply)
        return reply


def _key(prompt: VerdictPrompt) -> str:
    return sha256(f"{prompt.system}\0{prompt.user}".encode()).hexdigest()


def _row(line: str) -> Mapping[str, object]:
    try:
        row = json.loads(line)
    except ValueError:
        return {}
    return row if isinstance(row, Mapping) else {}
