"""Puts a pseudonym in place of each name in a text: of the same salt, the same one everywhere.

What a person can be found by goes: ids of Slack's, mail addresses, people's names, hosts and
addresses in a network. What names no one stays, for a text is to be learnt from: local addresses,
public documentation, versions. Each pseudonym still shows the kind of what it stands for.
"""

from __future__ import annotations

import base64
import hmac
import ipaddress
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

_LENGTH = 8  # letters of 32: two of 10,000 names share one in a snapshot of twenty
_SHORT = 4  # shorter names are plain words too often to be looked for in any case

_PUBLIC = (
    *("apache.org", "python.org", "readthedocs.io", "sqlalche.me", "github.com"),
    *(
        "stackoverflow.com",
        "kubernetes.io",
        "docker.io",
        "docker.com",
        "quay.io",
        "slack.com",
        "google.com",
        "example.com",
    ),
)
_INNER = r"internal|localdomain|lan|corp|intra|intranet|consul|cluster\.local|svc"
_CLOUD = (
    r"amazonaws\.com|azure\.com|windows\.net|googleapis\.com"
    r"|snowflakecomputing\.com|databricks\.com|aivencloud\.com|cloud\.es\.io"
)
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_DOTTED = rf"{_LABEL}(?:\.{_LABEL})*"
_NOT_WITHIN = r"(?<![\w.@-])"
_END = r"(?![\w-]|\.\w)"
_ID = r"(?=[A-Z0-9]{0,11}\d)[A-Z0-9]{8,12}(?![A-Za-z0-9_])"

_FORMS = {
    "ours": r"(?:mail|user|channel|team|person|host|dag)-[a-z2-7]{8}(?:@example\.com|\.example)?",
    "mail": r"(?<![\w.+-])[\w.+-]{1,64}@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,24}",
    # A capital, then at least one digit: without one, words in capitals would be taken for ids.
    "user": rf"(?<![A-Za-z0-9_])[UW]{_ID}",
    "channel": rf"(?<![A-Za-z0-9_])[CDG]{_ID}",
    "team": rf"(?<![A-Za-z0-9_])[TE]{_ID}",
    "ip": r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\d)"
    r"|(?=[0-9A-Fa-f:]*\d)(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w.:]))",
    "host": rf"(?<=://)(?:[^\s/@]{{1,200}}@)?{_DOTTED}"
    rf"|{_NOT_WITHIN}(?:{_LABEL}\.)+(?:{_INNER}){_END}"
    # Names of computers at home or on desks; `threading.local` is none.
    rf"|{_NOT_WITHIN}[A-Za-z0-9]+(?:-[A-Za-z0-9]+)+\.local{_END}"
    rf"|{_NOT_WITHIN}(?:{_LABEL}\.)+(?:{_CLOUD}){_END}"
    rf"|{_NOT_WITHIN}ip-\d{{1,3}}(?:-\d{{1,3}}){{3}}{_END}"
    rf"|(?i:(?<=\bhost=)|(?<=\bhost:\s)|(?<=\bhost=['\"])|(?<=\bhost['\"]:\s['\"])"
    rf"|(?<=\bhostname=)|(?<=\bhost\sname\s['\"])|(?<=\son\shost\s)){_DOTTED}",
}
_OURS = re.compile(_FORMS["ours"])
_HERE = frozenset({"localhost", "host", "none", "null", "true", "false", "unknown"})
_RESERVED = ipaddress.ip_network("240.0.0.0/4")  # which no host has: pseudonyms come from it
_DOCUMENTED = ipaddress.ip_network("2001:db8::/32")
_METADATA = ipaddress.ip_address("169.254.169.254")  # the same for everybody in a cloud


@dataclass(frozen=True, slots=True)
class Replaced:
    """A text with pseudonyms, and how many places were changed by kind."""

    text: str
    counts: Counter[str]


