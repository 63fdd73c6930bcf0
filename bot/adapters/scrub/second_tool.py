"""Secrets as detect-secrets finds them: other rules and another engine than what masks on entry.

Its detectors are asked one by one. Its own scan reads files and asks providers whether a secret is
good; neither is wanted here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from detect_secrets.filters.heuristic import is_not_alphanumeric_string, is_templated_secret
from detect_secrets.plugins.artifactory import ArtifactoryDetector
from detect_secrets.plugins.aws import AWSKeyDetector
from detect_secrets.plugins.azure_storage_key import AzureStorageKeyDetector
from detect_secrets.plugins.base import BasePlugin, RegexBasedDetector
from detect_secrets.plugins.basic_auth import BasicAuthDetector
from detect_secrets.plugins.cloudant import CloudantDetector
from detect_secrets.plugins.discord import DiscordBotTokenDetector
from detect_secrets.plugins.github_token import GitHubTokenDetector
from detect_secrets.plugins.gitlab_token import GitLabTokenDetector
from detect_secrets.plugins.high_entropy_strings import Base64HighEntropyString
from detect_secrets.plugins.ibm_cloud_iam import IbmCloudIamDetector
from detect_secrets.plugins.ibm_cos_hmac import IbmCosHmacDetector
from detect_secrets.plugins.jwt import JwtTokenDetector
from detect_secrets.plugins.keyword import KeywordDetector
from detect_secrets.plugins.mailchimp import MailchimpDetector
from detect_secrets.plugins.npm import NpmDetector
from detect_secrets.plugins.openai import OpenAIDetector
from detect_secrets.plugins.private_key import PrivateKeyDetector
from detect_secrets.plugins.pypi_token import PypiTokenDetector
from detect_secrets.plugins.sendgrid import SendGridDetector
from detect_secrets.plugins.slack import SlackDetector
from detect_secrets.plugins.softlayer import SoftlayerDetector
from detect_secrets.plugins.square_oauth import SquareOAuthDetector
from detect_secrets.plugins.stripe import StripeDetector
from detect_secrets.plugins.telegram_token import TelegramBotTokenDetector
from detect_secrets.plugins.twilio import TwilioKeyDetector

_PLUGINS: tuple[type[BasePlugin], ...] = (
    ArtifactoryDetector,
    AWSKeyDetector,
    AzureStorageKeyDetector,
    BasicAuthDetector,
    CloudantDetector,
    DiscordBotTokenDetector,
    GitHubTokenDetector,
    GitLabTokenDetector,
    IbmCloudIamDetector,
    IbmCosHmacDetector,
    JwtTokenDetector,
    KeywordDetector,
    MailchimpDetector,
    NpmDetector,
    OpenAIDetector,
    PrivateKeyDetector,
    PypiTokenDetector,
    SendGridDetector,
    SlackDetector,
    SoftlayerDetector,
    SquareOAuthDetector,
    StripeDetector,
    TelegramBotTokenDetector,
    TwilioKeyDetector,
)
# The one for hexadecimal strings is left out: digests, commits and containers are evidence.
_ENTROPY = 4.5  # bits a letter: the library's own bound
_TAG = "[secret:"
_SHORTEST = 4
_REST = re.compile(r"[\w+/=-]*(?:\.[\w+/=-]+)*")
_SECTION_ONLY = PrivateKeyDetector.secret_type
"""Of a private key it finds the first line alone: that can be told, but not masked."""


@dataclass(frozen=True, slots=True)
class Secret:
    """One that was found. `is_whole` is False where `value` is only its beginning."""

    kind: str
    value: str
    is_whole: bool = True


class SecondTool:
    """Bears being used from several threads."""

    def __init__(self) -> None:
        self._detectors = [plugin() for plugin in _PLUGINS]
        self._entropy = Base64HighEntropyString(_ENTROPY)

    def find(self, line: str) -> Iterator[Secret]:
        """Secrets in one line. A tag that stands for one is none, nor is what is to be filled in
        (`{{ … }}`, `<…>`, `***`)."""
        for detector in self._detectors:
            kind = str(detector.secret_type)
            for value in _values(detector, line):
                if not _is_harmless(value):
                    yield Secret(kind.lower(), value, kind != _SECTION_ONLY)
        for value in self._entropy.analyze_string(line):
            # A path has as many letters.
            is_path = value.startswith("/")
            if not is_path and self._entropy.calculate_shannon_entropy(value) > _ENTROPY:
                yield Secret(str(self._entropy.secret_type).lower(), value)


def _values(detector: BasePlugin, line: str) -> Iterable[str]:
    """What it finds, in full. Where a rule has groups it gives one of them, which may be no more
    than what the token begins with; and some rules end before the token does."""
    said = list(detector.analyze_string(line))
    if not said or not isinstance(detector, RegexBasedDetector):
        return said
    if isinstance(detector, BasicAuthDetector | PrivateKeyDetector):
        return said  # the password within; the line alone
    found = (match for rule in detector.denylist for match in rule.finditer(line))
    return [_in_full(match, line) for match in found if any(one in match.group() for one in said)]


def _in_full(match: re.Match[str], line: str) -> str:
    rest = _REST.match(line, match.end())
    return match.group() + (rest.group() if rest else "")


def _is_harmless(value: str) -> bool:
    return (
        len(value) < _SHORTEST
        or _TAG in value
        or is_not_alphanumeric_string(value)
        or is_templated_secret(value)
    )
