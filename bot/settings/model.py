"""The settings as values: sections, their keys, defaults, units and limits.

A `description` is the remedy that a fault shows to the person who wrote the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.domain.access import READING, Action, Otherwise
from bot.settings.alerts import FailureWebhookSettings
from bot.settings.capacity import CapacitySettings
from bot.settings.cases import CaseSettings
from bot.settings.console import ConsoleSettings
from bot.settings.conversations import AnswersSettings, ConversationsSettings
from bot.settings.escalation import EscalationSettings
from bot.settings.growth import GapReportSettings, GrowthSettings
from bot.settings.on_call import OnCallSettings
from bot.settings.section import Seconds
from bot.settings.section import Section as _Section
from bot.settings.values import (
    AirflowUrl,
    Channels,
    DatabaseUrl,
    ExistingFile,
    ExistingFolder,
    Groups,
    HttpUrl,
    Listed,
    Members,
    OffWord,
    Pattern,
    PublicUrl,
    Secret,
    SecretKey,
    SlackApiUrl,
    TimeZone,
    TracesUrl,
    Users,
    WorkspaceId,
)

ENV_PREFIX = "AIRFLOW_BOT_"
ENV_DELIMITER = "__"
# More concurrent readers than this take memory and connections that running tasks need.
MAX_CALLS = 4

# With what follows it, some 10 seconds, an end stays within the 30 after which Kubernetes kills.
Grace = Annotated[float, Field(gt=0, le=15, allow_inf_nan=False)]
Money = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Words = Annotated[tuple[str, ...], Listed]


class SlackMode(StrEnum):
    """How events reach the bot."""

    SOCKET = "socket"
    HTTP = "http"
    OFF = "off"


class SlackSettings(_Section):
    """Where `mode` is not written: socket with an app token, http with a signing secret, or off."""

    mode: Annotated[SlackMode, OffWord] = SlackMode.OFF
    bot_token: Secret | None = Field(None, description="The bot token starts with xoxb-")
    app_token: Secret | None = Field(None, description="The app-level token starts with xapp-")
    signing_secret: Secret | None = Field(
        None, description="It is on the page Basic Information of the Slack app"
    )
    client_id: str | None = Field(
        None, description="Give it to install the app in several workspaces, without a bot_token"
    )
    client_secret: Secret | None = Field(
        None, description="It is on the page Basic Information of the Slack app"
    )
    encryption_key: Secret | None = Field(
        None, description="Give a key of Fernet's, or several with commas: the first one seals"
    )
    public_url: PublicUrl | None = Field(
        None, description="Give the address at which people's browsers reach this bot"
    )
    workspace: WorkspaceId | None = Field(
        None, description="Give the id (T…) of the workspace that channels of these settings are in"
    )
    api_url: SlackApiUrl = Field(
        "https://slack.com/api/", description="Leave it out to speak to Slack itself"
    )
    local_workspace: bool = Field(
        False, description="Use true only with the local workspace, never with Slack"
    )
    unfurl_links: bool = Field(
        False, description="Use true to show under Airflow links how the run stands"
    )

    @property
    def is_for_several(self) -> bool:
        """Whether the app is installed by people, in any number of workspaces."""
        return self.client_id is not None


class ClusterSettings(_Section):
    """One Airflow deployment, named by its key under `clusters`."""

    base_url: AirflowUrl = Field(
        description="Give the address of Airflow's API server, e.g. https://airflow.example.com"
    )
    ui_url: AirflowUrl | None = Field(
        None, description="Give the address that people open, where it differs from base_url"
    )
    username: str | None = Field(None, description="Give the login name of the bot's account")
    password: Secret | None = Field(None, description="Give the password of the bot's account")
    token: Secret | None = Field(None, description="Give a bearer token instead of a login")
    description: str = Field("", description="Say in a few words what runs there")
    aliases: Words = Field((), description="List other names that people use for this cluster")
    executor: str | None = Field(None, description="Give the executor, e.g. KubernetesExecutor")
    timezone: TimeZone = Field("UTC", description="Give the time zone people mean by 'last night'")
    deadline: Seconds | None = Field(None, description="Give seconds; answers.deadline otherwise")
    max_calls: int = Field(MAX_CALLS, ge=1, le=MAX_CALLS, description="Use 1 to 4 calls at once")
    slots: int | None = Field(
        None, ge=1, description="Give the number of tasks that the executor runs at once"
    )
    queued_timeout: float = Field(
        600.0, gt=0, le=86_400, description="Give seconds: Airflow's task_queued_timeout"
    )
    dag_list_seconds: Seconds = Field(60.0, description="Give seconds to keep the list of Dags")
    verify: bool = Field(True, description="Use true or false; prefer ca_file to false")
    ca_file: ExistingFile | None = Field(None, description="Give the file of the authority's key")


class ModelSettings(_Section):
    """A language model behind an OpenAI-compatible API; without one the answers stand alone."""

    base_url: HttpUrl | None = Field(
        None, description="Give the address of an OpenAI-compatible API, e.g. https://host/v1"
    )
    name: str | None = Field(None, description="Give the model's name as its provider spells it")
    api_key: Secret | None = Field(None, description="Give the provider's key")
    timeout: Seconds = Field(20.0, description="Give seconds, e.g. 20")
    max_tokens: int = Field(1200, ge=100, le=32_000, description="Use 100 to 32000 tokens")
    price_in: Money | None = Field(None, description="Give the price of a million input tokens")
    price_out: Money | None = Field(None, description="Give the price of a million output tokens")
    max_cost_per_question: Money | None = Field(None, description="Give it in the prices' currency")
    max_cost_per_day: Money | None = Field(None, description="Give it in the prices' currency")

    @property
    def is_enabled(self) -> bool:
        return self.base_url is not None or self.api_key is not None


class DatabaseSettings(_Section):
    """Where conversations are kept; a SQLite file in `data_dir` unless a URL is given."""

    url: DatabaseUrl | None = Field(
        None, description="Write it like sqlite:////var/lib/bot.db or postgresql://user@host/bot"
    )
    password: Secret | None = Field(None, description="Give the password for the URL")


class Embeddings(StrEnum):
    OFF = "off"
    LOCAL = "local"
    OPENAI = "openai"


class EmbeddingsSettings(_Section):
    """What turns passages into vectors; `off` leaves word search alone."""

    kind: Annotated[Embeddings, OffWord] = Embeddings.OFF
    folder: ExistingFolder | None = Field(
        None, description="Give the folder of the local model's files, with kind: local"
    )
    base_url: HttpUrl | None = Field(
        None, description="Give the address of an OpenAI-compatible API, with kind: openai"
    )
    name: str | None = Field(None, description="Give the embedding model's name")
    api_key: Secret | None = Field(None, description="Give the provider's key")


class KnowledgeSettings(_Section):
    """Runbooks: the shipped ones, and the platform team's own folders."""

    shipped: bool = Field(True, description="Use false to do without the shipped runbooks")
    runbooks: Annotated[tuple[ExistingFolder, ...], Listed] = Field(
        (), description="List folders with your own runbook files"
    )
    runbook_url: HttpUrl | None = Field(
        None, description="Give the address of the folder in which people read the runbooks"
    )
    embeddings: EmbeddingsSettings = Field(
        EmbeddingsSettings(), description="Write it as a section with the key kind"
    )
    chroma_dir: Path | None = Field(None, description="Give the folder of the vector index")


