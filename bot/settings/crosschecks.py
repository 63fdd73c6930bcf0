"""What no key can say alone: names that clash, keys that need each other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import SecretStr

from bot.settings.alert_checks import alert_faults
from bot.settings.console_checks import console_faults
from bot.settings.faults import Fault
from bot.settings.keys import CLUSTERS, KeyPath, Tree
from bot.settings.on_call_checks import on_call_faults
from bot.settings.values import CLUSTER_NAME, is_loopback

_CLUSTER_EXAMPLE = (
    "clusters: {prod: {base_url: https://airflow.example.com, username: airflow-bot, "
    "password_env: AIRFLOW_PROD_PASSWORD}}"
)
_RIGHT_TOKENS = {"bot_token": ("xoxb-", "xoxe.xoxb-"), "app_token": ("xapp-",)}
_WRONG_TOKENS = {
    "xapp-": "an app-level token",
    "xoxb-": "a bot token",
    "xoxp-": "a user token",
    "xoxe-": "a refresh token",
    "xoxe.xoxp-": "a user token",
}
_SEVERAL: Mapping[str, tuple[str, ...]] = {
    "socket": ("app_token", "client_secret", "encryption_key"),
    "http": ("signing_secret", "client_secret", "encryption_key"),
}
_FERNET_KEY = re.compile(r"[\w-]{43}=")
_MAKE_KEY = "head -c 32 /dev/urandom | base64 | tr +/ -_"
_WEBHOOK_TOKEN_MIN = 16  # characters: what opens a door to the network must not be guessed


def cross_faults(tree: Tree) -> Iterator[Fault]:
    """Faults between keys of a tree whose single values may still be wrong in type."""
    yield from _clusters(tree)
    yield from _slack(_section(tree, "slack"))
    yield from channels_of_nowhere(tree)
    yield from _model(_section(tree, "model"))
    yield from _database(_section(tree, "database"))
    yield from _embeddings(_section(_section(tree, "knowledge"), "embeddings"))
    yield from _failure_webhook(_section(tree, "failure_webhook"), _section(tree, "slack"))
    yield from _access(_section(tree, "access"), _section(tree, CLUSTERS))
    yield from alert_faults(
        _section(tree, "failure_webhook"), _section(tree, CLUSTERS), _section(tree, "slack")
    )
    yield from _work(_section(tree, "work"), _section(tree, "database"))
    yield from _growth(_section(tree, "growth"), _section(tree, "knowledge"))
    yield from console_faults(_section(tree, "console"), _section(tree, "slack"))
    yield from on_call_faults(_section(tree, "on_call"), _section(tree, "slack"))


def fold(name: str) -> str:
    """A cluster's name as an environment variable can hold it."""
    return name.lower().replace("-", "_")


def _clusters(tree: Tree) -> Iterator[Fault]:
    clusters = _section(tree, CLUSTERS)
    if not clusters:
        if tree.get(CLUSTERS) in (None, {}):
            yield Fault((CLUSTERS,), f"is missing. Name at least one, e.g. {_CLUSTER_EXAMPLE}")
        return
    for name, body in clusters.items():
        if not CLUSTER_NAME.fullmatch(name):
            problem = "is not a cluster name. Use letters, digits, single - and _, e.g. prod-eu"
            yield Fault((CLUSTERS, name), problem)
        if isinstance(body, dict):
            yield from _login(body, (CLUSTERS, name))
            yield from _certificates(body, (CLUSTERS, name))
    yield from _clashing_names(clusters)
    default = tree.get("default_cluster")
    if isinstance(default, str) and default not in clusters:
        problem = f"names no cluster. Use one of: {', '.join(clusters)}"
        yield Fault(("default_cluster",), problem)


def _clashing_names(clusters: Mapping[str, Any]) -> Iterator[Fault]:
    owners: dict[str, str] = {}
    for name in clusters:
        owner = owners.setdefault(fold(name), name)
        if owner != name:
            problem = f"cannot be told from {owner} in environment variables. Rename one"
            yield Fault((CLUSTERS, name), problem)
    for name, body in clusters.items():
        for alias in _aliases(body):
            owner = owners.setdefault(fold(alias), name)
            if owner != name:
                problem = f"{alias} already stands for cluster {owner}. Keep it at one of them"
                yield Fault((CLUSTERS, name, "aliases"), problem)


