"""The checkable things that a sentence names: faults, identifiers, products, figures, links."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINK = re.compile(
    r"(?i)\b[a-z][a-z0-9+.-]{1,20}:(?://|\\\\)|\bwww\.|\bmailto:|\]\(|<https?|\bhttps?\b:?/"
)
_FAULT = re.compile(
    r"\b(?:\w+\.)*[A-Z]\w*?(?:Error|Exception|Timeout|Interrupt|Killed|Evicted|Failure|Fault"
    r"|BackOff|NotFound|Denied|Exceeded|Unavailable)\b"
    r"|\bSIG[A-Z]{3,4}\b|\b(?:errno|ORA-|SQLSTATE)\s?-?\w+"
)
_CODE = re.compile(
    r"(?i)\b(?:exit(?:ed)?|return|status|http|signal)\b(?:\s+(?:code|status|with|of|was|is)){0,3}"
    r"\s*[:=]?\s*(-?\d{1,4})\b"
)
_IDENTIFIER = re.compile(r"\b\w+(?:_\w+)+\b|\b[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)+\b")
_PRODUCT = re.compile(r"\b[A-Z][a-z0-9]+(?:[A-Z][a-z0-9]*)+\b")
_FIGURE = re.compile(
    r"(?i)(?<![\w.])(\d+(?:[.,]\d+)*)\s?(?:%|[kmgt]i?b?\b|bytes\b|seconds\b|s\b|ms\b|minutes\b"
    r"|min\b|hours\b|h\b|slots\b|rows\b)|(?<![\w.])(\d{3,})(?![\w.])"
)
_ABBREVIATIONS = frozenset({"e.g", "i.e", "etc"})
# Names of common things that need no evidence to be spoken of.
_COMMON = {
    *("GitHub", "PostgreSQL", "MySQL", "SQLite", "SQLAlchemy", "MongoDB"),
    *("JavaScript", "TypeScript", "OpenAI", "PyPI"),
}


@dataclass(frozen=True, slots=True)
class Names:
    """`faults` are exception types, signals, codes; `products` other CamelCase names."""

    faults: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    has_link: bool = False


def names_in(text: str) -> Names:
    faults = [*_FAULT.findall(text), *_CODE.findall(text)]
    identifiers = [
        name for name in _IDENTIFIER.findall(text) if name.lower().rstrip(".") not in _ABBREVIATIONS
    ]
    products = [
        name for name in _PRODUCT.findall(text) if name not in _COMMON and name not in faults
    ]
    figures = [unit or bare for unit, bare in _FIGURE.findall(text)]
    return Names(
        faults=tuple(dict.fromkeys(faults)),
        identifiers=tuple(name for name in dict.fromkeys(identifiers) if name not in faults),
        products=tuple(dict.fromkeys(products)),
        figures=tuple(dict.fromkeys(figures)),
        has_link=_LINK.search(text) is not None,
    )
