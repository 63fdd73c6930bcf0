"""The sentences of one language, as they lie in this package."""

from __future__ import annotations

from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib import resources
from io import BytesIO

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


@cache
def catalogue(language: str) -> NullTranslations:
    """English, as the code has it, for what there are no files of."""
    folder = resources.files(__package__) / language
    if not language.isalpha() or not folder.is_dir():
        return NullTranslations()
    whole = NullTranslations()
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if file.name.endswith(".po"):
            compiled = BytesIO()
            write_mo(compiled, read_po(BytesIO(file.read_bytes()), locale=language))
            compiled.seek(0)
            part = GNUTranslations(compiled)
            part.add_fallback(whole)
            whole = part
    return whole
