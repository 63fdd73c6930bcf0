"""What the sections of the settings have in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)]


class Section(BaseModel):
    """Some keys that stand together; a `description` is the remedy that a fault shows."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
