"""What comes with the files of a dataset: its card, its manifest, and a sample for a person."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import yaml

from bot.domain.consents import Consent
from bot.domain.datasets import Snapshot, Split
from bot.learning.formats import formats
from bot.learning.rows import path_of, table_of

_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
)
_LARGEST = "1M<n<10M"
_FATES = {
    "duplicate": "say nearly the same as another (MinHash over word triples, 0.8 alike)",
    "unjudged": "were judged by nobody",
    "contradicted": "were judged right by some and wrong by others",
    "returned": "are of an incident that came back after the time of its split",
    "surplus": "were left out to balance the verdicts",
}


@dataclass(frozen=True, slots=True)
class Account:
    """All that card and manifest say. Counts: `rows` by path, `fates` of the snapshot's rows,
    `labels` as "split verdict", `judged`, `origins` and `languages` by word, `secrets` and `names`
    by kind.
    `first` and `last` are when the earliest and the latest example was asked."""

    title: str
    licence: str
    version: str
    snapshot: Snapshot
    formats: Sequence[str]
    consents: Sequence[Consent]
    rows: Mapping[str, int]
    fates: Mapping[str, int]
    labels: Mapping[str, int]
    judged: Mapping[str, int]
    origins: Mapping[str, int]
    languages: Mapping[str, int]
    secrets: Mapping[str, int]
    names: Mapping[str, int]
    options: Mapping[str, object]
    first: str
    last: str


def card(account: Account) -> str:
    """Markdown with Hugging Face's front matter."""
    front = yaml.safe_dump(_front(account), sort_keys=False, allow_unicode=True)
    return f"---\n{front}---\n\n" + "\n\n".join(_sections(account)) + "\n"


