"""Fine-tuning at a server with OpenAI's API."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx
import openai
from openai.types.fine_tuning import FineTuningJob

from bot.adapters.llm.config import ModelConfig
from bot.adapters.llm.faults import fault_of
from bot.domain.errors import ModelError
from bot.domain.finetuning import JobSeen, Method, Training, TrainingState

_STATES = {
    "succeeded": TrainingState.SUCCEEDED,
    "failed": TrainingState.FAILED,
    "cancelled": TrainingState.CANCELLED,
}
_MARK = "airflow_bot_training"
_LOOKED_AT = 500  # files or jobs, the newest first
_ERROR_MAX = 300
_CODE = re.compile(r"[A-Za-z][\w.-]{1,47}")
_ERRORS = (openai.OpenAIError, httpx.HTTPError, ValueError, TypeError, AttributeError)


class FineTuningServer:
    """The port `Trainer`. `config.seconds` is for each call, an upload may take ten times that."""

    def __init__(self, config: ModelConfig) -> None:
        self._client = openai.AsyncOpenAI(
            base_url=config.base_url,
            # The client insists on a key; servers that need none ignore it.
            api_key=config.api_key or "none",
            timeout=config.seconds,
            max_retries=config.max_retries,
        )
        self._once = self._client.with_options(max_retries=0)
        self._seconds = config.seconds

    async def close(self) -> None:
        await self._client.close()

    async def upload(self, path: str, name: str) -> str:
        try:
            size = (await asyncio.to_thread(Path(path).stat)).st_size
            if there := await self._file(name, size):
                return there
            with await asyncio.to_thread(open, path, "rb") as content:
                made = await self._once.files.create(
                    file=(name, content), purpose="fine-tune", timeout=self._seconds * 10
                )
            return _named(made.id, "file")
        except OSError as error:
            raise ModelError(f"{path} cannot be read: {error.strerror}") from error
        except _ERRORS as error:
            raise _fault(f"Uploading {path}", error) from error

    async def create(
        self, training: Training, method: Method, *, suffix: str, epochs: int | None
    ) -> JobSeen:
        options: dict[str, Any] = {"method": _method(method, epochs)}
        if training.validation_file:
            options["validation_file"] = training.validation_file
        if suffix:
            options["suffix"] = suffix
        try:
            known = await self._job(training.id)
            made = known or await self._once.fine_tuning.jobs.create(
                model=training.wanted.base_model,
                training_file=training.training_file,
                metadata={_MARK: training.id},
                **options,
            )
            return _seen(made)
        except _ERRORS as error:
            raise _fault("Starting the training", error) from error

    async def look(self, job: str) -> JobSeen:
        try:
            return _seen(await self._client.fine_tuning.jobs.retrieve(job))
        except _ERRORS as error:
            raise _fault(f"Looking at {job}", error) from error

    async def _file(self, name: str, size: int) -> str:
        """A file of ours that an earlier try left there. Not every server lists them."""
        try:
            looked_at = 0
            async for one in self._client.files.list(purpose="fine-tune"):
                looked_at += 1
                if one.filename == name and one.bytes == size and one.status != "error":
                    return _named(one.id, "file")
                if looked_at >= _LOOKED_AT:
                    break
        except openai.NotFoundError:
            return ""
        return ""

    async def _job(self, training_id: str) -> FineTuningJob | None:
        try:
            looked_at = 0
            async for one in self._client.fine_tuning.jobs.list():
                looked_at += 1
                if (one.metadata or {}).get(_MARK) == training_id:
                    return one
                if looked_at >= _LOOKED_AT:
                    break
        except openai.NotFoundError:
            return None
        return None


def _method(method: Method, epochs: int | None) -> dict[str, Any]:
    chosen = {"hyperparameters": {"n_epochs": epochs}} if epochs else {}
    return {"type": method.value, method.value: chosen}


def _seen(job: FineTuningJob) -> JobSeen:
    """A server may send anything with status 200, so nothing is taken for granted."""
    status = str(job.status)
    told = job.error
    error = ""
    if status == "failed":
        code = str(getattr(told, "code", "") or "")
        error = code if _CODE.fullmatch(code) else "the server gives no reason"
        if told is not None and isinstance(told.message, str):
            error += f": {told.message[:_ERROR_MAX]}"
    model = job.fine_tuned_model
    if status == "succeeded" and not model:
        raise ValueError("a training that succeeded names no model")
    return JobSeen(
        job=_named(job.id, "job"),
        state=_STATES.get(status, TrainingState.RUNNING),
        detail=status,
        model=model or "",
        error=error,
        tokens=job.trained_tokens if isinstance(job.trained_tokens, int) else None,
    )


def _named(name: object, what: str) -> str:
    if not isinstance(name, str) or not name:
        raise ValueError(f"the server gave the {what} no id")
    return name


def _fault(doing: str, error: Exception) -> ModelError:
    return ModelError(f"{doing} failed: {fault_of(error)}. Run it again to go on.")
