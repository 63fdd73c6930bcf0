"""Loads an exported dataset as those who train do, and says what they see.

    python -m venv loaders && loaders/bin/pip install datasets jinja2 regex safetensors tokenizers
    loaders/bin/pip install --no-deps trl transformers
    loaders/bin/python tests/benchmarks/loaders.py my-dataset

In an environment of its own, since TRL brings PyTorch unless told otherwise: what TRL does to rows
before it trains needs none. Each form is loaded by the card and from its JSON lines with
`datasets`, then put through TRL's own preparation with a chat template that prints roles, tools and
calls. It ends with status 1 where anything comes out otherwise than expected.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from datasets import Dataset, load_dataset
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import PreTrainedTokenizerFast
from trl.data_utils import apply_chat_template, is_conversational, unpair_preference_dataset

TEMPLATE = (
    "{% if tools %}<tools>{{ tools | tojson }}</tools>{% endif %}"
    "{% for m in messages %}<{{ m.role }}>{{ m.content or '' }}"
    "{% for c in m.tool_calls or [] %}<call>{{ c.function.name }} {{ c.function.arguments }}</call>"
    "{% endfor %}</{{ m.role }}>{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
CHATS = ("sft", "dpo", "kto")


def main(folder: Path) -> int:
    faults = []
    told = json.loads((folder / "manifest.json").read_text())["rows"]
    for form in sorted({path.partition("/")[0] for path in told}):
        found = load_dataset(str(folder), form)
        for split, rows in found.items():
            path = f"{form}/{split}.jsonl"
            lines = load_dataset("json", data_files=str(folder / path), split="train")
            counts = {told[path], len(rows), len(lines)}
            print(f"{path:<32} {len(rows):>8} rows  {', '.join(rows.column_names)}")
            if len(counts) > 1:
                faults.append(f"{path}: {counts} rows by manifest, Parquet and JSON lines")
        if form in CHATS:
            faults += [f"{form}: {fault}" for fault in prepared(form, found["train"])]
    print("\n".join(faults) or "All of it loads, and TRL prepares it.")
    return 1 if faults else 0


def prepared(form: str, rows: Dataset) -> list[str]:
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=_words(), chat_template=TEMPLATE)
    first = rows[0]
    if not is_conversational(first):
        return ["TRL does not see a chat in it"]
    tools = json.loads(first["tools"]) if first.get("tools") else None  # as its trainers do
    text = apply_chat_template(
        {name: first[name] for name in first if name in _CHAT}, tokenizer, tools
    )
    shown = {name: value[:60] for name, value in text.items() if isinstance(value, str)}
    print(f"    by TRL's template: {shown}")
    return list(_amiss(form, text, rows))


_CHAT = {"messages", "prompt", "chosen", "rejected", "completion", "label"}


def _amiss(form: str, text: dict[str, Any], rows: Dataset) -> list[str]:
    if form == "sft":
        parts = ("<tools>", "<call>read_evidence {", "<tool>")
        return [f"{part} is missing" for part in parts if part not in text["text"]]
    if form == "dpo":
        pair = rows.select_columns(["prompt", "chosen", "rejected"])
        unpaired = unpair_preference_dataset(pair)
        return [] if len(unpaired) == 2 * len(rows) else ["TRL does not unpair it"]
    return [] if {"prompt", "completion"} <= set(text) else ["TRL sees no prompt and completion"]


def _words() -> Tokenizer:
    tokenizer = Tokenizer(WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    return tokenizer


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
