"""Which keys exist: the settings model seen as a tree of named keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bot.settings.model import ClusterSettings, Settings
from bot.settings.values import SecretKey

KeyPath = tuple[str, ...]
Tree = dict[str, Any]

CLUSTERS = "clusters"
FROM_ENV = "_env"
FROM_FILE = "_file"


def sections(
    tree: Tree, model: type[BaseModel] = Settings, path: KeyPath = ()
) -> Iterator[tuple[KeyPath, type[BaseModel], Tree]]:
    """Every section present in `tree` with its path and model, outermost first."""
    yield path, model, tree
    for name in model.model_fields:
        value = tree.get(name)
        if not isinstance(value, dict):
            continue
        if (path, name) == ((), CLUSTERS):
            for cluster, body in value.items():
                if isinstance(body, dict):
                    yield from sections(body, ClusterSettings, (CLUSTERS, cluster))
        elif below := model_at((*path, name)):
            yield from sections(value, below, (*path, name))


def model_at(path: KeyPath) -> type[BaseModel] | None:
    """The model of the section at `path`; None where there is no section."""
    match path:
        case ():
            return Settings
        case (top, _) if top == CLUSTERS:
            return ClusterSettings
        case (*parents, name) if name.isdecimal():
            return _item_of(field_at(tuple(parents)))
        case (*parents, name):
            parent = model_at(tuple(parents))
            field = parent.model_fields.get(name) if parent else None
            kind = field.annotation if field else None
            return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None
    return None


def field_at(path: KeyPath) -> FieldInfo | None:
    """The field of the key at `path`, or of the list that `path` leads into."""
    for end in range(len(path), 0, -1):
        model = model_at(path[: end - 1])
        if model is not None:
            return model.model_fields.get(path[end - 1])
    return None


def _item_of(field: FieldInfo | None) -> type[BaseModel] | None:
    """The section of which the field holds a list."""
    kinds = get_args(field.annotation) if field else ()
    return next((k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)), None)


def secret_fields(model: type[BaseModel]) -> dict[str, SecretKey]:
    """The keys of `model` that hold secrets."""
    found = {}
    for name, field in model.model_fields.items():
        marks = [part for part in _parts(field) if isinstance(part, SecretKey)]
        if marks:
            found[name] = marks[0]
    return found


def path_keys(model: type[BaseModel]) -> set[str]:
    """The keys of `model` that hold paths, those of secrets' files included."""
    paths = {name for name, field in model.model_fields.items() if Path in _parts(field)}
    return paths | {name + FROM_FILE for name in secret_fields(model)}


def keys_of(model: type[BaseModel]) -> set[str]:
    """All keys that may be written in a section, `…_env` and `…_file` of its secrets included."""
    names = set(model.model_fields)
    for name in secret_fields(model):
        names |= {name + FROM_ENV, name + FROM_FILE}
    return names


def _parts(field: FieldInfo) -> list[object]:
    """The field's type, everything nested in it, and the marks on each."""
    parts: list[object] = list(field.metadata)
    pending: list[object] = [field.annotation]
    while pending:
        kind = pending.pop()
        parts.append(kind)
        pending.extend(get_args(kind))
    return parts