def _aliases(body: object) -> list[str]:
    aliases = body.get("aliases") if isinstance(body, dict) else None
    if isinstance(aliases, str):
        return [alias.strip() for alias in aliases.split(",") if alias.strip()]
    return (
        [alias for alias in aliases if isinstance(alias, str)] if isinstance(aliases, list) else []
    )


def _login(body: Tree, path: KeyPath) -> Iterator[Fault]:
    has_name, has_password, has_token = ("username" in body, "password" in body, "token" in body)
    if has_token and (has_name or has_password):
        yield Fault((*path, "token"), "stands beside a login. Keep the token, or name and password")
    elif has_name and not has_password:
        yield Fault((*path, "password"), "is missing. Name its source with password_env")
    elif has_password and not has_name:
        yield Fault((*path, "username"), "is missing. Give the login name of the bot's account")
    elif not has_name and not has_token:
        yield Fault(path, "has no login. Give username and password_env, or token_env")


def _certificates(body: Tree, path: KeyPath) -> Iterator[Fault]:
    if body.get("verify") is False and "ca_file" in body:
        yield Fault((*path, "verify"), "is false beside ca_file. Take verify out")


def _slack(slack: Tree) -> Iterator[Fault]:
    needs: Mapping[str, tuple[str, ...]] = {
        "socket": ("bot_token", "app_token"),
        "http": ("bot_token", "signing_secret"),
    }
    mode = slack.get("mode")
    if "client_id" in slack:
        needs = _SEVERAL
        yield from _several(slack)
    for key in needs.get(mode, ()) if isinstance(mode, str) else ():
        if key not in slack:
            problem = f"is missing for mode {mode}. Set SLACK_{key.upper()} or name {key}_env"
            yield Fault(("slack", key), problem)
    for key in _RIGHT_TOKENS:
        yield from _slack_token(key, slack.get(key))
    address = slack.get("api_url")
    if slack.get("local_workspace") in (True, "true") and not (
        isinstance(address, str) and is_loopback(address)
    ):
        problem = "needs api_url on this machine. Take it out, or start the local workspace"
        yield Fault(("slack", "local_workspace"), problem)


def _several(slack: Tree) -> Iterator[Fault]:
    """Where the app is installed in several workspaces."""
    if "bot_token" in slack:
        problem = "is for one workspace, client_id for several. Take one of them out"
        yield Fault(("slack", "bot_token"), problem)
    if "public_url" not in slack:
        problem = "is missing. Give the address at which people's browsers reach this bot"
        yield Fault(("slack", "public_url"), problem)
    key = slack.get("encryption_key")
    if isinstance(key, SecretStr) and not all(
        _FERNET_KEY.fullmatch(one.strip()) for one in key.get_secret_value().split(",")
    ):
        yield Fault(("slack", "encryption_key"), f"is no key. Make one: {_MAKE_KEY}")


def channels_of_nowhere(tree: Tree) -> Iterator[Fault]:
    """With several workspaces a channel's id does not say in which it is."""
    slack = _section(tree, "slack")
    if "client_id" not in slack or "workspace" in slack:
        return
    for section in ("escalation", "failure_webhook", "capacity", "growth", "gap_report"):
        if "channel" in _section(tree, section):
            problem = f"is missing. Give the id of the workspace that {section}.channel is in"
            yield Fault(("slack", "workspace"), problem)
            return


def _slack_token(key: str, token: object) -> Iterator[Fault]:
    """Tokens of a kind that Slack would refuse, before it is asked."""
    text = token.get_secret_value() if isinstance(token, SecretStr) else ""
    heads = _RIGHT_TOKENS[key]
    if not text:
        return
    if not text.startswith(heads):
        kind = next((_WRONG_TOKENS[head] for head in _WRONG_TOKENS if text.startswith(head)), "")
        problem = (
            f"is {kind or 'no token of Slack'}. Put the token here that starts with {heads[0]}"
        )
        yield Fault(("slack", key), problem)
    elif any(sign.isspace() for sign in text):
        yield Fault(("slack", key), "holds a blank or a line break. Copy the token alone")


