"""From a file and an environment to `Settings`, or to one error that names every fault."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

from pydantic import SecretStr, ValidationError

from bot.domain.errors import ConfigError
from bot.settings.crosschecks import cross_faults, fold
from bot.settings.faults import Fault, from_validation, render, unknown_key
from bot.settings.keys import (
    CLUSTERS,
    FROM_ENV,
    FROM_FILE,
    KeyPath,
    Tree,
    secret_fields,
    sections,
)
from bot.settings.model import ENV_DELIMITER, ENV_PREFIX, Settings, SlackMode
from bot.settings.reading import Written, anchor_paths, merge, read_environment, read_yaml
from bot.settings.secrets import refuse_written, resolve

CONFIG_VARIABLE = "AIRFLOW_BOT_CONFIG"
DEFAULT_CONFIG = "airflow-bot.yaml"
# Names that Slack's own tools use; model keys have none here: text leaves for a model provider
# only by a choice made in these settings.
_SLACK_VARIABLES = {
    "bot_token": "SLACK_BOT_TOKEN",
    "app_token": "SLACK_APP_TOKEN",
    "signing_secret": "SLACK_SIGNING_SECRET",
    "client_secret": "SLACK_CLIENT_SECRET",
    "encryption_key": "SLACK_ENCRYPTION_KEY",
}
_SLACK_URL_VARIABLE = "SLACK_API_URL"


def load_settings(environ: Mapping[str, str], config_path: Path | None = None) -> Settings:
    """Settings from the YAML file, overruled by variables `AIRFLOW_BOT_…` of `environ`.

    The file is `config_path`, else the one that AIRFLOW_BOT_CONFIG names, else
    `airflow-bot.yaml` of the working folder if there is one. Raises `ConfigError` with one
    line for each fault; neither it nor the settings' text forms ever show a secret.
    """
    file = _config_file(environ, config_path)
    written = read_yaml(file) if file else Written({})
    if any(not fault.path for fault in written.faults):
        raise ConfigError(render(written.faults, {}))
    from_env = _with_cluster_names_of(written.tree, read_environment(environ))
    anchor_paths(written.tree, file.parent.absolute() if file else Path.cwd(), environ.get("HOME"))
    anchor_paths(from_env.tree, Path.cwd(), environ.get("HOME"))

    faults = [*written.faults, *refuse_written(written.tree)]
    tree = merge(written.tree, from_env.tree)
    faults += _mistaken_variables(tree, from_env.places)
    faults += resolve(tree, environ)
    _complete(tree, environ)
    faults += cross_faults(tree)
    settings = _validated(tree, faults)
    if settings is None or faults:
        raise ConfigError(_in_order(faults, {**written.places, **from_env.places}))
    return settings


def _config_file(environ: Mapping[str, str], config_path: Path | None) -> Path | None:
    if config_path is not None:
        return config_path
    if named := environ.get(CONFIG_VARIABLE):
        return Path(named)
    default = Path(DEFAULT_CONFIG)
    return default if default.exists() else None


def _with_cluster_names_of(tree: Tree, from_env: Written) -> Written:
    """Variables cannot hold `prod-eu` or capitals: their cluster names follow the file's."""
    in_file, in_env = tree.get(CLUSTERS), from_env.tree.get(CLUSTERS)
    if not isinstance(in_file, dict) or not isinstance(in_env, dict):
        return from_env
    names = {fold(name): name for name in in_file}
    clusters = {names.get(fold(name), name): body for name, body in in_env.items()}
    places = {
        (CLUSTERS, names.get(fold(path[1]), path[1]), *path[2:])
        if path[0] == CLUSTERS and len(path) > 1
        else path: place
        for path, place in from_env.places.items()
    }
    return Written({**from_env.tree, CLUSTERS: clusters}, places)


def _mistaken_variables(tree: Tree, places: Mapping[KeyPath, str]) -> Iterator[Fault]:
    """Variables with our prefix that set nothing, where a slip of the pen is likely."""
    named = {
        str(section.get(name + FROM_ENV)).lower()
        for _, model, section in sections(tree)
        for name in secret_fields(model)
    }
    tops = set(Settings.model_fields)
    for path, place in places.items():
        top, variable = path[0], place.removeprefix("from ")
        if top in tops or path == ("config",) or variable.lower() in named:
            continue
        section = next((name for name in tops if top.startswith(f"{name}_")), None)
        if len(path) == 1 and section:
            guess = ENV_PREFIX + section + ENV_DELIMITER + top.removeprefix(f"{section}_")
            yield Fault((variable,), f"sets nothing. Did you mean {guess.upper()}?")
        elif len(path) > 1 or get_close_matches(top, tops, cutoff=0.8):
            yield Fault((variable,), f"sets nothing: {top} {unknown_key(top, tops)}")


def _complete(tree: Tree, environ: Mapping[str, str]) -> None:
    """Fills in what follows from other keys or from variables with customary names."""
    clusters = tree.get(CLUSTERS)
    if isinstance(clusters, dict) and len(clusters) == 1:
        tree.setdefault("default_cluster", next(iter(clusters)))
    if "data_dir" not in tree and (folder := _data_folder(environ)):
        tree["data_dir"] = folder
    slack = tree.setdefault("slack", {})
    if not isinstance(slack, dict):
        return
    for key, variable in _SLACK_VARIABLES.items():
        if environ.get(variable):
            slack.setdefault(key, SecretStr(environ[variable]))
    if environ.get(_SLACK_URL_VARIABLE):
        slack.setdefault("api_url", environ[_SLACK_URL_VARIABLE])
    if slack.get("mode") is False:
        slack["mode"] = SlackMode.OFF  # YAML 1.1 reads a bare `off` as false
    slack.setdefault("mode", _slack_mode(slack))


def _slack_mode(slack: Tree) -> SlackMode:
    if "app_token" in slack:
        return SlackMode.SOCKET
    if "signing_secret" in slack:
        return SlackMode.HTTP
    return SlackMode.OFF


def _data_folder(environ: Mapping[str, str]) -> Path | None:
    if environ.get("XDG_DATA_HOME"):
        return Path(environ["XDG_DATA_HOME"], "airflow-bot")
    if environ.get("HOME"):
        return Path(environ["HOME"], ".local", "share", "airflow-bot")
    return None


def _validated(tree: Tree, faults: list[Fault]) -> Settings | None:
    """The settings, or None with the faults of single values added to `faults`."""
    try:
        return Settings(**tree)
    except ValidationError as error:
        settled = {_stem(fault.path) for fault in faults}
        faults += (fault for fault in from_validation(error) if fault.path not in settled)
        return None


def _stem(path: KeyPath) -> KeyPath:
    return (*path[:-1], path[-1].removesuffix(FROM_ENV).removesuffix(FROM_FILE))


def _in_order(faults: list[Fault], places: Mapping[KeyPath, str]) -> tuple[str, ...]:
    """As the file goes; keys that stand nowhere come first."""
    position = {path: number for number, path in enumerate(places)}

    def where(fault: Fault) -> int:
        ends = range(len(fault.path), 0, -1)
        return next(
            (position[fault.path[:end]] for end in ends if fault.path[:end] in position), -1
        )

    return render(sorted(faults, key=where), places)