class RedactionSettings(_Section):
    """What is masked beside the shipped rules, before anything is stored, shown or sent."""

    known_secrets: Annotated[tuple[SecretStr, ...], SecretKey(), Listed] = Field(
        (), description="Name environment variables or files whose values are always masked"
    )
    patterns: Annotated[tuple[Pattern, ...], Listed] = Field(
        (), description="List patterns in RE2 syntax"
    )


class WebSettings(_Section):
    host: str = Field("127.0.0.1", min_length=1, description="Give the address to listen on")
    port: int = Field(8080, ge=0, le=65_535, description="Use a port from 1 to 65535")


class Role(StrEnum):
    """What this process does. With SQLite only `both`: the file belongs to one process."""

    BOTH = "both"
    SERVE = "serve"  # takes in what Slack and Airflow send
    WORKER = "worker"  # answers


class WorkSettings(_Section):
    """Questions are kept in the database until they are answered; see README, Several replicas."""

    role: Role = Field(Role.BOTH, description="Use both, serve or worker")
    at_once: int = Field(16, ge=1, le=200, description="Use 1 to 200 questions at once")
    shutdown: Grace = Field(12.0, description="Give up to 15 seconds to end what is under way")
    keep_days: int = Field(14, ge=7, le=3650, description="Use 7 days or more")


class AccessRule(_Section):
    """Whoever asks in one of `channels` and is one of `users` or in one of `user_groups` may do
    `actions` to the Dags that fit all of `clusters`, `dags`, `tags` and `owners` that are given."""

    channels: Channels = Field((), description="List ids of channels, e.g. C0123ABCD, or #names")
    users: Users = Field((), description="List ids of people, e.g. U0123ABCD")
    user_groups: Groups = Field(
        (), description="List ids of user groups, e.g. S0123ABCD, or @names"
    )
    clusters: Words = Field((), description="List names of clusters")
    dags: Words = Field((), description="List Dag ids; * stands for anything, ? for one character")
    tags: Words = Field((), description="List tags of Dags")
    owners: Words = Field((), description="List owners of Dags")
    actions: Annotated[tuple[Action, ...], Listed] = Field(
        tuple(sorted(READING)), description=f"Use some of: {', '.join(Action)}"
    )


