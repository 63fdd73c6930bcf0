"""Takes secrets out of foreign text before it is cut, stored, shown or sent to a model."""

from bot.diagnosis.redaction.catalog import Catalog, load_catalog
from bot.diagnosis.redaction.redactor import Redacted, Redactor

__all__ = ["Catalog", "Redacted", "Redactor", "load_catalog"]
