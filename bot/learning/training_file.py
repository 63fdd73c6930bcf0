"""Whether a file is one that OpenAI's fine-tuning takes, by the rules of its guide.

A server says of a file that breaks one no more than that it failed, after some minutes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot.domain.finetuning import Method

LEAST_ROWS = 10
MOST_BYTES = 512 * 1024 * 1024
_MOST_FAULTS = 20
_ROLES = frozenset({"system", "developer", "user", "assistant", "tool"})
_KEYS = frozenset({"role", "content", "name", "weight", "tool_calls", "tool_call_id", "refusal"})
_ROW_KEYS = {
    Method.SUPERVISED: frozenset({"messages", "tools", "parallel_tool_calls"}),
    Method.DPO: frozenset({"input", "preferred_output", "non_preferred_output"}),
}


def faults_of(
    lines: Iterable[str], method: Method, *, least: int = LEAST_ROWS
) -> tuple[int, list[str]]:
    """How many rows there are, and what is wrong with the first that break a rule, by line."""
    count, faults = 0, list[str]()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        count += 1
        fault = next(_of_row(line, method), "")
        if fault and len(faults) < _MOST_FAULTS:
            faults.append(f"line {number}: {fault}")
    if count < least:
        faults.append(f"{count} rows are too few: {least} at least")
    return count, faults


def _of_row(line: str, method: Method) -> Iterator[str]:
    try:
        row = json.loads(line)
    except ValueError as error:
        yield f"no JSON ({error})"
        return
    if not isinstance(row, dict):
        yield "no JSON object"
        return
    if unknown := sorted(row.keys() - _ROW_KEYS[method]):
        yield f"the key {unknown[0]} is none of {', '.join(sorted(_ROW_KEYS[method]))}"
    if method is Method.SUPERVISED:
        yield from _of_chat(row.get("messages"), "messages", ends=True)
        yield from _of_tools(row.get("tools", []))
        return
    asked = row.get("input")
    yield from _of_chat(asked.get("messages") if isinstance(asked, dict) else None, "input")
    for name in ("preferred_output", "non_preferred_output"):
        yield from _of_chat(row.get(name), name, ends=True)
        if not isinstance(row.get(name), list) or len(row[name]) != 1:
            yield f"{name} is not one message"


def _of_chat(messages: Any, name: str, *, ends: bool = False) -> Iterator[str]:
    if not isinstance(messages, list) or not messages:
        yield f"{name} is no list of messages"
        return
    waiting: list[str] = []
    for message in messages:
        if not isinstance(message, dict):
            yield f"{name} holds what is no message"
            return
        yield from _of_message(message)
        if message.get("role") == "tool":
            if message.get("tool_call_id") not in waiting:
                yield "an answer of a tool that was not called"
            else:
                waiting.remove(message["tool_call_id"])
        elif waiting:
            yield "a tool was called and never answered"
        waiting += [str(call["id"]) for call in _calls(message) if "id" in call]
    if ends and (waiting or messages[-1].get("role") != "assistant"):
        yield f"the last of {name} is no answer of the assistant"


def _of_message(message: Mapping[str, Any]) -> Iterator[str]:
    role, content = message.get("role"), message.get("content")
    if role not in _ROLES:
        yield f"the role {role!r} is none of {', '.join(sorted(_ROLES))}"
    if unknown := sorted(message.keys() - _KEYS):
        yield f"a message has the key {unknown[0]}"
    if not content and not message.get("tool_calls"):
        yield f"a message of the {role} says nothing"
    if content is not None and not isinstance(content, str | list):
        yield f"the content of a message of the {role} is no text"
    if "weight" in message and (role != "assistant" or message["weight"] not in (0, 1)):
        yield "a weight is 0 or 1, on a message of the assistant"
    for call in _calls(message):
        yield from _of_call(call)


def _of_call(call: Mapping[str, Any]) -> Iterator[str]:
    function = call.get("function")
    if call.get("type") != "function" or not isinstance(function, dict) or "id" not in call:
        yield "a call of a tool needs id, type and function"
        return
    try:
        is_object = isinstance(json.loads(function.get("arguments", "")), dict)
    except (ValueError, TypeError):
        is_object = False
    if not function.get("name") or not is_object:
        yield "a call of a tool needs a name, and arguments that are a JSON object"


def _calls(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    calls = message.get("tool_calls")
    return [one for one in calls if isinstance(one, dict)] if isinstance(calls, list) else []


def _of_tools(tools: Any) -> Iterator[str]:
    for tool in tools if isinstance(tools, list) else [None]:
        function = tool.get("function") if isinstance(tool, dict) else None
        if not isinstance(function, dict) or not function.get("name"):
            yield "a tool needs a function with a name"