class Pseudonyms:
    """`salt` makes them: whoever lacks it cannot tell whom one stands for. `people`, `hosts` and
    `dags` are names that their form does not give away. Whole names of people are found however
    they are written, their parts and short ones as given only."""

    def __init__(
        self,
        salt: bytes,
        *,
        people: Iterable[str] = (),
        hosts: Iterable[str] = (),
        dags: Iterable[str] = (),
    ) -> None:
        if not salt:
            raise ValueError("pseudonyms need a salt: without one anybody can make them")
        self._salt = salt
        forms = {kind: f"(?P<{kind}>{form})" for kind, form in _FORMS.items()}
        ours = forms.pop("ours")  # first: a pseudonym is not replaced again
        given = [*_of_people(people), *_of_names("host_", hosts), *_of_names("dag", dags)]
        self._pattern = re.compile("|".join([ours, *given, *forms.values()]))

    def replace(self, text: str) -> Replaced:
        """Doing it twice changes nothing more."""
        counts: Counter[str] = Counter()
        return Replaced(self._pattern.sub(partial(self._instead, counts), text), counts)

    def of(self, kind: str, name: str) -> str:
        """The pseudonym of one name."""
        digest = hmac.digest(self._salt, f"{kind}\0{name.casefold()}".encode(), "sha256")
        return f"{kind}-{base64.b32encode(digest).decode().lower()[:_LENGTH]}"

    def _instead(self, counts: Counter[str], found: re.Match[str]) -> str:
        kind = (found.lastgroup or "").rstrip("_")
        name, login = found.group(), ""
        if kind == "host" and "@" in name:
            login, _, name = name.rpartition("@")
            login = f"{self._pattern.sub(partial(self._instead, counts), login)}@"
        new = self._new(kind, name)
        if new != name:
            counts[kind] += 1
        return login + new

    def _new(self, kind: str, name: str) -> str:
        match kind:
            case "ours":
                return name
            case "ip":
                return self._address(name)
            case "mail":
                is_example = name.lower().endswith("@example.com")
                return name if is_example else f"{self.of(kind, name)}@example.com"
            case "host":
                return self._host(name)
        return self.of(kind, name)

    def _host(self, host: str) -> str:
        lower = host.lower()
        if lower in _HERE or lower.isdigit() or _is_public(lower) or _OURS.fullmatch(lower):
            return host
        if lower.replace(".", "").isdigit():
            return self._address(host)
        return f"{self.of('host', host)}.example"

    def _address(self, name: str) -> str:
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return name  # a time, a version, a slice
        if address.is_loopback or address.is_unspecified or address == _METADATA:
            return name
        digest = hmac.digest(self._salt, f"ip\0{address}".encode(), "sha256")
        network = _RESERVED if address.version == 4 else _DOCUMENTED
        if address in network:
            return name
        # One less than all: the last one is everybody's.
        host = int.from_bytes(digest) % (network.num_addresses - 1)
        return str(network[host])


def _is_public(host: str) -> bool:
    return any(host == one or host.endswith(f".{one}") for one in _PUBLIC)


def _of_people(people: Iterable[str]) -> Iterator[str]:
    """Patterns for whole names, then for their parts."""
    names = {" ".join(name.split()) for name in people} - {""}
    whole = {name for name in names if len(name) >= _SHORT}
    whole |= {name.upper() for name in whole}  # ß has two letters then
    if whole:
        yield f"(?P<person>(?i:{_any_of(whole)}))"
    parts = {part for name in names for part in name.split() if len(part) > 1} | (names - whole)
    if parts := {part for part in parts if part[:1].isupper()} - whole:
        yield f"(?P<person_>{_any_of(parts)})"


def _of_names(kind: str, names: Iterable[str]) -> Iterator[str]:
    if given := {name.strip() for name in names} - {""}:
        yield f"(?P<{kind}>{_any_of(given)})"


def _any_of(names: Iterable[str]) -> str:
    """Longer ones first: the whole is looked for before what it begins with."""
    ordered = sorted(names, key=lambda name: (-len(name), name))
    spelled = (re.escape(name).replace(r"\ ", r"\s+") for name in ordered)
    return rf"(?<!\w)(?:{'|'.join(spelled)})(?!\w)"
