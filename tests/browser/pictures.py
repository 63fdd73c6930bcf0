"""Pictures of the page, for whoever wants to look at them."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.async_api import Page


async def pictured(page: Page, name: str) -> None:
    """In both schemes, where somebody wants to look: PICTURES names the folder."""
    folder = os.environ.get("PICTURES")
    for scheme in ("light", "dark") if folder else ():
        await page.emulate_media(color_scheme=scheme)
        await page.screenshot(path=Path(folder or "") / f"{name}-{scheme}.png")
