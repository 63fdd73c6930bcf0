"""Settings: one YAML file plus the environment, read once, with every fault named at once."""

from bot.settings.loading import CONFIG_VARIABLE, DEFAULT_CONFIG, load_settings
from bot.settings.model import (
    AnswersSettings,
    ClusterSettings,
    DatabaseSettings,
    Embeddings,
    EmbeddingsSettings,
    KnowledgeSettings,
    LogFormat,
    LoggingSettings,
    ModelSettings,
    RedactionSettings,
    Settings,
    SlackMode,
    SlackSettings,
    WebSettings,
)

__all__ = [
    "CONFIG_VARIABLE",
    "DEFAULT_CONFIG",
    "AnswersSettings",
    "ClusterSettings",
    "DatabaseSettings",
    "Embeddings",
    "EmbeddingsSettings",
    "KnowledgeSettings",
    "LogFormat",
    "LoggingSettings",
    "ModelSettings",
    "RedactionSettings",
    "Settings",
    "SlackMode",
    "SlackSettings",
    "WebSettings",
    "load_settings",
]
