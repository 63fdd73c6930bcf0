"""The form of the model's reply, as JSON Schema in the strict subset that servers enforce."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

_CITES: Schema = {
    "type": "array",
    "items": {"type": "string"},
    "description": "ids in square brackets from the data block, e.g. L118",
}


def _object(properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


REPLY_SCHEMA: Schema = _object(
    {
        "claims": {
            "type": "array",
            "items": _object(
                {
                    "text": {"type": "string", "description": "one sentence"},
                    "cites": _CITES,
                    "quote": {
                        "type": "string",
                        "description": "words copied exactly from one cited line, or empty",
                    },
                    "stance": {"type": "string", "enum": ["supports", "neutral", "contradicts"]},
                }
            ),
        },
        "next_steps": {
            "type": "array",
            "items": _object({"text": {"type": "string"}, "cites": _CITES}),
        },
        "agrees_with_verdict": {"type": "string", "enum": ["yes", "no", "unsure"]},
        "reason": {"type": "string", "description": "where it is not yes: why, in one sentence"},
        "reason_cites": _CITES,
    }
)