def manifest(account: Account, digests: Mapping[str, str]) -> str:
    """JSON: what it was made of and with, and the SHA-256 of every other file."""
    content = {
        "snapshot": account.snapshot.id,
        "conversations": account.snapshot.rows,
        "bot": account.version,
        "options": dict(account.options),
        "consents": [one.id for one in account.consents],
        "rows": dict(sorted(account.rows.items())),
        "sha256": dict(sorted(digests.items())),
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def sample_page(samples: Iterable[str]) -> str:
    """Some examples, as they are in the files, for a person to read before they are used."""
    head = (
        "# Read these before you use the dataset\n\n"
        "They were drawn at random. Look for names, customers, addresses and secrets. Where you "
        "find one, delete the conversation or add a pattern to redaction.patterns, and export anew."
    )
    return "\n\n---\n\n".join([head, *samples]) + "\n"


def _front(account: Account) -> dict[str, object]:
    chosen = [formats()[name] for name in account.formats]
    examples = sum(account.fates.get(split.value, 0) for split in Split)
    size = next((name for limit, name in _SIZES if examples < limit), _LARGEST)
    return {
        "license": account.licence,
        "pretty_name": account.title,
        "language": sorted(account.languages),
        "task_categories": list(dict.fromkeys(one.task for one in chosen)),
        "size_categories": [size],
        "tags": ["airflow", "support", "diagnosis"],
        "configs": [
            {"config_name": one.name, "data_files": files}
            for one in chosen
            if (files := _tables(account, one.name))
        ],
    }


def _tables(account: Account, name: str) -> list[dict[str, str]]:
    return [
        {"split": split.value, "path": table_of(name, split)}
        for split in Split
        if account.rows.get(path_of(name, split))
    ]


def _sections(account: Account) -> Iterator[str]:
    yield f"# {account.title}"
    yield (
        "Questions that users of Apache Airflow asked Airflow Support Bot, what the bot saw of "
        "their failures, what it answered, and what people made of that."
    )
    yield "## Files\n\n" + _table(("Format", "For", *(one.value for one in Split)), _files(account))
    yield (
        "Each is there as JSON lines and as Parquet. Every row says where it comes from: id, "
        "origin, workspace, consent, expiry, fingerprint of its incident, when it was asked. "
        "Formats whose readers take no other keys (sft, openai_dpo) have that in Parquet, and "
        "beside the JSON lines in a file of as many lines."
    )
    yield "## Splits\n\n" + _splits(account)
    yield "## Where it comes from\n\n" + _provenance(account)
    yield "## Consent\n\n" + _consent(account)
    yield "## What was masked\n\n" + _masked(account)
    yield "## Known bias\n\n" + _bias(account)
    yield "## Licence\n\n" + _licence(account)


def _files(account: Account) -> Iterator[Sequence[str]]:
    for name in account.formats:
        counts = [str(account.rows.get(path_of(name, split), 0)) for split in Split]
        yield (name, formats()[name].about, *counts)


def _splits(account: Account) -> str:
    kept = ", ".join(f"{account.fates.get(one.value, 0)} {one.value}" for one in Split)
    left = [
        f"- {count} {_FATES[fate]}"
        for fate, count in sorted(account.fates.items())
        if fate in _FATES
    ]
    return (
        f"Examples: {kept}. All of one incident are in one split, and what is tested on was asked "
        f"after all that is learnt from ({account.first} to {account.last}).\n\n"
        f"Of the {account.snapshot.rows} conversations of snapshot {account.snapshot.id} these are "
        "left out:\n\n" + "\n".join(left or ["- none"])
    )


def _provenance(account: Account) -> str:
    counted = _table(("Origin", "Examples"), _counts(account.origins))
    labels = _table(("Split and verdict", "Examples"), _counts(account.labels))
    left = [f"- {count}: {reason.value}" for reason, count in account.snapshot.left.items()]
    stayed = "\n".join(left or ["- none"])
    return f"{counted}\n\n{labels}\n\nConversations that stayed out of the snapshot:\n\n{stayed}"


def _consent(account: Account) -> str:
    rows = [
        (
            one.id,
            one.workspace,
            one.basis.meaning,
            one.permission.slack or "none",
            one.permission.organisation or "none",
            (one.until - timedelta(microseconds=1)).date().isoformat(),
        )
        for one in account.consents
    ]
    names = ("Record", "Workspace", "Basis", "Slack's permission", "The organisation's", "Until")
    return (
        f"{_table(names, rows)}\n\nA row may be used until its expiry and that of its consent. "
        "Guests, people of other organisations and whoever opted out are not in it. When somebody "
        "deletes what they wrote, the snapshot is void: `airflow-bot snapshots verify` says so. "
        "Delete the dataset then, and export anew."
    )


def _masked(account: Account) -> str:
    secrets = _table(("Secrets, by kind", "Places"), _counts(account.secrets))
    names = _table(("Replaced by the second look", "Places"), _counts(account.names))
    return (
        "Secrets were masked when the conversations were stored, and again by other rules when "
        "they were exported; the export would have stopped at one that was left. Names have "
        "pseudonyms, the same throughout this dataset. Dags, tasks, runs, clusters and the teams "
        "that own them are called by their names. SAMPLE.md is for a person to read.\n\n"
        f"{secrets}\n\n{names}"
    )


def _bias(account: Account) -> str:
    judged = _table(("Judged by", "Examples"), _counts(account.judged))
    return (
        f"{judged}\n\n"
        "- People judge what surprises them: right answers to plain questions are rarely rated.\n"
        "- Failures that recur are in it once, so its shares are not those of daily work.\n"
        "- Verdicts that engineers did not correct are the bot's own, with its habits.\n"
        "- Logs are excerpts: what the bot's reader took for telling.\n"
        "- It speaks of the Airflow versions, executors and runbooks of these workspaces."
    )


def _licence(account: Account) -> str:
    if account.licence == "other":
        return (
            "Not decided: `other`. Until whoever owns the conversations grants one, nobody but "
            "their organisation may use this. Export with `--license` once that is settled."
        )
    return f"`{account.licence}`, as whoever exported it declared."


def _counts(counts: Mapping[str, int]) -> list[tuple[str, str]]:
    return [(name, str(count)) for name, count in sorted(counts.items())] or [("none", "0")]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
