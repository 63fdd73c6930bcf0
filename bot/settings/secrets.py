"""Secrets of the settings: taken from the environment or from files, never from the YAML file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, SecretStr

from bot.settings.faults import Fault
from bot.settings.keys import FROM_ENV, FROM_FILE, KeyPath, Tree, secret_fields, sections
from bot.settings.model import ENV_DELIMITER, ENV_PREFIX

# A token or key is short; more is a wrong path.
_FILE_LIMIT = 64 * 1024
# Takes the place of a secret that has its fault already, so that it is not also called missing.
_STAND_IN = SecretStr("")


def refuse_written(tree: Tree) -> list[Fault]:
    """A fault for each secret that stands in the YAML file; the secret is taken out of `tree`."""
    faults = []
    for path, model, section in sections(tree):
        for name, mark in secret_fields(model).items():
            value = section.get(name)
            if value is None or (isinstance(value, str) and mark.may_be_written(value)):
                continue
            section[name] = [] if _is_list(model, name) else _STAND_IN
            faults.append(Fault((*path, name), _refusal((*path, name))))
    return faults


def resolve(tree: Tree, environ: Mapping[str, str]) -> list[Fault]:
    """Replaces `x_env` and `x_file` in `tree` by the secret `x`; a value given outright stands."""
    faults: list[Fault] = []
    for path, model, section in sections(tree):
        for name in secret_fields(model):
            names = section.pop(name + FROM_ENV, None)
            files = section.pop(name + FROM_FILE, None)
            if name in section:
                continue
            many = _is_list(model, name)
            if names is not None and files is not None and not many:
                problem = f"stands beside {name + FROM_FILE}. Keep one of the two"
                faults.append(Fault((*path, name + FROM_ENV), problem))
            found = [
                *(
                    _variable(item, (*path, name + FROM_ENV), environ)
                    for item in _each(names, many)
                ),
                *(_file(item, (*path, name + FROM_FILE)) for item in _each(files, many)),
            ]
            faults += [item for item in found if isinstance(item, Fault)]
            secrets = [item for item in found if isinstance(item, SecretStr)]
            if found:
                section[name] = secrets if many else (secrets or [_STAND_IN])[0]
    return faults


def _variable(name: object, path: KeyPath, environ: Mapping[str, str]) -> SecretStr | Fault:
    if not isinstance(name, str):
        return Fault(path, "must be the name of an environment variable. Put it into quotes")
    if not environ.get(name):
        problem = f"the environment variable {name} is not set. Set it or correct the name"
        return Fault(path, problem)
    return SecretStr(environ[name])


def _file(name: object, path: KeyPath) -> SecretStr | Fault:
    if not isinstance(name, str):
        return Fault(path, "must be the path of a file. Put it into quotes")
    file = Path(name)
    try:
        with file.open(encoding="utf-8") as opened:
            text = opened.read(_FILE_LIMIT + 1)
    except FileNotFoundError:
        return Fault(path, f"{file} does not exist. Create it or correct the path")
    except (OSError, UnicodeDecodeError):
        return Fault(path, f"{file} cannot be read as text. Correct its permissions or the path")
    if len(text) > _FILE_LIMIT:
        return Fault(path, f"{file} is too long for a secret. Correct the path")
    secret = text.strip()
    return (
        SecretStr(secret) if secret else Fault(path, f"{file} is empty. Write the secret into it")
    )


def _each(value: object, many: bool) -> list[object]:
    if value is None:
        return []
    if many and isinstance(value, str):
        return [word.strip() for word in value.split(",") if word.strip()]
    return list(value) if many and isinstance(value, list) else [value]


def _is_list(model: type[BaseModel], name: str) -> bool:
    return isinstance(model.model_fields[name].default, tuple)


def _refusal(path: KeyPath) -> str:
    name = path[-1]
    variable = ENV_PREFIX + ENV_DELIMITER.join(path).upper().replace("-", "_")
    what = "carries a password" if name == "url" else "is a secret"
    return (
        f"{what} and must not stand in the file. Take it out, and name its source with "
        f"{name}{FROM_ENV} or {name}{FROM_FILE}, or set {variable}"
    )
