"""Settings: one YAML file plus the environment, read once, with every fault named at once."""

from bot.settings.alerts import AlertRoute, FailureWebhookSettings
from bot.settings.conversations import AnswersSettings
from bot.settings.loading import CONFIG_VARIABLE, DEFAULT_CONFIG, load_settings
from bot.settings.model import (
    AccessRule,
    AccessSettings,
    ClusterSettings,
    DatabaseSettings,
    Embeddings,
    EmbeddingsSettings,
    KnowledgeSettings,
    LogFormat,
    LoggingSettings,
    ModelSettings,
    RedactionSettings,
    Role,
    Settings,
    SlackMode,
    SlackSettings,
    TracingSettings,
    WebSettings,
    WorkSettings,
)
from bot.settings.on_call import OnCallSettings, PagerDutySettings

__all__ = [
    "CONFIG_VARIABLE",
    "DEFAULT_CONFIG",
    "AccessRule",
    "AccessSettings",
    "AlertRoute",
    "AnswersSettings",
    "ClusterSettings",
    "DatabaseSettings",
    "Embeddings",
    "EmbeddingsSettings",
    "FailureWebhookSettings",
    "KnowledgeSettings",
    "LogFormat",
    "LoggingSettings",
    "ModelSettings",
    "OnCallSettings",
    "PagerDutySettings",
    "RedactionSettings",
    "Role",
    "Settings",
    "SlackMode",
    "SlackSettings",
    "TracingSettings",
    "WebSettings",
    "WorkSettings",
    "load_settings",
]