def _model(model: Tree) -> Iterator[Fault]:
    enabled = "base_url" in model or "api_key" in model
    if enabled and "name" not in model:
        yield Fault(
            ("model", "name"), "is missing. Give the model's name as its provider spells it"
        )
    if "name" in model and not enabled:
        problem = "has no way to be reached. Give base_url or api_key_env, or take name out"
        yield Fault(("model", "name"), problem)
    for cap in ("max_cost_per_question", "max_cost_per_day"):
        if cap in model and not {"price_in", "price_out"} <= model.keys():
            yield Fault(
                ("model", cap), "cannot be kept without prices. Give price_in and price_out"
            )


def _database(database: Tree) -> Iterator[Fault]:
    url = database.get("url")
    text = url.get_secret_value() if isinstance(url, SecretStr) else url
    if "password" in database and not str(text or "").startswith("postgres"):
        yield Fault(("database", "password"), "is of no use to a SQLite file. Take it out")


def _embeddings(embeddings: Tree) -> Iterator[Fault]:
    path = ("knowledge", "embeddings")
    match embeddings.get("kind"):
        case "local" if "folder" not in embeddings:
            yield Fault((*path, "folder"), "is missing. Give the folder of the local model's files")
        case "openai":
            if "name" not in embeddings:
                yield Fault((*path, "name"), "is missing. Give the embedding model's name")
            if not {"base_url", "api_key"} & embeddings.keys():
                yield Fault((*path, "base_url"), "is missing. Give it, or api_key_env, or both")


def _section(tree: Tree, name: str) -> Tree:
    value = tree.get(name)
    return value if isinstance(value, dict) else {}


def _failure_webhook(section: Tree, slack: Tree) -> Iterator[Fault]:
    path, token = ("failure_webhook",), section.get("token")
    if "token" in section and "channel" not in section:
        problem = "is missing. Give the id of the Slack channel for failures, e.g. C0123ABCD"
        yield Fault((*path, "channel"), problem)
    if "channel" in section and "token" not in section:
        problem = "is missing. Name the source of a long random word with token_env or token_file"
        yield Fault((*path, "token"), problem)
    text = token.get_secret_value() if isinstance(token, SecretStr) else ""
    if text and len(text) < _WEBHOOK_TOKEN_MIN:
        problem = f"is too short. Use {_WEBHOOK_TOKEN_MIN} random characters or more"
        yield Fault((*path, "token"), problem)
    if any(sign.isspace() for sign in text):
        yield Fault((*path, "token"), "holds a blank or a line break. Use one word")
    if "token" in section and slack.get("mode") == "off":
        problem = "cannot answer failures while Slack is off. Set the Slack tokens, or take it out"
        yield Fault(path, problem)


def _growth(growth: Tree, knowledge: Tree) -> Iterator[Fault]:
    folder, folders = growth.get("folder"), knowledge.get("runbooks")
    known = folders if isinstance(folders, list | tuple) else [folders]
    if folder is not None and str(folder) not in map(str, known):
        problem = "is none of knowledge.runbooks, so that nothing in it comes into force. Add it"
        yield Fault(("growth", "folder"), problem)


def _access(access: Tree, clusters: Tree) -> Iterator[Fault]:
    rules = access.get("rules")
    for number, rule in enumerate(rules if isinstance(rules, list) else ()):
        named = rule.get("clusters") if isinstance(rule, dict) else None
        for name in named if isinstance(named, list) else ():
            if name not in clusters:
                path = ("access", "rules", str(number), "clusters")
                yield Fault(path, f"{name} is no cluster. Use some of: {', '.join(clusters)}")


def _work(work: Tree, database: Tree) -> Iterator[Fault]:
    role, url = work.get("role"), database.get("url")
    text = url.get_secret_value() if isinstance(url, SecretStr) else str(url or "")
    if role in ("serve", "worker") and not text.startswith("postgres"):
        problem = (
            f"must be a postgresql:// URL for the role {role}: a SQLite file belongs to one "
            "process. Give one in the settings file, or in AIRFLOW_BOT_DATABASE__URL; without one, "
            "run airflow-bot serve alone with work.role at both"
        )
        yield Fault(("database", "url"), problem)