class AccessSettings(_Section):
    """Who may see what. Without rules everybody of the organisation may see everything."""

    rules: tuple[AccessRule, ...] = Field((), description="Write it as a list of rules")
    default: Otherwise = Field(
        Otherwise.DENY, description="Use deny, or allow for Dags that no rule is about"
    )
    contact: str = Field("", description="Say whom to ask for more, e.g. the platform team")
    managers: Members = Field(
        (), description="List ids of people or user groups who may change channel settings"
    )


class TracingSettings(_Section):
    """OpenTelemetry; off without an endpoint."""

    endpoint: TracesUrl | None = Field(
        None, description="Give an OTLP address for traces, e.g. http://collector:4318/v1/traces"
    )


class LogFormat(StrEnum):
    JSON = "json"
    CONSOLE = "console"


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LoggingSettings(_Section):
    level: LogLevel = LogLevel.INFO
    format: LogFormat = LogFormat.CONSOLE


class Settings(BaseSettings):
    """Everything that can be set. Built by `load_settings`; reads nothing by itself."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        env_prefix=ENV_PREFIX,
        env_nested_delimiter=ENV_DELIMITER,
        env_ignore_empty=True,
        enable_decoding=False,
        validate_default=False,
    )

    data_dir: Path = Field(description="Give a folder for the database and the index")
    default_cluster: str | None = Field(None, description="Name one of the clusters")
    clusters: dict[str, ClusterSettings] = Field(description="List at least one cluster by name")
    slack: SlackSettings = Field(SlackSettings(), description="Write it as a section")
    owners: dict[str, Words] = Field(
        {}, description="List Slack ids or e-mail addresses by owners of Dags"
    )
    model: ModelSettings = Field(ModelSettings(), description="Write it as a section")
    database: DatabaseSettings = Field(DatabaseSettings(), description="Write it as a section")
    knowledge: KnowledgeSettings = Field(KnowledgeSettings(), description="Write it as a section")
    answers: AnswersSettings = Field(AnswersSettings(), description="Write it as a section")
    redaction: RedactionSettings = Field(RedactionSettings(), description="Write it as a section")
    web: WebSettings = Field(WebSettings(), description="Write it as a section")
    work: WorkSettings = Field(WorkSettings(), description="Write it as a section")
    failure_webhook: FailureWebhookSettings = Field(
        FailureWebhookSettings(), description="Write it as a section"
    )
    capacity: CapacitySettings = Field(CapacitySettings(), description="Write it as a section")
    cases: CaseSettings = Field(CaseSettings(), description="Write it as a section")
    growth: GrowthSettings = Field(GrowthSettings(), description="Write it as a section")
    gap_report: GapReportSettings = Field(GapReportSettings(), description="Write it as a section")
    console: ConsoleSettings = Field(ConsoleSettings(), description="Write it as a section")
    conversations: ConversationsSettings = Field(
        ConversationsSettings(), description="Write it as a section"
    )
    access: AccessSettings = Field(AccessSettings(), description="Write it as a section")
    escalation: EscalationSettings = Field(
        EscalationSettings(), description="Write it as a section"
    )
    on_call: OnCallSettings = Field(OnCallSettings(), description="Write it as a section")
    tracing: TracingSettings = Field(TracingSettings(), description="Write it as a section")
    logging: LoggingSettings = Field(LoggingSettings(), description="Write it as a section")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is passed in: `load_settings` reads the file and the given environment."""
        return (init_settings,)

    @property
    def database_url(self) -> str:
        """The SQLAlchemy URL with async driver and password; not for logs."""
        if self.database.url is None:
            return f"sqlite+aiosqlite:///{self.data_dir / 'bot.db'}"
        from sqlalchemy import make_url

        url = make_url(self.database.url.get_secret_value())
        if self.database.password is not None:
            url = url.set(password=self.database.password.get_secret_value())
        return url.render_as_string(hide_password=False)

    @property
    def chroma_dir(self) -> Path:
        return self.knowledge.chroma_dir or self.data_dir / "chroma"

    @property
    def rules_dir(self) -> Path:
        """Where the compiled redaction rules are kept."""
        return self.data_dir / "redaction-rules"

    def secret_values(self) -> tuple[str, ...]:
        """Every secret set anywhere, for the redactor: these are masked wherever they turn up.

        Those under 8 characters are left out: masking `bot` or `admin` would maim plain words.
        """
        long_enough = (value for value in _secrets_in(self) if len(value) >= 8)
        return tuple(dict.fromkeys(long_enough))


def _secrets_in(value: object) -> Iterator[str]:
    match value:
        case SecretStr():
            yield value.get_secret_value()
        case DatabaseSettings(url=SecretStr() as url, password=password):
            from sqlalchemy import make_url

            yield from _secrets_in(password)
            yield str(make_url(url.get_secret_value()).password or "")
        case BaseModel():
            for name in type(value).model_fields:
                yield from _secrets_in(getattr(value, name))
        case dict():
            for item in value.values():
                yield from _secrets_in(item)
        case tuple():
            for item in value:
                yield from _secrets_in(item)
