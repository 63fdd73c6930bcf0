"""The YAML file and the environment as plain trees, with the place where each key was written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic_settings import EnvSettingsSource
from yaml.constructor import ConstructorError

from bot.settings.faults import Fault
from bot.settings.keys import CLUSTERS, KeyPath, Tree, path_keys, sections
from bot.settings.model import ENV_DELIMITER, ENV_PREFIX, Settings

_TEXT_TAG = "tag:yaml.org,2002:str"
_MERGE_TAG = "tag:yaml.org,2002:merge"


@dataclass(frozen=True, slots=True)
class Written:
    """A tree of values as written, where its keys stand, and what was wrong with the writing."""

    tree: Tree
    places: Mapping[KeyPath, str] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()


def read_yaml(path: Path) -> Written:
    """The file as a tree. A file that cannot be read is one fault; so is a key written twice."""
    try:
        return _parsed(path.read_text(encoding="utf-8"), path.name)
    except FileNotFoundError:
        return _unreadable(f"{path} does not exist. Create it or correct the path")
    except UnicodeDecodeError:
        return _unreadable(f"{path} is not UTF-8 text. Save it as UTF-8")
    except OSError as error:
        return _unreadable(f"{path} cannot be read: {error.strerror}. Give the path of a YAML file")
    except yaml.YAMLError as error:
        return _unreadable(f"{path} is not valid YAML{_where(error)}. Correct that place")


def read_environment(environ: Mapping[str, str]) -> Written:
    """The variables `AIRFLOW_BOT_…`; `__` leads into a section. Empty ones count as unset."""
    places = {
        tuple(name[len(ENV_PREFIX) :].lower().split(ENV_DELIMITER)): f"from {name}"
        for name, value in environ.items()
        if name.upper().startswith(ENV_PREFIX) and value != ""
    }
    return Written(dict(_EnvironmentSource(environ)()), places)


def merge(under: Tree, over: Tree) -> Tree:
    """Both trees in one; where both have a value, that of `over` stands."""
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        both = isinstance(below, dict) and isinstance(value, dict)
        merged[key] = merge(below, value) if both else value  # type: ignore[arg-type]
    return merged


def anchor_paths(tree: Tree, base: Path, home: str | None) -> None:
    """Makes the relative paths in `tree` start at `base`, and those with `~/` at `home`."""
    for _, model, section in sections(tree):
        for key in path_keys(model) & section.keys():
            value = section[key]
            if isinstance(value, list):
                section[key] = [_anchored(item, base, home) for item in value]
            else:
                section[key] = _anchored(value, base, home)


def _anchored(value: Any, base: Path, home: str | None) -> Any:
    if not isinstance(value, str):
        return value
    if home and value.startswith("~/"):
        return str(Path(home) / value[2:])
    return str(base / value)


class _EnvironmentSource(EnvSettingsSource):
    """pydantic-settings' reader, over the given mapping instead of the process's environment."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        super().__init__(Settings)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name.lower(): value for name, value in self._environ.items() if value != ""}


def _parsed(text: str, file_name: str) -> Written:
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return Written({})
        if not isinstance(node, yaml.MappingNode):
            return _unreadable(f"{file_name} must hold keys with values, e.g. clusters:")
        walk = _Walk(file_name)
        walk.visit(node, ())
        return Written(_tidy(loader.construct_document(node)), walk.places, tuple(walk.faults))
    finally:
        loader.dispose()


class _Walk:
    """Notes the line of each key, and the keys that YAML itself would lose without a word."""

    def __init__(self, file_name: str) -> None:
        self._file_name = file_name
        self._open: list[yaml.Node] = []
        self.places: dict[KeyPath, str] = {}
        self.faults: list[Fault] = []

    def visit(self, node: yaml.Node, path: KeyPath) -> None:
        if not isinstance(node, yaml.MappingNode):
            return
        if node in self._open:
            raise ConstructorError(None, None, "a section that holds itself", node.start_mark)
        self._open.append(node)
        # A later twin is left out, so that the faults of the first are seen as well.
        node.value = [pair for pair in node.value if self._is_first(pair, path)]
        self._open.pop()

    def _is_first(self, pair: tuple[yaml.Node, yaml.Node], path: KeyPath) -> bool:
        key, value = pair
        if key.tag == _MERGE_TAG:
            return True
        here = (*path, str(key.value))
        line = key.start_mark.line + 1
        if here in self.places:
            problem = f"is written twice, again in line {line}. Keep one of them"
            self.faults.append(Fault(here, problem))
            return False
        if key.tag != _TEXT_TAG:
            self.faults.append(Fault(here, "is not read as text. Put the key into quotes"))
        self.places[here] = f"{self._file_name}, line {line}"
        self.visit(value, here)
        return True


def _tidy(tree: Tree, path: KeyPath = ()) -> Tree:
    """Without keys that are no text (a fault by then) and without keys left empty (unset)."""
    tidy: Tree = {}
    for key, value in tree.items():
        if not isinstance(key, str):
            continue
        if isinstance(value, dict):
            tidy[key] = _tidy(value, (*path, key))
        elif value is not None:
            tidy[key] = value
        elif path == (CLUSTERS,):
            tidy[key] = {}
    return tidy


def _unreadable(problem: str) -> Written:
    return Written({}, faults=(Fault((), problem),))


def _where(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return ""
    problem = getattr(error, "problem", None) or "a mistake"
    return f" (line {mark.line + 1}, column {mark.column + 1}): {problem}"
